"""The client's own connections, for what credentials need: token endpoints and metadata. Nothing here follows a redirect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dynaclient.errors import CredentialsError, TransportError
from dynaclient.openapi.model import RetryPolicy
from dynaclient.redirect import REDIRECT_STATUSES
from dynaclient.transport.deliver import deliver
from dynaclient.wire import Request, Response, Timeout

if TYPE_CHECKING:
    from dynaclient.transport import Transport
    from dynaclient.world import World

_CONNECT, _READ, _TOTAL = 5.0, 30.0, 60.0
BOUND = Timeout(connect=_CONNECT, read=_READ, total=_TOTAL, attempt=_READ)
"""What a request to a token endpoint may take, seconds, where the call does not say less."""

_TWICE = RetryPolicy(
    strategy="backoff",
    max_interval=5_000,
    max_elapsed_time=60_000,
    status_codes=("429", "502", "503", "504"),
    max_attempts=3,
    declared=True,
)
_ONCE = RetryPolicy()
"""Sent again only where it is certain that nothing was sent: what uses up a code or a refresh token may have been done although no reply came."""

_SECRET = frozenset({"authorization"})


@dataclass(frozen=True, slots=True)
class Sender:
    """Asks authorization servers over the connections of a client.

    ``transport`` gives the client's transport when it is first needed; ``world`` is its clock, sleep and random source.
    """

    transport: Callable[[], Transport]
    world: World

    def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, repeatable: bool, timeout: Timeout | None = None
    ) -> Response:
        """Post a form.

        Parameters
        ----------
        url:
            A checked URL: see `dynaclient.auth.endpoints.checked_url`.
        headers, body:
            What to send.
        repeatable:
            Whether asking twice does no harm.
        timeout:
            The call's own, seconds; the smaller of it and ``BOUND`` counts.

        Raises
        ------
        CredentialsError
            Where the reply is a redirect, which might carry the secret elsewhere.
        TransportError
            Where no reply came; ``sent`` is false, for nothing of the API's own request was sent, and ``request`` is None, for the body holds secrets.
        """
        return self._send("POST", url, headers, body, _TWICE if repeatable else _ONCE, timeout)

    def get(self, url: str, timeout: Timeout | None = None) -> Response:
        """Read a public document; raises as `post` does."""
        return self._send("GET", url, {"Accept": "application/json"}, None, _TWICE, timeout)

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        policy: RetryPolicy,
        timeout: Timeout | None,
    ) -> Response:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        request = Request(method, f"{parts.scheme}://{parts.netloc}", target, headers, body, _SECRET)
        world = self.world
        straight: Any = _Straight(self.transport())  # all that deliver asks of a transport
        try:
            response, _ = deliver(
                straight,
                request,
                policy,
                _bounded(timeout),
                clock=world.clock,
                sleep=world.sleep,
                rng=world.rng,
                now=world.now,
            )
        except TransportError as error:
            # The call itself was not sent, and has made no attempt; what was asked holds secrets.
            error.request, error.sent, error.partial, error.attempts = None, False, b"", ()
            error.message = f"no token was fetched: {error.message}"
            error.args = (error.message,)
            raise
        return response


class _Straight:
    """A transport that refuses redirects: a secret goes to the address that was checked and to no other."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, request: Request, timeout: Timeout, deadline: float | None) -> Response:
        response = self._transport.send(request, timeout, deadline)
        if response.status in REDIRECT_STATUSES:
            raise CredentialsError(
                f"{shown(request.url)} answered {response.status}, a redirect, which is not followed with a secret; "
                "name the address that is meant, with token_url="
            )
        return response


def shown(url: str) -> str:
    """A URL for messages: without its query."""
    return url.partition("?")[0]


def _bounded(timeout: Timeout | None) -> Timeout:
    if timeout is None:
        return BOUND
    return Timeout(
        connect=min(timeout.connect, _CONNECT),
        read=min(timeout.read, _READ),
        total=min(timeout.total or _TOTAL, _TOTAL),
        attempt=min(timeout.attempt or _READ, _READ),
    )
