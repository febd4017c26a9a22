"""Media types: which one a reply is, how it is encoded and decoded. The only door to msgspec for bodies.

JSON is read by msgspec because it is as fast as the fastest and changes no number: integers beyond 64 bits stay integers, and
a number that no float can hold is an error (RFC 8259, 6).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from dynaclient.frozen import Struct
from dynaclient.openapi.model import MediaType

_decode = msgspec.json.Decoder().decode
_floats = msgspec.json.Decoder(list[list[float]]).decode
_encode = msgspec.json.Encoder().encode
_convert = msgspec.convert
T = TypeVar("T")

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_MARK = b"\xef\xbb\xbf"
_BYTE = re.compile(r"\(byte ([0-9]+)\)")
_ODD = re.compile(rb"-?(?:NaN|Infinity)")


def decode_json(data: bytes) -> Any:
    """JSON text (RFC 8259) to plain dicts, lists, strings, numbers, booleans and None.

    Raises
    ------
    ValueError
        Where the text is not JSON; the message names the byte.
    """
    if data.startswith(_MARK):  # RFC 8259, 8.1: a parser may ignore a byte order mark
        data = data[len(_MARK) :]
    try:
        return _decode(data)
    except msgspec.MsgspecError as error:
        raise ValueError(_malformed(data, str(error))) from None
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def decode_odd_json(data: bytes) -> Any:
    """As `decode_json`, but NaN, Infinity and -Infinity, which are not JSON, are read as the floats that some services mean by them.

    Raises
    ------
    ValueError
        If the text is not JSON apart from that.
    """
    import json

    try:
        return json.loads(data.removeprefix(_MARK).decode())
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def _malformed(data: bytes, reason: str) -> str:
    """Why a text is not JSON; a number that JSON does not have is named."""
    found = _BYTE.search(reason)
    for at in (int(found[1]) - 1, int(found[1])) if found else ():  # the sign stands before what could not be read
        odd = _ODD.match(data, max(0, at))
        if odd:
            return f"{odd[0].decode()} is not a JSON number (byte {odd.start()})"
    return reason


class NotJSON(Struct, frozen=True):
    """A line that is not JSON, and why."""

    line: bytes
    reason: str


def decode_lines(lines: Iterable[bytes]) -> Iterator[Any]:
    """The value of each line that is not blank (JSON Lines), lazily; `NotJSON` for one that is none.

    Parameters
    ----------
    lines:
        Lines of JSON text, UTF-8.
    """
    decode = _decode
    for line in lines:
        try:
            yield decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            if line.isspace():
                continue
            try:
                yield decode_json(line)
            except ValueError as error:
                yield NotJSON(line, str(error))


def decode_floats(data: bytes) -> list[list[float]]:
    """JSON text that is an array of arrays of numbers; an integer becomes the float64 that is nearest to it.

    Raises
    ------
    ValueError
        Where it is anything else.
    """
    try:
        return _floats(data)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None


def encode_json(value: Any) -> bytes:
    """Plain values to JSON text (RFC 8259), compact, UTF-8; bytes become base64 strings.

    What `normal` refuses is not looked for again: a float that is not finite would be written as null.

    Raises
    ------
    ValueError
        Where a value has no JSON form.
    """
    try:
        return _encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise ValueError(str(error)) from None


def base64_decoder(make: Callable[[bytes], T]) -> Callable[[str], T]:
    """What makes something of the bytes of base64 text (RFC 4648, 4), with or without its padding and nothing else in it.

    The function raises ValueError for a text that is not base64, or if ``make`` raises one.
    """

    def decode(text: str) -> T:
        try:
            return make(_convert(text, bytes))  # five times as fast as binascii, and as strict
        except msgspec.MsgspecError:
            pass
        try:  # the padding says nothing that the length does not (RFC 4648, 3.2)
            found = _convert(text + "=" * (-len(text) % 4), bytes) if "=" not in text else None
        except msgspec.MsgspecError:
            found = None
        if found is None:
            raise ValueError(f"{len(text)} characters that are not base64")
        return make(found)

    return decode


def format_json(value: Any, *, indent: int = 2) -> str:
    """JSON text for people: indented, arrays of scalars on one line each."""
    return "".join(_pieces(value, " " * indent, ""))


def _pieces(value: Any, indent: str, margin: str) -> Iterable[str]:
    if isinstance(value, dict) and value:
        yield "{\n"
        inner = margin + indent
        for number, (key, item) in enumerate(value.items()):
            yield f"{',' + chr(10) if number else ''}{inner}{_encode(key).decode()}: "
            yield from _pieces(item, indent, inner)
        yield f"\n{margin}}}"
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        yield "[\n"
        inner = margin + indent
        for number, item in enumerate(value):
            yield f"{',' + chr(10) if number else ''}{inner}"
            yield from _pieces(item, indent, inner)
        yield f"\n{margin}]"
    elif isinstance(value, list):
        yield "[" + ", ".join(_encode(item).decode() for item in value) + "]"
    else:
        yield encode_json(value).decode()


def essence(content_type: str) -> str:
    """The media type without its parameters, in lower case (RFC 9110, 8.3.1)."""
    return content_type.partition(";")[0].strip().lower()


def parameters(content_type: str) -> dict[str, str]:
    """The parameters of a media type (RFC 9110, 5.6.6), their names in lower case."""
    pairs = (part.partition("=") for part in content_type.split(";")[1:] if part.strip())
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def charset(content_type: str) -> str:
    """The ``charset`` parameter, UTF-8 where there is none."""
    return parameters(content_type).get("charset") or "utf-8"


def is_json(name: str) -> bool:
    """Whether a media type is JSON: ``application/json``, or any with the suffix ``+json`` (RFC 6839, 3.1)."""
    kind = essence(name)
    return kind in (JSON, "text/json") or kind.endswith("+json")


def is_form(name: str) -> bool:
    """Whether a media type is that of HTML forms."""
    return essence(name) == FORM


def is_xml(name: str) -> bool:
    """Whether a media type is XML: ``application/xml``, ``text/xml``, or any with the suffix ``+xml`` (RFC 7303)."""
    kind = essence(name)
    return kind in ("application/xml", "text/xml") or kind.endswith("+xml")


def is_multipart(name: str) -> bool:
    """Whether a media type is made of parts (RFC 2046, 5.1)."""
    return essence(name).startswith("multipart/")


def is_text(name: str) -> bool:
    """Whether a media type is text that can be shown."""
    kind = essence(name)
    return kind.startswith("text/") or kind == "application/javascript" or is_xml(name)


def matching(content: tuple[MediaType, ...], content_type: str) -> MediaType | None:
    """The declared media type that a Content-Type matches: the most specific one (OpenAPI 3.1, 4.8.17).

    That is the exact type before its range, and of several with parameters the one of which most are in the Content-Type.
    """
    kind = essence(content_type)
    family = kind.partition("/")[0] + "/*"
    for wanted in (kind, family, "*/*"):
        found = [media for media in content if essence(media.name) == wanted]
        if len(found) > 1:
            given = parameters(content_type.lower())
            return max(found, key=lambda media: _shared(parameters(media.name.lower()), given))
        if found:
            return found[0]
    return None


def _shared(declared: Mapping[str, str], given: Mapping[str, str]) -> int:
    """How well the parameters of a declared media type match: how many are given, below zero if some are not."""
    missing = sum(given.get(name) != value for name, value in declared.items())
    return -missing if missing else len(declared)


def default_media(content: tuple[MediaType, ...]) -> MediaType | None:
    """The media type that is sent where the caller names none: JSON, else a form, multipart, text; else the first."""
    for wanted in (is_json, is_form, is_multipart, is_text):
        for media in content:
            if wanted(media.name):
                return media
    return content[0] if content else None


class Codec(Struct, frozen=True):
    """How one kind of media type is written and read: a row of the table below."""

    kind: str
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes, str], Any]


def _encode_text(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else encode_json(value)


def _decode_text(data: bytes, content_type: str) -> str:
    try:
        return data.decode(charset(content_type))
    except (LookupError, UnicodeDecodeError) as error:
        raise ValueError(f"the text is not in its declared charset: {error}") from None


def _encode_binary(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise ValueError(f"bytes or text are expected for this media type, ready to send, not {type(value).__name__}")


def _encode_form(value: Any) -> bytes:
    """An object as a form by the standard's defaults, where no document says more."""
    from dynaclient.openapi.form import Form

    return Form({}, MediaType(FORM)).encode(value)


JSON_CODEC = Codec("json", encode_json, lambda data, _: decode_json(data))
TEXT_CODEC = Codec("text", _encode_text, _decode_text)
FORM_CODEC = Codec("form", _encode_form, _decode_text)
BINARY_CODEC = Codec("binary", _encode_binary, lambda data, _: data)


def codec(name: str) -> Codec:
    """The codec of a media type: JSON, a form, text, or bytes as they are."""
    if is_json(name):
        return JSON_CODEC
    if is_form(name):
        return FORM_CODEC
    return TEXT_CODEC if is_text(name) else BINARY_CODEC
