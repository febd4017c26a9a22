"""Observers: what happens during a call, told as frozen facts; and the same on the logger ``dynaclient``.

::

    class Slow(Observer):
        def result(self, facts):
            if facts.elapsed > 1:
                print(facts.operation, facts.elapsed, len(facts.attempts))


    client = Client(observers=[Slow()])

Facts never hold a body, a header or a secret. Where there is no observer and the logger is silent, a call makes none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """One request that is about to go on the wire; each redirect that is followed is one more.

    Parameters
    ----------
    operation:
        The dotted name of the operation.
    method:
        The method, upper case.
    url:
        The absolute URL, its credentials replaced by ``[redacted]``.
    template:
        The path of the operation as the document writes it: ``/users/{id}``.
    server:
        The origin: scheme, host and port.
    number:
        The attempt that it belongs to, from 1.
    resend:
        How many requests of the same call went before it: retries and redirects (``http.request.resend_count``).
    request_bytes:
        The size of its body; None where it is not known before it is sent.
    """

    operation: str
    method: str
    url: str
    template: str
    server: str
    number: int
    resend: int
    request_bytes: int | None


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """What became of one request on the wire.

    ``status`` is None when no reply came, then ``error`` is the class of the exception and ``detail`` its words. ``elapsed`` is seconds until the whole reply was there, or, of a stream,
    its head. ``response_bytes`` is the size of the body as it was transferred, None where that is not known.
    """

    request: RequestFacts
    status: int | None
    error: str | None
    detail: str
    elapsed: float
    response_bytes: int | None


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """What became of one attempt, the redirects within it followed.

    ``number``, ``status``, ``elapsed``, ``delay`` and ``retry_after`` are those of `dynaclient.Attempt`: ``delay`` is the wait, in seconds, before the next attempt, None
    where none follows. ``error`` is the class of the exception where no reply came, ``detail`` its words. ``url`` and ``server`` are where the attempt was sent first.
    """

    operation: str
    method: str
    url: str
    server: str
    number: int
    status: int | None
    error: str | None
    detail: str
    elapsed: float
    delay: float | None
    retry_after: float | None
    request_bytes: int | None
    response_bytes: int | None


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What became of a call: ``status`` of its last reply, or None; ``error``, the class of what it raised, or None; ``elapsed`` in seconds, checks and waits included.

    A call whose arguments are refused has no attempts.
    """

    operation: str
    attempts: tuple[AttemptFacts, ...]
    status: int | None
    error: str | None
    elapsed: float


class Observer:
    """Told what happens; derive from it and write the methods that you need.

    They run in the thread of the call, so they should be quick, and several at once where calls are. One that raises is reported once on the logger and breaks nothing.
    """

    def started(self, facts: RequestFacts) -> Any:
        """A request is about to go on the wire. What is returned here is handed to `headers` and `ended` as ``token``."""

    def headers(self, token: Any) -> Mapping[str, str]:
        """Header fields to add to that request, trace context say; a field that it has already stays as it is."""
        return {}

    def ended(self, token: Any, facts: ReplyFacts) -> None:
        """Its reply, or its error, has come."""

    def attempt(self, facts: AttemptFacts) -> None:
        """An attempt is over; told before the wait that follows it."""

    def result(self, facts: CallFacts) -> None:
        """The call is over, for good or bad; of a stream: its end."""
