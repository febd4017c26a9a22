"""The files that ``--rows`` names: file names, patterns and folders become one list; packed files are read as what they hold."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import BinaryIO, cast

from dynaclient.errors import ArgumentError, Problem

SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "lines",
    ".parquet": "parquet",
}
_PACKED: dict[str, Callable[[Path], object]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_UNREAD = {".zst": "zstd -dc", ".zip": "unzip -p", ".lz4": "lz4 -dc", ".br": "brotli -dc"}
BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What reading a file raises if it is not there, or if what it was packed with cannot unpack it."""


def bad_rows(message: str, hint: str = "") -> ArgumentError:
    """Return the error that says why rows cannot be read."""
    return ArgumentError("the rows cannot be read", problems=(Problem("rows", message, hint=hint),))


def opened(path: Path) -> BinaryIO:
    """Open a file for reading bytes; ``.gz``, ``.bz2`` and ``.xz`` are unpacked on the way.

    Raises
    ------
    OSError
        If there is no such file.
    """
    unpack = _PACKED.get(path.suffix.lower())
    return path.open("rb") if unpack is None else cast(BinaryIO, unpack(path))


def reason_of(error: BaseException) -> str:
    """Return why a file cannot be read, for an error of ``BROKEN``."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def suffix_of(path: Path) -> str:
    """Return the suffix that says the format: that of ``rows.csv.gz`` is ``.csv``.

    Raises
    ------
    ArgumentError
        If the file is packed in a way that is not read here.
    """
    suffix = path.suffix.lower()
    if suffix in _UNREAD:
        hint = f"unpack it: {_UNREAD[suffix]} {path.name} | dynaclient bulk ... --rows -"
        raise bad_rows(f"{str(path)!r}: {suffix} is not read here; .gz, .bz2 and .xz are", hint)
    found = Path(path.stem).suffix.lower() if suffix in _PACKED else suffix
    if found == ".parquet" and suffix in _PACKED:
        raise bad_rows(f"{str(path)!r}: unpack it; a Parquet file is packed inside and is read from its end")
    return found


def expanded(names: Sequence[str], apart: Collection[Path] = (), *, every: bool = False) -> tuple[Path, ...]:
    """Return the files that names stand for, in the order of the names.

    Parameters
    ----------
    names:
        Files; patterns (``data/*.parquet``, ``**`` for all folders below), whose files are sorted by name; folders, whose Parquet files, or else files of rows, are sorted by name.
        A folder's files and folders that begin with ``.`` or ``_`` are skipped.
    apart:
        Files that no pattern and no folder stands for: the output of the run, say.
    every:
        Whether all files of a folder are rows if no name says so.

    Raises
    ------
    ArgumentError
        If a name stands for no file, or a file is named twice.
    """
    left_out = {path.absolute() for path in apart}
    found: list[Path] = []
    for name in names:
        found.extend(_named(name, left_out, every))
    seen: set[Path] = set()
    for path in found:
        if path.absolute() in seen:
            raise bad_rows(f"{str(path)!r} is named twice, so that its rows would be sent twice")
        seen.add(path.absolute())
    return tuple(found)


def _named(name: str, apart: Collection[Path], every: bool) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        yield from _in_folder(path, apart, every)
    elif has_magic(name) and not path.exists():
        matching = [Path(one) for one in sorted(glob(name, recursive=True))]  # noqa: PTH207 - Path.glob takes no absolute pattern
        files = [one for one in matching if one.is_file() and one.absolute() not in apart]
        if not files:
            raise bad_rows(f"no file matches {name!r}")
        yield from files
    else:
        yield path


def _in_folder(folder: Path, apart: Collection[Path], every: bool) -> Iterator[Path]:
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
        and path.absolute() not in apart
    ]
    parquet = [path for path in files if path.suffix.lower() == ".parquet"]
    rows = parquet or [path for path in files if any(suffix in SUFFIXES for suffix in path.suffixes[-2:])]
    rows = rows or (files if every else [])
    if not rows:
        known = f"known are {', '.join(SUFFIXES)}; with --rows-format all of its files are rows"
        raise bad_rows(f"the folder {str(folder)!r} holds no file of rows", known)
    yield from rows
