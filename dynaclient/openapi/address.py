"""Where a call goes: its URL for people, and what is probably wrong with an address that the service does not know."""

from __future__ import annotations

import re

from dynaclient.openapi.extraquery import added, written_query
from dynaclient.openapi.model import Operation, Server
from dynaclient.openapi.server import Target
from dynaclient.wire import Request

UNKNOWN_ADDRESS = frozenset({404, 405})
"""The statuses by which a service says that it does not know an address, or not with this method."""
_VERSION = re.compile(r"v\d+[a-z0-9]*", re.IGNORECASE)


def shown_url(operation: Operation, place: Target) -> str:
    """Return the URL that an operation is called at, without the values in its query that may be keys."""
    target = place.prefix + _path(operation)
    return Request(operation.method, place.origin, added(target, written_query(place.query))).redacted().url


def address_hint(operation: Operation, place: Target) -> str:
    """Return what to do about the address of a call that was answered with a status of `UNKNOWN_ADDRESS`, ``""`` if nothing is known.

    It knows the URL of the operation itself in place of the base URL, a segment that is there twice, and the path that the document
    declares for bare origins (``x-dynaclient-bare-origin``) if a URL that the user gave lacks it.

    Parameters
    ----------
    operation, place:
        What was called, and where.
    """
    path = _path(operation).rstrip("/")
    if place.embedded:
        return ""
    if path.strip("/") and "{" not in path and place.prefix.endswith(path):
        better = place.prefix.removesuffix(path)
        return f"the server's URL ends with {path}, the path of the operation itself: {_set(place, better)}"
    twice, better = _twice(place.prefix, path)
    if twice:
        return f"{twice} is there twice: {_set(place, better)}"
    bare = _bare_origin(operation.servers)
    if bare and _was_given(place) and not _is_versioned(place.prefix, bare):
        better = place.prefix + bare
        found = f"the server's URL does not end with {bare}, as servers of this document do"
        return f"{found}; if that is wrong, {_set(place, better)}"
    return ""


def _path(operation: Operation) -> str:
    return operation.path.partition("#")[0]


def _bare_origin(servers: tuple[Server, ...]) -> str:
    return next((server.bare_origin for server in servers if server.bare_origin), "")


def _was_given(place: Target) -> bool:
    """Whether the URL is the user's, and not the document's."""
    return bool(place.variable) or not place.pointer


def _is_versioned(prefix: str, bare: str) -> bool:
    """Whether a path ends as bare origins do, or names a version of its own in their place."""
    segments = prefix.split("/")
    return prefix.endswith(bare) or (
        _VERSION.fullmatch(bare.rpartition("/")[2]) is not None and any(map(_VERSION.fullmatch, segments))
    )


def _twice(prefix: str, path: str) -> tuple[str, str]:
    """The segments at the end of a server's path that are there twice, and the path without one of them."""
    base, own = prefix.split("/")[1:], path.split("/")[1:]
    for size in range(1, len(base) + 1):
        last = base[-size:]
        if last in (own[:size], base[-2 * size : -size]):
            return f"/{'/'.join(last)}", "".join(f"/{segment}" for segment in base[:-size])
    return "", ""


def _set(place: Target, prefix: str) -> str:
    """How to say the better URL, in the place where the present one was said."""
    url = place.origin + prefix
    return f"set {place.variable} to {url}" if place.variable else f"pass server={url!r}"
