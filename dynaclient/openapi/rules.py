"""What may stand at a keyword that holds no schemas: each rule gives the value back, or DROP where it makes no sense.

Every rule takes the value and the pointer of its place, like those that do hold schemas.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

DROP = object()
"""The keyword is to be left out."""


def as_it_is(value: Any, _pointer: str) -> Any:
    """Anything at all."""
    return value


def boolean(value: Any, _pointer: str) -> Any:
    """True or false."""
    return value if isinstance(value, bool) else DROP


def string(value: Any, _pointer: str) -> Any:
    """A string."""
    return value if isinstance(value, str) else DROP


def number(value: Any, _pointer: str) -> Any:
    """A finite number."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if good else DROP


def positive(value: Any, pointer: str) -> Any:
    """A number above zero."""
    return value if number(value, pointer) is not DROP and value > 0 else DROP


def boolean_or_number(value: Any, pointer: str) -> Any:
    """Either; the version decides later which is meant."""
    return value if isinstance(value, bool) else number(value, pointer)


def count(value: Any, pointer: str) -> Any:
    """A whole number from zero, also written ``1.0``."""
    if number(value, pointer) is DROP or value < 0 or int(value) != value:
        return DROP
    return int(value)


def enum(value: Any, _pointer: str) -> Any:
    """A list that is not empty; of equal items the first is kept (JSON Schema 2020-12 Validation, 6.1.2)."""
    if not isinstance(value, list) or not value:
        return DROP
    kept: list[Any] = []
    for item in value:
        if not any(type(item) is type(other) and item == other for other in kept):
            kept.append(item)
    return kept


def dependent_required(value: Any, _pointer: str) -> Any:
    """An object of lists of names (6.5.4)."""
    if not isinstance(value, Mapping) or not all(isinstance(names, list) for names in value.values()):
        return DROP
    return {str(name): list(dict.fromkeys(map(str, names))) for name, names in value.items()}


def shown(value: Any) -> str:
    """A value for a note, shortened."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
