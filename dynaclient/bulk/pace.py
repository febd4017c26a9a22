"""How fast to send: a rate that grows by and by and is cut when the service refuses. Pure: no clock, no sleep, no lock.

Nothing limits the rate until the service first answers 429. What it has accepted until then, over the time until it takes more, is the first rate. From then on:

- *Increase*: the rate climbs evenly to where it was refused, over a time that grows while the limit stays what it is, and from there on faster and faster: a limit
  that was raised is found, and one that was not is seldom run into.
- *Decrease*: a refusal cuts the rate by a factor, once for all requests that were under way.
- *Pause*: ``Retry-After`` holds every request of the process, not only the one that was refused.

The increase is the same for all, the decrease is a share of one's own, and who sends more is refused more: processes that share a limit come to share it evenly.
"""

from __future__ import annotations

from dataclasses import dataclass

CLIMB = 2.0, 60.0
"""Seconds from a cut until the rate is where it was refused: the shortest, and the longest."""
PATIENCE = 6.0
"""How many times longer the next climb takes than the time after which the last one was refused."""
DEPTH = 0.04, 0.2
"""The share that a cut takes away, and the one that it takes away within a second of two others."""
TAKEOFF = 1.0
"""Seconds in which the growth beyond the last refusal doubles, at least; an eighth of the climb otherwise."""
FEW = 3.0
"""Requests a second below which all of these times are longer, in proportion: a change must be seen before the next."""
_MOST_DOUBLED = 60.0
"""Doublings after which the rate is beyond any service."""
LEAST = 1 / 120
"""Requests a second, however often they are refused."""


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
        self._ceiling: float | None = None
        self._depth = 0.0
        self._climb = CLIMB[0]
        self._age = 10.0
        self._idle = 0.0
        self._cut_at = float("-inf")
        self._resumed = 0.0
        self._paused = float("-inf")
        self._next = float("-inf")
        self._next_tokens = float("-inf")
        self._begun: float | None = None
        self._accepted = 0
        self._cuts = 0
        self.throttles = 0
        """How many requests were refused with 429."""

    def rate(self, now: float) -> float | None:
        """Requests a second, or None where nothing bounds them."""
        found = None if self._ceiling is None else max(LEAST, self._grown(max(0.0, now - self._resumed)))
        if self._cap is None:
            return found
        return self._cap if found is None else min(found, self._cap)

    def _grown(self, age: float) -> float:
        """The rate so many seconds after a cut: evenly up to where it was refused, and from there on faster and faster."""
        assert self._ceiling is not None
        beyond = age - self._climb
        if beyond <= 0:
            return self._ceiling * (1 - self._depth * (1 - age / self._climb))
        # A first refusal, before much was sent, says little of the limit; a second one after it does.
        slow = max(1.0, FEW / self._ceiling) if self._cuts > 1 else 1.0
        doubled = min(beyond / max(TAKEOFF * slow, self._climb / 8), _MOST_DOUBLED)
        # A fixed number of requests is a part of the growth, so that the slow gain on the fast.
        return self._ceiling * (1 + 0.01 * (2**doubled - 1)) + 0.01 * beyond

    def wait(self, now: float) -> float:
        """Seconds until a request may be sent; 0 where it may be now."""
        due = max(self._paused, self._next, self._next_tokens)
        return max(0.0, due - now)

    def take(self, now: float, tokens: int = 0) -> None:
        """A request is sent now."""
        if self._begun is None:
            self._begun = now
        rate = self.rate(now)
        if rate is not None:
            self._idle += 0.1 * ((now > self._next + 0.5 / rate) - self._idle)
            # What was missed within one interval is made up for; more would be a burst.
            self._next = max(self._next, now - 1 / rate) + 1 / rate
        if self._tokens_cap is not None:
            self._next_tokens = max(self._next_tokens, now) + tokens / self._tokens_cap

    def accepted(self) -> None:
        """A request was answered, and not with 429."""
        self._accepted += 1

    def hold(self, until: float) -> None:
        """Nothing is sent before this time: the service said that nothing is left until then."""
        self._paused = max(self._paused, until)

    def refused(self, now: float, sent: float, retry_after: float | None) -> None:
        """A request was answered with 429.

        Parameters
        ----------
        now, sent:
            When it was answered, and when it was sent.
        retry_after:
            The seconds that the service asks to wait, or None.
        """
        self.throttles += 1
        rate = self.rate(now)
        pause = retry_after if retry_after is not None else min(5.0, 1 / rate if rate else 1.0)
        until = now + pause
        if sent >= max(self._cut_at, self._resumed if self._ceiling is not None else self._cut_at):
            self._cut(now, pause)
        self._paused = max(self._paused, until)
        self._resumed = max(self._resumed, self._paused)
        self._next = max(self._next, self._paused)

    def _cut(self, now: float, pause: float) -> None:
        self._cuts += 1
        begun = self._begun if self._begun is not None else now
        age = max(0.0, now - self._resumed)
        if self._ceiling is None:
            # What it takes in the time until it takes more.
            self._ceiling = max(1.0, self._accepted / max(1.0, now - begun + pause))
            self._depth, self._climb = 0.0, CLIMB[0]
        else:
            reached = max(LEAST, self._grown(age))
            used = min(reached, max(LEAST, self._accepted / max(1.0, age)))
            if self._idle > 0.5:  # the caller did not use the rate: what was used is what was refused
                reached = used
            elif age > self._climb:  # it grew fast, and has gone too far
                reached = (used + reached) / 2
            self._ceiling = reached
            self._depth = DEPTH[1] if age <= 1 and self._age <= 1 else DEPTH[0]
            self._climb = min(CLIMB[1], max(CLIMB[0] * max(1.0, FEW / self._ceiling), PATIENCE * age))
        self._age = age
        self._cut_at, self._resumed = now, now + pause
        self._begun, self._accepted = now, 0
