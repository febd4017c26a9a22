"""What a plain scalar of YAML means to OpenAPI: the JSON-compatible schema of YAML 1.2 (OpenAPI 3.1, 4.2).

=============================================  ==================================================================
plain scalar                                   value
=============================================  ==================================================================
empty, ``~``, ``null``, ``Null``, ``NULL``      null
``true True TRUE false False FALSE``            boolean
a JSON number (RFC 8259, 6): ``12 -1.5e3``      that number: an integer of any size, or a float
anything else                                  the text itself: ``NO``, ``on``, ``010``, ``0x1F``, ``0o17``, ``1_000``, ``+1``,
                                               ``.5``, ``1.``, ``.inf``, ``.nan``, ``2024-01-01``, ``12:30``, and numbers that no
                                               float holds (``1e999``)
a key of a mapping                             always its text: ``200``, ``1.10``, ``null``, ``NO``
=============================================  ==================================================================

A number or boolean whose text its value does not give back (``1.10``, ``1e3``, ``True``) is an ``Odd``: both are kept until it is
known whether the place where it stands holds text (``info.version``, the ``enum`` of a string schema) or data.
"""

from __future__ import annotations

import re
from math import isinf
from typing import Any

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_NUMERIC = frozenset("-0123456789")


class Odd:
    """A plain scalar whose text its value does not give back: ``1.10`` is the number 1.1."""

    __slots__ = ("text", "value")

    def __init__(self, text: str, value: float | bool) -> None:
        self.text = text
        self.value = value

    def __repr__(self) -> str:
        return f"Odd({self.text!r}, {self.value!r})"


def without_odd(node: Any) -> Any:
    """A copy in which every ``Odd`` is its value."""
    if type(node) is dict:
        return {key: without_odd(value) for key, value in node.items()}
    if type(node) is list:
        return [without_odd(value) for value in node]
    return node.value if type(node) is Odd else node


def plain_scalar(text: str) -> Any:
    """What a plain scalar means, by the table above; an ``Odd`` where the value does not give the text back."""
    if text in _CONSTANTS:
        constant = _CONSTANTS[text]
        return constant if constant is None or text in ("true", "false") else Odd(text, constant)
    if text[0] not in _NUMERIC or not (match := _NUMBER.fullmatch(text)):
        return text
    if match.lastindex is None:
        try:
            value: float = int(text)
        except ValueError:  # more digits than Python converts (sys.get_int_max_str_digits)
            return text
    elif isinf(value := float(text)):
        return text
    return value if repr(value) == text else Odd(text, value)


def as_text(value: Any) -> Any:
    """The text of a scalar that stands where the standard wants a string; null, mappings and lists stay what they are."""
    if type(value) is Odd:
        return value.text
    if type(value) is bool:
        return "true" if value else "false"
    return repr(value) if type(value) in (int, float) else value
