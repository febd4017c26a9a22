"""What is written: each file whole or not at all, and never without a way back."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from dynaclient.errors import ArgumentError, Problem
from dynaclient.project.fetching import Fetched, fetch_source, is_url, stored
from dynaclient.project.files import LOCK, Entry, Lock, Project, dressed, locks_to_json, project_path, read_project
from dynaclient.source import Document

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_HEAD = "# The API documents of this project: `dynaclient spec list` shows them.\n"
_PREVIOUS = Path(".dynaclient", "previous")


def write_whole(path: Path, raw: bytes) -> None:
    """Write beside the file and move into its place: a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            with contextlib.suppress(OSError):
                temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise ArgumentError(
            "nothing was written", problems=(Problem(str(path), error.strerror or str(error)),)
        ) from None


def write_locks(project: Project, name: str, lock: Lock) -> Project:
    """The project with another lock of one document, written."""
    locks = {**project.locks, name: lock}
    write_whole(project.path.with_name(LOCK), locks_to_json(locks))
    return replace(project, locks=locks)


def digest_of(raw: bytes) -> str:
    """The SHA-256 of a file, in hex."""
    return sha256(raw).hexdigest()


def lock_of(entry: Entry, fetched: Fetched, document: Document, raw: bytes, date: str) -> Lock:
    """What is known of a document that was just fetched."""
    info = document.data.get("info")
    version = info.get("version") if isinstance(info, dict) else ""
    return Lock(
        digest=digest_of(raw),
        version=str(version or ""),
        date=date,
        origin=fetched.origin if is_url(fetched.origin) else entry.source,  # the same on every machine
        etag=fetched.etag,
        modified=fetched.modified,
        files=len(document.files),
    )


def replace_document(project: Project, entry: Entry, raw: bytes, lock: Lock) -> Project:
    """The project with another version of one document, written; the one before it is kept.

    The order is such that a break in between loses nothing: the way back first, then the document, then the lock.
    """
    path = project.spec_path(entry)
    before = project.locks.get(entry.name)
    if path.is_file():
        old = path.read_bytes()
        kept = _PREVIOUS / f"{entry.name}-{digest_of(old)[:12]}{path.suffix}"
        write_whole(project.folder / kept, old)
        known = before if before is not None and before.digest == digest_of(old) else Lock(digest_of(old))
        lock = replace(lock, previous=replace(known, previous=None, file=kept.as_posix()))
    write_whole(path, raw)
    project = write_locks(project, entry.name, lock)
    if before is not None and before.previous is not None and before.previous != lock.previous:
        _forget(project, before.previous, lock)
    return project


def _forget(project: Project, older: Lock, lock: Lock) -> None:
    """Remove what nothing leads back to any more."""
    if older.file and (lock.previous is None or older.file != lock.previous.file):
        path = (project.folder / older.file).resolve()
        if path.parent == (project.folder / _PREVIOUS).resolve():
            with contextlib.suppress(OSError):
                path.unlink()


def roll_back(project: Project, name: str) -> Project:
    """The document as it was before its last update; once more leads forward again.

    Raises
    ------
    ArgumentError
        Where nothing is known of one before.
    """
    entry = project.entry(name)
    lock = project.locks.get(name)
    previous = lock.previous if lock is not None else None
    file = project.folder / previous.file if previous is not None and previous.file else None
    if previous is None or file is None or not file.is_file():
        problem = Problem(name, "no version before this one is kept here", hint="version control may have it")
        raise ArgumentError("there is no way back", problems=(problem,))
    raw = file.read_bytes()
    if digest_of(raw) != previous.digest:
        raise ArgumentError("there is no way back", problems=(Problem(str(file), "it was changed since it was kept"),))
    return replace_document(project, entry, raw, replace(previous, file="", previous=None))


