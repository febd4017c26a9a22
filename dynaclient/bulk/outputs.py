"""Results as bytes: what a finished run leaves in its frame, and how frames become one file: JSON Lines, ``.npy``, Parquet."""

from __future__ import annotations

import struct
import sys
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from dynaclient.bulk.grid import npy_header
from dynaclient.bulk.kept import Kept, UnfitError, kept_json
from dynaclient.bulk.plan import Run
from dynaclient.bulk.selection import Selection
from dynaclient.bulk.shards import Frame, Shards, write_whole
from dynaclient.errors import APIError, ArgumentError, DynaclientError, Problem
from dynaclient.openapi.batchfield import vector_field
from dynaclient.openapi.media import encode_json
from dynaclient.openapi.model import Operation
from dynaclient.openapi.normal import NoFormError, normal
from dynaclient.openapi.vectors import pack
from dynaclient.value import Vector, plain

FORMATS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".npy": "npy", ".parquet": "parquet"}
GROUP = 65_536
"""Rows in one row group of a Parquet file."""
WHOLE = "result"
"""The column of results that are kept whole."""
_TOLD = 4096
_LITTLE = sys.byteorder == "little"
_NAN = struct.pack("<f", float("nan"))


def format_of(path: Path) -> str:
    """What a file of this name holds.

    Raises
    ------
    ArgumentError
        Where its name does not say it.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise refused("out", f"{path.name!r} says no format", f"a name that ends in {', '.join(FORMATS)} is expected")
    return found


def refused(where: str, message: str, hint: str = "") -> ArgumentError:
    """The error that says why there is no output."""
    return ArgumentError("the output cannot be written", problems=(Problem(where, message, hint=hint),))


@dataclass(frozen=True, slots=True)
class Layout:
    """What an output looks like, the same in all formats: the columns ``row``, that of the results, ``error``, and those that are kept.

    Parameters
    ----------
    format:
        ``jsonl``, or ``npy`` and ``parquet``, which hold vectors.
    take:
        The dotted path of what is kept of a result; ``""``: all of it, or its one field that holds numbers where a vector is wanted.
    column:
        The name of the column of the results.
    """

    format: str
    take: str = ""
    column: str = WHOLE

    @property
    def taken(self) -> tuple[str, ...]:
        """The names that no kept column can have."""
        return ("row", self.column, "error")


def layout_of(document: Mapping[str, Any], operation: Operation, out: Path, take: str, column: str | None) -> Layout:
    """Return what an output looks like.

    Parameters
    ----------
    document, operation:
        They say which field of a result is the vector: that is kept if ``take`` names none.
    out:
        The file; its name says the format.
    take:
        The dotted path of what is kept of a result; ``""``: the vector, if the document says which it is, else all of it; ``"."``: all of it.
    column:
        The name of the column of the results; None: the last name of the path, or ``result`` if all of it is kept.

    Raises
    ------
    ArgumentError
        If the name of the file says no format, or the column has the name of another.
    """
    if column in ("row", "error"):
        raise refused("column", f"{column!r} is another column of the output")
    path = "" if take == "." else take or vector_field(document, operation)
    return Layout(format_of(out), path, column or path.rpartition(".")[2] or WHOLE)


class Encoder:
    """Results of runs -> frames; safe among threads.

    Parameters
    ----------
    layout:
        What the output looks like.
    order:
        The key of a result that says its place, which is left out: the number of the row says it.
    dims:
        How long vectors are, 0 where that is not known yet.
    """

    def __init__(self, layout: Layout, order: str, dims: int = 0) -> None:
        self._vectors = layout.format != "jsonl"
        self._take = tuple(layout.take.split(".")) if layout.take else ()
        self._result, self._error = (encode_json(name) + b":" for name in (layout.column, "error"))
        self._order = order
        self.dims = dims
        self._lock = threading.Lock()

    def frame(self, run: Run[Any], values: Sequence[Any], facts: Mapping[str, Any]) -> Frame:
        """The frame of a finished run, an error in the place of each bad row.

        Raises
        ------
        ArgumentError
            Where a result holds no vector, or one of another length, and vectors are wanted.
        """
        parts: list[Any] = []
        errors: dict[str, Any] = {}
        name = self._take[0] if self._vectors and len(self._take) == 1 else ""
        for place, value in enumerate(values):
            found = value.get(name) if name and isinstance(value, dict) else None
            if type(found) is Vector and found.typecode == "f" and 0 < len(found) == self.dims and _LITTLE:
                parts.append(found)  # most rows: numbers that are packed already
            elif isinstance(value, DynaclientError):
                told = error_of(value)
                errors[str(place)] = {**told, "given": _given(run.rows[place])}
                if not self._vectors:
                    parts.append(self._error + encode_json(told["message"]) + b"}\n")
            elif self._vectors:
                parts.append(self._vector(value, run.first + place))
            else:
                parts.append(self._result + encode_json(plain(self._taken(value))) + b"}\n")
        return Frame(run.first, len(values), {**facts, "errors": errors} if errors else facts, b"".join(parts))

    def _taken(self, value: Any) -> Any:
        if not self._take and self._order and isinstance(value, dict):
            value.pop(self._order, None)
        for name in self._take:
            if not isinstance(value, dict) or name not in value:
                known = ", ".join(value) if isinstance(value, dict) else "no fields"
                raise refused("take", f"a result has no {name!r}", f"it has {known}")
            value = value[name]
        return value

    def _vector(self, value: Any, row: int) -> bytes:
        found = self._taken(value)
        if not self._take and isinstance(found, dict):
            fields = [name for name, item in found.items() if _is_vector(item)]
            if len(fields) != 1:
                known = ", ".join(fields or found)
                raise refused("take", "a result has not one field that holds numbers", f"name one of {known}")
            with self._lock:
                self._take = (fields[0],)
            found = found[fields[0]]
        if not _is_vector(found):
            what = "an empty one" if isinstance(found, (list, array)) and not found else type(found).__name__
            raise refused("take", f"row {row}: a vector of numbers is expected, not {what}")
        if not self.dims:
            with self._lock:
                self.dims = self.dims or len(found)
        if len(found) != self.dims:
            raise refused("out", f"the vector of row {row} has {len(found)} numbers, those before have {self.dims}")
        if not isinstance(found, array) or found.typecode != "f":
            try:
                found = array("f", pack(found, "f"))
            except ValueError as error:
                raise refused("out", f"the vector of row {row} cannot be kept as float32: {error}") from None
        if not _LITTLE:
            found = array("f", found)
            found.byteswap()
        return bytes(found)


def _is_vector(value: Any) -> bool:
    if isinstance(value, array):
        return bool(value)
    return (
        isinstance(value, list) and bool(value) and type(value[0]) in (int, float) and type(value[-1]) in (int, float)
    )


def error_of(error: DynaclientError) -> dict[str, Any]:
    """An error as it is told of a row: ``error``, ``message`` and, where the service answered, its ``status``."""
    told: dict[str, Any] = {"error": type(error).__name__, "message": error.message}
    if isinstance(error, ArgumentError):
        told["message"] = "; ".join(map(str, error.problems)) or error.message
    if isinstance(error, APIError):
        told["status"] = error.status_code
    return told


def _given(value: Any) -> Any:
    try:
        return normal(value)
    except NoFormError:
        return repr(value)[:1000]


# --- frames -> one file


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the output: ``result`` its bytes as they stand in the frame, None where it failed; ``error`` why, ``kept`` its columns."""

    number: int
    result: bytes | None
    error: Mapping[str, Any] | None
    kept: Mapping[str, Any]


