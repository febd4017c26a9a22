"""A value that fits the lenient schema only -> how it departs from the strict one: kinds and places, and no value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dynaclient.frozen import Struct
from dynaclient.openapi.explain import place
from dynaclient.openapi.words import named

Path = tuple[Any, ...]


class Departure(Struct, frozen=True):
    """One way in which a reply departs from the document without a change of meaning.

    Parameters
    ----------
    kind:
        ``null``, ``property``, ``value``, ``format``, ``integer``, ``alternatives`` or ``incidental`` for a value;
        ``header`` for a header field; ``status``, ``content`` and ``empty`` for a reply as a whole.
    where:
        The place in the reply: ``$.usage.total_tokens``.
    message:
        What the reply has, in words that hold no value of it.
    """

    kind: str
    where: str
    message: str


class Fault(Struct, frozen=True):
    """One error of a validator, whichever it is.

    ``keyword`` is what the value breaks, ``expected`` what stands there, ``names`` the properties that are too many,
    ``branches`` the faults of each alternative of a union. ``leaf`` is the value itself where it can be small.
    """

    path: Path
    keyword: str
    expected: Any = None
    leaf: Any = ...
    names: tuple[str, ...] = ()
    branches: tuple[tuple[Fault, ...], ...] = ()


def departures(faults: Iterable[Fault], where: str, *, accepted: bool = True) -> tuple[Departure, ...]:
    """Return how a value departs from its schema.

    Parameters
    ----------
    faults:
        What the strict validator says of the value.
    where:
        What the value is called: ``$``.
    accepted:
        Whether the lenient schema accepts the value. Then a fault that no other kind stands for can only be at a place
        that is incidental; of a value that is refused such faults are left out.
    """
    found: dict[tuple[str, Path], Departure] = {}
    for fault in faults:
        readings = list(_read(fault))
        if not readings and accepted:
            readings = [("incidental", fault.path, "a value at {where} that does not fit the document")]
        for kind, path, message in readings:
            shown = place(where, path)
            found.setdefault((kind, path), Departure(kind, shown, message.format(where=shown)))
    return tuple(found.values())


Reading = tuple[str, Path, str]
_ON_LEAVES = frozenset({"type", "enum", "const", "format", "minimum", "maximum", "anyOf", "oneOf"})
"""The keywords of which the value itself is looked at: whether it is null, or a whole number with a fraction."""
_IN_WORDS: Mapping[str, tuple[str, str]] = {
    "enum": ("value", "a value at {where} that the document does not list"),
    "const": ("value", "a value at {where} that the document does not list"),
    "format": ("format", "a value at {where} that is not of the format {expected}"),
    "minimum": ("format", "a number at {where} that is beyond the range of its format"),
    "maximum": ("format", "a number at {where} that is beyond the range of its format"),
}


def _read(fault: Fault) -> Iterator[Reading]:
    """What one fault says: kind, path, message. A fault that changes the meaning says nothing."""
    if fault.keyword == "oneOf" and not (fault.branches and all(fault.branches)):
        yield "alternatives", fault.path, "a value at {where} that fits more than one alternative"
    elif fault.branches:
        yield from _of_union(fault.branches)
    elif fault.names:
        for name in fault.names:
            yield "property", (*fault.path, name), "an undeclared property at {where}"
    elif fault.leaf is None:
        types = [name for name in _listed(fault.expected) if isinstance(name, str)] if fault.keyword == "type" else []
        expected = f", where the document has {' or '.join(types)}" if types else ", which the document does not list"
        yield "null", fault.path, f"null at {{where}}{expected}"
    elif fault.keyword == "type" and isinstance(fault.leaf, float) and "integer" in _listed(fault.expected):
        yield "integer", fault.path, "a number with a fraction of zero at {where}, where the document has integer"
    elif fault.keyword in _IN_WORDS:
        kind, message = _IN_WORDS[fault.keyword]
        yield kind, fault.path, message.replace("{expected}", named([fault.expected]).replace("{", "{{"))


def _of_union(branches: Iterable[Iterable[Fault]]) -> Iterator[Reading]:
    """The alternative that the value was meant for: the one with the fewest faults that change the meaning, then the
    fewest of all.
    """

    def distance(branch: Iterable[Fault]) -> tuple[int, int]:
        readings = [list(_read(fault)) for fault in branch]
        return sum(not reading for reading in readings), len(readings)

    for fault in min(branches, key=distance):
        yield from _read(fault)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def of_compiled(error: Any) -> Fault:
    """A fault, from an error of the compiled validator."""
    kind, path = error.kind, tuple(error.instance_path)
    context = getattr(kind, "context", None) or () if kind.name in ("anyOf", "oneOf") else ()
    return Fault(
        path,
        kind.name,
        next((getattr(kind, name) for name in ("types", "format") if hasattr(kind, name)), None),
        error.instance if kind.name in _ON_LEAVES else ...,
        tuple(getattr(kind, "unexpected", ())),
        tuple(tuple(map(of_compiled, group)) for group in context),
    )


def of_authority(error: Any) -> Fault:
    """A fault, from an error of openapi-core (``jsonschema``)."""
    groups: dict[Any, list[Fault]] = {}
    for inner in error.context or ():
        groups.setdefault(inner.relative_schema_path[0], []).append(of_authority(inner))
    closed = error.validator in ("additionalProperties", "unevaluatedProperties") and isinstance(
        error.instance, Mapping
    )
    properties = error.schema.get("properties", {}) if closed and isinstance(error.schema, Mapping) else {}
    return Fault(
        tuple(error.absolute_path),
        str(error.validator),
        error.validator_value if error.validator in ("type", "format") else None,
        error.instance if error.validator in _ON_LEAVES else ...,
        tuple(name for name in error.instance if name not in properties) if closed else (),
        tuple(map(tuple, groups.values())),
    )
