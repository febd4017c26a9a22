"""``dynaclient describe``: one operation, and where in the document each part of it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli.documents import Opened, opened
from dynaclient.cli.sections import Sectioned
from dynaclient.cli.settings import READING, Settings, settings_of, shared_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from dynaclient.openapi.model import MediaType, Operation, Parameter, Reply

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
        from dynaclient.cli.messages import visible

        printer.text(visible("\n".join(_lines(told))))


def describe_command() -> click.Command:
    """The ``describe`` command."""
    return Sectioned(
        "describe",
        callback=_describe,
        params=[click.Argument(["operation"], type=OperationName()), *shared_options((*READING, "timeout", "retries"))],
        help="Explain an operation: arguments, replies, servers, credentials, times; each with its place in the document.",
        short_help="Explain an operation.",
    )


def description(document: Opened, operation: Operation, settings: Settings) -> dict[str, Any]:
    """All that is known of an operation, as plain data; ``place`` is ``file:line#/pointer``."""
    from dynaclient.errors import SpecError
    from dynaclient.openapi.server import target

    place = document.place
    try:  # the server's id, by which the variables of the credentials are chosen
        server = target(operation.servers, settings.server, document.document.source).id
    except SpecError:  # a document whose servers cannot be called can still be described
        server = ""
    return {
        "name": operation.dotted,
        "method": operation.method,
        "path": operation.path,
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
        "security": _security(document, operation, server),
        "timeout": _timeout(operation, settings),
        "retries": _retries(document, operation, settings),
        "batch": _batch(document, operation),
    }


def _is_good(reply: Reply) -> bool:
    return reply.status[0] in "23"


def _argument(document: Opened, field: Parameter) -> dict[str, Any]:
    from dynaclient.cli.convert import metavar
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
        "place": document.place(reply.pointer),
    }


def _security(document: Opened, operation: Operation, server: str) -> list[list[dict[str, Any]]]:
    """The alternatives, each a list of schemes: how to give the credential, and whether it is set; never its value."""
    from dynaclient import auth

    wallet = auth.Wallet()
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
                    "option": "--bearer-auth" if auth.is_bearer(scheme) else "",
                    "set": wallet.find(scheme, server) is not None,
                    "server": server,
                    "place": document.place(scheme.pointer),
                }
            )
        found.append(schemes)
    return found


def _timeout(operation: Operation, settings: Settings) -> dict[str, Any]:
    from dynaclient.wire import Timeout

    if settings.timeout is not None:
        return {"seconds": settings.timeout, "from": "--timeout"}
    if operation.timeout:
        return {"seconds": operation.timeout / 1000, "from": "x-speakeasy-timeout"}
    return {"seconds": Timeout().read, "from": "default: the longest wait between two bytes"}


def _retries(document: Opened, operation: Operation, settings: Settings) -> dict[str, Any]:
    from dynaclient.retry import (
        DEFAULT_ATTEMPTS,
        DEFAULT_STATUS_CODES,
        IDEMPOTENT_METHODS,
        override,
        parse_retries,
        schedule,
    )

    policy = override(operation.retry, parse_retries(settings.retries))
    attempts = policy.max_attempts if policy.max_attempts is not None or policy.declared else DEFAULT_ATTEMPTS
    on = policy.strategy != "none" if policy.declared else operation.method in IDEMPOTENT_METHODS
    count = min(_WAITS, attempts - 1) if attempts is not None else _WAITS
    return {
        "on": on,
        "declared": policy.declared,
        "statuses": list(policy.status_codes or DEFAULT_STATUS_CODES) if on else [],
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
        "sum": list(batch.sum),
        "max_items": batch.max_items,
        "max_tokens": batch.max_tokens,
        "place": document.place(batch.pointer),
    }


# --- for people


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{told['name']}  {told['method']} {told['path']}{'  (deprecated)' if told['deprecated'] else ''}"
    yield f"    {told['place']}"
    yield from _wrapped(told["summary"], "  ")
    if told["description"] != told["summary"]:
        yield from _wrapped(told["description"], "  ")
    for heading, location in (("Arguments", False), ("Body", True)):
        fields = [field for field in told["arguments"] if (field["in"] == "body") is location]
        yield from _section(heading, _body_lines(told["body"], fields) if location else _field_lines(fields))
    yield from _section("Replies", _reply_lines(told["replies"]))
    yield from _section("Errors", _reply_lines(told["errors"]))
    yield from _section("Servers", _server_lines(told["servers"]))
    yield from _section("Credentials", _security_lines(told["security"]))
    yield from _section("Timeout", [f"  {told['timeout']['seconds']:g} s for an attempt ({told['timeout']['from']})"])
    yield from _section("Retries", _retry_lines(told["retries"]))
    if told["batch"]:
        yield from _section("Batch", _batch_lines(told["batch"]))


