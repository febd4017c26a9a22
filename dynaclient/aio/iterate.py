"""An iterator that runs on worker threads, as an asynchronous one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Generic, Self, TypeVar

from dynaclient.aio.workers import Scope, Workers, closed
from dynaclient.cancel import Cancelled

T = TypeVar("T")
_END: Any = object()


class AsyncIterate(Generic[T]):
    """The items of a sequence that takes its time: server-sent events, pages.

    ::

        async for item in items:
            ...

        async with items:  # closes it however the block is left
            async for item in items:
                ...

    Each item is fetched when it is asked for, on a worker thread, so nothing piles up here. Cancelling the task that waits for an item closes the sequence and its connection;
    so does leaving ``async with``, and dropping the last reference, as a ``break`` usually does. Attributes are those of the sequence itself once it has been opened, by the first
    item, by ``async with`` or by ``await``, which gives the iterator back.

    Parameters
    ----------
    make:
        Makes the sequence; called once, on a worker. Its ``close``, where it has one, is called at the end, on a worker too.
    workers:
        The threads.
    scope:
        Where what it gets was begun already, in which scope.
    """

    def __init__(self, make: Callable[[], Iterable[T]], workers: Workers, scope: Scope | None = None) -> None:
        self._over = False
        self._busy = False
        self._lost = False
        self._workers = workers
        self._scope = scope or Scope()
        self._source: _Source[T] = _Source(make)
        workers.users.add(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        """The next item.

        Raises
        ------
        StopAsyncIteration
            At the end.
        ConnectionLostError
            Where the client was closed before the end.
        RuntimeError
            Where another task is waiting for an item already.
        """
        if self._lost:
            raise closed()
        if self._over:
            raise StopAsyncIteration
        try:
            item = await self._run(self._source.step)
        except Exception:
            if self._closed_meanwhile():
                raise StopAsyncIteration from None
            raise
        if item is _END:
            self._over = True
            raise StopAsyncIteration
        return item  # type: ignore[no-any-return]

    async def _run(self, function: Callable[[], Any]) -> Any:
        if self._busy:
            raise RuntimeError("another task is waiting for this sequence already")
        self._busy = True
        try:
            found = await self._workers.run(self._scope, function, after=self._source.close)
        except asyncio.CancelledError:
            self._over = True
            raise
        except Exception:
            if not self._source.opened:
                self._over = True
            self._close_if_over()
            raise
        finally:
            self._busy = False
        self._close_if_over()
        return found

    def _closed_meanwhile(self) -> bool:
        """Whether another task closed it while this one was waiting."""
        return self._over and self._source.opened and not self._lost

    def _close_if_over(self) -> None:
        """What `aclose` could not do while a worker was busy here."""
        if self._over:
            self._workers.later(self._scope, self._source.close)

    def adopt(self) -> None:
        """Take what is made as open already, so that it is closed with this even where no item was ever asked for."""
        self._source.open()

    async def _open(self) -> Self:
        await self._run(self._source.open)
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        return self._open().__await__()

    async def __aenter__(self) -> Self:
        return await self._open()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the sequence and its connection; one that is at its end is left alone. May be called twice. A task that waits for an item sees the end."""
        if self._over:
            return
        self._over = True
        self._scope.cancel.set()
        if not self._busy:
            await self._workers.finish(self._scope, self._source.close)

    async def lose(self) -> None:
        """Close it because the client is closed: whoever goes on iterating is told so, and does not take it for the end."""
        self._lost = not self._over
        await self.aclose()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if not self._source.opened:
            raise AttributeError(f"{name!r} is known once the sequence has been opened: by its first item or by await")
        return getattr(self._source.sequence, name)

    def __repr__(self) -> str:
        state = repr(self._source.sequence) if self._source.opened else "not opened yet"
        return f"<AsyncIterate, {state}>"

    def __del__(self) -> None:
        source = self.__dict__.get("_source")
        if source is not None and source.opened and not self._over:
            with contextlib.suppress(Exception):
                self._scope.cancel.set()
                self._workers.later(self._scope, source.close)


class _Source(Generic[T]):
    """The sequence itself; its methods run on a worker, one at a time."""

    def __init__(self, make: Callable[[], Iterable[T]]) -> None:
        self._make = make
        self._iterator: Iterator[T] = iter(())
        self.sequence: Any = None
        self.opened = False
        self.closed = False

    def open(self) -> None:
        if not self.opened:
            self.sequence = self._make()
            self._iterator = iter(self.sequence)
            self.opened = True

    def step(self) -> T:
        """The next item, or `_END`."""
        self.open()
        try:
            return next(self._iterator)
        except StopIteration:
            self.close()
            return _END  # type: ignore[no-any-return]

    def close(self) -> None:
        if self.opened and not self.closed:
            self.closed = True
            close = getattr(self.sequence, "close", None)
            if close is not None:
                with contextlib.suppress(Cancelled):  # its connection is shut down already
                    close()
