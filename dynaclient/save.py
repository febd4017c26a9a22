"""A reply's body into a file: whole or not at all under its name, taken up again where it broke off.

What to ask and what to make of the answer is decided in `dynaclient.resume`; here is what touches files and connections.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dynaclient.errors import APIError, ArgumentError, ProtocolError, TransportError
from dynaclient.openapi.model import RetryPolicy
from dynaclient.resume import Part, from_json, headers_for, part_of, step_for, to_json, total_of
from dynaclient.retry import decide
from dynaclient.transport.blocks import BlockStream
from dynaclient.wire import Response, Stream

Send = Callable[[Mapping[str, str]], Stream]
Progress = Callable[[int, int | None], object]

_UNENDING = 3
"""How often a server may answer with a range that cannot be used, or with nothing new, before it is an error."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A body that was saved.

    ``path`` is the file; ``size`` its size in bytes; ``resumed_from`` how much of it was there when the call began, bytes, 0 where it began anew;
    ``response`` the head of the last reply, without a body.
    """

    path: Path
    size: int
    resumed_from: int
    response: Response


def save(
    send: Send,
    path: str | os.PathLike[str],
    *,
    url: str = "",
    method: str = "GET",
    policy: RetryPolicy = RetryPolicy(),
    deadline: float = math.inf,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
    rng: Callable[[], float] = random.random,
    now: Callable[[], float] = time.time,
) -> Saved:
    """Save the body of a reply, in constant memory.

    It is written to ``path`` + ``.part``, brought to the disk, and renamed when it is whole: under its name there is never half a file. Where the call fails
    and the server allows it, the part stays, with ``.part.json`` beside it, and the next call for the same URL goes on from there. Within one
    call, a connection that breaks is followed by another request, for the rest where that is possible, as often and with such waits as the policy says.

    Parameters
    ----------
    send:
        Makes the request with these headers besides its own, and returns the open reply of 2XX; raises for others, 416 as APIError, too. It has
        tried again itself where that was to be done: what it raises ends the call.
    path:
        The file. One that is there is replaced, when the new one is whole.
    url:
        What is asked for, without secrets: a part of another URL is not gone on with. ``""``: nothing is.
    method:
        Of the request, upper case; only GET is gone on with (RFC 9110, 14.2).
    policy:
        When a connection that broke in the middle of the body is followed by another request.
    deadline:
        A time on the monotonic clock after which no such request is made.
    progress:
        Called with the bytes that are there and the size of the whole, None where that is not known.
    clock, sleep, rng, now:
        The world, as for `dynaclient.transport.deliver`.

    Raises
    ------
    ArgumentError
        Where the file cannot be written.
    TransportError
        Where the body did not come whole.
    """
    files = _Files(Path(path), url if method == "GET" else "")
    start = clock()
    part, size = files.kept()
    resumed, number, idle = size, 0, 0
    while True:
        number += 1
        before = size
        stream = _asked(send, headers_for(part, size))
        try:
            head, size, done = _receive(stream, files, part, size, progress)
        except TransportError as error:
            part, size = files.kept()
            at = clock()
            decision = decide(
                policy, number=number, outcome=error, method=method, elapsed=at - start, left=deadline - at, rng=rng, now=now()
            )  # fmt: skip
            if decision.delay is None:
                raise
            sleep(decision.delay)
            continue
        except BaseException:
            files.kept()
            raise
        if head.status != 206 and head.status != 416:
            resumed = 0
        if done:
            return Saved(files.path, size, min(resumed, size), head)
        part, size = files.kept()
        idle = 0 if size > before else idle + 1
        if idle >= _UNENDING:
            raise ProtocolError(
                f"the server's ranges of {url or 'this download'} do not add up; delete {files.part} and try again"
            )


def _receive(
    stream: Stream, files: _Files, part: Part | None, size: int, progress: Progress | None
) -> tuple[Response, int, bool]:
    """What one reply brings: its head, how much is there now, and whether that is all."""
    with stream:
        head = Response(stream.status, stream.headers, b"", stream.reason, stream.url)
        step = step_for(head.status, head.headers, part, size)
        if step == "again":
            files.forget()
            return head, 0, False
        if step == "whole":
            files.finish()
            return head, size, True
        if step == "begin":
            size = 0
            part = part_of(files.url, head.headers)
            files.begin(part)
        total = total_of(head.headers)
        if progress is not None:
            progress(size, total)
        with files.opened() as file:
            for block in stream:
                files.write(file, block)
                size += len(block)
                if progress is not None:
                    progress(size, total)
            files.flush(file)
    if step == "append" and total is not None and size < total:
        return head, size, False
    files.finish()
    return head, size, True


def _asked(send: Send, headers: Mapping[str, str]) -> Stream:
    """The open reply; a 416 may come as an error of the service, too."""
    try:
        return send(headers)
    except APIError as error:
        if error.status_code == 416 and "Range" in headers:
            return BlockStream.of(error.response)
        raise


class _Files:
    """The file, its part, and what is kept beside the part."""

    def __init__(self, path: Path, url: str) -> None:
        self.path = path
        self.url = url
        self.part = path.with_name(path.name + ".part")
        self._note = path.with_name(path.name + ".part.json")
        if path.is_dir() or not path.name:
            raise ArgumentError(f"{path}: is a directory; give the name of a file")

    def kept(self) -> tuple[Part | None, int]:
        """What can be gone on with and how much of it is there. What cannot is removed."""
        with contextlib.suppress(OSError, ValueError):
            part = from_json(json.loads(self._note.read_text()), self.url) if self.url else None
            if part is not None:
                return part, self.part.stat().st_size
        self.forget()
        return None, 0

    def forget(self) -> None:
        """Remove the part. The note goes first: a part without one is never gone on with."""
        for path in (self._note, self.part):
            with contextlib.suppress(OSError):
                path.unlink()

    def begin(self, part: Part | None) -> None:
        """Begin anew, with a note where it can be gone on with."""
        self.forget()
        with self._writing():
            self.part.touch()
            if part is not None and self.url:
                self._note.write_text(json.dumps(to_json(part)))

    @contextlib.contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The part, to be appended to."""
        with self._writing():
            file = self.part.open("ab", buffering=0)
        with file:
            yield file

    def write(self, file: BinaryIO, block: bytes) -> None:
        """Append all of a block."""
        with self._writing():
            view = memoryview(block)
            while view:
                view = view[file.write(view) :]

    def flush(self, file: BinaryIO) -> None:
        """Bring the part to the disk."""
        with self._writing():
            os.fsync(file.fileno())

    def finish(self) -> None:
        """The part becomes the file."""
        with self._writing():
            self.part.replace(self.path)
        with contextlib.suppress(OSError):
            self._note.unlink()
        with contextlib.suppress(OSError):  # a directory cannot be opened everywhere
            directory = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ArgumentError(f"{self.path} cannot be written: {(error.strerror or str(error)).lower()}") from error
