"""The body of a sequential reply: a few items, framed as their media type asks for (OpenAPI 3.2, 4.14.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dynaclient.openapi.itemshape import EVENTS, PARTS, SEQUENCE, Reading, Shape, reading, sequence_kind
from dynaclient.openapi.media import encode_json, is_text
from dynaclient.openapi.model import MediaType
from dynaclient.openapi.shape import properties

_ITEMS = 2
_EDGE = "part-of-a-stream"
_FIELDS = ("event", "id", "retry", "data")


def framed_type(name: str) -> str:
    """The Content-Type of a sequential reply: with a boundary, where it needs one."""
    return f"{name}; boundary={_EDGE}" if sequence_kind(name) == PARTS and "boundary=" not in name else name


def stream_body(document: Mapping[str, Any], media: MediaType, make: Callable[[str], Any]) -> bytes:
    """Two items, or as many as have a place of their own and one more; and the sentinel where one is declared.

    Parameters
    ----------
    document, media:
        The document and the declared media type.
    make:
        Makes a value for the schema at a pointer.
    """
    kind = sequence_kind(media.name)
    asked = reading(document, media, kind)
    items = []
    for number in range(max(_ITEMS, len(asked.first) + 1)):
        shape = asked.shape(number)
        item = _item(document, shape, make)
        items.append(_event(item, shape) if kind == EVENTS else _framed(kind, item, asked, number))
    if kind == EVENTS and asked.sentinel is not None:
        items.append(f"data: {asked.sentinel}\n\n".encode())
    if kind == PARTS:
        items.append(f"--{_EDGE}--\r\n".encode())
    return b"".join(items)


def _item(document: Mapping[str, Any], shape: Shape, make: Callable[[str], Any]) -> Any:
    item = make(shape.schemas[0]) if shape.schemas else {}
    if not shape.enveloped or not isinstance(item, dict) or "data" in item:
        return item
    known = (found.schema for found in properties(document, shape.schemas[0]) if found.name == "data")
    return {**item, "data": make(next(known))}  # without data it would be no event


def _framed(kind: str, item: Any, asked: Reading, number: int) -> bytes:
    if kind == PARTS:
        media = asked.type(number) or "application/json"
        body = item.encode() if isinstance(item, str) and is_text(media) else encode_json(item)
        return f"--{_EDGE}\r\nContent-Type: {media}\r\n\r\n".encode() + body + b"\r\n"
    return (b"\x1e" if kind == SEQUENCE else b"") + encode_json(item) + b"\n"


def _event(item: Any, shape: Shape) -> bytes:
    """One server-sent event; the item holds its fields where the document describes them, otherwise it is the data."""
    fields = item if shape.enveloped and isinstance(item, Mapping) else {"data": item}
    lines = []
    for name in _FIELDS:
        if name in fields:
            lines += [f"{name}: {line}" for line in _text(name, fields[name], shape).split("\n")]
    return ("\n".join(lines) + "\n\n").encode()


def _text(name: str, value: Any, shape: Shape) -> str:
    """A field's value: the data is text where it can be nothing else, or where nothing is said of it."""
    plain = name != "data" or not set(shape.kinds) - {"string"}
    return value if isinstance(value, str) and plain else encode_json(value).decode()
