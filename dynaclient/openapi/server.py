"""Servers: which one a call goes to (OpenAPI 3.1, 4.8.5 and 4.8.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote, urljoin, urlsplit

from dynaclient.errors import ArgumentError, Problem, SpecError
from dynaclient.frozen import Struct, evolve
from dynaclient.openapi.model import Server

LOCAL = "local"
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_NOT_IN_HOST = re.compile(r"[\s\\/?#<>^|\"`{}]")
_PATH = "/%:@!$&'()*+,;=-._~"  # RFC 3986, 3.3; triples that are encoded already stay
_QUERY = _PATH + "?"  # RFC 3986, 3.4


class Target(Struct, frozen=True):
    """Where a call goes: ``origin`` (``https://host:port``) and ``prefix`` (the path of the server's URL, without a slash at the end).

    ``id`` is the server's id in the document, ``""`` where it has none or was given by URL. ``embedded``: the in-process server answers.
    ``query`` is sent with every call, percent-encoded, without the question mark. ``added`` is the path that a bare origin was given by the
    document. ``variable`` is the environment variable that the URL came from (``x-dynaclient-url-env``), or ``""``.
    """

    id: str
    origin: str
    prefix: str
    embedded: bool = False
    pointer: str = ""
    query: str = ""
    added: str = ""
    variable: str = ""

    @property
    def url(self) -> str:
        """The server's URL, without its query."""
        return self.origin + self.prefix


EMBEDDED = Target(LOCAL, "http://local", "", embedded=True)


def target(
    servers: tuple[Server, ...],
    wanted: str | None,
    base: str = "",
    variables: Mapping[str, str] | None = None,
    variable: Callable[[str], str] | None = None,
    others: Callable[[], Iterable[str]] = tuple,
) -> Target:
    """The server to call.

    Parameters
    ----------
    servers:
        Those of the operation, in order.
    wanted:
        An id, a URL (the whole base: operations stand below it), ``"local"`` for the embedded server (unless a server has that id), or None for the first.
    base:
        The document's URL, against which relative server URLs are resolved.
    variables:
        Values for the server's variables, in place of their defaults.
    variable:
        Returns the value of an environment variable, ``""`` if it is not set. It is asked for the variable that the chosen server declares
        (``x-dynaclient-url-env``), unless ``wanted`` is a URL or the document was loaded from a URL: such a document may have changed since
        the user last saw it, and may not choose where credentials go. None: no variable is read.
    others:
        Return further names by which servers can be called, for the message about an unknown one.

    Raises
    ------
    ArgumentError
        Where no server has that id; the message lists those that are known.
    SpecError
        Where the document names no absolute URL and there is nothing to resolve it against.
    """
    if wanted:
        wanted = wanted.strip()
        for server in servers:
            if server.id == wanted:
                return _declared(servers, server, base, variables or {}, variable)
            if server.url.rstrip("/") == wanted.rstrip("/"):
                return _absolute(server, base, variables or {})
        if wanted == LOCAL:
            return evolve(EMBEDDED, prefix=_bare_origin(servers))
        if "://" in wanted:
            return _override(servers, wanted)
        raise _unknown(servers, wanted, others())
    if not servers:
        servers = (Server(url="/"),)
    return _declared(servers, servers[0], base, variables or {}, variable)


def _declared(
    servers: tuple[Server, ...],
    server: Server,
    base: str,
    variables: Mapping[str, str],
    variable: Callable[[str], str] | None,
) -> Target:
    """A server of the document, at the address that its variable names, else at its own."""
    trusted = variable is not None and not base.lower().startswith(("http://", "https://"))
    url = variable(server.url_env) if variable is not None and server.url_env and trusted else ""
    if not url:
        return _absolute(server, base, variables)
    try:
        place = _based(servers, url)
    except ArgumentError as error:
        problems = tuple(evolve(problem, where=server.url_env) for problem in error.problems)
        raise ArgumentError("an environment variable makes no sense", problems=problems) from None
    return evolve(place, id=server.id, pointer=server.pointer, variable=server.url_env)


def _bare_origin(servers: tuple[Server, ...]) -> str:
    """The path that a URL without a path stands for: what the first server that declares one says."""
    return next((server.bare_origin for server in servers if server.bare_origin), "")


def _override(servers: tuple[Server, ...], wanted: str) -> Target:
    """A URL in place of the document's servers: the whole base, below which the operations stand.

    A URL that comes to the address of one of the servers is that server, with its id.
    """
    place = _based(servers, wanted)
    for server in servers:
        if server.url.rstrip("/") == place.url:
            return evolve(place, id=server.id, pointer=server.pointer)
    return place


def _based(servers: tuple[Server, ...], url: str) -> Target:
    """A URL that the user gave, with the path that a bare origin stands for."""
    place = _split(url, "", "")
    if place.prefix:
        return place
    added = _bare_origin(servers)
    return evolve(place, prefix=added, added=added)


def _unknown(servers: tuple[Server, ...], wanted: str, others: Iterable[str]) -> ArgumentError:
    known = list(dict.fromkeys([*(server.id for server in servers if server.id), LOCAL, *others]))
    from difflib import get_close_matches

    wanted = wanted.partition("?")[0].rpartition("@")[2]  # what stands around it may be a key or a password
    close = get_close_matches(wanted, known, 1)
    hint = (
        f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}, or a URL that begins with https://"
    )
    if not close and ("/" in wanted or ":" in wanted):
        hint = f"a URL begins with https:// or http://: server='http://{wanted}'"
    return ArgumentError("", problems=(Problem("server", f"unknown server {wanted!r}", hint=hint),))


