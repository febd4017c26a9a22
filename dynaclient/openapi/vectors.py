"""Arrays of numbers as packed numbers: read from JSON text without a Python object for each that outlives its array.

Where a reply's schema has arrays of numbers (`layout`, found once), their text is cut out of the body and packed, a group of arrays at a time; the small rest is decoded as any
JSON, with a stand-in for each array, judged by the schema, and the stand-ins are exchanged for the vectors (`read`). That is done only where it cannot be told from
decoding and judging the whole: see `_Cut` for the text and `Layout.even` for the schema. Everything else is decoded as ever, and its lists are packed afterwards (`packed`).
"""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from typing import Any

from dynaclient.frozen import Struct
from dynaclient.openapi import simd
from dynaclient.openapi.layout import Layout, Spot
from dynaclient.openapi.media import decode_floats, decode_json
from dynaclient.value import Vector

TYPECODES = {"float64": "d", "float32": "f"}
"""What a caller may ask for, and the typecode of the ``array`` module for it."""

MISSED = object()
"""What `read` returns where the reply must be decoded as a whole."""

_OPENING = re.compile(rb"\[[ \t\n\r]*[-0-9]")

_DIGITS = frozenset(b"%d" % digit for digit in range(10)) | {b"-"}
_SMALL = {
    "d": bytes(byte for byte in range(256) if byte & 0x7F < 0x43),
    "f": bytes(byte for byte in range(256) if byte & 0x7F < 0x58),
}
"""The first bytes of the numbers below 2**49 on either side of zero."""
_GROUP = 1 << 16
"""Bytes of text that are read at once, at least."""
_patience = [10_000_000]
"""How many more numbers are narrowed without numpy before it is loaded for it; empty where that was tried."""


class ArrayReader(Struct, frozen=True):
    """Reads the replies of one schema, with their arrays of numbers as Vectors."""

    layout: Layout

    def value(self, data: bytes, typecode: str, accepts: Callable[[Any], bool], whole: Callable[[], Any]) -> Any:
        """The value of a JSON text.

        Parameters
        ----------
        data, typecode, accepts:
            As for `read`.
        whole:
            Decodes and judges it as a whole, where it must be.
        """
        found = read(data, self.layout, typecode, accepts)
        return packed(self.layout, whole(), typecode) if found is MISSED else found


def read(data: bytes, layout: Layout, typecode: str, accepts: Callable[[Any], bool]) -> Any:
    """JSON text as a value whose arrays of numbers are Vectors.

    Parameters
    ----------
    data:
        The text, UTF-8.
    layout:
        Where arrays of numbers may stand.
    typecode:
        ``d`` for float64, ``f`` for float32.
    accepts:
        Judges the value, in which each array that was cut out is a list of numbers: not the same numbers, but as many where the schema counts them.

    Returns
    -------
    Any
        The value, or ``MISSED`` where it is to be decoded and judged as a whole: nothing was gained here, or something is wrong with it.
    """
    if not layout.even:
        return MISSED
    try:
        cut = _Cut(data, layout, typecode)
    except ValueError:
        return MISSED
    return cut.filled() if accepts(cut.holder[0]) else MISSED


def packed(layout: Layout, value: Any, typecode: str) -> Any:
    """A decoded value with its arrays of numbers as Vectors, in place.

    A list stays a list where it holds anything but numbers, or a number that would be changed: an integer that no float64 holds, and for float32 whatever lies beyond its range.
    """
    holder = [value]
    for container, key, _ in _lists(layout.root, holder):
        container[key] = _exact(container[key], typecode)
    return holder[0]


class _Cut:
    """A JSON text of which every array that begins with a number was cut out and packed.

    ValueError is raised where the value could differ from that of the whole text. It cannot, because

    - what is cut is, taken alone, a JSON array of numbers, and what is put in its place, ``[7]``, is one too: the text is JSON if and only if the rest is;
    - no text ``[7]`` in the rest is its own, since every array that begins with a number has been cut;
    - each ``[7]`` is found again, once, in a place where an array of numbers may stand: none was within a string, behind a doubled key or in an array of anything else.
    """

    def __init__(self, data: bytes, layout: Layout, typecode: str) -> None:
        self._vectors, rest = _cut(data, typecode)
        self._typecode = typecode
        self.holder = [decode_json(rest)]
        self._places: list[tuple[Any, Any] | None] = [None] * len(self._vectors)
        self._others: list[tuple[Any, Any]] = []
        for container, key, spot in _lists(layout.root, self.holder):
            self._find(container, key, spot)
        if None in self._places:
            raise ValueError("an array of numbers stands where none was expected")

    def _find(self, container: Any, key: Any, spot: Spot) -> None:
        numbers = container[key]
        if len(numbers) != 1 or type(numbers[0]) is not int or not 0 <= numbers[0] < len(self._vectors):
            self._others.append((container, key))
            return
        number = numbers[0]
        if self._places[number] is not None:
            raise ValueError("an array of numbers stands in two places")
        self._places[number] = (container, key)
        if spot.counted:
            container[key] = _some(len(self._vectors[number]))

    def filled(self) -> Any:
        """The value, with the vectors in their places."""
        for place, numbers in zip(self._places, self._vectors, strict=True):
            assert place is not None
            place[0][place[1]] = numbers
        for container, key in self._others:
            container[key] = _exact(container[key], self._typecode)
        return self.holder[0]


