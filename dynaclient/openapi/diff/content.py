"""Bodies: media types side by side, and the schemas in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from dynaclient.openapi.diff.report import Report
from dynaclient.openapi.diff.view import key
from dynaclient.openapi.media import default_media, essence
from dynaclient.openapi.model import Body, MediaType, Operation
from dynaclient.openapi.pointer import join

Relation = Literal["same", "changed", "generalized", "specialized"]
_SENTINEL = "x-speakeasy-sse-sentinel"


def compare_body(report: Report, old: Operation, new: Operation) -> None:
    """Note what changed in the request body."""
    if old.body is None or new.body is None:
        if new.body is not None:
            name = "request-body-added-required" if new.body.required else "request-body-added"
            report.add(name, old.pointer, new.body.pointer)
        elif old.body is not None:
            report.add("request-body-removed", old.body.pointer, new.pointer)
        return
    pointers = (old.body.pointer, new.body.pointer)
    if old.body.required != new.body.required:
        report.add(f"request-body-became-{'required' if new.body.required else 'optional'}", *pointers)
    _default(report, old.body, new.body)
    compare_content(report, old.body.content, new.body.content, *pointers)


def _default(report: Report, old: Body, new: Body) -> None:
    """The media type that a body is sent as, while the old one may still be sent: its properties are the arguments."""
    one, other = default_media(old.content), default_media(new.content)
    if one is None or other is None or relation(one.name, other.name) is not None:
        return
    if any(relation(one.name, media.name) == "same" for media in new.content):
        report.add("request-body-default-media-type-changed", one.pointer, other.pointer, old=one.name, new=other.name)


def compare_content(
    report: Report,
    old: tuple[MediaType, ...],
    new: tuple[MediaType, ...],
    old_pointer: str,
    new_pointer: str,
    status: str = "",
    *,
    loose: bool = False,
) -> None:
    """Note what changed in the media types of a body: of the request, or of the reply with a status."""
    side = "reply" if status else "request-body"
    gone, come = list(old), list(new)
    for wanted in ("same", "changed", "generalized", "specialized"):
        for media in tuple(gone):
            partner = next((one for one in come if relation(media.name, one.name) == wanted), None)
            if partner is None:
                continue
            gone.remove(media)
            come.remove(partner)
            if wanted != "same":
                pointers = (media.pointer, partner.pointer)
                report.add(f"{side}-media-type-{wanted}", *pointers, status=status, old=media.name, new=partner.name)
            _pair(report, media, partner, status, loose=loose)
    for media in gone:
        report.add(
            f"{side}-media-type-removed", media.pointer, join(new_pointer, "content"), status=status, media=media.name
        )
    for media in come:
        report.add(
            f"{side}-media-type-added", join(old_pointer, "content"), media.pointer, status=status, media=media.name
        )


def _pair(report: Report, old: MediaType, new: MediaType, status: str, *, loose: bool) -> None:
    root = "reply-body" if status else "request-body"
    words = {"status": status, "media": new.name}
    for what, one, other in (("schema", old.schema, new.schema), ("item-schema", old.item_schema, new.item_schema)):
        if (one is None) != (other is None):
            report.add(
                f"{root}-{what}-{'added' if one is None else 'removed'}",
                one or old.pointer,
                other or new.pointer,
                **words,
            )
        report.schemas(root, status, one, other, loose=loose)
    if not status and key(old.encoding) != key(new.encoding):
        report.add("request-body-encoding-changed", old.pointer, new.pointer, **words)
    ends = [_sentinel(views.node(media.pointer)) for views, media in ((report.walk.old, old), (report.walk.new, new))]
    if status and ends[0] != ends[1]:
        report.add("sse-sentinel-changed", old.pointer, new.pointer, old=ends[0], new=ends[1], **words)


def _sentinel(node: Any) -> str:
    found = node.get(_SENTINEL) if isinstance(node, Mapping) else None
    return f"`{found}`" if found is not None else "nothing special"


def relation(old: str, new: str) -> Relation | None:
    """How one media type became another; None where they have nothing to do with each other."""
    one, other = essence(old), essence(new)
    if one == other:
        before, after = _parameters(old), _parameters(new)
        if before == after:
            return "same"
        return "generalized" if after < before else "specialized" if before < after else "changed"
    if _covers(other, one):
        return "generalized"
    return "specialized" if _covers(one, other) else None


def _parameters(name: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in name.split(";")[1:] if part.strip())


def _covers(wide: str, narrow: str) -> bool:
    """Whether one media type is a range around another (``text/*``), or what its suffix says (``application/json`` for ``+json``)."""
    kind, _, subtype = wide.partition("/")
    other, _, inner = narrow.partition("/")
    if kind == "*":
        return True
    return kind == other and (subtype == "*" or inner.endswith(f"+{subtype}"))
