"""Which line of the document decided what: names, retry fields, time, batches. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dynaclient.openapi import names
from dynaclient.openapi.extensions import read_retry
from dynaclient.openapi.infer_paging import paging_of, told
from dynaclient.openapi.model import Api, Operation, RetryPolicy
from dynaclient.openapi.pointer import at, join

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that is in force: ``subject`` is ``retries.max_attempts``, ``by`` what decided it, ``pointer`` its place where that is the document."""

    subject: str
    value: Any
    by: str
    pointer: str = ""


_SPEAKEASY: Mapping[str, tuple[str, ...]] = {
    "strategy": ("strategy",),
    "initial_interval": ("backoff", "initialInterval"),
    "max_interval": ("backoff", "maxInterval"),
    "max_elapsed_time": ("backoff", "maxElapsedTime"),
    "exponent": ("backoff", "exponent"),
    "status_codes": ("statusCodes",),
    "retry_connection_errors": ("retryConnectionErrors",),
}
_OWN: Mapping[str, str] = {
    "max_attempts": "maxAttempts",
    "jitter": "jitter",
    "retry_after_max": "retryAfterMax",
    "budget": "budget",
    "methods": "methods",
    "except_status_codes": "exceptStatusCodes",
    "never": "never",
}


def retry_decisions(api: Api, operation: Operation) -> Iterator[Decision]:
    """Each field of the retry policy that the document declares, and the key that says so; those that it leaves open are defaults."""
    document = api.document
    owners = ((operation.pointer, at(document, operation.pointer)), ("", document))
    policy = read_retry(document, owners[0][1], operation.pointer)
    for name in RetryPolicy.__struct_fields__:
        if name in ("declared", "pointer"):
            continue
        value = getattr(policy, name)
        by, pointer = DEFAULT, ""
        if name in _SPEAKEASY:
            holder = next((entry for entry in owners if "x-speakeasy-retries" in entry[1]), None)
            if holder is not None:
                by, pointer = _speakeasy(holder, _SPEAKEASY[name])
        else:
            for owner, node in owners:
                written = node.get("x-dynaclient-retries")
                if isinstance(written, Mapping) and _OWN[name] in written:
                    by, pointer = "x-dynaclient-retries", join(owner, "x-dynaclient-retries", _OWN[name])
                    break
        yield Decision(f"retries.{name}", list(value) if isinstance(value, tuple) else value, by, pointer)


def _speakeasy(holder: tuple[str, Any], keys: tuple[str, ...]) -> tuple[str, str]:
    """What decided a field of ``x-speakeasy-retries``: its key, or, for the strategy, that the extension stands there at all."""
    owner, node = holder
    here, place = node["x-speakeasy-retries"], join(owner, "x-speakeasy-retries")
    for key in keys:
        if not isinstance(here, Mapping) or key not in here:
            implied = keys[0] in ("strategy", "retryConnectionErrors")
            return ("x-speakeasy-retries", join(owner, "x-speakeasy-retries")) if implied else (DEFAULT, "")
        here, place = here[key], join(place, key)
    return "x-speakeasy-retries", place


def name_decisions(api: Api, operation: Operation) -> Iterator[Decision]:
    """Why an operation is called as it is, and its arguments."""
    node, pointer = at(api.document, operation.pointer), operation.pointer
    group = ".".join(operation.key.group)
    if isinstance(node.get("x-speakeasy-group"), str) and node["x-speakeasy-group"]:
        yield Decision("name.group", group, "x-speakeasy-group", join(pointer, "x-speakeasy-group"))
    elif group:
        yield Decision("name.group", group, "its first tag", join(pointer, "tags", 0))
    else:
        yield Decision("name.group", "", "no tag: the root")
    yield _method(api, operation, node)
    for field in operation.arguments:
        how = "its name" if field.python_name == field.name else f"{field.name!r} as a Python name"
        yield Decision(f"argument.{field.python_name}", f"{field.location} {field.name}", how, field.pointer)


def _method(api: Api, operation: Operation, node: Mapping[str, Any]) -> Decision:
    key, pointer = operation.key, operation.pointer
    if isinstance(node.get("x-speakeasy-name-override"), str) and node["x-speakeasy-name-override"]:
        by, place = "x-speakeasy-name-override", join(pointer, "x-speakeasy-name-override")
    elif not operation.id.strip():
        by, place = "its method and path, for want of an operationId", pointer
    elif any(pattern.search(operation.id) for pattern, _ in names.name_overrides(api.document)):
        by, place = "x-speakeasy-name-override at the root", "/x-speakeasy-name-override"
    else:
        by, place = "operationId", join(pointer, "operationId")
    if any(note.endswith(f" is {key.dotted}") and " is taken: " in note for note in api.tolerated):
        by += "; another operation has that name, so that its method stands behind it"
    return Decision("name.method", key.name, by, place)


def batch_decisions(api: Api, operation: Operation) -> Iterator[Decision]:
    """What of a batch is written, and what follows from a schema."""
    batch = operation.batch
    if batch is None:
        return
    keys = {"input": "input", "item": "item", "output": "output", "order": "order", "vector": "vector", "length": "length", "sum": "sum", "max_items": "maxItems", "max_tokens": "maxTokens"}  # fmt: skip
    written = at(api.document, batch.pointer)
    for name, key in keys.items():
        value = getattr(batch, name)
        if key in written:
            by, place = "x-dynaclient-batch", join(batch.pointer, key)
        elif name == "max_items" and value is not None:
            by, place = "maxItems of the schema", batch.pointer
        else:
            by, place = DEFAULT, ""
        yield Decision(f"batch.{name}", list(value) if isinstance(value, tuple) else value, by, place)


def paging_decision(api: Api, operation: Operation) -> Decision:
    """How the pages of a list hang together, and whether the document says so or it was inferred."""
    paging = paging_of(api.document, operation)
    if paging is None:
        return Decision(
            "paging", "the header field Link, where a reply has it", "nothing is declared or can be inferred"
        )
    if paging.inferred:
        return Decision("paging", told(paging), f"inferred: {paging.why}", paging.pointer)
    return Decision("paging", told(paging), paging.pointer.rpartition("/")[2], paging.pointer)


def timeout_decision(api: Api, operation: Operation) -> Decision | None:
    """The time for an attempt that the document declares, in seconds."""
    if not operation.timeout:
        return None
    own = "x-speakeasy-timeout" in at(api.document, operation.pointer)
    place = join(operation.pointer if own else "", "x-speakeasy-timeout")
    return Decision("timeout", operation.timeout / 1000, "x-speakeasy-timeout", place)
