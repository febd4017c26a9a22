"""Call options: what a client, a call or the environment was told, checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from dynaclient.errors import ArgumentError, Problem
from dynaclient.frozen import Struct, evolve
from dynaclient.openapi.extraquery import Query, laid_over, query_of
from dynaclient.retry import parse_retries
from dynaclient.wire import Request, Timeout

MODES = ("strict", "lenient", "warn", "off")
"""What is done where a request or a reply differs from the document: `parse_validate`."""
DEFAULT_MODES = ("strict", "lenient")
"""The modes of requests and replies where nobody says anything."""
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
    query: Query = ()
    validate: tuple[str, str] = DEFAULT_MODES
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
        changes = {
            name: _READERS[name](self, value) for name, value in given.items() if value is not None and name in _READERS
        }
        return evolve(self, **changes)

    def __repr__(self) -> str:
        hidden = ("headers", "query", "server")
        shown = [f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in hidden]
        shown.insert(0, f"server={shown_server(self.server)!r}")
        return f"Options({', '.join(shown)})"

    def __reduce__(self) -> Any:
        raise TypeError("options hold header fields and query parameters, which may be secret, and are not pickled")


def parse_server(value: Any) -> str:
    """The id or URL of a server, without the blanks around it.

    Raises
    ------
    ArgumentError
        If it is empty.
    """
    text = str(value).strip()
    if not text:
        raise bad_option("server", "an empty text names no server; leave it out for the document's first")
    return text


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


def parse_query(value: Any) -> Query:
    """Query parameters as pairs of name and encoded text; a value of None leaves the parameter out.

    Raises
    ------
    ArgumentError
        If a name or value has no form in a query; the message does not hold the value.
    """
    if not isinstance(value, Mapping):
        raise bad_option("query", "a mapping from names to values is expected, such as {'api-version': '2024-02-01'}")
    found: list[tuple[str, str]] = []
    for name, item in value.items():
        if not isinstance(name, str) or not name:
            raise bad_option("query", f"{name!r} is not the name of a query parameter")
        try:
            found.extend(query_of(name, item) if item is not None else ())
        except ValueError as error:
            raise bad_option("query", f"{name!r}: {error}") from None
    return tuple(found)


def shown_server(server: str | None) -> str | None:
    """A server's id or URL as it may be shown: without the values in its query that may be keys."""
    return server if server is None or "?" not in server else Request("GET", "", server).redacted().target


def parse_validate(value: Any, before: tuple[str, str]) -> tuple[str, str]:
    """The modes for requests and replies: one for both, or a mapping with ``request`` and ``reply``.

    A request is the caller's own, so nothing in it is excused as a service's way: ``lenient`` is ``strict`` for requests.

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
            "validate", f"{value!r} is not strict, lenient, warn or off, nor a mapping of them for request and reply"
        )
    request = given.get("request", before[0])
    return "strict" if request == "lenient" else request, given.get("reply", before[1])


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


_READERS: Mapping[str, Callable[[Options, Any], Any]] = {
    "server": lambda _, value: parse_server(value),
    "timeout": lambda _, value: parse_timeout(value),
    "retries": lambda before, value: (*before.retries, parse_retries(value)),
    "headers": lambda before, value: {**(before.headers or {}), **parse_headers(value)},
    "query": lambda before, value: laid_over(before.query, parse_query(value)),
    "settings": lambda before, value: {**(before.settings or {}), **value},
    "send_defaults": lambda _, value: bool(value),
    "validate": lambda before, value: parse_validate(value, before.validate),
    "arrays": lambda _, value: parse_arrays(value),
}
"""How an option that is given is laid over the options before it."""

_HANDS_ON = 0x08
"""The flag of code that has ``**options`` (``inspect.CO_VARKEYWORDS``)."""
P = ParamSpec("P")
T = TypeVar("T")


def in_words(function: Callable[P, T]) -> Callable[P, T]:
    """Make a method that takes options answer an unknown one, or one by position, with an ArgumentError that says what to write.

    Type checkers, ``inspect`` and ``help`` see the method as it is.
    """
    fields = _taken(function)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        if len(args) > fields.positional or not (fields.open or fields.known.issuperset(kwargs)):
            raise _unknown_options(fields, len(args), kwargs)
        return function(*args, **kwargs)

    return checked


class _Taken(Struct, frozen=True):
    """What a method takes: how many arguments by position, itself included, and every name; ``open``: it hands further names on."""

    positional: int
    known: frozenset[str]
    open: bool


def _taken(function: Any) -> _Taken:
    """What a method takes, read without the module ``inspect``, which would be loaded at every start."""
    code = function.__code__
    known = frozenset(code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount])
    return _Taken(code.co_argcount, known, bool(code.co_flags & _HANDS_ON))


def _unknown_options(taken: _Taken, positional: int, given: Mapping[str, Any]) -> ArgumentError:
    from dynaclient.openapi.habits import CLIENT
    from dynaclient.openapi.names import nearest

    problems = []
    if positional > taken.positional:
        problems.append(Problem("options", "are passed by keyword, such as server=..."))
    for name in () if taken.open else given:
        if name not in taken.known:
            close = nearest(name, taken.known)
            hint = f"here it is {CLIENT[name]}" if name in CLIENT else f"did you mean {close!r}?" if close else ""
            problems.append(
                Problem(name, "is not an option", hint=hint or f"known are {', '.join(sorted(taken.known))}")
            )
    return ArgumentError("an option makes no sense", problems=tuple(problems))


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
