"""A copy of a document still belongs where it was published: its relative server URLs are relative to there (OpenAPI 3.1, 4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin, urlsplit

from dynaclient.openapi.operations import METHODS
from dynaclient.source import Document


def published_at(document: Document, url: str) -> Document:
    """The document with its relative server URLs resolved against the URL that it was fetched from; as it is where that is none.

    Parameters
    ----------
    document:
        The local copy.
    url:
        Where it came from.
    """
    if not url.lower().startswith(("http://", "https://")):
        return document
    data: dict[str, Any] = dict(document.data)
    servers = data.get("servers")
    if not (isinstance(servers, list) and servers):  # none is one with the URL / (OpenAPI 3.1, 4.8.1)
        servers = [{"url": "/"}]
    data["servers"] = _absolute(servers, url)
    paths = data.get("paths")
    if isinstance(paths, Mapping):
        data["paths"] = {path: _item(item, url) for path, item in paths.items()}
    digest = sha256(f"{document.digest} at {url}".encode()).hexdigest()
    return replace(document, data=data, digest=digest)


def _item(item: Any, url: str) -> Any:
    if not isinstance(item, Mapping):
        return item
    found = _with_servers(item, url)
    for method in METHODS:
        if isinstance(found.get(method), Mapping) and "servers" in found[method]:
            found = {**found, method: _with_servers(found[method], url)}
    return found


def _with_servers(node: Mapping[str, Any], url: str) -> Mapping[str, Any]:
    return {**node, "servers": _absolute(node["servers"], url)} if node.get("servers") else node


def _absolute(servers: Any, url: str) -> Any:
    if not isinstance(servers, list):
        return servers
    return [_resolved(server, url) if isinstance(server, Mapping) else server for server in servers]


def _resolved(server: Mapping[str, Any], url: str) -> Mapping[str, Any]:
    written = server.get("url")
    if not isinstance(written, str) or urlsplit(written).scheme or "{" in written.partition("/")[0]:
        return server
    return {**server, "url": urljoin(url, written)}
