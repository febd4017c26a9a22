"""Bodies and queries as application/x-www-form-urlencoded."""

import re

import pytest
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from senders import Sender

from dynaclient.errors import ArgumentError
from dynaclient.openapi.form import Form
from dynaclient.openapi.media import FORM
from dynaclient.openapi.model import MediaType

CASES = cases("form.yaml")


def title(case):
    return case["title"]


def sender(encoding=None, schema=None, version="3.1.0"):
    """The sender of a form with this encoding."""
    media = {"schema": schema} if schema is not None else {}
    return Sender({FORM: {**media, "encoding": encoding or {}}}, version)


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
@pytest.mark.parametrize("case", CASES["written"], ids=title)
def test_written(case, version):
    """A value is written as the document's encoding says, and else by the standard's defaults."""
    schema = {"type": "object"} if isinstance(case["value"], dict) else None
    assert sender(case.get("encoding"), schema, version).sent(body=case["value"]).decode() == case["text"]


@pytest.mark.parametrize("case", CASES["refused"], ids=title)
def test_refused(case):
    """What has no form is refused before anything is sent, and the property is named."""
    with pytest.raises(ArgumentError) as caught:
        sender(case.get("encoding")).sent(body=case["value"])
    assert re.search(case["reason"], str(caught.value))


@pytest.mark.parametrize(
    "schema, text",
    [
        ({"type": "string"}, "%2B%2F8%3D"),
        ({"type": "string", "contentEncoding": "base64"}, "%2B%2F8%3D"),
        ({"type": "string", "contentEncoding": "base64url"}, "-_8%3D"),
        ({"type": "string", "format": "byte"}, "%2B%2F8%3D"),
        ({"type": "array", "items": {"type": "string", "contentEncoding": "base16"}}, "FBFF"),
    ],
)
def test_bytes(schema, text):
    """Bytes are text in the encoding that the schema names; a form is a text format (OpenAPI 3.2, 4.15.3.2)."""
    found = sender(schema={"type": "object", "properties": {"a": schema}})
    value = [b"\xfb\xff"] if schema["type"] == "array" else b"\xfb\xff"
    assert found.sent(a=value).decode() == f"a={text}"


def test_properties_are_keywords():
    """The properties of a form are arguments, judged by their schemas before they become text."""
    schema = {
        "type": "object",
        "required": ["To"],
        "properties": {
            "To": {"type": "string"},
            "Count": {"type": "integer"},
            "Flags": {"type": "array", "items": {"type": "boolean"}},
        },
    }
    found = Sender({FORM: {"schema": schema}}, required=True)
    request = found.request({"to": "+43 1", "count": 2, "flags": [True, False]})
    assert request.headers["Content-Type"] == FORM
    assert request.body == b"To=%2B43+1&Count=2&Flags=true&Flags=false"
    assert set(found.problems(count="x")) == {"to", "count"}


@pytest.mark.parametrize(
    "value, target",
    [
        ({"foo": "a + b", "bar": True}, "/x?foo=a+%2B+b&bar=true"),
        ({"foo": "&", "list": [1, 2]}, "/x?foo=%26&list=1,2"),
    ],
)
def test_a_querystring(value, target):
    """The whole query can be a form with an encoding of its own (OpenAPI 3.2, 4.12.6)."""
    properties = {"foo": {"type": "string"}, "bar": {"type": "boolean"}, "list": {"type": "array"}}
    content = {FORM: {"schema": {"type": "object", "properties": properties}, "encoding": {"list": {"explode": False}}}}
    found = Sender(None, "3.2.0", [{"in": "querystring", "name": "q", "content": content}])
    assert found.request({"q": value}).target == target


TEXTS = st.text(st.characters(exclude_categories=("Cs",)))


@given(st.dictionaries(TEXTS, TEXTS | st.integers() | st.booleans()))
def test_only_what_may_stand_there(value):
    """A form is ASCII, and holds nothing but names, values and their delimiters."""
    written = Form({}, MediaType(FORM)).encode(value)
    assert re.fullmatch(rb"[A-Za-z0-9*\-._+%=&]*", written)
    assert written.count(b"&") == max(0, len(value) - 1)
