"""Swagger 2.0 is read as the OpenAPI 3.0 that says the same."""

import copy

import pytest
from cases import cases

from dynaclient import Client
from dynaclient.errors import SpecError, UnsupportedError
from dynaclient.openapi.pointer import at
from dynaclient.source.load import load
from dynaclient.source.swagger import translate
from dynaclient.testing import FakeTransport

CASES = cases("swagger2.yaml")


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_each_piece_is_translated(case):
    """A piece of 2.0 becomes the piece of 3.0 that the case names, and the document itself is not changed."""
    source = {"swagger": "2.0", **case["swagger"]}
    kept = copy.deepcopy(source)
    result, _ = translate(source)
    assert source == kept
    for pointer, value in case["result"].items():
        if value is None:
            with pytest.raises(SpecError):
                at(result, pointer)
        else:
            assert at(result, pointer) == value, pointer
