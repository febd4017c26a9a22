"""A bulk run whose requests are sent by the workers of a cluster: rows go out in tasks, finished frames come back, and all that is kept is kept where the command runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Protocol

from dynaclient.bulk.channel import Piece
from dynaclient.bulk.engine import Done, Halted
from dynaclient.bulk.engines.worker import Config, worker_of
from dynaclient.bulk.outputs import Encoder, Layout
from dynaclient.bulk.plan import Run
from dynaclient.bulk.regulator import Tally
from dynaclient.bulk.shards import Frame
from dynaclient.errors import DynaclientError

WAVES = 4
"""Requests that one task makes with each of its threads: enough that starting it costs nothing, few enough that losing it costs little."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a task came to: the frames that are finished, what went over the wire, and why it did not finish, or None."""

    frames: tuple[Frame, ...]
    tally: Tally
    error: DynaclientError | None = None


class Sender:
    """What a task does, in a worker; pickled freely, and safe to run twice.

    Parameters
    ----------
    config:
        What the worker is told.
    layout:
        What the output looks like.
    """

    def __init__(self, config: Config, layout: Layout) -> None:
        self._config, self._layout = config, layout

    def __call__(self, block: Run[Any]) -> Answer:
        """Send the rows of a block. What was finished before an error is not lost with it."""
        frames: list[Frame] = []
        try:
            worker = worker_of(self._config)
        except DynaclientError as found:
            return Answer((), Tally(), found)
        error = None
        try:
            encoder = Encoder(self._layout, worker.order)
            with closing(worker.pieces(block.rows)) as pieces:
                for run, piece in pieces:
                    frames.append(_frame(encoder, replace(run, first=block.first + run.first), piece))
        except DynaclientError as found:
            error = found
        return Answer(tuple(frames), worker.tally(), error)


def _frame(encoder: Encoder, run: Run[Any], piece: Piece) -> Frame:
    frame = encoder.frame(run, piece.values, piece.facts(run.tokens))
    return replace(frame, facts={**frame.facts, "dims": encoder.dims}) if encoder.dims else frame


class Cluster(Protocol):
    """Where tasks are done."""

    def submit(self, send: Sender, block: Run[Any]) -> None:
        """Begin a task."""

    def next(self) -> Answer:
        """Wait for any task to end. Raises TransportError where the cluster could not do it."""

    def close(self) -> None:
        """Let the cluster go."""


class Remote:
    """Runs of rows on a cluster, in place of the threads of this process (`dynaclient.bulk.engine.Engine`).

    Parameters
    ----------
    cluster:
        Starts or finds it, once there is something to do.
    send:
        What a task does.
    tasks:
        How many are under way at once.
    rows:
        Rows of a task, at most, unless one run alone has more.
    halt:
        Once it says True no further task is begun.
    keep:
        Told of each frame that comes back.
    tally:
        Where what went over the wire is added up.
    """

    def __init__(
        self,
        cluster: Callable[[], Cluster],
        send: Sender,
        tasks: int,
        rows: int,
        halt: Callable[[], bool],
        keep: Callable[[Frame], object],
        tally: Tally,
    ) -> None:
        self._start, self._send, self._tasks, self._rows = cluster, send, tasks, rows
        self._halt, self._keep, self._tally = halt, keep, tally
        self._cluster: Cluster | None = None

    def unordered(self, runs: Iterator[Run[Any]]) -> Iterator[Done[Frame]]:
        """What became of the runs, as they end.

        Where a task fails no further one is begun, those under way are waited for, and what they bring is kept: it is paid for.

        Raises
        ------
        DynaclientError
            Why the first of them failed.
        Halted
            Where it was asked to end.
        """
        blocks = joined(runs, self._rows)
        under_way = ended = 0
        error: DynaclientError | None = None
        more = True
        while more or under_way:
            if more and under_way < self._tasks and error is None and not self._halt():
                block = next(blocks, None)
                if block is None:
                    more = False
                else:
                    self._started().submit(self._send, block)
                    under_way += 1
            elif under_way:
                answer = self._started().next()
                under_way -= 1
                error = error or answer.error
                for frame in self._kept(answer):
                    yield Done(ended, Run(frame.first, (), 0), frame)
                    ended += 1
            else:
                raise error or Halted
        if error is not None:
            raise error

    def _kept(self, answer: Answer) -> Iterator[Frame]:
        tally, more = self._tally, answer.tally
        tally.requests, tally.retries = tally.requests + more.requests, tally.retries + more.retries
        tally.throttles += more.throttles
        for frame in answer.frames:
            self._keep(frame)
            yield frame

    def _started(self) -> Cluster:
        if self._cluster is None:
            self._cluster = self._start()
        return self._cluster

    def close(self) -> None:
        """Let the cluster go; closing twice is nothing."""
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None


def joined(runs: Iterator[Run[Any]], rows: int) -> Iterator[Run[Any]]:
    """Consecutive runs as one, of at most so many rows; a gap between them begins a new one."""
    held: list[Any] = []
    first = tokens = 0
    for run in runs:
        if held and (run.first != first + len(held) or len(held) + len(run.rows) > rows):
            yield Run(first, held, tokens)
            held, tokens = [], 0
        first = first if held else run.first
        held.extend(run.rows)
        tokens += run.tokens
    if held:
        yield Run(first, held, tokens)
