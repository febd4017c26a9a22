"""The numbers of a run stand in their places as soon as they have come, and what says so never outlives them."""

import struct

import pytest

from dynaclient.bulk.grid import Grid, npy_header
from dynaclient.bulk.shards import Frame, Shards


def packed(*numbers):
    """Rows of two numbers."""
    return struct.pack(f"<{2 * len(numbers)}f", *(part for number in numbers for part in (number, -number)))


def frame(first, *numbers, errors=()):
    """A frame of rows of two numbers, some of which have failed."""
    facts = {"dims": 2, **({"errors": {str(place): {} for place in errors}} if errors else {})}
    return Frame(first, len(numbers) + len(errors), facts, packed(*numbers))


@pytest.fixture
def grid(tmp_path):
    """A grid in a folder of shards."""
    (tmp_path / "parts").mkdir()
    found = Grid(tmp_path / "parts" / "rows.npy")
    yield found
    found.close()


def numbers(path):
    """The first number of each row of a ``.npy`` file of pairs."""
    data = path.read_bytes()
    return [pair[0] for pair in struct.iter_unpack("<2f", data[128:])]


def test_frames_in_any_order_make_the_rows_in_theirs(tmp_path, grid):
    """Each row stands at its number, a failed one is not a number, and nothing stands behind the last."""
    for one in (frame(5, 5, 6), frame(2, 3, errors=(0, 2)), frame(0, 0, 1)):
        kept = grid.put(one)
        assert kept.payload == b""
        assert grid.holds(kept)
    grid.finish(tmp_path / "out.npy", 7, 2, [2, 4])
    assert (tmp_path / "out.npy").read_bytes()[:128] == npy_header(7, 2)
    found = numbers(tmp_path / "out.npy")
    assert found[:2] + found[3:4] + found[5:] == [0, 1, 3, 5, 6]
    assert found[2] != found[2]
    assert found[4] != found[4]


def test_a_frame_whose_numbers_were_lost_is_not_believed(tmp_path, grid):
    """After a power cut that spared the frames and not the numbers the rows are asked for again."""
    shards = Shards(tmp_path / "parts", beside=grid)
    for first in (0, 2, 4):
        shards.append(frame(first, first, first + 1))
    shards.close()  # as a kill would: the shard is still open
    path = tmp_path / "parts" / "rows.npy"
    data = bytearray(path.read_bytes())
    data[128 + 2 * 8] ^= 1
    path.write_bytes(data)
    again = Shards(tmp_path / "parts", beside=grid)
    assert list(again.done()) == [(0, 2)]
    again.close()


def test_the_end_can_be_done_twice(tmp_path, grid):
    """A kill between the rename and the word that all is done costs nothing."""
    kept = grid.put(frame(0, 1, 2))
    out = tmp_path / "out.npy"
    grid.finish(out, 2, 2, [])
    first = out.read_bytes()
    again = Grid(tmp_path / "parts" / "rows.npy")
    assert not again.lost([kept], out)
    again.finish(out, 2, 2, [])
    assert out.read_bytes() == first


@pytest.mark.parametrize("size", [None, 128 + 3 * 8 - 1])
def test_numbers_that_are_gone_are_missed(tmp_path, grid, size):
    """Where the file is gone, or was cut short, its rows are not taken for zeros."""
    kept = [grid.put(frame(0, 1)), grid.put(frame(1, 2, 3, errors=(1,)))]
    assert not grid.lost(kept, tmp_path / "out.npy")
    path = tmp_path / "parts" / "rows.npy"
    if size is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:size])
    assert grid.lost(kept, tmp_path / "out.npy")
    assert not grid.lost([Frame(0, 3, {"errors": {"0": {}, "1": {}, "2": {}}}, b"")], tmp_path / "out.npy")


def test_rows_that_have_all_failed_make_a_file_of_none(tmp_path, grid):
    """Without a vector there is no length, and the file says so."""
    assert grid.put(Frame(0, 2, {"errors": {"0": {}, "1": {}}}, b"")).payload == b""
    grid.finish(tmp_path / "out.npy", 2, 0, [0, 1])
    assert (tmp_path / "out.npy").read_bytes() == npy_header(2, 0)


def test_without_pwrite_it_is_the_same(tmp_path, grid, monkeypatch):
    """Where the system cannot write at an offset, the file is sought and written."""
    monkeypatch.delattr("os.pwrite", raising=False)
    grid.put(frame(1, 8))
    grid.put(frame(0, 7))
    grid.finish(tmp_path / "out.npy", 2, 2, [])
    assert numbers(tmp_path / "out.npy") == [7, 8]
