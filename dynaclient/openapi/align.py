"""``x-dynaclient-batch``: results are counted against inputs and put in their order. Silent misalignment is data loss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dynaclient.errors import Problem
from dynaclient.openapi.check import Checker
from dynaclient.openapi.model import Batch
from dynaclient.openapi.normal import OMIT
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import kinds, subschemas, types
from dynaclient.openapi.validator import Judge

_SHOWN = 3
"""Problems of one bad result that are told."""
_WORDED = 20
"""Bad results that are explained."""
_SAMPLE = 16
"""Results of a refused reply that are judged alone before it is believed that all are bad."""


class Aligner:
    """Counts the inputs of a call, orders its results and compares their vectors, as one operation's batch says."""

    def __init__(self, batch: Batch, checker: Checker, document: Mapping[str, Any]) -> None:
        self.batch = batch
        self._item = batch.item
        self._checker = checker
        self._in_row = re.compile(rf"\$\.{re.escape(batch.output)}\[([0-9]+)\]")
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

    def length(self, body: Any) -> int | None:
        """How many numbers the caller asked each vector to have; None if the body does not say."""
        value = body.get(self.batch.length) if self.batch.length and isinstance(body, dict) else None
        return value if type(value) is int else None

    def uneven(self, value: Any, length: int | None) -> list[Problem]:
        """What is wrong with the lengths of the vectors of aligned results.

        Each has at least one number, as many as were asked for, else as many as most of the others; where no length is that of most, none is known to be right.

        Parameters
        ----------
        value:
            The reply.
        length:
            How many numbers were asked for, or None.
        """
        key, results = self.batch.vector, value.get(self.batch.output) if isinstance(value, dict) else None
        if not key or not results:
            return []
        try:
            lengths: list[int | None] = [len(item[key]) for item in results]
        except (KeyError, TypeError):  # told of by the schema, or let pass by it
            lengths = [_length(item, key) for item in results]
        wanted = lengths[0] if length is None else length
        if wanted and lengths.count(wanted) == len(lengths):
            return []
        return list(self._uneven(results, lengths, length))

    def _uneven(self, results: list[Any], lengths: list[int | None], length: int | None) -> Iterator[Problem]:
        key = self.batch.vector
        # A text is told of when it is unpacked: what is still one has no numbers to count.
        lengths = [
            None if size is None or isinstance(item[key], str) else size
            for size, item in zip(lengths, results, strict=True)
        ]
        known = [size for size in lengths if size]
        usual = max(known, key=known.count, default=0)
        wanted = length or (usual if known.count(usual) * 2 > len(known) else 0)
        for row, size in enumerate(lengths):
            if size is None or (size and size == wanted):
                continue
            words = "has no numbers" if not size else f"has {size:,} number{'s' if size != 1 else ''}"
            if length is not None:
                words += f", {length:,} were asked for ({self.batch.length})"
            elif wanted:
                words += f", the others {wanted:,}"
            elif size:
                words += f", others {next(other for other in known if other != size):,}: no length is that of most"
            doubled = wanted and size == 2 * wanted and not isinstance(results[row][key], list)
            hint = "twice as many, as when float64 is read as float32" if doubled else ""
            yield Problem(f"$.{self.batch.output}[{row}].{key}", words, self.batch.pointer, hint)

    def rows(self, value: Any, problems: Sequence[Problem]) -> dict[int, tuple[Problem, ...]]:
        """The bad results of an aligned reply, each with its problems; empty if all are bad, or if more than results is."""
        found: dict[int, list[Problem]] = {}
        for problem in problems:
            row = self._in_row.match(problem.where)
            if row is None:
                return {}
            found.setdefault(int(row[1]), []).append(problem)
        results = value.get(self.batch.output) if isinstance(value, dict) else None
        if not found or not isinstance(results, list) or len(found) >= len(results):
            return {}
        return {row: tuple(found[row]) for row in sorted(found)}

    def blame(self, value: Any, expected: int | None, validator: Judge) -> tuple[list[Problem], bool]:
        """Find the results for which a refused reply is refused, and put them all in order.

        Parameters
        ----------
        value:
            The reply.
        expected:
            How many inputs the call had, or None.
        validator:
            What refused it; asked about replies with one of the results alone, and with the good ones.

        Returns
        -------
        tuple
            The problems of bad results, by their places, and whether all other results, and all else, are good. No problems: it may be something else than results.
        """
        output = self.batch.output
        if not isinstance(value, dict) or self.align(value, expected):
            return [], False
        results = value[output]
        sample = dict.fromkeys(place * (len(results) - 1) // (_SAMPLE - 1) for place in range(_SAMPLE) if results)
        if not any(validator.accepts_at_once({**value, output: [results[row]]}) for row in sample):
            # To explain thousands of bad results takes minutes, and a few say it all.
            found = [fault for row in sample for fault in self._worded(value, row, validator)]
            if len(sample) < len(results):
                found.append(Problem(f"$.{output}", f"{len(sample)} of {len(results):,} results were looked at"))
            return (found if all(fault.where.startswith(f"$.{output}") for fault in found) else []), False
        bad = [row for row, item in enumerate(results) if not validator.accepts_at_once({**value, output: [item]})]
        known = set(bad)
        good = {**value, output: [item for row, item in enumerate(results) if row not in known]}
        if not bad or not validator.accepts(good):
            return [], False
        found = [fault for row in bad[:_WORDED] for fault in self._worded(value, row, validator)]
        return found + [Problem(f"$.{output}[{row}]", "does not fit, as others above") for row in bad[_WORDED:]], True

    def _worded(self, value: Any, row: int, validator: Judge) -> Iterator[Problem]:
        """What is wrong with one result, by its place among all."""
        output = self.batch.output
        faults = validator.problems({**value, output: [value[output][row]]})
        for fault in faults[:_SHOWN]:
            place = fault.where.replace(f"$.{output}[0]", f"$.{output}[{row}]", 1)
            yield Problem(place, fault.message, fault.pointer, fault.hint)
        if len(faults) > _SHOWN:
            yield Problem(f"$.{output}[{row}]", "and more problems")

    def _order(self, results: list[Any], where: str) -> list[Problem]:
        key = self.batch.order
        places: list[Any] = [item.get(key) if isinstance(item, dict) else None for item in results]
        count = len(places)
        if places == list(range(count)):
            return []
        settled = _settled(places)
        if settled is None:
            shown = ", ".join(str(one)[:20] for one in places[:12]) + (", ..." if count > 12 else "")
            return [
                Problem(
                    where,
                    f"the `{key}` of the results are {shown}; 0 to {count - 1}, each once, were expected",
                    self.batch.pointer,
                )
            ]
        for place, said, item in zip(settled, places, results, strict=True):
            if (said is None or isinstance(said, str)) and isinstance(item, dict):
                item[key] = place
        ordered = sorted(zip(settled, results, strict=True), key=lambda pair: pair[0])
        results[:] = [item for _, item in ordered]
        return []


def _settled(places: list[Any]) -> list[int] | None:
    """The place of each result: as it says, in digits too; as it stands if none says one; what is left if one says none. None if they contradict each other."""
    count = len(places)
    missing = places.count(None)
    if missing == count:
        return list(range(count))
    found = [_index(place) for place in places]
    left = set(range(count)).difference(place for place in found if place is not None)
    if missing == 1 and len(left) == 1:
        found[places.index(None)] = left.pop()
    settled = [place for place in found if place is not None]
    return settled if sorted(settled) == list(range(count)) else None


def _length(item: Any, key: str) -> int | None:
    value = item.get(key) if isinstance(item, dict) else None
    return len(value) if isinstance(value, Sequence) else None


def _of_numbers(document: Mapping[str, Any], pointer: str) -> bool:
    """Whether an array that satisfies the schema holds numbers only."""
    for node, here in subschemas(document, pointer):
        if "array" in kinds(node):
            items = types(document, join(here, "items")) if isinstance(node.get("items"), Mapping) else ()
            if not items or not {"integer", "number"}.issuperset(items):
                return False
    return bool(types(document, pointer))


def _index(value: Any) -> int | None:
    """The whole number that a value is, or None; 1.0 is one (JSON Schema, 4.2.3), and so is a text of digits, if the schema lets it pass."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return int(value) if type(value) is int or (type(value) is float and value.is_integer()) else None


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__
