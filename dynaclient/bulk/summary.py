"""What a bulk run has done, is doing, and would cost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Progress:
    """How far a run is.

    ``rows`` are finished, ``failed`` of them failed; ``before`` of them were finished by an earlier run; ``total`` is 0 if it is not known. ``cost`` is None without a price.
    ``waiting`` says why nothing is sent at this moment, and for how long (``429, 12 s``), or ``""``. ``doing`` is what goes on after the last reply (``writing out.parquet``), ``done`` how many
    rows of it are done; ``doing`` is ``""`` while rows are sent. It is read by other threads while it changes.
    """

    total: int = 0
    rows: int = 0
    failed: int = 0
    before: int = 0
    tokens: int = 0
    requests: int = 0
    retries: int = 0
    throttles: int = 0
    elapsed: float = 0.0
    cost: float | None = None
    waiting: Callable[[], str] = str
    doing: str = ""
    done: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to.

    Parameters
    ----------
    rows, failed:
        Rows of the output, and how many of them have an error.
    sent:
        Rows that were not the same as an earlier one.
    requests, retries, throttles, elapsed:
        Requests that were sent, how many of them were sent again and how many were answered 429; seconds.
    tokens:
        All that was paid for, by the service's own count if it tells one, else as estimated.
    wasted_tokens:
        Those of ``tokens`` for which there is no result: replies that were refused, rows that were asked for more than once.
    usage:
        What the document adds up, by its dotted path, for all replies.
    cost:
        Money for ``tokens``; None without a price.
    """

    rows: int = 0
    sent: int = 0
    failed: int = 0
    requests: int = 0
    retries: int = 0
    throttles: int = 0
    elapsed: float = 0.0
    tokens: int = 0
    wasted_tokens: int = 0
    usage: dict[str, float] = field(default_factory=dict)
    cost: float | None = None

    def shown(self) -> dict[str, Any]:
        """As a plain value."""
        names = (
            "rows",
            "sent",
            "failed",
            "requests",
            "retries",
            "throttles",
            "tokens",
            "wasted_tokens",
            "usage",
            "cost",
        )
        found = {name: getattr(self, name) for name in names}
        return {**found, "elapsed": round(self.elapsed, 3)}


class Bill:
    """Adds up what replies say that they used; safe among threads.

    Parameters
    ----------
    paths:
        The dotted paths of what the document adds up.
    price:
        Of a million tokens, or None.
    """

    def __init__(self, paths: Sequence[str], price: float | None = None) -> None:
        self._price = price
        self._lock = threading.Lock()
        self.usage: dict[str, float] = dict.fromkeys(paths, 0)
        self.tokens = 0
        self.wasted_tokens = 0

    def add(self, estimated: int, sums: Sequence[float] = (), wasted: Sequence[float] = ()) -> None:
        """Add what a run of rows has used.

        Parameters
        ----------
        estimated:
            Its tokens, for a service that does not tell them.
        sums, wasted:
            What the document adds up: of the replies that brought its results, and of the others.
        """
        with self._lock:
            lost = self._counted(wasted, 0)
            self.tokens += self._counted(sums, estimated) + lost
            self.wasted_tokens += lost
            for values in (sums, wasted):
                for path, value in zip(self.usage, values, strict=False):
                    self.usage[path] += value

    def add_facts(self, facts: Mapping[str, Any]) -> None:
        """Add what a frame tells of its run, see `dynaclient.bulk.channel.Piece.facts`."""
        self.add(facts.get("tokens", 0), facts.get("sums", ()), facts.get("wasted", ()))

    def _counted(self, sums: Sequence[float], estimated: int) -> int:
        """The largest of the sums of tokens, else the estimate."""
        found = [int(value) for path, value in zip(self.usage, sums, strict=False) if value and "token" in path.lower()]
        return max(found, default=estimated)

    @property
    def cost(self) -> float | None:
        """What the tokens cost; None without a price."""
        return cost_of(self.tokens, self._price)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would come to: rows to send, requests and tokens, the tokens estimated unless a tokenizer was named."""

    rows: int
    sent: int
    requests: int
    tokens: int
    cost: float | None = None


def cost_of(tokens: float, price: float | None) -> float | None:
    """Money for tokens, at a price for a million."""
    return None if price is None else round(tokens * price / 1_000_000, 6)
