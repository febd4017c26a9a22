"""Results on disk, safe at any moment: frames of finished runs in shards, each sealed by fsync and rename.

A frame is written in one go when its run has ended, in whatever order runs end, so that no finished run is ever paid for twice. A kill in the middle of it leaves a torn frame,
which is found by its checksum and cut off. A shard is fsynced and renamed when it is full, or some seconds old, which is what a power cut can cost.
"""

from __future__ import annotations

import os
import struct
import threading
import time
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from dynaclient.errors import ArgumentError, Problem
from dynaclient.openapi.media import decode_json, encode_json, format_json

SHARD = 64 << 20
"""Bytes after which a shard is sealed."""
SYNC = 10.0
"""Seconds after which a shard is sealed at the latest."""
_MAGIC = b"dcf2"
_HEAD = struct.Struct("<4sQIIQ")  # magic, first row, rows, bytes of facts, bytes of payload
_CHECK = struct.Struct("<I")  # the checksum of the head and of all that follows
_BEFORE = _HEAD.size + _CHECK.size
_CACHED = 64
_OPEN = 32


@dataclass(frozen=True, slots=True)
class Frame:
    """A finished run: rows ``first`` to ``first + count - 1``, what is known of them as JSON values, and their results as bytes."""

    first: int
    count: int
    facts: Mapping[str, Any]
    payload: bytes

    def packed(self) -> bytes:
        """The frame as it is written."""
        facts = encode_json(self.facts)
        head = _HEAD.pack(_MAGIC, self.first, self.count, len(facts), len(self.payload))
        check = zlib.crc32(self.payload, zlib.crc32(facts, zlib.crc32(head)))
        return b"".join((head, _CHECK.pack(check), facts, self.payload))


@dataclass(frozen=True, slots=True)
class _Entry:
    first: int
    count: int
    shard: Path
    offset: int


class Beside(Protocol):
    """Keeps the payloads of frames."""

    def put(self, frame: Frame) -> Frame:
        """Keep the payload of a frame; the frame without it."""

    def holds(self, frame: Frame) -> bool:
        """Whether the payload of a frame is there, whole."""

    def sync(self) -> None:
        """Make what is kept outlive a power cut."""


