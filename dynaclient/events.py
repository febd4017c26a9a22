"""Sequential media types, decoded as their bytes arrive: server-sent events, JSON Lines, JSON text sequences, multipart/mixed.

Every decoder is fed with bytes that are cut anywhere and gives the items that they complete; where they are cut changes nothing but the moment at
which an item is given. A decoder does no IO, knows no JSON, and holds one unfinished item at most, whose size is bounded.

What is wrong with the stream is a ValueError. Items that were complete before the fault are given first; the error is raised by the next call.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

from dynaclient.frozen import Struct

MOST = 64 * 1024 * 1024
"""The largest item, in bytes, where the caller names no other bound."""

_T = TypeVar("_T")
_MARK = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_RS = b"\x1e"
_STRING = re.compile(rb'"[^"]*"?')
_DIGITS = re.compile(rb"[0-9]{1,18}")  # further no clock counts


class Decoder(ABC, Generic[_T]):
    """What all decoders are to their user.

    Parameters
    ----------
    limit:
        The largest item, in bytes.
    """

    def __init__(self, limit: int = MOST) -> None:
        self._limit = limit
        self._fault: ValueError | None = None

    def feed(self, data: bytes) -> list[_T]:
        """The items that these bytes complete.

        Raises
        ------
        ValueError
            Where the stream is broken, or an item is larger than the limit.
        """
        return self._gathered(self._fed(data))

    def finish(self) -> list[_T]:
        """The items that the end of the stream completes.

        Raises
        ------
        ValueError
            Where the stream must not end here.
        """
        return self._gathered(self._finished())

    def _gathered(self, items: Iterator[_T]) -> list[_T]:
        if self._fault is not None:
            raise self._fault
        found: list[_T] = []
        try:
            for item in items:
                found.append(item)  # noqa: PERF402 - what came before a fault is kept
        except ValueError as error:
            self._fault = error
            if not found:
                raise
        return found

    @abstractmethod
    def _fed(self, data: bytes) -> Iterator[_T]: ...

    @abstractmethod
    def _finished(self) -> Iterator[_T]: ...

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise ValueError(f"an item is larger than {self._limit:,} bytes")


class _Lines:
    """Bytes cut anywhere -> lines without their ends; by LF, or by LF, CR and CRLF where ``returns``."""

    def __init__(self, limit: int, *, returns: bool = False) -> None:
        self._limit = limit
        self._returns = returns
        self._after_return = False
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        *lines, rest = self._split_any(data) if self._returns else data.split(b"\n")
        if lines:
            lines[0] = self.rest() + lines[0]
        for line in lines:
            self._check(len(line))
            yield line
        if rest:
            self._parts.append(rest)
            self._size += len(rest)
            self._check(self._size)

    def rest(self) -> bytes:
        """The unfinished line; it is given once."""
        rest = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return rest

    def _split_any(self, data: bytes) -> list[bytes]:
        """A CR ends its line at once; an LF that comes later belongs to it."""
        if self._after_return and data:
            self._after_return = False
            data = data.removeprefix(b"\n")
        if not data:
            return [b""]
        lines = data.splitlines()  # of bytes: at LF, CR and CRLF, nothing else
        if data.endswith((b"\r", b"\n")):
            lines.append(b"")
        self._after_return = data.endswith(b"\r")
        return lines

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise ValueError(f"a line is larger than {self._limit:,} bytes")


class Event(Struct, frozen=True):
    """One event of an event stream (HTML, 9.2.6).

    ``event`` is ``message`` where the stream names none. ``id`` is the last event ID of the stream at this event. ``retry`` is what this event says of the reconnection time, in
    milliseconds, or None. ``fields`` holds the names of the fields that stand in the event itself: of ``data``, ``event``, ``id`` and ``retry``.
    """

    data: str
    event: str = "message"
    id: str = ""
    retry: int | None = None
    fields: frozenset[str] = frozenset({"data"})


class SSEDecoder(Decoder[Event]):
    """``text/event-stream``, to the text of the HTML standard (9.2.5 and 9.2.6).

    ``last_event_id`` is what a reconnection sends as ``Last-Event-ID``; ``retry`` is the reconnection time in milliseconds that the stream asks for, or None. Both also change with
    events that are not dispatched because they have no data.
    """

    def __init__(self, limit: int = MOST) -> None:
        super().__init__(limit)
        self.retry: int | None = None
        self._last_event_id = ""
        self._lines = _Lines(limit, returns=True)
        self._first = True
        self._data: list[str] = []
        self._size = 0
        self._event = self._id = ""
        self._event_retry: int | None = None
        self._fields: set[str] = set()

    @property
    def last_event_id(self) -> str:
        """The last event ID; set it before the first byte where a stream is taken up again."""
        return self._last_event_id

    @last_event_id.setter
    def last_event_id(self, value: str) -> None:
        self._last_event_id = self._id = value

    def _fed(self, data: bytes) -> Iterator[Event]:
        for line in self._lines.feed(data):
            if self._first:
                self._first = False
                line = line.removeprefix(_MARK)
            if line:
                self._field(line)
            else:
                yield from self._dispatched()

    def _finished(self) -> Iterator[Event]:
        self._lines.rest()
        self._reset()  # an event without its blank line is not dispatched
        yield from ()

    def _field(self, line: bytes) -> None:
        """One line that is not empty. Lines and fields are cut before they are decoded: no byte of a longer UTF-8 sequence is a CR, LF, colon or space."""
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._size += len(value) + 1
            self._check(self._size)
            self._data.append(value.decode("utf-8", "replace"))
            self._fields.add("data")
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id":
            if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
                self._fields.add("id")
        elif name == b"retry" and _DIGITS.fullmatch(value):
            self.retry = self._event_retry = int(value)
            self._fields.add("retry")

    def _dispatched(self) -> Iterator[Event]:
        self._last_event_id = self._id
        if self._data:
            fields = frozenset(self._fields | {"event"} if self._event else self._fields)
            yield Event("\n".join(self._data), self._event or "message", self._id, self._event_retry, fields)
        self._reset()

    def _reset(self) -> None:
        self._data = []
        self._size = 0
        self._event = ""
        self._event_retry = None
        self._fields = set()


class LinesDecoder(Decoder[bytes]):
    """JSON Lines and NDJSON: one JSON text a line. Blank lines are passed over; the last line needs no end."""

    def __init__(self, limit: int = MOST) -> None:
        super().__init__(limit)
        self._lines = _Lines(limit)
        self._first = True

    def _fed(self, data: bytes) -> Iterator[bytes]:
        for line in self._lines.feed(data):
            yield from self._text(line)

    def _finished(self) -> Iterator[bytes]:
        yield from self._text(self._lines.rest())

    def _text(self, line: bytes) -> Iterator[bytes]:
        if self._first:
            self._first = False
            line = line.removeprefix(_MARK)
        line = line.strip(_BLANK)
        if line:
            yield line


class SequenceText(Struct, frozen=True):
    """One element of a JSON text sequence. ``fault`` says why it must not be taken for a JSON text, even where it reads as one; ``""`` where it may."""

    text: bytes
    fault: str = ""


class SequenceDecoder(Decoder[SequenceText]):
    """``application/json-seq`` (RFC 7464): each JSON text has a record separator before it and a line feed behind it.

    An element is given at the line feed that completes it, so that a live stream is not held back by one item. What follows a complete element without a separator, and what may have been
    cut off (2.4), is given with its fault; the stream goes on behind it (2.3).
    """

    def __init__(self, limit: int = MOST) -> None:
        super().__init__(limit)
        self._line: list[bytes] = []
        self._element: list[bytes] = []
        self._size = 0
        self._depth = 0
        self._separated = False

    def _fed(self, data: bytes) -> Iterator[SequenceText]:
        for number, piece in enumerate(data.split(_RS)):
            if number:
                yield from self._finished()
                self._separated = True
            *lines, rest = piece.split(b"\n")
            for line in lines:
                self._hold(line + b"\n")
                yield from self._at_line_feed()
            self._hold(rest)

    def _finished(self) -> Iterator[SequenceText]:
        """The element that stands here ends without a line feed: at the next separator, or the end of the stream."""
        self._end_line()
        yield from self._taken()

    def _hold(self, data: bytes) -> None:
        self._line.append(data)
        self._size += len(data)
        self._check(self._size)

    def _end_line(self) -> None:
        """A JSON string holds no line feed, so that the brackets of each line can be counted by themselves."""
        line = b"".join(self._line)
        self._line.clear()
        bare = line
        if b'"' in line:
            bare = _STRING.sub(b"", line.replace(rb"\\", b"").replace(rb"\"", b""))
        self._depth += bare.count(b"{") + bare.count(b"[") - bare.count(b"}") - bare.count(b"]")
        self._element.append(line)

    def _at_line_feed(self) -> Iterator[SequenceText]:
        self._end_line()
        if self._depth <= 0:
            yield from self._taken()

    def _taken(self) -> Iterator[SequenceText]:
        text, depth, separated = b"".join(self._element), self._depth, self._separated
        self._element.clear()
        self._size = self._depth = 0
        if text.strip(_BLANK):
            self._separated = False
            yield SequenceText(text, _fault(text, depth, separated=separated))


def _fault(text: bytes, depth: int, *, separated: bool) -> str:
    if not separated:
        return "no record separator stands before it (RFC 7464, 2.1)"
    if depth > 0:
        return "it is cut off (RFC 7464, 2.3)"
    if text.lstrip(_BLANK)[:1] not in (b"{", b"[", b'"') and text[-1:] not in (b" ", b"\t", b"\r", b"\n"):
        return "it may be cut off, as no white space follows it (RFC 7464, 2.4)"
    return ""


class Part(Struct, frozen=True):
    """One body part: its header fields as they came, unfolded, and its body."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


