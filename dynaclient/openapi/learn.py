"""Recorded differences -> an overlay that makes the document say what was seen: for review, never applied by itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.differ import Difference
from dynaclient.openapi.jsonpath import quoted
from dynaclient.openapi.media import is_json
from dynaclient.openapi.overlay import apply
from dynaclient.openapi.pointer import at, tokens

VERSION = "1.0.0"
"""The version of the Overlay specification that is written."""

_COMPANIONS: Mapping[str, tuple[str, ...]] = {
    "if": ("then", "else"),
    "contains": ("minContains", "maxContains"),
}

Action = dict[str, Any]


def learned(document: Mapping[str, Any], differences: Iterable[Difference], title: str = "") -> dict[str, Any] | None:
    """An overlay with which the recorded replies are what the document promises.

    Parameters
    ----------
    document:
        The document that they were recorded with, or a later one: places that it no longer has are passed over.
    differences:
        What was recorded.
    title:
        Of the document, for the overlay's own.

    Returns
    -------
    dict or None
        The overlay as plain data: new properties, wider types, nullable, further values of enums, looser limits, statuses and media types that were not declared. None
        where there is nothing to say.
    """
    places: dict[str, list[Difference]] = {}
    for difference in differences:
        places.setdefault(difference.pointer, []).append(difference)
    legacy = str(document.get("openapi", "")).startswith("3.0")
    head = {
        "overlay": VERSION,
        "info": {"title": f"What replies of {title or 'the service'} have beyond its document", "version": "1"},
    }
    actions: list[Action] = []
    # From the inside out, each on the result of the one before: an alternative is amended before the list that it stands in is copied.
    for pointer, found in sorted(places.items(), key=lambda item: -item[0].count("/")):
        try:
            node = at(document, pointer)
        except SpecError:
            continue
        more = _Learner(document, pointer, node, found, legacy=legacy).actions() if isinstance(node, Mapping) else []
        if more:
            actions += more
            document = apply(document, {**head, "actions": more}).document
    return {**head, "actions": actions} if actions else None


def normalized(pointer: str, document: Mapping[str, Any]) -> str:
    """The normalized path (RFC 9535, 2.7) of a place: ``$['paths']['/a'][0]``."""
    path = "$"
    node: Any = document
    for token in tokens(pointer):
        if isinstance(node, list):
            path, node = f"{path}[{token}]", node[int(token)]
        else:
            path, node = f"{path}[{quoted(token)}]", node[token]
    return path


class _Learner:
    """All differences at one place."""

    def __init__(
        self,
        document: Mapping[str, Any],
        pointer: str,
        node: Mapping[str, Any],
        found: list[Difference],
        *,
        legacy: bool,
    ) -> None:
        self._document = document
        self._node = node
        self._path = normalized(pointer, document)
        self._legacy = legacy
        self._found: dict[str, list[Difference]] = {}
        for difference in found:
            self._found.setdefault(difference.keyword, []).append(difference)
        self._removed: dict[str, str] = {}
        self._update: dict[str, Any] = {}
        self._more: list[Action] = []

    def actions(self) -> list[Action]:
        """What is removed first, then what is added, then what changes within lists."""
        for keyword, found in self._found.items():
            self._learn(keyword, found)
        first = [self._action(f"[{quoted(key)}]", {"remove": True}, why) for key, why in self._removed.items()]
        added = [self._action("", {"update": self._update}, self._why())] if self._update else []
        return [*first, *added, *self._more]

    def _why(self) -> str:
        return "Seen: " + "; ".join(_told(difference) for found in self._found.values() for difference in found)[:500]

    def _action(self, below: str, what: Mapping[str, Any], why: str) -> Action:
        return {"target": self._path + below, "description": why, **what}

    def _learn(self, keyword: str, found: list[Difference]) -> None:
        if keyword in ("properties", "additionalProperties"):
            self._properties(keyword, found)
        elif keyword == "required":
            for difference in {one.name: one for one in found}.values():
                target = f"['required'][?@ == {quoted(difference.name)}]"
                self._more.append(self._action(target, {"remove": True}, _told(difference)))
        elif keyword == "type":
            self._types([difference.kind for difference in found])
        elif keyword in ("enum", "const"):
            self._values(keyword, found)
        elif keyword in ("anyOf", "oneOf"):
            self._union(keyword, found)
        elif keyword == "responses":
            self._update.setdefault("responses", {}).update({item.status: _reply(item) for item in found})
        elif keyword == "content":
            # A missing body cannot be declared, nor JSON under another name, which would then be read as a text.
            media = {item.name: _media(item) for item in found if item.name and (is_json(item.name) or not item.kind)}
            if media:
                self._update.setdefault("content", {}).update(media)
        elif keyword in self._node:
            self._drop(keyword, found)

    def _drop(self, keyword: str, found: list[Difference]) -> None:
        for name in (keyword, *_COMPANIONS.get(keyword, ())):
            if name in self._node:
                self._removed[name] = _told(found[0])

    def _properties(self, keyword: str, found: list[Difference]) -> None:
        """Each new property with all the types that were seen; one whose name was not recorded opens the object."""
        kinds: dict[str, list[str]] = {}
        for difference in found:
            kinds.setdefault(difference.name, []).append(difference.kind)
        if "" in kinds:
            del kinds[""]
            self._drop(keyword, found)
        if kinds:
            schemas = {name: typed(seen, legacy=self._legacy) for name, seen in kinds.items()}
            self._update.setdefault("properties", {}).update(schemas)

    def _types(self, kinds: list[str]) -> None:
        declared = self._node.get("type")
        before = [declared] if isinstance(declared, str) else [name for name in declared or () if isinstance(name, str)]
        if self._legacy and set(kinds) == {"null"}:
            self._replace("nullable", value=True)
            return
        if self._node.get("nullable") is True:
            before.append("null")
        schema = typed([*before, *kinds], legacy=self._legacy)
        if "anyOf" in schema and "anyOf" in self._node:
            schema = {}
        self._removed["type"] = f"Seen: {', '.join(dict.fromkeys(kinds))}."
        for key, value in schema.items():
            self._replace(key, value=value)

    def _replace(self, key: str, *, value: Any) -> None:
        """A keyword with another value: kinds of values may differ, which an update alone refuses."""
        if key in self._node:
            self._removed.setdefault(key, f"Another {key} follows.")
        self._update[key] = value

    def _values(self, keyword: str, found: list[Difference]) -> None:
        """A further value where it was recorded; else any value is allowed."""
        if any(not difference.name and difference.kind != "null" for difference in found):
            self._drop(keyword, found)
            return
        further: list[Any] = list(dict.fromkeys(difference.name or None for difference in found))
        if keyword == "const":
            self._drop(keyword, found)
            self._update["enum"] = [self._node["const"], *further]
        else:
            self._more.append(self._action("['enum']", {"update": further}, self._why()))
        if self._legacy and None in further:
            self._replace("nullable", value=True)

    def _union(self, keyword: str, found: list[Difference]) -> None:
        """One alternative more; of a oneOf, of which it might not be the only one, an anyOf is made."""
        kinds = dict.fromkeys(item.kind for item in found if item.kind)
        further = [typed([kind], legacy=self._legacy) for kind in kinds]
        if keyword == "anyOf":
            self._more.append(self._action("['anyOf']", {"update": further}, self._why()))
        elif "anyOf" in self._node:
            self._drop(keyword, found)
        else:
            self._drop(keyword, found)
            self._update["anyOf"] = [*self._node["oneOf"], *further]


def typed(kinds: Iterable[str], *, legacy: bool) -> dict[str, Any]:
    """The schema of values of these JSON types, in the words of 3.1, or of 3.0 where ``legacy``."""
    names = list(dict.fromkeys(kinds))
    if "number" in names and "integer" in names:
        names.remove("integer")
    if not legacy:
        return {"type": names[0] if len(names) == 1 else names}
    others = [name for name in names if name != "null"]
    nullable = {"nullable": True} if "null" in names else {}
    if not others:
        return {"nullable": True, "enum": [None]}
    if len(others) == 1:
        return {"type": others[0], **nullable}
    return {"anyOf": [{"type": name, **nullable} for name in others]}


def _reply(difference: Difference) -> dict[str, Any]:
    content = {"content": {difference.name: _media(difference)}} if difference.name else {}
    return {"description": f"Seen, and not declared: {difference.status}.", **content}


def _media(difference: Difference) -> dict[str, Any]:
    return {"schema": {"type": difference.kind}} if difference.kind not in ("", "null") else {}


def _told(difference: Difference) -> str:
    """One difference as a sentence."""
    what = f"{difference.name!r} " if difference.name else ""
    kind = f"{difference.kind} " if difference.kind else ""
    return (
        f"{difference.operation} ({difference.status}): {kind}{what}at {difference.where}, against {difference.keyword}"
    )
