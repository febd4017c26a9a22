"""Which object stands where in an OpenAPI document (OpenAPI 3.0, 3.1 and 3.2 together), as a table.

It says what is a reference and what only looks like one: a ``$ref`` inside an example, a default or an ``x-`` extension is data, a schema's
property named ``example`` is a schema. A kind is written as it is read: ``schema`` one of them, ``[schema]`` a list, ``{schema}`` a mapping
from names. Four are not objects: ``text`` (the standard says string), ``data`` (any value), ``uri`` (a reference that stands as plain
text) and ``target`` (the name of a schema, or a reference to one: OpenAPI 3.1, 4.8.25). ``*`` is every other field that is not an extension.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

TEXT = "text"
DATA = "data"

_SCHEMA = {
    **dict.fromkeys(("$ref", "$schema", "$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$comment"), TEXT),
    **dict.fromkeys(("title", "description", "format", "pattern", "contentMediaType", "contentEncoding"), TEXT),
    **dict.fromkeys(
        ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"), "schema"
    ),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties", "contentSchema", "additionalItems"), "schema"),
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions"), "{schema}"),
    **dict.fromkeys(("dependentSchemas", "dependencies"), "{schema}"),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), "[schema]"),
    "required": "[text]",
    "dependentRequired": "{[text]}",
    "discriminator": "discriminator",
    "externalDocs": "external docs",
    "xml": "xml",
}
_PARAMETER = {
    **dict.fromkeys(("name", "in", "description", "style"), TEXT),
    "schema": "schema",
    "content": "{media type}",
    "examples": "{example}",
}
_MEDIA_TYPE = {
    "schema": "schema",
    "itemSchema": "schema",
    "examples": "{example}",
    "encoding": "{encoding}",
    "prefixEncoding": "[encoding]",
    "itemEncoding": "encoding",
}
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

# The kinds that a reference may stand for, and where under ``components`` they live (OpenAPI 3.1, 4.8.7; 3.2, 4.8.7).
SECTIONS: Mapping[str, str] = {
    "schema": "schemas",
    "response": "responses",
    "parameter": "parameters",
    "example": "examples",
    "request body": "requestBodies",
    "header": "headers",
    "security scheme": "securitySchemes",
    "link": "links",
    "callback": "callbacks",
    "path item": "pathItems",
    "media type": "mediaTypes",
}

KINDS: Mapping[str, Mapping[str, str]] = {
    "document": {
        **dict.fromkeys(("openapi", "$self", "jsonSchemaDialect"), TEXT),
        "info": "info",
        "servers": "[server]",
        "paths": "paths",
        "webhooks": "{path item}",
        "components": "components",
        "security": "[security]",
        "tags": "[tag]",
        "externalDocs": "external docs",
        "x-speakeasy-globals": "globals",
    },
    "info": {
        **dict.fromkeys(("title", "summary", "description", "termsOfService", "version"), TEXT),
        "contact": "{text}",
        "license": "{text}",
    },
    "server": {
        **dict.fromkeys(("url", "name", "description"), TEXT),
        **dict.fromkeys(("x-speakeasy-server-id", "x-dynaclient-bare-origin", "x-dynaclient-url-env"), TEXT),
        "variables": "{server variable}",
    },
    "server variable": {"default": TEXT, "enum": "[text]", "description": TEXT},
    "tag": {
        **dict.fromkeys(("name", "summary", "description", "parent", "kind"), TEXT),
        "externalDocs": "external docs",
    },
    "external docs": {"url": TEXT, "description": TEXT},
    "xml": dict.fromkeys(("name", "namespace", "prefix", "nodeType"), TEXT),
    "security": {"*": "[text]"},
    "components": {section: f"{{{kind}}}" for kind, section in SECTIONS.items()},
    "globals": {"parameters": "[parameter]"},
    "paths": {"*": "path item"},
    "path item": {
        **dict.fromkeys(_METHODS, "operation"),
        "additionalOperations": "{operation}",
        "parameters": "[parameter]",
        "servers": "[server]",
        "summary": TEXT,
        "description": TEXT,
    },
    "operation": {
        **dict.fromkeys(("operationId", "summary", "description"), TEXT),
        **dict.fromkeys(("x-speakeasy-name-override", "x-speakeasy-group"), TEXT),
        "tags": "[text]",
        "parameters": "[parameter]",
        "requestBody": "request body",
        "responses": "responses",
        "callbacks": "{callback}",
        "security": "[security]",
        "servers": "[server]",
        "externalDocs": "external docs",
        "x-dynaclient-batch": "batch",
    },
    "batch": {"item": "uri"},
    "responses": {"*": "response"},
    "response": {
        "description": TEXT,
        "summary": TEXT,
        "headers": "{header}",
        "content": "{media type}",
        "links": "{link}",
    },
    "callback": {"*": "path item"},
    "parameter": _PARAMETER,
    "string parameter": {**_PARAMETER, "example": TEXT},
    "header": _PARAMETER,
    "string header": {**_PARAMETER, "example": TEXT},
    "request body": {"description": TEXT, "content": "{media type}"},
    "media type": _MEDIA_TYPE,
    "string media type": {**_MEDIA_TYPE, "example": TEXT},
    "encoding": {
        "contentType": TEXT,
        "style": TEXT,
        "headers": "{header}",
        "encoding": "{encoding}",
        "prefixEncoding": "[encoding]",
        "itemEncoding": "encoding",
    },
    "example": dict.fromkeys(("summary", "description", "serializedValue", "externalValue"), TEXT),
    "link": {**dict.fromkeys(("operationRef", "operationId", "description"), TEXT), "server": "server"},
    "security scheme": {
        **dict.fromkeys(("type", "name", "in", "scheme", "bearerFormat", "description", "openIdConnectUrl"), TEXT),
        "flows": "{flow}",
    },
    "flow": {"scopes": "{text}"},
    "schema": _SCHEMA,
    "string schema": {
        **_SCHEMA,
        **dict.fromkeys(("default", "example", "const"), TEXT),
        "enum": "[text]",
        "examples": "[text]",
    },
    "discriminator": {"propertyName": TEXT, "mapping": "{target}", "defaultMapping": "target"},
}


def field_kind(kind: str, name: str, kinds: Mapping[str, Mapping[str, str]] = KINDS) -> str:
    """The kind of a field of an object of this kind; ``data`` where the standard knows no such field."""
    fields = kinds[kind]
    found = fields.get(name)
    if found is not None:
        return found
    return DATA if name.startswith("x-") else fields.get("*", DATA)


def _is_string(schema: Any) -> bool:
    kinds = schema.get("type") if type(schema) is dict else None
    return kinds == "string" or (
        type(kinds) is list and "string" in kinds and set(map(str, kinds)) <= {"string", "null", "None"}
    )


def refined(kind: str, node: Mapping[str, Any], kinds: Mapping[str, Mapping[str, str]] = KINDS) -> str:
    """The kind of an object where its values can only be strings: ``string schema`` for a schema with ``type: string``."""
    if kind == "schema":
        return "string schema" if _is_string(node) else kind
    if kind in ("parameter", "header", "media type"):
        return f"string {kind}" if _is_string(node.get("schema")) else kind
    if f"string {kind}" in kinds:  # an object of Swagger 2.0, which holds the type itself
        return f"string {kind}" if _is_string(node) else kind
    return kind


class Layout(NamedTuple):
    """How the documents of one standard are built.

    Parameters
    ----------
    root:
        The kind of the whole document.
    kinds:
        The fields of every kind of object.
    sections:
        The names of the sections for objects that a reference may stand for, by their kind.
    home:
        The tokens of the object that holds the sections.
    deferred:
        Kinds without a section, of which a reference to nothing concerns only what needs it.
    """

    root: str
    kinds: Mapping[str, Mapping[str, str]]
    sections: Mapping[str, str]
    home: tuple[str, ...]
    deferred: tuple[str, ...] = ()


OPENAPI = Layout("document", KINDS, SECTIONS, ("components",))
"""OpenAPI 3.0, 3.1 and 3.2."""
