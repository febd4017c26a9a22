"""Where a reply differs from its schema: pure, a value in, differences out, in which no value stands.

A validator says that a value is wrong. Here it is asked what the schema would have to say for the value to be right: each keyword that
stands in the way is named with its place, and with the kind of what came instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.check import Checker
from dynaclient.openapi.pointer import at, join, local_target
from dynaclient.openapi.shape import subschemas, types
from dynaclient.wire import is_secret_name

_DEEPEST = 64
_LEAVES = (
    "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
    "format", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "writeOnly",
)  # fmt: skip
_COMPOUND = ("not", "if", "contains", "dependentRequired", "dependentSchemas", "propertyNames")
_LAST = ("unevaluatedProperties", "unevaluatedItems", "discriminator", "$dynamicRef")
"""What depends on all that stands beside it: it is blamed only where nothing else is."""
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "type": ("nullable",), "minimum": ("exclusiveMinimum",), "maximum": ("exclusiveMaximum",), "if": ("then", "else"),
    "contains": ("minContains", "maxContains"),
}  # fmt: skip
_SCALARS = (float, int, str, bool, type(None))
_NAME = re.compile(r"[A-Za-z_$@][A-Za-z0-9_$@.-]{0,63}")
_WORD = re.compile(r"[A-Za-z][A-Za-z_.:/-]{0,31}[0-9]{0,4}")


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which replies differ from the document; no value of a reply is in it.

    Parameters
    ----------
    operation:
        The dotted name of the operation.
    status:
        The status of the reply.
    pointer:
        The schema that says otherwise (RFC 6901); for a status or media type that is not declared, the operation or the reply.
    keyword:
        What in it says otherwise: ``type``, ``enum``, ``required`` ..., ``properties`` for a property that it does not name, ``responses`` and ``content`` for a
        status and a media type that are not declared.
    where:
        The place in the reply, with ``[*]`` for any item and ``.*`` for a name that is data.
    kind:
        What came, ``""`` where that is no matter: ``string``, ``integer``, ``number``, ``boolean``, ``null``, ``array``, ``object``.
    name:
        The property, the media type, or a further value of an enum, where that is plainly a word of the service's; ``""`` otherwise.
    """

    operation: str
    status: str
    pointer: str
    keyword: str
    where: str
    kind: str = ""
    name: str = ""


