"""Sending: the `Transport` protocol, `Urllib3Transport`, and `deliver`, the one loop that sends again.

urllib3 is imported when `Urllib3Transport` is first touched, not with this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from dynaclient.transport.budget import RetryBudget
from dynaclient.transport.deliver import deliver

if TYPE_CHECKING:
    from dynaclient.transport.http import Urllib3Transport
    from dynaclient.wire import Request, Response, Timeout

__all__ = ["RetryBudget", "Transport", "Urllib3Transport", "deliver"]


@runtime_checkable
class Transport(Protocol):
    """Anything that turns one request into one whole reply. It neither retries nor follows redirects, and is safe to share among threads."""

    def send(self, request: Request, timeout: Timeout, deadline: float | None) -> Response:
        """Send one request and return the whole reply, whatever its status.

        Parameters
        ----------
        request:
            What to send.
        timeout:
            Its ``connect`` and ``read``, seconds, bound this attempt.
        deadline:
            A time on the monotonic clock that bounds it too, or None.

        Raises
        ------
        TransportError
            When no complete reply came; ``sent`` is false when it is certain that nothing was sent.
        ArgumentError
            When the request cannot be put on the wire: a header with a line break, a host that is none.
        """
        ...

    def close(self) -> None:
        """Close what is kept open. Sending again afterwards opens it anew."""
        ...


def __getattr__(name: str) -> Any:
    if name == "Urllib3Transport":
        from dynaclient.transport.http import Urllib3Transport

        return Urllib3Transport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
