"""Two documents in, all changes out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.access import read_security
from dynaclient.openapi.diff.content import compare_body
from dynaclient.openapi.diff.keywords import lives
from dynaclient.openapi.diff.match import match, shape
from dynaclient.openapi.diff.model import Change
from dynaclient.openapi.diff.parameters import compare_parameters
from dynaclient.openapi.diff.policies import compare_policies, compare_retries, compare_timeouts, root_pointer
from dynaclient.openapi.diff.replies import compare_replies
from dynaclient.openapi.diff.report import Report
from dynaclient.openapi.diff.same import Sameness
from dynaclient.openapi.diff.security import compare_needs, compare_schemes
from dynaclient.openapi.diff.servers import compare_servers
from dynaclient.openapi.diff.walk import Walk
from dynaclient.openapi.diff.webhooks import compare_webhooks
from dynaclient.openapi.extensions import read_retry, read_timeout
from dynaclient.openapi.model import Api, Operation, OperationKey
from dynaclient.openapi.operations import path_items
from dynaclient.openapi.pointer import at
from dynaclient.openapi.read import globals_of, operation, read

_EVERY = "every operation"
_OF_ITEM = ("parameters", "servers", "x-speakeasy-errors")


def diff(
    old: Mapping[str, Any], new: Mapping[str, Any], *, operations: Collection[str] | None = None
) -> tuple[Change, ...]:
    """Every change from one OpenAPI document to another that matters to its client.

    Parameters
    ----------
    old, new:
        The documents as plain data, their references local.
    operations:
        The dotted names (``embeddings.create``) of the operations in use, as either document has them; None for all. What concerns the
        whole document (servers, security, retries) is always told.

    Returns
    -------
    tuple
        The changes: those of the whole document, those of the operations in the old document's order, new operations.

    Raises
    ------
    SpecError
        Where one of them is no OpenAPI document, or an extension at its root makes no sense.
    """
    comparison = _Comparison(read(old), read(new))
    matched = match(comparison.old, comparison.new)
    changes = list(comparison.document())
    for one, other in matched.pairs:
        if operations is None or one.dotted in operations or other.dotted in operations:
            changes += comparison.operation(one, other)
    for key in matched.gone:
        if operations is None or key.dotted in operations:
            changes += comparison.alone(key, "removed")
    for key in matched.come:
        if operations is None or key.dotted in operations:
            changes += comparison.alone(key, "added")
    return tuple(changes)


class _Comparison:
    """Two documents side by side."""

    def __init__(self, old: Api, new: Api) -> None:
        self.old, self.new = old, new
        self._sameness = Sameness(old.document, new.document)
        self._walk = Walk(old.document, new.document, self._sameness)

    def document(self) -> Report:
        """What changed for all operations at once."""
        report = Report(self._walk)
        old, new = self.old.document, self.new.document
        compare_servers(report, _EVERY, self.old.servers, self.new.servers, "", "")
        compare_schemes(report, self.old, self.new)
        compare_needs(report, _EVERY, read_security(old, {}, ""), read_security(new, {}, ""), "", "")
        names = ("x-speakeasy-retries", "x-dynaclient-retries")
        pointers = (root_pointer(old, *names), root_pointer(new, *names))
        compare_retries(report, _EVERY, read_retry(old, {}, ""), read_retry(new, {}, ""), pointers)
        pointers = (root_pointer(old, "x-speakeasy-timeout"), root_pointer(new, "x-speakeasy-timeout"))
        compare_timeouts(report, _EVERY, read_timeout(old, {}, ""), read_timeout(new, {}, ""), pointers)
        self._globals(report)
        compare_webhooks(report, self.old, self.new)
        return report

    def _globals(self, report: Report) -> None:
        olds, news = ({field.name: field for field in globals_of(api)} for api in (self.old, self.new))
        for name in dict.fromkeys((*olds, *news)):
            if name not in olds:
                report.add("global-parameter-added", "", news[name].pointer, name=f"`{name}`")
            elif name not in news:
                report.add("global-parameter-removed", olds[name].pointer, "", name=f"`{name}`")

    def alone(self, key: OperationKey, what: str) -> Report:
        """An operation that is in one of the documents only."""
        report = Report(self._walk, key.dotted)
        pointers = (key.pointer, "/paths") if what == "removed" else ("/paths", key.pointer)
        report.add(f"operation-{what}", *pointers, name=f"`{key.dotted}`", method=key.method, path=key.path)
        return report

    def operation(self, old: OperationKey, new: OperationKey) -> Report:
        """What changed in one operation."""
        report = Report(self._walk, old.dotted)
        nodes = [_settings(self.old.document, old), _settings(self.new.document, new)]
        _names(report, old, new)
        if self._sameness.same(*nodes) and old.path == new.path and old.method == new.method:
            return report
        try:
            one = operation(self.old, old)
        except SpecError:  # it could not be called before
            return report
        try:
            other = operation(self.new, new)
        except SpecError as error:
            report.add("operation-unreadable", old.pointer, new.pointer, name=f"`{old.dotted}`", reason=str(error))
            return report
        self._operation(report, one, other)
        return report

    def _operation(self, report: Report, old: Operation, new: Operation) -> None:
        where, nodes = f"`{old.dotted}`", (at(self.old.document, old.pointer), at(self.new.document, new.pointer))
        for what, _ in lives(*nodes):
            field = "x-stability-level" if what.startswith("stability") else "x-sunset"
            words = [str(node.get(field) or "stable") for node in nodes]
            report.add(f"operation-{what}", old.pointer, new.pointer, name=where, old=words[0], new=words[1])
        compare_parameters(report, old, new)
        compare_body(report, old, new)
        compare_replies(report, old, new)
        if old.servers != self.old.servers or new.servers != self.new.servers:
            compare_servers(report, where, old.servers, new.servers, old.pointer, new.pointer)
        if any(node.get("security") is not None for node in nodes):
            compare_needs(report, where, old.security, new.security, old.pointer, new.pointer)
        compare_policies(report, old, new)


def _names(report: Report, old: OperationKey, new: OperationKey) -> None:
    pointers, name = (old.pointer, new.pointer), f"`{old.dotted}`"
    if old.dotted != new.dotted:
        report.add("operation-renamed", *pointers, name=name, new=f"`{new.dotted}`")
    if shape(old) != shape(new):
        places = [f"{key.method} {key.path}" for key in (old, new)]
        report.add("operation-moved", *pointers, name=name, old=places[0], new=places[1])


def _settings(document: Mapping[str, Any], key: OperationKey) -> Any:
    """An operation with what holds for it from around it: the text that says whether anything can have changed."""
    paths = document.get("paths")
    around = [{name: item[name] for name in _OF_ITEM if name in item} for item, _ in path_items(document, key.path)]
    errors = paths.get("x-speakeasy-errors") if isinstance(paths, Mapping) else None
    return [at(document, key.pointer), around, errors, str(document.get("openapi"))[:3]]
