"""Batches as engines hand them out: columns of a dict, a pandas DataFrame, a pyarrow Table or RecordBatch; read, and given back with more columns of stable types."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from dynaclient.errors import ArgumentError, Problem
from dynaclient.openapi.media import encode_json
from dynaclient.openapi.vectors import pack
from dynaclient.value import plain

_CODES = {"float32": "f", "float64": "d"}
DTYPES = (*_CODES, "json")


@dataclass(frozen=True, slots=True)
class Kind:
    """What the column of results holds, whatever the rows of one batch say.

    Parameters
    ----------
    dtype:
        ``float32`` or ``float64``: vectors of such numbers; ``json``: JSON text; None: what the results of the batch happen to be.
    dims:
        Numbers in a vector, None where any number will do.
    """

    dtype: str | None = None
    dims: int | None = None

    @property
    def code(self) -> str:
        """The typecode of the numbers, ``""`` where they are no vectors."""
        return _CODES.get(self.dtype or "", "")

    def value(self, result: Any) -> Any:
        """A result as it stands in the column: an ``array`` of numbers, JSON text, or a plain value.

        Raises
        ------
        ArgumentError
            Where a vector was promised and the result is none, or has another length.
        """
        if self.dtype is None:
            return plain(result)
        if not self.code:
            return encode_json(plain(result)).decode()
        found = result if isinstance(result, array) and result.typecode == self.code else self._packed(result)
        if self.dims is not None and len(found) != self.dims:
            raise bad("dims", f"a vector has {len(found)} numbers, {self.dims} were expected")
        return found

    def _packed(self, result: Any) -> Any:
        if isinstance(result, (list, array)):
            try:
                return array(self.code, pack(result, self.code))
            except ValueError as error:
                raise bad("dtype", f"a vector of {self.dtype} was expected: {error}") from None
        hint = f"; it has {', '.join(result)}: `take` names the field" if isinstance(result, Mapping) else ""
        raise bad("dtype", f"a vector of numbers was expected, the result is of type {type(result).__name__}{hint}")


def bad(name: str, message: str) -> ArgumentError:
    """The error that says why a batch cannot be called."""
    return ArgumentError("the batch cannot be called", problems=(Problem(name, message),))


class Table:
    """A dict of lists or arrays.

    Where any column is an array, vectors come back as one array of two dimensions, a missing one as not-a-number.
    """

    def __init__(self, batch: Any) -> None:
        self._batch = batch

    def names(self) -> Sequence[str]:
        """The names of the columns."""
        return list(self._batch)

    def column(self, name: str) -> list[Any]:
        """The values of a column, as Python's own."""
        values = self._batch[name]
        return list(values.tolist() if hasattr(values, "tolist") else values)

    def rows(self, column: str | Mapping[str, str]) -> list[Any]:
        """What is sent of each row.

        Parameters
        ----------
        column:
            The column; or argument -> column, for mappings.

        Raises
        ------
        ArgumentError
            Where a column is missing.
        """
        wanted = [column] if isinstance(column, str) else list(column.values())
        known = self.names()
        missing = [name for name in wanted if name not in known]
        if missing:
            raise bad("column", f"the batch has no column {missing[0]!r}; it has {', '.join(map(str, known))}")
        doubled = [name for name in wanted if list(known).count(name) > 1]
        if doubled:
            raise bad("column", f"the batch has the column {doubled[0]!r} more than once")
        if isinstance(column, str):
            return self.column(column)
        columns = [self.column(name) for name in wanted]
        return [dict(zip(column, row, strict=True)) for row in zip(*columns, strict=True)]

    def with_columns(self, output: str, results: list[Any], error: str, errors: list[str | None], kind: Kind) -> Any:
        """The batch with two more columns, or with new values in them.

        Parameters
        ----------
        output, results:
            The name and the values of the column of results, as `Kind.value` made them; None where a row failed.
        error, errors:
            The name and the values of the column of errors.
        kind:
            What the results are.
        """
        if any(hasattr(values, "dtype") for values in self._batch.values()):
            return {**self._batch, output: _numbers(results, kind), error: _objects(errors)}
        return {**self._batch, output: [plain(value) for value in results], error: errors}


