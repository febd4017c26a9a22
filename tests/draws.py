"""Arguments by chance for the operations of any document, and what of them a request can carry."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.frozen import evolve
from dynaclient.local.draw import draw
from dynaclient.openapi.check import Checker
from dynaclient.openapi.media import default_media, essence, is_json, is_text, is_xml
from dynaclient.openapi.model import Api, MediaType, Operation, Parameter
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import Property, properties, subschemas
from dynaclient.openapi.xml import is_structured

FORM = "application/x-www-form-urlencoded"
WORDS = ("x", "two words", "a,b;c=d&e", "100%/\\", "Zürich", "日本", "1", "a+b", "#?", "q:w@e[1]", "~-._")
PLAIN = ("x", "word", "1", "a-b", "Z_9")
THROWS = 12
_DELIMITERS = {("spaceDelimited", False): " ", ("pipeDelimited", False): "|", ("label", True): "."}


class NoArgumentsError(Exception):
    """A required argument of an operation has no value that can be sent; ``reason`` says why, in terms of the document."""


def words(chance: Random) -> str:
    """A text for places where nothing may be empty."""
    return chance.choice(WORDS)


def plain_words(chance: Random) -> str:
    """A text for places that have no escapes: header fields and cookies."""
    return chance.choice(PLAIN)


class Draws:
    """Draws arguments for one operation.

    Parameters
    ----------
    api, checker:
        The document and its validators.
    operation:
        The operation.
    seed:
        The source of chance.
    """

    def __init__(self, api: Api, checker: Checker, operation: Operation, seed: object) -> None:
        self.api, self.checker, self.operation = api, checker, operation
        self.chance = Random(f"{seed} {operation.dotted}")

    def arguments(self, *, whole: bool) -> dict[str, Any]:
        """Arguments of a call; ``whole`` passes the body as one value, else by its properties where it offers them.

        Raises
        ------
        NoArgumentsError
            Where a required one has no value that could be sent.
        """
        found: dict[str, Any] = {}
        for parameter in self.operation.parameters:
            if parameter.required or self.chance.random() < 0.6:
                try:
                    found[parameter.python_name] = self.parameter(parameter)
                except NoArgumentsError:
                    if parameter.required:
                        raise
        body = self.operation.body
        if body is not None and (body.required or self.chance.random() < 0.8):
            media = self.media(body.content)
            value = self.body(media)
            names = {field.name: field.python_name for field in body.properties}
            default = media == default_media(body.content)
            if whole or not default or not isinstance(value, dict) or not names or not names.keys() >= value.keys():
                found["body"] = value
                found.update({} if default else {"content_type": media.name})
            else:
                found.update({names[name]: item for name, item in value.items()})
        return found

    def media(self, content: tuple[MediaType, ...]) -> MediaType:
        """The media type of a body: mostly the one that is sent where the caller names none."""
        default = default_media(content)
        if default is None:
            raise NoArgumentsError("the body has no media type")
        hidden = any("content_type" in (field.python_name, field.name) for field in self.operation.arguments)
        others = [media for media in content if "*" not in media.name]
        return default if hidden or not others or self.chance.random() < 0.6 else self.chance.choice(others)

    def parameter(self, parameter: Parameter) -> Any:
        """A value of a parameter that has a form in its style."""
        if parameter.schema is None:
            return self.chance.choice(PLAIN)
        text = plain_words if parameter.location in ("header", "cookie") else words
        for _ in range(THROWS):
            value = self.value(parameter.schema, text)
            if sendable(parameter, value):
                return value
        raise NoArgumentsError(
            f"{parameter.location} parameter {parameter.name}: {value!r:.80} has no form in its style"
        )

    def value(self, schema: str, text: Any = words) -> Any:
        """A value for the schema at a place."""
        try:
            return draw(self.api.document, schema, self._accepts, self.chance, "request", text)
        except SpecError as error:
            raise NoArgumentsError(f"{error.pointer or schema}: {error}") from error

    def _accepts(self, pointer: str, value: Any) -> bool:
        return self.checker.validator(pointer, "request").accepts(value)

    def body(self, media: MediaType) -> Any:
        """A body of a media type."""
        kind = essence(media.name)
        if is_json(kind):
            return self.value(media.schema) if media.schema else {"any": words(self.chance)}
        if kind == FORM or kind.startswith("multipart/"):
            return self.form(media)
        if is_xml(kind) and is_structured(self.api.document, media.schema):
            return self.value(str(media.schema))
        if is_text(kind):
            return words(self.chance)
        return bytes(self.chance.randrange(256) for _ in range(self.chance.randrange(1, 40)))

    def form(self, media: MediaType) -> Any:
        """The fields of a form; what the schema calls binary is bytes, and nothing is empty, for that has no form."""
        if media.schema is None:
            return {"field": words(self.chance)}
        schemas = {item.name: item for item in properties(self.api.document, media.schema)}
        for _ in range(THROWS):
            value = self.value(media.schema)
            if not isinstance(value, dict):
                raise NoArgumentsError(f"{media.schema}: a form is an object")
            value = {name: self.filled(schemas.get(name), item) for name, item in value.items()}
            value = {name: item for name, item in value.items() if item is not None and item not in ([], {}, [None])}
            if all(item.name in value for item in schemas.values() if item.required):
                return value
        raise NoArgumentsError(f"{media.schema}: a required field of the form may only be empty, which has no form")

    def filled(self, item: Property | None, value: Any) -> Any:
        """The value of a field, as bytes where its schema says so."""
        if item is None:
            return value
        if isinstance(value, str) and binary(self.api.document, item.schema):
            return bytes(self.chance.randrange(256) for _ in range(self.chance.randrange(1, 40)))
        if isinstance(value, list):
            value = [one for one in value if one is not None]
        items = join(item.schema, "items")
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return [self.filled(evolve(item, schema=items), one) for one in value]
        return value


def binary(document: Mapping[str, Any], schema: str) -> bool:
    """Whether a schema describes bytes."""
    try:
        nodes = [node for node, _ in subschemas(document, schema)]
    except SpecError:
        return False
    named = any(node.get("format") == "binary" or "contentMediaType" in node for node in nodes)
    return named and not any("contentEncoding" in node for node in nodes)


def sendable(parameter: Parameter, value: Any) -> bool:
    """Whether a value has a form in the style of its parameter, and one form only."""
    if parameter.content is not None:
        return value is not None and (parameter.location != "querystring" or value not in ({}, [], ""))
    if isinstance(value, dict):
        items = list(value.values())
    elif isinstance(value, list):
        items = value
    else:
        return value is not None and value not in ("", ".", "..")
    deep = parameter.style == "deepObject"
    # These styles write their delimiter as they write it within a value.
    delimiter = _DELIMITERS.get((parameter.style, parameter.explode), "\n")
    if any(delimiter in str(item) for item in items):
        return False
    return bool(items) and all(
        item is not None and item != "" and (not isinstance(item, (dict, list)) or (deep and _flat(item)))
        for item in items
    )


def _flat(item: Any) -> bool:
    return (
        isinstance(item, list) and bool(item) and not any(isinstance(one, (dict, list)) or one is None for one in item)
    )
