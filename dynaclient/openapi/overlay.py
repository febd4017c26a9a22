"""Overlays (Overlay Specification 1.0 and 1.1): document + overlay -> document.

An overlay amends a document that somebody else publishes, without touching it. Its actions run in order, each on the result of the one before.
Neither the document nor the overlay is ever changed: what an action touches is copied on the way to it, the rest is shared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dynaclient.errors import SpecError
from dynaclient.openapi.jsonpath import JSONPath, Location, compiled
from dynaclient.openapi.media import encode_json
from dynaclient.openapi.pointer import join

Kind = Literal["update", "copy", "remove", ""]
_VERSION = re.compile(r"1\.(0|1)(\.[0-9]+)?([-+].*)?")
_ROOT = ("overlay", "info", "extends", "actions")
_INFO = {"1.0": ("title", "version"), "1.1": ("title", "version", "description")}
_ACTION = {
    "1.0": ("target", "description", "update", "remove"),
    "1.1": ("target", "description", "update", "copy", "remove"),
}


@dataclass(frozen=True, slots=True)
class Action:
    """Action Object (Overlay 1.1, 4.4.3), checked. ``kind`` is what it does, ``""`` for one that does nothing; ``pointer`` its place in the overlay."""

    number: int
    target: JSONPath
    kind: Kind
    update: Any = None
    source: JSONPath | None = None
    description: str = ""
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Overlay:
    """Overlay Object (Overlay 1.1, 4.4.1), checked. ``version`` is ``"1.0"`` or ``"1.1"``; ``extends`` the URI reference of its document, or ``""``."""

    version: str
    title: str
    revision: str
    description: str = ""
    extends: str = ""
    actions: tuple[Action, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one action did: the pointers of the nodes that its target named, as they stood then, and of those that it changed.

    ``number`` counts from 1, as messages do.
    """

    number: int
    target: str
    kind: Kind
    matched: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """The amended document, and what each action did to it."""

    document: Mapping[str, Any]
    actions: tuple[Outcome, ...]


def read_overlay(overlay: Mapping[str, Any], source: str = "") -> Overlay:
    """An overlay, checked, its paths compiled.

    Parameters
    ----------
    overlay:
        The Overlay document as plain data.
    source:
        Its name in messages.

    Raises
    ------
    SpecError
        Where it is no overlay of version 1.0 or 1.1, a field is missing, unknown or of another kind, or a path is no JSONPath.
    """
    if not isinstance(overlay, Mapping):
        raise SpecError(f"an overlay is an object, not {_named(overlay)}", source=source)
    version = overlay.get("overlay")
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if match is None:
        said = f"overlay: {version!r:.40} is not a version that is read" if "overlay" in overlay else "no overlay"
        raise SpecError(f"{said}; an overlay says overlay: 1.0.0 or 1.1.0 at its root", source=source)
    short = f"1.{match[1]}"
    _known(overlay, _ROOT, source, "")
    info = overlay.get("info")
    if not isinstance(info, Mapping):
        raise SpecError("an overlay has `info` with `title` and `version`", source=source, pointer="/info")
    _known(info, _INFO[short], source, "/info")
    actions = overlay.get("actions")
    if not isinstance(actions, list) or not actions:
        raise SpecError("an overlay has `actions`, a list with one at least", source=source, pointer="/actions")
    return Overlay(
        version=short,
        title=_text(info, "title", source, "/info", needed=True),
        revision=_text(info, "version", source, "/info", needed=True),
        description=_text(info, "description", source, "/info"),
        extends=_text(overlay, "extends", source, ""),
        actions=tuple(_action(entry, number, short, source) for number, entry in enumerate(actions)),
        source=source,
    )


