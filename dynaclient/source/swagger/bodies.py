"""Request bodies and responses.

What Swagger 2.0 says by parameters, ``consumes`` and ``produces``, 3.0 says by media types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dynaclient.openapi.media import is_form, is_json, is_multipart
from dynaclient.openapi.pointer import join
from dynaclient.source.swagger.grammar import SCHEMA_KEYS
from dynaclient.source.swagger.moves import Moves
from dynaclient.source.swagger.parameters import Given, Parameters, style_of
from dynaclient.source.swagger.schemas import Schemas

_JSON = "application/json"
_OCTETS = "application/octet-stream"
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_BINARY = ("string", "binary")
_FIELD = ("name", "in", "required", "collectionFormat", "allowEmptyValue")


def media_types(owner: Mapping[str, Any], key: str) -> list[str] | None:
    """The media types in ``consumes`` or ``produces``; None if it is not there.

    What is no media type is left out; ``multipart/formData``, named after the location, is what its authors mean.
    """
    written = owner.get(key)
    if written is None:
        return None
    listed = written if type(written) is list else [written]
    found = (entry.strip() for entry in listed if isinstance(entry, str) and "/" in entry)
    return list(dict.fromkeys(_MULTIPART if entry.lower() == "multipart/formdata" else entry for entry in found))


def _extensions(node: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key.startswith("x-") and key not in SCHEMA_KEYS}


def _binary(schema: Any) -> bool:
    return isinstance(schema, Mapping) and (schema.get("type"), schema.get("format")) == _BINARY


class Bodies:
    """Translates what becomes the ``content`` of a body or of a response.

    Parameters
    ----------
    schemas, parameters, moves:
        Translate schemas and headers, and note where nodes have gone.
    """

    def __init__(self, schemas: Schemas, parameters: Parameters, moves: Moves) -> None:
        self._schemas = schemas
        self._parameters = parameters
        self._moves = moves

    def body(self, one: Given, consumes: Sequence[str], result: str) -> dict[str, Any]:
        """The request body that a parameter in ``body`` becomes, once for each media type that is consumed.

        Parameters
        ----------
        one:
            The parameter.
        consumes:
            The media types; JSON, or octets for a file, if there are none.
        result:
            The pointer of the request body.
        """
        self._moves.repeat(one.node, one.source, max(len(consumes) - 1, 0))
        self._moves.add(result, one.source)
        inside = "schema" in one.node or not any(key in one.node for key in SCHEMA_KEYS)
        schema = self._schemas.schema(one.node.get("schema")) if inside else self._schemas.of_values(one.node)
        made = {key: one.node[key] for key in ("description", "required") if key in one.node}
        content = made["content"] = {}
        for media in consumes or [_OCTETS if _binary(schema) else _JSON]:
            here = join(result, "content", media)
            self._moves.add(here, one.source)
            content[media] = {}
            if schema is not None:
                content[media]["schema"] = schema
                self._moves.add_schema(join(here, "schema"), join(one.source, "schema") if inside else one.source)
        return {**made, **_extensions(one.node)}

    def form(self, fields: Sequence[Given], consumes: Iterable[str], result: str) -> dict[str, Any]:
        """The request body that the parameters in ``formData`` become: an object with a property for each.

        Parameters
        ----------
        fields:
            The parameters; no two have the same name.
        consumes:
            The media types. Those that are no form are left out; a file asks for ``multipart/form-data``.
        result:
            The pointer of the request body.
        """
        schema: dict[str, Any] = {"type": "object", "properties": {}}
        encoding: dict[str, Any] = {}
        required = [one.name for one in fields if one.node.get("required") is True]
        for one in fields:
            schema["properties"][one.name], style = self._property(one)
            if style is not None:
                encoding[one.name] = style
        if required:
            schema["required"] = required
        files = any(one.node.get("type") == "file" for one in fields)
        forms = [media for media in consumes if is_multipart(media) or (is_form(media) and not files)]
        forms = forms or [_MULTIPART if files else _FORM]
        for one in fields:
            self._moves.repeat(one.node, one.source, len(forms) - 1)
        content: dict[str, Any] = {}
        self._moves.add(result, fields[0].source)
        for media in forms:
            content[media] = {"schema": schema, **({"encoding": encoding} if encoding else {})}
            for one in fields:
                here = join(result, "content", media)
                self._moves.add_schema(join(here, "schema", "properties", one.name), one.source)
                self._moves.add(join(here, "encoding", one.name), one.source)
        return {"required": True, "content": content} if required else {"content": content}

    def _property(self, one: Given) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """The property of a field, and how an array is written there."""
        if type(one.node.get("schema")) is dict and "type" not in one.node:
            schema = self._schemas.schema(one.node["schema"])
        else:
            schema = self._schemas.of_values(one.node)
        told = {
            key: value for key, value in one.node.items() if key not in (*SCHEMA_KEYS, *_FIELD, "schema", "description")
        }
        owner = {"description": one.node["description"]} if "description" in one.node else {}
        style = style_of(owner, schema, one.node)
        if "$ref" in schema:  # beside a reference only a few keywords count in 3.0
            return {"allOf": [schema], **owner, **told}, style
        return {**schema, **owner, **told}, style

    def response(self, node: Any, source: str, result: str, produces: Sequence[str]) -> Any:
        """A Response Object.

        Parameters
        ----------
        node, source:
            That of 2.0, and where it stands.
        result:
            The pointer of the one that is made.
        produces:
            The media types of replies; any, if there are none.
        """
        if type(node) is not dict:
            return node
        self._moves.repeat(node, source, max(len(produces) - 1, 0))
        self._moves.add(result, source)
        made = {key: value for key, value in node.items() if key not in ("schema", "headers", "examples")}
        headers = node.get("headers")
        if type(headers) is dict:
            made["headers"] = {
                name: self._parameters.header(entry, join(source, "headers", name), join(result, "headers", name))
                for name, entry in headers.items()
            }
        content = self._content(node, source, join(result, "content"), produces)
        return {**made, "content": content} if content else made

    def _content(self, node: Mapping[str, Any], source: str, result: str, produces: Sequence[str]) -> dict[str, Any]:
        written = node.get("examples")
        examples = {key: value for key, value in written.items() if "/" in key} if type(written) is dict else {}
        if "schema" not in node:
            produces = []
        elif not produces:
            produces = [*examples, "*/*"]
        schema = self._schemas.schema(node.get("schema"))
        content: dict[str, Any] = {}
        for media in dict.fromkeys((*produces, *examples)):  # a type that only an example has is replied as well
            here = join(result, media)
            content[media] = {}
            self._moves.add(here, source)
            if "schema" in node and not (_binary(schema) and is_json(media)):  # a file of JSON is read as JSON
                content[media]["schema"] = schema
                self._moves.add_schema(join(here, "schema"), join(source, "schema"))
            if media in examples:
                content[media]["example"] = examples[media]
                self._moves.add(join(here, "example"), join(source, "examples", media))
        return content
