"""Where tokens are issued, and whether a secret may go there.

The rules, in full in ``docs/authentication.md``: https, or http on this machine; no user information; a document that was loaded from a URL, and may have
changed since, sends no secret to an origin that is neither the server's nor its own unless the user named the address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from dynaclient.auth.oauth2 import read_object
from dynaclient.auth.sender import shown
from dynaclient.errors import CredentialsError
from dynaclient.openapi.model import Flow, SecurityScheme
from dynaclient.redirect import same_origin

if TYPE_CHECKING:
    from dynaclient.auth.sender import Sender
    from dynaclient.wire import Timeout

_OPENID = "/.well-known/openid-configuration"
_RFC8414 = "/.well-known/oauth-authorization-server"
# Which flow's token endpoint serves a grant: its own, else another one's, for an authorization server has one in all but name.
_FLOWS: Mapping[str, tuple[str, ...]] = {
    "client_credentials": ("clientCredentials", "password", "authorizationCode", "deviceAuthorization"),
    "password": ("password", "clientCredentials", "authorizationCode", "deviceAuthorization"),
    "refresh_token": ("authorizationCode", "deviceAuthorization", "password", "clientCredentials"),
    "authorization_code": ("authorizationCode", "deviceAuthorization"),
    "device_code": ("deviceAuthorization", "authorizationCode"),
}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of an authorization server; ``""`` for one that it does not have."""

    token: str = ""
    authorization: str = ""
    device: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Issuing:
    """Where a scheme's tokens come from, before anything is asked or checked.

    ``endpoints`` are those that the user named or the document declares, absolute; ``metadata`` is the URL that tells those that are missing, or ``""``.
    ``named`` holds the addresses that the user gave. ``home`` are the origins that a document from a URL may name by itself: its own and the
    server's; None for a document of this machine.
    """

    label: str
    endpoints: Endpoints = Endpoints()
    metadata: str = ""
    named: frozenset[str] = field(default_factory=frozenset)
    home: tuple[str, ...] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Equal where tokens come from the same place."""
        return self.endpoints.token, "" if self.endpoints.token else self.metadata

    def settled(self, sender: Sender, timeout: Timeout | None, need: str = "token") -> Endpoints:
        """The addresses, checked; the metadata is read where one that is needed is missing.

        Parameters
        ----------
        sender, timeout:
            What reads the metadata, and what bounds it.
        need:
            What is needed beside the token endpoint: ``authorization`` or ``device``.

        Raises
        ------
        CredentialsError
            Where there is no token endpoint, or no secret may go there.
        TransportError
            Where the metadata could not be read.
        """
        found = self.endpoints
        if self.metadata and not (found.token and getattr(found, need)):
            told = read_metadata(sender, self.checked(self.metadata, "metadata URL"), timeout)
            return replace(told, **{name: url for name, url in self._checked().items() if url})
        if not found.token:
            raise CredentialsError(
                f"the document names no token URL for {self.label}; pass token_url= with its credential"
            )
        return Endpoints(**self._checked())

    def _checked(self) -> dict[str, str]:
        """The addresses that are known without metadata."""
        found = self.endpoints
        return {
            "token": found.token and self.checked(found.token, "token URL"),
            "authorization": found.authorization and self.checked(found.authorization, "authorization URL"),
            "device": found.device and self.checked(found.device, "device authorization URL"),
        }

    def checked(self, url: str, what: str) -> str:
        """The URL, if it may be used: see the rules above.

        Raises
        ------
        CredentialsError
            With the rule that it breaks, and what to do.
        """
        checked_url(url, f"the {what} of {self.label}")
        if self.home is None or url in self.named or any(same_origin(url, origin) for origin in self.home):
            return url
        argument = what.removesuffix(" URL").replace(" ", "_").replace("metadata", "token") + "_url="
        raise CredentialsError(
            f"the document came from {shown(self.home[-1])}, and the {what} that it declares for {self.label}, {shown(url)}, is on another origin "
            f"than its own and the server's. The document may have been changed; if the address is right, name it yourself, with {argument}"
        )


def checked_url(url: str, what: str) -> str:
    """A URL that a secret may be sent to: https, or http to this machine (RFC 6749, 3.2; RFC 8252, 8.3); no user information, no fragment.

    Raises
    ------
    CredentialsError
        Where it is none.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise CredentialsError(f"{what} is no URL") from None
    if not host or any(letter <= " " or letter == "\x7f" for letter in url) or not url.isascii():
        raise CredentialsError(f"{what}, {shown(url)!r}, is no absolute URL; name it with token_url=")
    if "@" in parts.netloc or "\\" in parts.netloc or parts.fragment:
        raise CredentialsError(f"{what} has a user, a password or a fragment in it, which is refused")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise CredentialsError(
            f"{what}, {shown(url)}, is not https; a secret is sent in the clear on this machine only"
        )
    return url


