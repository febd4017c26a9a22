"""Request bodies read by their media type: JSON, forms (OpenAPI 3.1.1, 4.8.15), multipart and text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from dynaclient.frozen import Struct
from dynaclient.local.unstyle import MISSING, Source, members, value_of
from dynaclient.openapi.itemshape import sequence_kind
from dynaclient.openapi.media import charset, decode_json, essence, is_json, is_text, is_xml
from dynaclient.openapi.model import MediaType, Parameter
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import subschemas, types
from dynaclient.wire import Headers

FORM = "application/x-www-form-urlencoded"
_PARAMETER = re.compile(rb';\s*([\w*-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_STYLED = ("style", "explode", "allowReserved")


class Part(Struct, frozen=True):
    """One field of a form, ``""`` where it has no name: ``kind`` is its own media type, ``""`` where it states none; ``file``: whether it has a file name."""

    name: str
    data: bytes
    kind: str = ""
    file: bool = False


def decoded(media: MediaType, content_type: str, data: bytes, source: Source) -> Any:
    """The body as a value, ``MISSING`` where no schema can judge it.

    Parameters
    ----------
    media:
        What the document says of a body of this type.
    content_type:
        The type that the request states.
    data:
        The bytes.
    source:
        The document and its validators; its path, query and headers are not looked at.

    Raises
    ------
    ValueError
        Where the bytes are not what the media type says.
    """
    kind = essence(content_type)
    if is_json(kind):
        return decode_json(data)
    if kind == FORM:
        return _Fields(media, source).of_query(data.decode("utf-8", "replace"))
    if kind.startswith("multipart/"):
        return _Fields(media, source).of_parts(list(_parts(content_type, data)))
    if is_xml(kind):
        return _xml(media, content_type, data, source)
    if sequence_kind(kind) in ("lines", "sequence"):
        pieces = data.split(b"\x1e") if sequence_kind(kind) == "sequence" else data.splitlines()
        return [decode_json(piece) for piece in pieces if piece.strip()]
    return _text(data, content_type) if is_text(kind) else MISSING


def _xml(media: MediaType, content_type: str, data: bytes, source: Source) -> Any:
    from dynaclient.openapi.xml import is_structured
    from dynaclient.openapi.xmlread import read_xml

    if not is_structured(source.document, media.schema):
        return MISSING
    return read_xml(source.caster, media.schema, data, content_type)


def _text(data: bytes, content_type: str) -> str:
    try:
        return data.decode(charset(content_type), "replace")
    except LookupError:
        raise ValueError(f"its charset {charset(content_type)[:40]!r} is not known") from None


class _Fields:
    """The fields of one form as an object, each in the type that its property has."""

    def __init__(self, media: MediaType, source: Source) -> None:
        self._media, self._source = media, source
        self._document = source.document
        self._schema = members(self._document, media.schema) if media.schema is not None else lambda _name: None

    def of_query(self, text: str) -> Any:
        """The fields of a body that is written like a query."""
        if self._media.schema is None:
            return MISSING
        source = Source(self._source.caster, {}, text, Headers())
        value, taken = self._styled(source)
        pairs = [pair for pair in source.query_pairs() if pair[0].partition("[")[0] not in taken]
        parts = [Part(name, unquote_plus(text).encode()) for name, text in pairs]
        return {**value, **self._plain(parts)}

    def of_parts(self, parts: list[Part]) -> Any:
        """The fields of a body in parts; parts without names are items, in order (OpenAPI 3.2, 4.14.5.2)."""
        if self._media.schema is None:
            return MISSING
        if parts and not any(part.name for part in parts):
            return [self._one(self._item(number), part) for number, part in enumerate(parts)]
        return self._plain([part for part in parts if part.name])

    def _item(self, number: int) -> str | None:
        """The schema of a part by its place: ``prefixItems``, then ``items``."""
        assert self._media.schema is not None
        for node, here in subschemas(self._document, self._media.schema):
            first = node.get("prefixItems")
            if isinstance(first, list) and number < len(first):
                return join(here, "prefixItems", number)
        return self._source.caster.items(self._media.schema)

    def _styled(self, source: Source) -> tuple[dict[str, Any], set[str]]:
        """The fields that the document writes as a query parameter is written, and the names that they take."""
        value: dict[str, Any] = {}
        taken: set[str] = set()
        for name, entry in self._media.encoding.items():
            if not isinstance(entry, Mapping) or not any(key in entry for key in _STYLED):
                continue
            style = str(entry.get("style") or "form")
            explode = entry["explode"] if isinstance(entry.get("explode"), bool) else style == "form"
            schema = self._schema(name)
            found = value_of(Parameter(name, name, "query", schema=schema, style=style, explode=explode), source)
            if found is not MISSING:
                value[name] = found
                members = found if style == "form" and explode and isinstance(found, dict) else ()
                taken.update((name, *members))
        return value, taken

    def _plain(self, parts: list[Part]) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for name in dict.fromkeys(part.name for part in parts):
            given = [part for part in parts if part.name == name]
            value[name] = self._field(self._schema(name), given)
        return value

    def _field(self, schema: str | None, given: list[Part]) -> Any:
        kinds = types(self._document, schema) if schema is not None else ()
        if schema is None or ("array" not in kinds and (kinds or len(given) == 1)):
            return self._one(schema, given[-1])
        if len(given) == 1 and (is_json(given[0].kind) or len(kinds) > 1):
            value = self._one(schema, given[0])  # a whole array as JSON, or no array but what else may stand here
            if isinstance(value, list) or self._source.caster.judges(schema).accepts(value):
                return value
        items = self._source.caster.items(schema) if "array" in kinds else schema
        return [self._one(items, part) for part in given]

    def _one(self, schema: str | None, part: Part) -> Any:
        if is_json(part.kind):
            return decode_json(part.data)
        if part.file or (part.kind and not is_text(part.kind)):
            fits = schema is None or self._source.caster.judges(schema).accepts(part.data)
            return part.data if fits else part.data.decode("latin-1")
        text = _text(part.data, part.kind)
        kinds = types(self._document, schema) if schema is not None else ()
        if schema is not None and text[:1] in ("{", "[") and (not kinds or {"object", "array"}.intersection(kinds)):
            try:
                return decode_json(part.data)
            except ValueError:
                return text
        return self._source.caster.scalar(schema, text)


def _parts(content_type: str, data: bytes) -> Iterator[Part]:
    """The parts of a multipart body (RFC 2046, 5.1; RFC 7578)."""
    boundary = _parameters(content_type.encode("utf-8", "replace")).get("boundary", "")
    pieces = (b"\r\n" + data).split(b"\r\n--" + boundary.encode())
    if not boundary or len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise ValueError("the multipart body has no parts; does the Content-Type state its boundary?")
    for piece in pieces[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        fields = dict(_field_lines(head))
        parameters = _parameters(fields.get(b"content-disposition", b""))
        kind = fields.get(b"content-type", b"").decode("latin-1")
        is_file = not {"filename", "filename*"}.isdisjoint(parameters)
        yield Part(parameters.get("name", ""), content, kind, is_file)


def _field_lines(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            yield name.strip().lower(), value.strip()


def _parameters(field: bytes) -> dict[str, str]:
    """The parameters of a header field; browsers write quotes and line breaks in them as ``%22``, ``%0D`` and ``%0A``."""
    found = {}
    for match in _PARAMETER.finditer(field):
        value = match[2].strip()
        if value.startswith(b'"'):
            value = re.sub(rb"\\(.)", rb"\1", value[1:-1])
        text = value.decode("utf-8", "replace")
        found[match[1].decode().lower()] = re.sub("%22|%0[aAdD]", lambda escape: unquote_plus(escape[0]), text)
    return found
