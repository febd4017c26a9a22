"""Names: operation -> ``("embeddings", "create")``, parameter -> Python keyword.

The rules are written in ``docs/extensions.md``; in short: the group is ``x-speakeasy-group`` or the first tag, the method is a name override or
the operationId without the group's name at either end, and all of it is snake case.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

RESERVED_ON_CLIENT = frozenset({"api", "close", "tolerated", "with_options"})
"""What a client has beside its operations: a group or an operation at the root that is named so gets an underscore behind it."""

TEMPLATE = re.compile(r"\{([^{}]+)\}")
"""The name of a parameter in a path template (OpenAPI 3.1, 4.8.8.1)."""

_WORD_EDGE = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])"  # list|Models
    # HTTP|Server; but a run of capitals keeps the s of its plural (URLs, IDs) and the v of its version (IPv4).
    r"|(?<=[A-Z])(?=[A-Z][a-z])(?![A-Z]s(?![a-z]))(?![A-Z]v[0-9])"
)
_OAUTH = re.compile(r"(?<![A-Za-z])oAuth|OAuth")
_NOT_NAME = re.compile(r"[\W_]+")


def nearest(wrong: str, known: Iterable[str]) -> str:
    """Return the one name that is probably meant: one that differs by a letter or two, ``""`` if there is none.

    A name that only begins alike is another name: ``input_type`` is not a slip for ``input``.
    """
    from difflib import get_close_matches

    close = get_close_matches(wrong, [name for name in known if not _extends(wrong, name)], 1, 0.75)
    return close[0] if close else ""


def _extends(one: str, other: str) -> bool:
    """Whether one name is the other with more than a letter behind or before it."""
    short, long = sorted((one.strip("_"), other.strip("_")), key=len)
    return len(long) - len(short) > 1 and (long.startswith(short) or long.endswith(short))


def snake(text: str) -> str:
    """Any text as a snake case Python name, without keyword care: ``listModels`` -> ``list_models``, ``X-Trace`` -> ``x_trace``.

    A run of capitals is one word, with the ``s`` of its plural and the ``v`` of its version: ``getURLsByID`` ->
    ``get_urls_by_id``, ``IPv4Address`` -> ``ipv4_address``. ``OAuth`` is one word. Names are in the form NFKC, because Python reads every name of a program in that form.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
        text = "".join(letter if f"a{letter}".isidentifier() else "_" for letter in text)
    text = _OAUTH.sub("Oauth", text)
    name = _NOT_NAME.sub("_", _WORD_EDGE.sub("_", text)).strip("_").lower()
    if not name:
        return "_"
    return name if name.isidentifier() else f"_{name}"


def safe(name: str, taken: Iterable[str] = ()) -> str:
    """The name with an underscore behind it while it is a Python keyword or taken."""
    taken = frozenset(taken)
    while keyword.iskeyword(name) or name in taken:
        name += "_"
    return name


def group_of(operation: Mapping[str, Any]) -> tuple[str, ...]:
    """The group that an Operation Object belongs to: ``x-speakeasy-group`` (dots nest), else the first tag, else the root."""
    declared = operation.get("x-speakeasy-group")
    if isinstance(declared, str) and declared:
        return tuple(snake(part) for part in declared.split(".") if part)
    tags = operation.get("tags")
    if isinstance(tags, list) and tags and isinstance(tags[0], str) and tags[0].strip():
        return (snake(tags[0]),)
    return ()


def method_of(
    operation: Mapping[str, Any],
    group: tuple[str, ...],
    method: str,
    path: str,
    overrides: Iterable[tuple[re.Pattern[str], str]],
) -> str:
    """The name of an operation within its group."""
    own = operation.get("x-speakeasy-name-override")
    if isinstance(own, str) and own:
        return snake(own)
    identifier = operation.get("operationId")
    if not isinstance(identifier, str) or not identifier.strip():
        return snake(f"{method} {path}")
    for pattern, name in overrides:
        if pattern.search(identifier):
            return snake(name)
    return without_group(snake(identifier), group[-1] if group else "")


def without_group(name: str, group: str) -> str:
    """``embeddings_create`` in ``embeddings`` is ``create``; a name that is nothing but the group stays."""
    if group and name.startswith(group + "_"):
        return name[len(group) + 1 :]
    if group and name.endswith("_" + group):
        return name[: -len(group) - 1]
    return name


def name_overrides(document: Mapping[str, Any]) -> list[tuple[re.Pattern[str], str]]:
    """The root's ``x-speakeasy-name-override`` list, compiled; entries that make no sense are passed over."""
    found: list[tuple[re.Pattern[str], str]] = []
    entries = document.get("x-speakeasy-name-override")
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, Mapping):
            continue
        pattern, name = entry.get("operationId"), entry.get("methodNameOverride")
        if isinstance(pattern, str) and isinstance(name, str):
            try:
                found.append((re.compile(pattern), name))
            except re.error:
                continue
    return found


def keywords(parameters: Iterable[tuple[str, str]]) -> list[str]:
    """Python keywords for ``(name, location)`` pairs, unique and stable.

    A name that can stand as it is written belongs to the parameter that is called so; of several in different
    locations, to the first. Every other parameter gets its name in snake case if that is free, else with its location
    before it: ``id`` in the path and ``id`` in the query become ``id`` and ``query_id``, and beside ``id`` a property
    ``_id`` becomes ``body_id``.
    """
    pairs = list(parameters)
    counts = Counter(name for name, _ in pairs)
    exact = {name for name in counts if name == safe(snake(name))}
    wires = {name for name, count in counts.items() if count == 1}
    taken = set(exact)
    found = []
    for name, location in pairs:
        wanted = safe(snake(name))
        if name in exact:
            exact.discard(name)  # the first of this name bears it
        elif wanted in taken or (wanted in wires and wanted != name):
            wanted = safe(f"{location}_{snake(name)}", taken | (wires - {name}))
        taken.add(wanted)
        found.append(wanted)
    return found


def is_derived(name: str, python_name: str) -> bool:
    """Whether a parameter could not have its plain Python name, because another one bears it."""
    return python_name != safe(snake(name))
