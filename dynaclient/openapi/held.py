"""Errors in replies of 2XX: how one is told from a reply that merely breaks its schema.

A reply of 2XX holds an error if its own schema refuses it, the schema of an error reply that the operation declares accepts it, and a property that only the error
schema declares (``error``) is there, is not null, and has words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynaclient.frozen import Struct
from dynaclient.openapi.check import Checker
from dynaclient.openapi.failure import error_message
from dynaclient.openapi.media import encode_json, is_json
from dynaclient.openapi.model import Operation
from dynaclient.openapi.shape import subschemas


class Signs(Struct, frozen=True):
    """The properties that an operation's errors have and one of its good replies has not; ``marks``: the same as JSON text."""

    names: tuple[str, ...] = ()
    marks: tuple[bytes, ...] = ()

    def seen(self, body: bytes) -> bool:
        """Whether one of them may stand in a JSON text."""
        for mark in self.marks:  # noqa: SIM110 - a microsecond less than any() on every call
            if mark in body:
                return True
        return False


class HeldErrors:
    """Finds errors in the good replies of one operation.

    Parameters
    ----------
    operation, document, checker:
        The operation, and the validators of its document.
    """

    def __init__(self, operation: Operation, document: Mapping[str, Any], checker: Checker) -> None:
        self._document, self._checker = document, checker
        self._schemas = tuple(
            dict.fromkeys(
                media.schema
                for reply in operation.replies
                if reply.status[0] in "45d"  # 4XX, 5XX, default
                for media in reply.content
                if media.schema is not None and is_json(media.name)
            )
        )

    def signs(self, schema: str) -> Signs:
        """What shows that a reply of this schema may hold an error; nothing does if the operation declares no error body."""
        known = set(self._names(schema)) if self._schemas else ()
        found = [name for other in self._schemas for name in self._names(other) if name not in known]
        names = tuple(dict.fromkeys(found))
        return Signs(names, tuple(map(encode_json, names)))

    def holds(self, signs: Signs, value: Any) -> bool:
        """Whether a value that the schema of its reply refuses is an error."""
        if not signs.names or not isinstance(value, dict):
            return False
        shown = {name: value[name] for name in signs.names if value.get(name) is not None}
        inner = [one for one in shown.values() if isinstance(one, (dict, list))]
        words = error_message(shown) or any(map(error_message, inner))
        return bool(words) and any(self._checker.of_reply(schema).accepts(value) for schema in self._schemas)

    def _names(self, schema: str) -> list[str]:
        """The properties that a schema names, also behind its choices."""
        return [
            name
            for node, _ in subschemas(self._document, schema)
            if isinstance(node.get("properties"), Mapping)
            for name in node["properties"]
        ]
