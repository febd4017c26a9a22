"""``application/x-www-form-urlencoded``: an object as ``a=1&b=2`` (WHATWG URL, 5.2; OpenAPI 3.2, 4.15.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote_plus

from dynaclient.openapi.encoding import TEXT, Encoding, Encodings, as_text, content
from dynaclient.openapi.media import is_json
from dynaclient.openapi.model import MediaType, Parameter
from dynaclient.openapi.pointer import join
from dynaclient.openapi.style import defined, write


class Form:
    """Writes the forms of one media type; made once, used for every call, safe among threads.

    Parameters
    ----------
    document:
        The document; without it the values alone decide how they are written.
    media:
        The media type, whose ``encoding`` may say how its properties are written.
    """

    def __init__(self, document: Mapping[str, Any], media: MediaType) -> None:
        self._document = document
        self._encodings = Encodings(document, media.schema, media.encoding, join(media.pointer, "encoding"))

    def encode(self, value: Any) -> bytes:
        """The form of an object, or of an array of objects one after the other; text and bytes are ready to send.

        An array repeats its name, an object within it is JSON, null is left out, bytes are base64: the standard's defaults.

        Raises
        ------
        ValueError
            Where a value has no form; it names the property.
        """
        if isinstance(value, bytes):
            return value
        if isinstance(value, str):
            return value.encode()
        objects = value if isinstance(value, list) else [value]
        if not all(isinstance(item, dict) for item in objects):
            raise ValueError("a form is made of an object, or of text that is ready to send")
        members = [member for item in objects for member in item.items()]
        return "&".join(pair for name, item in members for pair in self._pairs(name, item)).encode()

    def _pairs(self, name: str, value: Any) -> Iterator[str]:
        encoding = self._encodings[name]
        try:
            if encoding.styled:
                if defined(value):
                    yield _styled(encoding, name, value)
                return
            key = quoted(name)
            for item in value if isinstance(value, list) else [value]:
                if item is not None or encoding.json:
                    yield f"{key}={quoted(self._text(encoding, item))}"
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def _text(self, encoding: Encoding, value: Any) -> str:
        if isinstance(value, bytes):
            return as_text(value, encoding.content_encoding)
        kind = _kind(encoding, value)
        return content(self._document, value, kind, encoding.schema).decode()


def _kind(encoding: Encoding, value: Any) -> str:
    """The media type of one value (OpenAPI 3.2, 4.15.1.1): as declared, else JSON for an object or array, text for all else."""
    if not encoding.content_types:
        return "application/json" if isinstance(value, (dict, list)) else TEXT
    if isinstance(value, (dict, list)):
        return next(filter(is_json, encoding.content_types), encoding.content_types[0])
    return encoding.content_types[0]


def _styled(encoding: Encoding, name: str, value: Any) -> str:
    """As a query parameter is written; a space is a plus sign here."""
    parameter = Parameter(
        name,
        name,
        "query",
        style=encoding.style,
        explode=encoding.explode,
        allow_reserved=encoding.allow_reserved,
        array_format=encoding.array_format,
    )
    return write(parameter, value).replace("%20", "+")


def quoted(text: str) -> str:
    """Text, percent-encoded for a form (WHATWG URL, 1.3: the application/x-www-form-urlencoded percent-encode set)."""
    return quote_plus(text, safe="*").replace("~", "%7E")
