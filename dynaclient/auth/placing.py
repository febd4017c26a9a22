"""Credentials on a request, and what a server's 401 calls for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, urlsplit

from dynaclient.auth.need import Account, Need, Renewal, reveal
from dynaclient.auth.schemes import is_bearer
from dynaclient.auth.wallet import basic
from dynaclient.errors import CredentialsError, UnsupportedError
from dynaclient.frozen import evolve
from dynaclient.redirect import same_origin
from dynaclient.wire import REDACTED, Request

if TYPE_CHECKING:
    from dynaclient.auth.need import Replied
    from dynaclient.wire import Timeout

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
# Schemes of RFC 9110, 16.4 that take more than a token from the caller.
_DIALOGUES = frozenset({"digest", "negotiate", "ntlm", "mutual", "hoba", "scram-sha-1", "scram-sha-256", "oauth", "dpop"})  # fmt: skip


def apply(needs: tuple[Need, ...], request: Request, timeout: Timeout | None = None) -> Request:
    """The request with the credentials on it and their places noted as secret.

    Parameters
    ----------
    needs:
        From `choose`.
    request:
        Complete but for them.
    timeout:
        What bounds fetching a token, where that is necessary; None: a minute.

    Raises
    ------
    CredentialsError
        Where a credential cannot stand in a header, or an authorization server gives no token; the message never holds a secret.
    TransportError
        Where an authorization server does not answer; nothing of the request was sent.
    """
    if not needs:
        return request
    headers = dict(request.headers)
    target = request.target
    secret = set(request.secret_names)
    later = []
    for need in needs:
        scheme = need.scheme
        if scheme.type == "mutualTLS":
            continue
        if scheme.type != "apiKey":
            later.append(need)
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
    if later:  # a digest covers the target, so that keys are in it first
        secret.add("authorization")
        fields = {_authorization(need, evolve(request, target=target), timeout) for need in later}
        if len(fields) > 1:
            names = " and ".join(repr(need.scheme.name) for need in later)
            raise UnsupportedError(f"{names} are both for the Authorization field, which holds one credential")
        for value in fields - {""}:
            _set(headers, "Authorization", value)
    return evolve(request, headers=headers, target=target, secret_names=frozenset(secret))


def challenged(
    needs: tuple[Need, ...], plain: Request, sent: Request, reply: Replied, timeout: Timeout | None = None
) -> Request | None:
    """What to send instead, after a 401: asked once in a call.

    Parameters
    ----------
    needs:
        Those of the call.
    plain:
        Its request without credentials.
    sent:
        The request with them, as it was sent.
    reply:
        What came back.
    timeout:
        As for `apply`.

    Returns
    -------
    Request or None
        The request with a new token, or with the answer to a digest challenge. None where nothing better can be sent: the reply is none of 401, comes from another
        origin, the credentials cannot change, or the body cannot be sent twice.

    Raises
    ------
    CredentialsError, TransportError
        As `apply`.
    """
    if reply.status != 401 or not getattr(plain.body, "replayable", True) or not _from_home(sent, reply):
        return None
    renewals = [need.credential for need in needs if isinstance(need.credential, Renewal)]
    changed = [renewal.renewed(sent, reply) for renewal in renewals]  # each of them is told
    return apply(needs, plain, timeout) if any(changed) else None


def _from_home(sent: Request, reply: Replied) -> bool:
    """Whether a reply is the server's own: a challenge from where a redirect led is not answered."""
    parts = urlsplit(reply.url)
    return not parts.netloc or same_origin(reply.url, sent.origin)


def shown(needs: tuple[Need, ...], request: Request) -> Request:
    """The request as a dry run shows it: with every credential in its place, and ``[redacted]`` for its value. No function is called and no token fetched."""
    return apply(tuple(evolve(need, credential=_hidden(need)) for need in needs), request).redacted()


def _hidden(need: Need) -> Any:
    if isinstance(need.credential, tuple):
        return ("-", "-")
    if isinstance(need.credential, Renewal):
        return _Shown(need.credential.kind)
    return _Shown("Digest") if need.scheme.scheme == "digest" else REDACTED


class _Shown(Renewal):
    """Stands in a dry run for a credential that would be made for the request."""

    kind: ClassVar[str] = ""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def field(self, request: Request, timeout: Timeout | None) -> str:
        return f"{self._kind} {REDACTED}"

    def renewed(self, sent: Request, reply: Replied) -> bool:
        return False


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


def _token(need: Need) -> str:
    credential = need.credential
    if isinstance(credential, tuple | Account | Renewal):
        raise CredentialsError(f"the scheme {need.scheme.name!r} takes one token, not a user and a password")
    token = credential() if callable(credential) else credential
    token = token.strip() if isinstance(token, str) else ""
    if not token or any(ord(letter) < 32 or 126 < ord(letter) < 160 or ord(letter) > 255 for letter in token):
        raise CredentialsError(
            f"the credential of {need.scheme.name!r} (from {need.source}) is empty, or holds characters that cannot stand in a header"
        )
    return token


def _authorization(need: Need, request: Request, timeout: Timeout | None) -> str:
    """The value of ``Authorization``; ``""`` where the server has to speak first."""
    scheme = need.scheme
    if isinstance(need.credential, Renewal):
        return need.credential.field(request, timeout)
    if is_bearer(scheme):
        token = _token(need)
        return token if token[:7].lower() == "bearer " else f"Bearer {token}"
    if scheme.type == "http" and scheme.scheme == "basic":
        return f"Basic {basic(_pair(need))}"
    if scheme.type == "http" and _TOKEN.fullmatch(scheme.scheme) and scheme.scheme not in _DIALOGUES:
        return f"{scheme.scheme.capitalize()} {_token(need)}"
    raise UnsupportedError(
        f"the security scheme {scheme.name!r} is of the type {' '.join(filter(None, (scheme.type, scheme.scheme)))}, which is not supported; "
        "known are http basic, bearer, digest and others that take one token, apiKey, oauth2, openIdConnect and mutualTLS",
        pointer=scheme.pointer,
    )


def _pair(need: Need) -> tuple[str, ...]:
    """The user and the password of http basic (RFC 7617, 2)."""
    given = need.credential if isinstance(need.credential, tuple) else _token(need).partition(":")[::2]
    pair = tuple(reveal(part) if isinstance(part, str) or callable(part) else part for part in given)
    if len(pair) != 2 or not all(isinstance(part, str) for part in pair) or ":" in pair[0]:
        raise CredentialsError(
            f"the credential of {need.scheme.name!r} (from {need.source}) is not (user, password), two strings, the user's without a colon"
        )
    return pair
