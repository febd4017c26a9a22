"""Worker threads, and how a coroutine waits for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar
from weakref import WeakSet

from dynaclient import cancel
from dynaclient.errors import ArgumentError, ConnectionLostError, Problem

T = TypeVar("T")


class Scope:
    """What belongs to one call, or to one stream for all its life: the switch that ends it, and the context variables of whoever began it."""

    __slots__ = ("_context", "cancel")

    def __init__(self) -> None:
        self.cancel = cancel.Cancel()
        self._context = copy_context()
        self._context.run(cancel.use, self.cancel)

    def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run a function in this scope, in this thread; not two at a time."""
        return self._context.run(function, *arguments)


class Workers:
    """A bounded number of threads on which calls run.

    Parameters
    ----------
    limit:
        How many run at once; further ones wait for their turn, and the event loop goes on.

    The threads start when they are needed and end with `close`, after which new ones are started. Not bound to an event loop.
    """

    def __init__(self, limit: int = 64) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            problem = Problem("max_concurrency", f"{limit!r} is not a whole number above 0")
            raise ArgumentError("an option makes no sense", problems=(problem,))
        self._limit = limit
        self._executor: ThreadPoolExecutor | None = None
        self._pending: dict[Future[Any], Scope] = {}
        self._lock = threading.RLock()  # a sequence may be collected, and closed, while it is held
        self.users: WeakSet[Any] = WeakSet()
        """Sequences that are open, each with a coroutine ``lose()``; told when the workers are closed."""

    async def run(
        self,
        scope: Scope,
        function: Callable[..., T],
        *arguments: Any,
        after: Callable[[], object] | None = None,
    ) -> T:
        """Run a function on a worker and wait for it; its exception passes unchanged.

        Parameters
        ----------
        scope:
            In which it runs. Cancelling the task sets its switch, so that the thread ends soon; the task does not wait for that.
        function, arguments:
            What to run. It must not raise StopIteration, which no future can carry.
        after:
            Run on a worker once a cancelled function has ended.

        Raises
        ------
        ConnectionLostError
            Where the client was closed meanwhile.
        """
        future = self._submit(scope, function, *arguments)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            scope.cancel.set()
            if after is not None:
                cleanup = after
                future.add_done_callback(lambda _: self.later(scope, cleanup))
            raise
        except cancel.Cancelled:
            raise closed() from None

    async def finish(self, scope: Scope, function: Callable[[], T]) -> T:
        """Run what ends a call on a worker and wait for it, although the scope's switch is set."""
        return await asyncio.wrap_future(self._put(scope, function))

    def later(self, scope: Scope, function: Callable[[], object]) -> None:
        """Run a function on a worker when there is one, and wait for nothing; at once where there are no workers any more."""
        with self._lock:
            future = self._executor.submit(scope.run, function) if self._executor is not None else None
            if future is not None:
                self._pending[future] = scope
        if future is not None:
            future.add_done_callback(self._forget)
        else:
            scope.run(function)

    async def close(self) -> None:
        """End the calls and the streams that are under way, and wait for the threads to end."""
        with self._lock:
            pending = dict(self._pending)
        for scope in pending.values():
            scope.cancel.set()
        for user in list(self.users):
            await user.lose()
        with self._lock:
            executor, self._executor = self._executor, None
            pending = dict(self._pending)
        if executor is None:
            return
        executor.shutdown(wait=False)
        await asyncio.gather(*(asyncio.wrap_future(future) for future in pending), return_exceptions=True)
        executor.shutdown(wait=True)  # idle threads end at once

    def _submit(self, scope: Scope, function: Callable[..., T], *arguments: Any) -> Future[T]:
        def work() -> T:
            scope.cancel.check()
            return function(*arguments)

        return self._put(scope, work)

    def _put(self, scope: Scope, function: Callable[[], T]) -> Future[T]:
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self._limit, "dynaclient")
            future = self._executor.submit(scope.run, function)
            self._pending[future] = scope
        future.add_done_callback(self._forget)
        return future

    def _forget(self, future: Future[Any]) -> None:
        with self._lock:
            self._pending.pop(future, None)


def closed() -> ConnectionLostError:
    """What those are told who were waiting when the client was closed."""
    return ConnectionLostError("the client was closed while the call was under way")
