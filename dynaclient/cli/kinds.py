"""What the values of options may be: checked as soon as the line is read, so that nonsense is told before anything is done.

Values are checked by the same functions that the client uses, imported when a value is there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_LONGEST_WAIT = 10_000_000.0
_MOST_RETRIES = 1_000_000


class Lines(click.ParamType[str]):
    """Text that is taken whole from the environment; several values stand on a line each."""

    name = "text"

    def split_envvar_value(self, rv: str) -> list[str]:
        """The lines of a variable that are not empty."""
        return [line for line in rv.splitlines() if line.strip()]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as it is."""
        return value


class Filled(Lines):
    """Text that is not empty."""

    def __init__(self, what: str) -> None:
        self.what = what

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text, where it holds more than white space."""
        if not str(value).strip():
            self.fail(f"{self.what} is empty.", param, ctx)
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
            self.fail(f"{str(value)[:60]!r} is not a number of seconds above 0, such as 30 or 2.5.", param, ctx)
        if seconds > _LONGEST_WAIT:
            self.fail(f"{str(value)[:60]!r} is more than {_LONGEST_WAIT:,.0f} seconds.", param, ctx)
        return seconds


class Split(click.ParamType[int]):
    """How many inputs one request holds; ``auto``: as many as the document allows."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or True."""
        if value is True or value == "auto":
            return True
        text = str(value)
        if not re.fullmatch("[0-9]{1,12}", text) or not int(text):
            self.fail(f"{text[:60]!r} is neither a whole number above 0 nor `auto`.", param, ctx)
        return int(text)


class Retries(Lines):
    """A number of retries, ``none``, or fields of the retry policy: ``max-attempts=3,max-interval=2000``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text in the spelling that the client takes; what makes no sense is refused."""
        from dynaclient.errors import ArgumentError
        from dynaclient.retry import parse_retries

        text = str(value).strip()
        if re.fullmatch(r"[+-]?[0-9]+", text) and abs(int(text[:30])) > _MOST_RETRIES:
            self.fail(f"{text[:30]} is more than {_MOST_RETRIES:,} retries; --timeout bounds an attempt.", param, ctx)
        # max-attempts=3 -> max_attempts=3; a value may hold a dash, a name that begins with a brace is JSON.
        written = text if text[:1] in '{["' else re.sub(r"[^,=]+(?==)", lambda name: name[0].replace("-", "_"), text)
        try:
            parse_retries(written)
        except ArgumentError as error:
            self.fail(_as_typed(str(error), text), param, ctx)
        return written


def _as_typed(message: str, text: str) -> str:
    """The message with the names of fields as they are typed: ``maxAttempts`` and ``max_attempts`` are ``max-attempts``."""
    message = re.sub(r"^retries[:.] ?", "", message)
    if "is not name=value" in message:
        return (
            f"{text[:60]!r} is neither a whole number of retries, such as 3, nor `none`, nor fields of the retry policy, "
            "such as max-attempts=3,max-interval=2000."
        )
    named = re.sub(r"\b[a-z]+(?:[_A-Z][a-z]+)+\b", lambda name: re.sub(r"_|(?=[A-Z])", "-", name[0]).lower(), message)
    return named if named.endswith("?") else f"{named.rstrip('.')}."


class ServerName(click.ParamType[str]):
    """The id or URL of a server, or the name of a service; completes the ids that the document has, and the names."""

    name = "id or url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text, which is not empty: whether there is such a server is known only with the operation."""
        if not str(value).strip():
            self.fail(
                "it is empty; name a server by its id or URL, or leave it out for the document's first server.",
                param,
                ctx,
            )
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The ids of the document's servers, ``local``, and the services whose overlays ship."""
        from click.shell_completion import CompletionItem

        from dynaclient.cli.documents import opened
        from dynaclient.source.shipped import known_words

        servers = getattr(ctx.command, "servers", None)
        document = opened(ctx)
        known = document.api.servers if servers is None else servers
        found = {server.id or server.url: server.description for server in known}
        found.setdefault("local", "The embedded server: no network, no account.")
        for name in known_words(document.document):
            found.setdefault(name, "A service: `dynaclient vendors` tells more.")
        return [CompletionItem(name, help=text) for name, text in found.items() if name.startswith(incomplete)]


class ProxyUrl(click.ParamType[str]):
    """The URL of a proxy; empty: none, whatever the environment says."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text, where a proxy can be reached by it; the message never holds it, for it may hold a password."""
        from dynaclient.errors import ArgumentError
        from dynaclient.transport.proxies import proxy_for

        try:
            found = proxy_for("https://host", str(value), {})
        except ArgumentError as error:
            self.fail(f"{str(error).removeprefix('proxy: ')}.", param, ctx)
        if found is not None and not re.fullmatch(r"[\w.:-]+", found.host):
            self.fail("not the URL of a proxy; expected http://host:port.", param, ctx)
        return value


class Pem(click.ParamType[str]):
    """A file that holds certificates or a key in the form PEM (RFC 7468); where ``folders``, also a folder of them.

    ``named``: messages name the file. Not where a key is expected: who has DYNACLIENT_KEY set may have meant an API key by it.
    """

    name = "file"

    def __init__(self, *, folders: bool = False, named: bool = True) -> None:
        self.folders, self.named = folders, named

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name, where it is that of such a file."""
        from pathlib import Path

        path = Path(value)
        name = repr(str(value)) if self.named else "the file of the key"
        try:
            if self.folders and path.is_dir():
                return value
            good = b"-----BEGIN " in path.read_bytes()
        except (OSError, ValueError) as error:
            self.fail(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.", param, ctx)
        if not good:
            self.fail(f"{name} holds nothing in the form PEM (-----BEGIN ...).", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Files are completed by the shell."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


class Named(Lines):
    """``NAME=VALUE``. Messages hold neither: either may be a secret whose other half was forgotten."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text, where it has a name and a value."""
        name, equals, rest = str(value).partition("=")
        if not equals or not name.strip() or not rest:
            self.fail("NAME=VALUE is expected.", param, ctx)
        return value


class Profile(Lines):
    """The name of a profile; completes those that there are."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The profiles of the config file."""
        from click.shell_completion import CompletionItem

        from dynaclient.profile import profile_names

        return [CompletionItem(name) for name in profile_names() if name.startswith(incomplete)]


class SchemeName(Named):
    """``SCHEME=VALUE``; completes the security schemes of the document."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The schemes, each with its equals sign."""
        from click.shell_completion import CompletionItem

        from dynaclient.cli.documents import opened

        schemes = opened(ctx).api.schemes.values()
        found = [(f"{scheme.name}=", scheme.description) for scheme in schemes]
        return [CompletionItem(name, help=text) for name, text in found if name.startswith(incomplete)]
