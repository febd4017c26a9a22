"""The gate through which every request of a bulk run goes, retries included: it keeps the pace and is told what came back."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dynaclient.bulk.allowance import LONGEST, Allowance, words
from dynaclient.bulk.pace import Pace
from dynaclient.cancel import current
from dynaclient.rate_limit import REQUESTS, TOKENS, parse_retry_after
from dynaclient.wire import Headers, Request, Response, Stream, Timeout

_RECENT = 1024
"""Requests of which it is known when they were sent."""


@dataclass(slots=True)
class Tally:
    """What went over the wire: ``requests`` sent, of which ``retries`` were sent again and ``throttles`` came back with 429.

    ``waiting`` says why nothing is sent at this moment, and for how long, for people: ``429, 12 s``; ``""`` while requests go out.
    """

    requests: int = 0
    retries: int = 0
    throttles: int = 0
    waiting: str = ""


class Gate:
    """Lets requests through one by one, when the pace allows; safe among threads.

    Parameters
    ----------
    pace:
        When the next may be sent.
    clock, now, sleep:
        Monotonic seconds, seconds since the epoch, and a wait in seconds that ends when the call is cancelled.
    """

    def __init__(
        self, pace: Pace, clock: Callable[[], float], now: Callable[[], float], sleep: Callable[[float], object]
    ) -> None:
        self._pace, self._clock, self._now, self._sleep = pace, clock, now, sleep
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._local = threading.local()
        self._allowances = {REQUESTS: Allowance(), TOKENS: Allowance()}
        self._recent: deque[tuple[float, int]] = deque(maxlen=_RECENT)
        self._refused = ""
        self.tally = Tally()

    def expect(self, tokens: int) -> None:
        """The next requests of this thread hold so many tokens."""
        self._local.tokens = tokens
        self._local.first = True

    def enter(self) -> float:
        """Wait until a request may be sent; the time at which it is."""
        tokens = getattr(self._local, "tokens", 0)
        with (
            self._turn
        ):  # one waits for the pace, the others for their turn: a pause that comes meanwhile holds them all
            while True:
                with self._lock:
                    now = self._clock()
                    wait = max(
                        self._pace.wait(now),
                        self._allowances[REQUESTS].wait(now),
                        self._allowances[TOKENS].wait(now, tokens),
                    )
                    if wait <= 0:
                        self._take(now, tokens)
                        return now
                if wait > 1:
                    self.tally.waiting = f"{self._refused}{math.ceil(wait)} s"
                self._sleep(min(wait, 1.0))
                current().check()

    def _take(self, now: float, tokens: int) -> None:
        self._pace.take(now, tokens)
        self._allowances[REQUESTS].take(now)
        self._allowances[TOKENS].take(now, tokens)
        self._recent.append((now, tokens))
        self.tally.requests += 1
        self.tally.waiting = self._refused = ""
        self.tally.retries += not getattr(self._local, "first", True)
        self._local.first = False

    def leave(self, sent: float, status: int | None, headers: Headers | None) -> None:
        """Tell what came back: the status and the fields of the reply, None where there was none."""
        with self._lock:
            now = self._clock()
            if status in (429, 503):
                self._refused = f"{status}, "
            if headers is not None:
                self._heed(headers, now, sent, refused=status == 429)
            if status == 429 and headers is not None:
                self.tally.throttles += 1
                wait = parse_retry_after(headers, self._now())
                # One that asks for hours would silence the process for hours: one request a minute learns sooner, and costs the service nothing.
                self._pace.refused(now, sent, None if wait is None else min(wait, LONGEST))
                return
            self._pace.accepted()
            if status == 503 and headers is not None:
                self._pace.hold(now + min(parse_retry_after(headers, self._now()) or 0.0, LONGEST))

    def _heed(self, headers: Headers, now: float, sent: float, *, refused: bool) -> None:
        """Note what a reply says is left. What was sent after its request it cannot know of."""
        since: dict[str, float] | None = None
        for word in words(headers, self._now(), refused=refused):
            since = since or self._since(sent)
            self._allowances[word.what].told(word, now, sent, since[word.what])

    def _since(self, sent: float) -> dict[str, float]:
        found = {REQUESTS: 0.0, TOKENS: 0.0}
        for at, tokens in reversed(self._recent):
            if at <= sent:
                break
            found[REQUESTS] += 1
            found[TOKENS] += tokens
        return found


class GatedTransport:
    """A transport behind a gate; see `dynaclient.transport.Transport`."""

    def __init__(self, transport: Any, gate: Gate) -> None:
        self._transport, self._gate = transport, gate

    def send(self, request: Request, timeout: Timeout, deadline: float | None) -> Response:
        """Wait for the gate, send, and tell it what came back."""
        reply: Response = self._through(lambda: self._transport.send(request, timeout, deadline))
        return reply

    def open(self, request: Request, timeout: Timeout, deadline: float | None, until: float | None = None) -> Stream:
        """As `send`, for a reply that is read as it comes."""
        stream: Stream = self._through(lambda: self._transport.open(request, timeout, deadline, until))
        return stream

    def _through(self, send: Callable[[], Any]) -> Any:
        sent = self._gate.enter()
        try:
            reply = send()
        except Exception:
            self._gate.leave(sent, None, None)
            raise
        self._gate.leave(sent, reply.status, reply.headers)
        return reply

    def close(self) -> None:
        """Close the transport."""
        self._transport.close()
