"""The built-in model: what its vectors promise."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.local.hashing import count, embed

CASES = json.loads((Path(__file__).parent / "cases" / "local-hashing.json").read_text(encoding="utf-8"))


def cosine(one, other):
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("case", CASES["triples"], ids=lambda case: case["anchor"])
def test_texts_that_share_words_or_letters_are_closer(case):
    """A text is closer to one that shares words or parts of words with it than to one that does not."""
    anchor, near, far = embed([case["anchor"], case["near"], case["far"]])
    assert cosine(anchor, near) > cosine(anchor, far) + 0.15


@pytest.mark.parametrize("one, other", CASES["same"])
def test_case_width_order_and_spacing_do_not_count(one, other):
    """Texts that differ only in case, compatibility forms, punctuation, spacing or word order have the same vector."""
    assert embed([one]) == embed([other])


@pytest.mark.parametrize("case", CASES["sizes"], ids=lambda case: str(case["input"]))
def test_the_size_of_an_input_is_its_words_or_its_token_ids(case):
    """An input is as large as it has words, or token ids."""
    assert count(case["input"]) == case["size"]


@pytest.mark.parametrize("case", CASES["bits"], ids=lambda case: str(case["input"]))
def test_the_same_text_gives_the_same_bits_everywhere(case):
    """The float32 of a vector are the recorded ones, bit for bit."""
    (vector,) = embed([case["input"]], case["dimensions"])
    assert [value.hex() for value in vector] == case["vector"]


@given(st.one_of(st.text(), st.lists(st.integers(0, 2**64))), st.integers(1, 64))
def test_every_input_has_a_vector_of_length_one(value, dimensions):
    """Whatever comes in, the vector has the asked dimensions, no NaN and length 1 within float32's precision."""
    (vector,) = embed([value], dimensions)
    assert len(vector) == dimensions
    assert math.isclose(math.sqrt(cosine(vector, vector)), 1.0, abs_tol=1e-5)


@given(st.lists(st.text(max_size=20), max_size=5))
def test_a_vector_does_not_depend_on_its_neighbours(texts):
    """A text embedded among others has the vector that it has alone."""
    assert embed(texts) == [embed([text])[0] for text in texts]


def test_token_ids_count_as_words():
    """Lists of token ids that share ids are closer than lists that do not."""
    anchor, near, far = embed([[1, 2, 3], [1, 2, 4], [7, 8, 9]])
    assert cosine(anchor, near) > cosine(anchor, far) + 0.15


def test_an_empty_text_has_a_fixed_vector():
    """The empty text, white space and the empty list of ids share one vector that has a single component."""
    empty, blank, none = embed(["", " \n", []])
    assert empty == blank == none
    assert sorted(map(abs, empty))[-2:] == [0.0, 1.0]


def test_a_very_long_word_is_cut_not_refused():
    """A word of any length has a vector, close to that of most of its beginning."""
    whole, beginning = embed(["abcdefghij" * 1000, "abcdefghij" * 900])
    assert cosine(whole, beginning) > 0.9


def test_no_dimensions_are_refused():
    """Fewer than one dimension is an error."""
    with pytest.raises(ValueError, match="at least 1"):
        embed(["a"], 0)
