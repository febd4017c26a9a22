"""Which operation a path belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote

from dynaclient.frozen import Struct
from dynaclient.openapi.access import servers_of
from dynaclient.openapi.model import Api, OperationKey, Server
from dynaclient.openapi.operations import path_items
from dynaclient.openapi.pointer import at

_ORIGIN = re.compile(r"[^/]*//[^/]*")
_VARIABLE = re.compile(r"\{[^{}/]*\}")


class Route(Struct, frozen=True):
    """An operation's path. ``names`` are its path parameters in order, ``query`` what its template says after a ``?``.

    ``shape`` is the path without the names, by which paths of several methods are told to be the same.
    """

    key: OperationKey
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    shape: str

    def values(self, path: str) -> dict[str, str] | None:
        """The path parameters as they stand in the path, percent-encoded, or None where the path is another."""
        matched = self.pattern.fullmatch(path)
        return None if matched is None else dict(zip(self.names, matched.groups(), strict=True))


Match = tuple[Route, dict[str, str]]


class Routes:
    """The paths of a document, below the base paths of its servers, what a bare origin stands for, and none.

    Where several paths match, those with fewer templated parts come first (OpenAPI 3.1, 4.8.8.2), then those with more written out.

    Parameters
    ----------
    api:
        The document.
    further:
        Servers below whose base paths the operations are found too.
    """

    def __init__(self, api: Api, further: tuple[Server, ...] = ()) -> None:
        bases = {key: sorted({*_bases((*_servers(api, key), *further)), ""}) for key in api.index.values()}
        routes = [_route(key, bases[key]) for key in api.index.values()]
        self._routes = sorted(routes, key=lambda route: (len(route.names), -len(route.shape)))
        self._plain: dict[str, list[Match]] = {}
        for route in self._routes:
            for base in bases[route.key]:
                path = base + _path(route.key)
                if not _VARIABLE.search(path):
                    self._plain.setdefault(path, []).append((route, {}))

    def find(self, target: str) -> list[Match]:
        """The routes that a request target belongs to, of all methods, the most concrete path first."""
        path, _, query = target.partition("?")
        found = self._plain.get(path) or self._plain.get(unquote(path)) or list(self._templated(path))
        if any(route.query for route, _ in found):
            given = set(parse_qsl(query, keep_blank_values=True))
            found = [match for match in found if given.issuperset(match[0].query)]
            found.sort(key=lambda match: -len(match[0].query))
        return found

    def _templated(self, path: str) -> Iterator[Match]:
        for route in self._routes:
            values = route.values(path)
            if values is not None:
                yield route, values

    def nearest(self, path: str) -> list[str]:
        """Paths of the document that look like this one, the likeliest first."""
        from difflib import get_close_matches

        known = list(dict.fromkeys(_path(route.key) for route in self._routes))
        return get_close_matches(path, known, n=3, cutoff=0.4) or known[:3]


def _servers(api: Api, key: OperationKey) -> tuple[Server, ...]:
    """The servers of an operation, without reading the rest of it."""
    owners = (*reversed(path_items(api.document, key.path)), (at(api.document, key.pointer), key.pointer))
    return servers_of(owners) or api.servers


def _bases(servers: tuple[Server, ...]) -> Iterator[str]:
    for server in servers:
        path = _ORIGIN.sub("", server.url, count=1) if "//" in server.url else server.url
        path = path.partition("?")[0].partition("#")[0].rstrip("/")
        yield path if not path or path.startswith("/") else "/" + path
        yield server.bare_origin


def _path(key: OperationKey) -> str:
    return key.path.partition("#")[0].partition("?")[0]


def _route(key: OperationKey, bases: list[str]) -> Route:
    path = _path(key)
    prefix = "|".join(_regex(base, "[^/]+") for base in bases)
    query = key.path.partition("#")[0].partition("?")[2]
    return Route(
        key=key,
        pattern=re.compile(f"(?:{prefix}){_regex(path, '([^/]+)')}"),
        names=tuple(name[1:-1] for name in _VARIABLE.findall(path)),
        query=tuple(parse_qsl(query, keep_blank_values=True)) if "{" not in query else (),
        shape=_VARIABLE.sub("{}", path),
    )


def _regex(path: str, variable: str) -> str:
    return variable.join(re.escape(part) for part in _VARIABLE.split(path))
