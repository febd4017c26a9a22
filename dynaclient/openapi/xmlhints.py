"""XML Objects (OpenAPI 3.2, 4.26; 3.1.1, 4.8.26): which node of a document a schema stands for, and what the node is called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dynaclient.errors import SpecError, UnsupportedError
from dynaclient.openapi.pointer import at, deref, join, tokens
from dynaclient.openapi.shape import properties, subschemas, types

NAME = re.compile(r"[^\W\d][\w.\-\u00b7]*")
"""A name without a colon (XML Names 1.1, NCName), a little narrower than the standard's table of letters."""

_NODES = ("element", "attribute", "text", "cdata", "none")


@dataclass(frozen=True, slots=True)
class Hint:
    """What stands for one schema: ``node`` is its kind, ``name`` that of an element or attribute, ``namespace`` and ``prefix`` may be ``""``."""

    schema: str | None
    node: str
    name: str = ""
    namespace: str = ""
    prefix: str = ""

    @property
    def qualified(self) -> str:
        """The name as it is written: ``prefix:name``."""
        return f"{self.prefix}:{self.name}" if self.prefix else self.name


class Hints:
    """Reads the XML Objects of a document, each when it is first needed.

    Parameters
    ----------
    document:
        The document; its version matters: since 3.2 a reference makes no element of its own, so that the component's name is the element's.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._modern = not str(document.get("openapi", "")).startswith(("3.0", "3.1"))
        self._members: dict[str, tuple[tuple[str, Hint], ...]] = {}

    def root(self, schema: str | None) -> Hint:
        """The root element.

        Raises
        ------
        UnsupportedError
            Where the document gives it no name, or makes it no element.
        """
        if schema is None:
            raise UnsupportedError("XML is written by a schema, and there is none")
        hint = self.hint(schema, self._component(schema))
        if hint.node != "element":
            raise UnsupportedError(
                f"the root of an XML document is an element, and this schema stands for {hint.node!r}; "
                "give it `xml` with `nodeType: element` (before 3.2 `wrapped: true`) and a `name`",
                pointer=schema,
            )
        return hint

    def hint(self, schema: str | None, inherited: str) -> Hint:
        """What stands for the schema of a property or item; ``inherited`` is the name that it has without one of its own."""
        if schema is None:
            return Hint(None, "element", _checked(inherited, ""))
        written = self.written(schema)
        node = self._node(schema, written)
        if node in ("text", "cdata", "none"):
            return Hint(schema, node, inherited)
        namespace, prefix = str(written.get("namespace") or ""), str(written.get("prefix") or "")
        if prefix and not namespace:
            raise UnsupportedError("an XML prefix needs a `namespace` beside it", pointer=schema)
        name = written.get("name") or (self._component(schema) if self._modern and self._is_reference(schema) else "")
        return Hint(schema, node, _checked(str(name or inherited), schema), namespace, prefix)

    def written(self, schema: str) -> Mapping[str, Any]:
        """The XML Object of a schema: its own keys before those of what it refers to."""
        found: dict[str, Any] = {}
        for node, _ in subschemas(self.document, schema, choices=False):
            for key, value in node["xml"].items() if isinstance(node.get("xml"), Mapping) else ():
                found.setdefault(key, value)
        return found

    def members(self, schema: str) -> tuple[tuple[str, Hint], ...]:
        """The properties of an object: name and what stands for each.

        Raises
        ------
        UnsupportedError
            Where two of them are the same attribute or element.
        """
        found = self._members.get(schema)
        if found is None:
            listed = [(item.name, self.hint(item.schema, item.name)) for item in properties(self.document, schema)]
            taken: dict[tuple[str, ...], str] = {}
            for name, hint in listed:
                key = self._key(hint)
                if key and taken.setdefault(key, name) != name:
                    raise UnsupportedError(
                        f"the properties {taken[key]!r} and {name!r} are the same XML {key[0]} {key[-1]!r}",
                        pointer=schema,
                    )
            found = self._members[schema] = tuple(listed)
        return found

    def _key(self, hint: Hint) -> tuple[str, ...]:
        if hint.node in ("text", "cdata"):
            return ("text", "of the element")
        if hint.node == "none":
            if hint.schema is None or not self.is_array(hint.schema):
                return ()
            hint = self.item(hint)
        return (hint.node, hint.namespace, hint.name)

    def item(self, array: Hint, number: int = -1) -> Hint:
        """What stands for one item of an array; ``number`` says which where they differ (``prefixItems``)."""
        for node, here in subschemas(self.document, array.schema) if array.schema is not None else ():
            first = node.get("prefixItems")
            if isinstance(first, list) and 0 <= number < len(first):
                return self.hint(join(here, "prefixItems", number), array.name)
            if isinstance(node.get("items"), Mapping):
                return self.hint(join(here, "items"), array.name)
        return self.hint(None, array.name)

    def is_sequence(self, schema: str | None) -> bool:
        """Whether an array's items differ by their place."""
        nodes = subschemas(self.document, schema) if schema is not None else ()
        return any(isinstance(node.get("prefixItems"), list) for node, _ in nodes)

    def is_array(self, schema: str | None) -> bool:
        """Whether a schema is one of arrays."""
        return schema is not None and "array" in types(self.document, schema)

    def is_object(self, schema: str | None) -> bool:
        """Whether a schema is one of objects."""
        return schema is not None and "object" in types(self.document, schema)

    def _node(self, schema: str, written: Mapping[str, Any]) -> str:
        said = written.get("nodeType")
        if said in _NODES:
            return str(said)
        if self.is_array(schema):
            return "element" if written.get("wrapped") is True else "none"
        return "attribute" if written.get("attribute") is True else "element"

    def _is_reference(self, schema: str) -> bool:
        return self._component(schema) != "" and schema != join("/components/schemas", self._component(schema))

    def _component(self, schema: str) -> str:
        """The name of the component that a schema is or refers to; ``""`` where there is none."""
        try:
            node = at(self.document, schema)
            place = schema
            if isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
                place = deref(self.document, node, schema)[1]
        except SpecError:
            return ""
        steps = tokens(place)
        return steps[2] if len(steps) == 3 and steps[:2] == ["components", "schemas"] else ""


def _checked(name: str, pointer: str) -> str:
    if not NAME.fullmatch(name):
        shown = f"{name[:40]!r} is no name" if name else "it has no name"
        raise UnsupportedError(
            f"{shown} for an XML element or attribute; give the schema `xml` with a `name`", pointer=pointer
        )
    return name
