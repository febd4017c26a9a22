"""Parsed forms kept between runs, as JSON in the user's cache folder.

``DYNACLIENT_CACHE_DIR`` names another folder, ``DYNACLIENT_CACHE=off`` turns the cache off. An entry is found by what it was made from (a hash of
the content and of all that has a say in the outcome), so that it is never stale; it is written whole or not at all, checked when it
is read, and readable by its owner alone. Whatever goes wrong here costs time, never a call: the cache then is as if it were empty.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import stat
import sys
import time
from binascii import crc32
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

MAX_BYTES = 200_000_000
_DAY = 86_400.0
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,80}")
_OFF = frozenset({"off", "0", "no", "false", "none"})


def enabled() -> bool:
    """Whether the environment allows a cache (``DYNACLIENT_CACHE``)."""
    return os.environ.get("DYNACLIENT_CACHE", "").strip().lower() not in _OFF


def user_cache_dir() -> Path:
    """The folder of the cache; it need not exist.

    ``DYNACLIENT_CACHE_DIR``, else the platform's folder for caches (on Linux ``$XDG_CACHE_HOME/dynaclient`` or ``~/.cache/dynaclient``).
    """
    chosen = os.environ.get("DYNACLIENT_CACHE_DIR", "")
    if chosen.strip():
        return Path(chosen).expanduser()
    if _linux():  # what platformdirs answers there, without the 10 ms of its import
        base = os.environ.get("XDG_CACHE_HOME", "")
        return Path(base if base.startswith("/") else "~/.cache").expanduser() / "dynaclient"
    from platformdirs import user_cache_path

    return user_cache_path("dynaclient", appauthor=False)


def _linux() -> bool:
    return sys.platform.startswith("linux")


def get(kind: str, key: str, decode: Callable[[bytes], Any] = msgspec.json.decode) -> Any:
    """What was put under this key, or None where nothing is, or nothing that can be trusted.

    Parameters
    ----------
    kind:
        What sort of thing it is; a folder of its own: ``document``.
    key:
        Names the entry; any text.
    decode:
        Reads the JSON text of the entry.
    """
    if not enabled():
        return None
    try:
        path = _path(kind, key)
        payload = _checked(_read(path))
        if payload is None:
            return None
        with _uncollected():
            return decode(payload)
    except (OSError, ValueError, RuntimeError, msgspec.MsgspecError):
        return None


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Make many objects that all stay: the collector of garbage would look through them again and again, for twice the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def put(kind: str, key: str, value: Any) -> None:
    """Keep a value of JSON's types under a key; silently nothing where the folder cannot be written.

    Parameters
    ----------
    kind, key:
        As for ``get``.
    value:
        Dicts with string keys, lists, strings, numbers, booleans, None. It must not hold a secret.
    """
    if not enabled():
        return
    try:
        payload = msgspec.json.encode(value)
        if len(payload) > MAX_BYTES:
            return
        path = _path(kind, key)
        os.makedirs(path.parent.parent, mode=0o700, exist_ok=True)  # noqa: PTH103  # Path.mkdir gives parents other modes
        os.makedirs(path.parent, mode=0o700, exist_ok=True)  # noqa: PTH103
        _write(path, b"%08x\n" % crc32(payload) + payload)
        evict(MAX_BYTES)
    except (OSError, TypeError, ValueError, RuntimeError, msgspec.MsgspecError):
        return


def evict(limit: int) -> None:
    """Remove the entries that were not used for longest until the cache holds no more than so many bytes."""
    entries = []
    for path in user_cache_dir().glob("*/*"):
        with contextlib.suppress(OSError):
            status = path.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                entries.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= limit:
            return
        with contextlib.suppress(OSError):
            path.unlink()
            total -= size


def _path(kind: str, key: str) -> Path:
    name = key if _SAFE.fullmatch(key) else sha256(key.encode()).hexdigest()
    return user_cache_dir() / kind / f"{name}.json"


def _read(path: Path) -> bytes:
    """The bytes of an entry that we own and nobody else can write."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        foreign = hasattr(os, "geteuid") and (status.st_uid != os.geteuid() or status.st_mode & 0o022)
        if foreign or not stat.S_ISREG(status.st_mode):
            return b""
        if time.time() - status.st_mtime > _DAY:  # so that what is in use is not what is evicted
            with contextlib.suppress(OSError):
                os.utime(path)
        return file.read()


def _checked(raw: bytes) -> bytes | None:
    head, newline, payload = raw[:8], raw[8:9], raw[9:]
    return payload if newline == b"\n" and head == b"%08x" % crc32(payload) else None


def _write(path: Path, raw: bytes) -> None:
    """Write beside the entry and move into its place, so that a reader sees the old one, the new one or none."""
    temporary = path.with_name(f".{os.getpid()}-{os.urandom(6).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(raw)
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
