"""Servers: which one a call goes to (OpenAPI 3.1, 4.8.5 and 4.8.6)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from dynaclient.errors import ArgumentError, Problem, SpecError
from dynaclient.openapi.model import Server

LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: ``origin`` (``https://host:port``) and ``prefix`` (the path of the server's URL, without a slash at the end).

    ``id`` is the server's id in the document, ``""`` where it has none or was given by URL. ``embedded``: the in-process server answers.
    """

    id: str
    origin: str
    prefix: str
    embedded: bool = False
    pointer: str = ""

    @property
    def url(self) -> str:
        """The server's URL."""
        return self.origin + self.prefix


EMBEDDED = Target(LOCAL, "http://local", "", embedded=True)


def target(
    servers: tuple[Server, ...], wanted: str | None, base: str = "", variables: Mapping[str, str] | None = None
) -> Target:
    """The server to call.

    Parameters
    ----------
    servers:
        Those of the operation, in order.
    wanted:
        An id, a URL, ``"local"`` for the embedded server (unless a server has that id), or None for the first.
    base:
        The document's URL, against which relative server URLs are resolved.
    variables:
        Values for the server's variables, in place of their defaults.

    Raises
    ------
    ArgumentError
        Where no server has that id; the message lists those that are known.
    SpecError
        Where the document names no absolute URL and there is nothing to resolve it against.
    """
    if wanted:
        for server in servers:
            if server.id == wanted or server.url.rstrip("/") == wanted.rstrip("/"):
                return _absolute(server, base, variables or {})
        if wanted == LOCAL:
            return EMBEDDED
        if "://" in wanted:
            return _split(wanted, "", "")
        raise _unknown(servers, wanted)
    if not servers:
        servers = (Server(url="/"),)
    return _absolute(servers[0], base, variables or {})


def _unknown(servers: tuple[Server, ...], wanted: str) -> ArgumentError:
    known = [server.id for server in servers if server.id] + [LOCAL]
    close = difflib.get_close_matches(wanted, known, 1)
    hint = (
        f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}, or a URL that begins with https://"
    )
    return ArgumentError(
        "no such server", problems=(Problem("server", f"{wanted!r} is no server of the document", hint=hint),)
    )


def _absolute(server: Server, base: str, variables: Mapping[str, str]) -> Target:
    url = _fill(server, variables)
    if "://" not in url:
        if "://" not in base:
            raise SpecError(
                f"the document's server is {url!r}, relative to where the document was published, and that is not known; "
                "pass server='https://...' (at the shell --server), or server='local'",
                pointer=server.pointer,
            )
        url = urljoin(base, url)
    return _split(url, server.id, server.pointer)


def _fill(server: Server, variables: Mapping[str, str]) -> str:
    url = server.url
    for name, variable in server.variables.items():
        entry: Mapping[str, Any] = variable if isinstance(variable, Mapping) else {}
        value = str(variables.get(name, entry.get("default", "")))
        allowed = entry.get("enum")
        if isinstance(allowed, list) and allowed and value not in map(str, allowed):
            problem = Problem(
                name,
                f"{value!r} is not allowed for this server variable",
                server.pointer,
                f"one of {', '.join(map(str, allowed))}",
            )
            raise ArgumentError("the server's URL cannot be made", problems=(problem,))
        url = url.replace(f"{{{name}}}", value)
    if "{" in url:
        raise SpecError(
            f"the server's URL {url!r} has a variable that the document does not define", pointer=server.pointer
        )
    return url


def _split(url: str, identifier: str, pointer: str) -> Target:
    problem = ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ArgumentError(
            "no usable server", problems=(Problem("server", f"{url!r} is no URL: {error}", pointer),)
        ) from None
    if parts.scheme not in ("http", "https"):
        problem = f"{parts.scheme or 'no scheme'} is not supported; http and https are"
    elif not parts.hostname:
        problem = "the URL has no host"
    elif parts.username or parts.password:
        raise ArgumentError(
            "no usable server",
            problems=(
                Problem("server", "a URL with a user or password in it is refused; pass credentials= instead", pointer),
            ),
        )
    elif parts.query or parts.fragment:
        problem = "a server's URL has no query and no fragment"
    if problem:
        raise ArgumentError("no usable server", problems=(Problem("server", f"{url!r}: {problem}", pointer),))
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    return Target(identifier, origin, parts.path.rstrip("/"), pointer=pointer)
