"""Values from Python life -> plain JSON values: what a caller passes becomes what a schema can judge.

Tuples and other sequences, iterators and sets become lists, mappings and dataclasses dicts; numpy arrays and scalars, enums, UUIDs, dates and paths become what
they stand for. Nothing is rounded: a number that has no exact JSON form is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any


class Omit:
    """The type of ``OMIT``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "OMIT"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "OMIT"


OMIT = Omit()
"""Passed as an argument, it means that the argument is not passed: ``create(..., user=name or OMIT)``."""

_PLAIN = frozenset({str, int, bool, type(None)})


def normal(value: Any) -> Any:
    """The plain JSON value that a Python value stands for.

    Returns
    -------
    Any
        Built of dict, list, str, int, float, bool and None; bytes stay bytes. A list of plain scalars is returned as it is, not copied.

    Raises
    ------
    ValueError
        Where a value stands for nothing in JSON; the message names its type and its place.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list and _PLAIN.issuperset(map(type, value)):
        return value
    try:
        return _normal(value, "")
    except RecursionError:
        raise ValueError("the value contains itself, or is nested too deeply") from None


def _normal(value: Any, where: str) -> Any:
    kind = type(value)
    if kind in _PLAIN or kind is bytes:
        return value
    if kind is float:
        if not math.isfinite(value):
            raise ValueError(f"{where + ': ' if where else ''}{value} has no form in JSON")
        return value
    if isinstance(value, Mapping):
        return {_key(key, where): _normal(item, f"{where}.{key}") for key, item in value.items() if item is not OMIT}
    if isinstance(value, (list, tuple)):
        if kind is list and _PLAIN.issuperset(map(type, value)):
            return value
        return [_normal(item, f"{where}[{number}]") for number, item in enumerate(value)]
    return _foreign(value, where)


def _key(key: Any, where: str) -> str:
    plain = key if isinstance(key, str) else _normal(key, where)
    if isinstance(plain, str):
        return str(plain)
    if isinstance(plain, int) and not isinstance(plain, bool):
        return str(plain)
    raise ValueError(f"{where or 'the value'}: a key of an object is a string, not {type(key).__name__}")


def _foreign(value: Any, where: str) -> Any:
    import enum

    if isinstance(value, enum.Enum):
        return _normal(value.value, where)
    if isinstance(value, str):
        return str(value)
    if hasattr(value, "tolist") and (hasattr(value, "dtype") or hasattr(value, "typecode")):
        return _normal(value.tolist(), where)  # numpy arrays and scalars, array.array
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _normal(float(value), where)
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    return _object(value, where)


def _object(value: Any, where: str) -> Any:
    import dataclasses
    import datetime
    import decimal
    import os
    import uuid

    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return _decimal(value, where)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: _normal(getattr(value, field.name), f"{where}.{field.name}") for field in fields}
    if hasattr(value, "model_dump"):
        return _normal(value.model_dump(mode="json", by_alias=True, exclude_unset=True), where)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Iterable) and not isinstance(value, type):
        return [_normal(item, f"{where}[{number}]") for number, item in enumerate(value)]
    kind = f"{type(value).__module__}.{type(value).__name__}"
    raise ValueError(f"{where + ': ' if where else ''}a {kind} has no form in JSON")


def _decimal(value: Any, where: str) -> int | float:
    from decimal import Decimal

    if value.is_finite():
        if value == value.to_integral_value():
            return int(value)
        number = float(value)
        if Decimal(repr(number)) == value:
            return number
    raise ValueError(
        f"{where + ': ' if where else ''}{value} has no exact form as a JSON number; pass a float or a string"
    )
