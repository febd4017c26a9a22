"""Where the tokens of a login are kept: in the system's keyring, or, when told so, in a file that only its user can read.

``logins.json`` in the user's config folder lists what is kept and where; it holds no secret. The secrets are in the keyring under the service ``dynaclient``, or in
``tokens.json`` beside the list.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynaclient.auth.oauth2 import Token
from dynaclient.errors import CredentialsError
from dynaclient.folders import config_folder
from dynaclient.openapi.media import decode_json, encode_json

if TYPE_CHECKING:
    from types import ModuleType

SERVICE = "dynaclient"
ADVICE = "install the extra, pip install 'dynaclient[keyring]', on a system that has one"


@dataclass(frozen=True, slots=True)
class Login:
    """One login: who was let in where, but for the secrets.

    ``server`` is the origin of the API that the token is for, ``scheme`` the security scheme, ``token_url`` where it is refreshed; ``storage`` is
    ``keyring`` or ``file``.
    """

    server: str
    scheme: str
    token_url: str
    client_id: str
    auth: str = "basic"
    scopes: tuple[str, ...] = ()
    storage: str = "keyring"

    @property
    def name(self) -> str:
        """The entry's name in the keyring."""
        return f"{self.scheme} at {self.server}"


@dataclass(frozen=True, slots=True)
class Kept:
    """The secrets of a login."""

    token: Token
    client_secret: str | None = None


class Keep:
    """The logins of a user.

    Parameters
    ----------
    folder:
        Where the list lies; None: the user's config folder.
    ring:
        What stands in for the module ``keyring``; None: that module, if it is installed.
    """

    def __init__(self, folder: Path | None = None, ring: ModuleType | Any | None = None) -> None:
        self._folder = folder
        self._ring = ring

    @property
    def folder(self) -> Path:
        """Where the list lies."""
        return self._folder or config_folder()

    def logins(self) -> list[Login]:
        """All that are kept; none where the list cannot be read."""
        found = []
        for entry in _read(self.folder / "logins.json").values():
            with contextlib.suppress(TypeError):
                found.append(Login(**{**entry, "scopes": tuple(entry["scopes"])}))
        return found

    def find(self, server: str, scheme: str) -> Login | None:
        """The login for a scheme at an origin."""
        return next((one for one in self.logins() if (one.server, one.scheme) == (server, scheme)), None)

    def open(self, login: Login) -> Kept | None:
        """The secrets of a login, or None where they are gone.

        Raises
        ------
        CredentialsError
            Where the keyring cannot be asked, or a file of logins is not its owner's alone.
        """
        _refuse_open_file(self.folder / "logins.json")  # it says where a refresh token is sent
        if login.storage == "keyring":
            with _keyring_told("read"):
                text = self._keyring().get_password(SERVICE, login.name)
            value = _decoded(text.encode()) if text else {}
        else:
            _refuse_open_file(self.folder / "tokens.json")
            value = _read(self.folder / "tokens.json").get(login.name, {})
        try:
            return Kept(Token(**{**value["token"], "scopes": tuple(value["token"]["scopes"])}), value["client_secret"])
        except (KeyError, TypeError):
            return None

    def put(self, login: Login, kept: Kept) -> None:
        """Keep a login, in place of an older one for the same scheme and server.

        Raises
        ------
        CredentialsError
            Where there is no keyring, and no file was allowed (``login.storage``).
        """
        value = {"token": asdict(kept.token), "client_secret": kept.client_secret}
        if login.storage == "keyring":
            with _keyring_told("written"):
                self._keyring().set_password(SERVICE, login.name, encode_json(value).decode())
            self._change("tokens.json", login.name, None)
        else:
            self._change("tokens.json", login.name, value)
        self._change("logins.json", login.name, asdict(login))

    def drop(self, login: Login) -> None:
        """Forget a login and its secrets."""
        if login.storage == "keyring":
            with _keyring_told("changed"):
                ring = self._keyring()
                if ring.get_password(SERVICE, login.name) is not None:
                    ring.delete_password(SERVICE, login.name)
        self._change("tokens.json", login.name, None)
        self._change("logins.json", login.name, None)

    def usable(self) -> bool:
        """Whether there is a keyring."""
        try:
            ring = self._keyring()
        except CredentialsError:
            return False
        return bool(getattr(ring.get_keyring(), "priority", 1) > 0)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While one process refreshes a token that can be used once only, others wait."""
        self._make_folder()
        handle = os.open(self.folder / "logins.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with contextlib.suppress(ImportError):  # Windows: two processes at once then log in again at worst
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _keyring(self) -> Any:
        return self._ring if self._ring is not None else _system_keyring()

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _change(self, file: str, name: str, value: Any) -> None:
        """Set or remove one entry, the file written whole and readable by its owner alone."""
        path = self.folder / file
        held = _read(path)
        before = dict(held)
        held.pop(name, None)
        if value is not None:
            held[name] = value
        if held == before:
            return
        self._make_folder()
        temporary = path.with_name(f".{file}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
                written.write(encode_json(held))
            temporary.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise CredentialsError(f"{path} cannot be written: {error.strerror or error}") from None


def keyring_entry(name: str) -> str:
    """What the system's keyring holds under the service ``dynaclient`` and this name; ``""`` where there is none.

    Raises
    ------
    CredentialsError
        Where there is no keyring, or it does not open.
    """
    with _keyring_told("read"):
        return _system_keyring().get_password(SERVICE, name) or ""


def _system_keyring() -> Any:
    try:
        import keyring
    except ImportError:
        raise CredentialsError(f"there is no keyring: {ADVICE}") from None
    return keyring


def _read(path: Path) -> dict[str, Any]:
    try:
        return _decoded(path.read_bytes())
    except OSError:
        return {}


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        value = decode_json(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _refuse_open_file(path: Path) -> None:
    if opened_to_others(path):
        raise CredentialsError(f"{path} can be read or changed by others: chmod 600 {path}, and log in again")


def opened_to_others(path: Path) -> bool:
    """Whether others than its owner, who must be this user, can read or write a file; False where the system has no such bits."""
    if not hasattr(os, "geteuid"):
        return False
    try:
        status = path.stat()
    except OSError:
        return False
    return bool(status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)) or status.st_uid != os.geteuid()


@contextlib.contextmanager
def _keyring_told(what: str) -> Iterator[None]:
    """An error of the keyring as one of ours."""
    try:
        yield
    except CredentialsError:
        raise
    except Exception as error:  # noqa: BLE001 - backends raise what they like
        raise CredentialsError(f"the keyring could not be {what} ({type(error).__name__}): {ADVICE}") from None
