"""The credentials of a client: which of them a scheme gets at a server, and from where."""

from __future__ import annotations

import base64
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dynaclient.auth.need import Account, Credential, Need, Renewal, Secret, reveal
from dynaclient.auth.schemes import BEARER_TYPES, client_variables, is_bearer, variables
from dynaclient.errors import CredentialsError
from dynaclient.frozen import Struct
from dynaclient.openapi.model import SecurityScheme
from dynaclient.openapi.server import Target
from dynaclient.redirect import same_origin
from dynaclient.wire import REDACTED

if TYPE_CHECKING:
    from dynaclient.auth.accounts import OAuth2Account
    from dynaclient.auth.keep import Keep
    from dynaclient.auth.sender import Sender
    from dynaclient.transport import Transport
    from dynaclient.world import World

_MARKS = ("AUTH", "KEY", "TOKEN", "SECRET", "PASSWORD")
CERTIFICATE = "certificate"
"""Stands in a Need for the client certificate, which the transport shows."""


class Pocket(Struct, frozen=True):
    """The credentials of a profile: ``label`` says where they came from, ``server`` (an id or a URL) is the only one they are for; None: those of the document."""

    label: str
    credentials: Mapping[str, Credential]
    server: str | None = None

    def __repr__(self) -> str:
        return f"Pocket(label={self.label!r}, server={self.server!r})"


