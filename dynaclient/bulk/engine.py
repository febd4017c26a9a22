"""Worker threads for runs of rows: as many requests under way as asked for, results in order or as they come, memory bounded."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from dynaclient import cancel
from dynaclient.bulk.patience import Halted
from dynaclient.bulk.plan import Run

__all__ = ["AHEAD", "GRACE", "Done", "Ending", "Engine", "Halted", "Worked"]

R = TypeVar("R")

AHEAD = 4
"""Runs that may be unfinished or waiting for an earlier one, for each worker."""
ASIDE = 64
"""Rows that may wait for another try, for each worker, before no new ones are begun."""
GRACE = 4.0
"""Seconds that requests under way have when the iteration is to end, before their connections are closed."""
_LEAVE = 0.5
"""Seconds that a thread whose connection was closed has to end, when the iteration is to end."""
_LOOK = 0.2


@dataclass(slots=True)
class Worked(Generic[R]):
    """What became of an item.

    Parameters
    ----------
    done:
        Runs that are finished, with their results.
    soon, later:
        Items that are still to be done: as soon as possible, and after others.
    error:
        What ended the work on the item before it was finished, or None.
    """

    done: list[tuple[Run[Any], R]] = field(default_factory=list)
    soon: list[Any] = field(default_factory=list)
    later: list[Any] = field(default_factory=list)
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Done(Generic[R]):
    """A finished run, or the part of one: ``order`` counts the runs from 0."""

    order: int
    run: Run[Any]
    result: R


class Ending:
    """Whether a run is to end; called, it says so.

    Parameters
    ----------
    asked:
        Whether somebody else asks for it.
    """

    def __init__(self, asked: Callable[[], bool] = lambda: False) -> None:
        self._asked, self._set = asked, False

    def set(self) -> None:
        """End the run."""
        self._set = True

    def __call__(self) -> bool:
        """Return whether it is to end."""
        return self._set or self._asked()


class Engine(Generic[R]):
    """Runs a function over runs of rows on threads.

    Parameters
    ----------
    work:
        What is done with a run, and with the items that it gives back; called on several threads at once. An error that it gives or raises ends the iteration.
    in_flight:
        How many at once.
    ending:
        Asked before each item is begun: once it says True no further one is. Those under way have `GRACE` seconds, and the iteration ends with Halted. An error sets it.
    idle:
        Called by the thread that iterates, several times a second while it waits.

    cut:
        Makes parts of an item just before it is begun; only the first is begun then. None: nothing is begun until another item has ended.

    The rows are pulled by the thread that iterates, and only as they are needed. Closing the iterator closes the connections of what is under way and ends the threads.
    """

    def __init__(
        self,
        work: Callable[[Any], Worked[R]],
        in_flight: int,
        ending: Ending | None = None,
        idle: Callable[[], object] = lambda: None,
        cut: Callable[[Any], list[Any] | None] = lambda item: [item],
    ) -> None:
        self._work, self._in_flight, self._idle, self._cut = work, in_flight, idle, cut
        self._ending = ending or Ending()
        self._jobs: SimpleQueue[tuple[int, Any] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[int, Worked[R]]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._cancels: list[cancel.Cancel] = []
        self._soon: deque[tuple[int, Any]] = deque()
        self._later: deque[tuple[int, Any]] = deque()
        self._open: dict[int, int] = {}
        self._begun = self._yielded = self._under_way = 0
        self._more = True
        self._error: BaseException | None = None
        self._cut_at: float | None = None

    def ordered(self, runs: Iterator[Run[Any]]) -> Iterator[Done[R]]:
        """What became of the runs, in their order."""
        parts: dict[int, list[Done[R]]] = {}
        for found in self._iterate(runs, lambda: self._begun - self._yielded < AHEAD * self._in_flight):
            for done in found:
                parts.setdefault(done.order, []).append(done)
            while self._yielded < self._begun and self._yielded not in self._open:
                whole = parts.pop(self._yielded, [])
                self._yielded += 1
                yield from sorted(whole, key=lambda done: done.run.first)

    def unordered(self, runs: Iterator[Run[Any]]) -> Iterator[Done[R]]:
        """What became of the runs and their parts, as they end."""
        for found in self._iterate(runs, lambda: True):
            yield from found

    def _iterate(self, runs: Iterator[Run[Any]], room: Callable[[], bool]) -> Iterator[list[Done[R]]]:
        parent = cancel.current()
        try:
            while True:
                parent.check()
                if self._ending() and self._cut_at is None:
                    self._cut_at = time.monotonic() + GRACE
                found = self._ended(block=False)
                if found is None and self._cut_at is None and self._fill(runs, room):
                    continue
                if found is None:
                    if not self._under_way or (self._cut_at is not None and time.monotonic() >= self._cut_at):
                        break
                    found = self._ended(block=True)
                if found is None:
                    self._idle()
                else:
                    yield self._taken(*found)
            if self._cut_at is not None:
                raise self._error or Halted
        finally:
            self.close(patient=self._cut_at is None)

    def _ended(self, *, block: bool) -> tuple[int, Worked[R]] | None:
        try:
            return self._results.get(block, _LOOK if block else None)
        except Empty:
            return None

    def _taken(self, order: int, worked: Worked[R]) -> list[Done[R]]:
        """Take note of what became of an item; the runs that are finished."""
        self._under_way -= 1
        left = self._open[order] - 1 + len(worked.soon) + len(worked.later)
        self._soon.extend((order, item) for item in worked.soon)
        self._later.extend((order, item) for item in worked.later)
        if worked.error is not None:
            left += 1  # its rows are not finished
            if not isinstance(worked.error, Halted):
                self._error = self._error or worked.error
            self._ending.set()
        self._open[order] = left
        if not left:
            del self._open[order]
        return [Done(order, run, result) for run, result in worked.done]

    def _fill(self, runs: Iterator[Run[Any]], room: Callable[[], bool]) -> bool:
        """Begin the next item; whether there is one, and room for it."""
        if self._under_way >= 2 * self._in_flight:
            return False
        if self._soon:
            return self._put(*self._soon.popleft())
        if self._more and len(self._later) < ASIDE * self._in_flight and room():
            run = next(runs, None)
            if run is not None:
                self._open[self._begun] = 1
                self._begun += 1
                return self._put(self._begun - 1, run)
            self._more = False
        return bool(self._later) and self._put(*self._later.popleft())

    def _put(self, order: int, item: Any) -> bool:
        """Begin an item, or its first part; whether it could be begun."""
        parts = self._cut(item)
        item, *rest = parts or [item]
        self._soon.extendleft((order, part) for part in (rest if parts else [item]))
        self._open[order] += len(rest)
        if not parts:
            return False
        self._under_way += 1
        self._jobs.put((order, item))
        if len(self._threads) < self._in_flight and len(self._threads) < self._under_way:
            switch = cancel.Cancel()
            context = copy_context()
            context.run(cancel.use, switch)
            name = f"dynaclient-bulk-{len(self._threads)}"
            thread = threading.Thread(target=context.run, args=(self._serve, switch), name=name, daemon=True)
            self._cancels.append(switch)
            self._threads.append(thread)
            thread.start()
        return True

    def _serve(self, switch: cancel.Cancel) -> None:
        while (job := self._jobs.get()) is not None and not switch.is_set():
            order, item = job
            try:
                worked = Worked[R](error=Halted()) if self._ending() else self._work(item)
            except cancel.Cancelled:
                return
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that iterates
                worked = Worked(error=error)
            if worked.error is not None:
                self._ending.set()  # nothing more is begun
            self._results.put((order, worked))

    def close(self, *, patient: bool = True) -> None:
        """End what is under way and the threads; closing twice is nothing.

        Parameters
        ----------
        patient:
            Whether to wait for threads, however long they take; if not, a thread that cannot be woken is left to end by itself.
        """
        for switch in self._cancels:
            switch.set()
        for _ in self._threads:
            self._jobs.put(None)
        until = time.monotonic() + _LEAVE
        for thread in self._threads:
            thread.join(None if patient else max(0.0, until - time.monotonic()))
        self._threads.clear()
        self._cancels.clear()
