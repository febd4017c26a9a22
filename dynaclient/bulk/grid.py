"""The rows of a ``.npy`` file, each written to its place as soon as it has come: nothing is left to put together at the end."""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from dynaclient.bulk.shards import Frame, sync_folder

_NAN = struct.pack("<f", float("nan"))
_HEADER = 128
_CHECK = "check"


class Grid:
    """A file of rows of numbers that grows in any order; safe among threads.

    What was written for a frame is told by the frame alone, which is kept elsewhere (`dynaclient.bulk.shards`): a row without a frame was never written.

    Parameters
    ----------
    path:
        Where it grows.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self._lock = threading.Lock()

    def put(self, frame: Frame) -> Frame:
        """Write the numbers of a frame to their places; the frame without them, and with a checksum in their stead.

        Raises
        ------
        OSError
            Where the disk is full, say.
        """
        if not frame.payload:
            return frame
        done = 0
        for offset, length in _spans(frame):
            self._write(offset, frame.payload[done : done + length])
            done += length
        return Frame(frame.first, frame.count, {**frame.facts, _CHECK: zlib.crc32(frame.payload)}, b"")

    def holds(self, frame: Frame) -> bool:
        """Whether the numbers of a frame are there: a power cut may have spared the frame and not them."""
        if _CHECK not in frame.facts:
            return True
        if not self._path.exists():
            return False
        check = 0
        for offset, length in _spans(frame):
            check = zlib.crc32(self._read(offset, length), check)
        return bool(check == frame.facts[_CHECK])

    def sync(self) -> None:
        """Make what was written, by whatever process, outlive a power cut."""
        if self._handle is not None or self._path.exists():
            os.fsync(self._open())

    def lost(self, frames: Iterable[Frame], out: Path) -> bool:
        """Whether numbers that frames tell of are not there: the file is gone or shorter than they need. One that has got its name already is taken back.

        Parameters
        ----------
        frames:
            Those that were kept.
        out:
            As for `finish`.
        """
        kept = (frame for frame in frames if _CHECK in frame.facts)
        end = max((offset + length for frame in kept for offset, length in _spans(frame)), default=0)
        if not end:
            return False
        if not self._path.exists() and out.exists():
            out.replace(self._path)
        return not self._path.exists() or self._path.stat().st_size < end

    def finish(self, out: Path, rows: int, dims: int, failed: Iterable[int]) -> None:
        """Give the file its header and its name.

        Parameters
        ----------
        out:
            What it is called then.
        rows, dims:
            How many rows there are, and how many numbers in each.
        failed:
            The rows that have none: they are not a number.
        """
        self._write(0, npy_header(rows, dims))
        for row in failed:
            self._write(_HEADER + 4 * dims * row, _NAN * dims)
        handle = self._open()
        os.truncate(handle, _HEADER + 4 * dims * rows)
        self.sync()
        self.close()
        self._path.replace(out)
        sync_folder(out.parent)

    def close(self) -> None:
        """Close the file; closing twice is nothing."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        with self._lock:
            if self._handle is None:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            return self._handle

    def _write(self, offset: int, data: bytes) -> None:
        handle, view = self._open(), memoryview(data)
        while view:
            if hasattr(os, "pwrite"):
                done = os.pwrite(handle, view, offset)
            else:
                with self._lock:
                    os.lseek(handle, offset, os.SEEK_SET)
                    done = os.write(handle, view)
            offset, view = offset + done, view[done:]

    def _read(self, offset: int, size: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(offset)
            return file.read(size)


def _spans(frame: Frame) -> Iterator[tuple[int, int]]:
    """Where the numbers of a frame stand in the file, offset and length in bytes: runs of rows without a failed one between."""
    size, begin = 4 * frame.facts["dims"], 0
    for place in (*sorted(map(int, frame.facts.get("errors") or ())), frame.count):
        if place > begin:
            yield _HEADER + size * (frame.first + begin), (place - begin) * size
        begin = place + 1


def npy_header(rows: int, dims: int) -> bytes:
    """The header of a ``.npy`` file (NumPy's format 1.0) of little-endian float32, of one length for all counts of rows."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {dims}), }}"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + text.ljust(117).encode() + b"\n"
