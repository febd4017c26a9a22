"""Texts of the command line -> values, by what the schema of a parameter allows.

The rule, for one text:

1. It is one of the schema's ``enum`` or ``const`` values, as it stands or as JSON: that value.
2. It begins with ``[`` or ``{``, the schema allows an array or an object, and it is JSON of that kind: the array or the object.
3. It is the JSON of a number, ``true``, ``false`` or ``null``, and the schema allows that type: that value. Where the schema allows a string besides, text from a
   file or standard input stays text, and the text in double quotes (``'"5"'``) is the string.
4. The schema allows a string, or says nothing of types: the text as it is.
5. The schema allows an array: an array with this one text as its item.
6. Else the text as it is, for the validator to refuse.

An option that is repeated makes an array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dynaclient.cli.inputs import Text
from dynaclient.errors import ArgumentError, Problem
from dynaclient.openapi.media import decode_json, encode_json
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import choices, subschemas, types

_MISSING = object()
_OPENING = {"[": "array", "{": "object"}


class Converter:
    """Converts the texts of one parameter.

    Parameters
    ----------
    document:
        The document.
    schema:
        The pointer of the parameter's schema, or None where it has none.
    option:
        The option as people type it, for messages.
    """

    def __init__(self, document: Mapping[str, Any], schema: str | None, option: str) -> None:
        self._document = document
        self._schema = schema
        self._option = option
        self._types = frozenset(types(document, schema)) if schema is not None else frozenset()
        self._any = not self._types
        self.broken: dict[str, str] = {}
        """Texts that look like JSON, are taken as text because they are none, and why."""

    @property
    def takes_many(self) -> bool:
        """Whether a repeated option makes sense."""
        return self._any or "array" in self._types

    def value(self, texts: Sequence[Text]) -> Any:
        """The value of an option that was given once or more.

        Raises
        ------
        ArgumentError
            Where it was repeated and the schema allows no array, or where structured text is not JSON and no string is allowed.
        """
        if len(texts) == 1:
            return self.one(texts[0])
        if not self.takes_many:
            raise self._refused(f"was given {len(texts)} times and takes one value")
        candidates = [Converter(self._document, items, self._option) for items in self._items()]
        if not candidates:
            return [Converter(self._document, None, self._option).one(text) for text in texts]
        nested = [one for one in candidates if one._fits_all(texts, structured=True)]
        fitting = nested or [one for one in candidates if one._fits_all(texts, structured=False)] or candidates
        values = [fitting[0].one(text) for text in texts]
        self.broken = fitting[0].broken
        return values

    def one(self, text: Text) -> Any:
        """The value of one text, by the rule of this module."""
        for attempt in (self._chosen, self._structured, self._scalar):
            value = attempt(text)
            if value is not _MISSING:
                return value
        if "array" in self._types and not self._any and "string" not in self._types:
            return self._wrapped(text)
        return text.text

    def _chosen(self, text: Text) -> Any:
        if self._schema is None:
            return _MISSING
        for choice in choices(self._document, self._schema):
            if choice == text.text if isinstance(choice, str) else encode_json(choice).decode() == text.text.strip():
                return choice
        return _MISSING

    def _structured(self, text: Text) -> Any:
        kind = _OPENING.get(text.text.lstrip()[:1])
        if kind is None or not (self._any or kind in self._types):
            return _MISSING
        try:
            return decode_json(text.text.encode())
        except ValueError as error:
            if self._any or "string" in self._types:
                self.broken[text.text] = str(error)
                return _MISSING
            raise self._refused(f"is not JSON: {error}") from None

    def _scalar(self, text: Text) -> Any:
        stringy = self._any or "string" in self._types
        if stringy and not text.typed:
            return _MISSING
        value = _scalar(text.text)
        if self._allows(value):
            return value
        if stringy and isinstance(value, str) and self._allows(_scalar(value)):
            return value  # '"5"': the quotes say that the text is meant
        return _MISSING

    def _allows(self, value: Any) -> bool:
        if value is _MISSING or isinstance(value, str):
            return False
        return self._any or any(kind in self._types for kind in _kinds(value))

    def _wrapped(self, text: Text) -> list[Any]:
        items = self._items()
        return [Converter(self._document, items[0] if items else None, self._option).one(text)]

    def _items(self) -> list[str]:
        """The pointers of the item schemas of every array that the schema allows, in the document's order."""
        if self._schema is None:
            return []
        return [
            join(pointer, "items")
            for node, pointer in subschemas(self._document, self._schema)
            if isinstance(node.get("items"), Mapping)
        ]

    def _fits_all(self, texts: Sequence[Text], *, structured: bool) -> bool:
        try:
            values = [self.one(text) for text in texts]
        except ArgumentError:
            return False
        if structured and not all(
            text.text.lstrip()[:1] in _OPENING and not isinstance(value, str)
            for text, value in zip(texts, values, strict=True)
        ):
            return False
        return self._any or all(any(kind in self._types for kind in _kinds(value)) for value in values)

    def _refused(self, message: str) -> ArgumentError:
        return ArgumentError("the line cannot be used", problems=(Problem(self._option, message, self._schema or ""),))


