"""``dynaclient describe``: one operation, and where in the document each part of it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.documents import Opened, opened
from dynaclient.cli.operation import streams
from dynaclient.cli.said import Settings
from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import READING, settings_of, shared_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from dynaclient.openapi.model import Flow, MediaType, Operation, Parameter, Reply, SecurityScheme
    from dynaclient.profile import Profile

_WAITS = 5


class OperationName(click.ParamType[str]):
    """The dotted name of an operation; completes the names with their summaries."""

    name = "operation"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as it is: the document is known only when the line has been read."""
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The operations whose names begin with what is typed."""
        from click.shell_completion import CompletionItem

        index = opened(ctx).api.index
        return [CompletionItem(name, help=key.summary) for name, key in index.items() if name.startswith(incomplete)]


@click.pass_context
def _describe(ctx: click.Context, operation: str) -> None:
    from dynaclient.cli.output import Printer

    settings = settings_of(ctx)
    document = opened(ctx)
    told = description(document, document.operation(document.name_of(operation)), settings)
    printer = Printer(settings.output, settings.query)
    if settings.query is not None or settings.output not in (None, "table", "raw"):
        printer.value(told)
    else:
        from dynaclient.cli.described import lines
        from dynaclient.cli.messages import visible
        from dynaclient.cli.pager import show

        show(printer, visible("\n".join(lines(told))), pager=not settings.no_pager)


def describe_command() -> click.Command:
    """The ``describe`` command."""
    return Sectioned(
        "describe",
        callback=_describe,
        params=[click.Argument(["operation"], type=OperationName()), *shared_options((*READING, "timeout", "retries"))],
        help="Explain an operation: arguments, replies, servers, credentials, times; each with its place in the document.",
        short_help="Explain an operation.",
    )


def _address(document: Opened, operation: Operation, settings: Settings, wanted: str | None) -> tuple[str, str | None]:
    """Return the server's id, by which the variables of credentials are chosen, and the operation's URL if it is known."""
    from dynaclient.auth import Wallet
    from dynaclient.errors import ArgumentError, SpecError
    from dynaclient.openapi.address import shown_url
    from dynaclient.openapi.server import target
    from dynaclient.source.shipped import known_words

    source, variables, servers = document.document.source, _variables(settings), operation.servers
    try:
        found = target(servers, wanted, source, variables, Wallet().variable, lambda: known_words(document.document))
    except SpecError:  # a document whose servers cannot be called can still be described
        return "", None
    except ArgumentError:
        named = [server.id for server in servers if server.id == wanted or (wanted is None and server is servers[0])]
        if not named:
            raise
        return named[0], None  # its URL needs a value for a variable
    return found.id, None if found.embedded else shown_url(operation, found)


def description(document: Opened, operation: Operation, settings: Settings) -> dict[str, Any]:
    """All that is known of an operation, as plain data; ``place`` is ``file:line#/pointer``."""
    place = document.place
    chosen = _profile(settings)
    server, url = _address(document, operation, settings, settings.server or (chosen.server if chosen else None))
    return {
        "name": operation.dotted,
        "method": operation.method,
        "path": operation.path,
        "url": url,
        "summary": operation.summary,
        "description": operation.description,
        "deprecated": operation.deprecated,
        "place": place(operation.pointer),
        "arguments": [_argument(document, field) for field in operation.arguments],
        "body": _body(document, operation),
        "replies": [_reply(document, reply) for reply in operation.replies if _is_good(reply)],
        "errors": [_reply(document, reply) for reply in operation.replies if not _is_good(reply)],
        "error_statuses": list(operation.error_statuses),
        "servers": [
            {"id": entry.id, "url": entry.url, "description": entry.description, "place": place(entry.pointer)}
            for entry in operation.servers
        ],
        "security": _security(document, operation, server, chosen),
        "profile": None if chosen is None else _profile_told(chosen),
        "timeout": _timeout(operation, settings),
        "retries": _retries(document, operation, settings),
        "streams": list(streams(operation)),
        "paging": _paging(document, operation),
        "batch": _batch(document, operation),
    }


