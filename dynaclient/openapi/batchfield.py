"""Which field of a batch's results is the vector, by what the document says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.openapi.media import is_json
from dynaclient.openapi.model import Operation
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import kinds, properties, subschemas, types


def vector_field(document: Mapping[str, Any], operation: Operation) -> str:
    """Return the property of a result that holds its vector.

    It is the ``vector`` of ``x-dynaclient-batch``, else the one property that the document declares as an array of numbers or as packed numbers (``x-dynaclient-decode``).

    Returns
    -------
    str
        ``""`` if there is no such property, or more than one, or the operation has no batch.
    """
    if operation.batch is None:
        return ""
    if operation.batch.vector:
        return operation.batch.vector
    good = [reply for reply in operation.replies if reply.status.startswith("2")]
    schemas = (media.schema for reply in good for media in reply.content if is_json(media.name) and media.schema)
    found: set[str] = set()
    for schema in schemas:
        for one in properties(document, schema):
            if one.name == operation.batch.output:
                found.update(_vectors(document, one.schema))
    return found.pop() if len(found) == 1 else ""


def _vectors(document: Mapping[str, Any], results: str) -> Iterator[str]:
    """The properties of the items of an array that hold vectors."""
    for item in _items(document, results):
        for one in properties(document, item):
            if any(_is_vector(document, node, here) for node, here in subschemas(document, one.schema)):
                yield one.name


def _items(document: Mapping[str, Any], pointer: str) -> Iterator[str]:
    for node, here in subschemas(document, pointer):
        if isinstance(node.get("items"), Mapping):
            yield join(here, "items")


def _is_vector(document: Mapping[str, Any], node: Mapping[str, Any], here: str) -> bool:
    if "x-dynaclient-decode" in node:
        return True
    if "array" not in kinds(node) or not isinstance(node.get("items"), Mapping):
        return False
    of = set(types(document, join(here, "items")))
    return bool(of) and of <= {"number", "integer"}
