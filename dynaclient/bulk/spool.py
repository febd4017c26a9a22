"""Rows from standard input, kept in a file so that a run that was killed can be taken up again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

from dynaclient.bulk.shards import write_whole


def spooled(stream: BinaryIO, out: Path) -> Path:
    """Copy a stream to a file beside the output, whole or not at all; the file stays until it is deleted by hand.

    Parameters
    ----------
    stream:
        The rows.
    out:
        The output.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    path = out.with_name(out.name + ".rows")
    write_whole(path, lambda file: shutil.copyfileobj(stream, file, 1 << 20))
    return path