class PartsDecoder(Decoder[Part]):
    """``multipart/mixed`` and its kin (RFC 2046, 5.1): a part is given when the boundary behind it has come.

    Preamble, epilogue and transport padding are passed over; a lone LF is taken for CRLF. ``ended`` is true once the closing boundary has come.

    Parameters
    ----------
    boundary:
        The parameter of the Content-Type, without quotation marks.
    """

    def __init__(self, boundary: str, limit: int = MOST) -> None:
        super().__init__(limit)
        if not boundary or len(boundary) > 70 or not boundary.isascii() or boundary != boundary.rstrip():
            raise ValueError("a boundary has 1 to 70 ASCII characters, the last of them no space (RFC 2046, 5.1.1)")
        self.ended = False
        self._dashes = b"--" + boundary.encode()
        self._lines = _Lines(limit)
        self._part: list[bytes] | None = None
        self._size = 0

    def _fed(self, data: bytes) -> Iterator[Part]:
        if self.ended:
            return
        for line in self._lines.feed(data):
            yield from self._line(line)

    def _finished(self) -> Iterator[Part]:
        rest = self._lines.rest()
        if not self.ended:
            yield from self._line(rest)
        if not self.ended:
            raise ValueError("it ends without its closing boundary (RFC 2046, 5.1.1)")

    def _line(self, line: bytes) -> Iterator[Part]:
        tail = line[len(self._dashes) :].rstrip(b" \t\r") if line.startswith(self._dashes) else None
        if self.ended:
            return
        if tail in (b"", b"--"):
            lines, self._part, self._size = self._part, [], 0
            self.ended = tail == b"--"
            if lines is not None:
                yield _part(lines)
        elif self._part is not None:
            self._size += len(line) + 1
            self._check(self._size)
            self._part.append(line)


def _part(lines: list[bytes]) -> Part:
    """A part of its lines; the line end before the boundary belongs to the boundary."""
    if lines:
        lines[-1] = lines[-1].removesuffix(b"\r")
    count = next((number for number, line in enumerate(lines) if line in (b"", b"\r")), len(lines))
    headers: list[tuple[str, str]] = []
    for line in lines[:count]:
        text = line.decode("latin-1").rstrip("\r")
        name, colon, value = text.partition(":")
        if text.startswith((" ", "\t")) and headers:
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {text.strip()}")
        elif not colon or not name.strip():
            raise ValueError(f"a part begins with {text[:60]!r}, which is no header field (RFC 2046, 5.1)")
        else:
            headers.append((name.strip(), value.strip()))
    return Part(tuple(headers), b"\n".join(lines[count + 1 :]))
