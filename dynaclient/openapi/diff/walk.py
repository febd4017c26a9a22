"""From one pair of schemas to all that belong together below it: each pair once, circles included."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynaclient.openapi.diff.found import Finding
from dynaclient.openapi.diff.same import Sameness
from dynaclient.openapi.diff.schemas import Child, Comparer
from dynaclient.openapi.diff.view import Place, Places, Views

_OWN = frozenset({"became-read-only", "became-write-only"})
_NULL = frozenset({"became-nullable", "became-not-nullable"})


class Located(NamedTuple):
    """A finding, and where it is from the schema that the walk began with: ``data[].index``. ``muted``: it is no part of this direction."""

    path: str
    finding: Finding
    muted: bool


class Walk:
    """All differences between schemas of two documents."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any], sameness: Sameness) -> None:
        self.old, self.new = Views(old), Views(new)
        self._comparer = Comparer(self.old, self.new, self._means_the_same)
        self._asked: set[tuple[str, str]] = set()
        self._sameness = sameness
        self._equal: dict[tuple[Places, Places], bool] = {}

    def differences(self, old: str, new: str, direction: str) -> Iterator[Located]:
        """What changed from the schema at one pointer to that at another, for ``direction`` (``request`` or ``reply``)."""
        waiting = deque([("", Child("", (Place(old),), (Place(new),)), False)])
        seen: set[tuple[Places, Places, bool]] = set()
        found = False
        while waiting:
            path, pair, muted = waiting.popleft()
            known = (pair.old, pair.new, muted)
            if known in seen or self._same(pair.old, pair.new):
                continue
            seen.add(known)
            compared = self._comparer.compared(pair.old, pair.new)
            for finding in compared.findings:
                if pair.settled and finding.what in _NULL:
                    continue
                found = True
                silent = muted or finding.mute == direction
                yield Located(path + finding.step, finding, silent and finding.what not in _OWN)
            for child in compared.children:
                waiting.append((path + child.step, child, muted or child.mute == direction))
        if not found:  # all that was reached is equal, whoever asks
            self._equal.update(((one, other), True) for one, other, _ in seen)

    def _means_the_same(self, old: str, new: str) -> bool:
        """Whether two schemas allow the same, however they are called; within a circle that is taken for granted."""
        if (old, new) in self._asked:
            return True
        self._asked.add((old, new))
        try:
            return not any(self.differences(old, new, "reply"))
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
