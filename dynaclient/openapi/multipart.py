"""``multipart/form-data`` and the other multipart types (RFC 7578, RFC 2046, 5.1; OpenAPI 3.2, 4.14.5 and 4.15.4).

A body without files is bytes; one with files is an Upload that reads them while it is sent. Names and file names are quoted as browsers do (WHATWG
HTML, 4.10.21.8): ``"``, CR and LF as ``%22``, ``%0D`` and ``%0A``, all else UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dynaclient.openapi.encoding import (
    OCTETS,
    TEXT,
    Encoding,
    Encodings,
    as_text,
    content,
    is_binary,
    items_of,
    read_encoding,
)
from dynaclient.openapi.media import JSON, essence, is_json, is_multipart, is_text
from dynaclient.openapi.parts import Attachment, Part, holds_file
from dynaclient.openapi.pointer import at, deref, join
from dynaclient.openapi.shape import subschemas
from dynaclient.openapi.style import deep_members, defined, header_text, text
from dynaclient.wire import Upload

FORM_DATA = "multipart/form-data"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_QUOTED = {'"': "%22", "\r": "%0D", "\n": "%0A"}
_OPENERS = {"spaceDelimited": " ", "pipeDelimited": "|"}

Piece = bytes | Upload


def random_boundary() -> str:
    """128 random bits: they do not occur in what is sent (RFC 2046, 5.1.1)."""
    from secrets import token_hex

    return token_hex(16)


class Multipart:
    """Writes the bodies of one multipart media type; made once, used for every call, safe among threads.

    Parameters
    ----------
    document:
        The document; without it the values alone decide how they are written.
    name:
        The media type: ``multipart/form-data``.
    schema:
        The pointer of its schema, or None.
    node, pointer:
        The Media Type Object, or for a multipart within a multipart the Encoding Object, and where it stands.
    boundary:
        Makes the text between the parts, anew for each body.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        name: str,
        schema: str | None,
        node: Mapping[str, Any],
        pointer: str,
        boundary: Callable[[], str] = random_boundary,
    ) -> None:
        self._document = document
        self._name = name
        self._schema = schema
        self._node, self._pointer = node, pointer
        self._boundary = boundary
        self._named = essence(name) == FORM_DATA
        self._encodings = Encodings(document, schema, node.get("encoding"), join(pointer, "encoding"))

    def write(self, value: Any) -> tuple[Piece, str]:
        """The body, and the Content-Type that names its boundary.

        Parameters
        ----------
        value:
            An object: each property a part, each item of an array a part of the same name. Or an array: its items in order, without names except in
            ``multipart/form-data``, where they are objects. Bytes are files; `Attachment` and `Part` say more.

        Raises
        ------
        ValueError
            Where a value has no form as a part; it names the property.
        """
        boundary = self._boundary()
        pieces: list[Piece] = []
        for part in self._parts(value):
            pieces += [f"--{boundary}\r\n".encode(), *part, b"\r\n"]
        pieces.append(f"--{boundary}--\r\n".encode())
        return joined(pieces), f"{self._name}; boundary={boundary}"

    def _parts(self, value: Any) -> Iterator[list[Piece]]:
        if isinstance(value, dict):
            yield from self._of_object(value)
        elif isinstance(value, list) and self._named:
            for item in value:
                if not isinstance(item, dict):
                    raise ValueError(f"{FORM_DATA} names its parts: an object is expected, or an array of objects")
                yield from self._of_object(item)
        elif isinstance(value, list):
            yield from self._of_array(value)
        else:
            raise ValueError(f"{self._name} is made of an object or an array")

    def _of_object(self, value: dict[str, Any]) -> Iterator[list[Piece]]:
        for name, item in value.items():
            encoding = self._encodings[name]
            try:
                if encoding.styled and self._named:
                    for key, written in _styled(encoding, name, item):
                        yield _part(key, "", TEXT, {}, written.encode())
                    continue
                for one in item if isinstance(item, list) else [item]:
                    if one is not None:
                        yield self._one(encoding, name, one, form=True)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None

    def _of_array(self, value: list[Any]) -> Iterator[list[Piece]]:
        for number, item in enumerate(value):
            try:
                yield self._one(self._positional(number), "", item, form=False)
            except ValueError as error:
                raise ValueError(f"[{number}]: {error}") from None

    def _positional(self, number: int) -> Encoding:
        """The Encoding Object of a place (OpenAPI 3.2, 4.14.5.2): ``prefixEncoding``, then ``itemEncoding``."""
        first = self._node.get("prefixEncoding")
        schema = self._item_schema(number)
        if isinstance(first, list) and number < len(first):
            return read_encoding(self._document, first[number], join(self._pointer, "prefixEncoding", number), schema)
        return read_encoding(
            self._document, self._node.get("itemEncoding"), join(self._pointer, "itemEncoding"), schema
        )

    def _item_schema(self, number: int) -> str | None:
        for node, here in subschemas(self._document, self._schema) if self._schema is not None else ():
            first = node.get("prefixItems")
            if isinstance(first, list) and number < len(first):
                return join(here, "prefixItems", number)
        if self._schema is None and "itemSchema" in self._node:
            return join(self._pointer, "itemSchema")
        return items_of(self._document, self._schema)

    def _one(self, encoding: Encoding, name: str, value: Any, *, form: bool) -> list[Piece]:
        """One part."""
        said = ""
        headers: dict[str, Any] = {}
        data: Piece
        if isinstance(value, Part):
            said, headers, value = value.content_type or "", dict(value.headers or {}), value.value
        if isinstance(value, Attachment):
            said, headers = said or value.content_type, {**value.headers, **headers}
            kind = _chosen(encoding, said, value.guess, OCTETS)
            filename, data = value.filename or name or "file", value.upload
        else:
            filename, kind, data = self._plain(encoding, name, value, said)
        fields = self._headers(encoding, headers)
        if encoding.content_encoding and not isinstance(value, (Attachment, dict)) and not is_json(kind):
            fields.setdefault("Content-Transfer-Encoding", encoding.content_encoding)
        return _part(name, filename, kind, fields, data, form=form)

    def _plain(self, encoding: Encoding, name: str, value: Any, said: str) -> tuple[str, str, Piece]:
        """File name, media type and content of a value that is no opened file."""
        if isinstance(value, bytes) and encoding.content_encoding:
            data = as_text(value, encoding.content_encoding).encode()
            return "", _chosen(encoding, said, "", OCTETS), data
        if isinstance(value, bytes):
            kind = _chosen(encoding, said, "", OCTETS)
            plain = (is_text(kind) or is_json(kind)) and not is_binary(self._document, encoding.schema)
            return "" if plain else name, kind, value
        if isinstance(value, (dict, list)):
            return self._structured(encoding, value, said)
        binary = isinstance(value, str) and (
            bool(encoding.content_encoding) or is_binary(self._document, encoding.schema)
        )
        kind = _chosen(encoding, said, "", OCTETS if binary else TEXT)
        data = content(self._document, value, kind, encoding.schema)
        if kind == TEXT and not data.isascii():
            kind = f"{TEXT}; charset=utf-8"  # text/plain alone is US-ASCII (RFC 7578, 5.1.2)
        return (name if binary and not encoding.content_encoding else ""), kind, data

    def _structured(self, encoding: Encoding, value: Any, said: str) -> tuple[str, str, Piece]:
        candidates = encoding.content_types
        json = next(filter(is_json, candidates), "")
        kind = _chosen(encoding, said or json, "", JSON)
        if not is_multipart(kind):
            if holds_file(value):
                raise ValueError(f"a file cannot stand within {essence(kind)}; it is a part of its own")
            return "", kind, content(self._document, value, kind, encoding.schema)
        inner = Multipart(self._document, kind, encoding.schema, encoding.node, encoding.pointer, self._boundary)
        data, kind = inner.write(value)
        return "", kind, data

    def _headers(self, encoding: Encoding, given: Mapping[str, Any]) -> dict[str, str]:
        """The header fields of a part: those that were given, written as declared; those that are required must be there."""
        declared = {name.lower(): pointer for name, pointer in encoding.headers.items()}
        fields = {}
        for name, value in given.items():
            if not _TOKEN.fullmatch(name) or name.lower() in ("content-disposition", "content-type"):
                raise ValueError(f"{name[:40]!r} is no header that a part can be given")
            pointer = declared.pop(name.lower(), "")
            fields[name] = self._header(pointer, value)
        missing = [name for name in encoding.headers if name.lower() in declared and self._required(encoding, name)]
        if missing:
            hint = "pass dynaclient.Part(value, headers={...}), or dynaclient.File for a file"
            raise ValueError(f"its part needs the header {' and '.join(missing)}; {hint}")
        return fields

    def _header_node(self, pointer: str) -> Mapping[str, Any]:
        node = deref(self._document, at(self._document, pointer), pointer)[0] if pointer else {}
        return node if isinstance(node, Mapping) else {}

    def _required(self, encoding: Encoding, name: str) -> bool:
        return self._header_node(encoding.headers[name]).get("required") is True

    def _header(self, pointer: str, value: Any) -> str:
        node = self._header_node(pointer)
        kinds = node.get("content")
        if isinstance(kinds, Mapping) and kinds:
            kind = next(iter(kinds))
            return header_text(content(self._document, value, kind, None).decode(), explode=False)
        return header_text(value, explode=node.get("explode") is True)


