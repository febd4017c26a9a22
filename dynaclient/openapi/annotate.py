"""What a schema's annotations ask of a request: properties that are the service's to set (``readOnly``), and defaults that may be sent."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.errors import Problem
from dynaclient.openapi.encoding import items_of
from dynaclient.openapi.parts import Part
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import annotation, subschemas


def has_read_only(document: Mapping[str, Any], schema: str) -> bool:
    """Whether a property that is readOnly can stand in a value, as far as the schema shows it without a choice (``oneOf``, ``anyOf``)."""
    seen: set[str] = set()
    waiting = [schema]
    while waiting:
        for node, here in subschemas(document, waiting.pop(), choices=False):
            if here in seen:
                continue
            seen.add(here)
            if node.get("readOnly") is True:
                return True
            named = node.get("properties")
            waiting.extend(join(here, "properties", name) for name in (named if isinstance(named, Mapping) else ()))
            inner = (key for key in ("items", "additionalProperties") if isinstance(node.get(key), Mapping))
            waiting.extend(join(here, key) for key in inner)
    return False


def read_only(document: Mapping[str, Any], schema: str, value: Any, where: str = "$") -> Iterator[Problem]:
    """The readOnly properties in the value of a request.

    A service may ignore or refuse them (OpenAPI 3.0.3, 4.7.24.2: they should not be sent; JSON Schema Validation
    2020-12, 9.4). They are sent all the same, with a warning: a reply can be given back as a body.

    Parameters
    ----------
    document, schema:
        The document, and the pointer of the value's schema.
    value:
        Plain data.
    where:
        What the value is called.
    """
    if isinstance(value, Part):
        value = value.value
    if isinstance(value, list):
        items = items_of(document, schema)
        if items is not None:
            for number, item in enumerate(value):
                yield from read_only(document, items, item, f"{where}[{number}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            for place in _property(document, schema, name):
                if annotation(document, place, "readOnly") is True:
                    text = "is set by the service (readOnly), which may ignore or refuse it"
                    yield Problem(f"{where}.{name}", text, place)
                    break
                yield from read_only(document, place, item, f"{where}.{name}")


def _property(document: Mapping[str, Any], schema: str, name: str) -> Iterator[str]:
    """Where the schemas of a property stand."""
    for node, here in subschemas(document, schema, choices=False):
        named, others = node.get("properties"), node.get("additionalProperties")
        if isinstance(named, Mapping) and name in named:
            yield join(here, "properties", name)
        elif isinstance(others, Mapping):
            yield join(here, "additionalProperties")


def filled(document: Mapping[str, Any], schema: str, value: Any) -> Any:
    """An object with the defaults of those properties that it lacks, and its members likewise; what is readOnly stays out.

    Parameters
    ----------
    document, schema:
        The document, and the pointer of the value's schema.
    value:
        Plain data; anything but an object or an array comes back as it is.
    """
    if isinstance(value, list):
        items = items_of(document, schema)
        return value if items is None else [filled(document, items, item) for item in value]
    if not isinstance(value, dict):
        return value
    found = dict(value)
    for node, here in subschemas(document, schema, choices=False):
        named = node.get("properties")
        for name in named if isinstance(named, Mapping) else ():
            place = join(here, "properties", name)
            if name in found:
                found[name] = filled(document, place, found[name])
            elif annotation(document, place, "readOnly") is not True:
                found.update((name, default) for default in default_of(document, place))
    return found


def default_of(document: Mapping[str, Any], schema: str | None) -> Iterator[Any]:
    """The default of a schema, a copy; nothing where it has none."""
    for node, _ in subschemas(document, schema, choices=False) if schema is not None else ():
        if "default" in node:
            yield copy.deepcopy(node["default"])
            return
