"""Keywords that people know from other clients, and what to write here. They do nothing: messages name them."""

from __future__ import annotations

from collections.abc import Mapping

CLIENT: Mapping[str, str] = {
    "base_url": "server=",
    "server_url": "server=",
    "endpoint": "server=",
    "host": "server=",
    "api_base": "server=",
    "api_key": "bearer_auth=, or credentials={scheme: ...}",
    "token": "bearer_auth=, or credentials={scheme: ...}",
    "auth": "bearer_auth=, or credentials={scheme: ...}",
    "security": "bearer_auth=, or credentials={scheme: ...}",
    "max_retries": "retries=",
    "retry_config": "retries=",
    "timeout_ms": "timeout=, in seconds",
    "default_headers": "headers=",
    "organization": "headers={name of the header field: ...}",
    "project": "headers={name of the header field: ...}",
    "default_query": "query=",
    "api_version": "query={name of the parameter: ...}",
    "http_client": "transport=",
    "async_client": "transport=",
    "client": "transport=",
    "proxies": "proxy=",
    "verify": "ca_bundle=",
    "cert": "client_cert=",
}
"""Keyword of a client elsewhere -> what says the same here."""

CALL: Mapping[str, str] = {
    **{name: CLIENT[name] for name in ("base_url", "server_url", "max_retries", "default_headers", "default_query")},
    "extra_headers": "headers=",
    "extra_query": "query=",
    "extra_body": "extra=",
    "http_headers": "headers=",
    "timeout_ms": "timeout=, in seconds",
}
"""Keyword of a call elsewhere -> what says the same here."""
