"""Replies made from the document alone: its examples where they satisfy its schemas, else a small value that does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from dynaclient.errors import DynaclientError, SpecError, UnsupportedError
from dynaclient.local.answers import error_response
from dynaclient.local.example import example
from dynaclient.local.streams import framed_type, stream_body
from dynaclient.openapi.itemshape import is_sequential
from dynaclient.openapi.media import encode_json, essence, is_json, is_text, is_xml
from dynaclient.openapi.model import MediaType, Operation, Reply
from dynaclient.openapi.pointer import at, deref, join
from dynaclient.openapi.style import text
from dynaclient.wire import Headers, Response

if TYPE_CHECKING:
    from dynaclient.openapi.check import Checker, Validator

_FIELD = re.compile(r"[!-~]+(?: [!-~]+)*")  # what surely arrives as it was sent
_CONCRETE = {
    "*/*": "application/json",
    "application/*": "application/json",
    "text/*": "text/plain",
    "image/*": "image/png",
}


class Replies:
    """Makes the success reply of an operation.

    Parameters
    ----------
    document:
        The document.
    check:
        Gives the validators of the document.
    chance:
        Where it is given, replies are drawn by it; else they are the same each time.
    """

    def __init__(self, document: Mapping[str, Any], check: Callable[[], Checker], chance: Random | None = None) -> None:
        self._document = document
        self._check = check
        self._chance = chance

    def _judges(self, pointer: str) -> Validator:
        return self._check().validator(pointer, "reply")

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
                    name, body = self._body(operation, media)
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

    def _body(self, operation: Operation, media: MediaType) -> tuple[str, bytes]:
        name = _CONCRETE.get(essence(media.name), media.name)
        if is_sequential(name):
            return framed_type(name), self._stream(operation, media, framed_type(name))
        value = self.value(media)
        if is_json(name):
            return name, encode_json(value)
        if isinstance(value, (bytes, str)):
            return name, value if isinstance(value, bytes) else value.encode()
        if is_xml(name):
            return name, self._xml(media, value)
        return name, encode_json(value) if is_text(name) else b"\0"

    def _xml(self, media: MediaType, value: Any) -> bytes:
        from dynaclient.openapi.xml import write_xml

        try:
            return write_xml(self._document, media.schema, value)
        except ValueError as error:
            raise UnsupportedError(f"the made value has no form in XML: {error}", pointer=media.pointer) from None

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

    def satisfies(self, schema: str, value: Any) -> bool:
        """Whether a value satisfies the schema at a pointer."""
        return self._judges(schema).accepts(value)

    def sample(self, schema: str) -> Any:
        """A value that satisfies the schema at a pointer.

        Raises
        ------
        SpecError
            Where none does.
        """
        return self._made(schema)

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

    def _stream(self, operation: Operation, media: MediaType, name: str) -> bytes:
        """The items of a sequential reply: those of an example that is written as it is sent, else made ones."""
        for written in self._written(media):
            if isinstance(written, str) and self._reads(operation, media, name, written.encode()):
                return written.encode()
        return stream_body(self._document, media, self._made)

    def _reads(self, operation: Operation, media: MediaType, name: str, body: bytes) -> bool:
        """Whether a client finds items in a body, and all of them to be what the document promises."""
        from dynaclient.openapi.items import ItemReader

        head = Response(200, Headers([("Content-Type", name)]))
        try:
            reader = ItemReader(operation, media, self._document, self._check(), "strict", lambda _error: None, head)
            return bool([*reader.feed(body), *reader.finish()])
        except DynaclientError:
            return False

    def _headers(self, reply: Reply) -> Iterator[tuple[str, str]]:
        """The header fields that the reply must have; where replies are drawn, some of the others too."""
        for name, pointer in reply.headers.items():
            node, place = deref(self._document, at(self._document, pointer), pointer)
            if name.lower() == "content-type" or not isinstance(node, Mapping):
                continue
            if node.get("required") is not True and (self._chance is None or self._chance.random() < 0.5):
                continue
            written = next(self._written(MediaType(name, pointer=place)), None)
            value = self._made(join(place, "schema")) if written is None and "schema" in node else written
            field = _simple(value, explode=node.get("explode") is True)
            if node.get("required") is True or _FIELD.fullmatch(field):
                yield name, field


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
