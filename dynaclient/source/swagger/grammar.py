"""Which object stands where in a Swagger 2.0 document, as a table.

``dynaclient.openapi.grammar`` says how it is written.
"""

from __future__ import annotations

from collections.abc import Mapping

from dynaclient.openapi.grammar import DATA, KINDS, TEXT, Layout

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")

SCHEMA_KEYS = (
    *("type", "format", "items", "default", "enum", "multipleOf", "x-nullable"),
    *("maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
    *("maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems"),
)
"""The fields of a parameter, header or Items Object that say what its values are (Swagger 2.0, Parameter Object)."""

_VALUES = {**dict.fromkeys(("type", "format", "collectionFormat", "pattern"), TEXT), "items": "swagger items"}
_STRINGS = {**dict.fromkeys(("default", "x-example"), TEXT), "enum": "[text]"}
_MEDIA = dict.fromkeys(("consumes", "produces", "schemes"), "[text]")
_PARAMETER = {**_VALUES, **dict.fromkeys(("name", "in", "description"), TEXT), "schema": "schema"}
_HEADER = {**_VALUES, "description": TEXT}

_SWAGGER: Mapping[str, Mapping[str, str]] = {
    "swagger": {
        **{name: kind for name, kind in KINDS["document"].items() if name in ("info", "security", "tags")},
        **dict.fromkeys(("swagger", "host", "basePath"), TEXT),
        **_MEDIA,
        "externalDocs": "external docs",
        "paths": "swagger paths",
        "definitions": "{schema}",
        "parameters": "{swagger parameter}",
        "responses": "{swagger response}",
        "securityDefinitions": "{swagger security scheme}",
        "x-speakeasy-globals": "swagger globals",
    },
    "swagger globals": {"parameters": "[swagger parameter]"},
    "swagger paths": {"*": "swagger path item"},
    "swagger path item": {**dict.fromkeys(METHODS, "swagger operation"), "parameters": "[swagger parameter]"},
    "swagger operation": {
        **KINDS["operation"],
        **_MEDIA,
        **dict.fromkeys(("requestBody", "callbacks", "servers"), DATA),
        "parameters": "[swagger parameter]",
        "responses": "swagger responses",
    },
    "swagger parameter": _PARAMETER,
    "string swagger parameter": {**_PARAMETER, **_STRINGS},
    "swagger items": _VALUES,
    "string swagger items": {**_VALUES, **_STRINGS},
    "swagger header": _HEADER,
    "string swagger header": {**_HEADER, **_STRINGS},
    "swagger responses": {"*": "swagger response"},
    "swagger response": {"description": TEXT, "schema": "schema", "headers": "{swagger header}", "examples": DATA},
    "swagger security scheme": {
        **dict.fromkeys(("type", "description", "name", "in", "flow", "authorizationUrl", "tokenUrl"), TEXT),
        "scopes": "{text}",
    },
}


SWAGGER = Layout(
    root="swagger",
    kinds={**KINDS, **_SWAGGER},
    # A reference may stand for these (Swagger 2.0, Swagger Object); path items have no section.
    sections={"schema": "definitions", "swagger parameter": "parameters", "swagger response": "responses"},
    home=(),
    deferred=("swagger path item",),
)
"""Swagger 2.0."""
