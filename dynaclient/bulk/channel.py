"""One operation with everything constant but its rows: sends a run of rows as one request."""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Any

from dynaclient.bulk.engine import Worked
from dynaclient.bulk.gate import Gate, GatedTransport
from dynaclient.bulk.pace import Pace
from dynaclient.bulk.patience import Halted
from dynaclient.bulk.plan import Run, field, renumbered
from dynaclient.cancel import interruptible
from dynaclient.errors import (
    APIError,
    ArgumentError,
    BadRequestError,
    DynaclientError,
    Problem,
    ReplyValidationError,
    UnprocessableEntityError,
)
from dynaclient.frozen import evolve
from dynaclient.openapi.media import decode_json, encode_json
from dynaclient.openapi.model import Batch, RetryPolicy
from dynaclient.openapi.normal import NoFormError, normal
from dynaclient.retry import decide

if TYPE_CHECKING:
    from dynaclient.call import Call
    from dynaclient.exchange import Shipment
    from dynaclient.result import Result
    from dynaclient.wire import Request
    from dynaclient.world import World


@dataclass(frozen=True, slots=True)
class Piece:
    """What became of a run: ``values`` has a result, or an error, for each row; ``sums`` what the document adds up, ``wasted`` the same of replies that brought no result."""

    values: Sequence[Any]
    sums: tuple[float, ...] = ()
    wasted: tuple[float, ...] = ()

    def facts(self, tokens: int) -> dict[str, Any]:
        """What a frame tells of the run, whose tokens were estimated as so many; rows without a result have used none."""
        told = {"sums": self.sums, "wasted": self.wasted}
        used = tokens if any(not isinstance(value, DynaclientError) for value in self.values) else 0
        return {"tokens": used, **{name: value for name, value in told.items() if value}}

    def __add__(self, other: Piece) -> Piece:
        if not self.sums or not other.sums:
            return Piece([*self.values, *other.values], self.sums or other.sums)
        return Piece([*self.values, *other.values], tuple(map(sum, zip(self.sums, other.sums, strict=True))))


BARE_TRIES = 3
"""How often a row that is refused in a list of one is tried without a list."""
_PLACE = re.compile(r"\[(\d+)\](.*)", re.DOTALL)


