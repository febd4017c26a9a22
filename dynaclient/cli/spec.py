"""``dynaclient spec``: documents as things that change: keep, update, compare, check, learn."""

from __future__ import annotations

from importlib import import_module

import click

from dynaclient.cli.sections import SectionedGroup

RISKY, BREAKING = 11, 12
"""Exit codes by level, of what was found or refused."""

_COMMANDS = {
    "add": ("dynaclient.cli.spec_project", "add_command", "Add a document to the project."),
    "update": ("dynaclient.cli.spec_update", "update_command", "Fetch documents anew; show what changed; refuse what breaks."),
    "rollback": ("dynaclient.cli.spec_update", "rollback_command", "Go back to the document before the last update."),
    "list": ("dynaclient.cli.spec_project", "list_command", "List the documents of the project."),
    "show": ("dynaclient.cli.spec_project", "show_command", "Show what is known of one of them."),
    "bundle": ("dynaclient.cli.spec_compare", "bundle_command", "Write one self-contained file, overlays applied."),
    "diff": ("dynaclient.cli.spec_compare", "diff_command", "Show what changed between two documents, and what breaks."),
    "check": ("dynaclient.cli.spec_check", "check_command", "Look for what will trouble a client."),
    "infer": ("dynaclient.cli.spec_infer", "infer_command", "Make an overlay of what is inferred: how lists come in pages."),
    "learn": ("dynaclient.cli.spec_check", "learn_command", "Make an overlay of what --drift recorded, for review."),
}  # fmt: skip
_HELP = """\
The life of a document: dynaclient.toml names the documents of a project, dynaclient.lock says what they were when they were last accepted.

\b
  dynaclient spec add store https://store.example/openapi.yaml --operations pets.list
  dynaclient --spec store call pets.list
  dynaclient spec update                       fetch, compare, refuse what breaks pets.list; --accept takes it
  dynaclient spec diff old.yaml new.yaml       exit code 12 where something breaks
  dynaclient spec check store                  what will trouble a client, with file, line and column
"""


class SpecGroup(SectionedGroup):
    """The group: its commands are loaded when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order in which people meet them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in _COMMANDS:
            return None
        module, factory, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), factory)()
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names; where there is none, the nearest is suggested."""
        if args[0] not in _COMMANDS and not ctx.resilient_parsing:
            from difflib import get_close_matches

            close = get_close_matches(args[0], _COMMANDS, 1, 0.5)
            hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(_COMMANDS)}."
            raise click.UsageError(f"no such command: {args[0]!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])


def spec_group() -> click.Group:
    """The ``spec`` command."""
    return SpecGroup("spec", help=_HELP, short_help="Keep, update, compare and check documents.")
