"""The names of operations and arguments."""

import keyword

import pytest
from cases import cases
from hypothesis import given
from hypothesis import strategies as st

from dynaclient import Client
from dynaclient.openapi import names
from dynaclient.openapi.read import read

CASES = cases("names.yaml")
LOCATIONS = st.sampled_from(["path", "query", "header", "cookie", "body"])


@pytest.mark.parametrize("text, name", CASES["snake"], ids=lambda value: value)
def test_snake(text, name):
    """Any text becomes a snake case name."""
    assert names.snake(text) == name


@given(st.text())
def test_snake_makes_identifiers(text):
    """What comes out is an identifier that Python reads as it is written, and stays the same the second time."""
    name = names.snake(text)
    assert name.isidentifier()
    assert keyword.iskeyword(name) or {name: 1} == eval(f"dict({name}=1)")
    assert names.snake(name) == name


@pytest.mark.parametrize("case", CASES["place"], ids=lambda case: case["title"])
def test_the_place_of_an_operation(case):
    """An operation stands where the rules of groups and names put it."""
    document = {"openapi": "3.1.0", "paths": {"/things/{id}": {"get": case["operation"]}}}
    if "overrides" in case:
        document["x-speakeasy-name-override"] = case["overrides"]
    assert list(read(document).index) == [case["dotted"]]


@pytest.mark.parametrize("case", CASES["keywords"], ids=lambda case: str(case["given"]))
def test_keywords(case):
    """Parameters of one name are told apart by their location, and keywords get an underscore."""
    assert names.keywords(case["given"]) == case["words"]


@given(st.lists(st.tuples(st.text(max_size=3), st.sampled_from(["path", "query", "header", "cookie", "body"]))))
def test_keywords_are_unique(pairs):
    """No two arguments of an operation have one name, and each can be written in Python."""
    words = names.keywords(pairs)
    assert len(set(words)) == len(words) == len(pairs)
    assert all(word.isidentifier() and not keyword.iskeyword(word) for word in words)


def test_clashes_are_settled_in_order():
    """The first of a name keeps it; a later one has its method behind it, then a number; each is noted."""
    node = {"tags": ["a"], "operationId": "run"}
    document = {"openapi": "3.1.0", "paths": {path: {"post": node, "get": node} for path in ("/x", "/y")}}
    api = read(document)
    found = {name: f"{key.method} {key.path}" for name, key in api.index.items()}
    assert found == {
        "a.run": "GET /x",
        "a.run_post": "POST /x",
        "a.run_get": "GET /y",
        "a.run_post_2": "POST /y",
    }
    assert len(api.tolerated) == 3


def test_a_made_up_name_is_never_one_that_another_operation_has_by_right():
    """An operation whose name is taken does not get the name that a later one has by its operationId."""
    identifiers = {"/a": "run", "/b": "run", "/real": "run_post"}
    nodes = {path: {"post": {"operationId": identifier}} for path, identifier in identifiers.items()}
    found = {name: key.path for name, key in read({"openapi": "3.1.0", "paths": nodes}).index.items()}
    assert found == {"run": "/a", "run_post_2": "/b", "run_post": "/real"}


@given(st.lists(st.tuples(st.sampled_from(["id", "_id", "Id", "ID", "x-id", "x_id", "from", "from_"]), LOCATIONS)))
def test_an_exact_name_means_the_parameter_that_bears_it(pairs):
    """A name that only one parameter has is never the Python name of another one."""
    words = names.keywords(pairs)
    for (name, _), word in zip(pairs, words, strict=True):
        others = [other for other, _ in pairs if other != name]
        assert others.count(word) != 1


def test_an_operation_does_not_hide_a_group():
    """An operation at the root that is named like a group gives way."""
    nodes = {"/a": {"get": {"operationId": "models"}}, "/b": {"get": {"tags": ["models"], "operationId": "list"}}}
    assert set(read({"openapi": "3.1.0", "paths": nodes}).index) == {"models_get", "models.list"}


def test_reserved_names_are_those_of_the_client():
    """Every public attribute of a client is reserved, and no other name is."""
    assert {name for name in vars(Client) if not name.startswith("_")} == names.RESERVED_ON_CLIENT
