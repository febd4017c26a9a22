"""Texts of the command line become values by the schema."""

import io
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.cli.convert import Converter, metavar
from dynaclient.cli.inputs import Inputs, Text, headers
from dynaclient.errors import ArgumentError

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "cli_values.yaml").read_text())


def converter(schema):
    """A converter for a parameter of this schema."""
    return Converter({"schema": schema}, "/schema", "--x")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_text_becomes_what_the_schema_allows(case):
    """Each rule of the conversion holds for its smallest schema."""
    texts = [Text(text) for text in case["texts"]]
    if "error" in case:
        with pytest.raises(ArgumentError, match=case["error"]):
            converter(case["schema"]).value(texts)
        return
    value = converter(case["schema"]).value(texts)
    assert value == case["value"]
    assert type(value) is type(case["value"])


@given(st.text())
def test_a_string_is_never_converted(text):
    """Whatever is typed for a parameter that is a string and nothing else arrives as it is."""
    assert converter({"type": "string"}).value([Text(text)]) == text


@given(st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_scalar_survives_the_command_line(value):
    """The JSON of a scalar becomes that scalar where the schema allows its type."""
    import json

    schema = {"type": ["integer", "number", "boolean", "null"]}
    assert converter(schema).value([Text(json.dumps(value))]) == value


def test_what_a_file_says_stays_text():
    """A file that holds a number is text where the schema allows a string besides."""
    assert converter({"type": ["string", "integer"]}).value([Text("5", typed=False)]) == "5"
    assert converter({"type": "integer"}).value([Text("5", typed=False)]) == 5


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"a\n", "a"), (b"a\r\n", "a"), (b"a\n\n", "a\n"), (b"a", "a"), (b"", ""), (b"\xef\xbb\xbfa", "a")],
)
def test_one_line_end_of_a_file_is_left_out(tmp_path, content, text):
    """The content of a file is taken as it is, but for one line end at its end and a byte order mark."""
    path = tmp_path / "text"
    path.write_bytes(content)
    assert Inputs().text(f"@{path}", "--x") == Text(text, typed=False)


def test_two_at_signs_are_one():
    """A text that begins with an at sign is written with two."""
    assert Inputs().text("@@home", "--x") == Text("@home")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    """The message for a file outside UTF-8 names the option and the byte."""
    path = tmp_path / "binary"
    path.write_bytes(b"ab\xff")
    with pytest.raises(ArgumentError, match=r"--x: .* is not UTF-8 text: byte 2 is 0xff"):
        Inputs().text(f"@{path}", "--x")


def test_standard_input_is_read_once(monkeypatch):
    """Two options cannot both read standard input, and the message says which came first."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("größe\n".encode()), encoding="ascii"))
    inputs = Inputs()
    assert inputs.text("-", "--a").text == "größe"
    with pytest.raises(ArgumentError, match="--b: standard input was read for --a already"):
        inputs.text("@-", "--b")


def test_headers_of_one_name_are_joined():
    """Several fields of one name become one, in order, whatever their case."""
    assert headers(("X-A: 1", "x-a:2", "B: c:d")) == {"X-A": "1, 2", "B": "c:d"}


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": "string"}, "TEXT"),
        ({"type": "string", "format": "date"}, "DATE"),
        ({"type": ["integer", "null"]}, "INTEGER"),
        ({"enum": ["a", "b", None]}, "a|b"),
        ({"type": "array", "items": {"type": "integer"}}, "INTEGER..."),
        ({"type": "array", "items": {"type": "object"}}, "JSON"),
        ({"type": "object"}, "JSON"),
        ({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}, "TEXT..."),
        ({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]}, "TEXT|JSON"),
        ({"type": "boolean"}, "true|false"),
        ({}, "VALUE"),
    ],
)
def test_the_help_page_shows_what_may_stand_behind_an_option(schema, shown):
    """The placeholder of an option tells the types that its schema allows."""
    assert metavar({"schema": schema}, "/schema") == shown
