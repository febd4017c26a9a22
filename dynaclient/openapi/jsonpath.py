"""JSONPath (RFC 9535): the only door to the library that reads it.

A path of plain names, ``$.data.items``, which nearly all are, is followed without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dynaclient.errors import SpecError
from dynaclient.frozen import Struct

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathNodeList, JSONPathQuery

Location = tuple[str | int, ...]

_PLAIN = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*)*")  # RFC 9535, 2.5.1: member-name-shorthand
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class JSONPath(Struct, frozen=True):
    """A compiled path. ``singular``: it names one place at most (RFC 9535, 2.3.5.1).

    ``find`` gives the values at the places that it names, ``places`` those places: each a tuple of the member names and indices that a
    normalized path consists of (RFC 9535, 2.7), in the order of the nodelist, each once.
    """

    text: str
    singular: bool
    find: Callable[[Any], list[Any]]
    places: Callable[[Any], list[Location]]

    def __reduce__(self) -> Any:
        return compiled, (self.text,)  # a document carries its overlays, and is told to workers


def compiled(text: str, pointer: str = "") -> JSONPath:
    """A path, ready to look things up: ``find(value)`` gives the values at the places that it names, ``[]`` where it names none.

    Parameters
    ----------
    text:
        The path: ``$.data[-1:].id``.
    pointer:
        Where it stands in the document.

    Raises
    ------
    SpecError
        Where it is no JSONPath.
    """
    if _PLAIN.fullmatch(text):
        names = text.split(".")[1:]
        return JSONPath(
            text,
            singular=True,
            find=lambda value: _follow(names, value),
            places=lambda value: [tuple(names)] if _follow(names, value) else [],
        )
    from jsonpath_rfc9535 import JSONPathError
    from jsonpath_rfc9535 import compile as compile_path

    try:
        query = compile_path(text)
    except (JSONPathError, RecursionError) as error:
        reason = (str(error).splitlines() or [""])[0][:200]
        raise SpecError(f"{text[:200]!r} is no JSONPath (RFC 9535): {reason}", pointer=pointer) from None
    return JSONPath(
        text,
        singular=query.singular_query(),
        find=lambda value: [node.value for node in _nodes(query, value, pointer)],
        places=lambda value: list(dict.fromkeys(node.location for node in _nodes(query, value, pointer))),
    )


def path_of(names: Iterable[str]) -> str:
    """The path of plain names: ``$.data.items``, ``$['@odata.nextLink']`` (RFC 9535, 2.5.1)."""
    return "$" + "".join(f".{name}" if _NAME.fullmatch(name) else f"[{quoted(name)}]" for name in names)


def quoted(text: str) -> str:
    """A text as a string literal of JSONPath (RFC 9535, 2.3.1.1)."""
    out = []
    for letter in text:
        if letter in "'\\":
            out.append(f"\\{letter}")
        elif letter < " ":
            out.append(f"\\u{ord(letter):04x}")
        else:
            out.append(letter)
    return f"'{''.join(out)}'"


def _nodes(query: JSONPathQuery, value: Any, pointer: str) -> JSONPathNodeList:
    from jsonpath_rfc9535 import JSONPathError

    try:
        return query.find(value)
    except (JSONPathError, RecursionError) as error:
        reason = (str(error).splitlines() or [""])[0][:200]
        raise SpecError(f"the JSONPath {str(query)[:200]!r} cannot be followed: {reason}", pointer=pointer) from None


def _follow(names: list[str], value: Any) -> list[Any]:
    for name in names:
        if not isinstance(value, Mapping) or name not in value:
            return []
        value = value[name]
    return [value]
