"""A request as the document sees it: parameters and body are decoded and judged by their schemas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dynaclient.errors import Problem
from dynaclient.frozen import Struct
from dynaclient.local.bodies import decoded
from dynaclient.local.unstyle import MISSING, Source, value_of
from dynaclient.openapi.cast import Caster
from dynaclient.openapi.itemshape import LINES, SEQUENCE, sequence_kind
from dynaclient.openapi.media import essence, is_form, is_json, matching
from dynaclient.openapi.model import Operation, Parameter
from dynaclient.wire import Headers, Request, Upload


class Judge(Protocol):
    """The part of a validator that is used here."""

    def accepts(self, value: Any) -> bool:
        """Whether the value satisfies the schema."""

    def problems(self, value: Any, where: str = "$") -> tuple[Problem, ...]:
        """What is wrong with the value."""


Judges = Callable[[str], Judge]


class Incoming(Struct, frozen=True):
    """What a handler gets: the decoded parameters by name, the decoded body (``MISSING`` where there is none), and the request."""

    request: Request
    parameters: Mapping[str, Any]
    body: Any = MISSING


class RejectedError(Exception):
    """The request does not fit the document. ``status`` 0 leaves the choice to the document (400 or 422)."""

    def __init__(self, message: str, *, status: int = 0, param: str | None = None, accept: str = "") -> None:
        super().__init__(message)
        self.message, self.status, self.param, self.accept = message, status, param, accept


def read_request(
    document: Mapping[str, Any], operation: Operation, request: Request, path_values: Mapping[str, str], judges: Judges
) -> Incoming:
    """Decode a request and check it against the document.

    Parameters
    ----------
    document, operation:
        What the document says.
    request:
        The request.
    path_values:
        The path parameters, percent-encoded, by name.
    judges:
        Gives the validator of the schema at a pointer.

    Raises
    ------
    RejectedError
        Where the request does not fit; the message lists all that is wrong with it.
    """
    headers = request.headers if isinstance(request.headers, Headers) else Headers(request.headers)
    named = frozenset(parameter.name for parameter in operation.parameters if parameter.location == "query")
    source = Source(Caster(document, judges), path_values, request.target.partition("?")[2], headers, named)
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for parameter in operation.parameters:
        problems += _parameter(parameter, source, judges, values)
    if problems:
        raise _listed("The request does not fit the document", problems)
    return Incoming(request, values, _body(document, operation, request, headers, judges))


def _parameter(parameter: Parameter, source: Source, judges: Judges, values: dict[str, Any]) -> list[Problem]:
    where = f"{parameter.location} parameter {parameter.name}"
    try:
        value = value_of(parameter, source)
    except ValueError as error:
        return [Problem(where, str(error), parameter.pointer)]
    if value is MISSING:
        return [Problem(where, "is required", parameter.pointer)] if parameter.required else []
    values[parameter.name] = value
    if parameter.schema is None or (value == "" and parameter.allow_empty):
        return []
    return list(judges(parameter.schema).problems(value, where))


def _body(document: Mapping[str, Any], operation: Operation, request: Request, headers: Headers, judges: Judges) -> Any:
    body = operation.body
    if body is None:
        return MISSING
    if not request.body and not _may_be_empty(headers.get("content-type", "")):
        if body.required:
            raise RejectedError("The request needs a body and has none.")
        return MISSING
    offered = ", ".join(media.name for media in body.content)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise RejectedError("A compressed request body is not taken.", status=415, accept="identity")
    content_type = headers.get("content-type", "")
    media = matching(body.content, content_type) if content_type else body.content[0] if body.content else None
    if media is None:
        raise RejectedError(
            f"The body is {content_type or 'of no stated type'}; this operation takes {offered or 'none'}. "
            "Say so in the Content-Type header.",
            status=415,
        )
    data = request.body.read() if isinstance(request.body, Upload) else request.body or b""
    try:
        value = decoded(media, content_type or media.name, data, Source(Caster(document, judges), {}, "", Headers()))
    except ValueError as error:
        kind = "JSON" if is_json(content_type) else essence(content_type or media.name)
        raise RejectedError(f"The request body is not {kind}: {error}", status=400) from None
    if media.schema is not None and value is not MISSING:
        problems = judges(media.schema).problems(value)
        if problems:
            raise _listed("The request body does not fit the document", list(problems))
    return value


def _may_be_empty(content_type: str) -> bool:
    """Whether nothing at all is a body of a media type: a form without fields, a sequence without items."""
    return is_form(content_type) or sequence_kind(content_type) in (LINES, SEQUENCE)


def _listed(message: str, problems: list[Problem]) -> RejectedError:
    shown = "; ".join(str(problem) for problem in problems[:10])
    more = f"; and {len(problems) - 10} more" if len(problems) > 10 else ""
    where = problems[0].where
    for mark in ("$.", "$"):
        where = where.removeprefix(mark)
    where = where.rpartition(" ")[2].partition(".")[0].partition("[")[0]
    return RejectedError(f"{message}: {shown}{more}", param=where or None)
