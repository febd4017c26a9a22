"""Documents that are kept under a name: ``apis.toml`` in the user's folder for settings. It holds no credential.

::

    [api.store]
    spec = "/home/me/apis/store.yaml"
    server = "https://store.example.com/v2"
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dynaclient.errors import ArgumentError, Problem
from dynaclient.folders import config_folder

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
KEYS: Mapping[str, type] = {
    "spec": str,
    "server": str,
    "profile": str,
    "server_variable": tuple,
    "timeout": float,
    "retries": str,
    "validate": str,
}
"""The settings that are kept, and their types."""


def file() -> Path:
    """Where they are kept."""
    return config_folder() / "apis.toml"


def names() -> tuple[str, ...]:
    """The names, for completion and hints; none where the file cannot be read."""
    try:
        return tuple(kept())
    except ArgumentError:
        return ()


def kept() -> dict[str, dict[str, Any]]:
    """Every API: its name -> the settings that were kept for it.

    Raises
    ------
    ArgumentError
        Where the file cannot be read, or says what makes no sense.
    """
    path = file()
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from None
    import tomllib

    try:
        tables = tomllib.loads(text).get("api", {})
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(path, str(error)) from None
    return {name: _settings(path, name, table) for name, table in tables.items()}


def _settings(path: Path, name: str, table: Any) -> dict[str, Any]:
    if not isinstance(table, dict) or not isinstance(table.get("spec"), str):
        raise _unreadable(path, f"[api.{name}] is no table with a `spec`")
    found: dict[str, Any] = {}
    for key, value in table.items():
        kind = KEYS.get(key)
        value = tuple(value) if isinstance(value, list) else float(value) if isinstance(value, int) else value
        if kind is None or not isinstance(value, kind):
            raise _unreadable(path, f"api.{name}.{key} is not understood")
        found[key] = value
    return found


def keep(name: str, settings: Mapping[str, Any]) -> None:
    """Keep an API, in place of an older one of this name; the file is written whole or not at all.

    Raises
    ------
    ArgumentError
        Where the file cannot be read or written.
    """
    with _alone():
        _write({**kept(), name: dict(settings)})


def drop(name: str) -> bool:
    """Forget an API; whether there was one of this name."""
    with _alone():
        held = kept()
        if held.pop(name, None) is None:
            return False
        _write(held)
    return True


def _write(held: Mapping[str, Mapping[str, Any]]) -> None:
    path = file()
    lines = []
    for name, settings in held.items():
        lines += [f"[api.{name}]", *(f"{key} = {_toml(value)}" for key, value in settings.items()), ""]
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            written.write("\n".join(lines).encode())
            written.flush()
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise _unreadable(path, error.strerror or str(error), "written") from None


def _toml(value: Any) -> str:
    """A text, a number or a tuple of texts in TOML: JSON's strings are TOML's, but for one control character."""
    from dynaclient.openapi.media import encode_json

    return encode_json(list(value) if isinstance(value, tuple) else value).decode().replace("\x7f", "\\u007f")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """While one process changes the file, others wait."""
    folder = config_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / "apis.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unreadable(file(), error.strerror or str(error), "written") from None
    try:
        with contextlib.suppress(ImportError, OSError):  # Windows: of two changes at once the later counts
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unreadable(path: Path, why: str, what: str = "read") -> ArgumentError:
    return ArgumentError(f"the kept APIs cannot be {what}", problems=(Problem(str(path), why),))
