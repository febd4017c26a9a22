"""Which rows of a refused run are to blame, and which are only to be sent again: a run is halved until the bad rows are alone, and no row is blamed for what passes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from dynaclient.bulk.ceiling import Ceiling
from dynaclient.bulk.chance import Chance
from dynaclient.bulk.channel import Piece
from dynaclient.bulk.engine import Worked
from dynaclient.bulk.fault import OURS, ROWS, RUN, UNSURE, Aside, Sends, Stop, Traits, blame, said_of, spread
from dynaclient.bulk.outage import SUSPECT, Pass
from dynaclient.bulk.patience import GivenUp, Patience
from dynaclient.bulk.plan import Run
from dynaclient.cancel import current
from dynaclient.errors import (
    ConnectError,
    DynaclientError,
    RateLimitError,
    ReplyError,
    TLSError,
)

SAMPLE = 32
"""Rows that are tried alone, before anything has succeeded, to learn whether it is the rows at all."""

WITNESSES = 3
"""Rows of a run that are tried alone, in turn, to tell rows on which the service fails from a service that fails."""

UNREADABLE = 8
"""Replies that cannot be read, before any that can, after which the run stops: they are paid for."""
_MEANWHILE = 0.05
"""Seconds after which a row that is to be blamed is looked at again, while others have been tried less often."""
THROTTLED = 20
"""Refusals with 429 of one and the same run, while others succeed, after which it counts as failed."""


Item = Run[Any] | Aside


class Solver:
    """Sends runs and puts an error in the place of each row that cannot be sent; shared by the workers of a bulk run.

    Parameters
    ----------
    send:
        Sends one run, once.
    traits:
        Of the operation.
    patience:
        What waits while the service does not answer.
    delay:
        Seconds before a failed row is tried again, by the number of its failure from 0.
    ceiling:
        How many rows one request may hold, as far as it was learned before.
    sampling:
        Whether the run stops if nothing has succeeded and rows that are spread over it are all refused in the same way.

    A 401, 402, 403 or 404 stops the run. A row that breaks the document is blamed at once. A run that is refused with 400, 413 or 422, or that fails while others
    succeed, is halved. A lone row that fails is put aside, and blamed once it has failed as often as chance does not explain, each time with successes of others after it.
    """

    def __init__(
        self,
        send: Sends,
        traits: Traits,
        patience: Patience,
        delay: Callable[[int], float] = lambda number: 0.0,
        *,
        ceiling: Ceiling | None = None,
        sampling: bool = True,
    ) -> None:
        self._send, self._traits, self._patience, self._delay = send, traits, patience, delay
        self.ceiling = ceiling or Ceiling()
        self._sampling = sampling
        self._lock = threading.Lock()
        self._learning = threading.Lock()
        self._probing = threading.Lock()
        self._successes = self._unreadable = 0
        self._good: Run[Any] | None = None
        self._alone: dict[tuple[str, str], int] = {}
        self._chance = Chance(retrying=traits.retrying)

    def work(self, item: Item) -> Worked[Piece]:
        """Send a run, or a row that was put aside. What was finished before an error is kept: ``error`` is a `Stop`, a `Halted` or a bug."""
        worked: Worked[Piece] = Worked()
        try:
            if isinstance(item, Aside):
                self._again(item, worked)
            else:
                self._begin(item, worked)
        except GivenUp as given_up:
            worked.error = Stop(given_up.error, given_up.waited)
        except Exception as error:  # noqa: BLE001 - raised again by the thread that iterates
            worked.error = error
        return worked

    # --- sending

    def _sent(
        self, run: Run[Any], *, again: bool = False, suspect: bool = False, unless: Callable[[], bool] = lambda: False
    ) -> Piece | None:
        """Send a run, as often as it is refused because too much was sent; None if ``unless`` says that it is not needed any more."""
        throttled, before = 0, self._successes
        while (given := self._patience.enter(unless)) is not None:
            # One good row shows whether the service answers; a run that may be too long, or a row that failed before, does not.
            doubtful = len(run.rows) > max(1, self.ceiling.fits) or (suspect and self._good is not None)
            probe = given.probe and self._traits.repeatable and doubtful
            sent = (self._good or run.part(0, 1)) if probe else run
            try:
                piece = self._send(sent, again=again or probe)
            except RateLimitError as error:
                lone = not self._traits.retrying and self._successes == before
                waited = self._patience.refused(given)
                if waited is not None or lone or self._traits.is_final(error):
                    raise Stop(error, waited or 0.0) from None
                throttled += 1
                if throttled >= THROTTLED and self._successes > before:
                    raise
                again = True
            except DynaclientError as error:
                whose = self._failed(given, sent, error)
                if whose == RUN:
                    raise Stop(error) from None
                # If nothing was sent no row can be to blame.
                if not probe and not (whose == UNSURE and isinstance(error, ConnectError)):
                    raise
                again = again or not probe
            except BaseException:
                self._patience.drop(given)
                raise
            else:
                self._succeeded(given, sent)
                if not probe:
                    return piece
        return None

    def _succeeded(self, given: Pass, run: Run[Any]) -> None:
        self._patience.succeeded(given)
        self.ceiling.took(len(run.rows))
        with self._lock:
            self._successes += 1
            if self._good is None:
                self._good = run.part(0, 1)

    def _failed(self, given: Pass, sent: Run[Any], error: DynaclientError) -> str:
        """Note a failure; whose fault it is."""
        whose = self._whose(error)
        if whose == OURS or (isinstance(error, ReplyError) and self._good is None):
            self._patience.drop(given)  # of replies that cannot be read, before any that can, a few end the run
        elif whose == UNSURE:
            self._patience.failed(given, error, proof=len(sent.rows) <= self.ceiling.fits)
        else:
            self._patience.succeeded(given)  # a refusal is an answer
        if isinstance(error, ReplyError) and self._good is None:
            with self._lock:
                self._unreadable += 1
            if self._unreadable >= UNREADABLE:
                raise Stop(error)
        return whose

    def _whose(self, error: DynaclientError) -> str:
        whose = blame(error, self._traits.concerns_rows)
        if whose != UNSURE:
            return whose
        if isinstance(error, TLSError) and self._good is None:
            return RUN
        return ROWS if self._traits.is_final(error) else UNSURE

    # --- runs

    def cut(self, item: Item) -> list[Item] | None:
        """Return the parts in which an item is sent, the first of them first; None: ask again once another item has ended."""
        if isinstance(item, Aside):
            return [item]
        count = len(item.rows)
        size = self.ceiling.cut(count)
        if not size:
            return None
        return [item] if size == count else [item.part(0, size), item.part(size, count)]

    def _begin(self, run: Run[Any], worked: Worked[Piece]) -> None:
        """Send a run; one that is known to be too long is given back, to be cut."""
        if self.ceiling.bounds(len(run.rows)):
            worked.soon.append(run)
            return
        try:
            self._solve(run, worked)
        finally:
            self.ceiling.dropped(len(run.rows))

    def _solve(self, run: Run[Any], worked: Worked[Piece]) -> bool:
        """Send a run, in parts if need be; whether all of its rows succeeded."""
        before, proven = self._successes, self._patience.proven
        try:
            piece = self._sent(run)
        except DynaclientError as error:
            return self._divided(run, error, before, proven, worked)
        assert piece is not None
        worked.done.append((run, piece))
        return True

    def _divided(self, run: Run[Any], error: DynaclientError, before: int, proven: int, worked: Worked[Piece]) -> bool:
        whose = self._whose(error)
        if whose in (OURS, ROWS) and self._good is None:
            self._probe(run, error)
        if len(run.rows) == 1:
            self._aside(run, error, whose, worked)
            return False
        if whose == UNSURE:
            self._witness(run, error, before)
            if self._patience.proven > proven:  # it was the service
                worked.soon.append(run)
                return False
        if len(run.rows) <= self.ceiling.fits or whose == OURS:
            return self._halves(run, before, worked)
        self._acquire(self._learning)  # one learns how long a run may be, the others wait for what it learns
        try:
            if self.ceiling.bounds(len(run.rows)):
                worked.soon.append(run)
                return False
            return self._halves(run, before, worked)
        finally:
            self._learning.release()

    def _halves(self, run: Run[Any], before: int, worked: Worked[Piece]) -> bool:
        """Send both halves of a run; whether all of its rows succeeded."""
        count = len(run.rows)
        whole = True
        for half in (run.part(0, count // 2), run.part(count // 2, count)):
            if self.ceiling.bounds(len(half.rows)):
                worked.soon.append(half)
                whole = False
                continue
            whole = self._half(half, before, worked) and whole
        if whole:
            if count <= self.ceiling.fits:
                self._chance.passed()
            self.ceiling.refused(count)
        return whole

    def _half(self, half: Run[Any], before: int, worked: Worked[Piece]) -> bool:
        proven = self._patience.proven
        try:
            piece = self._sent(half)
        except DynaclientError as error:
            whose = self._whose(error)
            if len(half.rows) == 1:
                self._aside(half, error, whose, worked)
                return False
            if whose == UNSURE:
                self._witness(half, error, before)
                if self._patience.proven > proven:
                    worked.soon.append(half)
                    return False
            return self._halves(half, before, worked)
        assert piece is not None
        worked.done.append((half, piece))
        return True

    def _acquire(self, lock: threading.Lock) -> None:
        while not lock.acquire(timeout=0.1):
            current().check()
            self._patience.check()

    # --- lone rows

    def _aside(
        self,
        run: Run[Any],
        error: DynaclientError,
        whose: str,
        worked: Worked[Piece],
        tries: int = 1,
        *,
        sure: bool = False,
    ) -> None:
        """Put a lone row aside, to be tried again after others; one that breaks the document is blamed at once."""
        if whose == OURS:
            worked.done.append((run, Piece([error])))
            return
        wait = self._delay(tries - 1) if whose == UNSURE and self._traits.retrying else 0.0
        due = self._patience.now() + wait
        self._chance.opened(tries)
        worked.later.append(Aside(run, error, tries, self._successes, self._patience.proven, due, sure))

    def _again(self, aside: Aside, worked: Worked[Piece]) -> None:
        """Try a row again that was put aside; it is blamed if that was the last try, and the service answered others just before it."""
        whose, tries = self._whose(aside.error), aside.tries
        if not self._traits.retrying:
            if whose == UNSURE and self._good is None:
                raise Stop(aside.error)
            self._blamed(aside, whose, aside.error, worked)
            return
        if whose == UNSURE and (self._good is None or self._patience.proven > aside.proven):
            tries -= 1  # the service failed, or has never answered: that try says nothing
        enough = self._chance.enough(whose, self._successes)
        if tries >= enough and aside.sure:
            if self._chance.early(aside.tries):
                self._patience.sleep_until(self._patience.now() + _MEANWHILE)
                worked.later.append(aside)
            else:
                self._blamed(aside, ROWS, aside.error, worked)
            return
        self._patience.sleep_until(aside.due)
        doubtful = tries + 1 >= enough or self._patience.failures >= SUSPECT - 1
        if doubtful and whose == UNSURE and self._good is not None:
            self._witness(aside.run, aside.error, aside.successes)
        sure = whose == ROWS or self._successes > aside.successes  # a refusal is an answer
        try:
            piece = self._sent(aside.run, again=True, suspect=True)
        except DynaclientError as error:
            whose = self._whose(error)
            if whose == ROWS and self._good is None:
                self._probe(aside.run, error)
            self._chance.closed(aside.tries)
            self._aside(aside.run, error, whose, worked, tries + 1, sure=sure)
            return
        assert piece is not None
        self._chance.closed(aside.tries)
        self._chance.passed()
        worked.done.append((aside.run, piece))

    def _blamed(self, aside: Aside, whose: str, error: DynaclientError, worked: Worked[Piece]) -> None:
        """Put an error in the place of a row."""
        if whose == UNSURE:
            self._witness(aside.run, error, aside.successes)
        self._chance.closed(aside.tries)
        worked.done.append((aside.run, Piece([error])))

    def trust(self, run: Run[Any]) -> None:
        """Note a row that has succeeded before, in an earlier part of the run: it shows whether the service answers."""
        with self._lock:
            self._good = self._good or run

    # --- is it the rows?

    def _witness(self, run: Run[Any], error: DynaclientError, before: int) -> None:
        """Return once the service has answered a request since so many had succeeded; if no other comes, a single row is sent to learn it.

        Raises
        ------
        Stop
            If nothing may be sent for that.
        GivenUp
            If the service does not answer.
        """
        rows: Sequence[Run[Any]] = ()
        if self._traits.repeatable:
            good = [self._good] if self._good is not None else []
            own = [run.part(place, place + 1) for place in spread(len(run.rows), WITNESSES)]
            rows = [*good, *own] if len(run.rows) > 1 or not good else good
        if not rows and self._successes == before:
            raise Stop(error)
        self._acquire(self._probing)
        try:
            number = 0
            while self._successes == before:
                try:
                    self._sent(rows[number % len(rows)], again=True, unless=lambda: self._successes > before)
                except DynaclientError as found:
                    if self._whose(found) != UNSURE:
                        return
                number += 1
        finally:
            self._probing.release()

    def _probe(self, run: Run[Any], error: DynaclientError) -> None:
        """Stop if rows that are spread over the run all fail in the same way, and nothing has ever succeeded."""
        if not self._sampling:
            return
        self._acquire(self._probing)
        try:
            if self._good is not None:
                return
            if len(run.rows) == 1:  # one row proves nothing, many do
                self._alone[said_of(error)] = self._alone.get(said_of(error), 0) + 1
                if self._alone[said_of(error)] < SAMPLE:
                    return
                raise Stop(error)
            said: set[tuple[str, str]] = set()
            for place in spread(len(run.rows), SAMPLE):
                try:
                    self._sent(run.part(place, place + 1))
                except DynaclientError as found:
                    said.add(said_of(found))
                    if len(said) == 1:
                        continue
                return
            raise Stop(error)
        finally:
            self._probing.release()
