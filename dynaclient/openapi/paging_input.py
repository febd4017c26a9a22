"""What changes from page to page, among the keyword arguments of an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from dynaclient.errors import SpecError
from dynaclient.openapi.model import Operation, PagingInput, Parameter
from dynaclient.openapi.pagewords import ONE_BASED, plain
from dynaclient.openapi.shape import annotation, types


class Input:
    """One input of a pagination among the keyword arguments of its operation.

    Parameters
    ----------
    operation, document:
        The operation and its document.
    item:
        The input, as the pagination names it.
    pointer:
        The place of the pagination, for errors.

    Raises
    ------
    SpecError
        Where the operation takes no such parameter.
    """

    def __init__(self, operation: Operation, document: Mapping[str, Any], item: PagingInput, pointer: str) -> None:
        self._document = document
        self._name = item.name
        self._field = field = _field(operation, item)
        self._in_body = item.location == "requestBody"
        self._whole = operation.body.keyword if operation.body is not None else "body"
        if field is None and not self._in_body:
            raise SpecError(f"the operation has no parameter {item.name!r}", pointer=pointer)
        others = {other.python_name for other in operation.arguments if other is not field}
        others |= {other.name for other in operation.arguments if other is not field}
        spelled = (field.name, f"{field.python_name}_") if field else ()
        free = (name for name in spelled if name not in others)
        self._spellings = tuple(dict.fromkeys((field.python_name, *free) if field else ()))

    def given(self, arguments: Mapping[str, Any]) -> Any:
        """The value among the arguments, under any of its names or within a whole body; None where there is none."""
        for name in self._spellings:
            if name in arguments:
                return arguments[name]
        body = arguments.get(self._whole) if self._in_body else None
        return body.get(self._name) if is_object(body) else None

    def replaced(self, arguments: Mapping[str, Any], value: Any) -> dict[str, Any]:
        """The arguments with another value."""
        if self._field is None:
            body = arguments.get(self._whole)
            return {**arguments, self._whole: {**(body if is_object(body) else {}), self._name: value}}
        kept = {name: item for name, item in arguments.items() if name not in self._spellings}
        return {**kept, self._field.python_name: value}

    def filled(self, arguments: dict[str, Any], value: int) -> dict[str, Any]:
        """The arguments with a value where the operation requires one and none is given."""
        needed = self._field is not None and self._field.required and self.given(arguments) is None
        return self.replaced(arguments, value) if needed else arguments

    def start(self, otherwise: int) -> int:
        """The number that the schema begins with."""
        for keyword in ("default", "minimum"):
            found = self._annotation(keyword)
            if type(found) is int:
                return found
        return 1 if plain(self._name) in ONE_BASED else otherwise

    def number(self, arguments: Mapping[str, Any], otherwise: int) -> int:
        """The whole number that is given, else the schema's default, else another."""
        for found in (self.given(arguments), self._annotation("default")):
            if isinstance(found, str) and found.isascii() and found.isdigit():
                return int(found)
            if isinstance(found, int) and not isinstance(found, bool):
                return int(found)
        return otherwise

    def fitting(self, cursor: Any) -> Any:
        """The cursor as the parameter's schema takes it: a number as text, or a text as number."""
        kinds = types(self._document, self._field.schema) if self._field and self._field.schema else ()
        if type(cursor) is int and "string" in kinds and not {"integer", "number"} & set(kinds):
            return str(cursor)
        if isinstance(cursor, str) and "integer" in kinds and "string" not in kinds and cursor.isascii():
            return int(cursor) if cursor.isdigit() and len(cursor) < 19 else cursor
        return cursor

    def _annotation(self, keyword: str) -> Any:
        if self._field is None or self._field.schema is None:
            return None
        return annotation(self._document, self._field.schema, keyword)


def _field(operation: Operation, item: PagingInput) -> Parameter | None:
    """The parameter of that name on the wire, one in the query before others; or the property of the body."""
    if item.location == "requestBody":
        fields = operation.body.properties if operation.body else ()
    else:
        fields = tuple(sorted(operation.parameters, key=lambda field: field.location != "query"))
    return next((field for field in fields if field.name == item.name), None)


def is_object(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Whether a value is an object of JSON."""
    return isinstance(value, Mapping)
