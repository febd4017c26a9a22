"""Dotted options: ``--message.role user`` is the property ``role`` of the argument ``message``, ``--messages.0.role user`` that of its first item.

They are not made in advance, of which a deep schema would have thousands: those that a line holds are looked up in the schema one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynaclient.errors import ArgumentError, Problem
from dynaclient.frozen import Struct, evolve
from dynaclient.openapi.encoding import items_of
from dynaclient.openapi.names import snake
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import Property, choices, properties, subschemas, types

if TYPE_CHECKING:
    from dynaclient.openapi.model import Parameter

_INDEX = re.compile(r"\[(\d{1,6})\]")
DEEPEST = 3
_READABLE = 60
MISSING: Any = object()

Path = tuple[str | int, ...]


class NoPlaceError(Exception):
    """An argument has no such part; the text says which there are."""


class Place(Struct, frozen=True):
    """A part of an argument: the argument's ``field``, the ``path`` within it, and the pointer of the part's ``schema`` (None: anything)."""

    field: Parameter
    path: Path
    schema: str | None

    @property
    def part(self) -> Parameter:
        """The part as if it were an argument of its own."""
        return evolve(self.field, schema=self.schema, required=False, deprecated=False, description="")


def place_of(document: Mapping[str, Any], fields: Mapping[str, Parameter], typed: str) -> Place | None:
    """The part that a dotted option names, or None where it names no argument.

    Parameters
    ----------
    document:
        The document.
    fields:
        The options of the operation, in every spelling -> its arguments.
    typed:
        The option: ``--message.role``, ``--messages.0.role``, ``--messages[0].role``.

    Raises
    ------
    NoPlaceError
        Where the argument has no such part.
    """
    text = _INDEX.sub(r".\1", typed)
    dots = [place for place, letter in enumerate(text) if letter == "."]
    for dot in reversed(dots):
        field = fields.get(text[:dot])
        if field is None:
            continue
        schema, path = field.schema, []
        for word in text[dot + 1 :].split("."):
            key, schema = _step(document, schema, word, typed)
            path.append(key)
        return Place(field, tuple(path), schema)
    return None


def _step(document: Mapping[str, Any], schema: str | None, word: str, typed: str) -> tuple[str | int, str | None]:
    """One step into a value: the name or number, and the schema of what is there."""
    kinds = types(document, schema) if schema is not None else ()
    if word.isdecimal() and ("array" in kinds or not kinds):
        return int(word), items_of(document, schema)
    if schema is None or not (kinds or properties(document, schema) or choices(document, schema)):
        return word, None
    known = [item for item in properties(document, schema) if not item.read_only]
    found = _called(known, word)
    if found is not None:
        return found.name, found.schema
    free = _free(document, schema, declared=bool(known))
    if free is not MISSING and word:
        return word, free
    raise NoPlaceError(_no_part(typed, known, kinds))


def _called(known: Sequence[Property], word: str) -> Property | None:
    """The property of this name: as on the wire, else as it is typed elsewhere on the line."""
    exact = next((item for item in known if item.name == word), None)
    return exact or next((item for item in known if snake(item.name) == word.replace("-", "_")), None)


def _free(document: Mapping[str, Any], schema: str, *, declared: bool) -> Any:
    """The schema of properties of any name, None for anything, or ``MISSING`` where there are none: a misspelled name must not pass for one."""
    for node, here in subschemas(document, schema):
        more = node.get("additionalProperties")
        if isinstance(more, Mapping):
            return join(here, "additionalProperties")
        if more is True or (more is None and not declared and node.get("type") == "object"):
            return None
    return MISSING


def _no_part(typed: str, known: Sequence[Property], kinds: Sequence[str]) -> str:
    names = [item.name.replace("_", "-") for item in known]
    last = re.split(r"[.\[]", typed)[-1].rstrip("]")
    from difflib import get_close_matches

    close = get_close_matches(last.replace("_", "-"), names, 1, 0.5)
    if close:
        return f"Did you mean {typed[: len(typed) - len(last)]}{close[0]}?"
    if names:
        return f"There are {', '.join(names[:20])}{' ...' if len(names) > 20 else ''}."
    return f"It has no parts: it is {' or '.join(kinds) or 'of no stated type'}."


def parts_of(
    document: Mapping[str, Any], field: Parameter, spelling: str, depth: int = DEEPEST
) -> Iterator[tuple[str, Property]]:
    """The dotted options below an argument, for help and completion; the items of a list stand as ``N``.

    Parameters
    ----------
    document, field, spelling:
        The document, the argument, and its option.
    depth:
        How many steps deep.
    """
    if field.schema is not None:
        yield from _below(document, field.schema, spelling, depth)


def shown_parts(document: Mapping[str, Any], field: Parameter, spelling: str) -> list[tuple[str, Property]]:
    """The parts of an argument for people: as deep as they are not too many to read."""
    found: list[tuple[str, Property]] = []
    for depth in range(DEEPEST, 0, -1):
        found = list(parts_of(document, field, spelling, depth))
        if len(found) <= _READABLE:
            break
    return found


def _below(
    document: Mapping[str, Any], schema: str, spelling: str, depth: int, above: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Property]]:
    """As ``parts_of``; a schema that contains itself is not gone into again: ``above`` holds the places that lead here."""
    if depth <= 0:
        return
    items = items_of(document, schema)
    if items is not None and properties(document, items):
        schema, spelling = items, f"{spelling}.N"
    for item in properties(document, schema):
        if not item.read_only:
            here = f"{spelling}.{item.name.replace('_', '-')}"
            yield here, item
            if item.schema not in above:
                yield from _below(document, item.schema, here, depth - 1, above | {item.schema})


def lay(base: Any, path: Path, value: Any, option: str) -> Any:
    """A value with another laid into it.

    Parameters
    ----------
    base:
        The argument as it is so far, or ``MISSING``.
    path, value:
        The place, and what comes there.
    option:
        For messages.

    Raises
    ------
    ArgumentError
        Where the argument is a text or number already, or a list would have a hole.
    """
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(key, int):
        items = list(base) if isinstance(base, list) else [] if base is MISSING else None
        if items is None:
            raise _refused(option, "the argument was given as something else than a list")
        if key > len(items):
            raise _refused(option, f"item {len(items)} is missing: the items of a list count from 0, without a gap")
        items[key : key + 1] = [lay(items[key] if key < len(items) else MISSING, rest, value, option)]
        return items
    members = dict(base) if isinstance(base, Mapping) else {} if base is MISSING else None
    if members is None:
        raise _refused(option, "the argument was given as something else than an object")
    members[key] = lay(members.get(key, MISSING), rest, value, option)
    return members


def order(path: Path) -> tuple[tuple[bool, int, str], ...]:
    """By which parts are sorted before they are laid: items of lists by their numbers."""
    return tuple((isinstance(key, str), key if isinstance(key, int) else 0, str(key)) for key in path)


def _refused(option: str, message: str) -> ArgumentError:
    return ArgumentError("the line cannot be used", problems=(Problem(option, message),))
