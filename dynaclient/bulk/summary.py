"""What a bulk run has done, is doing, and would cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Progress:
    """How far a run is. ``rows`` are finished, ``failed`` of them failed; ``before`` of them were finished by an earlier run; ``total`` is 0 where it is not known."""

    total: int = 0
    rows: int = 0
    failed: int = 0
    before: int = 0
    tokens: int = 0
    requests: int = 0
    retries: int = 0
    throttles: int = 0
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to.

    ``rows`` are those of the output, ``sent`` those that were not the same as an earlier one, ``failed`` those of the output that have an error. ``usage`` has what the document
    adds up, by its dotted path; ``tokens`` are the service's own count where it tells one, else the estimate. ``cost`` is None without a price.
    """

    rows: int
    sent: int
    failed: int
    requests: int
    retries: int
    throttles: int
    elapsed: float
    tokens: int
    usage: dict[str, float] = field(default_factory=dict)
    cost: float | None = None

    def shown(self) -> dict[str, Any]:
        """As a plain value."""
        names = ("rows", "sent", "failed", "requests", "retries", "throttles", "tokens", "usage", "cost")
        found = {name: getattr(self, name) for name in names}
        return {**found, "elapsed": round(self.elapsed, 3)}


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


def counted(usage: dict[str, float], estimated: int) -> int:
    """The tokens of a run: the largest of the service's own sums of tokens, else the estimate."""
    found = [int(value) for path, value in usage.items() if "token" in path.lower() and value]
    return max(found, default=estimated)
