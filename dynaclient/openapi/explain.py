"""openapi-core's errors -> problems in words: what is wrong, where, what was expected, what to do next.

Pure: it reads the errors' attributes and needs none of the libraries. A value is never shown in full.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dynaclient.errors import Problem
from dynaclient.openapi.pointer import join
from dynaclient.openapi.settle import TAG
from dynaclient.openapi.words import kind, named, shown, similar, word

MOST = 20
"""How many problems of one value are worded; the rest is counted."""
DEEPEST = 64
"""How many levels deep a value may be nested to be explained: openapi-core recurses, and Python's stack is short."""

_PLAIN_NUMBERS = frozenset({float, int})
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*")
Search = Callable[[str, str], bool]
Path = tuple[Any, ...]


def place(where: str, path: Path) -> str:
    """The JSON path of a place within a value: ``$.data[0].index``.

    Parameters
    ----------
    where:
        What the value itself is called.
    path:
        Property names and array indexes, from the outside in.
    """
    text = where
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_NAME.fullmatch(step):
            text += f".{step}"
        else:
            text += f"[{shown(step)}]"
    return text


def unfit(value: Any, where: str) -> tuple[Problem, ...]:
    """What in a value has no form in JSON at all: NaN and infinities, foreign types, keys that are no strings, endless nesting."""
    found = []
    for path, message in _unfit(value):
        found.append(Problem(place(where, path), message))
        if len(found) == MOST:
            break
    return tuple(found)


def _unfit(value: Any) -> Iterator[tuple[Path, str]]:
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, float):
            if not math.isfinite(item):
                yield path, f"{item} is no JSON number, expected a finite one"
        elif isinstance(item, dict):
            yield from ((path, f"{shown(key)} is a key but no string") for key in item if not isinstance(key, str))
            waiting.extend(((*path, key), item[key]) for key in reversed(item) if isinstance(key, str))
        elif isinstance(item, (list, tuple)):
            if _PLAIN_NUMBERS.issuperset(map(type, item)) and _all_finite(item):
                continue
            waiting.extend(((*path, number), item[number]) for number in range(len(item) - 1, -1, -1))
        elif item is not None and not isinstance(item, (str, int, bytes)):
            yield path, f"a {type(item).__name__} is no JSON value"
        if len(path) > DEEPEST:
            yield (), f"does not fit; it is nested more than {DEEPEST} levels deep, too deep to say where"
            return


def _all_finite(numbers: Sequence[float]) -> bool:
    try:
        return all(map(math.isfinite, numbers))
    except OverflowError:  # an integer that no float can hold
        return False


def explain(
    errors: tuple[Any, ...], where: str, places: Mapping[int, str], search: Search, *, advise: bool = True
) -> tuple[Problem, ...]:
    """Errors of one value as problems: all of them, in the order of the value, each once.

    Parameters
    ----------
    errors:
        ``jsonschema`` errors, as openapi-core raises them.
    where:
        What the value is called.
    places:
        From the identity of a settled schema to its pointer.
    search:
        Whether an expression matches within a string.
    advise:
        Whether hints say how to write the value (``did you mean 'x'?``): False for a reply, which the caller did not write.
    """
    reader = _Reader(places, search, advise)
    found: dict[tuple[Path, str], tuple[str, str]] = {}
    for error in errors:
        for path, message, pointer, hint in reader.read(error):
            found.setdefault((path, message), (pointer, hint))
    ordered = sorted(found.items(), key=lambda item: ([_rank(step) for step in item[0][0]], item[0][1]))
    problems = [
        Problem(place(where, path), message, pointer, hint) for (path, message), (pointer, hint) in ordered[:MOST]
    ]
    if len(ordered) > MOST:
        problems.append(Problem(where, f"and {len(ordered) - MOST} more problems"))
    return tuple(problems)


def _rank(step: Any) -> tuple[bool, int, str]:
    return (False, step, "") if isinstance(step, int) else (True, 0, step)


Finding = tuple[Path, str, str, str]


