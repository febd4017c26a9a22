"""`BatchCall`: an operation as a function over batches, for engines that run it on many machines."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dynaclient.bulk.mapping import IN_FLIGHT, checked_in_flight, mapped
from dynaclient.errors import ArgumentError, DynaclientError, Problem
from dynaclient.value import plain
from dynaclient.wire import is_secret_name

if TYPE_CHECKING:
    from dynaclient.client import Client

_PLAIN_OPTIONS = frozenset(
    {"server", "timeout", "retries", "validate", "headers", "profile", "proxy", "ca_bundle", "pool_size", "settings"}
)


class BatchCall:
    """An operation over one column of a batch: a dict of arrays or lists, a pandas DataFrame or a pyarrow Table goes in, and comes back with two more columns.

    ::

        dataset.map_batches(BatchCall(None, "group.operation", "text", take="vector", constants={"model": "m"}))

    It holds plain configuration only and is pickled freely. The client is made when the first batch comes, once in each process; credentials come from the environment of that process and are
    never part of the pickle. The same batch twice gives the same columns: nothing else is touched.

    Parameters
    ----------
    spec:
        The document, see `dynaclient.Client`: a path, a URL, text or a mapping; None: the one that ships.
    operation:
        The dotted name.
    column:
        The column that holds the inputs, or, where an operation takes one row a call, a mapping of argument -> column.
    constants:
        Arguments that are the same for all rows.
    take:
        The dotted path of what is kept of a result; ``""``: all of it.
    output, error:
        The columns that are added: the results, None where there is none (where they are arrays of vectors, not-a-number); and the words of the error, None where there is none.
    batch, in_flight, rpm, tpm, tokenizer:
        As for `dynaclient.Call.map`; for each process.
    client:
        Options of the client but for credentials: ``server``, ``timeout``, ``retries``, ``validate``, ``headers``, ``profile``, ``proxy``, ``ca_bundle``, ``pool_size``, ``settings``.

    Raises
    ------
    ArgumentError
        Where an option makes no sense, or would carry a secret.
    """

    def __init__(
        self,
        spec: Any = None,
        operation: str = "",
        column: str | Mapping[str, str] = "",
        *,
        constants: Mapping[str, Any] | None = None,
        take: str = "",
        output: str = "result",
        error: str = "error",
        batch: int | None = None,
        in_flight: int = IN_FLIGHT,
        rpm: float | None = None,
        tpm: float | None = None,
        tokenizer: str | Callable[[Any], int] | None = None,
        client: Mapping[str, Any] | None = None,
    ) -> None:
        self._spec, self._operation, self._column = spec, operation, column
        self._constants, self._take = dict(constants or {}), take
        self._output, self._error = output, error
        self._how = {
            "batch": batch,
            "in_flight": checked_in_flight(in_flight),
            "rpm": rpm,
            "tpm": tpm,
            "tokenizer": tokenizer,
        }
        self._options = _checked(client or {})
        self._made()

    def _made(self) -> None:
        self._client: Client | None = None
        self._process = 0
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_client", "_process", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._made()

    def __call__(self, batch: Any) -> Any:
        """The batch with the columns of results and errors.

        Raises
        ------
        DynaclientError
            Where it is not the rows: a missing right, a service that is down. An engine may try again.
        """
        table = _table_of(batch)
        rows = table.rows(self._column)
        call = self._opened()[self._operation]
        how = {name: value for name, value in self._how.items() if value is not None}
        options: dict[str, Any] = {**how, "on_error": "record"}
        results: list[Any] = []
        errors: list[str | None] = []
        for value in mapped(call, rows, {**self._constants, **options}):
            failed = isinstance(value, DynaclientError)
            results.append(None if failed else self._taken(value))
            errors.append(str(value) if failed else None)
        return table.with_columns({self._output: results, self._error: errors})

    def _taken(self, value: Any) -> Any:
        for name in self._take.split(".") if self._take else ():
            if not isinstance(value, Mapping) or name not in value:
                known = ", ".join(value) if isinstance(value, Mapping) else "no fields"
                raise _bad("take", f"a result has no {name!r}; it has {known}")
            value = value[name]
        return plain(value)

    def _opened(self) -> Client:
        """The client of this process; a copy of a parent's is never used after a fork."""
        with self._lock:
            if self._client is None or self._process != os.getpid():
                from dynaclient.client import Client

                self._client = Client(self._spec, **self._options)
                self._process = os.getpid()
            return self._client

    def close(self) -> None:
        """Let go of the connections of this process; used again, it opens new ones."""
        with self._lock:
            if self._client is not None and self._process == os.getpid():
                self._client.close()
            self._client = None

    def __repr__(self) -> str:
        return f"<BatchCall {self._operation} over {self._column!r}>"


