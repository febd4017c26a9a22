"""How many rows a service takes in one request, learned from what it refuses. Pure.

A run that is refused although each of its parts succeeds was too long. The bound lies between the longest run that succeeded and the shortest that was too long, and
is searched for by bisection, one try at a time. A run no longer than one that has succeeded teaches nothing: it was refused for another reason.
"""

from __future__ import annotations

import threading

GROW = 200
"""Successes at the bound after which a longer run is tried again; twice as many after each one that is refused."""


class Ceiling:
    """The bound; safe among threads.

    Parameters
    ----------
    fits, too_many:
        The longest run that succeeded, and the shortest that was too long; 0 and None if not known.
    """

    def __init__(self, fits: int = 0, too_many: int | None = None) -> None:
        self.fits, self.too_many = fits, too_many
        self._trying: int | None = None
        self._quiet, self._grow = 0, GROW
        self._lock = threading.Lock()

    def bounds(self, rows: int) -> bool:
        """Return whether so many rows are known to be too many for one request."""
        return self.too_many is not None and rows >= self.too_many and rows != self._trying

    def cut(self, rows: int) -> int:
        """Return how many of so many rows to send next: all of them, fewer, or 0: wait until it is known what becomes of a length that is tried out.

        That length is handed out once, until `took`, `refused` or `dropped` is told of it.
        """
        with self._lock:
            if self.too_many is None:
                return rows
            tried = self._tried(self.too_many)
            if tried is None or rows < tried:
                return min(rows, max(1, self.fits)) if rows >= self.too_many else rows
            if self._trying is not None:
                return 0
            self._trying = tried
            return tried

    def _tried(self, too_many: int) -> int | None:
        """The length that is tried out next, None if the bound is known well enough."""
        middle = (self.fits + too_many) // 2
        if too_many - self.fits > max(1, self.fits // 3):
            return max(1, middle)
        if self._quiet < self._grow:
            return None
        return middle if middle > self.fits else too_many

    def took(self, rows: int) -> None:
        """Note that so many rows succeeded."""
        with self._lock:
            self._quiet += 1
            if rows > self.fits:
                self.fits = rows
            if self.too_many is not None and rows >= self.too_many:  # what was refused was not too long
                self.too_many, self._grow = None, GROW
            self._forget(rows)

    def refused(self, rows: int) -> None:
        """Note that so many rows were refused although each part of them succeeded."""
        with self._lock:
            self._forget(rows)
            if rows <= self.fits:
                return
            if self._quiet >= self._grow:
                self._quiet, self._grow = 0, 2 * self._grow
            self.too_many = rows if self.too_many is None else min(rows, self.too_many)

    def dropped(self, rows: int) -> None:
        """Note that nothing was learned from a run of so many rows."""
        with self._lock:
            self._forget(rows)

    def _forget(self, rows: int) -> None:
        if rows == self._trying:
            self._trying = None
