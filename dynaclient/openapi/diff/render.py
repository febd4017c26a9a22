"""Changes as text: for people, for programs, for GitHub's annotations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal

from dynaclient.openapi.diff.model import LEVELS, Change
from dynaclient.openapi.media import format_json

Side = Literal["old", "new"]
Where = Callable[[Side, str], tuple[str, int, int]]
"""Finds the place of a pointer in the old or the new document: file, line and column, both from 1, 0 where they are not known."""

_COMMANDS = {"breaking": "error", "risky": "warning", "safe": "notice"}
_TITLES = {"breaking": "Breaking", "risky": "Risky", "safe": "Safe"}


def by_gravity(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes, the gravest first; else in their order."""
    return tuple(sorted(changes, key=lambda change: LEVELS.index(change.level)))


def to_json(changes: Iterable[Change], place: Where | None = None) -> str:
    """The changes as JSON: ``{"changes": [...], "count": {"breaking": 1, ...}}``, each with its fields and, where ``place`` is given, its places."""
    rows = [_row(change, place) for change in by_gravity(changes)]
    count = {level: sum(row["level"] == level for row in rows) for level in LEVELS}
    return format_json({"changes": rows, "count": count}) + "\n"


def _row(change: Change, place: Where | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": change.id,
        "level": change.level,
        "operation": change.operation,
        "message": change.message,
        "old": {"pointer": change.old_pointer},
        "new": {"pointer": change.new_pointer},
    }
    if place is not None:
        for side in ("old", "new"):
            file, line, column = place(side, row[side]["pointer"])
            row[side] |= {"file": file, "line": line, "column": column}
    return row


def to_markdown(changes: Iterable[Change], place: Where | None = None) -> str:
    """The changes as GitHub-flavoured Markdown: a table for each level that there is."""
    ordered = by_gravity(changes)
    if not ordered:
        return "No changes.\n"
    parts = []
    for level in LEVELS:
        rows = [change for change in ordered if change.level == level]
        if rows:
            parts.append(
                f"## {_TITLES[level]} ({len(rows)})\n\n| Operation | Change | Id | Place |\n| --- | --- | --- | --- |\n"
            )
            parts.append("".join(map(_line(place), rows)) + "\n")
    return "".join(parts).rstrip("\n") + "\n"


def _line(place: Where | None) -> Callable[[Change], str]:
    def line(change: Change) -> str:
        operation = f"`{change.operation}`" if change.operation else ""
        cells = (operation, change.message, f"`{change.id}`", _place(change, place))
        return "| " + " | ".join(map(_cell, cells)) + " |\n"

    return line


def _place(change: Change, place: Where | None) -> str:
    if place is None:
        return f"`{change.new_pointer or '/'}`"
    file, line, _ = place("new", change.new_pointer)
    return f"{file}:{line}" if line else file


def _cell(text: str) -> str:
    """Text within one cell of a table: in one line, and without what would end the cell or begin a tag."""
    text = re.sub(r"\s+", " ", text)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def to_github(changes: Iterable[Change], place: Where) -> str:
    """The changes as workflow commands that GitHub shows beside the new document: ``::warning file=...,line=...,title=...::message``."""
    return "".join(f"{_command(change, place)}\n" for change in by_gravity(changes))


def _command(change: Change, place: Where) -> str:
    file, line, column = place("new", change.new_pointer)
    said = {"file": file, "line": line or "", "col": column or "", "title": f"{change.level}: {change.id}"}
    properties = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in said.items() if value)
    operation = f"{change.operation}: " if change.operation else ""
    return f"::{_COMMANDS[change.level]} {properties}::{_escaped(operation + change.message)}"


def _escaped(text: str, more: str = "") -> str:
    """Text in a workflow command, percent-escaped."""
    return re.sub(f"[%\r\n{more}]", lambda match: f"%{ord(match[0]):02X}", text)
