"""Keywords side by side: what each one's change is called. Nothing here knows requests from replies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from dynaclient.openapi.diff.alternatives import Span
from dynaclient.openapi.diff.found import Finding
from dynaclient.openapi.diff.view import View, key
from dynaclient.openapi.diff.words import LOWER, UPPER
from dynaclient.openapi.media import encode_json

_WIDER = {("int32", "int64"), ("float", "double")}
_STABILITY = ("draft", "alpha", "beta", "stable")
_LONGEST = 60


def shown(value: Any) -> str:
    """A value in a message, shortened."""
    text = encode_json(value).decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _from_to(old: Any, new: Any) -> str:
    return f": {shown(old)}, now {shown(new)}"


def covers(wide: frozenset[str] | None, narrow: frozenset[str] | None) -> bool:
    """Whether all types of the second are among the first's; None is any type, and an integer is a number."""
    if wide is None:
        return True
    return narrow is not None and all(name in wide or (name == "integer" and "number" in wide) for name in narrow)


def types(before: Span, after: Span, one: View, other: View) -> list[Finding]:
    """What changed in the types that may come."""
    found = []
    if before.types != after.types:
        grows, shrinks = covers(after.types, before.types), covers(before.types, after.types)
        what = "type-generalized" if grows else "type-specialized" if shrinks else "type-changed"
        found.append(Finding(what, one.pointer, other.pointer, f": {_named(before)}, now {_named(after)}"))
    if before.types is not None and after.types is not None and before.nullable != after.nullable:
        what = "became-nullable" if after.nullable else "became-not-nullable"
        found.append(Finding(what, one.pointer, other.pointer))
    return found


def _named(span: Span) -> str:
    return "any" if span.types is None else " or ".join(sorted(span.types)) or "none"


def remarks(one: View, other: View) -> Iterator[Finding]:
    """What changed in what is said about a value, not about which values are good."""
    yield from _default(one, other)
    yield from lifecycle(one, other)
    yield from _discriminator(one, other)
    if (one.says("readOnly") is True) < (other.says("readOnly") is True):
        yield Finding("became-read-only", one.pointer, other.where("readOnly"))
    if (one.says("writeOnly") is True) != (other.says("writeOnly") is True):
        what = "became-write-only" if other.says("writeOnly") is True else "became-not-write-only"
        yield Finding(what, one.where("writeOnly"), other.where("writeOnly"))
    if key(one.says("x-dynaclient-decode")) != key(other.says("x-dynaclient-decode")):
        yield Finding("decode-changed", one.where("x-dynaclient-decode"), other.where("x-dynaclient-decode"))


def _default(one: View, other: View) -> Iterator[Finding]:
    old, new = one.words.get("default"), other.words.get("default")
    pointers = (one.where("default"), other.where("default"))
    if old is None and new is not None:
        yield Finding("default-added", *pointers, f": {shown(new.value)}")
    elif old is not None and new is None:
        yield Finding("default-removed", *pointers, f": {shown(old.value)}")
    elif old is not None and new is not None and key(old.value) != key(new.value):
        yield Finding("default-changed", *pointers, _from_to(old.value, new.value))


def lifecycle(one: View, other: View) -> Iterator[Finding]:
    """Deprecation, sunset and stability of a schema."""
    said = [
        {name: view.says(name) for name in ("deprecated", "x-sunset", "x-stability-level")} for view in (one, other)
    ]
    for what, detail in lives(*said):
        yield Finding(what, one.pointer, other.pointer, detail)


