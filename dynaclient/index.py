"""A document's index of operations, kept between runs beside its parsed form: of a thousand operations a call needs one."""

from __future__ import annotations

from typing import Any

from dynaclient.openapi.model import Api, OperationKey
from dynaclient.openapi.operations import Index, make_index
from dynaclient.openapi.read import read
from dynaclient.source import Document, cache
from dynaclient.version import VERSION

_FORMAT = 2  # part of every key: raise it whenever the same document gets other names

_WORTHWHILE = 100
"""Fewer paths are indexed sooner than a file is opened."""


def api_of(document: Document) -> Api:
    """The Api of a document, its index from the user's cache folder where it stands there.

    Parameters
    ----------
    document:
        The document as it was loaded; where it is not ``kept``, neither is its index.

    Raises
    ------
    SpecError
        Where the document has no usable ``openapi`` version.
    """
    paths = document.data.get("paths")
    # The names of files can be part of a pointer, and are no part of the digest: only one file is sure to give the same index.
    if not document.kept or len(document.files) != 1 or not isinstance(paths, dict) or len(paths) < _WORTHWHILE:
        return read(document.data, document.source)
    key = f"{document.digest[:40]}-{VERSION.replace('.', '_')}-{_FORMAT}"
    index = index_from_json(cache.get("index", key))
    if index is None:
        index = make_index(document.data)
        cache.put("index", key, index_to_json(index))
    return read(document.data, document.source, index)


def index_to_json(index: Index) -> dict[str, Any]:
    """The index as plain JSON values: one row for each operation."""
    rows = [
        [list(key.group), key.name, key.method, key.path, key.pointer, key.summary, key.tag, key.deprecated]
        for key in index.keys.values()
    ]
    return {"operations": rows, "tolerated": list(index.tolerated)}


def index_from_json(value: Any) -> Index | None:
    """The index that was written by ``index_to_json``; None where it is none."""
    try:
        keys = [OperationKey(tuple(group), *rest) for group, *rest in value["operations"]]
        return Index({key.dotted: key for key in keys}, tuple(value["tolerated"]))
    except (KeyError, TypeError, ValueError):
        return None
