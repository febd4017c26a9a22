"""A server on the loopback interface that does exactly what a test tells it, byte for byte, well-behaved or not."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

CERTIFICATE = Path(__file__).parent / "cases" / "loopback.pem"


@dataclass(frozen=True)
class Received:
    """A request as it came: ``connection`` counts from 1."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Wire:
    """What a step may do with the connection."""

    sock: socket.socket
    stopped: threading.Event
    request: Received

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def wait(self, seconds: float | None = None) -> None:
        """Until the server is closed, or so many seconds."""
        self.stopped.wait(seconds)


class Stop(Exception):
    """Raised by a step to end its connection in the ordinary way."""


Step = Callable[[Wire], None]


def reply(status: int = 200, body: bytes = b"", *headers: str, close: bool = False) -> Step:
    """A whole, proper reply."""
    fields = [*headers, f"Content-Length: {len(body)}", *(["Connection: close"] if close else [])]
    data = (
        f"HTTP/1.1 {status} Because\r\n".encode()
        + "".join(f"{f}\r\n" for f in fields).encode("latin-1")
        + b"\r\n"
        + body
    )
    return raw(data, close=close)


def raw(data: bytes, *, close: bool = True) -> Step:
    """These bytes, then the end of the connection."""

    def step(wire: Wire) -> None:
        wire.send(data)
        if close:
            raise Stop

    return step


def chunked(parts: Iterable[bytes], *headers: str, end: bytes = b"0\r\n\r\n") -> Step:
    """A reply in chunks."""
    head = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + "".join(f"{h}\r\n" for h in headers).encode() + b"\r\n"
    )
    return raw(head + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + end, close=False)


def reset(data: bytes = b"") -> Step:
    """These bytes, then a TCP reset."""

    def step(wire: Wire) -> None:
        if data:
            wire.send(data)
            # The bytes must have been read before the reset, which discards what has not.
            wire.wait(0.05)
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Stop

    return step


def stall(data: bytes = b"") -> Step:
    """These bytes, then nothing."""

    def step(wire: Wire) -> None:
        wire.send(data)
        wire.wait()
        raise Stop

    return step


def drip(data: bytes, pause: float = 0.02) -> Step:
    """These bytes one by one with a pause after each, until they or the server end."""

    def step(wire: Wire) -> None:
        for byte in data:
            wire.send(bytes([byte]))
            wire.wait(pause)
            if wire.stopped.is_set():
                raise Stop

    return step


def echo() -> Step:
    """The request's body back."""
    return lambda wire: reply(200, wire.request.body)(wire)


@dataclass
class Loopback:
    """A server; `script` says what it does, one step for each request, the last one for all that follow.

    ``tls``: speak TLS with the certificate of the tests. ``unread``: leave the bodies of requests unread. ``greeting``: said before anything is asked.
    """

    tls: bool = False
    unread: bool = False
    greeting: bytes = b""
    connections: int = 0
    requests: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._steps: list[Step] = [reply()]
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self.tls:
            self._context.load_cert_chain(CERTIFICATE)
        self._run(self._accept)

    @property
    def origin(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def script(self, *steps: Step) -> None:
        self._steps = list(steps)
        self.requests.clear()

    def idle(self) -> None:
        """Wait until every connection has ended."""
        for thread in self._threads[1:]:
            thread.join(5)

    def tunnel(self) -> Step:
        """Answer CONNECT and pass bytes both ways."""

        def step(wire: Wire) -> None:
            host, _, port = wire.request.target.rpartition(":")
            with socket.create_connection((host, int(port))) as far:
                wire.send(b"HTTP/1.1 200 Connected\r\n\r\n")
                self._run(_pump, far, wire.sock)
                _pump(wire.sock, far)
            raise Stop

        return step

    def close(self) -> None:
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _run(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(sock)
                number = self.connections
            self._run(self._serve, sock, number)

    def _serve(self, sock: socket.socket, number: int) -> None:
        plain = sock
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.sendall(self.greeting)
            if self.tls:
                sock = self._context.wrap_socket(sock, server_side=True)
            with sock, sock.makefile("rb") as stream:
                while (received := _receive(stream, number, body=not self.unread)) is not None:
                    with self._lock:
                        index = min(len(self.requests), len(self._steps) - 1)
                        self.requests.append(received)
                        step = self._steps[index]
                    step(Wire(sock, self._stopped, received))
        except (Stop, OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._open.discard(plain)
            sock.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def _receive(stream, number: int, *, body: bool) -> Received | None:
    line = stream.readline()
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    if body and headers.get("transfer-encoding") == "chunked":
        return Received(method, target, headers, b"".join(_chunks(stream)), number)
    length = int(headers.get("content-length", 0)) if body else 0
    return Received(method, target, headers, stream.read(length), number)


def _chunks(stream):
    while size := int(stream.readline(), 16):
        yield stream.read(size)
        assert stream.read(2) == b"\r\n"
    assert stream.readline() == b"\r\n"
