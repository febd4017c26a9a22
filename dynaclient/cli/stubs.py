"""``dynaclient stubs``: the types of a document, for checkers and editors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dynaclient.cli.documents import opened
from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import MESSAGES, shared_options

if TYPE_CHECKING:
    from collections.abc import Mapping

_RUN_TIME = '''\
"""The clients whose types stand beside this file; what they call is read from the document when they are made."""

from dynaclient import AsyncClient, Client

__all__ = ["AsyncClient", "Client"]
'''


@click.pass_context
def _stubs(ctx: click.Context, out: str | None, operations: tuple[str, ...]) -> None:
    from dynaclient.cli import messages
    from dynaclient.openapi.stubs import stubs
    from dynaclient.openapi.tools import choose

    api = opened(ctx, served=False).api
    names = [name.strip() for entry in operations for name in entry.split(",") if name.strip()]
    text = stubs(api, keys=choose(api, names, writes=True))
    if out is None:
        from dynaclient.cli.output import write

        write(text.encode())
        return
    path = Path(out)
    if path.suffix == ".pyi":
        _write(path.parent, {path.name: text})
    elif path.suffix:
        raise click.UsageError(f"{out}: a stub file ends in .pyi; any other name is that of a package, a folder", ctx)
    else:
        _write(path, {"__init__.pyi": text, "py.typed": ""})
        if not (path / "__init__.py").exists():
            _write(path, {"__init__.py": _RUN_TIME})
    messages.note(f"wrote {path}")


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files, each whole or not at all."""
    from tempfile import NamedTemporaryFile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            with NamedTemporaryFile("w", encoding="utf-8", dir=folder, prefix=f".{name}.", delete=False) as file:
                file.write(text)
            written = Path(file.name)
            written.chmod(0o644)
            written.replace(folder / name)
    except OSError as error:
        raise click.UsageError(f"--out: cannot write to {str(folder)!r}: {error.strerror or error}") from None


def stubs_command() -> click.Command:
    """The ``stubs`` command."""
    out = click.Option(
        ["--out"],
        metavar="FILE.pyi|PACKAGE",
        type=click.Path(),
        help="Where to write: a file that ends in .pyi, or a folder, which becomes a package with py.typed. Without it: standard output.",
    )
    operations = click.Option(
        ["--operations"],
        multiple=True,
        metavar="NAME,...",
        help="Only these: dotted names, or groups. Without it: all.",
    )
    return Sectioned(
        "stubs",
        callback=_stubs,
        params=[out, operations, *shared_options(("spec", "overlay", "profile", *MESSAGES))],
        help=(
            "Write type stubs (.pyi) of the document, for mypy, pyright and editors: every operation with its arguments and what it gives. "
            "Nothing of it is needed to call the operations."
        ),
        short_help="Write type stubs of the document.",
    )
