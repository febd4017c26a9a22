"""Parameter styles read backwards (OpenAPI 3.1.1, 4.8.12.3): text from path, query, header or cookie becomes a value of its schema's type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus

from dynaclient.frozen import Struct
from dynaclient.openapi.cast import Caster
from dynaclient.openapi.media import decode_json, is_form, is_json
from dynaclient.openapi.model import Parameter
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import properties, subschemas, types
from dynaclient.wire import Headers


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()
"""Stands for a parameter or body that did not come."""

_DELIMITERS = {
    "spaceDelimited": re.compile(r" |%20|\+"),
    "pipeDelimited": re.compile(r"\||%7[Cc]"),
}
_COMMA = re.compile(",")
_STEP = re.compile(r"\[([^\]]*)\]")
_Tree = dict[str | None, "list[str] | _Tree"]


class Source(Struct, frozen=True):
    """Where parameters come from: path values and query still percent-encoded, and the header fields.

    ``named`` are the names of the operation's query parameters: what has none of them may be a member of an exploded object.
    """

    caster: Caster
    path: Mapping[str, str]
    query: str
    headers: Headers
    named: frozenset[str] = frozenset()

    @property
    def document(self) -> Mapping[str, Any]:
        """The document, by whose schemas texts are read."""
        return self.caster.document

    def query_pairs(self) -> list[tuple[str, str]]:
        """Name and percent-encoded value of each part of the query."""
        parts = (part.partition("=") for part in self.query.split("&") if part)
        return [(unquote_plus(name), value) for name, _, value in parts]

    def cookies(self) -> list[tuple[str, str]]:
        """Name and value of each cookie (RFC 6265, 5.4), and of each pair that an exploded one brings along."""
        parts = (part.partition("=") for part in re.split(r"; |&", self.headers.get("cookie", "")) if part)
        return [(name.strip(), value) for name, _, value in parts]

    def cast(self, pointer: str | None, texts: list[str]) -> Any:
        """Decoded text, or several of one name, as a value of the type that the schema names."""
        if len(texts) > 1 and (pointer is None or not types(self.document, pointer)):
            return [self.caster.scalar(pointer, text) for text in texts]
        return self.caster.value(pointer, texts)

    def cast_members(self, pointer: str, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        """Decoded pairs as an object, each value of the type that its property's schema names."""
        schemas = members(self.document, pointer)
        return {name: self.cast(schemas(name), [text for key, text in pairs if key == name]) for name, _ in pairs}


def members(document: Mapping[str, Any], pointer: str) -> Callable[[str], str | None]:
    """Tells where the schema of a property stands: its own, or that of all further properties; None where nothing is said of it."""
    known = {item.name: item.schema for item in properties(document, pointer)}
    more = next(
        (
            join(here, "additionalProperties")
            for node, here in subschemas(document, pointer)
            if isinstance(node.get("additionalProperties"), Mapping)
        ),
        None,
    )
    return lambda name: known.get(name, more)


def _open(document: Mapping[str, Any], pointer: str) -> bool:
    """Whether an object may have properties that its schema does not name."""
    return all(node.get("additionalProperties") is not False for node, _ in subschemas(document, pointer))


def value_of(parameter: Parameter, source: Source) -> Any:
    """The value of a parameter, ``MISSING`` where it did not come.

    Raises
    ------
    ValueError
        Where it cannot be read: broken JSON under ``content``, a prefix that its style needs.
    """
    if parameter.location == "querystring":
        return _querystring(parameter, source) if source.query else MISSING
    if parameter.content is not None:
        return _content(parameter, source)
    kinds = types(source.document, parameter.schema) if parameter.schema else ()
    if parameter.location == "path":
        raw = source.path.get(parameter.name, MISSING)
        return MISSING if raw is MISSING else _path(parameter, raw, kinds, source)
    if parameter.location == "header":
        text = source.headers.get(parameter.name, MISSING)
        return MISSING if text is MISSING else _split(parameter, text, kinds, source, str.strip)
    pairs = source.query_pairs() if parameter.location == "query" else source.cookies()
    return _form(parameter, pairs, kinds, source)


def _querystring(parameter: Parameter, source: Source) -> Any:
    """The whole query (OpenAPI 3.2, 4.12.2): a form as it is, any other media type percent-encoded."""
    if parameter.content is not None and is_form(parameter.content.name) and parameter.schema is not None:
        return source.cast_members(
            parameter.schema, [(name, unquote_plus(text)) for name, text in source.query_pairs()]
        )
    text = unquote(source.query)
    return decode_json(text.encode()) if parameter.content is not None and is_json(parameter.content.name) else text


def _content(parameter: Parameter, source: Source) -> Any:
    pairs = {"query": source.query_pairs, "cookie": source.cookies}.get(parameter.location)
    if pairs is not None:
        text = next((unquote_plus(value) for name, value in pairs() if name == parameter.name), MISSING)
    elif parameter.location == "path":
        text = unquote(source.path.get(parameter.name, ""))
    else:
        text = source.headers.get(parameter.name, MISSING)
    if text is MISSING or parameter.content is None or not is_json(parameter.content.name):
        return text
    return decode_json(text.encode())


