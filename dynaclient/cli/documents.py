"""The document that a command line names, opened once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from dynaclient.cli.settings import settings_of

if TYPE_CHECKING:
    from dynaclient.openapi.model import Api, Operation
    from dynaclient.source import Document
    from dynaclient.transport import Transport


@dataclass(frozen=True, slots=True)
class Opened:
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


def opened(ctx: click.Context, spec: str | None = None) -> Opened:
    """The document of this command line, or the one that is named.

    Raises
    ------
    SpecError
        Where it cannot be read.
    """
    from dynaclient.fetch import open_document
    from dynaclient.openapi.read import read

    spec = spec or settings_of(ctx).spec
    kept: dict[str | None, Opened] = ctx.meta.setdefault(__name__, {})
    if spec not in kept:
        document = open_document(spec, _transport)
        kept[spec] = Opened(spec, document, read(document.data, document.source))
    return kept[spec]
