"""What the extensions say: retries, time, batches, pages, errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynaclient.openapi.diff.report import Report
from dynaclient.openapi.model import Operation, RetryPolicy
from dynaclient.openapi.pointer import join

_LIMITS = {"max_items": "maxItems", "max_tokens": "maxTokens"}
_LINES_UP = ("input", "output", "order", "vector", "length", "sum")


def compare_retries(report: Report, where: str, old: RetryPolicy, new: RetryPolicy, pointers: tuple[str, str]) -> None:
    """Note what changed in a retry policy."""
    if old.declared != new.declared:
        if new.declared:
            report.add("retry-added", *pointers, where=where, what=_policy(new))
        else:
            report.add("retry-removed", *pointers, where=where)
        return
    names = [name for name in RetryPolicy.__struct_fields__ if name not in ("pointer", "declared")]
    what = _changes(names, old, new)
    if what:
        report.add("retry-changed", *pointers, where=where, what=what)


def _policy(policy: RetryPolicy) -> str:
    return f"{policy.strategy}, for {', '.join(policy.status_codes) or 'connection errors'}"


def _changes(names: list[str], old: Any, new: Any) -> str:
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in names]
    return ", ".join(f"{name} {_shown(one)}, now {_shown(other)}" for name, one, other in pairs if one != other)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(value) or "none"
    return "without a limit" if value is None else str(value)


def compare_timeouts(report: Report, where: str, old: int | None, new: int | None, pointers: tuple[str, str]) -> None:
    """Note a change of the time that an attempt may take."""
    if old != new:
        shown = [f"{value} ms" if value is not None else "what the client allows" for value in (old, new)]
        report.add("timeout-changed", *pointers, where=where, old=shown[0], new=shown[1])


def compare_policies(report: Report, old: Operation, new: Operation) -> None:
    """Note what changed in what an operation's own extensions say; what it has from the root is told once, for the document."""
    where, pointers = f"`{old.dotted}`", (old.pointer, new.pointer)
    nodes = [views.node(pointer) for views, pointer in ((report.walk.old, old.pointer), (report.walk.new, new.pointer))]
    own = {name for node in nodes if isinstance(node, Mapping) for name in node}
    if own & {"x-speakeasy-retries", "x-dynaclient-retries"}:
        compare_retries(report, where, old.retry, new.retry, pointers)
    if "x-speakeasy-timeout" in own:
        compare_timeouts(report, where, old.timeout, new.timeout, pointers)
    _batches(report, where, old, new)
    _pages(report, where, old, new)
    if set(old.error_statuses) != set(new.error_statuses):
        words = [", ".join(sorted(one.error_statuses)) for one in (old, new)]
        report.add("error-statuses-changed", *pointers, where=where, old=words[0], new=words[1])


def _batches(report: Report, where: str, old: Operation, new: Operation) -> None:
    one, other = old.batch, new.batch
    if one is None or other is None:
        if one is not other:
            what = "added" if other else "removed"
            report.add(
                f"batch-{what}",
                one.pointer if one else old.pointer,
                other.pointer if other else new.pointer,
                where=where,
            )
        return
    pointers = (one.pointer, other.pointer)
    for field, word in _LIMITS.items():
        _limit(report, where, word, getattr(one, field), getattr(other, field), pointers)
    what = _changes(list(_LINES_UP), one, other)
    if what:
        report.add("batch-changed", *pointers, where=where, what=what)


def _limit(report: Report, where: str, word: str, old: int | None, new: int | None, pointers: tuple[str, str]) -> None:
    if old == new:
        return
    less = old is None or (new is not None and new < old)
    what = f"{word} {_shown(old)}, now {_shown(new)}"
    report.add(f"batch-limit-{'decreased' if less else 'increased'}", *pointers, where=where, what=what)


def _pages(report: Report, where: str, old: Operation, new: Operation) -> None:
    one, other = (None if paging is None or paging.type == "none" else paging for paging in (old.paging, new.paging))
    if one is None or other is None:
        if one is not other:
            what = "added" if other else "removed"
            report.add(
                f"paging-{what}",
                one.pointer if one else old.pointer,
                other.pointer if other else new.pointer,
                where=where,
            )
        return
    names = [name for name in one.__struct_fields__ if name not in ("pointer", "inferred", "why")]
    if any(getattr(one, name) != getattr(other, name) for name in names):
        report.add("paging-changed", one.pointer, other.pointer, where=where)


def root_pointer(node: Mapping[str, Any], *names: str) -> str:
    """Where one of several keys of a document stands, else its root."""
    return next((join("", name) for name in names if name in node), "")
