"""When to send again, and after how long: pure, no clock, no sleep, no socket.

`decide` is asked after every attempt that did not simply succeed. Times inside a ``RetryPolicy`` are milliseconds, as the
documents write them; everything else here is seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from dynaclient.errors import (
    ConnectError,
    ConnectionLostError,
    TimeoutExpiredError,
    TLSError,
    TransportError,
)
from dynaclient.frozen import Struct
from dynaclient.openapi.model import RetryPolicy
from dynaclient.rate_limit import asked_wait, parse_retry_after
from dynaclient.retry_fields import override, parse_retries, policy_fields
from dynaclient.wire import Response

__all__ = [
    "BUDGET",
    "DEFAULT_ATTEMPTS",
    "DEFAULT_STATUS_CODES",
    "IDEMPOTENT_METHODS",
    "SPENT",
    "Decision",
    "Outcome",
    "base_delay",
    "decide",
    "good_status_is_final",
    "is_connection_error",
    "listed",
    "matches",
    "most_attempts",
    "override",
    "parse_retries",
    "parse_retry_after",
    "policy_fields",
    "schedule",
]

Outcome = Response | TransportError

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""RFC 9110, 9.2.2."""

DEFAULT_STATUS_CODES = ("408", "425", "429", "502", "503", "504", "520", "521", "522", "523", "524", "529")
"""Retried if nothing is declared, with idempotent methods: statuses that say "not now", be it of the service (408, 425,
429, 503 and 529, overloaded) or of a gateway that could not reach it (502, 504, 520 to 524). 500 is not among them: it
tells of a fault, which is likely to be there the next time too."""

SPENT = "its body can be read only once, so that the request cannot be sent again"
"""The reason of a decision where all else would allow another attempt."""

BUDGET = "the budget of retries for this server is used up"
"""The reason if too many calls to one server were sent again; see `dynaclient.transport.budget`."""

_ERRORS = 400

DEFAULT_ATTEMPTS = 3
"""Attempts in all where nothing is declared."""


class Decision(Struct, frozen=True):
    """What to do after an attempt.

    ``delay`` is the seconds to wait before the next attempt, or None: give up, and ``reason`` says why. ``retry_after``
    is what the service asked for, in seconds, or None. ``final`` says that this outcome is one that is retried, and was
    not for the ``reason``.
    """

    delay: float | None
    reason: str = ""
    retry_after: float | None = None
    final: bool = False


def decide(
    policy: RetryPolicy,
    *,
    number: int,
    outcome: Outcome,
    method: str,
    elapsed: float,
    left: float,
    rng: Callable[[], float],
    now: float,
    spent: bool = False,
    paced: bool = False,
) -> Decision:
    """Decide whether, and when, to send again.

    Parameters
    ----------
    policy:
        What is in force (see `override`). Undeclared: idempotent methods are sent again after a connection error, a
        time-out or one of ``DEFAULT_STATUS_CODES``, any method after a failure before anything was sent, three attempts in all.
    number:
        The attempt that has just ended, from 1.
    outcome:
        Its reply or its error.
    method:
        The request's method, upper case.
    elapsed, left:
        Seconds since the call began, and until its deadline.
    rng:
        Uniform in [0, 1); asked only where jitter needs it.
    now:
        Seconds since the epoch, for a ``Retry-After`` that is a date.
    paced:
        Whether something else holds requests back as long as the limits of a service say, so that only ``Retry-After``
        is heeded here.
    spent:
        Whether the request's body was sent and cannot be had again (`dynaclient.wire.Upload.spent`).
    """
    asked = _asked(outcome, now, paced=paced)
    exhausted, refusal = _exhausted(policy, number), _refusal(policy, outcome, method)
    # What no further attempt would help is told as that, also where there is none.
    final = "" if refusal else _final(policy, outcome)
    if refusal or (exhausted and not final):
        return Decision(None, exhausted or refusal, asked)
    reason = final or (SPENT if spent else "")
    if reason:
        return Decision(None, reason, asked, final=True)
    delay = _jittered(policy, number - 1, rng)
    if asked is not None:
        if policy.retry_after_max is not None and asked * 1000 > policy.retry_after_max:
            reason = (
                f"the wait of {asked:g} s that the service asks for is beyond the limit of {policy.retry_after_max} ms"
            )
            return Decision(None, reason, asked, final=True)
        delay = max(delay, asked)
    if policy.declared:
        left = min(left, policy.max_elapsed_time / 1000 - elapsed)
    if delay >= left:
        reason = f"a wait of {delay:.6g} s would cross the deadline, {max(left, 0.0):.4g} s away"
        return Decision(None, reason, asked, final=True)
    return Decision(delay, "", asked)


