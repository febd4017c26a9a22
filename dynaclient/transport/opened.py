"""An open reply: its head has come, its body is read off the connection as it comes."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from dynaclient.cancel import Cancel
from dynaclient.errors import ConnectionLostError, TransportError
from dynaclient.frozen import Struct
from dynaclient.transport.border import FOREIGN, Progress, fail
from dynaclient.transport.connections import Connection, Pool
from dynaclient.transport.gather import Gathered
from dynaclient.transport.reply import BodyTooLargeError, Reply
from dynaclient.transport.unpack import unpacked
from dynaclient.wire import Headers, Request


class Line(Struct, frozen=True):
    """The connection that a reply comes over, the pool that it goes back to (None: it cannot be used again), and the switch of the call."""

    connection: Connection
    pool: Pool | None
    switch: Cancel

    def release(self, *, usable: bool) -> None:
        """Give the connection back, or close it."""
        self.switch.release(self.connection)
        if usable and self.pool is not None:
            self.pool.give(self.connection)
        else:
            self.connection.close()


class OpenReply:
    """A reply read as it comes. Implements `dynaclient.wire.Stream`; made by `Urllib3Transport.open`.

    One thread reads; any thread may close. Nothing is read ahead beyond what one read of the socket gives. One that is dropped without being closed closes
    its connection silently: a loop that is left by ``break`` is no mistake.
    """

    def __init__(
        self,
        request: Request,
        url: str,
        reply: Reply,
        line: Line,
        progress: Progress,
        until: float | None,
        clock: Callable[[], float],
    ) -> None:
        self.status = reply.status
        self.headers = Headers(reply.pairs)
        self.url = url
        self.reason = reply.reason
        self._request = request
        self._reply = reply
        self._line = line
        self._progress = progress
        # The time of the attempt is over with the head; only who reads the rest at once may be bound by it still.
        self._attempt, progress.attempt = progress.attempt, None
        self._deadline = until
        self._clock = clock
        self._packed = reply.blocks(sys.maxsize, arriving=True)
        self._blocks = iter(_whole(self._packed, reply.content_encoding))
        # Guards the three below it, which reader and closer share.
        self._lock = threading.Lock()
        self._reading = False
        self._closed = False
        self._done = False
        self._waker = Cancel()
        self._waker.hold(line.connection)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with self._lock:
            if self._closed:
                self._refuse()
            if self._done:
                raise StopIteration
            self._reading = True
        try:
            block = next(self._blocks, None)
        except BaseException as error:
            self._release(usable=False)
            if isinstance(error, FOREIGN):
                self._failed(error)
            raise
        if self._was_closed():
            self._release(usable=False)
            self._refuse()
        if block is None:
            # A connection that was shut down by the switch looks like one that has ended.
            switch = self._line.switch
            self._release(usable=self._reply.keeps_open and not switch.is_set())
            switch.check()
            raise StopIteration
        self._progress.received += len(block)
        return block

    def read(self, deadline: float | None = None) -> bytes:
        """See `dynaclient.wire.Stream.read`."""
        if deadline is not None:
            self._deadline = deadline if self._deadline is None else min(deadline, self._deadline)
            self._progress.attempt = self._attempt
            if not self._done:
                self._reply.bound(self._progress.waited, self._deadline)
        gathered = Gathered()
        left = self._progress.limit
        try:
            if self._reply.length is not None and self._reply.length > left:
                self._too_large(f"{self._reply.length:,} bytes by its Content-Length")
            for block in self:
                left -= len(block)
                if left < 0:
                    self._too_large("it goes on")
                gathered.add(block)
        except TransportError as error:
            error.partial = gathered.value()
            raise
        return gathered.value()

    def close(self) -> None:
        """See `dynaclient.wire.Stream.close`."""
        with self._lock:
            if self._closed or self._done:
                return
            self._closed = True
            if self._reading:
                # Its reader, another thread, sees the end of the connection and lets it go: closing it here would free its number under a read.
                self._waker.set()
                return
        self._release(usable=self._ends_here())

    def __enter__(self) -> OpenReply:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_waker", None) is not None and not self._done:
            with contextlib.suppress(Exception):
                self._release(usable=False)

    def __repr__(self) -> str:
        state = "read" if self._done and not self._closed else "closed" if self._closed else "open"
        return f"<OpenReply {self.status} {self.headers.get('content-type', 'no type')}, {state}>"

    def _ends_here(self) -> bool:
        """Whether the body ends within what has come already, as one does whose reader stops at a last item: the connection can then be kept."""
        self._reply.cut()
        try:
            for _ in self._packed:
                pass
        except FOREIGN:
            return False
        return self._reply.keeps_open

    def _was_closed(self) -> bool:
        """Note that the reader has come back from the socket; whether another thread has closed the reply meanwhile."""
        with self._lock:
            self._reading = False
            return self._closed

    def _release(self, *, usable: bool) -> None:
        with self._lock:
            if self._done:
                return
            self._done = True
            self._reading = False
        self._waker.release(self._line.connection)
        if usable:
            self._reply.close()
        self._line.release(usable=usable)

    def _refuse(self) -> NoReturn:
        raise ConnectionLostError(f"the reply of {self._request.origin} was closed before it was read to its end")

    def _too_large(self, why: str) -> NoReturn:
        self._release(usable=False)
        fail(BodyTooLargeError(why), self._request, self._progress)

    def _failed(self, error: Exception) -> NoReturn:
        self._line.switch.check()
        if self._closed:
            self._refuse()
        self._progress.expired = self._deadline is not None and self._clock() >= self._deadline - 0.001
        fail(error, self._request, self._progress)


def _whole(packed: Iterable[bytes], content_encoding: str) -> Iterator[bytes]:
    """The blocks unpacked; a packed stream may end before its framing does, the rest is read so that the connection stays in step."""
    if not content_encoding:
        yield from packed
        return
    yield from unpacked(packed, content_encoding)
    for _ in packed:
        pass
