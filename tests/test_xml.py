"""XML: written and read by the hints of a document."""

import re
from xml.etree import ElementTree

import pytest
from cases import cases
from documents import document
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.errors import UnsupportedError
from dynaclient.openapi.cast import Caster
from dynaclient.openapi.check import Checker
from dynaclient.openapi.xml import is_structured, write_xml
from dynaclient.openapi.xmlread import parse_xml, read_xml

CASES = cases("xml.yaml")
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
ROOT = "/paths/~1x/post/requestBody/content/application~1xml/schema"


def title(case):
    return case["title"]


def whole(case):
    """A document with the case's schemas."""
    node = {"requestBody": {"content": {"application/xml": {"schema": case["schema"]}}}}
    made = document({"/x": {"post": node}}, components={"schemas": case.get("components", {})})
    return {**made, "openapi": case.get("version", "3.1.1")}


def read(made, data, content_type="application/xml"):
    checker = Checker(made, made["openapi"][:3])
    return read_xml(Caster(made, lambda pointer: checker.validator(pointer, "reply")), ROOT, data, content_type)


@pytest.mark.parametrize("case", CASES["both"], ids=title)
def test_written_and_read(case):
    """A value is written as the hints say, and read back the same."""
    made = whole(case)
    written = write_xml(made, ROOT, case["value"]).decode()
    assert written == HEAD + case["xml"]
    assert read(made, written.encode()) == case["value"]
    ElementTree.fromstring(written)


@pytest.mark.parametrize("case", CASES["read"], ids=title)
def test_read(case):
    """What others write is read by the same hints."""
    assert read(whole(case), case["xml"].encode()) == case["value"]


@pytest.mark.parametrize("case", CASES["refused"], ids=title)
def test_refused(case):
    """What cannot be expressed is said: the document's fault is an UnsupportedError, the value's a ValueError."""
    with pytest.raises((UnsupportedError, ValueError), match=case["reason"]):
        write_xml(whole(case), ROOT, case["value"])


@pytest.mark.parametrize("case", CASES["attacks"], ids=title)
def test_attacks(case):
    """Document types are refused whatever they say, and what is not well formed is a ValueError."""
    with pytest.raises(ValueError, match=case["reason"]):
        parse_xml(case["xml"].encode())


def test_deep_nesting():
    """Elements nested deeper than 200 are refused, at any length."""
    assert parse_xml(b"<a>" * 200 + b"</a>" * 200).name == "a"
    with pytest.raises(ValueError, match="more than 200 deep"):
        parse_xml(b"<a>" * 300_000)


def test_a_deep_value():
    """A schema that contains itself is read and written as deep as the value goes; too deep is a ValueError."""
    case = {
        "schema": {"$ref": "#/components/schemas/T"},
        "components": {"T": {"type": "object", "properties": {"t": {"$ref": "#/components/schemas/T"}}}},
    }
    value = {}
    for _ in range(50):
        value = {"t": value}
    made = whole(case)
    assert read(made, write_xml(made, ROOT, value)) == value
    for _ in range(5000):
        value = {"t": value}
    with pytest.raises(ValueError, match="too deeply"):
        write_xml(made, ROOT, value)


@pytest.mark.parametrize(
    "data, content_type",
    [
        ("<a>é</a>".encode("latin-1"), "text/xml; charset=latin-1"),
        ('<?xml version="1.0" encoding="iso-8859-1"?><a>é</a>'.encode("latin-1"), "application/xml"),
        ('<?xml version="1.0" encoding="utf-8"?><a>é</a>'.encode("latin-1"), "application/xml; charset=iso-8859-1"),
        ("<a>é</a>".encode("utf-8-sig"), "application/xml"),
        ('<?xml version="1.0" encoding="utf-16"?><a>é</a>'.encode("utf-16"), "application/xml"),
        ("<a>é</a>".encode("cp1252"), "application/xml; charset=cp1252"),
    ],
)
def test_charsets(data, content_type):
    """The charset is that of the Content-Type, else what the document says of itself."""
    assert parse_xml(data, content_type).text == "é"


def test_an_unknown_charset():
    """A charset that is not known is a ValueError."""
    with pytest.raises(ValueError, match=r"charset|encoding"):
        parse_xml(b"<a/>", "application/xml; charset=nonsense")


@pytest.mark.parametrize(
    "schema, structured",
    [
        ({"type": "object"}, True),
        ({"type": "array"}, True),
        ({"properties": {}}, True),
        ({"type": "string"}, False),
        ({"type": "string", "xml": {"name": "x"}}, True),
        ({}, False),
        (True, False),
    ],
)
def test_what_is_read_by_its_schema(schema, structured):
    """XML is data where the schema is one of objects or arrays, or has an XML Object; else it is text."""
    assert is_structured(whole({"schema": schema}), ROOT) is structured
    assert not is_structured({}, None)


TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff") | st.sampled_from("\t\r\n")
)
SCHEMA = {
    "type": "object",
    "xml": {"name": "d"},
    "properties": {
        "s": {"type": "string"},
        "a": {"type": "string", "xml": {"attribute": True}},
        "n": {"type": "number"},
        "l": {"type": "array", "xml": {"wrapped": True}, "items": {"type": "string"}},
        "o": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "s": TEXTS,
        "a": TEXTS,
        "n": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
        "l": st.lists(TEXTS, max_size=3),
        "o": st.dictionaries(st.sampled_from(["x", "y"]), TEXTS),
    },
)


@given(VALUES)
def test_round_trip(value):
    """Whatever the strings hold, the value comes back, and another parser finds the same text."""
    made = whole({"schema": SCHEMA})
    written = write_xml(made, ROOT, value)
    assert read(made, written) == value
    tree = ElementTree.fromstring(written)
    assert (tree.get("a"), tree.findtext("s")) == (value.get("a"), value.get("s"))
    assert re.match(rb"<\?xml[^>]*\?><d", written)
