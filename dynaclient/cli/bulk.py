"""``dynaclient bulk``: an operation over the rows of a file."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.calls import CallGroup, listing
from dynaclient.cli.chosen import UNUSED, Amount, check, columns_of, named_as_typed
from dynaclient.cli.documents import Opened, opened
from dynaclient.cli.engines import elsewhere_of, engine_options
from dynaclient.cli.operation import OperationCommand
from dynaclient.cli.settings import settings_of, shared_options

if TYPE_CHECKING:
    from dynaclient.bulk.job import Job
    from dynaclient.bulk.rows import Source
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
        ("rows", {"metavar": "FILE|-", "help": "The rows: JSON Lines, CSV, plain lines or Parquet; - for standard input."}),
        ("rows-format", {"type": click.Choice(("jsonl", "csv", "tsv", "lines", "parquet")), "help": "What --rows holds, where its name does not say it."}),
        ("set", {"metavar": "PARAM=COLUMN", "multiple": True, "help": "Take a parameter from a column; may be repeated. The column of plain lines is `line`."}),
        ("out", {"metavar": "FILE", "help": "Where the results go: .jsonl, .npy or .parquet."}),
        ("errors", {"metavar": "FILE", "help": "Where failed rows go; without it, --out with .errors.jsonl behind it."}),
        ("take", {"metavar": "PATH", "help": "What of a result is kept: the dotted path of a field."}),
        ("keep", {"metavar": "COLUMN", "multiple": True, "help": "Copy a column to the output; may be repeated."}),
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

    check(command, settings, chosen)
    halt = Halt()
    with (
        spelled_as_typed(command, given.spelled),
        options_named(settings.origin),
        named_as_typed(),
        warnings_told(),
        Inputs("--spec" if settings.spec == "-" else "") as inputs,
        client_of(command.document, settings, inputs) as client,
        Meter(sys.stderr) as meter,
    ):
        arguments = _arguments(command, settings, given, inputs)
        elsewhere = elsewhere_of(command, settings, chosen, arguments, inputs, halt)
        try:
            with _rows(chosen, inputs, meter, dry=settings.dry_run) as source:
                job = _job(command, client, arguments, source, chosen, meter, halt, elsewhere)
                if settings.dry_run:
                    Printer(settings.output, settings.query).value(_shown(job))
                    return 0
                gc.freeze()  # what is there now lives to the end: the collector need not look at it again and again
                with halt:
                    summary = job.run()
        except Halted:
            return _stopped(meter, halt.code, chosen)
        meter.end(complete=True)
        Printer(settings.output, settings.query).value(summary.shown())
    return FAILED_ROWS if summary.failed else 0


def _arguments(command: OperationCommand, settings: Settings, given: Given, inputs: Inputs) -> dict[str, Any]:
    """What is the same for all rows."""
    from dynaclient.cli.run import arguments_of, options_of

    return {**arguments_of(command, given, inputs), **options_of(command, settings, inputs)}


@contextmanager
def _rows(chosen: Mapping[str, Any], inputs: Inputs, meter: Meter, *, dry: bool) -> Iterator[Source]:
    """The file of rows; those that can be read but once, from standard input or a pipe, in one that is there until the run is complete."""
    from dynaclient.bulk.rows import open_rows
    from dynaclient.bulk.spool import is_pipe, spooled

    path = Path(chosen["rows"])
    if chosen["rows"] != "-" and not is_pipe(path):
        yield open_rows(path, chosen["rows_format"])
        return
    stream = inputs.file("-", "--rows").content if chosen["rows"] == "-" else path
    out = None if dry else Path(chosen["out"])
    begun = lambda: meter.seen is not None  # noqa: E731
    with spooled(stream, out, chosen["rows_format"], overwrite=chosen["overwrite"], begun=begun) as source:
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
    from dynaclient.bulk.job import Settings as JobSettings
    from dynaclient.bulk.mapping import caps_of
    from dynaclient.bulk.selection import Selection
    from dynaclient.bulk.tokens import counter

    columns = columns_of(command, chosen["set"], arguments)
    single = command.operation.batch is not None
    picking = {name: chosen[name] for name in ("limit", "sample", "dedup", "keep")}
    details = JobSettings(
        out=Path(chosen["out"] or "dry-run.jsonl"),
        count=counter(chosen["tokenizer"]),
        errors=Path(chosen["errors"]) if chosen["errors"] else None,
        take=chosen["take"] or "",
        batch=chosen["batch"],
        in_flight=chosen["in_flight"],
        caps=caps_of(chosen["rpm"], chosen["tpm"]),
        price=chosen["price"],
        overwrite=chosen["overwrite"],
    )
    selection = Selection(source, columns, single=single, **picking)
    return Job(client[command.operation.dotted], arguments, selection, details, meter, halt, elsewhere)
