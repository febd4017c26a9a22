"""JSON Pointer (RFC 6901) and local references (OpenAPI 3.1, 4.8.23)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from dynaclient.errors import SpecError

UNRESOLVED = "x-dynaclient-unresolved"
"""Beside a ``$ref`` to another file that could not be read: why. Written by ``dynaclient.source``."""

_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")


def escape(token: str) -> str:
    """One reference token, escaped (RFC 6901, 3)."""
    return token.replace("~", "~0").replace("/", "~1") if "~" in token or "/" in token else token


def unescape(token: str) -> str:
    """One reference token, as it was before ``escape``."""
    return token.replace("~1", "/").replace("~0", "~")


def join(pointer: str, *tokens: str | int) -> str:
    """The pointer one or more steps further down."""
    return "/".join((pointer, *(escape(str(token)) for token in tokens)))


def tokens(pointer: str) -> list[str]:
    """The unescaped tokens of a pointer; ``""`` has none."""
    found = pointer.split("/")[1:]
    return [unescape(token) for token in found] if "~" in pointer else found


def at(document: Any, pointer: str) -> Any:
    """The node that a pointer names.

    Raises
    ------
    SpecError
        Where nothing stands there.
    """
    node = document
    try:
        if pointer and not pointer.startswith("/"):
            raise KeyError(pointer)
        for token in tokens(pointer):
            node = node[_index(token)] if isinstance(node, list) else node[token]
    except (KeyError, IndexError, TypeError):
        raise SpecError("nothing stands at this place of the document", pointer=pointer) from None
    return node


def _index(token: str) -> int:
    """The index that a token means: digits without a leading zero (RFC 6901, 4)."""
    if not _INDEX.fullmatch(token):
        raise KeyError(token)
    return int(token)


def local_target(reference: str) -> str:
    """The pointer that a local reference (``#/components/...``) names; percent-escapes are undone (RFC 6901, 6).

    Raises
    ------
    SpecError
        Where the reference is not local.
    """
    if reference == "#":
        return ""
    if not reference.startswith("#/"):
        raise SpecError(
            f"the reference {reference!r} leads out of the document; "
            "load it from its file or URL, so that the files it refers to can be read with it"
        )
    return unquote(reference[1:])


def chain(document: Any, node: Any, pointer: str) -> Iterator[tuple[Any, str]]:
    """The node, then what its ``$ref`` leads to, and so on until something without one stands there; each with its pointer.

    Raises
    ------
    SpecError
        Where a reference leads nowhere, out of the document, or in a circle; what came before it was given.
    """
    seen: set[str] = set()
    while True:
        yield node, pointer
        if not isinstance(node, Mapping) or not isinstance(node.get("$ref"), str):
            return
        if pointer in seen:
            raise SpecError("these references lead in a circle", pointer=pointer)
        seen.add(pointer)
        try:
            target = local_target(node["$ref"])
            node = at(document, target)
        except SpecError as error:
            raise SpecError(unfollowed(node, error), pointer=pointer) from None
        pointer = target


def deref(document: Any, node: Any, pointer: str) -> tuple[Any, str]:
    """Follow ``$ref`` from a node until something else stands there.

    Returns
    -------
    tuple
        The node and its pointer. Siblings of ``$ref`` are not merged: schemas, where they count, are read by the validators.

    Raises
    ------
    SpecError
        Where a reference leads nowhere, out of the document, or in a circle.
    """
    if not isinstance(node, Mapping) or "$ref" not in node:
        return node, pointer
    *_, last = chain(document, node, pointer)
    return last


def unfollowed(node: Any, error: SpecError) -> str:
    """Why the reference of a node cannot be followed, in words."""
    known = isinstance(node, Mapping) and isinstance(node.get(UNRESOLVED), str)
    return f"the reference {node['$ref']!r} cannot be followed: {node[UNRESOLVED] if known else error}"
