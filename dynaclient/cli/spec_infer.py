"""``dynaclient spec infer``."""

from __future__ import annotations

import click

from dynaclient.cli.documents import opened
from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import MESSAGES, shared_options


@click.pass_context
def _infer(ctx: click.Context, document: str | None, out: str | None) -> None:
    from dynaclient.cli import messages
    from dynaclient.cli.wording import counted
    from dynaclient.cli.yaml import write_yaml
    from dynaclient.openapi.paging_overlay import paging_overlay

    shown = opened(ctx, document)
    overlay = paging_overlay(shown.api)
    if overlay is None:
        messages.warning(f"nothing is inferred in {shown.api.source}: there is no overlay to write")
        return
    write_yaml(overlay, out)
    count = counted(len(overlay["actions"]), "operation")
    messages.note(f"how the lists of {count} come in pages; read it before you use it with --overlay")


def infer_command() -> click.Command:
    """The ``spec infer`` command."""
    return Sectioned(
        "infer",
        callback=_infer,
        params=[
            click.Argument(["document"], metavar="[SPEC]", required=False),
            click.Option(
                ["--out"],
                metavar="FILE",
                type=click.Path(dir_okay=False),
                help="Write the overlay to a file, whole or not at all; without it, to standard output.",
            ),
            *shared_options(("spec", "overlay", "profile", *MESSAGES)),
        ],
        help=(
            "Make an overlay that declares what is inferred where a document says nothing: how its lists come in pages. "
            "Calls follow the same without it; keep it to correct it, to pin it, or to publish it."
        ),
        short_help="Make an overlay of what is inferred.",
    )