class Channel:
    """Sends runs of rows through one operation, at one pace; safe among threads.

    Parameters
    ----------
    call:
        The operation.
    constants:
        Arguments and call options that are the same for all rows.
    pace:
        How fast.
    numbered:
        Whether results have the numbers of their rows as order keys, and not their places in the reply, and are Records; what nobody will see needs neither.
    once:
        Whether a request is sent once: then whoever sends it also sends it again. Else the call's own retries hold.
    halt:
        Once it says True every wait ends with `Halted`.
    """

    def __init__(
        self,
        call: Call,
        constants: Mapping[str, Any],
        pace: Pace,
        *,
        numbered: bool = True,
        once: bool = True,
        halt: Callable[[], bool] = lambda: False,
    ) -> None:
        operation = call.operation
        self.batch: Batch | None = operation.batch
        self._local = threading.local()
        self._paying = threading.Lock()
        self._carried: tuple[float, ...] = ()
        self._numbered = numbered
        self._listed, self._bare, self._bare_tries = False, False, BARE_TRIES
        self.name, self.method = operation.dotted, operation.method
        self.input = input_of(call)
        self._call, self.gate, policy, world = _gated(call, constants, pace, bare=not numbered, once=once, halt=halt)
        self.policy, self.world = policy, world
        self._answered, self._address = call._core.answered, call.origin(constants)
        # Options are part of the gated call already, but for the media type, which is chosen for each, and further fields.
        options = set(call.options_among(constants)) - {"content_type", "extra"}
        self._constants = {name: value for name, value in constants.items() if name not in options}
        if self.input in self._constants:
            raise self._taken()

    def _taken(self) -> ArgumentError:
        problem = Problem(self.input, "is what the rows are for; it cannot be the same for all of them")
        return ArgumentError("an option makes no sense", problems=(problem,), operation=self.name)

    @property
    def answered(self) -> bool:
        """Whether the service has answered such rows before, in whatever run of this client."""
        return self._address in self._answered

    def arguments(self, rows: Sequence[Any]) -> dict[str, Any]:
        """The arguments of the call that carries these rows."""
        if self.batch is not None:
            self._check_single(rows)
            return {**self._constants, self.input: list(rows)}
        (row,) = rows
        if not isinstance(row, Mapping):
            problem = Problem("rows", f"{self.name} takes one row a call: a mapping of its arguments is expected")
            raise ArgumentError("a row makes no sense", problems=(problem,), operation=self.name)
        return {**self._constants, **row}

    def _check_single(self, rows: Sequence[Any]) -> None:
        """A row that is no input by itself may make one when it stands alone: [7] is a list of numbers. It must not pass for that."""
        aligner = self._call.aligner
        alone = len(rows) == 1 and not isinstance(rows[0], str)
        if aligner is None or not (alone or type(rows[0]) in (int, float)):
            return
        for place, row in enumerate(rows):
            try:
                good = aligner.is_item(normal(row))
            except NoFormError:
                good = False
            if not good:
                problem = Problem(
                    f"{self.input}[{place}]",
                    f"{_shown(row)} is no input by itself",
                    self.batch.pointer if self.batch else "",
                )
                raise ArgumentError(self.name, problems=(problem,), operation=self.name)

    def shipment(self, run: Run[Any]) -> Shipment:
        """The call that carries a run, checked and written, and not sent.

        Raises
        ------
        ArgumentError
            The places in it count from the first of all rows.
        """
        try:
            return self._call._shipment(self.arguments(run.rows))
        except ArgumentError as error:
            if not run.first or not error.problems:
                raise
            problems = tuple(self._shifted(problem, run.first) for problem in error.problems)
            text = str(error).partition(": " if len(problems) == 1 else ":\n")[0]
            raise ArgumentError(text, problems=problems, operation=error.operation) from None

    def _shifted(self, problem: Problem, by: int) -> Problem:
        found = _PLACE.fullmatch(problem.where.removeprefix(self.input))
        if found is None or not problem.where.startswith(self.input):
            return problem
        return evolve(problem, where=f"{self.input}[{int(found[1]) + by}]{found[2]}")

    def ship(self, run: Run[Any], shipment: Shipment) -> Result:
        """Send a call that was written before."""
        self.gate.expect(run.tokens)
        return self._call._send(shipment)

    def result(self, run: Run[Any], *, again: bool = False) -> Result:
        """Send the run and return all that is known of the call; ``again``: its rows were sent before.

        Some services take one input by itself and refuse a list, even of one. If no list has ever been accepted, a row
        that is refused in a list is sent without one; once that has succeeded, each lone row is.
        """
        self.gate.expect(run.tokens, again=again)
        lone = self.batch is not None and len(run.rows) == 1
        if lone and self._bare:
            return self._call.send(**self._constants, **{self.input: run.rows[0]})
        try:
            found = self._call.send(**self.arguments(run.rows))
        except (BadRequestError, UnprocessableEntityError) as refusal:
            if not lone or self._listed or not self._bare_tries:
                raise
            self._bare_tries -= 1
            return self._without_list(run, refusal)
        self._listed = True
        return found

    def _without_list(self, run: Run[Any], refusal: APIError) -> Result:
        """Send a row by itself that was refused in a list; if it is refused again, the first refusal counts."""
        self.gate.expect(run.tokens, again=True)
        try:
            found = self._call.send(**self._constants, **{self.input: run.rows[0]})
        except DynaclientError:
            raise refusal from None
        self._bare = True
        return found

    def send(self, run: Run[Any], *, again: bool = False) -> Piece:
        """Send the run and return its results, one for each row; ``again``: its rows were sent before.

        If only some results of the reply are bad, their errors stand in their places.

        Raises
        ------
        ReplyValidationError
            If the reply has not one result for each row.
        """
        bad: Mapping[int, ReplyValidationError] = {}
        request: Request | None
        try:
            found = self.result(run, again=again)
            self._answered.add(self._address)
            value, response, request, attempts = found.value, found.response, found.request, found.attempts
        except DynaclientError as error:
            if not isinstance(error, ReplyValidationError) or not error.rows:
                self._pay(_refused_value(error))
                raise
            value, bad = error.value, _alone(error, self.batch)  # the other results were paid for, and are good
            response, request, attempts = error.response, error.request, error.attempts
        batch = self.batch
        if batch is None:
            return Piece([value])
        sums = self._pay(value)
        results = value.get(batch.output) if isinstance(value, dict) else None
        if not isinstance(results, list) or len(results) != len(run.rows):  # seen before, unless checks are off
            got = f"not {len(results)}" if isinstance(results, list) else "and there is no list of them"
            problem = Problem(f"$.{batch.output}", f"{len(run.rows)} of them are expected, {got}", batch.pointer)
            raise ReplyValidationError(
                "the reply does not line up with its inputs",
                response=response,
                problems=(problem,),
                value=value,
                request=request,
                attempts=attempts,
                operation=self.name,
            )
        values = list(renumbered(batch, results, run.first)) if self._numbered else results
        for row, fault in bad.items():
            values[row] = fault
        return Piece(values, sums)

    def is_final(self, error: DynaclientError) -> bool:
        """Return whether the service, or the document, says of a refusal that sending again cannot help."""
        if not isinstance(error, APIError):
            return False
        outcome, now = evolve(error.response, status=error.error_status), self.world.now()
        decision = decide(
            self.policy, number=0, outcome=outcome, method=self.method, elapsed=0.0, left=inf, rng=float, now=now
        )
        return decision.final

    def _pay(self, value: Any) -> tuple[float, ...]:
        """Note what a reply has used, on this thread."""
        paths = self.batch.sum if self.batch is not None and isinstance(value, dict) else ()
        sums = tuple(max(0, field(value, path) or 0) for path in paths)
        if any(sums):
            before = getattr(self._local, "paid", None)
            self._local.paid = tuple(map(sum, zip(before, sums, strict=True))) if before else sums
        return sums

    def accounted(self, work: Callable[[Any], Worked[Piece]]) -> Callable[[Any], Worked[Piece]]:
        """Return a function that does what ``work`` does, and notes what was paid on its way for replies that brought no result.

        Parameters
        ----------
        work:
            Sends rows by `send`, on the thread on which it is called. What was paid without any result is noted with the next results.
        """

        def worked(item: Any) -> Worked[Piece]:
            found = work(item)
            wasted = self.wasted([piece for _, piece in found.done])
            with self._paying:
                if wasted and self._carried:
                    wasted = tuple(map(sum, zip(wasted, self._carried, strict=True)))
                wasted = wasted or self._carried
                self._carried = () if found.done else wasted
            if wasted and found.done:
                run, piece = found.done[0]
                found.done[0] = (run, replace(piece, wasted=wasted))
            return found

        return worked

    def wasted(self, pieces: Sequence[Piece]) -> tuple[float, ...]:
        """Return what this thread has paid, since it was asked last, for replies that brought no result; ``()`` if for none.

        Parameters
        ----------
        pieces:
            All results that came on this thread meanwhile.
        """
        paid = getattr(self._local, "paid", None)
        self._local.paid = None
        if paid is None:
            return ()
        used = [piece.sums for piece in pieces if piece.sums]
        left = tuple(max(0, total - sum(values)) for total, *values in zip(paid, *used, strict=True))
        return left if any(left) else ()

    def concerns_rows(self, error: ArgumentError) -> bool:
        """Whether what is wrong with the arguments is wrong with the rows only."""
        if self.batch is None:
            return True
        names = (self.input, f"{self.input}[", f"{self.input}.")
        return all(problem.where == names[0] or problem.where.startswith(names[1:]) for problem in error.problems)


