"""``call.map`` and ``call(..., split=True)``: many rows through one operation, from Python."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from dynaclient.bulk.channel import Channel, Piece, input_of
from dynaclient.bulk.engine import Ending, Engine, Worked
from dynaclient.bulk.fault import Stop
from dynaclient.bulk.pace import Caps, Pace
from dynaclient.bulk.plan import Limits, Run, estimate, limits_of, merge, runs
from dynaclient.bulk.solving import solver_of
from dynaclient.bulk.summary import Bill, Summary
from dynaclient.bulk.tokens import counter
from dynaclient.errors import ArgumentError, DynaclientError, Problem
from dynaclient.frozen import evolve
from dynaclient.openapi.normal import NoFormError, normal

if TYPE_CHECKING:
    from dynaclient.call import Call
    from dynaclient.result import Result

T_co = TypeVar("T_co", covariant=True)
IN_FLIGHT = 8
"""Requests that are under way at once, unless told otherwise."""
MAP_OPTIONS = ("batch", "in_flight", "on_error", "tokenizer", "rpm", "tpm")


def mapped(call: Call, rows: Iterable[Any], arguments: Mapping[str, Any]) -> MapResults[Any]:
    """The results of rows, lazily and in their order; see `dynaclient.Call.map`. An argument of the operation that is called as an option is the operation's."""
    hidden = {name for item in call.operation.arguments for name in (item.python_name, item.name)}
    options = {name: arguments[name] for name in MAP_OPTIONS if name in arguments and name not in hidden}
    constants = {name: value for name, value in arguments.items() if name not in options}
    if "split" in constants and "split" not in hidden:
        raise _bad("split", "rows are split anyway; `batch` says how many one request holds")
    return _mapped(call, Rows(rows), constants, **options)


class Rows:
    """Rows as they are pulled, numbered from 0; where pulling one fails they are at their end, and ``error`` is why: the rows before it are still done.

    Raises
    ------
    ArgumentError
        Where they are no sequence of rows: a text is not one of letters, nor a mapping one of its keys.
    """

    def __init__(self, rows: Any) -> None:
        self.error: Exception | None = None
        try:
            self._rows = iter(rows)
        except TypeError:
            raise _bad("rows", f"rows one after the other are expected, not {type(rows).__name__}") from None
        if isinstance(rows, (str, bytes, bytearray, Mapping)):
            raise _bad(
                "rows", f"rows one after the other are expected, not one {type(rows).__name__}: put it in a list"
            )

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        number = 0
        while True:
            try:
                row = next(self._rows)
            except StopIteration:
                return
            except Exception as error:  # noqa: BLE001 - the caller's own, raised again when its turn comes
                self.error = error
                return
            yield number, row
            number += 1


def _mapped(
    call: Call,
    rows: Rows,
    constants: Mapping[str, Any],
    batch: int | None = None,
    in_flight: int = IN_FLIGHT,
    on_error: str = "raise",
    tokenizer: str | Callable[[Any], int] | None = None,
    rpm: float | None = None,
    tpm: float | None = None,
) -> MapResults[Any]:
    if on_error not in ("raise", "record"):
        raise _bad("on_error", f"{on_error!r} is neither 'raise' nor 'record'")
    limits = _limits(call, batch)
    ending = Ending()
    channel = Channel(call, constants, Pace(caps_of(rpm, tpm)), halt=ending)
    count = counter(tokenizer)
    solver, _ = solver_of(channel, ending)
    summary = _Running(channel, call._core.world.clock)
    work = summary.counted(channel.accounted(solver.work))
    engine = Engine(work, checked_in_flight(in_flight), ending, cut=solver.cut)
    found = _results(engine, rows, runs(rows, limits, count), on_error == "raise", summary)
    return MapResults(found, summary)


class MapResults(Generic[T_co]):
    """The results of ``call.map``, one for each row, in the order of the rows; and what they have come to.

    ::

        results = client.group.operation.map(rows)
        for result in results:
            ...
        print(results.summary.tokens, results.summary.failed)

    Closing it ends the requests that are under way; so does dropping the last reference, as a ``break`` usually does.
    """

    def __init__(self, results: Generator[T_co, None, None], running: _Running) -> None:
        self._results = results
        self._running = running

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T_co:
        """The result of the next row."""
        return next(self._results)

    def close(self) -> None:
        """End what is under way; closing twice is nothing."""
        self._results.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def summary(self) -> Summary:
        """What the run has come to until now: rows and failures that were given out; requests and tokens of the replies that came, also of rows that are still to be given out. It is final once the iteration has ended."""
        return self._running.summary()

    def __repr__(self) -> str:
        return f"<MapResults, {self._running.rows:,} rows>"


class _Running:
    """What a run has come to until now."""

    def __init__(self, channel: Channel, clock: Callable[[], float]) -> None:
        self._tally, self._clock = channel.gate.tally, clock
        self._begun: float | None = None
        self._ended = 0.0
        self.bill = Bill(channel.batch.sum if channel.batch else ())
        self.rows = self.failed = 0

    def counted(self, work: Callable[[Any], Worked[Piece]]) -> Callable[[Any], Worked[Piece]]:
        """Return a function that does what ``work`` does, and notes what was paid for its results, given out or not."""

        def worked(item: Any) -> Worked[Piece]:
            found = work(item)
            for run, piece in found.done:
                self.bill.add_facts(piece.facts(run.tokens))
            self._ended = self._clock()
            return found

        return worked

    def begin(self) -> None:
        """Note that the first row is asked for."""
        self._begun = self._ended = self._clock()

    def given(self, value: Any) -> None:
        """Note that a result is given out."""
        self.rows += 1
        self.failed += isinstance(value, DynaclientError)

    def summary(self) -> Summary:
        """As a value."""
        return Summary(
            rows=self.rows,
            sent=self.rows,
            failed=self.failed,
            requests=self._tally.requests,
            retries=self._tally.retries,
            throttles=self._tally.throttles,
            elapsed=0.0 if self._begun is None else self._ended - self._begun,
            tokens=self.bill.tokens,
            wasted_tokens=self.bill.wasted_tokens,
            usage=dict(self.bill.usage),
        )


