"""What a comparison of two documents gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["breaking", "risky", "safe"]

LEVELS: tuple[Level, ...] = ("breaking", "risky", "safe")
"""The levels, the gravest first."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an API, as its client meets it.

    Parameters
    ----------
    id:
        What kind of change, from the catalogue in ``docs/changes.md``: ``request-property-added-required``.
    level:
        ``breaking``: calls that worked fail, or what came back no longer comes. ``risky``: some calls may fail, or come back with what they never
        came back with. ``safe``: what worked works.
    operation:
        The dotted name of the operation, as the old document has it (the new one's where it is new); ``""`` where it concerns the whole document.
    old_pointer, new_pointer:
        The place in each document (RFC 6901); where something stands in one of them only, the nearest place around it in the other.
    message:
        One sentence for people.
    """

    id: str
    level: Level
    operation: str
    old_pointer: str
    new_pointer: str
    message: str


def gravest(changes: tuple[Change, ...]) -> Level | None:
    """The gravest level among the changes, or None where there are none: what an exit code is made from."""
    found = {change.level for change in changes}
    return next((level for level in LEVELS if level in found), None)
