"""``dynaclient api``: keep a document under a name, and call it by that."""

from __future__ import annotations

from typing import Any

import click

from dynaclient.cli import messages
from dynaclient.cli.sections import Sectioned, SectionedGroup
from dynaclient.cli.settings import MESSAGES, settings_of, shared_options

_KEPT = ("server", "server_variable", "profile", "timeout", "retries", "validate")


class ApiName(click.ParamType[str]):
    """The name of an API; completes those that are kept."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name: letters, digits, dashes and underscores."""
        from dynaclient.cli.apis import NAME

        if not NAME.fullmatch(str(value)):
            self.fail(f"{str(value)[:80]!r} is no name: letters, digits, - and _ are expected.", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The names that there are."""
        from click.shell_completion import CompletionItem

        from dynaclient.cli.apis import names

        return [CompletionItem(name) for name in names() if name.startswith(incomplete)]


@click.pass_context
def _add(ctx: click.Context, name: str, spec: str, replace: bool) -> None:
    from pathlib import Path

    from dynaclient.cli import apis
    from dynaclient.cli.documents import opened
    from dynaclient.cli.wording import counted
    from dynaclient.openapi.server import target
    from dynaclient.source.shipped import known_words

    root = ctx.find_root().command
    if isinstance(root, click.Group) and name in root.list_commands(ctx):
        raise click.UsageError(f"{name} is a command of dynaclient; choose another name", ctx)
    if not replace and name in apis.kept():
        raise click.UsageError(f"{name} is kept already; --replace puts this document in its place", ctx)
    if spec == "-":
        raise click.UsageError("a document that is kept is named by a file or a URL, not by standard input", ctx)
    document = opened(ctx, spec)
    settings = settings_of(ctx)
    given = {key: value for key in _KEPT if (value := getattr(settings, key)) not in (None, ())}
    if settings.server is not None:
        target(
            document.api.servers,
            settings.server,
            document.document.source,
            others=lambda: known_words(document.document),
        )
    place = spec if spec.lower().startswith(("http://", "https://")) else str(Path(spec).expanduser().absolute())
    apis.keep(name, {"spec": place, **given})
    messages.note(
        f"{name}: {counted(len(document.api.index), 'operation')} of {document.api.title or place}; `dynaclient {name} --help` lists them"
    )


@click.pass_context
def _list(ctx: click.Context) -> None:
    from dynaclient.cli import apis
    from dynaclient.cli.output import Printer

    settings = settings_of(ctx)
    rows = [{"name": name, **held} for name, held in apis.kept().items()]
    output = settings.output or ("table" if settings.query is None else None)
    if rows or output != "table":
        Printer(output, settings.query).value(rows)
    else:
        messages.note("none are kept; `dynaclient api add NAME SPEC` keeps one")


def _remove(name: str) -> None:
    from dynaclient.cli import apis

    if not apis.drop(name):
        known = ", ".join(apis.names()) or "none"
        raise click.UsageError(f"no API is kept under the name {name!r}; there are {known}")


def api_group() -> click.Command:
    """The ``api`` command."""
    add = Sectioned(
        "add",
        callback=_add,
        params=[
            click.Argument(["name"], type=ApiName()),
            click.Argument(["spec"], metavar="SPEC", type=click.Path(allow_dash=True)),
            click.Option(["--replace"], is_flag=True, help="Put it in the place of one of this name."),
            *shared_options((*_KEPT, *MESSAGES)),
        ],
        help="Keep a document, a file or a URL, under a name, with the options that its calls shall have. Then: dynaclient NAME GROUP OPERATION.",
        short_help="Keep a document under a name.",
    )
    list_ = Sectioned(
        "list",
        callback=_list,
        params=shared_options(("output", "query", *MESSAGES)),
        help="List the documents that are kept.",
    )
    remove = Sectioned(
        "remove",
        callback=_remove,
        params=[click.Argument(["name"], type=ApiName()), *shared_options(MESSAGES)],
        help="Forget a name. The document itself is left alone.",
    )
    return SectionedGroup(
        "api",
        commands={"add": add, "list": list_, "remove": remove},
        help="Keep documents that are used every day under a name.\n\n`dynaclient api add store store.yaml`, then `dynaclient store pets list`.",
        short_help="Keep documents under a name.",
    )
