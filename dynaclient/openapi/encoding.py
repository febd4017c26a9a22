"""Encoding Objects (OpenAPI 3.2, 4.15): how one property of a form, or one part of a multipart body, is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.frozen import Struct, field
from dynaclient.openapi.extensions import read_array_format
from dynaclient.openapi.media import charset, encode_json, essence, is_json, is_text, is_xml
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import properties, subschemas
from dynaclient.openapi.style import text

TEXT = "text/plain"
OCTETS = "application/octet-stream"
_STYLED = ("style", "explode", "allowReserved")


class Encoding(Struct, frozen=True):
    """How one value is written.

    ``schema`` is the pointer of its schema or None. ``content_types`` are those that the document allows, ``()`` where it leaves them to the value.
    ``styled``: it is written like a query parameter (one of ``style``, ``explode`` and ``allowReserved`` is there), whatever its content type.
    ``content_encoding`` says how its bytes become text (``base64``). ``headers`` are the pointers of Header Objects. ``node`` and ``pointer`` are the
    Encoding Object itself. ``array_format``: how ``deepObject`` writes arrays.
    """

    schema: str | None = None
    content_types: tuple[str, ...] = ()
    styled: bool = False
    style: str = "form"
    explode: bool = True
    allow_reserved: bool = False
    content_encoding: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    node: Mapping[str, Any] = field(default_factory=dict)
    pointer: str = ""
    array_format: str = "indexed"

    @property
    def json(self) -> bool:
        """Whether the document asks for JSON."""
        return bool(self.content_types) and is_json(self.content_types[0])


def read_encoding(document: Mapping[str, Any], written: Any, pointer: str, schema: str | None) -> Encoding:
    """An Encoding Object, settled; ``{}`` stands for one that is not there."""
    node = written if isinstance(written, Mapping) else {}
    listed = node.get("contentType")
    headers = node.get("headers")
    style = node.get("style")
    style = style if isinstance(style, str) else "form"
    explode = node.get("explode")
    return Encoding(
        schema=schema,
        content_types=tuple(part.strip() for part in listed.split(",") if part.strip())
        if isinstance(listed, str)
        else (),
        styled=any(key in node for key in _STYLED),
        style=style,
        explode=explode if isinstance(explode, bool) else style in ("form", "deepObject"),
        allow_reserved=node.get("allowReserved") is True,
        content_encoding=content_encoding(document, schema),
        headers={name: join(pointer, "headers", name) for name in headers if name.lower() != "content-type"}
        if isinstance(headers, Mapping)
        else {},
        node=node,
        pointer=pointer,
        array_format=read_array_format(node, pointer),
    )


class Encodings:
    """The Encoding Objects of a media type, by the name of the property, each read when it is first asked for.

    Parameters
    ----------
    document:
        The document.
    schema:
        The pointer of the object schema, or None.
    written, pointer:
        The ``encoding`` map, and where it stands.
    """

    def __init__(self, document: Mapping[str, Any], schema: str | None, written: Any, pointer: str) -> None:
        self._document = document
        self._written = written if isinstance(written, Mapping) else {}
        self._pointer = pointer
        self._schemas = {item.name: item.schema for item in properties(document, schema)} if schema is not None else {}
        self._other = next(_others(document, schema), None) if schema is not None else None
        self._known: dict[str, Encoding] = {}

    def __getitem__(self, name: str) -> Encoding:
        found = self._known.get(name)
        if found is None:
            schema = self._schemas.get(name, self._other)
            written = self._written.get(name)
            found = read_encoding(self._document, written, join(self._pointer, name), schema)
            if name in self._schemas:  # names that the document does not know must not fill the memory
                self._known[name] = found
        return found


def _others(document: Mapping[str, Any], schema: str) -> Iterator[str]:
    for node, here in subschemas(document, schema):
        if isinstance(node.get("additionalProperties"), Mapping):
            yield join(here, "additionalProperties")


def items_of(document: Mapping[str, Any], schema: str | None) -> str | None:
    """The pointer of the schema of an array's items, or None."""
    if schema is not None:
        for node, here in subschemas(document, schema):
            if isinstance(node.get("items"), Mapping):
                return join(here, "items")
    return None


def content_encoding(document: Mapping[str, Any], schema: str | None) -> str:
    """How the bytes of a string, or of an array's strings, become text: ``contentEncoding``, 3.0's ``format: byte``; ``""`` where it is text or binary."""
    places = [schema, items_of(document, schema)] if schema is not None else []
    for place in places:
        for node, _ in subschemas(document, place) if place is not None else ():
            if isinstance(node.get("contentEncoding"), str):
                return str(node["contentEncoding"]).lower()
            if node.get("format") == "byte":
                return "base64"
    return ""


def is_binary(document: Mapping[str, Any], schema: str | None) -> bool:
    """Whether a schema, or that of its items, is of a file: ``format: binary``, or a ``contentMediaType`` that is neither text nor JSON."""
    for place in (schema, items_of(document, schema)):
        for node, _ in subschemas(document, place) if place is not None else ():
            if node.get("format") == "binary":
                return True
            kind = node.get("contentMediaType")
            if isinstance(kind, str) and "contentEncoding" not in node and not (is_text(kind) or is_json(kind)):
                return True
    return False


def as_text(data: bytes, encoding: str) -> str:
    """Bytes as the text of a ``contentEncoding`` (RFC 4648); base64 where none is named.

    Raises
    ------
    ValueError
        Where the encoding is not known.
    """
    import base64

    writers = {
        "": base64.b64encode,
        "base64": base64.b64encode,
        "base64url": base64.urlsafe_b64encode,
        "base32": base64.b32encode,
        "base16": base64.b16encode,
    }
    if encoding not in writers:
        raise ValueError(
            f"bytes cannot be written in the contentEncoding {encoding!r}; pass them as text, ready to send"
        )
    return writers[encoding](data).decode()


def content(document: Mapping[str, Any], value: Any, kind: str, schema: str | None) -> bytes:
    """A value as a media type: JSON, XML, or text of a scalar.

    Raises
    ------
    ValueError
        Where the value has no form in it.
    """
    if is_json(kind):
        return encode_json(value)
    if isinstance(value, bytes):
        return value
    if isinstance(value, (dict, list)) and is_xml(kind):
        from dynaclient.openapi.xml import write_xml

        return write_xml(document, schema, value)
    try:
        return text(value).encode(charset(kind) if is_text(kind) else "utf-8")
    except (LookupError, UnicodeEncodeError) as error:
        raise ValueError(f"it has no form in {kind}: {error}") from None
    except ValueError:
        raise ValueError(f"an array or object has no form in {essence(kind)}") from None
