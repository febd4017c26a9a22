"""What a schema looks like from outside: its properties, types and choices, through references and ``allOf``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.frozen import Struct
from dynaclient.openapi.pointer import at, join, local_target

BESIDE_REFERENCE = frozenset(
    {"$ref", "nullable", "description", "readOnly", "writeOnly", "deprecated", "default", "title", "example"}
)
"""What counts beside a ``$ref`` in a Schema Object of 3.0: by the letter nothing (3.0.3, 4.7.23), yet people mean these."""


class Property(Struct, frozen=True):
    """One property of an object schema: ``schema`` is the pointer of its schema."""

    name: str
    schema: str
    required: bool
    read_only: bool = False
    description: str = ""
    deprecated: bool = False


def subschemas(
    document: Mapping[str, Any], pointer: str, *, choices: bool = True
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The schema itself, what it refers to, and the members of its ``allOf`` (and ``anyOf``, ``oneOf`` where ``choices``), each once."""
    seen: set[str] = set()
    waiting = [pointer]
    while waiting:
        here = waiting.pop(0)
        if here in seen:
            continue
        seen.add(here)
        node = _standing(document, here)
        if not isinstance(node, Mapping):
            continue
        reference = node.get("$ref")
        if isinstance(reference, str):
            if reference == "#" or reference.startswith("#/"):
                waiting.insert(0, local_target(reference))
            if len(node) == 1:
                continue
            if str(document.get("openapi")).startswith("3.0"):
                node = {key: value for key, value in node.items() if key in BESIDE_REFERENCE}
        yield node, here
        for key in ("allOf", "anyOf", "oneOf") if choices else ("allOf",):
            members = node.get(key)
            if isinstance(members, list):
                waiting.extend(join(here, key, number) for number in range(len(members)))


def _standing(document: Mapping[str, Any], pointer: str) -> Any:
    """What stands at a place, None where nothing does: a broken schema is told of when a value is judged by it."""
    try:
        return at(document, pointer)
    except SpecError:
        return None


def properties(document: Mapping[str, Any], pointer: str) -> tuple[Property, ...]:
    """All properties that an object of this schema may have; those of ``anyOf`` and ``oneOf`` members are never required."""
    required: set[str] = set()
    for node, _ in subschemas(document, pointer, choices=False):
        names = node.get("required")
        required.update(name for name in names if isinstance(name, str)) if isinstance(names, list) else None
    found: dict[str, Property] = {}
    for node, here in subschemas(document, pointer):
        declared = node.get("properties")
        for name in declared if isinstance(declared, Mapping) else ():
            if name not in found:
                place = join(here, "properties", name)
                found[name] = Property(
                    name,
                    place,
                    name in required,
                    bool(annotation(document, place, "readOnly")),
                    str(annotation(document, place, "description") or ""),
                    bool(annotation(document, place, "deprecated")),
                )
    return tuple(sorted(found.values(), key=lambda item: not item.required))


def annotation(document: Mapping[str, Any], pointer: str, key: str) -> Any:
    """The first value of a keyword at the schema or at what it refers to; None where there is none."""
    for node, _ in subschemas(document, pointer, choices=False):
        if node.get(key) is not None:
            return node[key]
    return None


def kinds(node: Mapping[str, Any]) -> tuple[str, ...]:
    """The JSON types that one schema names itself; one that names none but has properties is taken for an object's, with items for an array's."""
    declared = node.get("type")
    if declared is None:
        return ("object",) if "properties" in node else ("array",) if "items" in node else ()
    return tuple(name for name in (declared if isinstance(declared, list) else [declared]) if isinstance(name, str))


def types(document: Mapping[str, Any], pointer: str) -> tuple[str, ...]:
    """The JSON types that the schema names, through its choices, in order; ``()`` where it names none (any)."""
    found: dict[str, None] = {}
    for node, _ in subschemas(document, pointer):
        found.update(dict.fromkeys(kinds(node)))
        if node.get("nullable") is True:
            found["null"] = None
    return tuple(found)


def choices(document: Mapping[str, Any], pointer: str) -> tuple[Any, ...]:
    """The values of ``enum`` or ``const``, through ``$ref``, ``allOf``, ``anyOf`` and ``oneOf``; ``()`` where any value may come."""
    found: list[Any] = []
    for node, _ in subschemas(document, pointer):
        if isinstance(node.get("enum"), list):
            found += node["enum"]
        elif "const" in node:
            found.append(node["const"])
        elif node.get("type") == "null":
            found.append(None)
        elif node.get("type") is not None:
            return ()
    # By repr, because 1 is True in Python and not in JSON.
    return tuple({repr(value): value for value in found}.values())


_PYTHON = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "Mapping[str, Any]",
}


def python_type(document: Mapping[str, Any], pointer: str | None, depth: int = 0) -> str:
    """The type as a Python annotation: ``str | list[str] | None``, ``Literal['float', 'base64'] | None``; ``Any`` where nothing is said."""
    if pointer is None or depth > 6:
        return "Any"
    values = choices(document, pointer)
    if values and all(isinstance(value, (str, int, bool)) or value is None for value in values):
        literals = ", ".join(repr(value) for value in values if value is not None)
        nullable = " | None" if None in values else ""
        return f"Literal[{literals}]{nullable}" if literals else "None"
    parts: dict[str, None] = {}
    for node, here in subschemas(document, pointer):
        for name in kinds(node):
            if name == "array":
                items = join(here, "items") if isinstance(node.get("items"), Mapping) else None
                parts[f"list[{python_type(document, items, depth + 1)}]"] = None
            elif name in _PYTHON:
                parts[_PYTHON[name]] = None
        if node.get("nullable") is True:
            parts["None"] = None
    null = ["None"] if parts.pop("None", "") is None else []
    return " | ".join([*parts, *null]) or "Any"
