"""One bulk run from a file of rows to a file of results; killed at any moment and started again it goes on where it was."""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dynaclient.bulk.ceiling import Ceiling
from dynaclient.bulk.channel import Channel
from dynaclient.bulk.earlier import Earlier, joined
from dynaclient.bulk.engine import Ending, Engine, Worked
from dynaclient.bulk.failures import failed_places, write_errors
from dynaclient.bulk.fault import Stop
from dynaclient.bulk.framing import framed
from dynaclient.bulk.grid import Grid
from dynaclient.bulk.kept import Kept
from dynaclient.bulk.outputs import Encoder, arrow_modules, layout_of, refused, write_output
from dynaclient.bulk.pace import Pace
from dynaclient.bulk.plan import Run, limits_of, runs
from dynaclient.bulk.poison import Item
from dynaclient.bulk.rows import Bad
from dynaclient.bulk.selection import Selection
from dynaclient.bulk.settings import Settings
from dynaclient.bulk.shards import Frame, Shards, differences, read_manifest, write_manifest
from dynaclient.bulk.solving import solver_of
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
        self._ending = Ending(halt)
        self._channel = Channel(call, constants, Pace(settings.caps), numbered=False, halt=self._ending)
        self._limits = limits_of(self._channel.batch, settings.batch)
        self._ceiling = Ceiling()
        self._bill = Bill(self._channel.batch.sum if self._channel.batch else (), settings.price)
        self._manifest = settings.out.with_name(settings.out.name + ".manifest.json")
        self._folder = settings.out.with_name(settings.out.name + ".parts")
        self._identity = self._described(call, constants)
        self._progress = Progress(total=selection.about(), waiting=lambda: self._channel.gate.tally.waiting)
        order = self._channel.batch.order if self._channel.batch else ""
        self._encoder = Encoder(self._layout, order)
        self._trust: Callable[[Run[Any]], object] = lambda run: None
        self._before: Mapping[str, Any] | None = None  # the summary of the run whose failed rows are tried again

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
            summary = self._sent_rest(shards, grid)
            shards.remove()
        except BaseException:
            if next(shards.done(), None) is None:  # nothing was done that could be taken up
                shards.remove()
                self._noted("complete") if self._before else self._manifest.unlink(missing_ok=True)
            raise
        finally:
            shards.close()
            if grid is not None:
                grid.close()
        return summary

    def _sent_rest(self, shards: Shards, grid: Grid | None) -> Summary:
        """Send what is left, and write the output anew; one that is complete already stays, if no row of it could be sent."""
        before = self._before
        if before is None or not self._settings.out.exists():
            self._send_rest(shards, [])
            return self._finish(shards, grid)
        earlier = Earlier(self._settings.out, self._layout, self._selection, before["rows"])
        good = earlier.good()
        self._encoder.dims = earlier.dims if good else 0
        self._send_rest(shards, good)
        failed = (len(frame.facts.get("errors") or ()) == frame.count for frame in shards.frames())
        if not self._channel.gate.tally.requests and all(failed):
            self._noted("complete")
            return Summary(**before)
        counted = any("earlier" in frame.facts for frame in shards.frames())
        facts = {} if counted else {"earlier": True, "tokens": before["tokens"], "sums": [*before["usage"].values()]}
        earlier.restore(shards, facts)
        self._bill.add_facts(facts)
        self._bill.wasted_tokens += before["wasted_tokens"]
        return self._finish(shards, grid)

    def _noted(self, state: str) -> None:
        """Write the manifest."""
        summary = {} if self._before is None else {"summary": self._before}
        write_manifest(self._manifest, {"dynaclient": VERSION, "state": state, **self._identity, **summary})

    def _taken_up(self) -> Summary | None:
        """Look at what an earlier run has left; the summary if that was complete and no row of it failed."""
        before = read_manifest(self._manifest)
        if self._settings.overwrite and before is not None:
            self._clear()
            before = None
        if before is None:
            out = self._settings.out
            if out.exists() and not self._settings.overwrite:
                raise refused(str(out), "exists already, and not from a bulk run", "--overwrite replaces it")
            self._noted("running")
            return None
        changed = differences(before, self._identity, _SAME)
        if changed:
            hint = "say what was said before, name another output, or begin anew with --overwrite"
            problems = tuple(evolve(problem, hint=hint if problem is changed[-1] else "") for problem in changed)
            raise ArgumentError(f"{self._settings.out.name} was begun otherwise", problems=problems)
        self._before = before.get("summary")
        return self._complete(before["summary"]) if before.get("state") == "complete" else None

    def _complete(self, found: Mapping[str, Any]) -> Summary | None:
        """The summary of a run that is complete; None if rows of it failed, and are to be tried again."""
        if not self._settings.out.exists():
            raise refused(str(self._settings.out), "was complete and is gone", "--overwrite begins anew")
        if self._folder.exists():  # the end of the last run was cut short
            Shards(self._folder).remove()
        if not found["failed"]:
            return Summary(**found)
        self._noted("again")
        return None

    def _clear(self) -> None:
        if self._folder.exists():
            Shards(self._folder).remove()
        self._manifest.unlink()
        self._settings.out.unlink(missing_ok=True)

    # --- sending

    def _send_rest(self, shards: Shards, good: list[tuple[int, int]]) -> None:
        """Send the rows that are neither in the frames nor good already."""
        spans = joined(list(shards.done()), good)
        progress = self._progress
        progress.rows = progress.before = sum(end - first for first, end in spans)
        witness = good[0][0] if good else -1
        for frame in shards.frames():
            errors = frame.facts.get("errors") or ()
            progress.failed += len(errors)
            if witness < 0 and len(errors) < frame.count:
                witness = frame.first + next(place for place in range(frame.count) if str(place) not in errors)
            self._encoder.dims = self._encoder.dims or frame.facts.get("dims", 0)
            if "ceiling" in frame.facts:
                self._ceiling = Ceiling(*frame.facts["ceiling"])
            self._bill.add_facts(frame.facts)
        progress.tokens, progress.cost = self._bill.tokens, self._bill.cost
        begun = time.monotonic()  # a worker writes what it has before it sends again: a kill costs what is under way
        engine = self._engine(shards, begun)
        self._watch(progress)
        try:
            for done in engine.unordered(runs(self._fresh(spans, shards, witness), self._limits, self._settings.count)):
                progress.elapsed = time.monotonic() - begun
                self._note(done.result)
        except Stop as stop:
            raise stop.told() from None
        finally:
            engine.close()
        shards.seal()

    def _engine(self, shards: Shards, begun: float) -> Engine[Frame] | Remote:
        if self._elsewhere is not None:
            return self._elsewhere(lambda frame: self._brought(frame, shards), self._channel.gate.tally)
        progress = self._progress
        tell, known, ceiling = self._settings.tell, progress.before > 0, self._ceiling
        solver, patience = solver_of(self._channel, self._ending, tell=tell, known=known, ceiling=ceiling)
        tally, solve = self._channel.gate.tally, self._channel.accounted(solver.work)
        progress.waiting, self._trust = lambda: patience.waiting() or tally.waiting, solver.trust

        def work(item: Item) -> Worked[Frame]:
            return framed(solve(item), self._encoder, self._ceiling, lambda frame: self._keep(frame, shards))

        def idle() -> None:
            progress.elapsed = time.monotonic() - begun
            self._watch(progress)

        return Engine(work, self._settings.in_flight, self._ending, idle, solver.cut)

    def _brought(self, frame: Frame, shards: Shards) -> None:
        """Keep a frame that was made elsewhere, where nobody knew how long the vectors of the others are."""
        dims = frame.facts.get("dims", 0)
        if dims and dims != (self._encoder.dims or dims):
            raise refused("out", f"vectors from row {frame.first} on have {dims} numbers, others {self._encoder.dims}")
        self._encoder.dims = self._encoder.dims or dims
        self._keep(frame, shards)

    def _fresh(self, spans: list[tuple[int, int]], shards: Shards, witness: int) -> Iterator[tuple[int, Any]]:
        """The rows that are still to be sent; those that cannot be read are noted at once. The place ``witness`` holds one that has succeeded."""
        waiting = iter(spans)
        first, end = next(waiting, (-1, -1))
        for place, value in self._selection.values(self._repeated):
            if place >= end >= 0:
                first, end = next(waiting, (-1, -1))
            if first <= place < end:
                if place == witness:
                    self._trust(Run(place, [value], 1))
                continue
            if type(value) is Bad:
                error = ArgumentError(value.reason, problems=(Problem("", value.reason),))
                self._note(self._keep(self._encoder.frame(Run(place, [value.text], 0), [error], {}), shards))
            else:
                yield place, value

    def _repeated(self) -> None:
        """A row that is the same as an earlier one needs no request: it is as far as that is."""
        self._progress.rows += 1

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