def _chosen(encoding: Encoding, said: str, guess: str, default: str) -> str:
    """The media type of a part: the one that was said, else the one that the file's name suggests, where the document allows them; else the document's first.

    Raises
    ------
    ValueError
        Where the document does not allow the one that was said, or allows ranges only and none was said.
    """
    allowed = encoding.content_types
    if said and any(letter in said for letter in "\r\n\0"):
        raise ValueError("its content type cannot stand in a header")
    if not allowed:
        return said or default
    if said and not any(_within(said, kind) for kind in allowed):
        raise ValueError(f"its content type is {said!r}; the document allows {', '.join(allowed)}")
    if said or (guess and any(_within(guess, kind) for kind in allowed)):
        return said or guess
    concrete = next((kind for kind in allowed if "*" not in kind), "")
    if not concrete and any(_within(default, kind) for kind in allowed):
        concrete = default
    if not concrete:
        hint = "pass dynaclient.File(..., content_type=...)"
        raise ValueError(f"which content type it has is not known, the document allows {', '.join(allowed)}; {hint}")
    return concrete


def _within(kind: str, range_: str) -> bool:
    """Whether a media type is in a range (RFC 9110, 12.5.1)."""
    kind, range_ = essence(kind), essence(range_)
    return range_ in (kind, "*/*") or (range_.endswith("/*") and kind.startswith(range_[:-1]))


