"""Threads that wait together until the service answers again: `dynaclient.bulk.outage` with a clock, a sleep and a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable

from dynaclient.bulk.outage import Outage, Pass, Waiting, span
from dynaclient.cancel import current
from dynaclient.errors import (
    APIError,
    ConnectError,
    ConnectionLostError,
    DynaclientError,
    ReplyError,
    TimeoutExpiredError,
)

_LOOK = 0.1
"""Seconds after which a thread that waits for another one looks whether it is still wanted."""
_ERRORS = 400
"""The lowest status that is an error."""
_AGAIN = 60.0
"""Seconds after which an outage is told of again."""
_WORTH = 1.0
"""Seconds from the first failure until the service is asked again, at least, for an outage to be told of."""


class Halted(Exception):
    """The run was asked to end: nothing more is begun."""


class GivenUp(Exception):
    """The service did not answer for as long as it may be waited for: ``error`` is what came last, ``waited`` how many seconds."""

    def __init__(self, error: DynaclientError, waited: float) -> None:
        super().__init__(str(error))
        self.error, self.waited = error, waited


class Patience:
    """Lets requests through while the service answers, and one at a time while it does not; safe among threads.

    Parameters
    ----------
    outage:
        Who may send when.
    clock, sleep:
        Monotonic seconds, and a wait in seconds.
    halt:
        Asked while a thread waits: once it says True, the wait ends with `Halted`.
    tell:
        Called with a line for people when the service is found down for a second or more, once a minute while it is, and when it answers again.
    """

    def __init__(
        self,
        outage: Outage,
        clock: Callable[[], float],
        sleep: Callable[[float], object],
        halt: Callable[[], bool] = lambda: False,
        tell: Callable[[str], object] = lambda line: None,
    ) -> None:
        self._outage, self._clock, self._sleep, self._halt, self._tell = outage, clock, sleep, halt, tell
        self._turn = threading.Condition()
        self._told_at: float | None = None
        self._error: DynaclientError | None = None

    def waiting(self) -> str:
        """Return why nothing is sent at present, in few words (``503, 8 s``); "" if requests flow."""
        with self._turn:
            found = self._outage.waiting
            return found.brief(self._clock()) if found is not None else ""

    @property
    def proven(self) -> int:
        """How many probes have failed so far."""
        return self._outage.proven

    @property
    def failures(self) -> int:
        """How many requests have failed since the last answer."""
        return self._outage.failures

    def enter(self, unless: Callable[[], bool] = lambda: False) -> Pass | None:
        """Wait until a request may be sent, and return the right to send it.

        Parameters
        ----------
        unless:
            Once it says True the request is not needed any more, and None is returned.

        Raises
        ------
        GivenUp
            If the service has been waited for long enough.
        Halted
            If the run ends meanwhile.
        """
        while not unless():
            self.check()
            with self._turn:
                now = self._clock()
                if self._error is not None and self._outage.given_up(now):
                    raise GivenUp(self._error, now - (self._outage.since or now))
                given = self._outage.ask(self._clock())
                if given is None:
                    self._turn.wait(_LOOK)
                    continue
            if self._slept(given, unless):
                return given
        return None

    def _slept(self, given: Pass, unless: Callable[[], bool]) -> bool:
        """Wait as long as a right says; whether it is still wanted then. An answer that another one got meanwhile ends the wait."""
        until = self._clock() + given.wait
        try:
            while given.wait and (left := until - self._clock()) > 0 and self._outage.waiting is not None:
                self.check()
                if unless():
                    break
                self._sleep(min(left, 0.5))
        except BaseException:
            self.drop(given)
            raise
        if unless():
            self.drop(given)
            return False
        return True

    def now(self) -> float:
        """Return the time, monotonic seconds."""
        return self._clock()

    def sleep_until(self, time: float) -> None:
        """Wait until a time on the clock.

        Raises
        ------
        Halted
            If the run ends meanwhile.
        """
        while (left := time - self._clock()) > 0:
            self.check()
            self._sleep(min(left, 0.5))

    def check(self) -> None:
        """Go on, unless the run is to end.

        Raises
        ------
        Halted
            If it is.
        """
        current().check()
        if self._halt():
            raise Halted

    def drop(self, given: Pass) -> None:
        """Give a right back unused, or without knowing what became of its request."""
        with self._turn:
            self._outage.dropped(given)
            self._turn.notify_all()

    def succeeded(self, given: Pass) -> None:
        """Note an answer."""
        with self._turn:
            since = self._outage.since
            self._outage.succeeded(given)
            if self._told_at is not None and since is not None:
                self._told_at = None
                self._tell(f"the service answers again, after {span(self._clock() - since)}")
            self._turn.notify_all()

    def failed(self, given: Pass, error: DynaclientError, *, proof: bool = True) -> None:
        """Note that there was no answer; ``proof``: to a request of a kind that was answered before, so that it is the service."""
        with self._turn:
            now = self._clock()
            self._error = error
            self._outage.failed(given, now, reason_of(error), proof=proof)
            waiting = None if self._outage.given_up(now) else self._outage.waiting
            if waiting is not None and waiting.patience and self._is_due(waiting, now):
                self._told_at = now
                self._tell(waiting.line(now))
            self._turn.notify_all()

    def _is_due(self, waiting: Waiting, now: float) -> bool:
        """Whether an outage is to be told of, for the first time or again; one that is over within a second is nobody's business."""
        if self._told_at is None:
            return waiting.until - waiting.since >= _WORTH
        return now - self._told_at >= _AGAIN

    def refused(self, given: Pass) -> float | None:
        """Note a refusal because too much was sent; for how long nothing else has come, None if it may go on."""
        with self._turn:
            return self._outage.refused(given, self._clock())


def reason_of(error: DynaclientError) -> str:
    """Return what came in place of an answer, in few words: the status of an error, or what a good status or no reply brought."""
    if isinstance(error, APIError):
        meant = error.error_status
        return str(meant) if meant >= _ERRORS else f"{meant} with an error in it"
    if isinstance(error, ReplyError):
        return "a reply that cannot be used"
    words = (
        (TimeoutExpiredError, "time-out"),
        (ConnectionLostError, "connection lost"),
        (ConnectError, "no connection"),
    )
    return next((word for kind, word in words if isinstance(error, kind)), type(error).__name__)
