"""What a reply itself says of whether there is more than it brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynaclient.openapi import pagewords as words
from dynaclient.openapi.jsonpath import path_of

_DEEPEST = 3
_WRAPPERS = frozenset({"data", "result", "results", "response", "payload", "embedded"})
_PAGED = words.PAGES | words.OFFSETS | words.LIMITS | words.CURRENT | words.PAGE_COUNTS


def more_in(value: Any, count: int | None, *, limited: bool = False) -> tuple[str, str] | None:
    """Where and how a page says that more items follow it; None where it does not.

    Parameters
    ----------
    value:
        The page.
    count:
        The number of items so far, against which a total counts; None: totals do not count.
    limited:
        Whether the operation takes the size of a page, so that a property called ``total`` is a number of items.

    Returns
    -------
    tuple of str, or None
        The JSONPath of what says so, and what stands there: ``("$.has_more", "is true")``.
    """
    said = list(_properties(value, (), _DEEPEST))
    flags = [(path, word, item) for path, word, item in said if isinstance(item, bool)]
    if any(word in words.MORE and not item for _, word, item in flags):
        return None
    for path, word, item in flags:
        if (word in words.MORE and item) or (word in words.LAST and not item):
            return path_of(path), "is true" if item else "is false"
    for path, word, item in said:
        if _leads(path, word, item):
            return path_of(path), "names a next page"
    if count is not None:
        counted = limited or any(word in _PAGED for _, word, _ in said)
        totals = words.TOTALS | {"total"} if counted else words.TOTALS
        for path, word, item in said:
            if word in totals and type(item) is int and item > count:
                return path_of(path), f"is {item:,}, but {count:,} came"
    return None


def _leads(path: tuple[str, ...], word: str, item: Any) -> bool:
    """Whether a property names the next page."""
    if isinstance(item, bool) or not item or not isinstance(item, (str, int)):
        return False
    if word in words.NEXT_TOKENS | words.NEXT_URLS or word in ("next", "nextpage"):
        return True
    return word == "continue" and len(path) > 1


def _properties(value: Any, path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """The properties of a page, and of what holds those that tell of pages."""
    if not isinstance(value, Mapping):
        return
    for name, item in value.items():
        here = (*path, str(name))
        yield here, words.word_of(here), item
        if isinstance(item, Mapping) and depth > 1 and words.plain(str(name)) in words.HOLDERS | _WRAPPERS:
            yield from _properties(item, here, depth - 1)
