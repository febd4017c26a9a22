"""Content codings undone in bounded steps (RFC 9110, 8.4), so that a small body cannot become a huge one at once."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

STEP = 1 << 18
"""The most that one step unpacks, bytes."""

_MAX_CODINGS = 4


def unpacked(blocks: Iterable[bytes], content_encoding: str) -> Iterable[bytes]:
    """The blocks with the codings of a ``Content-Encoding`` undone.

    ``gzip`` and ``deflate`` are; where any other is named, nothing is, and the header tells the reader so.

    Raises
    ------
    zlib.error
        While iterating, for data that is not of its coding or ends too early.
    """
    names = [
        name for name in (part.strip().lower() for part in content_encoding.split(",")) if name not in ("", "identity")
    ]
    if len(names) > _MAX_CODINGS or any(name not in _CODINGS for name in names):
        return blocks
    for name in reversed(names):
        blocks = _CODINGS[name](blocks)
    return blocks


def _gunzip(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Members one after another (RFC 1952, 2.2); what follows the last and is no member is passed over, as gzip does."""
    member, members, fed, silent = zlib.decompressobj(31), 0, False, True
    for data in blocks:
        while data:
            fed = True
            try:
                part = member.decompress(data, STEP)
            except zlib.error:
                if members and silent:
                    return
                raise
            if part:
                silent = False
                yield part
            data = member.unconsumed_tail or member.unused_data
            if member.eof:
                member, members, silent = zlib.decompressobj(31), members + 1, True
    yield from _rest(member, ended=silent and (members > 0 or not fed))


def _inflate(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """RFC 1950, and bare RFC 1951, which some servers send under this name."""
    stream = None
    held = b""
    for block in blocks:
        data = held + block
        if stream is None:
            if len(data) < 2:
                held = data
                continue
            stream, held = zlib.decompressobj(15 if _is_zlib(data) else -15), b""
        while data and not stream.eof:
            part = stream.decompress(data, STEP)
            if part:
                yield part
            data = stream.unconsumed_tail
    if stream is not None:
        yield from _rest(stream, ended=stream.eof)
    elif held:
        raise zlib.error("the packed body ends too early")


def _is_zlib(data: bytes) -> bool:
    return data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0


def _rest(stream: zlib._Decompress, *, ended: bool) -> Iterator[bytes]:
    """What zlib still holds back after its last input: it may fill one step exactly and keep more."""
    while not ended:
        part = stream.decompress(b"", STEP)
        if part:
            yield part
        ended = stream.eof
        if not part and not ended:
            raise zlib.error("the packed body ends too early")


_CODINGS: dict[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
}
