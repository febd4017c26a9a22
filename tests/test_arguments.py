"""Keyword arguments -> parameters and body."""

import enum
import math

import numpy as np
import pytest
from documents import document

from dynaclient.errors import ArgumentError
from dynaclient.openapi.arguments import Binder
from dynaclient.openapi.check import Checker
from dynaclient.openapi.normal import OMIT
from dynaclient.openapi.read import operation, read

TEXTS = {
    "type": "object",
    "required": ["input", "model"],
    "properties": {
        "input": {"type": "array", "items": {"type": "string"}, "description": "The texts."},
        "model": {"type": "string"},
        "from": {"type": ["string", "null"]},
        "maxLength": {"type": "integer"},
        "id": {"type": "string"},
    },
}
PARAMETERS = [
    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
    {"name": "id", "in": "query", "schema": {"type": "integer"}},
    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
]


def binder(schema=TEXTS, parameters=PARAMETERS, *, required=True, media="application/json"):
    """The Binder of an operation with this body and these parameters."""
    node = {"operationId": "run", "tags": ["things"], "parameters": parameters, "responses": {}}
    if schema is not None:
        node["requestBody"] = {"required": required, "content": {media: {"schema": schema}}}
    api = read(document({"/things/{id}" if parameters is PARAMETERS else "/things": {"post": node}}))
    return Binder(operation(api, api.index["things.run"]), Checker(api.document, "3.1"))


def bound(made, **arguments):
    """The arguments, sorted, which are all good."""
    found = made.bind(arguments)
    assert found.problems == []
    assert made.check(found) == []
    return found.parameters, found.body


def problems(made, **arguments):
    """What is wrong with the arguments: place and message."""
    found = made.bind(arguments)
    return [(problem.where, str(problem)) for problem in [*found.problems, *made.check(found)]]


GOOD = {"id": "a", "input": ["x"], "model": "m"}


def test_arguments_are_sorted():
    """Parameters go by their Python name, properties of the body by their name on the wire."""
    found = bound(binder(), **GOOD, query_id=5, body_id="b", x_trace="t", from_="f", max_length=3)
    assert found == (
        {"id": "a", "query_id": 5, "x_trace": "t"},
        {"input": ["x"], "model": "m", "id": "b", "from": "f", "maxLength": 3},
    )


@pytest.mark.parametrize("spelling", ["max_length", "max_length_", "maxLength"])
def test_spellings(spelling):
    """An argument is taken under its Python name, that with an underscore, and its name on the wire."""
    assert bound(binder(), **GOOD, **{spelling: 3})[1]["maxLength"] == 3


@pytest.mark.parametrize("spelling", ["from", "from_", "from__"])
def test_keywords(spelling):
    """An argument that is a keyword is taken with an underscore, and under its own name from a mapping."""
    assert bound(binder(), **GOOD, **{spelling: "x"})[1]["from"] == "x"


def test_a_name_on_the_wire_that_is_ambiguous():
    """Where two parameters have one name on the wire that is no Python name, it names neither."""
    made = binder(None, [{"name": "X-A", "in": "query"}, {"name": "X-A", "in": "header"}])
    assert bound(made, x_a="q", header_x_a="h")[0] == {"x_a": "q", "header_x_a": "h"}
    assert problems(made, **{"X-A": "?"})[0][0] == "X-A"


def test_twice():
    """An argument given under two of its names is refused, rather than one of them dropped."""
    ((where, text),) = problems(binder(), **GOOD, input_=["y"])
    assert (where, "given twice" in text) == ("input", True)


def test_all_problems_at_once():
    """What is unknown, missing, without a plain form and against the schema is found in one go."""
    found = dict(problems(binder(), inptu=["x"], from_=5, query_id=math.nan, x_trace=7))
    assert set(found) == {"inptu", "id", "input", "model", "from_", "query_id", "x_trace"}
    assert "did you mean 'input'?" in found["inptu"]
    assert "is required" in found["id"]
    assert "is required" in found["model"]
    assert "The texts." in found["input"]
    assert "nan has no form in JSON" in found["query_id"]


