"""How far a bulk run is, on standard error: a line that is drawn anew on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from shutil import get_terminal_size
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from dynaclient.bulk.summary import Progress

_OFTEN, _SELDOM = 0.2, 10.0
_WIDTH = 20


class Meter:
    """Told of progress, it shows it: five times a second on a terminal, every ten seconds elsewhere.

    Parameters
    ----------
    stream:
        Where; None for nowhere.
    clock:
        Monotonic seconds.
    """

    def __init__(self, stream: TextIO | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._terminal = stream is not None and stream.isatty()
        self._shown = clock()
        self._width = 0
        self._last: Progress | None = None
        self.seen: Progress | None = None
        """What was told last; None before the run has begun."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def __call__(self, progress: Progress) -> None:
        """Take note."""
        self._last = self.seen = progress
        now = self._clock()
        if now - self._shown >= (_OFTEN if self._terminal else _SELDOM):
            self._shown = now
            self._show(progress)

    def end(self, *, complete: bool = False) -> None:
        """Show the last state, and end the line; ``complete``: all rows are done, so that their number is known."""
        if self._last is not None and (complete or self._last.rows or self._terminal):
            self._show(replace(self._last, total=self._last.rows) if complete else self._last)
            self._last = None
            if self._terminal:
                self._write("\n")

    def _show(self, progress: Progress) -> None:
        text = line(progress, bar=self._terminal)
        if self._terminal:
            text = text[: get_terminal_size().columns - 1]  # a line that wraps cannot be drawn over
            self._write("\r" + text + " " * max(0, self._width - len(text)))
            self._width = len(text)
        else:
            self._write(f"dynaclient: {text}\n")

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # nobody looks any more
            self._stream = None


def line(progress: Progress, *, bar: bool) -> str:
    """``[#####     ] 1,200 of 5,000 rows  310 rows/s  8,100 tokens/s  0:12 left  2 retries  1 throttled  0 failed``."""
    done, total = progress.rows, max(progress.total, progress.rows if progress.total else 0)
    elapsed = max(progress.elapsed, 1e-9)
    speed = (done - progress.before) / elapsed
    parts = [f"[{'#' * round(min(done / total, 1.0) * _WIDTH):<{_WIDTH}}]"] if bar and total else []
    parts.append(f"{done:,} of {total:,} rows" if total else f"{done:,} rows")
    if progress.elapsed:
        parts += [f"{speed:,.0f} rows/s", f"{progress.tokens / elapsed:,.0f} tokens/s"]
    if total > done and speed > 0:
        minutes, seconds = divmod(round((total - done) / speed), 60)
        hours, minutes = divmod(minutes, 60)
        parts.append(f"{hours}:{minutes:02}:{seconds:02} left" if hours else f"{minutes}:{seconds:02} left")
    parts += [f"{progress.retries:,} retries", f"{progress.throttles:,} throttled", f"{progress.failed:,} failed"]
    return "  ".join(parts)