def _absolute(server: Server, base: str, variables: Mapping[str, str]) -> Target:
    url = _fill(server, variables).strip()
    if url.startswith("//") and not base.startswith(("http://", "https://")):  # a host without a protocol
        url = f"https:{url}"
    if "://" not in url:
        if not base.startswith(("http://", "https://")):
            raise SpecError(
                f"the document's server is {url!r}, relative to where the document was published, and that is not known; "
                "pass server='https://...' (at the shell --server), or server='local'",
                pointer=server.pointer,
            )
        url = urljoin(base, url or ".")  # an empty URL is the document's folder, not the document
    return _split(url, server.id, server.pointer)


def _fill(server: Server, variables: Mapping[str, str]) -> str:
    if "{" not in server.url:
        return server.url
    return _VARIABLE.sub(lambda match: _variable(server, match[1], variables), server.url)


def _variable(server: Server, name: str, variables: Mapping[str, str]) -> str:
    """The value of one variable in a server's URL (OpenAPI 3.1, 4.8.6): the caller's, else the default."""
    entry = server.variables.get(name)
    if not isinstance(entry, Mapping):
        raise SpecError(
            f"the server's URL {server.url!r} has a variable {name!r} that the document does not define",
            pointer=server.pointer,
        )
    value = variables.get(name, entry.get("default"))
    allowed = entry.get("enum")
    allowed = [str(one) for one in allowed] if isinstance(allowed, list) else []
    if value is not None and (not allowed or str(value) in allowed):
        return str(value)
    message = "needs a value" if value is None else f"{str(value)!r} is not allowed for this server variable"
    given = f"pass server_variables={{{name!r}: ...}}" + (f", or set {server.url_env}" if server.url_env else "")
    hint = f"one of {', '.join(allowed)}" if allowed else given
    raise ArgumentError("the server's URL cannot be made", problems=(Problem(name, message, server.pointer, hint),))


def _split(url: str, identifier: str, pointer: str) -> Target:
    shown = repr(url.partition("?")[0])  # what follows may be a key
    if "@" in re.split(r"[/\\?#]", url.partition("://")[2], maxsplit=1)[0]:
        raise _unusable("a URL with a user or password in it is refused; pass credentials= instead", pointer)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _unusable(f"{shown} is no URL: {error}", pointer) from None
    if parts.scheme not in ("http", "https"):
        raise _unusable(f"{shown}: {parts.scheme or 'no scheme'} is not supported; http and https are", pointer)
    if not parts.hostname or _NOT_IN_HOST.search(parts.hostname):
        raise _unusable(f"{shown}: the URL has no usable host", pointer)
    if parts.fragment:
        raise _unusable(f"{shown}: a server's URL has no fragment", pointer)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    prefix = quote(parts.path.rstrip("/"), safe=_PATH)
    return Target(identifier, origin, prefix, pointer=pointer, query=quote(parts.query.strip("&"), safe=_QUERY))


def _unusable(message: str, pointer: str) -> ArgumentError:
    return ArgumentError("no usable server", problems=(Problem("server", message, pointer),))
