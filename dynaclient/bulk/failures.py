"""The file of failed rows of a bulk run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    told: Callable[[int], object] = lambda rows: None,
) -> int:
    """Write the file of failed rows; how many they are.

    Parameters
    ----------
    path:
        Where.
    selection, shards, layout, dims:
        As for `dynaclient.bulk.outputs.write_output`.
    told:
        Told now and then how many rows were looked at.
    """
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
    return failed
