"""Sign in and out as a user: OAuth 2 in the browser or on another device. Functions, so that no operation's name is taken by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynaclient import auth
from dynaclient.openapi.server import target

if TYPE_CHECKING:
    from dynaclient.auth import Login
    from dynaclient.client import Client
    from dynaclient.openapi.server import Target


def login(client: Client, scheme: str | None = None, **fields: Any) -> Login:
    """Sign a user in for a scheme of the client's document, and keep the tokens for its server.

    Parameters
    ----------
    client:
        The client; what is kept is found again by every client of that server.
    scheme:
        The security scheme; None: the only one that a user can sign in for.
    fields:
        Those of `dynaclient.auth.SignIn`: ``client_id``, ``scopes``, ``device``, ``insecure_storage`` ...

    Returns
    -------
    Login
        What was kept, without the secrets.

    Raises
    ------
    ArgumentError
        Where there is no such scheme, or no client id.
    CredentialsError
        Where the server or the user refuses, or there is no place to keep the tokens.
    """
    core = client._core
    return auth.login(core.api, _place(client), core.wallet, scheme, auth.SignIn(**fields))


def logout(client: Client, scheme: str | None = None) -> list[Login]:
    """Forget the logins for the client's server: those of one scheme, or all. The tokens are deleted here, not revoked there."""
    return auth.logout(_place(client), client._core.wallet, scheme)


def _place(client: Client) -> Target:
    core = client._core
    wanted = client._options.server
    return target(
        core.api.servers, wanted, core.document.source, core.variables, core.wallet.variable, core.known_servers
    )
