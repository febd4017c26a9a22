"""What the header fields of a reply say about waiting: ``Retry-After``, and how much of a limit is left until when.
Pure: no clock, no sleep.

Every reader of such fields is here: single calls, bulk runs, results and errors ask this module.
"""

from __future__ import annotations

import re
from functools import lru_cache

from dynaclient.frozen import Struct
from dynaclient.wire import Headers

__all__ = [
    "REQUESTS",
    "TOKENS",
    "Limit",
    "asked_wait",
    "is_limit_field",
    "limits",
    "parse_retry_after",
    "seconds_until",
]

REQUESTS, TOKENS = "requests", "tokens"
_TOO_MANY = 429
_NAME = re.compile(
    r"(?:[a-z]+-)?rate-?limit-"
    r"(?:(?P<part>limit|remaining|reset)(?:-(?P<after>.+))?|(?P<before>.+)-(?P<last>limit|remaining|reset))"
)
_MEMBERS = re.compile(r'(?:"(?:[^"\\]|\\.)*"?|[^,"])+')
_PARAMETERS = re.compile(r'(?:"(?:[^"\\]|\\.)*"?|[^;"])+')
_FIRST_NUMBER = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(?:[,;].*)?", re.ASCII | re.DOTALL)
_PARTS = frozenset({"limit", "remaining", "reset"})


class Limit(Struct, frozen=True):
    """What a service says of one thing that it counts.

    ``name`` is the service's own: ``requests``, ``tokens-minute``, the name of a policy, or "" for a limit without a
    name. ``what`` is what is counted: ``requests``, ``tokens``, or the unit that the service names. ``remaining`` is
    how much is left, ``reset`` the seconds until there is more, ``limit`` how much there is at most, ``window`` the
    seconds for which that holds; each is None if the service does not say it. ``evenly`` says that single units come
    back one after the other, so that ``reset`` is the time until all of them are back; otherwise all come back at once.
    """

    name: str
    what: str
    remaining: float | None = None
    reset: float | None = None
    limit: float | None = None
    window: float | None = None
    evenly: bool = False


def limits(headers: Headers, now: float) -> tuple[Limit, ...]:
    """Read every limit that a reply tells.

    Known are ``X-RateLimit-Limit``, ``-Remaining`` and ``-Reset``, with or without ``X-`` and with a unit behind them
    (``-requests``, ``-tokens-minute``) or before the last word; and the structured fields ``RateLimit`` and
    ``RateLimit-Policy`` of draft-ietf-httpapi-ratelimit-headers, in the present form (``"default";r=3;t=30``,
    ``"default";q=100;w=60``) and in that of draft 7 (``limit=100, remaining=3, reset=30``).

    Parameters
    ----------
    headers:
        The header fields of a reply.
    now:
        Seconds since the epoch, for a reset that is a moment.
    """
    found: dict[str, dict[str, float | str]] = {}
    for name in headers:
        if "limit" not in name:
            continue
        if name in ("ratelimit", "ratelimit-policy"):
            _structured(headers[name], found)
            continue
        unit, part = _unit_and_part(name)
        if part:
            value = seconds_until(headers[name], now) if part == "reset" else _number(headers[name])
            if value is not None:
                found.setdefault(unit, {})[part] = value
    return tuple(_limit(name, parts) for name, parts in found.items())


@lru_cache(maxsize=256)
def _unit_and_part(name: str) -> tuple[str, str]:
    """What a field, named in lower case, tells: the unit, and ``limit``, ``remaining`` or ``reset``; "" for others."""
    match = _NAME.fullmatch(name)
    if match is None:
        return "", ""
    unit = match["after"] or match["before"] or ""
    return "" if unit == "after" else unit, match["part"] or match["last"]


def _limit(name: str, parts: dict[str, float | str]) -> Limit:
    """A limit from its parts.

    ``unit`` is among them for the structured fields only, whose default is requests (section 3.1.1 of draft 10).
    """
    unit = str(parts.pop("unit", ""))
    plain = name in (REQUESTS, TOKENS) and not unit
    what = unit or name or REQUESTS
    if (name if unit == REQUESTS else what).startswith("tok"):
        what = TOKENS
    elif what.startswith("req"):
        what = REQUESTS
    return Limit(name, what, **{part: float(value) for part, value in parts.items()}, evenly=plain)


