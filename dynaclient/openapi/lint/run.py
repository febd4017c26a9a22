"""All findings of a document, without those that are silenced."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dynaclient.openapi.check import Checker
from dynaclient.openapi.lint.access import access_findings
from dynaclient.openapi.lint.examples import example_findings
from dynaclient.openapi.lint.extensions import extension_findings
from dynaclient.openapi.lint.finding import LEVELS, Finding
from dynaclient.openapi.lint.operations import operation_findings
from dynaclient.openapi.lint.references import reference_findings
from dynaclient.openapi.lint.schemas import schema_findings
from dynaclient.openapi.lint.walk import Node, nodes
from dynaclient.openapi.model import Api
from dynaclient.openapi.pointer import join, tokens

IGNORE = "x-dynaclient-ignore"
"""A list of ids, at an object of the document: findings of these kinds there and below it are silenced."""


def lint(api: Api, *, ignore: Collection[str] = ()) -> tuple[Finding, ...]:
    """All that will trouble a client of a document.

    Parameters
    ----------
    api:
        The document, its references local.
    ignore:
        Ids that are left out, besides those that ``x-dynaclient-ignore`` silences at or above a place.

    Returns
    -------
    tuple
        The findings in the order of the document within each level, the gravest level first; each once.
    """
    listed = tuple(nodes(api.document))
    silenced = _silenced(listed)
    found = {
        finding: None
        for finding in _all(api, listed)
        if finding.id not in ignore and not _is_silenced(finding, silenced)
    }
    order = {node.pointer: number for number, node in enumerate(listed)}
    return tuple(sorted(found, key=lambda finding: (LEVELS.index(finding.level), _rank(order, finding.pointer))))


def _all(api: Api, listed: tuple[Node, ...]) -> Iterator[Finding]:
    checker = Checker(api.document, api.version)
    unresolved = tuple(reference_findings(api, listed))
    yield from unresolved
    broken = frozenset(finding.pointer for finding in unresolved)
    yield from operation_findings(api)
    yield from access_findings(api, listed)
    yield from extension_findings(api, listed)
    yield from schema_findings(api, listed, checker, broken)
    yield from example_findings(api, listed, checker, broken)


def _silenced(listed: tuple[Node, ...]) -> dict[str, frozenset[str]]:
    return {
        node.pointer: frozenset(map(str, node.value[IGNORE]))
        for node in listed
        if isinstance(node.value.get(IGNORE), list)
    }


def _is_silenced(finding: Finding, silenced: dict[str, frozenset[str]]) -> bool:
    if not silenced:
        return False
    here = ""
    if finding.id in silenced.get(here, ()):
        return True
    for token in tokens(finding.pointer):
        here = join(here, token)
        if finding.id in silenced.get(here, ()):
            return True
    return False


def _rank(order: dict[str, int], pointer: str) -> int:
    """Where the nearest object around a place stands in the document."""
    while pointer and pointer not in order:
        pointer = pointer.rpartition("/")[0]
    return order.get(pointer, 0)
