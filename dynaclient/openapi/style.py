"""Parameter styles, as a table (OpenAPI 3.1.1, 4.8.12.3 and 4.8.12.4; RFC 6570).

Every function takes plain values and returns percent-encoded text. In a path segment, a header and a query, an array of scalars and an object of scalars have a form;
deeper nesting has none in the standard and is refused, except where ``content`` says how it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

from dynaclient.openapi.media import codec, encode_json, is_form
from dynaclient.openapi.model import Parameter

UNRESERVED = "-._~"
RESERVED = ":@!$&'()*+,;="  # in a path segment: what would end it ("/", "?", "#") is always encoded
# allowReserved keeps the reserved set, but never what would end the value within a query: "#", "&", "+" and "[" "]" (RFC 3986, 3.4).
RESERVED_IN_QUERY = ":/?@!$'()*,;="
_EXACT = 2.0**53
_TRIPLE = re.compile(r"(%[0-9A-Fa-f]{2})")
# What would end a cookie or its header; RFC 6265, 4.1.1, allows less, yet the standard's own example is `greeting=Hello,
# world!` (OpenAPI 3.2, 4.12.8), and browsers send it.
_NOT_IN_COOKIE = re.compile(r"[^\x20-\x3a\x3c-\x7e]")
_NOT_IN_HEADER = re.compile(r"[^\t\x20-\x7e\x80-\xff]")  # RFC 9110, 5.5


ARRAY_FORMATS = ("indexed", "brackets", "repeat")
"""How ``deepObject`` writes an array: ``a[0]=x``, ``a[]=x`` or ``a=x`` for each item; the first one is the default."""


def defined(value: Any) -> bool:
    """Whether a value is written at all: null is not, nor an array or object without a member that is (RFC 6570, 2.3)."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        return any(item is not None for item in value)
    return value is not None


def _members(value: Any) -> Any:
    """An array or object without its nulls, which are undefined (RFC 6570, 2.3); a scalar as it is."""
    if isinstance(value, Mapping):
        return {key: item for key, item in value.items() if item is not None}
    return [item for item in value if item is not None] if isinstance(value, list) else value


