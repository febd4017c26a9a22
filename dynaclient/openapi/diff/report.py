"""Changes as they are found, with their sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.openapi.diff.found import Finding
from dynaclient.openapi.diff.model import LEVELS, Change, Level
from dynaclient.openapi.diff.rules import RULES, schema_rule
from dynaclient.openapi.diff.view import Views
from dynaclient.openapi.diff.walk import Located, Walk
from dynaclient.openapi.diff.weigh import Proof
from dynaclient.openapi.diff.words import NESTED, direction_of

_SUBJECTS = {
    "request-body": ("the request body", "the request property {path}"),
    "request-parameter": ("{label}", "{label}, property {path}"),
    "reply-body": ("the reply {label}", "the reply property {path} ({label})"),
    "webhook-body": ("what the webhook {label} sends", "the property {path} that the webhook {label} sends"),
    "webhook-parameter": ("the parameter {label}", "the parameter {label}, property {path}"),
    "reply-header": ("the reply header {label}", "the reply header {label}, property {path}"),
}

_GONE = ("removed", "removed-required")
_REMARKS: Mapping[tuple[str, Proof], str] = {
    ("request", "kept"): " (every value that was accepted still is)",
    ("request", "undecided"): " (whether a value that was accepted is refused now cannot be decided)",
    ("reply", "kept"): " (no value comes that could not come before)",
    ("reply", "undecided"): " (whether a value comes that could not come before cannot be decided)",
}


class Report:
    """Collects the changes of one operation, or of the document (``operation`` is ``""``); the same change is noted once."""

    def __init__(self, walk: Walk, operation: str = "") -> None:
        self.walk = walk
        self.operation = operation
        self._changes: dict[tuple[str, str, str, str], Change] = {}

    def __iter__(self) -> Iterator[Change]:
        return iter(self._changes.values())

    def add(self, name: str, old: str, new: str, /, **details: Any) -> None:
        """Note a change from the catalogue: its id, the pointers in the old and the new document, and what its sentence needs."""
        rule = RULES[name]
        self._note(name, rule.level, old, new, rule.sentence.format(**details))

    def schemas(self, root: str, label: str, old: str | None, new: str | None, *, loose: bool = False) -> None:
        """Compare two schemas and note what changed.

        Parameters
        ----------
        root:
            Where they stand, one of ``words.ROOTS``.
        label:
            The parameter, header or status, for sentences.
        old, new:
            Their pointers; where one is None nothing is compared.
        loose:
            Whether nothing here breaks a client, because the value is handed over as it comes.
        """
        if old is None or new is None:
            return
        direction = direction_of(root)
        for located in self.walk.differences(old, new, direction):
            self._located(root, label, located, loose=loose)

    def word(self, root: str, label: str, what: str, old: str, new: str, detail: str = "") -> None:
        """Note a change of the schema part that stands on something else than a schema: a parameter that was deprecated."""
        self._located(root, label, Located("", Finding(what, old, new, detail), muted=False), loose=False)

    def _located(self, root: str, label: str, located: Located, *, loose: bool) -> None:
        path, finding, muted, proof = located
        place = NESTED[root] if path else root
        word = schema_rule(place, finding.what)
        assert word is not None, finding.what
        direction = direction_of(root)
        level: Level = word.request if direction == "request" else word.reply
        level = "safe" if muted else "risky" if loose and level == "breaking" else level
        remark = ""
        if proof and not (root == "request-body" and finding.what in _GONE and path == finding.step):
            level = _proved(proof, finding.what, level)
            remark = _REMARKS[direction, proof]
        subject = _SUBJECTS[root][bool(path)].format(path=f"`{path.lstrip('.')}`", label=label)
        message = f"{subject}: {word.phrase.replace('{value}', finding.value)}{finding.detail}{remark}"
        self._note(f"{place}-{finding.what}", level, finding.old, finding.new, message, finding.value)

    def _note(self, name: str, level: Level, old: str, new: str, message: str, value: str = "") -> None:
        old, new = _standing(self.walk.old, old), _standing(self.walk.new, new)
        known = (name, old, new, message if name in RULES else value)
        before = self._changes.get(known)
        if before is None or LEVELS.index(level) < LEVELS.index(before.level):
            self._changes[known] = Change(name, level, self.operation, old, new, message)


def _proved(proof: Proof, what: str, level: Level) -> Level:
    """The level of a change that is breaking by its kind, of which more is known."""
    if proof == "kept" and what not in _GONE:
        return "safe"
    return "risky" if level == "breaking" else level


def _standing(views: Views, pointer: str) -> str:
    """The pointer itself, or that of the nearest node around a place where nothing stands."""
    while pointer and views.node(pointer) is None:
        pointer = pointer.rpartition("/")[0]
    return pointer
