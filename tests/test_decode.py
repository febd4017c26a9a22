"""Packed numbers in replies."""

import base64
import struct

import pytest
from documents import packed

from dynaclient.errors import SpecError
from dynaclient.openapi.decode import decoded, decoding
from dynaclient.value import Vector

PACKED = {"type": "string", "x-dynaclient-decode": {"encoding": "base64", "type": "float32", "byteOrder": "little"}}
VECTOR = {"anyOf": [{"type": "array", "items": {"type": "number"}}, PACKED]}


def steps(schema, **schemas):
    return decoding({"schema": schema, "schemas": schemas}, "/schema")


def unpacked(value, schema=None, **schemas):
    """The value with its texts decoded, and the places of what could not be."""
    problems = []
    found = decoded(
        steps(schema or {"properties": {"data": {"items": {"properties": {"v": VECTOR}}}}}, **schemas),
        value,
        "$",
        problems,
    )
    return found, [(problem.where, problem.message) for problem in problems]


def test_texts_become_vectors():
    """Each packed text is a vector; lists of numbers and all that is beside them are left alone."""
    value = {
        "data": [{"v": packed(0.5, 2), "w": packed(1)}, {"v": [0.5, 1]}, {"v": []}, {"v": None}, {}],
        "x": packed(1),
    }
    found, problems = unpacked(value)
    assert problems == []
    assert found == {
        "data": [{"v": [0.5, 2], "w": packed(1)}, {"v": [0.5, 1]}, {"v": []}, {"v": None}, {}],
        "x": packed(1),
    }
    assert type(found["data"][0]["v"]) is Vector


@pytest.mark.parametrize(
    "text, message",
    [
        ("AAAAA", "not base64"),
        ("AAA=A", "not base64"),
        ("AAA=AAAA", "not base64"),
        ("A===", "not base64"),
        ("é", "not base64"),
        ("AA AA", "not base64"),
        ("A" * 5000 + "!", "5001 characters"),
    ],
)
def test_texts_that_cannot_be_decoded(text, message):
    """A text that is no base64, or of a broken length, is left as it came and noted with its place."""
    found, problems = unpacked({"data": [{"v": packed(1)}, {"v": text}]})
    assert found["data"][1]["v"] == text
    ((where, said),) = problems
    assert where == "$.data[1].v"
    assert message in said
    assert len(said) < 200


@pytest.mark.parametrize("count", range(1, 7))
def test_padding_may_be_left_out(count):
    """Base64 without its padding says the same, whatever the length."""
    numbers = [0.5 * place for place in range(count)]
    assert unpacked({"data": [{"v": packed(*numbers).rstrip("=")}]}) == ({"data": [{"v": numbers}]}, [])


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("order", ["little", "big"])
def test_numbers_that_are_not_finite(kind, order):
    """Where the document says that all numbers are finite, a text with NaN or an infinity is noted; without that it is a vector."""
    letter, sign = {"float32": "f", "float64": "d"}[kind], {"little": "<", "big": ">"}[order]
    schema = {"x-dynaclient-decode": {"type": kind, "byteOrder": order, "finite": True}}
    largest = struct.unpack(">f", b"\x7f\x7f\xff\xff")[0] if letter == "f" else 1.7976931348623157e308
    for odd, name in (
        ("nan", "NaN"),
        ("inf", "an infinity"),
        ("-inf", "an infinity"),
        (largest, ""),
        (-largest, ""),
        (1e-40, ""),
    ):
        data = struct.pack(f"{sign}5{letter}", 0.5, -0.5, float(odd), 1, 2)
        found, problems = unpacked(base64.b64encode(data).decode(), schema)
        assert problems == ([("$", f"the number at place 2 of 5 is {name}")] if name else [])
        assert isinstance(found, str) is bool(name)
    loose = {"x-dynaclient-decode": {"type": kind, "byteOrder": order}}
    assert unpacked(base64.b64encode(struct.pack(f"{sign}1{letter}", float("inf"))).decode(), loose) == (
        [float("inf")],
        [],
    )


def test_odd_byte_counts():
    """Bytes that are no whole count of numbers are noted."""
    ((where, said),) = unpacked({"data": [{"v": "AAAA"}]})[1]
    assert (where, said) == ("$.data[0].v", "3 bytes are no whole count of numbers of 4 bytes")


def test_big_endian_and_other_types():
    """Byte order and type are the document's."""
    schema = {"x-dynaclient-decode": {"type": "float64", "byteOrder": "big"}}
    assert unpacked(base64.b64encode(struct.pack(">2d", 0.1, 2)).decode(), schema) == ([0.1, 2], [])
    assert unpacked("AP8=", {"x-dynaclient-decode": {"type": "uint8"}}) == ([0, 255], [])
    assert unpacked("AP8=", {"x-dynaclient-decode": {"type": "int8"}}) == ([0, -1], [])


def test_through_references_and_choices():
    """A schema is found behind references, `allOf`, `anyOf` and `oneOf`, and in arrays of arrays."""
    schema = {"allOf": [{"$ref": "#/schemas/A"}]}
    a = {"oneOf": [{"type": "null"}, {"properties": {"v": {"items": {"items": {"$ref": "#/schemas/V"}}}}}]}
    assert unpacked({"v": [[packed(1)], []]}, schema, A=a, V=PACKED) == ({"v": [[[1.0]], []]}, [])


def test_a_schema_that_holds_itself():
    """Trees are decoded to their leaves, however deep."""
    tree = {
        "properties": {"v": PACKED, "children": {"items": {"$ref": "#/schemas/T"}}, "next": {"$ref": "#/schemas/T"}}
    }
    value, wanted = {"v": packed(1)}, {"v": [1.0]}
    for _ in range(30):
        value, wanted = {"children": [value], "next": {"v": packed(2)}}, {"children": [wanted], "next": {"v": [2.0]}}
    assert unpacked(value, {"$ref": "#/schemas/T"}, T=tree) == (wanted, [])


def test_nothing_to_decode():
    """A schema in which nothing is packed has no steps, also where all its parts lead to each other."""
    names = [f"S{number}" for number in range(40)]
    web = {name: {"properties": {other: {"$ref": f"#/schemas/{other}"} for other in names}} for name in names}
    assert steps({"$ref": "#/schemas/S0"}, **web) is None
    assert steps({}) is None
    assert steps(True) is None


@pytest.mark.parametrize(
    "written",
    ["base64", {"encoding": "hex"}, {"type": "float16"}, {"type": []}, {"byteOrder": "middle"}, {"encoding": {}}, {"finite": 1}, {"type": "int8", "finite": True}, {"size": 4}],
    ids=str,
)  # fmt: skip
def test_what_is_not_known(written):
    """An encoding, type, byte order or key that is not known is an error that names its place."""
    with pytest.raises(SpecError) as caught:
        steps({"x-dynaclient-decode": written})
    assert caught.value.pointer == "/schema/x-dynaclient-decode"
