"""How far a file has come, on standard error, where that is a terminal: bytes, share, rate and time that is left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

_OFTEN = 0.1
_WIDTH = 24
_UNITS = ("B", "kB", "MB", "GB", "TB")


class Progress:
    """Draws one line and draws it anew, at most ten times a second; `close` takes it away.

    Parameters
    ----------
    label:
        What is on its way: the name of the file.
    stream:
        A terminal.
    clock:
        Monotonic seconds.
    """

    def __init__(self, label: str, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._label, self._stream, self._clock = label, stream, clock
        self._begun = self._drawn = clock()
        self._first = 0
        self._width = 0

    def __call__(self, done: int, total: int | None) -> None:
        """Take note of how much is there.

        Parameters
        ----------
        done, total:
            Bytes; ``total`` None where it is not known.
        """
        now = self._clock()
        if done < self._first or self._width == 0:
            self._first, self._begun = done, now  # what a former try has left is not part of the rate
        if now - self._drawn < _OFTEN and self._width and done != total:
            return
        self._drawn = now
        self._show(line(self._label, done, total, (done - self._first) / max(now - self._begun, 1e-9)))

    def close(self) -> None:
        """Take the line away: results and messages come where it was."""
        if self._width:
            self._show("")
            self._write("\r")
            self._width = 0

    def _show(self, text: str) -> None:
        self._write("\r" + text + " " * max(0, self._width - len(text)))
        self._width = max(len(text), 1)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text.encode("ascii", "replace").decode())
            self._stream.flush()
        except (OSError, ValueError):  # nobody looks any more
            pass


def line(label: str, done: int, total: int | None, rate: float) -> str:
    """``model.bin  [######      ]  50%  1.2 of 2.4 GB  96 MB/s  0:12 left``.

    Parameters
    ----------
    label, done, total:
        The name, and bytes; ``total`` None where it is not known.
    rate:
        Bytes in a second.
    """
    name = label if len(label) <= 24 else label[:21] + "..."
    speed = f"{size(rate)}/s"
    if not total:
        return f"{name}  {size(done)}  {speed}"
    share = min(done / total, 1.0)
    bar = "#" * round(share * _WIDTH)
    left = f"  {_clock(round((total - done) / rate))} left" if rate > 0 and done < total else ""
    return f"{name}  [{bar:<{_WIDTH}}] {share:4.0%}  {size(done)} of {size(total)}  {speed}{left}"


def size(count: float) -> str:
    """Bytes for people: ``1.2 GB``, powers of 1000."""
    for unit in _UNITS:
        if count < 999.5 or unit == _UNITS[-1]:
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" or count >= 99.5 else f"{count:.1f} {unit}"


def _clock(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def shown(label: str) -> Iterator[Progress | None]:
    """A progress line on standard error while a block runs; None where nobody would see it."""
    stream = sys.stderr
    if stream is None or not stream.isatty():
        yield None
        return
    progress = Progress(label, stream)
    try:
        yield progress
    finally:
        progress.close()


class Counted:
    """A file whose reading is told to a Progress."""

    def __init__(self, file: BinaryIO, name: str, total: int | None, progress: Progress) -> None:
        self._file, self.name, self._total, self._progress = file, name, total, progress
        self._done = 0

    def read(self, count: int = -1) -> bytes:
        """As that of the file."""
        data = self._file.read(count)
        if data:
            self._done += len(data)
            self._progress(self._done, self._total)
            if self._done == self._total:
                self._progress.close()
        return data

    def seekable(self) -> bool:
        """As that of the file."""
        return self._file.seekable()

    def tell(self) -> int:
        """As that of the file."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        """As that of the file."""
        self._done = self._file.seek(offset, whence)
        return self._done


@contextmanager
def counted(path: Path) -> Iterator[Any]:
    """A file to send, its progress on standard error."""
    with path.open("rb") as file, shown(path.name) as progress:
        total = path.stat().st_size if path.is_file() else None
        yield Counted(file, path.name, total, progress) if progress is not None else file
