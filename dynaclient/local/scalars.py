"""Drafts of strings, numbers and booleans that the keywords of a schema describe."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dynaclient.local.pattern import matching

Nodes = list[Mapping[str, Any]]

FORMATS: Mapping[str, Callable[[int], str]] = {
    "date-time": lambda salt: f"2024-01-{salt % 28 + 1:02}T00:00:00Z",
    "date": lambda salt: f"2024-01-{salt % 28 + 1:02}",
    "time": lambda salt: f"00:{salt % 60:02}:00Z",
    "duration": lambda salt: f"P{salt + 1}D",
    "email": lambda salt: f"user{salt or ''}@example.com",
    "idn-email": lambda salt: f"user{salt or ''}@example.com",
    "hostname": lambda salt: f"host{salt or ''}.example.com",
    "idn-hostname": lambda salt: f"host{salt or ''}.example.com",
    "ipv4": lambda salt: f"192.0.2.{salt % 255}",
    "ipv6": lambda salt: f"2001:db8::{salt:x}",
    "uri": lambda salt: f"https://example.com/{salt or ''}",
    "uri-reference": lambda salt: f"/{salt or ''}",
    "uri-template": lambda salt: f"/{salt or ''}",
    "iri": lambda salt: f"https://example.com/{salt or ''}",
    "iri-reference": lambda salt: f"/{salt or ''}",
    "uuid": lambda salt: f"00000000-0000-4000-8000-{salt:012x}",
    "json-pointer": lambda salt: f"/{salt or ''}",
    "relative-json-pointer": lambda salt: str(salt),
    "regex": lambda salt: f"a{salt or ''}",
    "byte": lambda salt: "AAAA" * (salt + 1),
}


def drafts(kind: str, nodes: Nodes, salt: int) -> Iterator[Any]:
    """Values of one of the types ``string``, ``integer``, ``number``, ``boolean``, ``null`` that may satisfy the schemas.

    Parameters
    ----------
    kind:
        The type.
    nodes:
        The schemas that the value must satisfy, all of them.
    salt:
        Different numbers give different values, as far as the type has them.
    """
    if kind == "string":
        yield from _strings(nodes, salt)
    elif kind in ("integer", "number"):
        yield from _numbers(nodes, salt, whole=kind == "integer")
    elif kind == "boolean":
        yield from (True, False) if salt % 2 == 0 else (False, True)
    elif kind == "null":
        yield None


def found(pattern: str, text: str) -> bool:
    """Whether a regular expression is found in a text; false where Python cannot read the expression."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


def _strings(nodes: Nodes, salt: int) -> Iterator[str]:
    least = int(max(_values(nodes, "minLength"), default=0))
    most = min(_values(nodes, "maxLength"), default=None)
    for node in nodes:
        pattern = node.get("pattern")
        if isinstance(pattern, str):
            text = matching(pattern, least, salt)
            if text is not None:
                yield text
    for node in nodes:
        name = node.get("format")
        if isinstance(name, str) and name in FORMATS:
            yield FORMATS[name](salt)
        if node.get("contentEncoding") in ("base64", "base64url"):
            yield FORMATS["byte"](max(salt, (least - 1) // 4))
    for number in (salt, salt + 1):
        word = f"string{number or ''}"
        if most is not None and len(word) > most:
            word = chr(ord("a") + number % 26) * int(most)
        yield word.ljust(least, "g")


def _numbers(nodes: Nodes, salt: int, *, whole: bool) -> Iterator[int | float]:
    low, high = bounds(nodes)
    step = max(_values(nodes, "multipleOf"), default=1)
    begin = 0 if low is None else math.ceil(low / step) * step
    if low is None and high is not None and high < 0:
        begin = math.floor(high / step) * step
        yield _plain(begin - salt * step)
        yield _plain(begin - (salt + 1) * step)
    if low is not None and low <= 0 and (high is None or high >= 0):
        begin = 0
    yield _plain(begin + salt * step)
    yield _plain(begin + (salt + 1) * step)
    if not whole:
        if low is not None and high is not None:
            yield low + (high - low) * (1 + salt) / (2 + salt * 2 + salt)
        yield from (value for value in (low, high) if value is not None)


def bounds(nodes: Nodes) -> tuple[float | None, float | None]:
    """The narrowest bounds; an exclusive one (a number since 3.1, a boolean in 3.0) counts as inclusive, the judge knows better."""
    low = max([*_values(nodes, "minimum"), *_values(nodes, "exclusiveMinimum")], default=None)
    high = min([*_values(nodes, "maximum"), *_values(nodes, "exclusiveMaximum")], default=None)
    return low, high


def _values(nodes: Nodes, key: str) -> list[float]:
    found = (node.get(key) for node in nodes)
    return [value for value in found if isinstance(value, (int, float)) and not isinstance(value, bool)]


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else value
