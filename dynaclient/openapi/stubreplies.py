"""What a call gives, as types: its value, the items of its stream, the items of its pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dynaclient.openapi.infer_paging import paging_of
from dynaclient.openapi.itemshape import Shape, is_sequential, reading, sequence_kind
from dynaclient.openapi.media import essence, is_json, is_text, is_xml
from dynaclient.openapi.model import MediaType, Operation, Reply
from dynaclient.openapi.shape import types
from dynaclient.openapi.stubpacked import chosen
from dynaclient.openapi.stubtext import Argument, camel
from dynaclient.openapi.stubtypes import Types
from dynaclient.openapi.xml import is_structured

_SIMPLE_PATH = re.compile(r"\$((?:\.[A-Za-z_]\w*|\['[^']+'\])*)(\[\*\])?")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\['([^']+)'\]")


@dataclass(frozen=True, slots=True)
class Given:
    """What a call gives: ``value`` the type of a reply that is read whole, ``""`` where there is none such; ``item`` that of the items of a stream, ``""`` where there is none;
    ``listed`` that of the items of its pages; ``result`` that of the results of a batch, one for each input.
    """

    value: str
    item: str
    listed: str
    result: str = "Any"


def settled(gives: Given, numbers: str) -> Given:
    """What a call gives when nobody decides how numbers come."""
    return Given(*(chosen(text, numbers) for text in (gives.value, gives.item, gives.listed, gives.result)))


def given(made: Types, operation: Operation, name: str) -> Given:
    """What an operation gives; ``name`` begins the names of classes that have none of their own."""
    replies = _good(operation)
    whole: dict[str, None] = {}
    items: dict[str, None] = {}
    for reply in replies:
        if operation.method == "HEAD" or not reply.content:
            whole["None"] = None
            continue
        for media in reply.content:
            if is_sequential(media.name):
                items[_item(made, media, name)] = None
            else:
                whole[_value(made, media, f"{name}Reply")] = None
    if not replies:
        whole["Any"] = None
    return Given(
        _joined(whole),
        _joined(items),
        _listed(made, operation, replies, name),
        _result(made, operation, replies, name),
    )


def _joined(found: Iterable[str]) -> str:
    """Types as one: ``None`` last, ``Any`` alone."""
    parts = dict.fromkeys(part for text in found for part in _members(text))
    if "Any" in parts:
        return "Any"
    return " | ".join([*(part for part in parts if part != "None"), *(["None"] if "None" in parts else [])])


def _members(text: str) -> list[str]:
    """The members of a union; what stands in brackets or quotes is whole."""
    return [text] if "[" in text else text.split(" | ")


def _good(operation: Operation) -> list[Reply]:
    """The replies that are no errors: those of success; where none is declared, the default."""
    good = [reply for reply in operation.replies if reply.status.startswith("2")]
    return good or [reply for reply in operation.replies if reply.status[:1] in ("3", "d")]


def _value(made: Types, media: MediaType, hint: str) -> str:
    name = essence(media.name)
    if is_json(name) or "*" in name:
        return made.of(media.schema, "reply", hint) if not _is_binary(made, media) else "bytes"
    if is_xml(name):
        return made.of(media.schema, "reply", hint) if is_structured(made.document, media.schema) else "str"
    if is_text(name):
        kinds = types(made.document, media.schema) if media.schema else ()
        return made.of(media.schema, "reply", hint) if kinds and not {"object", "array"} & set(kinds) else "str"
    return "str" if name == "application/x-www-form-urlencoded" else "bytes"


def _is_binary(made: Types, media: MediaType) -> bool:
    return "*" in media.name and media.schema is not None and "string" in types(made.document, media.schema)


def _item(made: Types, media: MediaType, name: str) -> str:
    found = reading(made.document, media, sequence_kind(media.name))
    shapes: list[Shape] = []
    for shape in (*found.first, found.rest):
        if shape not in shapes:  # what decodes packed numbers has no hash
            shapes.append(shape)
    return _joined(_shaped(made, shape, f"{name}Item") for shape in shapes)


def _shaped(made: Types, shape: Shape, hint: str) -> str:
    contents = [content.schema for content in shape.contents]
    data = _joined(made.of(schema, "reply", f"{hint}Data") for schema in contents)
    if not shape.enveloped:
        return data or (made.either(shape.schemas, "reply", hint) if shape.schemas else "Any")
    if not data:
        return made.either(shape.schemas, "reply", hint)
    event = made.names.claim(camel(hint, "event"))
    fields = [Argument("id", "str"), Argument("event", "str"), Argument("data", data), Argument("retry", "int")]
    made.record(event, fields, "A server-sent event; only the fields that came are there.")
    return event


# --- batches and pages


def _result(made: Types, operation: Operation, replies: Iterable[Reply], name: str) -> str:
    """The type of one result of a batch."""
    schema = _json_schema(replies)
    known = made.fields(schema).get(operation.batch.output) if operation.batch and schema else None
    found = dict.fromkeys(
        item for place in (known.places if known else ()) for item in made.items(place, f"{name}Result")
    )
    return _joined(found) or "Any"


def _json_schema(replies: Iterable[Reply]) -> str | None:
    """The schema of the first reply in JSON."""
    return next(
        (media.schema for reply in replies for media in reply.content if is_json(media.name) and media.schema), None
    )


def _listed(made: Types, operation: Operation, replies: Iterable[Reply], name: str) -> str:
    schema = _json_schema(replies)
    if schema is None:
        return "Any"
    paging = paging_of(made.document, operation)
    path = paging.results if paging else ""
    places = _at_path(made, [schema], path) if path else _only_list(made, schema)
    found = dict.fromkeys(item for place in places for item in made.items(place, f"{name}PageItem"))
    return _joined(found) or "Any"


def _at_path(made: Types, places: list[str], path: str) -> list[str]:
    """The places of the schemas of what a simple JSONPath leads to."""
    found = _SIMPLE_PATH.fullmatch(path)
    for step in _STEP.finditer(found[1]) if found else ():
        key = step[1] or step[2]
        fields: list[Mapping[str, Any]] = [made.fields(place) for place in places]
        places = [place for known in fields if key in known for place in known[key].places]
    return places if found else []


def _only_list(made: Types, schema: str) -> list[str]:
    """The place of the list of a page: the page itself, or its only property that is one."""
    if "array" in types(made.document, schema):
        return [schema]
    lists = [one.places[0] for one in made.fields(schema).values() if "array" in types(made.document, one.places[0])]
    return lists if len(lists) == 1 else []