def _results(
    engine: Engine[Piece], rows: Rows, cut: Iterator[Run[Any]], raising: bool, running: _Running
) -> Generator[Any, None, None]:
    running.begin()
    finished = engine.ordered(cut)
    try:
        for done in finished:
            for place, value in enumerate(done.result.values, done.run.first):
                running.given(value)
                if raising and isinstance(value, DynaclientError):
                    value.add_note(f"row {place} (counted from 0)")
                    raise value
                yield value
        if rows.error is not None:
            raise rows.error
    except Stop as stop:
        raise stop.told() from None
    finally:
        engine.close()


def _limits(call: Call, batch: Any) -> Limits:
    if batch is not None and call.operation.batch is None:
        problem = (
            f"the document does not say how {call.operation.dotted} takes several rows; each has a request of its own"
        )
        raise _bad("batch", problem)
    return limits_of(call.operation.batch, batch)


def split_call(call: Call, arguments: Mapping[str, Any], items: Any) -> Result:
    """The call as several, each within the limits of one request, their replies merged. All are checked before the first is sent.

    Parameters
    ----------
    call, arguments:
        The call and all that was passed.
    items:
        Inputs in one request, or True for the document's limit.

    Raises
    ------
    ArgumentError
        Where the document does not say how the operation is split, or an argument does not fit.
    """
    batch = call.operation.batch
    if batch is None:
        raise _bad("split", f"the document does not say how the inputs of {call.operation.dotted} may be split")
    try:
        limits = limits_of(batch, None if items is True else items)
    except ArgumentError as error:
        raise _bad("split", error.problems[0].message) from None
    given = {name: value for name, value in arguments.items() if name != "split"}
    inputs, constants = _inputs(call, given)
    cut = list(runs(enumerate(inputs), limits, estimate if limits.tokens else _nothing))
    if len(cut) <= 1:
        return call.send(**given)
    channel = Channel(call, constants, Pace(), once=False)
    parts = [channel.shipment(run) for run in cut]
    found: dict[int, Result] = {}

    def send(run: Run[Any]) -> Worked[Result]:
        return Worked([(run, channel.ship(run, parts[run.first]))])

    places = (Run(place, run.rows, run.tokens) for place, run in enumerate(cut))
    for done in Engine(send, min(IN_FLIGHT, len(cut))).unordered(places):
        found[done.order] = done.result
    return _joined(batch, [found[place] for place in range(len(cut))])


def _inputs(call: Call, given: Mapping[str, Any]) -> tuple[Sequence[Any], dict[str, Any]]:
    """The inputs of a call one by one, none where it has one only; and its other arguments."""
    batch, name = call.operation.batch, input_of(call)
    assert batch is not None
    spelled = next((key for key in (name, batch.input, f"{name}_") if key in given), None)
    constants = {key: value for key, value in given.items() if key != spelled}
    if spelled is not None:
        value = given[spelled]
    else:
        whole = call.operation.body.keyword if call.operation.body is not None else "body"
        body = given.get(whole)
        if not isinstance(body, Mapping):
            return (), constants
        value = body.get(batch.input)
        constants[whole] = {key: item for key, item in body.items() if key != batch.input}
    try:
        value = normal(value)
    except NoFormError:  # told of when the call is made
        return (), constants
    aligner = call.aligner
    single = not isinstance(value, list) or aligner is None or aligner.count({batch.input: value}) != len(value)
    return (() if single else value), constants


def _joined(batch: Any, results: list[Result]) -> Result:
    """The results of the parts as one: the first's response, all attempts, the merged value."""
    attempts = [attempt for result in results for attempt in result.attempts]
    return evolve(
        results[0],
        value=merge(batch, [result.value for result in results]),
        attempts=tuple(evolve(attempt, number=number) for number, attempt in enumerate(attempts, 1)),
        elapsed=sum(result.elapsed for result in results),
    )


def _nothing(_row: Any) -> int:
    return 0


def checked_in_flight(value: Any) -> int:
    """How many requests may be under way.

    Raises
    ------
    ArgumentError
        Where it is no whole number above 0.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _bad("in_flight", f"{value!r} is not a whole number above 0")
    return value


def caps_of(rpm: Any, tpm: Any) -> Caps:
    """The caller's caps.

    Raises
    ------
    ArgumentError
        Where one is no number above 0.
    """
    for name, value in (("rpm", rpm), ("tpm", tpm)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0):
            raise _bad(name, f"{value!r} is not a number above 0")
    return Caps(rpm, tpm)


def _bad(name: str, message: str) -> ArgumentError:
    return ArgumentError("an option makes no sense", problems=(Problem(name, message),))


def unsplit(name: str) -> ArgumentError:
    """Return the error for ``split`` where a call is not sent at once; ``name`` is the operation's."""
    problem = Problem("split", "only a call that is sent at once is split", hint="leave it out")
    return ArgumentError(name, problems=(problem,), operation=name)