class Shards:
    """The frames of one bulk run, in a folder; one process at a time.

    Parameters
    ----------
    folder:
        Made where it is missing.
    size:
        Bytes after which a shard is sealed.
    beside:
        Where the payloads are kept, instead of in the shards.
    """

    def __init__(self, folder: Path, size: int = SHARD, beside: Beside | None = None) -> None:
        self._folder, self._size, self._beside = folder, size, beside
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder)
        self._entries: list[_Entry] = []
        self._cache: OrderedDict[_Entry, Frame] = OrderedDict()
        self._file: BinaryIO | None = None
        self._written, self._synced = 0, time.monotonic()
        self._writing = threading.Lock()
        self._recover()

    def _recover(self) -> None:
        for path in sorted(self._folder.glob("*.open")):
            good = _scan(path, checked=True, holds=self._beside.holds if self._beside else None)[1]
            with path.open("r+b") as file:
                file.truncate(good)
                self._seal(file, path)
        shards = sorted(self._folder.glob("*.shard"))
        for shard in shards:
            self._entries.extend(_scan(shard, checked=False)[0])
        self._next = int(shards[-1].stem) + 1 if shards else 1
        self._entries.sort(key=lambda entry: entry.first)

    def done(self) -> Iterator[tuple[int, int]]:
        """The spans of rows that are finished, in order: first and one behind the last."""
        first = end = 0
        for entry in self._entries:
            if entry.first == end:
                end += entry.count
                continue
            if end > first:
                yield first, end
            first, end = entry.first, entry.first + entry.count
        if end > first:
            yield first, end

    def append(self, frame: Frame) -> None:
        """Write a frame, so that it outlives this process; may be called on several threads at once.

        Raises
        ------
        OSError
            Where the disk is full, say; what was written before stays whole.
        """
        data = memoryview((self._beside.put(frame) if self._beside else frame).packed())
        full = None
        with self._writing:
            if self._file is None:
                self._path = self._folder / f"{self._next:08}.open"
                self._file = self._path.open("xb", buffering=0)
                self._written = 0
                self._next += 1
            entry = _Entry(frame.first, frame.count, self._path.with_suffix(".shard"), self._written)
            done = 0
            try:
                while done < len(data):
                    done += self._file.write(data[done:])
            except OSError:
                self._file.seek(self._written)
                self._file.truncate()  # others may write after it
                raise
            self._written += len(data)
            self._entries.append(entry)
            if self._written >= self._size or time.monotonic() - self._synced > SYNC:
                full, path = self._file, self._path
                self._file, self._synced = None, time.monotonic()
        if full is not None:  # the others write on meanwhile, to the next
            with full:
                self._seal(full, path)

    def seal(self) -> None:
        """Finish the shard at hand, once nobody writes any more: fsync, rename."""
        if self._file is not None:
            with self._file as file:
                self._seal(file, self._path)
            self._file = None
        self._entries.sort(key=lambda entry: entry.first)

    def _seal(self, file: BinaryIO, path: Path) -> None:
        if self._beside is not None:  # a frame never outlives its payload
            self._beside.sync()
        _seal(file, path)

    def frames(self) -> Iterator[Frame]:
        """All frames of sealed shards, in the order of their rows."""
        with ExitStack() as stack:
            files: dict[Path, BinaryIO] = {}
            for entry in self._entries:
                file = files.get(entry.shard)
                if file is None:
                    if len(files) >= _OPEN:
                        stack.close()
                        files.clear()
                    file = files[entry.shard] = stack.enter_context(entry.shard.open("rb"))
                yield _read(entry, file)

    def frame(self, row: int) -> Frame:
        """The frame that holds a row."""
        entry = self._entries[bisect_right(self._entries, row, key=lambda entry: entry.first) - 1]
        found = self._cache.pop(entry, None)
        if found is None:
            with entry.shard.open("rb") as file:
                found = _read(entry, file)
        self._cache[entry] = found
        if len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return found

    def remove(self) -> None:
        """Delete everything, the folder too."""
        self.close()
        for path in sorted(self._folder.iterdir()):
            path.unlink()
        self._folder.rmdir()

    def close(self) -> None:
        """Let go of the files; what was written stays."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._lock.close()


def _seal(file: BinaryIO, path: Path) -> None:
    """Make a shard outlive a power cut, and give it its name; an empty one is dropped."""
    if file.seek(0, os.SEEK_END) == 0:
        path.unlink()
        return
    os.fsync(file.fileno())
    path.rename(path.with_suffix(".shard"))
    sync_folder(path.parent)


def _scan(path: Path, *, checked: bool, holds: Callable[[Frame], bool] | None = None) -> tuple[list[_Entry], int]:
    """The frames of a shard and where the last good one ends.

    Parameters
    ----------
    path:
        The shard.
    checked:
        Whether their checksums are looked at.
    holds:
        Whether the payload of a frame, which is kept elsewhere, is there.
    """
    found: list[_Entry] = []
    size, offset = path.stat().st_size, 0
    with path.open("rb") as file:
        while offset + _BEFORE <= size:
            file.seek(offset)
            head, check = file.read(_HEAD.size), file.read(_CHECK.size)
            magic, first, count, facts, payload = _HEAD.unpack(head)
            end = offset + _BEFORE + facts + payload
            if magic != _MAGIC or end > size:
                break
            data = file.read(facts + payload) if checked else b""
            if checked and _CHECK.pack(zlib.crc32(data, zlib.crc32(head))) != check:
                break
            if holds is not None and not holds(Frame(first, count, decode_json(data[:facts]), data[facts:])):
                break
            found.append(_Entry(first, count, path, offset))
            offset = end
    if not checked and offset != size:
        raise _broken(path)
    return found, offset


def _read(entry: _Entry, file: BinaryIO) -> Frame:
    file.seek(entry.offset)
    head, check = file.read(_HEAD.size), file.read(_CHECK.size)
    _, first, count, facts, payload = _HEAD.unpack(head)
    data = file.read(facts + payload)
    if len(data) != facts + payload or _CHECK.pack(zlib.crc32(data, zlib.crc32(head))) != check:
        raise _broken(entry.shard)
    return Frame(first, count, decode_json(data[:facts]), data[facts:])


def _broken(path: Path) -> ArgumentError:
    hint = "delete it, and its rows are asked for again"
    return ArgumentError("results cannot be read", problems=(Problem(str(path), "is damaged", hint=hint),))


def _locked(folder: Path) -> BinaryIO:
    """The lock of a folder, held until it is closed, or this process ends."""
    file = (folder / "lock").open("wb")
    try:
        import fcntl
    except ImportError:  # not on this system
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        problem = Problem("out", f"another process is writing to {folder}")
        raise ArgumentError("the output cannot be written", problems=(problem,)) from None
    return file


def sync_folder(folder: Path) -> None:
    """Make renames in a folder outlive a power cut, where the system knows how."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file so that it stands under its name whole or not at all: to a temporary file, fsynced, renamed."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)  # the room is needed
        raise
    sync_folder(path.parent)


def read_manifest(path: Path) -> Mapping[str, Any] | None:
    """A manifest, or None where there is none.

    Raises
    ------
    ArgumentError
        Where it is none of ours.
    """
    try:
        value = decode_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        problem = Problem(str(path), f"cannot be read as a manifest: {str(error)[:100]}")
        raise ArgumentError("the output cannot be written", problems=(problem,)) from None
    return value if isinstance(value, dict) else {}


def write_manifest(path: Path, value: Mapping[str, Any]) -> None:
    """Write a manifest whole."""
    write_whole(path, lambda file: file.write(format_json(value).encode() + b"\n"))


def differences(before: Mapping[str, Any], now: Mapping[str, Any], names: Sequence[str]) -> list[Problem]:
    """What was said before and is said otherwise now."""
    found: list[Problem] = []
    for name in names:
        old, new = before.get(name), now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found.extend(
                Problem(f"{name}.{key}", f"was {_short(old.get(key))} and is {_short(new.get(key))}")
                for key in sorted(old.keys() | new.keys())
                if old.get(key) != new.get(key)
            )
        elif old != new:
            found.append(Problem(name, f"was {_short(old)} and is {_short(new)}"))
    return found


def _short(value: Any) -> str:
    text = "nothing" if value is None else encode_json(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
