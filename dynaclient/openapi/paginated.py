"""How a document declares pages: ``x-speakeasy-pagination``, and ``x-dynaclient-pagination`` laid over it.

It is read apart from the paging, which most operations never need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.frozen import evolve
from dynaclient.openapi.model import Paging, PagingInput
from dynaclient.openapi.pointer import join

PAGINATION = "x-speakeasy-pagination"
OWN = "x-dynaclient-pagination"
_TYPES = ("offsetLimit", "cursor", "url")
_PLACES = ("parameters", "requestBody")
_INPUTS = ("page", "offset", "limit", "cursor")
OUTPUTS = {"results": "results", "numPages": "num_pages", "nextCursor": "next_cursor", "nextUrl": "next_url"}
OWN_OUTPUTS = {"hasMore": "has_more", "total": "total", "page": "page"}
_WORDS = ("none", "link")


def read_paging(document: Mapping[str, Any], node: Mapping[str, Any], pointer: str) -> Paging | None:
    """What an operation declares of its pages, or None.

    Parameters
    ----------
    document, node, pointer:
        The document, the Operation Object, and its place.

    Returns
    -------
    Paging or None
        Of type ``none`` where ``x-dynaclient-pagination`` is that word, or ``x-speakeasy-pagination`` is false.

    Raises
    ------
    SpecError
        Where it makes no sense, or lacks what its type needs.
    """
    own, written = node.get(OWN), node.get(PAGINATION)
    if own is None and written is None:
        return None
    if own is None and written is False:
        return Paging(type="none", pointer=join(pointer, PAGINATION))
    if isinstance(own, str) and own in _WORDS:
        return Paging(type=own, pointer=join(pointer, OWN))
    more = _own(own, join(pointer, OWN)) if own is not None else {}
    if not written:
        raise SpecError(f"it is laid over {PAGINATION}, which is missing here", pointer=join(pointer, OWN))
    return _declared(node, pointer, more)


def _own(written: Any, place: str) -> dict[str, str]:
    """The paths in ``x-dynaclient-pagination``, by the names of the fields."""
    if not isinstance(written, Mapping):
        words = ", ".join(_WORDS)
        raise SpecError(f"{words} or an object of JSONPaths ({', '.join(OWN_OUTPUTS)}) is expected here", pointer=place)
    unknown = [str(name) for name in written if name not in OWN_OUTPUTS]
    if unknown:
        raise SpecError(f"unknown: {', '.join(unknown)}; known are {', '.join(OWN_OUTPUTS)}", pointer=place)
    if not all(isinstance(path, str) for path in written.values()):
        raise SpecError("each value is a JSONPath, such as $.has_more", pointer=place)
    return {OWN_OUTPUTS[name]: path for name, path in written.items()}


def _declared(node: Mapping[str, Any], pointer: str, more: Mapping[str, str]) -> Paging:
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
    paging = evolve(Paging(type=entry["type"], inputs=read, pointer=place), **paths, **more)
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
