"""Rows from a file: JSON Lines, CSV, plain lines, Parquet; one at a time, whatever the size of the file."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from dynaclient.errors import ArgumentError, Problem
from dynaclient.openapi.media import NotJSON, decode_lines

FORMATS = ("jsonl", "csv", "tsv", "lines", "parquet")
LINE = "line"
"""The column of plain lines, and of JSON Lines that are no objects."""

_SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "lines",
    ".parquet": "parquet",
}


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be read: ``reason`` says why, ``text`` what stands there, shortened."""

    reason: str
    text: str = ""


Row = Mapping[str, Any] | Bad


@dataclass(frozen=True, slots=True)
class Source:
    """A file of rows; ``format`` is one of ``FORMATS``, ``digest`` the BLAKE2b of its bytes, ``lines`` how many line ends it has."""

    path: Path
    format: str
    digest: str
    size: int
    lines: int

    def __iter__(self) -> Iterator[Row]:
        return _READERS[self.format](self.path)


def open_rows(path: Path, format: str | None = None) -> Source:
    """A file of rows, read once from end to end for its digest.

    Parameters
    ----------
    path:
        The file.
    format:
        What it holds; None: what its name says, else what its first byte says (``{``, ``[`` or a quote: JSON Lines, else plain lines).

    Raises
    ------
    ArgumentError
        Where it cannot be read.
    """
    digest, size, lines, first = hashlib.blake2b(digest_size=16), 0, 0, b""
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                first = first or block.lstrip()[:1]
                digest.update(block)
                size += len(block)
                lines += block.count(b"\n")
    except OSError as error:
        raise _bad(f"cannot read {str(path)!r}: {error.strerror or error}") from None
    chosen = format or _SUFFIXES.get(path.suffix.lower()) or ("jsonl" if first in (b"{", b"[", b'"') else "lines")
    return Source(path, chosen, digest.hexdigest(), size, lines)


def _jsonl(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        for value in decode_lines(file):
            if type(value) is dict:
                yield value
            elif type(value) is NotJSON:
                yield Bad(f"is not JSON: {value.reason}", _shown(value.line))
            else:
                yield {LINE: value}


def _lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        for number, line in enumerate(file):
            line = line.removesuffix(b"\n").removesuffix(b"\r")
            try:
                yield {LINE: line.decode("utf-8-sig" if number == 0 else "utf-8")}
            except UnicodeDecodeError:
                yield Bad("is not UTF-8 text", _shown(line))


def _separated(path: Path, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        lines = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            columns = next(lines, [])
        except csv.Error as error:
            raise _bad(f"{path.name}, line {lines.line_num}: {error}") from None
        twice = {name for name in columns if name and columns.count(name) > 1}
        if twice:
            raise _bad(f"the first line of {path.name} names {', '.join(map(repr, sorted(twice)))} more than once")
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


def _parquet(path: Path) -> Iterator[Row]:
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError:
        raise _bad("Parquet needs the library pyarrow: pip install 'dynaclient[parquet]'") from None
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=4096):
                yield from batch.to_pylist()
    except (OSError, ValueError) as error:  # pyarrow's own errors are both
        raise _bad(f"{path.name} cannot be read as Parquet: {str(error)[:200]}") from None


_READERS = {
    "jsonl": _jsonl,
    "csv": lambda path: _separated(path, ","),
    "tsv": lambda path: _separated(path, "\t"),
    "lines": _lines,
    "parquet": _parquet,
}


def _shown(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[:200].rstrip("\r\n")


def _bad(message: str) -> ArgumentError:
    return ArgumentError("the rows cannot be read", problems=(Problem("rows", message),))
