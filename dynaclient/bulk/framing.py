"""What became of items, as frames that are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dynaclient.bulk.ceiling import Ceiling
from dynaclient.bulk.channel import Piece
from dynaclient.bulk.engine import Worked
from dynaclient.bulk.outputs import Encoder
from dynaclient.bulk.plan import Run
from dynaclient.bulk.shards import Frame


def framed(worked: Worked[Piece], encoder: Encoder, ceiling: Ceiling, keep: Callable[[Frame], Frame]) -> Worked[Frame]:
    """Return what became of an item with frames in place of pieces, each of them kept. What cannot be kept ends the run, and what was kept before it stays.

    Parameters
    ----------
    worked:
        What became of the item.
    encoder:
        Makes the frames.
    ceiling:
        How many rows one request may hold, as far as it is known: it is kept with the frames, for a run that goes on later.
    keep:
        Keeps a frame.
    """
    frames: list[tuple[Run[Any], Frame]] = []
    found: Worked[Frame] = Worked(frames, worked.soon, worked.later, worked.error)
    try:
        for run, piece in worked.done:
            frames.append((run, keep(_frame(run, piece, encoder, ceiling))))
    except Exception as error:  # noqa: BLE001 - raised again by the thread that iterates
        found.error = error
    return found


def _frame(run: Run[Any], piece: Piece, encoder: Encoder, ceiling: Ceiling) -> Frame:
    facts = piece.facts(run.tokens)
    if ceiling.too_many is not None:
        facts["ceiling"] = [ceiling.fits, ceiling.too_many]
    frame = encoder.frame(run, piece.values, facts)
    return replace(frame, facts={**frame.facts, "dims": encoder.dims}) if encoder.dims else frame
