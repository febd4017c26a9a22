"""A value that satisfies a schema: from its own examples where they are good, else the smallest one that can be made.

Making is guessing with a judge: drafts are written from the keywords that say what a value looks like, and the validator of the very
schema decides which one stands. Keywords that only forbid (``not``, ``if``, ``dependentSchemas`` ...) need no code here for that reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
from typing import Any, Literal

from dynaclient.errors import SpecError, UnsupportedError
from dynaclient.frozen import Struct
from dynaclient.local import scalars
from dynaclient.openapi.media import encode_json, is_json
from dynaclient.openapi.pointer import at as node_at
from dynaclient.openapi.pointer import deref, join, tokens

Accepts = Callable[[str, Any], bool]
Direction = Literal["request", "reply"]

_WAYS = 64  # How many combinations of choices are tried for one value ...
_DRAFTS = 20_000  # ... and how many drafts for the whole.
_NO_PLACE = ""  # The pointer of a part that stands nowhere in the document.


class Part(Struct, frozen=True):
    """One schema object that a value must satisfy; ``pointer`` is ``""`` for one that was made up here."""

    node: Any
    pointer: str

    def child(self, *path: str | int) -> Part:
        """A schema further down."""
        node = self.node
        for step in path:
            node = node[step]
        return Part(node, join(self.pointer, *path) if self.pointer else _NO_PLACE)


Way = tuple[Part, ...]


def example(document: Mapping[str, Any], pointer: str, accepts: Accepts, direction: Direction = "reply") -> Any:
    """A small value that satisfies a schema.

    Parameters
    ----------
    document:
        The document, with local references only.
    pointer:
        Where the schema stands in it (RFC 6901).
    accepts:
        Tells whether a value satisfies the schema at a pointer: the validator.
    direction:
        Which way the value goes: a request has no ``readOnly`` properties, a reply none that are ``writeOnly``.

    Raises
    ------
    UnsupportedError
        Where no value is found; ``pointer`` names the schema that stands in the way.
    """
    node = node_at(document, pointer)
    if isinstance(node, Mapping) and set(node) == {"$ref"}:
        node, pointer = deref(document, node, pointer)
    whole = (Part(node, pointer),)
    with suppress(UnsupportedError):  # Most schemas need no search; the validators of their parts are then never made.
        value = Maker(document, lambda _pointer, _value: True, direction).make(whole)
        if accepts(pointer, value):
            return value
    return Maker(document, accepts, direction).make(whole)


class Maker:
    """Writes drafts and shows them to the judge; made for one value. The parameters are those of ``example``."""

    def __init__(self, document: Mapping[str, Any], accepts: Accepts, direction: Direction) -> None:
        self._document = document
        self._accepts = accepts
        self._hides = "readOnly" if direction == "request" else "writeOnly"
        self._open: list[tuple[str, ...]] = []
        self._known: dict[tuple[tuple[str, ...], int], Any] = {}
        self._left = _DRAFTS

    def make(self, parts: Way, salt: int = 0) -> Any:
        """A value for all the parts at once; ``salt`` asks for a different one."""
        key = tuple(part.pointer or repr(part.node) for part in parts)
        place = next((part.pointer for part in parts if part.pointer), "")
        if key in self._open:
            raise UnsupportedError("this schema requires itself, so that every value is endless", pointer=place)
        if (key, salt) in self._known:
            return self._known[key, salt]
        self._open.append(key)
        try:
            value = self._search(parts, salt, place)
        finally:
            self._open.pop()
        self._known[key, salt] = value
        return value

    def _search(self, parts: Way, salt: int, place: str) -> Any:
        reason: SpecError | None = None
        for way in islice(self._ways(parts), _WAYS):
            try:
                for draft in self._drafts(way, salt):
                    self._left -= 1
                    if all(self._accepts(part.pointer, draft) for part in parts if part.pointer):
                        return draft
                    if self._left < 0:
                        raise UnsupportedError("no value was found in reasonable time", pointer=place)
            except SpecError as error:
                reason = error
                if self._left < 0:
                    break
        raise reason or UnsupportedError("no value was found that satisfies this schema", pointer=place)

    # -- the ways to satisfy a schema: references and allOf are opened, one branch of each oneOf and anyOf is chosen

    def _ways(self, parts: Way, trail: tuple[str, ...] = (), owner: str = "") -> Iterator[Way]:
        """All ways to satisfy several parts together."""
        if not parts:
            yield ()
            return
        for way in self._opened(parts[0], trail, owner):
            for rest in self._ways(parts[1:], trail, owner):
                yield way + rest

    def _opened(self, part: Part, trail: tuple[str, ...], owner: str) -> Iterator[Way]:
        node = part.node
        if node is False or (part.pointer and part.pointer in trail):
            return
        if not isinstance(node, Mapping):
            yield (part,)
            return
        steps = tokens(part.pointer)
        if not owner and "$ref" not in node and len(steps) == 3 and steps[:2] == ["components", "schemas"]:
            owner = steps[2]
        trail = (*trail, part.pointer) if part.pointer else trail
        for way in self._chosen(self._choices(part, owner), trail, owner):
            yield (part, *way)

    def _chosen(self, choices: list[list[Way]], trail: tuple[str, ...], owner: str) -> Iterator[Way]:
        if not choices:
            yield ()
            return
        for branch in choices[0]:
            for way in self._ways(branch, trail, owner):
                for rest in self._chosen(choices[1:], trail, owner):
                    yield way + rest

    def _choices(self, part: Part, owner: str) -> list[list[Way]]:
        """What else must hold, as alternatives: a reference and a member of ``allOf`` have one, ``oneOf`` and ``anyOf`` have many."""
        node = part.node
        tag = _tagger(node)
        found: list[list[Way]] = []
        if isinstance(node.get("$ref"), str):
            found.append([(Part(*deref(self._document, node, part.pointer)),)])
        found.extend([(part.child("allOf", number),)] for number in range(len(_list(node, "allOf"))))
        branched = [key for key in ("oneOf", "anyOf") if _list(node, key)]
        for key in branched:
            members = [part.child(key, number) for number in range(len(node[key]))]
            found.append([(member, *tag(_name(member.node))) for member in members])
        if not branched and tag(owner):
            found.append([tag(owner)])
        return found

    # -- drafts

    def _drafts(self, way: Way, salt: int) -> Iterator[Any]:
        nodes = [part.node for part in way if isinstance(part.node, Mapping)]
        declared = list(offered(nodes))
        yield from declared[salt:] if salt < len(declared) else declared
        if any("const" in node for node in nodes):
            return
        for kind in types_of(nodes):
            if kind == "object":
                yield from self._objects(way, salt)
            elif kind == "array":
                yield from self._arrays(way, salt)
            else:
                yield from self._packed(way, salt) if kind == "string" else ()
                yield from scalars.drafts(kind, nodes, salt)

    def _packed(self, way: Way, salt: int) -> Iterator[str]:
        """JSON within a text (``contentMediaType``, ``contentSchema``)."""
        for part in way:
            if not isinstance(part.node, Mapping) or not is_json(str(part.node.get("contentMediaType", ""))):
                continue
            inner = (part.child("contentSchema"),) if "contentSchema" in part.node else (Part({}, _NO_PLACE),)
            with suppress(UnsupportedError):
                yield encode_json(self.make(inner, salt)).decode()

    def _objects(self, way: Way, salt: int) -> Iterator[dict[str, Any]]:
        nodes = [part.node for part in way if isinstance(part.node, Mapping)]
        required = list(dict.fromkeys(chain.from_iterable(_list(node, "required") for node in nodes)))
        known = list(dict.fromkeys(chain.from_iterable(_mapping(node, "properties") for node in nodes)))
        hidden = {name for name in known if self._hidden(way, name)}
        wanted = [name for name in required if name not in hidden]
        optional = [name for name in known if name not in required and name not in hidden]
        least = max((node.get("minProperties", 0) for node in nodes), default=0)
        shown = [name for name in optional if self._has_sample(property_parts(way, name))]
        extra = [*optional, *(f"property{number}" for number in range(1, least + 1))]
        filled = [*wanted, *extra[: max(0, least - len(wanted))]]
        if shown:
            yield from self._object(way, [*wanted, *shown], salt)
        yield {name: self.make(property_parts(way, name), salt) for name in filled}
        for name in optional:  # What "anyOf" of lists of required names, or a condition, may ask for.
            yield from self._object(way, [*wanted, name], salt)
        if hidden:  # a choice among lists of required names may ask for one
            yield from self._object(way, required, salt)

    def _object(self, way: Way, names: list[str], salt: int) -> Iterator[dict[str, Any]]:
        """One draft with these properties, none where one of them cannot be made."""
        with suppress(UnsupportedError):
            yield {name: self.make(property_parts(way, name), salt) for name in names}

    def _hidden(self, way: Way, name: str) -> bool:
        nodes = [part.node for part in property_parts(way, name)]
        nodes += [deref(self._document, node, "")[0] for node in nodes if isinstance(node, Mapping) and "$ref" in node]
        return any(isinstance(node, Mapping) and node.get(self._hides) is True for node in nodes)

    def _has_sample(self, parts: Way) -> bool:
        way = next(self._ways(parts), ())
        return next(offered([part.node for part in way if isinstance(part.node, Mapping)]), _NOTHING) is not _NOTHING

    def _arrays(self, way: Way, salt: int) -> Iterator[list[Any]]:
        parts = [part for part in way if isinstance(part.node, Mapping)]
        least = max((part.node.get("minItems", 0) for part in parts), default=0)
        contained = [part for part in parts if "contains" in part.node]
        size = max([least, *(part.node.get("minContains", 1) for part in contained)])
        step = 1 if any(part.node.get("uniqueItems") is True for part in parts) else 0
        for more in (0, 1):
            items = []
            for number in range(size + more):
                wanted = [item for part in parts for item in item_parts(part, number)]
                wanted += [part.child("contains") for part in contained]
                items.append(self.make(tuple(wanted) or (Part({}, _NO_PLACE),), salt + number * step))
            yield items


_NOTHING = object()


def offered(nodes: list[Mapping[str, Any]]) -> Iterator[Any]:
    """What the schemas themselves offer: ``const``, ``examples``, ``example``, ``default``, ``enum``."""
    for node in nodes:
        if "const" in node:
            yield node["const"]
    for node in nodes:
        if "example" in node:
            yield node["example"]
        yield from _list(node, "examples")
    for key in ("default",):
        yield from (node[key] for node in nodes if key in node)
    for node in nodes:
        yield from _list(node, "enum")


_SIGNS = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "patternProperties": "object",
    "minProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "contains": "array",
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "contentEncoding": "string",
    "minimum": "number",
    "exclusiveMinimum": "number",
    "maximum": "number",
    "multipleOf": "number",
}
_ANY = ("object", "string", "integer", "array", "boolean", "null")


def types_of(nodes: list[Mapping[str, Any]]) -> list[str]:
    """The types that all schemas allow, null last; where they name none, the one that their other keywords hint at.

    Where they contradict each other, all types that any of them names: the judge knows which of them does not count.
    """
    allowed: list[str] | None = None
    named: dict[str, None] = {}
    for node in nodes:
        declared = node.get("type")
        names = [declared] if isinstance(declared, str) else declared
        if not isinstance(names, list) or not names:
            continue
        named.update(dict.fromkeys(names))
        if allowed is None:
            allowed = list(names)
        elif "integer" in names and "number" in allowed:
            allowed = ["integer" if name == "number" else name for name in allowed]
        else:
            allowed = [name for name in allowed if name in names or (name == "integer" and "number" in names)]
    if allowed is None:
        signs = [_SIGNS[key] for node in nodes for key in node if key in _SIGNS]
        allowed = list(dict.fromkeys([*signs, *_ANY]))
    return sorted(allowed or named, key=lambda name: name == "null")


def property_parts(way: Way, name: str) -> Way:
    """Every schema that speaks about a property; any value where none does."""
    found = []
    for part in way:
        node = part.node
        if not isinstance(node, Mapping):
            continue
        if name in _mapping(node, "properties"):
            found.append(part.child("properties", name))
            continue
        named = [key for key in _mapping(node, "patternProperties") if scalars.found(key, name)]
        found.extend(part.child("patternProperties", key) for key in named)
        if not named and isinstance(node.get("additionalProperties"), Mapping):
            found.append(part.child("additionalProperties"))
    return tuple(found) or (Part({}, _NO_PLACE),)


def item_parts(part: Part, number: int) -> Iterator[Part]:
    """What an array schema says of its item number so and so."""
    first = _list(part.node, "prefixItems")
    if number < len(first):
        yield part.child("prefixItems", number)
    elif isinstance(part.node.get("items"), (Mapping, bool)):
        yield part.child("items")


def _tagger(node: Mapping[str, Any]) -> Callable[[str], Way]:
    """What the discriminator (OpenAPI 3.1, 4.8.25) of a schema asks of the component of a name, as one more part."""
    written = _mapping(node, "discriminator")
    name, mapping = written.get("propertyName"), _mapping(written, "mapping")

    def tag(component: str) -> Way:
        if not isinstance(name, str) or not component:
            return ()
        value = next((key for key, target in mapping.items() if _last(target) == component), component)
        return (Part({"type": "object", "required": [name], "properties": {name: {"const": value}}}, _NO_PLACE),)

    return tag


def _name(node: Any) -> str:
    return _last(node.get("$ref", "")) if isinstance(node, Mapping) else ""


def _last(reference: Any) -> str:
    return str(reference).rpartition("/")[2]


def _list(node: Mapping[str, Any], key: str) -> list[Any]:
    value = node.get(key)
    return value if isinstance(value, list) else []


def _mapping(node: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = node.get(key)
    return value if isinstance(value, Mapping) else {}
