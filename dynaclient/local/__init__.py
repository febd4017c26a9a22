"""The embedded server: a document answered in this process, or over HTTP on the loopback interface.

``App`` turns requests into replies, ``LocalTransport`` hands it to a client without sockets, ``LocalServer`` and ``serve`` listen. ``embed`` is the
built-in model ``hash-384``: lexical, for trying out and for tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynaclient.local.app import App
from dynaclient.local.faults import Fault, Faults, parse_fault, parse_span
from dynaclient.local.hashing import DIMENSIONS, MODEL, embed
from dynaclient.local.transport import LocalTransport

if TYPE_CHECKING:
    from dynaclient.local.server import LocalServer, serve

__all__ = [
    "DIMENSIONS",
    "MODEL",
    "App",
    "Fault",
    "Faults",
    "LocalServer",
    "LocalTransport",
    "embed",
    "parse_fault",
    "parse_span",
    "serve",
]


def __getattr__(name: str) -> Any:
    if name in ("LocalServer", "serve"):  # Sockets, signals and selectors are loaded by those who listen only.
        from dynaclient.local import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
