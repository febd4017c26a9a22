"""For your own tests: a transport that answers from a script, and a clock that you turn by hand.

::

    transport = FakeTransport(json_response({"data": []}), ConnectionLostError("gone"))
    client = Client(transport=transport)
    client.models.list()
    assert transport.requests[0].target == "/v1/models"
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynaclient.frozen import evolve
from dynaclient.transport.blocks import BlockStream
from dynaclient.wire import Headers, Request, Response, Timeout, Upload

Block = bytes | Exception | Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Streamed:
    """A reply whose body comes block by block; make it with `streamed`.

    ``blocks`` holds bytes to give, exceptions to raise, and callables that are asked for bytes when their turn comes.
    """

    status: int = 200
    headers: Headers = field(default_factory=Headers)
    blocks: tuple[Block, ...] = ()

    def play(self) -> Iterator[bytes]:
        """The blocks, one after another."""
        for block in self.blocks:
            if isinstance(block, Exception):
                raise block
            yield block if isinstance(block, bytes) else block()


Reply = Response | Streamed | Exception | Callable[[Request], "Response | Streamed"]


class FakeTransport:
    """A transport without a network: it gives the replies of its script, in order, and keeps every request.

    Parameters
    ----------
    replies:
        Each a `Response`, or what `streamed` makes, to return, an exception to raise, or a callable that makes a reply of the `Request`.
    repeat:
        True: the last one answers every further request. False: a request beyond the script is an AssertionError.

    A reply of either kind can be sent for and opened. The body of a request that is read while it is sent is read, as a network would, and kept in ``bodies``.
    """

    def __init__(self, *replies: Reply, repeat: bool = False) -> None:
        self._replies = list(replies)
        self._repeat = repeat
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        """Every request, as it was sent."""
        self.bodies: list[bytes | None] = []
        """The whole body of every request."""
        self.timeouts: list[Timeout] = []
        """The timeout of every request."""
        self.streams: list[BlockStream] = []
        """Every reply that was opened; ``closed`` and ``ended`` tell what became of it."""
        self.closed = False

    def send(self, request: Request, timeout: Timeout, deadline: float | None = None) -> Response:
        """Record the request; return or raise what the script says."""
        reply = self._next(request, timeout)
        return reply if isinstance(reply, Response) else Response(reply.status, reply.headers, b"".join(reply.play()))

    def open(
        self, request: Request, timeout: Timeout, deadline: float | None = None, until: float | None = None
    ) -> BlockStream:
        """Record the request; open what the script says, or raise it."""
        reply = self._next(request, timeout)
        if isinstance(reply, Response):
            stream = BlockStream.of(reply)
        else:
            stream = BlockStream(reply.status, reply.headers, reply.play(), url=request.redacted().url)
        self.streams.append(stream)
        return stream

    def _next(self, request: Request, timeout: Timeout) -> Response | Streamed:
        with self._lock:
            self.requests.append(request)
            self.timeouts.append(timeout)
            index = len(self.requests) - 1
            self.bodies.append(request.body.read() if isinstance(request.body, Upload) else request.body)
            if self._repeat and self._replies:
                index = min(index, len(self._replies) - 1)
        if index >= len(self._replies):
            raise AssertionError(f"no reply is scripted for request {index + 1}: {request!r}")
        reply = self._replies[index]
        if isinstance(reply, Exception):
            raise reply
        found = reply if isinstance(reply, Response | Streamed) else reply(request)
        if isinstance(found, Response) and not found.url:  # as a real transport says where a reply came from
            found = evolve(found, url=request.redacted().url)
        return found

    def close(self) -> None:
        """Record that it was closed."""
        self.closed = True

    def __repr__(self) -> str:
        return f"<FakeTransport, {len(self.requests)} requests, {len(self._replies)} replies>"


class FakeClock:
    """A monotonic clock that moves only when told: give it as ``clock`` and its ``sleep`` as ``sleep``. ``slept`` lists the waits, in seconds."""

    def __init__(self, start: float = 0.0) -> None:
        self.time = start
        self.slept: list[float] = []

    def __call__(self) -> float:
        """The time, seconds."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move the clock on at once."""
        self.slept.append(seconds)
        self.time += seconds

    def advance(self, seconds: float) -> None:
        """Move the clock on without recording a wait."""
        self.time += seconds


def response(body: bytes | str = b"", status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A reply; text is encoded as UTF-8."""
    return Response(status, Headers(headers or {}), body.encode() if isinstance(body, str) else body)


def streamed(*blocks: Block | str, status: int = 200, headers: Mapping[str, str] | None = None) -> Streamed:
    """A reply that comes block by block: text (as UTF-8) and bytes to give, exceptions to raise, callables to ask when their turn comes."""
    return Streamed(status, Headers(headers or {}), tuple(b.encode() if isinstance(b, str) else b for b in blocks))


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A reply whose body is a value in JSON; ``Content-Type`` is ``application/json`` unless given."""
    return response(json.dumps(value), status, {"Content-Type": "application/json", **(headers or {})})
