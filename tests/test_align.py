"""Results against inputs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.openapi.align import Aligner
from dynaclient.openapi.check import Checker
from dynaclient.openapi.model import Batch

IDS = {"type": "array", "minItems": 1, "items": {"type": "integer"}}
ITEMS = {
    "text or ids": {"anyOf": [{"type": "string"}, IDS]},
    "pair of texts": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "string"}},
    "object": {"type": "object"},
}


def aligner(item="text or ids", order="index"):
    schemas = {"Item": ITEMS[item]} if item else {}
    document = {"openapi": "3.1.0", "components": {"schemas": schemas}}
    batch = Batch("input", "data", "/components/schemas/Item" if item else None, order, pointer="/batch")
    return Aligner(batch, Checker(document, "3.1"), document)


@pytest.mark.parametrize(
    "item, given, count",
    [
        ("text or ids", "one text", 1),
        ("text or ids", "", 1),
        ("text or ids", ["a"], 1),
        ("text or ids", ["a", "b"], 2),
        ("text or ids", [1, 2, 3], 1),
        ("text or ids", [[1, 2, 3]], 1),
        ("text or ids", [[1], [2, 3]], 2),
        ("text or ids", [], 0),
        ("text or ids", ["a", [1]], 2),
        ("text or ids", None, 1),
        ("pair of texts", ["a", "b"], 1),
        ("pair of texts", [["a", "b"], ["c", "d"]], 2),
        ("pair of texts", [["a", "b"]], 1),
        ("object", {"a": 1}, 1),
        ("object", [{"a": 1}, {}], 2),
        (None, [1, 2, 3], 3),
        (None, "a", 1),
    ],
    ids=str,
)
def test_count(item, given, count):
    """A value that is one input counts as one, any other array counts its items."""
    assert aligner(item).count({"input": given, "model": "m"}) == count


@pytest.mark.parametrize("body", [{}, {"model": "m"}, [1], None, "text"], ids=str)
def test_count_of_nothing(body):
    """Where no input stands in the body nothing is counted."""
    assert aligner().count(body) is None


def results(*places):
    return {"data": [{"index": place, "v": place} for place in places]}


@given(st.integers(0, 50).flatmap(lambda count: st.permutations(range(count))))
def test_any_order_is_put_right(places):
    """Results in any order come out in that of their inputs."""
    value = results(*places)
    assert aligner().align(value, len(places)) == []
    assert value == results(*range(len(places)))


@pytest.mark.parametrize(
    "value, expected, message",
    [
        (results(0), 2, "1 results came back for 2 inputs"),
        (results(0, 1, 2), 2, "3 results came back for 2 inputs"),
        (results(), 1, "0 results came back for 1 inputs"),
        (results(0, 0), 2, "are 0, 0; 0 to 1, each once, were expected"),
        (results(1, 2), 2, "are 1, 2; 0 to 1"),
        (results(-1, 0), 2, "are -1, 0; 0 to 1"),
        (results(0, None), 2, "are 0, None; 0 to 1"),
        (results(0, "1"), 2, "are 0, 1; 0 to 1"),
        (results(1.5, 0), 2, "are 1.5, 0; 0 to 1"),
        ({"data": [{"v": 1}, 5]}, 2, "are None, None; 0 to 1"),
        ({"data": None}, 1, "an array of results was expected, not null"),
        ({"data": {}}, 1, "an array of results was expected, not dict"),
        ({}, 1, "an array of results was expected, not null"),
        ([1], 1, "an array of results was expected, not null"),
        (None, 1, "an array of results was expected, not null"),
    ],
    ids=str,
)
def test_what_does_not_line_up(value, expected, message):
    """Too few, too many, repeated, missing or odd places are a problem, and nothing is put in an order."""
    before = repr(value)
    (problem,) = aligner().align(value, expected)
    assert message in problem.message
    assert (problem.where, problem.pointer, repr(value)) == ("$.data", "/batch", before)


def test_whole_numbers_are_places():
    """1.0 is the integer 1."""
    value = results(1.0, 0.0)
    assert aligner().align(value, 2) == []
    assert [item["v"] for item in value["data"]] == [0.0, 1.0]


def test_without_an_order():
    """Where results have no place they are only counted."""
    value = results(3, 1)
    assert aligner(order="").align(value, 2) == []
    assert value == results(3, 1)
    assert len(aligner(order="").align(value, 3)) == 1


def test_without_a_count():
    """Where the inputs were not counted the results still need a place each."""
    assert aligner().align(results(1, 0), None) == []
    assert len(aligner().align(results(1, 1), None)) == 1


def test_the_message_is_short():
    """Thousands of broken places do not fill the message."""
    (problem,) = aligner().align(results(*["x" * 1000] * 5000), 5000)
    assert len(str(problem)) < 500
