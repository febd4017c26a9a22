"""The pieces of a body become one ``bytes``; a large one is not held twice on the way where the platform lets memory grow in place."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable

KEPT = 1 << 25
"""So many bytes at most are kept as pieces and joined at the end, which is fastest. From this size on the C library of Linux gives each block of memory
pages of its own, which grow and move without being copied.
"""
GROWS = sys.platform == "linux" and "t" not in sys.abiflags
"""Whether large memory grows without being copied. The allocator of free-threaded Python copies, and holds more than joining would; other systems were
not measured.
"""
_PIECES = 1024
"""So many pieces at most are kept: a server that sends chunks of one byte must not make an object of each."""


class Gathered:
    """The body as far as it has come.

    Joining pieces needs them and the whole at once. The bytes of an `io.BytesIO` grow by an eighth at a time and are handed out without being
    copied: what is held is what has come, never what a server says will come. Where growing copies, the pieces are joined.
    """

    __slots__ = ("_buffer", "_parts", "_size")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._buffer: io.BytesIO | None = None

    def take(self, blocks: Iterable[bytes]) -> None:
        """Take blocks as they come; where that fails, those before the failure are kept."""
        for block in blocks:
            self.add(block)

    def add(self, block: bytes) -> None:
        """Take one block."""
        if self._buffer is not None:
            self._buffer.write(block)
            return
        parts = self._parts
        parts.append(block)
        self._size += len(block)
        if GROWS and len(parts) > 1 and (self._size > KEPT or len(parts) > _PIECES):
            self._buffer = _poured(parts)

    def value(self) -> bytes:
        """What has come, as one; nothing is to be added afterwards."""
        if self._buffer is not None:
            return self._buffer.getvalue()
        parts = self._parts
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _poured(parts: list[bytes]) -> io.BytesIO:
    """The parts one after another in a buffer, which grows from the first of them; each is let go once it is in."""
    parts.reverse()
    buffer = io.BytesIO(parts.pop())
    buffer.seek(0, io.SEEK_END)
    while parts:
        buffer.write(parts.pop())
    return buffer
