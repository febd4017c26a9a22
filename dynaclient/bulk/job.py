"""One bulk run from a file of rows to a file of results; killed at any moment and started again it goes on where it was."""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynaclient.bulk.channel import Channel
from dynaclient.bulk.engine import Engine
from dynaclient.bulk.failures import failed_places, write_errors
from dynaclient.bulk.grid import Grid
from dynaclient.bulk.kept import Kept
from dynaclient.bulk.outputs import Encoder, arrow_modules, layout_of, refused, write_output
from dynaclient.bulk.pace import Caps, Pace
from dynaclient.bulk.plan import Run, limits_of, runs
from dynaclient.bulk.poison import Solver, Stop
from dynaclient.bulk.rows import Bad
from dynaclient.bulk.selection import Selection
from dynaclient.bulk.shards import Frame, Shards, differences, read_manifest, write_manifest
from dynaclient.bulk.summary import Bill, Estimate, Progress, Summary, cost_of
from dynaclient.errors import ArgumentError, DynaclientError, Problem
from dynaclient.frozen import evolve
from dynaclient.openapi.media import encode_json
from dynaclient.openapi.normal import NoFormError, normal
from dynaclient.version import VERSION
from dynaclient.wire import is_secret_name

if TYPE_CHECKING:
    from dynaclient.bulk.engines.remote import Remote
    from dynaclient.bulk.regulator import Tally
    from dynaclient.call import Call

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SAME = ("document", "operation", "server", "arguments", "columns", "rows", "select", "take", "column", "format")
"""What must be the same when a run is taken up again."""


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


