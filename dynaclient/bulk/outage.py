"""Whether the service answers, and who may ask it while it does not: a circuit breaker with one prober. Pure: no clock, no sleep, no lock.

States: **flowing**, everybody may send; **suspected**, some requests in a row have failed and everybody may still send; **down**, one asks again from time to time
and the others wait; **recovering**, the prober was answered and the others follow, twice as many with each round of answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

FLOWING, SUSPECTED, DOWN, RECOVERING = "flowing", "suspected", "down", "recovering"
SUSPECT = 5
"""Failures in a row, without a success in between, after which the service counts as down."""
FIRST_PATIENCE = 120.0
"""Seconds that a service is waited for, at most, before it has answered for the first time: until then the address may be wrong."""
START = 8
"""Requests that are under way at once, at most, before the first was answered."""
UNBOUNDED = 1 << 30


@dataclass(frozen=True, slots=True)
class Pass:
    """The right to send one request, in ``wait`` seconds; ``probe``: on behalf of all who wait."""

    wait: float = 0.0
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why nothing is sent at present. Times are seconds on a monotonic clock.

    Parameters
    ----------
    reason:
        What came in place of an answer: ``503``, ``ConnectError``.
    since, until:
        When the first failure came, and when the service is asked again.
    patience:
        Seconds after which the run is given up.
    """

    reason: str
    since: float
    until: float
    patience: float

    def line(self, now: float) -> str:
        """Return the state in words.

        >>> Waiting("503", 0.0, 88.0, 3600.0).line(80.0)
        'the service does not answer (503); asking again in 8 s; waited 1 m 20 s of 1 h'
        """
        ahead = f"asking again in {span(max(1.0, self.until - now))}" if self.until - now > 0.5 else "asking again"
        waited = f"waited {span(now - self.since)} of {span(self.patience)}"
        return f"the service does not answer ({self.reason}); {ahead}; {waited}"

    def brief(self, now: float) -> str:
        """Return the state in few words, for a line that is drawn anew.

        >>> Waiting("503", 0.0, 88.0, 3600.0).brief(80.0)
        '503, 8 s'
        """
        return f"{self.reason}, {span(max(1.0, self.until - now))}" if self.until - now >= 0.1 else self.reason


def span(seconds: float) -> str:
    """Return a span of time in words, to the second: ``8 s``, ``1 m 20 s``, ``1 h``."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    parts = [(hours, "h"), (rest // 60, "m"), (rest % 60, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


class Outage:
    """Who may send when. Every method takes the time, in seconds on a monotonic clock; not safe among threads.

    Parameters
    ----------
    patience:
        Seconds without a success after which the service is given up, counted from the first failure.
    delay:
        Seconds before the probe of this number, from 0.
    known:
        Whether the service has answered before, in an earlier part of the run say; if not, `FIRST_PATIENCE` holds until it does.
    """

    def __init__(self, patience: float, delay: Callable[[int], float], *, known: bool = False) -> None:
        self._longest, self._delay, self._known = patience, delay, known
        self.failures = 0
        """Failures since the last answer."""
        self._since: float | None = None
        self._refused: float | None = None
        self._reason = ""
        self._down = self._probing = False
        self._probes = 0
        self._next = 0.0
        self._allowed = UNBOUNDED if known else START
        self._under_way = 0
        self.proven = 0
        """How many probes have failed that prove the service to be down: what failed before the last of them was not to blame."""

    @property
    def state(self) -> str:
        """One of the four states."""
        if self._down:
            return DOWN
        if self.failures:
            return SUSPECTED
        return FLOWING if self._allowed >= UNBOUNDED else RECOVERING

    @property
    def since(self) -> float | None:
        """When the first failure came after the last answer; None if there was none."""
        return self._since

    @property
    def patience(self) -> float:
        """Seconds that the service is waited for."""
        return self._longest if self._known else min(self._longest, FIRST_PATIENCE)

    @property
    def waiting(self) -> Waiting | None:
        """Why nothing is sent, None if requests flow."""
        if not self._down or self._since is None:
            return None
        return Waiting(self._reason, self._since, self._next, self.patience)

    def ask(self, now: float) -> Pass | None:
        """Return the right to send one request, or None: ask again later. What becomes of the request is to be told."""
        if self._down:
            if self._probing:
                return None
            self._probing = True
            self._under_way += 1
            return Pass(max(0.0, self._next - now), probe=True)
        if self._under_way >= self._allowed:
            return None
        self._under_way += 1
        return Pass()

    def dropped(self, given: Pass) -> None:
        """Take a right back: nothing is known of its request."""
        self._under_way -= 1
        self._probing = self._probing and not given.probe

    def succeeded(self, given: Pass) -> None:
        """Note an answer."""
        self.dropped(given)
        self._known = True
        self.failures, self._since, self._refused = 0, None, None
        if self._down:
            self._down, self._allowed = False, 1
        if self._allowed < UNBOUNDED:  # one more for each answer: twice as many with each round of them
            self._allowed += 1
            if self._allowed > self._under_way + START:
                self._allowed = UNBOUNDED

    def failed(self, given: Pass, now: float, reason: str, *, proof: bool = True) -> None:
        """Note that there was no answer, and what came in its place; ``proof``: it was no matter of what was asked."""
        self.dropped(given)
        self.failures += 1
        self._reason = reason
        self._since = now if self._since is None else self._since
        if given.probe:
            self._probes += 1
            self.proven += proof
            self._next = self._probe_at(now)
        elif not self._down and self.failures >= SUSPECT:
            self._down, self._probes = True, 0
            self._next = self._probe_at(now)

    def _probe_at(self, now: float) -> float:
        """When the next probe is due: the last one at the end of the patience."""
        end = (self._since or 0.0) + self.patience
        due = now + self._delay(self._probes)
        return min(due, end) if now < end else due

    def refused(self, given: Pass, now: float) -> float | None:
        """Note a refusal because too much was sent; for how long nothing else has come, None if that is within the patience."""
        self.dropped(given)
        self._refused = now if self._refused is None else self._refused
        waited = now - self._refused
        return waited if waited > self.patience else None

    def given_up(self, now: float) -> bool:
        """Return whether the service has been waited for long enough."""
        return self._down and self._since is not None and now - self._since >= self.patience
