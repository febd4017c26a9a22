"""Tells a service that accepts nothing any more from one that refuses now and then, and when to ask it again. Pure.

A window that is used up, and a limit that was set to nothing, refuse everything: to go on sending is of no use then.
"""

from __future__ import annotations

from dynaclient.bulk.rate import FEW

STREAK = 3
"""Refusals in a row, with nothing accepted in between, that make a wall."""
LONGER = 0.5
"""The next question comes when the wall has stood longer by this share of its time."""
SOON = 0.5
"""Seconds until the first question, at most."""
LONGEST = 60.0
"""Seconds between two questions, at most."""


class Wall:
    """Refusals in a row. Every method takes the time, seconds on a monotonic clock.

    Parameters
    ----------
    begun:
        When the first request was sent.
    """

    def __init__(self, begun: float) -> None:
        self.streak = 0
        self.until = float("-inf")
        self._first_sent = self._first_came = float("-inf")
        self._up = False
        self._asked = 0.0
        self._fell, self._accepted = begun, 0
        self._doubted = False

    @property
    def up(self) -> bool:
        """Whether nothing is accepted."""
        return self._up

    def accepted(self, sent: float) -> float | None:
        """A request was accepted; how many a second since the last wall fell, if one has just fallen, else None."""
        self._accepted += 1
        if sent <= self._first_sent:  # it does not know of the refusals
            return None
        self.streak = 0
        if not self._up:
            return None
        fell = (self._asked + sent) / 2  # between the last refusal and this
        found = self._accepted / max(1e-3, fell - self._fell) if self._accepted >= FEW else float("inf")
        self._up, self.until = False, float("-inf")
        self._fell, self._accepted = fell, 0
        return found

    def trusted(self, found: float, rate: float, settled: bool) -> bool:
        """Whether a measure is to be believed: one long wall may be an outage, and does not change a rate that held until then."""
        if found == float("inf"):
            return False
        self._doubted = not self._doubted and settled and found < 0.7 * rate
        return not self._doubted

    def refused(self, now: float, sent: float, retry_after: float | None, rate: float, patience: float) -> None:
        """A request was refused.

        Parameters
        ----------
        now, sent:
            When it was refused, and when it was sent.
        retry_after:
            The seconds that the service asks to wait, or None.
        rate:
            Requests a second that are sent.
        patience:
            Seconds in which something sent after the first refusal would have been accepted.
        """
        if not self.streak:
            self._first_sent, self._first_came = sent, now
        self._first_sent = min(self._first_sent, sent)
        self.streak += 1
        if self._up:
            if sent >= self.until:
                self._ask(now, sent, retry_after, rate)
        elif self.streak >= STREAK and now - self._first_came >= patience:
            self._up = True
            self._ask(now, sent, retry_after, rate)

    def _ask(self, now: float, sent: float, retry_after: float | None, rate: float) -> None:
        # A whole second is what many services say of any time up to one.
        exact = retry_after is not None and retry_after != 1
        guess = max(min(SOON, 2 / rate), LONGER * (now - self._first_came))
        wait = retry_after if exact and retry_after is not None else guess
        self.until = now + min(wait, LONGEST)
        self._asked = self.until if exact else sent
