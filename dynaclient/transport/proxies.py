"""Which proxy an origin is reached through: pure, the environment is passed in."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, unquote_to_bytes, urlsplit

from dynaclient.errors import ArgumentError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SOCKS = frozenset({"socks5", "socks5h"})
_PORTS = {**_DEFAULT_PORTS, **dict.fromkeys(_SOCKS, 1080)}
_EXPECTED = "expected http://host:port, https://host:port, socks5://host:port or socks5h://host:port"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy: ``scheme`` is how it is spoken to; ``authorization`` is the value of ``Proxy-Authorization``, or ``""``. Its repr holds no secret.

    ``user`` and ``password`` are for SOCKS (RFC 1929), None if the URL has none.
    """

    scheme: str
    host: str
    port: int
    authorization: str = field(default="", repr=False)
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def is_socks(self) -> bool:
        """Whether it passes on bytes (RFC 1928), and knows nothing of HTTP."""
        return self.scheme in _SOCKS

    @property
    def resolves(self) -> bool:
        """Whether a SOCKS proxy looks up the names of hosts (``socks5h``); otherwise this machine does."""
        return self.scheme == "socks5h"

    @property
    def url(self) -> str:
        """Its address without user information."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def proxy_for(origin: str, proxy: str | None, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for an origin, or None.

    Parameters
    ----------
    origin:
        ``https://api.example.com``.
    proxy:
        A proxy's URL that holds for every origin, ``""`` for none at all, None to ask the environment.
    environ:
        ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``, in lower case too, which goes first. ``HTTP_PROXY`` is passed over
        where ``REQUEST_METHOD`` is set: a CGI program's client could set it by a header ``Proxy``.

    Raises
    ------
    ArgumentError
        If the proxy's URL cannot be read or its scheme is not http, https, socks5 or socks5h.
    """
    if proxy is not None:
        return _parse(proxy, "proxy") if proxy else None
    scheme = "https" if origin.startswith("https:") else "http"
    for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY"):
        if name == "HTTP_PROXY" and "REQUEST_METHOD" in environ:
            continue
        value = environ.get(name, "").strip()
        if value:
            return None if _bypassed(origin, environ) else _parse(value, name)
    return None


def _parse(url: str, where: str) -> Proxy:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError:
        raise ArgumentError(f"{where}: not the URL of a proxy; {_EXPECTED}") from None
    if parts.scheme not in _PORTS:
        raise ArgumentError(f"{where}: proxies of the scheme {parts.scheme!r} are not supported; {_EXPECTED}")
    if not parts.hostname:
        raise ArgumentError(f"{where}: the proxy's URL names no host; {_EXPECTED}")
    port = port or _PORTS[parts.scheme]
    if parts.scheme not in _SOCKS:
        return Proxy(parts.scheme, parts.hostname, port, _authorization(parts))
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return Proxy(parts.scheme, parts.hostname, port, user=user, password=password or ("" if user else None))


def _authorization(parts: SplitResult) -> str:
    if not parts.username:
        return ""
    pair = unquote_to_bytes(parts.username) + b":" + unquote_to_bytes(parts.password or "")
    return "Basic " + base64.b64encode(pair).decode("ascii")


def _bypassed(origin: str, environ: Mapping[str, str]) -> bool:
    listed = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return any(_covers(item.strip().lower(), host, port) for item in listed.split(",") if item.strip())


def _covers(item: str, host: str, port: int | None) -> bool:
    """Whether one entry of ``NO_PROXY`` covers a host: ``*``, an address or network, a name with its subdomains, each with an optional port."""
    if item == "*":
        return True
    if "/" in item:
        return _in_network(host, item)
    name, colon, digits = item.rpartition(":")
    if colon and digits.isdigit() and (":" not in name or name.endswith("]")):
        if int(digits) != port:
            return False
        item = name
    item = item.strip("[]").removeprefix("*").lstrip(".")
    return bool(item) and (host == item or host.endswith(f".{item}"))


def _in_network(host: str, network: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