def _structured(text: str, found: dict[str, dict[str, float | str]]) -> None:
    """Read a list of policies, or the dictionary of draft 7."""
    for member in _MEMBERS.findall(text):
        head, *parameters = [part.strip() for part in _PARAMETERS.findall(member)] or [""]
        key, equals, value = head.partition("=")
        if equals and key in _PARTS:
            number = _number(value)
            if number is not None:
                found.setdefault("", {})[key] = number
            continue
        # In draft 7 a policy is named by its quota: 100;w=60.
        quota = _number(head)
        parts = found.setdefault("" if quota is not None else head.strip('"'), {})
        parts.setdefault("unit", REQUESTS)
        if quota is not None:
            parts["limit"] = quota
        _parameters(parameters, parts)


_PARAMETER = {"r": "remaining", "t": "reset", "q": "limit", "w": "window"}


def _parameters(parameters: list[str], parts: dict[str, float | str]) -> None:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        number = _number(value)
        if key == "qu":
            parts["unit"] = value.strip('"')
        elif key in _PARAMETER and number is not None:
            parts[_PARAMETER[key]] = number


def is_limit_field(name: str) -> bool:
    """Whether a field, named in lower case, tells of limits or of waiting."""
    return name.startswith(("x-ratelimit", "ratelimit", "retry-after")) or _NAME.fullmatch(name) is not None


def asked_wait(headers: Headers, status: int, now: float) -> float | None:
    """The seconds that a reply asks to wait, or None if it does not ask.

    ``Retry-After`` says it. Without that field a 429 asks to wait until the limit that is used up is there again: the
    one of which nothing remains, the longest of several. If no limit tells what remains, the longest reset counts.

    Parameters
    ----------
    headers, status:
        Of a reply.
    now:
        Seconds since the epoch, for moments.
    """
    told = parse_retry_after(headers, now)
    if told is not None or status != _TOO_MANY:
        return told
    known = [(limit.remaining, limit.reset) for limit in limits(headers, now) if limit.reset is not None]
    spent = [reset for remaining, reset in known if remaining is not None and remaining < 1]
    unknown = [reset for remaining, reset in known if remaining is None]
    return max(spent or unknown, default=None)


def parse_retry_after(headers: Headers, now: float) -> float | None:
    """The seconds that ``Retry-After`` asks to wait, or None if it is missing or cannot be read.

    ``retry-after-ms`` (milliseconds) goes before ``Retry-After`` (RFC 9110, 10.2.3: seconds or a date; all else that
    `seconds_until` reads is taken too). What lies in the past is 0; of several fields the longest counts.
    """
    found = [value / 1000 for text in headers.get_all("retry-after-ms") if (value := _signed(text)) is not None]
    if not found:
        found = [value for text in headers.get_all("retry-after") if (value := seconds_until(text, now)) is not None]
    return max(0.0, *found) if found else None


_SIGNED = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+", re.ASCII)
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ns|us|µs|ms|s|m|h|d)", re.ASCII)
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# A number from here on is a moment: seconds, milliseconds or microseconds since the epoch. A span would be 30 years.
_MOMENTS = ((1e17, 1.0), (1e14, 1e6), (1e11, 1e3), (1e9, 1.0))


def seconds_until(text: str, now: float) -> float | None:
    """The seconds until a limit is there again, as services write it; None if it cannot be read, 0 for the past.

    A number is seconds (``12.5``), or, if it is as large as that, a moment since the epoch in seconds, milliseconds or
    microseconds. Spans have units (``1m2s``, ``1200ms``, ``6m0s``). A moment may be an HTTP date (RFC 9110, 5.6.7) or a
    date-time of RFC 3339; without a zone it is UTC.
    """
    text = text.strip()
    number = _signed(text)
    if number is not None:
        return max(0.0, _from_number(number, now))
    parts = _SPAN.findall(text)
    if parts and not _SPAN.sub("", text).strip():
        return sum(float(amount) * _UNITS[unit] for amount, unit in parts)
    moment = _moment(text) if text and len(text) < 64 else None
    return None if moment is None else max(0.0, moment - now)


def _from_number(number: float, now: float) -> float:
    for least, each in _MOMENTS:
        if number >= least:
            return number if least == _MOMENTS[0][0] else number / each - now
    return number


def _signed(text: str) -> float | None:
    text = text.strip()
    return float(text) if _SIGNED.fullmatch(text) else None


def _number(text: str) -> float | None:
    """The first number of a field such as ``100`` or ``100, 100;w=60``."""
    match = _FIRST_NUMBER.fullmatch(text)
    return float(match[1]) if match is not None else None


def _moment(text: str) -> float | None:
    """Seconds since the epoch of a date, or None."""
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        read = datetime.fromisoformat if text[:4].isdigit() else parsedate_to_datetime
        moment = read(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
