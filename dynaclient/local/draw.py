"""A value by chance that satisfies a schema: what callers and services send in earnest differs from the smallest value.

The drafts of ``example`` are written by dice here: which optional properties are there, how long an array is, which branch of a choice is
taken. The validator of the whole schema decides; where the dice find nothing in a few throws, ``example`` makes the value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from random import Random
from typing import Any

from dynaclient.errors import SpecError, UnsupportedError
from dynaclient.local import scalars
from dynaclient.local.example import (
    Accepts,
    Direction,
    Maker,
    Part,
    Way,
    example,
    item_parts,
    offered,
    property_parts,
    types_of,
)
from dynaclient.openapi.pointer import at, deref

Words = Callable[[Random], str]

_THROWS = 6
_DEEPEST = 6  # beyond it only what is required
_WORDS = (
    "",
    "x",
    "two words",
    "a,b;c=d&e",
    "100%/\\",
    "Zürich",
    "日本",
    "\U0001f600",
    "null",
    "true",
    "1",
    '"q"',
    "a+b",
    "#?",
)


def any_words(chance: Random) -> str:
    """A text with something in it that careless programs get wrong."""
    return chance.choice(_WORDS)


def draw(
    document: Mapping[str, Any],
    pointer: str,
    accepts: Accepts,
    chance: Random,
    direction: Direction = "reply",
    words: Words = any_words,
) -> Any:
    """A value that satisfies a schema, another one each time.

    Parameters
    ----------
    document, pointer, accepts, direction:
        As for ``example``.
    chance:
        The source of chance; the same seed gives the same values.
    words:
        Gives the texts that stand where the schema asks for no particular one.

    Raises
    ------
    UnsupportedError
        Where no value is found; ``pointer`` names the schema that stands in the way.
    """
    node = at(document, pointer)
    if isinstance(node, Mapping) and set(node) == {"$ref"}:
        node, pointer = deref(document, node, pointer)
    for _ in range(_THROWS):
        with suppress(SpecError):
            value = _Dice(document, chance, direction, words).make((Part(node, pointer),))
            if accepts(pointer, value):
                return value
    return example(document, pointer, accepts, direction)


class _Dice(Maker):
    def __init__(self, document: Mapping[str, Any], chance: Random, direction: Direction, words: Words) -> None:
        super().__init__(document, lambda _pointer, _value: True, direction)
        self._chance = chance
        self._words = words

    def make(self, parts: Way, salt: int = 0) -> Any:
        """A value for all the parts at once; what is made is made anew each time."""
        self._known.clear()
        return super().make(parts, self._chance.randrange(1000))

    def _choices(self, part: Part, owner: str) -> list[list[Way]]:
        return [self._chance.sample(branches, len(branches)) for branches in super()._choices(part, owner)]

    def _drafts(self, way: Way, salt: int) -> Iterator[Any]:
        nodes = [part.node for part in way if isinstance(part.node, Mapping)]
        shown = list(offered(nodes))
        fixed = any("const" in node or "enum" in node for node in nodes)
        if shown and (fixed or self._chance.random() < 0.3):
            fitting = [value for value in shown if all(_allows(node, value) for node in nodes)]
            yield self._chance.choice(fitting or shown)
        kinds = types_of(nodes)
        if not kinds:
            return
        if kinds[0] != "null" and "null" in kinds and self._chance.random() < 0.8:
            kinds.remove("null")
        kind = self._chance.choice(kinds)
        if kind == "object":
            yield self._members(way, nodes)
        elif kind == "array":
            yield self._items(way)
        elif kind == "string":
            yield from self._packed(way, salt)
            yield self._text(nodes, salt)
        elif kind in ("integer", "number"):
            yield self._number(nodes, whole=kind == "integer")
        elif kind == "boolean":
            yield self._chance.random() < 0.5
        else:
            yield None

    def _members(self, way: Way, nodes: list[Mapping[str, Any]]) -> dict[str, Any]:
        required = [name for node in nodes for name in _list(node, "required") if isinstance(name, str)]
        known = [name for node in nodes for name in _mapping(node, "properties")]
        share = self._chance.choice((0.1, 0.5, 1.0)) if len(self._open) < _DEEPEST else 0.0
        value = {}
        for name in dict.fromkeys([*required, *known]):
            if self._hidden(way, name):
                continue
            if name in required:
                value[name] = self.make(property_parts(way, name))
            elif self._chance.random() < share:
                with suppress(UnsupportedError):
                    value[name] = self.make(property_parts(way, name))
        if share and any(isinstance(node.get("additionalProperties"), Mapping) for node in nodes):
            for name in self._chance.sample(("one", "two words", "x-3"), self._chance.randrange(3)):
                with suppress(UnsupportedError):
                    value.setdefault(name, self.make(property_parts(way, name)))
        return value

    def _items(self, way: Way) -> list[Any]:
        parts = [part for part in way if isinstance(part.node, Mapping)]
        least = max((part.node.get("minItems", 0) for part in parts), default=0)
        most = min((part.node.get("maxItems", math.inf) for part in parts), default=math.inf)
        size = int(min(most, least + self._chance.randrange(3 if len(self._open) < _DEEPEST else 1)))
        items: list[Any] = []
        for number in range(size):
            wanted = [item for part in parts for item in item_parts(part, number)]
            wanted += [part.child("contains") for part in parts if "contains" in part.node]
            try:
                items.append(self.make(tuple(wanted) or (Part({}, ""),)))
            except UnsupportedError:
                if number < least:
                    raise
        return items

    def _text(self, nodes: list[Mapping[str, Any]], salt: int) -> str:
        word = self._words(self._chance)
        formed = any(key in node for node in nodes for key in ("format", "contentEncoding"))
        patterns = [node["pattern"] for node in nodes if "pattern" in node]
        if formed or not all(scalars.found(str(pattern), word) for pattern in patterns):
            return str(next(scalars.drafts("string", nodes, salt % 28)))
        least = int(max((node.get("minLength", 0) for node in nodes), default=0))
        most = min((node.get("maxLength", math.inf) for node in nodes), default=math.inf)
        text = word.ljust(least, "x")
        return text if len(text) <= most else text[: int(most)]

    def _number(self, nodes: list[Mapping[str, Any]], *, whole: bool) -> int | float:
        low, high = scalars.bounds(nodes)
        steps = [node["multipleOf"] for node in nodes if "multipleOf" in node]
        begin = low if low is not None else (high - 100 if high is not None else -10)
        end = high if high is not None else begin + 100
        if steps or whole:
            step = max(steps, default=1)
            first, last = math.ceil(begin / step), math.floor(min(end, begin + 1000 * step) / step)
            return self._chance.randint(first, max(first, last)) * step
        return self._chance.choice((begin, end, begin + (end - begin) * round(self._chance.random(), 3)))


def _allows(node: Mapping[str, Any], value: Any) -> bool:
    return ("const" not in node or node["const"] == value) and ("enum" not in node or value in _list(node, "enum"))


def _list(node: Mapping[str, Any], key: str) -> list[Any]:
    value = node.get(key)
    return value if isinstance(value, list) else []


def _mapping(node: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = node.get(key)
    return value if isinstance(value, Mapping) else {}
