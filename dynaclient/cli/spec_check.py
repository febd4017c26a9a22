"""``dynaclient spec check`` and ``learn``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.documents import opened
from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import MESSAGES, settings_of, shared_options
from dynaclient.cli.spec import BREAKING, RISKY
from dynaclient.cli.spec_project import WRITING

if TYPE_CHECKING:
    from dynaclient.cli.documents import Opened
    from dynaclient.openapi.lint import Finding
    from dynaclient.source.place import Place


@click.pass_context
def _check(ctx: click.Context, document: str | None, formal: bool, ignore: tuple[str, ...], fail_on: str) -> None:
    from dynaclient.cli.messages import visible
    from dynaclient.cli.output import Printer
    from dynaclient.openapi.lint import lint

    settings = settings_of(ctx)
    printer = Printer(settings.output, settings.query)
    _check_ids(ctx, ignore)
    shown = opened(ctx, document, served=False)
    findings = [*_misfits(shown, ignore), *lint(shown.api, ignore=ignore)]
    if formal:
        from dynaclient.openapi.lint.formal import formal_findings

        findings += formal_findings(shown.api) if "formal" not in ignore else ()
    if settings.output in (None, "raw") and settings.query is None:
        printer.text(visible("\n".join([*(_line(shown, finding) for finding in findings), _sum(findings)])))
    else:
        printer.value([_row(shown, finding) for finding in findings])
    ctx.exit(_code(findings, fail_on))


def _misfits(shown: Opened, ignore: tuple[str, ...]) -> list[Finding]:
    """What does not fit between the document and its overlays."""
    from dynaclient.openapi.lint import Finding
    from dynaclient.source.misfit import misfits

    return [
        Finding(found.id, found.pointer, found.message, overlay=found.overlay)
        for found in misfits(shown.document)
        if found.id not in ignore
    ]


def _place(shown: Opened, finding: Finding) -> Place:
    """Where a finding stands: in the document, or in one of its overlays."""
    if finding.overlay:
        return shown.document.texts[finding.overlay].place(finding.pointer)
    return shown.document.place(finding.pointer)


def _check_ids(ctx: click.Context, ignore: tuple[str, ...]) -> None:
    from dynaclient.openapi.lint import CATALOGUE
    from dynaclient.openapi.words import similar

    for name in ignore:
        if name not in CATALOGUE:
            hint = similar(name, tuple(CATALOGUE)) or f"there are {', '.join(CATALOGUE)}"
            raise click.UsageError(f"--ignore: there is no finding {name!r}; {hint}", ctx)


def _row(shown: Opened, finding: Finding) -> dict[str, Any]:
    file, line, column = _place(shown, finding)
    return {
        "id": finding.id,
        "level": finding.level,
        "file": file,
        "line": line,
        "column": column,
        "pointer": finding.pointer,
        "message": finding.message,
        "hint": finding.hint,
    }


def _line(shown: Opened, finding: Finding) -> str:
    hint = f" ({finding.hint})" if finding.hint else ""
    return f"{_place(shown, finding)}: {finding.level}: {finding.message}{hint} [{finding.id}]"


def _sum(findings: list[Finding]) -> str:
    from dynaclient.openapi.lint import LEVELS

    counts = [(level, sum(finding.level == level for finding in findings)) for level in LEVELS]
    parts = [f"{count} {level}{'s' if count != 1 else ''}" for level, count in counts if count]
    return ", ".join(parts) or "nothing found"


def _code(findings: list[Finding], fail_on: str) -> int:
    from dynaclient.openapi.lint import LEVELS, gravest

    level = gravest(findings)
    if level is None or fail_on == "never" or LEVELS.index(level) > LEVELS.index(fail_on):
        return 0
    return BREAKING if level == "error" else RISKY


def check_command() -> click.Command:
    """The ``spec check`` command."""
    return Sectioned(
        "check",
        callback=_check,
        params=[
            click.Argument(["document"], metavar="[SPEC]", required=False),
            click.Option(["--formal"], is_flag=True, help="Also what breaks the specification (openapi-spec-validator); slow."),
            click.Option(["--ignore"], multiple=True, metavar="ID", help="Leave out findings of this id; may be repeated. In the document: x-dynaclient-ignore: [ID]."),
            click.Option(["--fail-on"], type=click.Choice(("error", "warning", "note", "never")), default="error", show_default=True, help="From which level on the exit code tells: 12 errors, 11 all else."),
            *shared_options(("spec", "overlay", "profile", *WRITING)),
        ],
        help="Look for what will trouble a client of a document; each finding has its file, line and column, and an id by which it is silenced.",
        short_help="Look for what will trouble a client.",
    )  # fmt: skip


@click.pass_context
def _learn(ctx: click.Context, recording: str, out: str | None) -> None:
    from dynaclient.cli import messages
    from dynaclient.cli.yaml import write_yaml
    from dynaclient.drift import read_differences
    from dynaclient.openapi.learn import learned

    differences = read_differences(recording)
    shown = opened(ctx, served=False)
    overlay = learned(shown.document.data, differences, shown.api.title)
    if overlay is None:
        messages.warning(f"nothing in {recording} concerns {shown.api.source}: there is no overlay to write")
        return
    write_yaml(overlay, out)
    messages.note(
        f"{len(overlay['actions'])} actions from {len(differences)} differences; read them before they are used with --overlay"
    )


def learn_command() -> click.Command:
    """The ``spec learn`` command."""
    return Sectioned(
        "learn",
        callback=_learn,
        params=[
            click.Argument(["recording"], metavar="FILE"),
            click.Option(["--out"], metavar="FILE", type=click.Path(dir_okay=False), help="Write the overlay to a file; without it, to standard output."),
            *shared_options(("spec", "overlay", "profile", *MESSAGES)),
        ],
        help="Make an overlay of the differences that --drift recorded: new properties, wider types, further values. It is for review, and never applied by itself.",
        short_help="Make an overlay of what --drift recorded, for review.",
    )  # fmt: skip
