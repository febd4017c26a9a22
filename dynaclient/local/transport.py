"""The embedded server as a transport: no sockets, no account."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from dynaclient.errors import ConnectionLostError, TimeoutExpiredError, TransportError
from dynaclient.frozen import evolve
from dynaclient.local.answers import Answer
from dynaclient.local.app import App, broken
from dynaclient.local.faults import Faults
from dynaclient.openapi.model import Api
from dynaclient.wire import Request, Response, Timeout, Upload

_PIECE = 65_536


class LocalStream:
    """A reply of the embedded server, given piece by piece. Implements ``dynaclient.wire.Stream``.

    Parameters
    ----------
    response:
        The reply, or the part of it that comes.
    error:
        What is raised where the body ends too soon, or None.
    """

    def __init__(self, response: Response, error: TransportError | None = None) -> None:
        self.status, self.headers = response.status, response.headers
        self.url, self.reason = response.url, response.reason
        self._left: bytes | None = response.body
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        while True:
            if self._left is None:
                raise ConnectionLostError("the reply was closed before it was read to its end")
            piece, self._left = self._left[:_PIECE], self._left[_PIECE:]
            if not piece:
                break
            yield piece
        if self._error is not None:
            raise self._error

    def read(self, deadline: float | None = None) -> bytes:
        """The rest of the body."""
        return b"".join(self)

    def close(self) -> None:
        """Let go of what is left."""
        self._left = None

    def __enter__(self) -> LocalStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class LocalTransport:
    """Answers every request in this process. Implements ``dynaclient.transport.Transport``; safe to share between threads.

    Parameters
    ----------
    api:
        The document to keep to, or an ``App`` that is made already.
    aliases:
        More names of the model ``hash-384``.
    faults:
        What shall go wrong. Faults on the socket raise the error that a client would see; ``stall`` raises at once, without waiting.
    sleep:
        Waits for the delay of ``faults``.
    """

    def __init__(
        self,
        api: Api | App,
        *,
        aliases: Iterable[str] = (),
        faults: Faults | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.app = api if isinstance(api, App) else App(api, aliases=aliases, faults=faults)
        self._sleep = sleep

    def send(self, request: Request, timeout: Timeout, deadline: float | None) -> Response:
        """Answer a request.

        Parameters
        ----------
        request:
            The request.
        timeout:
            Seconds; ``read`` bounds the delay of ``faults``.
        deadline:
            A point of the monotonic clock, in seconds, that bounds it too, or None.

        Raises
        ------
        TransportError
            Where a fault on the socket is planned, or the delay is longer than the timeout.
        """
        answer, began = self._answer(request, timeout, deadline)
        if answer.fault:
            raise broken(answer)
        return evolve(answer.response, url=request.redacted().url, elapsed=time.monotonic() - began)

    def open(
        self, request: Request, timeout: Timeout, deadline: float | None, until: float | None = None
    ) -> LocalStream:
        """Answer a request and give the reply to be read piece by piece. The parameters and errors are those of ``send``; ``until`` bounds nothing,
        since no piece is waited for.
        """
        answer, began = self._answer(request, timeout, deadline)
        error = broken(answer) if answer.fault else None
        if error is not None and answer.fault != "half":
            raise error
        response = evolve(answer.response, url=request.redacted().url, elapsed=time.monotonic() - began)
        if error is not None:
            response = evolve(response, body=response.body[: len(response.body) // 2])
        return LocalStream(response, error)

    def _answer(self, request: Request, timeout: Timeout, deadline: float | None) -> tuple[Answer, float]:
        """The answer once its delay is over, and when that began."""
        began = time.monotonic()
        if isinstance(request.body, Upload):
            request = evolve(request, body=request.body.read())
        answer = self.app.answer(request)
        if answer.delay:
            patience = timeout.read if deadline is None else min(timeout.read, max(0.0, deadline - began))
            self._sleep(min(answer.delay, patience))
            if answer.delay > patience:
                raise TimeoutExpiredError(f"no reply came within {patience:g} s")
        return answer, began

    def close(self) -> None:
        """Nothing is kept open."""
