"""The options that all commands share, wherever they stand on the line, and what they add up to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from dynaclient.cli.kinds import (
    Filled,
    Lines,
    Named,
    Pem,
    Profile,
    ProxyUrl,
    Retries,
    SchemeName,
    Seconds,
    ServerName,
    Split,
)

if TYPE_CHECKING:
    from dynaclient.cli.said import Settings

OUTPUTS = ("json", "yaml", "table", "raw")
MODES = ("strict", "lenient", "warn", "off")
PREFIX = "DYNACLIENT"
CALL, RESULT, ACCESS = "Call options", "Result options", "Server and credential options"


class SharedOption(click.Option):
    """An option that many commands take; ``setting`` names it among the settings, whatever its spelling here."""

    def __init__(self, declarations: Iterable[str], *, setting: str, section: str = CALL, **attributes: Any) -> None:
        super().__init__(list(declarations), expose_value=False, **attributes)
        self.setting = setting
        self.section = section
        self.brief = False  # the help page of an operation, which has enough to show, tells the first sentence only

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """Keep the value, and whether it was typed or came from the environment, for `settings_of`."""
        value, args = super().handle_parse_result(ctx, opts, args)
        source = ctx.get_parameter_source(self.name)
        if source in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT) and value is not None:
            given = ctx.meta.setdefault(f"{__name__}.{source.name.lower()}", {})
            given.setdefault(id(ctx), {})[self.setting] = value
            ctx.meta.setdefault(f"{__name__}.origin", {})[source.name.lower(), self.setting] = self.origin(ctx)
        return value, args

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option and what it does; of one that is brief, the first sentence."""
        record = super().get_help_record(ctx)
        if record is None or not self.brief:
            return record
        return record[0], re.split(r"(?<=\.)\s", record[1], maxsplit=1)[0]

    def origin(self, ctx: click.Context) -> str:
        """What gave the value: the option as it is typed, or the variable of the environment."""
        if ctx.get_parameter_source(self.name) is ParameterSource.ENVIRONMENT:
            return variable_of(self, ctx)
        return max(self.opts, key=len)

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """What a message names: the variable, where the value came from there."""
        return error_hint(self, ctx) or super().get_error_hint(ctx)

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """The value of the variable. An empty one is as good as none, but where a server was meant: then the document's first, the production, would be called."""
        found = super().resolve_envvar_value(ctx)
        if found is None and self.setting == "server":
            empty = os.environ.get(variable_of(self, ctx))
            if empty is not None:
                raise click.UsageError(
                    f"the environment variable {variable_of(self, ctx)} is empty; name a server in it, or unset it", ctx
                )
        return found


def variable_of(option: click.Option, ctx: click.Context) -> str:
    """The variable of the environment that sets an option."""
    return f"{ctx.auto_envvar_prefix}_{str(option.name).upper()}"


def error_hint(option: click.Option, ctx: click.Context | None) -> str:
    """How a message names an option whose value came from the environment; ``""`` where it did not."""
    if ctx is None or ctx.get_parameter_source(option.name) is not ParameterSource.ENVIRONMENT:
        return ""
    return f"the environment variable {variable_of(option, ctx)}"


_SOURCES = ("environment", "api", "commandline")


def settings_of(ctx: click.Context) -> Settings:
    """The settings at a command: what is typed goes before a kept API's own, that before the environment; what stands further right before what stands further left.

    Values of options that may be repeated add up.
    """
    chain: list[click.Context] = []
    here: click.Context | None = ctx
    while here is not None:
        chain.insert(0, here)
        here = here.parent
    found: dict[str, Any] = {}
    several: dict[str, list[str]] = {}
    origin: dict[str, str] = {}
    known: Mapping[tuple[str, str], str] = ctx.meta.get(f"{__name__}.origin", {})
    for source in _SOURCES:
        given = ctx.meta.get(f"{__name__}.{source}", {})
        for context in chain:
            for name, value in given.get(id(context), {}).items():
                origin[name] = known.get((source, name), f"--{name.replace('_', '-')}")
                if isinstance(value, tuple):
                    several.setdefault(name, []).extend(value)
                else:
                    found[name] = value
    found.update({name: tuple(values) for name, values in several.items()})
    from dynaclient.cli.said import Settings

    return Settings(**found, origin=origin)