def test_an_unknown_argument_like_nothing():
    """An argument that resembles none gets the list of those there are."""
    ((where, text),) = problems(binder(None, []), zzz=1)
    assert (where, "it takes none" in text) == ("zzz", True)
    assert "it takes body_id, from_, id, input" in dict(problems(binder(), **GOOD, zzz=1))["zzz"]


@pytest.mark.parametrize(
    "changes, where",
    [
        ({"input": ["x", 5]}, "input[1]"),
        ({"input": "x"}, "input"),
        ({"max_length": "3"}, "max_length"),
        ({"from_": 5}, "from_"),
        ({"query_id": "x"}, "query_id"),
        ({"input": ["x", math.inf]}, "input[1]"),
        ({"input": [{"a": object()}]}, "input[0].a"),
        ({"body_id": 5}, "body_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_places_are_python_names(changes, where):
    """The place of a problem begins with the argument as it was named in Python."""
    assert [place for place, _ in problems(binder(), **{**GOOD, **changes})] == [where]


def test_omit():
    """OMIT passes nothing: an optional argument is left out, a required one is missing."""
    assert bound(binder(), **GOOD, max_length=OMIT, x_trace=OMIT) == ({"id": "a"}, {"input": ["x"], "model": "m"})
    assert [place for place, _ in problems(binder(), **{**GOOD, "model": OMIT})] == ["model"]


def test_none_is_null():
    """None is null: sent where the schema allows it, refused where it does not."""
    assert bound(binder(), **GOOD, from_=None)[1]["from"] is None
    assert [place for place, _ in problems(binder(), **GOOD, max_length=None)] == ["max_length"]


def test_values_are_made_plain():
    """Arguments are normalised before they are judged."""
    model = enum.Enum("Model", {"BIG": "big"}).BIG
    found = bound(binder(), id="a", input=(text for text in ("x", "y")), model=model, query_id=np.int64(5))
    assert found == ({"id": "a", "query_id": 5}, {"input": ["x", "y"], "model": "big"})


def test_a_whole_body():
    """A body may be passed whole, and single properties are laid over it."""
    body = {"input": ["x"], "model": "m", "more": 1}
    assert bound(binder(), id="a", body=body)[1] == body
    assert bound(binder(), id="a", body=body, model="n")[1] == {**body, "model": "n"}
    assert body["model"] == "m"


def test_a_whole_body_that_is_no_object():
    """A body that is no object is judged as it is, and takes no single properties."""
    assert [place for place, _ in problems(binder(), id="a", body=[1])] == ["body"]
    assert "cannot be joined" in problems(binder(), id="a", body=[1], model="m")[0][1]


def test_a_missing_body():
    """A required body that is missing shows as its required properties, or as itself where it offers none."""
    assert [place for place, _ in problems(binder(), id="a")] == ["input", "model"]
    assert [place for place, _ in problems(binder({"type": "array"}, []))] == ["body"]
    assert bound(binder(required=False), id="a") == ({"id": "a"}, OMIT)


def test_a_parameter_named_body():
    """A parameter of the name body wins over the option of that name."""
    made = binder({"type": "object", "properties": {"body": {"type": "string"}}}, [])
    assert bound(made, body="text")[1] == {"body": "text"}


def test_bytes_as_a_body():
    """A body of another media type than JSON is passed on as it is."""
    assert bound(binder(None, [])) == ({}, OMIT)
    assert bound(binder({}, [], media="image/png"), body=bytearray(b"\xff"))[1] == b"\xff"


def test_the_error_lists_all():
    """The error counts the problems and lists each."""
    made = binder()
    found = made.bind({"zzz": 1, **GOOD, "model": OMIT})
    error = made.error(found.problems)
    assert isinstance(error, ArgumentError)
    assert isinstance(error, TypeError)
    assert str(error).startswith("things.run: 2 problems with its arguments:\n  - zzz: ")
    assert (error.operation, len(error.problems)) == ("things.run", 2)
