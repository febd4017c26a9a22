"""Plain values as aligned text for people: lists of objects as tables, vectors and long texts shortened."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from dynaclient.cli.messages import visible

_WIDEST = 48
_SHOWN = 3


def to_table(value: Any) -> str:
    """Text for people.

    A list of objects is a table with a column for each key; an object is a line for each key, with the lists of objects in it as tables below; a list of other
    values a line each; a scalar itself.
    """
    if isinstance(value, Mapping):
        return _object(value)
    if _is_rows(value):
        return table(_columns(value), [[row.get(key, "") for key in _columns(value)] for row in value])
    if isinstance(value, list):
        return "\n".join(cell(item) for item in value)
    return _plain(value)


def _object(value: Mapping[str, Any]) -> str:
    tables = {key: item for key, item in value.items() if _is_rows(item)}
    rows = [(key, item) for key, item in _flat(value) if key not in tables]
    width = max((_width(key) for key, _ in rows), default=0)
    parts = ["\n".join(f"{_padded(visible(key), width)}  {cell(item)}" for key, item in rows)] if rows else []
    parts += [f"{visible(key)}\n{_indented(to_table(item))}" for key, item in tables.items()]
    return "\n\n".join(parts)


def _flat(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Keys and values, those of objects within as dotted keys."""
    found: list[tuple[str, Any]] = []
    for key, item in value.items():
        if isinstance(item, Mapping) and item:
            found.extend(_flat(item, f"{prefix}{key}."))
        else:
            found.append((f"{prefix}{key}", item))
    return found


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows under their heads; columns that hold nothing but numbers are aligned to the right."""
    texts = [[cell(item) for item in row] for row in rows]
    titles = [visible(head).upper() for head in heads]
    widths = [max([_width(title), *(_width(row[place]) for row in texts)]) for place, title in enumerate(titles)]
    right = [
        all(isinstance(row[place], (int, float)) and not isinstance(row[place], bool) for row in rows)
        for place in range(len(titles))
    ]
    lines = [titles, *texts]
    return "\n".join(
        "  ".join(_padded(text, widths[place], right=right[place]) for place, text in enumerate(line)).rstrip()
        for line in lines
    )


def cell(value: Any) -> str:
    """A value on one line: vectors, long texts and nested values shortened."""
    if isinstance(value, list):
        if value and all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in value):
            head = ", ".join(f"{item:.6g}" for item in value[:_SHOWN])
            return f"[{head}, ... {len(value):,} numbers]" if len(value) > _SHOWN else f"[{head}]"
        if all(not isinstance(item, (list, Mapping)) for item in value):
            return _cut(", ".join(_plain(item) for item in value))
        return f"[{len(value):,} items]"
    if isinstance(value, Mapping):
        return _cut("{" + ", ".join(map(str, value)) + "}")
    return _cut(_plain(value))


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return visible(value)
    if value is None:
        return "-"
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if _width(line) <= _WIDEST else line[: _WIDEST - 4].rstrip() + " ..."


def _width(text: str) -> int:
    """Columns on a terminal: wide East Asian letters take two, combining marks none (UAX 11)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _padded(text: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
