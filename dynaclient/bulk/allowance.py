"""What a service says is left of something that it counts, requests or tokens, and how long it lasts. Pure: no clock, no sleep, no lock."""

from __future__ import annotations

from collections.abc import Iterator

from dynaclient.frozen import Struct
from dynaclient.rate_limit import REQUESTS, TOKENS, limits
from dynaclient.wire import Headers

LONGEST = 60.0
"""Seconds for which a word of a service holds requests back, at most."""


class Word(Struct, frozen=True):
    """What the fields of a reply say: of ``what``, ``left`` are left, and all are there again in ``reset`` seconds, one after the other where they come back ``evenly``; ``limit`` at most, 0 where that is not said."""

    what: str
    left: float
    reset: float
    limit: float = 0.0
    evenly: bool = False


def words(headers: Headers, now: float, *, refused: bool = False) -> Iterator[Word]:
    """What a reply says is left of requests and of tokens; see `dynaclient.rate_limit.limits`. Of several limits of one
    kind the one with the least left counts.

    Parameters
    ----------
    headers:
        Of a reply.
    now:
        Seconds since the epoch.
    refused:
        Whether the request was refused with 429: then nothing is left of a limit of which only the reset is told.
    """
    found: dict[str, Word] = {}
    for limit in limits(headers, now):
        left = 0.0 if limit.remaining is None and refused else limit.remaining
        if left is None or limit.reset is None or limit.what not in (REQUESTS, TOKENS):
            continue
        word = Word(limit.what, left, limit.reset, limit.limit or 0.0, limit.evenly)
        if limit.what not in found or word.left < found[limit.what].left:
            found[limit.what] = word
    yield from found.values()


class Allowance:
    """What may still be sent of one thing. Every method takes the time, seconds on a monotonic clock."""

    def __init__(self) -> None:
        self._left: float | None = None
        self._at = 0.0
        self._until = 0.0
        self._span = 0.0
        self._every = 0.0
        self._limit = 0.0
        self._told = False
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
        self._told = self._told or word.limit > 0
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
        if now >= self._until and self._limit <= 1 and not self._told:
            self._left = None  # only refusals spoke: how many are there again nobody has said
            return None
        if now >= self._until:  # all are there again
            self._left, self._at, self._every = self._limit, now, 0.0
            self._until = now + self._span  # as long as nobody says otherwise
        return self._left + ((now - self._at) / self._every if self._every else 0.0)
