"""Operation -> what Python tools show of a function: its signature and its docstring."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from dynaclient.errors import ArgumentError, Problem
from dynaclient.frozen import evolve
from dynaclient.openapi.encoding import is_binary
from dynaclient.openapi.infer_paging import paging_of, told
from dynaclient.openapi.media import default_media, is_form, is_json, is_multipart
from dynaclient.openapi.model import Operation, Parameter
from dynaclient.openapi.normal import OMIT
from dynaclient.openapi.shape import annotation, python_type, types

CALL_OPTIONS: Mapping[str, str] = {
    "body": "Any",
    "request_body": "Any",
    "content_type": "str | None",
    "retries": "int | bool | Mapping[str, Any] | RetryPolicy | None",
    "timeout": "float | Timeout | None",
    "server": "str | None",
    "headers": "Mapping[str, str] | None",
    "query": "Mapping[str, Any] | None",
    "validate": "str | Mapping[str, str] | None",
    "arrays": "bool | str | None",
    "split": "bool | int | None",
    "extra": "Mapping[str, Any] | None",
}
"""The call options and their types.

``request_body`` is one only where ``body`` is an argument's name, ``extra`` only where the body may hold more fields, and
``split`` only where the document says how the operation batches.
"""
_OPTION_HELP = {
    "body": "The whole request body; single properties are laid over it.",
    "request_body": "The whole request body; `body` is an argument of the operation.",
    "content_type": "The media type of the body.",
    "retries": "How many retries, False for none, or fields of the retry policy to override.",
    "timeout": "Seconds for one attempt, or a Timeout.",
    "server": "The id or URL of a server, or `local`.",
    "headers": "Header fields to add.",
    "query": "Query parameters to add to the URL.",
    "extra": "Fields of the body that the document does not name.",
    "validate": "`strict`, `lenient` (the default for replies), `warn` or `off`; or a mapping for `request` and `reply` apart.",
    "arrays": "True, `float64` or `float32`: arrays of numbers come packed, with the buffer protocol.",
    "split": "True, or how many inputs one request holds: as many requests as the inputs need, their replies merged into one.",
}


class Annotation(str):
    """An annotation as text that ``inspect`` shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def offered_options(operation: Operation) -> tuple[str, ...]:
    """The call options that no parameter of the operation hides."""
    taken = {field.python_name for field in operation.arguments} | {field.name for field in operation.arguments}
    content = operation.body.content if operation.body else ()
    taken |= {"body", "request_body"} - {operation.body.keyword if operation.body is not None else ""}
    if len(content) < 2 and not any("*" in media.name for media in content):
        taken.add("content_type")
    if operation.batch is None:
        taken.add("split")
    if not any(is_json(media.name) or is_form(media.name) or is_multipart(media.name) for media in content):
        taken.add("extra")
    return tuple(name for name in CALL_OPTIONS if name not in taken)


def signature(
    operation: Operation, document: Mapping[str, Any], settings: Collection[tuple[str, str]] = ()
) -> inspect.Signature:
    """The signature: required arguments first, then optional ones (default ``OMIT``: not sent), then call options; all by keyword.

    Parameters
    ----------
    operation, document:
        What is shown.
    settings:
        Name and location of the parameters that the client was given once for all calls: they are not required.
    """
    known = [
        evolve(field, required=field.required and (field.name, field.location) not in settings)
        for field in operation.arguments
    ]
    fields = [
        inspect.Parameter(
            field.python_name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.required else OMIT,
            annotation=Annotation(_type(operation, field, document)),
        )
        for field in _required_first(known)
    ]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotation(CALL_OPTIONS[name]))
        for name in offered_options(operation)
    ]
    return inspect.Signature([*fields, *options], return_annotation=Annotation("Any"))


