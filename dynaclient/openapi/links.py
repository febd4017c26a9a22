"""Link Objects (OpenAPI 3.2, 4.20): what a reply says of the calls that may follow it, with runtime expressions (4.20.4) put in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.frozen import Struct, field
from dynaclient.openapi.model import Api, Operation, OperationKey, Parameter, Reply
from dynaclient.openapi.pointer import at, deref, join, local_target
from dynaclient.openapi.read import operation as read_operation
from dynaclient.openapi.style import text
from dynaclient.wire import Headers, Request, Response

_EXPRESSION = re.compile(r"\$(?:url$|method$|statusCode$|request\.|response\.)")
_EMBEDDED = re.compile(r"\{(\$[^{}]+)\}")
_PLACES = ("path", "query", "querystring", "header", "cookie")


class ResolvedLink(Struct, frozen=True):
    """A call that may follow: ``client[link.operation](**link.arguments)``.

    ``arguments`` are those of the operation by keyword, ``body`` among them where the link gives a whole body, and ``server`` where it names one.
    """

    name: str
    operation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    pointer: str = ""


class Exchange(Struct, frozen=True):
    """One call and its reply: what runtime expressions look at.

    ``parameters`` are the arguments by keyword, as they were sorted (``Bound.parameters``); ``body`` the request's body as plain data, None where there was none;
    ``value`` the reply's.
    """

    operation: Operation
    request: Request
    parameters: Mapping[str, Any]
    body: Any
    response: Response
    value: Any


class Links(Mapping[str, ResolvedLink]):
    """The links of one reply by name, each resolved when it is asked for.

    Raises
    ------
    SpecError
        Where a link names no operation of the document, or a parameter that the operation does not have.
    """

    __slots__ = ("_api", "_exchange", "_nodes")

    def __init__(self, api: Api, exchange: Exchange) -> None:
        self._api, self._exchange = api, exchange
        self._nodes = _nodes(api.document, _reply(exchange.operation, exchange.response.status))

    def __getitem__(self, name: str) -> ResolvedLink:
        node, pointer = self._nodes[name]
        key = _target(self._api, node, pointer)
        target = read_operation(self._api, key)
        arguments: dict[str, Any] = {}
        written = node.get("parameters")
        for wanted, value in written.items() if isinstance(written, Mapping) else ():
            parameter = _parameter(target, wanted, pointer)
            for found in resolved(value, self._exchange):
                arguments[parameter.python_name] = found
        if "requestBody" in node:
            keyword = target.body.keyword if target.body is not None else "body"
            arguments.update((keyword, found) for found in resolved(node["requestBody"], self._exchange))
        server = _server(node.get("server"))
        if server:
            arguments["server"] = server
        return ResolvedLink(name, key.dotted, arguments, str(node.get("description") or "").strip(), pointer)

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __repr__(self) -> str:
        return f"<Links {', '.join(self._nodes) or 'none'}>"


def _reply(operation: Operation, status: int) -> Reply | None:
    replies = {reply.status: reply for reply in operation.replies}
    return replies.get(str(status)) or replies.get(f"{status // 100}XX") or replies.get("default")


def _nodes(document: Mapping[str, Any], reply: Reply | None) -> dict[str, tuple[Mapping[str, Any], str]]:
    if reply is None:
        return {}
    node = at(document, reply.pointer)
    written = node.get("links") if isinstance(node, Mapping) else None
    found = {}
    for name, entry in written.items() if isinstance(written, Mapping) else ():
        link, pointer = deref(document, entry, join(reply.pointer, "links", name))
        if isinstance(link, Mapping):
            found[name] = link, pointer
    return found


def _target(api: Api, node: Mapping[str, Any], pointer: str) -> OperationKey:
    """The operation that a link leads to."""
    wanted = node.get("operationId")
    if isinstance(wanted, str):
        for key in api.index.values():
            if at(api.document, key.pointer).get("operationId") == wanted:
                return key
        raise SpecError(
            f"the link leads to the operation {wanted!r}, which this document does not have", pointer=pointer
        )
    reference = node.get("operationRef")
    if not isinstance(reference, str):
        raise SpecError("a link names its operation by `operationId` or `operationRef`", pointer=pointer)
    place = _place(api.document, reference, pointer)
    for key in api.index.values():
        if key.pointer == place:
            return key
    raise SpecError(f"the link leads to {reference!r}, where this document has no operation", pointer=pointer)


def _place(document: Mapping[str, Any], reference: str, pointer: str) -> str:
    """The pointer of a referenced operation; references of path items on the way are followed."""
    own = document.get("$self")
    if isinstance(own, str) and reference.partition("#")[0] == own.partition("#")[0]:
        reference = "#" + reference.partition("#")[2]
    try:
        place = local_target(reference)
        pointer_of_item, _, method = place.rpartition("/")
        item = at(document, pointer_of_item)
        if isinstance(item, Mapping) and method in item:
            return place
        return join(deref(document, item, pointer_of_item)[1], method)
    except SpecError as error:
        raise SpecError(
            f"the link leads to {reference!r}, which cannot be followed: {error}", pointer=pointer
        ) from None


def _parameter(target: Operation, wanted: str, pointer: str) -> Parameter:
    """The parameter that a link names: ``path.id``, or ``id``."""
    location, _, name = wanted.partition(".")
    for parameter in target.parameters:
        if location in _PLACES and (parameter.location, parameter.name) == (location, name):
            return parameter
    for parameter in target.parameters:
        if parameter.name == wanted:
            return parameter
    raise SpecError(f"the link gives {wanted!r}, which is no parameter of {target.dotted}", pointer=pointer)


def _server(node: Any) -> str:
    """The URL of a Server Object, its variables at their defaults."""
    if not isinstance(node, Mapping) or not isinstance(node.get("url"), str):
        return ""
    url: str = node["url"]
    variables = node.get("variables")
    for name, variable in variables.items() if isinstance(variables, Mapping) else ():
        if isinstance(variable, Mapping):
            url = url.replace("{" + name + "}", str(variable.get("default", "")))
    return url


def resolved(value: Any, exchange: Exchange) -> Iterator[Any]:
    """A constant as it is, an expression as what it names, a text with ``{expressions}`` in it as text; nothing where one of them names nothing.

    Parameters
    ----------
    value:
        What the document gives: a runtime expression keeps the type of what it names (OpenAPI 3.2, 4.20.4.1).
    exchange:
        What it looks at.
    """
    if isinstance(value, Mapping):
        members = {name: list(resolved(item, exchange)) for name, item in value.items()}
        yield {name: found[0] for name, found in members.items() if found}
    elif isinstance(value, list):
        yield [found for item in value for found in resolved(item, exchange)]
    elif not isinstance(value, str):
        yield value
    elif _EXPRESSION.match(value):
        yield from evaluated(value, exchange)
    else:
        parts = _EMBEDDED.split(value)
        for number in range(1, len(parts), 2):
            found = list(evaluated(parts[number], exchange))
            if not found:
                return
            parts[number] = _shown(found[0])
        yield "".join(parts)


def _shown(value: Any) -> str:
    from dynaclient.openapi.media import encode_json

    return encode_json(value).decode() if isinstance(value, (dict, list)) else text(value)


def evaluated(expression: str, exchange: Exchange) -> Iterator[Any]:
    """What a runtime expression names, or nothing."""
    simple: Mapping[str, Any] = {
        "$url": exchange.request.url,
        "$method": exchange.request.method,
        "$statusCode": exchange.response.status,
    }
    if expression in simple:
        yield simple[expression]
        return
    side, _, source = expression.partition(".")
    kind, dot, name = source.partition(".")
    if side in ("$request", "$response") and source.partition("#")[0] == "body":
        yield from _in_body(exchange.body if side == "$request" else exchange.value, source.partition("#")[2])
    elif side == "$response" and kind == "header" and dot:
        yield from _header(exchange.response.headers, name)
    elif side == "$request" and kind in _PLACES and dot:
        yield from _parameter_value(exchange, kind, name)


def _in_body(body: Any, pointer: str) -> Iterator[Any]:
    try:
        found = at(body, pointer)
    except SpecError:
        return
    if body is not None:
        yield found


def _header(headers: Headers, name: str) -> Iterator[str]:
    if name in headers:
        yield headers[name]


def _parameter_value(exchange: Exchange, location: str, name: str) -> Iterator[Any]:
    """The value that a declared parameter was given; a header that is none of them as it was sent."""
    for parameter in exchange.operation.parameters:
        same = parameter.name.lower() == name.lower() if location == "header" else parameter.name == name
        if same and parameter.location == location and parameter.python_name in exchange.parameters:
            yield exchange.parameters[parameter.python_name]
            return
    if location == "header":
        yield from _header(Headers(exchange.request.headers), name)