def _variables(settings: Settings) -> dict[str, str]:
    return dict(entry.partition("=")[::2] for entry in settings.server_variable)


def _profile(settings: Settings) -> Profile | None:
    if settings.profile is None:
        return None
    from dynaclient.profile import load_profile

    return load_profile(settings.profile)


def _profile_told(profile: Profile) -> dict[str, Any]:
    from dynaclient.options import shown_server

    return {
        "name": profile.name,
        "file": str(profile.path),
        "server": shown_server(profile.server),
        "credentials": sorted(profile.credentials),
    }


def _paging(document: Opened, operation: Operation) -> dict[str, Any] | None:
    from dynaclient.openapi.infer_paging import paging_of

    paging = paging_of(document.api.document, operation)
    if paging is None:
        return None
    return {
        "type": paging.type,
        "inputs": [{"name": item.name, "in": item.location, "type": item.type} for item in paging.inputs],
        "results": paging.results,
        "num_pages": paging.num_pages,
        "next_cursor": paging.next_cursor,
        "next_url": paging.next_url,
        "has_more": paging.has_more,
        "total": paging.total,
        "page": paging.page,
        "inferred": paging.inferred,
        "why": paging.why,
        "place": document.place(paging.pointer),
    }


def _links(document: Opened, reply: Reply) -> list[dict[str, Any]]:
    """The links of a reply: where each leads, as the document writes it."""
    from dynaclient.openapi.pointer import at, deref, join

    if not reply.linked:
        return []
    data = document.api.document
    node = at(data, reply.pointer)
    written = node.get("links") if isinstance(node, Mapping) else None
    found = []
    for name, entry in written.items() if isinstance(written, Mapping) else ():
        link, place = deref(data, entry, join(reply.pointer, "links", name))
        if isinstance(link, Mapping):
            parameters = link.get("parameters")
            found.append(
                {
                    "name": name,
                    "to": str(link.get("operationId") or link.get("operationRef") or ""),
                    "parameters": dict(parameters) if isinstance(parameters, Mapping) else {},
                    "description": str(link.get("description") or ""),
                    "place": document.place(place),
                }
            )
    return found


def _is_good(reply: Reply) -> bool:
    return reply.status[0] in "23"


def _argument(document: Opened, field: Parameter) -> dict[str, Any]:
    from dynaclient.cli.convert import metavar
    from dynaclient.cli.nested import shown_parts
    from dynaclient.cli.options import option_name
    from dynaclient.openapi.shape import annotation, choices

    data = document.api.document
    schema = field.schema
    default = annotation(data, schema, "default") if schema is not None else None
    said = annotation(data, schema, "description") if schema is not None else None
    return {
        "name": field.name,
        "python_name": field.python_name,
        "in": field.location,
        "required": field.required,
        "deprecated": field.deprecated,
        "type": metavar(data, schema),
        "choices": list(choices(data, schema)) if schema is not None else [],
        "default": default,
        "description": field.description or str(said or ""),
        "place": document.place(field.pointer),
        "parts": [
            {
                "option": option,
                "required": item.required,
                "type": metavar(data, item.schema),
                "description": item.description,
                "place": document.place(item.schema),
            }
            for option, item in shown_parts(data, field, option_name(field.python_name))
        ],
    }


def _media(document: Opened, content: Iterable[MediaType]) -> list[dict[str, Any]]:
    return [{"type": media.name, "place": document.place(media.pointer)} for media in content]


def _body(document: Opened, operation: Operation) -> dict[str, Any] | None:
    body = operation.body
    if body is None:
        return None
    return {
        "required": body.required,
        "description": body.description,
        "content": _media(document, body.content),
        "place": document.place(body.pointer),
    }


def _reply(document: Opened, reply: Reply) -> dict[str, Any]:
    return {
        "status": reply.status,
        "description": reply.description,
        "content": _media(document, reply.content),
        "headers": list(reply.headers),
        "links": _links(document, reply),
        "place": document.place(reply.pointer),
    }


