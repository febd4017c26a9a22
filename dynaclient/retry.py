"""When to send again, and after how long: pure, no clock, no sleep, no socket.

`decide` is asked after every attempt that did not simply succeed. Times inside a ``RetryPolicy`` are milliseconds, as the
documents write them; everything else here is seconds.
"""

from __future__ import annotations

import math
import re
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
from dynaclient.retry_fields import override, parse_retries, policy_fields
from dynaclient.wire import Headers, Response

__all__ = [
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
    "matches",
    "override",
    "parse_retries",
    "parse_retry_after",
    "policy_fields",
    "schedule",
]

Outcome = Response | TransportError

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""RFC 9110, 9.2.2."""

DEFAULT_STATUS_CODES = ("408", "429", "502", "503", "504")
"""Retried where nothing is declared: statuses that say "not now" without having done the work. 500 is not among them,
because it says nothing about what was done."""

SPENT = "its body can be read only once, so that the request cannot be sent again"
"""The reason of a decision where all else would allow another attempt."""

DEFAULT_ATTEMPTS = 3
"""Attempts in all where nothing is declared."""


class Decision(Struct, frozen=True):
    """What to do after an attempt.

    ``delay`` is the seconds to wait before the next attempt, or None: give up, and ``reason`` says why. ``retry_after`` is what
    the service asked for, in seconds, or None.
    """

    delay: float | None
    reason: str = ""
    retry_after: float | None = None


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
    spent:
        Whether the request's body was sent and cannot be had again (`dynaclient.wire.Upload.spent`).
    """
    retry_after = parse_retry_after(outcome.headers, now) if isinstance(outcome, Response) else None
    refusal = _refusal(policy, number, outcome, method)
    if refusal:
        return Decision(None, refusal, retry_after)
    if spent:
        return Decision(None, SPENT, retry_after)
    delay = _jittered(policy, number - 1, rng)
    if retry_after is not None:
        if policy.retry_after_max is not None and retry_after * 1000 > policy.retry_after_max:
            return Decision(
                None,
                f"Retry-After of {retry_after:g} s is beyond the limit of {policy.retry_after_max} ms",
                retry_after,
            )
        delay = max(delay, retry_after)
    if policy.declared:
        left = min(left, policy.max_elapsed_time / 1000 - elapsed)
    if delay >= left:
        return Decision(
            None, f"a wait of {delay:.3g} s would cross the deadline, {max(left, 0.0):.3g} s away", retry_after
        )
    return Decision(delay, "", retry_after)


def _refusal(policy: RetryPolicy, number: int, outcome: Outcome, method: str) -> str:
    """Why this outcome is not retried, or ``""`` where it is."""
    if policy.declared and policy.strategy == "none":
        return "retries are switched off"
    limit = policy.max_attempts if policy.max_attempts is not None or policy.declared else DEFAULT_ATTEMPTS
    if limit is not None and number >= limit:
        return f"{number} of {limit} attempts are used up"
    if policy.methods is not None and method not in policy.methods:
        return f"{method} is not among the methods to retry"
    if isinstance(outcome, Response):
        if not matches(policy.status_codes or DEFAULT_STATUS_CODES, outcome.status):
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


def is_connection_error(error: TransportError) -> bool:
    """Whether sending again can help: connections and time-outs, never a refused certificate or a reply that is not HTTP."""
    return isinstance(error, ConnectError | ConnectionLostError | TimeoutExpiredError) and not isinstance(
        error, TLSError
    )


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


# --- Retry-After

_SECONDS = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+", re.ASCII)


def parse_retry_after(headers: Headers, now: float) -> float | None:
    """The seconds that a reply asks to wait, or None where it does not ask, or asks in a way that cannot be read.

    ``retry-after-ms`` (milliseconds) goes before ``Retry-After`` (RFC 9110, 10.2.3: seconds or a date; fractions are taken too).
    What lies in the past is 0; of several fields the longest counts.
    """
    found = [value / 1000 for text in headers.get_all("retry-after-ms") if (value := _number(text)) is not None]
    if not found:
        found = [value for text in headers.get_all("retry-after") if (value := _seconds(text, now)) is not None]
    return max(0.0, *found) if found else None


def _number(text: str) -> float | None:
    text = text.strip()
    return float(text) if _SECONDS.fullmatch(text) else None


def _seconds(text: str, now: float) -> float | None:
    number = _number(text)
    if number is not None:
        return number
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
