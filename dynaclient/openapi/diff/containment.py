"""Is every value that one schema accepts accepted by another one? Yes, no with such a value, or not decided.

Both are read as unions of clauses. A clause lies within a union where it lies within one of its clauses, by their keywords; otherwise a
value is looked for that it accepts and the whole union refuses. Circles are taken to hold, as values are finite.

Of an object only those properties count that its schema names or describes: that it is open is no promise to take any other.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from dynaclient.openapi.diff.accepts import Hole, Judge, Said
from dynaclient.openapi.diff.clauses import Clause, Clauses, Conj, Part, UndecidedError
from dynaclient.openapi.diff.facts import Facts
from dynaclient.openapi.diff.inside import Inside
from dynaclient.openapi.diff.same import Sameness
from dynaclient.openapi.diff.samples import NOTHING, Samples
from dynaclient.openapi.diff.view import Views

Answer = Literal["yes", "no", "unknown"]
_MOST = 20_000
_TRIES = 200
_DEEPEST = 60


class Verdict(NamedTuple):
    """Whether one schema lies within another one; where not, a value that only the first accepts."""

    answer: Answer
    witness: Any = NOTHING


YES, UNKNOWN = Verdict("yes"), Verdict("unknown")


class Containment:
    """Compares the schemas of two documents in one direction.

    Parameters
    ----------
    old, new:
        The documents.
    sameness:
        Knows which of their parts are the same.
    direction:
        ``request`` or ``reply``. Who reads replies needs no single alternative of ``oneOf`` and is ready for further properties.
    strict:
        Whether, in requests, exactly one alternative of ``oneOf`` must fit.
    """

    def __init__(self, old: Views, new: Views, sameness: Sameness, direction: str, *, strict: bool = True) -> None:
        self.clauses = Clauses((old, new), direction, strict=strict and direction == "request")
        self._facts = Facts(self.clauses, closed=direction == "request")
        self._judge = Judge(self.clauses, self._facts, self._hole)
        self._samples = Samples(self.clauses, self._facts, self._judge, self._refused)
        self._inside = Inside(self.clauses, self._facts, self._judge, self._within)
        self._sameness = sameness
        self._known: dict[tuple[Conj, Conj], Verdict] = {}
        self._same: dict[tuple[Part, Part], bool] = {}
        self._open: dict[tuple[Conj, Conj], int] = {}
        self._lowest = _DEEPEST
        self._steps = 0

    def verdict(self, narrow: Conj, wide: Conj) -> Verdict:
        """Whether every value of the one is one of the other."""
        self._steps, self._lowest = 0, _DEEPEST
        self._open.clear()
        try:
            return self.subset(narrow, wide)
        except (UndecidedError, RecursionError):
            self._open.clear()
            return UNKNOWN

    def accepts(self, conj: Conj, value: Any) -> Said:
        """Whether all the schemas accept a value."""
        try:
            return self._judge.accepts(conj, value)
        except (UndecidedError, RecursionError):
            return None

    def subset(self, narrow: Conj, wide: Conj) -> Verdict:
        """As ``verdict``, within a comparison that goes on.

        Raises
        ------
        UndecidedError
            Where it takes too long.
        """
        pair = (narrow, wide)
        known = self._known.get(pair)
        if known is not None:
            return known
        if self._equal(narrow, wide):
            return YES
        if pair in self._open:
            self._lowest = min(self._lowest, self._open[pair])
            return YES
        self._steps += 1
        if self._steps > _MOST or len(self._open) > _DEEPEST:
            raise UndecidedError
        depth, before = len(self._open), self._lowest
        self._lowest = _DEEPEST
        self._open[pair] = depth
        try:
            found = self._compared(narrow, wide)
        finally:
            del self._open[pair]
        if found.answer != "yes" or self._lowest >= depth:
            self._known[pair] = found
            self._lowest = before
        else:  # it holds only if what it is a part of does
            self._lowest = min(before, self._lowest)
        return found

    def _equal(self, narrow: Conj, wide: Conj) -> bool:
        return all(any(self._means(part, other) for part in narrow) for other in wide)

    def _means(self, one: Part, other: Part) -> bool:
        if one == other:
            return True
        if one.mode != other.mode or one.mode == "bare":
            return False
        found = self._same.get((one, other))
        if found is None:
            nodes = self.clauses.node(one), self.clauses.node(other)
            found = self._same[one, other] = self._sameness.same(*nodes)
        return found

    def _compared(self, narrow: Conj, wide: Conj) -> Verdict:
        found = YES
        for clause in self.clauses.clauses(narrow):
            for kind in sorted(self._facts.kinds(clause)):
                said = self._covered(clause, kind, wide)
                if said.answer == "no":
                    return said
                found = said if said.answer == "unknown" else found
        return found

    def _covered(self, clause: Clause, kind: str, wide: Conj) -> Verdict:
        """Whether all values of a kind that a clause accepts are accepted."""
        values = self._inside.values(clause, kind)
        if values is not None:
            said = [(self._judge.accepts(wide, value), value) for value in values]
            refused = next((value for good, value in said if good is False), NOTHING)
            if refused is not NOTHING:
                return Verdict("no", refused)
            return YES if all(good for good, _ in said) else UNKNOWN
        others = tuple(other for other in self.clauses.clauses(wide) if kind in self._facts.kinds(other))
        if any(self._inside.fits(clause, other, kind) for other in others):
            return YES
        for number, value in enumerate(self._samples.of(clause, kind, others)):
            if self._judge.accepts(wide, value) is False:
                return Verdict("no", value)
            if number > _TRIES:
                break
        return UNKNOWN

    def _within(self, narrow: Conj, wide: Conj) -> bool:
        return self.subset(narrow, wide).answer == "yes"

    def _refused(self, narrow: Conj, wide: Conj) -> Any:
        """A value that only the first accepts, ``NOTHING`` where none is known."""
        return self.subset(narrow, wide).witness

    def _hole(self, hole: Hole, clause: Clause) -> Said:
        """Whether a clause accepts a string of which only the clause is known that accepts it."""
        if "string" not in self._facts.kinds(clause):
            return False
        return True if self._inside.fits(hole.clause, clause, "string") else None
