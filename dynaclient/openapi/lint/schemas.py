"""Schemas: those that cannot be used, those that had to be repaired, and those that refuse everything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dynaclient.errors import SpecError, UnsupportedError
from dynaclient.openapi.check import Checker
from dynaclient.openapi.lint.finding import Finding
from dynaclient.openapi.lint.walk import Node
from dynaclient.openapi.model import Api

_PLACE = re.compile(r"#/\S*: ")
_LIMITS = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)


def schema_findings(api: Api, listed: Iterable[Node], checker: Checker, broken: frozenset[str]) -> Iterator[Finding]:
    """What is wrong with the schemas of a document.

    Parameters
    ----------
    api, listed:
        The document, and its objects.
    checker:
        Its validators; afterwards it has compiled them all.
    broken:
        The pointers of references that are told of already.
    """
    pointers = []
    for node in listed:
        if node.kind == "schema":
            pointers.append(node.pointer)
            yield from _impossible(node)
    told: set[str] = set()
    for pointer in _roots(pointers):
        yield from _compiled(checker, pointer, broken, told)
    for line in checker.tolerated():
        pointer, _, what = line.partition(": ")
        what = _PLACE.sub("", what)
        yield Finding("pattern-unusable" if _is_pattern(pointer) else "schema-repaired", pointer, what)


def _is_pattern(pointer: str) -> bool:
    return pointer.endswith("/pattern") or pointer.rpartition("/")[0].endswith("/patternProperties")


def _roots(pointers: Iterable[str]) -> Iterator[str]:
    """The schemas that stand in no other: the others are compiled with them."""
    last = None
    for pointer in pointers:  # in the order of the document, so that a schema comes before those within it
        if last is None or not pointer.startswith(last + "/"):
            last = pointer
            yield pointer


def _compiled(checker: Checker, pointer: str, broken: frozenset[str], told: set[str]) -> Iterator[Finding]:
    for direction in ("request", "reply"):
        try:
            checker.validator(pointer, direction)
        except UnsupportedError as error:
            found = Finding("schema-unsupported", error.pointer or pointer, _said(error))
        except SpecError as error:
            found = Finding("schema-unusable", error.pointer or pointer, _said(error))
        else:
            continue
        if found.pointer not in broken and found.pointer not in told:
            told.add(found.pointer)
            yield found
        return


def _said(error: SpecError) -> str:
    return error.message.removeprefix(f"#{error.pointer}: ")


def _impossible(node: Node) -> Iterator[Finding]:
    """What a look at one schema shows: limits that cross, a required property that is forbidden, values of another type."""
    schema = node.value
    for low, high in _LIMITS:
        least, most = schema.get(low), schema.get(high)
        if least is not None and most is not None and _is_number(least) and _is_number(most) and least > most:
            yield _finding(node, f"{low} {least} is above {high} {most}")
    declared = schema.get("properties")
    properties = declared if isinstance(declared, Mapping) else {}
    required = schema.get("required")
    for name in required if isinstance(required, list) else ():
        if isinstance(name, str) and properties.get(name) is False:
            yield _finding(node, f"the property {name!r} is required, and no value is allowed for it")
        elif schema.get("additionalProperties") is False and _is_closed(schema) and name not in properties:
            yield _finding(node, f"the property {name!r} is required, and is none of those that are allowed")
    if isinstance(schema.get("enum"), list) and schema["enum"] and not _fitting(schema):
        yield _finding(node, f"none of the values of enum is of the type {schema['type']!r}")


def _is_closed(schema: Mapping[str, Any]) -> bool:
    return not schema.get("patternProperties") and "$ref" not in schema


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int, float), "number": (int, float), "boolean": (bool,), "array": (list,), "object": (dict,),
}  # fmt: skip


def _fitting(schema: Mapping[str, Any]) -> bool:
    """Whether one value of the enum is of the schema's type."""
    declared = schema.get("type")
    if not isinstance(declared, str) or declared not in _TYPES:
        return True
    return any(
        (value is None and schema.get("nullable") is True)
        or (isinstance(value, _TYPES[declared]) and (isinstance(value, bool) == (declared == "boolean")))
        for value in schema["enum"]
    )


def _finding(node: Node, message: str) -> Finding:
    return Finding("schema-refuses-all", node.pointer, f"no value fits this schema: {message}")
