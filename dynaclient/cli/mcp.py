"""``dynaclient mcp``: operations as tools of the Model Context Protocol."""

from __future__ import annotations

import click

from dynaclient.cli.documents import opened
from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import MESSAGES, settings_of, shared_options

_TAKEN = (
    *(
        "spec",
        "overlay",
        "profile",
        "server",
        "server_variable",
        "credential",
        "timeout",
        "retries",
        "validate",
        "header",
    ),
    *("settings", "proxy", "ca_bundle", "cert", "key", *MESSAGES),
)


@click.pass_context
def _mcp(ctx: click.Context, operations: tuple[str, ...], *, allow_writes: bool) -> None:
    from dynaclient.cli.connect import client_of
    from dynaclient.cli.inputs import Inputs
    from dynaclient.mcp import serve

    names = [name.strip() for entry in operations for name in entry.split(",") if name.strip()]
    taken = "the protocol"  # standard input belongs to it
    with Inputs(taken) as inputs, client_of(opened(ctx), settings_of(ctx), inputs) as client:
        serve(client, names, writes=allow_writes)


def mcp_command() -> click.Command:
    """The ``mcp`` command."""
    options = [
        click.Option(
            ["--operations"],
            multiple=True,
            metavar="NAME,...",
            help="What to serve: dotted names, or groups. An operation that is named in full is served whatever it does. Without it: all that change nothing.",
        ),
        click.Option(
            ["--allow-writes"],
            is_flag=True,
            help="Serve operations of groups, and of the whole document, that may change something.",
        ),
    ]
    return Sectioned(
        "mcp",
        callback=_mcp,
        params=[*options, *shared_options(_TAKEN)],
        help=(
            "Serve operations as tools over the Model Context Protocol, on standard input and output, for assistants that start this command. "
            "Read-only unless told: operations whose method is GET, HEAD, OPTIONS, TRACE or QUERY. Needs the extra: pip install 'dynaclient[mcp]'."
        ),
        short_help="Serve operations as tools of the Model Context Protocol.",
    )
