"""How parameters are written."""

import urllib.parse

import pytest
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.http import parse_cookie

from dynaclient.openapi.model import MediaType, Parameter
from dynaclient.openapi.style import ALLOWED, STYLES, defined, write

CASES = cases("style.yaml")
COLORS = {
    "empty": "",
    "string": "blue",
    "array": ["blue", "black", "brown"],
    "object": {"R": 100, "G": 200, "B": 150},
}
ROWS = [(row, kind) for row in CASES["table"] for kind in COLORS if kind in row]
WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)
SCALARS = WORDS | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)


def parameter(case, name="p"):
    """The parameter of a case; a query in form style where it says nothing."""
    location = case.get("location", "query")
    style = case.get("style", ALLOWED[location][0])
    content = MediaType(case["content"]) if "content" in case else None
    explode = case.get("explode", style in ("form", "cookie"))
    return Parameter(
        name,
        name,
        location,
        style=style,
        explode=explode,
        allow_reserved=case.get("reserved", False),
        content=content,
        array_format=case.get("format", "indexed"),
    )


def title(case):
    return str(case["title"])


@pytest.mark.parametrize("row, kind", ROWS, ids=lambda value: value if isinstance(value, str) else value["style"])
def test_the_table_of_the_standard(row, kind):
    """Every row of the standard's table of style examples is written as it stands there."""
    assert write(parameter(row, "color"), COLORS[kind]) == row[kind]


@pytest.mark.parametrize("case", CASES["written"], ids=title)
def test_written(case):
    """Values, names and delimiters are encoded as the standard says."""
    assert write(parameter(case), case["value"]) == case["text"]


@pytest.mark.parametrize("case", CASES["refused"], ids=title)
def test_refused(case):
    """What has no form in a style, or would break out of its field, is refused."""
    with pytest.raises(ValueError, match=case["reason"]):
        write(parameter(case), case["value"])


@pytest.mark.parametrize("value", [None, [], {}, [None], {"a": None}], ids=str)
def test_undefined(value):
    """Null, and an array or object without a member that is not, are undefined."""
    assert not defined(value)


@pytest.mark.parametrize("value", ["", 0, False, [""], {"a": 0}, [None, 1]], ids=str)
def test_defined(value):
    """The empty string, zero and false are values."""
    assert defined(value)


def test_every_allowed_style_is_known():
    """Each style that a location allows can be written; `cookie` is written apart."""
    assert {style for styles in ALLOWED.values() for style in styles} == set(STYLES) | {"cookie"}


def shown(value):
    return value if isinstance(value, str) else write(parameter({"location": "header"}), value)


@given(SCALARS)
def test_a_scalar_in_a_query_is_read_back(value):
    """A query parser that knows nothing of dynaclient finds the scalar that was written."""
    found = urllib.parse.parse_qsl(write(parameter({}), value), keep_blank_values=True, strict_parsing=True)
    assert found == [("p", shown(value) if not isinstance(value, str) else value)]


@given(st.lists(SCALARS.filter(lambda item: item is not None), min_size=1))
def test_an_array_in_a_query_is_read_back(values):
    """An exploded array is found item by item, in order."""
    found = MultiDict(urllib.parse.parse_qsl(write(parameter({}), values), keep_blank_values=True))
    assert found.getlist("p") == [item if isinstance(item, str) else shown(item) for item in values]


@given(st.lists(WORDS, min_size=1))
def test_an_array_with_commas_is_read_back(values):
    """An array that is not exploded is found again by splitting at the commas and then decoding."""
    name, _, text = write(parameter({"explode": False}), values).partition("=")
    assert (name, [urllib.parse.unquote(part) for part in text.split(",")]) == ("p", values)


@given(st.dictionaries(WORDS, WORDS, min_size=1), st.sampled_from(["form", "deepObject"]))
def test_an_object_in_a_query_is_read_back(members, style):
    """An exploded object, and a deep one, are found member by member."""
    found = urllib.parse.parse_qsl(write(parameter({"style": style}), members), keep_blank_values=True)
    named = [(f"p[{name}]" if style == "deepObject" else name, value) for name, value in members.items()]
    assert found == named


@given(WORDS, st.sampled_from(["simple", "label", "matrix"]))
def test_a_path_segment_stays_one(value, style):
    """Whatever a string holds, it adds no segment, query or fragment to the path, and decodes to itself."""
    written = write(parameter({"location": "path", "style": style}), value)
    parts = urllib.parse.urlsplit(f"https://host/{written}")
    prefix = {"simple": "", "label": ".", "matrix": ";p="}[style]
    assert (parts.query, parts.fragment, parts.path.count("/")) == ("", "", 1)
    assert urllib.parse.unquote(parts.path[1:].removeprefix(prefix)) == value


@given(st.text(st.characters(codec="ascii"), min_size=1))
def test_a_cookie_is_read_back(value):
    """A cookie parser finds the value of a cookie in form style, once it is decoded."""
    written = write(parameter({"location": "cookie"}), value)
    assert urllib.parse.unquote(parse_cookie(written)["p"]) == value
