"""Parameter styles, as a table (OpenAPI 3.1.1, 4.8.12.3 and 4.8.12.4; RFC 6570).

Every function takes plain values and returns percent-encoded text. In a path segment, a header and a query, an array of scalars and an object of scalars have a form;
deeper nesting has none in the standard and is refused, except where ``content`` says how it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from dynaclient.openapi.media import codec, encode_json
from dynaclient.openapi.model import Parameter

UNRESERVED = "-._~"
RESERVED = ":/?#[]@!$&'()*+,;="
# allowReserved keeps the reserved set, but never what would end the value within a query: "#", "&", "+" and "[" "]" (RFC 3986, 3.4).
RESERVED_IN_QUERY = ":/?@!$'()*,;="


def text(value: Any) -> str:
    """A scalar as text: ``true``, ``false``, the shortest exact number; null is the empty text (RFC 6570, 2.3).

    Raises
    ------
    ValueError
        Where the value is no scalar.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return encode_json(value).decode()
    raise ValueError(
        "an array or object within an array or object has no form in this style; the document must say `content`"
    )


def _quote(value: Any, safe: str) -> str:
    return quote(text(value), safe=UNRESERVED + safe)


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
    if explode and isinstance(value, Mapping):
        return "." + _pairs(value, ".", safe)
    return "." + _list(value, "." if explode else ",", safe)


def matrix(name: str, value: Any, explode: bool, safe: str = "") -> str:
    """``matrix``: ``;name=a,b``; exploded ``;name=a;name=b`` and ``;k=v;k=v``."""
    key = _quote(name, safe)
    if explode and isinstance(value, Mapping):
        return "".join(f";{_quote(item, safe)}={_quote(member, safe)}" for item, member in value.items())
    if explode and isinstance(value, list):
        return "".join(f";{key}={_quote(item, safe)}" for item in value)
    written = _list(value, ",", safe)
    return f";{key}={written}" if written else f";{key}"


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
        return f"{_quote(name, '')}={_list(value, delimiter, safe)}"

    return delimited


def deep_object(name: str, value: Any, explode: bool, safe: str = "") -> str:
    """``deepObject``: ``name[k]=v&name[k]=v``, the brackets percent-encoded (RFC 3986, 3.4)."""
    if not isinstance(value, Mapping):
        raise ValueError("the style deepObject has a form for objects only")
    key = _quote(name, "")
    parts = []
    for member, item in value.items():
        several = item if isinstance(item, list) else [item]
        parts.extend(f"{key}%5B{_quote(member, '')}%5D={_quote(one, safe)}" for one in several)
    return "&".join(parts)


STYLES: Mapping[str, Callable[[str, Any, bool, str], str]] = {
    "simple": simple,
    "label": label,
    "matrix": matrix,
    "form": form,
    "spaceDelimited": _delimited("%20"),
    "pipeDelimited": _delimited("%7C"),
    "deepObject": deep_object,
}


def write(parameter: Parameter, value: Any) -> str:
    """One parameter, as it stands in the path, the query string, a header or a cookie.

    Raises
    ------
    ValueError
        Where the value has no form in the parameter's style.
    """
    location = parameter.location
    if parameter.content is not None:
        written = codec(parameter.content.name).encode(value)
        if location == "header":
            return written.decode()
        quoted = quote(written, safe=UNRESERVED)
        return f"{_quote(parameter.name, '')}={quoted}" if location in ("query", "cookie") else quoted
    if location == "header":
        return _header(value, parameter.explode)
    if location == "cookie":
        return _cookie(parameter, value)
    safe = ""
    if parameter.allow_reserved:
        safe = RESERVED_IN_QUERY if location == "query" else RESERVED.replace("/", "").replace("?", "").replace("#", "")
    return STYLES[parameter.style](parameter.name, value, parameter.explode, safe)


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
        return "; ".join(f"{key}={text(item)}" for key, item in value.items())
    if parameter.explode and isinstance(value, list):
        return "; ".join(f"{parameter.name}={text(item)}" for item in value)
    return f"{parameter.name}={_header(value, explode=False)}"
