"""What observers are told: frozen values, made only where somebody listens."""

from __future__ import annotations

from dataclasses import dataclass


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
    where none follows. ``error`` is the class of the exception where no reply came, or one of 2XX held an error, ``detail`` its words. ``url`` and ``server`` are where the attempt was sent first.
    ``most`` is how many attempts the policy allows in all, None: as many as the time allows.
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
    most: int | None = None


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
