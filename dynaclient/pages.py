"""Page after page of one operation: as ``x-speakeasy-pagination`` declares it, or along ``Link: rel="next"`` (RFC 8288)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from dynaclient.exchange import Shipment
from dynaclient.frozen import evolve
from dynaclient.openapi.paging import Pager, State, Url
from dynaclient.redirect import same_origin
from dynaclient.result import Result
from dynaclient.wire import Request

_KEPT = ("accept", "accept-language", "user-agent")


def results(
    pager: Pager,
    arguments: Mapping[str, Any],
    send: Callable[[Mapping[str, Any]], Result],
    follow: Callable[[str], Result],
) -> Iterator[Result]:
    """The results of all pages, each called for when the one before it has been taken.

    Parameters
    ----------
    pager:
        The operation's.
    arguments:
        Those of the first page.
    send, follow:
        Make the call with other arguments, and get the URL of a next page.
    """
    state: State = pager.start(arguments)
    result = send(state.arguments)
    while True:
        yield result
        following = pager.next(state, state.arguments, result.value, result.response)
        if following is None:
            return
        state = following.state
        result = follow(following.url) if isinstance(following, Url) else send(following.values)


def follow(shipment: Shipment, url: str) -> Shipment:
    """Return the shipment for the page of a URL; it carries credentials only to the origin of the call."""
    plain, at_home = next_page(shipment.plain, url, shipment.way.target.origin)
    return evolve(shipment, plain=plain, needs=shipment.needs if at_home else ())


def next_page(plain: Request, url: str, home: str) -> tuple[Request, bool]:
    """The request for the URL of a next page, and whether it is of the call's own origin.

    Parameters
    ----------
    plain:
        The request of the page before, without credentials.
    url:
        Absolute.
    home:
        The origin of the call. Elsewhere neither credentials nor the caller's own header fields go along.
    """
    parts = urlsplit(url)
    at_home = same_origin(url, home)
    fields = {
        name: value
        for name, value in plain.headers.items()
        if name.lower() != "content-type" and (at_home or name.lower() in _KEPT)
    }
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Request("GET", f"{parts.scheme}://{parts.netloc}", target, fields, None, plain.secret_names), at_home
