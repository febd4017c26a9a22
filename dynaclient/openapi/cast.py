"""Text -> values: what forms, headers, XML and parameters carry as text becomes a value of its schema's type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from dynaclient.frozen import Struct
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import properties, subschemas, types

# Python refuses to read integers of more than 4,300 digits.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,999})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class Accepts(Protocol):
    """The part of a validator that is used here."""

    def accepts(self, value: Any) -> bool:
        """Whether the value satisfies the schema."""


class Caster(Struct, frozen=True):
    """Reads text by the schemas of a document.

    Parameters
    ----------
    document:
        The document.
    judges:
        Gives the validator of the schema at a pointer; it decides where a schema leaves a choice: ``"5"`` or ``5``.
    """

    document: Mapping[str, Any]
    judges: Callable[[str], Accepts]

    def value(self, pointer: str | None, texts: list[str]) -> Any:
        """Decoded text, or several of one name, as a value of the type that the schema names."""
        if pointer is not None and "array" in types(self.document, pointer):
            items = self.items(pointer)
            return [self.scalar(items, text) for text in texts]
        return self.scalar(pointer, texts[-1])

    def members(self, pointer: str, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        """Decoded pairs as an object, each value of the type that its property's schema names."""
        known = self.properties(pointer)
        return {name: self.value(known.get(name), [text for key, text in pairs if key == name]) for name, _ in pairs}

    def properties(self, pointer: str) -> dict[str, str]:
        """The schemas of an object's properties, by name."""
        return {item.name: item.schema for item in properties(self.document, pointer)}

    def items(self, pointer: str) -> str | None:
        """The schema of an array's items, None where it says nothing of them."""
        for node, here in subschemas(self.document, pointer):
            if isinstance(node.get("items"), Mapping):
                return join(here, "items")
        return None

    def scalar(self, pointer: str | None, text: str) -> Any:
        """One text as the first of its readings that the schema accepts; where it accepts none, as the likeliest."""
        if pointer is None:
            return text
        drafts = list(_readings(text, types(self.document, pointer)))
        if len(drafts) == 1:
            return drafts[0]
        judge = self.judges(pointer)
        return next((draft for draft in drafts if judge.accepts(draft)), drafts[0])


def _readings(text: str, names: tuple[str, ...]) -> Iterator[Any]:
    """What a text may mean among these types; as it stands, last."""
    if ("integer" in names or "number" in names) and _INTEGER.fullmatch(text):
        yield int(text)
    elif "number" in names and _NUMBER.fullmatch(text):
        yield float(text)
    if "boolean" in names and text in ("true", "false"):
        yield text == "true"
    if "null" in names and text in ("", "null"):
        yield None
    yield text
