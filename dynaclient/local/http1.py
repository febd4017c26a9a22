"""HTTP/1.1 as a server reads and writes it (RFC 9112), on one socket, strictly: what is ambiguous is refused."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from http import HTTPStatus

from dynaclient.wire import Headers, Request, Response

MAX_HEAD = 64 * 1024
_MAX_CHUNK_LINE = 4096

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/(\d)\.(\d)")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
_ABSOLUTE = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BODILESS = frozenset({204, 304})


class Refusal(Exception):
    """A request that is answered with ``status`` and a closed connection, because where the next one begins is unknown."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Gone(Exception):
    """The peer closed the connection, or went silent, between two requests or within one."""


@dataclass(frozen=True, slots=True)
class Head:
    """Request line and fields of one request."""

    method: str
    target: str
    headers: Headers
    keep_alive: bool
    old: bool


class Connection:
    """One accepted connection.

    Parameters
    ----------
    sock:
        The socket.
    max_body:
        The largest request body in bytes; a larger one is refused with 413.
    read_timeout:
        Seconds that the peer may let pass between two pieces of one request.
    """

    def __init__(self, sock: socket.socket, *, max_body: int, read_timeout: float) -> None:
        self.sock = sock
        self._buffer = bytearray()
        self._max_body = max_body
        self._read_timeout = read_timeout

    def wait(self, seconds: float) -> bool:
        """Wait for the first byte of a request; false where none came."""
        if self._buffer:
            return True
        self.sock.settimeout(seconds)
        try:
            self._fill()
        except (Gone, Refusal):
            return False
        return True

    def read_head(self) -> Head:
        """Read request line and fields (RFC 9112, 3 and 5)."""
        self.sock.settimeout(self._read_timeout)
        end = self._buffer.find(b"\r\n\r\n")
        while end < 0:
            if len(self._buffer) > MAX_HEAD:
                raise Refusal(431, f"request line and header fields are larger than {MAX_HEAD} bytes")
            self._fill()
            end = self._buffer.find(b"\r\n\r\n")
        if end > MAX_HEAD:
            raise Refusal(431, f"request line and header fields are larger than {MAX_HEAD} bytes")
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        return parse_head(head)

    def read_body(self, head: Head) -> bytes | None:
        """Read the body that the head announces (RFC 9112, 6.3), None where it announces none."""
        codings = head.headers.get("transfer-encoding")
        length = head.headers.get("content-length")
        if codings is None and length is None:
            return None
        if codings is not None:
            if length is not None:
                raise Refusal(400, "Content-Length beside Transfer-Encoding leaves the end of the body open")
            if codings.strip().lower() != "chunked" or head.old:
                raise Refusal(501, f"the transfer coding {codings!r} is not known; send `chunked` over HTTP/1.1")
            self._continue(head)
            return self._chunks()
        size = _length(length or "")
        self._bounded(size)
        self._continue(head)
        return self._take(size)

    def send(self, data: bytes) -> None:
        """Send all of it at once."""
        self.sock.settimeout(self._read_timeout)
        self.sock.sendall(data)

    def drain(self) -> None:
        """Let a peer that is still sending read the refusal: end our side, then drop what comes for a moment (RFC 9112, 9.6)."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
            self.sock.settimeout(1.0)
            until = time.monotonic() + 2.0
            while self.sock.recv(65536) and time.monotonic() < until:
                pass
        except OSError:
            pass

    def _continue(self, head: Head) -> None:
        """Answer ``Expect: 100-continue`` (RFC 9110, 10.1.1) unless the body is on its way already."""
        expected = head.headers.get("expect")
        if expected is None or head.old:
            return
        if expected.lower() != "100-continue":
            raise Refusal(417, f"the expectation {expected!r} is not known; `100-continue` is")
        if not self._buffer:
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _bounded(self, size: int) -> None:
        if size > self._max_body:
            raise Refusal(413, f"the body has {size} bytes or more; {self._max_body} are taken at most")

    def _chunks(self) -> bytes:
        """Undo ``chunked`` (RFC 9112, 7.1); trailer fields are dropped."""
        body = bytearray()
        while True:
            digits = bytes(self._line().partition(b";")[0]).strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,16}", digits):
                raise Refusal(400, "a chunk does not begin with its size in hexadecimal digits")
            size = int(digits, 16)
            if size == 0:
                break
            self._bounded(len(body) + size)
            body += self._take(size)
            if self._take(2) != b"\r\n":
                raise Refusal(400, "a chunk is longer than it says")
        trailer = 0
        while line := self._line():
            trailer += len(line)
            if trailer > MAX_HEAD:
                raise Refusal(431, "the trailer fields are too large")
        return bytes(body)

    def _line(self) -> bytes:
        end = self._buffer.find(b"\r\n")
        while end < 0:
            if len(self._buffer) > _MAX_CHUNK_LINE:
                raise Refusal(400, "a line of the chunked body is too long")
            self._fill()
            end = self._buffer.find(b"\r\n")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill(size - len(self._buffer))
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _fill(self, wanted: int = 0) -> None:
        try:
            data = self.sock.recv(max(65536, min(wanted, 1 << 20)))
        except TimeoutError:
            raise Refusal(408, "the request did not arrive in time") from None
        except OSError as error:
            raise Gone from error
        if not data:
            raise Gone
        self._buffer += data


def parse_head(data: bytes) -> Head:
    """Request line and fields, from the bytes before the empty line."""
    first, *lines = data.lstrip(b"\r\n").split(b"\r\n")
    matched = _REQUEST_LINE.fullmatch(first)
    if matched is None:
        raise Refusal(400, "this is not an HTTP request: the first line must read `METHOD /target HTTP/1.1`")
    method, target, major, minor = (part.decode("ascii") for part in matched.groups())
    if major != "1":
        raise Refusal(505, f"HTTP/{major}.{minor} is not spoken here; HTTP/1.1 is")
    pairs = []
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise Refusal(400, "a header field is not `Name: value` on one line")
        pairs.append((field[1].decode("ascii"), field[2].decode("latin-1")))
    headers = Headers(pairs)
    hosts = headers.get_all("host")
    if len(hosts) != 1 and not (minor == "0" and not hosts):
        raise Refusal(400, "a request has exactly one Host field")
    options = [option.strip() for option in headers.get("connection", "").lower().split(",")]
    old = minor == "0"
    return Head(method, target, headers, keep_alive="keep-alive" in options if old else "close" not in options, old=old)


def _length(written: str) -> int:
    values = {value.strip() for value in written.split(",")}
    value = values.pop()
    if values or not value.isascii() or not value.isdigit() or len(value) > 18:
        raise Refusal(400, f"the Content-Length {written[:40]!r} is not one whole number")
    return int(value)


def request_of(head: Head, body: bytes | None) -> Request:
    """The request as a frozen value; an absolute target (RFC 9112, 3.2.2) loses its origin, which Host repeats."""
    target = _ABSOLUTE.sub("", head.target, count=1) if not head.target.startswith("/") else head.target
    if not target.startswith("/") and target != "*":
        target = "/" + target
    return Request(head.method, f"http://{head.headers.get('host', '')}", target.partition("#")[0], head.headers, body)


def render(response: Response, *, head_only: bool, keep_alive: bool, extra: tuple[tuple[str, str], ...] = ()) -> bytes:
    """A reply as bytes.

    Parameters
    ----------
    response:
        The reply.
    head_only:
        Whether it answers HEAD: the fields, without the body.
    keep_alive:
        Whether another request may follow on the connection.
    extra:
        More fields.
    """
    status = response.status
    lines = [f"HTTP/1.1 {status} {response.reason or _REASONS.get(status, '')}"]
    named = [(name, value) for name, value in response.headers.pairs if name.lower() not in _FRAMING]
    lines += [f"{name}: {_safe(value)}" for name, value in (*named, *extra)]
    if status not in _BODILESS:
        length = len(response.body)
        if head_only and not length:
            length = int(response.headers.get("content-length", "0"))
        lines.append(f"Content-Length: {length}")
    lines.append(f"Date: {_date(int(time.time()))}")
    if not keep_alive:
        lines.append("Connection: close")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
    return head if head_only or status in _BODILESS else head + response.body


_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "date"})


def _safe(value: str) -> str:
    return value if value.isprintable() else re.sub(r"[\x00-\x08\x0a-\x1f\x7f]", " ", value)


_last_date = (0, "")


def _date(now: int) -> str:
    """IMF-fixdate (RFC 9110, 5.6.7), written once a second."""
    global _last_date
    if _last_date[0] != now:
        at = time.gmtime(now)
        text = f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year} "
        _last_date = (now, text + f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT")
    return _last_date[1]
