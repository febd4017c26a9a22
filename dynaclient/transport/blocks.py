"""A stream whose blocks are at hand: for transports without a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dynaclient.errors import ConnectionLostError, ReplyTooLargeError
from dynaclient.wire import Headers, Response


class BlockStream:
    """A reply that gives the blocks of an iterable. Implements `dynaclient.wire.Stream`.

    Parameters
    ----------
    status, headers, reason, url:
        The head.
    blocks:
        The body, unpacked; what the iterable raises is raised by the stream.
    limit:
        The most that `read` returns, bytes.
    """

    def __init__(
        self,
        status: int,
        headers: Headers,
        blocks: Iterable[bytes],
        *,
        reason: str = "",
        url: str = "",
        limit: int = 1 << 30,
    ) -> None:
        self.status = status
        self.headers = headers
        self.reason = reason
        self.url = url
        self._blocks = iter(blocks)
        self._limit = limit
        self.closed = False
        """Whether `close` was called before the end was reached."""
        self.ended = False
        """Whether the end was reached."""

    @classmethod
    def of(cls, response: Response) -> BlockStream:
        """A whole reply as a stream of one block."""
        blocks = [response.body] if response.body else []
        return cls(response.status, response.headers, blocks, reason=response.reason, url=response.url)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self.closed:
            raise ConnectionLostError("the reply was closed before it was read to its end")
        try:
            return next(self._blocks)
        except StopIteration:
            self.ended = True
            raise

    def read(self, deadline: float | None = None) -> bytes:
        """The rest of the body."""
        body = b"".join(self)
        if len(body) > self._limit:
            raise ReplyTooLargeError(f"the reply is larger than the bound of {self._limit:,} bytes")
        return body

    def close(self) -> None:
        """Let go of the rest."""
        self.closed = not self.ended

    def __enter__(self) -> BlockStream:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
