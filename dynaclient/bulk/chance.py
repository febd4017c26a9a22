"""How often a row must fail before chance does not explain it any more; safe among threads."""

from __future__ import annotations

import math
import threading
from collections import Counter

from dynaclient.bulk.fault import ROWS, UNSURE

TRIES = {ROWS: 2, UNSURE: 3}
"""How often a lone row fails before it is blamed, at least."""
MOST_TRIES = 12
DOUBT = 1e-6
"""How likely a row may be blamed for failures that come by chance."""


class Chance:
    """Learns how many failures pass when a request is sent again.

    Parameters
    ----------
    retrying:
        Whether rows that failed are tried again.
    """

    def __init__(self, *, retrying: bool = True) -> None:
        self._retrying = retrying
        self._passed = 0
        self._open: Counter[int] = Counter()
        self._lock = threading.Lock()

    def passed(self) -> None:
        """Note a failure that passed: the same rows have succeeded now."""
        with self._lock:
            self._passed += 1

    def opened(self, tries: int) -> None:
        """Note a row that is put aside after so many tries."""
        with self._lock:
            self._open[tries] += 1

    def closed(self, tries: int) -> None:
        """Note that the row is not aside any more."""
        with self._lock:
            self._open[tries] -= 1

    def early(self, tries: int) -> bool:
        """Return whether other rows are aside that have been tried less often: what becomes of them shows whether failures pass."""
        with self._lock:
            return any(count for number, count in self._open.items() if number < tries)

    def enough(self, whose: str, successes: int) -> int:
        """Return how often a row fails until it is the row: as often as the failures of others, which passed, do not explain.

        Parameters
        ----------
        whose:
            `ROWS` if the service refuses the row, `UNSURE` if it fails on it.
        successes:
            How many requests have succeeded.
        """
        if not self._retrying:
            return 1
        passed = self._passed + 2 * math.sqrt(self._passed)  # rather too many: a few failures say little
        share = min(0.5, passed / max(1, successes))
        by_chance = math.ceil(math.log(DOUBT) / math.log(share)) if share > 0 else 0
        return min(MOST_TRIES, max(TRIES[whose], by_chance))
