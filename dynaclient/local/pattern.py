"""A short text that a regular expression (JSON Schema, ``pattern``) finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

# The patterns of JSON Schema are ECMA-262; what differs from Python's syntax in everyday patterns is rewritten.
_REWRITTEN = (
    (re.compile(r"\(\?<(?![=!])"), "(?P<"),
    (re.compile(r"\\p\{(?:L|Alpha)\w*\}"), r"\\w"),
    (re.compile(r"\\p\{N\w*\}"), r"\\d"),
)
_CLASSES: dict[str, str] = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_WORD": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
    "CATEGORY_SPACE": " \t\n",
}
_VISIBLE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + "".join(
    chr(code) for code in range(32, 127) if not chr(code).isalnum()
)


def matching(pattern: str, least: int = 0, salt: int = 0) -> str | None:
    """A text in which the pattern is found, or None where none is found that easily.

    Parameters
    ----------
    pattern:
        A regular expression; it need not be anchored.
    least:
        How many characters the text shall have at least; repetitions are stretched for it.
    salt:
        Different numbers give different texts, as far as the pattern leaves room.
    """
    try:
        compiled = re.compile(_pythonic(pattern))
        # The standard library's own parser, undocumented but unchanged for decades; a text it leads to is checked below.
        tree = import_module("re._parser").parse(compiled.pattern)
    except (re.error, ImportError, RecursionError, OverflowError):
        return None
    for stretch in range(max(least, 1) + 1):
        text = _Writer(salt, stretch).write(tree)
        for candidate in (text, text.ljust(least, "x")):
            if len(candidate) >= least and compiled.search(candidate):
                return candidate
    return None


def _pythonic(pattern: str) -> str:
    for found, replacement in _REWRITTEN:
        pattern = found.sub(replacement, pattern)
    return pattern


class _Writer:
    """Walks the parsed pattern and writes its simplest text; ``stretch`` is added to what may repeat."""

    def __init__(self, salt: int, stretch: int) -> None:
        self.salt = salt
        self.stretch = stretch
        self.groups: dict[int, str] = {}

    def write(self, tree: Any) -> str:
        return "".join(self._step(str(kind), detail) for kind, detail in tree)

    def _step(self, kind: str, detail: Any) -> str:
        writer = _STEPS.get(kind)
        return writer(self, detail) if writer else ""

    def _one_of(self, detail: Any) -> str:
        allowed = list(_characters(detail))
        return allowed[self.salt % len(allowed)] if allowed else ""

    def _repeat(self, detail: Any) -> str:
        low, high, inner = detail
        times = min(low + self.stretch, int(high))
        return "".join(self.write(inner) for _ in range(times))

    def _branch(self, detail: Any) -> str:
        branches = detail[1]
        return self.write(branches[self.salt % len(branches)])

    def _group(self, detail: Any) -> str:
        number, inner = detail[0], detail[-1]
        text = self.write(inner)
        if number is not None:
            self.groups[number] = text
        return text


def _characters(choices: Any) -> Iterator[str]:
    """The characters of a class in brackets, the pleasant ones first."""
    kinds = [(str(kind), detail) for kind, detail in choices]
    if kinds and kinds[0][0] == "NEGATE":
        refused = set(_characters(choices[1:]))
        yield from (character for character in _VISIBLE if character not in refused)
        return
    for kind, detail in kinds:
        if kind == "LITERAL":
            yield chr(detail)
        elif kind == "RANGE":
            yield from map(chr, range(detail[0], min(detail[1], detail[0] + 200) + 1))
        elif kind == "CATEGORY":
            name = str(detail)
            if "_NOT_" in name:
                refused = set(_CLASSES.get(name.replace("_NOT_", "_"), ""))
                yield from (character for character in _VISIBLE if character not in refused)
            else:
                yield from _CLASSES.get(name, "")


_STEPS: dict[str, Callable[[_Writer, Any], str]] = {
    "LITERAL": lambda _, detail: chr(detail),
    "NOT_LITERAL": lambda writer, detail: writer._one_of([("NEGATE", None), ("LITERAL", detail)]),
    "ANY": lambda writer, _: _VISIBLE[writer.salt % 52],
    "IN": _Writer._one_of,
    "MAX_REPEAT": _Writer._repeat,
    "MIN_REPEAT": _Writer._repeat,
    "POSSESSIVE_REPEAT": _Writer._repeat,
    "BRANCH": _Writer._branch,
    "SUBPATTERN": _Writer._group,
    "ATOMIC_GROUP": lambda writer, detail: writer.write(detail),
    "GROUPREF": lambda writer, detail: writer.groups.get(detail, ""),
}
