"""Credentials: which of them an operation needs, where they come from, how they are put on a request, and how they are renewed.

A credential belongs to the servers of the document, and to the one that the caller named together with it. It is put on requests to those origins only, and ``redirect``
takes it off again when a reply leads elsewhere. ``docs/authentication.md`` has all the rules.

What only some documents need (digest, OAuth 2, logins) is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dynaclient.auth.choice import choose, is_declared, missing, unsent
from dynaclient.auth.need import Account, Credential, Need, Renewal, Secret
from dynaclient.auth.placing import apply, challenged, shown
from dynaclient.auth.schemes import ClientVariables, client_variables, is_bearer, variables
from dynaclient.auth.wallet import Pocket, Wallet

if TYPE_CHECKING:
    from dynaclient.auth.accounts import Digest, OAuth2ClientCredentials, OAuth2Password, OAuth2Refresh
    from dynaclient.auth.keep import Keep, Login
    from dynaclient.auth.signin import SignIn, login, logout

__all__ = [
    "Account",
    "ClientVariables",
    "Credential",
    "Digest",
    "Keep",
    "Login",
    "Need",
    "OAuth2ClientCredentials",
    "OAuth2Password",
    "OAuth2Refresh",
    "Pocket",
    "Renewal",
    "Secret",
    "SignIn",
    "Wallet",
    "apply",
    "challenged",
    "choose",
    "client_variables",
    "is_bearer",
    "is_declared",
    "login",
    "logout",
    "missing",
    "shown",
    "unsent",
    "variables",
]

_LATE = {
    "Digest": "accounts",
    "OAuth2ClientCredentials": "accounts",
    "OAuth2Password": "accounts",
    "OAuth2Refresh": "accounts",
    "Keep": "keep",
    "Login": "keep",
    "SignIn": "signin",
    "login": "signin",
    "logout": "signin",
}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        found = getattr(import_module(f"dynaclient.auth.{_LATE[name]}"), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
