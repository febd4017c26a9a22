"""The request on its way out: small ones at once, large ones in blocks while the server is listened to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from urllib3.util.wait import wait_for_read

from dynaclient.errors import ArgumentError, DynaclientError
from dynaclient.transport.border import Progress
from dynaclient.transport.connections import Connection, send_whole
from dynaclient.wire import Request, Upload

BLOCK = 1 << 17
"""The most that is sent at once, bytes. A body of bytes that fits is sent with the head, as fast as can be."""

_BODILESS = frozenset({"GET", "HEAD", "DELETE", "TRACE", "OPTIONS", "CONNECT"})
"""Methods whose requests say nothing of a length where they have no body (RFC 9110, 8.6)."""

_PATIENCE = 0.25
"""Seconds after which a server that takes nothing is asked whether it has answered already."""

_EARLY = 1 << 16
_GONE = (BrokenPipeError, ConnectionResetError, ConnectionAbortedError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


def write(connection: Connection, request: Request, prefix: str, headers: dict[str, str], progress: Progress) -> bool:
    """Send a request over a connection that is open.

    Returns
    -------
    bool
        False where it was not sent whole, because the server stopped reading, or began to answer first, as it may (RFC 9112, 9.5);
        its reply can be read, the connection cannot be used again.

    Raises
    ------
    ArgumentError
        Where the body cannot be read, is not bytes, or has not the length that was announced.
    """
    body, target = request.body, prefix + (request.target or "/")
    if body is None or (isinstance(body, bytes) and len(body) <= BLOCK):
        try:
            _send_small(connection, request.method, target, headers, body)
        except _GONE:
            return False
        return True
    progress.writing = True
    length = body.length if isinstance(body, Upload) else len(body)
    framing = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
    pieces = _pieces(body, progress) if isinstance(body, Upload) else iter((memoryview(body),))
    whole = _send(connection, request.method, target, {**headers, **framing}, pieces, chunked=length is None)
    progress.writing = False
    return whole


def _send_small(connection: Connection, method: str, target: str, headers: dict[str, str], body: bytes | None) -> None:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if body is not None or method.upper() not in _BODILESS:
        lines = f"Content-Length: {len(body or b'')}\r\n{lines}"
    skip_host = any(name.lower() == "host" for name in headers)
    send_whole(connection, method, target, lines.encode("latin-1"), body or b"", skip_host=skip_host)


def _send(
    connection: Connection,
    method: str,
    target: str,
    headers: dict[str, str],
    pieces: Iterator[memoryview],
    *,
    chunked: bool,
) -> bool:
    connection.sock.settimeout(connection.timeout)
    try:
        connection.putrequest(
            method, target, skip_host=any(name.lower() == "host" for name in headers), skip_accept_encoding=True
        )
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
    except _GONE:
        return False
    line = _Line(connection)
    whole = True
    for piece in pieces:
        for start in range(0, len(piece), BLOCK):
            block = piece[start : start + BLOCK]
            # One send for a chunk and its frame, so that small ones do not become three packets each.
            whole = line.send(memoryview(b"%x\r\n%b\r\n" % (len(block), bytes(block))) if chunked else block)
            if not whole:
                break
        if not whole:
            break
    if whole and chunked:
        whole = line.send(memoryview(b"0\r\n\r\n"))
    connection.sock.settimeout(connection.timeout)
    return whole


def _pieces(upload: Upload, progress: Progress) -> Iterator[memoryview]:
    """The pieces of a body, counted; what goes wrong while its own code runs is never taken for the network's doing."""
    sent = 0
    try:
        for piece in upload.chunks():
            view = _view(piece)
            sent += len(view)
            if upload.length is not None and sent > upload.length:
                raise ArgumentError(f"the body is longer than the {upload.length:,} bytes that were announced for it")
            if not view:
                continue  # an empty chunk would end the body
            yield view
            if upload.progress is not None:
                upload.progress(sent)
        if upload.length is not None and sent < upload.length:
            raise ArgumentError(
                f"the body ended after {sent:,} of the {upload.length:,} bytes that were announced for it"
            )
    except DynaclientError:
        raise
    except OSError as error:
        raise ArgumentError(f"the body cannot be read: {error.strerror or type(error).__name__}") from error
    except Exception as error:
        progress.theirs = error
        raise


def _view(piece: bytes) -> memoryview:
    try:
        return memoryview(piece).cast("B")
    except TypeError:
        raise ArgumentError(f"the pieces of a body must be bytes, not {type(piece).__name__}") from None


class _Line:
    """A connection that is written to while it is listened to.

    A server may answer before it has read the whole body, 413 say, and then read no more: who does not listen waits until the time-out, and
    gets that instead of the answer.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sock = connection.sock
        # urllib3's TLS within TLS cannot take up again a write that timed out half-way.
        self._resumes = isinstance(connection.sock, socket.socket)

    def send(self, block: memoryview) -> bool:
        """Send all of it; False where the server has answered or is gone."""
        try:
            while block:
                if self._answered():
                    return False
                sent = self._some(block)
                if not sent:
                    return False
                block = block[sent:]
        except _GONE:
            return False
        return True

    def _some(self, block: memoryview) -> int:
        """How much could be sent; 0 where the server has answered instead of taking any."""
        connection, clock = self._connection, self._connection.clock
        began = clock()
        while True:
            now = clock()
            left = began + (connection.timeout or 0.0) - now
            if connection.deadline is not None:
                left = min(left, connection.deadline - now)
            if left <= 0:
                raise TimeoutError("the server takes no more")
            self._sock.settimeout(min(left, _PATIENCE) if self._resumes else left)
            try:
                if self._resumes:
                    return int(self._sock.send(block))
                self._sock.sendall(block)
                return len(block)
            except TimeoutError:
                if not self._resumes:
                    raise
                if self._answered():
                    return 0

    def _answered(self) -> bool:
        """Whether a final reply has begun, or the server has closed; what was read is kept for the reader of the reply."""
        if not wait_for_read(self._sock, 0.0):
            return False
        self._sock.settimeout(0.0)
        try:
            data = self._sock.recv(_EARLY)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False  # TLS's own messages, a session ticket say
        except OSError:
            return True
        early = self._connection.early = self._connection.early + data
        return not data or len(early) > _EARLY or _final(early)


def _final(early: bytes) -> bool:
    """Whether these bytes are more than interim replies (RFC 9110, 15.2), as 100 Continue is one."""
    while early[9:10] == b"1":
        early = early.partition(b"\r\n\r\n")[2]
    return len(early) > 9
