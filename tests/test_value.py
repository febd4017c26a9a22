"""Records and vectors."""

import base64
import copy
import json
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaclient import plain
from dynaclient.openapi.media import base64_decoder
from dynaclient.value import Record, Vector, records, vector

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=12,
)
FORMATS = {"f": "f", "d": "d", "b": "b", "B": "B", "i": "i", "I": "I"}


def record():
    return records(
        {"model": "m", "items": [1], "data": [{"index": 0, "v": [0.5, 1.5]}], "usage": {"n": 3}, "none": None}
    )


def test_fields_are_attributes():
    """A field is read as an attribute or as an item, all the way down."""
    found = record()
    assert found.model == found["model"] == "m"
    assert found.data[0].v == [0.5, 1.5]
    assert found.usage.n == 3
    assert found.none is None


def test_a_field_named_like_a_method():
    """A field named like a method of dict is read by item, or with an underscore behind it; the method stays."""
    found = record()
    assert found["items"] == found.items_ == [1]
    assert ("model", "m") in found.items()


def test_a_missing_field():
    """A field that did not come is an AttributeError that names the nearest, or what came."""
    with pytest.raises(AttributeError, match="did you mean 'model'"):
        record().modle  # noqa: B018
    with pytest.raises(AttributeError, match="it has 'model', 'items'"):
        record().zzz  # noqa: B018
    with pytest.raises(AttributeError, match="it has none"):
        Record().zzz  # noqa: B018
    with pytest.raises(KeyError):
        record()["zzz"]


def test_fields_are_not_set_as_attributes():
    """A field is set as an item; as an attribute it is refused, so that nothing is set that is not sent or shown."""
    with pytest.raises(AttributeError):
        record().model = "x"


def test_dir_lists_the_fields():
    """Completion finds the fields and the methods."""
    assert {"model", "data", "items", "keys"} <= set(dir(record()))


def test_a_record_is_its_dict():
    """A Record equals, dumps, copies and pickles as the dict that it is, and its records stay records."""
    found = record()
    same = {"model": "m", "items": [1], "data": [{"index": 0, "v": [0.5, 1.5]}], "usage": {"n": 3}, "none": None}
    assert found == same
    assert json.dumps(found) == json.dumps(same)
    for other in (pickle.loads(pickle.dumps(found)), copy.copy(found), copy.deepcopy(found), found.copy()):
        assert other == same
        assert type(other) is type(other.usage) is type(other.data[0]) is Record


def test_a_service_does_not_answer_for_python():
    """Fields named like Python's own hooks are data: they are read by item, and never called."""
    found = records({"__deepcopy__": 1, "__array__": 2, "__reduce_ex__": 3, "__class__": 4})
    assert copy.deepcopy(found) == found == pickle.loads(pickle.dumps(found))
    assert found["__class__"] == 4
    assert not hasattr(found, "__array__")


@given(JSON)
def test_records_change_no_value(value):
    """Made of records, a value dumps as before; made plain again, it is what it was."""
    before = json.dumps(value)
    made = records(value)
    assert json.dumps(made) == before
    assert json.dumps(plain(made)) == before
    assert repr(made)


def test_every_object_becomes_a_record():
    """Objects in arrays in arrays become records; a list that begins and ends with floats is taken for numbers."""
    found = records([[{"a": {"b": [{"c": 1}]}}], 5])
    assert found[0][0].a.b[0].c == 1
    numbers = [0.5, 1.5]
    assert records({"v": numbers}).v is numbers


@given(JSON.map(records))
def test_repr_always_works(value):
    """Whatever came, it can be shown."""
    assert isinstance(repr(value), str)


def test_repr_is_short():
    """Vectors, long lists, long strings and objects of many fields are shortened, whatever their kind."""
    large = {
        "v": [0.25] * 5000, "n": [10**400] * 5000, "mixed": [0.5, "x" * 5000, None, {}, 1, 2, 3, 4, 0.5],
        "s": "x" * 100_000, "list": [{"a": 1}] * 5000, "k" * 5000: 1, **{f"k{n}": n for n in range(5000)},
    }  # fmt: skip
    shown = repr(records(large))
    assert len(shown) < 6000
    assert "5,000 numbers" in shown


def test_plain_makes_vectors_lists():
    """A vector is dumped as a list of numbers, by `plain` or with it as the default."""
    found = Record(v=Vector("f", [0.5, 2]), w=(1, Record(a=1)))
    assert plain(found) == {"v": [0.5, 2.0], "w": [1, {"a": 1}]}
    assert json.dumps(Record(v=Vector("f", [0.5])), default=plain) == '{"v": [0.5]}'
    with pytest.raises(TypeError, match="object is not a value of a reply"):
        plain(object())


@given(st.lists(st.floats(width=32)), st.booleans())
def test_a_vector_holds_what_was_packed(numbers, little):
    """Float32 numbers of either byte order come out bit for bit."""
    order = "<" if little else ">"
    packed = struct.pack(f"{order}{len(numbers)}f", *numbers)
    found = vector(base64_decoder(bytes)(base64.b64encode(packed).decode()), "f", little=little)
    assert struct.pack(f"{order}{len(found)}f", *found) == packed
    assert np.asarray(found).astype(f"{order}f4").tobytes() == packed


@pytest.mark.parametrize("typecode", FORMATS)
def test_other_types(typecode):
    """Every type of the extension is unpacked with its size and sign."""
    numbers = [1, 2, 100]
    for order in "<>":
        data = struct.pack(f"{order}3{FORMATS[typecode]}", *numbers)
        assert vector(data, typecode, little=order == "<") == numbers


def test_a_broken_count():
    """Bytes that are no whole count of numbers are refused."""
    with pytest.raises(ValueError, match="5 bytes are no whole count of numbers of 4 bytes"):
        vector(b"12345")


def test_numpy_sees_a_vector_without_a_copy():
    """An array of numpy over a vector shares its memory."""
    found = Vector("f", [1, 2, 3])
    seen = np.asarray(found)
    assert (seen.dtype, seen.shape) == (np.float32, (3,))
    found[0] = 9
    assert seen[0] == 9
    assert np.shares_memory(seen, np.asarray(found))


def test_a_vector_equals_its_numbers():
    """A vector equals a list, tuple or vector of the same numbers, and no other."""
    found = Vector("f", [0.5, 2])
    for same in ([0.5, 2.0], (0.5, 2), Vector("f", [0.5, 2])):
        assert found == same
        assert not found != same  # noqa: SIM202
    for other in ([0.5], [0.5, 3], (), Vector("f", [0.5]), "x", None):
        assert found != other
        assert not found == other  # noqa: SIM201


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_vector_is_kept(again):
    """A vector in a record stays a vector when it is copied or pickled."""
    found = again(Record(v=Vector("f", [0.5, 2])))
    assert type(found.v) is Vector
    assert found.v == [0.5, 2]
    assert type(again(found.v)) is Vector


def test_a_vector_is_shown_short():
    """The repr of a vector shows a few of its numbers and how many there are."""
    assert repr(Vector("f", [0.5, 2])) == str(Vector("f", [0.5, 2])) == "Vector([0.5, 2])"
    assert repr(Vector("f", [0.5] * 1536)) == "Vector([0.5, 0.5, 0.5, 0.5, ... 1,536 numbers])"
