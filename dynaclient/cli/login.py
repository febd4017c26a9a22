"""``dynaclient login`` and ``logout``: sign in for a security scheme of the document, and out again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli import messages
from dynaclient.cli.documents import Opened, opened
from dynaclient.cli.kinds import Filled, Named
from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import SIGNING, settings_of, shared_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from dynaclient.auth import Wallet
    from dynaclient.cli.inputs import Inputs
    from dynaclient.openapi.server import Target


class LoginScheme(click.ParamType[str]):
    """A security scheme that a user can sign in for; completes those of the document."""

    name = "scheme"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as it is: the document is known only when the line has been read."""
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The schemes of OAuth 2 and OpenID Connect."""
        from click.shell_completion import CompletionItem

        schemes = opened(ctx).api.schemes.values()
        known = [one for one in schemes if one.type in ("oauth2", "openIdConnect") and one.name.startswith(incomplete)]
        return [CompletionItem(one.name, help=one.description) for one in known]


@contextmanager
def _at_server(ctx: click.Context) -> Iterator[tuple[Opened, Target, Wallet, Inputs]]:
    """The document, the server that tokens are for, the wallet, and what reads files."""
    from dynaclient.cli.connect import client_of
    from dynaclient.cli.inputs import Inputs
    from dynaclient.cli.run import warnings_told
    from dynaclient.cli.wording import options_named
    from dynaclient.openapi.server import target

    settings, document = settings_of(ctx), opened(ctx)
    with (
        options_named(settings.origin),
        warnings_told(),
        Inputs("--spec" if settings.spec == "-" else "") as inputs,
        client_of(document, settings, inputs) as client,
    ):
        core = client._core
        place = target(document.api.servers, client._options.server, document.document.source, core.variables)
        if place.embedded:
            raise click.UsageError("the embedded server asks for no login", ctx)
        yield document, place, core.wallet, inputs


@click.pass_context
def _login(ctx: click.Context, /, scheme: str | None, **options: Any) -> None:
    from dynaclient.auth import SignIn, login

    with _at_server(ctx) as (document, place, wallet, inputs):
        secret = options["client_secret"]
        extra = dict(entry.partition("=")[::2] for entry in options["extra"])
        more: dict[str, Any] = {"open_browser": lambda _url: False} if options["no_browser"] else {}
        how = SignIn(
            client_id=options["client_id"],
            client_secret=inputs.text(secret, "--client-secret").text if secret else None,
            scopes=options["scope"],
            device=True if options["device"] else None,
            insecure_storage=options["insecure_storage"],
            token_url=options["token_url"] or "",
            authorization_url=options["authorization_url"] or "",
            device_authorization_url=options["device_authorization_url"] or "",
            auth=options["auth"],
            extra=extra,
            prompt=lambda text: messages.write(messages.visible(str(text))),
            **more,
        )
        made = login(document.api, place, wallet, scheme, how)
    scopes = f", scopes {' '.join(made.scopes)}" if made.scopes else ""
    messages.note(f"signed in for {made.scheme} at {made.server}{scopes}; kept in the {made.storage}")


@click.pass_context
def _logout(ctx: click.Context, scheme: str | None) -> None:
    from dynaclient.auth import logout

    with _at_server(ctx) as (_, place, wallet, _inputs):
        forgotten = logout(place, wallet, scheme)
    for one in forgotten:
        messages.note(f"signed out of {one.scheme} at {one.server}; its token is forgotten here, not revoked there")
    if not forgotten:
        messages.warning(f"there was no login at {place.origin}" + (f" for {scheme}" if scheme else ""))


def login_command() -> click.Command:
    """The ``login`` command."""
    urls = [
        click.Option(
            [f"--{name}-url"], metavar="URL", type=Filled("the URL"), help=f"{text} in place of the document's."
        )
        for name, text in (
            ("token", "Where tokens are issued,"),
            ("authorization", "Where the browser goes,"),
            ("device-authorization", "Where a code for another device is asked for,"),
        )
    ]
    options: list[click.Parameter] = [
        click.Argument(["scheme"], required=False, type=LoginScheme()),
        click.Option(["--client-id"], metavar="ID", type=Filled("the id"), help="As the authorization server issued it. Else: the variable SCHEME_CLIENT_ID."),
        click.Option(["--client-secret"], metavar="@FILE|-", help="Where the client has one. Else: the variable SCHEME_CLIENT_SECRET."),
        click.Option(["--scope"], multiple=True, metavar="SCOPE", help="What to ask for; may be repeated."),
        click.Option(["--device"], is_flag=True, help="Sign in on another device, with a code, instead of in a browser on this machine."),
        click.Option(["--no-browser"], is_flag=True, help="Do not open a browser: show the URL only."),
        click.Option(["--insecure-storage"], is_flag=True, help="Where there is no keyring, keep the token in a file that only you can read."),
        click.Option(["--auth"], type=click.Choice(["basic", "post"]), default="basic", show_default=True, help="How a client with a secret shows it."),
        click.Option(["--extra"], multiple=True, metavar="NAME=VALUE", type=Named(), help="A further field of the request, such as audience=...; may be repeated."),
        *urls,
        *shared_options(SIGNING),
    ]  # fmt: skip
    return Sectioned(
        "login",
        callback=_login,
        params=options,
        help="Sign in for a security scheme of the document (OAuth 2, OpenID Connect), and keep the token, in the system's keyring, for later calls to this server. "
        "SCHEME may be left out where there is only one.",
        short_help="Sign in.",
    )


def logout_command() -> click.Command:
    """The ``logout`` command."""
    return Sectioned(
        "logout",
        callback=_logout,
        params=[click.Argument(["scheme"], required=False, type=LoginScheme()), *shared_options(SIGNING)],
        help="Forget the logins at this server: that of one scheme, or all. The tokens stay valid until they expire.",
        short_help="Sign out.",
    )
