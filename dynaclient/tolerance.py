"""What the mode ``lenient`` lets pass: counted, and told once for each operation and kind on the logger."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from dynaclient.frozen import Struct, evolve
from dynaclient.openapi.departure import Departure

__all__ = ["Tolerance", "Tolerated"]


class Tolerated(Struct, frozen=True):
    """One kind of departure from the document that replies of an operation had.

    Parameters
    ----------
    operation:
        The dotted name of the operation.
    kind:
        ``null``, ``property``, ``value``, ``format``, ``integer``, ``alternatives``, ``header``, ``status``, ``content``
        or ``empty``.
    where, message:
        The place of the first one, ``$.usage.total_tokens``, and what was there, in words without a value.
    count:
        How many replies, or items of streams, had one.
    """

    operation: str
    kind: str
    where: str
    message: str
    count: int = 1


class Tolerance:
    """Remembers what was let pass. Safe among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str], Tolerated] = {}

    def note(self, operation: str, status: int, departures: Iterable[Departure]) -> None:
        """Count the departures of one reply; tell of a kind that an operation did not have before.

        Parameters
        ----------
        operation:
            The dotted name of the operation.
        status:
            The status of the reply.
        departures:
            How it departs from the document.
        """
        kinds: dict[str, Departure] = {}
        for departure in departures:
            kinds.setdefault(departure.kind, departure)
        for kind, departure in kinds.items():
            with self._lock:
                known = self._found.get((operation, kind))
                found = Tolerated(operation, kind, departure.where, departure.message)
                self._found[operation, kind] = evolve(known, count=known.count + 1) if known else found
            if known is None:
                text = "%s: the reply (%s) has %s; it is accepted, validate='strict' refuses it"
                logging.getLogger("dynaclient").warning(text, operation, status, departure.message)

    def all(self) -> tuple[Tolerated, ...]:
        """Return all that was let pass, in the order in which it first came."""
        with self._lock:
            return tuple(self._found.values())
