"""Is every value that one schema accepts accepted by another one? Yes, no with such a value, or not decided.

Both are read as unions of clauses. A clause lies within a union where it lies within one of its clauses, by their
keywords; otherwise a value is looked for that it accepts and the whole union refuses. Circles are taken to hold, as
values are finite.

Of an object only those properties count that its schema names or describes: that it is open is no promise to take any
other.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Literal, NamedTuple

from dynaclient.openapi.diff.accepts import Hole, Judge, Said
from dynaclient.openapi.diff.clauses import Clause, Clauses, Conj, Part, UndecidedError
from dynaclient.openapi.diff.facts import Facts
from dynaclient.openapi.diff.inside import Inside
from dynaclient.openapi.diff.same import Sameness
from dynaclient.openapi.diff.samples import NOTHING, Samples
from dynaclient.openapi.diff.view import Views

Answer = Literal["yes", "no", "unknown"]
_MOST = 4_000
_TRIES = 100
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
        ``request`` or ``reply``. Who reads replies needs no single alternative of ``oneOf`` and is ready for further
        properties.
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
        self._known: dict[tuple[Conj, Conj], bool] = {}
        self._found: dict[tuple[Conj, Conj], Any] = {}
        self._same: dict[tuple[Part, Part], bool] = {}
        self._open: dict[tuple[Conj, Conj], int] = {}
        self._lowest = _DEEPEST
        self._steps = 0

    def verdict(self, narrow: Conj, wide: Conj) -> Verdict:
        """Whether every value of the one is one of the other."""
        self._steps, self._lowest = 0, _DEEPEST
        self._open.clear()
        try:
            if self._within(narrow, wide):
                return YES
            witness = self._refused(narrow, wide)
        except (UndecidedError, RecursionError):
            return UNKNOWN
        return UNKNOWN if witness is NOTHING else Verdict("no", witness)

    def accepts(self, conj: Conj, value: Any) -> Said:
        """Whether all the schemas accept a value."""
        try:
            return self._judge.accepts(conj, value)
        except (UndecidedError, RecursionError):
            return None

    def _within(self, narrow: Conj, wide: Conj) -> bool:
        """Whether it is proved that all values of the first are accepted by the second.

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
            return True
        if pair in self._open:
            self._lowest = min(self._lowest, self._open[pair])
            return True
        self._step()
        depth, before = len(self._open), self._lowest
        if depth > _DEEPEST:
            raise UndecidedError
        self._lowest = _DEEPEST
        self._open[pair] = depth
        try:
            found = all(
                self._covered(clause, kind, wide)
                for clause in self.clauses.clauses(narrow)
                for kind in sorted(self._facts.kinds(clause))
            )
        finally:
            del self._open[pair]
        if not found or self._lowest >= depth:
            self._known[pair] = found
            self._lowest = before
        else:  # it holds only if what it is a part of does
            self._lowest = min(before, self._lowest)
        return found

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MOST:
            raise UndecidedError

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

    def _covered(self, clause: Clause, kind: str, wide: Conj) -> bool:
        """Whether it is proved that all values of a kind that a clause accepts are accepted."""
        values = self._inside.values(clause, kind)
        if values is not None:
            return all(self._judge.accepts(wide, value) for value in values)
        return any(self._inside.fits(clause, other, kind) for other in self._of_kind(wide, kind))

    def _of_kind(self, conj: Conj, kind: str) -> tuple[Clause, ...]:
        return tuple(clause for clause in self.clauses.clauses(conj) if kind in self._facts.kinds(clause))

    def _refused(self, narrow: Conj, wide: Conj) -> Any:
        """A value that only the first accepts, ``NOTHING`` where none is found."""
        pair = (narrow, wide)
        if pair not in self._found:
            self._found[pair] = NOTHING  # within a circle
            if not self._within(narrow, wide):
                self._found[pair] = self._search(narrow, wide)
        return self._found[pair]

    def _search(self, narrow: Conj, wide: Conj) -> Any:
        for clause in self.clauses.clauses(narrow):
            for kind in sorted(self._facts.kinds(clause)):
                if self._covered(clause, kind, wide):
                    continue
                values = self._inside.values(clause, kind)
                made = self._samples.of(clause, kind, self._of_kind(wide, kind)) if values is None else iter(values)
                for value in islice(made, _TRIES):
                    self._step()
                    if self._judge.accepts(wide, value) is False and self._judge.holds(clause, value) is not False:
                        return value
        return NOTHING

    def _hole(self, hole: Hole, clause: Clause) -> Said:
        """Whether a clause accepts a string of which only the clause is known that accepts it."""
        if "string" not in self._facts.kinds(clause):
            return False
        return True if self._inside.fits(hole.clause, clause, "string") else None
