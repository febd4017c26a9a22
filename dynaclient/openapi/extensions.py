"""The extensions that dynaclient reads; their exact meaning is written in ``docs/extensions.md``.

An extension whose value makes no sense is an error of the document that names its place: what an author wrote is never passed over silently.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.model import Batch, RetryPolicy
from dynaclient.openapi.names import snake
from dynaclient.openapi.pointer import deref, join, local_target
from dynaclient.openapi.shape import properties, subschemas
from dynaclient.openapi.style import ARRAY_FORMATS

_MILLISECONDS = {
    "initialInterval": "initial_interval",
    "maxInterval": "max_interval",
    "maxElapsedTime": "max_elapsed_time",
}
BATCH_KEYS = ("input", "item", "output", "order", "vector", "length", "sum", "maxItems", "maxTokens")
"""The keys of ``x-dynaclient-batch``."""
_STATUS = re.compile(r"[1-5]([0-9]{2}|XX)")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATH = re.compile(r"/[^/\s?#{}][^\s?#{}]*")
_OWN_RETRY = {
    "maxAttempts": "max_attempts",
    "jitter": "jitter",
    "retryAfterMax": "retry_after_max",
    "budget": "budget",
    "methods": "methods",
    "exceptStatusCodes": "except_status_codes",
    "never": "never",
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
    fields["status_codes"] = _statuses(entry, pointer, "statusCodes")
    fields["retry_connection_errors"] = _boolean(entry.get("retryConnectionErrors", False), pointer)
    return fields


def _statuses(entry: Mapping[str, Any], pointer: str, name: str) -> tuple[str, ...]:
    codes = entry.get(name, [])
    found = tuple(str(code).upper() for code in codes) if isinstance(codes, list) else ("",)
    if not all(_STATUS.fullmatch(code) for code in found):
        raise SpecError("a list of statuses and ranges is expected, such as [429, 5XX]", pointer=join(pointer, name))
    return found


def _own_retries(written: Any, pointer: str) -> dict[str, Any]:
    entry = _mapping(written, pointer)
    _known(entry, _OWN_RETRY, pointer)
    fields = {_OWN_RETRY[name]: value for name, value in entry.items()}
    for name in ("maxAttempts", "retryAfterMax"):
        if entry.get(name) is not None:
            fields[_OWN_RETRY[name]] = _whole(entry[name], join(pointer, name))
    if "budget" in entry:
        _boolean(entry["budget"], join(pointer, "budget"))
    if entry.get("jitter", "full") not in ("full", "additive", "none"):
        raise SpecError(f"jitter is {entry['jitter']!r}; `full`, `additive` and `none` are known", pointer=pointer)
    methods = entry.get("methods")
    if methods is not None:
        if not isinstance(methods, list):
            raise SpecError("a list of methods is expected, such as [GET, POST]", pointer=join(pointer, "methods"))
        fields["methods"] = tuple(str(method).upper() for method in methods)
    if "exceptStatusCodes" in entry:
        fields["except_status_codes"] = _statuses(entry, pointer, "exceptStatusCodes")
    if "never" in entry:
        fields["never"] = _error_codes(entry["never"], join(pointer, "never"))
    return fields


def _error_codes(written: Any, pointer: str) -> tuple[str, ...]:
    codes = tuple(str(code) for code in written) if isinstance(written, list) else ()
    if not isinstance(written, list) or not all(
        isinstance(code, str | int) and code is not True and str(code).strip() for code in written
    ):
        raise SpecError("a list of codes of an error body is expected, such as [insufficient_quota]", pointer=pointer)
    return codes


def read_timeout(document: Mapping[str, Any], node: Mapping[str, Any], pointer: str) -> int | None:
    """``x-speakeasy-timeout`` of the operation, else the root's: milliseconds per attempt."""
    for owner, place in ((node, pointer), (document, "")):
        if "x-speakeasy-timeout" in owner:
            return _whole(owner["x-speakeasy-timeout"], join(place, "x-speakeasy-timeout"), least=1)
    return None


