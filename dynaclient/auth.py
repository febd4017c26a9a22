"""Credentials: which of them an operation needs, where they come from, and how they are put on a request.

A credential belongs to the server that the caller chose. It is put on the request to that origin only, and ``redirect`` takes it off again when a reply leads elsewhere.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from dynaclient.errors import CredentialsError, UnsupportedError
from dynaclient.openapi.model import Api, Operation, SecurityScheme
from dynaclient.wire import REDACTED, Request

Credential = str | tuple[str, str] | Callable[[], str]
"""A token or key; ``(user, password)`` for http basic; or a function that returns the token, called for each request."""

_BEARER_TYPES = frozenset({"oauth2", "openIdConnect"})


@dataclass(frozen=True, slots=True)
class Need:
    """One scheme of the alternative that was chosen, and its credential; ``source`` says where that came from, never what it is."""

    scheme: SecurityScheme
    credential: Credential
    source: str

    def __repr__(self) -> str:
        return f"Need({self.scheme.name!r}, from {self.source})"


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
            for secret in credential if isinstance(credential, tuple) else (credential,):
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
    optional = False
    for alternative in operation.security:
        optional = optional or not alternative
        found = [wallet.find(_scheme(api, operation, name), server) for name, _ in alternative]
        needs = tuple(need for need in found if need is not None)
        if alternative and len(needs) == len(found):
            return needs
    if optional:
        return ()
    raise CredentialsError(missing(api, operation, server), operation=operation.dotted)


def _scheme(api: Api, operation: Operation, name: str) -> SecurityScheme:
    scheme = api.schemes.get(name)
    if scheme is None:
        raise UnsupportedError(
            f"the security scheme {name!r} is not among the document's components",
            source=api.source,
            pointer=operation.pointer,
            operation=operation.dotted,
        )
    return scheme


def missing(api: Api, operation: Operation, server: str) -> str:
    """What to say where no credential was found."""
    ways = []
    for alternative in operation.security:
        needed = []
        for name, _ in alternative:
            scheme = _scheme(api, operation, name)
            argument = "bearer_auth=" if is_bearer(scheme) else f"credentials={{{name!r}: ...}}"
            known = variables(scheme, server)
            variable = f"set the environment variable {known[0]} or " if known else ""
            needed.append(f"{variable}pass {argument} for {name!r}")
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
        if scheme.type == "apiKey":
            name, value = scheme.parameter, _token(need)
            secret.add(name.lower())
            if scheme.location == "query":
                target += f"{'&' if '?' in target else '?'}{quote(name, safe='')}={quote(value, safe='')}"
            elif scheme.location == "cookie":
                secret.add("cookie")
                headers["Cookie"] = "; ".join(filter(None, (headers.get("Cookie"), f"{name}={value}")))
            else:
                headers[name] = value
        else:
            secret.add("authorization")
            headers["Authorization"] = _authorization(need)
    return replace(request, headers=headers, target=target, secret_names=frozenset(secret))


def shown(needs: tuple[Need, ...], request: Request) -> Request:
    """The request as a dry run shows it: with every credential in its place, and ``[redacted]`` for its value."""
    hidden = tuple(
        replace(need, credential=("", "") if isinstance(need.credential, tuple) else REDACTED) for need in needs
    )
    return apply(hidden, request).redacted()


def _token(need: Need) -> str:
    credential = need.credential
    if isinstance(credential, tuple):
        raise CredentialsError(f"the scheme {need.scheme.name!r} takes one token, not a user and a password")
    token = (credential() if callable(credential) else credential).strip()
    if not token or any(ord(letter) < 32 or ord(letter) > 255 for letter in token):
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
        pair = need.credential if isinstance(need.credential, tuple) else tuple(_token(need).partition(":")[::2])
        return "Basic " + base64.b64encode(":".join(pair).encode()).decode()
    raise UnsupportedError(
        f"the security scheme {scheme.name!r} is of the type {' '.join(filter(None, (scheme.type, scheme.scheme)))}, which is not supported; "
        "known are http bearer, http basic, apiKey, and OAuth2 and OpenID Connect with a token that you bring",
        pointer=scheme.pointer,
    )
