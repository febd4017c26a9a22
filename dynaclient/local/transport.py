"""The embedded server as a transport: no sockets, no account."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from dynaclient.errors import TimeoutExpiredError
from dynaclient.local.app import App, broken
from dynaclient.local.faults import Faults
from dynaclient.openapi.model import Api
from dynaclient.wire import Request, Response, Timeout


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
        began = time.monotonic()
        answer = self.app.answer(request)
        if answer.delay:
            patience = timeout.read if deadline is None else min(timeout.read, max(0.0, deadline - began))
            self._sleep(min(answer.delay, patience))
            if answer.delay > patience:
                raise TimeoutExpiredError(f"no reply came within {patience:g} s")
        if answer.fault:
            raise broken(answer)
        return replace(answer.response, url=request.redacted().url, elapsed=time.monotonic() - began)

    def close(self) -> None:
        """Nothing is kept open."""
