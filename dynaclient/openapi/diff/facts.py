"""What the plain keywords of a clause say: limits, members of objects and of arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from dynaclient.openapi.check import Checker
from dynaclient.openapi.diff.clauses import KINDS, Clause, Clauses, Conj, Part
from dynaclient.openapi.formats import INTEGERS, TEXTS
from dynaclient.openapi.pointer import join

_ALL = ("", ".*", "^.*$", "^.*", ".*$")


class Range(NamedTuple):
    """From ``low`` to ``high``; ``open_low``, ``open_high``: without the end itself."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def meets(self, other: Range) -> bool:
        """Whether a number may be in both."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        if low < high:
            return True
        ends = any((one.low == low and one.open_low) or (one.high == high and one.open_high) for one in (self, other))
        return low == high and not ends

    def within(self, other: Range) -> bool:
        """Whether all of it is in another one."""
        above = self.low > other.low or (self.low == other.low and (self.open_low or not other.open_low))
        below = self.high < other.high or (self.high == other.high and (self.open_high or not other.open_high))
        return above and below


_Self = TypeVar("_Self", bound="Facts")
_Given = ParamSpec("_Given")
_Fact = TypeVar("_Fact")


def _once(
    read: Callable[Concatenate[_Self, _Given], _Fact],
) -> Callable[Concatenate[_Self, _Given], _Fact]:
    """Read each fact once."""
    name = read.__name__

    def known(self: _Self, /, *given: _Given.args, **named: _Given.kwargs) -> _Fact:
        key = (name, *given)
        if key not in self.known:
            self.known[key] = read(self, *given, **named)
        found: _Fact = self.known[key]
        return found

    known.__doc__ = read.__doc__
    return known


class Facts:
    """Reads clauses. ``closed``: whether ``additionalProperties: false`` counts."""

    def __init__(self, clauses: Clauses, *, closed: bool) -> None:
        self._clauses, self.closed = clauses, closed
        self.known: dict[tuple[Any, ...], Any] = {}

    def nodes(self, clause: Clause) -> list[Mapping[str, Any]]:
        """The schemas of a clause; of each only its plain keywords count."""
        return [self._clauses.own(part) for part in clause.parts]

    @_once
    def kinds(self, clause: Clause) -> frozenset[str]:
        """The kinds of values that a clause may accept."""
        found = clause.kinds
        for node in self.nodes(clause):
            found &= _kinds_of(node)
        return found

    @_once
    def whole(self, clause: Clause) -> bool:
        """Whether its numbers are integers."""
        return any("integer" in names and "number" not in names for names in map(types_of, self.nodes(clause)))

    @_once
    def listed(self, clause: Clause) -> list[Any] | None:
        """The values that it lists; None where it lists none."""
        for node in self.nodes(clause):
            if "const" in node:
                return [node["const"]]
        lists = [node["enum"] for node in self.nodes(clause) if isinstance(node.get("enum"), list)]
        return min(lists, key=len) if lists else None

    @_once
    def numbers(self, clause: Clause) -> Range:
        """The range of its numbers."""
        low, high = (-math.inf, False), (math.inf, False)  # the end, and whether it is left out
        for node in self.nodes(clause):
            for lowest, highest in _ends(node):
                low = max(low, lowest, key=lambda end: end)
                high = min(high, highest, key=lambda end: (end[0], not end[1]))
        if self.whole(clause):
            lowest_whole = math.floor(low[0]) + 1 if low[1] and low[0].is_integer() else low[0]
            highest_whole = math.ceil(high[0]) - 1 if high[1] and high[0].is_integer() else high[0]
            low = (lowest_whole if math.isinf(low[0]) else math.ceil(lowest_whole), False)
            high = (highest_whole if math.isinf(high[0]) else math.floor(highest_whole), False)
        return Range(low[0], high[0], low[1], high[1])

    @_once
    def sizes(self, clause: Clause, kind: str) -> Range:
        """How long its strings or arrays may be, or how many members its objects may have."""
        what = {"string": "Length", "array": "Items", "object": "Properties"}[kind]
        low, high = 0.0, math.inf
        for node in self.nodes(clause):
            low, high = max(low, number(node, f"min{what}", 0)), min(high, number(node, f"max{what}", math.inf))
        if kind == "object":
            low = max(low, len(self.required(clause)))
        return Range(low, high)

    @_once
    def steps(self, clause: Clause) -> list[Any]:
        """What its numbers are multiples of."""
        steps = [node["multipleOf"] for node in self.nodes(clause) if number(node, "multipleOf", 0) > 0]
        return [*steps, 1] if self.whole(clause) else steps

    @_once
    def texts(self, clause: Clause) -> frozenset[tuple[str, str]]:
        """The patterns and formats that its strings must have, without those that accept all."""
        found = set()
        for node in self.nodes(clause):
            pattern, name = node.get("pattern"), node.get("format")
            if isinstance(pattern, str) and pattern not in _ALL:
                found.add(("pattern", pattern))
            if isinstance(name, str) and name in TEXTS:
                found.add(("format", name))
        return frozenset(found)

    @_once
    def declared(self, clause: Clause) -> dict[str, None]:
        """The names of properties that it speaks of."""
        names: dict[str, None] = {}
        for node in self.nodes(clause):
            names.update(dict.fromkeys(mapping(node, "properties")))
            names.update(dict.fromkeys(strings(node.get("required"))))
            for name, needed in mapping(node, "dependentRequired").items():
                names.update(dict.fromkeys((name, *strings(needed))))
        return {name: None for name in names if not self.is_hidden(clause, name)}

    @_once
    def required(self, clause: Clause) -> frozenset[str]:
        """The properties that must be there."""
        names = {name for node in self.nodes(clause) for name in strings(node.get("required"))}
        return frozenset(name for name in names if not self.is_hidden(clause, name))

    @_once
    def is_hidden(self, clause: Clause, name: str) -> bool:
        """Whether a property is no part of the direction."""
        return any(self._clauses.hidden(place) for place in self._said(clause, name))

    def _said(self, clause: Clause, name: str) -> Iterator[Part]:
        for part in clause.parts:
            if name in mapping(self._clauses.own(part), "properties"):
                yield Part(part.side, join(part.pointer, "properties", name))

    @_once
    def member(self, clause: Clause, name: str) -> Conj:
        """The schemas that hold for a property."""
        found: list[Part] = []
        for part in clause.parts:
            node = self._clauses.own(part)
            steps = [("properties", name)] if name in mapping(node, "properties") else []
            patterns = [pattern for pattern in mapping(node, "patternProperties") if matches(pattern, name)]
            steps += [("patternProperties", pattern) for pattern in patterns]
            if steps:
                found += [Part(part.side, join(part.pointer, *step)) for step in steps]
            elif self._restricts(node):
                found.append(Part(part.side, join(part.pointer, "additionalProperties")))
        return tuple(found)

    @_once
    def rest(self, clause: Clause) -> Conj:
        """The schemas that hold for properties of which nothing is said; ``()`` where anything may come."""
        return tuple(
            Part(part.side, join(part.pointer, "additionalProperties"))
            for part in clause.parts
            if self._restricts(self._clauses.own(part))
        )

    def _restricts(self, node: Mapping[str, Any]) -> bool:
        """Whether a schema says anything of further properties."""
        return _says(node, "additionalProperties") and (self.closed or node["additionalProperties"] is not False)

    @_once
    def patterns(self, clause: Clause) -> dict[str, Conj]:
        """The patterns of property names, with the schemas that hold for them."""
        found: dict[str, Conj] = {}
        for part in clause.parts:
            for pattern in mapping(self._clauses.own(part), "patternProperties"):
                place = Part(part.side, join(part.pointer, "patternProperties", pattern))
                found[pattern] = (*found.get(pattern, ()), place)
        return found

    @_once
    def places(self, clause: Clause) -> int:
        """How many places of its arrays have schemas of their own."""
        return max((len(items(node, "prefixItems")) for node in self.nodes(clause)), default=0)

    @_once
    def item(self, clause: Clause, number: int) -> Conj:
        """The schemas that hold for the item at a place."""
        found = []
        for part in clause.parts:
            node = self._clauses.own(part)
            if number < len(items(node, "prefixItems")):
                found.append(Part(part.side, join(part.pointer, "prefixItems", number)))
            elif _says(node, "items"):
                found.append(Part(part.side, join(part.pointer, "items")))
        return tuple(found)


def _ends(node: Mapping[str, Any]) -> Iterator[tuple[tuple[float, bool], tuple[float, bool]]]:
    """The lower and upper ends that one schema sets, each with whether it is left out."""
    low, high = number(node, "minimum", -math.inf), number(node, "maximum", math.inf)
    yield (float(low), node.get("exclusiveMinimum") is True), (float(high), node.get("exclusiveMaximum") is True)
    low, high = number(node, "exclusiveMinimum", -math.inf), number(node, "exclusiveMaximum", math.inf)
    yield (float(low), low > -math.inf), (float(high), high < math.inf)
    least, most = INTEGERS.get(str(node.get("format")), (-math.inf, math.inf))
    yield (float(least), False), (float(most), False)


def types_of(node: Mapping[str, Any]) -> list[str]:
    """The types that one schema names."""
    written = node.get("type")
    return [written] if isinstance(written, str) else strings(written)


def _kinds_of(node: Mapping[str, Any]) -> frozenset[str]:
    names = types_of(node)
    return frozenset("number" if name == "integer" else name for name in names) & KINDS if names else KINDS


def _says(node: Mapping[str, Any], keyword: str) -> bool:
    """Whether a schema under this keyword says anything."""
    return node.get(keyword) is False or (isinstance(node.get(keyword), Mapping) and bool(node[keyword]))


def number(node: Mapping[str, Any], keyword: str, otherwise: float) -> Any:
    """The number that a keyword sets; what is no number says nothing."""
    value = node.get(keyword)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def mapping(node: Mapping[str, Any], keyword: str) -> Mapping[str, Any]:
    """What a keyword maps names to."""
    value = node.get(keyword)
    return value if isinstance(value, Mapping) else {}


def items(node: Mapping[str, Any], keyword: str) -> list[Any]:
    """The list under a keyword."""
    value = node.get(keyword)
    return value if isinstance(value, list) else []


def strings(value: Any) -> list[str]:
    """The strings of a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def fits(kind: str, word: str, text: str) -> bool:
    """Whether a string has a pattern or a format."""
    return matches(word, text) if kind == "pattern" else bool(TEXTS[word](text))


@lru_cache(maxsize=4096)
def matches(pattern: str, text: str) -> bool:
    """Whether a string holds a match of an ECMA-262 expression, as the validators of requests see it."""
    document = {"components": {"schemas": {"text": {"type": "string", "pattern": pattern}}}}
    return Checker(document, "3.1").validator("/components/schemas/text", "request").accepts(text)
