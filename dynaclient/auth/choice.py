"""Which alternative of an operation's security is taken (OpenAPI 3.1, 4.8.30)."""

from __future__ import annotations

from urllib.parse import urlsplit

from dynaclient.auth.need import Need
from dynaclient.auth.schemes import BEARER_TYPES, client_variables, is_bearer, variables
from dynaclient.auth.wallet import Wallet
from dynaclient.errors import CredentialsError, UnsupportedError
from dynaclient.openapi.model import Api, Operation, SecurityScheme
from dynaclient.openapi.server import Target
from dynaclient.redirect import same_origin


def choose(api: Api, operation: Operation, wallet: Wallet, server: str | Target) -> tuple[Need, ...]:
    """The first alternative of the operation's security that the credentials satisfy (OpenAPI 3.1, 4.8.30).

    An empty alternative (no security) is taken only where no other is satisfied; none is needed at a server that the document does not name
    if it says so (``x-dynaclient-optional-elsewhere``).

    Parameters
    ----------
    api, operation, wallet:
        The document, what is called, and the credentials there are.
    server:
        Where the call goes. Credentials are withheld from a server that neither the document declares nor the user named together with them. A server's id
        alone ("" for a URL) tells only whether there are credentials.

    Raises
    ------
    CredentialsError
        Where none is satisfied; the message names every variable and argument that would do.
    """
    if not operation.security:
        return ()
    declared = isinstance(server, str) or is_declared(api, operation, server)
    for alternative in operation.security:
        found = (
            wallet.find(api.schemes[name], server, scopes, declared=declared)
            for name, scopes in alternative
            if name in api.schemes
        )
        needs = tuple(need for need in found if need is not None)
        if alternative and len(needs) == len(alternative):
            return needs
    if () in operation.security or (isinstance(server, Target) and _optional(api, operation, wallet, server)):
        return ()
    raise _unsatisfied(api, operation, wallet, server)


def _optional(api: Api, operation: Operation, wallet: Wallet, place: Target) -> bool:
    """Whether a server that the document does not name may be called without a credential, and none is held back from it."""
    possible = _possible(api, operation)
    if not any(all(scheme.optional_elsewhere for scheme in schemes) for schemes in possible):
        return False
    if (place.pointer and not place.variable) or _is_named(api, operation, place):
        return False
    return not any(wallet.withheld(scheme, place) for schemes in possible for scheme in schemes)


def is_declared(api: Api, operation: Operation, place: Target) -> bool:
    """Whether the document names the origin of a call: one of the operation's servers, or, where it has none, where it was published itself."""
    return bool(place.pointer) or _is_named(api, operation, place)


def _is_named(api: Api, operation: Operation, place: Target) -> bool:
    urls = (f"https:{server.url}" if server.url.startswith("//") else server.url for server in operation.servers)
    written = [url for url in urls if "://" in url and "{" not in url]
    if api.source.lower().startswith(("http://", "https://")) and not operation.servers:
        written.append(api.source)
    return any(_is_url(url) and same_origin(url, place.origin) for url in written)


def _is_url(url: str) -> bool:
    try:
        return urlsplit(url).port is not False
    except ValueError:
        return False


def _unsatisfied(
    api: Api, operation: Operation, wallet: Wallet, server: str | Target
) -> CredentialsError | UnsupportedError:
    possible = _possible(api, operation)
    if possible:
        called = server if isinstance(server, str) else server.id
        message = missing(api, operation, called) + _for_others(operation, possible, wallet, called)
        if isinstance(server, Target):
            held = [scheme.name for schemes in possible for scheme in schemes if wallet.withheld(scheme, server)]
            message = _withheld(operation, held, server) if held else message
        return CredentialsError(message, operation=operation.dotted)
    unknown = [name for alternative in operation.security for name, _ in alternative if name not in api.schemes]
    return UnsupportedError(
        f"the security scheme {unknown[0]!r} is not among the document's components",
        source=api.source,
        pointer=operation.pointer,
        operation=operation.dotted,
    )


def _for_others(operation: Operation, possible: list[list[SecurityScheme]], wallet: Wallet, called: str) -> str:
    """What to say if a variable is set that holds the credential of another server of the operation."""
    declared = {server.id for server in operation.servers}
    for scheme in (scheme for alternative in possible for scheme in alternative):
        for other, variable in scheme.env_by_server.items():
            if other != called and other in declared and wallet.variable(variable):
                how = f"server={other!r} (at the shell --server {other})"
                text = f". {variable} is set, which is for the server {other!r} only: "
                return text + (f"to call that one, pass {how}" if called else f"that one is {how}")
    return ""


def _withheld(operation: Operation, held: list[str], server: Target) -> str:
    return (
        f"{operation.dotted} was not sent: the credential of {held[0]!r} is for other servers, and {server.origin} is not among them. "
        f"If it is meant for that server too, name both together: Client(server={server.url!r}, credentials={{{held[0]!r}: ...}})"
    )


def _possible(api: Api, operation: Operation) -> list[list[SecurityScheme]]:
    """The alternatives whose schemes the document defines."""
    return [
        [api.schemes[name] for name, _ in alternative]
        for alternative in operation.security
        if alternative and all(name in api.schemes for name, _ in alternative)
    ]


def missing(api: Api, operation: Operation, server: str) -> str:
    """What to say where no credential was found for the server of this id ("" for a URL)."""
    at = f" for the server {server!r}" if server else ""
    return (
        f"{operation.dotted} needs a credential{at}: {_ways(api, operation, server)}. "
        "To try it without an account, use server='local' (at the shell --server local)"
    )


def unsent(api: Api, operation: Operation, wallet: Wallet, place: Target) -> str:
    """What to do about a 401 or 403 to a call that was sent without a credential; "" if the operation has no security."""
    possible = _possible(api, operation)
    if not possible:
        return ""
    ways = _ways(api, operation, place.id)
    return f"no credential was sent: {ways}{_for_others(operation, possible, wallet, place.id)}"


def _ways(api: Api, operation: Operation, server: str) -> str:
    return "; or ".join(
        " and ".join(_way(scheme, server) for scheme in alternative) for alternative in _possible(api, operation)
    )


def _way(scheme: SecurityScheme, server: str) -> str:
    """How to give the credential of one scheme."""
    if scheme.type == "mutualTLS":
        return f"pass client_cert= for {scheme.name!r}"
    argument = "bearer_auth=" if is_bearer(scheme) else f"credentials={{{scheme.name!r}: ...}}"
    known = variables(scheme, server)
    variable = f"set {known[0]} or " if known else ""
    ways = f"{variable}pass {argument} for {scheme.name!r}"
    client = client_variables(scheme, server)
    if client is not None:
        ways += f" (or, for a client of its own, {client.client_id} and {client.client_secret})"
    if scheme.type in BEARER_TYPES:
        ways += f" (or log in: dynaclient login {scheme.name})"
    return ways
