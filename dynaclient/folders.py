"""Where a user's settings and data lie."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def config_file() -> Path:
    """The file of profiles; it need not exist: ``DYNACLIENT_CONFIG``, else ``config.toml`` in the platform's folder for settings.

    On Linux that is ``$XDG_CONFIG_HOME/dynaclient`` or ``~/.config/dynaclient``.
    """
    chosen = os.environ.get("DYNACLIENT_CONFIG", "")
    if chosen.strip():
        return Path(chosen).expanduser()
    if _linux():  # what platformdirs answers there, without the 10 ms of its import
        base = os.environ.get("XDG_CONFIG_HOME", "")
        return Path(base if base.startswith("/") else "~/.config").expanduser() / "dynaclient" / "config.toml"
    from platformdirs import user_config_path

    return user_config_path("dynaclient", appauthor=False) / "config.toml"


def _linux() -> bool:
    return sys.platform.startswith("linux")


def config_folder() -> Path:
    """The folder of `config_file`, in which logins are listed too."""
    return config_file().parent


def data_folder() -> Path:
    """The folder of what was fetched to stay, such as the weights of a model; it need not exist.

    ``DYNACLIENT_DATA_DIR``, else the platform's folder for data (on Linux ``$XDG_DATA_HOME/dynaclient`` or ``~/.local/share/dynaclient``).
    """
    chosen = os.environ.get("DYNACLIENT_DATA_DIR", "")
    if chosen.strip():
        return Path(chosen).expanduser()
    if _linux():
        base = os.environ.get("XDG_DATA_HOME", "")
        return Path(base if base.startswith("/") else "~/.local/share").expanduser() / "dynaclient"
    from platformdirs import user_data_path

    return user_data_path("dynaclient", appauthor=False)