def _security(
    document: Opened, operation: Operation, server: str, chosen: Profile | None
) -> list[list[dict[str, Any]]]:
    """The alternatives, each a list of schemes: how to give the credential, and whether it is set; never its value."""
    from dynaclient import auth

    wallet = auth.Wallet(profile=chosen.pocket if chosen is not None else None)
    found = []
    for alternative in operation.security:
        schemes = []
        for name, scopes in alternative:
            scheme = document.api.schemes.get(name)
            if scheme is None:
                schemes.append({"scheme": name, "missing": True})
                continue
            schemes.append(
                {
                    "scheme": name,
                    "type": " ".join(filter(None, (scheme.type, scheme.scheme, scheme.location, scheme.parameter))),
                    "scopes": list(scopes),
                    "environment": list(auth.variables(scheme, server)),
                    "option": _credential_option(scheme),
                    "set": wallet.find(scheme, server) is not None,
                    "flows": [_flow(kind, flow) for kind, flow in scheme.flows.items()],
                    "openid_connect_url": scheme.openid_connect_url,
                    "login": scheme.type in ("oauth2", "openIdConnect"),
                    "description": scheme.description,
                    "server": server,
                    "place": document.place(scheme.pointer),
                }
            )
        found.append(schemes)
    return found


def _credential_option(scheme: SecurityScheme) -> str:
    from dynaclient import auth

    if scheme.type == "mutualTLS":
        return "--cert"
    return "--bearer-auth" if auth.is_bearer(scheme) else f"--credential {scheme.name}=@FILE"


def _flow(kind: str, flow: Flow) -> dict[str, Any]:
    return {
        "flow": kind,
        "token_url": flow.token_url,
        "authorization_url": flow.authorization_url,
        "device_authorization_url": flow.device_authorization_url,
        "scopes": dict(flow.scopes),
    }


def _timeout(operation: Operation, settings: Settings) -> dict[str, Any]:
    from dynaclient.wire import Timeout

    if settings.timeout is not None:
        return {"seconds": settings.timeout, "from": "--timeout"}
    if operation.timeout:
        return {"seconds": operation.timeout / 1000, "from": "x-speakeasy-timeout"}
    return {"seconds": Timeout().read, "from": "default: the longest wait between two bytes"}


def _retries(document: Opened, operation: Operation, settings: Settings) -> dict[str, Any]:
    from dynaclient.retry import (
        DEFAULT_STATUS_CODES,
        IDEMPOTENT_METHODS,
        most_attempts,
        override,
        parse_retries,
        schedule,
    )

    policy = override(operation.retry, parse_retries(settings.retries))
    attempts = most_attempts(policy)
    on = policy.strategy != "none" if policy.declared else operation.method in IDEMPOTENT_METHODS
    count = min(_WAITS, attempts - 1) if attempts is not None else _WAITS
    return {
        "on": on,
        "declared": policy.declared,
        "statuses": list(policy.status_codes or DEFAULT_STATUS_CODES) if on else [],
        "except_statuses": list(policy.except_status_codes) if on else [],
        "never": list(policy.never) if on else [],
        "connection_errors": policy.retry_connection_errors,
        "attempts": attempts if on else 1,
        "seconds": policy.max_elapsed_time / 1000 if policy.declared else None,
        "jitter": policy.jitter,
        "waits": [list(pair) for pair in schedule(policy, count)] if on else [],
        "place": document.place(policy.pointer) if policy.pointer else "",
    }


def _batch(document: Opened, operation: Operation) -> dict[str, Any] | None:
    batch = operation.batch
    if batch is None:
        return None
    return {
        "input": batch.input,
        "output": batch.output,
        "order": batch.order,
        "vector": batch.vector,
        "length": batch.length,
        "sum": list(batch.sum),
        "max_items": batch.max_items,
        "max_tokens": batch.max_tokens,
        "place": document.place(batch.pointer),
    }
