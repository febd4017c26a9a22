"""Values that a clause accepts, chosen to be refused by others: the proof that a schema accepts less."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from dynaclient.openapi.diff import facts
from dynaclient.openapi.diff.accepts import Hole, Judge, kind_of
from dynaclient.openapi.diff.clauses import Clause, Clauses, Conj
from dynaclient.openapi.diff.facts import Facts, number
from dynaclient.openapi.formats import EXAMPLES

NOTHING: Any = object()
"""Stands for no value."""

_LONGEST = 10_000
_MOST_ITEMS = 130
# Keywords by which an object may be refused for a property that is good in itself.
_PICKY = frozenset({"dependentRequired", "dependentSchemas", "propertyNames", "unevaluatedProperties"})
_DEEPEST = 8
_WORDS = ("", "x", "word", "A1", "two words", "1", "true")


class Samples:
    """Makes values."""

    def __init__(self, clauses: Clauses, facts: Facts, judge: Judge, witness: Callable[[Conj, Conj], Any]) -> None:
        self._clauses, self._facts, self._judge = clauses, facts, judge
        self._witness = witness
        self._first: dict[Conj, Any] = {}
        self._depth = 0

    def first(self, conj: Conj) -> Any:
        """A small value that fits, ``NOTHING`` where none is found."""
        if conj not in self._first:
            self._first[conj] = NOTHING  # within a circle
            found = next(iter(self._any(conj)), NOTHING)
            if found is NOTHING:
                del self._first[conj]
                return found
            self._first[conj] = found
        return self._first[conj]

    def _any(self, conj: Conj) -> Iterator[Any]:
        if self._depth > _DEEPEST:
            return
        self._depth += 1
        try:
            for clause in self._clauses.clauses(conj):
                for kind in sorted(self._facts.kinds(clause), key=_ORDER.index):
                    yield from (
                        value for value in self.of(clause, kind, ()) if self._judge.holds(clause, value) is not False
                    )
        finally:
            self._depth -= 1

    def of(self, clause: Clause, kind: str, others: tuple[Clause, ...]) -> Iterator[Any]:
        """Values of one kind that a clause likely accepts; ``others``: the clauses that should refuse them."""
        listed = self._facts.listed(clause)
        if listed is not None:
            made: Iterator[Any] = iter(listed)
        else:
            made = _MAKERS[kind](self, clause, others)
        return chain(made, self._of_without(clause, kind, others))

    def _of_without(self, clause: Clause, kind: str, others: tuple[Clause, ...]) -> Iterator[Any]:
        """Values that the others leave out: those of a further alternative of ``oneOf``, those under ``not``."""
        for conj in dict.fromkeys(conj for other in others for conj in other.without):
            both = (*clause.parts, *conj)
            for value in (self.first(both), *(self._witness(both, before) for before in clause.without)):
                if value is not NOTHING and kind_of(value) == kind:
                    yield value

    def _null(self, clause: Clause, others: tuple[Clause, ...]) -> Iterator[Any]:
        yield None

    def _boolean(self, clause: Clause, others: tuple[Clause, ...]) -> Iterator[Any]:
        yield from (True, False)

    def _number(self, clause: Clause, others: tuple[Clause, ...]) -> Iterator[Any]:
        steps = self._facts.steps(clause)
        step = max(steps, default=1)
        for one in (clause, *others):
            span = self._facts.numbers(one)
            for end in (span.low, span.high):
                if math.isfinite(end):
                    whole = int(end) if float(end).is_integer() else end
                    yield from (whole, whole + step, whole - step)
                    yield from () if steps else (end + 0.5, end - 0.5)
                    yield (math.floor(end / step) + 1) * step
        yield from (step * count for count in (0, 1, 2, 3, -1, 5, 7))
        yield from (0.5, 1.25, -0.5)

    def _string(self, clause: Clause, others: tuple[Clause, ...]) -> Iterator[Any]:
        found = False
        sizes = self._facts.sizes(clause, "string")
        words = [word for kind, word in sorted(self._facts.texts(clause)) if kind == "pattern"]
        made = [*_WORDS, *(_plain(word) for word in words), *EXAMPLES.values()]
        for one in (clause, *others):
            span = self._facts.sizes(one, "string")
            ends = (span.low, span.low - 1, span.high, span.high + 1)
            made += ["x" * int(end) for end in ends if 0 <= end <= _LONGEST]
        for text in sorted(made, key=lambda text: text == ""):
            if sizes.low <= len(text) <= sizes.high and self._judge.holds(clause, text):
                found = True
                yield text
        if not found:
            yield Hole(clause)

    def _array(self, clause: Clause, others: tuple[Clause, ...]) -> Iterator[Any]:
        sizes = self._facts.sizes(clause, "array")
        ends = {sizes.low, sizes.low + 1, 2.0, sizes.high, float(self._facts.places(clause))}
        for other in others:
            span = self._facts.sizes(other, "array")
            ends |= {span.low - 1, span.high + 1, span.low, float(self._facts.places(other)) + 1}
            ends |= {
                number(node, word, 0) + 1
                for node in self._facts.nodes(other)
                for word in ("minContains", "maxContains")
            }
            ends |= {number(node, "minContains", 0) - 1 for node in self._facts.nodes(other)}
        for size in sorted(end for end in ends if sizes.low <= end <= min(sizes.high, _MOST_ITEMS)):
            base = [self.first(self._facts.item(clause, place)) for place in range(int(size))]
            if any(item is NOTHING for item in base):
                continue
            yield base
            if any(node.get("uniqueItems") is True for node in self._facts.nodes(clause)):
                yield list(range(int(size)))
            yield from self._changed_items(clause, others, base)

    def _changed_items(self, clause: Clause, others: tuple[Clause, ...], base: list[Any]) -> Iterator[Any]:
        places = range(min(len(base), max(self._facts.places(one) for one in (clause, *others)) + 1))
        for place in places:
            for other in others:
                bad = self._witness(self._facts.item(clause, place), self._facts.item(other, place))
                if bad is not NOTHING:
                    yield [*base[:place], bad, *base[place + 1 :]]
        if others and len(base) > 1:  # each item refused by another one
            bads = [self._witness(self._facts.item(clause, 0), self._facts.item(other, 0)) for other in others]
            bads = [bad for bad in bads if bad is not NOTHING]
            if len(bads) > 1:
                yield [bads[number % len(bads)] for number in range(len(base))]

    def _object(self, clause: Clause, others: tuple[Clause, ...]) -> Iterator[Any]:
        base: dict[str, Any] = {}
        for name in sorted(self._facts.required(clause)):
            base[name] = self.first(self._facts.member(clause, name))
            if base[name] is NOTHING:
                return
        declared = self._facts.declared(clause)
        base = self._filled(clause, base, self._facts.sizes(clause, "object").low)
        yield base
        for other in others:
            span = self._facts.sizes(other, "object")
            for size in (span.low - 1, span.high + 1):
                if len(base) < size < _MOST_ITEMS:
                    yield self._filled(clause, base, size)
        yield from self._with_members(clause, others, base)
        full = {name: self.first(self._facts.member(clause, name)) for name in declared}
        yield {**base, **{name: item for name, item in full.items() if item is not NOTHING}}

    def _filled(self, clause: Clause, base: dict[str, Any], size: float) -> dict[str, Any]:
        """An object with so many more members, where these may come."""
        found = dict(base)
        for name in (*self._facts.declared(clause), *(f"extra{count or ''}" for count in range(int(size)))):
            if len(found) < size and name not in found:
                item = self.first(self._facts.member(clause, name))
                if item is not NOTHING:
                    found[name] = item
        return found

    def _with_members(self, clause: Clause, others: tuple[Clause, ...], base: dict[str, Any]) -> Iterator[Any]:
        declared = self._facts.declared(clause)
        all_bad: dict[str, Any] = {}
        picky = not others or any(
            other.without or any(node.keys() & _PICKY for node in self._facts.nodes(other)) for other in others
        )
        for name in (*declared, *self._further(clause, others)):
            tried: list[tuple[str, Any]] = []
            mine = self._facts.member(clause, name)
            for conj in dict.fromkeys(self._facts.member(other, name) for other in others):
                bad = self._witness(mine, conj)
                if bad is not NOTHING and (kind_of(bad), bad) not in tried:
                    tried.append((kind_of(bad), bad))
                    yield {**base, name: bad}
                    all_bad.setdefault(name, bad)
            if picky and name not in base and (item := self.first(mine)) is not NOTHING:
                yield {**base, name: item}
        if len(all_bad) > 1:
            yield {**base, **all_bad}

    def _further(self, clause: Clause, others: tuple[Clause, ...]) -> Iterator[str]:
        """Names of properties that a clause says nothing of, but may come.

        What the others describe and this one does not is left aside: an open object is no promise to take what it does
        not name.
        """
        yield "extra"
        strange = {name for one in others for node in self._facts.nodes(one) for name in _conditional(node)}
        patterns = [name for one in (clause, *others) for name in self._facts.patterns(one)]
        yield from (*sorted(strange), *(_plain(pattern) for pattern in patterns))
        names = dict.fromkeys(name for one in others for name in self._facts.declared(one))
        yield from (name for name in names if self._facts.member(clause, name))


def _conditional(node: Mapping[str, Any]) -> list[str]:
    """The properties whose presence asks for something else."""
    return [*facts.mapping(node, "dependentRequired"), *facts.mapping(node, "dependentSchemas")]


def _plain(pattern: str) -> str:
    """The text that a pattern without repetitions means."""
    return pattern.removeprefix("^").removesuffix("$").replace("\\", "")


_ORDER = ("boolean", "number", "string", "array", "object", "null")
_MAKERS: dict[str, Callable[[Samples, Clause, tuple[Clause, ...]], Iterator[Any]]] = {
    "null": Samples._null,
    "boolean": Samples._boolean,
    "number": Samples._number,
    "string": Samples._string,
    "array": Samples._array,
    "object": Samples._object,
}
