"""From one pair of schemas to all that belong together below it: each pair once, circles included."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynaclient.openapi.diff.found import Finding
from dynaclient.openapi.diff.same import Sameness
from dynaclient.openapi.diff.schemas import Child, Comparer
from dynaclient.openapi.diff.view import Place, Places, Views
from dynaclient.openapi.diff.weigh import Proof, Scope, Weigher

_OWN = frozenset({"became-read-only", "became-write-only"})
_NULL = frozenset({"became-nullable", "became-not-nullable"})


class Located(NamedTuple):
    """A finding, and where it is from the schema that the walk began with: ``data[].index``.

    ``muted``: it is no part of this direction. ``proof``: what is known of the values of the schema around it.
    """

    path: str
    finding: Finding
    muted: bool
    proof: Proof = ""


class Walk:
    """All differences between schemas of two documents."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any], sameness: Sameness) -> None:
        self.old, self.new = Views(old), Views(new)
        self._comparer = Comparer(self.old, self.new, self._means_the_same)
        self._asked: set[tuple[str, str]] = set()
        self._sameness = sameness
        self._equal: dict[tuple[Places, Places], bool] = {}
        self._weighers = {name: Weigher(self.old, self.new, sameness, name) for name in ("request", "reply")}

    def differences(self, old: str, new: str, direction: str) -> Iterator[Located]:
        """What changed from the schema at one pointer to that at another, for ``direction`` (``request`` or ``reply``)."""
        weigher = self._weighers[direction]
        scopes: list[Scope] = []
        for scope, located in self._explore(old, new, direction, weigher, scopes):
            yield located._replace(proof=weigher.proof(scope, located.finding, muted=located.muted))
        for scope, finding in weigher.untold(scopes):
            yield Located(scope.path, finding, muted=False)

    def _explore(
        self, old: str, new: str, direction: str, weigher: Weigher | None, scopes: list[Scope]
    ) -> Iterator[tuple[Scope, Located]]:
        """All findings, each with the pair of schemas that it is about; ``scopes`` takes these pairs."""
        first = Child("", (Place(old),), (Place(new),))
        waiting: deque[tuple[Child, Scope]] = deque([(first, Scope("", first.old, first.new))])
        seen: dict[tuple[Places, Places, bool, str], Scope] = {}
        found = False
        while waiting:
            pair, scope = waiting.popleft()
            if self._same(pair.old, pair.new):
                continue
            if weigher is not None:
                weigher.weigh(scope, pair.around)
            known = seen.setdefault((pair.old, pair.new, scope.muted, scope.state), scope)
            if known is not scope:
                known.parents += scope.parents
                continue
            scopes.append(scope)
            compared = self._comparer.compared(pair.old, pair.new)
            for finding in compared.findings:
                if pair.settled and finding.what in _NULL:
                    continue
                found = True
                silent = (scope.muted or finding.mute == direction) and finding.what not in _OWN
                yield scope, Located(scope.path + finding.step, finding, silent)
            for child in compared.children:
                waiting.append((child, scope.inner(child.step, child.old, child.new, muted=child.mute == direction)))
        if not found:  # all that was reached is equal, whoever asks
            self._equal.update(((one, other), True) for one, other, _, _ in seen)

    def _means_the_same(self, old: str, new: str) -> bool:
        """Whether two schemas allow the same, however they are called; within a circle that is taken for granted."""
        if (old, new) in self._asked:
            return True
        self._asked.add((old, new))
        try:
            return not any(self._explore(old, new, "reply", None, []))
        finally:
            self._asked.discard((old, new))

    def _same(self, old: Places, new: Places) -> bool:
        found = self._equal.get((old, new))
        if found is None:
            found = False
            if len(old) == len(new) == 1 and not old[0].bare and not new[0].bare:
                found = self._sameness.same(self.old.node(old[0].pointer), self.new.node(new[0].pointer))
            self._equal[old, new] = found
        return found
