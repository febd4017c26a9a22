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


OMIT: Any = Omit()
"""Passed as an argument, it means that the argument is not passed: ``create(..., user=name or OMIT)``."""

_PLAIN = frozenset({str, int, bool, type(None)})
_LARGEST_EXPONENT = 4000  # an integer with more digits than Python writes by default is no number to send


class NoFormError(ValueError):
    """A value, or a part of it, stands for nothing in JSON: ``where`` is its place (``[3].when``), ``reason`` says why."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where.removeprefix('.')}: {reason}" if where else reason)
        self.where = where
        self.reason = reason


def normal(value: Any) -> Any:
    """The plain JSON value that a Python value stands for.

    Returns
    -------
    Any
        Built of dict, list, str, int, float, bool and None; bytes stay bytes. A list of plain scalars is returned as it is, not copied.

    Raises
    ------
    NoFormError
        Where a value stands for nothing in JSON; a ValueError whose message names its type and its place.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list and _PLAIN.issuperset(map(type, value)):
        return value
    try:
        return _normal(value, "")
    except RecursionError:
        raise NoFormError("", "the value contains itself, or is nested too deeply") from None


def _normal(value: Any, where: str) -> Any:
    kind = type(value)
    if kind in _PLAIN or kind is bytes:
        return value
    if kind is float:
        if not math.isfinite(value):
            raise NoFormError(where, f"{value} has no form in JSON")
        return value
    if isinstance(value, Mapping):
        return _members(value.items(), where)
    if isinstance(value, (list, tuple)):
        if kind is list and _PLAIN.issuperset(map(type, value)):
            return value
        return [_normal(item, f"{where}[{number}]") for number, item in enumerate(value)]
    return _foreign(value, where)


def _members(pairs: Iterable[tuple[Any, Any]], where: str) -> dict[str, Any]:
    """An object; what is OMIT is left out, and no key takes the place of another."""
    found: dict[str, Any] = {}
    for given, item in pairs:
        if item is OMIT:
            continue
        key = given if type(given) is str else _key(given, where)
        if key in found:
            raise NoFormError(where, f"two of its keys are {key[:40]!r} in JSON")
        found[key] = _normal(item, f"{where}.{key}")
    return found


def _key(key: Any, where: str) -> str:
    plain = _normal(key, where)
    if isinstance(plain, str) or type(plain) is int:
        return str(plain)
    raise NoFormError(where, f"a key of an object is a string, not {type(key).__name__}")


def _foreign(value: Any, where: str) -> Any:
    import enum

    if isinstance(value, enum.Enum):
        return _normal(value.value, where)
    if isinstance(value, str):
        return str.__str__(value)
    if hasattr(value, "tolist") and (hasattr(value, "dtype") or hasattr(value, "typecode")):
        return _numbers(value, where)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _normal(float(value), where)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    return _object(value, where)


def _numbers(value: Any, where: str) -> Any:
    """The numbers of numpy arrays and scalars, ``array.array`` and what is built like them: their ``tolist`` is exact, except of what Python has no type for."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind == "M":
        return _normal(value.astype(str), where)
    found = value.tolist()
    if kind == "m" or type(found) is type(value):
        raise NoFormError(where, f"numbers of the type {value.dtype} have no form in JSON")
    return _normal(found, where)


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
    if type(value).__module__ == "dynaclient.openapi.parts":
        raise NoFormError(
            where, f"a {type(value).__name__} stands in bodies of files and in parts of multipart bodies only"
        )
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _members(((field.name, getattr(value, field.name)) for field in dataclasses.fields(value)), where)
    if hasattr(value, "model_dump"):
        return _normal(value.model_dump(mode="json", by_alias=True, exclude_unset=True), where)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Iterable) and not isinstance(value, type) and not hasattr(value, "read"):
        return [_normal(item, f"{where}[{number}]") for number, item in enumerate(value)]
    kind = f"{type(value).__module__}.{type(value).__name__}"
    hint = "; pass what it holds: .read()" if hasattr(value, "read") else ""
    raise NoFormError(where, f"a {kind} has no form in JSON{hint}")


def _decimal(value: Any, where: str) -> int | float:
    from decimal import Decimal

    if value.is_finite() and value.adjusted() <= _LARGEST_EXPONENT:
        if value == value.to_integral_value():
            return int(value)
        number = float(value)
        if Decimal(repr(number)) == value:
            return number
    raise NoFormError(where, f"{str(value)[:60]} has no exact form as a JSON number; pass a float or a string")
