"""Arrays of numbers are packed exactly where nobody could tell that they were not decoded as lists."""

import json
from array import array

import pytest
from cases import cases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynaclient.openapi import simd
from dynaclient.openapi.check import Checker
from dynaclient.openapi.layout import layout
from dynaclient.openapi.media import decode_json
from dynaclient.openapi.vectors import MISSED, packed, read
from dynaclient.value import Vector

LAW = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
NUMBERS = {"type": "array", "items": {"type": "number"}}


@pytest.fixture(autouse=True, params=["installed", "missing"])
def simdjson(request, monkeypatch):
    """All holds with and without the package that may be installed for speed."""
    if request.param == "missing":
        monkeypatch.setattr(simd, "available", lambda: False)
    elif not simd.available():
        pytest.skip("pysimdjson is not installed")


def document(schema):
    """The smallest document with this schema at ``/components/schemas/S``."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {},
        "components": {"schemas": {"S": schema, "Numbers": NUMBERS}},
    }


def prepared(schema):
    """The layout of a schema, and its validator."""
    whole = document(schema)
    pointer = "/components/schemas/S"
    return layout(whole, pointer), Checker(whole, "3.1").validator(pointer, "reply")


def same(first, second):
    """Whether two values are alike down to their types; vectors by their bytes."""
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return list(first) == list(second) and all(same(first[key], second[key]) for key in first)
    if isinstance(first, Vector):
        return first.typecode == second.typecode and first.tobytes() == second.tobytes()
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    return first == second


def unpacked(value):
    """A value with lists for its vectors."""
    if isinstance(value, Vector):
        return value.tolist()
    if isinstance(value, dict):
        return {key: unpacked(item) for key, item in value.items()}
    return [unpacked(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", cases("vectors.yaml"), ids=lambda case: case["about"])
def test_texts_are_read_as_the_table_says(case):
    """What is cut out of a text, what stays a list, and what is left to the whole decoder."""
    found, validator = prepared(case["schema"])
    if not case["layout"]:
        assert found is None
        return
    assert found.even is case["even"]
    kind = {"float64": "d", "float32": "f"}[case.get("kind", "float64")]
    for text in case["texts"]:
        value = read(text["json"].encode(), found, kind, validator.accepts)
        assert (value is not MISSED) is text["cut"], text
        if value is MISSED:
            try:
                value = packed(found, decode_json(text["json"].encode()), kind)
            except ValueError:
                assert text["value"] == "not JSON"
                continue
        assert unpacked(value) == text["value"], text
        assert repr(value).count("Vector(") == text["vectors"], text


finite = st.floats(allow_nan=False, allow_infinity=False)
numbers = st.lists(
    st.one_of(
        finite, st.integers(-(2**53) + 1, 2**53 - 1), st.sampled_from([-0.0, 0, 1.5, 2**53, 2**53 + 1, -(2**70), 1e300])
    ),
    max_size=4,
)
oddities = st.one_of(st.none(), st.booleans(), st.text(max_size=5), st.sampled_from(["[1,2]", '"v":[3]', "]", "[0]"]))
leaves = st.one_of(
    numbers, numbers, st.lists(numbers, max_size=3), st.lists(st.one_of(finite, oddities), max_size=3), oddities
)
values = st.recursive(
    leaves,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.sampled_from("uvwx"), below, max_size=3)),
    max_leaves=8,
)
arrays = st.one_of(
    st.just(NUMBERS),
    st.just({"$ref": "#/components/schemas/Numbers"}),
    st.builds(lambda low, high: {**NUMBERS, "minItems": low, "maxItems": high}, st.integers(0, 3), st.integers(0, 3)),
    st.sampled_from(
        [
            {"type": "array", "items": {"type": ["number", "null"]}},
            {"type": "array", "items": {"type": "integer"}},
            {"type": "array", "items": {"type": "number", "minimum": 0}},
            {"type": "array", "items": {"type": "number", "format": "int32"}},
            {**NUMBERS, "uniqueItems": True},
            {**NUMBERS, "const": [1.5]},
            {"type": "array", "items": NUMBERS},
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}},
            {"items": {"anyOf": [{"type": "number"}, {"type": "string"}]}},
            {"not": {"type": "array", "maxItems": 1}},
            {},
            True,
            False,
        ]
    ),
)
schemas = st.recursive(
    arrays,
    lambda below: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, below),
        st.builds(
            lambda properties, more: {"type": "object", "properties": properties, **more},
            st.dictionaries(st.sampled_from("uvw"), below, max_size=3),
            st.sampled_from(
                [{}, {}, {"additionalProperties": False}, {"additionalProperties": NUMBERS}, {"minProperties": 1}]
            ),
        ),
        st.builds(
            lambda key, members: {key: members},
            st.sampled_from(["anyOf", "oneOf", "allOf"]),
            st.lists(below, min_size=1, max_size=3),
        ),
    ),
    max_leaves=5,
)


@LAW
@given(schema=schemas, value=values, indent=st.sampled_from([None, None, 1]), kind=st.sampled_from("df"))
def test_nobody_can_tell_how_a_reply_was_read(schema, value, indent, kind):
    """Whatever is read by cutting is what the whole decoder and the validator accept, with the same numbers in the same vectors."""
    found, validator = prepared(schema)
    if found is None:
        return
    text = json.dumps(value, indent=indent).encode()
    cut = read(text, found, kind, validator.accepts)
    if cut is not MISSED:
        ordinary = decode_json(text)
        assert validator.accepts(ordinary)
        assert same(cut, packed(found, ordinary, kind))


@LAW
@given(value=values, schema=schemas)
def test_packing_changes_no_number(value, schema):
    """A value with its arrays packed as float64 equals the value with its lists."""
    found, _ = prepared(schema)
    if found is not None:
        assert unpacked(packed(found, json.loads(json.dumps(value)), "d")) == value


@LAW
@given(st.lists(st.lists(finite, min_size=1), min_size=1, max_size=5))
def test_what_a_service_sends_is_cut(rows):
    """Rows of any finite numbers below 2**49 are read by cutting, each to its bits."""
    found, validator = prepared({"type": "object", "properties": {"v": {"type": "array", "items": NUMBERS}}})
    rows = [[number if abs(number) < 2**49 else 0.25 for number in row] for row in rows]
    value = read(json.dumps({"v": rows}).encode(), found, "d", validator.accepts)
    assert value is not MISSED
    assert [row.tobytes() for row in value["v"]] == [array("d", row).tobytes() for row in rows]


@LAW
@given(st.text(alphabet='[]{}",:0123456789.-eE \n\\v', max_size=40))
def test_text_that_is_no_json_stays_none(text):
    """Cutting makes no text readable that was not."""
    found, _ = prepared({"items": {"anyOf": [{"type": "number"}, NUMBERS]}, "properties": {"v": NUMBERS}})
    value = read(text.encode(), found, "d", lambda _: True)
    if value is not MISSED:
        assert same(value, packed(found, decode_json(text.encode()), "d"))