def _type(operation: Operation, field: Parameter, document: Mapping[str, Any]) -> str:
    """The type of an argument; a property of a multipart body that is a file takes paths, open files and bytes."""
    media = default_media(operation.body.content) if operation.body and field.location == "body" else None
    if media is None or not is_multipart(media.name) or not is_binary(document, field.schema):
        return python_type(document, field.schema)
    file = "Path | BinaryIO | bytes | File"
    return f"{file} | list[{file}]" if field.schema and "array" in types(document, field.schema) else file


def _required_first(fields: Iterable[Parameter]) -> list[Parameter]:
    return sorted(fields, key=lambda field: not field.required)


def docstring(operation: Operation, document: Mapping[str, Any]) -> str:
    """The docstring: summary, description, every argument, what comes back and what is raised, from the document."""
    parts = [operation.summary or operation.description or f"{operation.method} {operation.path}"]
    if operation.deprecated:
        parts.append("Deprecated.")
    if operation.summary and operation.description and operation.description != operation.summary:
        parts.append(operation.description)
    parts.append(f"Sends ``{operation.method} {operation.path}``.")
    paging = paging_of(document, operation)
    if paging is not None and paging.type != "none":
        how = f"{told(paging)}, inferred, because {paging.why}" if paging.inferred else told(paging)
        parts.append(f"Comes in pages ({how}): ``items`` goes through all of them.")
    fields = [_field(operation, field, document) for field in _required_first(operation.arguments)]
    fields += [_option(operation, name) for name in offered_options(operation)]
    if fields:
        parts.append("Parameters\n----------\n" + "\n".join(fields))
    good = [reply for reply in operation.replies if reply.status.startswith(("2", "3", "d"))]
    if good:
        parts.append(
            "Returns\n-------\n" + "\n".join(f"{reply.status}\n{_indented(reply.description)}" for reply in good)
        )
    bad = [f"{reply.status}: {_first_line(reply.description)}" for reply in operation.replies if reply not in good]
    raises = ["APIError" + ("\n" + _indented("\n".join(bad)) if bad else "")]
    raises += ["ArgumentError\n    An argument does not fit; nothing was sent."]
    raises += [
        "ReplyError\n    The reply is not what the document promises.",
        "TransportError\n    No complete reply came back.",
    ]
    parts.append("Raises\n------\n" + "\n".join(raises))
    return "\n\n".join(part.strip() for part in parts)


def _option(operation: Operation, name: str) -> str:
    help_ = _OPTION_HELP[name]
    if name == "content_type" and operation.body is not None:
        help_ = f"The media type of the body: {', '.join(media.name for media in operation.body.content)}."
    return f"{name}: {CALL_OPTIONS[name]}\n{_indented(help_)}"


def _field(operation: Operation, field: Parameter, document: Mapping[str, Any]) -> str:
    kind = _type(operation, field, document)
    head = f"{field.python_name}: {kind}" + ("" if field.required else ", optional")
    notes = [
        field.description or str(annotation(document, field.schema, "description") or "")
        if field.schema
        else field.description
    ]
    default = annotation(document, field.schema, "default") if field.schema else None
    if default is not None:
        notes.append(f"The service's default is {default!r}.")
    if field.deprecated:
        notes.append("Deprecated.")
    return f"{head}\n{_indented(' '.join(filter(None, notes)))}".rstrip()


def _indented(text: str) -> str:
    lines = text.splitlines() or [""]
    wrapped = [line for part in lines for line in (textwrap.wrap(part, 96) or [""])]
    return textwrap.indent("\n".join(wrapped), "    ")


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""


def by_position(operation: Operation, positional: tuple[Any, ...]) -> ArgumentError:
    """Return the error for arguments that were passed by position."""
    names = [field.python_name for field in operation.arguments]
    hint = f"say {names[0]}=..., ..." if names else "it takes none"
    text = f"{len(positional)} passed by position; the arguments of an operation are passed by keyword"
    problem = Problem("arguments", text, hint=hint)
    return ArgumentError(operation.dotted, problems=(problem,), operation=operation.dotted)
