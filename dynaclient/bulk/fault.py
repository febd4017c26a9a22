"""Whose fault an error is, that of a row, that of the run, or not yet known; and the terms in which a `dynaclient.bulk.poison.Solver` speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from dynaclient.bulk.channel import Piece
from dynaclient.bulk.outage import span
from dynaclient.bulk.plan import Run
from dynaclient.errors import (
    APIError,
    ArgumentError,
    CredentialsError,
    DynaclientError,
    RedirectError,
    ReplyTooLargeError,
    SpecError,
)

OURS, ROWS, RUN, UNSURE = "ours", "rows", "run", "unsure"
REFUSED = frozenset({400, 413, 422})
STOPPING = frozenset({401, 402, 403, 404, 405, 406, 410, 411, 415, 501, 505})


def blame(error: DynaclientError, concerns_rows: Callable[[ArgumentError], bool]) -> str:
    """Return whose fault an error is.

    ``ours``: a row breaks the document and was not sent; ``rows``: the service refuses some row; ``run``: no row can pass and the run stops; ``unsure``: any other.
    """
    if isinstance(error, ArgumentError):
        return OURS if concerns_rows(error) else RUN
    if isinstance(error, (CredentialsError, SpecError, RedirectError)):
        return RUN
    if isinstance(error, ReplyTooLargeError):
        return ROWS
    if isinstance(error, APIError):
        if error.error_status in REFUSED:
            return ROWS
        return RUN if error.error_status in STOPPING else UNSURE
    return UNSURE


class Stop(Exception):
    """The run ends: ``error`` is why; it came for ``waited`` seconds, 0 if it ended the run at once."""

    def __init__(self, error: DynaclientError, waited: float = 0.0) -> None:
        super().__init__(str(error))
        self.error, self.waited = error, waited

    def told(self, *notes: str) -> DynaclientError:
        """Return the error with notes: how long the service was waited for, and what else there is to say."""
        waited = (f"The service was waited for {span(self.waited)}.",) if self.waited >= 1 else ()
        for note in (*waited, *notes):
            self.error.add_note(note)
        return self.error


@dataclass(frozen=True, slots=True)
class Traits:
    """What a `Solver` needs to know of an operation.

    Parameters
    ----------
    concerns_rows:
        Whether an ArgumentError is about rows.
    is_final:
        Whether the service or the document says of an error that sending again cannot help.
    repeatable:
        Whether a row may be sent again after the service may have seen it.
    retrying:
        Whether rows that failed are tried again.
    """

    concerns_rows: Callable[[ArgumentError], bool]
    is_final: Callable[[DynaclientError], bool] = lambda error: False
    repeatable: bool = True
    retrying: bool = True


@dataclass(frozen=True, slots=True)
class Aside:
    """A lone row that failed and is tried again later.

    Parameters
    ----------
    run, error:
        The row, and how it failed the last time.
    tries:
        How often it has failed.
    successes, proven:
        How many requests had succeeded, and how many probes had failed, when it failed the last time.
    due:
        When it may be tried again at the earliest, in seconds on the clock.
    sure:
        Whether others had succeeded between its last failure and the one before.
    """

    run: Run[Any]
    error: DynaclientError
    tries: int
    successes: int
    proven: int
    due: float
    sure: bool = False


class Sends(Protocol):
    """What sends a run."""

    def __call__(self, run: Run[Any], *, again: bool = False) -> Piece:
        """Send a run once and return its results; ``again``: its rows were sent before."""


def spread(count: int, most: int) -> list[int]:
    """Return places spread evenly over so many, the first and the last among them; at most ``most``."""
    if count <= most:
        return list(range(count))
    return sorted({place * (count - 1) // (most - 1) for place in range(most)})


def said_of(error: DynaclientError) -> tuple[str, str]:
    """Return what makes two failures the same: their kind and words."""
    return type(error).__name__, getattr(error, "message", "") if isinstance(error, APIError) else ""
