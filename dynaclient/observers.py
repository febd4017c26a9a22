"""Who listens to a client's calls: its observers, and the logger."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from dynaclient.errors import ArgumentError, Problem
from dynaclient.observe import Observer

if TYPE_CHECKING:
    import logging

    from dynaclient.facts import AttemptFacts, ReplyFacts
    from dynaclient.watch import Watch

LOGGER = "dynaclient"
"""The one logger: DEBUG says each request, INFO each retry, WARNING what the modes ``lenient`` and ``warn`` let pass, and an observer
that fails."""

_INFO = 20  # logging.INFO, without the import


class _Logs(Observer):
    """The logger as an observer."""

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger

    def ended(self, token: Any, facts: ReplyFacts) -> None:
        request = facts.request
        outcome = facts.status if facts.error is None else facts.error
        size = "?" if facts.response_bytes is None else facts.response_bytes
        self.logger.debug(
            "%s: attempt %d: %s %s: %s, %s bytes, %.3f s",
            *(request.operation, request.number, request.method, request.url, outcome, size, facts.elapsed),
        )

    def attempt(self, facts: AttemptFacts) -> None:
        if facts.delay is not None:
            outcome = f"status {facts.status}" if facts.error is None else f"{facts.error}: {facts.detail}"
            self.logger.info(
                "%s: attempt %d failed (%s); once more in %.3g s",
                *(facts.operation, facts.number, outcome, facts.delay),
            )


class Observers:
    """The observers of a client, and the logger.

    Parameters
    ----------
    given:
        One `Observer` or several; each is told everything, in this order.
    scrub:
        Takes the client's secrets out of the words of an error.

    Raises
    ------
    ArgumentError
        Where one is none.
    """

    def __init__(
        self, given: Observer | Iterable[Observer] = (), scrub: Callable[[str], str] = lambda words: words
    ) -> None:
        found: Any = (given,) if isinstance(given, Observer) else given
        found = tuple(found) if isinstance(found, Iterable) else (found,)
        for observer in found:
            if not isinstance(observer, Observer):
                kind = observer.__name__ if isinstance(observer, type) else type(observer).__name__
                problem = Problem("observers", f"instances of dynaclient.Observer are expected, not {kind}")
                raise ArgumentError("an option makes no sense", problems=(problem,))
        self._given: tuple[Observer, ...] = found
        self.scrub = scrub
        self._logs: _Logs | None = None
        self._blamed: set[int] = set()
        self._lock = threading.Lock()

    def watch(
        self, operation: str, template: str, clock: Callable[[], float] = time.monotonic, most: int | None = None
    ) -> Watch | None:
        """What accompanies one call, or None where nobody is listening.

        Parameters
        ----------
        operation, template:
            The operation's dotted name and its path in the document.
        clock:
            Monotonic seconds.
        most:
            Attempts that the policy allows in all; None: as many as the time allows.
        """
        logs = self._listening()
        if logs is None and not self._given:
            return None
        from dynaclient.watch import Watch

        if logs is not None:
            return Watch(self, (*self._given, logs), operation, template, clock, most)
        return Watch(self, self._given, operation, template, clock, most)

    def _listening(self) -> _Logs | None:
        logging: Any = sys.modules.get("logging")  # while nobody has imported it nobody can have asked for messages
        if logging is None:
            return None
        logs = self._logs
        if logs is None:
            logs = self._logs = _Logs(logging.getLogger(LOGGER))
        return logs if logs.logger.isEnabledFor(_INFO) else None

    def blame(self, observer: Observer, hook: str) -> None:
        """Report the exception that is being handled, the first time that this observer raises."""
        with self._lock:
            known = id(observer) in self._blamed
            self._blamed.add(id(observer))
        if not known:
            import logging

            logging.getLogger(LOGGER).warning(
                "the observer %s failed in %s(); calls go on, and this is reported once",
                *(type(observer).__name__, hook),
                exc_info=True,
            )
