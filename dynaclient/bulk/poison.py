"""Which rows of a refused run are to blame: the run is halved until the bad rows are alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from dynaclient.bulk.channel import Piece
from dynaclient.bulk.engine import Halted
from dynaclient.bulk.plan import Run
from dynaclient.errors import (
    APIError,
    ArgumentError,
    CredentialsError,
    DynaclientError,
    RateLimitError,
    SpecError,
)

ROWS, RUN, UNSURE = "rows", "run", "unsure"
REFUSED = frozenset({400, 413, 422})
STOPPING = frozenset({401, 403, 404})
SAMPLE = 32
"""Rows that are tried alone, before anything has succeeded, to learn whether it is the rows at all."""

WITNESSES = 3
"""Rows that are tried alone, at most, to tell rows on which the service fails from a service that fails."""

Send = Callable[[Run[Any]], Piece]


def blame(error: DynaclientError, concerns_rows: Callable[[ArgumentError], bool]) -> str:
    """Whose fault an error is: that of some ``rows``, that of the whole ``run``, which stops then, or ``unsure``."""
    if isinstance(error, ArgumentError):
        return ROWS if concerns_rows(error) else RUN
    if isinstance(error, (CredentialsError, SpecError)):
        return RUN
    if isinstance(error, APIError):
        if error.status_code in REFUSED:
            return ROWS
        return RUN if error.status_code in STOPPING else UNSURE
    return UNSURE


class Stop(Exception):
    """The run ends: ``error`` is why."""

    def __init__(self, error: DynaclientError) -> None:
        super().__init__(str(error))
        self.error = error


class Solver:
    """Sends runs and puts an error in the place of each row that cannot be sent; shared by the workers of a bulk run.

    Parameters
    ----------
    send:
        Sends one run, its retries included.
    concerns_rows:
        Whether an ArgumentError is about rows.
    halt:
        Once it says True a run that has failed is not divided any more: `solve` ends with Halted.

    A 400, 413 or 422, or a row that breaks the document, is a row's fault. A 401, 403 or 404 stops the run, as does a refusal of everything: while nothing has succeeded
    rows spread over the run are tried alone, and where all fail in the same way it is not the rows. Whatever else outlasts its retries (5XX, time-outs, replies that are
    none) is a row's fault where other rows succeed meanwhile, and the service's where none does: a few of the run are tried alone to learn that.
    """

    def __init__(
        self, send: Send, concerns_rows: Callable[[ArgumentError], bool], halt: Callable[[], bool] = lambda: False
    ) -> None:
        self._send = send
        self._halt = halt
        self._concerns_rows = concerns_rows
        self._successes = 0
        self._alone: dict[tuple[str, str], int] = {}
        self._probing = threading.Lock()

    def solve(self, run: Run[Any]) -> Piece:
        """The results of a run, an error in the place of each bad row.

        Raises
        ------
        Stop
            Where it is not the rows.
        """
        before = self._successes
        try:
            return self._sent(run)
        except DynaclientError as error:
            return self._divided(run, error, before)

    def _sent(self, run: Run[Any]) -> Piece:
        while True:
            before = self._successes
            try:
                piece = self._send(run)
            except RateLimitError as error:
                if self._successes == before:  # a quota is used up: others are refused as well
                    raise Stop(error) from None
                continue
            self._successes += 1
            return piece

    def _divided(self, run: Run[Any], error: DynaclientError, before: int) -> Piece:
        whose = blame(error, self._concerns_rows)
        if whose == RUN:
            raise Stop(error)
        if self._halt():
            raise Halted
        if whose == ROWS and not self._successes:
            self._probe(run, error)
        if whose == UNSURE and self._successes == before and len(run.rows) > 1 and not self._answered(run):
            raise Stop(error)
        if len(run.rows) == 1:
            if whose == UNSURE and self._successes == before:
                raise Stop(error)
            return Piece([error])
        middle = len(run.rows) // 2
        return self._half(run.part(0, middle), before) + self._half(run.part(middle, len(run.rows)), before)

    def _half(self, run: Run[Any], before: int) -> Piece:
        try:
            return self._sent(run)
        except DynaclientError as error:
            return self._divided(run, error, before)

    def _answered(self, run: Run[Any]) -> bool:
        """Whether the service answers any of a few rows of a run, alone: where it does not, halving would only ask it for longer."""
        for place in spread(len(run.rows), WITNESSES):
            try:
                self._sent(run.part(place, place + 1))
            except DynaclientError as error:
                if blame(error, self._concerns_rows) == UNSURE:
                    continue
            return True
        return False

    def _probe(self, run: Run[Any], error: DynaclientError) -> None:
        """Stop where rows that are spread over the run all fail in the same way, and nothing has ever succeeded."""
        with self._probing:
            if self._successes:
                return
            if len(run.rows) == 1:  # one row proves nothing, many do
                self._alone[_said(error)] = self._alone.get(_said(error), 0) + 1
                if self._alone[_said(error)] < SAMPLE:
                    return
                raise Stop(error)
            said: set[tuple[str, str]] = set()
            for place in spread(len(run.rows), SAMPLE):
                try:
                    self._sent(run.part(place, place + 1))
                except DynaclientError as found:
                    if blame(found, self._concerns_rows) == RUN:
                        raise Stop(found) from None
                    said.add(_said(found))
                    if len(said) == 1:
                        continue
                return
            raise Stop(error)


def spread(count: int, most: int) -> list[int]:
    """Places spread evenly over so many, the first and the last among them; at most ``most``."""
    if count <= most:
        return list(range(count))
    return sorted({place * (count - 1) // (most - 1) for place in range(most)})


def _said(error: DynaclientError) -> tuple[str, str]:
    """What makes two failures the same: their kind and words."""
    return type(error).__name__, getattr(error, "message", "") if isinstance(error, APIError) else ""