def _checked(options: Mapping[str, Any]) -> dict[str, Any]:
    for name in options:
        if name not in _PLAIN_OPTIONS:
            raise _bad(
                f"client.{name}",
                f"is not carried to workers; {', '.join(sorted(_PLAIN_OPTIONS))} are. Credentials come from their environment",
            )
    secret = [name for name in options.get("headers") or {} if is_secret_name(str(name))]
    if secret:
        raise _bad(
            "client.headers", f"{secret[0]!r} may be secret; credentials come from the environment of the workers"
        )
    return dict(options)


class _Table:
    """A dict of lists or arrays."""

    def __init__(self, batch: Any) -> None:
        self._batch = batch

    def names(self) -> Sequence[str]:
        return list(self._batch)

    def column(self, name: str) -> list[Any]:
        values = self._batch[name]
        return list(values.tolist() if hasattr(values, "tolist") else values)

    def rows(self, column: str | Mapping[str, str]) -> list[Any]:
        wanted = [column] if isinstance(column, str) else list(column.values())
        missing = [name for name in wanted if name not in self.names()]
        if missing:
            raise _bad("column", f"the batch has no column {missing[0]!r}; it has {', '.join(map(str, self.names()))}")
        if isinstance(column, str):
            return self.column(column)
        columns = [self.column(name) for name in wanted]
        return [dict(zip(column, row, strict=True)) for row in zip(*columns, strict=True)]

    def with_columns(self, columns: Mapping[str, list[Any]]) -> Any:
        if not any(hasattr(values, "dtype") for values in self._batch.values()):
            return {**self._batch, **columns}
        return {**self._batch, **{name: _array(values) for name, values in columns.items()}}


def _array(values: list[Any]) -> Any:
    """Values as a numpy array: vectors as float32 of two dimensions, a missing one as not-a-number, so that all batches have one shape."""
    numpy: Any = import_module("numpy")
    first = next((value for value in values if value is not None), None)
    if isinstance(first, list) and first and type(first[0]) in (int, float):
        missing = [float("nan")] * len(first)
        return numpy.asarray([missing if value is None else value for value in values], dtype="float32")
    found = numpy.empty(len(values), dtype=object)
    found[:] = values
    return found


class _Frame(_Table):
    """A pandas DataFrame."""

    def names(self) -> Sequence[str]:
        return list(self._batch.columns)

    def with_columns(self, columns: Mapping[str, list[Any]]) -> Any:
        pandas: Any = import_module("pandas")
        index = self._batch.index
        made = {name: pandas.Series(values, index=index, dtype=object) for name, values in columns.items()}
        return self._batch.assign(**made)


class _Arrow(_Table):
    """A pyarrow Table."""

    def names(self) -> Sequence[str]:
        return list(self._batch.column_names)

    def column(self, name: str) -> list[Any]:
        found: list[Any] = self._batch[name].to_pylist()
        return found

    def with_columns(self, columns: Mapping[str, list[Any]]) -> Any:
        arrow: Any = import_module("pyarrow")
        table = self._batch
        for name, values in columns.items():
            first = next((value for value in values if value is not None), None)
            vectors = isinstance(first, list) and bool(first) and type(first[0]) in (int, float)
            kind = arrow.list_(arrow.float32()) if vectors else arrow.string() if first is None else None
            if name in table.column_names:
                table = table.drop_columns([name])
            table = table.append_column(name, arrow.array(values, type=kind))
        return table


def _table_of(batch: Any) -> _Table:
    if isinstance(batch, Mapping):
        return _Table(batch)
    if hasattr(batch, "column_names") and hasattr(batch, "append_column"):
        return _Arrow(batch)
    if hasattr(batch, "columns") and hasattr(batch, "assign"):
        return _Frame(batch)
    raise _bad("batch", f"a dict of columns, a DataFrame or a pyarrow Table is expected, not {type(batch).__name__}")


def _bad(name: str, message: str) -> ArgumentError:
    return ArgumentError("the batch cannot be called", problems=(Problem(name, message),))
