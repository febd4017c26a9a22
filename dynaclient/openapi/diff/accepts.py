"""Does a value fit schemas of either document? Yes, no, or None where it cannot be said."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from dynaclient.openapi.diff import facts
from dynaclient.openapi.diff.clauses import Clause, Clauses, Conj, Part
from dynaclient.openapi.diff.facts import Facts, mapping, number, strings
from dynaclient.openapi.diff.keywords import divides
from dynaclient.openapi.diff.view import key
from dynaclient.openapi.formats import INTEGERS
from dynaclient.openapi.pointer import join

Said = bool | None


class Hole(NamedTuple):
    """Some string that a clause accepts, where none is known: it has a pattern."""

    clause: Clause


class Judge:
    """Judges values.

    Parameters
    ----------
    clauses, facts:
        The schemas.
    hole:
        Judges a string that is not known.
    """

    def __init__(self, clauses: Clauses, facts: Facts, hole: Callable[[Hole, Clause], Said]) -> None:
        self._clauses, self._facts, self._hole = clauses, facts, hole
        self._asked: dict[tuple[Conj, int], tuple[Said, Any]] = {}  # while one value is judged
        self._depth = 0

    def accepts(self, conj: Conj, value: Any) -> Said:
        """Whether all the schemas accept a value."""
        if not conj:
            return True
        if self._depth == 0:
            self._asked.clear()
        question = (conj, id(value))
        if question not in self._asked:
            self._depth += 1
            try:
                said = some(self.holds(clause, value) for clause in self._clauses.clauses(conj))
            finally:
                self._depth -= 1
            self._asked[question] = said, value  # kept, so that no other value takes its identity
        return self._asked[question][0]

    def holds(self, clause: Clause, value: Any) -> Said:
        """Whether a clause accepts a value."""
        plain = self.plain(clause, value)
        if plain is False:
            return False
        return every((plain, *(_not(self.accepts(conj, value)) for conj in clause.without)))

    def plain(self, clause: Clause, value: Any) -> Said:
        """Whether the plain keywords of a clause accept a value."""
        if kind_of(value) not in clause.kinds:
            return False
        if isinstance(value, Hole):
            return self._hole(value, clause)
        said = every(found for part in clause.parts for found in self._keywords(clause, part, value))
        return None if clause.marks and said else said

    def _keywords(self, clause: Clause, part: Part, value: Any) -> Iterator[Said]:
        node, kind = self._clauses.own(part), kind_of(value)
        names = facts.types_of(node)
        if names and kind not in names and not (kind == "number" and "integer" in names and _is_whole(value)):
            yield False
            return
        for keyword in ("const", "enum"):
            if keyword in node and not holed(value):
                values = [node["const"]] if keyword == "const" else facts.items(node, "enum")
                yield key(value) in {key(item) for item in values} or (
                    None if keyword == "enum" and not values else False
                )
        if kind == "number":
            yield from _number(node, value)
        elif kind == "string":
            yield _sized(node, "Length", len(value))
            yield from (facts.fits(*word, value) for word in self._facts.texts(Clause((part,))))
        elif kind == "array":
            yield from self._array(clause, part, node, value)
        elif kind == "object":
            yield from self._object(clause, part, node, value)

    def _array(self, clause: Clause, part: Part, node: Mapping[str, Any], value: list[Any]) -> Iterator[Said]:
        yield _sized(node, "Items", len(value))
        alone = Clause((part,))
        yield from (self.accepts(self._facts.item(alone, place), item) for place, item in enumerate(value))
        if node.get("uniqueItems") is True:
            yield None if holed(value) else len({key(item) for item in value}) == len(value)
        if "contains" in node:
            met = [self.accepts((Part(part.side, join(part.pointer, "contains")),), item) for item in value]
            least, most = number(node, "minContains", 1), number(node, "maxContains", len(met))
            sure, perhaps = met.count(True), met.count(True) + met.count(None)
            yield False if perhaps < least or sure > most else True if sure == perhaps else None
        if "unevaluatedItems" in node and node["unevaluatedItems"] is not True:
            known = len(facts.items(node, "prefixItems"))
            covered = any(isinstance(other.get("items"), Mapping) for other in self._facts.nodes(clause))
            yield True if len(value) <= known else None if covered or node["unevaluatedItems"] is not False else False

    def _object(self, clause: Clause, part: Part, node: Mapping[str, Any], value: dict[str, Any]) -> Iterator[Said]:
        hidden = {name for name in strings(node.get("required")) if self._facts.is_hidden(clause, name)}
        yield all(name in value or name in hidden for name in strings(node.get("required")))
        yield _sized(node, "Properties", len(value))
        alone = Clause((part,))
        for name, item in value.items():
            if self._facts.is_hidden(alone, name):
                yield not self._facts.closed or node.get("additionalProperties") is not False
            else:
                yield self.accepts(self._facts.member(alone, name), item)
        for name, needed in mapping(node, "dependentRequired").items():
            yield name not in value or all(other in value for other in strings(needed))
        for name in mapping(node, "dependentSchemas"):
            if name in value:
                yield self.accepts((Part(part.side, join(part.pointer, "dependentSchemas", name)),), value)
        if "propertyNames" in node:
            place = Part(part.side, join(part.pointer, "propertyNames"))
            yield from (self.accepts((place,), name) for name in value)
        if self._facts.closed and node.get("unevaluatedProperties", True) is not True:
            yield self._unevaluated(clause, part, node, value)

    def _unevaluated(self, clause: Clause, part: Part, node: Mapping[str, Any], value: dict[str, Any]) -> Said:
        strange = [name for name in value if not self._facts.member(Clause((part,)), name)]
        if not strange:
            return True
        met = any(self._facts.member(clause, name) or name in self._facts.declared(clause) for name in strange)
        return None if met or node["unevaluatedProperties"] is not False else False


def _number(node: Mapping[str, Any], value: float) -> Iterator[Said]:
    for keyword in ("minimum", "maximum"):
        limit = number(node, keyword, value)
        strict = f"exclusive{keyword.capitalize()}"
        yield _compare(keyword, value, limit)
        yield not (node.get(strict) is True and keyword in node and value == limit)
        if (end := number(node, strict, math.inf)) != math.inf:
            yield value != end and _compare(keyword, value, end)
    step = number(node, "multipleOf", 0)
    yield divides(step, value) if step > 0 else True
    low, high = INTEGERS.get(str(node.get("format")), (value, value))
    yield low <= value <= high


def _compare(keyword: str, value: float, limit: float) -> bool:
    return value >= limit if keyword == "minimum" else value <= limit


def _sized(node: Mapping[str, Any], what: str, size: int) -> bool:
    return bool(number(node, f"min{what}", 0) <= size <= number(node, f"max{what}", size))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def kind_of(value: Any) -> str:
    """The kind of a JSON value; an integer is a number."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float | Decimal):
        return "number"
    return "string" if isinstance(value, str | Hole) else "array" if isinstance(value, list) else "object"


def holed(value: Any) -> bool:
    """Whether something in a value is not known."""
    if isinstance(value, Hole):
        return True
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(holed, inner))


def every(found: Iterable[Said]) -> Said:
    """Whether all are true."""
    said: Said = True
    for one in found:
        if one is False:
            return False
        said = None if one is None else said
    return said


def some(found: Iterable[Said]) -> Said:
    """Whether one is true."""
    said: Said = False
    for one in found:
        if one:
            return True
        said = None if one is None else said
    return said


def _not(said: Said) -> Said:
    return None if said is None else not said
