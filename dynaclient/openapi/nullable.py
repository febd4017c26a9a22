"""``nullable`` in settled schemas: null is accepted wherever the author wrote it, whatever stands beside it.

OpenAPI 3.0.3, 4.7.24.1, gives ``nullable`` a meaning beside ``type`` only, yet 3.0.0 to 3.0.2 leave that open, and who
writes it beside a reference, a composition or an enum means it. In 3.1 it is no keyword, and meant all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]

_COMPOSED = ("$ref", "allOf", "anyOf", "oneOf", "not")


def nullable_30(out: Schema, keep: Callable[[Schema], Schema]) -> Schema:
    """A settled schema of 3.0 that says ``nullable: true``, so that null passes.

    Parameters
    ----------
    out:
        The schema, which may be changed.
    keep:
        Enters a schema that is made here at the place of the whole.
    """
    _with_null(out)
    if not any(keyword in out for keyword in _COMPOSED):
        return out
    del out["nullable"]
    # The type, which null passes, tells the two alternatives apart in the message about any other value.
    return {"anyOf": [keep(out), keep({"type": "string", "nullable": True, "enum": [None]})]}


def nullable_31(out: Schema, keep: Callable[[Schema], Schema]) -> Schema:
    """The same for 3.1 and later, whose ``type`` may name null."""
    _with_null(out)
    if any(keyword in out for keyword in (*_COMPOSED, "const")):
        return {"anyOf": [keep(out), keep({"type": "null"})]}
    if "type" in out:
        types = [out["type"]] if isinstance(out["type"], str) else out["type"]
        out["type"] = types if "null" in types else [*types, "null"]
    return out


def _with_null(out: Schema) -> None:
    if isinstance(out.get("enum"), list) and None not in out["enum"]:
        out["enum"] = [*out["enum"], None]
