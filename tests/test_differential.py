"""The compiled validators and openapi-core never disagree on what is accepted."""

from pathlib import Path

import pytest
import yaml
from differential import differences, main, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynaclient.errors import UnsupportedError
from dynaclient.openapi.check import Checker

NAMES = ("a", "b", "kind")
COMPONENTS = ("X", "Y", "Z")

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 5),
    st.sampled_from([0.0, 1.0, 2.5, 0.3, 1e300, 2**31, 2**31 - 1, 2**63, 2.0**63, 10**30]),
    st.sampled_from(["", "a", "b", "ab", "abc", "X", "Y", "Z", "2024-01-31", "a@b.c", "é\n"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "z"]), inner, max_size=3),
    max_leaves=6,
)
small = st.integers(0, 3)
references = st.sampled_from(COMPONENTS).map(lambda name: {"$ref": f"#/components/schemas/{name}"})
numbers = st.sampled_from([0, 1, 2, 2.5, 0.1, -1])


def shared_keywords(inner):
    """The keywords that 3.0 and 3.1 have in common."""
    return {
        "enum": st.lists(values, min_size=1, max_size=3),
        "format": st.sampled_from(["date", "email", "int32", "int64", "uint8", "float", "binary", "unheard-of"]),
        "pattern": st.sampled_from(["^a", "b$", r"\d", "(", r"^\p{L}+$", "^(?=a)"]),
        "minLength": small,
        "maxLength": small,
        "minItems": small,
        "maxItems": small,
        "minProperties": small,
        "maxProperties": small,
        "minimum": numbers,
        "maximum": numbers,
        "multipleOf": st.sampled_from([1, 2, 0.1, 0.01, 2.5]),
        "uniqueItems": st.booleans(),
        "required": st.lists(st.sampled_from(NAMES), max_size=3),
        "properties": st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
        "additionalProperties": st.booleans() | inner,
        "allOf": st.lists(inner, min_size=1, max_size=2),
        "anyOf": st.lists(inner, min_size=1, max_size=2),
        "oneOf": st.lists(inner, min_size=1, max_size=3),
        "not": inner,
        "readOnly": st.booleans(),
        "writeOnly": st.booleans(),
        "nullable": st.booleans(),
        "$ref": references.map(lambda node: node["$ref"]),
        "discriminator": st.fixed_dictionaries(
            {"propertyName": st.sampled_from(["kind", "a"])},
            optional={
                "mapping": st.dictionaries(
                    st.sampled_from(["a", "b"]), st.sampled_from(["X", "#/components/schemas/Y"])
                )
            },
        ),
    }


TYPES = ["string", "integer", "number", "boolean", "array", "object"]


def old_keywords(inner):
    """The keywords of 3.0."""
    return {
        **shared_keywords(inner),
        "type": st.sampled_from(TYPES),
        "items": inner,
        "exclusiveMinimum": st.booleans(),
        "exclusiveMaximum": st.booleans(),
        "const": values,
        "patternProperties": st.dictionaries(st.just("^a"), inner),
    }


def new_keywords(inner):
    """The keywords of 3.1."""
    return {
        **shared_keywords(inner),
        "type": st.sampled_from([*TYPES, "null"]) | st.lists(st.sampled_from([*TYPES, "null"]), min_size=1, max_size=3),
        "items": inner | st.booleans(),
        "prefixItems": st.lists(inner, min_size=1, max_size=2),
        "const": values,
        "exclusiveMinimum": numbers,
        "exclusiveMaximum": numbers,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$", r"^\p{L}$"]), inner, max_size=2),
        "propertyNames": inner,
        "contains": inner,
        "minContains": small,
        "maxContains": small,
        "if": inner,
        "then": inner,
        "else": inner,
        "dependentRequired": st.dictionaries(
            st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=2), max_size=2
        ),
        "dependentSchemas": st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
        "unevaluatedProperties": st.booleans() | inner,
        "unevaluatedItems": st.booleans() | inner,
        "contentEncoding": st.just("base64"),
    }


@st.composite
def picked(draw, keywords):
    """A schema of a few of the keywords."""
    names = draw(st.lists(st.sampled_from(sorted(keywords)), min_size=1, max_size=4, unique=True))
    return {name: draw(keywords[name]) for name in names}


def schemas(table):
    """Schemas of every shape, some of them references."""
    return st.recursive(
        st.just({}) | references | st.sampled_from(TYPES).map(lambda name: {"type": name}),
        lambda inner: picked(table(inner)),
        max_leaves=5,
    )


def document_of(version):
    """Documents with three components."""
    table = old_keywords if version == "3.0" else new_keywords
    return st.fixed_dictionaries({name: schemas(table) for name in COMPONENTS}).map(
        lambda made: {"components": {"schemas": made}}
    )


def agreement(version, document, direction, sample):
    """Hold every promise for one schema and some values; returns how often the compiled validator was too strict."""
    try:
        validator = Checker(document, version).validator("/components/schemas/X", direction)
    except UnsupportedError:
        return 0
    strict = 0
    for value in sample:
        fast, authority = validator.verdicts(value)
        assert authority or not fast, f"{value!r} is accepted by the compiled validator only"
        assert validator.accepts(value) is authority
        assert bool(validator.problems(value)) is not authority
        strict += fast is False and authority
    return strict


common = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@common
@given(document_of("3.0"), st.sampled_from(["request", "reply"]), st.lists(values, min_size=1, max_size=6))
def test_what_is_accepted_in_3_0_is_accepted_by_openapi_core(document, direction, sample):
    """Whatever a schema of 3.0 says, the compiled validator accepts nothing that openapi-core refuses."""
    agreement("3.0", document, direction, sample)


@common
@given(document_of("3.1"), st.sampled_from(["3.1", "3.2"]), st.lists(values, min_size=1, max_size=6))
def test_what_is_accepted_in_3_1_is_accepted_by_openapi_core(document, version, sample):
    """Whatever a schema of 3.1 or 3.2 says, the compiled validator accepts nothing that openapi-core refuses."""
    agreement(version, document, "reply", sample)


def test_the_shipped_document_agrees():
    """Both validators say the same of every schema in the document that ships with the package."""
    path = Path(__file__).parent.parent / "spec" / "embeddings.yaml"
    tally = differences(path.name, read(path), rounds=8)
    assert tally.good
    assert not tally.broken
    assert tally.compiled == tally.schemas > 10
    assert tally.stricter == []


def test_the_command_compares_a_folder(tmp_path, capsys):
    """The command prints one line for each document and says by its exit code whether all agree."""
    document = {
        "openapi": "3.0.3",
        "components": {"schemas": {"X": {"type": "integer", "nullable": True}, "Dead": {"$ref": "#/no"}}},
    }
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(document))
    (tmp_path / "notes.txt").write_text("no document")
    assert main([str(tmp_path), "5"]) == 0
    out = capsys.readouterr().out
    assert "small.yaml" in out
    assert "2 schemas" in out
    assert "broken: /components/schemas/Dead" in out


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_components_and_operations_are_compared(version):
    """Schemas that stand in parameters, bodies and replies are compared like components."""
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}, "minItems": 1}}}
    operation = {
        "parameters": [{"name": "q", "in": "query", "schema": {"type": "string", "enum": ["a"]}}],
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"allOf": [schema]}}}}},
    }
    tally = differences("small", {"openapi": f"{version}.0", "paths": {"/x": {"post": operation}}}, rounds=6)
    assert (tally.schemas, tally.good) == (3, True)
    assert 0 < tally.accepted < tally.values
