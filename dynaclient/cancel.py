"""Ending a call from another thread: the switch that closes its connection and cuts its waits short.

A thread that waits for a socket cannot be interrupted, but the socket can be shut down under it. A call that runs on behalf of somebody who may lose
interest has a `Cancel` in its context; whoever opens a connection holds it there::

    cancel = current()
    cancel.hold(connection)
    try:
        ...
    finally:
        cancel.release(connection)

Ordinary calls have `NEVER` there, which does nothing.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Protocol


class Cancelled(BaseException):
    """The call was cancelled: raised in its thread, never seen by the one who called.

    It is no `Exception`, so that nothing on the way takes it for a failure that is worth another attempt.
    """


class Held(Protocol):
    """A connection: ``sock`` is its socket while it has one."""

    sock: Any


class Cancel:
    """A switch that ends one call, or one stream, from another thread. Once set it stays set."""

    __slots__ = ("_event", "_held", "_lock")

    def __init__(self) -> None:
        self._event = threading.Event()
        self._held: list[Held] = []
        self._lock = threading.Lock()

    def set(self) -> None:
        """Shut down the connections that are held and end the wait of `wait`. Never blocks; may be called twice."""
        with self._lock:
            self._event.set()
            for connection in self._held:
                _shut_down(connection)

    def is_set(self) -> bool:
        """Whether it was set."""
        return self._event.is_set()

    def check(self) -> None:
        """Go on, unless it was set.

        Raises
        ------
        Cancelled
            Where it was.
        """
        if self._event.is_set():
            raise Cancelled

    def hold(self, connection: Held) -> None:
        """Shut this connection down when the switch is set; it need not be connected yet.

        Raises
        ------
        Cancelled
            Where it is set already.
        """
        with self._lock:
            self.check()
            self._held.append(connection)

    def release(self, connection: Held | None) -> None:
        """Leave a connection alone from now on: to be called before it is closed or given to somebody else, for a number of a socket is soon used again."""
        with self._lock:
            self._held = [held for held in self._held if held is not connection]

    def wait(self, seconds: float) -> None:
        """Sleep, in seconds.

        Raises
        ------
        Cancelled
            As soon as the switch is set.
        """
        self._event.wait(seconds)
        self.check()


class _Never(Cancel):
    """The switch of a call that nobody will cancel."""

    __slots__ = ()

    def set(self) -> None:
        raise RuntimeError("this switch belongs to every call that cannot be cancelled; make a Cancel")

    def check(self) -> None:
        return

    def hold(self, connection: Held) -> None:
        return

    def release(self, connection: Held | None) -> None:
        return

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


NEVER: Cancel = _Never()
"""The switch of a call that nobody will cancel: it does nothing, and costs next to nothing."""

_CURRENT: ContextVar[Cancel] = ContextVar("dynaclient.cancel", default=NEVER)

current: Callable[[], Cancel] = _CURRENT.get
"""The switch of the call that runs in this context; `NEVER` where it has none."""

use = _CURRENT.set
"""Give the calls of this context a switch."""


def interruptible(sleep: Callable[[float], object]) -> Callable[[float], object]:
    """A sleep that ends as soon as the call is cancelled; one that is not the system's own, a test's clock say, is run as it is and the switch asked after it."""
    if sleep is time.sleep:
        return lambda seconds: current().wait(seconds)

    def wait(seconds: float) -> None:
        sleep(seconds)
        current().check()

    return wait


def _shut_down(connection: Held) -> None:
    """Wake up whoever reads from or writes to a connection: they see its end."""
    sock = connection.sock
    sock = getattr(sock, "socket", sock)  # TLS within TLS: urllib3's wrapper has the socket inside
    if isinstance(sock, socket.socket):
        with contextlib.suppress(OSError):
            # SSLSocket's own method would also drop its TLS state, and the other thread would go on in plain text.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
