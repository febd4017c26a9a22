"""The gate through which every request of a bulk run goes, retries included: the threads around a `Regulator`."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

from dynaclient.bulk.allowance import Word, words
from dynaclient.bulk.pace import Pace
from dynaclient.bulk.regulator import Regulator, Tally, Ticket
from dynaclient.cancel import current
from dynaclient.rate_limit import parse_retry_after
from dynaclient.wire import Headers, Request, Response, Stream, Timeout

_NAP = 1.0
"""Seconds of a wait, at most, before the regulator is asked again and a cancelled call is noticed."""


class Gate:
    """Lets requests through one by one, when the regulator allows; safe among threads.

    Parameters
    ----------
    pace:
        How fast.
    clock, now, sleep:
        Monotonic seconds, seconds since the epoch, and a wait in seconds that ends when the call is cancelled.
    """

    def __init__(
        self, pace: Pace, clock: Callable[[], float], now: Callable[[], float], sleep: Callable[[float], object]
    ) -> None:
        self._regulator = Regulator(pace)
        self._clock, self._now, self._sleep = clock, now, sleep
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._local = threading.local()

    @property
    def tally(self) -> Tally:
        """What went over the wire."""
        return self._regulator.tally

    def expect(self, tokens: int, *, again: bool = False) -> None:
        """Begin the next request of this thread, which holds so many tokens; ``again``: of rows that were sent before.

        Rows that were refused are not sent again before the time that was said for them.
        """
        before = self._ticket() if again else None
        self._local.ticket = Ticket(tokens) if before is None else Ticket(tokens, tried=True, again=before.again)

    def _ticket(self) -> Ticket:
        if not hasattr(self._local, "ticket"):
            self.expect(0)
        ticket: Ticket = self._local.ticket
        return ticket

    def enter(self) -> tuple[Ticket, float]:
        """Wait until this thread's request may be sent; its ticket, and the seconds that the wait took."""
        ticket, began = self._ticket(), self._clock()
        # A refused request waits aside: it does not keep the others from their turn.
        while (wait := ticket.again - self._clock()) > 0:
            self._rest(wait, tell=self._regulator.idle)
        # One thread waits for the pace, and the others for their turn, so that they are sent one after the other.
        with self._turn:
            while True:
                with self._lock:
                    now = self._clock()
                    wait = self._regulator.wait(now, ticket)
                    if wait <= 0:
                        self._regulator.take(now, ticket)
                        return ticket, now - began
                self._rest(wait, tell=True)

    def _rest(self, seconds: float, *, tell: bool) -> None:
        if tell and seconds > _NAP:
            self.tally.waiting = f"{self._regulator.reason}{math.ceil(seconds)} s"
        self._sleep(min(seconds, _NAP))
        current().check()

    def leave(self, ticket: Ticket, status: int | None, headers: Headers | None) -> None:
        """Tell what came back: the status and the fields of the reply, None if there was none."""
        retry_after: float | None = None
        said: tuple[Word, ...] = ()
        if headers is not None:
            epoch = self._now()
            retry_after, said = parse_retry_after(headers, epoch), tuple(words(headers, epoch, refused=status == 429))
        with self._lock:
            self._regulator.answered(self._clock(), ticket, status, retry_after, said)

    def pause(self, seconds: float) -> None:
        """Wait before this thread's request is sent again, as its retry policy says; after a 429 the gate waits instead."""
        ticket = self._ticket()
        if ticket.refused:
            ticket.refused = False
            return
        self._sleep(seconds)


class GatedTransport:
    """A transport behind a gate; see `dynaclient.transport.Transport`. The wait at the gate moves the deadline."""

    def __init__(self, transport: Any, gate: Gate) -> None:
        self._transport, self._gate = transport, gate

    def send(self, request: Request, timeout: Timeout, deadline: float | None) -> Response:
        """Wait for the gate, send, and tell it what came back."""
        reply: Response = self._through(lambda waited: self._transport.send(request, timeout, _later(deadline, waited)))
        return reply

    def open(self, request: Request, timeout: Timeout, deadline: float | None, until: float | None = None) -> Stream:
        """As `send`, for a reply that is read as it comes."""
        stream: Stream = self._through(
            lambda waited: self._transport.open(request, timeout, _later(deadline, waited), _later(until, waited))
        )
        return stream

    def _through(self, send: Callable[[float], Any]) -> Any:
        ticket, waited = self._gate.enter()
        try:
            reply = send(waited)
        except BaseException:
            self._gate.leave(ticket, None, None)
            raise
        self._gate.leave(ticket, reply.status, reply.headers)
        return reply

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()


def _later(deadline: float | None, seconds: float) -> float | None:
    return None if deadline is None else deadline + seconds
