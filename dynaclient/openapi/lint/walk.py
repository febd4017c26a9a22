"""Every object of a document once, with its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynaclient.openapi.grammar import KINDS, field_kind
from dynaclient.openapi.pointer import join


class Node(NamedTuple):
    """An object of the document: its kind in the words of `dynaclient.openapi.grammar`, itself, and its place."""

    kind: str
    value: Mapping[str, Any]
    pointer: str


def nodes(document: Mapping[str, Any]) -> Iterator[Node]:
    """All objects, from the outside in, in the order of the document; what stands in examples, defaults and extensions is data, and is not visited."""
    waiting: list[tuple[str, Any, str]] = [("document", document, "")]
    while waiting:
        kind, value, pointer = waiting.pop()
        if isinstance(value, list):
            if kind[0] == "[" or kind == "schema":
                inner = kind if kind == "schema" else kind[1:-1]
                waiting.extend(
                    (inner, value[number], join(pointer, number)) for number in range(len(value) - 1, -1, -1)
                )
        elif isinstance(value, Mapping):
            if kind[0] == "{":
                inner = kind[1:-1]
                waiting.extend((inner, value[name], join(pointer, name)) for name in reversed(value))
            elif kind in KINDS:
                yield Node(kind, value, pointer)
                waiting.extend((field_kind(kind, name), value[name], join(pointer, name)) for name in reversed(value))