class Job:
    """A bulk run.

    Parameters
    ----------
    call:
        The operation.
    constants:
        Arguments and call options that are the same for all rows.
    selection:
        The rows.
    settings:
        How.
    watch:
        Told how far it is, after every run of rows, by the thread that calls `run`.
    halt:
        Once it says True nothing more is begun: what is under way is finished and written, and `run` ends with Halted. Started again it goes on from there.
    elsewhere:
        What sends the rows in place of the threads of this process: given what keeps a frame and the tally, see `dynaclient.bulk.engines.remote.Remote`.
    """

    def __init__(
        self,
        call: Call,
        constants: Mapping[str, Any],
        selection: Selection,
        settings: Settings,
        watch: Callable[[Progress], object] = lambda progress: None,
        halt: Callable[[], bool] = lambda: False,
        elsewhere: Callable[[Callable[[Frame], object], Tally], Remote] | None = None,
    ) -> None:
        self._elsewhere = elsewhere
        self._selection, self._settings, self._watch, self._halt = selection, settings, watch, halt
        document, operation = call._core.api.document, call.operation
        self._layout = layout_of(document, operation, settings.out, settings.take, settings.column)
        self._format = self._layout.format
        if self._format == "parquet":
            arrow_modules()
        if self._format == "npy" and selection.keep:
            raise refused("keep", "a .npy file holds numbers only", "name a .jsonl or .parquet file")
        self._kept = Kept(selection.source, selection.keep if self._format == "parquet" else ())
        if self._format != "jsonl":
            # Numbers that end up packed are packed as they are read, unless the caller says otherwise.
            constants = {**dict.fromkeys(call.options_among(["arrays"]), "float32"), **constants}
        self._channel = Channel(call, constants, Pace(settings.caps), numbered=False)
        self._limits = limits_of(self._channel.batch, settings.batch)
        self._solver = Solver(self._channel.send, self._channel.concerns_rows, halt)
        self._solve = self._channel.accounted(self._solver.solve)
        self._bill = Bill(self._channel.batch.sum if self._channel.batch else (), settings.price)
        self._manifest = settings.out.with_name(settings.out.name + ".manifest.json")
        self._folder = settings.out.with_name(settings.out.name + ".parts")
        self._identity = self._described(call, constants)
        self._progress = Progress(total=selection.about(), waiting=lambda: self._channel.gate.tally.waiting)
        order = self._channel.batch.order if self._channel.batch else ""
        self._encoder = Encoder(self._layout, order)

    def _described(self, call: Call, constants: Mapping[str, Any]) -> dict[str, Any]:
        selection, source = self._selection, self._selection.source
        options = set(call.options_among(constants)) - {"extra"}
        return {
            "document": call.document_digest,
            "operation": call.operation.dotted,
            "server": call.origin(constants),
            "arguments": {name: _fingerprint(name, value) for name, value in constants.items() if name not in options},
            "columns": dict(selection.columns),
            "rows": {
                "digest": source.digest,
                "bytes": source.size,
                "format": source.format,
                "files": len(source.paths),
            },
            "select": {
                "limit": selection.limit,
                "sample": selection.sample,
                "dedup": selection.dedup,
                "keep": list(selection.keep),
            },
            "take": self._layout.take,
            "column": self._layout.column,
            "format": self._format,
        }

    def estimate(self) -> Estimate:
        """What the run would come to; nothing is sent and nothing is written."""
        rows = sent = requests = tokens = 0

        def fresh() -> Iterator[tuple[int, Any]]:
            nonlocal rows
            for picked in self._selection:
                rows += 1
                if not picked.again and not isinstance(picked.value, Bad):
                    yield picked.place, picked.value

        for run in runs(fresh(), self._limits, self._settings.count):
            sent, requests, tokens = sent + len(run.rows), requests + 1, tokens + run.tokens
        return Estimate(rows, sent, requests, tokens, cost_of(tokens, self._settings.price))

    def run(self) -> Summary:
        """Do what is left of the run, and write the output.

        Raises
        ------
        ArgumentError
            Where the output, or what is left of an earlier run, does not fit.
        DynaclientError
            What stopped the run; started again it goes on where it was.
        """
        out = self._settings.out
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            return self._taken_up() or self._done()
        except DynaclientError:  # a time-out of the network is an OSError too
            raise
        except OSError as error:
            hint = "make room and start it again: it goes on where it was" if error.errno in _FULL else ""
            raise refused(str(error.filename or out), error.strerror or str(error), hint) from None

    def _done(self) -> Summary:
        grid = Grid(self._folder / "rows.npy") if self._format == "npy" and self._selection.plain else None
        shards = Shards(self._folder, self._settings.shard, grid)
        try:
            if grid is not None and grid.lost(shards.frames(), self._settings.out):
                hint = "put it back where it was, or begin anew with --overwrite"
                raise refused(str(self._settings.out), "has rows that were done and are gone", hint)
            self._send_rest(shards)
            summary = self._finish(shards, grid)
            shards.remove()
        except BaseException:
            if (
                next(shards.done(), None) is None
            ):  # nothing was done that could be taken up: what was said wrong may be said otherwise
                shards.remove()
                self._manifest.unlink(missing_ok=True)
            raise
        finally:
            shards.close()
            if grid is not None:
                grid.close()
        return summary

    def _taken_up(self) -> Summary | None:
        """Look at what an earlier run has left; the summary where that was complete."""
        before = read_manifest(self._manifest)
        if self._settings.overwrite and before is not None:
            self._clear()
            before = None
        if before is None:
            if self._settings.out.exists() and not self._settings.overwrite:
                raise refused(
                    str(self._settings.out), "exists already, and not from a bulk run", "--overwrite replaces it"
                )
            write_manifest(self._manifest, {"dynaclient": VERSION, "state": "running", **self._identity})
            return None
        changed = differences(before, self._identity, _SAME)
        if changed:
            hint = "say what was said before, name another output, or begin anew with --overwrite"
            problems = tuple(evolve(problem, hint=hint if problem is changed[-1] else "") for problem in changed)
            raise ArgumentError(f"{self._settings.out.name} was begun otherwise", problems=problems)
        if before.get("state") != "complete":
            return None
        if not self._settings.out.exists():
            raise refused(str(self._settings.out), "was complete and is gone", "--overwrite begins anew")
        if self._folder.exists():  # the end of the last run was cut short
            Shards(self._folder).remove()
        found = dict(before["summary"])
        return Summary(**found)

    def _clear(self) -> None:
        if self._folder.exists():
            Shards(self._folder).remove()
        self._manifest.unlink()
        with suppress(FileNotFoundError):
            self._settings.out.unlink()

    # --- sending

    def _send_rest(self, shards: Shards) -> None:
        spans = list(shards.done())
        progress = self._progress
        progress.rows = progress.before = sum(end - first for first, end in spans)
        for frame in shards.frames():
            progress.failed += len(frame.facts.get("errors") or ())
            self._bill.add_facts(frame.facts)
            self._encoder.dims = self._encoder.dims or frame.facts.get("dims", 0)
        progress.tokens, progress.cost = self._bill.tokens, self._bill.cost
        begun = time.monotonic()
        # A worker writes what it has before it sends again: a kill costs no more than the requests that are under way.
        engine = self._engine(shards)
        self._watch(progress)
        try:
            for done in engine.unordered(runs(self._fresh(spans, shards), self._limits, self._settings.count)):
                progress.elapsed = time.monotonic() - begun
                self._note(done.result)
        except Stop as stop:
            raise stop.error from None
        finally:
            engine.close()
        shards.seal()

    def _engine(self, shards: Shards) -> Engine[Frame] | Remote:
        if self._elsewhere is not None:
            return self._elsewhere(lambda frame: self._brought(frame, shards), self._channel.gate.tally)
        return Engine(lambda run: self._keep(self._work(run), shards), self._settings.in_flight, self._halt)

    def _brought(self, frame: Frame, shards: Shards) -> None:
        """Keep a frame that was made elsewhere, where nobody knew how long the vectors of the others are."""
        dims = frame.facts.get("dims", 0)
        if dims and dims != (self._encoder.dims or dims):
            raise refused("out", f"vectors from row {frame.first} on have {dims} numbers, others {self._encoder.dims}")
        self._encoder.dims = self._encoder.dims or dims
        self._keep(frame, shards)

    def _fresh(self, spans: list[tuple[int, int]], shards: Shards) -> Iterator[tuple[int, Any]]:
        """The rows that are still to be sent; those that cannot be read are noted at once."""
        waiting = iter(spans)
        first, end = next(waiting, (-1, -1))
        for place, value in self._selection.values(self._repeated):
            if place >= end >= 0:
                first, end = next(waiting, (-1, -1))
            if first <= place < end:
                continue
            if type(value) is Bad:
                error = ArgumentError(value.reason, problems=(Problem("", value.reason),))
                self._note(self._keep(self._encoder.frame(Run(place, [value.text], 0), [error], {}), shards))
            else:
                yield place, value

    def _repeated(self) -> None:
        """A row that is the same as an earlier one needs no request: it is as far as that is."""
        self._progress.rows += 1

    def _work(self, run: Run[Any]) -> Frame:
        piece = self._solve(run)
        frame = self._encoder.frame(run, piece.values, piece.facts(run.tokens))
        return replace(frame, facts={**frame.facts, "dims": self._encoder.dims}) if self._encoder.dims else frame

    @staticmethod
    def _keep(frame: Frame, shards: Shards) -> Frame:
        shards.append(frame)
        return frame

    def _note(self, frame: Frame) -> None:
        progress, tally = self._progress, self._channel.gate.tally
        progress.rows += frame.count
        progress.failed += len(frame.facts.get("errors") or ())
        self._bill.add_facts(frame.facts)
        progress.tokens, progress.cost = self._bill.tokens, self._bill.cost
        progress.requests, progress.throttles, progress.retries = tally.requests, tally.throttles, tally.retries
        self._watch(progress)

    # --- the end

    def _finish(self, shards: Shards, grid: Grid | None) -> Summary:
        settings, selection = self._settings, self._selection
        dims = self._encoder.dims
        self._doing(f"writing {settings.out.name}")
        if grid is not None:
            rows = sum(end - first for first, end in shards.done())
            grid.finish(settings.out, rows, dims, failed_places(shards))
        else:
            rows = write_output(settings.out, self._layout, selection, shards, dims, self._kept, self._told)
        errors, failed = settings.errors or settings.out.with_name(settings.out.name + ".errors.jsonl"), 0
        if self._progress.failed:
            self._doing(f"writing {errors.name}")
            failed = write_errors(errors, selection, shards, self._layout, dims, self._told)
        else:
            errors.unlink(missing_ok=True)
        summary = self._summary(shards, rows, failed)
        write_manifest(
            self._manifest,
            {"dynaclient": VERSION, "state": "complete", **self._identity, "summary": summary.shown()},
        )
        return summary

    def _doing(self, what: str) -> None:
        self._progress.doing, self._progress.done = what, 0
        self._watch(self._progress)

    def _told(self, rows: int) -> None:
        self._progress.done = rows
        self._watch(self._progress)

    def _summary(self, shards: Shards, rows: int, failed: int) -> Summary:
        tally, bill = self._channel.gate.tally, self._bill
        return Summary(
            rows=rows,
            sent=sum(end - first for first, end in shards.done()),
            failed=failed,
            requests=tally.requests,
            retries=tally.retries,
            throttles=tally.throttles,
            elapsed=self._progress.elapsed,
            tokens=bill.tokens,
            wasted_tokens=bill.wasted_tokens,
            usage=bill.usage,
            cost=bill.cost,
        )


def _fingerprint(name: str, value: Any) -> Any:
    """An argument as the manifest knows it; one that may be secret by its digest only."""
    try:
        found = normal(value)
    except NoFormError:
        found = repr(value)
    if is_secret_name(name):
        return "sha256:" + hashlib.sha256(encode_json(found)).hexdigest()
    if isinstance(found, dict):
        return {key: _fingerprint(key, item) for key, item in found.items()}
    return found
