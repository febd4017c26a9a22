"""YAML as OpenAPI means it (OpenAPI 3.1, 4.2), from text to plain values. The only door to yaml.

PyYAML's parser is used for the syntax alone; what a scalar means is decided in ``scalar``. Explicit tags are honoured for JSON's types
and refused otherwise. Duplicate keys, several documents in one text and aliases to an enclosing node are errors. Merge keys
(``<<``) are not part of YAML 1.2 but are what their authors mean: they are expanded, and the mapping's own keys win.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from dynaclient.errors import SpecError
from dynaclient.openapi.pointer import escape
from dynaclient.source.limits import DEFAULT_LIMITS, Limits, measure
from dynaclient.source.place import yaml_places
from dynaclient.source.scalar import Odd, plain_scalar

_PREFIX = "tag:yaml.org,2002:"
_REFUSED = re.compile("[\x7f-\x84\x86-\x9f\ufffe\uffff]")
_MERGE = "\0<<"  # stands for a merge key; no key of a YAML text holds NUL
_HINTS = (
    ("mapping values are not allowed", "a value that contains ': ' must be quoted; else check the indentation"),
    ("cannot start any token", "indent with spaces, never tabs; quote a value that begins with @, ` or %"),
    ("did not find expected", "check the indentation, and the brackets and quotes that are open here"),
    ("could not find expected ':'", "check the indentation; a text of several lines needs | or > after its key"),
    ("unexpected end of stream", "a quote or bracket is never closed"),
    ("incompatible YAML document", "the text must be YAML 1.2"),
)


def parse_yaml(text: str, source: str = "", limits: Limits = DEFAULT_LIMITS) -> Any:
    """The value of a YAML text: dicts with string keys, lists, strings, numbers, booleans, None, and ``Odd`` scalars.

    Raises
    ------
    SpecError
        With line and column, where the text is not YAML, is not JSON-compatible, or breaks a limit.
    """
    builder = _Builder(text, source, limits)
    try:
        return builder.build()
    except yaml.YAMLError as error:
        raise _translated(error, text, source) from None


def events(text: str) -> Callable[[], Any]:
    """A function that gives the next parser event of a text, or None at the end.

    Characters that a quoted scalar may hold (YAML 1.2, 5.1: ``nb-json``) and PyYAML refuses, such as U+FFFF in a
    pattern, pass through it as characters for private use that the text does not hold.
    """
    refused = sorted(set(_REFUSED.findall(text)))
    if not refused:
        return _events(text)
    free = (chr(code) for code in range(0xE000, 0xF900) if chr(code) not in text)
    table = {ord(letter): stand_in for letter, stand_in in zip(refused, free, strict=False)}
    back = {ord(stand_in): chr(code) for code, stand_in in table.items()}
    get_event = _events(text.translate(table))

    def restored() -> Any:
        event = get_event()
        if type(event) is ScalarEvent:
            event.value = event.value.translate(back)
        return event

    return restored


def _events(text: str) -> Callable[[], Any]:
    if getattr(yaml, "__with_libyaml__", False):
        from yaml.cyaml import CParser  # type: ignore[attr-defined]

        return CParser(text).get_event
    return yaml.SafeLoader(text).get_event  # PyYAML without libyaml: the same events, slower


class _Frame:
    """A mapping or list that is being filled."""

    __slots__ = ("anchor", "key", "merges", "node")

    def __init__(self, node: dict[str, Any] | list[Any], anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.key: str | None = None  # the key whose value comes next
        self.merges: list[dict[str, Any]] | None = None


class _Builder:
    """Builds the value from the parser's events, without recursion: the depth of a hostile text costs nothing."""

    def __init__(self, text: str, source: str, limits: Limits) -> None:
        self.text = text
        self.source = source
        self.limits = limits
        self.stack: list[_Frame] = []
        self.top: _Frame | None = None
        self.root: Any = None
        self.documents = 0
        self.anchors: dict[str, tuple[Any, str | None]] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        self.alias_nodes = 0

    def build(self) -> Any:
        get_event = events(self.text)
        handlers: dict[type, Callable[[Any], None]] = {
            ScalarEvent: self._scalar,
            AliasEvent: self._alias,
            MappingStartEvent: self._open_mapping,
            SequenceStartEvent: self._open_sequence,
            MappingEndEvent: self._close,
            SequenceEndEvent: self._close,
            DocumentStartEvent: self._document,
        }
        get = handlers.get
        while (event := get_event()) is not None:
            handler = get(type(event))
            if handler is not None:
                handler(event)
        return self.root

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._fail(
                "a second YAML document begins here; one file holds one document: split the file", event.start_mark
            )

    def _scalar(self, event: Any) -> None:
        text: str = event.value
        frame = self.top
        plain = event.tag is None and event.implicit[0]
        value: Any = text
        if frame is not None and frame.key is None and type(frame.node) is dict:
            if event.tag is not None:
                self._refuse_tag(event, ("str", "int", "float", "bool", "null"))
            self._key(frame, _MERGE if plain and text == "<<" else text, event.start_mark)
        else:
            if event.tag is not None:
                value = self._tagged(event)
            elif plain:
                value = plain_scalar(text)
            self._add(value, event.start_mark)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, text)

    def _key(self, frame: _Frame, text: str, mark: Any) -> None:
        if text in frame.node or (text is _MERGE and frame.merges is not None):
            self._duplicate("<<" if text is _MERGE else text, mark)
        frame.key = text

    def _add(self, value: Any, mark: Any) -> None:
        frame = self.top
        if frame is None:
            self.root = value
            return
        node = frame.node
        if isinstance(node, list):
            node.append(value)
            return
        key = frame.key
        frame.key = None
        if key is _MERGE:
            self._merge_value(frame, value, mark)
        elif key is not None:
            node[key] = value

    def _merge_value(self, frame: _Frame, value: Any, mark: Any) -> None:
        values = value if type(value) is list else [value]
        if not all(type(item) is dict for item in values):
            self._fail(
                "a merge key (<<) takes a mapping or a list of mappings; quote it if it is meant as a name", mark
            )
        frame.merges = values

    def _open_mapping(self, event: Any) -> None:
        self._open(event, {}, "map")

    def _open_sequence(self, event: Any) -> None:
        self._open(event, [], "seq")

    def _open(self, event: Any, node: dict[str, Any] | list[Any], tag: str) -> None:
        if event.tag is not None:
            self._refuse_tag(event, (tag,))
        frame = self.top
        if frame is not None and frame.key is None and type(frame.node) is dict:
            self._fail("a key must be text, as in JSON; here a mapping or list begins", event.start_mark)
        if len(self.stack) >= self.limits.depth:
            self._fail(self.limits.exceeded("depth", "it nests deeper than"), event.start_mark)
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)
            self.sizes.pop(event.anchor, None)
        self.top = _Frame(node, event.anchor)
        self.stack.append(self.top)

    def _close(self, event: Any) -> None:
        frame = self.stack.pop()
        self.top = self.stack[-1] if self.stack else None
        node = frame.node
        if frame.merges is not None and type(node) is dict:
            merged: dict[str, Any] = {}
            for source in frame.merges:  # the first of several wins (YAML 1.1, type merge)
                merged = source | merged
            node = merged | node
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (node, None)
        self._add(node, event.start_mark)

    def _alias(self, event: Any) -> None:
        name = event.anchor
        if any(frame.anchor == name for frame in self.stack):
            self._fail(
                f"the alias *{name} stands inside the node that it names: a circle has no JSON form", event.start_mark
            )
        if name not in self.anchors:
            self._fail(
                f"the alias *{name} names no anchor; anchors (&{name}) stand before their aliases", event.start_mark
            )
        value, text = self.anchors[name]
        frame = self.top
        if frame is not None and frame.key is None and type(frame.node) is dict:
            if text is None:
                self._fail(f"a key must be text, as in JSON; *{name} is a mapping or list", event.start_mark)
            self._key(frame, text, event.start_mark)
            return
        if text is None:
            self._count(name, value, event.start_mark)
            value = _copy(value)
        self._add(value, event.start_mark)

    def _count(self, name: str, value: Any, mark: Any) -> None:
        size, height = self.sizes.get(name) or self.sizes.setdefault(name, measure(value))
        self.alias_nodes += size
        if self.alias_nodes > self.limits.alias_nodes:
            self._fail(self.limits.exceeded("alias_nodes", "its aliases expand to more values than"), mark)
        if len(self.stack) + height > self.limits.depth:
            self._fail(self.limits.exceeded("depth", "with its aliases expanded it nests deeper than"), mark)

    def _tagged(self, event: Any) -> Any:
        tag, text = event.tag, event.value
        if tag in ("!", _PREFIX + "str"):
            return text
        self._refuse_tag(event, ("int", "float", "bool", "null"))
        value = plain_scalar(text)
        number = value.value if type(value) is Odd else value
        wanted: dict[str, type] = {"int": int, "float": float, "bool": bool, "null": type(None)}
        kind = wanted[tag.removeprefix(_PREFIX)]
        if kind is float and type(number) is int:
            return float(number)
        if type(number) is not kind:
            self._fail(
                f"{text!r} is not what its tag {_shown(tag)} says, in the form that JSON gives it", event.start_mark
            )
        return value

    def _refuse_tag(self, event: Any, allowed: tuple[str, ...]) -> None:
        if event.tag != "!" and event.tag.removeprefix(_PREFIX) not in allowed:
            self._fail(
                f"the tag {_shown(event.tag)} is not allowed here: OpenAPI takes YAML's JSON-compatible types only; remove it",
                event.start_mark,
            )

    def _duplicate(self, key: str, mark: Any) -> NoReturn:
        pointer = "".join(
            f"/{escape(frame.key or '') if type(frame.node) is dict else len(frame.node)}" for frame in self.stack[:-1]
        )
        pointer = f"{pointer}/{escape(key)}"
        first = next((line for place, line, _ in yaml_places(self.text) if place == pointer), 0)
        self._fail(f"the key {key!r} stands twice in one mapping, first in line {first}; remove or rename one", mark)

    def _fail(self, message: str, mark: Any) -> NoReturn:
        raise yaml_error(message, self.text, self.source, mark.line, mark.column)


