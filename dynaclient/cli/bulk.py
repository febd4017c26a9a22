"""``dynaclient bulk``: an operation over the rows of a file."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.calls import CallGroup, listing
from dynaclient.cli.chosen import UNUSED, Amount, apart_of, check, columns_of, named_as_typed, wrong
from dynaclient.cli.documents import Opened, opened
from dynaclient.cli.engines import elsewhere_of, engine_options
from dynaclient.cli.operation import OperationCommand
from dynaclient.cli.settings import settings_of, shared_options

if TYPE_CHECKING:
    from dynaclient.bulk.job import Job
    from dynaclient.bulk.rows import Source
    from dynaclient.bulk.summary import Summary
    from dynaclient.cli.inputs import Inputs
    from dynaclient.cli.meter import Meter
    from dynaclient.cli.operation import Given
    from dynaclient.cli.said import Settings
    from dynaclient.client import Client

FAILED_ROWS = 11
"""The exit code where all was done and some rows failed."""
SECTION = "Rows and results"
_POSITIVE = click.IntRange(min=1)


class BulkOption(click.Option):
    """An option of the bulk run, beside those of the operation."""

    section = SECTION


def _options(taken: set[str]) -> list[click.Parameter]:
    """The options of a bulk run; where the operation has one of the same spelling it is ``--bulk-NAME``."""
    table: list[tuple[str, dict[str, Any]]] = [
        ("rows", {"metavar": "FILE|-", "multiple": True, "help": "The rows: JSON Lines, CSV, plain lines or Parquet; a file, a quoted pattern, a folder, or - for standard input; may be repeated."}),
        ("rows-format", {"type": click.Choice(("jsonl", "csv", "tsv", "lines", "parquet")), "help": "What --rows holds, where its name does not say it."}),
        ("set", {"metavar": "PARAM=COLUMN", "multiple": True, "help": "Take a parameter from a column; may be repeated. The column of plain lines is `line`."}),
        ("out", {"metavar": "FILE", "help": "Where the results go: .jsonl, .npy or .parquet."}),
        ("errors", {"metavar": "FILE", "help": "Where failed rows go; without it, --out with .errors.jsonl behind it."}),
        ("take", {"metavar": "PATH", "help": "What of a result is kept: the dotted path of a field, or . for all of it; without it the vector, if the document names one."}),
        ("column", {"metavar": "NAME", "help": "The name of the column of results; without it the last name of --take."}),
        ("keep", {"metavar": "COLUMN", "multiple": True, "help": "Copy a column to the output and to the errors; may be repeated."}),
        ("limit", {"type": _POSITIVE, "metavar": "N", "help": "Only the first N rows."}),
        ("sample", {"type": _POSITIVE, "metavar": "N", "help": "Only N rows, drawn by chance; the same ones each time."}),
        ("dedup", {"is_flag": True, "help": "Send rows that are the same once."}),
        ("batch", {"type": _POSITIVE, "metavar": "N", "help": "Rows in one request; without it what the document allows, else 128."}),
        ("in-flight", {"type": _POSITIVE, "metavar": "N", "default": 8, "help": "Requests under way at once; 8."}),
        ("rpm", {"type": Amount(), "metavar": "N", "help": "Requests a minute at most."}),
        ("tpm", {"type": Amount(), "metavar": "N", "help": "Tokens a minute at most."}),
        ("tokenizer", {"metavar": "FILE|tiktoken:NAME", "help": "What counts tokens; without it they are estimated."}),
        ("price", {"type": Amount(least=0.0), "metavar": "MONEY", "help": "Of a million tokens, to tell the cost."}),
        ("overwrite", {"is_flag": True, "help": "Begin anew, whatever stands there."}),
        *engine_options(),
    ]  # fmt: skip
    return [
        BulkOption([f"bulk_{name.replace('-', '_')}", f"--{'bulk-' if f'--{name}' in taken else ''}{name}"], **more)
        for name, more in table
    ]


class BulkCommand(OperationCommand):
    """An operation over rows."""

    def __init__(self, document: Opened, name: str, content_type: str | None = None) -> None:
        super().__init__(document, name, content_type)
        taken = {spelling for option in self.made.options for spelling in option.opts}
        self.params = [*_options(taken), *self.params]

    def _shared(self, taken: Sequence[str]) -> list[click.Parameter]:
        return [option for option in super()._shared(taken) if getattr(option, "setting", "") not in UNUSED]

    def invoke(self, ctx: click.Context) -> Any:
        """Run it over the rows; the exit code."""
        chosen = {name.removeprefix("bulk_"): value for name, value in ctx.params.items() if name.startswith("bulk_")}
        for name in ("rows", "out"):
            if not chosen[name] and not (name == "out" and settings_of(ctx).dry_run):
                raise click.UsageError(f"--{name} is missing", ctx)
        return run_bulk(self, settings_of(ctx), self.given(ctx), chosen)


class BulkGroup(CallGroup):
    """The operations of the document, to be run over rows."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of an operation."""
        document = opened(ctx)
        return BulkCommand(document, document.name_of(cmd_name))

    def _command(self, ctx: click.Context, typed: str, rest: list[str]) -> OperationCommand:
        found = super()._command(ctx, typed, rest)
        return BulkCommand(found.document, str(found.name), settings_of(ctx).content_type)


