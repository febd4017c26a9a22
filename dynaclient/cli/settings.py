"""The options that all commands share, wherever they stand on the line, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

OUTPUTS = ("json", "yaml", "table", "raw")
MODES = ("strict", "warn", "off")
PREFIX = "DYNACLIENT"


class Lines(click.ParamType[str]):
    """Text that is taken whole from the environment; several values stand on a line each."""

    name = "text"

    def split_envvar_value(self, rv: str) -> list[str]:
        """The lines of a variable that are not empty."""
        return [line for line in rv.splitlines() if line.strip()]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as it is."""
        return value


class Seconds(click.ParamType[float]):
    """A number of seconds above 0."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; what is none, or not above 0, is refused."""
        try:
            seconds = float(value)
        except (TypeError, ValueError):
            seconds = 0.0
        if not 0 < seconds < float("inf"):
            self.fail(f"{value!r} is not a number of seconds above 0.", param, ctx)
        return seconds


class ServerName(click.ParamType[str]):
    """The id or URL of a server; completes the ids that the document has."""

    name = "id or url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as it is: whether there is such a server is known only with the operation."""
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The ids of the document's servers, and ``local``."""
        from click.shell_completion import CompletionItem

        from dynaclient.cli.documents import opened

        servers = getattr(ctx.command, "servers", None)
        known = opened(ctx).api.servers if servers is None else servers
        found = {server.id or server.url: server.description for server in known}
        found.setdefault("local", "The embedded server: no network, no account.")
        return [CompletionItem(name, help=text) for name, text in found.items() if name.startswith(incomplete)]


class SharedOption(click.Option):
    """An option that many commands take; ``setting`` names it among the settings, whatever its spelling here."""

    def __init__(self, declarations: Iterable[str], *, setting: str, **attributes: Any) -> None:
        super().__init__(list(declarations), expose_value=False, **attributes)
        self.setting = setting

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """Keep the value, and whether it was typed or came from the environment, for `settings_of`."""
        value, args = super().handle_parse_result(ctx, opts, args)
        source = ctx.get_parameter_source(self.name)
        if source in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT) and value is not None:
            given = ctx.meta.setdefault(f"{__name__}.{source.name.lower()}", {})
            given.setdefault(id(ctx), {})[self.setting] = value
        return value, args


@dataclass(frozen=True, slots=True)
class Settings:
    """What the shared options add up to; None or empty where nothing was said. ``timeout`` is in seconds."""

    spec: str | None = None
    server: str | None = None
    timeout: float | None = None
    retries: str | None = None
    validate: str | None = None
    header: tuple[str, ...] = ()
    bearer_auth: str | None = None
    proxy: str | None = None
    ca_bundle: str | None = None
    dry_run: bool = False
    curl: bool = False
    output: str | None = None
    query: str | None = None
    verbose: bool = False
    no_color: bool = False
    error_format: str = "text"


def settings_of(ctx: click.Context) -> Settings:
    """The settings at a command: what is typed goes before the environment, what stands further right before what stands further left."""
    chain: list[click.Context] = []
    here: click.Context | None = ctx
    while here is not None:
        chain.insert(0, here)
        here = here.parent
    found: dict[str, Any] = {}
    headers: list[str] = []
    for source in ("environment", "commandline"):
        given = ctx.meta.get(f"{__name__}.{source}", {})
        for context in chain:
            values = given.get(id(context), {})
            headers.extend(values.get("header", ()))
            found.update(values)
    return Settings(**{**found, "header": tuple(headers)})


@dataclass(frozen=True, slots=True)
class _Spec:
    """How one shared option is declared."""

    declarations: tuple[str, ...]
    help: str
    more: Mapping[str, Any]


def _choice(*names: str) -> Mapping[str, Any]:
    return {"type": click.Choice(names), "metavar": "|".join(names)}


_FLAG: Mapping[str, Any] = {"is_flag": True, "default": None}
_OPTIONS: Mapping[str, _Spec] = {
    "spec": _Spec(
        ("--spec",),
        "The OpenAPI document. Without it, the one that ships with dynaclient.",
        {"metavar": "FILE", "type": click.Path()},
    ),
    "server": _Spec(
        ("--server",),
        "The server: an id of the document, a URL, or `local` for the embedded one.",
        {"metavar": "ID|URL", "type": ServerName()},
    ),
    "timeout": _Spec(("--timeout",), "Seconds for one attempt.", {"type": Seconds(), "metavar": "SECONDS"}),
    "retries": _Spec(
        ("--retries",),
        "How many retries, `none`, or fields of the retry policy: `maxAttempts=3,maxInterval=2000`.",
        {"metavar": "N|FIELDS", "type": Lines()},
    ),
    "validate": _Spec(
        ("--validate",), "What to do where a request or reply breaks the document's schema.", _choice(*MODES)
    ),
    "header": _Spec(
        ("--header",),
        "A header field to add; may be repeated.",
        {"metavar": "NAME:VALUE", "multiple": True, "type": Lines()},
    ),
    "bearer_auth": _Spec(
        ("--bearer-auth",),
        "The bearer token. Other users can see it in the list of processes: prefer the environment variable that "
        "`dynaclient describe` names.",
        # DYNACLIENT_BEARER_AUTH is left to the client, which knows for which servers it is meant.
        {"metavar": "TOKEN", "type": Lines(), "allow_from_autoenv": False},
    ),
    "proxy": _Spec(("--proxy",), "The URL of a proxy.", {"metavar": "URL"}),
    "ca_bundle": _Spec(
        ("--ca-bundle",), "A file of CA certificates to trust.", {"metavar": "FILE", "type": click.Path()}
    ),
    "dry_run": _Spec(("--dry-run",), "Send nothing; print the request, its credentials redacted.", _FLAG),
    "curl": _Spec(("--curl",), "Send nothing; print the request as a line for curl.", _FLAG),
    "output": _Spec(("-o", "--output"), "How to print the result; `raw`: the bytes as received.", _choice(*OUTPUTS)),
    "query": _Spec(
        ("--query",),
        "A JMESPath expression: print only what it finds.",
        {"metavar": "JMESPATH", "type": Lines()},
    ),
    "verbose": _Spec(("-v", "--verbose"), "Tell each attempt on stderr.", _FLAG),
    "no_color": _Spec(("--no-color",), "No colors on stderr.", _FLAG),
    "error_format": _Spec(("--error-format",), "How to tell errors on stderr.", _choice("text", "json")),
}

ALL = tuple(_OPTIONS)
READING = ("spec", "server", "output", "query", "no_color", "error_format")


def shared_options(names: Iterable[str] = ALL, taken: Iterable[str] = ()) -> list[click.Parameter]:
    """New shared options, without the spellings that are taken; one that keeps none is left out."""
    hidden = frozenset(taken)
    made: list[click.Parameter] = []
    for name in names:
        entry = _OPTIONS[name]
        left = [spelling for spelling in entry.declarations if spelling not in hidden]
        if left:
            # The plain name belongs to the API's own parameter where that took a spelling away.
            own = name if len(left) == len(entry.declarations) else f"shared_{name}"
            made.append(SharedOption([own, *left], setting=name, help=entry.help, **entry.more))
    return made