def _action(entry: Any, number: int, version: str, source: str) -> Action:
    pointer = join("/actions", number)
    if not isinstance(entry, Mapping):
        raise SpecError(f"an action is an object, not {_named(entry)}", source=source, pointer=pointer)
    _known(entry, _ACTION[version], source, pointer)
    remove = entry.get("remove", False)
    if not isinstance(remove, bool):
        raise SpecError("`remove` is true or false", source=source, pointer=join(pointer, "remove"))
    if "update" in entry and "copy" in entry and not remove:
        raise SpecError("an action has `update` or `copy`, not both", source=source, pointer=pointer)
    kind: Kind = "remove" if remove else "update" if "update" in entry else "copy" if "copy" in entry else ""
    copied = _text(entry, "copy", source, pointer)
    return Action(
        number=number + 1,
        target=_path(_text(entry, "target", source, pointer, needed=True), source, join(pointer, "target")),
        kind=kind,
        update=entry.get("update"),
        source=_path(copied, source, join(pointer, "copy")) if kind == "copy" else None,
        description=_text(entry, "description", source, pointer),
        pointer=pointer,
    )


def apply(
    document: Mapping[str, Any], overlay: Mapping[str, Any] | Overlay, *, strict: bool = False, source: str = ""
) -> Applied:
    """The document with an overlay applied.

    Parameters
    ----------
    document:
        Plain data: an OpenAPI document, or any other.
    overlay:
        The overlay as plain data, or as ``read_overlay`` gave it.
    strict:
        Whether a target that names nothing is an error; otherwise such an action succeeds and changes nothing (Overlay 1.1, 4.4.3).
    source:
        The overlay's name in messages, where it is given as plain data.

    Returns
    -------
    Applied
        ``document``, whose keys keep their order, new ones behind them; ``actions``, one outcome for each.

    Raises
    ------
    SpecError
        Where the overlay is none, or an action cannot be done; with the action's number and its pointer in the overlay.
    """
    checked = overlay if isinstance(overlay, Overlay) else read_overlay(overlay, source)
    outcomes = []
    value: Any = document
    for action in checked.actions:
        value, outcome = _Run(checked, action, strict).on(value)
        outcomes.append(outcome)
    return Applied(value, tuple(outcomes))


class _Run:
    """One action on one document."""

    def __init__(self, overlay: Overlay, action: Action, strict: bool) -> None:
        self._overlay = overlay
        self._action = action
        self._strict = strict

    def on(self, document: Any) -> tuple[Any, Outcome]:
        action = self._action
        places = action.target.places(document)
        if not places and self._strict:
            raise self._wrong(f"its target {action.target.text!r} names nothing in the document")
        if action.kind == "remove":
            found, changed = self._removed(document, places), places
        elif action.kind and places:
            found, changed = self._merged(document, places, self._added(document))
        else:
            found, changed = document, []
        matched = tuple(join("", *place) for place in places)
        pointers = tuple(join("", *place) for place in changed)
        return found, Outcome(action.number, action.target.text, action.kind, matched, pointers, action.description)

    def _added(self, document: Any) -> Any:
        """What is merged: the action's own value, or the single node that `copy` names."""
        source = self._action.source
        if source is None:
            return self._action.update
        values = source.find(document)
        if len(values) != 1:
            raise self._wrong(f"`copy` names one single node; {source.text!r} names {len(values) or 'none'}", "copy")
        return values[0]

    def _removed(self, document: Any, places: list[Location]) -> Any:
        if () in places:
            raise self._wrong("the root of a document cannot be removed", "target")
        # From the inside out, and from the end of each list, so that no place moves before its turn.
        order = sorted(places, key=lambda place: (len(place), place[-1] if isinstance(place[-1], int) else -1))
        for place in reversed(order):
            document = _without(document, place)
        return document

    def _merged(self, document: Any, places: list[Location], added: Any) -> tuple[Any, list[Location]]:
        kinds = {_kind(_at(document, place)) for place in places}
        if len(kinds) > 1:
            raise self._wrong(f"its target names {_listed(kinds)}; all of one kind are expected", "target")
        changed = []
        for place in places:
            old = _at(document, place)
            new = self._merge(old, added, place) if _kind(old) != "array" else _appended(old, added)
            if encode_json(new) != encode_json(old):
                changed.append(place)
            document = _with(document, place, new)
        return document, changed

    def _merge(self, old: Any, new: Any, place: Location) -> Any:
        """Overlay 1.1, 4.4.3: objects merge, arrays are joined, primitives replace; anything else is an error."""
        kind = _kind(old)
        if kind != _kind(new):
            where = join("", *place) or "the root"
            raise self._wrong(f"{_a(_kind(new))} cannot be merged into {_a(kind)}, which stands at {where}")
        if kind == "array":
            return _appended(old, new)
        if kind == "primitive":
            return new
        merged = dict(old)
        for name, value in new.items():
            merged[name] = self._merge(old[name], value, (*place, name)) if name in old else value
        return merged

    def _wrong(self, message: str, field: str = "") -> SpecError:
        pointer = join(self._action.pointer, field) if field else self._action.pointer
        return SpecError(f"action {self._action.number}: {message}", source=self._overlay.source, pointer=pointer)


