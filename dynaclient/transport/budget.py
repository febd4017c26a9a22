"""A budget of retries, so that many threads do not hammer a server that is down."""

from __future__ import annotations

import os
import threading
import weakref

CAPACITY = 500
RETRY_COST = 5
TIMEOUT_COST = 10


class RetryBudget:
    """Tokens per origin: a retry costs 5, after a time-out 10; a success pays back 1, up to 500. Safe to share among threads, and to use in a child
    after a fork.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._spent: dict[str, int] = {}
        self._lock = threading.Lock()
        _living.add(self)

    def withdraw(self, origin: str, *, after_timeout: bool = False) -> bool:
        """Take what a retry costs; False, and nothing is taken, where not enough is left."""
        cost = TIMEOUT_COST if after_timeout else RETRY_COST
        with self._lock:
            spent = self._spent.get(origin, 0) + cost
            if spent > self._capacity:
                return False
            self._spent[origin] = spent
            return True

    def deposit(self, origin: str) -> None:
        """Pay back 1 for a success. Costs nothing where nothing is owed."""
        if origin in self._spent:
            with self._lock:
                spent = self._spent.get(origin, 0) - 1
                if spent > 0:
                    self._spent[origin] = spent
                else:
                    self._spent.pop(origin, None)

    def left(self, origin: str) -> int:
        """The tokens that are left for an origin."""
        return self._capacity - self._spent.get(origin, 0)

    def __reduce__(self) -> tuple[type[RetryBudget], tuple[int]]:
        return RetryBudget, (self._capacity,)


_living: weakref.WeakSet[RetryBudget] = weakref.WeakSet()


def _renew_locks() -> None:
    """In a child process: a lock that another thread of the parent held at the fork would never be let go."""
    for budget in list(_living):
        budget._lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)
