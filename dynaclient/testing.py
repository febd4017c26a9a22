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
from collections.abc import Callable, Mapping
from typing import Any

from dynaclient.wire import Headers, Request, Response, Timeout

Reply = Response | Exception | Callable[[Request], Response]


class FakeTransport:
    """A transport without a network: it gives the replies of its script, in order, and keeps every request.

    Parameters
    ----------
    replies:
        Each a `Response` to return, an exception to raise, or a callable that makes a `Response` of the `Request`.
    repeat:
        True: the last one answers every further request. False: a request beyond the script is an AssertionError.
    """

    def __init__(self, *replies: Reply, repeat: bool = False) -> None:
        self._replies = list(replies)
        self._repeat = repeat
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        """Every request, as it was sent."""
        self.timeouts: list[Timeout] = []
        """The timeout of every request."""
        self.closed = False

    def send(self, request: Request, timeout: Timeout, deadline: float | None = None) -> Response:
        """Record the request; return or raise what the script says."""
        with self._lock:
            self.requests.append(request)
            self.timeouts.append(timeout)
            index = len(self.requests) - 1
            if self._repeat and self._replies:
                index = min(index, len(self._replies) - 1)
        if index >= len(self._replies):
            raise AssertionError(f"no reply is scripted for request {index + 1}: {request!r}")
        reply = self._replies[index]
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, Response) else reply(request)

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


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A reply whose body is a value in JSON; ``Content-Type`` is ``application/json`` unless given."""
    return response(json.dumps(value), status, {"Content-Type": "application/json", **(headers or {})})
