"""``x-dynaclient-decode``: where a reply carries packed numbers as text, and how they are unpacked.

The schema is searched once; what is found are a few steps that a reply is walked along, so that nothing else of it is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import isfinite, isnan
from typing import Any

from dynaclient.errors import Problem, SpecError
from dynaclient.frozen import Struct, field
from dynaclient.openapi.media import base64_decoder
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import subschemas
from dynaclient.value import Vector, vector

DECODE_KEYS = ("encoding", "type", "byteOrder", "finite")
"""The keys of ``x-dynaclient-decode``."""
_TYPECODES = {"float32": "f", "float64": "d", "int8": "b", "uint8": "B", "int32": "i", "uint32": "I"}


class Step(Struct):
    """One level of a reply: what to do with its text, its items and its properties."""

    decode: Callable[[str], Any] | None = None
    pointer: str = ""
    items: Step | None = None
    properties: dict[str, Step] = field(default_factory=dict)


class _Place(Struct):
    """A schema on the way: its step, and where its items and properties may stand."""

    step: Step
    items: list[str] = field(default_factory=list)
    properties: dict[str, list[str]] = field(default_factory=dict)

    def below(self) -> list[str]:
        return [*self.items, *(pointer for pointers in self.properties.values() for pointer in pointers)]


def decoding(document: Mapping[str, Any], pointer: str) -> Step | None:
    """What is decoded in a value of this schema, as steps that lead back to themselves where the schema does; None where nothing is.

    Raises
    ------
    SpecError
        Where an ``x-dynaclient-decode`` on the way makes no sense.
    """
    places = _places(document, pointer)
    useful = {here for here, place in places.items() if place.step.decode}
    above: dict[str, list[str]] = {}
    for here, place in places.items():
        for below in place.below():
            above.setdefault(below, []).append(here)
    waiting = list(useful)
    while waiting:
        found = set(above.get(waiting.pop(), ())) - useful
        useful |= found
        waiting += found
    for here in useful:
        place = places[here]
        place.step.items = next((places[below].step for below in place.items if below in useful), None)
        for name, pointers in place.properties.items():
            step = next((places[below].step for below in pointers if below in useful), None)
            if step is not None:
                place.step.properties[name] = step
    return places[pointer].step if pointer in useful else None


def _places(document: Mapping[str, Any], pointer: str) -> dict[str, _Place]:
    """Every schema that a value of this schema can reach, each once."""
    places: dict[str, _Place] = {}
    waiting = [pointer]
    while waiting:
        start = waiting.pop()
        if start in places:
            continue
        place = places[start] = _Place(Step())
        for node, here in subschemas(document, start):
            if "x-dynaclient-decode" in node:
                place.step.pointer = join(here, "x-dynaclient-decode")
                place.step.decode = _decoder(node["x-dynaclient-decode"], place.step.pointer)
            if isinstance(node.get("items"), Mapping):
                place.items.append(join(here, "items"))
            declared = node.get("properties")
            for name in declared if isinstance(declared, Mapping) else ():
                place.properties.setdefault(name, []).append(join(here, "properties", name))
        waiting += place.below()
    return places


def _decoder(written: Any, pointer: str) -> Callable[[str], Any]:
    if not isinstance(written, Mapping):
        raise SpecError("an object with `encoding`, `type` and `byteOrder` is expected here", pointer=pointer)
    encoding, kind, order = (
        str(written.get(key, default))
        for key, default in (("encoding", "base64"), ("type", "float32"), ("byteOrder", "little"))
    )
    if encoding != "base64" or kind not in _TYPECODES or order not in ("little", "big"):
        raise SpecError(
            f"cannot decode {encoding!r} of {kind!r} in {order!r} order; known are base64 of {', '.join(_TYPECODES)}, little or big",
            pointer=pointer,
        )
    unknown = [str(name) for name in written if name not in DECODE_KEYS]
    if unknown:
        raise SpecError(f"unknown: {', '.join(unknown)}; known are {', '.join(DECODE_KEYS)}", pointer=pointer)
    finite = written.get("finite", False)
    if not isinstance(finite, bool) or (finite and kind not in ("float32", "float64")):
        raise SpecError("`finite` is true or false, and true for float32 and float64 only", pointer=pointer)
    typecode, little = _TYPECODES[kind], order == "little"
    make = partial(vector, typecode=typecode, little=little)
    return base64_decoder(_finite(make, typecode, little) if finite else make)


def _finite(make: Callable[[bytes], Vector], typecode: str, little: bool) -> Callable[[bytes], Vector]:
    """What makes a vector of packed numbers, of which none may be NaN or infinite.

    Only a float whose first byte is 7F or FF can be either (IEEE 754, 3.4): it is 2**127 or more, which no usual number is. The first bytes alone
    are looked at, a microsecond for a thousand numbers.
    """
    width = 4 if typecode == "f" else 8
    begin = width - 1 if little else 0

    def checked(data: bytes) -> Vector:
        first = data[begin::width]
        if 0x7F in first or 0xFF in first:
            for place, number in enumerate(make(data)):
                if not isfinite(number):
                    name = "NaN" if isnan(number) else "an infinity"
                    raise ValueError(f"the number at place {place:,} of {len(data) // width:,} is {name}")
        return make(data)

    return checked


def decoded(step: Step, value: Any, where: str, problems: list[Problem]) -> Any:
    """The value with its texts decoded, in place; a text that cannot be is left as it came, and noted."""
    holder = [value]
    if not _unpacked(Step(items=step), holder):
        problems += _faults(step, holder[0], where)
    return holder[0]


def _unpacked(step: Step, value: Any) -> bool:
    """Decode what is below a value, in place, and without a word of where it stands, which most replies have no use for; whether all could be."""
    if type(value) is dict:
        return _fields_unpacked(step, value)
    below, good = step.items, True
    if type(value) is not list or below is None or (value and type(value[0]) is float and type(value[-1]) is float):
        return good
    for number, item in enumerate(value):
        if type(item) is dict:
            good = _fields_unpacked(below, item) and good
        elif type(item) is list:
            good = _unpacked(below, item) and good
        elif type(item) is str and below.decode is not None:
            good = _put(value, number, below.decode) and good
    return good


def _fields_unpacked(step: Step, value: dict[str, Any]) -> bool:
    good = True
    for name, below in step.properties.items():
        item = value.get(name)
        if type(item) is str:
            if below.decode is not None:
                good = _put(value, name, below.decode) and good
        elif item:
            good = _unpacked(below, item) and good
    return good


def _put(container: Any, key: Any, decode: Callable[[str], Any]) -> bool:
    try:
        container[key] = decode(container[key])
    except ValueError:
        return False
    return True


def _faults(step: Step, value: Any, where: str) -> Iterator[Problem]:
    """What is wrong with the texts that are still there, and where."""
    if type(value) is str and step.decode is not None:
        try:
            step.decode(value)
        except ValueError as error:
            yield Problem(where, str(error), step.pointer)
    elif type(value) is list and step.items is not None:
        for number, item in enumerate(value):
            yield from _faults(step.items, item, f"{where}[{number}]")
    elif type(value) is dict:
        for name, below in step.properties.items():
            yield from _faults(below, value.get(name), f"{where}.{name}")
