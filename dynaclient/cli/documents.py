"""The document that a command line names, opened once."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from dynaclient.cli import messages
from dynaclient.cli.settings import settings_of
from dynaclient.frozen import Struct

if TYPE_CHECKING:
    from dynaclient.openapi.model import Api, Operation
    from dynaclient.source import Document
    from dynaclient.transport import Transport

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
PATIENCE = 1.0
"""Seconds after which people are told what is waited for."""


class Opened(Struct, frozen=True):
    """A document that was read: ``spec`` is what named it, None for the one that ships."""

    spec: str | None
    document: Document
    api: Api

    def operation(self, name: str) -> Operation:
        """The operation of a dotted name, in full."""
        from dynaclient.openapi.read import operation

        return operation(self.api, self.api.index[name])

    def place(self, pointer: str) -> str:
        """Where a pointer leads: ``file:line#/pointer``."""
        source, line, _ = self.document.place(pointer)
        return (f"{source}:{line}" if line else str(source)) + f"#{pointer}"

    def name_of(self, typed: str) -> str:
        """The dotted name of an operation, which may be typed with dashes.

        Raises
        ------
        click.UsageError
            Where there is none; the message names the nearest.
        """
        for name in (typed, typed.replace("-", "_"), typed.replace(" ", ".")):
            if name in self.api.index:
                return name
        raise NoOperationError(no_operation(typed, list(self.api.index), self.api.source))


class NoOperationError(click.UsageError):
    """The document has no operation of this name."""

    hint = "`dynaclient ops` lists the operations."


def no_operation(typed: str, known: list[str], source: str) -> str:
    """What to say where no operation has this name."""
    from difflib import get_close_matches

    # The last part alone also finds `create_embeddings` for `embeddings.create`.
    lasts = {name.rpartition(".")[2]: name for name in known}
    close = get_close_matches(typed, known, 3, 0.5) or [
        lasts[last] for last in get_close_matches(typed.rpartition(".")[2], lasts, 3, 0.6)
    ]
    if close:
        hint = f"Did you mean {' or '.join(close)}?"
    elif len(known) <= 12:
        hint = f"It has {', '.join(known) or 'none'}."
    else:
        hint = f"It has {len(known)}: see `dynaclient ops`."
    return f"{source or 'The document'} has no operation {typed!r}. {hint}"


def _transport() -> Transport:
    from dynaclient.transport.http import Urllib3Transport

    return Urllib3Transport()


def opened(
    ctx: click.Context,
    spec: str | None = None,
    *,
    profile: str | None = None,
    overlays: tuple[str, ...] = (),
    server: str | None = None,
    served: bool = True,
) -> Opened:
    """The document of this command line, or the one that is named; without one, that of the profile.

    If the server is the name of a service whose overlay ships, the document is as that service answers it.

    Parameters
    ----------
    ctx:
        The context of the command.
    spec, profile, overlays, server:
        What words that are not read yet name.
    served:
        Whether the server matters; a command that calls no server reads the document itself.

    Raises
    ------
    SpecError
        Where it cannot be read.
    """
    from dynaclient.fetch import open_document
    from dynaclient.index import api_of

    settings = settings_of(ctx)
    overlays = (*settings.overlay, *overlays)
    spec = spec or settings.spec
    name = profile or settings.profile
    server = server or settings.server
    if spec is None and name is not None:
        from dynaclient.profile import load_profile

        chosen = load_profile(name)
        spec, overlays, server = chosen.spec, overlays or chosen.overlays, server or chosen.server
    kept: dict[object, Opened] = ctx.meta.setdefault(__name__, {})
    key = (spec, overlays)
    if key not in kept:
        with waiting_told(spec):
            source = _standard_input(ctx) if spec == "-" else of_project(spec) or spec
            document = open_document(source, _transport, overlays=overlays)
        kept[key] = Opened(spec, document, api_of(document))
        if settings.verbose:
            _tell(kept[key])
    return _served(kept, key, server, settings.verbose) if served and server else kept[key]


def _served(kept: dict[object, Opened], key: object, server: str, verbose: bool) -> Opened:
    """The document as the service of this name answers it; the document itself if the server is something else."""
    from dynaclient.index import api_of
    from dynaclient.source.shipped import served_by

    found = kept.get((key, server))
    if found is None:
        plain = kept[key]
        document = served_by(plain.document, server)
        found = plain if document is plain.document else Opened(plain.spec, document, api_of(document))
        kept[(key, server)] = found
        if verbose and found is not plain:
            _tell(found)
    return found


def _tell(found: Opened) -> None:
    """Say on stderr which document was read, and which actions of its overlays change nothing."""
    from dynaclient.cli.wording import counted

    document = found.document
    overlays = f" with {', '.join(document.overlays)}" if document.overlays else ""
    messages.note(f"document {document.source}{overlays}: {counted(len(found.api.index), 'operation')}")
    for action in document.unmatched:
        messages.note(str(action))


def of_project(spec: str | None) -> Document | None:
    """The document of the project that is meant by a bare name; None where it names none, and is a path then."""
    if spec is None or not _NAME.fullmatch(spec):
        return None
    from dynaclient.project import find_project, project_document

    project = find_project()
    return project_document(spec) if project is not None and spec in project.documents else None


def _standard_input(ctx: click.Context) -> bytes:
    """The document on standard input; a shell that asks for completions has none to give."""
    from dynaclient.errors import SpecError

    if ctx.resilient_parsing or sys.stdin is None:
        raise SpecError("there is no standard input to read the document from")
    if sys.stdin.isatty():
        messages.note("reading the document from the terminal; end it with Ctrl-D")
    data: bytes = sys.stdin.buffer.read()
    if not data.strip():
        raise SpecError("standard input is empty; a document is expected on it", source="-")
    return data


@contextmanager
def waiting_told(spec: str | None) -> Iterator[None]:
    """Say what is waited for, where a pipe gives nothing for a second: lest people think that nothing happens."""
    if spec != "-" and not (spec and _is_pipe(spec)):
        yield
        return
    import threading

    name = "standard input" if spec == "-" else f"the pipe {spec}"
    teller = threading.Timer(PATIENCE, messages.note, [f"waiting for a document from {name}"])
    teller.daemon = True
    teller.start()
    try:
        yield
    finally:
        teller.cancel()


def _is_pipe(spec: str) -> bool:
    import stat

    try:
        return stat.S_ISFIFO(os.stat(spec).st_mode)  # noqa: PTH116 - the document may be a URL, which is no path
    except (OSError, ValueError):
        return False
