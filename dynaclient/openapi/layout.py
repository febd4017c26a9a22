"""Where arrays of numbers may stand in the values of a schema, and whether it can tell two such arrays apart. Found once for a reply; `vectors` reads by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.frozen import Struct, field
from dynaclient.openapi.formats import INTEGERS
from dynaclient.openapi.pointer import at, join, local_target
from dynaclient.openapi.shape import kinds

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
