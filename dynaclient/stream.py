"""An open reply, item by item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from dynaclient.errors import ConnectionLostError, DynaclientError, TimeoutExpiredError
from dynaclient.wire import Response, Stream

if TYPE_CHECKING:
    from dynaclient.openapi.items import ItemReader

Reopen = Callable[[str], tuple[Stream, Response]]
"""Makes the call again with a Last-Event-ID and returns the new open reply and its head."""


_NONE = object()


class ItemStream:
    """The items of a sequential reply, as they arrive, each checked and decoded.

    Iterate over it, once. It is a context manager; leaving it, or ``close``, gives the connection back, and so does the end. An error within it is an
    exception of the tree, raised where the item would have come.

    ``response`` is the head of the reply, without a body. ``last_event_id`` is the id of the last server-sent event that had one.
    """

    def __init__(
        self,
        stream: Stream,
        reader: ItemReader,
        response: Response,
        *,
        reopen: Reopen | None = None,
        renew: Callable[[Response], ItemReader] | None = None,
        explain: Callable[[DynaclientError], DynaclientError] | None = None,
        sleep: Callable[[float], object] | None = None,
        closed: Callable[[DynaclientError | None], object] | None = None,
    ) -> None:
        self.response = response
        self._stream = stream
        self._reader = reader
        self._ready: Iterator[Any] = iter(())
        self._blocks = iter(stream)
        self._reopen = reopen
        self._renew = renew
        self._explain = explain
        self._sleep = sleep
        self._closed = closed
        self._reconnects = 0
        self._done = False

    @property
    def last_event_id(self) -> str:
        """The id of the last event that carried one, ``""`` before that."""
        return self._reader.last_event_id

    def reconnecting(self, times: int) -> ItemStream:
        """Ask for the stream to be opened anew, at the last event's id, where it breaks off: at most so many times.

        The server's ``retry`` field says how long to wait before each; without it one second. Only for a service whose document or manual says that it resumes by
        ``Last-Event-ID``: any other would begin again.

        Raises
        ------
        ValueError
            Where the stream cannot be opened anew.
        """
        if self._reopen is None:
            raise ValueError("only server-sent events can be taken up where they broke off")
        self._reconnects = times
        return self

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        while True:
            item = self._ready_item()
            if item is not _NONE:
                return item
            if self._reader.ended:
                self.close()
            if self._done:
                raise StopIteration
            self._pull()

    def _ready_item(self) -> Any:
        """The next item of what has been read already, or _NONE; what is wrong with one is raised after those before it were given."""
        try:
            return next(self._ready, _NONE)
        except DynaclientError as error:
            self._ready = iter(())
            self._fail(error)

    def _pull(self) -> None:
        """Read one more block, or what the end leaves over."""
        try:
            block = next(self._blocks, None)
        except (ConnectionLostError, TimeoutExpiredError) as error:
            if not self._resume():
                self._fail(error)
            return
        except DynaclientError as error:
            self._fail(error)
        if block is not None:
            self._ready = self._reader.feed(block)
        elif not self._resume():
            self.close()
            self._ready = self._reader.finish()

    def _resume(self) -> bool:
        """Open the stream anew where that was asked for and is left."""
        if self._reconnects <= 0 or self._reader.ended or self._reopen is None or self._renew is None:
            return False
        self._reconnects -= 1
        self._stream.close()
        wait = self._reader.retry
        if self._sleep is not None:
            self._sleep(1.0 if wait is None else wait / 1000)
        last = self._reader.last_event_id
        self._stream, self.response = self._reopen(last)
        self._reader = self._renew(self.response)
        self._reader.last_event_id = last
        self._blocks = iter(self._stream)
        return True

    def _fail(self, error: DynaclientError) -> NoReturn:
        if self._explain is not None:
            error = self._explain(error)
        self._end(error)
        raise error

    def _end(self, error: DynaclientError | None = None) -> None:
        if not self._done:
            self._done = True
            self._stream.close()
            if self._closed is not None:
                self._closed(error)

    def close(self) -> None:
        """Stop: what is left unread is not waited for. Items that have arrived already can still be taken."""
        self._end()

    def __enter__(self) -> ItemStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._ready = iter(())

    def __repr__(self) -> str:
        state = "ended" if self._done else "open"
        return f"<ItemStream, {self.response.status} {self.response.headers.get('content-type', '')}, {state}>"

    def __reduce__(self) -> Any:
        raise TypeError("an open reply is not pickled; make a list of its items first")
