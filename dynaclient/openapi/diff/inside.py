"""Does one clause lie within another one, and can a clause and a schema have a value in common? By their keywords."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from dynaclient.openapi.diff.accepts import Judge
from dynaclient.openapi.diff.clauses import Clause, Clauses, Conj
from dynaclient.openapi.diff.facts import Facts, mapping, strings
from dynaclient.openapi.diff.keywords import divides
from dynaclient.openapi.diff.view import key

_FEW = 40
_ALL: Mapping[str, list[Any]] = {"null": [None], "boolean": [True, False]}
_DEEPEST = 12
# Keywords that are compared as they are written, by the kind of value that they concern.
_AS_WRITTEN = {
    "array": ("contains", "minContains", "maxContains", "unevaluatedItems"),
    "object": ("propertyNames", "dependentSchemas", "unevaluatedProperties"),
}


class Inside:
    """Compares clauses.

    Parameters
    ----------
    clauses, facts, judge:
        The schemas.
    within:
        Whether schemas lie within others.
    """

    def __init__(self, clauses: Clauses, facts: Facts, judge: Judge, within: Callable[[Conj, Conj], bool]) -> None:
        self._clauses, self._facts, self._judge, self._within = clauses, facts, judge, within
        self._apart: dict[tuple[Conj, Conj], bool] = {}
        self._depth = 0

    def values(self, clause: Clause, kind: str) -> list[Any] | None:
        """All values of a kind that a clause accepts, where they are few; None where they are not."""
        listed = self._facts.listed(clause)
        if listed is None and kind == "number" and self._facts.whole(clause):
            span = self._facts.numbers(clause)
            if span.high - span.low < _FEW:
                listed = list(range(int(span.low), int(span.high) + 1))
        if listed is None:
            listed = _ALL.get(kind)
        if listed is None:
            return None
        return [value for value in listed if self._judge.holds(clause, value) is not False]

    def fits(self, narrow: Clause, wide: Clause, kind: str) -> bool:
        """Whether the second clause is proved to accept all values of a kind that the first one accepts."""
        if kind not in wide.kinds or not wide.marks <= narrow.marks or self._facts.listed(wide) is not None:
            return False
        plain = {"number": self._numbers, "string": self._strings, "array": self._arrays, "object": self._objects}
        return plain[kind](narrow, wide) and all(self._avoids(narrow, conj, kind) for conj in wide.without)

    def _avoids(self, clause: Clause, conj: Conj, kind: str) -> bool:
        """Whether no value of a kind that a clause accepts fits schemas."""
        if any(self._within(conj, other) for other in clause.without):
            return True
        if self._disjoint(clause, conj, kind):
            return True
        # What fits both was not accepted before.
        both = (*clause.parts, *conj)
        return any(self._within(both, other) for other in clause.without)

    def _numbers(self, narrow: Clause, wide: Clause) -> bool:
        if self._facts.whole(wide) and not self._facts.whole(narrow):
            return False
        steps = self._facts.steps(narrow)
        return self._facts.numbers(narrow).within(self._facts.numbers(wide)) and all(
            any(divides(step, mine) for mine in steps) for step in self._facts.steps(wide)
        )

    def _strings(self, narrow: Clause, wide: Clause) -> bool:
        sizes = self._facts.sizes(narrow, "string").within(self._facts.sizes(wide, "string"))
        return sizes and self._facts.texts(wide) <= self._facts.texts(narrow)

    def _written(self, narrow: Clause, wide: Clause, kind: str) -> bool:
        """Whether what is compared as it is written is written by the first too."""
        mine, theirs = ([_taken(node, kind) for node in self._facts.nodes(clause)] for clause in (narrow, wide))
        return all(not taken or key(taken) in {key(one) for one in mine} for taken in theirs) and not any(
            word.startswith("unevaluated") or b'"$ref"' in key(value)
            for taken in theirs
            for word, value in taken.items()
        )

    def _arrays(self, narrow: Clause, wide: Clause) -> bool:
        sizes = self._facts.sizes(narrow, "array")
        if not sizes.within(self._facts.sizes(wide, "array")) or not self._written(narrow, wide, "array"):
            return False
        unique = [
            any(node.get("uniqueItems") is True for node in self._facts.nodes(clause)) for clause in (narrow, wide)
        ]
        if unique[1] and not unique[0] and sizes.high > 1:
            return False
        last = min(max(self._facts.places(narrow), self._facts.places(wide)), sizes.high - 1)
        places = range(int(last) + 1)
        return all(self._within(self._facts.item(narrow, place), self._facts.item(wide, place)) for place in places)

    def _objects(self, narrow: Clause, wide: Clause) -> bool:
        facts = self._facts
        if not facts.required(wide) <= facts.required(narrow) or not self._written(narrow, wide, "object"):
            return False
        if not self._counts(narrow).within(self._counts(wide)) or not self._depends(narrow, wide):
            return False
        mine, theirs = facts.patterns(narrow), facts.patterns(wide)
        if not theirs.keys() <= mine.keys() or not all(
            self._within(conj, theirs.get(name) or facts.rest(wide)) for name, conj in mine.items()
        ):
            return False
        others = {name: None for name in facts.declared(wide) if facts.member(narrow, name)}
        described = {**facts.declared(narrow), **others}
        return all(self._within(facts.member(narrow, name), facts.member(wide, name)) for name in described) and (
            self._within(facts.rest(narrow), facts.rest(wide))
        )

    def _counts(self, clause: Clause) -> Any:
        found = self._facts.sizes(clause, "object")
        closed = any(self._clauses.node(part) is False for part in self._facts.rest(clause))
        if found.high == math.inf and closed and not self._facts.patterns(clause):
            found = found._replace(high=float(len(self._facts.declared(clause))))
        return found

    def _depends(self, narrow: Clause, wide: Clause) -> bool:
        """Whether what is required beside a property is required anyway."""
        mine: dict[str, set[str]] = {}
        for node in self._facts.nodes(narrow):
            for name, needed in mapping(node, "dependentRequired").items():
                mine.setdefault(name, set()).update(strings(needed))
        required = self._facts.required(narrow)
        return all(
            set(strings(needed)) <= required | mine.get(name, set())
            for node in self._facts.nodes(wide)
            for name, needed in mapping(node, "dependentRequired").items()
        )

    def _disjoint(self, clause: Clause, conj: Conj, kind: str) -> bool:
        """Whether no value of a kind fits both; False where it cannot be said."""
        return all(
            kind not in self._facts.kinds(other) or self._parted(clause, other, kind)
            for other in self._clauses.clauses(conj)
        )

    def apart(self, one: Conj, other: Conj) -> bool:
        """Whether no value fits both; False where it cannot be said."""
        found = self._apart.get((one, other))
        if found is None:
            self._apart[one, other] = False  # within a circle
            self._depth += 1
            found = self._depth < _DEEPEST and all(
                self._disjoint(clause, other, kind)
                for clause in self._clauses.clauses(one)
                for kind in self._facts.kinds(clause)
            )
            self._depth -= 1
            self._apart[one, other] = found
        return found

    def _parted(self, one: Clause, other: Clause, kind: str) -> bool:
        for left, right in ((one, other), (other, one)):
            values = self.values(left, kind)
            if values is not None:
                return all(self._judge.plain(right, value) is False for value in values)
        if kind == "number":
            return not self._facts.numbers(one).meets(self._facts.numbers(other))
        sizes = [self._facts.sizes(clause, kind) for clause in (one, other)]
        if not sizes[0].meets(sizes[1]):
            return True
        if kind == "array":
            least = int(max(size.low for size in sizes))
            return any(
                self.apart(self._facts.item(one, n), self._facts.item(other, n)) for n in range(min(least, _FEW))
            )
        return kind == "object" and self._members_part(one, other)

    def _members_part(self, one: Clause, other: Clause) -> bool:
        facts = self._facts
        declared = facts.declared(one)
        for name in sorted(facts.required(one) | facts.required(other)):
            if name in facts.required(other) and name not in declared and not facts.member(one, name):
                return True  # of an open object only the properties that it names count
            if self.apart(facts.member(one, name), facts.member(other, name)):
                return True
        return False


def _taken(node: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {word: node[word] for word in _AS_WRITTEN[kind] if word in node and node[word] is not True}
