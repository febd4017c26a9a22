"""``dynaclient spec add``, ``list`` and ``show``: the documents of a project."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import MESSAGES, settings_of, shared_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from dynaclient.project import Entry, Project

WRITING = ("output", "query", "no_pager", *MESSAGES)


def now() -> str:
    """The time as a lock has it (RFC 3339, UTC)."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class DocumentName(click.ParamType[str]):
    """The name of a document of the project; completes those that there are."""

    name = "document"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as it is: the project is read when the line has been."""
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The documents whose names begin with what is typed."""
        from click.shell_completion import CompletionItem

        from dynaclient.project import find_project

        project = find_project()
        names = project.documents if project is not None else ()
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def project_here() -> Project:
    """The project that holds here.

    Raises
    ------
    click.UsageError
        Where there is none.
    """
    from dynaclient.project import find_project

    project = find_project()
    if project is None:
        raise click.UsageError("there is no dynaclient.toml here or above: `dynaclient spec add NAME SOURCE` makes one")
    return project


@click.pass_context
def _add(ctx: click.Context, name: str, source: str, operations: tuple[str, ...]) -> None:
    from dynaclient.cli.output import Printer
    from dynaclient.index import api_of
    from dynaclient.project import add

    settings = settings_of(ctx)
    printer = Printer(settings.output, settings.query)
    wanted = tuple(part.strip() for text in operations for part in text.split(",") if part.strip())
    project, document = add(name, source, overlays=settings.overlay, operations=wanted, date=now())
    entry, lock = project.entry(name), project.locks[name]
    if settings.output not in (None, "table") or settings.query is not None:
        printer.value(_row(project, entry))
        return
    count = len(api_of(document).index)
    version = f"version {lock.version}, " if lock.version else ""
    printer.text(f"{name}: {version}{count} operations, {entry.spec}; written to {project.path}")
    printer.text(f"  dynaclient --spec {name} ops")
    printer.text(f"  dynaclient.Client(dynaclient.project.document({name!r}))")


def add_command() -> click.Command:
    """The ``spec add`` command."""
    return Sectioned(
        "add",
        callback=_add,
        params=[
            click.Argument(["name"], metavar="NAME"),
            click.Argument(["source"], metavar="FILE|URL"),
            click.Option(
                ["--operations"],
                multiple=True,
                metavar="NAME,...",
                help="The operations in use: an update that breaks another one is not refused. `*` stands for any text. Without it: all. May be repeated.",
            ),
            *shared_options(("overlay", *WRITING)),
        ],
        help=(
            "Add a document to dynaclient.toml, under a name. A URL, or a file outside of the project, is copied to specs/NAME.yaml, and "
            "`dynaclient spec update` fetches it anew; the file of a document that is written here stays where it is."
        ),
        short_help="Add a document to the project.",
    )


@click.pass_context
def _list(ctx: click.Context) -> None:
    from dynaclient.cli.output import Printer

    settings = settings_of(ctx)
    project = project_here()
    rows = [_row(project, entry) for entry in project.documents.values()]
    short = [{key: row[key] for key in ("name", "version", "state", "fetched", "source")} for row in rows]
    plain = settings.output is None and settings.query is None
    Printer("table" if plain else settings.output, settings.query).value(short if plain else rows)


def list_command() -> click.Command:
    """The ``spec list`` command."""
    return Sectioned(
        "list",
        callback=_list,
        params=shared_options(WRITING),
        help="List the documents of the project: version, state (`as fetched`, `edited`, `missing`), when and from where.",
        short_help="List the documents of the project.",
    )


@click.pass_context
def _show(ctx: click.Context, name: str) -> None:
    from dynaclient.cli.output import Printer
    from dynaclient.project.files import opened_entry
    from dynaclient.project.update import operations_of

    settings = settings_of(ctx)
    project = project_here()
    entry = project.entry(name)
    row = _row(project, entry)
    if row["state"] != "missing":
        document = opened_entry(project, entry)
        servers = document.data.get("servers") or []
        row["operations"] = list(operations_of(document))
        row["servers"] = [str(server.get("url")) for server in servers if isinstance(server, dict)]
    plain = settings.output is None and settings.query is None
    Printer("table" if plain else settings.output, settings.query).value(row)


def show_command() -> click.Command:
    """The ``spec show`` command."""
    return Sectioned(
        "show",
        callback=_show,
        params=[click.Argument(["name"], metavar="NAME", type=DocumentName()), *shared_options(WRITING)],
        help="Show what is known of a document of the project: file, source, overlays, operations, servers, and the way back.",
        short_help="Show what is known of one of them.",
    )


def _row(project: Project, entry: Entry) -> dict[str, Any]:
    lock = project.locks.get(entry.name)
    return {
        "name": entry.name,
        "version": lock.version if lock is not None else "",
        "state": _state(project, entry),
        "fetched": lock.date if lock is not None else "",
        "source": entry.source or "written here",
        "origin": lock.origin if lock is not None else "",
        "spec": str(project.spec_path(entry)),
        "digest": lock.digest if lock is not None else "",
        "overlays": list(entry.overlays),
        "in_use": list(entry.operations) or ["*"],
        "previous": lock.previous.version or lock.previous.digest[:12] if lock is not None and lock.previous else "",
    }


def _state(project: Project, entry: Entry) -> str:
    from dynaclient.project.keep import digest_of

    path, lock = project.spec_path(entry), project.locks.get(entry.name)
    if not path.is_file():
        return "missing"
    if not entry.source:
        return "written here"
    return "as fetched" if lock is not None and lock.digest == digest_of(path.read_bytes()) else "edited"
