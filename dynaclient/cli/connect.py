"""The client of a command line: its server, credentials and options from the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dynaclient.cli import messages
from dynaclient.cli.documents import Opened
from dynaclient.cli.inputs import Inputs, headers
from dynaclient.errors import ArgumentError, Problem

if TYPE_CHECKING:
    from dynaclient.cli.said import Settings
    from dynaclient.client import Client
    from dynaclient.openapi.model import Parameter
    from dynaclient.wire import Attempt, Request


@contextmanager
def client_of(document: Opened, settings: Settings, inputs: Inputs, *, metered: bool = False) -> Iterator[Client]:
    """A client with these settings, closed at the end. On a terminal it tells of long waits, unless it is ``metered``.

    Raises
    ------
    ArgumentError
        Where one of them makes no sense; the message never holds a credential.
    """
    from dynaclient.client import Client

    observers: list[Any] = []
    if settings.verbose:
        from dynaclient.cli.telling import Teller

        observers = [Teller()]
    with Client(
        document.document,
        server=settings.server,
        bearer_auth=settings.bearer_auth,
        credentials=credentials(document, settings, inputs) or None,
        timeout=settings.timeout,
        retries=settings.retries,
        headers=headers(settings.header, settings.origin.get("header", "--header")) or None,
        query=query(settings) or None,
        validate=settings.validate,
        proxy=settings.proxy,
        ca_bundle=settings.ca_bundle,
        client_cert=(settings.cert, settings.key) if settings.cert and settings.key else settings.cert,
        server_variables=server_variables(document, settings) or None,
        settings=global_values(document, settings, inputs) or None,
        observers=observers,
        profile=settings.profile,
        drift=settings.drift,
    ) as client:
        if not metered and not settings.verbose and messages.for_people():  # -v tells of every wait
            client._core.on_wait = _tell_wait
        yield client


def query(settings: Settings) -> dict[str, str | list[str]]:
    """Query parameters, from ``--query-param``; one that is repeated is sent once for each value."""
    found: dict[str, list[str]] = {}
    for entry in settings.query_param:
        name, _, value = entry.partition("=")
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


_LONG_WAIT = 1.0
"""Seconds; a shorter wait is over before a line about it is read."""


def _tell_wait(request: Request, attempt: Attempt, most: int | None) -> None:
    """Tell on standard error that a call goes on after a wait, and why."""
    delay = attempt.delay or 0.0
    if delay <= _LONG_WAIT:
        return
    from dynaclient.cli.failure import span

    host = request.origin.rpartition("//")[2].rpartition("@")[2]
    came = f"{attempt.status} from" if attempt.status is not None else "no reply from"
    wait = f"{delay:.1f} s" if delay < 10 else f"{delay:.0f} s" if delay < 120 else span(round(delay))
    of = f" of {most}" if most is not None else ""
    messages.note(f"{came} {host}; waiting {wait}, then attempt {attempt.number + 1}{of}")


def credentials(document: Opened, settings: Settings, inputs: Inputs) -> dict[str, str]:
    """Security scheme -> credential, from ``--credential``.

    Raises
    ------
    ArgumentError
        Where the document has no such scheme. What stands before the equals sign is not shown: it may be a token that ends in one.
    """
    found = {}
    for entry in settings.credential:
        name, _, value = entry.partition("=")
        if name not in document.api.schemes:
            known = ", ".join(document.api.schemes) or "none"
            raise _refused("--credential", "what stands before = is no security scheme", f"the document has {known}")
        found[name] = inputs.text(value, f"--credential {name}").text
    return found


def server_variables(document: Opened, settings: Settings) -> dict[str, str]:
    """Variables of the servers' URLs, from ``--server-variable``."""
    if not settings.server_variable:
        return {}
    known = {name for server in _servers(document) for name in server.get("variables") or ()}
    found = {}
    for entry in settings.server_variable:
        name, _, value = entry.partition("=")
        if name not in known:
            have = f"there are {', '.join(sorted(known))}" if known else "no server of the document has any"
            raise _refused(_origin(settings, "server_variable"), f"{name!r} is no variable of a server's URL", have)
        found[name] = value
    return found


def _servers(document: Opened) -> Iterator[Any]:
    """Every Server Object of the document: its own, those of its paths and of their operations."""
    data = document.api.document
    paths = data.get("paths")
    items = [item for item in paths.values() if isinstance(item, dict)] if isinstance(paths, dict) else []
    holders = [data, *items, *(node for item in items for node in item.values() if isinstance(node, dict))]
    for holder in holders:
        listed = holder.get("servers")
        yield from (server for server in listed if isinstance(server, dict)) if isinstance(listed, list) else ()


def global_values(document: Opened, settings: Settings, inputs: Inputs) -> dict[str, Any]:
    """Global parameters of the document, from ``--settings``, converted by their schemas."""
    if not settings.settings:
        return {}
    from dynaclient.cli.convert import Converter
    from dynaclient.openapi.read import globals_of

    fields: dict[str, Parameter] = {}
    for field in globals_of(document.api):
        for name in (field.name, field.python_name, field.python_name.strip("_").replace("_", "-")):
            fields.setdefault(name, field)
    found = {}
    option = _origin(settings, "settings")
    for entry in settings.settings:
        name, _, value = entry.partition("=")
        if name not in fields:
            known = ", ".join(dict.fromkeys(field.name for field in fields.values()))
            have = f"it has {known}" if known else "it has none"
            raise _refused(option, f"{name!r} is no global parameter of the document", have)
        converter = Converter(document.api.document, fields[name].schema, f"{option} {name}")
        found[fields[name].python_name] = converter.value([inputs.text(value, f"{option} {name}")])
    return found


def _origin(settings: Settings, name: str) -> str:
    return settings.origin.get(name, f"--{name.replace('_', '-')}")


def _refused(option: str, message: str, hint: str) -> ArgumentError:
    return ArgumentError("the line cannot be used", problems=(Problem(option, message, hint=hint),))
