"""Where overlays do not fit the document that they were applied to: no error by the standard, and worth a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from dynaclient.openapi.pointer import join
from dynaclient.source.amend import Amendment
from dynaclient.source.document import Document


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing that does not fit.

    ``id`` is from the catalogue of findings; ``overlay`` and ``pointer`` say where it is written; ``message`` is a sentence.
    """

    id: str
    overlay: str
    pointer: str
    message: str


def misfits(document: Document) -> tuple[Misfit, ...]:
    """Return where the overlays of a document do not fit it.

    An action whose target names nothing changes nothing and is no error (Overlay 1.1, 4.4.3). ``extends`` identifies
    the document that an overlay is for (4.4.1). It is taken for another document if both addresses are known, are of the
    same kind and differ, and the content is not the same.
    """
    return (*_strays(document), *_idle(document))


def _idle(document: Document) -> Iterator[Misfit]:
    for action in document.unmatched:
        message = f"action {action.number} changes nothing: its target {action.target!r} names nothing in the document"
        yield Misfit("overlay-action-unmatched", action.overlay, join(action.pointer, "target"), message)


def _strays(document: Document) -> Iterator[Misfit]:
    for amendment in document.amendments:
        if amendment.overlay.extends and _is_for_another(amendment, document.original):
            message = f"it extends {amendment.overlay.extends!r}, and is applied to {document.source}"
            yield Misfit("overlay-other-document", amendment.name, "/extends", message)


def _is_for_another(amendment: Amendment, document: Document) -> bool:
    named = urlsplit(urljoin(amendment.address, amendment.overlay.extends))._replace(fragment="").geturl()
    itself = document.data.get("$self")
    addresses = [address for address in (document.address, document.published, itself) if isinstance(address, str)]
    known = [address for address in addresses if _kind(address) == _kind(named) and _kind(named)]
    return bool(known) and named not in known and not _is_copy(named, document)


def _kind(address: str) -> str:
    scheme = urlsplit(address).scheme.lower()
    return "http" if scheme in ("http", "https") else "file" if scheme == "file" else ""


def _is_copy(address: str, document: Document) -> bool:
    """Whether the file at a ``file:`` URI has the same content as the document."""
    text = document.texts.get(document.source)
    if _kind(address) != "file" or text is None:
        return False
    path = Path(unquote(urlsplit(address).path))
    try:
        return path.read_bytes() == text.raw
    except (OSError, ValueError):
        return False
