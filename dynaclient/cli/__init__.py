"""The shell command. The only door to click.

Modules of this package import nothing but click and each other when they are loaded; all else is imported in the function that
needs it, so that ``--help`` and ``--version`` cost little more than click itself.
"""

from __future__ import annotations

from dynaclient.cli.app import main

__all__ = ["main"]
