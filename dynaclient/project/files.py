"""The project file, its lock, and the documents that they name.

::

    [documents.store]
    spec = "specs/store.yaml"
    source = "https://store.example.com/openapi.yaml"
    overlays = ["overlays/store.yaml"]
    operations = ["pets.list", "orders.*"]
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from dynaclient.errors import ArgumentError, Problem, SpecError
from dynaclient.openapi.words import similar
from dynaclient.project.place import published_at
from dynaclient.source import Document, load

FILE = "dynaclient.toml"
LOCK = "dynaclient.lock"
VARIABLE = "DYNACLIENT_PROJECT"
_FORMAT = 1
_KEYS: Mapping[str, type] = {"spec": str, "source": str, "overlays": list, "operations": list}


@dataclass(frozen=True, slots=True)
class Entry:
    """What the project file says of one document.

    ``spec`` is its path, relative to the project file; ``source`` a URL, or a path, where it comes from (``""``: it is written here); ``overlays`` are
    paths, or names of those that ship; ``operations`` are dotted names of the operations in use, ``*`` standing for any text; none: all of them.
    """

    name: str
    spec: str
    source: str = ""
    overlays: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lock:
    """What is known of a document as it was last accepted.

    ``digest`` is the SHA-256 of the file, ``version`` its ``info.version``, ``date`` when it was fetched (UTC, RFC 3339), ``origin`` the URL or path that it came
    from, after redirects; ``etag`` and ``modified`` what the server said of it (RFC 9110, 8.8); ``files`` how many files it was made of.
    ``previous`` is the same of the document before it, which is kept in ``previous.file``.
    """

    digest: str
    version: str = ""
    date: str = ""
    origin: str = ""
    etag: str = ""
    modified: str = ""
    files: int = 1
    file: str = ""
    previous: Lock | None = None


@dataclass(frozen=True)
class Project:
    """A project file, its lock, and the folder that they stand in."""

    path: Path
    documents: Mapping[str, Entry] = field(default_factory=dict)
    locks: Mapping[str, Lock] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the project file stands: all its paths are relative to it."""
        return self.path.parent

    def entry(self, name: str) -> Entry:
        """One document of the project.

        Raises
        ------
        ArgumentError
            Where there is none of this name.
        """
        if name not in self.documents:
            known = ", ".join(self.documents) or "none yet: `dynaclient spec add NAME SOURCE` adds one"
            hint = similar(name, tuple(self.documents)) or f"it has {known}"
            problem = Problem("document", f"{self.path} has no document {name!r}", hint=hint)
            raise ArgumentError("no such document", problems=(problem,))
        return self.documents[name]

    def spec_path(self, entry: Entry) -> Path:
        """The file of a document."""
        return self.folder / entry.spec

    def overlays(self, entry: Entry) -> list[str]:
        """Its overlays, paths made absolute; a bare name stays the name of one that ships."""
        return [str(self.folder / name) if _is_path(name) else name for name in entry.overlays]


def _is_path(name: str) -> bool:
    return "." in name or "/" in name or os.sep in name


def find_project(start: str | os.PathLike[str] | None = None) -> Project | None:
    """The project file that holds for a folder: ``DYNACLIENT_PROJECT``, else the nearest ``dynaclient.toml`` there or in a folder above.

    Raises
    ------
    ArgumentError
        Where it cannot be read, with all that makes no sense in it at once.
    """
    path = project_path(start)
    return read_project(path) if path.is_file() else None


def project_path(start: str | os.PathLike[str] | None = None) -> Path:
    """Where the project file stands, or would be made."""
    chosen = os.environ.get(VARIABLE, "")
    if chosen.strip() and start is None:
        path = Path(chosen).expanduser()
        return path / FILE if path.is_dir() else path
    here = Path(start if start is not None else Path.cwd()).resolve()
    found = next((folder / FILE for folder in (here, *here.parents) if (folder / FILE).is_file()), None)
    return found or here / FILE


