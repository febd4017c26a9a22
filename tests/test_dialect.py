"""Schema Objects are translated to JSON Schema, and only where the translation is sound."""

import json
from pathlib import Path

import pytest

from dynaclient.openapi.dialect import bundle, translate
from dynaclient.openapi.schemas import Schemas

CASES = json.loads((Path(__file__).parent / "cases" / "check_dialect.json").read_text("utf-8"))


def schemas_of(components, version):
    """The settled schemas of a document with these components."""
    return Schemas({"components": {"schemas": components}}, version, lambda pattern: pattern != "(")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_schema_becomes_the_json_schema_of_the_case(case):
    """Each settled schema has exactly the translation that the case gives."""
    schemas = schemas_of({"X": case["schema"], **case.get("components", {})}, case["version"])
    settled = schemas.schema(schemas.key("/components/schemas/X"))
    assert translate(settled, case["version"], case.get("direction", "reply")).schema == case["json"]


@pytest.mark.parametrize(
    "components,compiled",
    [
        ({"X": {"properties": {"a": {"$ref": "#/components/schemas/X"}}}}, True),
        ({"X": {"allOf": [{"$ref": "#/components/schemas/X"}]}}, False),
        ({"X": {"$ref": "#/components/schemas/Y"}, "Y": {"$ref": "#/components/schemas/X"}}, False),
        ({"X": {"items": {"$ref": "#/components/schemas/Y"}}, "Y": {"not": {"$ref": "#/components/schemas/Y"}}}, False),
    ],
)
def test_what_has_no_end_is_not_compiled(components, compiled):
    """A circle without an end is left to openapi-core."""
    schemas = schemas_of(components, "3.1")
    root = translate({"$ref": f"#/$defs/{schemas.key('/components/schemas/X')}"}, "3.1", "reply")
    made = bundle(root, lambda key: translate(schemas.schema(key), "3.1", "reply"))
    assert (made is not None) is compiled


def test_only_what_is_reached_is_translated():
    """A schema that nothing refers to is never looked at, even where it is broken."""
    schemas = schemas_of({"X": {"$ref": "#/components/schemas/Y"}, "Y": {}, "Dead": {"$ref": "#/nowhere"}}, "3.1")
    root = translate({"$ref": f"#/$defs/{schemas.key('/components/schemas/X')}"}, "3.1", "reply")
    made = bundle(root, lambda key: translate(schemas.schema(key), "3.1", "reply"))
    assert len(made["$defs"]) == 2


def test_the_place_of_every_schema_is_known():
    """Each settled schema knows its pointer in the document, also behind escapes and references on the way."""
    document = {
        "paths": {"/a/{b}": {"get": {"responses": {"200": {"$ref": "#/components/responses/R"}}}}},
        "components": {"responses": {"R": {"content": {"a/b": {"schema": {"items": {"type": "string"}}}}}}},
    }
    schemas = Schemas(document, "3.1", lambda _: True)
    key = schemas.key("/paths/~1a~1{b}/get/responses/200/content/a~1b/schema")
    assert schemas.pointer(key) == "/components/responses/R/content/a~1b/schema"
    items = schemas.schema(key)["items"]
    assert schemas.places[id(items)] == "/components/responses/R/content/a~1b/schema/items"
