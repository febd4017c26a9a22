"""Help pages whose options stand in sections, and completion that offers each option once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

WIDTH = 100


def section_of(parameter: click.Parameter) -> str:
    """The heading under which a parameter stands on the help page."""
    return getattr(parameter, "section", "Options")


class Sectioned(click.Command):
    """A command whose help page groups its options: those of the operation first, those that all commands share last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section for each heading, in the order in which the headings first come."""
        write_sections(ctx, formatter, self.get_params(ctx))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and options; of several spellings of an option the first that fits, so that no list shows an option twice."""
        return once(super().shell_complete(ctx, incomplete), self.get_params(ctx), incomplete)


def once(
    found: Iterable[CompletionItem], parameters: Iterable[click.Parameter], incomplete: str
) -> list[CompletionItem]:
    """The offers without the further spellings of an option that is offered already."""
    spare: set[str] = set()
    for parameter in parameters:
        # The long option goes before the short one: `--output`, not `-o`.
        spellings = sorted(parameter.opts, key=lambda text: not text.startswith("--"))
        fitting = [text for text in spellings if text.startswith(incomplete)]
        spare.update(fitting[1:])
    return [item for item in found if item.value not in spare]


class SectionedGroup(Sectioned, click.Group):
    """A group whose commands stand before its options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)


def write_sections(ctx: click.Context, formatter: click.HelpFormatter, parameters: Iterable[click.Parameter]) -> None:
    """Write the parameters under their headings."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for parameter in parameters:
        record = parameter.get_help_record(ctx)
        if record is not None:
            sections.setdefault(section_of(parameter), []).append(record)
    if "Options" in sections:
        sections["Options"] = sections.pop("Options")
    for heading, records in sections.items():
        with formatter.section(heading):
            formatter.write_dl(records, col_max=34)
