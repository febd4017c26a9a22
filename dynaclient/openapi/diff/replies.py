"""Replies: statuses, bodies and headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.diff.content import compare_content
from dynaclient.openapi.diff.keywords import lives
from dynaclient.openapi.diff.report import Report
from dynaclient.openapi.diff.view import Views
from dynaclient.openapi.model import Operation, Reply
from dynaclient.openapi.pointer import deref, join


def compare_replies(report: Report, old: Operation, new: Operation) -> None:
    """Note what changed in the replies. What an error says is handed over as it comes, so that it breaks nothing."""
    olds, news = ({reply.status: reply for reply in operation.replies} for operation in (old, new))
    met: set[str] = set()
    for status, reply in olds.items():
        other = _partner(status, news)
        good = _is_success(status, old)
        if other is None:
            name = "reply-success-status-removed" if good else "reply-error-status-removed"
            report.add(name, reply.pointer, join(new.pointer, "responses"), status=status)
            continue
        met.add(other.status)
        _pair(report, reply, other, loose=not good)
    for status, reply in news.items():
        if status not in met and _partner(status, olds) is None:
            name = "reply-success-status-added" if _is_success(status, new) else "reply-error-status-added"
            report.add(name, join(old.pointer, "responses"), reply.pointer, status=status)


def _partner(status: str, replies: Mapping[str, Reply]) -> Reply | None:
    """The reply of a status: its own, or that of the range that covers it (OpenAPI 3.1, 4.8.16.2)."""
    return replies.get(status) or replies.get(f"{status[:1]}XX")


def _is_success(status: str, operation: Operation) -> bool:
    if status == "default":  # the only one that tells what comes back
        return not any(reply.status.startswith("2") for reply in operation.replies)
    return status[:1] in ("1", "2", "3")


def _pair(report: Report, old: Reply, new: Reply, *, loose: bool) -> None:
    pointers = (old.pointer, new.pointer)
    if bool(old.content) != bool(new.content):
        if not loose:
            report.add(f"reply-body-{'added' if new.content else 'removed'}", *pointers, status=old.status)
    else:
        compare_content(report, old.content, new.content, *pointers, old.status, loose=loose)
    _headers(report, old, new)


def _headers(report: Report, old: Reply, new: Reply) -> None:
    olds, news = ({name.lower(): (name, place) for name, place in reply.headers.items()} for reply in (old, new))
    for name in dict.fromkeys((*olds, *news)):
        if name == "content-type":  # ignored (OpenAPI 3.1, 4.8.17.1)
            continue
        one, other = _header(report.walk.old, olds.get(name)), _header(report.walk.new, news.get(name))
        shown = (olds.get(name) or news[name])[0]
        words = {"status": old.status, "header": f"`{shown}`"}
        if one is None or other is None:
            place, node = one or other or ("", {})
            what = ("added" if one is None else "removed") + ("-required" if node.get("required") is True else "")
            report.add(f"reply-header-{what}", place if one else old.pointer, place if other else new.pointer, **words)
            continue
        was, is_now = one[1].get("required") is True, other[1].get("required") is True
        if was != is_now:
            report.add(f"reply-header-became-{'required' if is_now else 'optional'}", one[0], other[0], **words)
        label = f"`{shown}` ({old.status})"
        for what, detail in lives(one[1], other[1]):
            report.word("reply-header", label, what, one[0], other[0], detail)
        report.schemas("reply-header", label, _schema(*one), _schema(*other), loose=True)


def _header(views: Views, found: tuple[str, str] | None) -> tuple[str, Mapping[str, Any]] | None:
    if found is None:
        return None
    try:
        node, place = deref(views.document, views.node(found[1]), found[1])
    except SpecError:
        return found[1], {}
    return place, node if isinstance(node, Mapping) else {}


def _schema(pointer: str, node: Mapping[str, Any]) -> str | None:
    if "schema" in node:
        return join(pointer, "schema")
    content = node.get("content")
    return (
        next((join(pointer, "content", name, "schema") for name in content), None)
        if isinstance(content, Mapping)
        else None
    )
