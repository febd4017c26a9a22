"""One difference between two schemas, before it is known in which direction they are used."""

from __future__ import annotations

from typing import NamedTuple

from dynaclient.openapi.diff.view import Places


class Finding(NamedTuple):
    """One difference.

    ``what`` is its name in ``words.SCHEMA`` or ``words.PROPERTY``; ``old`` and ``new`` are pointers; ``detail`` is added to the sentence, ``value``
    stands in it; ``step`` is the way to the property that it concerns (``.name``), ``""`` for the schema itself. ``mute``: the direction that the
    property is no part of (``request`` where it is readOnly, ``reply`` where it is writeOnly).
    ``around``: the schemas that decide whether it matters, where these are not the two that are compared: an
    alternative, and the whole choice.
    """

    what: str
    old: str
    new: str
    detail: str = ""
    value: str = ""
    step: str = ""
    mute: str = ""
    around: tuple[Places, Places] | None = None