def _refused_value(error: DynaclientError) -> Any:
    """What stood in a reply that was refused: it was paid for all the same."""
    value = getattr(error, "value", None)
    response = getattr(error, "response", None)
    if value is not None or response is None:
        return value
    try:
        return decode_json(response.body)
    except (TypeError, ValueError):
        return None


def _alone(error: ReplyValidationError, batch: Batch | None) -> dict[int, ReplyValidationError]:
    """The error of each bad result of a reply, with that result as its value."""
    name, status = error.operation, error.response.status
    return {
        row: ReplyValidationError(
            f"{name}: a result of the reply ({status}) is not what the document promises",
            response=error.response,
            problems=problems,
            value=error.value[batch.output][row] if batch is not None else None,
            request=error.request,
            attempts=error.attempts,
            operation=name,
        )
        for row, problems in error.rows.items()
    }


def _shown(row: Any) -> str:
    try:
        text = encode_json(normal(row)).decode()
    except NoFormError:
        text = repr(row)
    return text if len(text) <= 60 else text[:57] + "..."


def input_of(call: Call) -> str:
    """The keyword of the argument that carries the rows; ``""`` where one call takes one row."""
    operation = call.operation
    if operation.batch is None:
        return ""
    fields = operation.body.properties if operation.body else ()
    return next((item.python_name for item in fields if item.name == operation.batch.input), operation.batch.input)


def _gated(
    call: Call, constants: Mapping[str, Any], pace: Pace, *, bare: bool, once: bool, halt: Callable[[], bool]
) -> tuple[Call, Gate, RetryPolicy, World]:
    """The call over a gate, its policy of retries and the world in which others wait for it; its waits end when it is cancelled or the run is to end."""
    core = copy.copy(call._core)
    world = core.world
    core.world = evolve(world, sleep=_halting(interruptible(world.sleep), halt))
    gate = Gate(pace, world.clock, world.now, core.world.sleep)
    waiting = core.world
    core.world = evolve(core.world, sleep=gate.pause)
    options = call._options.evolve(**{name: constants[name] for name in call.options_among(constants)})
    way = call._core.way(call.operation, options)
    policy = way.policy
    if not policy.declared:
        # A request that was refused with 429 was not performed (RFC 6585, 4): sending it again is safe whatever the method.
        policy = RetryPolicy(strategy="backoff", status_codes=("429",), retry_connection_errors=False, declared=True)
    if once:
        policy = evolve(policy, max_attempts=1)
    gated = type(call)(core, call.operation.dotted, options)
    gated._way = evolve(way, transport=GatedTransport(way.transport, gate), policy=policy, bare=bare, paced=True)
    return gated, gate, way.policy, waiting


def _halting(sleep: Callable[[float], object], halt: Callable[[], bool]) -> Callable[[float], object]:
    """A sleep that is not begun once the run is to end."""

    def wait(seconds: float) -> None:
        if halt():
            raise Halted
        sleep(seconds)

    return wait
