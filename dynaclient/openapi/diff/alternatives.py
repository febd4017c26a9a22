"""Which alternatives of ``anyOf`` and ``oneOf`` in two documents belong together, and which types they span."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

from dynaclient.openapi.diff.view import Places, View, Views, common_types, key

_DEEPEST = 6


class Span(NamedTuple):
    """The types that may come, None for any, and whether null may."""

    types: frozenset[str] | None
    nullable: bool


class Matcher:
    """Finds the alternatives that belong together: first by name, then by content, then by what they look like."""

    def __init__(self, old: Views, new: Views) -> None:
        self._old, self._new = old, new

    def match(
        self, olds: tuple[Places, ...], news: tuple[Places, ...]
    ) -> tuple[list[tuple[Places, Places]], list[Places], list[Places]]:
        """Pairs, and what is left of the old and of the new."""
        pairs: list[tuple[Places, Places]] = []
        gone, come = list(olds), list(news)
        for kind in (_name, _content, self._looks):
            for old in tuple(gone):
                wanted = kind(self._old, old)
                likely = [new for new in come if wanted is not None and kind(self._new, new) == wanted]
                best = max(likely, key=lambda new: self._shared(old, new), default=None)
                if best is not None and (kind != self._looks or self._shared(old, best) > 0):
                    pairs.append((old, best))
                    gone.remove(old)
                    come.remove(best)
        return pairs, gone, come

    def span(self, views: Views, places: Places, depth: int = 0) -> Span:
        """The types that a value may have, through its alternatives."""
        view = views.view(places)
        types, nullable = view.types, view.nullable
        for choice in view.choices:
            spans = [self.span(views, (place,), depth + 1) for place in choice.alternatives] if depth < _DEEPEST else []
            known = [span.types for span in spans if span.types is not None]
            if spans and len(known) == len(spans):
                union = frozenset[str]().union(*known)
                union = union - {"integer"} if "number" in union else union
                types = union if types is None else common_types(types, union)
            nullable = nullable and (choice.null or any(span.nullable for span in spans))
        return Span(types, nullable)

    def shown(self, views: Views, places: Places) -> str:
        """An alternative in a message: the name of its component or its title, else its types."""
        for place in places:
            node = views.node(place.pointer)
            if isinstance(node, Mapping):
                reference = node.get("$ref")
                named = reference.rpartition("/")[2] if isinstance(reference, str) else node.get("title")
                if isinstance(named, str) and named:
                    return named
        view = views.view(places)
        types = self.span(views, places).types
        word = " or ".join(sorted(types)) if types else "anything"
        items = view.children.get("items")
        if items and types == frozenset({"array"}):
            word += f" of {self.shown(views, items)}"
        return word

    def _looks(self, views: Views, places: Places, depth: int = 0) -> Hashable:
        """Types, the items of arrays, and the values that tell objects apart."""
        view = views.view(places)
        items = view.children.get("items")
        inside = self._looks(views, items, depth + 1) if items and depth < _DEEPEST else None
        constants = frozenset(
            (name, key(found.value))
            for name, inner in view.maps["properties"].items()
            if (found := _constant(views, inner))
        )
        return self.span(views, places).types, inside, constants

    def _shared(self, old: Places, new: Places) -> float:
        """How much two alternatives have in common: the share of their property names, 1 for values without any."""
        one, other = (
            set(views.view(places).maps["properties"]) for views, places in ((self._old, old), (self._new, new))
        )
        return len(one & other) / len(one | other) if one and other else 1.0


def _constant(views: Views, places: Places) -> Any:
    view: View = views.view(places)
    return view.words.get("const")


def _name(views: Views, places: Places) -> Hashable:
    """The component that an alternative refers to."""
    node = views.node(places[0].pointer) if len(places) == 1 else None
    return node.get("$ref") if isinstance(node, Mapping) else None


def _content(views: Views, places: Places) -> Hashable:
    if any(place.bare for place in places):
        return None
    return key([views.settled(place.pointer) for place in places])
