"""Two schemas side by side: what changed in them, and which schemas inside belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from dynaclient.openapi.diff import keywords
from dynaclient.openapi.diff.alternatives import Matcher
from dynaclient.openapi.diff.found import Finding
from dynaclient.openapi.diff.view import Choice, Place, Places, View, Views, key
from dynaclient.openapi.diff.words import ADDED
from dynaclient.openapi.pointer import join, local_target

_STEPS = {
    "items": "[]",
    "additionalProperties": ".*",
    "contains": "[]",
    "unevaluatedItems": "[]",
    "unevaluatedProperties": ".*",
}
_TURNED = ("not", "if")
_IDS = {"anyOf": "any-of", "oneOf": "one-of"}


class Child(NamedTuple):
    """Schemas inside that belong together; ``step`` is what to add to the path. ``mute``: the direction that they are no part of.

    ``settled``: whether null may come has been compared already, one level up. ``around``: for an alternative, the
    whole choices, old and new.
    """

    step: str
    old: Places
    new: Places
    mute: str = ""
    settled: bool = False
    around: tuple[Places, Places] | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """What changed between two schemas themselves, and what is to be compared next."""

    findings: tuple[Finding, ...]
    children: tuple[Child, ...]


class Comparer:
    """Compares the schemas of two documents, each pair once."""

    def __init__(self, old: Views, new: Views, equal: Callable[[str, str], bool]) -> None:
        self._old, self._new = old, new
        self._equal = equal
        self._matcher = Matcher(old, new)
        self._made: dict[tuple[Places, Places], Compared] = {}

    def compared(self, old: Places, new: Places) -> Compared:
        """What changed between the schemas at these places."""
        found = self._made.get((old, new))
        if found is None:
            found = self._made[old, new] = self._compare(old, new)
        return found

    def _compare(self, old: Places, new: Places) -> Compared:
        one, other = self._old.view(old), self._new.view(new)
        if bool(one.choices) != bool(other.choices):
            mixed = one if one.choices else other
            if mixed.thin and len(mixed.choices) == 1:
                return self._wrapped(old, new, one, other)
        findings: list[Finding] = []
        children: list[Child] = []
        before, after = self._matcher.span(self._old, old), self._matcher.span(self._new, new)
        typed = keywords.types(before, after, one, other)
        findings += typed
        if any(finding.what == "type-changed" for finding in typed):
            return Compared((*findings, *keywords.remarks(one, other)), ())
        findings += keywords.remarks(one, other)
        findings += self._mapping(one, other)
        findings += keywords.assertions(one, other)
        self._properties(one, other, findings, children)
        self._inside(one, other, findings, children)
        self._choices((old, new), one, other, findings, children)
        return Compared(tuple(findings), tuple(children))

    def _properties(self, one: View, other: View, findings: list[Finding], children: list[Child]) -> None:
        olds, news = one.maps["properties"], other.maps["properties"]
        for name in dict.fromkeys((*olds, *news, *one.required, *other.required)):
            step = f".{name}"
            was, is_now = name in one.required, name in other.required
            shown = self._new.view(news[name]) if name in news else self._old.view(olds.get(name, ()))
            mute = _mute(shown)
            if name in olds and name in news:
                children.append(Child(step, olds[name], news[name], mute))
                findings += _freed(self._old.view(olds[name]), shown, step, is_now)
            elif name in olds or name in news:
                what = ("added" if name in news else "removed") + (
                    "-required" if (is_now if name in news else was) else ""
                )
                pointers = (_first(olds.get(name), one), _first(news.get(name), other))
                around = None if name in news else _unnamed(olds[name], other)
                findings.append(Finding(what, *pointers, step=step, mute=mute, around=around))
                continue
            if was != is_now:
                what = "became-required" if is_now else "became-optional"
                pointers = (_first(olds.get(name), one), _first(news.get(name), other))
                detail = ", with a default" if is_now and shown.words.get("default") else ""
                findings.append(Finding(what, *pointers, detail, step=step, mute=mute))

    def _mapping(self, one: View, other: View) -> Iterator[Finding]:
        """The discriminator's values that mean another schema, by what it says, not by its name."""
        old, new = (keywords.mapping_of(view) for view in (one, other))
        for name in old:
            pair = [_target(table.get(name)) for table in (old, new)]
            if name in new and old[name] != new[name] and not (pair[0] and pair[1] and self._equal(pair[0], pair[1])):
                pointers = (one.where("discriminator"), other.where("discriminator"))
                yield Finding("discriminator-mapping-changed", *pointers, value=name)

    def _inside(self, one: View, other: View, findings: list[Finding], children: list[Child]) -> None:
        findings += keywords.additional(one, other)
        for keyword, name in ADDED.items():
            olds, news = one.children.get(keyword), other.children.get(keyword)
            if olds and news:
                if keyword not in _TURNED:
                    children.append(Child(_STEPS.get(keyword, ""), olds, news))
                elif key(self._old.node(olds[0].pointer)) != key(self._new.node(news[0].pointer)):
                    findings.append(Finding(f"{name}-changed", olds[0].pointer, news[0].pointer))
            elif (olds or news) and keyword != "additionalProperties":
                what = f"{name}-{'added' if news else 'removed'}"
                findings.append(Finding(what, _first(olds, one), _first(news, other)))
        for keyword, what, shown in (
            ("patternProperties", "pattern-property", ".*"),
            ("dependentSchemas", "dependent-schema", ""),
        ):
            _paired(one, other, keyword, what, shown, findings, children)
        for number in range(max(len(one.prefix), len(other.prefix))):
            olds = one.prefix[number] if number < len(one.prefix) else None
            news = other.prefix[number] if number < len(other.prefix) else None
            if olds and news:
                children.append(Child(f"[{number}]", olds, news))
            elif olds or news:
                what = f"prefix-items-{'added' if news else 'removed'}"
                findings.append(Finding(what, _first(olds, one), _first(news, other)))

    def _choices(
        self, whole: tuple[Places, Places], one: View, other: View, findings: list[Finding], children: list[Child]
    ) -> None:
        for number in range(max(len(one.choices), len(other.choices))):
            olds = one.choices[number] if number < len(one.choices) else None
            news = other.choices[number] if number < len(other.choices) else None
            if olds and news:
                before, after = _each(olds), _each(news)
                self._matched((before, after), (olds, news), whole, findings, children)
            elif choice := olds or news:
                what = f"{_IDS[choice.keyword]}-constraint-{'removed' if olds else 'added'}"
                pointers = (olds.pointer if olds else one.pointer, news.pointer if news else other.pointer)
                findings.append(Finding(what, *pointers))

    def _wrapped(self, old: Places, new: Places, one: View, other: View) -> Compared:
        """One schema became one of several alternatives, or the other way round."""
        findings: list[Finding] = []
        children: list[Child] = []
        choice = (one.choices or other.choices)[0]
        olds, news = (_each(choice) if view.choices else (places,) for view, places in ((one, old), (other, new)))
        wide = tuple(Place(place.pointer, bare=True) for place in (old if one.choices else new))
        before, after = self._matcher.span(self._old, old), self._matcher.span(self._new, new)
        findings += keywords.types(before, after, one, other)
        if any(finding.what == "type-changed" for finding in findings):
            return Compared(tuple(findings), ())
        said = choice._replace(pointer=one.pointer)
        choices = (said, choice._replace(pointer=other.pointer))
        self._matched((olds, news), choices, (old, new), findings, children)
        # What is said beside the alternatives holds for each of them.
        held = tuple(
            child._replace(old=_joined(child.old, wide), settled=True)
            if one.choices
            else child._replace(new=_joined(child.new, wide), settled=True)
            for child in children
        )
        return Compared(tuple(findings), held)

    def _matched(
        self,
        alternatives: tuple[tuple[Places, ...], tuple[Places, ...]],
        choices: tuple[Choice, Choice],
        whole: tuple[Places, Places],
        findings: list[Finding],
        children: list[Child],
    ) -> None:
        one, other = choices
        pairs, gone, come = self._matcher.match(*alternatives)
        children += [Child("", old, new, around=whole) for old, new in pairs]
        for places in gone:
            shown = self._matcher.shown(self._old, places)
            what, around = f"{_IDS[one.keyword]}-removed", (_joined(places, whole[0]), whole[1])
            findings.append(Finding(what, places[0].pointer, other.pointer, value=shown, around=around))
        for places in come:
            shown = self._matcher.shown(self._new, places)
            findings.append(Finding(f"{_IDS[other.keyword]}-added", one.pointer, places[0].pointer, value=shown))


