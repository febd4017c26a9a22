"""Rows from files: JSON Lines, CSV, plain lines, Parquet; one at a time, whatever the size of the files."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

from dynaclient.bulk.files import BROKEN, SUFFIXES, bad_rows, opened, reason_of, suffix_of
from dynaclient.openapi.media import NotJSON, decode_lines

FORMATS = ("jsonl", "csv", "tsv", "lines", "parquet")
LINE = "line"
"""The column of plain lines, and of JSON Lines that are no objects."""
_MARKS = (
    (b"\x1f\x8b", "gzip", ".gz"),
    (b"\xfd7zXZ", "xz", ".xz"),
    (b"\x28\xb5\x2f\xfd", "zstd", ".zst"),
    (b"PK\x03\x04", "zip", ".zip"),
)


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be read: ``reason`` says why, ``text`` what stands there, shortened."""

    reason: str
    text: str = ""


Row = Mapping[str, Any] | Bad


@dataclass(frozen=True, slots=True)
class Source:
    """Files of rows, read one after the other; row numbers run on through all of them.

    Parameters
    ----------
    paths:
        The files.
    format:
        One of ``FORMATS``, the same for all.
    digest:
        The BLAKE2b of their bytes, unpacked; of several files that of all their digests.
    size, lines:
        How many bytes they have, unpacked, and how many lines, or rows if they are Parquet.
    """

    paths: tuple[Path, ...]
    format: str
    digest: str
    size: int
    lines: int

    def __iter__(self) -> Iterator[Row]:
        return self.rows()

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """Return the rows.

        Parameters
        ----------
        columns:
            Those that are needed, all of which the files have: Parquet is faster without the others. None: all of them.
        """
        read = _READERS[self.format]
        return chain.from_iterable(read(path, columns) for path in self.paths)

    def firsts(self) -> Iterator[tuple[Path, Sequence[str]]]:
        """Return each file and the names of the columns of its first row; files without a row that says so are left out.

        Raises
        ------
        ArgumentError
            If a file cannot be read.
        """
        for path in self.paths:
            if self.format == "parquet":
                yield path, parquet_schema(path).names
                continue
            row = next(_READERS[self.format](path, None), None)
            if row is not None and not isinstance(row, Bad):
                yield path, list(row)


def open_rows(paths: Path | Sequence[Path], format: str | None = None) -> Source:
    """Open files of rows, reading each once from end to end for its digest.

    Parameters
    ----------
    paths:
        A file, or several of one format. ``.gz``, ``.bz2`` and ``.xz`` are unpacked on the way.
    format:
        What they hold; None: what their names say, else what they begin with (``PAR1``: Parquet; ``{``, ``[`` or a quote: JSON Lines; else plain lines).

    Raises
    ------
    ArgumentError
        If one cannot be read, or they are of different formats.
    """
    paths = (paths,) if isinstance(paths, Path) else tuple(paths)
    digests, size, lines = [], 0, 0
    formats: dict[str, Path] = {}
    for path in paths:
        said = format or SUFFIXES.get(suffix_of(path))
        digest, length, ends, begin = _read_once(path)
        _refuse_packed(path, begin)
        digests.append(digest)
        size, lines = size + length, lines + ends
        if said is not None or begin:
            formats.setdefault(said or _guessed(begin), path)
    if len(formats) > 1:
        told = ", ".join(f"{str(path)!r} is {kind}" for kind, path in formats.items())
        raise bad_rows(f"the files of one run have one format: {told}", "--rows-format names it for all of them")
    if "parquet" in formats:
        lines = sum(map(_parquet_rows, paths))
    if len(digests) > 1:
        digests = [hashlib.blake2b("".join(digests).encode(), digest_size=16).hexdigest()]
    return Source(paths, next(iter(formats), "lines"), digests[0], size, lines)


def _guessed(begin: bytes) -> str:
    """The format of a file whose name does not say it."""
    if begin.startswith(b"PAR1"):
        return "parquet"
    return "jsonl" if begin[:1] in (b"{", b"[", b'"') else "lines"


def _refuse_packed(path: Path, begin: bytes) -> None:
    """Refuse packed data under a name that does not say so: its lines would be sent, and paid for."""
    for mark, kind, name in _MARKS:
        if begin.startswith(mark):
            raise bad_rows(f"{str(path)!r} holds {kind} data", f"give it a name that ends in {name}, or unpack it")


def _read_once(path: Path) -> tuple[str, int, int, bytes]:
    """Return the digest, the bytes and the lines of a file, and what it begins with."""
    digest, size, lines, first = hashlib.blake2b(digest_size=16), 0, 0, b""
    block = b""
    try:
        with opened(path) as file:
            while following := file.read(1 << 20):
                block = following
                first = first or block.lstrip()[:6]
                digest.update(block)
                size += len(block)
                lines += block.count(b"\n")
    except BROKEN as error:
        raise bad_rows(f"cannot read {str(path)!r}: {reason_of(error)}") from None
    return digest.hexdigest(), size, lines + bool(block and not block.endswith(b"\n")), first


