"""The files of one document: which may be read, and what they hold."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from dynaclient.errors import DynaclientError, SpecError
from dynaclient.frozen import Struct
from dynaclient.source.limits import Limits

Fetch = Callable[[str], tuple[bytes, str, str]]

SUFFIXES = (".yaml", ".yml", ".json")
_PORTS = {"http": 80, "https": 443}


class Content(Struct, frozen=True):
    """One file as it was read: its address (``file:`` or ``http(s):``, or ``""`` for text that has none), its name in messages, its bytes."""

    uri: str
    name: str
    raw: bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes, in hex."""
        return sha256(self.raw).hexdigest()

    def __repr__(self) -> str:
        return f"Content(uri={self.uri!r}, name={self.name!r})"


def origin(uri: str) -> str:
    """What may be read together: scheme, host and port of a URL; ``file`` for a path; ``""`` for a text without an address."""
    parts = urlsplit(uri)
    if parts.scheme in _PORTS:
        return f"{parts.scheme}://{(parts.hostname or '').lower()}:{parts.port or _PORTS[parts.scheme]}"
    return parts.scheme


def shown_url(url: str) -> str:
    """A URL for messages: without user, password, query and fragment, any of which may hold a secret."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def read_path(path: Path, name: str, limit: int, *, special: bool = True) -> bytes:
    """The bytes of a file.

    Parameters
    ----------
    path, name:
        The file, and its name in messages.
    limit:
        How many bytes to read at most; one more is returned where the file is larger.
    special:
        Whether a pipe or device may be read, as ``/dev/stdin`` is.

    Raises
    ------
    SpecError
        Where there is no such file (with the names that are near), or it cannot be read.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise SpecError(f"this is a folder, not a document{_nearby(path, '')}", source=name)
        if not special and not stat.S_ISREG(mode):
            raise SpecError("this is not a regular file; only those are read for references", source=name)
        with path.open("rb") as file:
            return file.read(limit + 1)
    except FileNotFoundError:
        raise MissingFileError(f"there is no such file{_nearby(path.parent, path.name)}", source=name) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(f"the file cannot be read: {reason}", source=name) from None


def _nearby(folder: Path, name: str) -> str:
    from difflib import get_close_matches

    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.suffix.lower() in SUFFIXES)
    except (OSError, ValueError):
        return f"; there is no folder {str(folder)!r} either" if not folder.is_dir() else ""
    near = get_close_matches(name, names, n=3, cutoff=0.5) if name else []
    shown = ", ".join(near or names[:5])
    if not shown:
        return ""
    return f"; did you mean {shown}?" if near else f"; the folder holds {shown}"


class MissingFileError(SpecError):
    """What a reference names is not there: an operation that does not need it can be called all the same."""