def _cut(data: bytes, typecode: str) -> tuple[list[Vector], bytes]:
    """The arrays of a text that begin with a number, packed, and the text with a stand-in for each."""
    vectors: list[Vector] = []
    pieces: list[bytes] = []
    texts: list[bytes] = []
    end = size = count = 0
    begin = data.find(b"[")
    while begin >= 0:
        if data[begin + 1 : begin + 2] not in _DIGITS and not _OPENING.match(data, begin):
            begin = data.find(b"[", begin + 1)
            continue
        pieces += data[end:begin], b"[%d]" % count
        end = data.find(b"]", begin) + 1
        if not end:
            raise ValueError("an array does not end")
        texts.append(data[begin + 1 : end - 1])
        count, size = count + 1, size + end - begin
        if size > _GROUP:
            vectors += _group(texts, typecode)
            texts, size = [], 0
        begin = data.find(b"[", end)
    if not count:
        raise ValueError("there is nothing to cut")
    vectors += _group(texts, typecode)
    pieces.append(data[end:])
    return vectors, b"".join(pieces)


def _group(texts: list[bytes], typecode: str) -> Iterator[Vector]:
    """Texts between brackets, each as a vector; read as one array of arrays, which is far cheaper.

    That is JSON if and only if each of them is: they hold no closing bracket, so that none can end another's array.
    """
    if not texts:
        return
    packed, lengths = _floats(b"[[%b]]" % b"],[".join(texts), typecode)
    begin, width = 0, 8 if typecode == "d" else 4
    for length in lengths:
        yield Vector(typecode, packed[begin : begin + length * width])
        begin += length * width


def _floats(text: bytes, typecode: str) -> tuple[bytes, Sequence[int]]:
    """JSON text that is an array of arrays of numbers: the numbers packed, and how many each array has.

    ValueError where a number is 2**49 or more on either side of zero: among those are integers that no float64 holds.
    """
    found = simd.floats(text) if simd.available() else None
    if found is None:
        arrays = decode_floats(text)
        packed = b"".join(pack(numbers, typecode) for numbers in arrays)
        return _checked(packed, typecode), [*map(len, arrays)]
    packed, lengths = _checked(found[0], "d"), found[1]
    if typecode == "d":
        return packed, lengths
    numpy = _numpy(len(packed) // 8)
    return bytes(numpy.frombuffer(packed).astype("f4")) if numpy else pack(memoryview(packed).cast("d"), "f"), lengths


def _checked(packed: bytes, typecode: str) -> bytes:
    """The packed numbers, if all are small."""
    size = 8 if typecode == "d" else 4
    if packed[size - 1 if sys.byteorder == "little" else 0 :: size].translate(None, _SMALL[typecode]):
        raise ValueError("a number is 2**49 or more")
    return packed


def _numpy(count: int) -> Any:
    """The library numpy, which narrows numbers in a tenth of the time that struct takes, where it is loaded or has come to pay; else None."""
    if "numpy" not in sys.modules:
        if not _patience:
            return None
        _patience[0] -= count
        if _patience[0] >= 0:
            return None
        _patience.clear()  # as much time has been lost by now as loading it takes
    with suppress(ImportError):
        return import_module("numpy")  # where another thread is loading it, it is waited for
    return None


def pack(numbers: Sequence[float], typecode: str) -> bytes:
    """Numbers as packed ones, each the nearest there is.

    Raises
    ------
    ValueError
        Where one is no number, or is beyond the range of the type.
    """
    try:
        return _packer(len(numbers), typecode)(*numbers)
    except (OverflowError, struct.error):
        kind = "float32" if typecode == "f" else "float64"
        raise ValueError(f"what is no number, or beyond the range of {kind}, is among them") from None


@lru_cache(maxsize=16)
def _packer(count: int, typecode: str) -> Callable[..., bytes]:
    return struct.Struct(f"={count}{typecode}").pack


@lru_cache(maxsize=8)
def _some(count: int) -> list[float]:
    """So many numbers, for a validator to count."""
    return [0.5] * count


def _lists(root: Spot, holder: list[Any]) -> list[tuple[Any, Any, Spot]]:
    """Every list that stands where an array of numbers may stand, by its container and the key there. ``holder`` is a list with the value in it."""
    found: list[tuple[Any, Any, Spot]] = []
    waiting: list[tuple[Spot, Any]] = [(Spot(items=root), holder)]
    while waiting:
        spot, value = waiting.pop()
        if type(value) is dict:
            for name, below in spot.properties.items():
                item = value.get(name)
                if type(item) is list and below.numbers:
                    found.append((value, name, below))
                if _leads_on(below, item):
                    waiting.append((below, item))
            continue
        assert spot.items is not None
        below = spot.items
        if below.numbers:
            found += [(value, number, below) for number, item in enumerate(value) if type(item) is list]
        waiting += [(below, item) for item in value if _leads_on(below, item)]
    return found


def _leads_on(spot: Spot, item: Any) -> bool:
    """Whether there may be arrays of numbers below a value."""
    if type(item) is dict:
        return bool(spot.properties)
    return type(item) is list and spot.items is not None and not (item and type(item[0]) in (float, int))


def _exact(numbers: list[Any], typecode: str) -> list[Any] | Vector:
    """A list as a Vector, where all its items are numbers and none would be changed."""
    kinds = set(map(type, numbers))
    if not kinds <= {float, int}:
        return numbers
    try:
        if int in kinds and any(type(number) is int and int(float(number)) != number for number in numbers):
            return numbers
        return Vector(typecode, pack(numbers, typecode))
    except (OverflowError, ValueError):
        return numbers
