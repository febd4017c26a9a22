"""What schemas look like from outside."""

import pytest

from dynaclient.openapi.shape import annotation, choices, properties, python_type, subschemas, types

TYPES = [
    (True, "Any", (), ()),
    ({}, "Any", (), ()),
    ({"type": "string"}, "str", ("string",), ()),
    ({"type": ["integer", "null"]}, "int | None", ("integer", "null"), ()),
    ({"type": ["null", "integer"]}, "int | None", ("null", "integer"), ()),
    ({"type": "string", "nullable": True}, "str | None", ("string", "null"), ()),
    ({"type": "array"}, "list[Any]", ("array",), ()),
    ({"items": {"type": "string"}}, "list[str]", ("array",), ()),
    ({"type": "array", "items": True}, "list[Any]", ("array",), ()),
    ({"type": "array", "items": {"type": "array", "items": {"type": "number"}}}, "list[list[float]]", ("array",), ()),
    ({"properties": {}}, "Mapping[str, Any]", ("object",), ()),
    ({"enum": ["a", 1, True]}, "Literal['a', 1, True]", (), ("a", 1, True)),
    ({"enum": [1.5]}, "Any", (), (1.5,)),
    ({"const": "a"}, "Literal['a']", (), ("a",)),
    ({"const": None}, "None", (), (None,)),
    ({"enum": ["a", None]}, "Literal['a'] | None", (), ("a", None)),
    ({"anyOf": [{"enum": ["a"]}, {"type": "null"}]}, "Literal['a'] | None", ("null",), ("a", None)),
    ({"anyOf": [{"enum": ["a"]}, {"type": "string"}]}, "str", ("string",), ()),
    ({"$ref": "#/components/schemas/T"}, "bool", ("boolean",), ()),
    ({"$ref": "#/components/schemas/T", "description": "x"}, "bool", ("boolean",), ()),
    ({"$ref": "#/components/schemas/Self"}, "list[list[list[list[list[list[list[Any]]]]]]]", ("array",), ()),
    ({"$ref": "#/nowhere"}, "Any", (), ()),
    ({"type": {}}, "Any", (), ()),
    ({"type": [5, "string"]}, "str", ("string",), ()),
    ({"type": "file"}, "Any", ("file",), ()),
]


@pytest.mark.parametrize("schema, written, kinds, values", TYPES, ids=[str(case[0]) for case in TYPES])
def test_types(schema, written, kinds, values):
    """The type of a schema is shown as a Python annotation, through references and choices."""
    recursive = {"type": "array", "items": {"$ref": "#/components/schemas/Self"}}
    whole = {"schema": schema, "components": {"schemas": {"T": {"type": "boolean"}, "Self": recursive}}}
    assert python_type(whole, "/schema") == written
    assert types(whole, "/schema") == kinds
    assert repr(choices(whole, "/schema")) == repr(values)


def test_subschemas():
    """A schema, what it refers to and its members are found once each, also where they lead in circles or nowhere."""
    whole = {
        "a": {
            "allOf": [{"$ref": "#/b"}, {"$ref": "#/a"}, {"$ref": "#/nowhere"}, True],
            "anyOf": [{"$ref": "#/b"}, {"title": "c"}],
        },
        "b": {"$ref": "#/a", "title": "b"},
    }
    assert [here for _, here in subschemas(whole, "/a")] == ["/a", "/b", "/a/anyOf/1"]
    assert [here for _, here in subschemas(whole, "/a", choices=False)] == ["/a", "/b"]


def test_properties():
    """Required properties come first; those of a choice are never required; the first of a name counts."""
    whole = {
        "s": {
            "required": ["b", 5],
            "properties": {"a": {"$ref": "#/t", "description": "Mine."}, "b": True},
            "allOf": [{"required": ["c"], "properties": {"c": {"readOnly": True}, "a": {"description": "Not this."}}}],
            "oneOf": [{"required": ["d"], "properties": {"d": {"$ref": "#/t"}}}],
        },
        "t": {"description": "Theirs.", "deprecated": True},
    }
    found = properties(whole, "/s")
    assert [(item.name, item.required, item.read_only) for item in found] == [
        ("b", True, False), ("c", True, True), ("a", False, False), ("d", False, False)
    ]  # fmt: skip
    assert [item.description for item in found] == ["", "", "Mine.", "Theirs."]
    assert [item.name for item in found if item.deprecated] == ["a", "d"]
    assert found[2].schema == "/s/properties/a"


def test_annotation():
    """A keyword is found at the schema, else at what it refers to."""
    whole = {"a": {"$ref": "#/b", "title": "A"}, "b": {"title": "B", "default": 0}}
    assert [annotation(whole, "/a", key) for key in ("title", "default", "examples")] == ["A", 0, None]