def text(value: Any) -> str:
    """A scalar as text: ``true``, ``false``, the shortest exact number; null is the empty text.

    Raises
    ------
    ValueError
        Where the value is no scalar.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and 0 < abs(value) < _EXACT:
        return str(int(value))  # 5.0 is 5 (JSON Schema 2020-12, 4.2.2), and services read it as that
    if isinstance(value, (bool, int, float)):
        return encode_json(value).decode()
    raise ValueError(
        "an array or object within an array or object has no form in this style; the document must say `content`"
    )


def _quote(value: Any, safe: str) -> str:
    if not safe:
        return quote(text(value), safe=UNRESERVED)
    # Reserved expansion lets triples that are percent-encoded already pass (RFC 6570, 3.2.3).
    pieces = _TRIPLE.split(text(value))
    return "".join(piece if number % 2 else quote(piece, safe=UNRESERVED + safe) for number, piece in enumerate(pieces))


def _list(value: Any, delimiter: str, safe: str) -> str:
    """``a,b`` of an array, ``k,v,k,v`` of an object, or a scalar."""
    if isinstance(value, Mapping):
        return delimiter.join(f"{_quote(key, safe)}{delimiter}{_quote(item, safe)}" for key, item in value.items())
    if isinstance(value, list):
        return delimiter.join(_quote(item, safe) for item in value)
    return _quote(value, safe)


def _pairs(value: Mapping[str, Any], delimiter: str, safe: str) -> str:
    return delimiter.join(f"{_quote(key, safe)}={_quote(item, safe)}" for key, item in value.items())


def simple(name: str, value: Any, explode: bool, safe: str = "") -> str:
    """``simple``: ``a,b``; an exploded object is ``k=v,k=v``."""
    if explode and isinstance(value, Mapping):
        return _pairs(value, ",", safe)
    return _list(value, ",", safe)


def label(name: str, value: Any, explode: bool, safe: str = "") -> str:
    """``label``: ``.a,b``; exploded ``.a.b`` and ``.k=v.k=v``."""
    if explode:
        _undivided(value, ".")
    if explode and isinstance(value, Mapping):
        return "." + _pairs(value, ".", safe)
    return "." + _list(value, "." if explode else ",", safe)


def _undivided(value: Any, delimiter: str) -> None:
    """Refuse an item that holds the delimiter where nothing tells the two apart: it would arrive as two, and nobody would know."""
    if isinstance(value, Mapping):
        parts = [*value, *value.values()]
    elif isinstance(value, list) and len(value) > 1:
        parts = value
    else:
        return
    for part in parts:
        if delimiter in text(part):
            raise ValueError(
                f"{text(part)!r} holds {delimiter!r}, which divides the items in this style, so that it would arrive as two"
            )


def matrix(name: str, value: Any, explode: bool, safe: str = "") -> str:
    """``matrix``: ``;name=a,b``; exploded ``;name=a;name=b`` and ``;k=v;k=v``."""
    key = _quote(name, safe)
    if explode and isinstance(value, Mapping):
        return "".join(_matrix_pair(_quote(member, safe), _quote(item, safe)) for member, item in value.items())
    if explode and isinstance(value, list):
        return "".join(_matrix_pair(key, _quote(item, safe)) for item in value)
    return _matrix_pair(key, _list(value, ",", safe))


def _matrix_pair(name: str, written: str) -> str:
    """An empty value has no ``=`` (RFC 6570, 3.2.7)."""
    return f";{name}={written}" if written else f";{name}"


def form(name: str, value: Any, explode: bool, safe: str = "") -> str:
    """``form``: ``name=a,b``; exploded ``name=a&name=b`` and ``k=v&k=v``; an exploded empty array or object is nothing."""
    key = _quote(name, "")
    if explode and isinstance(value, Mapping):
        return _pairs(value, "&", safe)
    if explode and isinstance(value, list):
        return "&".join(f"{key}={_quote(item, safe)}" for item in value)
    return f"{key}={_list(value, ',', safe)}"


def _delimited(delimiter: str) -> Callable[[str, Any, bool, str], str]:
    def delimited(name: str, value: Any, explode: bool, safe: str = "") -> str:
        if explode:
            return form(name, value, explode, safe)
        _undivided(value, unquote(delimiter))
        return f"{_quote(name, '')}={_list(value, delimiter, safe)}"

    return delimited


def deep_object(name: str, value: Any, explode: bool, safe: str = "", array_format: str = ARRAY_FORMATS[0]) -> str:
    """``deepObject``: ``name[k]=v&name[l]=w``, the brackets percent-encoded (RFC 3986, 3.4).

    The standard defines the form of an object of scalars only. Everything else is written as the services that declare
    this style read it: ``name[k][l]=v`` for an object within an object, ``name[0]=v`` and ``name[0][k]=v`` for arrays,
    and ``name=v`` for a single value.
    """
    pairs = deep_members(value, array_format)
    return "&".join(f"{_quote(name, '')}{_brackets(steps)}={_quote(item, safe)}" for steps, item in pairs)


def _brackets(steps: Iterable[str]) -> str:
    return "".join(f"%5B{_quote(step, '')}%5D" for step in steps)


def deep_members(value: Any, array_format: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The scalars within a value of the style ``deepObject``, each with the steps that lead to it; nulls are left out.

    Parameters
    ----------
    value:
        An object, an array or a scalar.
    array_format:
        One of ``ARRAY_FORMATS``: whether an item has its index as a step, an empty one, or none.

    Raises
    ------
    ValueError
        If arrays or objects within an array could not be told apart, because the format gives its items no index.
    """
    if isinstance(value, Mapping):
        for member, item in value.items():
            yield from (((member, *steps), leaf) for steps, leaf in deep_members(item, array_format))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            if array_format != "indexed" and isinstance(item, (Mapping, list)):
                raise ValueError(f"an array of arrays or objects has no form in the array format {array_format!r}")
            step = {"indexed": (str(number),), "brackets": ("",)}.get(array_format, ())
            yield from (((*step, *steps), leaf) for steps, leaf in deep_members(item, array_format))
    elif value is not None:
        yield (), value


