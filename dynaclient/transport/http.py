"""`Urllib3Transport`: HTTP/1.1 over urllib3's connections."""

from __future__ import annotations

import os
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from dynaclient import cancel
from dynaclient.errors import TimeoutExpiredError
from dynaclient.transport.border import FOREIGN, Progress, fail, unsendable
from dynaclient.transport.connections import Connection, Pool
from dynaclient.transport.gather import Gathered
from dynaclient.transport.opened import Line, OpenReply
from dynaclient.transport.proxies import proxy_for
from dynaclient.transport.reply import BodyTooLargeError, Reply
from dynaclient.transport.tls import ClientCert, ssl_context
from dynaclient.transport.unpack import accept_encoding, unpacked
from dynaclient.transport.upload import write
from dynaclient.version import VERSION
from dynaclient.wire import Headers, Request, Response, Timeout, Upload

USER_AGENT = f"dynaclient/{VERSION}"


class Urllib3Transport:
    """Sends requests over HTTP/1.1; connections are kept open and shared among threads.

    Parameters
    ----------
    pool_size:
        Idle connections kept per origin. It does not limit how many are open at once.
    proxy:
        A proxy for every request, ``http://user:password@host:port``; ``""``: none; None: ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY``
        and ``NO_PROXY`` of the environment.
    ca_bundle:
        A PEM file, or a directory of them, of authorities to trust. None: ``SSL_CERT_FILE``, ``REQUESTS_CA_BUNDLE`` or ``CURL_CA_BUNDLE``, else
        the system's, else certifi's.
    client_cert:
        A PEM file, ``(certificate, key)`` or ``(certificate, key, password)``, to show to servers.
    verify:
        False accepts any certificate: for tests only.
    max_reply_bytes:
        The bound on a reply's body, before and after unpacking. A stream that is iterated over is not bound: it is never in memory as a whole.
    env:
        False leaves the environment out.
    user_agent:
        Sent where a request brings none.
    clock:
        The monotonic clock on which deadlines are given.

    It cannot be pickled or copied. After a fork the child opens connections of its own.
    """

    def __init__(
        self,
        *,
        pool_size: int = 64,
        proxy: str | None = None,
        ca_bundle: str | os.PathLike[str] | None = None,
        client_cert: ClientCert | None = None,
        verify: bool = True,
        max_reply_bytes: int = 1 << 30,
        env: bool = True,
        user_agent: str = USER_AGENT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool_size = pool_size
        self._proxy = proxy
        self._tls: tuple[Any, Any, bool] = (ca_bundle, client_cert, verify)
        self._limit = max_reply_bytes
        self._env = env
        self._user_agent = user_agent
        self._clock = clock
        self._pools: dict[str, Pool] = {}
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        _living.add(self)

    def send(self, request: Request, timeout: Timeout, deadline: float | None = None) -> Response:
        """See `dynaclient.transport.Transport.send`."""
        clock = self._clock
        started = clock()
        progress = Progress(limit=self._limit, attempt=timeout.attempt)
        switch = cancel.current()
        gathered = Gathered()
        held: list[Connection] = []
        try:
            pool, reply, whole = self._begin(request, timeout, deadline, progress, switch, held)
            self._read(reply, gathered)
            connection = held[0]
            switch.release(connection)
            switch.check()
            held.clear()
            if whole and reply.keeps_open:
                reply.close()
                pool.give(connection)
            else:
                connection.close()
        except BaseException as error:
            _let_go(held, switch)
            if isinstance(error, FOREIGN):
                progress.partial = gathered.value()
                progress.expired = _expired(deadline, clock)
                fail(error, request, progress)
            raise
        body, shown = gathered.value(), _shown(request)
        return Response(reply.status, Headers(reply.pairs), body, reply.reason, shown, clock() - started)

    def open(
        self, request: Request, timeout: Timeout, deadline: float | None = None, until: float | None = None
    ) -> OpenReply:
        """See `dynaclient.transport.Transport.open`."""
        progress = Progress(limit=self._limit, attempt=timeout.attempt)
        switch = cancel.current()
        held: list[Connection] = []
        try:
            pool, reply, whole = self._begin(request, timeout, deadline, progress, switch, held)
            reply.bound(timeout.read, until)
        except BaseException as error:
            _let_go(held, switch)
            if isinstance(error, FOREIGN):
                progress.expired = _expired(deadline, self._clock)
                fail(error, request, progress)
            raise
        progress.waited = timeout.read
        line = Line(held.pop(), pool if whole else None, switch)
        return OpenReply(request, _shown(request), reply, line, progress, until, self._clock)

    def _begin(
        self,
        request: Request,
        timeout: Timeout,
        deadline: float | None,
        progress: Progress,
        switch: cancel.Cancel,
        held: list[Connection],
    ) -> tuple[Pool, Reply, bool]:
        """Send, and read the head of the reply; the connection stands in ``held`` from the moment it is taken. The last of the three says whether
        the request was sent whole.
        """
        pool = self._pools.get(request.origin) or self._new_pool(request)
        headers = self._headers(request, pool)
        body = request.body
        # A kept connection may turn out to be closed the moment it is used, and a body that can be had once only has no second chance.
        connection = pool.take() if not isinstance(body, Upload) or body.replayable else pool.new()
        held.append(connection)
        switch.hold(connection)
        connection.deadline = deadline
        if connection.sock is None:
            self._connect(pool, connection, request, timeout, deadline, progress)
            switch.check()
        progress.waited = connection.timeout = _bound(timeout.read, deadline, self._clock, request, sent=False)
        progress.connected = True
        whole = write(connection, request, pool.prefix, headers, progress)
        return pool, connection.receive(), whole

    def close(self) -> None:
        """Close the idle connections; those in use are closed when their reply is read. Sending again opens new ones."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def __enter__(self) -> Urllib3Transport:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a transport holds open connections and cannot be pickled or copied; make one in each process")

    # --- before sending

    def _environ(self) -> Mapping[str, str]:
        return os.environ if self._env else {}

    def _new_pool(self, request: Request) -> Pool:
        proxy = proxy_for(request.origin, self._proxy, self._environ())
        pool = Pool(request.origin, self._pool_size, proxy, self._ssl_context, self._clock)
        with self._lock:
            return self._pools.setdefault(request.origin, pool)

    def _ssl_context(self) -> ssl.SSLContext:
        context = self._context
        if context is None:
            with self._lock:
                context = self._context
                if context is None:
                    context = self._context = ssl_context(*self._tls, self._environ())
        return context

    def _headers(self, request: Request, pool: Pool) -> dict[str, str]:
        problem = unsendable(request)
        if problem is not None:
            raise problem
        headers = {**request.headers, **pool.headers}
        names = {name.lower() for name in headers}
        if "user-agent" not in names:
            headers["User-Agent"] = self._user_agent
        if "accept-encoding" not in names:
            # A vector in JSON shrinks to less than half: 30 KB then fit into the first flight of a TCP connection, which saves a round trip that
            # costs far more than unpacking does. Next to the server, send ``Accept-Encoding: identity``.
            headers["Accept-Encoding"] = accept_encoding()
        return headers

    def _connect(
        self,
        pool: Pool,
        connection: Connection,
        request: Request,
        timeout: Timeout,
        deadline: float | None,
        progress: Progress,
    ) -> None:
        if pool.proxy is not None:
            progress.proxy = pool.proxy.url
        progress.waited = connection.timeout = _bound(timeout.connect, deadline, self._clock, request, sent=False)
        pool.connect(connection)

    # --- after sending

    def _read(self, reply: Reply, gathered: Gathered) -> None:
        """Read the body, unpacked, so that what came before a failure is still there."""
        blocks = reply.blocks(self._limit)
        if not reply.content_encoding:
            gathered.take(blocks)
            return
        left = self._limit
        for part in unpacked(blocks, reply.content_encoding):
            left -= len(part)
            if left < 0:
                raise BodyTooLargeError("unpacked")
            gathered.add(part)
        # A packed stream may end before its framing does; the rest is read so that the connection stays in step.
        for _ in blocks:
            pass


def _let_go(held: list[Connection], switch: cancel.Cancel) -> None:
    """Close what an attempt that failed held, and say so if that was because it was cancelled."""
    for connection in held:
        switch.release(connection)
        connection.close()
    switch.check()


def _expired(deadline: float | None, clock: Callable[[], float]) -> bool:
    return deadline is not None and clock() >= deadline - 0.001


def _shown(request: Request) -> str:
    return request.redacted().url if "?" in request.target else request.url


def _bound(own: float, deadline: float | None, clock: Callable[[], float], request: Request, *, sent: bool) -> float:
    """The smaller of a timeout and what is left until the deadline, seconds."""
    if deadline is None:
        return own
    left = deadline - clock()
    if left <= 0:
        raise TimeoutExpiredError(
            f"the call's deadline ran out before sending to {request.origin}; raise timeout", sent=sent
        )
    return min(own, left)


_living: weakref.WeakSet[Urllib3Transport] = weakref.WeakSet()


def _forget_connections() -> None:
    """In a child process: the parent's sockets, and a lock that another of its threads may have held, are the parent's."""
    for transport in list(_living):
        pools, transport._pools = transport._pools, {}
        for pool in pools.values():
            pool.close()
        transport._lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_connections)
