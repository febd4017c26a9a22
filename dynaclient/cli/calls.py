"""``dynaclient call``: every operation of the document is a command, made when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.documents import Opened, opened
from dynaclient.cli.options import ArgumentOption, BodyOption, Made, make_options
from dynaclient.cli.sections import Sectioned, SectionedGroup
from dynaclient.cli.settings import PREFIX, SharedOption, settings_of, shared_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from dynaclient.openapi.model import Operation, Server

EPILOG = """\
Values: @FILE reads a file, - standard input, @@x is the text @x; a value that begins with [ or { is JSON where the operation takes an array or an object; a repeated
option makes a list. See `dynaclient help values`.

Exit codes: 2 wrong usage, 3 document, 4 credentials, 5 connection, 6 time-out, 7 unexpected reply, 8 refused (4XX), 9 rate limit, 10 server error (5XX). See
`dynaclient help exit-codes`.
"""


class CallGroup(SectionedGroup):
    """The group whose commands are the operations of the document."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The dotted names, in the document's order."""
        return list(opened(ctx).api.index)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of an operation of the document that the settings name."""
        document = opened(ctx)
        return OperationCommand(document, document.name_of(cmd_name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names, read from the document that a ``--spec`` behind it may name."""
        typed, rest = args[0], args[1:]
        try:
            command = self._command(ctx, typed, _spec_among(rest))
        except click.UsageError:
            if ctx.resilient_parsing:
                return None, None, rest
            raise
        return command.name, command, rest

    def _command(self, ctx: click.Context, typed: str, behind: str | None) -> OperationCommand:
        before = settings_of(ctx).spec
        if behind is None or behind == before:
            document = opened(ctx)
            return OperationCommand(document, document.name_of(typed))
        if before is not None:
            document = opened(ctx)
            if typed in document.api.index:
                command = OperationCommand(document, typed)
                if command.owns("--spec"):
                    return command
        document = opened(ctx, behind)
        command = OperationCommand(document, document.name_of(typed))
        if command.owns("--spec"):
            raise click.UsageError(
                f"{typed} has a parameter `spec` of its own; name the document before it: dynaclient --spec {behind} call {typed} ..."
            )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The operations of the document; where it cannot be read, why."""
        from dynaclient.errors import DynaclientError

        with formatter.section("Operations"):
            try:
                formatter.write_dl(
                    [(name, key.summary or f"{key.method} {key.path}") for name, key in opened(ctx).api.index.items()]
                )
            except DynaclientError as error:
                formatter.write_text(f"The document cannot be read: {error}")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The operations with their summaries, or the options."""
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        index = opened(ctx).api.index
        return [CompletionItem(name, help=key.summary) for name, key in index.items() if name.startswith(incomplete)]


@click.pass_context
def _called(ctx: click.Context) -> None:
    """What stands between the group's options and the operation: nothing, or the question which one is meant."""
    if ctx.invoked_subcommand is None:
        raise click.UsageError(f"which operation?\n\n{listing(opened(ctx))}", ctx)


def call_group() -> CallGroup:
    """The ``call`` command."""
    return CallGroup(
        "call",
        callback=_called,
        invoke_without_command=True,
        no_args_is_help=False,
        params=shared_options(),
        help="Call an operation of the document.\n\n`dynaclient call OPERATION --help` shows its arguments.",
        short_help="Call an operation.",
        epilog=EPILOG,
        subcommand_metavar="OPERATION [ARGUMENTS]...",
    )


def listing(document: Opened) -> str:
    """The operations, one a line."""
    index = document.api.index
    width = min(max(map(len, index), default=0), 40)
    return "\n".join(f"  {name:<{width}}  {key.summary or f'{key.method} {key.path}'}" for name, key in index.items())


def _spec_among(arguments: list[str]) -> str | None:
    """The value of the last ``--spec`` among the arguments of an operation, which is needed before they can be parsed."""
    found = None
    for number, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--spec" and number + 1 < len(arguments):
            found = arguments[number + 1]
        elif argument.startswith("--spec="):
            found = argument.partition("=")[2]
    return found


class OperationCommand(Sectioned):
    """The command of one operation."""

    def __init__(self, document: Opened, name: str) -> None:
        operation = document.operation(name)
        self.document, self.operation = document, operation
        self.made: Made = make_options(operation, document.api.document)
        taken = [spelling for option in self.made.options for spelling in option.opts]
        variable = "_".join((PREFIX, "CALL", *operation.key.group, operation.key.name)).upper()
        super().__init__(
            name,
            params=[*self.made.options, *shared_options(taken=taken)],
            help=_help(operation),
            short_help=operation.summary,
            epilog=f"{EPILOG}\nEvery option can be set in the environment: {variable}_ and its name; call options also as {PREFIX}_ and their name.",
            deprecated=operation.deprecated,
            context_settings={
                "auto_envvar_prefix": variable,
                "help_option_names": ["--help", "-h"],
                "max_content_width": 100,
                "allow_extra_args": True,
            },
        )

    @property
    def servers(self) -> tuple[Server, ...]:
        """The servers of the operation."""
        return self.operation.servers

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options; for one that is unknown, suggest the nearest."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise click.UsageError(self._no_option(error.option_name), ctx) from None

    def _no_option(self, typed: str) -> str:
        from difflib import get_close_matches

        own = list(self.made.spelled.values())
        shared = [option.opts[-1] for option in self.params if isinstance(option, SharedOption)]
        close = get_close_matches(typed, own, 1, 0.6) or get_close_matches(typed, shared, 1, 0.7)
        hint = (
            f"Did you mean {close[0]}?" if close else f"It takes {', '.join(own) or 'no arguments'}, and call options."
        )
        return f"{self.operation.dotted} has no option {typed}. {hint}"

    def owns(self, spelling: str) -> bool:
        """Whether an option of this spelling is the API's own."""
        return any(spelling in option.opts for option in self.made.options)

    def invoke(self, ctx: click.Context) -> Any:
        """Send the call and print what comes back."""
        from dynaclient.cli.run import run_call

        if ctx.args:
            # Shown in part only: it may be a token that lost its option.
            shown = ctx.args[0] if len(ctx.args[0]) <= 8 else f"{ctx.args[0][:8]}..."
            raise click.UsageError(
                f"{shown!r} belongs to no option; every value follows its option, and a text with spaces stands in quotes",
                ctx,
            )
        run_call(self, settings_of(ctx), self.typed(ctx))

    def typed(self, ctx: click.Context) -> Mapping[str, tuple[str, ...]]:
        """Python name of the argument (or ``body``) -> the texts that were given for it."""
        found: dict[str, tuple[str, ...]] = {}
        for option in self.made.options:
            value = ctx.params.get(str(option.name))
            if value is None or value == ():
                continue
            key = option.field.python_name if isinstance(option, ArgumentOption) else "body"
            found[key] = value if isinstance(value, tuple) else (value,)
        return found

    def body_option(self) -> BodyOption | None:
        """The ``--body`` option, where the operation has one."""
        return next((option for option in self.made.options if isinstance(option, BodyOption)), None)


def _help(operation: Operation) -> str:
    from dynaclient.cli.options import shortened

    parts = [operation.summary]
    if operation.description != operation.summary:
        parts.append(shortened(operation.description, 500))
    parts.append(f"Sends {operation.method} {operation.path}. `dynaclient describe {operation.dotted}` tells more.")
    return "\n\n".join(part for part in parts if part)
