"""``dynaclient spec update`` and ``rollback``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import settings_of, shared_options
from dynaclient.cli.spec import BREAKING, RISKY
from dynaclient.cli.spec_compare import Where, lines_of, places, shown_place
from dynaclient.cli.spec_project import WRITING, DocumentName, now, project_here
from dynaclient.source.misfit import misfits

if TYPE_CHECKING:
    from dynaclient.cli.output import Printer
    from dynaclient.project import Project, Update


@click.pass_context
def _update(ctx: click.Context, names: tuple[str, ...], accept: bool, dry_run: bool, back: bool) -> None:
    from dynaclient.cli.output import Printer

    settings = settings_of(ctx)
    printer = Printer(settings.output, settings.query)
    project = project_here()
    if back:
        for name in names or tuple(project.documents):
            project = _back(project, name, printer)
        return
    wanted = names or tuple(name for name, entry in project.documents.items() if entry.source)
    plain = settings.output in (None, "table") and settings.query is None
    told, code = [], 0
    for name in wanted:
        project, facts, here = _one(project, name, printer if plain else None, accept=accept, dry_run=dry_run)
        told.append(facts)
        code = max(code, here)
    if not plain:
        printer.value(told)
    ctx.exit(code)


def _one(
    project: Project, name: str, printer: Printer | None, *, accept: bool, dry_run: bool
) -> tuple[Project, dict[str, Any], int]:
    """Update one document: the project afterwards, what is told of it, and the exit code."""
    from dynaclient.cli.messages import visible
    from dynaclient.project import accept as write
    from dynaclient.project import prepare

    update = prepare(project, name)
    refused = update.needs_consent and not accept
    status = "refused" if refused else "unchanged" if update.unchanged else "would be updated" if dry_run else "updated"
    place = places(update.old, update.new)
    if not refused and not dry_run:
        project = write(update, now())
    if printer is not None:
        printer.text(visible("\n".join(_lines(update, status, place))))
    return project, _facts(update, status, place), _code(update) if refused else 0


def _code(update: Update) -> int:
    return BREAKING if any(change.level == "breaking" for change in update.refused) else RISKY


def _version(document: Any) -> str:
    info = document.data.get("info") if document is not None else None
    return str(info.get("version", "")) if isinstance(info, dict) else ""


def _facts(update: Update, status: str, place: Where) -> dict[str, Any]:
    """An update for programs."""
    from dynaclient.openapi.diff import to_json
    from dynaclient.openapi.media import decode_json

    return {
        "name": update.entry.name,
        "status": status,
        "from": _version(update.old),
        "to": _version(update.new),
        "origin": update.fetched.origin,
        "hops": list(update.fetched.hops),
        "moved": update.moved,
        "edited": update.edited,
        "refused": [change.id for change in update.refused],
        "trust": [change.id for change in update.trust],
        "overlays": [
            {"id": found.id, "overlay": found.overlay, "message": found.message} for found in misfits(update.new)
        ],
        "changes": decode_json(to_json(update.changes, place).encode())["changes"],
    }


def _lines(update: Update, status: str, place: Where) -> Iterator[str]:
    """An update for people: what is to be looked at first stands first."""
    before, after = _version(update.old), _version(update.new)
    versions = f", {before} to {after}" if before != after else f", {after}" if after else ""
    yield f"{update.entry.name}: {status}{versions}"
    if len(update.fetched.hops) > 1:
        yield f"  redirected: {' -> '.join(update.fetched.hops)}"
    if update.moved:
        yield f"  LOOK: the document itself comes from another origin now: {update.moved}"
    if update.edited:
        yield "  LOOK: the local copy was edited; its changes would be lost (an overlay keeps them)"
    for change in update.trust:
        operation = f"{change.operation}: " if change.operation else ""
        yield f"  LOOK: {operation}{change.message}  [{change.id}]"
    yield from (f"  LOOK: {found.overlay}: {found.message}  [{found.id}]" for found in misfits(update.new))
    yield from (f"  {line}" for line in lines_of(update.changes, place))
    if status == "refused":
        yield from _refusal(update, place)
    elif status == "updated":
        yield f"  `dynaclient spec rollback {update.entry.name}` goes back"


def _refusal(update: Update, place: Where) -> Iterator[str]:
    yield "  Nothing was written; --accept takes it, though:"
    for change in update.refused:
        operation = f"{change.operation}, which is in use: " if change.operation else ""
        yield f"    {operation}{change.message}  ({shown_place(change, place)})"
    if update.moved:
        yield "    it comes from another origin"
    if update.edited:
        yield "    the edits in the local copy are lost"


def update_command() -> click.Command:
    """The ``spec update`` command."""
    return Sectioned(
        "update",
        callback=_update,
        params=[
            click.Argument(["names"], metavar="[NAME]...", nargs=-1, type=DocumentName()),
            click.Option(["--accept"], is_flag=True, help="Take what breaks operations in use, and new origins."),
            click.Option(["--dry-run"], is_flag=True, help="Show what would change; write nothing."),
            click.Option(["--back"], is_flag=True, help="Go back instead: as `dynaclient spec rollback`."),
            *shared_options(WRITING),
        ],
        help=(
            "Fetch the documents of the project from their sources, show what changed, and write them. What breaks an operation in use, leads to a "
            "new origin, or would undo edits is refused (exit code 12, 11 where nothing breaks) until --accept is given. New origins, servers, token URLs "
            "and security are always shown first."
        ),
        short_help="Fetch documents anew; show what changed; refuse what breaks.",
    )


def _back(project: Project, name: str, printer: Printer) -> Project:
    from dynaclient.project import roll_back

    project = roll_back(project, name)
    lock = project.locks[name]
    printer.text(f"{name}: back to {lock.version or lock.digest[:12]}; once more goes forward again")
    return project


def _rollback(name: str) -> None:
    from dynaclient.cli.output import Printer

    _back(project_here(), name, Printer())


def rollback_command() -> click.Command:
    """The ``spec rollback`` command."""
    return Sectioned(
        "rollback",
        callback=_rollback,
        params=[click.Argument(["name"], metavar="NAME", type=DocumentName()), *shared_options(("no_color", "error_format"))],
        help="Go back to the document as it was before its last update; once more goes forward again.",
        short_help="Go back to the document before the last update.",
    )  # fmt: skip
