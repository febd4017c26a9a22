"""Where a node of a document stands in its text: line and column, found only when somebody asks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from dynaclient.openapi.pointer import escape

if TYPE_CHECKING:
    from yaml.events import NodeEvent

_JSON_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


class Place(NamedTuple):
    """A place in a text: the name of the file, and line and column, both from 1; 0 where they are not known."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


class SourceFile:
    """One file as it was read.

    Parameters
    ----------
    name:
        Its name in messages.
    raw:
        Its bytes; empty for a document that never was text.
    yaml:
        Whether it was read as YAML, not as JSON.
    """

    def __init__(self, name: str, raw: bytes, *, yaml: bool) -> None:
        self.name = name
        self.raw = raw
        self.yaml = yaml

    def place(self, pointer: str) -> Place:
        """The place of a node, or of the nearest node around it that the text holds; of a mapping's value, that of its key."""
        index = self._index
        while pointer not in index:
            if not pointer:
                return Place(self.name)
            pointer = pointer.rpartition("/")[0]
        return Place(self.name, *index[pointer])

    @cached_property
    def _index(self) -> dict[str, tuple[int, int]]:
        if not self.raw:
            return {}
        from dynaclient.source.text import decode

        text = decode(self.raw, self.name)
        index: dict[str, tuple[int, int]] = {}
        for pointer, line, column in (yaml_places if self.yaml else json_places)(text):
            index.setdefault(pointer, (line, column))
        return index


class _Spot:
    """A mapping or list that the scan is inside of."""

    __slots__ = ("index", "key", "pointer")

    def __init__(self, pointer: str, index: int | None) -> None:
        self.pointer = pointer
        self.index = index  # the next item's, or None in a mapping
        self.key: str | None = None

    def step(self) -> str:
        """The pointer of the value that comes next."""
        if self.index is not None:
            self.index += 1
            return f"{self.pointer}/{self.index - 1}"
        key, self.key = self.key or "", None
        return f"{self.pointer}/{escape(key)}"


def yaml_places(text: str) -> Iterator[tuple[str, int, int]]:
    """The pointer, line and column (from 1) of every node of a YAML text, in order; of a mapping's value, where its key stands.

    What follows an error is left out; a duplicate key comes twice; what stands behind an alias has no place of its own.
    """
    from yaml import YAMLError
    from yaml.events import CollectionEndEvent, NodeEvent

    from dynaclient.source.yaml12 import events

    stack: list[_Spot] = []
    try:
        get_event = events(text)
        while (event := get_event()) is not None:
            if isinstance(event, NodeEvent):
                pointer = _yaml_node(event, stack)
                if pointer is not None:
                    mark = event.start_mark
                    yield (pointer, mark.line + 1, mark.column + 1) if mark else (pointer, 0, 0)
            elif isinstance(event, CollectionEndEvent):
                stack.pop()
    except YAMLError:
        return


def _yaml_node(event: NodeEvent, stack: list[_Spot]) -> str | None:
    """The pointer of a root, a list's item or a mapping's key; None for a mapping's value, whose key has been told already."""
    from yaml.events import MappingStartEvent, SequenceStartEvent

    top = stack[-1] if stack else None
    if top is not None and top.index is None and top.key is None:
        top.key = getattr(event, "value", "")
        return f"{top.pointer}/{escape(top.key)}"
    pointer = top.step() if top is not None else ""
    if isinstance(event, SequenceStartEvent):
        stack.append(_Spot(pointer, 0))
    elif isinstance(event, MappingStartEvent):
        stack.append(_Spot(pointer, None))
    return None if top is not None and top.index is None else pointer


def json_places(text: str) -> Iterator[tuple[str, int, int]]:
    """The same as ``yaml_places`` for a JSON text; a duplicate key comes twice."""
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    stack: list[_Spot] = []
    for match in _JSON_TOKEN.finditer(text):
        pointer = _json_token(match.group(), stack)
        if pointer is not None:
            line = bisect_right(lines, match.start())
            yield pointer, line, match.start() - lines[line - 1] + 1


def _json_token(token: str, stack: list[_Spot]) -> str | None:
    top = stack[-1] if stack else None
    if token in (",", ":"):
        return None
    if token in ("}", "]"):
        if stack:
            stack.pop()
        return None
    if top is not None and top.index is None and top.key is None:
        top.key = _json_string(token)
        return f"{top.pointer}/{escape(top.key)}"
    pointer = top.step() if top is not None else ""
    if token in ("{", "["):
        stack.append(_Spot(pointer, 0 if token == "[" else None))  # noqa: S105  # a bracket, not a password
    return None if top is not None and top.index is None else pointer


def _json_string(token: str) -> str:
    import json

    try:
        return str(json.loads(token))
    except ValueError:
        return token
