"""Servers and security: where calls go, and what they need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dynaclient.openapi.lint.finding import Finding
from dynaclient.openapi.lint.walk import Node
from dynaclient.openapi.model import Api
from dynaclient.openapi.pointer import join
from dynaclient.openapi.words import similar

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_LOOPBACK = re.compile(r"http://(localhost|127\.|\[::1\]|0\.0\.0\.0|[^/:]*\.localhost)", re.IGNORECASE)
_URLS = ("tokenUrl", "authorizationUrl", "refreshUrl", "deviceAuthorizationUrl", "openIdConnectUrl", "oauth2MetadataUrl")  # fmt: skip
_HTTP = frozenset({"basic", "bearer", "digest"})


def access_findings(api: Api, listed: Iterable[Node]) -> Iterator[Finding]:
    """What is wrong with servers, security schemes and what asks for them."""
    if not any("//" in server.url for server in api.servers) and not api.source.startswith("http"):
        found = f"the servers are {', '.join(server.url for server in api.servers)}" if api.servers else "none is named"
        place = "/servers" if api.servers else ""
        yield Finding("server-missing", place, f"no server is named with its full URL: {found}", "pass a server for each call")  # fmt: skip
    for node in listed:
        if node.kind == "server":
            yield from _server(node)
        elif node.kind == "security scheme":
            yield from _scheme(node)
        elif node.kind == "flow":
            yield from _urls(node)
        elif node.kind == "security":
            yield from _requirement(api, node)


def _server(node: Node) -> Iterator[Finding]:
    url = node.value.get("url")
    if not isinstance(url, str):
        return
    if _is_open(url):
        yield Finding("server-without-tls", join(node.pointer, "url"), f"the server {url.partition('?')[0]} has no TLS")
    variables = node.value.get("variables")
    known = tuple(variables) if isinstance(variables, Mapping) else ()
    for name in _VARIABLE.findall(url):
        if name not in known:
            message = f"the server's URL has a variable {name!r} that is not defined"
            yield Finding("server-variable-undefined", join(node.pointer, "url"), message, similar(name, known))


def _is_open(url: Any) -> bool:
    return isinstance(url, str) and url.lower().startswith("http://") and not _LOOPBACK.match(url)


def _scheme(node: Node) -> Iterator[Finding]:
    yield from _urls(node)
    kind, scheme = node.value.get("type"), str(node.value.get("scheme") or "").lower()
    if kind == "http" and scheme not in _HTTP:
        message = f"the http scheme {scheme!r} is not supported; pass the header field yourself"
        yield Finding("security-scheme-unsupported", join(node.pointer, "scheme"), message)
    elif kind not in ("http", "apiKey", "oauth2", "openIdConnect", "mutualTLS") and "$ref" not in node.value:
        known = ("http", "apiKey", "oauth2", "openIdConnect", "mutualTLS")
        message = f"{str(kind)[:40]!r} is no type of a security scheme"
        yield Finding("security-scheme-unsupported", join(node.pointer, "type"), message, similar(kind, known))


def _urls(node: Node) -> Iterator[Finding]:
    for name in _URLS:
        if _is_open(node.value.get(name)):
            yield Finding("url-without-tls", join(node.pointer, name), f"{name} has no TLS")


def _requirement(api: Api, node: Node) -> Iterator[Finding]:
    for name in node.value:
        if name not in api.schemes and not name.startswith("x-"):
            message = f"the security scheme {name!r} is not defined under components"
            yield Finding(
                "security-scheme-undefined", join(node.pointer, name), message, similar(name, tuple(api.schemes))
            )
