"""``dynaclient call``: every operation of the document is a command, made when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dynaclient.cli.documents import Opened, opened
from dynaclient.cli.operation import EPILOG, OperationCommand
from dynaclient.cli.sections import SectionedGroup
from dynaclient.cli.settings import settings_of, shared_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_NAMING = ("--spec", "--profile", "--overlay", "--server")
"""The options that name the document: behind an operation they must be known before its own can be."""


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
        """The command that the first argument names, read from the document that the options behind it may name."""
        typed, rest = args[0], args[1:]
        try:
            command = self._command(ctx, typed, rest)
        except click.UsageError:
            if ctx.resilient_parsing:
                return None, None, rest
            raise
        return command.name, command, rest

    def _command(self, ctx: click.Context, typed: str, rest: list[str]) -> OperationCommand:
        behind = {option: found for option in _NAMING if (found := _all_among(option, rest))}
        settings = settings_of(ctx)
        if behind and (settings.spec is not None or settings.profile is not None):
            document = opened(ctx)
            if typed in document.api.index:
                command = operation_command(ctx, document, typed, rest)
                behind = {option: found for option, found in behind.items() if not command.owns(option)}
        document = opened(
            ctx,
            behind.get("--spec", [None])[-1],
            profile=behind.get("--profile", [None])[-1],
            overlays=tuple(behind.get("--overlay", ())),
            server=behind.get("--server", [None])[-1],
        )
        command = operation_command(ctx, document, document.name_of(typed), rest)
        if "--spec" in behind and behind["--spec"][-1] != settings.spec and command.owns("--spec"):
            raise click.UsageError(
                f"{typed} has a parameter `spec` of its own; name the document before it: dynaclient --spec {behind['--spec'][-1]} call {typed} ..."
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


def operation_command(ctx: click.Context, document: Opened, name: str, rest: list[str]) -> OperationCommand:
    """The command of an operation; its options are those of the media type that the line asks for.

    Parameters
    ----------
    ctx:
        The context of the group.
    document, name:
        The document, and the dotted name.
    rest:
        The words behind the operation.
    """
    from dynaclient.cli.wording import options_named
    from dynaclient.errors import ArgumentError

    settings = settings_of(ctx)
    wanted = among("--content-type", rest) or settings.content_type
    command = OperationCommand(document, name)
    if not wanted or command.owns("--content-type"):
        return command
    try:
        with options_named(settings.origin):
            chosen = OperationCommand(document, name, wanted)
    except ArgumentError:
        if not ctx.resilient_parsing:
            raise
        return command
    return command if chosen.owns("--content-type") else chosen


def among(option: str, arguments: list[str]) -> str | None:
    """The last value of an option among the arguments of an operation."""
    return next(reversed(_all_among(option, arguments)), None)


def _all_among(option: str, arguments: list[str]) -> list[str]:
    """The values of an option among the arguments of an operation, which are needed before they can be parsed."""
    found = []
    for number, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == option and number + 1 < len(arguments):
            found.append(arguments[number + 1])
        elif argument.startswith(f"{option}="):
            found.append(argument.partition("=")[2])
    return found