def _paired(
    one: View, other: View, keyword: str, what: str, step: str, findings: list[Finding], children: list[Child]
) -> None:
    olds, news = one.maps[keyword], other.maps[keyword]
    for name in dict.fromkeys((*olds, *news)):
        if name in olds and name in news:
            children.append(Child(step, olds[name], news[name]))
        else:
            how = "added" if name in news else "removed"
            pointers = (_first(olds.get(name), one), _first(news.get(name), other))
            findings.append(Finding(f"{what}-{how}", *pointers, value=name))


def _target(reference: Any) -> str:
    """The pointer that an entry of a discriminator's mapping names: by reference, or by the name of a component."""
    if not isinstance(reference, str):
        return ""
    if reference.startswith("#/"):
        return local_target(reference)
    return join("/components/schemas", reference)


def _each(choice: Choice) -> tuple[Places, ...]:
    return tuple((place,) for place in choice.alternatives)


def _joined(places: Places, more: Places) -> Places:
    return tuple(dict.fromkeys((*places, *more)))


def _first(places: Places | None, view: View) -> str:
    return places[0].pointer if places else view.pointer


def _unnamed(places: Places, view: View) -> tuple[Places, Places] | None:
    """A property, and what holds for it where it is no longer named; None where that depends on the rest."""
    if view.says("additionalProperties") is False or view.maps["patternProperties"]:
        return None
    return places, view.children.get("additionalProperties", ())


def _mute(view: View) -> str:
    """The direction that a property is no part of."""
    if view.says("readOnly") is True:
        return "request"
    return "reply" if view.says("writeOnly") is True else ""


def _freed(old: View, new: View, step: str, required: bool) -> Iterator[Finding]:
    """A property that is no longer the service's to set."""
    if old.says("readOnly") is True and new.says("readOnly") is not True:
        what = "became-not-read-only-required" if required else "became-not-read-only"
        yield Finding(what, old.where("readOnly"), new.pointer, step=step)
