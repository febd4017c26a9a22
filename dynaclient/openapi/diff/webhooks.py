"""Webhooks: what the service sends of its own accord, compared as replies are (OpenAPI 3.1, 4.8.1)."""

from __future__ import annotations

from collections.abc import Mapping

from dynaclient.errors import SpecError
from dynaclient.openapi.diff.content import relation
from dynaclient.openapi.diff.report import Report
from dynaclient.openapi.model import Api, MediaType, Operation, OperationKey, Parameter
from dynaclient.openapi.operations import METHODS
from dynaclient.openapi.pointer import deref, join
from dynaclient.openapi.read import operation


def compare_webhooks(report: Report, old: Api, new: Api) -> None:
    """Note which webhooks came and went, and what changed in what they send."""
    olds, news = (_webhooks(api) for api in (old, new))
    for name in dict.fromkeys((*olds, *news)):
        if (name in olds) != (name in news):
            what = "added" if name in news else "removed"
            report.add(f"webhook-{what}", "/webhooks", "/webhooks", name=f"`{name}`")
            continue
        one, other = _methods(old, name), _methods(new, name)
        for method in dict.fromkeys((*one, *other)):
            if method in one and method in other:
                _pair(report, name, (old, new), (one[method], other[method]))
                continue
            what = "added" if method in other else "removed"
            places = [found.get(method, join("/webhooks", name)) for found in (one, other)]
            report.add(f"webhook-method-{what}", *places, name=f"`{name}`", method=method)


def _webhooks(api: Api) -> Mapping[str, object]:
    found = api.document.get("webhooks")
    return found if isinstance(found, Mapping) else {}


def _methods(api: Api, name: str) -> dict[str, str]:
    """The pointers of a webhook's operations by their methods; none where its reference leads nowhere."""
    try:
        item, pointer = deref(api.document, _webhooks(api)[name], join("/webhooks", name))
    except SpecError:
        return {}
    found = METHODS if isinstance(item, Mapping) else ()
    return {method.upper(): join(pointer, method) for method in found if isinstance(item.get(method), Mapping)}


def _pair(report: Report, name: str, apis: tuple[Api, Api], pointers: tuple[str, str]) -> None:
    made: list[Operation] = []
    for api, pointer in zip(apis, pointers, strict=True):
        try:
            made.append(operation(api, OperationKey((), name, "POST", "", pointer)))
        except SpecError as error:
            if made:  # the old one could be read
                report.add("webhook-unreadable", *pointers, name=f"`{name}`", reason=str(error))
            return
    _parameters(report, name, *made)
    one, other = (found.body for found in made)
    if one is None or other is None:
        if one is not other:
            what = "added" if one is None else "removed"
            places = (one.pointer if one else pointers[0], other.pointer if other else pointers[1])
            report.add(f"webhook-body-{what}", *places, name=f"`{name}`")
        return
    _content(report, name, one.content, other.content, (one.pointer, other.pointer))


def _content(
    report: Report, name: str, old: tuple[MediaType, ...], new: tuple[MediaType, ...], pointers: tuple[str, str]
) -> None:
    gone, come = list(old), list(new)
    for wanted in ("same", "changed", "generalized", "specialized"):
        for media in tuple(gone):
            partner = next((one for one in come if relation(media.name, one.name) == wanted), None)
            if partner is None:
                continue
            gone.remove(media)
            come.remove(partner)
            words = {"name": f"`{name}`", "media": partner.name}
            if (media.schema is None) != (partner.schema is None):
                what = "added" if media.schema is None else "removed"
                report.add(f"webhook-body-schema-{what}", media.pointer, partner.pointer, **words)
            report.schemas("webhook-body", f"`{name}`", media.schema, partner.schema)
    for what, found in (("removed", gone), ("added", come)):
        for media in found:
            places = (media.pointer, pointers[1]) if what == "removed" else (pointers[0], media.pointer)
            report.add(f"webhook-media-type-{what}", *places, name=f"`{name}`", media=media.name)


def _parameters(report: Report, name: str, old: Operation, new: Operation) -> None:
    """What comes beside the body: header fields and the query."""
    olds, news = ({_key(field): field for field in found.parameters} for found in (old, new))
    for key in dict.fromkeys((*olds, *news)):
        one, other = olds.get(key), news.get(key)
        label = f"`{(one or news[key]).name}` of the webhook `{name}`"
        if one is None or other is None:
            what = "added" if one is None else "removed-required" if one.required else "removed"
            places = (one.pointer if one else old.pointer, other.pointer if other else new.pointer)
            report.add(f"webhook-parameter-{what}", *places, parameter=label)
            continue
        if one.required != other.required:
            what = "required" if other.required else "optional"
            report.add(f"webhook-parameter-became-{what}", one.pointer, other.pointer, parameter=label)
        report.schemas("webhook-parameter", label, one.schema, other.schema)


def _key(field: Parameter) -> tuple[str, str]:
    return field.location, field.name.lower() if field.location == "header" else field.name
