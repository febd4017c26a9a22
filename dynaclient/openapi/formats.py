"""Formats: a name of the standard -> does the value have that form?

The compiled validators and openapi-core ask the same table, so that a format means the same to both. A predicate says yes to every value
of another type (JSON Schema 2020-12 Validation, 7.1: a format applies to certain types only) and never raises. Where the world is more
lenient than the clause, so is the predicate: a value is refused only when it is certainly not what the name says.

Names that are not in the table are annotations: ``binary``, ``password``, ``float``, ``double``, ``uri-template`` and all vendors' own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

Predicate = Callable[[Any], bool]

_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_TIME = re.compile(r"(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[zZ]|[+-](\d{2}):?(\d{2}))", re.ASCII)
_DURATION = re.compile(
    r"P(?!$)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:[.,]\d+)?S)?)?)", re.ASCII
)
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_EMAIL = re.compile(r"(?:\"[^\"]+\"|[^@\s\"]+)@(?:\[[^\]\s]+\]|[^@\s\[\]]+)")
_LABEL = re.compile(r"(?!-)[^\s./:@?#\[\]\\]{1,63}(?<!-)")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_NOT_IN_URI = re.compile(r"[\s<>\"{}|\\^`\x00-\x1f\x7f]")
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_RELATIVE_POINTER = re.compile(r"(?:0|[1-9]\d*)(?:#|(?:/(?:[^~/]|~[01])*)*)", re.ASCII)


def is_date(text: str) -> bool:
    """``full-date`` (RFC 3339, 5.6): ``2024-02-29``."""
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    year, month, day = map(int, match.groups())
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month]:
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return leap or (month, day) != (2, 29)


def is_time(text: str) -> bool:
    """``full-time`` (RFC 3339, 5.6), with an offset: ``12:30:00Z``. A leap second may stand at any hour."""
    match = _TIME.fullmatch(text)
    if match is None:
        return False
    hour, minute, second, offset_hour, offset_minute = (int(part or 0) for part in match.groups())
    return hour <= 23 and minute <= 59 and second <= 60 and offset_hour <= 23 and offset_minute <= 59


def is_date_time(text: str) -> bool:
    """``date-time`` (RFC 3339, 5.6): ``2024-01-31T12:30:00Z``; a space may stand for the ``T`` (its NOTE)."""
    return len(text) > 11 and text[10] in "Tt " and is_date(text[:10]) and is_time(text[11:])


def is_duration(text: str) -> bool:
    """``duration`` (RFC 3339, appendix A): ``P3DT12H``; a fraction of a second is let through, as ISO 8601 has it."""
    return _DURATION.fullmatch(text) is not None


def is_ip(version: int, text: str) -> bool:
    """``dotted-quad`` (RFC 2673, 3.2) for version 4, an address of RFC 4291, 2.2 without a zone for version 6."""
    import ipaddress

    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.version == version and "%" not in text


def is_hostname(text: str) -> bool:
    """A host name (RFC 1123, 2.1): labels of 1 to 63 characters, 253 in all. Underscores and letters of any script pass."""
    name = text.removesuffix(".")
    return 0 < len(name) <= 253 and all(_LABEL.fullmatch(label) for label in name.split("."))


def is_uri(text: str) -> bool:
    """An absolute URI or IRI (RFC 3986, 3; RFC 3987): a scheme, and no character that must be percent-encoded."""
    return _SCHEME.match(text) is not None and _NOT_IN_URI.search(text) is None


def is_byte(text: str) -> bool:
    """Base64 (RFC 4648, 4 and 5): either alphabet, line breaks and missing padding let through."""
    plain = "".join(text.split()).replace("-", "+").replace("_", "/")
    missing = -len(plain) % 4
    padded = plain if missing == 3 else plain + "=" * missing
    return _BASE64.fullmatch(padded) is not None


def is_regex(text: str) -> bool:
    """A regular expression. The dialect is ECMA-262's, so only what is broken in every dialect is refused: brackets."""
    depth, inside, escaped = 0, False, False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif inside:
            inside = character != "]"
        elif character in "([":
            depth, inside = depth + (character == "("), character == "["
        elif character == ")":
            depth -= 1
            if depth < 0:
                return False
    return depth == 0 and not inside and not escaped


def _in_range(low: int, high: int, value: Any) -> bool:
    return not isinstance(value, int | float) or isinstance(value, bool) or low <= value <= high


def _of_text(check: Callable[[str], object]) -> Predicate:
    """The predicate that says yes to all that is no string."""
    return lambda value: not isinstance(value, str) or bool(check(value))


INTEGERS: Mapping[str, tuple[int, int]] = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
"""Formats of numbers: the least and the greatest value (OpenAPI Format Registry)."""

TEXTS: Mapping[str, Predicate] = {
    "date": _of_text(is_date),
    "date-time": _of_text(is_date_time),
    "time": _of_text(is_time),
    "duration": _of_text(is_duration),
    "uuid": _of_text(_UUID.fullmatch),
    "email": _of_text(_EMAIL.fullmatch),
    "idn-email": _of_text(_EMAIL.fullmatch),
    "ipv4": _of_text(partial(is_ip, 4)),
    "ipv6": _of_text(partial(is_ip, 6)),
    "hostname": _of_text(is_hostname),
    "idn-hostname": _of_text(is_hostname),
    "uri": _of_text(is_uri),
    "iri": _of_text(is_uri),
    "uri-reference": _of_text(lambda text: not _NOT_IN_URI.search(text)),
    "iri-reference": _of_text(lambda text: not _NOT_IN_URI.search(text)),
    "byte": _of_text(is_byte),
    "regex": _of_text(is_regex),
    "json-pointer": _of_text(_POINTER.fullmatch),
    "relative-json-pointer": _of_text(_RELATIVE_POINTER.fullmatch),
}
"""Formats of strings and their predicates."""

PREDICATES: Mapping[str, Predicate] = {
    **TEXTS,
    **{name: partial(_in_range, low, high) for name, (low, high) in INTEGERS.items()},
}
"""All formats that are checked; every other name is an annotation."""

EXAMPLES: Mapping[str, str] = {
    "date": "2024-01-31",
    "date-time": "2024-01-31T12:30:00Z",
    "time": "12:30:00Z",
    "duration": "P3DT12H",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "email": "name@example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "api.example.com",
    "uri": "https://example.com/path",
    "byte": "aGVsbG8=",
    "json-pointer": "/a/b",
}
"""One good value for the formats that people get wrong, shown in messages."""