def read_error_statuses(owners: Iterable[tuple[Any, str]]) -> tuple[str, ...]:
    """``x-speakeasy-errors``: the statuses that raise, merged downwards from paths, path item and operation unless one overrides."""
    statuses: tuple[str, ...] = ("4XX", "5XX")
    for owner, pointer in owners:
        if not isinstance(owner, Mapping) or "x-speakeasy-errors" not in owner:
            continue
        place = join(pointer, "x-speakeasy-errors")
        entry = _mapping(owner["x-speakeasy-errors"], place)
        codes = _statuses(entry, place, "statusCodes")
        statuses = codes if entry.get("override") is True else (*statuses, *codes)
    return tuple(dict.fromkeys(statuses))


def env_of(name: str, scheme: Mapping[str, Any], pointer: str) -> tuple[str, dict[str, str]]:
    """The environment variable of a security scheme, and those that belong to one server id.

    ``x-dynaclient-env`` is a name, or a mapping from server ids to names in which ``default`` stands for all other servers. Without it the
    scheme's name in upper case is the variable.
    """
    if "x-dynaclient-env" not in scheme:
        return snake(name).upper(), {}
    written = scheme["x-dynaclient-env"]
    by_server = dict(written) if isinstance(written, Mapping) else {"default": written}
    if not all(isinstance(variable, str) and _VARIABLE.fullmatch(variable) for variable in by_server.values()):
        raise SpecError(
            "the name of an environment variable is expected, or a mapping from server ids to names",
            pointer=join(pointer, "x-dynaclient-env"),
        )
    return by_server.pop("default", ""), by_server


def read_array_format(node: Mapping[str, Any], pointer: str) -> str:
    """``x-dynaclient-array-format`` of a parameter or an encoding: how the style ``deepObject`` writes arrays.

    Raises
    ------
    SpecError
        If it is not one of the known formats.
    """
    written = node.get("x-dynaclient-array-format", ARRAY_FORMATS[0])
    if written not in ARRAY_FORMATS:
        place = join(pointer, "x-dynaclient-array-format")
        raise SpecError(f"one of {', '.join(ARRAY_FORMATS)} is expected here, not {written!r}", pointer=place)
    return str(written)


def bare_origin_of(server: Mapping[str, Any], pointer: str) -> str:
    """Return ``x-dynaclient-bare-origin`` of a Server Object: the path that a server's URL without a path stands for.

    The path is ``""`` if the server does not declare it, and has no slash at the end.

    Raises
    ------
    SpecError
        If the value is not a path.
    """
    if "x-dynaclient-bare-origin" not in server:
        return ""
    written = server["x-dynaclient-bare-origin"]
    if not isinstance(written, str) or not _PATH.fullmatch(written):
        raise SpecError(
            "a path that begins with a slash is expected, such as /v1",
            pointer=join(pointer, "x-dynaclient-bare-origin"),
        )
    return written.rstrip("/")


def url_env_of(server: Mapping[str, Any], pointer: str) -> str:
    """Return ``x-dynaclient-url-env`` of a Server Object: the environment variable that holds another address, or ``""``.

    Raises
    ------
    SpecError
        If the value is not the name of a variable.
    """
    if "x-dynaclient-url-env" not in server:
        return ""
    written = server["x-dynaclient-url-env"]
    if not isinstance(written, str) or not _VARIABLE.fullmatch(written):
        raise SpecError(
            "the name of an environment variable is expected, such as EXAMPLE_BASE_URL",
            pointer=join(pointer, "x-dynaclient-url-env"),
        )
    return written


def read_optional_elsewhere(scheme: Mapping[str, Any], pointer: str) -> bool:
    """``x-dynaclient-optional-elsewhere`` of a Security Scheme Object: whether servers that the document does not name may need no credential."""
    name = "x-dynaclient-optional-elsewhere"
    return _boolean(scheme.get(name, False), join(pointer, name))


