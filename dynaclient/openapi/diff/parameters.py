"""The parameters of an operation, and what its arguments are called."""

from __future__ import annotations

from collections.abc import Mapping

from dynaclient.openapi.diff.keywords import lives
from dynaclient.openapi.diff.match import shape
from dynaclient.openapi.diff.report import Report
from dynaclient.openapi.model import Operation, Parameter
from dynaclient.openapi.names import TEMPLATE

_Key = tuple[str, str]


def compare_parameters(report: Report, old: Operation, new: Operation) -> None:
    """Note what changed in the parameters, and which arguments are called otherwise."""
    renamed = _renamed(old, new)
    olds = {_key(field): field for field in old.parameters}
    news = {_key(field): field for field in new.parameters}
    pairs = {key: news[there] for key in olds if (there := renamed.get(key, key)) in news}
    gone = [field for key, field in olds.items() if key not in pairs]
    come = [field for key, field in news.items() if field not in pairs.values()]
    for field in tuple(gone):
        moved = next((other for other in come if other.name.lower() == field.name.lower()), None)
        if moved is not None:
            gone.remove(field)
            come.remove(moved)
            pairs[_key(field)] = moved
            report.add(
                "request-parameter-moved", field.pointer, moved.pointer,
                parameter=_label(field), old=field.location, new=moved.location,
            )  # fmt: skip
    for field in gone:
        report.add("request-parameter-removed", field.pointer, new.pointer, parameter=_label(field))
    for key, other in pairs.items():
        _pair(report, olds[key], other)
    for field in come:
        name = "request-parameter-added-required" if field.required else "request-parameter-added"
        report.add(name, old.pointer, field.pointer, parameter=_label(field))
    _arguments(report, old, new, pairs)


def _key(field: Parameter) -> _Key:
    return field.location, field.name.lower() if field.location == "header" else field.name


def _label(field: Parameter) -> str:
    return f"the parameter `{field.name}` ({field.location})"


def _renamed(old: Operation, new: Operation) -> Mapping[_Key, _Key]:
    """The parameters of the path whose names changed while the path kept its shape."""
    if shape(old.key) != shape(new.key):
        return {}
    names = zip(TEMPLATE.findall(old.path), TEMPLATE.findall(new.path), strict=False)
    return {("path", one): ("path", other) for one, other in names if one != other}


def _pair(report: Report, old: Parameter, new: Parameter) -> None:
    label, pointers = _label(old), (old.pointer, new.pointer)
    if _key(old)[1] != _key(new)[1] and old.location == new.location:
        report.add("request-parameter-renamed", *pointers, parameter=label, new=f"`{new.name}`")
    if old.required != new.required:
        what = "required" if new.required else "optional"
        report.add(f"request-parameter-became-{what}", *pointers, parameter=label)
    styles = [_style(field) for field in (old, new)]
    if old.location == new.location and all(styles) and styles[0] != styles[1]:
        report.add("request-parameter-style-changed", *pointers, parameter=label, old=styles[0], new=styles[1])
    media = [field.content.name if field.content else "" for field in (old, new)]
    if media[0] != media[1]:
        names = [name or "a plain value" for name in media]
        report.add("request-parameter-media-type-changed", *pointers, parameter=label, old=names[0], new=names[1])
    nodes = [views.node(field.pointer) for views, field in ((report.walk.old, old), (report.walk.new, new))]
    if all(isinstance(node, Mapping) and "name" in node for node in nodes):
        for what, detail in lives(*nodes):
            report.word("request-parameter", label, what, *pointers, detail)
    report.schemas("request-parameter", label, old.schema, new.schema)


def _style(field: Parameter) -> str:
    if field.content is not None:
        return ""
    more = (", exploded" if field.explode else "") + (
        ", reserved characters as they are" if field.allow_reserved else ""
    )
    return field.style + more


def _arguments(report: Report, old: Operation, new: Operation, pairs: Mapping[_Key, Parameter]) -> None:
    """The keywords of what is there before and after: they change where another parameter takes a name."""
    names = {_key(field): field for field in new.arguments}
    for field in old.arguments:
        other = pairs.get(_key(field)) or names.get(_key(field))
        if other is not None and other.python_name != field.python_name and other.name == field.name:
            words = {"old": f"`{field.python_name}`", "new": f"`{other.python_name}`"}
            report.add("argument-renamed", field.pointer, other.pointer, **words)
