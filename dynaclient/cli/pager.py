"""Long texts for people: through a pager on a terminal, plainly elsewhere."""

from __future__ import annotations

import os
import shutil
import sys

import click

from dynaclient.cli.output import Printer


def show(printer: Printer, text: str, *, pager: bool) -> None:
    """Print a text; on a terminal that it does not fit on, through ``PAGER`` or ``less``.

    Parameters
    ----------
    printer:
        Prints where no pager is used.
    text:
        Lines, without a line end behind the last.
    pager:
        Whether a pager may be used.
    """
    stream = sys.stdout
    tall = text.count("\n") + 1 >= shutil.get_terminal_size().lines
    wanted = os.environ.get("PAGER", "less") not in ("", "cat")
    if (
        pager
        and tall
        and wanted
        and stream is not None
        and stream.isatty()
        and sys.stdin is not None
        and sys.stdin.isatty()
    ):
        click.echo_via_pager(text + "\n")
    else:
        printer.text(text)
