"""Overlays over a document: found, read, applied in order, and remembered, so that each node still knows the file and line that made it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.overlay import Action, Overlay, apply, read_overlay
from dynaclient.openapi.pointer import at, join
from dynaclient.source.document import Document, check_kind, plain_mapping, with_text_versions
from dynaclient.source.limits import DEFAULT_LIMITS, check_depth
from dynaclient.source.load import open_content
from dynaclient.source.place import SourceFile
from dynaclient.source.shipped import check_applies, shipped_overlays, shown_name, word_of

OverlaySource = str | bytes | os.PathLike[str] | Mapping[str, Any]
"""An overlay as people name it: a path, a text, its bytes, a mapping, or the name of one that ships."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Amendment:
    """An overlay that was read.

    ``name`` is for messages; ``overlay`` is checked; ``digest`` is the SHA-256, in hex, of what it was read from;
    ``text`` is that text. ``address`` is the URI of its file, or ``""``. ``word`` is the name of one that ships, or ``""``.
    """

    name: str
    overlay: Overlay
    digest: str
    text: SourceFile
    address: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An action of an overlay whose target names nothing.

    ``overlay`` and ``pointer`` say where it is written; ``number`` counts from 1.
    """

    overlay: str
    number: int
    target: str
    pointer: str

    def __str__(self) -> str:
        said = f"action {self.number} changes nothing: its target {self.target!r} names nothing in the document"
        return f"{self.overlay}: {said}"


def read_amendment(source: OverlaySource, number: int = 1) -> Amendment:
    """An overlay from wherever it is.

    Parameters
    ----------
    source:
        A path, a text (with a line break, or beginning with a brace), its bytes, a mapping, or the name of an overlay that ships; a bare name is
        looked up among those first, ``./name`` is a file.
    number:
        Which of several it is, from 1: the name in messages of one that is no file.

    Raises
    ------
    SpecError
        Where it cannot be read or is no overlay.
    """
    from dynaclient.source.scalar import without_odd
    from dynaclient.source.text import parse

    if isinstance(source, Mapping):
        from msgspec.json import encode

        name = f"<overlay {number}>"
        data = plain_mapping(source, name, DEFAULT_LIMITS.depth)
        raw = encode(data)
        return Amendment(name, read_overlay(data, name), sha256(raw).hexdigest(), SourceFile(name, b"", yaml=False))
    content = open_content(_located(source), DEFAULT_LIMITS, None)
    word = word_of(content.uri)
    name = _shown(source, content.name, number, word)
    data, yaml = parse(content.raw, name, DEFAULT_LIMITS)
    text = SourceFile(name, content.raw, yaml=yaml)
    try:
        overlay = read_overlay(without_odd(data) if yaml else data, name)
    except SpecError as error:
        raise _placed(error, text) from None
    return Amendment(name, overlay, content.digest, text, content.uri, word)


def _located(source: Any) -> Any:
    """The file of a shipped overlay in place of its name; anything else as it is."""
    if not isinstance(source, str) or not _NAME.fullmatch(source):
        if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
            raise SpecError(
                "an overlay is a file, a text, a mapping or the name of one that ships; save this one to a file first, and read it: "
                "it decides where requests and credentials go",
                source=source.partition("?")[0],
            )
        return source
    known = shipped_overlays()
    if source in known:
        return known[source]
    if Path(source).exists():
        return source
    from difflib import get_close_matches

    close = get_close_matches(source, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"those that ship are {', '.join(known) or 'none'}"
    raise SpecError(f"there is no overlay {source!r}: neither a file nor one that ships; {hint}")


def _shown(source: Any, name: str, number: int, word: str) -> str:
    if name == "<text>":
        return f"<overlay {number}>"
    return shown_name(word) if word and source == word else name


def _placed(error: SpecError, text: SourceFile) -> SpecError:
    """The error with line and column of its place in the overlay."""
    place = text.place(error.pointer)
    message = error.message
    prefix = f"{error.source}#{error.pointer}: " if error.pointer else f"{error.source}: "
    return SpecError(
        message.removeprefix(prefix), source=error.source, pointer=error.pointer, line=place.line, column=place.column
    )


def amended(document: Document, overlays: Iterable[OverlaySource]) -> Document:
    """The document with overlays applied, one on the result of the other (Overlay 1.1, 4.4).

    Parameters
    ----------
    document:
        As it was loaded; it is not changed.
    overlays:
        What `read_amendment` takes, in order.

    Returns
    -------
    Document
        Its ``digest`` is another one, and ``place`` of what an overlay made points into the overlay.

    Raises
    ------
    SpecError
        If an overlay cannot be read or applied, ships for another document, or what comes out is no OpenAPI document.
    """
    first = len(document.overlays) + 1
    return amended_by(
        document, (read_amendment(source, number) for number, source in enumerate(_several(overlays), first))
    )


def amended_by(document: Document, amendments: Iterable[Amendment]) -> Document:
    """The document with overlays applied that were read already; see `amended`."""
    before = len(document.unmatched)
    for amendment in amendments:
        check_applies(document, amendment.word, amendment.name)
        document = _amended(document, amendment)
    if len(document.unmatched) > before:
        import logging

        for action in document.unmatched[before:]:
            logging.getLogger("dynaclient").info("%s", action)
    return document


def _several(overlays: Iterable[OverlaySource]) -> Iterable[OverlaySource]:
    """One overlay alone is meant as a list of one."""
    return [overlays] if isinstance(overlays, str | bytes | os.PathLike | Mapping) else overlays


def _amended(document: Document, amendment: Amendment) -> Document:
    data: Any = document.data
    made: list[tuple[str, str, str]] = []
    unmatched: list[Unmatched] = []
    for action in amendment.overlay.actions:
        try:
            applied = apply(data, replace(amendment.overlay, actions=(action,)))
        except SpecError as error:
            raise _placed(error, amendment.text) from None
        if not applied.actions[0].matched:
            unmatched.append(Unmatched(amendment.name, action.number, action.target.text, action.pointer))
        for pointer in applied.actions[0].changed:
            made += [
                (place, amendment.name, source) for place, source in _made(data, applied.document, action, pointer)
            ]
        data = applied.document
    data = with_text_versions(dict(data))
    check_kind(data, f"{document.source} with {amendment.name}")
    check_depth(data, amendment.name, DEFAULT_LIMITS)
    return replace(
        document,
        data=data,
        digest=sha256(f"{document.digest} {amendment.digest}".encode()).hexdigest(),
        overlays=(*document.overlays, amendment.name),
        base=document.original,
        words=(*document.words, amendment.word) if amendment.word else document.words,
        amendments=document.amendments if amendment.word else (*document.amendments, amendment),
        unmatched=(*document.unmatched, *unmatched),
        texts={**document.texts, amendment.name: amendment.text},
        origins=(*document.origins, *made),
    )


def _made(before: Any, after: Any, action: Action, pointer: str) -> Iterator[tuple[str, str]]:
    """Where in the document the nodes stand that an action made, and where in the overlay they are written."""
    if action.kind == "remove":
        return
    if action.kind == "copy":
        yield pointer, join(action.pointer, "copy")
        return
    source = join(action.pointer, "update")
    yield from _new(at(before, pointer), at(after, pointer), action.update, pointer, source)


def _new(old: Any, new: Any, update: Any, pointer: str, source: str) -> Iterator[tuple[str, str]]:
    if isinstance(old, Mapping) and isinstance(update, Mapping):
        for name, value in update.items():
            there, here = join(pointer, name), join(source, name)
            if name in old:
                yield from _new(old[name], new[name], value, there, here)
            else:
                yield there, here
    elif isinstance(old, list):
        listed = isinstance(update, list)
        for number in range(len(old), len(new)):
            yield join(pointer, number), join(source, number - len(old)) if listed else source
    elif old != new or type(old) is not type(new):
        yield pointer, source
