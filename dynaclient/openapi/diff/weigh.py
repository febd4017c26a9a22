"""What a finding weighs: whether a value that was accepted is refused, or one comes that could not come before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from dynaclient.openapi.diff.accepts import Hole
from dynaclient.openapi.diff.clauses import Conj, Part
from dynaclient.openapi.diff.containment import Answer, Containment, Verdict
from dynaclient.openapi.diff.found import Finding
from dynaclient.openapi.diff.keywords import shown
from dynaclient.openapi.diff.same import Sameness
from dynaclient.openapi.diff.view import Places, Views
from dynaclient.openapi.diff.words import level_of

Proof = Literal["", "kept", "undecided"]
"""``kept``: no value is lost by it. ``undecided``: that cannot be said. ``""``: its own level counts."""

# What these say is not, or not only, which values are accepted.
_APART = frozenset(
    {
        "became-read-only",
        "became-write-only",
        "became-not-read-only-required",
        "content-media-type-changed",
        "content-encoding-changed",
        "content-schema-added",
        "decode-changed",
        "extensible-enum-value-removed",
    }
)


class Scope:
    """Two schemas that are compared, and how they were reached.

    ``state``: whether the values of the one are accepted by the other, or, around it, by what decides that.
    """

    __slots__ = ("gave", "muted", "new", "old", "parents", "path", "state", "verdict")

    def __init__(self, path: str, old: Places, new: Places, *, muted: bool = False) -> None:
        self.path, self.old, self.new, self.muted = path, old, new, muted
        self.parents: list[Scope] = []
        self.state: Answer = "no"
        self.verdict = Verdict("unknown")
        self.gave = False

    def inner(self, step: str, old: Places, new: Places, *, muted: bool) -> Scope:
        """Schemas inside these two."""
        found = Scope(self.path + step, old, new, muted=muted or self.muted)
        found.parents.append(self)
        found.state = self.state
        return found


class Weigher:
    """Weighs findings of one direction."""

    def __init__(self, old: Views, new: Views, sameness: Sameness, direction: str) -> None:
        self._direction = direction
        self._containment = Containment(old, new, sameness, direction)
        self._lenient = Containment(old, new, sameness, direction, strict=False)

    def weigh(self, scope: Scope, around: tuple[Places, Places] | None) -> None:
        """Find out what the state of a scope is. ``around``: for an alternative, the whole choices around it."""
        if scope.muted or scope.state == "yes":
            return
        old, new = _conj(0, scope.old), _conj(1, scope.new)
        if around is not None and self._direction == "request":
            old, new = tuple(dict.fromkeys((*old, *_conj(0, around[0])))), _conj(1, around[1])
        elif around is not None:
            old, new = _conj(0, around[0]), tuple(dict.fromkeys((*new, *_conj(1, around[1]))))
        scope.verdict = self._verdict(old, new)
        if scope.verdict.answer == "yes" or (around is not None and scope.verdict.answer == "unknown"):
            scope.state = scope.verdict.answer

    def _verdict(self, old: Conj, new: Conj) -> Verdict:
        return self._containment.verdict(*((old, new) if self._direction == "request" else (new, old)))

    def proof(self, scope: Scope, finding: Finding, *, muted: bool) -> Proof:
        """What is known about a finding; one that counts makes its scope one that has told why it is as it is."""
        level = "safe" if muted else level_of(finding.what, self._direction)
        if level == "safe":
            return ""
        if level == "risky" or finding.what in _APART:
            scope.gave = scope.gave or level == "breaking" or self._direction == "reply"
            return ""
        answer: Answer = scope.verdict.answer if scope.state == "no" else scope.state
        if finding.around is not None and answer != "yes" and self._direction == "request":
            answer = self._verdict(_conj(0, finding.around[0]), _conj(1, finding.around[1])).answer
        scope.gave = scope.gave or answer == "no"
        return "" if answer == "no" else "kept" if answer == "yes" else "undecided"

    def untold(self, scopes: list[Scope]) -> Iterator[tuple[Scope, Finding]]:
        """The innermost scopes whose values are proved to be not all accepted, where no finding says why."""
        told: set[int] = set()
        for scope in scopes:
            if scope.gave:
                _tell(scope, told)
        for scope in reversed(scopes):
            if id(scope) in told or scope.muted or scope.state != "no" or scope.verdict.answer != "no":
                continue
            yield scope, self._finding(scope)
            _tell(scope, told)

    def _finding(self, scope: Scope) -> Finding:
        pointers = (scope.old[0].pointer, scope.new[0].pointer)
        value = scope.verdict.witness
        detail = f": {shown(_plain(value))}"
        if self._direction == "reply":
            return Finding("values-added", *pointers, detail)
        if self._lenient.accepts(_conj(1, scope.new), value):
            detail += " (it fits several alternatives of oneOf, of which exactly one must fit)"
        return Finding("values-refused", *pointers, detail)


def _tell(scope: Scope, told: set[int]) -> None:
    """Note that a scope, and all that it was reached through, has told why it is as it is."""
    waiting = [scope]
    while waiting:
        one = waiting.pop()
        if id(one) not in told:
            told.add(id(one))
            waiting += one.parents


def _conj(side: int, places: Places) -> Conj:
    return tuple(Part(side, place.pointer, "bare" if place.bare else "") for place in places)


def _plain(value: Any) -> Any:
    """A value for people: a string that is not known is an ellipsis."""
    if isinstance(value, Hole):
        return "…"
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