def _scalar(text: str) -> Any:
    """A JSON scalar, or ``_MISSING``; JSON's own spelling only, so that ``007`` and ``1_000`` stay text."""
    stripped = text.strip()
    if not stripped or stripped[0] in "[{":
        return _MISSING
    try:
        return decode_json(stripped.encode())
    except ValueError:
        return _MISSING


def _kinds(value: Any) -> tuple[str, ...]:
    """The JSON Schema types of a value."""
    if value is None:
        return ("null",)
    if isinstance(value, bool):
        return ("boolean",)
    if isinstance(value, int):
        return ("integer", "number")
    if isinstance(value, float):
        return ("number", "integer") if value.is_integer() else ("number",)
    if isinstance(value, str):
        return ("string",)
    return ("array",) if isinstance(value, list) else ("object",)


def metavar(document: Mapping[str, Any], schema: str | None) -> str:
    """What stands behind an option on its help page: ``INTEGER``, ``TEXT``, ``float|base64``, ``TEXT...`` (may be repeated), ``JSON``."""
    if schema is None:
        return "VALUE"
    values = choices(document, schema)
    if values:
        return "|".join(
            value if isinstance(value, str) else encode_json(value).decode() for value in values if value is not None
        )
    found: dict[str, None] = {}
    for node, pointer in subschemas(document, schema):
        declared = node.get("type")
        for kind in declared if isinstance(declared, list) else [declared]:
            found.update(dict.fromkeys(_words(document, node, pointer, kind)))
    return "|".join(_tidied(list(found))) or "VALUE"


_WORDS = {"string": "TEXT", "integer": "INTEGER", "number": "NUMBER", "boolean": "true|false", "object": "JSON"}
_FORMATS = {"date": "DATE", "date-time": "DATETIME", "uuid": "UUID", "uri": "URI", "binary": "TEXT"}


def _words(document: Mapping[str, Any], node: Mapping[str, Any], pointer: str, kind: Any) -> list[str]:
    if kind == "array":
        inner = metavar(document, join(pointer, "items")) if isinstance(node.get("items"), Mapping) else "VALUE"
        return ["JSON"] if "JSON" in inner or "..." in inner else [f"{inner}..."]
    if kind == "string":
        return [_FORMATS.get(str(node.get("format")), "TEXT")]
    if kind is None and "properties" in node:
        return ["JSON"]
    return [_WORDS[kind]] if kind in _WORDS else []


def _tidied(words: list[str]) -> list[str]:
    """Without what another word says already: ``TEXT...`` says ``TEXT``; beside text, an array of numbers can only be given as JSON."""
    if "TEXT" in words or "TEXT..." in words:
        words = ["JSON" if word.endswith("...") and word != "TEXT..." else word for word in words]
    words = [word for word in words if f"{word}..." not in words]
    return list(dict.fromkeys(words))
