"""The rate that a service takes, learned from what it accepts and refuses. Pure: no clock, no sleep, no lock.

- *Search*: at first the rate grows fast, and a refusal takes much of it away; both become less with each refusal.
- *Measure*: a service that refuses has nothing left. What it accepts from one refusal to the next, over the time between
  them, is the limit, whether a bucket or a window keeps it. A rate far above that comes down to it.
- *Balance*: a refusal takes a share away, and the rate grows by so little that refusals stay rare. Who sends more is
  refused more, so that processes that share a limit come to share it evenly. A limit that was raised is found, because
  the growth becomes faster and faster once the refusals stay away.
"""

from __future__ import annotations

import math

LEAST = 1 / 120
"""Requests a second, however often they are refused."""
CUT = 1 / 25
"""The share of the rate that a refusal takes away in balance, at most."""
HORIZON = 1.0
"""Seconds within which refusals take away what is too much, where many requests are sent; longer if replies take long."""
SEARCH = 1.0, 2.0
"""The growth of the rate in a second at first: a share of the rate, and requests a second for each share of one."""
LEARNED = 3.0
"""By how much the search becomes slower with a refusal."""
DEEP = 0.3, 0.1
"""The share that a refusal takes away during the search, and the speed of the search at which it is half of that."""
FASTEST = 0.5
"""The growth of the rate in a second, at most, however long nothing was refused."""
FEW = 8
"""Requests that must have been accepted before they are taken for a measure."""


def wanted(rate: float) -> float:
    """Refusals a second at which a rate is in balance: 2 % of the requests up to 3 a second, and fewer above."""
    return min(0.02 * rate, max(0.06, 0.012 * math.sqrt(rate)))


class Rate:
    """Requests a second. Every method takes the time, seconds on a monotonic clock.

    Parameters
    ----------
    now, value:
        When it is set for the first time, and to what.
    """

    def __init__(self, now: float, value: float) -> None:
        self.value = value
        self._speed = SEARCH[0]
        self._cut_at, self._since_cut, self._interval = now, 0, 0.0
        self._measured_at, self._since = now, 0

    @property
    def settled(self) -> bool:
        """Whether the search is over."""
        return self._speed < 0.05

    def quiet(self, now: float) -> None:
        """Nothing was sent for a while, so that the time without a refusal counts from now."""
        self._cut_at = now

    def accepted(self, sent: float) -> None:
        """A request that was sent at this time was accepted."""
        self._since += sent > self._measured_at
        self._since_cut += sent > self._cut_at

    def grow(self, now: float, seconds: float, lag: float, most: float) -> None:
        """Grow for so many seconds in which the rate was what held the requests.

        Parameters
        ----------
        now, seconds:
            The time, and the seconds.
        lag:
            Seconds until a reply tells how a request fared.
        most:
            Refusals a second that can be borne.
        """
        often = min(wanted(self.value), most)
        quiet = (now - self._cut_at) / max(1 / often, self._interval)
        growth = self._share(lag) * often * 2 ** min(3 * max(0.0, quiet - 1.5), 40)
        search = self._speed * (1 + SEARCH[1] / self.value)
        self.value *= 1 + max(min(growth, FASTEST), search) * seconds

    def _share(self, lag: float) -> float:
        """The share of the rate that one refusal takes away in balance."""
        return min(CUT, 1 / (self.value * max(HORIZON, 2 * lag)))

    def refused(self, now: float, sent: float, latency: float, lag: float) -> None:
        """Cut the rate, because a request was refused that was sent at this time.

        Parameters
        ----------
        now, sent:
            When it was refused, and when it was sent.
        latency:
            Seconds that an accepted request takes.
        lag:
            Seconds until a reply tells how a request fared.
        """
        known = sent < self._cut_at  # the rate was cut after it was sent
        if sent < self._measured_at or (known and self._share(lag) == CUT):
            return
        found = self._found(now, latency)
        if found is not None and self.value > 1.2 * found:
            self.value = math.sqrt(found * self.value)
        else:
            deep = 0.0 if known else DEEP[0] * self._speed / (self._speed + DEEP[1])
            self.value = max(LEAST, self.value * (1 - max(self._share(lag), deep)))
        # Refusals that follow each other are of one excess, and say the less.
        self._speed /= LEARNED ** min(1.0, max(0.1, self._since_cut / 4))
        if self._since_cut >= 4:
            self._interval = now - self._cut_at
        if found is not None:
            self._measured_at, self._since = now, 0
        self._cut_at, self._since_cut = now, 0

    def _found(self, now: float, latency: float) -> float | None:
        """Requests a second that were accepted since the last measure; None if it is too early to say."""
        span = now - latency - self._measured_at  # what was sent later has no answer yet
        return self._since / span if self._since >= FEW and span > 4 * latency else None

    def measured(self, value: float) -> None:
        """Set the rate to one that was measured over a whole window."""
        self.value = max(LEAST, value)
        self._speed /= 10
