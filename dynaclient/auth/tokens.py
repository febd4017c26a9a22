"""Access tokens that are fetched, shared among threads, and replaced before they end."""

from __future__ import annotations

import copy
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from dynaclient.auth.need import Renewal, reveal
from dynaclient.auth.oauth2 import Party, Refusal, Scrub, Token, encode_form, read_token, without
from dynaclient.auth.sender import BOUND, shown
from dynaclient.errors import CredentialsError, DynaclientError, TimeoutExpiredError, TransportError

if TYPE_CHECKING:
    from dynaclient.auth.need import Replied
    from dynaclient.auth.sender import Sender
    from dynaclient.wire import Request, Timeout

Fetch = Callable[[Token | None, "Timeout | None"], Token]
"""Makes a token: it is given the one that it replaces, or None, and what bounds it."""


class _Flight:
    """A fetch under way, and what became of it."""

    __slots__ = ("done", "error", "token")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.token: Token | None = None
        self.error: BaseException | None = None


class TokenStore:
    """One access token for all threads. One of them fetches it, the others wait for it; a failure is told to all that waited, once.

    Parameters
    ----------
    fetch:
        Makes a token.
    now:
        Seconds since the epoch.
    token:
        The one to begin with, if any.
    """

    def __init__(self, fetch: Fetch, now: Callable[[], float], token: Token | None = None) -> None:
        self._fetch = fetch
        self._now = now
        self._token = token
        self._refused = False
        self._flight: _Flight | None = None
        self._lock = threading.Lock()
        _living.add(self)

    def get(self, timeout: Timeout | None = None) -> Token:
        """A token that has not come near its end; fetched where there is none.

        Raises
        ------
        CredentialsError
            Where the authorization server refuses.
        TransportError
            Where it does not answer.
        """
        while True:
            with self._lock:
                token = self._token
                if token is not None and not self._refused and token.fresh(self._now()):
                    return token
                flight, leads = self._flight, self._flight is None
                if flight is None:
                    flight = self._flight = _Flight()
            found = self._lead(flight, token, timeout) if leads else _follow(flight, timeout)
            if found is not None:
                return found

    def refused(self, value: str) -> bool:
        """A server refused this token: whether another is worth trying. If it has been replaced meanwhile, nothing is fetched again."""
        with self._lock:
            if self._token is not None and self._token.value == value:
                self._refused = True
            return True

    def _lead(self, flight: _Flight, before: Token | None, timeout: Timeout | None) -> Token:
        try:
            flight.token = self._replaced(before, timeout)
        except BaseException as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                if flight.token is not None:
                    self._token, self._refused = flight.token, False
                self._flight = None
            flight.done.set()
        return flight.token

    def _replaced(self, before: Token | None, timeout: Timeout | None) -> Token:
        try:
            return self._fetch(before, timeout)
        except TransportError:
            # The old one is good for a while yet: the next call tries again.
            if before is not None and not self._refused and before.expires_at is not None and before.alive(self._now()):
                return before
            raise

    def forget_flight(self) -> None:
        """In a child process: the thread that was fetching is the parent's."""
        self._flight, self._lock = None, threading.Lock()


def _follow(flight: _Flight, timeout: Timeout | None) -> Token | None:
    """What another thread fetched; None where it was stopped before it came to an end."""
    bound = (timeout.total if timeout is not None else None) or BOUND.total
    if not flight.done.wait(bound):
        raise TimeoutExpiredError(
            f"the access token that another thread fetches did not come within {bound:g} s", sent=False
        )
    if isinstance(flight.error, DynaclientError):
        raise copy.copy(flight.error)  # an exception of its own for each thread: they are written to on their way up
    return flight.token


class TokenSource(Renewal):
    """A bearer token from a store (RFC 6750)."""

    kind: ClassVar[str] = "Bearer"

    def __init__(self, store: TokenStore, remember: Callable[[str], object]) -> None:
        self._store = store
        self._remember = remember

    def field(self, request: Request, timeout: Timeout | None) -> str:
        """The token, fetched where there is none or it is about to end."""
        token = self._store.get(timeout)
        self._remember(token.value)
        return f"Bearer {token.value}"

    def renewed(self, sent: Request, reply: Replied) -> bool:
        """The token that was sent is not used again, wherever it came from; another takes its place."""
        value = next((value for name, value in sent.headers.items() if name.lower() == "authorization"), "")
        return self._store.refused(value.partition(" ")[2])


def exchange(
    sender: Sender,
    url: str,
    party: Party,
    fields: dict[str, str],
    *,
    repeatable: bool = False,
    timeout: Timeout | None = None,
    scrub: Scrub = str,
) -> Token | Refusal:
    """Ask a token endpoint (RFC 6749, 3.2).

    Parameters
    ----------
    sender:
        What asks.
    url:
        The endpoint, checked.
    party, fields:
        Who asks, and the form of the grant.
    repeatable:
        Whether asking twice does no harm.
    timeout:
        What bounds it.
    scrub:
        Takes known secrets out of the server's words; those of this request are taken out anyway.

    Raises
    ------
    CredentialsError
        Where the answer is neither a token nor a refusal.
    TransportError
        Where none came.
    """
    headers, form = party.introduce(fields)
    response = sender.post(url, headers, encode_form(form), repeatable=repeatable, timeout=timeout)
    secrets = [form[name] for name in _SECRET_FIELDS if name in form]
    secrets.append(headers.get("Authorization", "").partition(" ")[2])
    if party.client_secret is not None:
        secrets.append(reveal(party.client_secret))
    return read_token(response, shown(url), sender.world.now(), lambda text: scrub(without(secrets, text)))


_SECRET_FIELDS = ("password", "client_secret", "refresh_token", "code", "code_verifier", "device_code")


def refused_by(refusal: Refusal, label: str, url: str) -> CredentialsError:
    """The error for a refusal: the server's code and words, and what the usual codes call for."""
    hint = _HINTS.get(refusal.code, "")
    return CredentialsError(
        f"{shown(url)} gives no token for {label}: {refusal}" + (f". {hint}" if hint else ""),
    )


_HINTS = {
    "invalid_client": 'Are client id and secret right? Some servers want them in the body: auth="post"',
    "invalid_grant": "What was granted is wrong, expired or revoked",
    "invalid_scope": "Ask for other scopes with scopes=",
    "unauthorized_client": "The client may not use this grant",
}

_living: weakref.WeakSet[TokenStore] = weakref.WeakSet()


def _forget_flights() -> None:
    for store in list(_living):
        store.forget_flight()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_flights)
