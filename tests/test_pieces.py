"""A document in pieces is a dict to whoever reads it."""

import copy
import json
import pickle
import threading

import msgspec
import pytest
from documents import document, operation
from hypothesis import given
from hypothesis import strategies as st

from dynaclient import Client
from dynaclient.source import load
from dynaclient.source.pieces import Pieces, decode_entry

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)
objects = st.dictionaries(st.text(max_size=3), values, max_size=5)


def in_pieces(plain):
    """The same dict, nothing of it decoded."""
    return Pieces(msgspec.json.decode(msgspec.json.encode(plain), type=dict[str, msgspec.Raw]))


READERS = {
    "dict()": dict,
    "unpacking": lambda it: {**it},
    "arguments": lambda it: (lambda **named: named)(**it),
    "union": lambda it: it | {"new": 1},
    "union from the right": lambda it: {"new": 1} | it,
    "update": lambda it: [base := {}, base.update(it)][0],
    "items": lambda it: list(it.items()),
    "values": lambda it: list(it.values()),
    "keys": lambda it: list(it.keys()),
    "iteration": list,
    "backwards": lambda it: list(reversed(it)),
    "length": len,
    "truth": bool,
    "get": lambda it: [it.get(key, "?") for key in [*it, "missing"]],
    "in": lambda it: ["missing" in it, all(key in it for key in it)],
    "repr": repr,
    "copy": lambda it: it.copy(),
    "copy.copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda it: pickle.loads(pickle.dumps(it)),
    "json": json.dumps,
    "sorted json": lambda it: json.dumps(it, sort_keys=True),
    "msgspec": msgspec.json.encode,
    "merge": lambda it: {"a": {"b": it}} == {"a": {"b": dict(it)}},
    "pop": lambda it: [it.pop(key) for key in list(it)] + [len(it), it.pop("missing", 0)],
    "popitem": lambda it: [it.popitem() for _ in range(len(it))],
    "setdefault": lambda it: [*(it.setdefault(key, 0) for key in list(it)), it.setdefault("missing", 7)],
    "assignment": lambda it: [it.__setitem__("new", [1]), it["new"]],
}


@pytest.mark.parametrize("way", READERS)
@given(plain=objects)
def test_every_way_to_read_finds_the_same(way, plain):
    """Whatever is done with the pieces comes out as it does with the dict."""
    assert READERS[way](in_pieces(plain)) == READERS[way](copy.deepcopy(plain))


@given(objects, objects)
def test_pieces_are_equal_where_dicts_are(one, other):
    """Equality is that of the decoded values, on either side."""
    assert in_pieces(one) == one
    assert one == in_pieces(one)
    assert (in_pieces(one) == in_pieces(other)) is (one == other)
    assert (in_pieces(one) != other) is (one != other)


def test_a_value_is_decoded_once():
    """The same object comes back each time, to all threads."""
    pieces = in_pieces({"a": {"b": [1]}})
    found = []
    threads = [threading.Thread(target=lambda: found.append(pieces["a"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in found}) == 1
    with pytest.raises(KeyError):
        pieces["missing"]


@pytest.mark.parametrize(
    "entry",
    [
        {"data": {"openapi": "3.1.0", "paths": {"/a": {"get": {}}}, "components": {"schemas": {"A": {}}}}},
        {"data": {"openapi": "3.1.0", "paths": None, "components": []}},
        {"data": {"openapi": "3.1.0", "components": {"schemas": None, "x": 1}}},
        {"data": None},
        {"other": 1},
        [1],
        None,
    ],
)
def test_an_entry_of_any_shape_is_read(entry):
    """A large entry is read as it was written, whatever stands in it."""
    raw = json.dumps(entry).encode()
    assert decode_entry(raw) == entry
    assert decode_entry(raw + b" " * 100_000) == entry


def test_a_large_document_is_the_same_from_the_cache(tmp_path, monkeypatch):
    """The second run has the document in pieces, finds the same in it, and calls its operations."""
    monkeypatch.setenv("DYNACLIENT_CACHE_DIR", str(tmp_path / "cache"))
    reply = {"$ref": "#/components/schemas/Thing"}
    whole = document(
        {f"/things/{number}": {"get": operation(reply=reply, description="x" * 400)} for number in range(300)},
        components={
            "schemas": {"Thing": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}}
        },
    )
    path = tmp_path / "large.json"
    path.write_text(json.dumps(whole))
    first, second = load(path).data, load(path).data
    assert type(first["paths"]) is dict
    assert isinstance(second["paths"], Pieces)
    assert second == first == whole
    with Client(path, server="local") as client:
        assert client["get_things_7"]() == {"n": 0}
