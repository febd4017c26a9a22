"""Which operations of two documents are the same one."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

from dynaclient.openapi.model import Api, OperationKey
from dynaclient.openapi.names import TEMPLATE


class Matched(NamedTuple):
    """Operations in pairs, in the old document's order; those that are gone; those that are new."""

    pairs: tuple[tuple[OperationKey, OperationKey], ...]
    gone: tuple[OperationKey, ...]
    come: tuple[OperationKey, ...]


def match(old: Api, new: Api) -> Matched:
    """Operations belong together by method and path, then by method and path without the names of its parameters, then by their dotted name."""
    kinds: tuple[Callable[[OperationKey], Hashable], ...] = (
        lambda key: (key.method, key.path),
        shape,
        lambda key: key.dotted,
    )
    gone, come = dict.fromkeys(old.index.values()), dict.fromkeys(new.index.values())
    found: dict[OperationKey, OperationKey] = {}
    for kind in kinds:
        waiting: dict[Hashable, OperationKey] = {}
        for key in come:
            waiting.setdefault(kind(key), key)
        for key in tuple(gone):
            partner = waiting.pop(kind(key), None)
            if partner is not None:
                found[key] = partner
                del gone[key], come[partner]
    pairs = tuple((key, found[key]) for key in old.index.values() if key in found)
    return Matched(pairs, tuple(gone), tuple(come))


def shape(key: OperationKey) -> tuple[str, str]:
    """Method and path, without the names of the path's parameters."""
    return key.method, TEMPLATE.sub("{}", key.path)
