"""Values made from schemas."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.errors import UnsupportedError
from dynaclient.local.example import example
from dynaclient.local.pattern import matching
from dynaclient.openapi.check import Checker

CASES = json.loads((Path(__file__).parent / "cases" / "local-example.json").read_text(encoding="utf-8"))


def made(case):
    """The value made for a case, and whether its schema accepts it."""
    version = case.get("version", "3.1")
    document = {
        "openapi": f"{version}.0",
        "info": {"title": "t", "version": "1"},
        "paths": {},
        "components": {"schemas": {"It": case["schema"], **case.get("schemas", {})}},
    }
    checker = Checker(document, version)

    def accepts(pointer, value):
        return checker.validator(pointer, "reply").accepts(value)

    value = example(document, "/components/schemas/It", accepts)
    return value, accepts("/components/schemas/It", value)


@pytest.mark.parametrize("case", [case for case in CASES if "value" in case], ids=lambda case: case["name"])
def test_a_small_value_is_made_that_satisfies_the_schema(case):
    """The value made for a schema is the expected one, and the schema's validator accepts it."""
    value, accepted = made(case)
    assert value == case["value"]
    assert type(value) is type(case["value"])
    assert accepted


@pytest.mark.parametrize("case", [case for case in CASES if "unsatisfiable" in case], ids=lambda case: case["name"])
def test_what_cannot_be_satisfied_is_named(case):
    """A schema that no value satisfies is an error that names the schema's place."""
    with pytest.raises(UnsupportedError, match=case["unsatisfiable"]) as caught:
        made(case)
    assert caught.value.pointer.startswith("/components/schemas/")


@given(
    st.sampled_from(["^[a-z]+$", r"\d{2,}", "^(ab|cd)*$", "^[^x]{3}$", r"^\w+@\w+\.[a-z]{2,}$", "a.c", "(.)\\1"]),
    st.integers(0, 9),
)
def test_a_text_made_for_a_pattern_is_found_by_it(pattern, least):
    """Whatever text is made for a pattern, the pattern is found in it and it is long enough."""
    text = matching(pattern, least)
    if text is not None:
        assert re.search(pattern, text)
        assert len(text) >= least


@pytest.mark.parametrize("pattern", ["(", "^(?=.*b)a+$", r"^\x{110000}$"])
def test_a_pattern_that_is_too_hard_has_no_text(pattern):
    """A pattern that is broken, or too clever, has no text rather than a wrong one."""
    assert matching(pattern) is None
