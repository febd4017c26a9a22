"""Profiles: a document, a server, options and credentials under a name, in a TOML file of the user.

::

    [profile.work]
    spec = "~/apis/store.yaml"
    server = "https://store.example.com/v2"
    timeout = 20

    [profile.work.credentials]
    apiKey = { env = "STORE_KEY" }
    login = { user = "me", password = { command = ["pass", "show", "store"] } }
    oauth = { client_id = "reports", client_secret = { keyring = "store" }, scopes = ["read"] }
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from dynaclient.auth import Account, Credential, Pocket, Secret
from dynaclient.errors import ArgumentError, CredentialsError, Problem
from dynaclient.folders import config_file
from dynaclient.frozen import Struct, field
from dynaclient.options import Options, shown_server
from dynaclient.wire import REDACTED, is_secret_name

VARIABLE = "DYNACLIENT_PROFILE"
_TOP = ("profile", "api")
_KINDS: Mapping[str, tuple[type, ...]] = {
    "spec": (str,),
    "overlays": (list,),
    "server": (str,),
    "timeout": (int, float),
    "retries": (int, bool, str, dict),
    "headers": (dict,),
    "query": (dict,),
    "validate": (str, dict),
    "credentials": (dict,),
}
_SOURCES = ("env", "keyring", "command")
_PARTS: Mapping[str, tuple[str, ...]] = {
    "basic": ("user", "password"),
    "client_credentials": ("client_id", "client_secret"),
    "password": ("user", "password", "client_id", "client_secret"),
    "refresh_token": ("refresh_token", "client_id", "client_secret"),
}
_MORE = ("grant", "scopes", "token_url", "auth", "audience", "extra")
_SECRET_PARTS = frozenset({"password", "client_secret", "refresh_token"})
_COMMAND_PATIENCE = 120.0  # seconds: a command may ask its user for a passphrase


class Profile(Struct, frozen=True):
    """What a profile says; None or empty where it says nothing.

    The options are those of `dynaclient.Client`. ``credentials`` go to ``server`` alone where the profile names one; ``path`` is the file.
    """

    name: str
    path: Path
    spec: str | None = None
    overlays: tuple[str, ...] = ()
    server: str | None = None
    timeout: float | None = None
    retries: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    validate: str | Mapping[str, str] | None = None
    credentials: Mapping[str, Credential] = field(default_factory=dict)

    @property
    def pocket(self) -> Pocket:
        """The credentials, as a wallet takes them."""
        return Pocket(f"profile {self.name!r}", self.credentials, self.server)

    def __repr__(self) -> str:
        headers = {name: REDACTED if is_secret_name(name) else value for name, value in self.headers.items()}
        return (
            f"Profile({self.name!r}, spec={self.spec!r}, server={shown_server(self.server)!r}, timeout={self.timeout!r}, retries={self.retries!r}, "
            f"headers={headers!r}, query={sorted(self.query)!r}, validate={self.validate!r}, credentials={sorted(self.credentials)!r})"
        )

    def __reduce__(self) -> Any:
        raise TypeError("a profile holds credentials and is not pickled; load it where it is used")


def profile_names(path: str | os.PathLike[str] | None = None) -> tuple[str, ...]:
    """The profiles that there are, for completion; none where the file cannot be read."""
    try:
        return tuple(_tables(_file(path)))
    except ArgumentError:
        return ()


def load_profile(name: str, path: str | os.PathLike[str] | None = None) -> Profile:
    """A profile by its name.

    Parameters
    ----------
    name:
        ``work`` for ``[profile.work]``.
    path:
        The file; None: ``DYNACLIENT_CONFIG``, else ``config.toml`` in the user's folder for settings.

    Raises
    ------
    ArgumentError
        Where there is no such profile, or something in it makes no sense: all of it at once, with the nearest known keys.
    """
    file = _file(path)
    tables = _tables(file)
    if name not in tables:
        known = ", ".join(tables) or f"none; {file} is where they are written"
        problem = Problem(
            "profile", f"there is no profile {name!r}", hint=_near(name, tables) or f"the profiles are {known}"
        )
        raise ArgumentError("no such profile", problems=(problem,))
    return _Reading(name, file).profile(tables[name])


def _file(path: str | os.PathLike[str] | None) -> Path:
    return Path(path).expanduser() if path is not None else config_file()


def _tables(file: Path) -> dict[str, dict[str, Any]]:
    """The tables of a file's profiles; none where there is no file."""
    import tomllib

    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ArgumentError("the profiles cannot be read", problems=(Problem(str(file), str(error)),)) from None
    problems = [
        Problem(str(file), f"{key!r} is no known table", hint=_near(key, _TOP)) for key in data if key not in _TOP
    ]
    tables: dict[str, dict[str, Any]] = data.get("profile", {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        problems.append(Problem(str(file), "profiles are tables: [profile.NAME]"))
    if problems:
        raise ArgumentError("the profiles make no sense", problems=tuple(problems))
    return tables


def _near(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), 1, 0.5)
    return f"did you mean {close[0]!r}?" if close else ""


class _Reading:
    """One profile being read: what is wrong is gathered."""

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        self.file = file
        self.problems: list[Problem] = []
        self.literal = False

    def profile(self, table: Mapping[str, Any]) -> Profile:
        given: dict[str, Any] = {}
        for key, value in table.items():
            if key not in _KINDS:
                self.wrong(key, "is no known key", _near(key, _KINDS) or f"known are {', '.join(_KINDS)}")
            elif not isinstance(value, _KINDS[key]) or (isinstance(value, bool) and bool not in _KINDS[key]):
                names = " or ".join(_WORDS[kind] for kind in _KINDS[key])
                self.wrong(key, f"is not {names}")
            else:
                given[key] = value
        self._check_options(given)
        credentials = {
            scheme: credential
            for scheme, value in given.pop("credentials", {}).items()
            if (credential := self.credential(f"credentials.{scheme}", value)) is not None
        }
        self._check_rights()
        if self.problems:
            raise ArgumentError(f"the profile {self.name!r} makes no sense", problems=tuple(self.problems))
        if "server" in given:
            given["server"] = given["server"].strip()
        if "spec" in given:
            given["spec"] = self._placed(given["spec"])
        if "overlays" in given:
            given["overlays"] = tuple(self._overlay(name) for name in given["overlays"])
        return Profile(self.name, self.file, **given, credentials=credentials)

    def wrong(self, key: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(f"profile.{self.name}.{key}", message, hint=hint))

    def _check_options(self, given: Mapping[str, Any]) -> None:
        if not all(isinstance(name, str) and name for name in given.get("overlays", ())):
            self.wrong("overlays", "is not a list of texts")
        for key in ("timeout", "retries", "headers", "query", "validate"):
            if key in given:
                try:
                    Options().evolve(**{key: given[key]})
                except ArgumentError as error:
                    for problem in error.problems or (Problem(key, error.message),):
                        self.wrong(key, problem.message, problem.hint)
        fields = (*given.get("headers", ()), *given.get("query", ()))
        self.literal |= any(is_secret_name(name) for name in fields)

    def _check_rights(self) -> None:
        from dynaclient.auth.keep import opened_to_others

        if self.literal and opened_to_others(self.file):
            hint = f"chmod 600 {self.file}; or keep them elsewhere, with env, keyring or command"
            self.problems.append(Problem(str(self.file), "holds secrets and can be read by others", hint=hint))

    def _placed(self, spec: str) -> str:
        """A path is relative to the file that names it."""
        return spec if "://" in spec else str(self.file.parent / Path(spec).expanduser())

    def _overlay(self, name: str) -> str:
        """A path is relative to the file that names it; a bare name is that of an overlay that ships."""
        return self._placed(name) if "." in name or "/" in name or os.sep in name else name

    def credential(self, key: str, value: Any) -> Credential | None:
        """A credential in any of its forms, or None where it is wrong."""
        if not isinstance(value, dict) or any(source in value for source in _SOURCES):
            return self.secret(key, value)
        kind = value.get("grant", "client_credentials" if "client_id" in value else "basic")
        if kind not in _PARTS:
            grants = [name for name in _PARTS if name != "basic"]
            self.wrong(f"{key}.grant", f"{kind!r} is no known grant", f"known are {', '.join(grants)}")
            return None
        known = (*_PARTS[kind], *(_MORE if kind != "basic" else ()))
        unknown = [part for part in value if part not in known]
        for part in unknown:
            self.wrong(f"{key}.{part}", "is no known key", _near(part, known) or f"known are {', '.join(known)}")
        parts = {
            part: self.secret(f"{key}.{part}", entry) if part in _SECRET_PARTS else entry
            for part, entry in value.items()
            if part != "grant"
        }
        if unknown or None in parts.values():
            return None
        return self._built(key, kind, parts)

    def _built(self, key: str, kind: str, parts: dict[str, Any]) -> Credential | None:
        from dynaclient.auth import OAuth2ClientCredentials, OAuth2Password, OAuth2Refresh

        if kind == "basic":
            if set(parts) != {"user", "password"} or not isinstance(parts["user"], str):
                self.wrong(key, "needs user and password, or one of env, keyring and command")
                return None
            return parts["user"], parts["password"]
        makers: Mapping[str, Callable[..., Account]] = {
            "client_credentials": OAuth2ClientCredentials,
            "password": OAuth2Password,
            "refresh_token": OAuth2Refresh,
        }
        if not _is_sound(parts):
            self.wrong(key, "names are texts, scopes a list of texts, extra a table of texts")
            return None
        try:
            return makers[kind](**parts)
        except ArgumentError as error:
            for problem in error.problems:
                self.wrong(f"{key}.{problem.where}", problem.message, problem.hint)
        except TypeError:
            self.wrong(key, f"is not complete: a {kind} grant needs {', '.join(_PARTS[kind])}")
        return None

    def secret(self, key: str, value: Any) -> Secret | None:
        """A text, or what finds it when it is needed: ``env``, ``keyring`` or ``command``."""
        if isinstance(value, str):
            self.literal = True
            return value
        if isinstance(value, dict) and len(value) == 1:
            source, entry = next(iter(value.items()))
            label = f"profile.{self.name}.{key}"
            if (
                source == "command"
                and isinstance(entry, list)
                and entry
                and all(isinstance(word, str) for word in entry)
            ):
                return _Command(tuple(entry), label)
            if source in ("env", "keyring") and isinstance(entry, str) and entry:
                return _from_variable(entry, label) if source == "env" else _from_keyring(entry, label)
        self.wrong(
            key,
            'is no text, nor one of { env = "NAME" }, { keyring = "NAME" } and { command = ["PROGRAM", "ARGUMENT"] }',
        )
        return None


_WORDS: Mapping[type, str] = {
    list: "a list",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    dict: "a table",
}


def _is_sound(parts: Mapping[str, Any]) -> bool:
    texts = {name: value for name, value in parts.items() if name not in (*_SECRET_PARTS, "scopes", "extra")}
    scopes, extra = parts.get("scopes", ()), parts.get("extra", {})
    return (
        all(isinstance(value, str) for value in texts.values())
        and (
            isinstance(scopes, str)
            or (isinstance(scopes, list | tuple) and all(isinstance(one, str) for one in scopes))
        )
        and isinstance(extra, dict)
        and all(isinstance(value, str) for value in extra.values())
    )


def _from_variable(variable: str, label: str) -> Callable[[], str]:
    def find() -> str:
        value = os.environ.get(variable, "").strip()
        if not value:
            raise CredentialsError(f"{label}: the environment variable {variable} is not set")
        return value

    return find


def _from_keyring(entry: str, label: str) -> Callable[[], str]:
    def find() -> str:
        from dynaclient.auth.keep import SERVICE, keyring_entry

        value = keyring_entry(entry)
        if not value:
            raise CredentialsError(
                f"{label}: the keyring has no entry {entry!r}; make it with `keyring set {SERVICE} {entry}`"
            )
        return value

    return find


class _Command:
    """A program that prints a secret. It is run once, without a shell, and without this program's standard input."""

    def __init__(self, words: tuple[str, ...], label: str) -> None:
        self._words = words
        self._label = label
        self._found = ""
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<command {self._words[0]!r} of {self._label}>"

    def __call__(self) -> str:
        with self._lock:
            if not self._found:
                self._found = self._run()
            return self._found

    def _run(self) -> str:
        import subprocess

        begin = f"{self._label}: the command {self._words[0]!r}"
        try:
            done = subprocess.run(  # noqa: S603 - the user's own words, from a file of the user
                self._words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=_COMMAND_PATIENCE, check=False
            )
        except OSError as error:
            raise CredentialsError(f"{begin} cannot be run: {error.strerror or type(error).__name__}") from None
        except subprocess.TimeoutExpired:
            raise CredentialsError(f"{begin} did not end within {_COMMAND_PATIENCE:g} s") from None
        if done.returncode:
            raise CredentialsError(f"{begin} ended with {done.returncode}")
        secret = done.stdout.decode("utf-8", "replace").strip()
        if not secret:
            raise CredentialsError(f"{begin} printed nothing")
        return secret
