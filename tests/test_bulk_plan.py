"""Rows are cut into runs and replies merged without losing, doubling or moving anything."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.bulk.plan import Limits, distinct, estimate, limits_of, merge, runs
from dynaclient.bulk.tokens import counter
from dynaclient.errors import ArgumentError
from dynaclient.openapi.model import Batch

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "bulk_plan.yaml").read_text("utf-8"))
BATCH = Batch("in", "out", order="at", sum=("usage.tokens",))


@given(st.lists(st.integers(1, 9)), st.integers(1, 7), st.none() | st.integers(1, 20))
def test_runs_hold_every_row_once_within_the_limits(sizes, items, tokens):
    """All rows are in the runs, once and in order; no run is beyond a limit unless one row alone is."""
    found = list(runs(enumerate(sizes), Limits(items, tokens), lambda size: size))
    assert [row for run in found for row in run.rows] == sizes
    assert [run.first for run in found] == [sum(len(run.rows) for run in found[:n]) for n in range(len(found))]
    for run in found:
        assert 1 <= len(run.rows) <= items
        assert run.tokens == sum(run.rows)
        assert tokens is None or run.tokens <= tokens or len(run.rows) == 1


@given(st.sets(st.integers(0, 40)), st.integers(1, 5))
def test_runs_break_where_numbers_are_left_out(numbers, items):
    """The rows of a run have consecutive numbers, so that its first number says them all."""
    found = list(runs(((number, number) for number in sorted(numbers)), Limits(items)))
    assert [run.first + place for run in found for place in range(len(run.rows))] == sorted(numbers)


def test_runs_are_cut_lazily():
    """No more rows are pulled than the run at hand needs."""
    pulled = []

    def rows():
        for number in range(100):
            pulled.append(number)
            yield number, "a"

    next(runs(rows(), Limits(3)))
    assert pulled == [0, 1, 2]


@given(st.lists(st.sampled_from(["a", "b", "", [1], [1, 2], [1.0], [True], None, 1, 1.0, True])))
def test_distinct_rows_stand_for_all(rows):
    """Every row is found again at its place, and values of different types are never taken for the same."""
    kept, places = distinct(rows)
    assert [repr(kept[place]) for place in places] == [repr(row) for row in rows]
    assert len({repr(row) for row in kept}) == len(kept)


@given(st.lists(st.integers(1, 5), min_size=1))
def test_merged_replies_are_what_one_request_would_have_brought(counts):
    """Results follow each other with their order keys numbered through, sums are added, the rest is the first reply's."""

    def reply(first, count):
        return {
            "model": "m",
            "out": [{"at": place, "value": first + place} for place in range(count)],
            "usage": {"tokens": count, "other": 1},
        }

    replies = [reply(sum(counts[:number]), count) for number, count in enumerate(counts)]
    merged = merge(BATCH, replies)
    assert merged == {
        "model": "m",
        "out": [{"at": place, "value": place} for place in range(sum(counts))],
        "usage": {"tokens": sum(counts), "other": 1},
    }


@pytest.mark.parametrize("case", CASES["estimates"], ids=lambda case: repr(case["row"])[:30])
def test_estimates(case):
    """A row's tokens are estimated from its letters, its numbers or its JSON."""
    assert estimate(case["row"]) == case["tokens"]


@pytest.mark.parametrize("case", CASES["limits"], ids=lambda case: str(case))
def test_limits(case):
    """The caller's number of rows goes before the document's, and may not be beyond it."""
    batch = Batch("in", "out", **case["batch"]) if case["batch"] is not None else None
    if "error" in case:
        with pytest.raises(ArgumentError, match=case["error"]):
            limits_of(batch, case["items"])
    else:
        assert limits_of(batch, case["items"]) == Limits(*case["limits"])


def test_a_tokenizer_may_be_a_function():
    """What the caller passes counts the tokens."""
    assert counter(len)("abc") == 3


@pytest.mark.parametrize("named", ["tiktoken:no-such", "no-such-file.json"])
def test_a_tokenizer_that_is_not_there_is_refused(named):
    """A library that is missing, an encoding or a file that is unknown, is told as the option that asked for it."""
    with pytest.raises(ArgumentError, match="tokenizer"):
        counter(named)
