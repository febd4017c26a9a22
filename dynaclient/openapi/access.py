"""Where an operation is offered and what it asks for: Server Objects, Security Scheme Objects and Security Requirement Objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.extensions import bare_origin_of, env_of, read_optional_elsewhere, url_env_of
from dynaclient.openapi.model import Flow, SecurityScheme, Server
from dynaclient.openapi.pointer import deref, join


def read_servers(node: Mapping[str, Any], pointer: str) -> tuple[Server, ...]:
    """The Server Objects of a document, path item or operation; ``()`` where there are none.

    Raises
    ------
    SpecError
        If an extension of a server has a value that makes no sense.
    """
    written = node.get("servers")
    found = []
    for number, entry in enumerate(written if isinstance(written, list) else ()):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("url"), str):
            continue
        variables = entry.get("variables")
        place = join(pointer, "servers", number)
        found.append(
            Server(
                url=entry["url"],
                id=str(entry.get("x-speakeasy-server-id") or entry.get("name") or ""),
                description=str(entry.get("description") or "").strip(),
                variables=variables if isinstance(variables, Mapping) else {},
                pointer=place,
                bare_origin=bare_origin_of(entry, place),
                url_env=url_env_of(entry, place),
            )
        )
    return tuple(found)


def servers_of(owners: Sequence[tuple[Mapping[str, Any], str]]) -> tuple[Server, ...]:
    """The servers of an operation: its own, else those of the path items around it, the nearest last."""
    return next(filter(None, (read_servers(node, pointer) for node, pointer in reversed(owners))), ())


def read_schemes(document: Mapping[str, Any], tolerated: list[str]) -> dict[str, SecurityScheme]:
    """The security schemes of the components, by name; one whose reference leads nowhere is noted and left out."""
    components = document.get("components")
    written = components.get("securitySchemes") if isinstance(components, Mapping) else None
    found = {}
    for name, entry in written.items() if isinstance(written, Mapping) else ():
        try:
            node, pointer = deref(document, entry, join("/components/securitySchemes", name))
        except SpecError as error:
            tolerated.append(str(error))
            continue
        if not isinstance(node, Mapping):
            continue
        env, by_server = env_of(name, node, pointer)
        found[name] = SecurityScheme(
            name=name,
            type=str(node.get("type") or ""),
            scheme=str(node.get("scheme") or "").lower(),
            location=str(node.get("in") or ""),
            parameter=str(node.get("name") or ""),
            env=env,
            env_by_server=by_server,
            flows=_flows(node),
            openid_connect_url=str(node.get("openIdConnectUrl") or ""),
            oauth2_metadata_url=str(node.get("oauth2MetadataUrl") or ""),
            description=str(node.get("description") or "").strip(),
            pointer=pointer,
            optional_elsewhere=read_optional_elsewhere(node, pointer),
        )
    return found


def _flows(scheme: Mapping[str, Any]) -> dict[str, Flow]:
    """OAuth Flows Object (OpenAPI 3.1, 4.8.28); what is no object is left out."""
    written = scheme.get("flows")
    found = {}
    for name, entry in written.items() if isinstance(written, Mapping) else ():
        if isinstance(entry, Mapping) and not name.startswith("x-"):
            scopes = entry.get("scopes")
            found[name] = Flow(
                token_url=str(entry.get("tokenUrl") or "").strip(),
                authorization_url=str(entry.get("authorizationUrl") or "").strip(),
                device_authorization_url=str(entry.get("deviceAuthorizationUrl") or "").strip(),
                refresh_url=str(entry.get("refreshUrl") or "").strip(),
                scopes={str(scope): str(text or "") for scope, text in scopes.items()}
                if isinstance(scopes, Mapping)
                else {},
            )
    return found


def read_security(
    document: Mapping[str, Any], node: Mapping[str, Any], pointer: str
) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]:
    """The security of an operation: its own, else the document's (OpenAPI 3.1, 4.8.10). null is no security of its own.

    Raises
    ------
    SpecError
        Where it is not a list of objects: whether a credential goes out is not guessed.
    """
    written, place = node.get("security"), join(pointer, "security")
    if written is None:
        written, place = document.get("security"), "/security"
    if written is None:
        return ()
    if not isinstance(written, list) or not all(isinstance(alternative, Mapping) for alternative in written):
        raise SpecError("a list of security requirements is expected here, each an object", pointer=place)
    return tuple(tuple((name, _scopes(scopes)) for name, scopes in alternative.items()) for alternative in written)


def _scopes(written: Any) -> tuple[str, ...]:
    return tuple(str(scope) for scope in written) if isinstance(written, list) else ()
