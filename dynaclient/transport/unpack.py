"""Content codings undone in bounded steps (RFC 9110, 8.4), so that a small body cannot become a huge one at once.

gzip and deflate are always there; br needs the package ``brotli`` or ``brotlicffi``, zstd Python 3.14 or ``backports.zstd`` or ``zstandard``.
What is unpacked is given as soon as it can be: a block that ends with a flush gives all that was put into it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

STEP = 1 << 18
"""The most that one step unpacks, bytes; 2 MB with ``zstandard``, whose steps can be bounded by their input only."""

_MAX_CODINGS = 4
_WINDOW_LOG = 23
"""The largest window of the coding zstd is 8 MB (RFC 9659, 3), which bounds the memory that unpacking takes."""
_SLICE = 64
"""Of packed zstd, bytes: no more than 16 blocks of at most 128 KB each (RFC 8878, 3.1.1.2)."""


@cache
def accept_encoding() -> str:
    """The codings that can be undone here, for ``Accept-Encoding``, the usual ones first."""
    names = ["gzip", "deflate"]
    names += ["br"] if _brotli() is not None else []
    names += ["zstd"] if any(_exists(name) for name in _ZSTD) else []
    return ", ".join(names)


def unpacked(blocks: Iterable[bytes], content_encoding: str) -> Iterable[bytes]:
    """The blocks with the codings of a ``Content-Encoding`` undone.

    Where one is named that cannot be undone here, nothing is, and the header tells the reader so.

    Raises
    ------
    zlib.error
        While iterating, for data that is not of its coding or ends too early.
    """
    names = [
        name for name in (part.strip().lower() for part in content_encoding.split(",")) if name not in ("", "identity")
    ]
    codings = [_coding(name) for name in reversed(names)]
    if len(codings) > _MAX_CODINGS or None in codings:
        return blocks
    for coding in codings:
        if coding is not None:
            blocks = coding(blocks)
    return blocks


def _coding(name: str) -> Callable[[Iterable[bytes]], Iterator[bytes]] | None:
    if (name == "br" and _brotli() is None) or (name == "zstd" and _zstd() is None):
        return None
    return _CODINGS.get(name)


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
            if not data and len(part) == STEP:  # filled exactly: zlib may hold more, which is not kept waiting
                yield from _held(member)
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
            if not data and len(part) == STEP:
                yield from _held(stream)
    if stream is not None:
        yield from _rest(stream, ended=stream.eof)
    elif held:
        raise zlib.error("the packed body ends too early")


def _is_zlib(data: bytes) -> bool:
    return data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0


def _held(stream: zlib._Decompress) -> Iterator[bytes]:
    while not stream.eof and (part := stream.decompress(b"", STEP)):
        yield part


def _rest(stream: zlib._Decompress, *, ended: bool) -> Iterator[bytes]:
    """What zlib still holds back after its last input: it may fill one step exactly and keep more."""
    while not ended:
        part = stream.decompress(b"", STEP)
        if part:
            yield part
        ended = stream.eof
        if not part and not ended:
            raise zlib.error("the packed body ends too early")


# --- libraries that may be installed

_BROTLI = ("brotli", "brotlicffi")
_ZSTD = ("compression.zstd", "backports.zstd", "zstandard")


def _exists(name: str) -> bool:
    """Whether a module is installed; it is not imported, only its package is."""
    try:
        return find_spec(name) is not None
    except ImportError:
        return False


@cache
def _brotli() -> Any:
    """The library for br, or None. Versions before 1.2 cannot be bounded and are passed over."""
    for name in _BROTLI:
        try:
            library = import_module(name)
        except ImportError:
            continue
        if hasattr(library.Decompressor, "can_accept_more_data"):
            return library
    return None


@cache
def _zstd() -> tuple[Callable[[], Any], int, type[Exception]] | None:
    """How a decompressor for one frame is made, how much it is fed at once, and its error; None where there is no library."""
    for name in _ZSTD:
        try:
            library: Any = import_module(name)
        except ImportError:
            continue
        if name == "zstandard":
            return _Unbounded, _SLICE, library.ZstdError
        options = {library.DecompressionParameter.window_log_max: _WINDOW_LOG}
        return partial(library.ZstdDecompressor, options=options), 1 << 16, library.ZstdError
    return None


class _Unbounded:
    """``zstandard``'s decompressor with the face of the standard library's; what bounds it is that it is fed in small slices."""

    needs_input = True

    def __init__(self) -> None:
        self._stream = import_module("zstandard").ZstdDecompressor(max_window_size=1 << _WINDOW_LOG).decompressobj()

    def decompress(self, data: bytes, max_length: int) -> bytes:
        part: bytes = self._stream.decompress(data)
        return part

    @property
    def eof(self) -> bool:
        return bool(self._stream.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._stream.unused_data)


def _unzstd(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Frames one after another (RFC 8878, 3.1)."""
    found = _zstd()
    assert found is not None
    make, size, error = found
    stream, begun = make(), False
    try:
        for block in blocks:
            for data in (block[start : start + size] for start in range(0, len(block), size)):
                while data or not stream.needs_input:
                    begun = True
                    part = stream.decompress(data, STEP)
                    if part:
                        yield part
                    data = b""
                    if stream.eof:
                        data, stream, begun = stream.unused_data, make(), False
    except error:
        raise zlib.error("not zstd (RFC 8878), or a window of more than 8 MB") from None
    if begun:
        raise zlib.error("the packed body ends too early")


def _unbrotli(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """RFC 7932."""
    library = _brotli()
    stream, fed = library.Decompressor(), False
    try:
        for block in blocks:
            data, fed = block, True
            while not stream.is_finished():
                part = stream.process(data, output_buffer_limit=STEP)
                if part:
                    yield part
                if (
                    stream.can_accept_more_data() and len(part) < STEP
                ):  # its input may be used up and output still be held
                    break
                data = b""
    except library.error:
        raise zlib.error("not brotli (RFC 7932)") from None
    if fed and not stream.is_finished():
        raise zlib.error("the packed body ends too early")


_CODINGS: dict[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}

_LIBRARIES: dict[str, Callable[[], object]] = {"br": _brotli, "zstd": _zstd}