class Library:
    """Reads the files that a document refers to, within what is allowed.

    Parameters
    ----------
    root:
        The document itself. Files in its folder and below may be read; for a URL, what has the same scheme, host and port.
    roots:
        Further folders whose files may be read.
    fetch:
        Reads a URL: ``(url) -> (bytes, final_url, content_type)``; None: none is read.
    limits:
        Bounds on the number and the bytes of all files together.
    """

    def __init__(self, root: Content, roots: Iterable[Path], fetch: Fetch | None, limits: Limits) -> None:
        self.root = root
        self.fetch = fetch
        self.limits = limits
        self.origin = origin(root.uri)
        folder = [_path(root.uri).parent] if self.origin == "file" else []
        self.roots = tuple(folder) + tuple(roots)
        self.contents: dict[str, Content] = {root.uri: root}
        self.size = len(root.raw)

    def remote(self, uri: str) -> bool:
        """Whether this is a URL that is not read: another origin than the document's, or nothing to read it with."""
        return urlsplit(uri).scheme in _PORTS and (self.fetch is None or origin(uri) != self.origin)

    def read(self, uri: str) -> Content:
        """The file at an address (absolute, without fragment); each is read once.

        Raises
        ------
        SpecError
            Where it may not be read, cannot be read, or breaks a limit.
        """
        uri = self._checked(uri)
        content = self.contents.get(uri)
        if content is None:
            if len(self.contents) >= self.limits.files:
                raise SpecError(self.limits.exceeded("files", "it consists of more files than"), source=self.root.name)
            content = self._fetch(uri) if origin(uri) != "file" else self._file(uri)
            self.size += len(content.raw)
            if self.size > self.limits.bytes:
                raise SpecError(
                    self.limits.exceeded("bytes", "its files together have more bytes than"), source=content.name
                )
            self.contents[uri] = content
        return content

    def relative(self, uri: str) -> str:
        """An address as it is kept in the cache: a path from the document's folder, so that the folder may move; else the URL."""
        if origin(uri) != "file":
            return uri
        return Path(os.path.relpath(_path(uri), _path(self.root.uri).parent)).as_posix()

    def absolute(self, relative: str) -> str:
        """The address that ``relative`` gave."""
        if self.origin == "file":
            return (_path(self.root.uri).parent / relative).resolve().as_uri()
        return urljoin(self.root.uri, relative)

    def _checked(self, uri: str) -> str:
        scheme = urlsplit(uri).scheme
        if scheme in _PORTS and not self.remote(uri):
            return uri
        if scheme == "file" and self.origin == "file":
            return self._permitted(_path(uri)).as_uri()
        if self.origin:
            raise SpecError(f"a document from {self.origin} may not refer to {scheme or 'relative'}: addresses")
        raise MissingFileError(
            "a document given as text or as a mapping has no folder, so that a relative reference leads nowhere; "
            "load it by its path instead"
        )

    def _permitted(self, path: Path) -> Path:
        try:
            resolved = path.resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise SpecError(f"this is no path: {error}") from None
        if not any(resolved.is_relative_to(root) for root in self.roots):
            raise SpecError(
                f"{str(resolved)!r} lies outside the document's folder {str(self.roots[0])!r}; "
                f"to allow it: load(..., roots=[{str(resolved.parent)!r}])"
            )
        return resolved

    def _file(self, uri: str) -> Content:
        path = _path(uri)
        name = os.path.normpath(os.path.join(os.path.dirname(self.root.name), self.relative(uri)))  # noqa: PTH118, PTH120
        return Content(uri, name, read_path(path, name, self.limits.bytes - self.size, special=False))

    def _fetch(self, uri: str) -> Content:
        try:
            content = fetched(uri, self.fetch)
        except SpecError as error:
            raise MissingFileError(str(error)) from None
        if origin(content.uri) != self.origin:
            raise SpecError(f"{shown_url(uri)} leads on to another origin, {shown_url(content.uri)}")
        return Content(uri, content.name, content.raw)


def fetched(url: str, fetch: Fetch | None) -> Content:
    """The document at a URL, under the address that it was found at in the end.

    Raises
    ------
    SpecError
        Where it cannot be read; errors of dynaclient itself pass.
    """
    name = shown_url(url)
    if fetch is None:
        raise SpecError(
            "this is a URL, and nothing was given to read it with; download the document and load the file, or pass fetch=",
            source=name,
        )
    try:
        raw, final, _ = fetch(url)
    except DynaclientError:
        raise
    except (OSError, ValueError) as error:
        raise SpecError(
            f"the document cannot be read: {type(error).__name__}: {str(error).replace(url, name)}", source=name
        ) from None
    final = (final or url).partition("#")[0]
    return Content(final, shown_url(final), raw)


def _path(uri: str) -> Path:
    path = urlsplit(uri).path
    if os.name == "nt":
        from urllib.request import url2pathname  # drive letters; elsewhere it only unquotes, and its import is dear

        return Path(url2pathname(path))
    return Path(unquote(path))
