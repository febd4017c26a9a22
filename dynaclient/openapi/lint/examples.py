"""Examples and defaults that their own schemas refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from dynaclient.errors import SpecError
from dynaclient.openapi.check import Checker
from dynaclient.openapi.lint.finding import Finding
from dynaclient.openapi.lint.walk import Node
from dynaclient.openapi.media import is_form, is_json, is_multipart
from dynaclient.openapi.model import Api
from dynaclient.openapi.pointer import deref, join

Direction = Literal["request", "reply"]


def example_findings(api: Api, listed: Iterable[Node], checker: Checker, broken: frozenset[str]) -> Iterator[Finding]:
    """Every example (of a media type, a parameter, a header, a schema) and default that does not match its schema."""
    for node in listed:
        pointer = node.pointer if node.kind == "schema" else join(node.pointer, "schema")
        if node.kind == "schema":
            samples = _of_schema(node)
        elif node.kind in ("media type", "parameter", "header") and isinstance(
            node.value.get("schema"), (Mapping, bool)
        ):
            if node.kind == "media type" and not _is_structured(node.pointer):
                continue
            samples = _of_holder(api, node)
        else:
            continue
        for what, value, place in samples:
            yield from _judged(checker, pointer, _direction(place), what, value, place)


def _is_structured(pointer: str) -> bool:
    """Whether examples in this media type are values: those in XML or text are written as they stand."""
    name = pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    return is_json(name) or is_form(name) or is_multipart(name)


def _direction(pointer: str) -> Direction:
    return (
        "request" if "/requestBody" in pointer or "/parameters/" in pointer or "/requestBodies/" in pointer else "reply"
    )


def _of_schema(node: Node) -> Iterator[tuple[str, Any, str]]:
    for key in ("example", "default"):
        if key in node.value:
            yield f"the {key}", node.value[key], join(node.pointer, key)
    several = node.value.get("examples")
    for number, value in enumerate(several if isinstance(several, list) else ()):
        yield "the example", value, join(node.pointer, "examples", number)


def _of_holder(api: Api, node: Node) -> Iterator[tuple[str, Any, str]]:
    if "example" in node.value:
        yield "the example", node.value["example"], join(node.pointer, "example")
    several = node.value.get("examples")
    for name, entry in several.items() if isinstance(several, Mapping) else ():
        place = join(node.pointer, "examples", name)
        try:
            example, place = deref(api.document, entry, place)
        except SpecError:
            continue  # told with the reference
        if isinstance(example, Mapping):
            for key in ("value", "dataValue"):
                if key in example:
                    yield f"the example {name!r}", example[key], join(place, key)


def _judged(
    checker: Checker, schema: str, direction: Direction, what: str, value: Any, place: str
) -> Iterator[Finding]:
    """A default may be null where nothing is sent; an example that neither a request nor a reply could be is wrong."""
    if value is None and what == "the default":
        return
    try:
        validator = checker.validator(schema, direction)
        if validator.accepts(value):
            return
        other: Direction = "reply" if direction == "request" else "request"
        if what != "the default" and checker.validator(schema, other).accepts(value):
            return
        problems = validator.problems(value, "")
    except (SpecError, RecursionError):
        return  # told with the schema
    if problems:
        first = problems[0]
        where = f"{first.where.lstrip('.')}: " if first.where else ""
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        yield Finding(
            "example-invalid", place, f"{what} does not match its schema: {where}{first.message}{more}", first.hint
        )
