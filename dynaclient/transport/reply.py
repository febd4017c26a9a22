"""One reply read off a socket: what urllib3's connections take as ``response_class``.

It reads HTTP/1.1 as RFC 9112 words it and takes nothing on trust: every line, the number of fields, and the size of the
body are bounded, what frames the body must be unambiguous, and no read goes on beyond the deadline, however slowly the bytes
drip. http.client would hand the fields to the email package, which costs more than all the rest of a small call, and ends lines where
HTTP does not.
"""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Callable, Iterator
from http.client import BadStatusLine, HTTPException, IncompleteRead, LineTooLong, RemoteDisconnected
from typing import Any

MAX_LINE = 65_536
MAX_FIELDS = 100
MAX_INTERIM = 20
BLOCK = 1 << 28
"""A body of so many bytes, 256 MiB, is read into its place at once, and costs no more than has come; of a larger one memory is asked for as it comes, whatever its length is said to be."""
_PIECE = 1 << 18
_BUFFER = 1 << 15

_STATUS_LINE = re.compile(rb"(HTTP/1\.[0-9])[ \t]+([1-9][0-9]{2})(?:[ \t]([^\r\n]*))?\r?\n")
_NAME = re.compile(r"[\x21-\x39\x3b-\x7e]+").fullmatch
_LENGTH = re.compile(r"[0-9]{1,18}").fullmatch
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n").fullmatch
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "content-encoding"})


class BodyTooLargeError(HTTPException):
    """The body is larger than the bound. Never leaves the transport."""


class FramingError(HTTPException):
    """The reply breaks HTTP/1.1. Never leaves the transport."""