def _section(heading: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield heading
        yield from found


def _wrapped(text: str, margin: str) -> Iterator[str]:
    import textwrap

    for paragraph in text.splitlines():
        if paragraph.strip():
            yield from textwrap.wrap(paragraph.strip(), 96, initial_indent=margin, subsequent_indent=margin)


def _body_lines(body: Mapping[str, Any] | None, fields: list[dict[str, Any]]) -> Iterator[str]:
    if body is None:
        return
    kinds = ", ".join(media["type"] for media in body["content"])
    yield f"  {kinds or 'no media type'}{', required' if body['required'] else ''}"
    yield f"      {body['place']}"
    yield from _wrapped(body["description"], "      ")
    yield from _field_lines(fields)


def _field_lines(fields: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for field in sorted(fields, key=lambda field: not field["required"]):
        option = "--" + (field["python_name"].strip("_").replace("_", "-") or field["python_name"])
        marks = [field["in"], "required" if field["required"] else "", "deprecated" if field["deprecated"] else ""]
        if field["default"] is not None:
            marks.append(f"service's default: {field['default']}")
        yield f"  {option} {field['type']}  ({', '.join(filter(None, marks))})"
        yield f"      {field['place']}"
        yield from _wrapped(field["description"], "      ")


def _reply_lines(replies: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for reply in replies:
        kinds = ", ".join(media["type"] for media in reply["content"]) or "no body"
        yield f"  {reply['status']}  {kinds}"
        yield f"      {reply['place']}"
        yield from _wrapped(reply["description"], "      ")


def _server_lines(servers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for number, server in enumerate(servers):
        mark = "  (default)" if number == 0 else ""
        yield f"  {server['id'] + '  ' if server['id'] else ''}{server['url']}{mark}"
        yield f"      {server['place']}"
        yield from _wrapped(server["description"], "      ")
    yield "  local  the embedded server: no network, no account"


def _security_lines(alternatives: list[list[Mapping[str, Any]]]) -> Iterator[str]:
    if not alternatives:
        yield "  none needed"
    for number, alternative in enumerate(alternatives):
        yield from ["  or"] if number else []
        if not alternative:
            yield "  none needed"
        for scheme in alternative:
            if scheme.get("missing"):
                yield f"  {scheme['scheme']}: the document does not define this scheme"
                continue
            ways = [*scheme["environment"], *filter(None, [scheme["option"]])]
            where = f" at the server {scheme['server']}" if scheme["server"] else ""
            state = "set" if scheme["set"] else "not set"
            yield f"  {scheme['scheme']} ({scheme['type']}){where}: {' or '.join(ways) or 'no variable'} ({state})"
            yield f"      {scheme['place']}"


def _retry_lines(retries: Mapping[str, Any]) -> Iterator[str]:
    if not retries["on"]:
        yield "  none" if retries["declared"] else "  none declared: sent again only where nothing had been sent"
        return
    also = " and connection errors" if retries["connection_errors"] else ""
    yield f"  on {', '.join(retries['statuses'])}{also}"
    limits = [f"at most {retries['attempts']} attempts" if retries["attempts"] is not None else ""]
    limits.append(f"within {retries['seconds']:g} s" if retries["seconds"] is not None else "")
    yield "  " + (", ".join(filter(None, limits)) or "without a limit")
    waits = [_wait(low, high) for low, high in retries["waits"]]
    if waits:
        more = retries["attempts"] is None or retries["attempts"] - 1 > len(waits)
        yield f"  waits: {', '.join(waits)}{', ...' if more else ''}; a longer Retry-After is kept"
    if retries["place"]:
        yield f"      {retries['place']}"


def _wait(low: float, high: float) -> str:
    return f"{high:.3g} s" if low == high else f"{low:.3g} to {high:.3g} s"


def _batch_lines(batch: Mapping[str, Any]) -> Iterator[str]:
    yield f"  a list in {batch['input']} gives as many results in {batch['output']}" + (
        f", in the order of {batch['order']}" if batch["order"] else ""
    )
    limits = [f"at most {batch[key]} {key.removeprefix('max_')}" for key in ("max_items", "max_tokens") if batch[key]]
    if limits:
        yield f"  {' and '.join(limits)} in one request"
    yield f"      {batch['place']}"
