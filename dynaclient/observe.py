"""Observers: what happens during a call, told as frozen facts; and the same on the logger ``dynaclient``.

::

    class Slow(Observer):
        def result(self, facts):
            if facts.elapsed > 1:
                print(facts.operation, facts.elapsed, len(facts.attempts))


    client = Client(observers=[Slow()])

Facts never hold a body, a header or a secret. Where there is no observer and the logger is silent, a call makes none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynaclient.facts import AttemptFacts, CallFacts, ReplyFacts, RequestFacts


class Observer:
    """Told what happens; derive from it and write the methods that you need.

    They run in the thread of the call, so they should be quick, and several at once where calls are. One that raises is reported once on the logger and breaks nothing.
    """

    def started(self, facts: RequestFacts) -> Any:
        """A request is about to go on the wire. What is returned here is handed to `headers` and `ended` as ``token``."""

    def headers(self, token: Any) -> Mapping[str, str]:
        """Header fields to add to that request, trace context say; a field that it has already stays as it is."""
        return {}

    def ended(self, token: Any, facts: ReplyFacts) -> None:
        """Its reply, or its error, has come."""

    def attempt(self, facts: AttemptFacts) -> None:
        """An attempt is over; told before the wait that follows it."""

    def result(self, facts: CallFacts) -> None:
        """The call is over, for good or bad; of a stream: its end."""
