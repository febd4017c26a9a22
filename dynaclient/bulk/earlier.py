"""The output of a complete run as frames again, so that its failed rows are tried once more and take their places."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dynaclient.bulk.outputs import Layout, arrow_modules, jsonl_head, refused
from dynaclient.bulk.selection import Picked, Selection
from dynaclient.bulk.shards import Frame, Shards

_ROWS = 1024
"""Rows of one frame, at most."""
_SHAPE = re.compile(rb"'shape': \((\d+), (\d+)\)")
_HEADER = 128
_FAILED = b'"error":'


class Earlier:
    """The rows of an output, by their places.

    Parameters
    ----------
    path, layout:
        The file, and what it looks like.
    selection:
        The rows that it was made of.
    rows:
        How many of them there are.
    """

    def __init__(self, path: Path, layout: Layout, selection: Selection, rows: int) -> None:
        self._path, self._layout, self._selection, self._count = path, layout, selection, rows
        self._format = layout.format
        self.dims = 0
        """Numbers in a vector, known once the rows are read; 0 if results are JSON."""

    def good(self) -> list[tuple[int, int]]:
        """Return the spans of places whose rows succeeded: first, and one behind the last.

        Raises
        ------
        ArgumentError
            If the file is not what the run wrote.
        """
        spans: list[tuple[int, int]] = []
        for place, payload in self._rows():
            if payload is None:
                continue
            if spans and spans[-1][1] == place:
                spans[-1] = (spans[-1][0], place + 1)
            else:
                spans.append((place, place + 1))
        return spans

    def restore(self, shards: Shards, facts: dict[str, Any]) -> None:
        """Add the rows that succeeded to the frames, but for those that are there already.

        Parameters
        ----------
        shards:
            Sealed; it is sealed again.
        facts:
            What the first frame tells of all of them.
        """
        done = shards.done()
        span = next(done, None)
        held: list[bytes] = []
        first = 0
        for place, payload in self._rows():
            while span is not None and place >= span[1]:
                span = next(done, None)
            wanted = payload is not None and not (span is not None and span[0] <= place)
            if held and (not wanted or place != first + len(held) or len(held) == _ROWS):
                facts = self._append(shards, first, held, facts)
                held = []
            if wanted and payload is not None:
                first = first if held else place
                held.append(payload)
        if held:
            self._append(shards, first, held, facts)
        shards.seal()

    def _append(self, shards: Shards, first: int, held: list[bytes], facts: dict[str, Any]) -> dict[str, Any]:
        """Write a frame; the facts of the next one."""
        kept: dict[str, Any] = {"dims": self.dims} if self.dims else {}
        shards.append(Frame(first, len(held), {**kept, **facts}, b"".join(held)))
        return {}

    def _rows(self) -> Iterator[tuple[int, bytes | None]]:
        """The place of each different row and its bytes as a frame has them, None if it failed."""
        found = {"jsonl": self._jsonl, "npy": self._npy, "parquet": self._parquet}[self._format]()
        count = 0
        for picked, data in zip(self._picked(), found, strict=False):
            count += 1
            if picked.again:
                continue
            if self._format == "jsonl" and data is not None:
                head = jsonl_head(picked.number, picked.kept, self._layout.taken)
                if not data.startswith(head):
                    raise self._changed(f"has a line for row {picked.number} that the run did not write")
                data = data[len(head) :]
            failed = self._format == "jsonl" and data is not None and data.startswith(_FAILED)
            yield picked.place, None if failed else data
        if count != self._count or next(found, None) is not None:
            raise self._changed(f"has not the {self._count:,} rows that the run wrote")

    def _picked(self) -> Iterator[Picked]:
        if not self._selection.plain:
            return iter(self._selection)
        return (Picked(place, place, None, {}) for place in range(self._count))

    def _jsonl(self) -> Iterator[bytes | None]:
        with self._path.open("rb") as file:
            yield from file

    def _npy(self) -> Iterator[bytes | None]:
        with self._path.open("rb") as file:
            shape = _SHAPE.search(file.read(_HEADER))
            if shape is None:
                raise self._changed("is not a .npy file as the run wrote it")
            self.dims = int(shape[2])
            for _ in range(int(shape[1])):
                numbers = file.read(4 * self.dims)
                # A good vector holds no such number.
                failed = not numbers or math.isnan(struct.unpack_from("<f", numbers)[0])
                yield None if failed else numbers

    def _parquet(self) -> Iterator[bytes | None]:
        _, parquet = arrow_modules()
        with parquet.ParquetFile(self._path) as file:
            names = file.schema_arrow.names[1:2]
            self.dims = file.schema_arrow.field(names[0]).type.list_size
            size = 4 * self.dims
            for batch in file.iter_batches(_ROWS, columns=names):
                column = batch.column(0)
                null = column.is_null().to_pylist()
                values = column.values
                data = memoryview(values.buffers()[1])[(values.offset + column.offset * self.dims) * 4 :]
                for place, failed in enumerate(null):
                    yield None if failed else bytes(data[place * size : (place + 1) * size])

    def _changed(self, message: str) -> Exception:
        hint = "put the output back as it was, or begin anew with --overwrite"
        return refused(str(self._path), message, hint)


def joined(*spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans as one list in order, those that touch or overlap made one.

    >>> joined([(0, 2), (5, 6)], [(2, 4)])
    [(0, 4), (5, 6)]
    """
    found: list[tuple[int, int]] = []
    for first, end in sorted(span for some in spans for span in some):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((first, end))
    return found
