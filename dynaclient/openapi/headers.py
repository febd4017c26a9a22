"""Header Objects (OpenAPI 3.2, 4.21): the header fields of a reply as values of their schemas' types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.errors import Problem
from dynaclient.frozen import Struct
from dynaclient.openapi.cast import Caster
from dynaclient.openapi.check import Checker
from dynaclient.openapi.media import decode_json, is_json
from dynaclient.openapi.model import Reply
from dynaclient.openapi.pointer import at, deref, join
from dynaclient.openapi.shape import types
from dynaclient.wire import Headers, is_secret_name

_ITEM = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,"]|")+')  # a comma within quotes parts nothing (RFC 9110, 5.6.1)


class TypedHeaders(Mapping[str, Any]):
    """The header fields of a reply by name, without regard to case: those that the document declares as typed values, the others as text."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name.lower(): value for name, value in values.items()}

    def __getitem__(self, name: str) -> Any:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        shown = {name: "[redacted]" if is_secret_name(name) else value for name, value in self.items()}
        return f"TypedHeaders({shown!r})"


class _Declared(Struct, frozen=True):
    name: str
    schema: str | None
    explode: bool
    json: bool
    required: bool
    pointer: str


class HeaderReader:
    """Reads the header fields of one declared reply; made once, used for every call, safe among threads.

    Parameters
    ----------
    document, checker:
        The document and its validators.
    reply:
        What the document says of the reply.
    """

    def __init__(self, document: Mapping[str, Any], checker: Checker, reply: Reply) -> None:
        self._checker = checker
        self._caster = Caster(document, checker.of_reply)
        self._declared = tuple(
            _declared(document, name, pointer)
            for name, pointer in reply.headers.items()
            if name.lower() != "content-type"
        )

    def __bool__(self) -> bool:
        return bool(self._declared)

    def typed(self, headers: Headers) -> TypedHeaders:
        """The fields as values; one that does not fit its schema stays what could be read of it."""
        values: dict[str, Any] = dict(headers)
        for field in self._declared:
            if field.name in headers:
                try:
                    values[field.name.lower()] = self._value(field, headers)
                except ValueError:
                    continue
        return TypedHeaders(values)

    def problems(self, headers: Headers) -> tuple[Problem, ...]:
        """What is wrong with the fields: missing though required, or other than their schema says."""
        found: list[Problem] = []
        for field in self._declared:
            where = f"headers.{field.name}"
            if field.name not in headers:
                found += [Problem(where, "is missing", field.pointer)] if field.required else []
                continue
            try:
                value = self._value(field, headers)
            except ValueError as error:
                found.append(Problem(where, str(error), field.pointer))
                continue
            if field.schema is not None:
                found += self._checker.of_reply(field.schema).problems(value, where)
        return tuple(found)

    def _value(self, field: _Declared, headers: Headers) -> Any:
        schema = field.schema
        if field.json:
            try:
                return decode_json(headers[field.name].encode("latin-1", "replace"))
            except ValueError as error:
                raise ValueError(f"is not JSON: {error}") from None
        kinds = types(self._caster.document, schema) if schema is not None else ()
        if field.name.lower() == "set-cookie":  # the one field whose lines must not be joined (RFC 9110, 5.3)
            return self._cookies(headers.get_all(field.name), kinds)
        text = headers[field.name].strip()
        if "array" in kinds:
            return self._caster.value(schema, _parts(text))
        if schema is not None and "object" in kinds and "string" not in kinds:
            return self._caster.members(schema, _pairs(text, explode=field.explode))
        return self._caster.scalar(schema, text)

    def _cookies(self, lines: list[str], kinds: tuple[str, ...]) -> Any:
        if "array" in kinds:
            return lines
        if "object" in kinds:
            return {name.strip(): value for name, _, value in (line.partition("=") for line in lines)}
        return "\n".join(lines)


def _declared(document: Mapping[str, Any], name: str, pointer: str) -> _Declared:
    node, place = deref(document, at(document, pointer), pointer)
    node = node if isinstance(node, Mapping) else {}
    content = node.get("content")
    schema, json = (join(place, "schema") if "schema" in node else None), False
    if isinstance(content, Mapping) and content:
        kind = next(iter(content))
        inner, here = deref(document, content[kind], join(place, "content", kind))
        schema = join(here, "schema") if isinstance(inner, Mapping) and "schema" in inner else None
        json = is_json(kind)
    return _Declared(name, schema, node.get("explode") is True, json, node.get("required") is True, place)


def _parts(text: str) -> list[str]:
    """The items of a list (OpenAPI 3.2, 4.12.6, style ``simple``)."""
    return [part.strip() for part in _ITEM.findall(text)]


def _pairs(text: str, *, explode: bool) -> list[tuple[str, str]]:
    parts = _parts(text)
    if explode:
        return [(name.strip(), value.strip()) for name, _, value in (part.partition("=") for part in parts)]
    return list(zip(parts[::2], parts[1::2], strict=False))
