"""What a call returns: plain dicts and lists whose fields are attributes too, and vectors of packed numbers."""

from __future__ import annotations

import itertools
import sys
from array import array
from collections.abc import Iterable, Mapping
from typing import Any

_SCALARS = frozenset({str, int, float, bool, type(None)})
_SHOWN = 4
_FIELDS = 40


class Record(dict[str, Any]):
    """A JSON object: a dict whose fields can be read as attributes.

    ``record.model`` is ``record["model"]``. A field named like a method of dict (``items``, ``keys``, ``values`` ...) is read by item, or with an underscore behind it:
    ``record.items_``. It equals, dumps and pickles as the plain dict that it is.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            # What Python and libraries ask an object (__deepcopy__, __array__ ...) is not for a service to answer.
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            pass
        if name.endswith("_") and name[:-1] in self:
            return self[name[:-1]]
        raise AttributeError(_no_field(self, name))

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *(name for name in self if name.isidentifier())]

    def __repr__(self) -> str:
        return _shown(self)

    def __reduce__(self) -> Any:
        return Record, (dict(self),)

    def copy(self) -> Record:
        """A shallow copy, a Record too."""
        return Record(self)


def _no_field(record: Record, name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(record), 1)
    hint = f"; did you mean {close[0]!r}?" if close else f"; it has {', '.join(map(repr, list(record)[:12])) or 'none'}"
    return f"no field {name!r} came back{hint}"


class Vector(array):  # type: ignore[type-arg]
    """A sequence of packed numbers, ``(d,)`` float32: what a base64 string of a reply carries.

    It has the buffer protocol: ``numpy.asarray(vector)`` sees the numbers without a copy. It equals any sequence of the same numbers, pickles, and is
    dumped with ``json.dumps(..., default=dynaclient.plain)``.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (list, tuple)):
            return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other if isinstance(other, (list, tuple)) else super().__ne__(other)

    __hash__ = None

    def __copy__(self) -> Vector:
        return Vector(self.typecode, self)

    def __deepcopy__(self, memo: object) -> Vector:
        return Vector(self.typecode, self)

    def __repr__(self) -> str:
        return f"Vector({_numbers(self)})"

    __str__ = __repr__


def vector(data: bytes, typecode: str = "f", *, little: bool = True) -> Vector:
    """Packed numbers as a Vector.

    Parameters
    ----------
    data:
        The bytes.
    typecode:
        ``f`` float32, ``d`` float64, or another of the ``array`` module.
    little:
        Whether the bytes are little endian.

    Raises
    ------
    ValueError
        Where the bytes are no whole count of numbers.
    """
    try:
        found = Vector(typecode, data)
    except ValueError:
        size = Vector(typecode).itemsize
        raise ValueError(f"{len(data)} bytes are no whole count of numbers of {size} bytes") from None
    if little != (sys.byteorder == "little"):
        found.byteswap()
    return found


def records(value: Any) -> Any:
    """The value with every dict in it made a Record; lists are kept and changed in place, vectors are not walked.

    A list whose first and last items are floats is taken for a vector of numbers, so that large replies are not searched.
    """
    if type(value) is dict:
        for key, item in value.items():
            if type(item) is dict or type(item) is list:
                value[key] = records(item)
        return Record(value)
    if type(value) is list and value:
        if type(value[0]) is float and type(value[-1]) is float:
            return value
        if not _SCALARS.issuperset(map(type, value)):
            value[:] = map(records, value)
    return value


def plain(value: Any) -> Any:
    """Records as dicts and vectors as lists of floats, all the way down: what ``json.dumps`` takes. Also serves as its ``default``."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, array):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        if type(value) is list and _SCALARS.issuperset(map(type, value)):
            return value
        return [plain(item) for item in value]
    if type(value) in _SCALARS:
        return value
    raise TypeError(f"{type(value).__name__} is not a value of a reply")


def _numbers(values: Any) -> str:
    head = ", ".join(f"{number:.6g}" if type(number) is float else _shown(number) for number in values[:_SHOWN])
    return f"[{head}, ... {len(values):,} numbers]" if len(values) > _SHOWN else f"[{head}]"


def _shown(value: Any) -> str:
    """``repr`` with vectors, long lists and long strings shortened."""
    if isinstance(value, Record):
        parts = [f"{_shown(key)}: {_shown(item)}" for key, item in itertools.islice(value.items(), _FIELDS)]
        more = f", ... {len(value):,} fields" if len(value) > _FIELDS else ""
        return "{" + ", ".join(parts) + more + "}"
    if type(value) is list:
        if len(value) > 2 * _SHOWN and type(value[0]) in (float, int) and type(value[-1]) in (float, int):
            return _numbers(value)
        head = ", ".join(_shown(item) for item in value[: 2 * _SHOWN])
        return f"[{head}, ... {len(value):,} items]" if len(value) > 2 * _SHOWN else f"[{head}]"
    if isinstance(value, str) and len(value) > 200:
        return f"{value[:160]!r}... {len(value):,} characters"
    return repr(value)
