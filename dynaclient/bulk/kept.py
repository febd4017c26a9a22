"""The columns of the rows that an output keeps: as JSON, and as columns of Parquet with the types that they have."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from itertools import islice
from typing import Any

from dynaclient.bulk.files import bad_rows
from dynaclient.bulk.rows import Source, parquet_schema, reading_parquet, unreadable
from dynaclient.openapi.media import encode_json
from dynaclient.openapi.normal import NoFormError, normal

_TEXT_FORMATS = ("csv", "tsv", "lines")
_MOST_FIELDS = 256
"""Fields of objects in one column, beyond which they are written as JSON: they are no records of one kind."""
_GROUP = 65_536
_ARROW = (ValueError, TypeError, OverflowError, NotImplementedError)
"""What Arrow raises if values do not fit a type."""


def kept_name(name: str, taken: Collection[str]) -> str:
    """Return what a kept column is called in the output: its own name, or ``kept_NAME`` if the output has a column of that name."""
    return f"kept_{name}" if name in taken else name


def kept_json(kept: Mapping[str, Any], taken: Collection[str]) -> dict[str, Any]:
    """Return kept columns as JSON values. What has no form in JSON never fails here: NaN and infinities become null, all else its text.

    Parameters
    ----------
    kept:
        Column -> value.
    taken:
        Names that the output has already, see `kept_name`.
    """
    return {kept_name(name, taken): _json(value) for name, value in kept.items()}


def _json(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(name): _json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    try:
        return normal(value)
    except NoFormError:
        return str(value)


class Kept:
    """Kept columns on their way to Parquet.

    Columns of Parquet files keep their types exactly: the values are read from the files again and never become Python's. Those of JSON Lines get the type that holds all their values
    (boolean, int64, double, string, lists and structs of them), else their JSON text; those of CSV and plain lines are text.

    Parameters
    ----------
    source:
        The files of rows.
    names:
        The columns.

    Raises
    ------
    ArgumentError
        If a column has types in several files that no type holds.
    """

    def __init__(self, source: Source, names: Sequence[str]) -> None:
        self._source, self._names = source, list(dict.fromkeys(names))
        self._arrow: Any = import_module("pyarrow") if names else None
        self._schema: Any = _common(source, self._names) if names and source.format == "parquet" else None
        self._exact: Iterator[tuple[int, Any]] = iter(())
        self._begin = 0
        self._batch: Any = None
        self._as_text: set[str] = set()

    def begin(self, rows: Iterable[Mapping[str, Any]], taken: Collection[str]) -> list[Any]:
        """Begin to write; the fields of the columns, as Arrow's.

        Parameters
        ----------
        rows:
            The kept columns of every row, for types that only the values tell.
        taken:
            Names that the output has already, see `kept_name`.
        """
        if not self._names:
            return []
        if self._source.format == "parquet":
            self._exact, self._begin, self._batch = self._batches(), 0, None
        else:
            self._schema = self._arrow.schema([(name, kind) for name, kind in self._learned(rows).items()])
        return [self._schema.field(name).with_name(kept_name(name, taken)) for name in self._names]

    def columns(self, numbers: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return the columns of the next rows, as Arrow arrays.

        Parameters
        ----------
        numbers:
            Of the rows, rising, and beyond those that were asked for before.
        rows:
            Their kept columns.

        Raises
        ------
        UnfitError
            If a value does not fit the type that was learned; begun again, its column is text.
        """
        if not self._names:
            return []
        if self._source.format == "parquet":
            return self._taken(numbers)
        return [self._made(name, [row.get(name) for row in rows]) for name in self._names]

    # --- JSON Lines, CSV, plain lines

    def _learned(self, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """The type of each column."""
        arrow = self._arrow
        kinds = dict.fromkeys(self._names, arrow.null())
        texts = set(self._names) if self._source.format in _TEXT_FORMATS else set(self._as_text)
        waiting = iter(rows)
        while len(texts) < len(self._names) and (group := list(islice(waiting, _GROUP))):
            for name in kinds.keys() - texts:
                try:
                    kinds[name] = _joined(arrow, kinds[name], arrow.array([row.get(name) for row in group]).type)
                except _ARROW:
                    texts.add(name)
        string = arrow.string()
        return {
            name: string if name in texts or arrow.types.is_null(kind) or not _holds(arrow, kind) else kind
            for name, kind in kinds.items()
        }

    def _made(self, name: str, values: list[Any]) -> Any:
        kind = self._schema.field(name).type
        if self._arrow.types.is_string(kind):
            values = [_text(value) for value in values]
        try:
            return self._arrow.array(values, type=kind)
        except _ARROW:
            self._as_text.add(name)
            raise UnfitError(name) from None

    # --- Parquet

    def _batches(self) -> Iterator[tuple[int, Any]]:
        """The number of the first row of each batch, and the batch."""
        number = 0
        for path in self._source.paths:
            with reading_parquet(path) as file:
                try:
                    for batch in file.iter_batches(batch_size=_GROUP, columns=self._names):
                        table = self._arrow.Table.from_batches([batch]).select(self._names).cast(self._schema)
                        yield number, table
                        number += table.num_rows
                except (OSError, ValueError) as error:  # pyarrow's own errors are both
                    raise unreadable(path, error) from None

    def _taken(self, numbers: Sequence[int]) -> list[Any]:
        parts: list[Any] = [self._schema.empty_table()]
        place = 0
        while place < len(numbers):
            while self._batch is None or numbers[place] >= self._begin + self._batch.num_rows:
                self._begin, self._batch = next(self._exact)
            stop = bisect_left(numbers, self._begin + self._batch.num_rows, place)
            first, last = numbers[place] - self._begin, numbers[stop - 1] - self._begin
            if last - first == stop - place - 1:
                parts.append(self._batch.slice(first, stop - place))
            else:
                parts.append(self._batch.take([number - self._begin for number in numbers[place:stop]]))
            place = stop
        table = self._arrow.concat_tables(parts).unify_dictionaries()
        return [table.column(name) for name in self._names]


class UnfitError(Exception):
    """A value does not fit the type of its column."""


def _common(source: Source, names: Sequence[str]) -> Any:
    """The schema that holds the columns of all files."""
    arrow: Any = import_module("pyarrow")
    found: dict[str, Any] = {}
    first: dict[str, tuple[Any, str]] = {}
    for path in source.paths:
        schema = parquet_schema(path)
        for field in (schema.field(name) for name in names if name in schema.names):
            name = field.name
            kind, place = first.setdefault(name, (field.type, path.name))
            before = found.setdefault(name, field)
            if before.type != field.type:
                try:
                    found[name] = field.with_type(_joined(arrow, before.type, field.type))
                except _ARROW:
                    text = f"column {name!r} is {kind} in {place} and {field.type} in {path.name}"
                    raise bad_rows(text, "leave it out of --keep, or run these files by themselves") from None
    return arrow.schema(found.values())


def _joined(arrow: Any, one: Any, other: Any) -> Any:
    """The type that holds the values of two."""
    schemas = [arrow.schema([("x", kind)]) for kind in (one, other)]
    return arrow.unify_schemas(schemas, promote_options="permissive").field("x").type


def _holds(arrow: Any, kind: Any) -> bool:
    """Whether Parquet can hold a type that was learned from values: no struct without fields, nor one with hundreds."""
    inner, fields = [kind], 0
    while inner:
        one = inner.pop()
        children = [one.field(place).type for place in range(one.num_fields)]
        if arrow.types.is_struct(one) and not children:
            return False
        fields += len(children)
        inner += children
    return fields <= _MOST_FIELDS


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return encode_json(_json(value)).decode()
