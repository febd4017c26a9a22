"""``dynaclient serve``: the embedded server over HTTP."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.documents import opened
from dynaclient.cli.kinds import Filled, Lines
from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import MESSAGES, error_hint, shared_options, variable_of

if TYPE_CHECKING:
    from dynaclient.local import LocalServer


@click.pass_context
def _serve(ctx: click.Context, /, **options: Any) -> None:
    from dynaclient.local import App, Faults, serve
    from dynaclient.openapi.access import read_servers

    faults = Faults(
        options["fail"], retry_after=options["retry_after"], delay=options["delay"] or 0.0, seed=options["seed"]
    )
    shown = opened(ctx, served=False)
    app = App(
        shown.api,
        require_bearer=options["require_bearer"],
        aliases=options["model_alias"],
        faults=faults,
        further=read_servers(
            shown.document.original.data, ""
        ),  # an overlay may have put other addresses in their place
    )
    more: dict[str, Any] = {"log": _silence} if options["no_access_log"] else {}
    serve(app, options["host"], options["port"], allow_remote=options["allow_remote"], ready=_ready, **more)


def _silence(_line: str) -> None:
    """Take a line of the access log and drop it."""


def _ready(server: LocalServer) -> None:
    """Print the URL, the first line on standard output, at once: a program that waits for it can go on."""
    from dynaclient.cli.output import write

    write(f"{server.url}\n".encode())


class _Meant(click.Option):
    """An option whose variable, where it is there, must not be empty: a server that was meant to ask for a token would let everybody in."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        found = super().resolve_envvar_value(ctx)
        if found is None and os.environ.get(variable_of(self, ctx)) is not None:
            raise click.UsageError(
                f"the environment variable {variable_of(self, ctx)} is empty; give it a value, or unset it", ctx
            )
        return found

    def get_error_hint(self, ctx: click.Context | None) -> str:
        return error_hint(self, ctx) or super().get_error_hint(ctx)


def serve_command() -> click.Command:
    """The ``serve`` command."""
    options: list[click.Parameter] = [
        click.Option(["--host"], default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen."),
        click.Option(
            ["--port"],
            default=8080,
            show_default=True,
            type=click.IntRange(0, 65535),
            help="The port; 0 takes a free one.",
        ),
        click.Option(["--allow-remote"], is_flag=True, help="Allow a --host that other machines reach."),
        click.Option(
            ["--fail"],
            multiple=True,
            metavar="KIND:COUNT",
            type=Lines(),
            help="Go wrong on purpose: `429:2`, `503:*`, `500:10%`, `reset:1`, `stall`, `half`, `garbage`, `html`, `null-data`, `few`, `shuffle`. May be repeated.",
        ),
        click.Option(["--retry-after"], metavar="SECONDS|DATE", help="The Retry-After of replies with 429 and 503."),
        click.Option(["--delay"], metavar="SPAN", help="How long each reply takes at least: `200ms`, `1.5s`."),
        click.Option(["--seed"], default=0, type=int, help="Where the draw for shares of failures begins."),
        _Meant(
            ["--require-bearer"],
            metavar="TOKEN",
            type=Filled("the token"),
            help="Ask for this bearer token. Others can see it in the list of processes: prefer the variable DYNACLIENT_SERVE_REQUIRE_BEARER.",
        ),
        _Meant(
            ["--model-alias"],
            multiple=True,
            metavar="NAME",
            type=Filled("the name"),
            help="One more name of the built-in model. May be repeated.",
        ),
        click.Option(["--no-access-log"], is_flag=True, help="Write no line for each request to standard error."),
    ]
    return Sectioned(
        "serve",
        callback=_serve,
        params=[*options, *shared_options(("spec", "profile", *MESSAGES))],
        help=(
            "Serve the document on this machine: what the embedded server can compute is computed, all else comes from the document's "
            "examples and schemas. The first line on standard output is the URL. Ctrl-C ends it."
        ),
        short_help="Serve the document on this machine.",
    )
