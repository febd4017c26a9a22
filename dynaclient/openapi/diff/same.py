"""Which parts of two documents are the same, with all that they refer to: these need no comparison."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.media import decode_json, encode_json
from dynaclient.openapi.pointer import at, local_target

_REFERENCE = re.compile(rb'"\$ref":("(?:[^"\\]|\\.)*")')


class Sameness:
    """Answers whether two nodes are the same text and refer to nothing that differs.

    The text is compared, not the meaning: an answer of no says only that it has to be looked at.
    """

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._dirty = _dirty(old, new)

    def same(self, old: Any, new: Any) -> bool:
        """Whether two nodes are the same, with all that they refer to."""
        text = encode_json(old)
        return text == encode_json(new) and self._dirty.isdisjoint(_REFERENCE.findall(text))


def _dirty(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[bytes]:
    """The references whose targets differ, or refer to one that does."""
    waiting = deque({*_REFERENCE.findall(encode_json(old)), *_REFERENCE.findall(encode_json(new))})
    known = set(waiting)
    dirty: set[bytes] = set()
    users: dict[bytes, set[bytes]] = {}
    while waiting:
        reference = waiting.popleft()
        here, there = _target(old, reference), _target(new, reference)
        if here != there:
            dirty.add(reference)
        for used in _REFERENCE.findall(here):
            users.setdefault(used, set()).add(reference)
            if used not in known:
                known.add(used)
                waiting.append(used)
    spreading = deque(dirty)
    while spreading:
        for user in users.get(spreading.popleft(), ()):
            if user not in dirty:
                dirty.add(user)
                spreading.append(user)
    return dirty


def _target(document: Mapping[str, Any], reference: bytes) -> bytes:
    try:
        return encode_json(at(document, local_target(decode_json(reference))))
    except (SpecError, ValueError):
        return b""
