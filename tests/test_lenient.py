"""What lenient lets pass changes no meaning; what would is refused."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from test_differential import common, document_of, values

from dynaclient.errors import UnsupportedError
from dynaclient.openapi.check import Checker

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "lenient.yaml").read_text("utf-8"))
X = "/components/schemas/X"


def validator_of(case):
    """The validator of a case's schema."""
    document = {"components": {"schemas": {"X": case["schema"], **case.get("others", {})}}}
    return Checker(document, case.get("version", "3.1")).validator(X, "reply")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_values_are_let_pass_or_refused_as_the_case_says(case):
    """Each case's harmless departures are named with their places, and of the harmful values only the harm is told."""
    validator = validator_of(case)
    for value, expected in case.get("pass", ()):
        assert not validator.accepts(value)
        assert [f"{found.kind} {found.where}" for found in validator.departures(value)] == expected, value
        assert validator.lenient.verdicts(value) in ((True, True), (None, True))
    for value, words, where in case.get("refuse", ()):
        assert validator.departures(value) is None, value
        problems = validator.lenient_problems(value)
        assert {problem.where for problem in problems} == {where}, problems
        assert words in problems[0].message


def test_a_value_that_fits_departs_in_nothing():
    """A value that the schema accepts has no departures, and no lenient schema is compiled for it."""
    validator = validator_of({"schema": {"properties": {"a": {"type": "integer"}}}})
    assert validator.departures({"a": 1}) == ()
    assert validator._lenient is None


def test_no_value_stands_in_the_words_of_a_departure():
    """The words name places, types and formats, and nothing that came."""
    schema = {"properties": {"a": {"enum": ["x"]}, "b": {"format": "date"}}, "additionalProperties": False}
    value = {"a": "s3cret", "b": "s3cret", "c": "s3cret"}
    found = validator_of({"schema": schema}).departures(value)
    assert [departure.kind for departure in found] == ["value", "format", "property"]
    assert "s3cret" not in repr(found)


def promise(version, document, sample):
    """Hold that lenient accepts what strict accepts, and that both validators of the lenient schema agree."""
    try:
        validator = Checker(document, version).validator(X, "reply")
    except UnsupportedError:
        return
    for value in sample:
        strict = validator.accepts(value)
        fast, authority = validator.lenient.verdicts(value)
        assert authority or not fast, f"{value!r} is accepted by the compiled lenient validator only"
        assert authority or not strict, f"{value!r} is accepted by the strict validator only"
        found = validator.departures(value)
        assert (found is not None) is authority
        assert not (strict and found)
        if found is None:
            assert validator.lenient_problems(value)


@common
@given(document_of("3.0"), st.lists(values, min_size=1, max_size=6))
def test_what_strict_accepts_in_3_0_lenient_accepts(document, sample):
    """Whatever a schema of 3.0 says, lenient accepts all that strict accepts."""
    promise("3.0", document, sample)


@common
@given(document_of("3.1"), st.sampled_from(["3.1", "3.2"]), st.lists(values, min_size=1, max_size=6))
def test_what_strict_accepts_in_3_1_lenient_accepts(document, version, sample):
    """Whatever a schema of 3.1 or 3.2 says, lenient accepts all that strict accepts."""
    promise(version, document, sample)


def test_a_harmless_departure_never_imports_openapi_core():
    """What is let pass costs no slow import."""
    program = """
import sys
from dynaclient.openapi.check import Checker
document = {"components": {"schemas": {"X": {"properties": {"a": {"type": "integer"}}}}}}
validator = Checker(document, "3.1").validator("/components/schemas/X", "reply")
assert [found.message for found in validator.departures({"a": None})] == ["null at $.a, where the document has integer"]
assert not {"openapi_core", "jsonschema", "pydantic"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parent.parent)
