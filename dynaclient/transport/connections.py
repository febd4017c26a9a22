"""urllib3's connections, kept open per origin."""

from __future__ import annotations

import socket
import ssl
from collections import deque
from collections.abc import Callable
from http import client as http
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection, ProxyConfig
from urllib3.util import parse_url

from dynaclient.errors import ArgumentError
from dynaclient.transport.proxies import Proxy
from dynaclient.transport.reply import Reply


class PlainConnection(HTTPConnection):
    """A connection whose replies are read by `Reply`.

    ``deadline`` and ``clock`` are set before each use. ``early`` is what came of the reply while the request was still being sent,
    ``rest`` what follows the Host field of the request that is about to be sent.
    """

    deadline: float | None = None
    clock: Callable[[], float]
    early: bytes = b""
    rest: bytes = b""

    def send(self, data: Any) -> None:
        """Called by http.client with what it has written: a head, which ends in an empty line."""
        rest, self.rest = self.rest, b""
        http.HTTPConnection.send(self, data[:-2] + rest if rest else data)

    def response_class(self, sock: socket.socket, debuglevel: int = 0, method: str | None = None) -> Reply:  # type: ignore[override]
        """Called by http.client, for the reply and for a proxy's answer to CONNECT."""
        early, self.early = self.early, b""
        return Reply(sock, method, self.deadline, self.clock, early)

    def receive(self) -> Reply:
        """The reply, its head read; its body is read through `Reply.blocks`."""
        # urllib3's own getresponse would wrap it for reading once more; http.client's is what is below it.
        return super(HTTPConnection, self).getresponse()  # type: ignore[return-value]


class TLSConnection(HTTPSConnection):
    """As `PlainConnection`, over TLS."""

    deadline: float | None = None
    clock: Callable[[], float]
    early: bytes = b""
    rest: bytes = b""

    response_class = PlainConnection.response_class  # type: ignore[assignment]
    send = PlainConnection.send

    def receive(self) -> Reply:
        """The reply, its head read; its body is read through `Reply.blocks`."""
        return super(HTTPConnection, self).getresponse()  # type: ignore[return-value]


Connection = PlainConnection | TLSConnection


def send_whole(
    connection: Connection, method: str, target: str, fields: bytes, body: bytes, *, skip_host: bool
) -> None:
    """Send a small request by one system call: http.client writes its first lines and keeps count of its state.

    Parameters
    ----------
    connection:
        An open one.
    method, target:
        As for http.client.
    fields:
        The lines of the header, each with its line break; the caller has checked them.
    body:
        The whole body.
    skip_host:
        Whether the fields hold Host.
    """
    connection.sock.settimeout(connection.timeout)
    connection.putrequest(method, target, skip_host=skip_host, skip_accept_encoding=True)
    connection.rest = b"%b\r\n%b" % (fields, body)
    connection.endheaders()


class Pool:
    """The idle connections to one origin, the last used first, so that few stay open. Safe to share among threads.

    Parameters
    ----------
    origin:
        Scheme, host and port.
    size:
        How many idle connections are kept.
    proxy:
        What to go through, or None.
    context:
        Makes the SSL context when the first connection over TLS needs it.
    clock:
        The monotonic clock.

    Raises
    ------
    urllib3.exceptions.LocationParseError
        Where the origin is none.
    """

    def __init__(
        self,
        origin: str,
        size: int,
        proxy: Proxy | None,
        context: Callable[[], ssl.SSLContext],
        clock: Callable[[], float],
    ) -> None:
        url = parse_url(origin)
        if url.scheme not in ("http", "https") or not url.host or url.auth or url.path not in (None, "/"):
            raise ValueError("not an origin")
        self._secure = url.scheme == "https"
        self._host = url.host.strip("[]")
        self._port = url.port or (443 if self._secure else 80)
        self._context = context
        self._clock = clock
        self._idle: deque[Connection] = deque()
        self._size = size
        self._closed = False
        self.proxy = proxy
        # A plain origin is asked for through a proxy by its whole URL (RFC 9112, 3.2.2); a secure one through a tunnel.
        # Through SOCKS go bytes, whatever they are: the request is as it is without a proxy.
        self.prefix = origin if proxy is not None and not proxy.is_socks and not self._secure else ""
        self.headers: dict[str, str] = {}
        if self.prefix and proxy is not None and proxy.authorization:
            self.headers["Proxy-Authorization"] = proxy.authorization

    def take(self) -> Connection:
        """An idle connection that the server has not closed meanwhile, or a new one, whose ``sock`` is None."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            if connection.is_connected:
                return connection
            connection.close()
        return self.new()

    def give(self, connection: Connection) -> None:
        """Keep a connection for the next request."""
        if len(self._idle) < self._size and not self._closed:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close the idle connections, and those in use when they are given back."""
        self._closed = True
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:
                return

    def connect(self, connection: Connection) -> None:
        """Open a new connection: TCP, the tunnel, TLS, whatever is needed before the request can be sent."""
        proxy = self.proxy
        if proxy is not None and self._secure and not proxy.is_socks:
            headers = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
            connection.set_tunnel(self._host, self._port, headers, scheme=proxy.scheme)
        connection.connect()

    def new(self) -> Connection:
        """A connection that was never used, whose ``sock`` is None."""
        host, port, proxy = self._host, self._port, self.proxy
        secure = self._secure
        options: dict[str, Any] = {}
        if proxy is not None and proxy.is_socks:
            return self._new_socks(proxy)
        if proxy is not None:
            host, port = proxy.host, proxy.port
            if secure:
                options["proxy"] = parse_url(proxy.url)
            secure = secure or proxy.scheme == "https"
        if not secure:
            plain = PlainConnection(host, port)
            plain.clock = self._clock
            return plain
        context = self._context()
        if "proxy" in options:
            options["proxy_config"] = ProxyConfig(
                context, use_forwarding_for_https=False, assert_hostname=None, assert_fingerprint=None
            )
        connection = TLSConnection(
            host, port, ssl_context=context, assert_hostname=None if context.check_hostname else False, **options
        )
        connection.clock = self._clock
        return connection

    def _new_socks(self, proxy: Proxy) -> Connection:
        """As ``new``, through a SOCKS proxy."""
        from importlib.util import find_spec

        if find_spec("socks") is None:  # asked first, because urllib3 warns as well
            text = f"proxy: {proxy.url} speaks SOCKS, which needs PySocks: pip install 'dynaclient[socks]'"
            raise ArgumentError(text)
        from dynaclient.transport import socks

        made: Connection
        if self._secure:
            context = self._context()
            exact = None if context.check_hostname else False
            made = socks.TLSSocksConnection(
                socks.options(proxy), self._host, self._port, ssl_context=context, assert_hostname=exact
            )
        else:
            made = socks.PlainSocksConnection(socks.options(proxy), self._host, self._port)
        made.clock = self._clock
        return made
