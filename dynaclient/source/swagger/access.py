"""Where an API is offered and what it asks for.

The ``schemes``, ``host``, ``basePath`` and Security Scheme Objects of Swagger 2.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_FLOWS = {"application": "clientCredentials", "accessCode": "authorizationCode"}
_FLOW_FIELDS = ("authorizationUrl", "tokenUrl", "scopes")
_VARIABLE = re.compile(r"\{([^{}]+)\}")


def schemes_of(owner: Mapping[str, Any]) -> list[str]:
    """The transfer protocols of the root or of an operation, ``https`` first; ``[]`` if it names none."""
    written = owner.get("schemes")
    listed = written if type(written) is list else [written]
    found = dict.fromkeys(scheme.strip().lower() for scheme in listed if isinstance(scheme, str) and scheme.strip())
    return sorted(found, key=lambda scheme: {"https": 0, "http": 1}.get(scheme, 2))


def servers(document: Mapping[str, Any], schemes: list[str]) -> list[dict[str, Any]]:
    """The servers: one for each protocol.

    Without a host they are relative to where the document was published; without a protocol they have the one by
    which it was read (Swagger 2.0, Swagger Object).

    Parameters
    ----------
    document:
        The root.
    schemes:
        The protocols.
    """
    host = str(document.get("host") or "").strip()
    protocol, divider, rest = host.partition("://")
    if divider:  # a URL, which many write there
        host, schemes = rest, schemes or [protocol]
    path = str(document.get("basePath") or "").strip().strip("/")
    path = f"/{path}" if path else ""
    host = host.rstrip("/")
    if not host:
        return [_server(path or "/")]
    return [_server(f"{scheme}://{host}{path}") for scheme in schemes] or [_server(f"//{host}{path}")]


def _server(url: str) -> dict[str, Any]:
    variables: dict[str, Any] = {name: {} for name in _VARIABLE.findall(url)}
    return {"url": url, "variables": variables} if variables else {"url": url}


def security_scheme(node: Any) -> Any:
    """A Security Scheme Object: ``basic`` is one of HTTP's in 3.0, and the flow of ``oauth2`` an object."""
    if type(node) is not dict:
        return node
    if node.get("type") == "basic":
        return {**node, "type": "http", "scheme": "basic"}
    if node.get("type") != "oauth2":
        return node
    flow = {key: node[key] for key in _FLOW_FIELDS if key in node}
    flow.setdefault("scopes", {})
    rest = {key: value for key, value in node.items() if key not in (*_FLOW_FIELDS, "flow")}
    return {**rest, "flows": {_flow(node): flow}}


def _flow(node: Mapping[str, Any]) -> str:
    """The name of the flow; that of the flow which needs the addresses that are there, if none is written."""
    written = node.get("flow")
    if isinstance(written, str) and written:
        return _FLOWS.get(written, written)
    if "authorizationUrl" in node:
        return "authorizationCode" if "tokenUrl" in node else "implicit"
    return "clientCredentials"
