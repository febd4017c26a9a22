"""``-v``: what happens to a call, told on standard error when it happens."""

from __future__ import annotations

from dynaclient.cli import messages
from dynaclient.facts import AttemptFacts, CallFacts, RequestFacts
from dynaclient.observe import Observer


class Teller(Observer):
    """Tells where each request goes, what became of each attempt and how long is waited then, and how the call ended."""

    def started(self, facts: RequestFacts) -> None:
        """A request is about to be sent."""
        messages.note(f"{facts.method} {facts.url}")

    def attempt(self, facts: AttemptFacts) -> None:
        """An attempt is over, the wait that may follow it is not."""
        outcome = str(facts.status) if facts.error is None else f"{facts.error}: {facts.detail}"
        text = f"attempt {facts.number}: {outcome}, {facts.elapsed:.3f} s"
        if facts.retry_after is not None:
            text += f", Retry-After {facts.retry_after:g} s"
        if facts.delay is not None:
            text += f"; waiting {facts.delay:.3f} s before the next attempt"
        messages.note(text)

    def result(self, facts: CallFacts) -> None:
        """The call is over."""
        messages.note(f"{facts.operation}: {facts.error or facts.status} after {facts.elapsed:.3f} s")
