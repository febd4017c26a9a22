"""Call options: what a client, a call or the environment was told, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dynaclient.errors import ArgumentError, Problem
from dynaclient.frozen import Struct, evolve
from dynaclient.retry import parse_retries
from dynaclient.wire import Timeout

MODES = ("strict", "warn", "off")
ENVIRONMENT: Mapping[str, str] = {
    "server": "DYNACLIENT_SERVER",
    "timeout": "DYNACLIENT_TIMEOUT",
    "retries": "DYNACLIENT_RETRIES",
    "validate": "DYNACLIENT_VALIDATE",
}
"""The variables that are read where neither the client nor the call says anything."""


class Options(Struct, frozen=True):
    """What a client or a call was told, checked: ``retries`` are layers of fields, the later ones win; ``environment`` holds those of the environment."""

    server: str | None = None
    timeout: Timeout | None = None
    retries: tuple[Mapping[str, Any], ...] = ()
    headers: Mapping[str, str] | None = None
    validate: tuple[str, str] = ("strict", "strict")
    arrays: str = ""
    settings: Mapping[str, Any] | None = None
    send_defaults: bool = False

    def evolve(self, **given: Any) -> Options:
        """These options with others laid over them; None changes nothing.

        Raises
        ------
        ArgumentError
            Where a value makes no sense.
        """
        changes: dict[str, Any] = {}
        for name, value in given.items():
            if value is None:
                continue
            if name == "server":
                if not str(value).strip():
                    raise bad_option("server", "an empty text names no server; leave it out for the document's first")
                changes["server"] = str(value)
            elif name == "timeout":
                changes["timeout"] = parse_timeout(value)
            elif name == "retries":
                changes["retries"] = (*self.retries, parse_retries(value))
            elif name == "headers":
                changes["headers"] = {**(self.headers or {}), **parse_headers(value)}
            elif name == "settings":
                changes["settings"] = {**(self.settings or {}), **value}
            elif name == "send_defaults":
                changes["send_defaults"] = bool(value)
            elif name == "validate":
                changes["validate"] = parse_validate(value, self.validate)
            elif name == "arrays":
                changes["arrays"] = parse_arrays(value)
        return evolve(self, **changes)

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "headers")
        return f"Options({', '.join(shown)})"

    def __reduce__(self) -> Any:
        raise TypeError("options hold header fields, which may be secret, and are not pickled")


def parse_timeout(value: Any) -> Timeout:
    """Seconds for one attempt (a number, or its text), or a Timeout, as a Timeout.

    Raises
    ------
    ArgumentError
        Where it is no positive number.
    """
    if isinstance(value, Timeout):
        return value
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if isinstance(value, bool) or not 0 < seconds < float("inf"):
        raise bad_option("timeout", f"{value!r} is not a number of seconds above 0, nor a Timeout")
    return Timeout(connect=min(seconds, Timeout().connect), read=seconds, attempt=seconds)


def parse_headers(value: Any) -> dict[str, str]:
    """Header fields as a dict of strings.

    Raises
    ------
    ArgumentError
        Where a name or value cannot stand in a header; the message never holds the value.
    """
    if not isinstance(value, Mapping):
        raise bad_option("headers", "a mapping from names to values is expected")
    found = {}
    for name, text in value.items():
        if not isinstance(name, str) or not name or not name.isascii() or any(letter in name for letter in " :\r\n\t"):
            raise bad_option("headers", f"{name!r} is no name of a header")
        if not isinstance(text, (str, int, float)) or any(letter in str(text) for letter in "\r\n\x00"):
            raise bad_option("headers", f"the value of {name!r} cannot stand in a header")
        found[name] = str(text)
    return found


def parse_validate(value: Any, before: tuple[str, str]) -> tuple[str, str]:
    """The modes for requests and replies: one for both, or a mapping with ``request`` and ``reply``.

    Raises
    ------
    ArgumentError
        Where a mode is unknown.
    """
    given = value if isinstance(value, Mapping) else {"request": value, "reply": value}
    unknown = [name for name in given if name not in ("request", "reply")]
    bad = [mode for mode in given.values() if mode not in MODES]
    if unknown or bad:
        raise bad_option(
            "validate", f"{value!r} is not strict, warn or off, nor a mapping of them for request and reply"
        )
    return given.get("request", before[0]), given.get("reply", before[1])


def parse_arrays(value: Any) -> str:
    """The typecode of what arrays of numbers become: True or ``"float64"``, ``"float32"``; empty for False, lists.

    Raises
    ------
    ArgumentError
        Where it is anything else.
    """
    from dynaclient.openapi.vectors import TYPECODES

    if value is False:
        return ""
    name = "float64" if value is True else value
    if isinstance(name, str) and name in TYPECODES:
        return TYPECODES[name]
    raise bad_option("arrays", f"{value!r} is not True, False, 'float64' or 'float32'")


def bad_option(name: str, message: str) -> ArgumentError:
    """The error that says which option makes no sense."""
    return ArgumentError("an option makes no sense", problems=(Problem(name, message),))


def from_environment(options: Options = Options(), environ: Mapping[str, str] | None = None) -> Options:
    """The options with those of the environment's variables laid over them (see ``ENVIRONMENT``).

    Raises
    ------
    ArgumentError
        Where a variable's value makes no sense; the message names the variable.
    """
    environ = os.environ if environ is None else environ
    for name, variable in ENVIRONMENT.items():
        try:
            options = options.evolve(**{name: environ.get(variable) or None})
        except ArgumentError as error:
            problems = tuple(evolve(problem, where=variable) for problem in error.problems)
            raise ArgumentError("an environment variable makes no sense", problems=problems) from None
    return options
