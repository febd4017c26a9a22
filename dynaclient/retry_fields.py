"""What a caller, the environment or a document may say about retries, checked and laid over one another: pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from dynaclient.errors import ArgumentError
from dynaclient.frozen import evolve
from dynaclient.openapi.model import RetryPolicy

_FIELDS = tuple(name for name in RetryPolicy.__struct_fields__ if name not in ("declared", "pointer"))


def override(policy: RetryPolicy, *layers: Mapping[str, Any]) -> RetryPolicy:
    """The policy with each layer's fields laid over it, later layers over earlier ones.

    A layer is what `parse_retries` or `policy_fields` returns. A layer that is not empty is a declaration: it asks for
    retries, unless it says ``strategy: none``. Exceptions belong to the statuses that they were written for: a layer
    that lists statuses drops those below it.
    """
    for layer in layers:
        if layer:
            excepted: Mapping[str, Any] = {"except_status_codes": ()} if "status_codes" in layer else {}
            policy = evolve(policy, **{"strategy": "backoff", **excepted, **layer, "declared": True})
    return policy


def parse_retries(value: Any) -> Mapping[str, Any]:
    """What a caller may give as ``retries``, as snake_case fields for `override`.

    Parameters
    ----------
    value:
        A ``RetryPolicy``; the number of retries after the first attempt (0: none); a bool; None (nothing is overridden); a
        mapping in the spelling of ``x-speakeasy-retries`` or in snake case; or the text of any of these: ``3``, ``none``,
        JSON, ``maxElapsedTime=1000,exponent=2``.

    Raises
    ------
    ArgumentError
        Where a field is unknown or a value does not fit; the message suggests what may have been meant.
    """
    if value is None:
        return {}
    if isinstance(value, RetryPolicy):
        return {name: getattr(value, name) for name in _FIELDS}
    if isinstance(value, bool):
        return {"strategy": "backoff" if value else "none"}
    if isinstance(value, int):
        return _count(value)
    if isinstance(value, Mapping):
        return policy_fields(value)
    if isinstance(value, str):
        return _from_text(value.strip())
    raise ArgumentError(
        f"retries: expected a number, true, false, a mapping, a RetryPolicy or text, not {type(value).__name__}"
    )


def _count(retries: int) -> Mapping[str, Any]:
    if retries < 0:
        raise ArgumentError(f"retries: {retries} is negative; 0 switches retries off")
    return {"strategy": "backoff", "max_attempts": retries + 1} if retries else {"strategy": "none"}


_WORDS: Mapping[str, bool | None] = {
    "": None, "none": False, "off": False, "no": False, "false": False, "on": True, "yes": True, "true": True, "backoff": True,
}  # fmt: skip


def _from_text(text: str) -> Mapping[str, Any]:
    if text.lower() in _WORDS:
        return parse_retries(_WORDS[text.lower()])
    if re.fullmatch(r"[+-]?[0-9]{1,9}", text, re.ASCII):
        return _count(int(text))
    if text[0] in '{["':
        return _from_json(text)
    pairs: dict[str, str] = {}
    for part in text.split(","):
        name, equals, item = part.partition("=")
        if not equals:
            raise ArgumentError(
                f"retries: {part.strip()[:60]!r} is not name=value; write a number, none, JSON, or maxElapsedTime=1000,exponent=2"
            )
        pairs[name.strip()] = item.strip()
    return policy_fields(pairs)


def _from_json(text: str) -> Mapping[str, Any]:
    import json

    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"retries: not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise ArgumentError(f"retries: expected a JSON object, not {type(value).__name__}")
    return policy_fields(value)


def policy_fields(mapping: Mapping[str, Any], where: str = "retries") -> Mapping[str, Any]:
    """The fields of a retry declaration, checked and in snake case.

    Parameters
    ----------
    mapping:
        Keys in camelCase or snake_case; those under a nested ``backoff`` count as if they stood beside it. Keys that begin
        with ``x-`` are passed over. Values may be text.
    where:
        Names the mapping in messages.

    Raises
    ------
    ArgumentError
        For an unknown field or a value that does not fit.
    """
    found: dict[str, Any] = {}
    for key, value in mapping.items():
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(key)).lower()
        if name == "backoff" and isinstance(value, Mapping):
            found.update(policy_fields(value, f"{where}.backoff"))
        elif name in _CHECKS:
            check, expected = _CHECKS[name]
            try:
                found[name] = check(value)
            except (ValueError, TypeError, OverflowError, LookupError):
                raise ArgumentError(f"{where}.{key}: {str(value)[:60]!r} does not fit; expected {expected}") from None
        elif not name.startswith("x-"):
            raise ArgumentError(f"{where}: unknown field {str(key)[:60]!r}{_suggestion(name)}")
    return found


def _suggestion(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, _CHECKS, 1)
    if close:
        first, *rest = close[0].split("_")
        return f"; did you mean {first + ''.join(part.title() for part in rest)}?"
    return f"; known are {', '.join(_CHECKS)}"


def _number_of(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not 0 <= number < math.inf:
        raise ValueError(value)
    return number


def _milliseconds(value: Any) -> int:
    return round(_number_of(value))


def _optional_milliseconds(value: Any) -> int | None:
    return None if value in (None, "none", "") else _milliseconds(value)


def _exponent(value: Any) -> float:
    number = _number_of(value)
    if number <= 0:
        raise ValueError(value)
    return number


def _attempts(value: Any) -> int | None:
    if value in (None, "none", ""):
        return None
    number = _number_of(value)
    if number < 1 or number != int(number):
        raise ValueError(value)
    return int(number)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}[str(value).lower()]


def _one_of(*words: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in words:
            raise ValueError(value)
        return str(value)

    return check


def _codes(value: Any) -> tuple[str, ...]:
    items = re.split(r"[\s|;]+", value.strip()) if isinstance(value, str) else list(value)
    codes = tuple(str(item).upper() for item in items)
    if not all(re.fullmatch(r"[1-5](?:[0-9]{2}|XX)", code, re.ASCII) for code in codes):
        raise ValueError(value)
    return codes


def _words_of(value: Any) -> tuple[str, ...]:
    items = re.split(r"[\s|;]+", value.strip()) if isinstance(value, str) else list(value)
    if not all(isinstance(item, str) and item.strip() for item in items):
        raise ValueError(value)
    return tuple(items)


def _methods(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    items = re.split(r"[\s|;]+", value.strip()) if isinstance(value, str) else list(value)
    if not all(isinstance(item, str) and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", item) for item in items):
        raise ValueError(value)
    return tuple(item.upper() for item in items)


_MILLISECONDS = "milliseconds, 0 or more"
_CHECKS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "strategy": (_one_of("backoff", "none"), "backoff or none"),
    "initial_interval": (_milliseconds, _MILLISECONDS),
    "max_interval": (_milliseconds, _MILLISECONDS),
    "max_elapsed_time": (_milliseconds, _MILLISECONDS),
    "exponent": (_exponent, "a number above 0"),
    "status_codes": (_codes, "codes such as 429 and ranges such as 5XX"),
    "retry_connection_errors": (_flag, "true or false"),
    "max_attempts": (_attempts, "a whole number, 1 or more"),
    "jitter": (_one_of("full", "additive", "none"), "full, additive or none"),
    "retry_after_max": (_optional_milliseconds, _MILLISECONDS),
    "budget": (_flag, "true or false"),
    "methods": (_methods, "method names such as POST"),
    "except_status_codes": (_codes, "codes such as 501 and ranges such as 4XX"),
    "never": (_words_of, "codes of an error body, such as insufficient_quota"),
}
