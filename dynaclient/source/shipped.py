"""The overlays that ship: each describes how one service answers the document that ships, and applies to no other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.source import cache
from dynaclient.source.document import Document
from dynaclient.source.load import FORMAT, bundled, load
from dynaclient.source.place import SourceFile

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def shipped_overlays() -> dict[str, Path]:
    """Return the overlays that ship with dynaclient: name -> file."""
    return {path.stem: path for path in sorted(_folder().glob("*.yaml"))}


def _folder() -> Path:
    return bundled().parent / "overlays"


def is_word(text: str) -> bool:
    """Return whether an overlay of this name ships."""
    return _NAME.fullmatch(text) is not None and (_folder() / f"{text}.yaml").is_file()


def word_of(address: str) -> str:
    """Return the name of the overlay that ships and stands at this ``file:`` URI, or ``""``."""
    begin = f"{_folder().as_uri()}/"
    word = address.removeprefix(begin).removesuffix(".yaml") if address.startswith(begin) else ""
    return word if is_word(word) else ""


def is_bundled(document: Document) -> bool:
    """Return whether a document is the one that ships, whatever overlays were applied to it.

    It is if it was read from that file, or has the same content: a copy is the same document, an edited copy is not.
    """
    first = document.original
    return first.address == bundled().as_uri() or first.data == load().data


def check_applies(document: Document, word: str, name: str) -> None:
    """Refuse an overlay that ships for a document that it does not extend (Overlay 1.1, 4.4.1, ``extends``).

    Parameters
    ----------
    document:
        What the overlay would be applied to.
    word, name:
        The overlay's name among those that ship (``""``: it is not one of them), and its name in messages.

    Raises
    ------
    SpecError
        With the reason: the overlay names servers, to which the document's calls and credentials would go.
    """
    if not word or is_bundled(document):
        return
    raise SpecError(
        f"the overlay {word!r} extends the document that ships with dynaclient, and {document.source} is another "
        f"document: its calls, with its credentials, would go to the servers of {word!r}. Leave the document out to "
        "call that service, or write an overlay of your own for this document",
        source=name,
        pointer="/extends",
    )


def served_by(document: Document, server: str | None) -> Document:
    """Return the document as the service of this name answers it: with the overlay of that name that ships.

    Overlays of the caller's own are applied after it, so that they have the last word. Another one that ships is left out.

    Parameters
    ----------
    document:
        Any document.
    server:
        What the caller named as the server.

    Returns
    -------
    Document
        The document itself if it is not the one that ships, no overlay has that name, it was applied already, or an
        overlay of the caller's own adds a server of that name.

    Raises
    ------
    SpecError
        If one of the caller's own overlays cannot be applied to the result.
    """
    word = (server or "").strip()
    if not word or word in document.words or not is_word(word) or not is_bundled(document):
        return document
    if word in _ids(document) - _ids(document.original):
        return document
    served = _served(document.original, word)
    if not document.amendments:
        return served
    from dynaclient.source.amend import amended_by

    return amended_by(served, document.amendments)


def _served(document: Document, word: str) -> Document:
    """The document with one overlay that ships; from the cache, because to apply one takes longer than a call."""
    raw = (_folder() / f"{word}.yaml").read_bytes()
    key = sha256(f"{FORMAT} {document.digest} {sha256(raw).hexdigest()}".encode()).hexdigest()
    entry: Any = cache.get("served", key) if document.kept else None
    name = shown_name(word)
    try:
        return replace(
            document,
            data=entry["data"],
            digest=key,
            overlays=(name,),
            texts={**document.texts, name: SourceFile(name, raw, yaml=True)},
            origins=(*document.origins, *((place, name, source) for place, source in entry["origins"])),
            base=document,
            words=(word,),
        )
    except (TypeError, KeyError, ValueError):  # no entry, or none of this form
        return _fresh(document, word, key)


def _fresh(document: Document, word: str, key: str) -> Document:
    from dynaclient.source.amend import amended_by, read_amendment

    served = replace(amended_by(document, [read_amendment(word)]), digest=key)
    if document.kept and not served.unmatched:
        made = served.origins[len(document.origins) :]
        cache.put("served", key, {"data": served.data, "origins": [[place, source] for place, _, source in made]})
    return served


def shown_name(word: str) -> str:
    """Return the name of an overlay that ships, for messages."""
    return f"{word} (shipped with dynaclient)"


def known_words(document: Document) -> tuple[str, ...]:
    """Return the names by which services can be called with this document; none if it is not the one that ships."""
    return tuple(shipped_overlays()) if is_bundled(document) else ()


def _ids(document: Document) -> set[Any]:
    servers = document.data.get("servers")
    listed = servers if isinstance(servers, list) else []
    return {server.get("x-speakeasy-server-id") for server in listed if isinstance(server, Mapping)}
