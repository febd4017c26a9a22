"""OAuth 2 without sockets: what is asked of a token endpoint, and what its reply means (RFC 6749)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlencode

from dynaclient.auth.need import Secret, reveal
from dynaclient.errors import CredentialsError
from dynaclient.openapi.media import decode_json
from dynaclient.wire import REDACTED

if TYPE_CHECKING:
    from dynaclient.auth.accounts import OAuth2Account
    from dynaclient.wire import Response

EARLY = 30.0
"""How long before its end a token is replaced, seconds; at most a tenth of its life."""

MAX_REPLY = 1 << 20
_MAX_WORDS = 300


@dataclass(frozen=True, slots=True)
class Token:
    """An access token (RFC 6749, 5.1). ``expires_at`` is seconds since the epoch, None where the server did not say; ``lifetime`` is seconds."""

    value: str = field(repr=False)
    expires_at: float | None = None
    lifetime: float = 0.0
    refresh: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ()

    def alive(self, now: float) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or now < self.expires_at

    def fresh(self, now: float) -> bool:
        """Whether it need not be replaced yet."""
        return self.expires_at is None or now < self.expires_at - min(EARLY, self.lifetime / 10)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of a token endpoint (RFC 6749, 5.2; RFC 8628, 3.5): its ``code``, and the server's ``words`` for people."""

    code: str
    words: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.words}" if self.words else self.code


@dataclass(frozen=True, slots=True)
class Party:
    """The client, as an authorization server knows it: ``auth`` is ``basic`` or ``post`` (RFC 6749, 2.3.1); without a secret it is a public client."""

    client_id: str
    client_secret: Secret | None = field(default=None, repr=False)
    auth: str = "basic"

    def introduce(self, fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """The header fields and the form of a token request in which the client names itself, and proves it where it has a secret."""
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        form = dict(fields)
        if self.client_secret is None:
            if self.client_id:
                form["client_id"] = self.client_id
            return headers, form
        secret = reveal(self.client_secret)
        if self.auth == "post":
            return headers, {**form, "client_id": self.client_id, "client_secret": secret}
        # Form-encoded (RFC 6749, 2.3.1), a space as %20, which every decoder of forms understands.
        pair = f"{quote(self.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return headers, form


def without(secrets: Iterable[str], text: str) -> str:
    """A text with secrets taken out, also as they stand in a form or a URL."""
    for secret in secrets:
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            if len(form) > 3:
                text = text.replace(form, REDACTED)
    return text


def encode_form(fields: Mapping[str, str]) -> bytes:
    """The body of a token request (RFC 6749, appendix B)."""
    return urlencode(fields).encode()


def first_fields(account: OAuth2Account, scopes: tuple[str, ...], refresh: str = "") -> dict[str, str]:
    """The fields of the request that makes an account's token; with ``refresh``, the token that replaces one of it (RFC 6749, 4.3.2, 4.4.2, 6)."""
    from dynaclient.auth.accounts import OAuth2ClientCredentials, OAuth2Password

    fields = dict(account.extra)
    if account.audience:
        fields["audience"] = account.audience
    if scopes:
        fields["scope"] = " ".join(scopes)
    if refresh:
        return {**fields, "grant_type": "refresh_token", "refresh_token": refresh}
    if isinstance(account, OAuth2ClientCredentials):
        return {**fields, "grant_type": "client_credentials"}
    if isinstance(account, OAuth2Password):
        return {**fields, "grant_type": "password", "username": account.user, "password": reveal(account.password)}
    return {**fields, "grant_type": "refresh_token", "refresh_token": reveal(account.refresh_token)}


def read_object(response: Response, url: str) -> dict[str, Any]:
    """The JSON object of a reply.

    Raises
    ------
    CredentialsError
        Where it is none; the message does not quote it, for it may hold a token.
    """
    if len(response.body) <= MAX_REPLY:
        try:
            value = decode_json(response.body)
        except ValueError:
            value = None
        if isinstance(value, dict):
            return value
    raise CredentialsError(
        f"{url} answered {response.status} with {response.headers.get('content-type', 'no type')[:60]} of {len(response.body):,} bytes; "
        "a JSON object was expected. Is the address right?"
    )


Scrub = Callable[[str], str]
"""Takes known secrets out of a text."""


def read_token(response: Response, url: str, now: float, scrub: Scrub = str) -> Token | Refusal:
    """What a token endpoint answered.

    Parameters
    ----------
    response:
        The reply. Some servers refuse with 200; what counts is whether there is an ``error``.
    url:
        The endpoint, for messages.
    now:
        Seconds since the epoch.
    scrub:
        Applied to the words of a refusal: some servers repeat what they were sent.

    Raises
    ------
    CredentialsError
        Where it is neither a bearer token nor a refusal.
    """
    value = read_object(response, url)
    if "error" in value or response.status >= 400:
        return read_refusal(value, response.status, scrub)
    access, kind = value.get("access_token"), value.get("token_type", "bearer")
    if not isinstance(access, str) or not access or not (access.isascii() and access.isprintable()):
        raise CredentialsError(f"{url} answered {response.status} without an access_token that can be sent")
    if str(kind).lower() != "bearer":
        raise CredentialsError(f"{url} gave a token of the type {str(kind)[:40]!r}; bearer tokens are supported")
    lifetime = _seconds(value.get("expires_in"))
    refresh, scope = value.get("refresh_token"), value.get("scope")
    return Token(
        value=access,
        expires_at=None if lifetime is None else now + lifetime,
        lifetime=lifetime or 0.0,
        refresh=refresh if isinstance(refresh, str) else "",
        scopes=tuple(scope.split()) if isinstance(scope, str) else (),
    )


def read_refusal(value: Mapping[str, Any], status: int, scrub: Scrub = str) -> Refusal:
    """The error object of an OAuth 2 endpoint; words that are none of the standard's are looked for where servers put them."""
    code = value.get("error")
    if isinstance(code, Mapping):
        code = code.get("code") or code.get("type")
    words = value.get("error_description") or value.get("message") or ""
    see = value.get("error_uri")
    text = words_of(words, scrub) + (f" (see {words_of(see, scrub)})" if isinstance(see, str) and see else "")
    return Refusal(words_of(code, scrub) or str(status), text.strip())


def words_of(value: Any, scrub: Scrub = str) -> str:
    """A server's text for people, on one line, without control characters, and last shortened: a secret is not cut in half before it is found."""
    known = scrub(str(value or ""))
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in known).split())
    return text if len(text) <= _MAX_WORDS else text[:_MAX_WORDS] + "..."


def _seconds(value: Any) -> float | None:
    """``expires_in``; some servers write the number as text."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    return seconds if 0 <= seconds < 1e10 else None