STYLES: Mapping[str, Callable[[str, Any, bool, str], str]] = {
    "simple": simple,
    "label": label,
    "matrix": matrix,
    "form": form,
    "spaceDelimited": _delimited("%20"),
    "pipeDelimited": _delimited("%7C"),
    "deepObject": deep_object,
}
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "querystring": ("form",),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
"""The styles of each location, the default one first (OpenAPI 3.2, 4.12.6)."""


def write(parameter: Parameter, value: Any, encode: Callable[[Any], bytes] | None = None) -> str:
    """One parameter, as it stands in the path, the query string, a header or a cookie.

    Parameters
    ----------
    parameter:
        The parameter.
    value:
        A plain value that is ``defined``; nulls in an array or object are left out (RFC 6570, 2.3).
    encode:
        Writes the value of a parameter that has ``content``; without it, what is known of its media type does.

    Raises
    ------
    ValueError
        Where the value has no form in the parameter's style, or could break out of its header or cookie.
    """
    location = parameter.location
    if parameter.content is not None:
        return _content(parameter, parameter.content.name, (encode or codec(parameter.content.name).encode)(value))
    value = _members(value)
    if location == "header":
        return _in_header(_header(value, parameter.explode))
    if location == "cookie":
        return _cookie(parameter, value)
    safe = ""
    if parameter.allow_reserved:
        safe = RESERVED_IN_QUERY if location == "query" else RESERVED
    if parameter.style == "deepObject":
        return deep_object(parameter.name, value, parameter.explode, safe, parameter.array_format)
    return STYLES[parameter.style](parameter.name, value, parameter.explode, safe)


def _content(parameter: Parameter, media: str, written: bytes) -> str:
    """A parameter that is written as a media type; ``querystring`` is the whole query (OpenAPI 3.2, 4.12.2)."""
    if parameter.location == "header":
        return _in_header(written.decode())
    if parameter.location == "querystring" and is_form(media):
        return written.decode()
    quoted = quote(written, safe=UNRESERVED)
    return f"{_quote(parameter.name, '')}={quoted}" if parameter.location in ("query", "cookie") else quoted


def header_text(value: Any, *, explode: bool) -> str:
    """A value as the text of a header field, in the style ``simple`` (OpenAPI 3.2, 4.21).

    Raises
    ------
    ValueError
        Where it has no form there, or could break out of its field.
    """
    return _in_header(_header(_members(value), explode))


def _in_header(written: str) -> str:
    if _NOT_IN_HEADER.search(written):
        raise ValueError("it holds characters that cannot stand in a header (RFC 9110, 5.5)")
    return written


def _header(value: Any, explode: bool) -> str:
    """``simple`` in a header, where nothing is percent-encoded."""
    if isinstance(value, Mapping):
        joint = "=" if explode else ","
        return ",".join(f"{key}{joint}{text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ",".join(map(text, value))
    return text(value)


def _cookie(parameter: Parameter, value: Any) -> str:
    """``form`` in a cookie joins exploded pairs by ``&``; 3.2's ``cookie`` by ``; ``, without percent-encoding."""
    if parameter.style != "cookie":
        return form(parameter.name, value, parameter.explode)
    if parameter.explode and isinstance(value, Mapping):
        return "; ".join(f"{_in_cookie(key)}={_in_cookie(text(item))}" for key, item in value.items())
    if parameter.explode and isinstance(value, list):
        return "; ".join(f"{parameter.name}={_in_cookie(text(item))}" for item in value)
    pairs = value.items() if isinstance(value, Mapping) else [(part,) for part in _several(value)]
    parts: list[Any] = [part for pair in pairs for part in pair]
    _undivided(value, ",")
    return f"{parameter.name}={','.join(_in_cookie(text(part)) for part in parts)}"


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _in_cookie(written: str) -> str:
    if _NOT_IN_COOKIE.search(written):
        raise ValueError("it holds characters that cannot stand in a cookie (RFC 6265, 4.1.1)")
    return written
