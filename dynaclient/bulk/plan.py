"""Rows -> the requests that carry them, and replies -> one reply: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dynaclient.errors import ArgumentError, Problem
from dynaclient.openapi.media import encode_json
from dynaclient.openapi.model import Batch
from dynaclient.openapi.normal import normal
from dynaclient.value import Record

T = TypeVar("T")
Count = Callable[[Any], int]
"""How many tokens a row has."""

DEFAULT_ITEMS = 128
"""Rows in one request where neither the caller nor the document says how many."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may hold: ``items`` rows and ``tokens`` tokens, None where tokens do not matter."""

    items: int = DEFAULT_ITEMS
    tokens: int | None = None


def limits_of(batch: Batch | None, items: Any = None) -> Limits:
    """The limits of one request: the caller's, else the document's, else 128 rows. An operation without a batch takes one row.

    Raises
    ------
    ArgumentError
        Where ``items`` is no whole number above 0, or more than the document allows.
    """
    if items is not None and (isinstance(items, bool) or not isinstance(items, int) or items < 1):
        raise _bad("batch", f"{items!r} is not a whole number above 0")
    if batch is None:
        return Limits(1)
    most = batch.max_items
    if items is not None and most is not None and items > most:
        raise _bad("batch", f"{items:,} rows do not fit into one request: the document allows {most:,}")
    return Limits(items or most or DEFAULT_ITEMS, batch.max_tokens)


def estimate(row: Any) -> int:
    """How many tokens a row has, roughly and rather too many than too few.

    A text: a quarter of its ASCII characters, and one for every other character; a list of numbers: its length; anything else: a quarter of its JSON. At least 1.
    """
    if type(row) is str:
        if row.isascii():
            return len(row) // 4 + 1
        plain = sum(map(str.isascii, row))
        return plain // 4 + len(row) - plain + 1
    if isinstance(row, (list, tuple)) and all(type(item) is int for item in row):
        return max(1, len(row))
    try:
        return len(encode_json(normal(row))) // 4 + 1
    except (TypeError, ValueError):
        return 1


@dataclass(frozen=True, slots=True)
class Run(Generic[T]):
    """Consecutive rows that one request carries: ``first`` is the number of the first, from 0; ``tokens`` what they come to."""

    first: int
    rows: Sequence[T]
    tokens: int

    def part(self, begin: int, end: int) -> Run[T]:
        """Some of the rows; their tokens by their share."""
        share = self.tokens * (end - begin) // max(1, len(self.rows))
        return Run(self.first + begin, self.rows[begin:end], max(1, share))


def runs(rows: Iterable[tuple[int, T]], limits: Limits, count: Callable[[T], int] = estimate) -> Iterator[Run[T]]:
    """Cut numbered rows into runs, each as long as the limits allow; lazily, one run ahead of nothing.

    Parameters
    ----------
    rows:
        ``(number, row)``, numbers rising; where a number is left out, a new run begins.
    limits:
        Of one run. A row that is beyond the tokens by itself makes a run of its own.
    count:
        Tokens of a row.
    """
    held: list[T] = []
    first, tokens = 0, 0
    items, most = limits.items, limits.tokens
    for number, row in rows:
        size = count(row)
        if held and (len(held) >= items or number != first + len(held) or (most is not None and tokens + size > most)):
            yield Run(first, held, tokens)
            held, tokens = [], 0
        if not held:
            first = number
        held.append(row)
        tokens += size
        if len(held) >= items:
            yield Run(first, held, tokens)
            held, tokens = [], 0
    if held:
        yield Run(first, held, tokens)


def identity(row: Any) -> Any:
    """What is equal for rows that are the same and for no others: a text is itself, anything else its JSON (so that 1, 1.0 and true differ)."""
    return row if type(row) is str else encode_json(normal(row))


def distinct(rows: Iterable[T]) -> tuple[list[T], list[int]]:
    """The rows without repetitions, in the order in which they first occur, and for each row the place of its like among them."""
    known: dict[Any, int] = {}
    kept: list[T] = []
    places: list[int] = []
    for row in rows:
        place = known.setdefault(identity(row), len(kept))
        if place == len(kept):
            kept.append(row)
        places.append(place)
    return kept, places


def merge(batch: Batch, replies: Sequence[Any]) -> Any:
    """Several replies as the one that a single request with all inputs would have brought.

    Results stand in the order of the inputs, their order keys numbered through; the fields that the document sums are added; all else is the first reply's.
    """
    first = replies[0]
    if len(replies) == 1 or not isinstance(first, dict):
        return first
    merged = Record(first)
    results: list[Any] = []
    for reply in replies:
        results.extend(renumbered(batch, reply[batch.output], len(results)))
    merged[batch.output] = results
    for path in batch.sum:
        found = [number for reply in replies if (number := field(reply, path)) is not None]
        if found:
            _put(merged, path.split("."), sum(found))
    return merged


def renumbered(batch: Batch, results: Iterable[Any], first: int) -> Iterator[Any]:
    """Results of one request with their order keys counted from the number of its first row."""
    key = batch.order
    for place, item in enumerate(results, first):
        if key and isinstance(item, dict):
            item[key] = place
        yield item


def field(value: Any, path: str) -> Any:
    """What stands at a dotted path, a text of digits as its number; None where nothing, or no number, does."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _put(value: dict[str, Any], path: list[str], number: Any) -> None:
    """Set a field deep inside, without touching the objects that the first reply still holds."""
    *outer, last = path
    for name in outer:
        inner = Record(value[name]) if isinstance(value.get(name), dict) else Record()
        value[name] = inner
        value = inner
    value[last] = number


def _bad(name: str, message: str) -> ArgumentError:
    return ArgumentError("an option makes no sense", problems=(Problem(name, message),))