def kind_of(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    kinds: tuple[tuple[type, str], ...] = ((str, "string"), (int, "integer"), (float, "number"), (list, "array"))
    return next((name for form, name in kinds if isinstance(value, form)), "object")


class Differ:
    """Compares values with the schemas of one document.

    Parameters
    ----------
    document, checker:
        The document and its validators.
    """

    def __init__(self, document: Mapping[str, Any], checker: Checker) -> None:
        self._document = document
        self._checker = checker
        self._parts: dict[tuple[str, str], Checker] = {}
        self._names: dict[str, tuple[frozenset[str], bool]] = {}

    def differences(self, operation: str, status: str, schema: str, value: Any) -> Iterator[Difference]:
        """All differences of the body of a reply, in the order of the value; nothing where it fits and says nothing new.

        Parameters
        ----------
        operation, status:
            Of the reply.
        schema:
            The pointer of its schema.
        value:
            The decoded body, plain JSON data.
        """
        walk = _Walk(self, operation, status)
        yield from dict.fromkeys(walk.node(schema, value, "$"))

    def accepts(self, pointer: str, value: Any) -> bool:
        """Whether a value fits the schema at a place; one that cannot be applied is not held against the value."""
        try:
            return self._checker.validator(pointer, "reply").accepts(value)
        except SpecError:
            return True

    def part_accepts(self, pointer: str, node: Mapping[str, Any], keyword: str, value: Any) -> bool:
        """Whether a value fits one keyword of a schema, all others aside."""
        checker = self._parts.get((pointer, keyword))
        if checker is None:
            part = {name: node[name] for name in (keyword, *_BESIDE.get(keyword, ())) if name in node}
            document = {**self._document, "x-part": part}  # whole, for its references
            checker = self._parts[pointer, keyword] = Checker(document, self._checker.version)
        try:
            return checker.validator("/x-part", "reply").accepts(value)
        except SpecError:
            return True

    def schema(self, pointer: str) -> tuple[Mapping[str, Any] | bool | None, str]:
        """The schema at a place and its own place; None where nothing stands there. References on the way are followed, its own is not."""
        try:
            found = at(self._document, pointer)
        except SpecError:
            return None, pointer
        return (found, pointer) if isinstance(found, (Mapping, bool)) else (None, pointer)

    def names(self, pointer: str) -> tuple[frozenset[str], bool]:
        """The properties that a schema names, through all its parts, and whether it gives others a meaning too, or refuses them."""
        known = self._names.get(pointer)
        if known is None:
            nodes = [node for node, _ in subschemas(self._document, pointer)]
            named = frozenset(name for node in nodes for name in _names_of(node))
            free = any("patternProperties" in node or "additionalProperties" in node for node in nodes)
            known = self._names[pointer] = named, free
        return known

    def may_be(self, pointer: str, value: Any) -> bool:
        """Whether a schema is for values of this JSON type."""
        known, kind = types(self._document, pointer), kind_of(value)
        return kind in known or (kind == "integer" and "number" in known)

    def several(self, branches: Iterable[str]) -> bool:
        """Whether more than one of some schemas takes anything but null."""
        return sum(types(self._document, branch) != ("null",) for branch in branches) > 1

    @property
    def legacy(self) -> bool:
        """Whether the document is of 3.0, where nothing counts beside a reference."""
        return self._checker.version == "3.0"


class _Walk:
    """One value beside one schema."""

    def __init__(self, differ: Differ, operation: str, status: str) -> None:
        self._differ = differ
        self._operation, self._status = operation, status
        self._around: list[tuple[str, int]] = []

    def note(self, pointer: str, keyword: str, where: str, value: Any, name: str = "") -> Difference:
        return Difference(self._operation, self._status, pointer, keyword, where, kind_of(value), name)

    def node(self, pointer: str, value: Any, where: str, *, composed: bool = False) -> Iterator[Difference]:
        """What differs at one schema and below it; ``composed``: it is part of another schema for the same value, which knows all names."""
        node, pointer = self._differ.schema(pointer)
        step = (pointer, id(value))
        if not isinstance(node, Mapping) or step in self._around or len(self._around) > _DEEPEST:
            return
        self._around.append(step)
        try:
            fits = self._differ.accepts(pointer, value)
            found = list(self._keywords(node, pointer, value, where, fits=fits))
            yield from found
            if not fits and not found:
                yield from (self.note(pointer, key, where, value) for key in _LAST if key in node)
            alone = "$ref" in node and (len(node) == 1 or self._differ.legacy)
            if isinstance(value, dict) and not composed and not alone:
                yield from self._unnamed(pointer, value, where)
        finally:
            self._around.pop()

    def _keywords(
        self, node: Mapping[str, Any], pointer: str, value: Any, where: str, *, fits: bool
    ) -> Iterator[Difference]:
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            alone = len(node) == 1 or self._differ.legacy
            yield from self.node(local_target(reference), value, where, composed=not alone)
            if alone:
                return
        if not fits:
            yield from self._leaves(node, pointer, value, where)
        listed = node.get("allOf")
        for number in range(len(listed) if isinstance(listed, list) else 0):
            yield from self.node(join(pointer, "allOf", number), value, where, composed=True)
        for union in ("anyOf", "oneOf"):
            if isinstance(node.get(union), list):
                yield from self._union(node, pointer, union, value, where)
        if isinstance(value, dict):
            yield from self._object(node, pointer, value, where)
        elif isinstance(value, list) and not (fits and all(type(item) in _SCALARS for item in value)):
            yield from self._array(node, pointer, value, where)

    def _unnamed(self, pointer: str, value: dict[str, Any], where: str) -> Iterator[Difference]:
        """Properties that no part of a schema names, though it names some and leaves room for others."""
        named, free = self._differ.names(pointer)
        for name, item in value.items() if named and not free else ():
            if name not in named and _NAME.fullmatch(name):
                yield self.note(pointer, "properties", _below(where, name), item, name)

    def _leaves(self, node: Mapping[str, Any], pointer: str, value: Any, where: str) -> Iterator[Difference]:
        for keyword in (*_LEAVES, *_COMPOUND):
            if keyword in node and not self._differ.part_accepts(pointer, node, keyword, value):
                word = value if keyword in ("enum", "const") and _is_word(value, where) else ""
                yield self.note(pointer, keyword, where, value, word)

    def _union(self, node: Mapping[str, Any], pointer: str, union: str, value: Any, where: str) -> Iterator[Difference]:
        """Into the one branch that the value is for; where that cannot be told, the union as a whole is too narrow."""
        branches = [join(pointer, union, number) for number in range(len(node[union]))]
        good = [branch for branch in branches if self._differ.accepts(branch, value)]
        if len(good) == 1 or (good and union == "anyOf"):
            yield from self.node(good[0], value, where, composed=True)
            return
        meant = good or [branch for branch in branches if self._differ.may_be(branch, value)]
        if len(meant) == 1:
            below = list(self.node(meant[0], value, where, composed=True))
            if below:
                yield from below
                if union == "oneOf" and self._differ.several(
                    branches
                ):  # what was one alternative's may be another's too now
                    yield Difference(self._operation, self._status, pointer, union, where)
                return
        yield self.note(pointer, union, where, value)

    def _object(self, node: Mapping[str, Any], pointer: str, value: dict[str, Any], where: str) -> Iterator[Difference]:
        declared = node.get("properties")
        properties = declared if isinstance(declared, Mapping) else {}
        required = node.get("required")
        for name in required if isinstance(required, list) else ():
            if isinstance(name, str) and name not in value and not self._is_write_only(properties.get(name)):
                yield Difference(self._operation, self._status, pointer, "required", where, "object", name)
        for name, item in value.items():
            if name in properties:
                yield from self.node(join(pointer, "properties", name), item, _below(where, name))
            else:
                yield from self._further(node, pointer, name, item, where)

    def _is_write_only(self, schema: Any) -> bool:
        return self._differ.legacy and isinstance(schema, Mapping) and schema.get("writeOnly") is True

    def _further(self, node: Mapping[str, Any], pointer: str, name: str, item: Any, where: str) -> Iterator[Difference]:
        """A property that this schema does not name."""
        patterns = node.get("patternProperties")
        matching = [
            pattern for pattern in (patterns if isinstance(patterns, Mapping) else ()) if self._matches(pattern, name)
        ]
        for pattern in matching:
            yield from self.node(join(pointer, "patternProperties", pattern), item, f"{where}.*")
        more = node.get("additionalProperties")
        if matching:
            return
        if more is False:
            shown = name if _NAME.fullmatch(name) else ""
            yield self.note(pointer, "additionalProperties", _below(where, shown), item, shown)
        elif isinstance(more, Mapping) and more:
            yield from self.node(join(pointer, "additionalProperties"), item, f"{where}.*")

    def _matches(self, pattern: str, name: str) -> bool:
        return self._differ.part_accepts(f"pattern {pattern}", {"pattern": pattern}, "pattern", name)

    def _array(self, node: Mapping[str, Any], pointer: str, value: list[Any], where: str) -> Iterator[Difference]:
        first = node.get("prefixItems")
        count = len(first) if isinstance(first, list) else 0
        for number, item in enumerate(value):
            if number < count:
                yield from self.node(join(pointer, "prefixItems", number), item, f"{where}[*]")
            elif isinstance(node.get("items"), Mapping):
                yield from self.node(join(pointer, "items"), item, f"{where}[*]")
            elif node.get("items") is False:
                yield self.note(pointer, "items", where, item)
                return


def _names_of(node: Mapping[str, Any]) -> Iterator[str]:
    declared = node.get("properties")
    yield from declared if isinstance(declared, Mapping) else ()


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if _NAME.fullmatch(name) else f"{where}.*"


def _is_word(value: Any, where: str) -> bool:
    """Whether a text is plainly a word of the service's, as enums list them, and neither a secret nor somebody's data."""
    secret = is_secret_name(where.rpartition(".")[2].removesuffix("[*]"))
    return isinstance(value, str) and not secret and _WORD.fullmatch(value) is not None
