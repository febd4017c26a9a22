"""``x-dynaclient-batch``: results are counted against inputs and put in their order. Silent misalignment is data loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynaclient.errors import Problem
from dynaclient.openapi.check import Checker
from dynaclient.openapi.model import Batch
from dynaclient.openapi.normal import OMIT
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import kinds, subschemas, types


class Aligner:
    """Counts the inputs of a call and orders its results, as one operation's batch says."""

    def __init__(self, batch: Batch, checker: Checker, document: Mapping[str, Any]) -> None:
        self.batch = batch
        self._item = batch.item
        self._checker = checker
        self._numeric = batch.item is not None and _of_numbers(document, batch.item)

    def count(self, body: Any) -> int | None:
        """How many inputs a request body holds: one where the value is a single item itself, else as many as the array has; None where none is given."""
        value = body.get(self.batch.input, OMIT) if isinstance(body, dict) else OMIT
        if value is OMIT:
            return None
        if not isinstance(value, list):
            return 1
        # The usual item is a text or a list of token ids: a list that begins with a text or a list is not one, and no validator is asked.
        if self._item is not None and not (self._numeric and value and isinstance(value[0], (str, list, dict))):
            return 1 if self._checker.validator(self._item, "request").accepts(value) else len(value)
        return len(value)

    def is_item(self, value: Any) -> bool:
        """Whether a value may be one input; True where the document does not say what one is."""
        return self._item is None or self._checker.validator(self._item, "request").accepts(value)

    def align(self, value: Any, expected: int | None) -> list[Problem]:
        """Put the results in order, in place; what does not line up is returned as problems."""
        results = value.get(self.batch.output) if isinstance(value, dict) else None
        place = f"$.{self.batch.output}"
        pointer = self.batch.pointer
        if not isinstance(results, list):
            return [Problem(place, f"an array of results was expected, not {_kind(results)}", pointer)]
        if expected is not None and len(results) != expected:
            hint = "results that do not line up with their inputs are worse than none"
            return [Problem(place, f"{len(results)} results came back for {expected} inputs", pointer, hint)]
        return self._order(results, place) if self.batch.order else []

    def _order(self, results: list[Any], place: str) -> list[Problem]:
        key = self.batch.order
        places: list[Any] = [item.get(key) if isinstance(item, dict) else None for item in results]
        count = len(places)
        if places == list(range(count)):
            return []
        if sorted(place for place in places if _is_index(place)) != list(range(count)):
            shown = ", ".join(str(one)[:20] for one in places[:12]) + (", ..." if count > 12 else "")
            return [
                Problem(
                    place,
                    f"the `{key}` of the results are {shown}; 0 to {count - 1}, each once, were expected",
                    self.batch.pointer,
                )
            ]
        results.sort(key=lambda item: item[key])
        return []


def _of_numbers(document: Mapping[str, Any], pointer: str) -> bool:
    """Whether an array that satisfies the schema holds numbers only."""
    for node, here in subschemas(document, pointer):
        if "array" in kinds(node):
            items = types(document, join(here, "items")) if isinstance(node.get("items"), Mapping) else ()
            if not items or not {"integer", "number"}.issuperset(items):
                return False
    return bool(types(document, pointer))


def _is_index(value: Any) -> bool:
    """A whole number; 1.0 is one (JSON Schema, 4.2.3)."""
    return type(value) is int or (type(value) is float and value.is_integer())


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__
