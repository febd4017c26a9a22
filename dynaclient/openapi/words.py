"""Words for what breaks a keyword: the value, shortened, and what was expected instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dynaclient.openapi.formats import EXAMPLES

WIDTH = 80
"""How many characters of a value a message shows at most."""

Worder = Callable[[Any, Any, dict[str, Any]], str]


def shown(value: Any, width: int = WIDTH) -> str:
    """A value, shortened: long strings lose their middle, arrays and objects all but their beginning."""
    if isinstance(value, str):
        return repr(value) if len(value) <= width - 2 else f"{value[: width - 40]!r}... ({len(value)} characters)"
    if isinstance(value, (bytes, bytearray)):
        return f"{len(value)} bytes"
    if isinstance(value, (list, tuple)):
        return _inside("[", (shown(item, 24) for item in value[:3]), "]", len(value), "items", width)
    if isinstance(value, dict):
        pairs = (f"{shown(str(name), 24)}: {shown(value[name], 24)}" for name in list(value)[:3])
        return _inside("{", pairs, "}", len(value), "properties", width)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a number of about {value.bit_length() * 30103 // 100000} digits"
    text = repr(value)
    return text if len(text) <= width else text[: width - 3] + "..."


def _inside(opening: str, parts: Any, closing: str, count: int, unit: str, width: int) -> str:
    text = ", ".join(parts)
    if count <= 3 and len(text) + 2 <= width:
        return opening + text + closing
    size = f" ... {count} {unit}"
    return opening + text[: max(width - len(size) - 2, 0)] + size + closing


def named(values: Sequence[Any], most: int = 12) -> str:
    """Some values in a row: ``'a', 'b', null``."""
    text = ", ".join(shown(value, 40) for value in values[:most])
    return text + (f" and {len(values) - most} more" if len(values) > most else "")


def similar(wrong: Any, right: Sequence[Any]) -> str:
    """``did you mean 'x'?`` for the nearest of the values that are right, or ``""``."""
    if not isinstance(wrong, str) or len(wrong) > 200:
        return ""
    names: dict[str, str] = {}
    for value in right:
        if isinstance(value, str):
            names.setdefault(value.lower(), value)
    from difflib import get_close_matches

    close = get_close_matches(wrong.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {shown(names[close[0]], 40)}?" if close else ""


def kind(value: Any) -> str:
    """What a value is, in JSON's words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    for types, name in ((str, "a string"), (int, "an integer"), (float, "a number"), (dict, "an object")):
        if isinstance(value, types):
            return name
    return "an array" if isinstance(value, (list, tuple)) else f"{type(value).__name__}"


def word(keyword: str | None, expected: Any, value: Any, schema: Any, *, advise: bool = True) -> tuple[str, str]:
    """The message and the hint for one broken keyword.

    Parameters
    ----------
    keyword:
        The keyword; None where the schema is ``false``.
    expected:
        What stands at the keyword.
    value:
        The value that breaks it.
    schema:
        The schema around the keyword.
    advise:
        Whether the hint may name the value that was meant.
    """
    around = schema if isinstance(schema, dict) else {}
    worder = _WORDS.get(keyword or "")
    if worder is None:
        return f"{shown(value)} is not allowed here", ""
    hint = similar(value, expected) if keyword == "enum" and advise else ""
    return worder(value, expected, around), hint


def _type(value: Any, expected: Any, schema: dict[str, Any]) -> str:
    types = [expected] if isinstance(expected, str) else list(expected)
    if schema.get("nullable") is True:
        types.append("null")
    if value is None:
        return f"is null, expected {' or '.join(types)}"
    return f"{shown(value)} is {kind(value)}, expected {' or '.join(types)}"


def _format(value: Any, expected: Any, _schema: dict[str, Any]) -> str:
    example = f", such as {EXAMPLES[expected]!r}" if expected in EXAMPLES else ""
    reason = "is out of the range of" if isinstance(value, int | float) else "is no"
    return f"{shown(value)} {reason} {expected}{example}"


def _length(unit: str, bound: str) -> Worder:
    def words(value: Any, expected: Any, _schema: dict[str, Any]) -> str:
        return f"{shown(value)} has {len(value)} {_count(unit, len(value))}, expected {bound} {expected}"

    return words


def _count(unit: str, number: int) -> str:
    return unit if number != 1 else {"properties": "property"}.get(unit, unit.removesuffix("s"))


def _bound(comparison: str, exclusive: str) -> Worder:
    def words(value: Any, expected: Any, schema: dict[str, Any]) -> str:
        strict = schema.get(exclusive) is True if exclusive in ("exclusiveMinimum", "exclusiveMaximum") else False
        than = (
            f"{comparison} {expected}"
            if not strict
            else f"{comparison.replace('at least', 'more than').replace('at most', 'less than')} {expected}"
        )
        return f"{shown(value)} is out of range, expected {than}"

    return words


def _contains(value: Any, _expected: Any, schema: dict[str, Any]) -> str:
    low, high = schema.get("minContains", 1), schema.get("maxContains")
    limit = f"at least {low}" + (f" and at most {high}" if high is not None else "")
    return f"{shown(value)} must hold {limit} items of the kind that `contains` describes"


def _left_over(value: Any, _expected: Any, schema: dict[str, Any]) -> str:
    first = len(schema.get("prefixItems", ()))
    return f"{shown(value)} has {len(value)} {_count('items', len(value))}, expected at most {first}"


def _missing_company(value: Any, expected: Any, _schema: dict[str, Any]) -> str:
    for name, needed in expected.items():
        absent = [other for other in needed if name in value and other not in value]
        if absent:
            return f"with the property {name!r} the property {absent[0]!r} must be given too"
    return "a property that another one needs is missing"


_WORDS: dict[str, Worder] = {
    "type": _type,
    "format": _format,
    "enum": lambda value, expected, _: f"{shown(value)} is not one of {named(expected)}",
    "const": lambda value, expected, _: f"{shown(value)} is not {shown(expected)}",
    "pattern": lambda value, expected, _: f"{shown(value)} does not match the pattern {shown(expected)}",
    "multipleOf": lambda value, expected, _: f"{shown(value)} is no multiple of {expected}",
    "minimum": _bound("at least", "exclusiveMinimum"),
    "maximum": _bound("at most", "exclusiveMaximum"),
    "exclusiveMinimum": _bound("more than", ""),
    "exclusiveMaximum": _bound("less than", ""),
    "minLength": _length("characters", "at least"),
    "maxLength": _length("characters", "at most"),
    "minItems": _length("items", "at least"),
    "maxItems": _length("items", "at most"),
    "minProperties": _length("properties", "at least"),
    "maxProperties": _length("properties", "at most"),
    "uniqueItems": lambda value, *_: f"{shown(value)} holds the same item twice, expected different ones",
    "contains": _contains,
    "minContains": _contains,
    "maxContains": _contains,
    "items": _left_over,
    "unevaluatedItems": lambda value, *_: f"{shown(value)} holds items that no part of the schema describes",
    "dependentRequired": _missing_company,
    "oneOf": lambda value, *_: f"{shown(value)} fits more than one of the alternatives, expected exactly one",
    "anyOf": lambda value, *_: f"{shown(value)} fits none of the alternatives",
}
