"""The extensions that dynaclient reads; their exact meaning is written in ``docs/extensions.md``.

An extension whose value makes no sense is an error of the document that names its place: what an author wrote is never passed over silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.model import Batch, RetryPolicy
from dynaclient.openapi.names import snake
from dynaclient.openapi.pointer import join, local_target
from dynaclient.openapi.shape import properties, subschemas

_MILLISECONDS = {
    "initialInterval": "initial_interval",
    "maxInterval": "max_interval",
    "maxElapsedTime": "max_elapsed_time",
}
_OWN_RETRY = {
    "maxAttempts": "max_attempts",
    "jitter": "jitter",
    "retryAfterMax": "retry_after_max",
    "budget": "budget",
    "methods": "methods",
}


def read_retry(document: Mapping[str, Any], node: Mapping[str, Any], pointer: str) -> RetryPolicy:
    """The retry policy of an operation: ``x-speakeasy-retries`` of the operation replaces the root's; ``x-dynaclient-retries`` adds."""
    fields: dict[str, Any] = {}
    place = ""
    for owner, owner_pointer in ((node, pointer), (document, "")):
        if "x-speakeasy-retries" in owner:
            place = join(owner_pointer, "x-speakeasy-retries")
            fields = _speakeasy_retries(owner["x-speakeasy-retries"], place)
            break
    for owner, owner_pointer in ((document, ""), (node, pointer)):
        if "x-dynaclient-retries" in owner:
            fields |= _own_retries(owner["x-dynaclient-retries"], join(owner_pointer, "x-dynaclient-retries"))
    return RetryPolicy(**fields, declared="strategy" in fields, pointer=place)


def _speakeasy_retries(written: Any, pointer: str) -> dict[str, Any]:
    entry = _mapping(written, pointer)
    strategy = entry.get("strategy", "backoff")
    if strategy not in ("backoff", "none"):
        raise SpecError(f"the strategy is {strategy!r}; `backoff` and `none` are known", pointer=pointer)
    fields: dict[str, Any] = {"strategy": strategy}
    backoff = _mapping(entry.get("backoff", {}), join(pointer, "backoff"))
    for name, field in _MILLISECONDS.items():
        if name in backoff:
            fields[field] = int(_number(backoff[name], join(pointer, "backoff", name)))
    if "exponent" in backoff:
        fields["exponent"] = float(_number(backoff["exponent"], join(pointer, "backoff", "exponent")))
    codes = entry.get("statusCodes", [])
    if not isinstance(codes, list):
        raise SpecError("`statusCodes` is a list of codes and ranges, such as [429, 5XX]", pointer=pointer)
    fields["status_codes"] = tuple(str(code).upper() for code in codes)
    fields["retry_connection_errors"] = bool(entry.get("retryConnectionErrors", False))
    return fields


def _own_retries(written: Any, pointer: str) -> dict[str, Any]:
    entry = _mapping(written, pointer)
    unknown = [name for name in entry if name not in _OWN_RETRY]
    if unknown:
        raise SpecError(f"unknown: {', '.join(unknown)}; known are {', '.join(_OWN_RETRY)}", pointer=pointer)
    fields = {_OWN_RETRY[name]: value for name, value in entry.items()}
    for field in ("max_attempts", "retry_after_max"):
        if fields.get(field) is not None:
            fields[field] = int(_number(fields[field], pointer))
    if fields.get("jitter", "full") not in ("full", "additive", "none"):
        raise SpecError(f"jitter is {fields['jitter']!r}; `full`, `additive` and `none` are known", pointer=pointer)
    if isinstance(fields.get("methods"), list):
        fields["methods"] = tuple(str(method).upper() for method in fields["methods"])
    return fields


def read_timeout(document: Mapping[str, Any], node: Mapping[str, Any], pointer: str) -> int | None:
    """``x-speakeasy-timeout`` of the operation, else the root's: milliseconds per attempt."""
    for owner, place in ((node, pointer), (document, "")):
        if "x-speakeasy-timeout" in owner:
            return int(_number(owner["x-speakeasy-timeout"], join(place, "x-speakeasy-timeout")))
    return None


def read_error_statuses(
    document: Mapping[str, Any], item: Mapping[str, Any], node: Mapping[str, Any]
) -> tuple[str, ...]:
    """``x-speakeasy-errors``: the statuses that raise, merged downwards from paths, path item and operation unless one overrides."""
    statuses: list[str] = ["4XX", "5XX"]
    paths = document.get("paths")
    for owner in (paths, item, node):
        entry = owner.get("x-speakeasy-errors") if isinstance(owner, Mapping) else None
        if not isinstance(entry, Mapping):
            continue
        codes = [str(code).upper() for code in entry.get("statusCodes", []) or []]
        statuses = codes if entry.get("override") is True else [*statuses, *codes]
    return tuple(dict.fromkeys(statuses))


def env_of(name: str, scheme: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The environment variable of a security scheme, and those that belong to one server id.

    ``x-dynaclient-env`` is a name, or a mapping from server ids to names in which ``default`` stands for all other servers. Without it the
    scheme's name in upper case is the variable.
    """
    written = scheme.get("x-dynaclient-env")
    if isinstance(written, str):
        return written, {}
    if isinstance(written, Mapping):
        by_server = {str(server): str(variable) for server, variable in written.items()}
        return by_server.pop("default", ""), by_server
    return snake(name).upper(), {}


def read_batch(document: Mapping[str, Any], node: Mapping[str, Any], pointer: str) -> Batch | None:
    """``x-dynaclient-batch`` of the operation, or None."""
    if "x-dynaclient-batch" not in node:
        return None
    place = join(pointer, "x-dynaclient-batch")
    entry = _mapping(node["x-dynaclient-batch"], place)
    for name in ("input", "output"):
        if not isinstance(entry.get(name), str):
            raise SpecError(f"a batch names its `{name}`, a property", pointer=place)
    item = entry.get("item")
    sums = entry.get("sum", [])
    limit = entry.get("maxItems")
    return Batch(
        input=entry["input"],
        output=entry["output"],
        item=local_target(item) if isinstance(item, str) else (join(place, "item") if item is not None else None),
        order=str(entry.get("order") or ""),
        sum=tuple(str(path) for path in sums) if isinstance(sums, list) else (),
        max_items=int(_number(limit, place)) if limit is not None else _schema_limit(document, node, entry["input"]),
        max_tokens=int(_number(entry["maxTokens"], place)) if "maxTokens" in entry else None,
        pointer=place,
    )


def _schema_limit(document: Mapping[str, Any], node: Mapping[str, Any], name: str) -> int | None:
    """The largest ``maxItems`` that the schema of the batched property states for an array, where every array states one."""
    body = node.get("requestBody")
    content = body.get("content") if isinstance(body, Mapping) else None
    for media in content.values() if isinstance(content, Mapping) else ():
        schema = media.get("schema") if isinstance(media, Mapping) else None
        if not isinstance(schema, Mapping) or not isinstance(schema.get("$ref"), str):
            continue
        for item in properties(document, local_target(schema["$ref"])):
            if item.name == name:
                limits = [
                    sub.get("maxItems") for sub, _ in subschemas(document, item.schema) if sub.get("type") == "array"
                ]
                known = [limit for limit in limits if isinstance(limit, int)]
                return max(known) if known and len(known) == len(limits) else None
    return None


def _mapping(value: Any, pointer: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SpecError(f"an object is expected here, not {type(value).__name__}", pointer=pointer)
    return value


def _number(value: Any, pointer: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise SpecError(f"a number from 0 is expected here, not {value!r}", pointer=pointer)
    return value
