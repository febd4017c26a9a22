"""Arrays of numbers as packed numbers: read from JSON text without a Python object for each that outlives its array.

Where a reply's schema has arrays of numbers (`layout`, found once), their text is cut out of the body and packed, one array at a time; the small rest is decoded as any
JSON, with a stand-in for each array, judged by the schema, and the stand-ins are exchanged for the vectors (`read`). That is done only where it cannot be told from
decoding and judging the whole: see `_Cut` for the text and `Layout.even` for the schema. Everything else is decoded as ever, and its lists are packed afterwards (`packed`).
"""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.frozen import Struct, field
from dynaclient.openapi import simd
from dynaclient.openapi.formats import INTEGERS
from dynaclient.openapi.media import decode_floats, decode_json
from dynaclient.openapi.pointer import at, join, local_target
from dynaclient.openapi.shape import kinds
from dynaclient.value import Vector

TYPECODES = {"float64": "d", "float32": "f"}
"""What a caller may ask for, and the typecode of the ``array`` module for it."""

MISSED = object()
"""What `read` returns where the reply must be decoded as a whole."""

_OPENING = re.compile(rb"\[[ \t\n\r]*[-0-9]")

_DIGITS = frozenset(b"%d" % digit for digit in range(10)) | {b"-"}
_GROUP = 1 << 16
"""Bytes of text that are read at once, at least."""
_patience = [10_000_000]
"""How many more numbers are narrowed without numpy before it is loaded for it; empty where that was tried."""
_MOST_SPOTS = 2000
_TYPES = {"null", "boolean", "object", "array", "number", "string", "integer"}
_CHOICES = ("allOf", "anyOf", "oneOf")
_EVEN = frozenset(
    {"title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "externalDocs"}
    | {"xml", "$comment", "$defs", "definitions", "contentEncoding", "contentMediaType", "contentSchema", "format"}
    | {"$ref", "type", "nullable", "properties", "required", "additionalProperties", "minProperties", "maxProperties"}
    | {"items", "minItems", "maxItems", *_CHOICES}
)
"""The keywords that cannot tell arrays of numbers apart, beyond their length."""

Start = frozenset[str]
"""The pointers of all schemas that apply to one place of a value."""


class Spot(Struct):
    """One place of a value.

    ``numbers``: an array of numbers may stand here. ``counted``: its length is judged. ``items``, ``properties``: what is of interest further down.
    """

    numbers: bool = False
    counted: bool = False
    items: Spot | None = None
    properties: dict[str, Spot] = field(default_factory=dict)


class Layout(Struct, frozen=True):
    """Where arrays of numbers may stand in a value. ``even``: of two values that differ in the numbers of such arrays alone (each array with at least one, and as many where
    the spot is counted), the schema accepts both or neither.
    """

    root: Spot
    even: bool


class _Place(Struct):
    """A spot, its neighbours below, and whether its own schemas are even."""

    spot: Spot
    even: bool = True
    items: Start = frozenset()
    properties: dict[str, set[str]] = field(default_factory=dict)

    def below(self) -> list[Start]:
        return [*([self.items] if self.items else []), *map(frozenset, self.properties.values())]


def layout(document: Mapping[str, Any], pointer: str) -> Layout | None:
    """Where values of the schema at a pointer may have arrays of numbers; None where nowhere, or in too many places to say."""
    first = frozenset((pointer,))
    places: dict[Start, _Place] = {}
    waiting = [first]
    while waiting:
        start = waiting.pop()
        if start not in places:
            places[start] = _place(document, start)
            waiting += places[start].below()
        if len(places) > _MOST_SPOTS:
            return None
    useful = _useful(places)
    if first not in useful:
        return None
    for start in useful:
        place = places[start]
        place.spot.items = places[place.items].spot if place.items in useful else None
        for name, pointers in place.properties.items():
            if frozenset(pointers) in useful:
                place.spot.properties[name] = places[frozenset(pointers)].spot
    return Layout(places[first].spot, all(places[start].even for start in useful))


def _useful(places: Mapping[Start, _Place]) -> set[Start]:
    """The places that lead to an array of numbers."""
    useful = {start for start, place in places.items() if place.spot.numbers}
    above: dict[Start, list[Start]] = {}
    for start, place in places.items():
        for below in place.below():
            above.setdefault(below, []).append(start)
    waiting = list(useful)
    while waiting:
        found = set(above.get(waiting.pop(), ())) - useful
        useful |= found
        waiting += found
    return useful


def _place(document: Mapping[str, Any], start: Start) -> _Place:
    place = _Place(Spot())
    items: set[str] = set()
    for node, here in _applied(document, start):
        if isinstance(node, bool):
            continue
        if not isinstance(node, Mapping):
            place.even = False
            continue
        if _refuses(node, {"array", "object"}):
            continue
        place.even = place.even and _is_even(node)
        place.spot.counted = place.spot.counted or "minItems" in node or "maxItems" in node
        if isinstance(node.get("items"), Mapping):
            items.add(join(here, "items"))
        declared = node.get("properties")
        for name in declared if isinstance(declared, Mapping) else ():
            place.properties.setdefault(name, set()).add(join(here, "properties", name))
    place.items = frozenset(items)
    if items:
        place.spot.numbers, even = _numbers(document, place.items)
        place.even = place.even and even
    return place


def _numbers(document: Mapping[str, Any], start: Start) -> tuple[bool, bool]:
    """Whether numbers are among what these schemas of items take by name, and whether they take all numbers or none."""
    found, even = False, True
    for node, _ in _applied(document, start):
        if not isinstance(node, Mapping):
            even = even and isinstance(node, bool)
            continue
        names = kinds(node)
        found = found or "number" in names
        if not _refuses(node, {"number", "integer"}):
            even = even and "integer" not in names and node.get("format") not in INTEGERS and _is_even(node)
    return found, even


def _refuses(node: Mapping[str, Any], names: set[str]) -> bool:
    """Whether a schema takes no value of these types by its own ``type``, whatever else it says."""
    return "type" in node and _says_types(node) and names.isdisjoint(kinds(node))


def _says_types(node: Mapping[str, Any]) -> bool:
    written = node["type"]
    return (
        written in _TYPES
        if isinstance(written, str)
        else bool(kinds(node)) and len(kinds(node)) == len(written) and _TYPES.issuperset(kinds(node))
    )


def _is_even(node: Mapping[str, Any]) -> bool:
    """Whether a schema has only keywords that cannot tell arrays of numbers apart, beyond their length."""
    return (
        all(name in _EVEN or name.startswith("x-") for name in node)
        and ("type" not in node or _says_types(node))
        and isinstance(node.get("items", True), (bool, Mapping))
        and isinstance(node.get("additionalProperties", True), bool)
    )


def _applied(document: Mapping[str, Any], start: Start) -> Iterator[tuple[Any, str]]:
    """The schemas of a place: those that it starts with, what they refer to, and their ``allOf``, ``anyOf`` and ``oneOf``. What cannot be followed is None."""
    seen: set[str] = set()
    waiting = sorted(start)
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        try:
            node = at(document, here)
        except SpecError:
            node = None
        yield node, here
        if not isinstance(node, Mapping):
            continue
        if "$ref" in node:
            reference = node["$ref"]
            if isinstance(reference, str) and (reference == "#" or reference.startswith("#/")):
                waiting.append(local_target(reference))
            else:
                yield None, here
        for key in _CHOICES:
            members = node.get(key)
            waiting += [join(here, key, number) for number in range(len(members))] if isinstance(members, list) else []


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
    """JSON text that is an array of arrays of numbers: the numbers packed, and how many each array has."""
    found = simd.floats(text) if simd.available() else None
    if found is None:
        arrays = decode_floats(text)
        return b"".join(_written(numbers, typecode) for numbers in arrays), [*map(len, arrays)]
    if typecode == "d":
        return found
    packed, lengths = found
    numpy = _numpy(len(packed) // 8)
    return bytes(numpy.frombuffer(packed).astype("f4")) if numpy else _written(
        memoryview(packed).cast("d"), "f"
    ), lengths


def _numpy(count: int) -> Any:
    """The library numpy, which narrows numbers in a tenth of the time that struct takes, where it is loaded or has come to pay; else None."""
    found = sys.modules.get("numpy")
    if found is None and _patience:
        _patience[0] -= count
        if _patience[0] < 0:  # as much time has been lost by now as loading it takes
            _patience.clear()
            with suppress(ImportError):
                found = import_module("numpy")
    return found


def _written(numbers: Sequence[float], typecode: str) -> bytes:
    try:
        return _packer(len(numbers), typecode)(*numbers)
    except (OverflowError, struct.error):
        raise ValueError("a number is beyond the range of float32") from None


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
        return Vector(typecode, _written(numbers, typecode))
    except (OverflowError, ValueError):
        return numbers
