"""What a security scheme asks for: which variables of the environment it reads, and whether a bearer token satisfies it."""

from __future__ import annotations

from typing import NamedTuple

from dynaclient.openapi.model import SecurityScheme

BEARER_TYPES = frozenset({"oauth2", "openIdConnect"})


def is_bearer(scheme: SecurityScheme) -> bool:
    """Whether a scheme's credential is a bearer token (RFC 6750)."""
    return (scheme.type == "http" and scheme.scheme == "bearer") or scheme.type in BEARER_TYPES


def variables(scheme: SecurityScheme, server: str) -> tuple[str, ...]:
    """The environment variable that is read for a scheme at a server: the server's own, else the scheme's general one; none for certificates."""
    if scheme.type == "mutualTLS":
        return ()
    if server in scheme.env_by_server:
        return (scheme.env_by_server[server],)
    return (scheme.env,) if scheme.env else ()


class ClientVariables(NamedTuple):
    """The environment variables that make a token with the client credentials grant; ``token_url`` is needed only where the document's is not used."""

    client_id: str
    client_secret: str
    token_url: str


def client_variables(scheme: SecurityScheme, server: str) -> ClientVariables | None:
    """The variables of an OAuth2 or OpenID Connect scheme for a client that acts for itself; None for other schemes."""
    known = variables(scheme, server)
    if not known or scheme.type not in BEARER_TYPES:
        return None
    return ClientVariables(f"{known[0]}_CLIENT_ID", f"{known[0]}_CLIENT_SECRET", f"{known[0]}_TOKEN_URL")
