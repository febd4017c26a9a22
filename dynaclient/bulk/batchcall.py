"""`BatchCall`: an operation as a function over batches, for engines that run it on many machines."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from dynaclient.bulk.engines.carried import refuse_secrets
from dynaclient.bulk.engines.tables import DTYPES, Kind, bad, table_of
from dynaclient.bulk.engines.worker import Config, close_worker, summary_of, worker_of
from dynaclient.bulk.mapping import IN_FLIGHT, caps_of, checked_in_flight
from dynaclient.bulk.summary import Summary
from dynaclient.errors import DynaclientError


class BatchCall:
    """An operation over one column of a batch: a dict of arrays or lists, a pandas DataFrame, a pyarrow Table or RecordBatch goes in, and comes back with two more columns.

    ::

        embed = BatchCall(None, "group.operation", "text", take="vector", dtype="float32", constants={"model": "m"})
        dataset.map_batches(embed, batch_format="pyarrow")  # Ray Data
        frame.map_partitions(embed, meta=embed.meta(frame))  # Dask
        frame.mapInPandas(embed, "text string, result array<float>, error string")  # Spark

    It holds plain configuration only and is pickled freely. The client is made when the first batch comes, once in each process, however many threads and copies there are; credentials come from
    the environment of that process and are never part of the pickle. The same batch twice gives the same columns: nothing else is touched.

    Parameters
    ----------
    spec:
        The document, see `dynaclient.Client`: a path or a URL, which each worker reads for itself, text or a mapping; None: the one that ships.
    operation:
        The dotted name.
    column:
        The column that holds the inputs, or, where an operation takes one row a call, a mapping of argument -> column.
    constants:
        Arguments that are the same for all rows.
    take:
        The dotted path of what is kept of a result; ``""``: all of it.
    output, error:
        The columns that are added, or replaced: the results, None where there is none (where they are arrays of vectors, not-a-number); and the words of the error, None where there is none.
    dtype:
        What the results are, so that all batches have columns of the same types, those too whose rows all failed: ``"float32"`` or ``"float64"``, vectors of such numbers; ``"json"``, their
        JSON text. None: what the results of the batch happen to be. See `docs/engines.md` for the types of each kind of batch.
    dims:
        Numbers in a vector; with it arrays have the same shape whatever failed. Without a ``dtype`` they are float32.
    batch, in_flight, rpm, tpm, tokenizer:
        As for `dynaclient.Call.map`; for each process, whose batches share one pace. ``in_flight`` is for each batch that is under way.
    client:
        Options of the client but for credentials: ``server``, ``timeout``, ``retries``, ``validate``, ``headers``, ``query``, ``profile``, ``proxy``, ``ca_bundle``, ``pool_size``, ``settings``,
        ``server_variables``, ``overlays``.

    Raises
    ------
    ArgumentError
        Where an option makes no sense, would carry a secret, or cannot be pickled.
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
        dtype: str | None = None,
        dims: int | None = None,
        batch: int | None = None,
        in_flight: int = IN_FLIGHT,
        rpm: float | None = None,
        tpm: float | None = None,
        tokenizer: str | Callable[[Any], int] | None = None,
        client: Mapping[str, Any] | None = None,
    ) -> None:
        caps_of(rpm, tpm)
        self._column, self._take, self._output, self._error = column, take, output, error
        self._kind = _kind(dtype, dims)
        self._config = configuration(
            spec,
            operation,
            constants or {},
            client or {},
            arrays=self._kind.dtype if self._kind.code else None,  # so that vectors are never lists on their way
            batch=batch,
            in_flight=checked_in_flight(in_flight),
            rpm=rpm,
            tpm=tpm,
            tokenizer=tokenizer,
        )

    def __call__(self, batch: Any) -> Any:
        """The batch with the columns of results and errors; for an iterator of batches, an iterator. A batch without rows sends nothing.

        Raises
        ------
        ArgumentError
            Where it is no batch, has no such column, or its results are not what was promised of them.
        DynaclientError
            Where it is not the rows: a missing right, a service that is down. An engine may try again.
        """
        if isinstance(batch, Iterator):
            return map(self, batch)
        table = table_of(batch)
        rows = table.rows(self._column)
        results: list[Any] = []
        errors: list[str | None] = []
        for value in worker_of(self._config).values(rows) if rows else ():
            failed = isinstance(value, DynaclientError)
            results.append(None if failed else self._kind.value(self._taken(value)))
            errors.append(str(value) if failed else None)
        return table.with_columns(self._output, results, self._error, errors, self._kind)

    def meta(self, frame: Any) -> Any:
        """What comes back for no rows: the ``meta`` of Dask's ``map_partitions``, which would send a made-up row without it.

        Parameters
        ----------
        frame:
            A Dask or pandas DataFrame.
        """
        return self(getattr(frame, "_meta", frame).iloc[:0])

    def _taken(self, value: Any) -> Any:
        for name in self._take.split(".") if self._take else ():
            if not isinstance(value, Mapping) or name not in value:
                known = ", ".join(value) if isinstance(value, Mapping) else "no fields"
                raise bad("take", f"a result has no {name!r}; it has {known}")
            value = value[name]
        return value

    @property
    def summary(self) -> Summary:
        """What the batches of this configuration have come to in this process until now: rows, failures, requests, tokens. It is not pickled: every process has its own."""
        return summary_of(self._config)

    def close(self) -> None:
        """Let go of the connections of this configuration in this process; used again, it opens new ones, and its summary begins anew."""
        close_worker(self._config)

    def __repr__(self) -> str:
        return f"<BatchCall {self._config.operation} over {self._column!r}>"


def _kind(dtype: str | None, dims: int | None) -> Kind:
    if dtype is not None and dtype not in DTYPES:
        raise bad("dtype", f"{dtype!r} is not {', '.join(map(repr, DTYPES))} or None")
    if dims is None:
        return Kind(dtype)
    if isinstance(dims, bool) or not isinstance(dims, int) or dims < 1:
        raise bad("dims", f"{dims!r} is not a whole number above 0")
    if dtype == "json":
        raise bad("dims", "is the length of vectors; JSON text has none")
    return Kind(dtype or "float32", dims)


def configuration(
    spec: Any,
    operation: str,
    constants: Mapping[str, Any],
    client: Mapping[str, Any],
    *,
    arrays: str | None = None,
    **how: Any,
) -> Config:
    """What workers are told.

    Parameters
    ----------
    spec, operation, constants, client:
        As for `BatchCall`.
    arrays:
        As for `dynaclient.Client`.
    how:
        The other fields of a `Config`.

    Raises
    ------
    ArgumentError
        Where it would carry a secret, or cannot be pickled.
    """
    refuse_secrets(spec, constants, client)
    options = {**client, "arrays": arrays} if arrays else dict(client)
    make = partial(Config, spec=spec, operation=operation, constants=dict(constants), client=options, **how)
    try:
        key = pickle.dumps(make(key=b""))
    except Exception as error:  # noqa: BLE001 - whatever the objects inside raise
        raise bad("options", f"cannot be pickled, so no worker can be told: {error}") from None
    return make(key=hashlib.blake2b(key, digest_size=16).digest())
