"""Signing in at the shell, and out again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dynaclient.auth.browser import PATIENCE, by_browser
from dynaclient.auth.device import by_device
from dynaclient.auth.endpoints import Endpoints, issuing
from dynaclient.auth.keep import ADVICE, Kept, Login
from dynaclient.auth.need import Secret, reveal
from dynaclient.auth.oauth2 import Party
from dynaclient.auth.schemes import BEARER_TYPES, client_variables
from dynaclient.errors import ArgumentError, CredentialsError, Problem

if TYPE_CHECKING:
    from dynaclient.auth.oauth2 import Token
    from dynaclient.auth.wallet import Wallet
    from dynaclient.openapi.model import Api, SecurityScheme
    from dynaclient.openapi.server import Target


def _in_browser(url: str) -> bool:
    import webbrowser

    return webbrowser.open(url)


@dataclass(frozen=True, slots=True)
class SignIn:
    """How to sign in.

    Parameters
    ----------
    client_id, client_secret:
        As the authorization server issued them; None: the environment variables of the scheme (``SCHEME_CLIENT_ID``, ``SCHEME_CLIENT_SECRET``). A client
        on a user's machine usually has no secret.
    scopes:
        What to ask for. Empty: what the server gives by itself.
    device:
        True: on another device, with a code; False: in a browser on this machine; None: as the document says, the browser first.
    insecure_storage:
        Whether the tokens may be kept in a file, readable by its owner alone, where there is no keyring.
    token_url, authorization_url, device_authorization_url:
        In place of those that the document declares.
    auth:
        How a client with a secret authenticates: ``basic`` or ``post``.
    extra:
        Further fields of the first request, such as ``audience``.
    open_browser:
        Opens a URL.
    prompt:
        Shows a text to the user.
    patience:
        How long to wait for a browser, seconds.
    """

    client_id: str | None = None
    client_secret: Secret | None = field(default=None, repr=False)
    scopes: Iterable[str] = ()
    device: bool | None = None
    insecure_storage: bool = False
    token_url: str = ""
    authorization_url: str = ""
    device_authorization_url: str = ""
    auth: str = "basic"
    extra: Mapping[str, str] = field(default_factory=dict)
    open_browser: Callable[[str], Any] = _in_browser
    prompt: Callable[[str], Any] = print
    patience: float = PATIENCE


def login(api: Api, place: Target, wallet: Wallet, scheme: str | None = None, how: SignIn = SignIn()) -> Login:
    """Sign a user in for a scheme of the document, and keep the tokens for the server's origin.

    Parameters
    ----------
    api, place:
        The document, and the server that the tokens are for. They are never sent to another.
    wallet:
        The client's, opened.
    scheme:
        The security scheme; None: the only one that a user can sign in for.
    how:
        All else.

    Returns
    -------
    Login
        What was kept, without the secrets.

    Raises
    ------
    ArgumentError
        Where there is no such scheme, or no client id.
    CredentialsError
        Where there is no place to keep tokens, or the user or the server refuses.
    TransportError
        Where the authorization server does not answer.
    """
    chosen = _scheme(api, scheme)
    storage = _storage(wallet, how)
    party = _party(chosen, place, wallet, how)
    scopes = tuple(how.scopes.split()) if isinstance(how.scopes, str) else tuple(how.scopes)
    token, endpoints = _sign_in(chosen, place, wallet, party, scopes, how, api.source)
    made = Login(
        server=place.origin,
        scheme=chosen.name,
        token_url=endpoints.token,
        client_id=party.client_id,
        auth=party.auth,
        scopes=token.scopes or scopes,
        storage=storage,
    )
    wallet.keep.put(made, Kept(token, None if party.client_secret is None else reveal(party.client_secret)))
    return made


def logout(place: Target, wallet: Wallet, scheme: str | None = None) -> list[Login]:
    """Forget the logins for a server's origin: those of one scheme, or all.

    Returns
    -------
    list of Login
        What was forgotten. The tokens stay valid until they expire: they are deleted here, not revoked there.
    """
    known = [one for one in wallet.keep.logins() if one.server == place.origin and scheme in (None, one.scheme)]
    for one in known:
        wallet.keep.drop(one)
    return known


def _sign_in(
    scheme: SecurityScheme,
    place: Target,
    wallet: Wallet,
    party: Party,
    scopes: tuple[str, ...],
    how: SignIn,
    source: str,
) -> tuple[Token, Endpoints]:
    device = how.device
    if device is None:
        device = "deviceAuthorization" in scheme.flows and "authorizationCode" not in scheme.flows
    named = Endpoints(token=how.token_url, authorization=how.authorization_url, device=how.device_authorization_url)
    grant = "device_code" if device else "authorization_code"
    sender = wallet.sender
    label = repr(scheme.name)
    endpoints = issuing(scheme, grant, place.url, source, named).settled(
        sender, None, "device" if device else "authorization"
    )
    if not (endpoints.device if device else endpoints.authorization):
        argument = "device_authorization_url=" if device else "authorization_url="
        other = "the browser" if device else "--device"
        raise CredentialsError(f"the document names no such endpoint for {label}; pass {argument} or try {other}")
    if device:
        token = by_device(sender, endpoints, party, scopes, label=label, prompt=how.prompt, extra=how.extra)
    else:
        token = by_browser(
            sender,
            endpoints,
            party,
            scopes,
            label=label,
            open_browser=how.open_browser,
            prompt=how.prompt,
            extra=how.extra,
            patience=how.patience,
        )
    wallet.remember(token.value, token.refresh)
    return token, endpoints


def _scheme(api: Api, name: str | None) -> SecurityScheme:
    known = [one for one in api.schemes.values() if one.type in BEARER_TYPES]
    if name is None and len(known) == 1:
        return known[0]
    chosen = next((one for one in known if one.name == name), None)
    if chosen is None:
        names = ", ".join(one.name for one in known) or "none"
        wrong = f"{name!r} is no scheme that a user can sign in for" if name else "say for which scheme to sign in"
        raise ArgumentError("cannot sign in", problems=(Problem("scheme", wrong, hint=f"the document has {names}"),))
    return chosen


def _storage(wallet: Wallet, how: SignIn) -> str:
    """Where the tokens will be kept: known before the user is troubled."""
    if wallet.keep.usable():
        return "keyring"
    if how.insecure_storage:
        return "file"
    raise CredentialsError(f"there is no keyring to keep the login in: {ADVICE}, or allow a file: --insecure-storage")


def _party(scheme: SecurityScheme, place: Target, wallet: Wallet, how: SignIn) -> Party:
    names = client_variables(scheme, place.id)
    client_id, secret = how.client_id, how.client_secret
    if names is not None and not client_id:
        client_id = wallet.variable(names.client_id)
        secret = secret or wallet.variable(names.client_secret) or None
    if not client_id:
        hint = f"pass client_id= (--client-id){f', or set {names.client_id}' if names else ''}"
        message = "the authorization server knows programs by an id, which it issues when they are registered"
        raise ArgumentError("cannot sign in", problems=(Problem("client_id", message, hint=hint),))
    return replace(Party(client_id, secret), auth=how.auth)
