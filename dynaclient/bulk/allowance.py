"""What a service says is left of something that it counts, requests or tokens, and how long it lasts. Pure: no clock, no sleep, no lock."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dynaclient.frozen import Struct
from dynaclient.wire import Headers

LONGEST = 60.0
"""Seconds for which a word of a service holds requests back, at most."""
REQUESTS, TOKENS = "requests", "tokens"
_PATTERNS = (
    (REQUESTS, "x-ratelimit-{}-requests"),
    (TOKENS, "x-ratelimit-{}-tokens"),
    (REQUESTS, "x-ratelimit-{}"),
    (REQUESTS, "ratelimit-{}"),
)
# What is counted, whether it comes back evenly, and the names of the fields. Single requests and tokens come back evenly, those that are counted without their kind all at once.
_FIELDS = tuple(
    (what, pattern.endswith(what), pattern.format("remaining"), pattern.format("reset"), pattern.format("limit"))
    for what, pattern in _PATTERNS
)
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Word(Struct, frozen=True):
    """What the fields of a reply say: of ``what``, ``left`` are left, and all are there again in ``reset`` seconds, one after the other where they come back ``evenly``; ``limit`` at most, 0 where that is not said."""

    what: str
    left: float
    reset: float
    limit: float = 0.0
    evenly: bool = False


def words(headers: Headers, now: float) -> Iterator[Word]:
    """What the usual fields say: ``x-ratelimit-remaining-requests`` and ``-tokens`` with their ``limit`` and ``reset`` (``6ms``, ``1m30s``), ``x-ratelimit-remaining`` and
    ``ratelimit-remaining`` (seconds, or seconds since the epoch).

    Parameters
    ----------
    headers:
        Of a reply.
    now:
        Seconds since the epoch.
    """
    for what, evenly, remaining, resets, limit in _FIELDS:
        left = _number(headers.get(remaining))
        reset = _seconds(headers.get(resets), now) if left is not None else None
        if left is not None and reset is not None:
            yield Word(what, left, reset, _number(headers.get(limit)) or 0.0, evenly)


class Allowance:
    """What may still be sent of one thing. Every method takes the time, seconds on a monotonic clock."""

    def __init__(self) -> None:
        self._left: float | None = None
        self._at = 0.0
        self._until = 0.0
        self._span = 0.0
        self._every = 0.0
        self._limit = 0.0
        self._before: Word | None = None
        self._windowed = False

    def told(self, word: Word, now: float, sent: float, since: float) -> None:
        """A reply came that says what is left.

        Parameters
        ----------
        word:
            What it says.
        now, sent:
            When it came, and when its request was sent.
        since:
            How much has been sent after it, of which it cannot know.
        """
        missing = word.limit - word.left
        # Where no limit is told, there was once as much as is left now, and what this request took.
        self._limit = word.limit or max(self._limit, word.left + 1)
        said = (now + sent) / 2  # when it was said nobody knows
        self._left, self._at = word.left - since, said
        self._learn(word)
        evenly = word.evenly and not self._windowed
        self._every = word.reset / missing if evenly and missing > 0 else 0.0
        self._until = said + min(word.reset, LONGEST)
        self._span = max(self._span, self._until - said)

    def _learn(self, word: Word) -> None:
        """Tell a window from what comes back evenly: within one the time to its end falls while what is left does, or stays; of the other it rises."""
        before, self._before = self._before, word
        if before is None or word.reset == before.reset:
            return
        if word.left != before.left:
            self._windowed = (word.left < before.left) == (word.reset < before.reset)
        elif word.limit and before.reset - word.reset > 1.5 * before.reset / word.limit:
            self._windowed = True

    def wait(self, now: float, need: float = 1.0) -> float:
        """Seconds until so much may be sent; 0 where it may be now, or nobody knows."""
        left = self._now(now)
        need = min(need, self._limit)
        if left is None or left >= need:
            return 0.0
        back = (need - left) * self._every if self._every else self._until - now
        return min(back, max(0.0, self._until - now))

    def take(self, now: float, amount: float = 1.0) -> None:
        """So much is sent now."""
        left = self._now(now)
        if left is not None:
            self._left, self._at = left - amount, now

    def _now(self, now: float) -> float | None:
        if self._left is None:
            return None
        if now >= self._until:  # all are there again
            self._left, self._at, self._every = self._limit, now, 0.0
            self._until = now + self._span  # as long as nobody says otherwise
        return self._left + ((now - self._at) / self._every if self._every else 0.0)


def _number(text: str | None) -> float | None:
    found = _SPAN.fullmatch(text.strip()) if text else None
    return float(found[1]) if found is not None and not found[2] else None


def _seconds(text: str | None, now: float) -> float | None:
    """A span of time as services write it: ``1s``, ``6m0s``, ``20ms``, ``12.5``, or seconds since the epoch."""
    parts = list(_SPAN.finditer(text.strip())) if text else []
    if not parts or "".join(part[0] for part in parts) != (text or "").strip():
        return None
    total = sum(float(part[1]) * _UNITS[part[2] or ""] for part in parts)
    return max(0.0, total - now) if total > 1e9 else total