class _Reader:
    def __init__(self, places: Mapping[int, str], search: Search, advise: bool) -> None:
        self._places, self._search, self._advise = places, search, advise

    def _similar(self, wrong: Any, right: Sequence[Any]) -> str:
        return similar(wrong, right) if self._advise else ""

    def read(self, error: Any) -> Iterator[Finding]:
        """What one error says: path, message, pointer, hint."""
        path = tuple(error.absolute_path)
        keyword = error.validator
        schema = error.schema
        special = self._special(error, keyword, schema)
        if special is not None:
            yield from special
            return
        message, hint = word(keyword, error.validator_value, error.instance, schema, advise=self._advise)
        if "propertyNames" in error.absolute_schema_path:
            message = f"as a property's name, {message}"
        yield path, message, self._pointer(schema, keyword), hint

    def _special(self, error: Any, keyword: str, schema: Any) -> Iterator[Finding] | None:
        if not isinstance(schema, dict):
            return None
        if keyword in ("anyOf", "oneOf", "allOf"):
            if error.context:
                return self._strange(error, schema) or self._branches(error, keyword, schema)
        elif keyword in ("additionalProperties", "unevaluatedProperties") and isinstance(error.instance, dict):
            return self._unexpected(error, keyword, schema)
        elif keyword == "required":
            return self._missing(error, schema)
        return None

    def _pointer(self, schema: Any, keyword: str | None) -> str:
        base = self._places.get(id(schema))
        if base is None:
            return ""
        return join(base, keyword) if keyword else base

    def _unexpected(self, error: Any, keyword: str, schema: dict[str, Any]) -> Iterator[Finding]:
        known = list(schema.get("properties", {}))
        patterns = list(schema.get("patternProperties", {}))
        pointer = self._pointer_of_extra(error, keyword)
        for name in error.instance:
            if name in known or any(self._search(pattern, name) for pattern in patterns):
                continue
            if keyword == "unevaluatedProperties" and repr(name) not in error.message:
                continue
            hint = self._similar(name, [other for other in known if other not in error.instance] or known)
            message = "unexpected property" + (f", expected one of {named(known)}" if known else "")
            yield (*error.absolute_path, name), message, pointer, hint

    def _pointer_of_extra(self, error: Any, keyword: str) -> str:
        return self._pointer(error.schema, keyword) or self._pointer(getattr(error.parent, "schema", None), None)

    def _missing(self, error: Any, schema: dict[str, Any]) -> Iterator[Finding]:
        """The keyword yields one error for each name; which one, only its message says."""
        absent = [name for name in error.validator_value if name not in error.instance]
        name = next((name for name in absent if error.message.startswith(repr(name))), absent[0])
        properties = schema.get("properties", {})
        strangers = [other for other in error.instance if other not in properties]
        typo = self._similar(name, strangers)
        hint = f"rename {typo.removeprefix('did you mean ').removesuffix('?')} to {name!r}" if typo else ""
        yield tuple(error.absolute_path), f"the property {name!r} is missing", self._pointer(schema, "required"), hint

    def _strange(self, error: Any, schema: dict[str, Any]) -> Iterator[Finding] | None:
        """No alternative fits, and the discriminator's value, which would say which one is meant, names none."""
        tag, value = schema.get(TAG), error.instance
        if tag is None or not isinstance(value, dict) or not tag["mapping"]:
            return None
        name, choices = tag["propertyName"], list(tag["mapping"])
        path, pointer = tuple(error.absolute_path), self._pointer(schema, None)
        if not value.get(name):
            message = (
                f"the property {name!r} is missing, which says what the object is, expected one of {named(choices)}"
            )
            return iter([(path, message, pointer, "")])
        if not isinstance(value[name], str) or value[name] not in tag["mapping"]:
            message = f"{shown(value[name])} names no schema, expected one of {named(choices)}"
            return iter([((*path, name), message, pointer, self._similar(value[name], choices))])
        return None

    def _branches(self, error: Any, keyword: str, schema: dict[str, Any]) -> Iterator[Finding]:
        """No alternative fits: the one that came closest says why."""
        groups: dict[int, list[Any]] = {}
        for inner in error.context:
            groups.setdefault(inner.relative_schema_path[0], []).append(inner)
        path = tuple(error.absolute_path)
        wrong_kind = [index for index, group in groups.items() if _is_wrong_kind(group)]
        if len(wrong_kind) == len(groups):
            types = dict.fromkeys(name for group in groups.values() for name in _types_of(group))
            value = "is null" if error.instance is None else f"{shown(error.instance)} is {kind(error.instance)}"
            yield path, f"{value}, expected {' or '.join(types)}", self._pointer(schema, keyword), ""
            return
        best = _tagged(error.instance, schema, keyword)
        if best not in groups:
            best = min(
                (index for index in groups if index not in wrong_kind), key=lambda index: _distance(groups[index])
            )
        hint = f"no alternative fits, {keyword}/{best} of {len(groups)} comes closest" if len(groups) > 1 else ""
        for inner in groups[best]:
            for where, message, pointer, advice in self.read(inner):
                yield where, message, pointer, "; ".join(filter(None, (advice, hint)))


def _tagged(value: Any, schema: dict[str, Any], keyword: str) -> int | None:
    """The branch that the discriminator of a schema names for a value, None if it names none (OpenAPI 3.1, 4.8.25)."""
    tag = schema.get(TAG)
    named = value.get(tag["propertyName"]) if tag is not None and isinstance(value, dict) else None
    reference = tag["mapping"].get(named) if tag is not None and isinstance(named, str) else None
    branches = (index for index, branch in enumerate(schema[keyword]) if branch.get("$ref") == reference)
    return next(branches, None) if reference else None


def _is_wrong_kind(group: list[Any]) -> bool:
    return any(error.validator == "type" and not error.relative_path for error in group)


def _types_of(group: list[Any]) -> Iterator[str]:
    for error in group:
        if error.validator == "type" and not error.relative_path:
            value = error.validator_value
            yield from [value] if isinstance(value, str) else value


def _distance(group: list[Any]) -> tuple[int, int, int, int]:
    """How far a branch is from fitting: one whose fixed values (``const``, ``enum``) fit comes first, then the deepest, then the fewest errors."""
    misfits = sum(error.validator in ("const", "enum") and len(error.relative_path) <= 1 for error in group)
    missing = sum(error.validator == "required" and not error.relative_path for error in group)
    return misfits, missing, -max(len(error.relative_path) for error in group), len(group)
