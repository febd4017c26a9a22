"""Operation -> what Python tools show of a function: its signature and its docstring."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from dynaclient.openapi.model import Operation, Parameter
from dynaclient.openapi.normal import OMIT
from dynaclient.openapi.shape import annotation, python_type

CALL_OPTIONS: Mapping[str, str] = {
    "body": "Any",
    "retries": "int | bool | Mapping[str, Any] | RetryPolicy | None",
    "timeout": "float | Timeout | None",
    "server": "str | None",
    "headers": "Mapping[str, str] | None",
    "validate": "str | Mapping[str, str] | None",
}
_OPTION_HELP = {
    "body": "The whole request body; single properties are laid over it.",
    "retries": "How many retries, False for none, or fields of the retry policy to override.",
    "timeout": "Seconds for one attempt, or a Timeout.",
    "server": "The id or URL of a server, or `local`.",
    "headers": "Header fields to add.",
    "validate": "`strict`, `warn` or `off`; or a mapping for `request` and `reply` apart.",
}


class Annotation(str):
    """An annotation as text that ``inspect`` shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def offered_options(operation: Operation) -> tuple[str, ...]:
    """The call options that no parameter of the operation hides."""
    taken = {field.python_name for field in operation.arguments} | {field.name for field in operation.arguments}
    return tuple(name for name in CALL_OPTIONS if name not in taken and (name != "body" or operation.body is not None))


def signature(operation: Operation, document: Mapping[str, Any]) -> inspect.Signature:
    """The signature: required arguments first, then optional ones (default ``OMIT``: not sent), then call options; all by keyword."""
    fields = [
        inspect.Parameter(
            field.python_name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.required else OMIT,
            annotation=Annotation(python_type(document, field.schema)),
        )
        for field in _required_first(operation.arguments)
    ]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotation(CALL_OPTIONS[name]))
        for name in offered_options(operation)
    ]
    return inspect.Signature([*fields, *options], return_annotation=Annotation("Any"))


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
    fields = [_field(field, document) for field in _required_first(operation.arguments)]
    fields += [f"{name}: {CALL_OPTIONS[name]}\n{_indented(_OPTION_HELP[name])}" for name in offered_options(operation)]
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


def _field(field: Parameter, document: Mapping[str, Any]) -> str:
    kind = python_type(document, field.schema)
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