def lines(selection: Selection, shards: Shards, dims: int) -> Iterator[Line]:
    """Every row that was chosen, in order, with its result.

    Parameters
    ----------
    selection, shards:
        The rows and the frames.
    dims:
        Numbers in a vector; 0: results are lines of JSON.
    """
    if selection.plain:
        for frame in shards.frames():
            yield from (Line(number, result, error, {}) for number, result, error in _rows(frame, dims))
        return
    split: dict[int, list[Any]] = {}
    for picked in selection:
        frame = shards.frame(picked.place)
        rows = split.get(frame.first)
        if rows is None:
            if len(split) > 64:
                split.clear()
            rows = split[frame.first] = list(_rows(frame, dims))
        _, result, error = rows[picked.place - frame.first]
        yield Line(picked.number, result, error, picked.kept)


def _rows(frame: Frame, dims: int) -> Iterator[tuple[int, bytes | None, Mapping[str, Any] | None]]:
    errors = frame.facts.get("errors") or {}
    if not dims:
        for place, line in enumerate(frame.payload.split(b"\n")[:-1]):
            yield frame.first + place, line, errors.get(str(place))
        return
    size, offset = 4 * dims, 0
    for place in range(frame.count):
        error = errors.get(str(place))
        if error is not None:
            yield frame.first + place, None, error
        else:
            yield frame.first + place, frame.payload[offset : offset + size], None
            offset += size


