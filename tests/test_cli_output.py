"""Results are printed as JSON, YAML and tables that say what came back."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.cli.messages import visible
from dynaclient.cli.output import rendered
from dynaclient.cli.table import to_table
from dynaclient.cli.yaml import to_yaml
from dynaclient.source import load_value

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_yaml_says_what_was_meant(value):
    """A reader of YAML 1.1 and one of YAML 1.2 both read back the value that was written."""
    text = to_yaml({"value": value})
    assert yaml.safe_load(text) == {"value": value}
    assert load_value(text) == {"value": value}


@pytest.mark.parametrize(
    "text", ["no", "null", "1e3", "0o7", "2024-01-01", "- a", "a: b", "# a", "", " a", "~", "=", "<<"]
)
def test_yaml_quotes_what_could_be_misread(text):
    """A string that looks like something else is quoted."""
    assert to_yaml({"a": text}) == f'a: "{text}"\n'


@pytest.mark.parametrize("pretty", [True, False])
@given(value=VALUES)
def test_json_is_json(pretty, value):
    """What is printed for people and what is printed for programs are both JSON of the value."""
    assert json.loads(rendered(value, "json", pretty=pretty)) == value


def test_vectors_stand_on_one_line():
    """Indented JSON keeps arrays of scalars on one line each."""
    assert rendered({"a": [[1, 2], [3]]}, None, pretty=True) == '{\n  "a": [\n    [1, 2],\n    [3]\n  ]\n}'


def test_a_table_has_a_column_for_each_key():
    """A list of objects is aligned, numbers to the right, vectors shortened."""
    rows = [{"id": "a", "n": 5, "v": [0.25] * 8}, {"id": "bcd", "n": 12, "v": []}]
    assert to_table(rows).splitlines() == [
        "ID    N  V",
        "a     5  [0.25, 0.25, 0.25, ... 8 numbers]",
        "bcd  12",
    ]


def test_a_table_in_an_object_stands_below_its_fields():
    """An object is shown key by key, its lists of objects as tables below."""
    value = {"object": "list", "data": [{"id": 1}], "usage": {"total": 4}}
    assert to_table(value) == "object       list\nusage.total  4\n\ndata\n  ID\n   1"


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (5, "5"), (None, "-"), (True, "true"), ([], ""), ([1, "a"], "1\na")]
)
def test_scalars_are_shown_plainly(value, text):
    """A scalar is itself, a list of scalars a line each."""
    assert to_table(value) == text


def test_raw_strings_have_no_quotes():
    """With raw output a string that a query found is printed without quotes, all else as JSON."""
    assert rendered("a b", "raw", pretty=False) == "a b"
    assert rendered([1], "raw", pretty=False) == "[1]"


def test_wide_letters_are_counted_as_the_terminal_shows_them():
    """East Asian letters take two columns in a table."""
    assert to_table([{"a": "日本", "b": 1}, {"a": "x", "b": 2}]).splitlines()[1:] == ["日本  1", "x     2"]


@given(st.text())
def test_messages_cannot_steer_the_terminal(text):
    """No control character of a server's text reaches the terminal."""
    shown = visible(text)
    assert not any((letter < " " and letter not in "\n\t") or "\x7f" <= letter <= "\x9f" for letter in shown)