class Wallet:
    """The credentials that a client was given, by scheme name, those of its profile, the environment's, and the logins that are kept.

    Parameters
    ----------
    given:
        Scheme name -> credential.
    bearer:
        The credential of whichever http bearer, OAuth2 or OpenID Connect scheme an operation asks for.
    environ:
        Where variables are looked up.
    server:
        The server, an id or a URL, that was named together with the credentials: they go there and to the servers of the document, nowhere else.
    profile:
        The credentials of a profile.
    client_cert:
        Whether the client has a certificate, which satisfies ``mutualTLS``.
    keep:
        The logins; None: those in the user's config folder.
    """

    __slots__ = ("_bearer", "_environ", "_given", "_keep", "_lock", "_profile", "_renewals", "_seen", "_server", "_source", "_transport", "_world", "client_cert")  # fmt: skip

    def __init__(
        self,
        given: Mapping[str, Credential] | None = None,
        bearer: Credential | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        server: str | None = None,
        profile: Pocket | None = None,
        client_cert: bool = False,
        keep: Keep | None = None,
    ) -> None:
        self._given = dict(given or {})
        self._bearer = bearer
        self._environ = os.environ if environ is None else environ
        self._server = server
        self._profile = profile or Pocket("", {})
        self.client_cert = client_cert
        self._keep = keep
        self._renewals: dict[Any, Renewal] = {}
        self._seen: deque[str] = deque(maxlen=64)
        self._lock = threading.Lock()
        self._transport: Callable[[], Transport] | None = None
        self._world: World | None = None
        self._source = ""

    def open(self, transport: Callable[[], Transport], world: World, source: str) -> None:
        """Give the wallet what tokens are fetched with.

        Parameters
        ----------
        transport:
            Gives the client's own transport, when it is first needed.
        world:
            The client's clock, sleep and random source.
        source:
            The document's path or URL: what it declares is trusted by where it came from.
        """
        self._transport, self._world, self._source = transport, world, source

    def elsewhere(self) -> Wallet:
        """Return this wallet without the credentials that the caller gave: for a service that they were not named with.

        Those of the environment, of logins, and of a profile that names its server stay; tokens and known secrets are shared.
        """
        profile = self._profile if self._profile.server is not None else None
        other = Wallet(None, None, self._environ, profile=profile, client_cert=self.client_cert, keep=self._keep)
        other._renewals, other._seen, other._lock = self._renewals, self._seen, self._lock
        other._transport, other._world, other._source = self._transport, self._world, self._source
        self.scrub("")  # notes what was given as a secret, which messages must not show there either
        return other

    def __repr__(self) -> str:
        return f"Wallet({sorted(self._given)}{', bearer' if self._bearer else ''})"

    def __reduce__(self) -> str:
        raise TypeError("credentials are not pickled; make the client where it is used")

    def names(self) -> frozenset[str]:
        """The schemes for which a credential was given by name."""
        return frozenset(self._given)

    def variable(self, name: str) -> str:
        """A variable of the environment, without the white space around it; ``""`` where it is not set."""
        return self._environ.get(name, "").strip()

    @property
    def keep(self) -> Keep:
        """The logins of the user."""
        if self._keep is None:
            from dynaclient.auth.keep import Keep

            self._keep = Keep()
        return self._keep

    @property
    def sender(self) -> Sender:
        """The client's connections, for token endpoints.

        Raises
        ------
        CredentialsError
            Where the wallet was not opened.
        """
        from dynaclient.auth.sender import Sender

        if self._transport is None or self._world is None:
            raise CredentialsError("there is no connection to fetch a token with; call it through a Client")
        return Sender(self._transport, self._world)

    def find(
        self, scheme: SecurityScheme, server: str | Target, scopes: tuple[str, ...] = (), *, declared: bool = True
    ) -> Need | None:
        """The credential of a scheme at a server.

        Parameters
        ----------
        scheme:
            What is asked for.
        server:
            Where the call goes; or the id of a server alone ("" for a URL), to learn whether there is a credential.
        scopes:
            What the operation requires of an OAuth 2 token.
        declared:
            Whether the document itself names the server.

        Returns
        -------
        Need or None
            The first of: the argument, the profile, the environment, a login. None where there is none for this server.
        """
        place = server if isinstance(server, Target) else Target(server, "", "")
        found = self._search(scheme, place, trusted=declared or self._names(self._server, place))
        if found is None:
            return None
        credential, source = found
        return Need(scheme, self._ready(scheme, credential, source, scopes, place), source)

    def withheld(self, scheme: SecurityScheme, place: Target) -> bool:
        """Whether there is a credential for a scheme, but for another server than this."""
        return self.find(scheme, place, declared=False) is None and (
            self.find(scheme, place) is not None or scheme.name in self._profile.credentials
        )

    def _search(
        self, scheme: SecurityScheme, place: Target, *, trusted: bool
    ) -> tuple[Credential | Renewal, str] | None:
        if scheme.type == "mutualTLS":
            return (CERTIFICATE, "argument client_cert") if self.client_cert else None
        name = scheme.name
        if trusted and name in self._given:
            return self._given[name], f"argument credentials[{name!r}]"
        if trusted and self._bearer is not None and is_bearer(scheme):
            return self._bearer, "argument bearer_auth"
        # A profile was chosen by name for this call; a variable may have been left over from another: the profile goes first.
        bound = self._profile.server
        if name in self._profile.credentials and (trusted if bound is None else self._names(bound, place)):
            return self._profile.credentials[name], f"{self._profile.label}, credentials.{name}"
        return (self._from_environment(scheme, place.id) if trusted else None) or self._from_login(scheme, place)

    def _names(self, server: str | None, place: Target) -> bool:
        """Whether a server, an id or a URL, is that of the call.

        An id names the address in the document, not one that a variable holds.
        """
        if not server or not place.origin:
            return server is not None and server == place.id
        return same_origin(server, place.origin) if "://" in server else server == place.id and not place.variable

    def _from_environment(self, scheme: SecurityScheme, server: str) -> tuple[Credential, str] | None:
        for variable in variables(scheme, server):
            value = self.variable(variable)
            if value:
                self.remember(value)
                return value, f"environment variable {variable}"
        known = client_variables(scheme, server)
        if known is None or not all(self.variable(variable) for variable in known[:2]):
            return None
        from dynaclient.auth.accounts import OAuth2ClientCredentials

        client, secret, url = (self.variable(variable) for variable in known)
        account = OAuth2ClientCredentials(client, secret, token_url=url or None)
        return account, f"environment variables {known.client_id} and {known.client_secret}"

    def _from_login(self, scheme: SecurityScheme, place: Target) -> tuple[Renewal, str] | None:
        if scheme.type not in BEARER_TYPES or not place.origin:
            return None
        login = self.keep.find(place.origin, scheme.name)
        if login is None:
            return None
        from dynaclient.auth.refresh import login_source

        source = self._renewal(("login", login), lambda: login_source(self, login))
        return source, f"login of {login.client_id!r}"

    def _ready(
        self,
        scheme: SecurityScheme,
        credential: Credential | Renewal,
        source: str,
        scopes: tuple[str, ...],
        place: Target,
    ) -> Credential | Renewal:
        """A credential that is used as it is, or what makes one for each request."""
        if isinstance(credential, Renewal):
            return credential
        if isinstance(credential, Account):
            self.remember(*credential.known_secrets())
            return self._of_account(scheme, credential, source, scopes, place)
        if scheme.type == "http" and scheme.scheme == "digest":
            pair: Any = credential.partition(":")[::2] if isinstance(credential, str) else credential
            return self._digest(pair, f"{scheme.name!r} (from {source})", place)
        if callable(credential):
            return _Told(credential, self.remember)
        if isinstance(credential, tuple) and any(callable(part) for part in credential):
            return tuple(_Told(part, self.remember) if callable(part) else part for part in credential)  # type: ignore[return-value]
        return credential

    def _of_account(
        self, scheme: SecurityScheme, account: Account, source: str, scopes: tuple[str, ...], place: Target
    ) -> Renewal:
        from dynaclient.auth.accounts import Digest, OAuth2ClientCredentials, OAuth2Password, OAuth2Refresh

        label = f"{scheme.name!r} (from {source})"
        if isinstance(account, Digest) and scheme.type == "http":
            return self._digest((account.user, account.password), label, place)
        if isinstance(account, OAuth2ClientCredentials | OAuth2Password | OAuth2Refresh) and is_bearer(scheme):
            return self._oauth2(scheme, account, label, scopes, place)
        raise CredentialsError(
            f"the credential of {label} is a {type(account).__name__}, which the scheme, {scheme.type} {scheme.scheme}".rstrip()
            + ", cannot use"
        )

    def _digest(self, pair: Any, label: str, place: Target) -> Renewal:
        from dynaclient.auth.digest import DigestSession

        user, password = pair if isinstance(pair, tuple) and len(pair) == 2 else ("", "")
        if isinstance(password, str):
            self.remember(password)
        told = _Told(password, self.remember) if callable(password) else password
        return self._renewal(("digest", user, password, place.origin), lambda: DigestSession(user, told, label))

    def _oauth2(
        self, scheme: SecurityScheme, account: OAuth2Account, label: str, scopes: tuple[str, ...], place: Target
    ) -> Renewal:
        from dynaclient.auth.accounts import OAuth2Refresh
        from dynaclient.auth.endpoints import Endpoints, issuing
        from dynaclient.auth.grants import account_fetch, grant_of
        from dynaclient.auth.tokens import TokenSource, TokenStore

        wanted = tuple(account.scopes)
        if not wanted and not isinstance(account, OAuth2Refresh):  # without scopes a refresh asks for what was granted
            wanted = tuple(sorted(scopes))
        named = Endpoints(token=account.token_url or "")
        where = issuing(scheme, grant_of(account), place.url, self._source, named, label)

        def make() -> Renewal:
            fetch = account_fetch(lambda: self.sender, where, account, wanted, self.scrub)
            return TokenSource(TokenStore(fetch, lambda: self.sender.world.now()), self.remember)

        return self._renewal(("token", where.key, where.home, account.key, wanted), make)

    def _renewal(self, key: Any, make: Callable[[], Renewal]) -> Renewal:
        """One for each key, so that all calls and threads share it."""
        with self._lock:
            found = self._renewals.get(key)
            if found is None:
                found = self._renewals[key] = make()
            return found

    def remember(self, *secrets: str) -> None:
        """Note secrets, so that messages that quote a server do not show them; the last 64 are known."""
        for secret in secrets:
            if secret not in self._seen:
                self._seen.append(secret)

    def scrub(self, text: str) -> str:
        """The text with every known secret in it replaced, for messages that quote a server."""
        for credential in [*self._given.values(), self._bearer, *self._profile.credentials.values()]:
            if isinstance(credential, Account):
                self.remember(*credential.known_secrets())
            # Of a user and a password, the password alone is secret, and the pair as it is sent.
            elif isinstance(credential, tuple) and all(isinstance(part, str) for part in credential):
                self.remember(*(str(part) for part in credential[1:]), basic(credential))
            elif isinstance(credential, str):
                self.remember(credential)
        for secret in (*tuple(self._seen), *self._known_variables()):
            if len(secret.strip()) > 3:
                text = text.replace(secret.strip(), REDACTED)
        return text

    def _known_variables(self) -> list[str]:
        return [
            value
            for name, value in self._environ.items()
            if len(value) > 7 and any(mark in name.upper() for mark in _MARKS)
        ]


class _Told:
    """A function that returns a secret, which is noted each time."""

    __slots__ = ("_function", "_remember")

    def __init__(self, function: Callable[[], str], remember: Callable[[str], None]) -> None:
        self._function, self._remember = function, remember

    def __call__(self) -> str:
        secret = self._function()
        if isinstance(secret, str):
            self._remember(secret)
        return secret


def basic(pair: tuple[Secret, ...]) -> str:
    """RFC 7617, 2."""
    return base64.b64encode(":".join(reveal(part) for part in pair).encode()).decode()