class TimedReader(io.RawIOBase):
    """A socket's bytes. Each read waits as long as the socket's own timeout says, and never beyond the deadline.

    ``early`` goes before them: what was read of the reply already. While ``held`` is not None, an error is put there and told as the end of the bytes, so that a reader that has collected some returns
    them instead of losing them.
    """

    def __init__(
        self, sock: socket.socket, deadline: float | None, clock: Callable[[], float], early: bytes = b""
    ) -> None:
        self._sock = sock
        self._early = early
        self._timeout = sock.gettimeout()
        self._deadline = deadline
        self._clock = clock
        self.ended = False
        self.held: list[OSError] | None = None

    def readable(self) -> bool:
        """True: what io.BufferedReader asks for."""
        return True

    def bound(self, timeout: float, deadline: float | None) -> None:
        """From now on each read waits so many seconds at most, and none beyond the deadline."""
        self._timeout, self._deadline = timeout, deadline
        self._sock.settimeout(timeout)

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer with what one read of the socket gives; 0 at its end."""
        if self._early:
            size = min(len(buffer), len(self._early))
            buffer[:size], self._early = self._early[:size], self._early[size:]
            return size
        if self.ended:
            return 0
        try:
            if self._deadline is not None:
                self._shorten(self._deadline - self._clock())
            return self._sock.recv_into(buffer)
        except OSError as error:
            if self.held is None:
                raise
            self.ended = True
            self.held.append(error)
            return 0

    def _shorten(self, left: float) -> None:
        if self._timeout is None or left < self._timeout:
            if left <= 0:
                raise TimeoutError("the deadline of the call ran out")
            self._sock.settimeout(left)


class Reply:
    """A reply of which the head has been read, and whose body is read through `blocks`.

    ``begin``, ``will_close``, ``isclosed``, ``close``, ``fp`` and ``_read_status`` are what http.client and urllib3 ask of a
    ``response_class``. ``keeps_open`` says whether the connection may be used again once the body has been read.
    """

    # http.client closes the connection at once where this is true; here the transport does, after the body.
    will_close = False

    def __init__(
        self,
        sock: socket.socket,
        method: str | None,
        deadline: float | None,
        clock: Callable[[], float],
        early: bytes = b"",
    ) -> None:
        self._raw = TimedReader(sock, deadline, clock, early)
        self.fp: io.BufferedReader | None = io.BufferedReader(self._raw, _BUFFER)
        self._method = method
        self.status = 0
        self.reason = ""
        self.pairs: list[tuple[str, str]] = []
        self.length: int | None = None
        self.chunked = False
        self.content_encoding = ""
        self.keeps_open = False

    # --- head

    def begin(self) -> None:
        """Read the status line and the fields; interim replies (RFC 9110, 15.2) are passed over."""
        version, self.status, self.reason = self._read_status()
        framing = self._read_fields()
        for _ in range(MAX_INTERIM):
            if self.status >= 200:
                break
            if self.status == 101:
                raise FramingError("it switches protocols, which was not asked for")
            version, self.status, self.reason = self._read_status()
            framing = self._read_fields()
        else:
            raise FramingError(f"more than {MAX_INTERIM} interim replies")
        self._frame(version, framing)

    def _read_status(self) -> tuple[str, int, str]:
        line = self._line("status line")
        if not line:
            raise RemoteDisconnected("closed without a reply")
        match = _STATUS_LINE.fullmatch(line)
        if match is None:
            raise BadStatusLine(line[:80].decode("latin-1"))
        version, status, reason = match.groups(b"")
        return version.decode("ascii"), int(status), reason.strip().decode("latin-1")

    def _line(self, what: str) -> bytes:
        line = self.fp.readline(MAX_LINE + 1) if self.fp else b""
        if len(line) > MAX_LINE:
            raise LineTooLong(what)
        return line

    def _read_fields(self) -> dict[str, list[str]]:
        """Read all fields into ``pairs``; return, by lower-case name, those that frame the body."""
        pairs: list[tuple[str, str]] = []
        framing: dict[str, list[str]] = {}
        readline = self.fp.readline if self.fp else io.BytesIO().readline
        for _ in range(MAX_FIELDS + 1):
            line = readline(MAX_LINE + 1)
            if line == b"\r\n" or line == b"\n":
                self.pairs = pairs
                return framing
            if line[-1:] != b"\n":
                if len(line) > MAX_LINE:
                    raise LineTooLong("header line")
                raise RemoteDisconnected("closed within the header fields")
            name, colon, value = line.decode("latin-1").partition(":")
            value = value.strip(" \t\r\n")
            if not colon or not _NAME(name) or "\r" in value or "\0" in value:
                name, value = _folded(pairs, line)
                pairs.pop()
            pairs.append((name, value))
            lower = name.lower()
            if lower in _FRAMING:
                framing.setdefault(lower, []).append(value)
        raise FramingError(f"more than {MAX_FIELDS} header fields")

    def _frame(self, version: str, framing: dict[str, list[str]]) -> None:
        """Where the body ends, and whether the connection outlives it (RFC 9112, 6.3 and 9.3)."""
        options = {option.strip().lower() for option in ",".join(framing.get("connection", ())).split(",")}
        persistent = "keep-alive" in options if version == "HTTP/1.0" else "close" not in options
        self.content_encoding = ",".join(framing.get("content-encoding", ()))
        codings, lengths = framing.get("transfer-encoding"), framing.get("content-length")
        if self._method == "HEAD" or self.status in (204, 304):
            self.length = 0
        elif codings is not None:
            if ",".join(codings).lower() != "chunked":
                raise FramingError("its Transfer-Encoding is not chunked, and nothing else was offered")
            self.chunked = True
            persistent = persistent and lengths is None
        elif lengths is not None:
            self.length = _content_length(lengths)
        self.keeps_open = persistent and (self.chunked or self.length is not None)

    # --- body

    def bound(self, timeout: float, deadline: float | None) -> None:
        """From now on each read waits so many seconds at most, and none beyond the deadline."""
        self._raw.bound(timeout, deadline)

    def cut(self) -> None:
        """Receive no more: what is left is what has come already."""
        self._raw.ended = True

    def blocks(self, limit: int, *, arriving: bool = False) -> Iterator[bytes]:
        """The body as it comes, content codings and all.

        Parameters
        ----------
        limit:
            The most that may come, bytes.
        arriving:
            True: each block as soon as it has come, however small. False: all at once, or in pieces of one size where there is much.

        Raises
        ------
        IncompleteRead
            Where it ends before its end.
        BodyTooLargeError
            Where it says that it is larger than the limit, or turns out to be.
        """
        if self.length is not None and self.length > limit:
            raise BodyTooLargeError(f"{self.length:,} bytes by its Content-Length")
        if self.fp is None:
            return
        if self.chunked:
            yield from self._chunks(self.fp, limit, self._arriving if arriving else self._exactly)
        elif self.length is None:
            yield from self._until_closed(self.fp, limit)
        else:
            yield from (self._arriving if arriving else self._exactly)(self.fp, self.length)
        # What is left in the buffer was not asked for; a connection that carries such is not used again.
        self._raw.ended = True
        if self.fp.peek(1):
            self.keeps_open = False

    def _exactly(self, fp: io.BufferedReader, length: int) -> Iterator[bytes]:
        """So many bytes, in one block or in pieces of one size; what came before a failure is given before it is raised."""
        piece = length if length <= BLOCK else _PIECE
        while length:
            wanted = min(length, piece)
            held: list[OSError] = []
            self._raw.held = held
            block = fp.read(wanted)
            self._raw.held = None
            if block:
                yield block
            if len(block) < wanted:
                raise held[0] if held else IncompleteRead(b"", length - len(block))
            length -= wanted

    def _arriving(self, fp: io.BufferedReader, length: int) -> Iterator[bytes]:
        """So many bytes, each block as one read of the socket gives it."""
        while length:
            block = fp.read1(min(length, _PIECE))
            if not block:
                raise IncompleteRead(b"", length)
            length -= len(block)
            yield block

    def _until_closed(self, fp: io.BufferedReader, limit: int) -> Iterator[bytes]:
        while block := fp.read1(_PIECE):
            limit -= len(block)
            if limit < 0:
                raise BodyTooLargeError("it goes on")
            yield block

    def _chunks(
        self, fp: io.BufferedReader, limit: int, read: Callable[[io.BufferedReader, int], Iterator[bytes]]
    ) -> Iterator[bytes]:
        """RFC 9112, 7.1. Trailer fields are read and dropped (7.1.2)."""
        while size := self._chunk_size():
            limit -= size
            if limit < 0:
                raise BodyTooLargeError("its chunks go on")
            yield from read(fp, size)
            if fp.read(2) != b"\r\n":
                raise IncompleteRead(b"")
        for _ in range(MAX_FIELDS + 1):
            line = self._line("trailer line")
            if line in (b"\r\n", b"\n"):
                return
            if not line.endswith(b"\n"):
                raise IncompleteRead(b"")
        raise FramingError(f"more than {MAX_FIELDS} trailer fields")

    def _chunk_size(self) -> int:
        match = _CHUNK_SIZE(self._line("chunk size"))
        if match is None:
            raise IncompleteRead(b"")
        return int(match[1], 16)

    # --- what http.client asks

    def isclosed(self) -> bool:
        """Whether the reply is done with."""
        return self.fp is None

    def close(self) -> None:
        """Let go of the socket, which stays open."""
        fp, self.fp = self.fp, None
        if fp is not None:
            fp.close()


def _folded(pairs: list[tuple[str, str]], line: bytes) -> tuple[str, str]:
    """The last field with a folded line joined on (RFC 9112, 5.2); every other line that is no field is an error."""
    text = line.decode("latin-1")
    more = text.strip(" \t\r\n")
    if not pairs or text[0] not in " \t" or "\r" in more or "\0" in more:
        raise FramingError("a line among its header fields is none")
    name, value = pairs[-1]
    if name.lower() in _FRAMING:
        raise FramingError(f"its {name} is folded")
    return name, f"{value} {more}".strip()


def _content_length(values: list[str]) -> int:
    """Repeated values must agree (RFC 9112, 6.3)."""
    lengths = {part.strip() for value in values for part in value.split(",")}
    text = lengths.pop()
    if lengths or not _LENGTH(text):
        raise FramingError("its Content-Length is not one number")
    return int(text)