def _part(
    name: str, filename: str, kind: str, fields: Mapping[str, str], data: Piece, *, form: bool = True
) -> list[Piece]:
    """The pieces of one part: header, empty line, content."""
    lines = []
    if form:
        shown = f'; filename="{_quoted(filename)}"' if filename else ""
        lines.append(f'Content-Disposition: form-data; name="{_quoted(name)}"{shown}')
    lines += [f"Content-Type: {kind}", *(f"{field}: {value}" for field, value in fields.items())]
    return ["\r\n".join([*lines, "\r\n"]).encode(), data]


def _quoted(name: str) -> str:
    return re.sub('["\r\n]', lambda found: _QUOTED[found[0]], name)


def _styled(encoding: Encoding, name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Names and texts of a value that is written like a query parameter; nothing is percent-encoded here (OpenAPI 3.2, 4.15.1.2)."""
    if not defined(value):
        return
    if encoding.style == "deepObject":
        for steps, item in deep_members(value, encoding.array_format):
            yield name + "".join(f"[{step}]" for step in steps), text(item)
    elif encoding.explode and isinstance(value, dict):
        yield from ((member, text(item)) for member, item in value.items() if item is not None)
    elif encoding.explode and isinstance(value, list):
        yield from ((name, text(item)) for item in value if item is not None)
    else:
        yield name, _delimited(value, _OPENERS.get(encoding.style, ","))


def _delimited(value: Any, delimiter: str) -> str:
    if isinstance(value, dict):
        return delimiter.join(f"{member}{delimiter}{text(item)}" for member, item in value.items() if item is not None)
    if isinstance(value, list):
        return delimiter.join(text(item) for item in value if item is not None)
    return text(value)


def joined(pieces: list[Piece]) -> Piece:
    """Pieces as one body: bytes where all are, else an Upload, whose length is known where all of theirs are."""
    if all(isinstance(piece, bytes) for piece in pieces):
        return b"".join(pieces)  # type: ignore[arg-type]
    length: int | None = 0
    for piece in pieces:
        size = len(piece) if isinstance(piece, bytes) else piece.length
        length = None if size is None or length is None else length + size
    replayable = all(isinstance(piece, bytes) or piece.replayable for piece in pieces)

    def chunks() -> Iterator[bytes]:
        for piece in pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from piece.chunks()

    return Upload(chunks, length, replayable)
