"""The index of operations is kept between runs, and is the same as a new one."""

import json

import pytest
from documents import document, operation

from dynaclient import Client
from dynaclient.index import api_of, index_from_json, index_to_json
from dynaclient.openapi.operations import make_index
from dynaclient.source import cache, load

MANY = document(
    {
        f"/things/{number}": {
            "get": operation(
                operationId=f"get_{number % 90}", tags=["Things"], summary="One.\nThing.", deprecated=number % 2 == 0
            ),
            "post": operation(),
        }
        for number in range(120)
    }
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache of the test's own."""
    monkeypatch.setenv("DYNACLIENT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def path(folder):
    """A document with many operations, some of whose names clash."""
    path = folder / "many.json"
    path.write_text(json.dumps(MANY))
    return path


def test_an_index_survives_its_json_form():
    """What is read back is what was written: every name, place and note."""
    index = make_index(MANY)
    assert len(index.keys) == 240
    assert index.tolerated
    assert index_from_json(json.loads(json.dumps(index_to_json(index)))) == index


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        {},
        {"operations": 1, "tolerated": []},
        {"operations": [["a"]], "tolerated": []},
        {"operations": [[]], "tolerated": []},
    ],
)
def test_what_is_no_index_is_not_taken_for_one(value):
    """An entry of another form counts as none."""
    assert index_from_json(value) is None


def test_a_kept_index_gives_the_same_api(path):
    """The second run reads the index from the cache and finds the same operations."""
    first = api_of(load(path))
    assert len(list((path.parent / "cache" / "index").iterdir())) == 1
    second = api_of(load(path))
    assert second.index == first.index
    assert second.tolerated == first.tolerated
    assert list(Client(path)) == list(first.index)


def test_a_damaged_index_is_made_again(path):
    """An entry that cannot be read costs time and nothing else."""
    first = api_of(load(path))
    (entry,) = (path.parent / "cache" / "index").iterdir()
    entry.write_bytes(b"00000000\n{}")
    assert api_of(load(path)).index == first.index


def test_another_document_has_another_index(path):
    """A changed document is indexed anew."""
    before = api_of(load(path))
    path.write_text(json.dumps(MANY | {"paths": {**MANY["paths"], "/new": {"get": operation(operationId="new")}}}))
    assert set(api_of(load(path)).index) - set(before.index) == {"new"}


def test_nothing_is_kept_where_nothing_shall_be(path, monkeypatch):
    """Without the cache, for a mapping and for a small document, no index is written."""
    kept = []
    monkeypatch.setattr(cache, "put", lambda kind, key, value: kept.append(kind))
    api_of(load(path, cache=False))
    api_of(load(MANY))
    api_of(load(json.dumps(document({"/a": {"get": operation()}}))))
    assert "index" not in kept
