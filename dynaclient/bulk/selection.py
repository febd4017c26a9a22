"""Which rows of a file are sent, and which results they get: the same answer each time it is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from dynaclient.bulk.plan import identity
from dynaclient.bulk.rows import Bad, Row, Source
from dynaclient.errors import ArgumentError, Problem
from dynaclient.openapi.media import encode_json
from dynaclient.openapi.normal import NoFormError, normal

_SEED = 0


@dataclass(frozen=True, slots=True)
class Picked:
    """A row that was chosen: ``number`` in the file, ``place`` among those that are sent, ``value`` what is sent of it, ``kept`` the columns that are kept.

    ``again``: the place is that of an earlier row which is the same.
    """

    number: int
    place: int
    value: Any
    kept: Mapping[str, Any]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of a file, numbered from 0.

    Parameters
    ----------
    source:
        The file.
    columns:
        Argument -> column.
    single:
        Whether what is sent of a row is the value of its one column, and not a mapping of arguments.
    limit, sample:
        The first so many rows; so many rows drawn by chance, the same each time.
    dedup:
        Whether rows of which the same would be sent are sent once. Each different row takes memory then, a digest of 16 bytes in a dict.
    keep:
        Columns that are copied to the output.
    """

    source: Source
    columns: Mapping[str, str]
    single: bool
    limit: int | None = None
    sample: int | None = None
    dedup: bool = False
    keep: Sequence[str] = ()

    @property
    def plain(self) -> bool:
        """Whether every row is sent and nothing is kept, so that a row's number is its place."""
        return self.sample is None and not self.dedup and not self.keep

    def __iter__(self) -> Iterator[Picked]:
        self.check()
        rows: Iterator[tuple[int, Row]] = enumerate(self._rows())
        if self.limit is not None:
            rows = islice(rows, self.limit)
        if self.sample is not None:
            drawn = self._drawn()
            rows = ((number, row) for number, row in rows if number in drawn)
        known: dict[bytes, int] = {}
        following = 0
        for number, row in rows:
            value = self._value(row)
            kept = {} if not self.keep or isinstance(row, Bad) else {name: row.get(name) for name in self.keep}
            place = following
            if self.dedup and not isinstance(value, Bad):
                place = known.setdefault(_digest(value), following)
            again = place < following
            following += not again
            yield Picked(number, place, value, kept, again)

    def values(self, again: Callable[[], object] = lambda: None) -> Iterator[tuple[int, Any]]:
        """The place and the value of each row that is sent.

        Parameters
        ----------
        again:
            Called for each row that is the same as an earlier one, and is not sent.
        """
        if not self.plain:
            for picked in self:
                if picked.again:
                    again()
                else:
                    yield picked.place, picked.value
            return
        self.check()
        column = next(iter(self.columns.values())) if self.single else None
        for number, row in enumerate(islice(self._rows(), self.limit)):
            if column is not None and type(row) is dict and column in row:  # most rows
                yield number, row[column]
            else:
                yield number, self._value(row)

    def count(self) -> int:
        """How many rows are chosen; reads the file."""
        return sum(1 for _ in self)

    def about(self) -> int:
        """How many rows there are, more or less: as many as lines; 0 where that says nothing."""
        format, lines = self.source.format, self.source.lines
        headers = len(self.source.paths) if format in ("csv", "tsv") else 0
        lines = max(0, lines - headers)
        return min(number for number in (lines, self.limit, self.sample) if number is not None)

    def _drawn(self) -> frozenset[int]:
        total = sum(1 for _ in islice(self._rows(), self.limit))
        return frozenset(Random(_SEED).sample(range(total), min(self.sample or 0, total)))

    def _value(self, row: Row) -> Any:
        if isinstance(row, Bad):
            return row
        try:
            if self.single:
                return row[next(iter(self.columns.values()))]
            return {name: row[column] for name, column in self.columns.items()}
        except KeyError as error:
            return Bad(f"has no column {error.args[0]!r}", _shown(row))

    def _rows(self) -> Iterator[Row]:
        return self.source.rows([*self.columns.values(), *self.keep])

    def check(self) -> None:
        """Look at the first row of each file: a column that it does not have was misspelled.

        Raises
        ------
        ArgumentError
            If a file has no such column, or cannot be read.
        """
        said = [*(("set", name) for name in self.columns.values()), *(("keep", name) for name in self.keep)]
        for path, known in self.source.firsts():
            place = "the first row" if len(self.source.paths) == 1 else f"the first row of {path.name}"
            hint = f"it has {', '.join(known[:20])}"
            missing = [(where, name) for where, name in said if name not in known]
            if missing:
                problems = tuple(
                    Problem(where, f"{place} has no column {name!r}", hint=hint) for where, name in missing
                )
                raise ArgumentError("the rows cannot be read", problems=problems)


def _shown(row: Mapping[str, Any]) -> str:
    try:
        return encode_json(normal(row)).decode()[:200]
    except NoFormError:
        return repr(row)[:200]


def _digest(value: Any) -> bytes:
    same = identity(value)
    data = b"t" + same.encode("utf-8", "surrogatepass") if isinstance(same, str) else b"j" + same
    return hashlib.blake2b(data, digest_size=16).digest()
