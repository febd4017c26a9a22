"""A schema as one flat view: references and ``allOf`` are followed, ``null`` and single alternatives are settled, so that two ways to write the same
thing look the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeGuard

from dynaclient.errors import SpecError
from dynaclient.openapi.diff.words import ADDED, LOWER, UPPER
from dynaclient.openapi.media import encode_json
from dynaclient.openapi.pointer import at, join, local_target

UNIONS = ("anyOf", "oneOf")
_CHILDREN = frozenset(ADDED)
_MAPS = ("properties", "patternProperties", "dependentSchemas")
_SAID = frozenset(
    {
        "format",
        "pattern",
        "default",
        "const",
        "enum",
        "multipleOf",
        "uniqueItems",
        "deprecated",
        "readOnly",
        "writeOnly",
    }
    | {"discriminator", "dependentRequired", "contentMediaType", "contentEncoding"}
    | {"x-sunset", "x-stability-level", "x-extensible-enum", "x-dynaclient-decode"}
    | {*UPPER, *LOWER}
)
_ANNOTATIONS = frozenset(
    {"default", "deprecated", "discriminator", "readOnly", "writeOnly", "x-sunset", "x-stability-level"}
)


class Place(NamedTuple):
    """Where a schema stands. ``bare``: without its ``anyOf`` and ``oneOf``, because these are compared on their own."""

    pointer: str
    bare: bool = False


Places = tuple[Place, ...]
"""Schemas that all hold for one value."""


class Said(NamedTuple):
    """The value of a keyword, and the schema that says it."""

    value: Any
    pointer: str


class Choice(NamedTuple):
    """``anyOf`` or ``oneOf``: its alternatives without null."""

    keyword: str
    alternatives: Places
    pointer: str
    null: bool


@dataclass(slots=True)
class View:
    """What the schemas at some places say together. ``types`` is None where any type may come; ``null`` is never among them but in ``nullable``."""

    pointer: str
    types: frozenset[str] | None = None
    nullable: bool = True
    words: dict[str, Said] = field(default_factory=dict)
    required: dict[str, str] = field(default_factory=dict)
    children: dict[str, Places] = field(default_factory=dict)
    maps: dict[str, dict[str, Places]] = field(default_factory=lambda: {name: {} for name in _MAPS})
    prefix: list[Places] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)

    @property
    def thin(self) -> bool:
        """Whether nothing but alternatives and annotations is said."""
        said = self.words.keys() - _ANNOTATIONS
        return (
            self.types is None and not said and not self.children and not any(self.maps.values()) and not self.required
        )

    def says(self, keyword: str) -> Any:
        """The value of a keyword, or None."""
        found = self.words.get(keyword)
        return found.value if found else None

    def where(self, keyword: str) -> str:
        """The pointer of the schema that says a keyword, else that of the view."""
        found = self.words.get(keyword)
        return found.pointer if found else self.pointer


class Views:
    """The views of one document, each made once."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        # Before 3.1 what stands beside a reference is ignored (OpenAPI 3.0.3, 4.7.23.1).
        self.siblings = not str(document.get("openapi", "")).startswith("3.0")
        self._made: dict[Places, View] = {}
        self._nodes: dict[str, Any] = {}

    def view(self, places: Places) -> View:
        """What the schemas at these places say together."""
        found = self._made.get(places)
        if found is None:
            found = View(places[0].pointer if places else "")
            seen: set[str] = set()
            for place in places:
                self._add(found, place.pointer, seen, bare=place.bare, null=False)
            _settle(found)
            self._made[places] = found
        return found

    def node(self, pointer: str) -> Any:
        """What stands at a place, None where nothing does."""
        if pointer not in self._nodes:
            try:
                self._nodes[pointer] = at(self.document, pointer)
            except SpecError:
                self._nodes[pointer] = None
        return self._nodes[pointer]

    def settled(self, pointer: str) -> Any:
        """What stands at the end of the references at a place, where nothing but references stands on the way."""
        node, seen = self.node(pointer), {pointer}
        while isinstance(node, Mapping) and len(node) == 1 and _is_local(reference := node.get("$ref")):
            pointer = local_target(reference)
            if pointer in seen:
                return None
            seen.add(pointer)
            node = self.node(pointer)
        return node

    def _add(self, view: View, pointer: str, seen: set[str], *, bare: bool, null: bool) -> None:
        """Add one schema. ``null``: null may stand for it, whatever it says itself."""
        if pointer in seen:
            return
        seen.add(pointer)
        node = self.node(pointer)
        if node is False:
            view.types = frozenset()
            view.nullable = view.nullable and null
        if not isinstance(node, Mapping):
            return
        reference = node.get("$ref")
        null = null or node.get("nullable") is True
        if _is_local(reference):
            self._add(view, local_target(reference), seen, bare=bare, null=null)
            if not self.siblings:
                return
        elif isinstance(reference, str):
            _say(view, "$ref", reference, pointer)
        self._own(view, node, pointer, null)
        members = node.get("allOf")
        for number in range(len(members) if isinstance(members, list) else 0):
            self._add(view, join(pointer, "allOf", number), seen, bare=bare, null=null)
        for keyword in () if bare else UNIONS:
            if isinstance(node.get(keyword), list):
                self._union(view, node[keyword], join(pointer, keyword), seen, null)

    def _union(self, view: View, members: list[Any], pointer: str, seen: set[str], null: bool) -> None:
        places = [Place(join(pointer, number)) for number in range(len(members))]
        kept = tuple(place for place in places if not _is_null(self.settled(place.pointer)))
        null = null or len(kept) < len(places)
        if len(kept) == 1:
            self._add(view, kept[0].pointer, seen, bare=False, null=null)
        else:
            view.choices.append(Choice(pointer.rpartition("/")[2], kept, pointer.rpartition("/")[0], null))

    def _own(self, view: View, node: Mapping[str, Any], pointer: str, null: bool) -> None:
        _add_types(view, node, null)
        for keyword in node.keys() & _SAID:
            _say(view, keyword, node[keyword], pointer)
        for keyword in node.keys() & _CHILDREN:
            _add_child(view, keyword, node[keyword], pointer)
        for keyword in _MAPS:
            written = node.get(keyword)
            for name in written if isinstance(written, Mapping) else ():
                entries = view.maps[keyword]
                entries[name] = (*entries.get(name, ()), Place(join(pointer, keyword, name)))
        required = node.get("required")
        for name in required if isinstance(required, list) else ():
            view.required.setdefault(str(name), pointer)
        prefix = node.get("prefixItems")
        for number in range(len(prefix) if isinstance(prefix, list) else 0):
            while len(view.prefix) <= number:
                view.prefix.append(())
            view.prefix[number] = (*view.prefix[number], Place(join(pointer, "prefixItems", number)))


