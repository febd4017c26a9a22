"""Decides when each request of a bulk run is sent: the pace, what the service says is left, and the wait of a refused one.

Pure: every method takes the time, so that the tests run hours of it in a second. `dynaclient.bulk.gate.Gate` is the
same among threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from dynaclient.bulk.allowance import LONGEST, Allowance, Word
from dynaclient.bulk.pace import Pace
from dynaclient.rate_limit import REQUESTS, TOKENS

_RECENT = 1024
"""Requests of which it is known when they were sent."""


@dataclass(slots=True)
class Tally:
    """What went over the wire: ``requests`` sent, of them ``retries`` sent again, and ``throttles`` answered with 429.

    ``waiting`` says why nothing is sent at this moment, and for how long, for people: ``429, 12 s``; ``""`` while requests go out.
    """

    requests: int = 0
    retries: int = 0
    throttles: int = 0
    waiting: str = ""


@dataclass(slots=True)
class Ticket:
    """One request on its way.

    ``tokens`` is how many it holds, ``tried`` whether it was sent before, ``sent`` when it was sent last, ``refused``
    whether that was answered with 429, and ``again`` the time before which it must not be sent again.
    """

    tokens: int = 0
    tried: bool = False
    sent: float = 0.0
    refused: bool = False
    again: float = float("-inf")


class Regulator:
    """When requests are sent; not safe among threads.

    Parameters
    ----------
    pace:
        How fast.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._allowances = {REQUESTS: Allowance(), TOKENS: Allowance()}
        self._recent: deque[tuple[float, int]] = deque(maxlen=_RECENT)
        self.tally = Tally()
        self.reason = ""
        """Why the next request may have to wait, for people: ``429, `` after a refusal, or ``""``."""

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return self._pace.idle

    def wait(self, now: float, ticket: Ticket) -> float:
        """Seconds until a request may be sent; 0 if it may be sent now."""
        requests, tokens = self._allowances[REQUESTS], self._allowances[TOKENS]
        return max(self._pace.wait(now), requests.wait(now), tokens.wait(now, ticket.tokens))

    def take(self, now: float, ticket: Ticket) -> None:
        """A request is sent now."""
        self._pace.take(now, ticket.tokens)
        self._allowances[REQUESTS].take(now)
        self._allowances[TOKENS].take(now, ticket.tokens)
        self._recent.append((now, ticket.tokens))
        self.tally.requests += 1
        self.tally.waiting = self.reason = ""
        self.tally.retries += ticket.tried
        ticket.tried, ticket.sent = True, now

    def answered(
        self,
        now: float,
        ticket: Ticket,
        status: int | None,
        retry_after: float | None = None,
        said: Iterable[Word] = (),
    ) -> None:
        """A request ended.

        Parameters
        ----------
        now, ticket:
            When, and which.
        status:
            Of its reply, or None if it has none.
        retry_after:
            Seconds that the service asks to wait, or None.
        said:
            What the fields of the reply say is left.
        """
        self._heed(now, ticket.sent, said)
        ticket.refused = status == 429
        if status in (429, 503):
            self.reason = f"{status}, "
        # A service that asks for hours would silence the process for hours: one request a minute learns sooner.
        wait = None if retry_after is None else min(retry_after, LONGEST)
        if ticket.refused:
            self.tally.throttles += 1
            ticket.again = now + (retry_after or 0.0)
            self._pace.refused(now, ticket.sent, wait)
        elif status is None:
            self._pace.failed()
        else:
            self._pace.accepted(now, ticket.sent)
            if status == 503:
                self._pace.hold(now + (wait or 0.0))

    def _heed(self, now: float, sent: float, said: Iterable[Word]) -> None:
        """Note what a reply says is left. What was sent after its request it cannot know of."""
        since: dict[str, float] | None = None
        for word in said:
            if word.reset == 1 and not word.evenly:
                continue  # a window that ends within a second: whole seconds do not say when
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