def settle(ctx: click.Context, given: Mapping[str, Any], origin: str) -> None:
    """Lay down settings that neither the line nor the environment gave: those of an API that is called by its name.

    Parameters
    ----------
    ctx:
        The context of the API's command.
    given:
        Names of settings -> values.
    origin:
        What messages name.
    """
    ctx.meta.setdefault(f"{__name__}.api", {})[id(ctx)] = dict(given)
    known = ctx.meta.setdefault(f"{__name__}.origin", {})
    known.update({("api", name): f"{origin}, {name}" for name in given})


class _Spec(NamedTuple):
    """How one shared option is declared."""

    declarations: tuple[str, ...]
    help: str
    more: Mapping[str, Any]
    section: str = CALL


def _choice(*names: str) -> Mapping[str, Any]:
    return {"type": click.Choice(names), "metavar": "|".join(names)}


_FLAG: Mapping[str, Any] = {"is_flag": True, "default": None}
_OPTIONS: Mapping[str, _Spec] = {
    "spec": _Spec(
        ("--spec",),
        "The OpenAPI document: a file, a URL, - for standard input, or the name of one in dynaclient.toml. Without it, the one that ships with dynaclient.",
        {"metavar": "FILE|URL|NAME|-", "type": click.Path(allow_dash=True)},
    ),
    "overlay": _Spec(
        ("--overlay",),
        "An overlay that amends the document: a file, or the name of one that ships; may be repeated.",
        {"metavar": "FILE|NAME", "multiple": True, "type": click.Path()},
    ),
    "profile": _Spec(
        ("--profile",),
        "A profile of the config file: a document, a server, options and credentials under a name.",
        {"metavar": "NAME", "type": Profile()},
    ),
    "timeout": _Spec(("--timeout",), "Seconds for one attempt.", {"type": Seconds(), "metavar": "SECONDS"}),
    "retries": _Spec(
        ("--retries",),
        "How many retries, `none`, or fields of the retry policy: `max-attempts=3,max-interval=2000`.",
        {"metavar": "N|FIELDS", "type": Retries()},
    ),
    "validate": _Spec(
        ("--validate",),
        "What to do where a request or reply breaks the document: requests are strict, replies lenient without it.",
        _choice(*MODES),
    ),
    "drift": _Spec(
        ("--drift",),
        "Write to a file how replies differ from the document, for `dynaclient spec learn`; no value of a reply is written.",
        {"metavar": "FILE", "type": click.Path(dir_okay=False)},
    ),
    "header": _Spec(
        ("--header",),
        "A header field to add; may be repeated.",
        {"metavar": "NAME:VALUE", "multiple": True, "type": Lines()},
    ),
    "query_param": _Spec(
        ("--query-param",),
        "A query parameter to add to the URL; may be repeated.",
        {"metavar": "NAME=VALUE", "multiple": True, "type": Named()},
    ),
    "extra": _Spec(
        ("--extra",),
        "A field of the body that the document does not name; its value is JSON where it can be read so, else text. May be repeated.",
        {"metavar": "NAME=VALUE", "multiple": True, "type": Named()},
    ),
    "content_type": _Spec(
        ("--content-type",),
        "The media type of the body, where the operation takes several.",
        {"metavar": "TYPE", "type": Filled("the media type")},
    ),
    "split": _Spec(
        ("--split",),
        "Send one call as several: as many requests as the inputs need, each with as many as the document allows, or with N; their replies are merged.",
        {"metavar": "[N]", "is_flag": False, "flag_value": "auto", "type": Split()},
    ),
    "settings": _Spec(
        ("--settings",),
        "A global parameter of the document, sent with every operation that takes it; may be repeated.",
        {"metavar": "NAME=VALUE", "multiple": True, "type": Named()},
    ),
    "dry_run": _Spec(("--dry-run",), "Send nothing; print the request, its credentials redacted.", _FLAG),
    "curl": _Spec(("--curl",), "Send nothing; print the request as a line for curl.", _FLAG),
    "written_as": _Spec(
        ("--as",),
        "Send nothing; print the call as a Python program, as a shell line, or as a line for curl.",
        _choice("python", "shell", "curl"),
    ),
    "verbose": _Spec(("-v", "--verbose"), "Tell on stderr what happens, when it happens: each attempt.", _FLAG),
    "no_color": _Spec(("--no-color",), "No colors on stderr.", _FLAG),
    "error_format": _Spec(("--error-format",), "How to tell errors on stderr.", _choice("text", "json")),
    "server": _Spec(
        ("--server",),
        "The server: an id of the document, a URL, or `local` for the embedded one.",
        {"metavar": "ID|URL", "type": ServerName()},
        ACCESS,
    ),
    "server_variable": _Spec(
        ("--server-variable",),
        "A variable of the server's URL; may be repeated.",
        {"metavar": "NAME=VALUE", "multiple": True, "type": Named()},
        ACCESS,
    ),
    "bearer_auth": _Spec(
        ("--bearer-auth",),
        "The bearer token. Other users can see it in the list of processes: prefer the environment variable that "
        "`dynaclient describe` names, or --credential.",
        # DYNACLIENT_BEARER_AUTH is left to the client, which knows for which servers it is meant.
        {"metavar": "TOKEN", "type": Lines(), "allow_from_autoenv": False},
        ACCESS,
    ),
    "credential": _Spec(
        ("--credential",),
        "The credential of a security scheme, from a file or standard input; USER:PASSWORD for http basic and digest. May be repeated.",
        {"metavar": "SCHEME=@FILE|-|VALUE", "multiple": True, "type": SchemeName(), "allow_from_autoenv": False},
        ACCESS,
    ),
    "proxy": _Spec(("--proxy",), "The URL of a proxy.", {"metavar": "URL", "type": ProxyUrl()}, ACCESS),
    "ca_bundle": _Spec(
        ("--ca-bundle",),
        "A file of CA certificates to trust.",
        {"metavar": "FILE", "type": Pem(folders=True)},
        ACCESS,
    ),
    "cert": _Spec(
        ("--cert",), "The client's certificate, in PEM (mutual TLS).", {"metavar": "FILE", "type": Pem()}, ACCESS
    ),
    "key": _Spec(
        ("--key",),
        "The key of --cert, where it does not stand in the same file.",
        {"metavar": "FILE", "type": Pem(named=False)},
        ACCESS,
    ),
    "output": _Spec(
        ("-o", "--output"), "How to print the result; `raw`: the bytes as received.", _choice(*OUTPUTS), RESULT
    ),
    "query": _Spec(
        ("--query",),
        "A JMESPath expression: print only what it finds; of streams and lists in pages, in each item.",
        {"metavar": "JMESPATH", "type": Lines()},
        RESULT,
    ),
    "output_file": _Spec(
        ("--output-file",),
        "Write the reply's body to a file, resumed where it broke off and the server allows it; nothing is printed.",
        {"metavar": "FILE", "type": click.Path()},
        RESULT,
    ),
    "stream": _Spec(
        ("--stream",), "Ask for a reply that comes item by item, and print each as it comes: one line of JSON.", _FLAG, RESULT
    ),
    "all": _Spec(("--all",), "Print the items of all pages, one line of JSON each.", _FLAG, RESULT),
    "max_items": _Spec(
        ("--max-items",), "As --all, and stop after N items.", {"metavar": "N", "type": click.IntRange(min=1)}, RESULT
    ),
    "pages": _Spec(("--pages",), "Print all pages, one line of JSON each.", _FLAG, RESULT),
    "no_pager": _Spec(("--no-pager",), "Never show the text in a pager.", _FLAG, RESULT),
}  # fmt: skip

ALL = tuple(name for name in _OPTIONS if name != "no_pager")
MESSAGES = ("verbose", "no_color", "error_format")
READING = ("spec", "overlay", "profile", "server", "server_variable", "output", "query", "no_pager", *MESSAGES)
SIGNING = ("spec", "overlay", "profile", "server", "server_variable", "proxy", "ca_bundle", "cert", "key", *MESSAGES)


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
            made.append(SharedOption([own, *left], setting=name, section=entry.section, help=entry.help, **entry.more))
    return made
