"""Numbers that come as a list, or packed in a string that is decoded: which replies have them, and which argument decides.

The classes of such replies have a parameter, ``_Numbers_co``: a list of floats unless the caller asks for packed numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.model import Operation
from dynaclient.openapi.pointer import at, join, local_target
from dynaclient.openapi.shape import annotation, kinds, subschemas
from dynaclient.openapi.stubtext import NUMBERS, PACKED, PLAIN, Argument, literal

EITHER = f"{PLAIN} | {PACKED}"
_KEY = "x-dynaclient-decode"
_ARRAYS = "arrays"
ARRAYS = 'Literal[True, "float64", "float32"]'
"""The values of the option ``arrays`` that ask for packed numbers."""

Way = tuple[tuple[Argument, ...], str]
"""One way to ask for numbers: the arguments that decide, and the type of the numbers."""


class Choices:
    """Where in a document a value is a list of numbers, or the same numbers packed."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._packs: dict[str, bool] = {}
        self._encodings = frozenset(_encodings(document))

    def within(self, pointer: str) -> bool:
        """Whether a value of a schema, or one within it, is such a choice."""
        if not self._encodings:
            return False
        here, _ = self._resolved(pointer)
        if here not in self._packs:
            self._packs[here] = any(self.here(node, place) for node, place in self._reachable(here))
        return self._packs[here]

    def here(self, node: Mapping[str, Any], pointer: str) -> bool:
        """Whether a schema itself is such a choice."""
        if not self._encodings:
            return False
        keyword = "anyOf" if node.get("anyOf") else "oneOf"
        members = node.get(keyword)
        numbers = range(len(members) if isinstance(members, list) else 0)
        return {part for n in numbers for part in self._part(join(pointer, keyword, n))} == {PLAIN, PACKED}

    def deciding(self, operation: Operation) -> str:
        """The Python name of the argument whose enum has an encoding among its values; ``""`` if there is none."""
        for field in operation.arguments:
            for node, _ in subschemas(self._document, field.schema) if field.schema else ():
                values = node.get("enum")
                if isinstance(values, list) and self._encodings & {value for value in values if isinstance(value, str)}:
                    asked = annotation(self._document, field.schema or "", "default")
                    return "" if asked in self._encodings else field.python_name
        return ""

    def ways(self, arguments: Iterable[Argument], deciding: str) -> list[Way]:
        """Every way to ask for numbers, the most exact first; the last one leaves it open.

        Parameters
        ----------
        arguments:
            Those of one way to call. If a whole body is among them it may decide too, so that a list is certain only if
            the deciding argument asks for it.
        deciding:
            What `deciding` found.
        """
        known = {argument.name: argument for argument in arguments}
        asked, arrays = known[deciding], known.get(_ARRAYS)
        plain, packed = self._split(asked)
        if "body" in known:
            plain = replace(plain, type=plain.type.removesuffix(" | None"), required=True)
        open_arrays = (arrays,) if arrays else ()
        found: list[Way] = [
            ((plain, *((replace(arrays, type="None"),) if arrays else ())), NUMBERS),
            ((packed, *open_arrays), PACKED),
        ]
        if arrays:
            found.append(((asked, replace(arrays, type=ARRAYS, required=True)), PACKED))
        return [*found, ((asked, *open_arrays), EITHER)]

    def _split(self, asked: Argument) -> tuple[Argument, Argument]:
        """The deciding argument that asks for a list, and the one that asks for packed numbers."""
        head, _, rest = asked.type.partition("[")
        values, _, end = rest.partition("]")
        packed = [literal(encoding) for encoding in sorted(self._encodings) if literal(encoding) in values.split(", ")]
        plain = [value for value in values.split(", ") if value not in packed]
        left = f"{head}[{', '.join(plain)}]{end}" if plain else "None"
        return replace(asked, type=left), replace(asked, type=f"Literal[{', '.join(packed)}]", required=True)

    def _part(self, pointer: str) -> set[str]:
        here, node = self._resolved(pointer)
        if not isinstance(node, Mapping):
            return set()
        if kinds(node) == ("string",) and _KEY in node:
            return {PACKED}
        items = self._resolved(join(here, "items"))[1] if isinstance(node.get("items"), Mapping) else None
        return {PLAIN} if isinstance(items, Mapping) and kinds(items) == ("number",) else set()

    def _resolved(self, pointer: str) -> tuple[str, Any]:
        seen: set[str] = set()
        try:
            while pointer not in seen:
                seen.add(pointer)
                node = at(self._document, pointer)
                reference = node.get("$ref") if isinstance(node, Mapping) else None
                if not isinstance(reference, str):
                    return pointer, node
                pointer = local_target(reference)
        except SpecError:
            pass
        return pointer, None

    def _reachable(self, pointer: str) -> Iterator[tuple[Mapping[str, Any], str]]:
        """A schema, and those of all that its values may hold."""
        waiting, seen = [pointer], set()
        while waiting:
            here, node = self._resolved(waiting.pop())
            if here in seen or not isinstance(node, Mapping):
                continue
            seen.add(here)
            yield node, here
            for keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
                members = node.get(keyword)
                waiting += [join(here, keyword, n) for n in range(len(members) if isinstance(members, list) else 0)]
            waiting += [join(here, word) for word in ("items", "additionalProperties")]
            declared = node.get("properties")
            waiting += [join(here, "properties", name) for name in declared] if isinstance(declared, Mapping) else []


def chosen(text: str, numbers: str) -> str:
    """A type with the parameter replaced: a list, packed numbers, or either."""
    return text if numbers == NUMBERS else text.replace(NUMBERS, numbers)


def _encodings(document: Any) -> Iterator[str]:
    """The encodings in which strings of a document carry arrays."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            written = node.get(_KEY)
            if isinstance(written, Mapping) and isinstance(written.get("encoding"), str):
                yield written["encoding"]
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
