"""Schema Objects of Swagger 2.0 as those of OpenAPI 3.0, and the references to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from dynaclient.errors import SpecError
from dynaclient.openapi.grammar import field_kind
from dynaclient.openapi.pointer import at, local_target
from dynaclient.source.swagger.grammar import SCHEMA_KEYS
from dynaclient.source.swagger.moves import Moves

_DEFINITIONS = "#/definitions/"
_SCHEMAS = "#/components/schemas/"


class Schemas:
    """Translates schemas, and renews their references when all places are known.

    Parameters
    ----------
    document:
        The Swagger 2.0 document.
    moves:
        Where nodes have gone.
    """

    def __init__(self, document: Mapping[str, Any], moves: Moves) -> None:
        self._document = document
        self._moves = moves
        self._references: list[tuple[dict[str, Any], str]] = []

    def schema(self, node: Any) -> Any:
        """A schema as 3.0 has it.

        ``x-nullable``, ``discriminator`` and ``file`` have other forms there; all else is the same.
        """
        if type(node) is not dict:
            return node
        made = {key: self._field(field_kind("schema", key), value) for key, value in node.items()}
        nullable = made.pop("x-nullable", None)
        if nullable is not None:
            made.setdefault("nullable", nullable is True or nullable == "true")
        if isinstance(made.get("discriminator"), str):
            made["discriminator"] = {"propertyName": made["discriminator"]}
        if made.get("type") == "file" or (made.get("format") == "file" and made.get("type", "string") == "string"):
            made |= {"type": "string", "format": "binary"}
        self.reference(made, "$ref")
        return made

    def _field(self, kind: str, value: Any) -> Any:
        if type(value) is dict:
            if kind == "schema":
                return self.schema(value)
            if kind == "{schema}":
                return {name: self.schema(inner) for name, inner in value.items()}
        elif type(value) is list and kind in ("schema", "[schema]"):
            return [self.schema(inner) for inner in value]
        return value

    def of_values(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """The schema of a parameter or header, whose keywords stand among its other fields.

        Those of the Items Objects within it are cleaned of ``collectionFormat`` (Swagger 2.0, Items Object).
        """
        written: dict[str, Any] = {key: node[key] for key in SCHEMA_KEYS if key in node}
        if "items" in written and "type" not in written:
            written["type"] = "array"
        made: dict[str, Any] = self.schema(written)
        inner = made
        while type(inner.get("items")) is dict:
            inner = inner["items"]
            inner.pop("collectionFormat", None)
        return made

    def reference(self, holder: dict[str, Any], key: str) -> None:
        """Renew, at the end, the reference to a schema that stands there, if one does."""
        written = holder.get(key)
        if isinstance(written, str) and written[:2] == "#/":
            self._references.append((holder, key))

    def renew(self, place: Callable[[str, Any], str]) -> None:
        """Renew the references to schemas.

        Parameters
        ----------
        place:
            Gives a schema that stands where 3.0 expects none a place of its own: ``(pointer, schema) -> pointer``.
            It may translate the schema, and so add references.
        """
        for holder, key in self._references:  # which grows meanwhile
            written = holder[key]
            if written.startswith(_DEFINITIONS) and written.count("/") == 2:
                holder[key] = _SCHEMAS + written[len(_DEFINITIONS) :]
                continue
            source = local_target(written)
            target = self._moves.schema(source)
            if target is None:
                try:
                    node = at(self._document, source)
                except SpecError:  # it leads nowhere, and is told with the operation that needs it
                    continue
                target = place(source, node)
            holder[key] = local(target)


def local(pointer: str) -> str:
    """The local reference to a pointer (RFC 6901, 6)."""
    return "#" + quote(pointer, safe="/~!$&'()*+,;=:@-._")
