"""What a result must be to stand in a file of vectors."""

import struct
from array import array

import pytest

from dynaclient.bulk.outputs import Encoder, Layout
from dynaclient.bulk.plan import Run
from dynaclient.errors import ArgumentError
from dynaclient.value import Vector


def framed(*vectors, take=""):
    """The frame of rows with these vectors."""
    run = Run(0, [str(place) for place in range(len(vectors))], 1)
    return Encoder(Layout("npy", take), "").frame(run, [{"v": vector} for vector in vectors], {})


UNKNOWN = "has not one field that holds numbers"
EMPTY = "a vector of numbers is expected, not an empty one"


@pytest.mark.parametrize(
    ("vectors", "take", "told"),
    [
        ([[]], "", UNKNOWN),
        (["text"], "", UNKNOWN),
        ([Vector("f"), [1.0]], "", UNKNOWN),
        ([[1.0], []], "", "row 1: " + EMPTY),
        ([[]], "v", "row 0: " + EMPTY),
        ([Vector("f"), [1.0]], "v", "row 0: " + EMPTY),
        ([[1.0], Vector("f")], "v", "row 1: " + EMPTY),
        (["text"], "v", "row 0: a vector of numbers is expected, not str"),
        ([[1.0, 2.0], [1.0]], "v", "row 1 has 1 numbers, those before have 2"),
        ([[1.0, 1e39]], "v", "row 0 cannot be kept as float32: .* beyond the range of float32"),
        ([[1, 10**400]], "v", "row 0 cannot be kept as float32"),
        ([[1.0, "x", 3.0]], "v", "row 0 cannot be kept as float32: what is no number"),
    ],
)
def test_what_is_no_vector_of_float32_is_refused(vectors, take, told):
    """Never another number, never another row's: the message says which row it is."""
    with pytest.raises(ArgumentError, match=told):
        framed(*vectors, take=take)


@pytest.mark.parametrize("take", ["", "v"])
@pytest.mark.parametrize("made", [list, lambda row: array("d", row), lambda row: Vector("f", row)])
def test_vectors_are_packed_as_float32(made, take):
    """However they came."""
    rows = [[0.1, -2.5], [3.0, 1e-40]]
    assert framed(*map(made, rows), take=take).payload == struct.pack("<4f", *rows[0], *rows[1])
