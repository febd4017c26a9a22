"""Connections through a SOCKS proxy, by urllib3's own ``contrib.socks``; imported only for such a proxy, because it needs the package PySocks."""

from __future__ import annotations

from typing import Any

from urllib3.contrib.socks import SOCKSConnection, SOCKSHTTPSConnection

from dynaclient.transport.connections import PlainConnection, TLSConnection
from dynaclient.transport.proxies import Proxy

_SOCKS5 = 2  # PySocks' own number for it, PROXY_TYPE_SOCKS5


class PlainSocksConnection(PlainConnection, SOCKSConnection):
    """As `PlainConnection`, through a SOCKS proxy."""


class TLSSocksConnection(TLSConnection, SOCKSHTTPSConnection):
    """As `TLSConnection`, through a SOCKS proxy."""


def options(proxy: Proxy) -> Any:
    """Return what urllib3 asks to know of the proxy."""
    return {
        "socks_version": _SOCKS5,
        "proxy_host": proxy.host,
        "proxy_port": proxy.port,
        "username": proxy.user,
        "password": proxy.password,
        "rdns": proxy.resolves,
    }
