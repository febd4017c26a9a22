"""``dynaclient spec diff`` and ``bundle``, and changes as lines for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.documents import opened
from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import MESSAGES, shared_options
from dynaclient.cli.spec import BREAKING, RISKY

if TYPE_CHECKING:
    from dynaclient.openapi.diff import Change
    from dynaclient.source import Document

Where = Callable[[Any, str], tuple[str, int, int]]
_HEADINGS = {"breaking": "Breaking", "risky": "Risky", "safe": "Safe"}
_CODES = {"breaking": BREAKING, "risky": RISKY}


def places(old: Document | None, new: Document) -> Where:
    """Finds pointers in the old and in the new document."""

    def place(side: str, pointer: str) -> tuple[str, int, int]:
        document = old if side == "old" and old is not None else new
        return document.place(pointer)

    return place


def lines_of(changes: Iterable[Change], place: Where) -> Iterator[str]:
    """Changes for people: the gravest first, each with its id and its place in the new document (in the old, where it is gone)."""
    from dynaclient.openapi.diff import LEVELS, by_gravity

    ordered = by_gravity(changes)
    for level in LEVELS:
        found = [change for change in ordered if change.level == level]
        if found:
            yield f"{_HEADINGS[level]} ({len(found)})"
        for change in found:
            operation = f"{change.operation}: " if change.operation else ""
            yield f"  {operation}{change.message}"
            yield f"      {shown_place(change, place)}  [{change.id}]"


def shown_place(change: Change, place: Where) -> str:
    """``file:line:column`` of a change."""
    side, pointer = ("old", change.old_pointer) if "-removed" in change.id else ("new", change.new_pointer)
    file, line, column = place(side, pointer)
    return f"{file}:{line}:{column}" if line else str(file)


def code_of(changes: Iterable[Change], fail_on: str) -> int:
    """The exit code: 12 where something breaks, 11 where something is risky and that counts, else 0."""
    from dynaclient.openapi.diff import LEVELS, gravest

    level = gravest(tuple(changes))
    if level is None or fail_on == "never" or level == "safe":
        return 0
    return _CODES[level] if LEVELS.index(level) <= LEVELS.index(fail_on) else 0


@click.pass_context
def _diff(ctx: click.Context, old: str, new: str, form: str, fail_on: str, operations: tuple[str, ...]) -> None:
    from dynaclient.cli.messages import visible
    from dynaclient.cli.output import Printer
    from dynaclient.openapi.diff import diff, to_github, to_json, to_markdown

    before, after = opened(ctx, old, served=False).document, opened(ctx, new, served=False).document
    wanted = {part.strip() for text in operations for part in text.split(",")} or None
    changes = diff(before.data, after.data, operations=wanted)
    place = places(before, after)
    if form == "table":
        text = visible("\n".join(lines_of(changes, place))) or "no changes"
    else:
        writers: dict[str, Callable[..., str]] = {"json": to_json, "markdown": to_markdown, "github": to_github}
        text = writers[form](changes, place).rstrip("\n")
    if text:
        Printer().text(text)
    ctx.exit(code_of(changes, fail_on))


def diff_command() -> click.Command:
    """The ``spec diff`` command."""
    forms, levels = ("table", "json", "markdown", "github"), ("breaking", "risky", "never")
    return Sectioned(
        "diff",
        callback=_diff,
        params=[
            click.Argument(["old"], metavar="OLD"),
            click.Argument(["new"], metavar="NEW"),
            click.Option(["--format", "form"], type=click.Choice(forms), default="table", help="For people, for programs, for a review, for GitHub's annotations."),
            click.Option(["--fail-on"], type=click.Choice(levels), default="breaking", show_default=True, help="From which level on the exit code tells: 12 breaking, 11 risky."),
            click.Option(["--operations"], multiple=True, metavar="NAME,...", help="Only these operations, and what concerns all. May be repeated."),
            *shared_options(("overlay", *MESSAGES)),
        ],
        help="Show every change from one document to another, as its client meets it: breaking, risky or safe. Overlays are applied to both.",
        short_help="Show what changed between two documents, and what breaks.",
    )  # fmt: skip


@click.pass_context
def _bundle(ctx: click.Context, document: str | None, out: str | None, form: str | None) -> None:
    from dynaclient.cli.output import Printer
    from dynaclient.cli.yaml import to_yaml
    from dynaclient.openapi.media import format_json

    data = opened(ctx, document, served=False).document.data
    as_json = form == "json" if form is not None else bool(out and out.lower().endswith(".json"))
    text = format_json(data) if as_json else to_yaml(data).rstrip("\n")
    if out is None:
        Printer().text(text)
        return
    from dynaclient.project.keep import write_whole

    write_whole(Path(out), f"{text}\n".encode())


def bundle_command() -> click.Command:
    """The ``spec bundle`` command."""
    return Sectioned(
        "bundle",
        callback=_bundle,
        params=[
            click.Argument(["document"], metavar="[SPEC]", required=False),
            click.Option(["--out"], metavar="FILE", type=click.Path(dir_okay=False), help="Write to a file, whole or not at all; without it, to standard output."),
            click.Option(["--format", "form"], type=click.Choice(("yaml", "json")), help="Without it: as the name of --out says, else YAML."),
            *shared_options(("spec", "overlay", "profile", *MESSAGES)),
        ],
        help="Write a document as one self-contained file: what it refers to in other files is in it, and its overlays are applied.",
        short_help="Write one self-contained file, overlays applied.",
    )  # fmt: skip
