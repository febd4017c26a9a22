"""Help pages whose options stand in sections."""

from __future__ import annotations

from collections.abc import Iterable

import click

from dynaclient.cli.settings import SharedOption

WIDTH = 100


def section_of(parameter: click.Parameter) -> str:
    """The heading under which a parameter stands on the help page."""
    if isinstance(parameter, SharedOption):
        return "Call options"
    return getattr(parameter, "section", "Options")


class Sectioned(click.Command):
    """A command whose help page groups its options: those of the operation first, those that all commands share last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section for each heading, in the order in which the headings first come."""
        write_sections(ctx, formatter, self.get_params(ctx))


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
