"""Query parameters that the document does not name: those of a server's URL, and those that a caller adds to a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote_plus

Query = tuple[tuple[str, str], ...]
"""Pairs of the parameter's name and how it is written in a URL, ``("a b", "a%20b=1")``."""


def written_query(query: str) -> Query:
    """Return the parameters of a URL's query, as they are written there."""
    return tuple((_name(part), part) for part in query.split("&") if part)


def query_of(name: str, value: Any) -> Query:
    """Return one parameter for each value, percent-encoded (RFC 3986, 2.1).

    Parameters
    ----------
    name:
        The parameter's name, not encoded.
    value:
        A text, number or boolean, or a list of them for a parameter that is repeated.

    Raises
    ------
    ValueError
        If a value has no form in a query. The message does not hold the value.
    """
    values = value if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else (value,)
    return tuple((name, f"{_encoded(name)}={_encoded(_text(item))}") for item in values)


def laid_over(below: Query, above: Query) -> Query:
    """Return the parameters of both; those above replace those below that have the same name."""
    names = {name for name, _ in above}
    return (*(pair for pair in below if pair[0] not in names), *above) if names else below


def added(target: str, extra: Query) -> str:
    """Return a request target with these parameters behind its own; its own win over those of the same name."""
    path, _, query = target.partition("?")
    own = {_name(part) for part in query.split("&")} if query else frozenset[str]()
    parts = [query] if query else []
    parts += [text for name, text in extra if name not in own]
    return f"{path}?{'&'.join(parts)}" if parts else target


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError(f"a text, a number, a boolean or a list of them is expected, not {type(value).__name__}")


def _encoded(text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair is not a character") from None
