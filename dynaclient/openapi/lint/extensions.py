"""Extensions: keys that nobody reads, values that make no sense, names of what is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.decode import DECODE_KEYS, decoding
from dynaclient.openapi.extensions import (
    BATCH_KEYS,
    bare_origin_of,
    env_of,
    read_array_format,
    read_batch,
    read_error_statuses,
    read_incidental,
    read_optional_elsewhere,
    read_rarely_null,
    read_retry,
    read_timeout,
    url_env_of,
)
from dynaclient.openapi.lint.finding import Finding
from dynaclient.openapi.lint.walk import Node
from dynaclient.openapi.model import Api, Operation
from dynaclient.openapi.paginated import read_paging
from dynaclient.openapi.paging import Pager
from dynaclient.openapi.pointer import UNRESOLVED, join
from dynaclient.openapi.read import operation
from dynaclient.openapi.shape import properties, subschemas
from dynaclient.openapi.words import similar

KEYS: Mapping[str, tuple[str, ...]] = {
    "x-speakeasy-retries": ("strategy", "backoff", "statusCodes", "retryConnectionErrors"),
    "x-dynaclient-retries": (
        "maxAttempts",
        "jitter",
        "retryAfterMax",
        "budget",
        "methods",
        "exceptStatusCodes",
        "never",
    ),
    "x-dynaclient-batch": BATCH_KEYS,
    "x-dynaclient-decode": DECODE_KEYS,
    "x-speakeasy-pagination": ("type", "inputs", "outputs"),
    "x-dynaclient-pagination": ("hasMore", "total", "page"),
    "x-speakeasy-errors": ("statusCodes", "override"),
    "x-speakeasy-globals": ("parameters",),
}
"""The keys of each extension that is an object."""

_INNER: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("x-speakeasy-retries", "backoff"): ("initialInterval", "maxInterval", "maxElapsedTime", "exponent"),
    ("x-speakeasy-pagination", "outputs"): ("results", "numPages", "nextCursor", "nextUrl"),
}
_KNOWN = frozenset(KEYS) | {
    "x-speakeasy-name-override", "x-speakeasy-group", "x-speakeasy-server-id", "x-speakeasy-timeout", "x-speakeasy-ignore",
    "x-speakeasy-sse-sentinel", "x-dynaclient-env", "x-dynaclient-ignore",
    "x-dynaclient-bare-origin", "x-dynaclient-url-env", "x-dynaclient-rarely-null", "x-dynaclient-optional-elsewhere",
    "x-dynaclient-incidental", "x-dynaclient-array-format", UNRESOLVED,
}  # fmt: skip


def extension_findings(api: Api, listed: Iterable[Node]) -> Iterator[Finding]:
    """All that is wrong with the extensions that dynaclient reads."""
    for node in listed:
        yield from _slips(node)
        yield from _values(api, node)
    for key in api.index.values():
        try:
            made = operation(api, key)
        except SpecError:
            continue  # told with the operation, or with the extension
        yield from _batch(api, made)
        yield from _paging(api, made)


def _slips(node: Node) -> Iterator[Finding]:
    for name, value in node.value.items():
        if not isinstance(name, str) or not name.startswith("x-"):
            continue
        pointer = join(node.pointer, name)
        if name not in _KNOWN:
            meant = _nearest(name)
            if meant or name.startswith("x-dynaclient-"):
                hint = f"did you mean {meant}?" if meant else f"known are {', '.join(sorted(_KNOWN))}"
                yield Finding("extension-unknown", pointer, f"{name} means nothing here", hint)
        elif isinstance(value, Mapping):
            yield from _keys(name, value, pointer)


def _nearest(name: str) -> str:
    """The extension that is meant, where it is one of ours but for a letter or two."""
    from difflib import get_close_matches

    close = get_close_matches(name, _KNOWN, 1, 0.88) if name.startswith(("x-sp", "x-dy")) else []
    return close[0] if close else ""


def _keys(extension: str, value: Mapping[str, Any], pointer: str) -> Iterator[Finding]:
    yield from _unknown(value, KEYS.get(extension), pointer, extension)
    for (owner, key), known in _INNER.items():
        inner = value.get(key)
        if owner == extension and isinstance(inner, Mapping):
            yield from _unknown(inner, known, join(pointer, key), f"{extension}, {key},")


def _unknown(value: Mapping[str, Any], known: tuple[str, ...] | None, pointer: str, where: str) -> Iterator[Finding]:
    """Own extensions are refused with a key that is unknown; of others it is passed over."""
    identifier = "extension-invalid" if where.startswith("x-dynaclient-") else "extension-unknown-key"
    for name in value if known is not None else ():
        if known is not None and name not in known and not str(name).startswith("x-"):
            hint = similar(name, known) or f"known are {', '.join(known)}"
            yield Finding(identifier, join(pointer, name), f"{where} knows no {name!r}", hint)


def _values(api: Api, node: Node) -> Iterator[Finding]:
    """Values that an extension cannot have; the readers themselves say so."""
    document, here, pointer = api.document, node.value, node.pointer
    readers: list[Callable[[], Any]] = []
    if node.kind in ("document", "operation"):
        readers.append(lambda: read_retry(document if node.kind == "operation" else here, here, pointer))
        readers.append(lambda: read_timeout(document, here, pointer))
    if node.kind == "operation":
        readers.append(lambda: read_batch(document, here, pointer))
        readers.append(lambda: read_paging(document, here, pointer))
    if node.kind in ("operation", "path item", "paths"):
        readers.append(lambda: read_error_statuses([(here, pointer)]))
    if node.kind in ("parameter", "encoding"):
        readers.append(lambda: read_array_format(here, pointer))
    if node.kind == "security scheme":
        readers.append(lambda: env_of("", here, pointer))
        readers.append(lambda: read_optional_elsewhere(here, pointer))
    if node.kind == "server":
        readers.append(lambda: bare_origin_of(here, pointer))
        readers.append(lambda: url_env_of(here, pointer))
    if node.kind == "schema":
        readers += [lambda: read_rarely_null(here, pointer), lambda: read_incidental(here, pointer)]
        if "x-dynaclient-decode" in here:
            readers.append(lambda: decoding(document, pointer))
    for read in readers:
        try:
            read()
        except SpecError as error:
            message = error.message.removeprefix(f"#{error.pointer}: ")
            if error.pointer.startswith(pointer) and not message.startswith("unknown: "):  # each key is told on its own
                yield Finding("extension-invalid", error.pointer, message)


def _batch(api: Api, made: Operation) -> Iterator[Finding]:
    batch = made.batch
    if batch is None:
        return
    inputs = tuple(field.name for field in made.body.properties) if made.body else ()
    if batch.input not in inputs:
        message = f"the body of {made.dotted} has no property {batch.input!r}"
        yield Finding("extension-names-nothing", join(batch.pointer, "input"), message, similar(batch.input, inputs))
    if batch.length and batch.length not in inputs:
        message = f"the body of {made.dotted} has no property {batch.length!r}"
        yield Finding("extension-names-nothing", join(batch.pointer, "length"), message, similar(batch.length, inputs))
    outputs = _outputs(api, made)
    if outputs and batch.output not in outputs:
        message = f"the reply of {made.dotted} has no property {batch.output!r}"
        yield Finding(
            "extension-names-nothing", join(batch.pointer, "output"), message, similar(batch.output, tuple(outputs))
        )
    keys = tuple(_result_keys(api, outputs.get(batch.output)))
    if batch.vector and keys and batch.vector not in keys:
        message = f"the results of {made.dotted} have no property {batch.vector!r}"
        yield Finding("extension-names-nothing", join(batch.pointer, "vector"), message, similar(batch.vector, keys))


def _result_keys(api: Api, pointer: str | None) -> Iterator[str]:
    """The properties of an item of the results."""
    for node, here in subschemas(api.document, pointer) if pointer else ():
        if isinstance(node.get("items"), Mapping):
            yield from (item.name for item in properties(api.document, join(here, "items")))


def _outputs(api: Api, made: Operation) -> dict[str, str]:
    """The properties of the good replies, each with the pointer of its schema."""
    return {
        item.name: item.schema
        for reply in made.replies
        if reply.status[0] == "2"
        for media in reply.content
        if media.schema is not None
        for item in properties(api.document, media.schema)
    }


def _paging(api: Api, made: Operation) -> Iterator[Finding]:
    if made.paging is None:
        return
    try:
        Pager(made, api.document)
    except SpecError as error:
        message = error.message.removeprefix(f"#{error.pointer}: ")
        yield Finding("extension-names-nothing", error.pointer or made.paging.pointer, message)