def write_output(
    path: Path,
    layout: Layout,
    selection: Selection,
    shards: Shards,
    dims: int,
    kept: Kept,
    told: Callable[[int], object] = lambda rows: None,
) -> int:
    """Write the output, whole or not at all; how many rows it has.

    Parameters
    ----------
    path, layout:
        Where, and what it looks like.
    selection, shards, dims:
        As for `lines`.
    kept:
        The columns that are kept.
    told:
        Told now and then how many rows are written.
    """
    count = 0

    def rows() -> Iterator[Line]:
        nonlocal count
        vectors, count = 0 if layout.format == "jsonl" else max(dims, 1), 0
        for line in lines(selection, shards, vectors):
            if count % _TOLD == 0:
                told(count)
            count += 1
            yield line

    if layout.format == "jsonl":
        write_whole(path, lambda file: file.writelines(_jsonl(rows(), layout)))
    elif layout.format == "npy":
        write_whole(path, lambda file: _npy(file, rows(), dims))
    else:
        columns = lambda: kept.begin((picked.kept for picked in selection), layout.taken)  # noqa: E731
        write_whole(path, lambda file: _parquet(file, rows, max(dims, 1), layout.column, kept, columns))
    return count


def _jsonl(rows: Iterable[Line], layout: Layout) -> Iterator[bytes]:
    for line in rows:
        yield b"%b%b\n" % (jsonl_head(line.number, line.kept, layout.taken), line.result or b"")


def jsonl_head(number: int, kept: Mapping[str, Any], taken: Sequence[str]) -> bytes:
    """Return what stands before the result in a line: the number of the row, and the columns that are kept."""
    return b'{"row":%d,%b' % (number, encode_json(kept_json(kept, taken))[1:-1] + b"," if kept else b"")


def _npy(file: BinaryIO, rows: Iterable[Line], dims: int) -> None:
    """A header, then the numbers; a row that failed is not a number. The count is put into the header at the end."""
    file.write(npy_header(0, dims))
    count, missing = 0, _NAN * dims
    for line in rows:
        file.write(line.result or missing)
        count += 1
    file.seek(0)
    file.write(npy_header(count, dims))


def _parquet(
    file: BinaryIO,
    rows: Callable[[], Iterator[Line]],
    dims: int,
    column: str,
    kept: Kept,
    columns: Callable[[], list[Any]],
) -> None:
    """Columns ``row``, that of the vectors (a fixed-size list of float32, null if the row failed), ``error``, and those that are kept, with their types."""
    while True:
        try:
            return _tables(file, rows(), dims, column, kept, columns())
        except UnfitError:  # its column is text from now on
            file.seek(0)
            file.truncate()


def _tables(file: BinaryIO, rows: Iterator[Line], dims: int, column: str, kept: Kept, fields: Sequence[Any]) -> None:
    arrow, parquet = arrow_modules()
    own = [("row", arrow.int64()), (column, arrow.list_(arrow.float32(), dims)), ("error", arrow.string())]
    schema = arrow.schema([*own, *fields])
    with parquet.ParquetWriter(file, schema) as writer:
        for group in _groups(rows):
            vectors = b"".join(line.result or bytes(4 * dims) for line in group)
            flat = arrow.Array.from_buffers(arrow.float32(), len(group) * dims, [None, arrow.py_buffer(vectors)])
            mask = arrow.array([line.result is None for line in group])
            numbers = [line.number for line in group]
            made = [
                arrow.array(numbers, arrow.int64()),
                arrow.FixedSizeListArray.from_arrays(flat, dims, mask=mask),
                arrow.array([line.error["message"] if line.error else None for line in group], arrow.string()),
                *kept.columns(numbers, [line.kept for line in group]),
            ]
            writer.write_table(arrow.table(made, schema=schema), row_group_size=GROUP)


def _groups(rows: Iterable[Line]) -> Iterator[list[Line]]:
    group: list[Line] = []
    for line in rows:
        group.append(line)
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group


def arrow_modules() -> tuple[Any, Any]:
    """The library pyarrow and its Parquet.

    Raises
    ------
    ArgumentError
        Where it is not installed.
    """
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise refused("out", "Parquet needs the library pyarrow", "pip install 'dynaclient[parquet]'") from None
