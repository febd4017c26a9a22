"""The root command, and how it starts and ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

import click

from dynaclient.cli import INTERRUPTED, messages
from dynaclient.cli.completion import VARIABLE
from dynaclient.cli.sections import SectionedGroup
from dynaclient.cli.settings import PREFIX, shared_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

BROKEN_PIPE = 141

_COMMANDS = {
    "call": ("dynaclient.cli.calls", "call_group", "Call an operation."),
    "bulk": ("dynaclient.cli.bulk", "bulk_group", "Run an operation over many rows."),
    "ops": ("dynaclient.cli.ops", "ops_command", "List the operations."),
    "describe": ("dynaclient.cli.describe", "describe_command", "Explain an operation."),
    "explain": (
        "dynaclient.cli.explain",
        "explain_command",
        "Tell what is in force for an operation, and what decided it.",
    ),
    "vendors": (
        "dynaclient.cli.vendors",
        "vendors_command",
        "List the services that can be called by name.",
    ),
    "spec": ("dynaclient.cli.spec", "spec_group", "Keep, update, compare and check documents."),
    "login": ("dynaclient.cli.login", "login_command", "Sign in, and keep the token for later calls."),
    "logout": ("dynaclient.cli.login", "logout_command", "Forget what was kept by login."),
    "api": ("dynaclient.cli.api", "api_group", "Keep documents under a name: dynaclient NAME GROUP OPERATION."),
    "serve": ("dynaclient.cli.serve", "serve_command", "Serve the document on this machine."),
    "local": ("dynaclient.cli.local", "local_group", "Install a model for the embedded server."),
    "stubs": ("dynaclient.cli.stubs", "stubs_command", "Write type stubs of the document."),
    "mcp": ("dynaclient.cli.mcp", "mcp_command", "Serve operations as tools of the Model Context Protocol."),
    "completion": ("dynaclient.cli.completion", "completion_command", "Print the completion script of a shell."),
    "help": ("dynaclient.cli.topics", "help_command", "Tell more: exit codes, values, environment."),
}
_HELP = """\
An OpenAPI document as a command: its operations are called by name, checked, and retried.

\b
  dynaclient ops                               what there is
  dynaclient describe OPERATION                what it takes, gives and needs
  dynaclient call OPERATION --NAME VALUE ...   call it; with --server local, without network or account
  dynaclient api add NAME SPEC                 keep a document: dynaclient NAME GROUP OPERATION --NAME VALUE ...
"""


class RootGroup(SectionedGroup):
    """The root: its commands are loaded when they are used, so that the help page costs nothing but click."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order in which people meet them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command, or make that of an API that is kept under this name."""
        if cmd_name not in _COMMANDS:
            from dynaclient.cli.named import named_api

            return named_api(cmd_name)
        module, factory, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), factory)()
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names; where there is none, the nearest is suggested."""
        command = self.get_command(ctx, args[0])
        if command is None and not ctx.resilient_parsing:
            raise click.UsageError(_no_command(args[0]), ctx)
        return (command.name if command else None), command, args[1:]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands, the APIs that are kept, and the options."""
        from click.shell_completion import CompletionItem

        from dynaclient.cli.apis import names
        from dynaclient.cli.sections import once

        if incomplete.startswith("-"):
            return once(click.Command.shell_complete(self, ctx, incomplete), self.get_params(ctx), incomplete)
        found = {name: text for name, (_, _, text) in _COMMANDS.items()}
        found.update(dict.fromkeys(names(), "An API that is kept under this name."))
        return [CompletionItem(name, help=text) for name, text in found.items() if name.startswith(incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])


@click.pass_context
def _nothing(ctx: click.Context) -> None:
    """Without a command: what there is."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _no_command(typed: str) -> str:
    from difflib import get_close_matches

    from dynaclient.cli.apis import names

    known = [*_COMMANDS, *names()]
    close = get_close_matches(typed, known, 1, 0.5)
    if not close and "." in typed:
        return f"no such command: {typed!r}. To call an operation: dynaclient call {typed}"
    hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(known)}."
    return f"no such command: {typed!r}. {hint}"


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from dynaclient.version import VERSION

        click.echo(f"dynaclient {VERSION}")
        ctx.exit()


def root_command() -> RootGroup:
    """The root command, new."""
    version = click.Option(
        ["--version"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_print_version,
        help="Show the version.",
    )
    return RootGroup(
        "dynaclient",
        callback=_nothing,
        invoke_without_command=True,
        no_args_is_help=False,
        params=[version, *shared_options()],
        help=_HELP,
        epilog="Call options may stand before or after the command. `dynaclient help` tells of exit codes, values and the environment.",
        context_settings={
            "help_option_names": ["--help", "-h"],
            "max_content_width": 100,
            "auto_envvar_prefix": PREFIX,
        },
    )


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command; see `dynaclient.cli.main`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _set_style(given)
    try:
        return _run(given)
    except (KeyboardInterrupt, click.Abort):
        messages.write("")
        return INTERRUPTED
    except (
        BrokenPipeError,
        SystemExit,
    ):  # click turns a broken pipe into SystemExit(1), and raises it for nothing else here
        return _hung_up(BROKEN_PIPE)
    except Exception as error:  # noqa: BLE001 - the border: people see a message, never a traceback
        from dynaclient.cli.failure import report, unwritten

        if unwritten(error):
            _hung_up(0)
        return report(error, given)


def _run(given: list[str]) -> int:
    root = root_command()
    if os.environ.get(VARIABLE):
        return _complete(root)
    _refuse_surrogates(given)
    if sys.stdout is None and (not given or {"--help", "-h", "--version", "--help-all"} & set(given)):
        from dynaclient.cli.failure import UnwrittenError

        raise UnwrittenError("standard output is closed")
    code = root.main(given, prog_name="dynaclient", standalone_mode=False)
    sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _refuse_surrogates(given: list[str]) -> None:
    """Bytes outside the terminal's encoding reach Python as lone surrogates (PEP 383), which nothing can send."""
    for number, argument in enumerate(given, 1):
        if not argument.isascii() and any("\ud800" <= letter <= "\udfff" for letter in argument):
            raise click.UsageError(
                f"argument {number} of the command line is not text in {sys.getfilesystemencoding()}; "
                "put it into a file in UTF-8 and pass @FILE"
            )


def _complete(root: RootGroup) -> int:
    """Answer a shell that asks for completions; where that fails it gets none, for there is nobody to read a message."""
    try:
        root.main([], prog_name="dynaclient", complete_var=VARIABLE, standalone_mode=False)
    except SystemExit as ended:
        return int(ended.code or 0)
    except Exception:
        if os.environ.get("DYNACLIENT_DEBUG"):
            raise
    return 1


def _set_style(given: list[str]) -> None:
    """How messages look must be known before the line is parsed, for an error may be in the line itself."""
    style = messages.STYLE
    style.no_color = "--no-color" in given or os.environ.get(f"{PREFIX}_NO_COLOR", "").lower() in (
        "1",
        "true",
        "yes",
        "on",
    )
    style.error_format = os.environ.get(f"{PREFIX}_ERROR_FORMAT", "text")
    for number, argument in enumerate(given):
        if argument == "--error-format" and number + 1 < len(given):
            style.error_format = given[number + 1]
        elif argument.startswith("--error-format="):
            style.error_format = argument.partition("=")[2]


def _hung_up(code: int) -> int:
    """Nothing more can be written to standard output: keep Python from complaining when it flushes at exit."""
    try:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, sys.stdout.fileno())
        os.close(silent)
    except (OSError, ValueError, AttributeError):
        pass
    return code
