"""Files that a call sends: opened here and nowhere else, read piece by piece while they are sent."""

from __future__ import annotations

import io
import mimetypes
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from dynaclient.errors import ArgumentError
from dynaclient.openapi.normal import NoFormError
from dynaclient.openapi.parts import Attachment, File, Part
from dynaclient.wire import Upload

__all__ = ["File", "Part", "attach"]

_PIECE = 1 << 18


def attach(value: Any) -> Attachment | None:
    """A file that a caller passes, ready to be read; None for a value that is none.

    A path is looked up now and opened each time that the body is sent. An open file is read from where it stands.

    Parameters
    ----------
    value:
        A File, a path (not as text: a text is a value), or a file that is open in binary mode.

    Raises
    ------
    NoFormError
        Where there is no such file, it cannot be read, or it is open in text mode.
    """
    if isinstance(value, Attachment):
        return value
    if isinstance(value, File):
        upload, name = _opened(value.content)
        filename = name if value.filename is None else value.filename
        headers = dict(value.headers or {})
        return Attachment(upload, filename, value.content_type or "", _guess(filename), headers)
    if isinstance(value, os.PathLike) or (hasattr(value, "read") and not isinstance(value, type)):
        upload, name = _opened(value)
        return Attachment(upload, name, "", _guess(name))
    return None


def _opened(content: Any) -> tuple[Upload, str]:
    """How a file is read, and its own name, ``""`` where it has none."""
    if isinstance(content, (str, os.PathLike)):
        return _of_path(Path(os.fsdecode(content)))
    if isinstance(content, (bytes, bytearray, memoryview)):
        data = bytes(content)
        return Upload(lambda: iter((data,)), len(data)), ""
    if hasattr(content, "read"):
        return _of_open_file(content)
    if isinstance(content, Iterator):
        return Upload(lambda: _checked(content), None, replayable=False), ""
    if isinstance(content, Iterable):
        return Upload(lambda: _checked(content)), ""
    kind = type(content).__name__
    raise NoFormError("", f"a file is a path, bytes, a file open in binary mode or an iterable of bytes, not {kind}")


def _of_path(path: Path) -> tuple[Upload, str]:
    try:
        found = path.stat()
        readable = os.access(path, os.R_OK)
    except (OSError, ValueError) as error:
        raise NoFormError("", _reason(path, error)) from None
    if stat.S_ISDIR(found.st_mode):
        raise NoFormError("", f"{path} is a folder")
    if not readable:
        raise NoFormError("", f"the file {path} may not be read")
    regular = stat.S_ISREG(found.st_mode)  # a pipe has no length, and gives what it holds once
    length = found.st_size if regular else None
    return Upload(lambda: _read(lambda: path.open("rb"), length, str(path)), length, replayable=regular), path.name


def _of_open_file(file: Any) -> tuple[Upload, str]:
    name = getattr(file, "name", "")
    name = os.path.basename(name) if isinstance(name, str) else ""  # noqa: PTH119 - a name, not a path of ours
    try:
        if isinstance(file, io.TextIOBase) or isinstance(file.read(0), str):
            raise NoFormError("", "the file is open in text mode; open it in binary mode: open(path, 'rb')")
        start, length = _extent(file)
    except (OSError, ValueError) as error:
        if isinstance(error, NoFormError):
            raise
        raise NoFormError("", _reason(name or "the open file", error)) from None
    if start is None:
        return Upload(lambda: _read(lambda: nullcontext(file), None, name), None, replayable=False), name

    def again() -> AbstractContextManager[Any]:
        file.seek(start)
        return nullcontext(file)

    return Upload(lambda: _read(again, length, name), length), name


def _extent(file: Any) -> tuple[int | None, int | None]:
    """Where an open file stands and how much is left of it; None and None where it cannot seek."""
    seekable = getattr(file, "seekable", None)
    if seekable is None or not seekable():
        return None, None
    start = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(start)
    return start, max(0, (file.tell() if end is None else end) - start)


def _read(opened: Callable[[], AbstractContextManager[Any]], length: int | None, name: str) -> Iterator[bytes]:
    """The pieces of a file: exactly as many bytes as were promised, because the length has been sent before them."""
    left = length
    try:
        with opened() as file:
            while left is None or left > 0:
                piece = file.read(_PIECE if left is None else min(_PIECE, left))
                if not piece:
                    break
                left = None if left is None else left - len(piece)
                yield piece
    except OSError as error:
        raise ArgumentError(_reason(name or "the open file", error)) from None
    if left:
        raise ArgumentError(f"{name or 'the open file'} became {left:,} bytes shorter while it was sent")


def _checked(pieces: Iterable[Any]) -> Iterator[bytes]:
    for piece in pieces:
        if not isinstance(piece, (bytes, bytearray, memoryview)):
            raise ArgumentError(f"a body is made of pieces of bytes, not of {type(piece).__name__}")
        yield bytes(piece)


def _guess(filename: str) -> str:
    """The media type that a name suggests, ``""`` where it suggests none; the content is not looked at."""
    kind, packed = mimetypes.guess_type(filename)
    return kind or "" if packed is None else ""


def _reason(name: object, error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"the file {name} cannot be read: {said}"