def _is_local(reference: Any) -> TypeGuard[str]:
    return isinstance(reference, str) and (reference == "#" or reference.startswith("#/"))


def _is_null(node: Any) -> bool:
    """Whether a schema allows null and nothing else."""
    if not isinstance(node, Mapping):
        return False
    return node.get("type") in ("null", ["null"]) or node.get("enum") == [None] or node.get("const", 0) is None


def _add_types(view: View, node: Mapping[str, Any], null: bool) -> None:
    written = node.get("type")
    names = [written] if isinstance(written, str) else written if isinstance(written, list) else []
    found = frozenset(name for name in names if isinstance(name, str))
    if not found:
        return
    view.nullable = view.nullable and (null or "null" in found)
    found -= {"null"} | ({"integer"} if "number" in found else set())
    view.types = found if view.types is None else common_types(view.types, found)


def common_types(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """The types that both allow; an integer is a number."""
    both = one & other
    integers = {"integer"} if {"integer", "number"} <= one | other and not both & {"number"} else set()
    return both | integers


def _add_child(view: View, keyword: str, written: Any, pointer: str) -> None:
    if written is False and keyword in ("additionalProperties", "unevaluatedProperties", "unevaluatedItems"):
        view.words[keyword] = Said(written, pointer)
    if isinstance(written, Mapping) and (written or keyword not in ("additionalProperties", "items")):
        view.children[keyword] = (*view.children.get(keyword, ()), Place(join(pointer, keyword)))


_TIGHTER: Mapping[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(UPPER, min),
    **dict.fromkeys(LOWER, max),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), lambda one, other: one or other),
    "enum": lambda one, other: [value for value in one if key(value) in {key(item) for item in other}],
    "pattern": lambda one, other: one if one == other else " and ".join(sorted((one, other))),
    "dependentRequired": lambda one, other: {**one, **other},
}
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys((*UPPER, *LOWER, "multipleOf"), (int, float)),
    **dict.fromkeys(("enum", "x-extensible-enum"), list),
    **dict.fromkeys(("discriminator", "dependentRequired"), dict),
    **dict.fromkeys(("format", "pattern", "contentMediaType", "contentEncoding"), str),
}


def _say(view: View, keyword: str, value: Any, pointer: str) -> None:
    """Note what one schema says of a keyword; where another said something already, the tighter counts. What makes no sense says nothing."""
    if keyword in _KINDS and not isinstance(value, _KINDS[keyword]):
        return
    said = view.words.get(keyword)
    if said is None:
        view.words[keyword] = Said(value, pointer)
    elif keyword in _TIGHTER:
        tighter = _TIGHTER[keyword](said.value, value)
        view.words[keyword] = Said(tighter, said.pointer if tighter == said.value else pointer)


_NOTHING = {
    "pattern": ("", ".*", "^.*$", "^.*", ".*$"),
    "minContains": (1,),
    "uniqueItems": (False,),
    "deprecated": (False,),
}


def _settle(view: View) -> None:
    """Take away what says nothing, and bring what can be said in two ways into one."""
    words = view.words
    for limit, strict in (("maximum", "exclusiveMaximum"), ("minimum", "exclusiveMinimum")):
        if words.get(strict, Said(0, "")).value is True and limit in words:  # OpenAPI 3.0
            words[strict] = words.pop(limit)
        elif isinstance(view.says(strict), bool):
            del words[strict]
    for keyword in ("minLength", "minItems", "minProperties"):
        if view.says(keyword) == 0:
            del words[keyword]
    for keyword, values in _NOTHING.items():
        if keyword in words and words[keyword].value in values:
            del words[keyword]
    if "const" not in words and len(view.says("enum") or ()) == 1:
        words["const"] = Said(words["enum"].value[0], words.pop("enum").pointer)
    if "enum" in words and view.types is not None:
        words["enum"] = Said([value for value in words["enum"].value if value is not None], words["enum"].pointer)
    words.pop("enum", None) if "const" in words else None


def key(value: Any) -> bytes:
    """What two values have in common exactly when they are equal in JSON: 1 is 1.0 and not true."""
    return encode_json(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {name: _plain(value[name]) for name in sorted(value)}
    return [_plain(item) for item in value] if isinstance(value, list) else value
