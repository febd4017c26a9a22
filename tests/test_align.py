"""Results against inputs."""

from array import array

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


def aligner(item="text or ids", order="index", vector="", length=""):
    schemas = {"Item": ITEMS[item]} if item else {}
    document = {"openapi": "3.1.0", "components": {"schemas": schemas}}
    batch = Batch(
        "input",
        "data",
        "/components/schemas/Item" if item else None,
        order,
        pointer="/batch",
        vector=vector,
        length=length,
    )
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
        (results(0, None, None), 3, "are 0, None, None; 0 to 2"),
        (results(0, None, 0), 3, "are 0, None, 0; 0 to 2"),
        (results(None, 2), 2, "are None, 2; 0 to 1"),
        (results(0, "x"), 2, "are 0, x; 0 to 1"),
        (results("0", "0"), 2, "are 0, 0; 0 to 1"),
        (results("-1", 0), 2, "are -1, 0; 0 to 1"),
        (results(1.5, 0), 2, "are 1.5, 0; 0 to 1"),
        (results(True, 0), 2, "are True, 0; 0 to 1"),
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


@pytest.mark.parametrize(
    "places, values",
    [
        ((None, None), [0, 1]),
        ((1, None), [1, 0]),
        ((None, 0), [1, 0]),
        ((2, None, 0), [2, 1, 0]),
        (("1", "0"), [1, 0]),
        ((1, "0"), [1, 0]),
        ((None,), [0]),
    ],
    ids=str,
)
@pytest.mark.parametrize("absent", [True, False])
def test_places_that_can_be_known(places, values, absent):
    """Without a place in all results each stands where it is; one without gets the place that is left; digits are places. It is written into the result."""
    value = {"data": [{"index": place, "v": number} for number, place in enumerate(places)]}
    for item in value["data"]:
        if absent and item["index"] is None:
            del item["index"]
    assert aligner().align(value, len(places)) == []
    assert [item["v"] for item in value["data"]] == sorted(range(len(values)), key=values.__getitem__)
    assert [int(item["index"]) for item in value["data"]] == list(range(len(places)))


def test_results_that_are_no_objects():
    """Results that are not objects have no place, and stand where they are."""
    value = {"data": [[1], [2]]}
    assert aligner().align(value, 2) == []
    assert value == {"data": [[1], [2]]}


def uneven(*sizes, length=None):
    """What is said of vectors of these sizes, by the place of each result."""
    value = {"data": [{"v": size if isinstance(size, str) else [0.5] * size} for size in sizes]}
    found = aligner(vector="v", length="n").uneven(value, length)
    return {int(problem.where[7:].partition("]")[0]): problem.message for problem in found}


@pytest.mark.parametrize(
    "sizes, length, found",
    [
        ((8, 8, 8), None, {}),
        ((8,), 8, {}),
        ((8,), None, {}),
        ((8, 8, 2), None, {2: "has 2 numbers, the others 8"}),
        ((1, 8, 8), None, {0: "has 1 number, the others 8"}),
        ((8, 0), None, {1: "has no numbers, the others 8"}),
        ((0,), None, {0: "has no numbers"}),
        ((0, 0), None, {0: "has no numbers", 1: "has no numbers"}),
        ((8, 2), None, {0: "has 8 numbers, others 2: no length is that of most", 1: "has 2 numbers, others 8: no length is that of most"}),
        ((8, 8), 4, {0: "has 8 numbers, 4 were asked for (n)", 1: "has 8 numbers, 4 were asked for (n)"}),
        ((4, 2000), 4, {1: "has 2,000 numbers, 4 were asked for (n)"}),
        ((8, "AAAA", 8), None, {}),
        ((8, "AAAA", 2, 8), None, {2: "has 2 numbers, the others 8"}),
    ],
    ids=str,
)  # fmt: skip
def test_lengths_of_vectors(sizes, length, found):
    """Vectors have at least one number, as many as were asked for, else as many as most; which have not is said by name."""
    assert uneven(*sizes, length=length) == found


def test_twice_the_length_has_a_hint():
    """A vector of twice the length that was asked for may be float64 that was read as float32, unless it came as a list."""
    (problem,) = aligner(vector="v").uneven({"data": [{"v": array("f", [0.5] * 8)}]}, 4)
    assert "float64" in problem.hint
    (problem,) = aligner(vector="v").uneven({"data": [{"v": [0.5] * 8}]}, 4)
    assert problem.hint == ""


@pytest.mark.parametrize(
    "value", [None, [], {}, {"data": None}, {"data": []}, {"data": [None, {}]}, {"data": [{"v": 5}]}], ids=str
)
def test_lengths_of_what_is_not_there(value):
    """Where there are no vectors their lengths are not spoken of: the schema says what must be there."""
    assert aligner(vector="v").uneven(value, 4) == []


def test_the_length_that_was_asked_for():
    """It stands in the body, under the name that the document gives; nothing else than a whole number counts."""
    made = aligner(vector="v", length="n")
    assert [made.length(body) for body in ({"n": 5}, {"n": None}, {}, [], {"n": True}, {"n": "5"})] == [5] + [None] * 5
    assert aligner().length({"": 5}) is None
