"""Operations: their names, parameters and replies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.bodies import kind_of
from dynaclient.openapi.lint.finding import Finding
from dynaclient.openapi.media import is_json
from dynaclient.openapi.model import Api, MediaType, Operation, OperationKey
from dynaclient.openapi.names import TEMPLATE, is_derived
from dynaclient.openapi.operations import OVERLAP, path_items
from dynaclient.openapi.pointer import at, join
from dynaclient.openapi.read import operation

_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "TRACE"})
_BYTES = ("application/octet-stream", "image/", "audio/", "video/")
_EXTENSIONS = ("/x-speakeasy-", "/x-dynaclient-")


def operation_findings(api: Api) -> Iterator[Finding]:
    """What troubles the calls of each operation, and the names of all of them."""
    yield from _clashes(api)
    identifiers: dict[str, OperationKey] = {}
    for key in api.index.values():
        node = at(api.document, key.pointer)
        yield from _identifier(node, key, identifiers)
        yield from _end(node, key)
        yield from _path(api, node, key)
        try:
            made = operation(api, key)
        except SpecError as error:
            if not any(part in error.pointer for part in _EXTENSIONS):  # told with the extension
                yield Finding("operation-unreadable", error.pointer or key.pointer, f"{key.dotted}: {_said(error)}")
            continue
        yield from _arguments(made)
        yield from _replies(api, made)
        yield from _body(api, made)


def _arguments(made: Operation) -> Iterator[Finding]:
    for field in made.arguments:
        if is_derived(field.name, field.python_name):
            message = f"{made.dotted}: {field.name!r} ({field.location}) is called {field.python_name}"
            yield Finding("argument-renamed", field.pointer, message, "its plain name is another argument's")


def _said(error: SpecError) -> str:
    """The message without its place, which the finding has."""
    return error.message.removeprefix(f"#{error.pointer}: ")


def _clashes(api: Api) -> Iterator[Finding]:
    """What the index settled: ``a.b is taken: GET /x is a.b_get``."""
    for note in api.tolerated:
        place, overlap, shown = note.partition(OVERLAP)
        if overlap:
            message = f"{shown} stands beside the $ref of its path too, and that one is called"
            yield Finding("path-item-overlap", place, message, "the standard leaves open which one is meant")
        name, taken, rest = note.partition(" is taken: ")
        settled = rest.rpartition(" is ")[2]
        if taken and settled in api.index:
            key = api.index[settled]
            message = f"the name {name} is taken already: {key.method} {key.path} is called {settled}"
            yield Finding("name-clash", key.pointer, message, "x-speakeasy-name-override gives it a name of its own")


def _identifier(node: Mapping[str, Any], key: OperationKey, known: dict[str, OperationKey]) -> Iterator[Finding]:
    identifier = node.get("operationId")
    if not isinstance(identifier, str) or not identifier.strip():
        message = f"{key.method} {key.path} has no operationId; it is called {key.dotted}"
        yield Finding("operation-id-missing", key.pointer, message, "a new path would be a new name")
        return
    before = known.setdefault(identifier, key)
    if before is not key:
        message = f"the operationId {identifier!r} stands twice: {before.method} {before.path} has it too"
        yield Finding("operation-id-duplicate", join(key.pointer, "operationId"), message)


def _end(node: Mapping[str, Any], key: OperationKey) -> Iterator[Finding]:
    sunset = node.get("x-sunset")
    if sunset is not None:
        yield Finding("sunset", join(key.pointer, "x-sunset"), f"{key.dotted} will be gone on {str(sunset)[:40]}")
    elif key.deprecated:
        yield Finding("deprecated", join(key.pointer, "deprecated"), f"{key.dotted} is deprecated")


def _path(api: Api, node: Mapping[str, Any], key: OperationKey) -> Iterator[Finding]:
    """Whether the variables of the path and its parameters are the same (OpenAPI 3.1, 4.8.12.1)."""
    from dynaclient.openapi.pointer import deref

    declared: dict[str, str] = {}
    for owner, pointer in (*reversed(path_items(api.document, key.path)), (node, key.pointer)):
        listed = owner.get("parameters") if isinstance(owner, Mapping) else None
        for number, entry in enumerate(listed if isinstance(listed, list) else ()):
            try:
                parameter, _ = deref(api.document, entry, join(pointer, "parameters", number))
            except SpecError:
                continue
            if isinstance(parameter, Mapping) and parameter.get("in") == "path":
                declared[str(parameter.get("name"))] = join(pointer, "parameters", number)
    named = TEMPLATE.findall(key.path.partition("#")[0])
    for name in dict.fromkeys(named):
        if name not in declared:
            message = f"the path has {{{name}}}, which no parameter declares; any text is taken for it"
            yield Finding("path-parameter-undeclared", key.pointer, message)
    for name, pointer in declared.items():
        if name not in named:
            yield Finding("path-parameter-unused", pointer, f"the path {key.path} has no {{{name}}}; it cannot be sent")


def _replies(api: Api, made: Operation) -> Iterator[Finding]:
    good = [reply for reply in made.replies if reply.status[0] in "23" or reply.status == "default"]
    if not good:
        message = f"{made.dotted} declares no good reply; what comes back is not checked"
        yield Finding("operation-without-replies", made.pointer, message)
    for reply in good:
        for media in reply.content:
            if media.schema is None and media.item_schema is None and is_json(media.name):
                message = f"{made.dotted}: the reply {reply.status} has no schema; it is not checked"
                yield Finding("reply-without-schema", media.pointer, message)


def _body(api: Api, made: Operation) -> Iterator[Finding]:
    if made.body is None:
        return
    if made.method in _WITHOUT_BODY:
        message = f"{made.dotted}: a body has no meaning in {made.method}; servers may refuse it"
        yield Finding("body-on-get", made.body.pointer, message)
    for media in made.body.content:
        if _is_opaque(api, media):
            message = f"{made.dotted}: a body of {media.name} is not written from values; pass it whole, as bytes"
            yield Finding("media-type-unsupported", media.pointer, message)


def _is_opaque(api: Api, media: MediaType) -> bool:
    """Whether values that the schema describes cannot be written in this media type."""
    if media.schema is None or "*" in media.name or media.name.startswith(_BYTES):
        return False
    return kind_of(api.document, media) == "binary"