def read_rarely_null(node: Mapping[str, Any], pointer: str) -> bool:
    """``x-dynaclient-rarely-null`` of a schema: whether types for Python leave out the null that a reply may hold here."""
    return _boolean(node.get("x-dynaclient-rarely-null", False), join(pointer, "x-dynaclient-rarely-null"))


def read_incidental(node: Mapping[str, Any], pointer: str) -> bool:
    """``x-dynaclient-incidental`` of a schema: whether a value that breaks the schema changes no meaning of a reply."""
    return _boolean(node.get("x-dynaclient-incidental", False), join(pointer, "x-dynaclient-incidental"))


def read_batch(document: Mapping[str, Any], node: Mapping[str, Any], pointer: str) -> Batch | None:
    """``x-dynaclient-batch`` of the operation, or None."""
    if "x-dynaclient-batch" not in node:
        return None
    place = join(pointer, "x-dynaclient-batch")
    entry = _mapping(node["x-dynaclient-batch"], place)
    _known(entry, BATCH_KEYS, place)
    for name in ("input", "output"):
        if not isinstance(entry.get(name), str):
            raise SpecError(f"a batch names its `{name}`, a property", pointer=place)
    sums, order = entry.get("sum", []), entry.get("order", "")
    if not isinstance(sums, list) or not all(isinstance(path, str) for path in sums) or not isinstance(order, str):
        raise SpecError("`sum` is a list of dotted paths, and `order` a property of a result", pointer=place)
    vector, length = entry.get("vector", ""), entry.get("length", "")
    if not isinstance(vector, str) or not isinstance(length, str) or (length and not vector):
        message = "`vector` is a property of a result, and `length` one of the body that says how long the vectors are"
        raise SpecError(message, pointer=place)
    limit = entry.get("maxItems")
    return Batch(
        input=entry["input"],
        output=entry["output"],
        item=_item_schema(entry.get("item"), place),
        order=order,
        sum=tuple(sums),
        max_items=_schema_limit(document, node, pointer, entry["input"])
        if limit is None
        else _whole(limit, join(place, "maxItems"), least=1),
        max_tokens=_whole(entry["maxTokens"], join(place, "maxTokens"), least=1) if "maxTokens" in entry else None,
        pointer=place,
        vector=vector,
        length=length,
    )


def _item_schema(written: Any, pointer: str) -> str | None:
    """The pointer of the schema of one input: named by a local reference, or written in place."""
    if written is None:
        return None
    if not isinstance(written, str):
        _mapping(written, join(pointer, "item"))
        return join(pointer, "item")
    try:
        return local_target(written)
    except SpecError as error:
        raise SpecError(str(error), pointer=join(pointer, "item")) from None


def _schema_limit(document: Mapping[str, Any], node: Mapping[str, Any], pointer: str, name: str) -> int | None:
    """The largest ``maxItems`` that the schema of the batched property states for an array, where every array states one."""
    body, place = deref(document, node.get("requestBody"), join(pointer, "requestBody"))
    content = body.get("content") if isinstance(body, Mapping) else None
    for media in content if isinstance(content, Mapping) else ():
        for item in properties(document, join(place, "content", media, "schema")):
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


def _known(entry: Mapping[str, Any], names: Iterable[str], pointer: str) -> None:
    """Own keys are all known: another one is a slip of the author's."""
    unknown = [name for name in entry if name not in names]
    if unknown:
        raise SpecError(f"unknown: {', '.join(unknown)}; known are {', '.join(names)}", pointer=pointer)


def _boolean(value: Any, pointer: str) -> bool:
    if not isinstance(value, bool):
        raise SpecError(f"true or false is expected here, not {value!r}", pointer=pointer)
    return value


def _whole(value: Any, pointer: str, least: int = 0) -> int:
    number = _number(value, pointer)
    if number != int(number) or number < least:
        raise SpecError(f"a whole number from {least} is expected here, not {value!r}", pointer=pointer)
    return int(number)


def _number(value: Any, pointer: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise SpecError(f"a number from 0 is expected here, not {value!r}", pointer=pointer)
    return value
