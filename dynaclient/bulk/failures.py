"""The file of failed rows of a bulk run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from dynaclient.bulk.kept import kept_json
from dynaclient.bulk.outputs import Layout, lines
from dynaclient.bulk.selection import Selection
from dynaclient.bulk.shards import Shards, write_whole
from dynaclient.openapi.media import encode_json

_FIELDS = frozenset({"row", "error", "message", "status", "given"})
_TOLD = 4096


def failed_places(shards: Shards) -> Iterator[int]:
    """Return the places of the rows that failed."""
    for frame in shards.frames():
        for place in frame.facts.get("errors") or ():
            yield frame.first + int(place)


def write_errors(
    path: Path,
    selection: Selection,
    shards: Shards,
    layout: Layout,
    dims: int,
    *,
    failures: bool,
    told: Callable[[int], object] = lambda rows: None,
) -> tuple[int, int]:
    """Write the file of failed rows, or delete it if no row failed.

    Parameters
    ----------
    path:
        Where.
    selection, shards, layout, dims:
        As for `dynaclient.bulk.outputs.write_output`.
    failures:
        Whether any row failed.
    told:
        Told now and then how many rows were looked at.

    Returns
    -------
    tuple[int, int]
        How many rows the output has, and how many of them failed.
    """
    if not failures:
        with suppress(FileNotFoundError):
            path.unlink()
        return sum(end - first for first, end in shards.done()) if selection.plain else selection.count(), 0
    rows = failed = 0

    def found() -> Iterator[bytes]:
        nonlocal rows, failed
        for line in lines(selection, shards, 0 if layout.format == "jsonl" else max(dims, 1)):
            if rows % _TOLD == 0:
                told(rows)
            rows += 1
            if line.error is not None:
                failed += 1
                error = {"row": line.number, **line.error}
                yield encode_json({**error, **kept_json(line.kept, _FIELDS)}) + b"\n"

    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.writelines(found()))
    return rows, failed
