"""``dynaclient ops``: what the document offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.documents import Opened, opened
from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import READING, settings_of, shared_options

if TYPE_CHECKING:
    from dynaclient.openapi.model import OperationKey


@click.pass_context
def _ops(ctx: click.Context, search: str) -> None:
    from dynaclient.cli.output import Printer

    settings = settings_of(ctx)
    document = opened(ctx)
    keys = [key for key in document.api.index.values() if found_in(key, search)]
    printer = Printer(settings.output, settings.query)
    if settings.query is not None or settings.output not in (None, "table", "raw"):
        printer.value([as_data(key, document) for key in keys])
        return
    if keys:
        from dynaclient.cli.pager import show

        show(printer, as_text(keys), pager=not settings.no_pager)
    if not keys:
        from dynaclient.cli import messages

        messages.warning(
            f"no operation of {document.api.source} matches {search!r}" if search else "the document has no operations"
        )


def ops_command() -> click.Command:
    """The ``ops`` command."""
    return Sectioned(
        "ops",
        callback=_ops,
        params=[
            click.Option(
                ["--search"],
                metavar="TEXT",
                default="",
                help="Only those whose name, path or summary holds all these words.",
            ),
            *shared_options(READING),
        ],
        help="List the operations of the document, grouped by tag; `-o json` for programs.",
        short_help="List the operations.",
    )


def found_in(key: OperationKey, search: str) -> bool:
    """Whether all words of the search stand in what the index knows of an operation."""
    text = f"{key.dotted} {key.method} {key.path} {key.summary} {key.tag}".lower()
    return all(word in text for word in search.lower().split())


def as_data(key: OperationKey, document: Opened) -> dict[str, Any]:
    """An operation for programs."""
    return {
        "name": key.dotted,
        "method": key.method,
        "path": key.path,
        "summary": key.summary,
        "tag": key.tag,
        "deprecated": key.deprecated,
        "pointer": key.pointer,
        "source": document.api.source,
    }


def as_text(keys: list[OperationKey]) -> str:
    """Operations for people: a heading for each tag, a line for each operation."""
    from dynaclient.cli.messages import visible
    from dynaclient.cli.options import shortened

    groups: dict[str, list[tuple[str, str, str]]] = {}
    for key in keys:
        mark = " (deprecated)" if key.deprecated else ""
        line = (key.dotted, f"{key.method} {key.path}", visible(shortened(key.summary, 80)) + mark)
        groups.setdefault(key.tag or "Without a tag", []).append(line)
    lines = [line for group in groups.values() for line in group]
    widths = [min(max(len(line[place]) for line in lines), 48) for place in range(2)]
    parts = []
    for tag, group in groups.items():
        rows = [f"  {name:<{widths[0]}}  {where:<{widths[1]}}  {text}".rstrip() for name, where, text in group]
        parts.append("\n".join([visible(tag), *rows]))
    return "\n\n".join(parts)
