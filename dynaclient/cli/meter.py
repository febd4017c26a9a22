"""How far a bulk run is, on standard error: a line that is drawn anew on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shutil import get_terminal_size
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from dynaclient.cli.progress import size

if TYPE_CHECKING:
    from dynaclient.bulk.summary import Progress, Summary

_OFTEN, _SELDOM = 0.2, 30.0
_SOON = 5.0
"""Seconds after which something that takes long is told where there is no terminal."""
_TICK = 1.0
_QUIET = 3.0
"""Seconds after which a pipe that gives nothing is told of."""
_WINDOW = 30.0
"""Seconds over which rates are measured: what was fast an hour ago says nothing of the time that is left."""
_BARS = (20, 10)
_GAP = "  "


class Meter:
    """Told of progress, it shows it: five times a second on a terminal, every half minute elsewhere; and once a second while nothing comes, so that waiting is seen.

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
        self._told = False
        self._width = 0
        self._last: Progress | None = None
        self._phase: Callable[[], str] | None = None
        self._pace = Pace()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._ticker: threading.Thread | None = None
        self.seen: Progress | None = None
        """What was told last; None before the run has begun."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self._over.set()
        if self._ticker is not None:
            self._ticker.join()

    def __call__(self, progress: Progress) -> None:
        """Take note."""
        with self._lock:
            if self._last is None:
                self._pace = Pace()
            self._last = self.seen = progress
            now = self._clock()
            self._pace.note(now, progress)
            if now - self._shown >= (_OFTEN if self._terminal else _SELDOM):
                self._show(now)
        self._tick()

    @contextmanager
    def during(self, text: Callable[[], str]) -> Iterator[None]:
        """Tell what goes on while a block runs that may take long, before the first row is sent.

        Parameters
        ----------
        text:
            Says what goes on, now.
        """
        with self._lock:
            self._phase, self._shown, self._told = text, self._clock(), False
        self._tick()
        try:
            yield
        finally:
            with self._lock:
                self._phase = None
                self._clear()

    def end(self, *, complete: bool = False) -> None:
        """Show the last state, and end its line; ``complete``: take it away, for what the run came to is told in its place."""
        with self._lock:
            last, self._last = self._last, None
            if complete or last is None:
                self._clear()
            elif self._terminal:
                self._draw(line(last, self._pace, self._columns(), bar=True))
                self._write("\n")
                self._width = 0
            elif last.rows:
                self._draw(line(last, self._pace))

    def say(self, text: str) -> None:
        """Write a line, over the one that is drawn anew."""
        with self._lock:
            self._clear()
            self._write("\n".join(self._wrapped(f"dynaclient: {text}")) + "\n")

    def _wrapped(self, text: str) -> list[str]:
        """The text as lines that fit the terminal; file names stay whole."""
        if not self._terminal:
            return [text]
        from textwrap import wrap

        return wrap(
            text, max(20, self._columns()), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )

    def _tick(self) -> None:
        """Look again each second, on a thread."""
        if self._stream is not None and self._ticker is None:
            self._ticker = threading.Thread(target=self._watch, name="dynaclient-meter", daemon=True)
            self._ticker.start()

    def _watch(self) -> None:
        while not self._over.wait(_TICK):
            with self._lock:
                now = self._clock()
                patience = _TICK if self._terminal else _SELDOM if self._last or self._told else _SOON
                if now - self._shown >= patience:
                    self._show(now)

    def _show(self, now: float) -> None:
        text, width = "", self._columns()
        if self._last is not None:
            self._pace.note(now, self._last)
            text = line(self._last, self._pace, width, bar=self._terminal)
        elif self._phase is not None:
            text = self._phase()[: width or None]
        if not text:
            return
        self._shown, self._told = now, True
        self._draw(text)

    def _draw(self, text: str) -> None:
        if self._terminal:
            self._write("\r" + text + " " * max(0, self._width - len(text)))
            self._width = len(text)
        else:
            self._write(f"dynaclient: {text}\n")

    def _columns(self) -> int:
        """How long a line may be: one that wraps cannot be drawn over. 0 where there is no terminal."""
        return get_terminal_size().columns - 1 if self._terminal else 0

    def _clear(self) -> None:
        if self._width:
            self._write("\r" + " " * self._width + "\r")
            self._width = 0

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # nobody looks any more
            self._stream = None


class Incoming:
    """How much has come from a pipe, and since when nothing has.

    Parameters
    ----------
    name:
        Of the pipe.
    clock:
        Monotonic seconds.
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._clock = name, clock
        self._bytes, self._last = 0, clock()

    def __call__(self, count: int) -> None:
        """Take note of bytes that came."""
        self._bytes += count
        self._last = self._clock()

    def told(self) -> str:
        """What is to be said of it now."""
        silent = self._clock() - self._last
        if silent < _QUIET:
            return f"reading {self._name}: {size(self._bytes)}"
        after = f" after {size(self._bytes)}" if self._bytes else ""
        return f"waiting for rows from {self._name}: nothing has come for {silent:.0f} s{after}"


