"""Request bodies: which media type a call sends, and how a value becomes its bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dynaclient.errors import ArgumentError, Problem
from dynaclient.frozen import evolve
from dynaclient.openapi.itemshape import LINES, SEQUENCE, sequence_kind
from dynaclient.openapi.media import (
    JSON,
    charset,
    codec,
    default_media,
    encode_json,
    essence,
    is_form,
    is_json,
    is_multipart,
    is_text,
    is_xml,
)
from dynaclient.openapi.model import Body, MediaType
from dynaclient.openapi.parts import Attachment, is_content
from dynaclient.openapi.pointer import at
from dynaclient.wire import Upload

if TYPE_CHECKING:
    from dynaclient.openapi.multipart import Multipart

OCTETS = "application/octet-stream"
_ANY = ("*/*", "application/*")
_MEDIA = re.compile(r"[!#$&^_.+\w-]+/[!#$&^_.+\w-]+(?:\s*;.*)?", re.ASCII)

Written = tuple[bytes | Upload, str]
"""A body and its Content-Type."""


def kind_of(document: Mapping[str, Any], media: MediaType) -> str:
    """How a media type is written: ``json``, ``any`` (a range that holds JSON), ``lines``, ``sequence``, ``form``, ``multipart``, ``xml``, ``text`` or ``binary``."""
    name = essence(media.name)
    if name in _ANY:
        return "any"
    if is_json(name):
        return "json"
    framed = sequence_kind(name)
    if framed in (LINES, SEQUENCE):
        return framed
    if is_form(name):
        return "form"
    if is_multipart(name):
        return "multipart"
    if is_xml(name):
        from dynaclient.openapi.xml import is_structured

        return "xml" if is_structured(document, media.schema) else "text"
    return "text" if is_text(name) else "binary"


def takes_files(kind: str) -> bool:
    """Whether files have a place in bodies of this kind."""
    return kind in ("multipart", "binary", "text", "any", "xml", "lines", "sequence")


def choose(body: Body, content_type: str | None, arguments: Mapping[str, Any]) -> MediaType | None:
    """The media type of one call.

    Parameters
    ----------
    body:
        What the document takes.
    content_type:
        What the caller asks for: one of the declared, with or without its parameters; one within a declared range; or, where that leaves no doubt, the
        subtype alone: ``json``, ``form-data``. None: the arguments decide where they leave no doubt, else the default.
    arguments:
        Those of the call: bytes or a file as ``body`` ask for a media type of bytes, a file in a property for multipart.

    Raises
    ------
    ArgumentError
        Where it is none of the declared, or could be several.
    """
    if content_type is not None:
        return _named(body, content_type)
    if len(body.content) < 2:
        return body.content[0] if body.content else None
    wanted = default_media(body.content)
    if not arguments or wanted is None:
        return wanted
    if is_content(arguments.get(body.keyword)):
        fits = (media for media in body.content if _is_bytes(media.name))
    elif any(_holds_content(value) for value in (*arguments.values(), *_members(arguments.get(body.keyword)))):
        fits = (media for media in body.content if is_multipart(media.name))
    else:
        return wanted
    return next(fits, wanted)


def _members(body: Any) -> Iterable[Any]:
    return body.values() if isinstance(body, Mapping) else ()


def _holds_content(value: Any) -> bool:
    """Whether a property is a file, or several."""
    return is_content(value) or (isinstance(value, (list, tuple)) and bool(value) and is_content(value[0]))


def _is_bytes(name: str) -> bool:
    return not (is_json(name) or is_form(name) or is_multipart(name) or is_text(name))


def _named(body: Body, wanted: str) -> MediaType:
    lower = wanted.strip().lower()
    ways: tuple[Callable[[MediaType], bool], ...] = (
        lambda media: media.name.lower() == lower,
        lambda media: essence(media.name) == essence(lower),
        lambda media: essence(media.name).rpartition("/")[2] == lower,
        lambda media: essence(media.name).endswith((f"+{lower}", f"-{lower}")),
    )
    for way in ways:
        found = [media for media in body.content if way(media)]
        if len(found) == 1:
            chosen = found[0]
            # Parameters that the document does not name (charset, version) are sent as the caller says them.
            return evolve(chosen, name=wanted.strip()) if ";" in lower and "*" not in chosen.name else chosen
        if found:
            raise _undecided(body, wanted, f"could be {' or '.join(media.name for media in found)}")
    if _MEDIA.fullmatch(lower) and "*" not in lower:
        for range_ in (essence(lower).partition("/")[0] + "/*", "*/*"):
            for media in body.content:
                if essence(media.name) == range_:
                    return evolve(media, name=wanted.strip())
    raise _undecided(body, wanted, "is not what this operation takes")


def _undecided(body: Body, wanted: str, reason: str) -> ArgumentError:
    declared = ", ".join(media.name for media in body.content) or "no body at all"
    problem = Problem("content_type", f"{wanted[:100]!r} {reason}", body.pointer, f"the document declares {declared}")
    return ArgumentError("the call was not made", problems=(problem,))


class BodyWriter:
    """Writes the bodies of one media type; made once, used for every call, safe among threads.

    Parameters
    ----------
    document:
        The document; ``{}`` where the values alone shall decide.
    media:
        The media type.
    boundary:
        Makes the boundary of a multipart body; random where it is not given.
    """

    def __init__(
        self, document: Mapping[str, Any], media: MediaType, boundary: Callable[[], str] | None = None
    ) -> None:
        if not document:
            media = evolve(media, schema=None, encoding={}, pointer="")
        self._document, self._media = document, media
        self.kind = kind_of(document, media)
        self._fixed = concrete(media.name)
        self._multipart: Multipart | None = None
        if self.kind == "multipart":
            self._multipart = self._parts(boundary)
        self._encode = self._encoder()

    def _parts(self, boundary: Callable[[], str] | None) -> Multipart:
        from dynaclient.openapi.multipart import Multipart, random_boundary

        media = self._media
        node = at(self._document, media.pointer) if media.pointer else {}
        return Multipart(self._document, media.name, media.schema, node, media.pointer, boundary or random_boundary)

    def _encoder(self) -> Callable[[Any], bytes]:
        media = self._media
        if self.kind == "form":
            from dynaclient.openapi.form import Form

            return Form(self._document, media).encode
        if self.kind == "xml":
            from dynaclient.openapi.xml import write_xml

            return lambda value: write_xml(self._document, media.schema, value)
        encoders: dict[str, Callable[[Any], bytes]] = {
            "json": encode_json,
            "lines": lambda value: b"".join(encode_json(item) + b"\n" for item in _items(value)),
            "sequence": lambda value: b"".join(b"\x1e" + encode_json(item) + b"\n" for item in _items(value)),
            "text": lambda value: _text(value, media.name),
        }
        return encoders.get(self.kind, codec(media.name).encode)

    def write(self, value: Any) -> Written:
        """The body and its Content-Type.

        Parameters
        ----------
        value:
            A plain value. Bytes and files are ready to send, text as well where the media type is not JSON. The caller of ready multipart bytes says
            their boundary in a Content-Type header.

        Raises
        ------
        ValueError
            Where the value has no form in the media type.
        """
        if self._multipart is not None and not isinstance(value, bytes):
            return self._multipart.write(value)
        if isinstance(value, Attachment):
            return self._file(value)
        if self.kind == "any":
            return (_raw(value), self._fixed) if isinstance(value, (bytes, str)) else (encode_json(value), JSON)
        if isinstance(value, (bytes, str)) and self.kind in ("xml", "lines", "sequence", "multipart"):
            return _raw(value), self._fixed
        return self._encode(value), self._fixed

    def _file(self, value: Attachment) -> Written:
        if self.kind in ("json", "form"):
            raise ValueError(f"a file is not sent as {self._media.name}; pass what it holds")
        if "*" not in self._media.name:
            if value.content_type and essence(value.content_type) != essence(self._fixed):
                raise ValueError(f"the file is {value.content_type}, and the body is {self._fixed}")
            return value.upload, value.content_type or self._fixed
        family = essence(self._media.name).partition("/")[0]
        kind = value.content_type or value.guess
        return value.upload, kind if kind and family in ("*", kind.partition("/")[0]) else self._fixed


def concrete(name: str) -> str:
    """A media type that can be sent: a range such as ``*/*`` is sent as bytes, one of text as plain text."""
    if "*" not in name:
        return name
    return "text/plain" if essence(name) == "text/*" else OCTETS


def _raw(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _text(value: Any, name: str) -> bytes:
    if isinstance(value, bytes):
        return value
    written = value if isinstance(value, str) else encode_json(value).decode()
    try:
        return written.encode(charset(name))
    except (LookupError, UnicodeEncodeError) as error:
        raise ValueError(f"it has no form in {name}: {error}") from None


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list is expected, each item a line")
    return value