def lives(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What changed in ``deprecated``, ``x-sunset`` and ``x-stability-level``: the name of the change, and its details."""
    if (old.get("deprecated") is True) != (new.get("deprecated") is True):
        yield ("deprecated" if new.get("deprecated") is True else "reactivated"), ""
    before, after = (str(entry.get("x-sunset") or "") for entry in (old, new))
    if before != after:  # dates of ISO 8601 are in order as texts
        what = "added" if not before else "removed" if not after else "earlier" if after < before else "later"
        yield f"sunset-{what}", f": {before}, now {after}" if before and after else f": {before or after}"
    ranks = [_rank(entry.get("x-stability-level")) for entry in (old, new)]
    if ranks[0] != ranks[1]:
        what = "decreased" if ranks[1] < ranks[0] else "increased"
        yield f"stability-{what}", f": {_STABILITY[ranks[0]]}, now {_STABILITY[ranks[1]]}"


def _rank(level: Any) -> int:
    """What is not said to be less is stable."""
    return _STABILITY.index(level) if level in _STABILITY else len(_STABILITY) - 1


def _discriminator(one: View, other: View) -> Iterator[Finding]:
    old, new = one.says("discriminator"), other.says("discriminator")
    pointers = (one.where("discriminator"), other.where("discriminator"))
    if (old is None) != (new is None):
        yield Finding(f"discriminator-{'added' if old is None else 'removed'}", *pointers)
        return
    if old is None or new is None:
        return
    if old.get("propertyName") != new.get("propertyName"):
        detail = _from_to(old.get("propertyName"), new.get("propertyName"))
        yield Finding("discriminator-property-name-changed", *pointers, detail)
    for what, name in entries(mapping_of(one), mapping_of(other)):
        if what != "changed":  # whether it means another schema is not seen by its name
            yield Finding(f"discriminator-mapping-{what}", *pointers, value=name)


def mapping_of(view: View) -> Mapping[str, Any]:
    """What a discriminator maps values to."""
    found = (view.says("discriminator") or {}).get("mapping")
    return found if isinstance(found, Mapping) else {}


def entries(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The entries that were added, removed or changed."""
    for name in dict.fromkeys((*old, *new)):
        if name not in old or name not in new:
            yield ("added" if name in new else "removed"), name
        elif key(old[name]) != key(new[name]):
            yield "changed", name


def assertions(one: View, other: View) -> Iterator[Finding]:
    """What changed in which values are good, the types and what stands inside aside."""
    yield from _values(one, other)
    yield from _limits(one, other)
    yield from _format(one, other)
    yield from _multiple(one, other)
    yield from _flag(one, other)
    yield from _dependent(one, other)
    for keyword, name in (
        ("contentMediaType", "content-media-type"),
        ("contentEncoding", "content-encoding"),
        ("$ref", "reference"),
    ):
        if one.says(keyword) != other.says(keyword):
            detail = _from_to(one.says(keyword), other.says(keyword))
            yield Finding(f"{name}-changed", one.where(keyword), other.where(keyword), detail)


def _values(one: View, other: View) -> Iterator[Finding]:
    yield from _open_values(one, other)
    lists = [_listed(view) for view in (one, other)]
    old, new = lists
    pointers = (
        one.where("enum" if "enum" in one.words else "const"),
        other.where("enum" if "enum" in other.words else "const"),
    )
    single = [("const" in view.words) for view in (one, other)]
    if old is None and new is not None:
        yield Finding(
            "const-added" if single[1] else "became-enum", *pointers, f": {', '.join(map(shown, new))}"[: _LONGEST * 2]
        )
    elif new is None and old is not None:
        yield Finding("const-removed" if single[0] else "enum-removed", *pointers)
    elif all(single) and old and new and key(old[0]) != key(new[0]):
        yield Finding("const-changed", *pointers, _from_to(old[0], new[0]))
    elif old is not None and new is not None and not all(single):
        before, after = {key(value) for value in old}, {key(value) for value in new}
        yield from (
            Finding("enum-value-removed", *pointers, value=shown(value)) for value in old if key(value) not in after
        )
        yield from (
            Finding("enum-value-added", *pointers, value=shown(value)) for value in new if key(value) not in before
        )


def _listed(view: View) -> list[Any] | None:
    if "const" in view.words:
        return [view.says("const")]
    return view.says("enum") if "enum" in view.words else None


def _open_values(one: View, other: View) -> Iterator[Finding]:
    old, new = one.says("x-extensible-enum"), other.says("x-extensible-enum")
    if old is None or new is None:
        return
    pointers = (one.where("x-extensible-enum"), other.where("x-extensible-enum"))
    before, after = {key(value): value for value in old}, {key(value): value for value in new}
    for what, here, there in (("removed", before, after), ("added", after, before)):
        for name, value in here.items():
            if name not in there:
                yield Finding(f"extensible-enum-value-{what}", *pointers, value=shown(value))


def _limits(one: View, other: View) -> Iterator[Finding]:
    for keyword, name in (*UPPER.items(), *LOWER.items()):
        old, new = one.says(keyword), other.says(keyword)
        pointers = (one.where(keyword), other.where(keyword))
        if old is None and new is not None:
            yield Finding(f"{name}-added", *pointers, f": {shown(new)}")
        elif new is None and old is not None:
            yield Finding(f"{name}-removed", *pointers, f": {shown(old)}")
        elif old is not None and new is not None and old != new:
            what = "increased" if new > old else "decreased"
            yield Finding(f"{name}-{what}", *pointers, _from_to(old, new))


def _format(one: View, other: View) -> Iterator[Finding]:
    for keyword in ("format", "pattern"):
        old, new = one.says(keyword), other.says(keyword)
        pointers = (one.where(keyword), other.where(keyword))
        if old == new:
            continue
        if old is None or new is None:
            yield Finding(f"{keyword}-{'added' if old is None else 'removed'}", *pointers, f": {shown(new or old)}")
        else:
            what = "generalized" if (old, new) in _WIDER else "specialized" if (new, old) in _WIDER else "changed"
            yield Finding(f"{keyword}-{what}", *pointers, _from_to(old, new))


def _multiple(one: View, other: View) -> Iterator[Finding]:
    old, new = one.says("multipleOf"), other.says("multipleOf")
    pointers = (one.where("multipleOf"), other.where("multipleOf"))
    if old is None and new is not None:
        yield Finding("multiple-of-added", *pointers, f": {shown(new)}")
    elif new is None and old is not None:
        yield Finding("multiple-of-removed", *pointers, f": {shown(old)}")
    elif old is not None and new is not None and old != new:
        what = "specialized" if divides(old, new) else "generalized" if divides(new, old) else "changed"
        yield Finding(f"multiple-of-{what}", *pointers, _from_to(old, new))


def divides(small: Any, large: Any) -> bool:
    """Whether a number is a multiple of another one."""
    try:
        return Decimal(str(large)) % Decimal(str(small)) == 0
    except (InvalidOperation, ZeroDivisionError):
        return False


def _flag(one: View, other: View) -> Iterator[Finding]:
    old, new = one.says("uniqueItems") is True, other.says("uniqueItems") is True
    if old != new:
        what = f"unique-items-{'added' if new else 'removed'}"
        yield Finding(what, one.where("uniqueItems"), other.where("uniqueItems"))


def _dependent(one: View, other: View) -> Iterator[Finding]:
    old, new = one.says("dependentRequired") or {}, other.says("dependentRequired") or {}
    pointers = (one.where("dependentRequired"), other.where("dependentRequired"))
    for what, name in entries(old, new):
        yield Finding(f"dependent-required-{what}", *pointers, value=name)


def additional(one: View, other: View) -> Iterator[Finding]:
    """What changed in whether further properties and items may come."""
    keyword = "additionalProperties"
    closed = [view.says(keyword) is False for view in (one, other)]
    schema = [keyword in view.children for view in (one, other)]
    pointers = (one.where(keyword), other.where(keyword))
    if closed[0] != closed[1]:
        yield Finding(f"additional-properties-{'forbidden' if closed[1] else 'allowed'}", *pointers)
    elif schema[0] != schema[1]:
        yield Finding(f"additional-properties-schema-{'added' if schema[1] else 'removed'}", *pointers)
    for name in ("unevaluatedProperties", "unevaluatedItems"):
        closed = [view.says(name) is False for view in (one, other)]
        if closed[0] != closed[1] and not any(name in view.children for view in (one, other)):
            word = "unevaluated-properties" if name == "unevaluatedProperties" else "unevaluated-items"
            yield Finding(f"{word}-{'added' if closed[1] else 'removed'}", one.where(name), other.where(name))
