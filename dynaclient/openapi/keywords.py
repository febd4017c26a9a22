"""Keywords as both validators mean them.

Where openapi-core's reading of a keyword differs from the compiled validator's only by the means of Python (regular expressions of ``re``, binary
fractions in ``multipleOf``), it gets the other's reading here, so that the two cannot disagree. And it passes over those parts
of a value that the compiled validator accepts: a reply of 2,000 vectors with one bad number is explained in milliseconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dynaclient.openapi.settle import EXCUSED, Schema

Keyword = Callable[[Any, Any, Any, Any], Iterable[Any]]


class Shortcut:
    """Whether the compiled validator of a part of a schema accepts a part of the value.

    Parameters
    ----------
    part:
        Gives the compiled validator of a settled schema, or None where there is none. None: nothing is ever passed over.
    refused:
        What a compiled validator raises for a value that is no JSON.
    """

    def __init__(
        self, part: Callable[[Schema], Callable[[Any], bool] | None] | None, refused: tuple[type[Exception], ...]
    ) -> None:
        self._part, self._refused = part, refused
        self._known: dict[int, tuple[Schema, Callable[[Any], bool] | None]] = {}
        self._references: dict[str, Schema] = {}
        self._arrays: dict[int, Schema] = {}

    def accepts(self, schema: Schema, value: Any) -> bool:
        """Whether it is certain that the value fits; scalars are not worth asking for."""
        if self._part is None or not isinstance(value, (dict, list)):
            return False
        known = self._known.get(id(schema))
        if known is None:
            known = self._known[id(schema)] = (schema, self._part(schema))
        try:
            return known[1] is not None and known[1](value)
        except self._refused:
            return False

    def accepts_reference(self, target: str, value: Any) -> bool:
        """The same for a settled schema that is referred to."""
        return target.startswith("#/$defs/") and self.accepts(
            self._references.setdefault(target, {"$ref": target}), value
        )

    def accepts_items(self, items: Schema, value: Any) -> bool:
        """The same for all items of an array at once."""
        return self.accepts(self._arrays.setdefault(id(items), {"items": items}), value)


class Keywords:
    """The keyword functions, in the form that ``jsonschema.validators.extend`` takes.

    Parameters
    ----------
    error:
        Makes an error from a message.
    search:
        Whether an ECMA-262 expression matches within a string.
    multiple:
        Whether a number is a multiple of another, as decimal fractions.
    shortcut:
        By which good parts are passed over.
    """

    def __init__(
        self,
        error: Callable[[str], Any],
        search: Callable[[str, str], bool],
        multiple: Callable[[Any, float], bool],
        shortcut: Shortcut,
    ) -> None:
        self._error, self._search, self._multiple, self._shortcut = error, search, multiple, shortcut
        self._running = threading.local()

    def table(self, original: Mapping[str, Keyword], version: str, direction: str) -> dict[str, Keyword]:
        """The keywords that differ from the original ones."""
        changed: dict[str, Keyword] = {
            "required": self._required(direction),
            "pattern": self._pattern,
            "multipleOf": self._multiple_of,
            "$ref": self._reference(original["$ref"]),
            "items": self._items(original["items"]),
        }
        if direction == "request":
            changed["oneOf"] = original["anyOf"]  # several alternatives may fit
        if version != "3.0":
            changed["type"] = self._type(original["type"])
            changed["patternProperties"] = self._pattern_properties
            changed["additionalProperties"] = self._additional_properties(original["additionalProperties"])
        return changed

    def _required(self, direction: str) -> Keyword:
        def required(validator: Any, names: Any, value: Any, schema: Schema) -> Iterable[Any]:
            """A read-only property is not missed in a request, nor a write-only one in a reply, whatever the version."""
            if validator.is_type(value, "object"):
                excused = schema.get(EXCUSED, {}).get(direction, ())
                for name in names:
                    if name not in value and name not in excused:
                        yield self._error(f"{name!r} is a required property")

        return required

    def _pattern(self, validator: Any, pattern: str, value: Any, _schema: Schema) -> Iterable[Any]:
        if validator.is_type(value, "string") and not self._search(pattern, value):
            yield self._error("does not match")

    def _multiple_of(self, validator: Any, factor: Any, value: Any, _schema: Schema) -> Iterable[Any]:
        """As decimal fractions, not as binary ones: 19.99 is a multiple of 0.01."""
        if validator.is_type(value, "number") and not self._multiple(value, factor):
            yield self._error("is no multiple")

    def _reference(self, original: Keyword) -> Keyword:
        def reference(validator: Any, target: str, value: Any, schema: Schema) -> Iterable[Any]:
            """One that leads back to itself with the same value adds nothing the second time round."""
            step = (target, id(value))
            active: set[tuple[str, int]] = self._running.__dict__.setdefault("active", set())
            if step in active or self._shortcut.accepts_reference(target, value):
                return
            active.add(step)
            try:
                errors = list(original(validator, target, value, schema))
            finally:
                active.discard(step)
            yield from errors

        return reference

    def _items(self, original: Keyword) -> Keyword:
        def items(validator: Any, items: Any, value: Any, schema: Schema) -> Iterable[Any]:
            """Of an array only those items that the compiled validator does not accept are looked at."""
            if not isinstance(items, dict) or not validator.is_type(value, "array"):
                yield from original(validator, items, value, schema)
                return
            first = len(schema.get("prefixItems", ()))
            if first == 0 and self._shortcut.accepts_items(items, value):
                return
            for number, item in enumerate(value[first:], first):
                if not self._shortcut.accepts(items, item):
                    yield from validator.descend(item, items, path=number)

        return items

    def _type(self, original: Keyword) -> Keyword:
        def type_(validator: Any, types: Any, value: Any, schema: Schema) -> Iterable[Any]:
            """Bytes are what a binary string is in Python, as openapi-core has it for 3.0 (3.1, 4.8.14.3)."""
            if isinstance(value, bytes):
                binary = schema.get("format") == "binary" or "contentMediaType" in schema or "contentEncoding" in schema
                if binary and "string" in ([types] if isinstance(types, str) else types):
                    return
            yield from original(validator, types, value, schema)

        return type_

    def _pattern_properties(self, validator: Any, patterns: Any, value: Any, _schema: Schema) -> Iterable[Any]:
        if not validator.is_type(value, "object"):
            return
        for pattern, schema in patterns.items():
            for name, item in value.items():
                if self._search(pattern, name):
                    yield from validator.descend(item, schema, path=name, schema_path=pattern)

    def _additional_properties(self, original: Keyword) -> Keyword:
        def additional_properties(validator: Any, extra: Any, value: Any, schema: Schema) -> Iterable[Any]:
            patterns = schema.get("patternProperties")
            if patterns and validator.is_type(value, "object"):
                named = (name for name in value if any(self._search(pattern, name) for pattern in patterns))
                skipped = set(named)
                value = {name: item for name, item in value.items() if name not in skipped}
                schema = {name: item for name, item in schema.items() if name != "patternProperties"}
            yield from original(validator, extra, value, schema)

        return additional_properties
