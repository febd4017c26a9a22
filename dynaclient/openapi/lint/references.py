"""References that lead nowhere, or to where nothing is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dynaclient.errors import SpecError
from dynaclient.openapi.lint.finding import Finding
from dynaclient.openapi.lint.walk import Node
from dynaclient.openapi.model import Api
from dynaclient.openapi.pointer import UNRESOLVED, at, deref, join, local_target


def reference_findings(api: Api, listed: Iterable[Node]) -> Iterator[Finding]:
    """Every ``$ref`` of the document that cannot be followed (OpenAPI 3.1, 4.8.23)."""
    known: dict[str, str] = {}
    for node in listed:
        reference = node.value.get("$ref")
        if not isinstance(reference, str) or (reference.startswith("#") and not reference.startswith("#/")):
            continue  # an anchor, which the schemas answer for themselves
        where = join(node.pointer, "$ref")
        if not reference.startswith("#/"):
            if isinstance(node.value.get(UNRESOLVED), str):
                message = f"the reference {reference!r} leads nowhere"
                yield Finding("reference-unresolved", where, message, node.value[UNRESOLVED])
                continue
            message = f"the reference {reference!r} leads out of the document, and is not read"
            yield Finding("reference-remote", where, message, "`dynaclient spec bundle` makes one file of several of one origin")  # fmt: skip
            continue
        if reference not in known:
            known[reference] = _reason(api, reference)
        if known[reference]:
            yield Finding("reference-unresolved", where, f"the reference {reference!r} leads nowhere", known[reference])
        elif _is_circle(api, node):
            yield Finding("reference-unresolved", where, f"the reference {reference!r} leads back to itself")


def _is_circle(api: Api, node: Node) -> bool:
    """Whether references lead from one to the next and back, so that nothing ever stands there."""
    try:
        deref(api.document, node.value, node.pointer)
    except SpecError as error:
        return "circle" in str(error)
    return False


def _reason(api: Api, reference: str) -> str:
    """What is wrong with a local reference: ``""`` where it leads somewhere."""
    from difflib import get_close_matches

    target = local_target(reference)
    try:
        at(api.document, target)
    except SpecError:
        owner, _, name = target.rpartition("/")
        try:
            beside = at(api.document, owner)
        except SpecError:
            return f"nothing stands at {owner}"
        close = get_close_matches(name, list(beside), 1, 0.6) if isinstance(beside, dict) else []
        return f"did you mean {close[0]!r}?" if close else f"{owner} has no {name!r}"
    return ""
