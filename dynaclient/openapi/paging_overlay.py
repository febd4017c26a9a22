"""What is inferred of pages, as an overlay that declares it: to look at, to correct and to keep. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.infer_paging import paging_of
from dynaclient.openapi.learn import VERSION, normalized
from dynaclient.openapi.model import Api, Paging
from dynaclient.openapi.paginated import OUTPUTS, OWN, OWN_OUTPUTS, PAGINATION
from dynaclient.openapi.read import operation


def paging_overlay(api: Api) -> dict[str, Any] | None:
    """An overlay (Overlay 1.0) that declares every pagination which is inferred in a document.

    Parameters
    ----------
    api:
        The document.

    Returns
    -------
    dict or None
        The overlay as plain data, one action for each operation, whose description says what it was inferred from. None
        where nothing is inferred.
    """
    actions = []
    for key in api.index.values():
        try:
            made = operation(api, key)
        except SpecError:
            continue  # it cannot be called, and ``spec check`` tells why
        paging = paging_of(api.document, made)
        if paging is not None and paging.inferred:
            target = normalized(made.pointer, api.document)
            actions.append({"target": target, "description": f"{made.dotted}: {paging.why}", "update": written(paging)})
    if not actions:
        return None
    title = f"How the lists of {api.title or 'the service'} come in pages, as inferred"
    return {"overlay": VERSION, "info": {"title": title, "version": "1"}, "actions": actions}


def written(paging: Paging) -> dict[str, Any]:
    """The extensions that declare a pagination."""
    if paging.type in ("link", "none"):
        return {OWN: paging.type}
    declared: dict[str, Any] = {"type": paging.type}
    if paging.inputs:
        declared["inputs"] = [{"name": one.name, "in": one.location, "type": one.type} for one in paging.inputs]
    declared["outputs"] = _paths(paging, OUTPUTS)
    own = _paths(paging, OWN_OUTPUTS)
    return {PAGINATION: declared, **({OWN: own} if own else {})}


def _paths(paging: Paging, names: Mapping[str, str]) -> dict[str, str]:
    return {name: getattr(paging, field) for name, field in names.items() if getattr(paging, field)}
