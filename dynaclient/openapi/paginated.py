"""How a document says that a list comes in pages (``x-speakeasy-pagination``): read apart from the paging, which most operations never need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.model import Paging, PagingInput
from dynaclient.openapi.pointer import join

PAGINATION = "x-speakeasy-pagination"
_TYPES = ("offsetLimit", "cursor", "url")
_PLACES = ("parameters", "requestBody")
_INPUTS = ("page", "offset", "limit", "cursor")
OUTPUTS = {"results": "results", "numPages": "num_pages", "nextCursor": "next_cursor", "nextUrl": "next_url"}


def read_paging(document: Mapping[str, Any], node: Mapping[str, Any], pointer: str) -> Paging | None:
    """``x-speakeasy-pagination`` of an operation, or None.

    Parameters
    ----------
    document, node, pointer:
        The document, the Operation Object, and its place.

    Raises
    ------
    SpecError
        Where it makes no sense, or lacks what its type needs.
    """
    if node.get(PAGINATION) is None:
        return None
    place = join(pointer, PAGINATION)
    entry = node[PAGINATION]
    if not isinstance(entry, Mapping) or entry.get("type") not in _TYPES:
        raise SpecError(f"an object is expected here whose `type` is one of {', '.join(_TYPES)}", pointer=place)
    inputs, outputs = entry.get("inputs") or [], entry.get("outputs") or {}
    if not isinstance(inputs, list) or not isinstance(outputs, Mapping):
        raise SpecError("`inputs` is a list, and `outputs` an object of JSONPaths", pointer=place)
    paths = {field: outputs[name] for name, field in OUTPUTS.items() if outputs.get(name)}
    if not all(isinstance(path, str) for path in paths.values()):
        raise SpecError("each output is a JSONPath, such as $.data", pointer=join(place, "outputs"))
    read = tuple(_input(item, join(place, "inputs", number)) for number, item in enumerate(inputs))
    paging = Paging(type=entry["type"], inputs=read, pointer=place, **paths)
    missing = _missing(paging, {item.type for item in read})
    if missing:
        raise SpecError(f"pagination of type {paging.type} needs {missing}", pointer=place)
    return paging


def _input(item: Any, pointer: str) -> PagingInput:
    if isinstance(item, Mapping) and isinstance(item.get("name"), str):
        location, kind = item.get("in"), item.get("type")
        if location in _PLACES and kind in _INPUTS:
            return PagingInput(item["name"], str(location), str(kind))
    raise SpecError(
        f"a `name`, an `in` ({' or '.join(_PLACES)}) and a `type` ({', '.join(_INPUTS)}) are expected", pointer=pointer
    )


def _missing(paging: Paging, kinds: set[str]) -> str:
    if paging.type == "offsetLimit" and not kinds & {"page", "offset"}:
        return "an input of type page or offset"
    if paging.type == "cursor" and not ("cursor" in kinds and paging.next_cursor):
        return "an input of type cursor and the output nextCursor"
    return "the output nextUrl" if paging.type == "url" and not paging.next_url else ""
