"""What an update would change, and whether it may: prepared first, written only when it is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from dynaclient.index import api_of
from dynaclient.openapi.diff import TRUST, Change, diff
from dynaclient.project.fetching import Fetched, fetch_source, is_url, new_transport, stored
from dynaclient.project.files import Entry, Project, dressed, opened_entry
from dynaclient.project.keep import digest_of, lock_of, replace_document, write_locks
from dynaclient.redirect import same_origin
from dynaclient.source import Document
from dynaclient.transport import Transport

_NEW_ORIGINS = ("server-origin-added", "server-url-env-changed", "security-scheme-origin-added")


@dataclass(frozen=True)
class Update:
    """An update that was looked at and not yet written.

    Parameters
    ----------
    project, entry:
        What is updated.
    old, new:
        The document before (None: there was none) and after, overlays applied.
    fetched:
        What the source gave.
    changes:
        All changes between them.
    trust:
        Those of them that concern where calls and credentials go and who may call: new origins, servers, token URLs, security.
    refused:
        Why it is not accepted by itself: the changes that break an operation in use, and those that lead to a new origin.
    moved:
        The origin that the document itself now comes from, where that is another than before.
    edited:
        Whether the local copy was changed by hand since it was fetched, which would be lost.
    """

    project: Project
    entry: Entry
    old: Document | None
    new: Document
    fetched: Fetched = field(repr=False)
    changes: tuple[Change, ...] = ()
    trust: tuple[Change, ...] = ()
    refused: tuple[Change, ...] = ()
    moved: str = ""
    edited: bool = False

    @property
    def unchanged(self) -> bool:
        """Whether the file is the same as before, to the byte."""
        lock = self.project.locks.get(self.entry.name)
        same = self.fetched.document is None or (lock is not None and lock.digest == digest_of(stored(self.fetched)))
        return same and not self.edited and self.old is not None

    @property
    def needs_consent(self) -> bool:
        """Whether it is written only where somebody says so."""
        return bool(self.refused or self.moved or self.edited)


def prepare(project: Project, name: str, *, make_transport: Callable[[], Transport] = new_transport) -> Update:
    """Fetch a document and compare it with the one that is there; nothing is written.

    Parameters
    ----------
    project, name:
        Which document.
    make_transport:
        Makes what a URL is fetched with.

    Raises
    ------
    ArgumentError
        Where the project has no such document.
    SpecError
        Where the new document cannot be read, or an overlay can no longer be applied to it.
    TransportError
        Where its server does not answer.
    """
    entry = project.entry(name)
    path, lock = project.spec_path(entry), project.locks.get(name)
    there = path.is_file()
    edited = there and (lock is None or digest_of(path.read_bytes()) != lock.digest)
    conditional = lock is not None and there and not edited and lock.files == 1
    source = _source(project, entry)
    fetched = fetch_source(
        source,
        lock.etag if lock is not None and conditional else "",
        lock.modified if lock is not None and conditional else "",
        make_transport,
    )
    old = opened_entry(project, entry, cache=False) if there else None
    if fetched.document is None:
        assert old is not None  # the server was only asked whether it changed because there is one
        return Update(project, entry, old, old, fetched)
    if not entry.source:  # written here: its edits are the update
        return Update(project, entry, old, dressed(project, entry, fetched.document, ""), replace(fetched, origin=""))
    new = dressed(project, entry, fetched.document, fetched.origin)
    changes = diff(old.data, new.data) if old is not None else ()
    return Update(
        project,
        entry,
        old,
        new,
        fetched,
        changes,
        trust=tuple(change for change in changes if change.id in TRUST),
        refused=tuple(_refused(entry, changes)),
        moved=_moved(lock.origin if lock is not None else "", fetched.origin),
        edited=edited and lock is not None and digest_of(stored(fetched)) != digest_of(path.read_bytes()),
    )


def _source(project: Project, entry: Entry) -> str:
    source = entry.source or entry.spec
    return source if is_url(source) else str(project.folder / source)


def _refused(entry: Entry, changes: Iterable[Change]) -> Iterable[Change]:
    return (
        change
        for change in changes
        if change.id in _NEW_ORIGINS or (change.level == "breaking" and in_use(entry, change.operation))
    )


def in_use(entry: Entry, operation: str) -> bool:
    """Whether an operation is among those in use; what concerns the whole document (``""``) always is."""
    return not operation or not entry.operations or any(fnmatchcase(operation, name) for name in entry.operations)


def _moved(before: str, now: str) -> str:
    if not is_url(before) or not is_url(now) or same_origin(before, now):
        return ""
    return now


def accept(update: Update, date: str) -> Project:
    """Write an update: the document, the way back, the lock.

    Parameters
    ----------
    update:
        As it was prepared.
    date:
        Now, as RFC 3339 has it.
    """
    project, entry, fetched = update.project, update.entry, update.fetched
    lock = project.locks.get(entry.name)
    if fetched.document is None:
        return project
    raw = stored(fetched)
    fresh = lock_of(entry, fetched, fetched.document, raw, date)
    path = project.spec_path(entry)
    if not entry.source or (path.is_file() and digest_of(path.read_bytes()) == fresh.digest):
        kept = lock.previous if lock is not None else None
        return write_locks(project, entry.name, replace(fresh, previous=kept))
    return replace_document(project, entry, raw, fresh)


def operations_of(document: Document) -> tuple[str, ...]:
    """The dotted names of a document's operations."""
    return tuple(api_of(document).index)
