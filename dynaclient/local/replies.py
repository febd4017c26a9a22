"""Replies made from the document alone: its examples where they satisfy its schemas, else a small value that does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from dynaclient.errors import SpecError, UnsupportedError
from dynaclient.local.answers import error_response
from dynaclient.local.example import example
from dynaclient.local.incoming import Judges
from dynaclient.openapi.media import encode_json, essence, is_json, is_text
from dynaclient.openapi.model import MediaType, Operation, Reply
from dynaclient.openapi.pointer import at, deref, join
from dynaclient.openapi.style import text
from dynaclient.wire import Headers, Response

_CONCRETE = {
    "*/*": "application/json",
    "application/*": "application/json",
    "text/*": "text/plain",
    "image/*": "image/png",
}
_STREAMS = frozenset(
    {"text/event-stream", "application/jsonl", "application/x-ndjson", "application/json-seq", "multipart/mixed"}
)
_ITEMS = 2
_EDGE = b"part-of-a-stream"


class Replies:
    """Makes the success reply of an operation.

    Parameters
    ----------
    document:
        The document.
    judges:
        Gives the validator, in the direction of replies, of the schema at a pointer.
    chance:
        Where it is given, replies are drawn by it; else they are the same each time.
    """

    def __init__(self, document: Mapping[str, Any], judges: Judges, chance: Random | None = None) -> None:
        self._document = document
        self._judges = judges
        self._chance = chance

    def make(self, operation: Operation, accept: str = "") -> Response:
        """The reply to a good request; 501 with the reason where none can be made.

        Parameters
        ----------
        operation:
            The operation.
        accept:
            The request's Accept field: of several media types the first that it names is taken.
        """
        reply = success(operation)
        if reply is None:
            return Response(204)
        status = status_of(reply)
        reason: SpecError | None = None
        try:
            headers = list(self._headers(reply))
            if not reply.content or status in (204, 304):
                return Response(status, Headers(headers))
            for media in sorted(reply.content, key=preference(accept)):
                try:
                    name, body = self._body(media)
                    return Response(status, Headers([("Content-Type", name), *headers]), body)
                except SpecError as error:
                    reason = reason or error
        except SpecError as error:
            reason = error
        where = f" at #{reason.pointer}" if reason is not None and reason.pointer else ""
        return error_response(
            501,
            f"No reply can be made for {operation.method} {operation.path}: the schema{where} could not be satisfied "
            f"({reason}). Give the reply an `example` in the document.",
            kind="not_implemented",
        )

    def _body(self, media: MediaType) -> tuple[str, bytes]:
        name = _CONCRETE.get(essence(media.name), media.name)
        if essence(name) in _STREAMS:
            edge = f"; boundary={_EDGE.decode()}" if essence(name) == "multipart/mixed" else ""
            return name + edge, self._stream(media, essence(name))
        value = self.value(media)
        if is_json(name):
            return name, encode_json(value)
        if isinstance(value, bytes):
            return name, value
        if isinstance(value, str):
            return name, value.encode()
        if essence(name).endswith("xml"):
            raise UnsupportedError("XML is only sent where the document has an example as text", pointer=media.pointer)
        if is_text(name):
            return name, encode_json(value)
        return name, b"\0"

    def value(self, media: MediaType) -> Any:
        """The first example of a media type that satisfies its schema, else a made one.

        Raises
        ------
        SpecError
            Where no value satisfies the schema.
        """
        if media.schema is None:
            written = next(self._written(media), None)
            return written if written is not None else ({} if is_json(media.name) else "")
        judge = self._judges(media.schema)
        made_up = self._chance is not None and is_json(media.name) and self._chance.random() < 0.8
        for value in () if made_up else self._written(media):
            # A body that is not JSON is judged by its text alone: XML and the like are examples of what is sent.
            if judge.accepts(value) or (isinstance(value, str) and not is_json(media.name)):
                return value
        return self._made(media.schema)

    def accepts(self, media: MediaType, value: Any) -> bool:
        """Whether a value satisfies the schema of a media type."""
        return media.schema is None or self._judges(media.schema).accepts(value)

    def _made(self, schema: str) -> Any:
        def accepts(pointer: str, value: Any) -> bool:
            return self._judges(pointer).accepts(value)

        if self._chance is None:
            return example(self._document, schema, accepts)
        from dynaclient.local.draw import draw

        return draw(self._document, schema, accepts, self._chance)

    def _written(self, media: MediaType) -> Iterator[Any]:
        """The examples of a media type (OpenAPI 3.1, 4.8.14; 3.2 adds ``dataValue`` and ``serializedValue``)."""
        node = at(self._document, media.pointer)
        if not isinstance(node, Mapping):
            return
        if "example" in node:
            yield node["example"]
        written = node.get("examples")
        for name, found in written.items() if isinstance(written, Mapping) else ():
            entry, _ = deref(self._document, found, join(media.pointer, "examples", name))
            for key in ("value", "dataValue", "serializedValue"):
                if isinstance(entry, Mapping) and key in entry:
                    yield entry[key]

    def _stream(self, media: MediaType, kind: str) -> bytes:
        """A few items of a sequential media type, and the sentinel where one is declared."""
        written = next(self._written(media), None)
        if isinstance(written, str):
            return written.encode()
        schema = media.item_schema or media.schema
        items = [self._made(schema) if schema is not None else {} for _ in range(_ITEMS)]
        if kind == "text/event-stream":
            events = [_event(item, whole=media.item_schema is not None) for item in items]
            sentinel = at(self._document, media.pointer).get("x-speakeasy-sse-sentinel")
            if isinstance(sentinel, str):
                events.append(f"data: {sentinel}\n\n".encode())
            return b"".join(events)
        if kind == "multipart/mixed":
            parts = [b"--%s\r\nContent-Type: application/json\r\n\r\n%s\r\n" % (_EDGE, encode_json(i)) for i in items]
            return b"".join(parts) + b"--%s--\r\n" % _EDGE
        start = b"\x1e" if kind == "application/json-seq" else b""
        return b"".join(start + encode_json(item) + b"\n" for item in items)

    def _headers(self, reply: Reply) -> Iterator[tuple[str, str]]:
        """The header fields that the reply must have."""
        for name, pointer in reply.headers.items():
            node, place = deref(self._document, at(self._document, pointer), pointer)
            if name.lower() == "content-type" or not isinstance(node, Mapping) or node.get("required") is not True:
                continue
            written = next(self._written(MediaType(name, pointer=place)), None)
            value = self._made(join(place, "schema")) if written is None and "schema" in node else written
            yield name, _simple(value, explode=node.get("explode") is True)


def success(operation: Operation) -> Reply | None:
    """The reply of a good call: the first 2XX, else ``default``, else the first 3XX, else None."""
    for first in ("2", "d", "3"):
        for reply in operation.replies:
            if reply.status.startswith(first):
                return reply
    return None


def status_of(reply: Reply) -> int:
    """The status that a reply is sent with."""
    return int(reply.status) if reply.status.isdigit() else {"3XX": 302}.get(reply.status, 200)


def json_media(content: tuple[MediaType, ...]) -> MediaType | None:
    """The first JSON media type that has a schema."""
    return next((media for media in content if is_json(media.name) and media.schema is not None), None)


def _event(item: Any, *, whole: bool) -> bytes:
    """One server-sent event; with 3.2's ``itemSchema`` the item holds its fields, otherwise it is the data."""
    fields = item if whole and isinstance(item, Mapping) and "data" in item else {"data": item}
    lines = []
    for name in ("event", "id", "retry", "data"):
        if name in fields:
            value = fields[name]
            shown = value if isinstance(value, str) else encode_json(value).decode()
            lines += [f"{name}: {line}" for line in shown.split("\n")]
    return ("\n".join(lines) + "\n\n").encode()


def _simple(value: Any, *, explode: bool) -> str:
    if isinstance(value, list):
        return ",".join(text(item) for item in value)
    if isinstance(value, Mapping):
        joint = "=" if explode else ","
        return ",".join(f"{key}{joint}{text(item)}" for key, item in value.items())
    return text(value)


def preference(accept: str) -> Callable[[MediaType], tuple[int, bool]]:
    """How an Accept field orders media types (RFC 9110, 12.5.1, without weights): as it names them; JSON before others."""
    ranges = [part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()]

    def rank(media: MediaType) -> tuple[int, bool]:
        name = essence(media.name)
        wanted = (name, name.partition("/")[0] + "/*", "*/*")
        place = next((number for number, entry in enumerate(ranges) if entry in wanted), len(ranges))
        return place, not is_json(media.name)

    return rank