def read_project(path: Path) -> Project:
    """A project file and its lock.

    Raises
    ------
    ArgumentError
        With all that makes no sense.
    """
    import tomllib

    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unreadable(path, str(error)) from None
    problems = [Problem(str(path), f"{key!r} is no known table", hint=similar(key, ["documents"])) for key in data if key != "documents"]  # fmt: skip
    tables = data.get("documents", {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise _unreadable(path, "documents are tables: [documents.NAME]")
    entries = {name: _entry(name, table, problems) for name, table in tables.items()}
    if problems:
        raise ArgumentError("the project file makes no sense", problems=tuple(problems))
    return Project(path, entries, _read_locks(path.with_name(LOCK)))


def _unreadable(path: Path, reason: str) -> ArgumentError:
    return ArgumentError("the project cannot be read", problems=(Problem(str(path), reason),))


def _entry(name: str, table: Mapping[str, Any], problems: list[Problem]) -> Entry:
    given: dict[str, Any] = {}
    for key, value in table.items():
        where = f"documents.{name}.{key}"
        if key not in _KEYS:
            hint = similar(key, tuple(_KEYS)) or f"known are {', '.join(_KEYS)}"
            problems.append(Problem(where, "is no known key", hint=hint))
        elif not isinstance(value, _KEYS[key]) or (
            isinstance(value, list) and not all(isinstance(item, str) and item for item in value)
        ):
            problems.append(Problem(where, f"is not {'a text' if _KEYS[key] is str else 'a list of texts'}"))
        else:
            given[key] = tuple(value) if isinstance(value, list) else value
    if "spec" not in table:
        problems.append(Problem(f"documents.{name}", "has no spec, the path of the document"))
    return Entry(name, **{"spec": "", **given})


def _read_locks(path: Path) -> dict[str, Lock]:
    from dynaclient.openapi.media import decode_json

    try:
        written = decode_json(path.read_bytes())["documents"]
        return {name: _lock(entry) for name, entry in written.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}; restore it from version control, or delete it and run `dynaclient spec update`"
        raise _unreadable(path, reason) from None


def _lock(written: Mapping[str, Any]) -> Lock:
    known = {item.name for item in fields(Lock)}
    values = {name: value for name, value in written.items() if name in known}
    previous = values.pop("previous", None)
    return Lock(**values, previous=_lock(previous) if previous else None)


def locks_to_json(locks: Mapping[str, Lock]) -> bytes:
    """The lock file: sorted and indented, so that a change of one document is a change of its lines alone."""
    from dynaclient.openapi.media import format_json

    documents = {name: _shown(locks[name]) for name in sorted(locks)}
    return (format_json({"format": _FORMAT, "documents": documents}) + "\n").encode()


def _shown(lock: Lock) -> dict[str, Any]:
    found = {item.name: getattr(lock, item.name) for item in fields(Lock) if getattr(lock, item.name)}
    if lock.previous is not None:
        found["previous"] = _shown(replace(lock.previous, previous=None))
    return found


def project_document(name: str, *, start: str | os.PathLike[str] | None = None, cache: bool = True) -> Document:
    """A document of the project, its overlays applied, ready for `dynaclient.Client`.

    Parameters
    ----------
    name:
        ``store`` for ``[documents.store]``.
    start:
        The folder from which the project file is looked for; None: ``DYNACLIENT_PROJECT``, else the working folder.
    cache:
        Whether the parsed form may be kept in the user's cache folder.

    Raises
    ------
    ArgumentError
        Where there is no project file, or no such document in it.
    SpecError
        Where the document or an overlay cannot be read.
    """
    project = find_project(start)
    if project is None:
        problem = Problem(FILE, f"there is none in {Path(start or Path.cwd())} or above", hint="`dynaclient spec add NAME SOURCE` makes one")  # fmt: skip
        raise ArgumentError("no project", problems=(problem,))
    return opened_entry(project, project.entry(name), cache=cache)


def opened_entry(project: Project, entry: Entry, *, cache: bool = True) -> Document:
    """The document of an entry as it stands in the project, its overlays applied."""
    path = project.spec_path(entry)
    if not path.is_file():
        hint = "`dynaclient spec update` fetches it" if entry.source else "write it there"
        raise SpecError(f"the document {entry.name!r} is not there; {hint}", source=str(path))
    lock = project.locks.get(entry.name)
    return dressed(project, entry, load(path, cache=cache), lock.origin if lock else "")


def dressed(project: Project, entry: Entry, document: Document, origin: str) -> Document:
    """A document as clients of the project see it: relative server URLs made absolute, overlays applied."""
    from dynaclient.source.amend import amended

    published = origin or entry.source
    document = replace(published_at(document, published), published=published)
    return amended(document, project.overlays(entry))
