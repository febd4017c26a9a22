"""The shell command. The only door to click.

Modules of this package import nothing but click and each other when they are loaded; all else is imported in the function that
needs it, so that ``--help`` and ``--version`` cost little more than click itself.
"""

from __future__ import annotations

from collections.abc import Sequence

INTERRUPTED = 130

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments:
        Those behind the program's name; None: ``sys.argv``.

    Returns
    -------
    int
        The exit code. Nothing is raised, whatever goes wrong.
    """
    try:  # Ctrl-C may come while the modules are being loaded, too
        from dynaclient.cli.app import run

        return run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
