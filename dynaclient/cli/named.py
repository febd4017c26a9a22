"""``dynaclient NAME``: the groups and operations of an API that is kept under a name, as commands."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.calls import among, operation_command
from dynaclient.cli.documents import NoOperationError, no_operation, opened
from dynaclient.cli.sections import SectionedGroup
from dynaclient.cli.settings import ALL, settle, shared_options

if TYPE_CHECKING:
    from dynaclient.openapi.model import Api

_TOOLS = {
    "ops": ("dynaclient.cli.ops", "ops_command", "List the operations."),
    "describe": ("dynaclient.cli.describe", "describe_command", "Explain an operation."),
    "call": ("dynaclient.cli.calls", "call_group", "Call an operation by its dotted name."),
    "login": ("dynaclient.cli.login", "login_command", "Sign in."),
    "logout": ("dynaclient.cli.login", "logout_command", "Forget what was kept by login."),
    "serve": ("dynaclient.cli.serve", "serve_command", "Serve the document on this machine."),
}
"""What can be done with the document besides: where it has a group of that name, the group is meant."""


def named_api(name: str) -> NamedApi | None:
    """The command of an API that is kept under a name, or None.

    Raises
    ------
    ArgumentError
        Where the kept ones cannot be read.
    """
    from dynaclient.cli.apis import kept

    found = kept().get(name)
    return NamedApi(name, found) if found is not None else None


class MemberGroup(SectionedGroup):
    """A group of the document: its operations and groups are its commands, made when they are asked for."""

    def __init__(self, name: str, path: tuple[str, ...], **attributes: Any) -> None:
        super().__init__(name, subcommand_metavar="COMMAND [ARGUMENTS]...", **attributes)
        self.path = path

    def members(self, api: Api) -> dict[str, str]:
        """What stands directly below: as it is typed -> its name."""
        from dynaclient.group import members

        return {as_typed(name): name for name in members(api, self.path)}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names as they are typed, in the document's order."""
        return list(self.members(opened(ctx).api))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """An operation, or a group below."""
        return self._command(ctx, cmd_name, [])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names; where there is none, the nearest is suggested."""
        command = self._command(ctx, args[0], args[1:])
        if command is None and not ctx.resilient_parsing:
            raise self.unknown(ctx, args[0])
        return (command.name if command else None), command, args[1:]

    def _command(self, ctx: click.Context, typed: str, rest: list[str]) -> click.Command | None:
        document = opened(ctx, server=among("--server", rest))
        index = document.api.index
        for dotted in (typed, typed.replace("-", "_")):
            if "." in dotted and ".".join((*self.path, dotted)) in index:
                return operation_command(ctx, document, ".".join((*self.path, dotted)), rest)
        members = self.members(document.api)
        name = members.get(typed) or next((name for name in members.values() if name == typed), None)
        if name is None:
            return None
        path = (*self.path, name)
        if ".".join(path) in index:
            return operation_command(ctx, document, ".".join(path), rest)
        return MemberGroup(typed, path, help=_described(document.api, path))

    def unknown(self, ctx: click.Context, typed: str) -> click.UsageError:
        """What to say where there is no such command."""
        return NoOperationError(
            no_operation(typed, self.list_commands(ctx), f"{' '.join(ctx.command_path.split()[1:])}"), ctx
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The operations with their summaries, the groups with what they hold; where the document cannot be read, why."""
        from dynaclient.errors import DynaclientError

        try:
            api = opened(ctx).api
        except DynaclientError as error:
            with formatter.section("Operations"):
                formatter.write_text(f"The document cannot be read: {error}")
            return
        operations, groups = [], []
        for typed, name in self.members(api).items():
            key = api.index.get(".".join((*self.path, name)))
            if key is not None:
                operations.append((typed, key.summary or f"{key.method} {key.path}"))
            else:
                groups.append((typed, _held(api, (*self.path, name))))
        for heading, rows in (("Operations", operations), ("Groups", groups)):
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


class NamedApi(MemberGroup):
    """The command of an API that is kept: its options are laid below what is typed."""

    def __init__(self, name: str, kept: Mapping[str, Any]) -> None:
        super().__init__(
            name,
            (),
            params=shared_options([option for option in ALL if option != "spec"]),
            help=f"The API that is kept under the name {name}: {kept['spec']}",
            epilog="`dynaclient api list` shows what is kept, `dynaclient api remove NAME` forgets it.",
        )
        self.kept = kept

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Lay down the settings of the API, then read the line."""
        settle(ctx, self.kept, f"api {self.name}")
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The groups and operations, then what else can be done with the document."""
        found = super().list_commands(ctx)
        return [*found, *(name for name in _TOOLS if name not in found)]

    def _command(self, ctx: click.Context, typed: str, rest: list[str]) -> click.Command | None:
        found = super()._command(ctx, typed, rest)
        if found is None and typed in _TOOLS:
            module, factory, _ = _TOOLS[typed]
            found = getattr(import_module(module), factory)()
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As for every group, and the tools."""
        super().format_commands(ctx, formatter)
        with formatter.section("The document"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _TOOLS.items()])


def as_typed(name: str) -> str:
    """The name of a group or operation at the shell: ``create_many`` is ``create-many``, ``import_`` is ``import``."""
    return name.strip("_").replace("_", "-") or name


def _held(api: Api, path: tuple[str, ...]) -> str:
    """The operations below a group, by their names."""
    depth = len(path)
    names = [".".join((*key.group[depth:], key.name)) for key in api.index.values() if key.group[:depth] == path]
    shown = ", ".join(as_typed(name) for name in names[:8])
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _described(api: Api, path: tuple[str, ...]) -> str:
    tag = next((key.tag for key in api.index.values() if key.group[: len(path)] == path), "")
    tags = api.document.get("tags")
    for entry in tags if isinstance(tags, list) else ():
        if isinstance(entry, Mapping) and entry.get("name") == tag and entry.get("description"):
            return str(entry["description"])
    return f"The operations of {'.'.join(path)}."
