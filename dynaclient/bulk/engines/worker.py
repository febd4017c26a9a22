"""What lives in a worker of an engine: one client for each configuration, however many batches, threads and copies of a `BatchCall` there are."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dynaclient.bulk.ceiling import Ceiling
from dynaclient.bulk.channel import Channel, Piece
from dynaclient.bulk.engine import Ending, Engine
from dynaclient.bulk.fault import Stop
from dynaclient.bulk.mapping import IN_FLIGHT, caps_of
from dynaclient.bulk.pace import Pace
from dynaclient.bulk.plan import Run, limits_of, runs
from dynaclient.bulk.regulator import Tally
from dynaclient.bulk.solving import solver_of
from dynaclient.bulk.summary import Bill, Summary
from dynaclient.bulk.tokens import counter
from dynaclient.errors import DynaclientError

KEPT = 8
"""Configurations whose clients a process keeps; beyond it the one that was used longest ago is let go."""


@dataclass(frozen=True, slots=True)
class Config:
    """All that a worker must be told: plain values that are pickled.

    Parameters
    ----------
    key:
        The same for all copies of one configuration.
    spec, client:
        The document and the options of the client, without credentials.
    operation, constants:
        The dotted name; arguments that are the same for all rows.
    batch, in_flight, rpm, tpm, tokenizer:
        As for `dynaclient.Call.map`; for each process.
    numbered:
        Whether the order key of a result counts from the first row of the batch, and not of the request.
    """

    key: bytes
    spec: Any
    operation: str
    constants: Mapping[str, Any] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)
    batch: int | None = None
    in_flight: int = IN_FLIGHT
    rpm: float | None = None
    tpm: float | None = None
    tokenizer: str | Callable[[Any], int] | None = None
    numbered: bool = True


class Worker:
    """A client and one operation of it, at one pace; made when the first batch comes, safe among threads."""

    def __init__(self, config: Config) -> None:
        from dynaclient.client import Client

        self._client = Client(config.spec, **config.client)
        call = self._client[config.operation].at(config.constants.get("server"))
        pace = Pace(caps_of(config.rpm, config.tpm))
        self._channel = Channel(call, config.constants, pace, numbered=config.numbered)
        self._limits = limits_of(call.operation.batch, config.batch)
        self._count = counter(config.tokenizer)
        self._in_flight = config.in_flight
        self._ceiling = Ceiling()
        self._told = Tally()
        batch = call.operation.batch
        self._bill = Bill(batch.sum if batch else ())
        self._rows = self._failed = 0
        self._clock, self._begun = call._core.world.clock, 0.0
        self._telling = threading.Lock()
        self.order = batch.order if batch else ""

    def values(self, rows: Sequence[Any]) -> list[Any]:
        """A result, or an error, for each row.

        Raises
        ------
        DynaclientError
            Where it is not the rows: a missing right, a service that is down.
        """
        found: list[Any] = [None] * len(rows)
        for run, piece in self.pieces(rows):
            found[run.first : run.first + len(run.rows)] = piece.values
        return found

    def pieces(self, rows: Sequence[Any]) -> Generator[tuple[Run[Any], Piece], None, None]:
        """The runs of rows as they end, with what became of them; raises as `values` does."""
        # What is refused is recorded even if all rows of the batch are: an engine would only bring the same batch again.
        ending = Ending()
        solver, _ = solver_of(self._channel, ending, sampling=False, ceiling=self._ceiling)
        engine = Engine(self._channel.accounted(solver.work), self._in_flight, ending, cut=solver.cut)
        self._begun = self._begun or self._clock()
        try:
            for done in engine.unordered(runs(enumerate(rows), self._limits, self._count)):
                self._note(done.run, done.result)
                yield done.run, done.result
        except Stop as stop:
            raise stop.told() from None
        finally:
            engine.close()

    def _note(self, run: Run[Any], piece: Piece) -> None:
        self._bill.add_facts(piece.facts(run.tokens))
        with self._telling:
            self._rows += len(piece.values)
            self._failed += sum(isinstance(value, DynaclientError) for value in piece.values)

    def summary(self) -> Summary:
        """What all batches have come to until now."""
        tally, bill = self._channel.gate.tally, self._bill
        return Summary(
            rows=self._rows,
            sent=self._rows,
            failed=self._failed,
            requests=tally.requests,
            retries=tally.retries,
            throttles=tally.throttles,
            elapsed=self._clock() - self._begun if self._begun else 0.0,
            tokens=bill.tokens,
            wasted_tokens=bill.wasted_tokens,
            usage=dict(bill.usage),
        )

    def tally(self) -> Tally:
        """What went over the wire since this was asked last."""
        with self._telling:
            now, before = self._channel.gate.tally, self._told
            self._told = Tally(now.requests, now.retries, now.throttles)
            return Tally(
                self._told.requests - before.requests,
                self._told.retries - before.retries,
                self._told.throttles - before.throttles,
            )

    def close(self) -> None:
        """Close the connections; used again, new ones are opened."""
        self._client.close()


_workers: OrderedDict[bytes, Worker] = OrderedDict()
_lock = threading.Lock()


def worker_of(config: Config) -> Worker:
    """The worker of a configuration in this process."""
    dropped = None
    with _lock:
        found = _workers.get(config.key)
        if found is None:
            found = _workers[config.key] = Worker(config)
        _workers.move_to_end(config.key)
        if len(_workers) > KEPT:
            _, dropped = _workers.popitem(last=False)
    if dropped is not None:
        dropped.close()  # who still uses it opens new connections
    return found


def summary_of(config: Config) -> Summary:
    """What a configuration has come to in this process until now; makes no client."""
    with _lock:
        found = _workers.get(config.key)
    return Summary() if found is None else found.summary()


def close_worker(config: Config) -> None:
    """Close the connections of a configuration in this process; used again, it begins anew and reads the environment again."""
    with _lock:
        found = _workers.pop(config.key, None)
    if found is not None:
        found.close()


def _forget() -> None:
    """A process that was forked has connections of its own, and a lock that no thread of its parent holds."""
    global _lock
    _lock = threading.Lock()
    _workers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
