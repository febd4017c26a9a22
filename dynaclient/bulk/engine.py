"""Worker threads for runs of rows: as many requests under way as asked for, results in order or as they come, memory bounded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from dynaclient import cancel
from dynaclient.bulk.plan import Run

R = TypeVar("R")

AHEAD = 4
"""Runs that may be unfinished or waiting for an earlier one, for each worker."""


class Halted(Exception):
    """The iteration was asked to end: what was under way is done, and nothing more was begun."""


@dataclass(frozen=True, slots=True)
class Done(Generic[R]):
    """A run and what became of it: ``order`` counts the runs from 0, ``error`` is what ended the whole of it, or None."""

    order: int
    run: Run[Any]
    result: R
    error: BaseException | None = None


class Engine(Generic[R]):
    """Runs a function over runs of rows on threads.

    Parameters
    ----------
    work:
        What is done with a run; called on several threads at once. What it raises ends the iteration.
    in_flight:
        How many at once.
    halt:
        Asked before each run is begun: once it says True no further one is, those under way are done, and the iteration ends with Halted.

    The rows are pulled by the thread that iterates, and only as they are needed. Closing the iterator closes the connections of what is under way and ends the threads.
    """

    def __init__(self, work: Callable[[Run[Any]], R], in_flight: int, halt: Callable[[], bool] = lambda: False) -> None:
        self._work = work
        self._in_flight = in_flight
        self._halt = halt
        self._jobs: SimpleQueue[tuple[int, Run[Any]] | None] = SimpleQueue()
        self._results: SimpleQueue[Done[R]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._cancels: list[cancel.Cancel] = []
        self._yielded = 0
        self._over = False

    def ordered(self, runs: Iterator[Run[Any]]) -> Iterator[Done[R]]:
        """What became of the runs, in their order."""
        waiting: dict[int, Done[R]] = {}
        for done in self._iterate(runs, lambda: self._yielded):
            waiting[done.order] = done
            while self._yielded in waiting:
                found = waiting.pop(self._yielded)
                self._yielded += 1
                yield found

    def unordered(self, runs: Iterator[Run[Any]]) -> Iterator[Done[R]]:
        """What became of the runs, as they end."""
        return self._iterate(runs, None)

    def _iterate(self, runs: Iterator[Run[Any]], yielded: Callable[[], int] | None) -> Iterator[Done[R]]:
        begun = ended = 0
        more, halted = True, False
        parent = cancel.current()
        try:
            while more or ended < begun:
                parent.check()
                if more and self._halt():
                    more, halted = False, True
                    continue
                waiting = begun - yielded() if yielded is not None else begun - ended
                if more and begun - ended < 2 * self._in_flight and waiting < AHEAD * self._in_flight:
                    try:
                        done = self._results.get_nowait()
                    except Empty:
                        run = next(runs, None)
                        if run is None:
                            more = False
                            continue
                        self._begin(begun, run)
                        begun += 1
                        continue
                else:
                    done = self._next(parent)
                ended += 1
                if isinstance(done.error, Halted):
                    more, halted = False, True
                    continue
                if done.error is not None:
                    raise done.error
                yield done
            if halted:
                raise Halted
        finally:
            self.close()

    def _next(self, parent: cancel.Cancel) -> Done[R]:
        """The next that ends; where the iteration itself can be cancelled, that is looked at meanwhile."""
        if parent is cancel.NEVER:
            return self._results.get()
        while True:
            parent.check()
            try:
                return self._results.get(timeout=0.1)
            except Empty:
                continue

    def _begin(self, order: int, run: Run[Any]) -> None:
        self._jobs.put((order, run))
        if len(self._threads) < self._in_flight and len(self._threads) <= order:
            switch = cancel.Cancel()
            context = copy_context()
            context.run(cancel.use, switch)
            name = f"dynaclient-bulk-{len(self._threads)}"
            thread = threading.Thread(target=context.run, args=(self._serve, switch), name=name, daemon=True)
            self._cancels.append(switch)
            self._threads.append(thread)
            thread.start()

    def _serve(self, switch: cancel.Cancel) -> None:
        while (job := self._jobs.get()) is not None and not switch.is_set() and not self._over:
            order, run = job
            try:
                if self._halt():
                    raise Halted
                self._results.put(Done(order, run, self._work(run)))
            except cancel.Cancelled:
                return
            except Halted as error:
                self._results.put(Done(order, run, None, error))  # type: ignore[arg-type]
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that iterates
                self._over = True  # nothing more is begun
                self._results.put(Done(order, run, None, error))  # type: ignore[arg-type]

    def close(self) -> None:
        """End what is under way and the threads; closing twice is nothing."""
        for switch in self._cancels:
            switch.set()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._cancels.clear()