def add(
    name: str,
    source: str,
    *,
    overlays: Sequence[str] = (),
    operations: Sequence[str] = (),
    start: str | os.PathLike[str] | None = None,
    date: str,
) -> tuple[Project, Document]:
    """A document added to the project: fetched, checked with its overlays, and written down.

    Parameters
    ----------
    name:
        What it is called: letters, digits, ``_`` and ``-``.
    source:
        A URL, or a path; a path within the project's folder stays where it is, any other document is copied to ``specs/NAME.yaml`` (or ``.json``).
    overlays, operations:
        See `Entry`; paths are relative to the working folder.
    start:
        The folder of the project; None: where a project file is, else the working folder.
    date:
        Now, as RFC 3339 has it.

    Returns
    -------
    tuple
        The project, and the document with its overlays applied.

    Raises
    ------
    ArgumentError
        Where the name is taken or is none, or an operation in use is not in the document.
    SpecError
        Where the source or an overlay cannot be read.
    """
    path = project_path(start)
    project = read_project(path) if path.is_file() else Project(path)
    _check_name(project, name)
    fetched = fetch_source(source)
    assert fetched.document is not None  # nothing was said to be known already
    raw = stored(fetched)
    entry = _entry(project, name, source, raw, overlays, operations)
    project = replace(project, documents={**project.documents, name: entry})
    document = dressed(project, entry, fetched.document, fetched.origin)
    _check_operations(document, operations)
    lock = lock_of(entry, fetched, fetched.document, raw, date)
    if entry.source:
        write_whole(project.spec_path(entry), raw)
    _append(project.path, entry)
    return write_locks(project, name, lock), document


def _check_name(project: Project, name: str) -> None:
    if not _NAME.fullmatch(name):
        problem = Problem("NAME", f"{name!r} is no name", hint="letters, digits, _ and -, at most 64")
        raise ArgumentError("the document was not added", problems=(problem,))
    if name in project.documents:
        hint = f"`dynaclient spec update {name}` updates it; what is written of it stands in {project.path}"
        problem = Problem("NAME", f"there is a document {name!r} already", hint=hint)
        raise ArgumentError("the document was not added", problems=(problem,))


def _check_operations(document: Document, operations: Sequence[str]) -> None:
    from fnmatch import fnmatchcase

    from dynaclient.index import api_of
    from dynaclient.openapi.words import similar

    known = tuple(api_of(document).index)
    unknown = [name for name in operations if not any(fnmatchcase(other, name) for other in known)]
    if unknown:
        problems = tuple(Problem("--operations", f"there is no operation {name!r}", hint=similar(name, known)) for name in unknown)  # fmt: skip
        raise ArgumentError("the document was not added", problems=problems)


def _entry(
    project: Project, name: str, source: str, raw: bytes, overlays: Sequence[str], operations: Sequence[str]
) -> Entry:
    names = tuple(_relative(project, overlay) if Path(overlay).exists() else overlay for overlay in overlays)
    if not is_url(source):
        inside = Path(source).resolve()
        if inside.is_relative_to(project.folder.resolve()):
            return Entry(name, _relative(project, source), "", names, tuple(operations))
        source = _relative(project, source)
    suffix = "json" if raw.lstrip()[:1] in (b"{", b"[") else "yaml"
    spec = f"specs/{name}.{suffix}"
    if (project.folder / spec).exists():
        problem = Problem("NAME", f"{spec} is there already", hint="choose another name, or add that file itself")
        raise ArgumentError("the document was not added", problems=(problem,))
    return Entry(name, spec, source, names, tuple(operations))


def _relative(project: Project, path: str) -> str:
    """A path as the project file writes it: relative to it, with slashes; never a bare name."""
    found = Path(os.path.relpath(Path(path).expanduser().resolve(), project.folder.resolve())).as_posix()
    return found if "/" in found or "." in found else f"./{found}"


def _append(path: Path, entry: Entry) -> None:
    """Add a table at the end of the project file: what people wrote there stays as it is."""
    before = path.read_text("utf-8") if path.is_file() else _HEAD
    lines = [f"[documents.{entry.name}]", f"spec = {_text(entry.spec)}"]
    lines += [f"source = {_text(entry.source)}"] if entry.source else []
    for key, values in (("overlays", entry.overlays), ("operations", entry.operations)):
        if values:
            lines.append(f"{key} = [{', '.join(map(_text, values))}]")
    write_whole(path, (before.rstrip("\n") + "\n\n" + "\n".join(lines) + "\n").lstrip("\n").encode())


def _text(value: str) -> str:
    """A basic string of TOML (1.0, String): JSON's escapes are its own, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
