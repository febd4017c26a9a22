"""Credentials: which of them an operation needs, where they come from, and how they are put on a request.

A credential belongs to the server that the caller chose. It is put on the request to that origin only, and ``redirect`` takes it off again when a reply leads elsewhere.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from dynaclient.errors import CredentialsError, UnsupportedError
from dynaclient.openapi.model import Api, Operation, SecurityScheme
from dynaclient.wire import REDACTED, Request

Credential = str | tuple[str, str] | Callable[[], str]
"""A token or key; ``(user, password)`` for http basic; or a function that returns the token, called for each request."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_BEARER_TYPES = frozenset({"oauth2", "openIdConnect"})


@dataclass(frozen=True, slots=True)
class Need:
    """One scheme of the alternative that was chosen, and its credential; ``source`` says where that came from, never what it is."""

    scheme: SecurityScheme
    credential: Credential
    source: str

    def __repr__(self) -> str:
        return f"Need({self.scheme.name!r}, from {self.source})"

    def __reduce__(self) -> Any:
        raise TypeError("credentials are not pickled; make the client where it is used")


class Wallet:
    """The credentials that a client was given, by scheme name, and the environment.

    Parameters
    ----------
    given:
        Scheme name -> credential.
    bearer:
        The credential of whichever http bearer, OAuth2 or OpenID Connect scheme an operation asks for.
    environ:
        Where variables are looked up.
    """

    __slots__ = ("_bearer", "_environ", "_given")

    def __init__(
        self,
        given: Mapping[str, Credential] | None = None,
        bearer: Credential | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._given = dict(given or {})
        self._bearer = bearer
        self._environ = os.environ if environ is None else environ

    def __repr__(self) -> str:
        return f"Wallet({sorted(self._given)}{', bearer' if self._bearer else ''})"

    def __reduce__(self) -> str:
        raise TypeError("credentials are not pickled; make the client where it is used")

    def names(self) -> frozenset[str]:
        """The schemes for which a credential was given by name."""
        return frozenset(self._given)

    def find(self, scheme: SecurityScheme, server: str) -> Need | None:
        """The credential of a scheme for the server of this id ("" for a URL): from the argument, else from the environment."""
        if scheme.name in self._given:
            return Need(scheme, self._given[scheme.name], f"argument credentials[{scheme.name!r}]")
        if self._bearer is not None and is_bearer(scheme):
            return Need(scheme, self._bearer, "argument bearer_auth")
        for variable in variables(scheme, server):
            value = self._environ.get(variable, "").strip()
            if value:
                return Need(scheme, value, f"environment variable {variable}")
        return None

    def scrub(self, text: str) -> str:
        """The text with every known secret in it replaced, for messages that quote a server."""
        for credential in [*self._given.values(), self._bearer, *self._known_variables()]:
            # Of a user and a password, the password alone is secret, and the pair as it is sent.
            for secret in (*credential[1:], _basic(credential)) if isinstance(credential, tuple) else (credential,):
                if isinstance(secret, str) and len(secret.strip()) > 3:
                    text = text.replace(secret.strip(), REDACTED)
        return text

    def _known_variables(self) -> list[str]:
        marks = ("AUTH", "KEY", "TOKEN", "SECRET", "PASSWORD")
        return [
            value
            for name, value in self._environ.items()
            if len(value) > 7 and any(mark in name.upper() for mark in marks)
        ]


def is_bearer(scheme: SecurityScheme) -> bool:
    """Whether a scheme's credential is a bearer token (RFC 6750)."""
    return (scheme.type == "http" and scheme.scheme == "bearer") or scheme.type in _BEARER_TYPES


def variables(scheme: SecurityScheme, server: str) -> tuple[str, ...]:
    """The environment variables that are read for a scheme at a server: the server's own, else the scheme's general one."""
    if server in scheme.env_by_server:
        return (scheme.env_by_server[server],)
    return (scheme.env,) if scheme.env else ()


def choose(api: Api, operation: Operation, wallet: Wallet, server: str) -> tuple[Need, ...]:
    """The first alternative of the operation's security that the credentials satisfy (OpenAPI 3.1, 4.8.30).

    An empty alternative (no security) is taken only where no other is satisfied.

    Raises
    ------
    CredentialsError
        Where none is satisfied; the message names every variable and argument that would do.
    """
    if not operation.security:
        return ()
    for alternative in operation.security:
        schemes = [api.schemes[name] for name, _ in alternative if name in api.schemes]
        needs = tuple(need for need in (wallet.find(scheme, server) for scheme in schemes) if need is not None)
        if alternative and len(needs) == len(alternative):
            return needs
    if () in operation.security:
        return ()
    raise _unsatisfied(api, operation, server)


def _unsatisfied(api: Api, operation: Operation, server: str) -> CredentialsError | UnsupportedError:
    if _possible(api, operation):
        return CredentialsError(missing(api, operation, server), operation=operation.dotted)
    unknown = [name for alternative in operation.security for name, _ in alternative if name not in api.schemes]
    return UnsupportedError(
        f"the security scheme {unknown[0]!r} is not among the document's components",
        source=api.source,
        pointer=operation.pointer,
        operation=operation.dotted,
    )


def _possible(api: Api, operation: Operation) -> list[list[SecurityScheme]]:
    """The alternatives whose schemes the document defines."""
    return [
        [api.schemes[name] for name, _ in alternative]
        for alternative in operation.security
        if alternative and all(name in api.schemes for name, _ in alternative)
    ]


def missing(api: Api, operation: Operation, server: str) -> str:
    """What to say where no credential was found."""
    ways = []
    for alternative in _possible(api, operation):
        needed = []
        for scheme in alternative:
            argument = "bearer_auth=" if is_bearer(scheme) else f"credentials={{{scheme.name!r}: ...}}"
            known = variables(scheme, server)
            variable = f"set the environment variable {known[0]} or " if known else ""
            needed.append(f"{variable}pass {argument} for {scheme.name!r}")
        ways.append(" and ".join(needed))
    at = f" at the server {server!r}" if server else ""
    return (
        f"{operation.dotted} was not sent: it needs a credential{at}. Either {'; or '.join(ways)}; "
        "or try it without an account: server='local' (at the shell --server local)"
    )


def apply(needs: tuple[Need, ...], request: Request) -> Request:
    """The request with the credentials on it and their places noted as secret.

    Raises
    ------
    CredentialsError
        Where a credential cannot stand in a header; the message never holds it.
    """
    if not needs:
        return request
    headers = dict(request.headers)
    target = request.target
    secret = set(request.secret_names)
    for need in needs:
        scheme = need.scheme
        if scheme.type != "apiKey":
            secret.add("authorization")
            _set(headers, "Authorization", _authorization(need))
            continue
        name, value = _api_key(need)
        secret.add(name.lower())
        if scheme.location == "query":
            target += f"{'&' if '?' in target else '?'}{quote(name, safe='')}={quote(value, safe='')}"
        elif scheme.location == "cookie":
            secret.add("cookie")
            _set(headers, "Cookie", f"{name}={value}", joint="; ")
        else:
            _set(headers, name, value)
    return replace(request, headers=headers, target=target, secret_names=frozenset(secret))


def _set(headers: dict[str, str], name: str, value: str, joint: str = "") -> None:
    """Put a field in the place of one of the same name, whatever its case; or behind its value, where there is a ``joint``."""
    for other in [other for other in headers if other.lower() == name.lower()]:
        before = headers.pop(other)
        value = f"{before}{joint}{value}" if joint and before else value
    headers[name] = value


def _api_key(need: Need) -> tuple[str, str]:
    """The name and value of a key. ``Authorization: Bearer`` as the name of a header, which some documents have, is taken for what it means."""
    scheme, token = need.scheme, _token(need)
    name, colon, prefix = scheme.parameter.partition(":")
    if scheme.location == "header" and colon:
        token = f"{prefix.strip()} {token}".strip()
    else:
        name = scheme.parameter
    if scheme.location != "query" and not _TOKEN.fullmatch(name):
        raise UnsupportedError(f"{name!r} is no name of a {scheme.location or 'header'}", pointer=scheme.pointer)
    if not name:
        raise UnsupportedError("an API key needs a `name` and an `in`", pointer=scheme.pointer)
    if scheme.location == "cookie" and any(letter in token for letter in ' ",;\\'):
        raise CredentialsError(
            f"the credential of {scheme.name!r} (from {need.source}) holds characters that cannot stand in a cookie"
        )
    return name, token


def shown(needs: tuple[Need, ...], request: Request) -> Request:
    """The request as a dry run shows it: with every credential in its place, and ``[redacted]`` for its value."""
    hidden = tuple(
        replace(need, credential=("-", "-") if isinstance(need.credential, tuple) else REDACTED) for need in needs
    )
    return apply(hidden, request).redacted()


def _token(need: Need) -> str:
    credential = need.credential
    if isinstance(credential, tuple):
        raise CredentialsError(f"the scheme {need.scheme.name!r} takes one token, not a user and a password")
    token = credential() if callable(credential) else credential
    token = token.strip() if isinstance(token, str) else ""
    if not token or any(ord(letter) < 32 or 126 < ord(letter) < 160 or ord(letter) > 255 for letter in token):
        raise CredentialsError(
            f"the credential of {need.scheme.name!r} (from {need.source}) is empty, or holds characters that cannot stand in a header"
        )
    return token


def _authorization(need: Need) -> str:
    scheme = need.scheme
    if is_bearer(scheme):
        token = _token(need)
        return token if token[:7].lower() == "bearer " else f"Bearer {token}"
    if scheme.type == "http" and scheme.scheme == "basic":
        pair = need.credential if isinstance(need.credential, tuple) else _token(need).partition(":")[::2]
        if len(pair) != 2 or not all(isinstance(part, str) for part in pair) or ":" in pair[0]:
            raise CredentialsError(
                f"the credential of {scheme.name!r} (from {need.source}) is not (user, password), two strings, the user's without a colon"
            )
        return f"Basic {_basic(pair)}"
    raise UnsupportedError(
        f"the security scheme {scheme.name!r} is of the type {' '.join(filter(None, (scheme.type, scheme.scheme)))}, which is not supported; "
        "known are http bearer, http basic, apiKey, and OAuth2 and OpenID Connect with a token that you bring",
        pointer=scheme.pointer,
    )


def _basic(pair: tuple[str, ...]) -> str:
    """RFC 7617, 2."""
    return base64.b64encode(":".join(map(str, pair)).encode()).decode()
