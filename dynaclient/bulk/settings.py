"""How a bulk run is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dynaclient.bulk.pace import Caps


@dataclass(frozen=True, slots=True)
class Settings:
    """How a bulk run is done.

    Parameters
    ----------
    out:
        The file of results; its name says the format.
    errors:
        The file of failed rows; None: ``out`` with ``.errors.jsonl`` behind it.
    take, column:
        The dotted path of what is kept of a result, and the name of its column, see `dynaclient.bulk.outputs.layout_of`.
    batch, in_flight, caps, count:
        Rows in a request, requests at once, the caller's caps, and what counts tokens.
    price:
        Of a million tokens, or None.
    overwrite:
        Whether what stands there already is begun anew.
    shard:
        Bytes of a shard.
    tell:
        Told of outages, in lines for people; on any thread.
    """

    out: Path
    count: Callable[[Any], int]
    errors: Path | None = None
    take: str = ""
    column: str | None = None
    batch: int | None = None
    in_flight: int = 8
    caps: Caps = field(default_factory=Caps)
    price: float | None = None
    overwrite: bool = False
    shard: int = 64 << 20
    tell: Callable[[str], object] = lambda line: None