def _shown(tag: str) -> str:
    return "!!" + tag.removeprefix(_PREFIX) if tag.startswith(_PREFIX) else tag


def _copy(node: Any) -> Any:
    if type(node) is dict:
        return {key: _copy(value) for key, value in node.items()}
    return [_copy(value) for value in node] if type(node) is list else node


def yaml_error(message: str, text: str, source: str, line: int, column: int) -> SpecError:
    """The error at a place (line and column from 0), with the line that stands there."""
    lines = text.splitlines()
    shown = lines[line].strip()[:100] if line < len(lines) else ""
    return SpecError(message + (f"\n    {shown}" if shown else ""), source=source, line=line + 1, column=column + 1)


def _translated(error: yaml.YAMLError, text: str, source: str) -> SpecError:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        hint = next((hint for part, hint in _HINTS if part in problem), "")
        message = f"this is not YAML: {problem}" + (f" ({hint})" if hint else "")
        return yaml_error(message, text, source, mark.line if mark else 0, mark.column if mark else 0)
    code = getattr(error, "character", -1)
    offset = text.find(chr(code)) if isinstance(code, int) and code >= 0 else -1
    line = text.count("\n", 0, max(offset, 0))
    column = offset - text.rfind("\n", 0, max(offset, 0)) - 1
    reason = getattr(error, "reason", "") or str(error)
    shown = f" U+{code:04X}" if offset >= 0 else ""
    return yaml_error(
        f"this is not YAML: the character{shown}: {reason}; remove it", text, source, line, max(column, 0)
    )
