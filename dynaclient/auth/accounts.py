"""Credentials of several parts, as a caller writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from dynaclient.auth.need import Account, Secret
from dynaclient.errors import ArgumentError, Problem

CLIENT_AUTHENTICATION = ("basic", "post")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Digest(Account):
    """A user and a password for HTTP digest (RFC 7616), also where the document says ``basic``."""

    SECRETS: ClassVar[frozenset[str]] = frozenset({"password"})
    user: str
    password: Secret


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class OAuth2ClientCredentials(Account):
    """A client that acts for itself (RFC 6749, 4.4).

    Parameters
    ----------
    client_id, client_secret:
        As the authorization server issued them. The secret may be a function that returns it.
    scopes:
        What to ask for. Empty: the scopes that the operation requires.
    token_url:
        The token endpoint. None: what the document declares.
    auth:
        How the client authenticates (RFC 6749, 2.3.1): ``"basic"``, in the header, or ``"post"``, in the body.
    audience:
        Sent as ``audience``, which some servers need.
    extra:
        Further fields of the token request, by name.
    """

    SECRETS: ClassVar[frozenset[str]] = frozenset({"client_secret"})
    client_id: str
    client_secret: Secret
    scopes: Iterable[str] = ()
    token_url: str | None = None
    auth: str = "basic"
    audience: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _settle(self)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class OAuth2Password(Account):
    """A user's name and password, given to the client (RFC 6749, 4.3); the other parts as for `OAuth2ClientCredentials`.

    ``client_id`` may be empty where the server knows no clients.
    """

    SECRETS: ClassVar[frozenset[str]] = frozenset({"password", "client_secret"})
    user: str
    password: Secret
    client_id: str = ""
    client_secret: Secret | None = None
    scopes: Iterable[str] = ()
    token_url: str | None = None
    auth: str = "basic"
    audience: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _settle(self)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class OAuth2Refresh(Account):
    """A refresh token that was issued before (RFC 6749, 6); the other parts as for `OAuth2ClientCredentials`.

    A server may replace the refresh token with each use. The new one is used from then on, in memory; to have it kept between runs, log in at the shell.
    """

    SECRETS: ClassVar[frozenset[str]] = frozenset({"refresh_token", "client_secret"})
    refresh_token: Secret
    client_id: str
    client_secret: Secret | None = None
    scopes: Iterable[str] = ()
    token_url: str | None = None
    auth: str = "basic"
    audience: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _settle(self)


OAuth2Account = OAuth2ClientCredentials | OAuth2Password | OAuth2Refresh


def _settle(account: OAuth2Account) -> None:
    """Scopes as a tuple, and the refusal of what cannot be meant."""
    scopes = account.scopes
    object.__setattr__(account, "scopes", tuple(scopes.split()) if isinstance(scopes, str) else tuple(scopes))
    if account.auth not in CLIENT_AUTHENTICATION:
        problem = Problem("auth", f"{account.auth!r} is not {' or '.join(CLIENT_AUTHENTICATION)}")
        raise ArgumentError(f"{type(account).__name__} makes no sense", problems=(problem,))