def _path(parameter: Parameter, raw: str, kinds: tuple[str, ...], source: Source) -> Any:
    if parameter.style == "label":
        if not raw.startswith("."):
            raise ValueError("a label begins with a dot")
        return _split(parameter, raw[1:], kinds, source, unquote, "." if parameter.explode else ",")
    if parameter.style == "matrix":
        return _matrix(parameter, raw, kinds, source)
    return _split(parameter, raw, kinds, source, unquote)


def _matrix(parameter: Parameter, raw: str, kinds: tuple[str, ...], source: Source) -> Any:
    if not raw.startswith(";"):
        raise ValueError("a matrix parameter begins with a semicolon")
    pairs = [(unquote(name), value) for name, _, value in (part.partition("=") for part in raw[1:].split(";"))]
    if parameter.explode and "object" in kinds and parameter.schema:
        return source.cast_members(parameter.schema, [(name, unquote(value)) for name, value in pairs])
    values = [value for name, value in pairs if name == parameter.name]
    if not values:
        raise ValueError(f"it is written ;{parameter.name}=value")
    if len(values) > 1:
        return source.cast(parameter.schema, [unquote(value) for value in values])
    return _split(parameter, values[0], kinds, source, unquote, explode=False)


def _split(
    parameter: Parameter,
    raw: str,
    kinds: tuple[str, ...],
    source: Source,
    decode: Callable[[str], str],
    delimiter: str = ",",
    *,
    explode: bool | None = None,
) -> Any:
    """``a,b`` as an array, ``k,v,k,v`` (exploded ``k=v,k=v``) as an object, else the text itself."""
    parts = [decode(part) for part in raw.split(delimiter)] if raw else []
    if "object" in kinds and parameter.schema and not {"string", "array"}.intersection(kinds):
        if parameter.explode if explode is None else explode:
            pairs = [(name, value) for name, _, value in (part.partition("=") for part in raw.split(delimiter))]
            return source.cast_members(parameter.schema, [(decode(name), decode(value)) for name, value in pairs])
        return source.cast_members(parameter.schema, list(zip(parts[::2], parts[1::2], strict=False)))
    if "array" in kinds:
        return source.cast(parameter.schema, parts)
    return source.cast(parameter.schema, [decode(raw)])


def _form(parameter: Parameter, pairs: list[tuple[str, str]], kinds: tuple[str, ...], source: Source) -> Any:
    if parameter.style == "deepObject":
        return _deep_object(parameter, pairs, source)
    values = [value for name, value in pairs if name == parameter.name]
    if "object" in kinds and parameter.explode and parameter.schema and not values:
        known = {item.name for item in properties(source.document, parameter.schema)}
        free = bool(source.named) and _open(source.document, parameter.schema)
        found = [
            (name, unquote_plus(value)) for name, value in pairs if name in known or (free and name not in source.named)
        ]
        return source.cast_members(parameter.schema, found) if found else MISSING
    if not values:
        return MISSING
    if parameter.explode or len(values) > 1:
        return source.cast(parameter.schema, [unquote_plus(value) for value in values])
    delimiter = _DELIMITERS.get(parameter.style, _COMMA)
    if {"array", "object"}.intersection(kinds):
        parts = delimiter.split(values[0])
        raw = values[0] if delimiter is _COMMA else ",".join(part.replace(",", "%2C") for part in parts)
        return _split(parameter, raw, kinds, source, unquote_plus, explode=False)
    return source.cast(parameter.schema, [unquote_plus(values[0])])


def _deep_object(parameter: Parameter, pairs: list[tuple[str, str]], source: Source) -> Any:
    """The value of the style ``deepObject``: ``name[k][0]=v`` and whatever else `dynaclient.openapi.style` writes."""
    tree: _Tree = {}
    for name, value in pairs:
        if name.partition("[")[0] == parameter.name:
            steps = _STEP.findall(name[len(parameter.name) :])
            branch = tree
            for step in steps:
                branch = branch.setdefault(step, {})  # type: ignore[assignment]
            branch.setdefault(None, []).append(unquote_plus(value))  # type: ignore[union-attr]
    return _of_tree(parameter.schema, tree, source) if tree else MISSING


def _of_tree(schema: str | None, tree: _Tree, source: Source) -> Any:
    """A value from its texts: those under None are its own, the others lead to its members."""
    texts: list[str] = tree.get(None, [])  # type: ignore[assignment]
    below: dict[str, _Tree] = {step: branch for step, branch in tree.items() if step is not None}  # type: ignore[misc]
    if not below:
        return source.cast(schema, texts)
    kinds = types(source.document, schema) if schema is not None else ()
    if "array" in kinds or ("object" not in kinds and all(not step or step.isdigit() for step in below)):
        if "" in below and schema is not None:
            return source.cast(schema, below[""].get(None, []))  # type: ignore[arg-type]
        items = source.caster.items(schema) if schema is not None else None
        return [_of_tree(items, below[step], source) for step in sorted(below, key=lambda step: int(step or 0))]
    member = members(source.document, schema) if schema is not None else lambda _name: None
    return {step: _of_tree(member(step), branch, source) for step, branch in below.items()}