class Pace:
    """Rows and tokens a second, over the last half minute."""

    def __init__(self) -> None:
        self._notes: deque[tuple[float, int, int]] = deque()

    def note(self, now: float, progress: Progress) -> None:
        """Take note of how far the run is at a time, in monotonic seconds."""
        notes = self._notes
        if notes and now - notes[-1][0] < _OFTEN and len(notes) > 1:
            notes.pop()
        notes.append((now, progress.rows, progress.tokens))
        while now - notes[0][0] > _WINDOW and len(notes) > 2:
            notes.popleft()

    def rates(self) -> tuple[float, float]:
        """Rows and tokens a second; 0 where nothing is known."""
        (begin, rows, tokens), (end, rows_now, tokens_now) = self._notes[0], self._notes[-1]
        span = end - begin
        return ((rows_now - rows) / span, (tokens_now - tokens) / span) if span > 0 else (0.0, 0.0)


def line(progress: Progress, pace: Pace, width: int = 0, *, bar: bool = False) -> str:
    """``[#####     ]  24 %  1,200 of 5,000 rows  310 rows/s  0:12 left  3 failed  cost 0.0021  waiting: 429, 12 s  8,100 tokens/s  2 retries  1 throttled``.

    Parameters
    ----------
    progress, pace:
        How far the run is, and how fast.
    width:
        How long the line may be: what matters least is left out until it fits. 0: any length.
    bar:
        Whether a bar is drawn where there is room.
    """
    parts = _after(progress) if progress.doing else _while_sent(progress, pace)
    total = max(progress.total, progress.rows)
    share = min((progress.done if progress.doing else progress.rows) / total, 1.0) if progress.total and total else None
    if bar and share is not None:
        for size in _BARS:
            drawn = (9, f"[{'#' * int(share * size):<{size}}]")
            if not width or len(_GAP.join(text for _, text in [drawn, *parts])) <= width:
                parts = [drawn, *parts]
                break
    while width and len(parts) > 1 and len(_GAP.join(text for _, text in parts)) > width:
        parts.remove(max(parts, key=lambda part: part[0]))
    text = _GAP.join(text for _, text in parts)
    return text[:width] if width else text


def _while_sent(progress: Progress, pace: Pace) -> list[tuple[int, str]]:
    """What is told while rows are sent: how little each matters, and the text."""
    rows, tokens = pace.rates()
    total = max(progress.total, progress.rows) if progress.total else 0
    parts = _counted(progress.rows, total)
    waiting = progress.waiting()
    if rows >= 0.05:
        parts.append((5, f"{rows:,.0f} rows/s" if rows >= 10 else f"{rows:.1f} rows/s"))
        if total > progress.rows:
            parts.append((2, f"{clock((total - progress.rows) / rows)} left"))
    if progress.failed:
        parts.append((3, f"{progress.failed:,} failed"))
    if progress.cost is not None:
        parts.append((6, f"cost {money(progress.cost)}"))
    if waiting:
        parts.append((1, f"waiting: {waiting}"))
    if tokens >= 1:
        parts.append((7, f"{tokens:,.0f} tokens/s"))
    parts += [
        (8, f"{count:,} {name}")
        for count, name in ((progress.retries, "retries"), (progress.throttles, "throttled"))
        if count
    ]
    return parts


def _after(progress: Progress) -> list[tuple[int, str]]:
    """What is told after the last reply."""
    return [
        (0, progress.doing),
        *((1, text) for _, text in _counted(progress.done, max(progress.total, progress.done)) if progress.done),
    ]


def _counted(done: int, total: int) -> list[tuple[int, str]]:
    if not total:
        return [(0, f"{done:,} rows")]
    return [(0, f"{min(done / total, 1.0):.0%}".replace("%", " %")), (4, f"{done:,} of {total:,} rows")]


def clock(seconds: float) -> str:
    """A time for people: ``0:07``, ``1:02:03``, ``2 d 3:04:05``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    text = f"{hours}:{minutes:02}:{rest:02}" if hours or days else f"{minutes}:{rest:02}"
    return f"{days} d {text}" if days else text


def money(amount: float) -> str:
    """An amount with as many digits as matter: ``0.0021``, ``12.30``."""
    return f"{amount:,.2f}" if amount >= 10 else f"{amount:.4f}" if amount >= 0.001 or not amount else f"{amount:.6f}"


def told(summary: Summary, before: int) -> str:
    """What a complete run came to, in a line.

    Parameters
    ----------
    summary:
        What it came to.
    before:
        How many of its rows an earlier run had finished.
    """
    speed = (summary.sent - before) / summary.elapsed if summary.elapsed else 0.0
    parts = [f"{summary.rows:,} rows in {clock(summary.elapsed)}"]
    if speed >= 1:
        parts.append(f"{speed:,.0f} rows/s")
    parts.append(f"{summary.tokens:,} tokens")
    if summary.wasted_tokens:
        parts[-1] += f", {summary.wasted_tokens:,} of them without a result"
    if summary.cost is not None:
        parts.append(f"cost {money(summary.cost)}")
    return ", ".join(parts)
