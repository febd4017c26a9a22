"""A schema as a union of clauses: references, ``allOf``, ``anyOf``, ``oneOf``, ``not`` and ``if`` are resolved, so that
what is left of a clause are plain keywords that all hold at once, and schemas that none of its values may fit.

``oneOf`` is what it means: an alternative accepts only what no other one accepts (JSON Schema 2020-12, Core, 10.2.1.3),
unless a discriminator says which one counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from dynaclient.openapi.diff.view import Views
from dynaclient.openapi.pointer import join, local_target

KINDS = frozenset({"null", "boolean", "number", "string", "array", "object"})
_MOST = 200
_DEEPEST = 60


class UndecidedError(Exception):
    """The schemas are too large, or too deep, to be judged."""


class Part(NamedTuple):
    """One schema of one of the two documents (``side``: 0 the old, 1 the new one).

    ``mode``: ``bare`` leaves out its ``anyOf`` and ``oneOf``, ``flat`` all that leads to other schemas for the same
    value.
    """

    side: int
    pointer: str
    mode: Literal["", "bare", "flat"] = ""


Conj = tuple[Part, ...]
"""Schemas that all hold for one value; ``()`` is any value."""


class Clause(NamedTuple):
    """Plain keywords that all hold.

    ``parts``: the flat schemas that say them. ``without``: schemas that no value fits. ``kinds``: the kinds of values
    that it is limited to from outside. ``marks``: what is not understood: the clause may accept less than its keywords
    say.
    """

    parts: Conj = ()
    without: tuple[Conj, ...] = ()
    kinds: frozenset[str] = KINDS
    marks: frozenset[str] = frozenset()


ANY = Clause()
NULL = Clause(kinds=frozenset({"null"}))


class Clauses:
    """The clauses of the schemas of two documents, each made once.

    Parameters
    ----------
    views:
        The old and the new document.
    direction:
        ``request`` or ``reply``: what is readOnly is no part of a request, what is writeOnly none of a reply.
    strict:
        Whether exactly one alternative of ``oneOf`` must fit; otherwise it is read as ``anyOf``.
    """

    def __init__(self, views: tuple[Views, Views], direction: str, *, strict: bool) -> None:
        self._views, self._strict = views, strict
        self._flag = "readOnly" if direction == "request" else "writeOnly"
        self._made: dict[Conj, tuple[Clause, ...]] = {}
        self._hidden: dict[Part, bool] = {}

    def node(self, part: Part) -> Any:
        """What stands at a place."""
        return self._views[part.side].node(part.pointer)

    def own(self, part: Part) -> Mapping[str, Any]:
        """The keywords of a schema; none where it is no object."""
        node = self.node(part)
        return node if isinstance(node, Mapping) else {}

    def clauses(self, conj: Conj) -> tuple[Clause, ...]:
        """The clauses of schemas that all hold.

        Raises
        ------
        UndecidedError
            Where there are too many.
        """
        found = self._made.get(conj)
        if found is None:
            made = [ANY]
            for part in conj:
                made = _meet(made, self._of(part, ()))
            found = self._made[conj] = tuple(dict.fromkeys(made))
        return found

    def hidden(self, part: Part) -> bool:
        """Whether a property with this schema is no part of the direction, as it or what it refers to says."""
        found = self._hidden.get(part)
        if found is None:
            self._hidden[part] = False
            found = self._hidden[part] = self._says_hidden(part)
        return found

    def _says_hidden(self, part: Part) -> bool:
        node = self.own(part)
        if node.get(self._flag) is True:
            return True
        targets = [self._target(part, node)] if "$ref" in node else []
        targets += self._each(part, node, "allOf")
        return any(target is not None and self.hidden(target) for target in targets)

    def _target(self, part: Part, node: Mapping[str, Any]) -> Part | None:
        reference = node.get("$ref")
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            return None
        target = Part(part.side, local_target(reference), "bare" if part.mode == "bare" else "")
        return None if self.node(target) is None else target

    def _each(self, part: Part, node: Mapping[str, Any], keyword: str) -> list[Part]:
        members = node.get(keyword)
        mode: Literal["", "bare"] = "bare" if keyword == "allOf" and part.mode == "bare" else ""
        size = len(members) if isinstance(members, list) else 0
        return [Part(part.side, join(part.pointer, keyword, number), mode) for number in range(size)]

    def _of(self, part: Part, path: tuple[Part, ...]) -> list[Clause]:
        """The clauses of one schema; ``path`` are the schemas that led here for the same value."""
        node = self.node(part)
        if node is False:
            return []
        if not isinstance(node, Mapping) or part.mode == "flat":
            return [Clause((part,))] if part.mode == "flat" else [ANY]
        if part in path or len(path) > _DEEPEST:
            return [Clause(marks=frozenset({f"circle {part.side} {part.pointer}"}))]
        path = (*path, part)
        found = [Clause((part._replace(mode="flat"),))]
        if "$ref" in node:
            found = self._referred(part, node, found, path)
        if "$ref" not in node or self._views[part.side].siblings:
            for other in self._applied(part, node, path):
                found = _meet(found, other)
        return [NULL, *found] if node.get("nullable") is True else found

    def _referred(
        self, part: Part, node: Mapping[str, Any], found: list[Clause], path: tuple[Part, ...]
    ) -> list[Clause]:
        target = self._target(part, node)
        there = [Clause(marks=frozenset({f"$ref {node['$ref']}"}))] if target is None else self._of(target, path)
        return _meet(found, there) if self._views[part.side].siblings else there

    def _applied(self, part: Part, node: Mapping[str, Any], path: tuple[Part, ...]) -> Iterator[list[Clause]]:
        """What else holds for the same value, keyword by keyword."""
        for member in self._each(part, node, "allOf"):
            yield self._of(member, path)
        for keyword in () if part.mode == "bare" else ("anyOf", "oneOf"):
            members = self._each(part, node, keyword)
            if isinstance(node.get(keyword), list):
                # A service that is told by a property which alternative is meant looks at no other (OpenAPI 3.1,
                # 4.8.25).
                strict = self._strict and keyword == "oneOf" and "discriminator" not in node
                yield self._union(members, path, strict=strict)
        if "$dynamicRef" in node:
            yield [Clause(marks=frozenset({f"$dynamicRef {part.side} {part.pointer}"}))]
        inner = {name: Part(part.side, join(part.pointer, name)) for name in ("not", "if", "then", "else")}
        if "not" in node:
            yield [Clause(without=((inner["not"],),))]
        if "if" in node and ("then" in node or "else" in node):
            good, bad = self._of(inner["if"], path), [Clause(without=((inner["if"],),))]
            good = _meet(good, self._of(inner["then"], path)) if "then" in node else good
            bad = _meet(bad, self._of(inner["else"], path)) if "else" in node else bad
            yield [*good, *bad]

    def _union(self, members: list[Part], path: tuple[Part, ...], *, strict: bool) -> list[Clause]:
        found: list[Clause] = []
        for member in members:
            others = tuple((other,) for other in members if other != member) if strict else ()
            found += _meet([Clause(without=others)], self._of(member, path))
        return found


def _meet(one: list[Clause], other: list[Clause]) -> list[Clause]:
    """What is in both unions."""
    if len(one) * len(other) > _MOST:
        raise UndecidedError
    found = []
    for left in one:
        for right in other:
            kinds = left.kinds & right.kinds
            if kinds:
                parts = tuple(dict.fromkeys((*left.parts, *right.parts)))
                without = tuple(dict.fromkeys((*left.without, *right.without)))
                found.append(Clause(parts, without, kinds, left.marks | right.marks))
    return found
