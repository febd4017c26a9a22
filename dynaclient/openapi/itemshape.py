"""What a document says of the items of a sequential media type: which schemas they fit, and what the data of an event is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.frozen import Struct
from dynaclient.openapi.decode import Step, decoding
from dynaclient.openapi.media import essence, is_json
from dynaclient.openapi.model import MediaType
from dynaclient.openapi.pointer import at, deref, join
from dynaclient.openapi.shape import kinds, subschemas, types

EVENTS, LINES, SEQUENCE, PARTS = "events", "lines", "sequence", "parts"
FIELDS = ("id", "event", "data", "retry")
_KINDS = {
    "text/event-stream": EVENTS,
    "application/jsonl": LINES,
    "application/x-jsonl": LINES,
    "application/jsonlines": LINES,
    "application/x-jsonlines": LINES,
    "application/json-lines": LINES,
    "application/ndjson": LINES,
    "application/x-ndjson": LINES,
    "application/json-seq": SEQUENCE,
    "multipart/mixed": PARTS,
}
_SENTINEL = "x-speakeasy-sse-sentinel"


def sequence_kind(name: str) -> str:
    """``events``, ``lines``, ``sequence`` or ``parts``: how a sequential media type is framed; ``""`` for any other media type."""
    kind = essence(name)
    return _KINDS.get(kind) or (SEQUENCE if kind.endswith("+json-seq") else "")


def is_sequential(name: str) -> bool:
    """Whether a media type is a sequence of items that arrive one by one (OpenAPI 3.2, 4.14.3)."""
    return sequence_kind(name) != ""


class Content(Struct, frozen=True):
    """JSON within a text, by ``contentMediaType``: its ``schema`` is a pointer or None. It counts where the item fits each schema of ``conditions``, or does not fit it, as is said there."""

    schema: str | None
    step: Step | None
    conditions: tuple[tuple[str, bool], ...]


class Shape(Struct, frozen=True):
    """What one item is.

    Parameters
    ----------
    schemas:
        Pointers of schemas, one of which the item fits; none: anything fits.
    enveloped:
        Whether the item of an event stream is the whole event, as ``{id, event, data, retry}``, and not its data alone.
    kinds:
        The JSON types that the text of an item (the data of an event) may stand for; ``()`` where the document does not say.
    names:
        The properties that the schema declares for the item (the data of an event).
    contents:
        Where JSON stands within the text.
    steps:
        What is unpacked in an item.
    """

    schemas: tuple[str, ...] = ()
    enveloped: bool = False
    kinds: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    contents: tuple[Content, ...] = ()
    steps: tuple[Step, ...] = ()


class Reading(Struct, frozen=True):
    """How a sequential reply of one media type is read: made once. ``first`` are the shapes of the items that have one of their own by place (``prefixItems``), ``rest`` is that of all others.

    ``sentinel`` is the data that ends an event stream, None where the document names none; ``types`` are the media types of parts that name none, by place, the last for all that follow.
    """

    first: tuple[Shape, ...]
    rest: Shape
    sentinel: str | None
    types: tuple[str, ...]

    def shape(self, number: int) -> Shape:
        """The shape of an item, counted from 0."""
        return self.first[number] if number < len(self.first) else self.rest

    def type(self, number: int) -> str:
        """The media type that the document gives to a part, ``""`` where it gives none."""
        return self.types[min(number, len(self.types) - 1)] if self.types else ""


def reading(document: Mapping[str, Any], media: MediaType, kind: str) -> Reading:
    """How the items of a media type are read.

    OpenAPI 3.2's ``itemSchema`` describes an item. So does ``schema``, or its ``items`` (and ``prefixItems``) where it is that of an array: the array is then the whole stream.

    Parameters
    ----------
    document, media:
        The document and the declared media type.
    kind:
        How the reply is framed, by ``sequence_kind``.
    """
    node = at(document, media.pointer) if media.pointer else {}
    node = node if isinstance(node, Mapping) else {}
    sentinel = node.get(_SENTINEL)
    strict = media.item_schema is not None
    first, rest = ((), media.item_schema) if strict else _of_array(document, media.schema)
    return Reading(
        tuple(_shape(document, pointer, kind, strict=strict) for pointer in first),
        _shape(document, rest, kind, strict=strict),
        sentinel if isinstance(sentinel, str) else None,
        tuple(_part_types(node)),
    )


def _of_array(document: Mapping[str, Any], pointer: str | None) -> tuple[tuple[str, ...], str | None]:
    """The schemas of the first items and of all others, where a schema is that of an array; else the schema itself."""
    for node, here in subschemas(document, pointer, choices=False) if pointer is not None else ():
        if "array" in kinds(node) and not set(kinds(node)) - {"array", "null"}:
            prefix = node.get("prefixItems")
            first = range(len(prefix)) if isinstance(prefix, list) else ()
            rest = join(here, "items") if "items" in node else None
            return tuple(join(here, "prefixItems", number) for number in first), rest
    return (), pointer


def _part_types(node: Mapping[str, Any]) -> Iterator[str]:
    """Media types by ``prefixEncoding`` and ``itemEncoding`` (OpenAPI 3.2, 4.15): a list or a range says nothing of one part."""
    prefix = node.get("prefixEncoding")
    encodings = [*(prefix if isinstance(prefix, list) else ()), node.get("itemEncoding")]
    for encoding in encodings:
        written = encoding.get("contentType") if isinstance(encoding, Mapping) else None
        yield written if isinstance(written, str) and not set(written) & {",", "*"} else ""


def _shape(document: Mapping[str, Any], pointer: str | None, kind: str, *, strict: bool) -> Shape:
    if pointer is None:
        return Shape()
    if kind != EVENTS:
        return _plain(document, (pointer,))
    leaves = _leaves(document, pointer)
    events = [leaf for leaf in leaves if _is_event(document, leaf, strict=strict)]
    payloads = [leaf for leaf in leaves if leaf not in events and _names(document, leaf)]
    if not events:
        return _plain(document, (pointer,))
    if payloads:  # a union of the event and of what its data holds: the data is read by the members that describe it
        return _plain(document, tuple(leaf for leaf in leaves if leaf not in events))
    data = tuple(_property(document, pointer, "data"))
    found = {name: None for place in data for name in types(document, place)}
    contents = tuple(_contents(document, pointer, "data"))
    return Shape(
        schemas=(pointer,),
        enveloped=True,
        kinds=tuple(found) or (("string",) if contents else ()),
        names=frozenset(name for place in data for name in _names(document, place)),
        contents=contents,
        steps=_steps(document, (pointer,)),
    )


def _plain(document: Mapping[str, Any], pointers: tuple[str, ...]) -> Shape:
    """The shape of an item that is a value itself."""
    found = [types(document, pointer) for pointer in pointers]
    known = tuple(dict.fromkeys(name for names in found for name in names)) if all(found) else ()
    contents = tuple(content for pointer in pointers for content in _contents(document, pointer, None))
    return Shape(
        schemas=pointers,
        kinds=known or (("string",) if contents else ()),
        names=frozenset(name for pointer in pointers for name in _names(document, pointer)),
        contents=contents,
        steps=_steps(document, pointers),
    )


def _steps(document: Mapping[str, Any], pointers: tuple[str, ...]) -> tuple[Step, ...]:
    found = (decoding(document, pointer) for pointer in pointers)
    return tuple(step for step in found if step is not None)


def _leaves(document: Mapping[str, Any], pointer: str) -> list[str]:
    """The members of a union, and of unions within it, by their pointers; a schema that has properties of its own, or is no union, is its only leaf."""
    found: list[str] = []
    waiting, seen = [pointer], set()
    while waiting:
        node, here = deref(document, at(document, waiting[0]), waiting[0])
        waiting.pop(0)
        if here in seen:
            continue
        seen.add(here)
        members = [
            join(here, key, number)
            for key in ("oneOf", "anyOf")
            if isinstance(node, Mapping) and isinstance(node.get(key), list)
            for number in range(len(node[key]))
        ]
        if not members or "properties" in node or "allOf" in node:
            found.append(here)
        waiting += members if found[-1:] != [here] else []
    return found


def _is_event(document: Mapping[str, Any], pointer: str, *, strict: bool) -> bool:
    """Whether a schema describes an event: an object that has ``data``, and no property that no event has.

    ``strict``: it is an ``itemSchema``, which the standard applies to the event, unless it can only mean the data: it declares properties that no event has, or is no object.
    """
    names = set(_names(document, pointer))
    if names - set(FIELDS):
        return False
    if strict:
        declared = types(document, pointer)
        return not declared or "object" in declared
    return "data" in names


def _names(document: Mapping[str, Any], pointer: str) -> list[str]:
    found: list[str] = []
    for node, _ in subschemas(document, pointer):
        declared = node.get("properties")
        found += declared if isinstance(declared, Mapping) else ()
    return found


def _property(document: Mapping[str, Any], pointer: str, name: str) -> Iterator[str]:
    """The places of all schemas of a property, through references and choices."""
    for node, here in subschemas(document, pointer):
        declared = node.get("properties")
        if isinstance(declared, Mapping) and name in declared:
            yield join(here, "properties", name)


def _contents(
    document: Mapping[str, Any],
    pointer: str,
    name: str | None,
    conditions: tuple[tuple[str, bool], ...] = (),
    seen: frozenset[str] = frozenset(),
) -> Iterator[Content]:
    """Where ``contentMediaType`` makes JSON of a text: the value's own, or that of one of its properties, each with the choices on the way to it."""
    try:
        node = at(document, pointer)
        target = deref(document, node, pointer)[1]
    except SpecError:
        return
    if pointer in seen or not isinstance(node, Mapping):
        return
    seen |= {pointer}
    if target != pointer:
        yield from _contents(document, target, name, conditions, seen)
    places = [pointer] if name is None else [join(pointer, "properties", name)] if name in _own(node) else []
    for place in places:
        for part, here in subschemas(document, place, choices=False):
            if isinstance(part.get("contentMediaType"), str) and is_json(part["contentMediaType"]):
                schema = join(here, "contentSchema") if "contentSchema" in part else None
                step = decoding(document, schema) if schema else None
                yield Content(schema, step, conditions)
    for place, more in _below(node, pointer):
        yield from _contents(document, place, name, conditions + more, seen)


def _own(node: Mapping[str, Any]) -> Mapping[str, Any]:
    declared = node.get("properties")
    return declared if isinstance(declared, Mapping) else {}


def _below(node: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, tuple[tuple[str, bool], ...]]]:
    """The subschemas that judge the same value, each with what must hold for them to count (JSON Schema 2020-12, 7.7.1)."""
    for key in ("allOf", "oneOf", "anyOf"):
        members = node.get(key)
        for number in range(len(members) if isinstance(members, list) else 0):
            place = join(pointer, key, number)
            yield place, () if key == "allOf" else ((place, True),)
    for key, holds in (("then", True), ("else", False)):
        if key in node and "if" in node:
            yield join(pointer, key), ((join(pointer, "if"), holds),)