def _asked(outcome: Outcome, now: float, *, paced: bool) -> float | None:
    if not isinstance(outcome, Response):
        return None
    if paced:
        return parse_retry_after(outcome.headers, now)
    return asked_wait(outcome.headers, outcome.status, now)


def _exhausted(policy: RetryPolicy, number: int) -> str:
    """Why there is no further attempt whatever came, or ``""``."""
    if policy.declared and policy.strategy == "none":
        return "retries are switched off"
    limit = most_attempts(policy)
    return f"{number} of {limit} attempts are used up" if limit is not None and number >= limit else ""


def _refusal(policy: RetryPolicy, outcome: Outcome, method: str) -> str:
    """Why this outcome is not retried, or ``""`` where it is."""
    if policy.methods is not None and method not in policy.methods:
        return f"{method} is not among the methods to retry"
    if isinstance(outcome, Response):
        if not listed(policy, outcome.status) and _should_retry(outcome) is not True:
            return f"status {outcome.status} is not retried"
    else:
        if not is_connection_error(outcome):
            return f"{type(outcome).__name__} is never retried"
        if not policy.retry_connection_errors:
            return "connection errors are not retried"
        if not outcome.sent:
            return ""
    if not policy.declared and method not in IDEMPOTENT_METHODS:
        return f"{method} is not idempotent (RFC 9110, 9.2.2) and no retries are declared"
    return ""


def _final(policy: RetryPolicy, reply: Outcome) -> str:
    """Why a reply is final although its status is retried, or ``""``.

    What the document says of the code in its body, or what the service says.
    """
    if not isinstance(reply, Response) or reply.status < _ERRORS:
        return ""
    if policy.never and reply.body:
        from dynaclient.openapi.errorcodes import error_codes
        from dynaclient.openapi.failure import error_body

        never = {code.casefold() for code in policy.never}
        code = next((code for code in error_codes(error_body(reply)) if code.casefold() in never), None)
        if code is not None:
            return f"the document declares {code} as final (x-dynaclient-retries: never)"
    return "the service says not to (x-should-retry: false)" if _should_retry(reply) is False else ""


def _should_retry(reply: Response) -> bool | None:
    """What ``x-should-retry`` says, None if it says nothing; of a good reply it is not asked."""
    said = reply.headers.get("x-should-retry", "").strip().lower() if reply.status >= _ERRORS else ""
    return {"true": True, "false": False}.get(said)


def is_connection_error(error: TransportError) -> bool:
    """Whether sending again can help: connections and time-outs, never a refused certificate or a reply that is not HTTP."""
    return isinstance(error, ConnectError | ConnectionLostError | TimeoutExpiredError) and not isinstance(
        error, TLSError
    )


def most_attempts(policy: RetryPolicy) -> int | None:
    """How many attempts a policy allows in all, None: as many as the time allows."""
    return policy.max_attempts if policy.max_attempts is not None or policy.declared else DEFAULT_ATTEMPTS


def listed(policy: RetryPolicy, status: int) -> bool:
    """Whether a policy retries a status; of those that are listed, exceptions are left out."""
    codes = policy.status_codes or DEFAULT_STATUS_CODES
    return matches(codes, status) and not matches(policy.except_status_codes, status)


def matches(codes: tuple[str, ...], status: int) -> bool:
    """Whether a status is listed, exactly (``"429"``) or by its range (``"5XX"``)."""
    exact = str(status)
    return exact in codes or f"{exact[0]}XX" in codes


@lru_cache(maxsize=256)
def good_status_is_final(codes: tuple[str, ...]) -> bool:
    """Whether no status below 400 is listed, so that a good reply needs no decision."""
    return all(code[0] in "45" for code in codes)


# --- delays


def base_delay(policy: RetryPolicy, index: int) -> float:
    """Seconds before jitter of the delay ``index`` (from 0): ``min(maxInterval, initialInterval * exponent ** index)``."""
    try:
        grown = policy.initial_interval * float(policy.exponent) ** index if policy.initial_interval else 0.0
    except OverflowError:
        grown = math.inf
    return min(float(policy.max_interval), grown) / 1000


def _jittered(policy: RetryPolicy, index: int, rng: Callable[[], float]) -> float:
    base = base_delay(policy, index)
    if policy.jitter == "full":
        return base * rng()
    return base + rng() if policy.jitter == "additive" else base


def schedule(policy: RetryPolicy, count: int) -> list[tuple[float, float]]:
    """The shortest and the longest wait, in seconds, of the first ``count`` delays, without ``Retry-After``."""
    lower, extra = {"full": (0.0, 0.0), "additive": (1.0, 1.0)}.get(policy.jitter, (1.0, 0.0))
    return [(base * lower, base + extra) for base in (base_delay(policy, index) for index in range(count))]