def _jsonl(path: Path, _columns: Sequence[str] | None) -> Iterator[Row]:
    with opened(path) as file:
        for value in decode_lines(file):
            if type(value) is dict:
                yield value
            elif type(value) is NotJSON:
                yield Bad(f"is not JSON: {value.reason}", _shown(value.line))
            else:
                yield {LINE: value}


def _lines(path: Path, _columns: Sequence[str] | None) -> Iterator[Row]:
    with opened(path) as file:
        for number, line in enumerate(file):
            line = line.removesuffix(b"\n").removesuffix(b"\r")
            try:
                yield {LINE: line.decode("utf-8-sig" if number == 0 else "utf-8")}
            except UnicodeDecodeError:
                yield Bad("is not UTF-8 text", _shown(line))


def _separated(path: Path, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(1 << 30)
    with io.TextIOWrapper(opened(path), encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        lines = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            columns = next(lines, [])
        except csv.Error as error:
            raise bad_rows(f"{path.name}, line {lines.line_num}: {error}") from None
        twice = {name for name in columns if name and columns.count(name) > 1}
        if twice:
            raise bad_rows(f"the first line of {path.name} names {', '.join(map(repr, sorted(twice)))} more than once")
        while True:
            before = lines.line_num
            try:
                fields = next(lines, None)
            except csv.Error as error:  # the reader begins anew behind it
                yield Bad(f"cannot be read, from line {before + 1} to line {lines.line_num}: {error}")
                continue
            if fields is None:
                return
            if fields:
                yield _fitted(columns, fields)


def _fitted(columns: list[str], fields: list[str]) -> Row:
    if len(fields) != len(columns):
        return Bad(f"has {len(fields)} fields where the first line names {len(columns)}", _shown(fields))
    if not all(map(_is_text, fields)):
        return Bad("is not UTF-8 text", _shown(fields))
    return dict(zip(columns, fields, strict=True))


def _is_text(field: str) -> bool:
    return field.isascii() or not any("\udc80" <= letter <= "\udcff" for letter in field)


def _parquet(path: Path, columns: Sequence[str] | None) -> Iterator[Row]:
    with reading_parquet(path) as file:
        wanted = None if columns is None else list(dict.fromkeys(columns))
        for batch in _batches(path, file, wanted):
            try:
                values = [python_values(column) for column in batch.columns]
            except (ValueError, NotImplementedError) as error:
                raise unreadable(path, error) from None
            names = batch.schema.names
            for row in zip(*values, strict=True):
                yield dict(zip(names, row, strict=True))


def _batches(path: Path, file: Any, columns: list[str] | None) -> Iterator[Any]:
    batches = file.iter_batches(batch_size=4096, columns=columns)
    while True:
        try:
            batch = next(batches, None)
        except (OSError, ValueError) as error:  # pyarrow's own errors are both
            raise unreadable(path, error) from None
        if batch is None:
            return
        yield batch


def reading_parquet(path: Path) -> Any:
    """Open a Parquet file, as a ``pyarrow.parquet.ParquetFile``.

    Raises
    ------
    ArgumentError
        If it cannot be read, or pyarrow is not installed.
    """
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError:
        raise bad_rows("Parquet needs the library pyarrow: pip install 'dynaclient[parquet]'") from None
    try:
        return parquet.ParquetFile(path)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def parquet_schema(path: Path) -> Any:
    """Return the columns of a Parquet file, as a ``pyarrow.Schema``."""
    with reading_parquet(path) as file:
        return file.schema_arrow


def _parquet_rows(path: Path) -> int:
    with reading_parquet(path) as file:
        return int(file.metadata.num_rows)


def unreadable(path: Path, error: Exception) -> Exception:
    """Return the error for a Parquet file that pyarrow cannot read."""
    return bad_rows(f"{path.name} cannot be read as Parquet: {str(error)[:200]}")


def python_values(column: Any) -> list[Any]:
    """Return the values of an Arrow array as Python's own; what Python has no type for as text. Nanoseconds are cut to microseconds, whether pandas is installed or not."""
    arrow: Any = import_module("pyarrow")
    kind = column.type
    try:
        if getattr(kind, "unit", "") == "ns":
            column = column.cast(_microseconds(arrow, kind), safe=False)
        found: list[Any] = column.to_pylist()
    except (ValueError, OverflowError, NotImplementedError):
        found = column.cast(arrow.string()).to_pylist()
    return found


def _microseconds(arrow: Any, kind: Any) -> Any:
    """Return the type of microseconds for one of nanoseconds."""
    if arrow.types.is_timestamp(kind):
        return arrow.timestamp("us", kind.tz)
    return arrow.duration("us") if arrow.types.is_duration(kind) else arrow.time64("us")


_READERS: dict[str, Callable[[Path, Sequence[str] | None], Iterator[Row]]] = {
    "jsonl": _jsonl,
    "csv": lambda path, _: _separated(path, ","),
    "tsv": lambda path, _: _separated(path, "\t"),
    "lines": _lines,
    "parquet": _parquet,
}


def _shown(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[:200].rstrip("\r\n")
