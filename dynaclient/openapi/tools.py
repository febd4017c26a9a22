"""Operation -> a tool that a language model can call: a name, a description, and a JSON Schema of its arguments that needs no document beside it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dynaclient.errors import ArgumentError, Problem, SpecError
from dynaclient.openapi.bodies import kind_of
from dynaclient.openapi.encoding import is_binary
from dynaclient.openapi.media import default_media
from dynaclient.openapi.model import Api, MediaType, Operation, OperationKey, Parameter
from dynaclient.openapi.pointer import at, join, local_target, tokens
from dynaclient.openapi.read import globals_of, operation

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})
"""Methods that change nothing (RFC 9110, 9.2.1; QUERY: draft-ietf-httpbis-safe-method-w-body)."""

_IDEMPOTENT = SAFE | {"PUT", "DELETE"}
_LONGEST_NAME = 64
_BASE64: Mapping[str, Any] = {"type": "string", "contentEncoding": "base64"}
_SCHEMAS = frozenset({"items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_PLAIN = frozenset(
    {
        *("type", "enum", "const", "format", "title", "description", "default", "examples", "required", "pattern"),
        *("minimum", "maximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
        *("minProperties", "maxProperties", "contentEncoding", "contentMediaType", "deprecated"),
    }
)


@dataclass(frozen=True, slots=True)
class Tool:
    """One operation as a tool.

    Parameters
    ----------
    name:
        Letters, digits, ``_`` and ``-``, at most 64 of them: what the services of language models take.
    operation:
        Its dotted name.
    schema:
        The JSON Schema (2020-12) of its arguments: an object.
    binary:
        The arguments that are bytes, and come as base64.
    """

    name: str
    operation: str
    title: str
    description: str
    schema: Mapping[str, Any]
    binary: frozenset[str]
    read_only: bool
    idempotent: bool


def choose(api: Api, wanted: Iterable[str] = (), *, writes: bool = False) -> tuple[OperationKey, ...]:
    """The operations to serve, in the document's order.

    Parameters
    ----------
    api:
        The document.
    wanted:
        Dotted names, and groups (``models``, ``models.*``); none: all. An operation that is named in full is served whatever its method; of a group,
        and of all, only those whose method is safe.
    writes:
        Serve those whose method is not safe as well.

    Raises
    ------
    ArgumentError
        Where a name is neither an operation nor a group.
    """
    names = [name.removesuffix(".*") for name in wanted]
    unknown = [name for name in names if name not in api.index and not any(_within(key, name) for key in api.index)]
    if unknown:
        problems = tuple(
            Problem("operations", f"the document has no operation and no group {name!r}") for name in unknown
        )
        raise ArgumentError("the operations were not chosen", problems=problems)
    found = []
    for dotted, key in api.index.items():
        grouped = not names or any(_within(dotted, name) for name in names)
        if dotted in names or (grouped and (writes or key.method in SAFE)):
            found.append(key)
    return tuple(found)


def _within(dotted: str, group: str) -> bool:
    return dotted.startswith(f"{group}.")


def tools(api: Api, keys: Iterable[OperationKey]) -> tuple[Tool, ...]:
    """The tools of operations, each with a name of its own."""
    found: dict[str, Tool] = {}
    settings = {(field.name, field.location) for field in globals_of(api)}
    for key in keys:
        made = _tool(api, operation(api, key), settings)
        name, number = made.name, 2
        while name in found:
            tail = f"_{number}"
            name, number = made.name[: _LONGEST_NAME - len(tail)] + tail, number + 1
        found[name] = replace(made, name=name)
    return tuple(found.values())


def _tool(api: Api, made: Operation, settings: Collection[tuple[str, str]]) -> Tool:
    inputs = _Inputs(api)
    media = default_media(made.body.content) if made.body else None
    kind = kind_of(api.document, media) if media else ""
    properties: dict[str, Any] = {}
    required, binary = [], set()
    for field in made.arguments:
        if kind == "multipart" and field.location == "body" and field.schema and is_binary(api.document, field.schema):
            properties[field.python_name] = _BASE64
            binary.add(field.python_name)
        else:
            properties[field.python_name] = inputs.of_field(field)
        if field.required and (field.name, field.location) not in settings:
            required.append(field.python_name)
    if made.body is not None and media is not None and not made.body.properties:
        whole = made.body.keyword
        properties[whole] = _BASE64 if kind == "binary" else inputs.of_body(media, kind)
        binary |= {whole} if kind == "binary" else set()
        required += [whole] if made.body.required else []
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    schema.update({"required": required} if required else {})
    schema.update({"$defs": inputs.definitions} if inputs.definitions else {})
    text = made.description if made.description and made.description != made.summary else ""
    return Tool(
        name=re.sub(r"[^A-Za-z0-9_-]+", "_", made.dotted)[:_LONGEST_NAME],
        operation=made.dotted,
        title=made.summary,
        description="\n\n".join(filter(None, [made.summary, text])) or f"{made.method} {made.path}",
        schema=schema,
        binary=frozenset(binary),
        read_only=made.method in SAFE,
        idempotent=made.method in _IDEMPOTENT,
    )


class _Inputs:
    """Schemas of a document as JSON Schema, references to ``$defs`` of its own."""

    def __init__(self, api: Api) -> None:
        self._document = api.document
        self._old = api.version == "3.0"
        self._names: dict[str, str] = {}
        self.definitions: dict[str, Any] = {}

    def of_field(self, field: Parameter) -> Any:
        """The schema of an argument, described as its parameter is."""
        found = self._of(at(self._document, field.schema)) if field.schema else {}
        return {**found, "description": field.description} if field.description and isinstance(found, dict) else found

    def of_body(self, media: MediaType, kind: str) -> Any:
        """The schema of a whole body."""
        if kind in ("text", "xml", "lines", "sequence"):
            return {"type": "string", "description": f"The body, as {media.name}."}
        return self._of(at(self._document, media.schema)) if media.schema else {}

    def _of(self, node: Any) -> Any:
        if not isinstance(node, Mapping):
            return node if isinstance(node, bool) else {}
        if isinstance(node.get("$ref"), str):
            reference = self._reference(node["$ref"])
            return reference if self._old or len(node) == 1 else {**self._keywords(node), **reference}
        found = self._keywords(node)
        return self._modern(node, found) if self._old else found

    def _keywords(self, node: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.items():
            if key in _SCHEMAS:
                found[key] = self._of(value)
            elif key in _LISTS and isinstance(value, list):
                found[key] = [self._of(item) for item in value]
            elif key in _MAPS and isinstance(value, Mapping):
                found[key] = {name: self._of(item) for name, item in value.items()}
            elif key in _PLAIN or (key.startswith("exclusive") and not isinstance(value, bool)):
                found[key] = value
        hidden = [
            name
            for name, item in node.get("properties", {}).items()
            if isinstance(item, Mapping) and item.get("readOnly") is True
        ]
        if hidden:
            found["properties"] = {name: item for name, item in found["properties"].items() if name not in hidden}
            found["required"] = [name for name in found.get("required", ()) if name not in hidden]
        return found

    def _modern(self, node: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
        """OpenAPI 3.0's own keywords in the words of JSON Schema 2020-12."""
        for limit in ("minimum", "maximum"):
            exclusive = f"exclusive{limit.title()}"
            if node.get(exclusive) is True and limit in found:
                found[exclusive] = found.pop(limit)
        if "example" in node:
            found.setdefault("examples", [node["example"]])
        if node.get("nullable") is True and isinstance(found.get("type"), str):
            found["type"] = [found["type"], "null"]
            if isinstance(found.get("enum"), list) and None not in found["enum"]:
                found["enum"] = [*found["enum"], None]
        return found

    def _reference(self, reference: str) -> dict[str, Any]:
        """A reference to the definition of what it leads to; anything where it leads nowhere."""
        try:
            pointer = local_target(reference)
            node = at(self._document, pointer)
        except SpecError:
            return {}
        if pointer not in self._names:
            wanted = re.sub(r"\W+", "_", (tokens(pointer) or ["root"])[-1], flags=re.ASCII) or "_"
            name, number = wanted, 2
            while name in self._names.values():
                name, number = f"{wanted}_{number}", number + 1
            self._names[pointer] = name
            self.definitions[name] = {}
            self.definitions[name] = self._of(node)
        return {"$ref": join("#", "$defs", self._names[pointer])}
