"""Files and parts: what a caller passes where JSON ends. Frozen values, no IO: `dynaclient.files` opens them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dynaclient.frozen import Struct, field
from dynaclient.openapi.normal import OMIT, NoFormError, normal
from dynaclient.wire import Upload


class File(Struct, frozen=True):
    """A file to send: as a part of a multipart body, or as a whole body of bytes.

    Parameters
    ----------
    content:
        A path, bytes, a file that is open in binary mode, or an iterable of bytes. A path, bytes and a file that can seek are read anew where the
        request is sent again; any other is sent once.
    filename:
        The name that is sent; without it the path's or the open file's own. Multipart bodies only.
    content_type:
        Its media type, ``image/png``; without it the one that the document declares.
    headers:
        Header fields of its part; values are written as the document's ``encoding`` says. Multipart bodies only.
    """

    content: Any
    filename: str | None = None
    content_type: str | None = None
    headers: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        kind = self.content if isinstance(self.content, (str, os.PathLike)) else type(self.content).__name__
        return f"<File {os.fspath(kind)}>"


class Part(Struct, frozen=True):
    """A value with what its part of a multipart body says beside it.

    Parameters
    ----------
    value:
        The value of the property.
    content_type:
        One of the media types that the document's ``encoding`` allows; without it the first that suits.
    headers:
        Header fields of the part.
    """

    value: Any
    content_type: str | None = None
    headers: Mapping[str, Any] | None = None


class Attachment(Struct, frozen=True):
    """A file, ready to be read: ``content_type`` as the caller said it or ``""``, ``guess`` what its name suggests or ``""``."""

    upload: Upload
    filename: str = ""
    content_type: str = ""
    guess: str = ""
    headers: Mapping[str, Any] = field(default_factory=dict)


Attach = Callable[[Any], Attachment | None]
"""Opens a file: None for a value that is none, NoFormError for one that cannot be read."""


def is_file(value: Any) -> bool:
    """Whether a value is a file: a path, an open file, a File or an Attachment."""
    return isinstance(value, (File, Attachment, os.PathLike)) or (
        hasattr(value, "read") and not isinstance(value, type)
    )


def is_content(value: Any) -> bool:
    """Whether a value is bytes, or gives them: what a media type of bytes takes."""
    return isinstance(value, (bytes, bytearray, memoryview)) or is_file(value) or is_pieces(value)


def is_pieces(value: Any) -> bool:
    """Whether a value is an iterator: pieces of a body, each taken once."""
    return hasattr(value, "__next__")


def holds_file(value: Any) -> bool:
    """Whether a file or a Part stands in a value: itself, a member, an item."""
    if isinstance(value, Mapping):
        return any(map(holds_file, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(holds_file, value))
    return isinstance(value, Part) or is_file(value)


def prepared(value: Any, attach: Attach, where: str = "") -> Any:
    """Plain values as ``normal`` makes them, with the files among them opened.

    Raises
    ------
    NoFormError
        Where a file cannot be read, or a value stands for nothing.
    """
    try:
        return _prepared(value, attach, where) if holds_file(value) else _normal(value, where)
    except RecursionError:
        raise NoFormError(where, "the value contains itself, or is nested too deeply") from None


def _prepared(value: Any, attach: Attach, where: str) -> Any:
    if isinstance(value, Part):
        return Part(prepared(value.value, attach, where), value.content_type, value.headers)
    if isinstance(value, Attachment):
        return value
    try:
        opened = attach(value)
    except NoFormError as error:
        raise NoFormError(where + error.where, error.reason) from None
    if opened is not None:
        return opened
    if isinstance(value, Mapping):
        members = {name: item for name, item in value.items() if item is not OMIT}
        return {str(normal(name)): prepared(item, attach, f"{where}.{name}") for name, item in members.items()}
    if isinstance(value, Sequence):
        return [prepared(item, attach, f"{where}[{number}]") for number, item in enumerate(value)]
    return _normal(value, where)


def _normal(value: Any, where: str) -> Any:
    try:
        return normal(value)
    except NoFormError as error:
        raise NoFormError(where + error.where, error.reason) from None


def judged(value: Any) -> Any:
    """A value as a schema can judge it: files and bytes count as strings (OpenAPI 3.1.1, 4.8.14.3), a Part as its value."""
    if isinstance(value, Part):
        return judged(value.value)
    if isinstance(value, (Attachment, bytes)):
        return ""
    if isinstance(value, Mapping):
        return {name: judged(item) for name, item in value.items()}
    return [judged(item) for item in value] if isinstance(value, list) else value


def file_paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where files and bytes stand in a value: property names and array indexes, from the outside in."""
    if isinstance(value, Part):
        yield from file_paths(value.value, path)
    elif isinstance(value, (Attachment, bytes)):
        yield path
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from file_paths(item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from file_paths(item, (*path, number))
