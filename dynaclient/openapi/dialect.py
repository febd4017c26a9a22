"""Settled Schema Objects -> JSON Schema for a compiled validator.

The translation is exact: what the translated schema accepts, the Schema Object accepts, as openapi-core reads it.
In requests ``oneOf`` asks for one alternative at least: services let several fit, and so do the documents' authors.

OpenAPI 3.0 becomes Draft 4 (an integer is then one without a fraction part, ``1.0`` is none), 3.1 and 3.2 become 2020-12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from dynaclient.frozen import Struct
from dynaclient.openapi.formats import INTEGERS, TEXTS
from dynaclient.openapi.settle import EXCUSED, INCIDENTAL, TAG, Schema

Direction = Literal["request", "reply"]

_UNIONS = ("allOf", "anyOf", "oneOf")
_MAPS = frozenset({"properties", "patternProperties"})
_ELSEWHERE = frozenset({"items", "additionalProperties", "propertyNames"})
_SEPARATE = frozenset(
    {"$ref", "type", "nullable", "required", "format", "contentEncoding", "contentMediaType"}
    | {EXCUSED, INCIDENTAL, TAG}
)
_PREFIX = "#/$defs/"


class Translation(Struct, frozen=True):
    """One translated schema and what it leads to.

    ``refs`` are the keys it refers to; ``here`` those that judge the very same value (a circle of these never ends);
    ``leftovers``: it asks what other keywords have looked at (``unevaluated...``).
    """

    schema: Schema
    refs: frozenset[str]
    here: frozenset[str]
    leftovers: bool


def translate(schema: Schema, version: str, direction: Direction) -> Translation:
    """One settled schema as JSON Schema.

    Parameters
    ----------
    schema:
        A settled schema; its references are ``#/$defs/<key>`` and stay so.
    version:
        ``"3.0"``, ``"3.1"`` or ``"3.2"``.
    direction:
        ``"request"`` or ``"reply"``; it matters for required properties that are ``readOnly`` or ``writeOnly``.
    """
    work = _Translator(version, direction)
    out = work.schema(schema, here=True)
    return Translation(out, frozenset(work.refs), frozenset(work.here), work.leftovers)


def bundle(root: Translation, translated: Callable[[str], Translation]) -> Schema | None:
    """A translated schema with all that it leads to under ``$defs``; None where it must not be compiled.

    Parameters
    ----------
    root:
        The schema to begin with.
    translated:
        The translation of a key.
    """
    parts = _reached(root.refs, translated)
    if _circular(parts):
        return None
    return {**root.schema, "$defs": {key: part.schema for key, part in parts.items()}}


def is_endless(root: Translation, translated: Callable[[str], Translation]) -> bool:
    """Whether no validator has an answer: a schema that judges a value by itself, and asks what it has looked at while doing so."""
    parts = _reached(root.refs, translated)
    return any(part.leftovers for part in parts.values()) and _circular(parts)


def _reached(start: Iterable[str], translated: Callable[[str], Translation]) -> dict[str, Translation]:
    parts: dict[str, Translation] = {}
    waiting = sorted(start)
    while waiting:
        key = waiting.pop()
        if key not in parts:
            parts[key] = translated(key)
            waiting.extend(sorted(parts[key].refs - parts.keys()))
    return parts


def _circular(parts: Mapping[str, Translation]) -> bool:
    """Whether a schema judges a value by judging the same value with the same schema (Kahn: what is left over is a circle)."""
    waits = {key: set(part.here) for key, part in parts.items()}
    used_by: dict[str, list[str]] = {}
    for key, targets in waits.items():
        for target in targets:
            used_by.setdefault(target, []).append(key)
    free = [key for key, targets in waits.items() if not targets]
    done = 0
    while free:
        done += 1
        key = free.pop()
        for user in used_by.get(key, ()):
            waits[user].discard(key)
            if not waits[user]:
                free.append(user)
    return done < len(waits)


class _Translator:
    def __init__(self, version: str, direction: Direction) -> None:
        self._old = version == "3.0"
        self._direction = direction
        self.refs: set[str] = set()
        self.here: set[str] = set()
        self.leftovers = False

    def schema(self, node: Schema, *, here: bool) -> Schema:
        out: Schema = {}
        extra: list[Schema] = []
        for keyword, value in node.items():
            if keyword not in _SEPARATE:
                out[keyword] = self._keyword(keyword, value, here)
        self._limits(out)
        self._own(node, out, extra, here)
        if self._direction == "request" and "oneOf" in out:
            self._several(out, extra)
        if extra:
            out["allOf"] = [*out.get("allOf", ()), *extra]
        return out

    @staticmethod
    def _several(out: Schema, extra: list[Schema]) -> None:
        """In requests several alternatives may fit."""
        branches = out.pop("oneOf")
        if "anyOf" in out:
            extra.append({"anyOf": branches})
        else:
            out["anyOf"] = branches

    def _keyword(self, keyword: str, value: Any, here: bool) -> Any:
        if keyword in _MAPS:
            return {name: self.schema(item, here=False) for name, item in value.items()}
        if keyword == "dependentSchemas":
            return {name: self.schema(item, here=here) for name, item in value.items()}
        if keyword == "prefixItems":
            return [self.schema(item, here=False) for item in value]
        if keyword in _UNIONS:
            return [self.schema(item, here=here) for item in value]
        if keyword in ("unevaluatedItems", "unevaluatedProperties"):
            self.leftovers = True
        if not isinstance(value, dict) or keyword in ("const", "enum", "dependentRequired"):
            return value
        elsewhere = keyword in _ELSEWHERE or keyword in ("contains", "unevaluatedItems", "unevaluatedProperties")
        return self.schema(value, here=here and not elsewhere)

    def _limits(self, out: Schema) -> None:
        """Draft 4 wants no ``exclusiveMinimum`` without ``minimum``, and neither alone says anything there."""
        if self._old:
            for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
                if limit not in out:
                    out.pop(exclusive, None)

    def _own(self, node: Schema, out: Schema, extra: list[Schema], here: bool) -> None:
        """The keywords whose meaning differs between the two dialects."""
        if "type" in node:
            nullable = self._old and node.get("nullable") is True
            out["type"] = [node["type"], "null"] if nullable else node["type"]
        name = node.get("format", "")
        if name in INTEGERS:
            low, high = INTEGERS[name]
            extra.append({"minimum": low, "maximum": high})
        elif name in TEXTS:
            out["format"] = name
        if required := self._required(node):
            out["required"] = required
        if "$ref" in node:
            reference = self._reference(node["$ref"], here)
            if self._old and (out or extra or len(node) > 1):
                extra.append(reference)  # Draft 4 ignores what stands beside a reference
            else:
                out.update(reference)

    def _required(self, node: Schema) -> list[str]:
        """A required property that is readOnly (writeOnly) is required in the reply (request) only."""
        excused = node.get(EXCUSED, {}).get(self._direction, ())
        return [name for name in node.get("required", []) if name not in excused]

    def _reference(self, reference: str, here: bool) -> Schema:
        key = reference.removeprefix(_PREFIX)
        self.refs.add(key)
        if here:
            self.here.add(key)
        return {"$ref": reference}
