"""Sending: the `Transport` protocol, `Urllib3Transport`, and `deliver` and `deliver_stream`, the one loop that sends again.

urllib3 is imported when `Urllib3Transport` is first touched, not with this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from dynaclient.transport.budget import RetryBudget
from dynaclient.transport.deliver import deliver, deliver_stream

if TYPE_CHECKING:
    from dynaclient.transport.http import Urllib3Transport
    from dynaclient.wire import Request, Response, Stream, Timeout

__all__ = ["RetryBudget", "Transport", "Urllib3Transport", "deliver", "deliver_stream"]


@runtime_checkable
class Transport(Protocol):
    """Anything that turns one request into one reply, whole or open. It neither retries nor follows redirects, and is safe to share among threads."""

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
            When the request cannot be put on the wire: a header with a line break, a host that is none, a body that cannot be read.
        """
        ...

    def open(self, request: Request, timeout: Timeout, deadline: float | None, until: float | None = None) -> Stream:
        """Send one request and return its reply as soon as its head has come, whatever its status. The caller closes it.

        Parameters
        ----------
        request:
            What to send.
        timeout:
            As for `send`; ``read`` holds between any two reads of the body, too.
        deadline:
            A time on the monotonic clock by which the head must have come, or None.
        until:
            A time on the monotonic clock by which the body must have been read, or None: a stream may go on for ever.

        Raises
        ------
        TransportError, ArgumentError
            As `send`; what goes wrong with the body is raised where it is read.
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