def is_loopback(host: str) -> bool:
    """Whether a host is this machine (RFC 6890): 127.0.0.0/8, ::1, localhost."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def issuing(
    scheme: SecurityScheme, grant: str, server: str, source: str, named: Endpoints = Endpoints(), label: str = ""
) -> Issuing:
    """Where a scheme's tokens come from at a server.

    Parameters
    ----------
    scheme:
        The document's.
    grant:
        ``client_credentials``, ``password``, ``refresh_token``, ``authorization_code`` or ``device_code``.
    server:
        The URL of the server that is called: relative addresses are resolved against it, as against a folder.
    source:
        The document's path or URL.
    named:
        The addresses that the user gave; they go before the document's.
    label:
        The scheme in messages.
    """
    base = server + "/" if server else ""
    flow = next((scheme.flows[name] for name in _FLOWS[grant] if name in scheme.flows), Flow())
    declared = (grant == "refresh_token" and flow.refresh_url) or flow.token_url
    metadata = _absolute(base, scheme.oauth2_metadata_url or scheme.openid_connect_url)
    return Issuing(
        label=label or repr(scheme.name),
        endpoints=Endpoints(
            token=named.token or _absolute(base, declared),
            authorization=named.authorization or _absolute(base, flow.authorization_url),
            device=named.device or _absolute(base, flow.device_authorization_url),
        ),
        metadata=metadata,
        named=frozenset(filter(None, (named.token, named.authorization, named.device))),
        home=(server, source) if source.lower().startswith(("http://", "https://")) else None,
    )


def _absolute(base: str, url: str) -> str:
    # urljoin drops line breaks without a word; they are left for checked_url to refuse.
    return urljoin(base, url) if url and base and url.isprintable() else url


def read_metadata(sender: Sender, url: str, timeout: Timeout | None = None) -> Endpoints:
    """The addresses in an authorization server's metadata (RFC 8414; OpenID Connect Discovery 1.0, 4).

    Parameters
    ----------
    sender:
        What reads it.
    url:
        The document's well-known URL, checked; an issuer's URL is completed to the one of OpenID Connect.
    timeout:
        What bounds it, seconds.

    Raises
    ------
    CredentialsError
        Where it is no metadata, speaks for another issuer, or names an address that no secret may be sent to.
    """
    if "/.well-known/" not in url:
        url = url.rstrip("/") + _OPENID
    response = sender.get(url, timeout)
    if response.status != 200:
        raise CredentialsError(f"the metadata at {shown(url)} was answered with {response.status}; pass token_url=")
    value = read_object(response, shown(url))
    issuer = value.get("issuer")
    if not isinstance(issuer, str) or issuer.rstrip("/") != issuer_of(url).rstrip("/"):
        # RFC 8414, 3.3: what speaks for another issuer must not be used.
        raise CredentialsError(
            f"the metadata at {shown(url)} speaks for {str(issuer)[:200]!r}, not for {issuer_of(url)}; if that is right, pass token_url="
        )
    return Endpoints(
        token=_endpoint(value, "token_endpoint", url) or _no_token(url),
        authorization=_endpoint(value, "authorization_endpoint", url),
        device=_endpoint(value, "device_authorization_endpoint", url),
        issuer=issuer,
    )


def issuer_of(url: str) -> str:
    """The issuer whose metadata stands at a well-known URL (RFC 8414, 3.1; OpenID Connect Discovery 1.0, 4.1)."""
    plain = shown(url)
    if plain.endswith(_OPENID):
        return plain.removesuffix(_OPENID)
    before, _, after = plain.partition("/.well-known/")
    return before + "".join(after.partition("/")[1:])


def _endpoint(metadata: Mapping[str, Any], name: str, url: str) -> str:
    value = metadata.get(name)
    return checked_url(value, f"the {name} of the metadata at {shown(url)}") if isinstance(value, str) and value else ""


def _no_token(url: str) -> str:
    raise CredentialsError(f"the metadata at {shown(url)} names no token_endpoint; pass token_url=")