def _numbers(values: list[Any], kind: Kind) -> Any:
    """Values as a numpy array: vectors of one length in two dimensions, a missing one as not-a-number, so that all batches have one shape."""
    numpy: Any = import_module("numpy")
    first = next((value for value in values if value is not None), None)
    dims = kind.dims if first is None else len(first) if kind.code or _are_vectors(values) else None
    if dims is None or any(value is not None and len(value) != dims for value in values):
        return _objects(
            values if not kind.code else [None if value is None else numpy.asarray(value) for value in values]
        )
    found = numpy.full((len(values), dims), numpy.nan, dtype=kind.dtype or "float32")
    for place, value in enumerate(values):
        if value is not None:
            found[place] = value
    return found


def _objects(values: list[Any]) -> Any:
    numpy: Any = import_module("numpy")
    found = numpy.empty(len(values), dtype=object)
    for place, value in enumerate(values):  # at once, lists of one length would become a second dimension
        found[place] = value
    return found


def _are_vectors(values: list[Any]) -> bool:
    """Whether all that is there are vectors that float32 holds."""
    return all(value is None or _is_vector(value) for value in values)


def _is_vector(value: Any) -> bool:
    if isinstance(value, array):
        return bool(value)
    if not isinstance(value, list) or not value or type(value[0]) not in (int, float):
        return False
    try:
        return bool(pack(value, "f"))
    except ValueError:
        return False


class _Frame(Table):
    """A pandas DataFrame. Where the kind of the results is told, the columns are of Arrow's types, so that an engine writes every part in the same way."""

    def names(self) -> Sequence[str]:
        return list(self._batch.columns)

    def with_columns(self, output: str, results: list[Any], error: str, errors: list[str | None], kind: Kind) -> Any:
        pandas: Any = import_module("pandas")
        index = self._batch.index

        def series(values: list[Any], made: Any) -> Any:
            if kind.dtype is None:
                return pandas.Series(values, index=index, dtype=object)
            return pandas.Series(pandas.arrays.ArrowExtensionArray(made()), index=index)

        told = series(errors, lambda: _strings(errors))
        return self._batch.assign(**{output: series(results, lambda: _typed(results, kind)), error: told})


class _Arrow(Table):
    """A pyarrow Table or RecordBatch."""

    def names(self) -> Sequence[str]:
        return list(self._batch.schema.names)

    def column(self, name: str) -> list[Any]:
        found: list[Any] = self._batch[name].to_pylist()
        return found

    def with_columns(self, output: str, results: list[Any], error: str, errors: list[str | None], kind: Kind) -> Any:
        table = self._batch
        for name, values in ((output, _typed(results, kind)), (error, _strings(errors))):
            if name in table.schema.names:
                table = table.drop_columns([name])
            table = table.append_column(name, values)
        return table


def _strings(values: list[str | None]) -> Any:
    arrow: Any = import_module("pyarrow")
    return arrow.array(values, type=arrow.string())


def _typed(values: list[Any], kind: Kind) -> Any:
    """Values as an Arrow array: of the type that was told, else lists of float32 where they are vectors, else what Arrow makes of them."""
    arrow: Any = import_module("pyarrow")
    if kind.dtype == "json":
        return arrow.array(values, type=arrow.string())
    if not kind.code:
        vectors = _are_vectors(values) and any(value is not None for value in values)
        try:
            return arrow.array(values, type=arrow.list_(arrow.float32()) if vectors else None)
        except (TypeError, ValueError) as error:  # Arrow's own errors are both
            raise bad("dtype", f"the results have no type in common; dtype='json' gives their text: {error}") from None
    made = arrow.list_(arrow.float32() if kind.code == "f" else arrow.float64())
    sizes = array("i", [0])
    for value in values:
        sizes.append(sizes[-1] + (0 if value is None else len(value)))
    flat = arrow.Array.from_buffers(
        made.value_type, sizes[-1], [None, arrow.py_buffer(b"".join(value for value in values if value is not None))]
    )
    present = arrow.array([value is not None for value in values], type=arrow.bool_())
    buffers = [present.buffers()[1], arrow.py_buffer(sizes)]
    return arrow.Array.from_buffers(made, len(values), buffers, children=[flat])


def table_of(batch: Any) -> Table:
    """A batch, by what it can do.

    Raises
    ------
    ArgumentError
        Where it is none.
    """
    if isinstance(batch, Mapping):
        return Table(batch)
    if hasattr(batch, "schema") and hasattr(batch, "append_column"):
        return _Arrow(batch)
    if hasattr(batch, "columns") and hasattr(batch, "assign"):
        return _Frame(batch)
    raise bad("batch", f"a dict of columns, a DataFrame or a pyarrow Table is expected, not {type(batch).__name__}")
