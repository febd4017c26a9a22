"""The embedded server over HTTP: one thread for each connection, one send for each reply, loopback only unless told otherwise."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import selectors
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Protocol, Self

from dynaclient.errors import ArgumentError
from dynaclient.local.answers import Answer, error_response
from dynaclient.local.http1 import Connection, Gone, Refusal, render, request_of
from dynaclient.wire import Request

MAX_BODY = 64 << 20
Log = Callable[[str], None]


class Answers(Protocol):
    """What the server serves: an ``App``, or anything else that answers requests."""

    def answer(self, request: Request) -> Answer:
        """The reply to a request, and how it shall go wrong on the socket."""


class LocalServer:
    """Serves an app over HTTP/1.1. As a context manager it listens from its first line to its last.

    ::

        with LocalServer(App(api)) as server:
            Client(server=server.url)

    Parameters
    ----------
    app:
        What answers.
    host, port:
        Where to listen; port 0 is a free one, ``port`` and ``url`` tell which.
    allow_remote:
        Whether ``host`` may be an address that other machines reach.
    log:
        Takes one line for each reply (method, path, status, time, size; no query, no fields, no bodies), or None.
    max_body:
        The largest request body in bytes.
    idle_timeout, read_timeout:
        Seconds that a connection may stay without a request, and without progress within one.
    grace:
        Seconds that running requests have to finish when the server stops.
    max_connections:
        How many connections are served at once; one more is answered 503.

    Raises
    ------
    ArgumentError
        Where the address is not a loopback address and ``allow_remote`` is false, or cannot be listened on.
    """

    def __init__(
        self,
        app: Answers,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        allow_remote: bool = False,
        log: Log | None = None,
        max_body: int = MAX_BODY,
        idle_timeout: float = 75.0,
        read_timeout: float = 30.0,
        grace: float = 5.0,
        max_connections: int = 1024,
    ) -> None:
        self.app, self.log, self.grace = app, log, grace
        self._max_body, self._read_timeout = max_body, read_timeout
        self._idle_timeout, self._max_connections = idle_timeout, max_connections
        self._listener = _listen(host, port, allow_remote=allow_remote)
        self.host, self.port = self._listener.getsockname()[:2]
        self._wake, self._waker = socket.socketpair()
        self._lock = threading.Lock()
        self._served: dict[_Served, threading.Thread] = {}
        self._stopping = threading.Event()
        self._ids = itertools.count(1)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The origin to send to, ``http://127.0.0.1:8080``."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    def start(self) -> Self:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="dynaclient-local", daemon=True)
        self._thread.start()
        return self

    def run(self) -> None:
        """Serve in this thread until ``ask_to_stop``; then finish the running requests, and return."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while not self._stopping.is_set():
                for key, _ in selector.select():
                    if key.fileobj is self._listener:
                        self._accept()
                    else:
                        self._stopping.set()
        self._finish()

    def ask_to_stop(self) -> None:
        """Make ``run`` return soon; may be called from a signal handler."""
        with contextlib.suppress(OSError):
            self._waker.send(b"x")

    def stop(self) -> None:
        """Stop listening, finish the running requests, close all connections. Stopping twice is fine."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        elif not self._stopping.is_set():
            self._stopping.set()
            self._finish()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError:  # The peer went away, or no descriptor is free: others may finish meanwhile.
            self._stopping.wait(0.01)
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        served = _Served(self, Connection(sock, max_body=self._max_body, read_timeout=self._read_timeout))
        thread = threading.Thread(target=served.run, name="dynaclient-local-connection", daemon=True)
        with self._lock:
            served.refused = len(self._served) >= self._max_connections
            self._served[served] = thread
        thread.start()

    def _finish(self) -> None:
        self._listener.close()
        with self._lock:
            running = dict(self._served)
        for served in running:
            served.close_if_idle()
        until = time.monotonic() + self.grace
        for thread in running.values():
            thread.join(max(0.0, until - time.monotonic()))
        for served, thread in running.items():
            if thread.is_alive():
                served.abort()
                thread.join(1.0)
        self._wake.close()
        self._waker.close()

    def _forget(self, served: _Served) -> None:
        with self._lock:
            self._served.pop(served, None)

    def _answer(self, request: Request) -> Answer:
        try:
            return self.app.answer(request)
        except Exception as error:  # noqa: BLE001 - a bug must not take the connection down, nor show its insides
            if self.log:
                self.log(f"{request.method} {_path(request)} failed: {type(error).__name__}: {error}")
            return Answer(error_response(500, "the server failed; its log says more", kind="server_error"))


class _Served:
    """One connection and what becomes of it."""

    def __init__(self, server: LocalServer, connection: Connection) -> None:
        self.server = server
        self.connection = connection
        self.refused = False
        self._idle = True
        self._lock = threading.Lock()

    def run(self) -> None:
        """Answer request after request until the connection ends."""
        try:
            if self.refused:
                self._refuse(Refusal(503, "too many connections at once"))
                return
            while self._await() and self._one():
                pass
        except Refusal as refusal:
            with contextlib.suppress(OSError):
                self._refuse(refusal)
        except (Gone, OSError):
            pass
        finally:
            self.connection.sock.close()
            self.server._forget(self)

    def close_if_idle(self) -> None:
        """End a connection on which no request is running; what has arrived already is still answered."""
        with self._lock:
            if self._idle:
                self._shut(socket.SHUT_RD)

    def abort(self) -> None:
        """End the connection, whatever is running."""
        self._shut(socket.SHUT_RDWR)

    def _shut(self, how: int) -> None:
        with contextlib.suppress(OSError):
            self.connection.sock.shutdown(how)

    def _set_idle(self, *, idle: bool) -> None:
        with self._lock:
            self._idle = idle
            if idle and self.server._stopping.is_set():
                self._shut(socket.SHUT_RD)

    def _await(self) -> bool:
        self._set_idle(idle=True)
        arrived = self.connection.wait(self.server._idle_timeout)
        self._set_idle(idle=False)
        return arrived

    def _one(self) -> bool:
        """Answer one request; true where another may follow."""
        began = time.perf_counter()
        head = self.connection.read_head()
        request = request_of(head, self.connection.read_body(head))
        answer = self.server._answer(request)
        if answer.delay:
            self.server._stopping.wait(answer.delay)
        keep = head.keep_alive and not answer.fault and not self.server._stopping.is_set()
        extra = (("Server", "dynaclient"), ("X-Request-Id", f"local-{next(self.server._ids)}"))
        data = render(answer.response, head_only=request.method == "HEAD", keep_alive=keep, extra=extra)
        if answer.fault:
            self._break(answer.fault, data, len(answer.response.body))
        else:
            self.connection.send(data)
        self._log(request, answer.fault or str(answer.response.status), began, len(data))
        return keep

    def _refuse(self, refusal: Refusal) -> None:
        response = error_response(refusal.status, refusal.message)
        self.connection.send(render(response, head_only=False, keep_alive=False))
        if self.server.log:
            self.server.log(f"- - {refusal.status} {refusal.message}")
        self.connection.drain()

    def _break(self, fault: str, data: bytes, size: int) -> None:
        """Do to the socket what the fault says."""
        sock = self.connection.sock
        if fault == "reset":  # SO_LINGER with zero seconds turns close() into a reset.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif fault == "half":
            self.connection.send(data[: len(data) - (size + 1) // 2] if size else data[: len(data) // 2])
        elif fault == "garbage":
            self.connection.send(b"\x15\x03\x01\x00\x02\x02\x46 this is not HTTP\r\n\r\n")
        else:
            self._stall()

    def _stall(self) -> None:
        """Wait, as idle, until the peer gives up or the server stops."""
        self._set_idle(idle=True)
        self.connection.sock.settimeout(None)
        while self.connection.sock.recv(65536):
            pass

    def _log(self, request: Request, outcome: str, began: float, size: int) -> None:
        if self.server.log:
            spent = (time.perf_counter() - began) * 1000
            self.server.log(f"{request.method} {_path(request)} {outcome} {spent:.1f} ms {size} bytes")


def serve(
    app: Answers,
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    allow_remote: bool = False,
    log: Log | None = None,
    ready: Callable[[LocalServer], object] | None = None,
    **options: Any,
) -> None:
    """Serve until SIGINT or SIGTERM; then finish the running requests and return. A second signal ends the waiting.

    Parameters
    ----------
    app, host, port, allow_remote:
        See ``LocalServer``.
    log:
        Takes one line for each reply; by default they go to standard error.
    ready:
        Called once with the server when it listens, before the first request: to print its ``url``, or to keep it for ``ask_to_stop``.
    options:
        What else ``LocalServer`` takes.

    Raises
    ------
    ArgumentError
        As ``LocalServer`` does.
    """
    server = LocalServer(app, host, port, allow_remote=allow_remote, log=log or log_to_stderr, **options)
    with _signals(server):
        if ready is not None:
            ready(server)
        server.run()


def log_to_stderr(line: str) -> None:
    """Write one line of the access log to standard error."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


@contextlib.contextmanager
def _signals(server: LocalServer) -> Iterator[None]:
    """SIGINT and SIGTERM stop the server; only the main thread may set handlers, elsewhere the caller stops it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former: dict[signal.Signals, Any] = {}

    def restore() -> None:
        for number, handler in former.items():
            signal.signal(number, handler)

    def on_signal(_number: int, _frame: Any) -> None:
        restore()
        server.ask_to_stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        former[number] = signal.signal(number, on_signal)
    try:
        yield
    finally:
        restore()


def _path(request: Request) -> str:
    return request.target.partition("?")[0]


def _listen(host: str, port: int, *, allow_remote: bool) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError, OverflowError) as error:
        raise ArgumentError(f"cannot listen on {host}:{port}: {error}") from None
    if not allow_remote:
        for *_, address in found:
            if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
                raise ArgumentError(
                    f"{host} is not a loopback address: other machines could reach this server, which asks for no real account; "
                    "pass allow_remote=True (--allow-remote) if that is what you want"
                )
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":  # There it would let two servers share one port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
        listener.settimeout(0.0)
    except (OSError, OverflowError) as error:
        listener.close()
        raise ArgumentError(f"cannot listen on {host}:{port}: {error}; port 0 takes a free one") from None
    return listener
