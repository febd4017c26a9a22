"""The gate through which every request of a bulk run goes, retries included: it keeps the pace and is told what came back."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dynaclient.bulk.pace import Pace
from dynaclient.cancel import current
from dynaclient.retry import parse_retry_after
from dynaclient.wire import Headers, Request, Response, Stream, Timeout

_LONGEST_HOLD = 60.0
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(slots=True)
class Tally:
    """What went over the wire: ``requests`` sent, of which ``retries`` were sent again and ``throttles`` came back with 429."""

    requests: int = 0
    retries: int = 0
    throttles: int = 0


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
                    wait = self._pace.wait(now)
                    if wait <= 0:
                        self._pace.take(now, tokens)
                        self.tally.requests += 1
                        self.tally.retries += not getattr(self._local, "first", True)
                        self._local.first = False
                        return now
                self._sleep(min(wait, 1.0))
                current().check()

    def leave(self, sent: float, status: int | None, headers: Headers | None) -> None:
        """Tell what came back: the status and the fields of the reply, None where there was none."""
        with self._lock:
            now = self._clock()
            if status == 429 and headers is not None:
                self.tally.throttles += 1
                self._pace.refused(now, sent, parse_retry_after(headers, self._now()))
                return
            self._pace.accepted()
            if headers is None:
                return
            wait = exhausted(headers, getattr(self._local, "tokens", 0), self._now())
            if status == 503:
                wait = max(wait, parse_retry_after(headers, self._now()) or 0.0)
            if wait > 0:
                self._pace.hold(now + min(wait, _LONGEST_HOLD))


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


def exhausted(headers: Headers, tokens: int, now: float) -> float:
    """The seconds for which nothing is left, as the usual fields say; 0 where something is, or nothing is said.

    ``x-ratelimit-remaining-requests`` and ``-tokens`` with their ``reset`` (``6ms``, ``1m30s``), ``x-ratelimit-remaining`` and ``ratelimit-remaining`` (seconds, or
    seconds since the epoch).

    Parameters
    ----------
    headers:
        Of a reply.
    tokens:
        What the next request will need.
    now:
        Seconds since the epoch.
    """
    wait = 0.0
    for prefix, kind, need in (
        ("x-ratelimit-", "-requests", 1),
        ("x-ratelimit-", "-tokens", tokens),
        ("x-ratelimit-", "", 1),
        ("ratelimit-", "", 1),
    ):
        left = _number(headers.get(f"{prefix}remaining{kind}"))
        reset = _seconds(headers.get(f"{prefix}reset{kind}"), now)
        if left is None or reset is None or left >= max(need, 1):
            continue
        limit = _number(headers.get(f"{prefix}limit{kind}"))
        # Where single requests or tokens come back evenly, only those that are missing are waited for.
        share = min(1.0, (need - left) / (limit - left)) if kind and limit and limit > left else 1.0
        wait = max(wait, reset * share)
    return wait


def _number(text: str | None) -> float | None:
    found = _SPAN.fullmatch(text.strip()) if text else None
    return float(found[1]) if found is not None and not found[2] else None


def _seconds(text: str | None, now: float) -> float | None:
    """A span of time as services write it: ``1s``, ``6m0s``, ``20ms``, ``12.5``, or seconds since the epoch."""
    parts = list(_SPAN.finditer(text.strip())) if text else []
    if not parts or "".join(part[0] for part in parts) != (text or "").strip():
        return None
    total = sum(float(part[1]) * _UNITS[part[2] or ""] for part in parts)
    return max(0.0, total - now) if total > 1e9 else total
