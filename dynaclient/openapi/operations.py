"""The operations of a document by their dotted names: a walk over all of them, though not into them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dynaclient.errors import SpecError
from dynaclient.openapi import names
from dynaclient.openapi.model import OperationKey
from dynaclient.openapi.pointer import chain, join

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 9.1


OVERLAP = ": it stands beside the $ref of its path too, and that one is called: "
"""What is noted of an operation that a path item and what its ``$ref`` leads to both have."""


class Index(NamedTuple):
    """The operations of a document by their dotted names, and what was let through on the way to them."""

    keys: Mapping[str, OperationKey]
    tolerated: tuple[str, ...]


def make_index(document: Mapping[str, Any]) -> Index:
    """The index of a document's operations: a walk over all of them, though not into them."""
    tolerated: list[str] = []
    keys = {key.dotted: key for key in _index(document, tolerated)}
    return Index(keys, tuple(tolerated))


def _found(document: Mapping[str, Any], tolerated: list[str]) -> Iterator[tuple[str, str, Mapping[str, Any], str]]:
    paths = document.get("paths")
    for path, written in paths.items() if isinstance(paths, Mapping) else ():
        if not path.startswith("/"):
            continue
        items = _items(written, path, document, tolerated)
        if any(item.get("x-speakeasy-ignore") is True for item, _ in items):
            continue
        methods: dict[str, tuple[Mapping[str, Any], str]] = {}
        for item, pointer in items:
            for method, operation, place in _of_item(item, pointer):
                if method not in methods:
                    methods[method] = operation, place
                elif methods[method][0] != operation:
                    tolerated.append(f"{place}{OVERLAP}{method} {path}")
        for method, (operation, place) in methods.items():
            yield method, path, operation, place


def _items(
    written: Any, path: str, document: Mapping[str, Any], tolerated: list[str]
) -> list[tuple[Mapping[str, Any], str]]:
    found: list[tuple[Mapping[str, Any], str]] = []
    try:
        found.extend(_chain(document, written, join("/paths", path)))  # what comes before the error stays
    except SpecError as error:
        tolerated.append(str(error))
    return found


def _of_item(item: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """The operations of a path item: method, Operation Object and its place."""
    for method in METHODS:
        if isinstance(item.get(method), Mapping):
            yield method.upper(), item[method], join(pointer, method)
    more = item.get("additionalOperations")  # OpenAPI 3.2: methods in their exact case
    for method, operation in more.items() if isinstance(more, Mapping) else ():
        if isinstance(operation, Mapping) and _TOKEN.fullmatch(method):
            yield method, operation, join(pointer, "additionalOperations", method)


def path_items(document: Mapping[str, Any], path: str) -> tuple[tuple[Mapping[str, Any], str], ...]:
    """The Path Item Objects that a path consists of, with their places: the one under ``paths``, then what its ``$ref`` leads to.

    What stands beside a path item's ``$ref`` counts together with what it names (OpenAPI 3.0.3, 4.7.9.1); if both
    have a field, the one beside the reference is taken (3.1.1, 4.8.9 leaves that open).

    Raises
    ------
    SpecError
        If a reference leads nowhere, out of the document, or in a circle.
    """
    paths = document.get("paths")
    written = paths.get(path) if isinstance(paths, Mapping) else None
    return tuple(_chain(document, written, join("/paths", path)))


def _chain(document: Mapping[str, Any], node: Any, pointer: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    return ((item, place) for item, place in chain(document, node, pointer) if isinstance(item, Mapping))


def _index(document: Mapping[str, Any], tolerated: list[str]) -> Iterator[OperationKey]:
    overrides = names.name_overrides(document)
    found = [
        (names.group_of(node), method, path, node, pointer)
        for method, path, node, pointer in _found(document, tolerated)
        if node.get("x-speakeasy-ignore") is not True
    ]
    taken: set[tuple[str, ...]] = {_group(entry[0][:depth]) for entry in found for depth in range(1, len(entry[0]) + 1)}
    wanted = [_wanted(words, method, path, node, overrides) for words, method, path, node, _ in found]
    borne = frozenset(wanted)  # a name that is made up for one operation is never another's own
    numbers: dict[tuple[str, ...], int] = {}
    for (_, method, path, node, pointer), name in zip(found, wanted, strict=True):
        if name in taken:
            settled = _settle(name, method, taken, borne, numbers)
            tolerated.append(f"{'.'.join(name)} is taken: {method} {path} is {'.'.join(settled)}")
            name = settled
        taken.add(name)
        yield OperationKey(
            group=name[:-1],
            name=name[-1],
            method=method,
            path=path,
            pointer=pointer,
            summary=_first_line(node),
            tag=_first_tag(node),
            deprecated=node.get("deprecated") is True,
        )


def _wanted(
    words: tuple[str, ...],
    method: str,
    path: str,
    node: Mapping[str, Any],
    overrides: Iterable[tuple[re.Pattern[str], str]],
) -> tuple[str, ...]:
    """The name that an operation has by right, its group before it."""
    group = _group(words)
    reserved = () if group else names.RESERVED_ON_CLIENT
    return (*group, names.safe(names.method_of(node, words, method, path, overrides), reserved))


def _group(words: tuple[str, ...]) -> tuple[str, ...]:
    """A group as attributes of the client: the first hides none of its own, and none is a keyword."""
    return tuple(names.safe(word, () if number else names.RESERVED_ON_CLIENT) for number, word in enumerate(words))


def _settle(
    name: tuple[str, ...],
    method: str,
    taken: set[tuple[str, ...]],
    borne: frozenset[tuple[str, ...]],
    numbers: dict[tuple[str, ...], int],
) -> tuple[str, ...]:
    """A name for an operation whose own is taken: with its method behind it, then numbered.

    ``borne`` are the names that other operations have by right; ``numbers`` where the counting of each name goes on.
    """
    base = (*name[:-1], f"{name[-1]}_{names.snake(method)}")
    wanted, number = base, numbers.get(base, 1)
    while wanted in taken or wanted in borne:
        number += 1
        wanted = (*base[:-1], f"{base[-1]}_{number}")
    numbers[base] = number
    return wanted


def _first_line(node: Mapping[str, Any]) -> str:
    text = str(node.get("summary") or node.get("description") or "").strip()
    return text.splitlines()[0] if text else ""


def _first_tag(node: Mapping[str, Any]) -> str:
    tags = node.get("tags")
    return str(tags[0]) if isinstance(tags, list) and tags else ""
