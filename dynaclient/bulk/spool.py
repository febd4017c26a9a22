"""Rows that can be read but once, from standard input or a pipe, kept in a file until the run that they are for is complete."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from dynaclient.bulk.outputs import refused
from dynaclient.bulk.rows import Source, open_rows
from dynaclient.bulk.shards import read_manifest


@contextmanager
def spooled(
    stream: BinaryIO | Path,
    out: Path | None,
    format: str | None,
    overwrite: bool,
    begun: Callable[[], bool],
    came: Callable[[int], object] = lambda count: None,
) -> Iterator[Source]:
    """A stream of rows as a file that can be read more than once, while a block runs.

    The file is ``OUT.rows`` where the run that stands at the output is one of these rows, or none does; else a temporary one, and that of the other run is left alone. It is
    deleted at the end, unless an exception ends the block and the run was begun, now or before: then it is needed to take the run up again.

    Parameters
    ----------
    stream:
        The rows, or the pipe that they come from.
    out:
        The output; None for a dry run, whose rows are kept in the system's folder for temporary files.
    format:
        Of the rows, see `dynaclient.bulk.rows.open_rows`.
    overwrite:
        Whether what stands at the output is begun anew.
    begun:
        Whether the run has begun.
    came:
        Told how many bytes have come, each time that some come.

    Raises
    ------
    ArgumentError
        Where there is no room for them.
    """
    path, kept = _copied(stream, out, came), False
    try:
        source = open_rows(path, format)
        if out is not None and (overwrite or _fits(out, source)):
            place = out.with_name(f"{out.name}.rows")
            kept = place.exists()
            path = path.replace(place)
            source = replace(source, paths=(path,))
        yield source
    except BaseException:
        if not kept and not begun():
            _delete(path)
        raise
    _delete(path)


def is_pipe(path: Path) -> bool:
    """Whether a file gives its content but once, such as ``<(zcat rows.gz)`` of a shell."""
    try:
        mode = path.stat().st_mode
    except OSError:  # told of when it is read
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _copied(stream: BinaryIO | Path, out: Path | None, came: Callable[[int], object]) -> Path:
    path = Path(tempfile.gettempdir(), "rows") if out is None else out
    try:
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(".rows", f".{path.name}.", path.parent)
    except OSError as error:
        raise refused(str(path), error.strerror or str(error)) from None
    try:
        with (
            os.fdopen(handle, "wb") as file,
            stream.open("rb") if isinstance(stream, Path) else nullcontext(stream) as rows,
        ):
            read = getattr(rows, "read1", rows.read)  # what is there, and not what would fill a block
            while block := read(1 << 20):
                file.write(block)
                came(len(block))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        _delete(Path(name))
        raise refused(name, f"the rows cannot be kept there: {error.strerror or error}") from None
    except BaseException:
        _delete(Path(name))
        raise
    return Path(name)


def _fits(out: Path, source: Source) -> bool:
    """Whether no run stands at the output, or one of these rows."""
    manifest = read_manifest(out.with_name(f"{out.name}.manifest.json"))
    return manifest is None or manifest.get("rows", {}).get("digest") == source.digest


def _delete(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
