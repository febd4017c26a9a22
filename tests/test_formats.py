"""Formats: what has a form and what has not."""

import base64
import datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.openapi.formats import EXAMPLES, INTEGERS, PREDICATES

CASES = yaml.load((Path(__file__).parent / "cases" / "check_formats.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)


def values_of(name, kind):
    """The values of a case; those of number formats as numbers."""
    for text in CASES[name][kind]:
        yield (float(text) if "." in text else int(text)) if name in INTEGERS else text


@pytest.mark.parametrize("name", CASES)
def test_a_format_is_what_its_standard_says(name):
    """Every good value of the case has the form, no bad one has."""
    assert [value for value in values_of(name, "good") if not PREDICATES[name](value)] == []
    assert [value for value in values_of(name, "bad") if PREDICATES[name](value)] == []


@pytest.mark.parametrize("name", PREDICATES)
def test_a_format_says_nothing_of_other_types(name):
    """A format accepts every value that is neither of its type nor of a type it could judge, and raises for none."""
    for value in (None, True, False, [], {}, b"", ["x"]):
        assert PREDICATES[name](value)


@given(st.sampled_from(sorted(PREDICATES)), st.text())
def test_no_text_makes_a_format_raise(name, text):
    """Whatever the text, a format answers with yes or no."""
    assert PREDICATES[name](text) in (True, False)


@given(st.datetimes(timezones=st.just(datetime.UTC)), st.uuids(), st.binary(), st.ip_addresses())
def test_what_python_writes_has_the_form(moment, uuid, data, address):
    """Dates, UUIDs, base64 and addresses that the standard library writes have their form."""
    assert PREDICATES["date-time"](moment.isoformat())
    assert PREDICATES["date"](moment.date().isoformat())
    assert PREDICATES["uuid"](str(uuid))
    assert PREDICATES["byte"](base64.b64encode(data).decode())
    assert PREDICATES["byte"](base64.urlsafe_b64encode(data).decode())
    assert PREDICATES[f"ipv{address.version}"](str(address))


def test_the_examples_have_their_form():
    """The examples that messages show are good ones."""
    assert [name for name, text in EXAMPLES.items() if not PREDICATES[name](text)] == []