def _appended(old: list[Any], new: Any) -> list[Any]:
    return [*old, *new] if isinstance(new, list) else [*old, new]


def _at(document: Any, place: Location) -> Any:
    for step in place:
        document = document[step]
    return document


def _with(node: Any, place: Location, value: Any) -> Any:
    """The node with another value at a place: the containers on the way are copied."""
    if not place:
        return value
    copy = list(node) if isinstance(node, list) else dict(node)
    copy[place[0]] = _with(node[place[0]], place[1:], value)  # type: ignore[index]
    return copy


def _without(node: Any, place: Location) -> Any:
    """The node without what stands at a place."""
    copy = list(node) if isinstance(node, list) else dict(node)
    if len(place) == 1:
        del copy[place[0]]  # type: ignore[arg-type]
    else:
        copy[place[0]] = _without(node[place[0]], place[1:])  # type: ignore[index]
    return copy


def _kind(value: Any) -> str:
    return "object" if isinstance(value, Mapping) else "array" if isinstance(value, list) else "primitive"


def _a(kind: str) -> str:
    return f"{'a' if kind == 'primitive' else 'an'} {kind}{' value' if kind == 'primitive' else ''}"


def _listed(kinds: set[str]) -> str:
    return " and ".join(f"{kind}{'s' if kind != 'primitive' else ' values'}" for kind in sorted(kinds))


def _named(value: Any) -> str:
    names = {type(None): "null", bool: "a boolean", str: "text", list: "an array"}
    return names.get(type(value), "an object" if isinstance(value, Mapping) else "a number")


def _known(entry: Mapping[str, Any], names: tuple[str, ...], source: str, pointer: str) -> None:
    """The fields are those of the version, or extensions (Overlay 1.1, 4.6)."""
    unknown = [str(name) for name in entry if name not in names and not str(name).startswith("x-")]
    if unknown:
        hint = "; `copy` came with overlay: 1.1.0" if "copy" in unknown else ""
        message = f"unknown: {', '.join(unknown)}; known are {', '.join(names)}, and x-*{hint}"
        raise SpecError(message, source=source, pointer=pointer)


def _text(entry: Mapping[str, Any], name: str, source: str, pointer: str, *, needed: bool = False) -> str:
    value = entry.get(name)
    if value is None and not needed and name not in entry:
        return ""
    if not isinstance(value, str):
        said = f"`{name}` is text, not {_named(value)}" if name in entry else f"`{name}` is missing"
        raise SpecError(said, source=source, pointer=join(pointer, name) if name in entry else pointer)
    return value


def _path(text: str, source: str, pointer: str) -> JSONPath:
    try:
        return compiled(text)
    except SpecError as error:
        raise SpecError(str(error), source=source, pointer=pointer) from None
