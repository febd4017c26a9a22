"""Page after page of one operation: as is declared or inferred, or along ``Link: rel="next"`` (RFC 8288)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dynaclient.errors import NotFoundError, ReplyValidationError
from dynaclient.exchange import Shipment, Way
from dynaclient.frozen import evolve
from dynaclient.openapi.paging import Pager, State, Url
from dynaclient.redirect import same_origin
from dynaclient.result import Result
from dynaclient.wire import Request

if TYPE_CHECKING:
    from dynaclient.core import Core

_KEPT = ("accept", "accept-language", "user-agent")


def results(
    pager: Pager,
    arguments: Mapping[str, Any],
    send: Callable[[Mapping[str, Any]], Result],
    follow: Callable[[str], Result],
    complain: Callable[[ReplyValidationError], None],
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
    complain:
        Raises, or tells of, a list that is not whole.
    """
    state: State = pager.start(arguments)
    result = send(state.arguments)
    while True:
        yield result
        following = pager.next(state, state.arguments, result.value, result.response)
        if following is None:
            problem = pager.unfollowed(state, result.value, result.response)
            if problem is not None:
                complain(problem)
            return
        state = following.state
        try:
            result = follow(following.url) if isinstance(following, Url) else send(following.values)
        except NotFoundError:
            if state.tentative:  # nothing said that there is such a page
                return
            raise
        if pager.repeats(state, result.value, result.response):
            return


def incomplete(core: Core, way: Way, problem: ReplyValidationError) -> None:
    """Raise the error of a list that is not whole; in the modes ``warn`` and ``off`` warn of it."""
    if way.reply_mode not in ("warn", "off"):
        raise problem
    core.warn(problem)


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