@click.pass_context
def _called(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise click.UsageError(f"which operation?\n\n{listing(opened(ctx))}", ctx)


def bulk_group() -> BulkGroup:
    """The ``bulk`` command."""
    return BulkGroup(
        "bulk",
        callback=_called,
        invoke_without_command=True,
        no_args_is_help=False,
        params=shared_options(),
        help="Run an operation over the rows of a file; killed and started again it goes on where it was.\n\n"
        "dynaclient bulk OPERATION --rows FILE --set PARAM=COLUMN --out FILE [ARGUMENTS]...\n\n"
        "`dynaclient bulk OPERATION --help` shows the options.",
        short_help="Run an operation over many rows.",
        epilog=f"Exit codes: as for call; {FAILED_ROWS} where all was done and some rows failed.",
        subcommand_metavar="OPERATION [ARGUMENTS]...",
    )


def run_bulk(command: OperationCommand, settings: Settings, given: Given, chosen: Mapping[str, Any]) -> int:
    """Run an operation over rows, or tell what that would come to; the exit code.

    Parameters
    ----------
    command, settings, given:
        The operation, the shared options, what was said of its arguments.
    chosen:
        The options of the bulk run, by name.
    """
    from dynaclient.bulk.engine import Halted
    from dynaclient.cli.connect import client_of
    from dynaclient.cli.halt import Halt
    from dynaclient.cli.inputs import Inputs
    from dynaclient.cli.meter import Meter
    from dynaclient.cli.output import Printer
    from dynaclient.cli.run import spelled_as_typed, warnings_told
    from dynaclient.cli.wording import options_named
    from dynaclient.errors import DynaclientError

    check(command, settings, chosen)
    halt = Halt()
    with (
        spelled_as_typed(command, given.spelled),
        options_named(settings.origin),
        named_as_typed(),
        warnings_told(),
        Inputs("--spec" if settings.spec == "-" else "") as inputs,
        client_of(command.document, settings, inputs, metered=True) as client,
        Meter(sys.stderr) as meter,
    ):
        arguments = _arguments(command, settings, given, inputs)
        elsewhere = elsewhere_of(command, settings, chosen, arguments, inputs, halt)
        try:
            with _rows(chosen, inputs, meter, dry=settings.dry_run) as source:
                job = _job(command, client, arguments, source, chosen, meter, halt, elsewhere)
                if settings.dry_run:
                    with meter.during(lambda: "counting rows and tokens"):
                        found = _shown(job)
                    Printer(settings.output, settings.query).value(found)
                    return 0
                gc.freeze()  # what is there now lives to the end: the collector need not look at it again and again
                with halt:
                    summary = job.run()
        except Halted:
            return _stopped(meter, halt.code, chosen)
        except DynaclientError:
            _broken_off(meter)
            raise
        _ended(meter, summary, chosen)
        Printer(settings.output, settings.query).value(summary.shown())
    return FAILED_ROWS if summary.failed else 0


def _broken_off(meter: Meter) -> None:
    """Tell how far a run came that an error has ended, and how to go on."""
    seen = meter.seen
    meter.end(complete=True)
    if seen is not None and seen.rows:
        total = f" of {seen.total:,}" if seen.total else ""
        meter.say(f"{seen.rows:,}{total} rows are done and kept; the same command goes on from there")


def _ended(meter: Meter, summary: Summary, chosen: Mapping[str, Any]) -> None:
    """Tell what a complete run came to, where its errors are, and how to go on."""
    from dynaclient.cli.meter import told

    meter.end(complete=True)
    if meter.seen is None:
        meter.say(f"{chosen['out']} is complete already: nothing was sent, and --overwrite begins anew")
    else:
        meter.say(told(summary, meter.seen.before))
    if summary.failed:
        errors = chosen["errors"] or f"{chosen['out']}.errors.jsonl"
        meter.say(
            f"{summary.failed:,} of {summary.rows:,} rows failed: see {errors}; the same command tries them again"
        )


def _arguments(command: OperationCommand, settings: Settings, given: Given, inputs: Inputs) -> dict[str, Any]:
    """What is the same for all rows."""
    from dynaclient.cli.run import arguments_of, options_of

    return {**arguments_of(command, given, inputs), **options_of(command, settings, inputs)}


@contextmanager
def _rows(chosen: Mapping[str, Any], inputs: Inputs, meter: Meter, *, dry: bool) -> Iterator[Source]:
    """The file of rows; those that can be read but once, from standard input or a pipe, in one that is there until the run is complete."""
    from dynaclient.bulk.files import expanded
    from dynaclient.bulk.rows import open_rows
    from dynaclient.bulk.spool import is_pipe, spooled
    from dynaclient.cli.meter import Incoming

    names = chosen["rows"]
    once = [name for name in names if name == "-" or is_pipe(Path(name))]
    if not once:
        paths = expanded(names, apart_of(chosen), every=chosen["rows_format"] is not None)
        with meter.during(lambda: f"reading {paths[0] if len(paths) == 1 else f'{len(paths):,} files'}"):
            source = open_rows(paths, chosen["rows_format"])
        yield source
        return
    if len(names) > 1:
        raise wrong(f"--rows {once[0]}: what can be read but once is all there is; other files cannot stand beside it")
    stream = inputs.file("-", "--rows").content if once == ["-"] else Path(once[0])
    out = None if dry else Path(chosen["out"])
    begun = lambda: meter.seen is not None  # noqa: E731
    incoming = Incoming("standard input" if once == ["-"] else once[0])
    with ExitStack() as stack:
        with meter.during(incoming.told):
            kept = spooled(stream, out, chosen["rows_format"], chosen["overwrite"], begun, incoming)
            source = stack.enter_context(kept)
        yield source


def _stopped(meter: Meter, code: int, chosen: Mapping[str, Any]) -> int:
    """Tell how far a run came that was ended by a signal; the exit code."""
    from dynaclient.cli import messages

    meter.end()
    seen = meter.seen
    done = f"{seen.rows:,} of {seen.total:,} rows are done" if seen and seen.total else "no output was written"
    hint = "The same command goes on from there."
    kept = f"{chosen['out']}.rows"
    if Path(kept).exists():
        hint = f"The same command goes on from there, with the same rows or with --rows {kept}, where they are kept."
    messages.error(f"stopped by a signal: {done}", hint, {"type": "Halted", "exit_code": code})
    return code


def _shown(job: Job) -> dict[str, Any]:
    found = job.estimate()
    return {name: getattr(found, name) for name in ("rows", "sent", "requests", "tokens", "cost")}


def _job(
    command: OperationCommand,
    client: Client,
    arguments: Mapping[str, Any],
    source: Source,
    chosen: Mapping[str, Any],
    meter: Meter,
    halt: Callable[[], bool],
    elsewhere: Callable[..., Any] | None,
) -> Job:
    from dynaclient.bulk.job import Job
    from dynaclient.bulk.mapping import caps_of
    from dynaclient.bulk.selection import Selection
    from dynaclient.bulk.settings import Settings as JobSettings
    from dynaclient.bulk.tokens import counter

    columns = columns_of(command, chosen["set"], arguments)
    single = command.operation.batch is not None
    picking = {name: chosen[name] for name in ("limit", "sample", "dedup", "keep")}
    details = JobSettings(
        out=Path(chosen["out"] or "dry-run.jsonl"),
        count=counter(chosen["tokenizer"]),
        errors=Path(chosen["errors"]) if chosen["errors"] else None,
        take=chosen["take"] or "",
        column=chosen["column"],
        batch=chosen["batch"],
        in_flight=chosen["in_flight"],
        caps=caps_of(chosen["rpm"], chosen["tpm"]),
        price=chosen["price"],
        overwrite=chosen["overwrite"],
        tell=meter.say,
    )
    selection = Selection(source, columns, single=single, **picking)
    return Job(client[command.operation.dotted], arguments, selection, details, meter, halt, elsewhere)
