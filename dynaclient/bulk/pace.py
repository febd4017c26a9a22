"""How fast to send. Pure: no clock, no sleep, no lock.

Four requests are sent at first, and one more for each that is accepted; no rate bounds them until the first 429. From
then on a `Rate` is learned. ``Retry-After`` holds the request that was refused, and the others go on at the lower rate,
for at a bucket most of them are accepted. If nothing is accepted any more (`Wall`), all are held, and single requests
ask again.
"""

from __future__ import annotations

from dataclasses import dataclass

from dynaclient.bulk.rate import Rate
from dynaclient.bulk.wall import Wall

START = 4
"""Requests under way at first."""
SLACK = 0.02
"""Seconds that a late thread may make up for."""
POLL = 0.01
"""Seconds until to ask again, if a reply must come before the next request."""
BORNE = 0.02
"""The share of the time of all workers that may be spent waiting for a ``Retry-After``."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What the caller allows: requests and tokens a minute, None without a bound."""

    rpm: float | None = None
    tpm: float | None = None


class Pace:
    """When the next request may be sent. Every method takes the time, seconds on a monotonic clock; not safe among threads.

    Parameters
    ----------
    caps:
        What the caller allows.
    """

    def __init__(self, caps: Caps = Caps()) -> None:
        self._cap = caps.rpm / 60 if caps.rpm else None
        self._tokens_cap = caps.tpm / 60 if caps.tpm else None
        self._rate: Rate | None = None
        self._wall: Wall | None = None
        self._room = float(START)
        self._under_way, self._most = 0, 1
        self._accepted = 0
        # How long an accepted request takes, and a refused one; what the last refusal cost in time.
        self._latency = self._lateness = self._cost = 0.0
        self._begun = 0.0
        self._last = float("-inf")
        self._held = float("-inf")
        self._next = float("-inf")
        self._next_tokens = float("-inf")

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return not self._under_way

    def rate(self) -> float | None:
        """Requests a second, or None if nothing bounds them."""
        if self._rate is None or self._cap is None:
            return self._cap if self._rate is None else self._rate.value
        return min(self._rate.value, self._cap)

    def wait(self, now: float) -> float:
        """Seconds until a request may be sent; 0 if it may be sent now."""
        until = self._wall.until if self._wall is not None else float("-inf")
        due = max(self._held, self._next, self._next_tokens, until) - now
        if due <= 0 and self._under_way >= self._room:
            return POLL
        return max(0.0, due)

    def take(self, now: float, tokens: int = 0) -> None:
        """A request is sent now."""
        if self._wall is None:
            self._wall, self._begun = Wall(now), now
        self._under_way += 1
        self._most = max(self._most, self._under_way)
        rate = self.rate()
        if rate is not None:
            self._grow(now, rate)
            self._next = max(self._next, now - SLACK) + 1 / rate
        self._last = now
        if self._tokens_cap is not None:
            self._next_tokens = max(self._next_tokens, now) + tokens / self._tokens_cap

    def _grow(self, now: float, rate: float) -> None:
        """Let the rate grow if it was the rate that held this request, and not the caller, the cap or a wall."""
        found, wall = self._rate, self._wall
        late = now > self._next + 0.25 * max(1 / rate, SLACK)
        if found is None or found.value > rate or late or (wall is not None and wall.up):
            return
        most = BORNE * self._most / self._cost if self._cost else float("inf")
        found.grow(now, min(now - self._last, 2 / rate), self._lag, most)

    @property
    def _lag(self) -> float:
        return max(self._latency, self._lateness)

    def accepted(self, now: float, sent: float) -> None:
        """A request that was sent at this time was answered, and not with 429."""
        self._under_way -= 1
        self._accepted += 1
        self._room += 1
        taken = now - sent
        self._latency = self._latency + 0.1 * (taken - self._latency) if self._latency else taken
        found = self._wall.accepted(sent) if self._wall is not None else None
        if self._rate is None or self._wall is None:
            return
        self._rate.accepted(sent)
        if found is None:
            return
        if self._wall.trusted(found, self._rate.value, self._rate.settled):
            self._rate.measured(found)
        self._rate.quiet(now)
        self._room = max(2.0, self._rate.value * self._latency * 1.5)

    def failed(self) -> None:
        """A request ended without an answer."""
        self._under_way -= 1

    def hold(self, until: float) -> None:
        """Nothing is sent before this time: the service said that nothing is left until then."""
        self._held = max(self._held, until)

    def refused(self, now: float, sent: float, retry_after: float | None) -> None:
        """A request was answered with 429.

        Parameters
        ----------
        now, sent:
            When it was answered, and when it was sent.
        retry_after:
            The seconds that the service asks to wait, or None.
        """
        self._under_way -= 1
        self._cost = retry_after or 0.0
        self._lateness += 0.2 * (now - sent - self._lateness)
        wall = self._wall = self._wall or Wall(sent)
        if self._rate is None:
            self._first(now, retry_after)
        elif not wall.streak:
            self._rate.refused(now, sent, self._latency, self._lag)
        assert self._rate is not None
        patience = 1.5 * self._latency if self._under_way else 0.0
        wall.refused(now, sent, retry_after, self._rate.value, patience)
        if wall.up:
            self._room = 1.0

    def _first(self, now: float, retry_after: float | None) -> None:
        """Begin low after the first refusal, for what was accepted before may have been saved for long."""
        pause = min(1.0, max(0.5, retry_after or 0.0))
        value = max(1.0, self._accepted / max(1e-3, now - self._begun + pause) / 3)
        self._rate = Rate(now + pause, value)
        self._room = 2.0
        self.hold(now + pause)
