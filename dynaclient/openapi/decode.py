"""``x-dynaclient-decode``: where a reply carries packed numbers as text, and how they are unpacked.

The schema is searched once; what is found is a small tree of steps that a reply is walked along, so that nothing else of it is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynaclient.errors import Problem, SpecError
from dynaclient.openapi.media import decode_base64
from dynaclient.openapi.pointer import join
from dynaclient.openapi.shape import subschemas
from dynaclient.value import vector

_TYPECODES = {"float32": "f", "float64": "d", "int8": "b", "uint8": "B", "int32": "i", "uint32": "I"}
_DEEPEST = 12


@dataclass(slots=True)
class Step:
    """One level of a reply: what to do with its text, its items and its properties."""

    decode: Callable[[str], Any] | None = None
    pointer: str = ""
    items: Step | None = None
    properties: dict[str, Step] = field(default_factory=dict)


def decoding(document: Mapping[str, Any], pointer: str) -> Step | None:
    """The tree of what is decoded in a value of this schema; None where nothing is."""
    return _search(document, pointer, ())


def _search(document: Mapping[str, Any], pointer: str, above: tuple[str, ...]) -> Step | None:
    if pointer in above or len(above) > _DEEPEST:
        return None
    above = (*above, pointer)
    step = Step()
    for node, here in subschemas(document, pointer):
        if here in above[:-1]:
            continue
        if "x-dynaclient-decode" in node:
            step.pointer = join(here, "x-dynaclient-decode")
            step.decode = _decoder(node["x-dynaclient-decode"], step.pointer)
        if isinstance(node.get("items"), Mapping):
            step.items = step.items or _search(document, join(here, "items"), (*above, here))
        declared = node.get("properties")
        for name in declared if isinstance(declared, Mapping) else ():
            found = _search(document, join(here, "properties", name), (*above, here))
            if found is not None:
                step.properties.setdefault(name, found)
    return step if step.decode or step.items or step.properties else None


def _decoder(written: Any, pointer: str) -> Callable[[str], Any]:
    if not isinstance(written, Mapping):
        raise SpecError("an object with `encoding`, `type` and `byteOrder` is expected here", pointer=pointer)
    encoding, kind, order = (
        written.get(key, default)
        for key, default in (("encoding", "base64"), ("type", "float32"), ("byteOrder", "little"))
    )
    if encoding != "base64" or kind not in _TYPECODES or order not in ("little", "big"):
        raise SpecError(
            f"cannot decode {encoding!r} of {kind!r} in {order!r} order; known are base64 of {', '.join(_TYPECODES)}, little or big",
            pointer=pointer,
        )
    typecode, little = _TYPECODES[kind], order == "little"
    return lambda text: vector(decode_base64(text), typecode, little=little)


def decoded(step: Step, value: Any, where: str, problems: list[Problem]) -> Any:
    """The value with its texts decoded, in place; a text that cannot be is left as it came, and noted."""
    if isinstance(value, str):
        if step.decode is None:
            return value
        try:
            return step.decode(value)
        except ValueError as error:
            problems.append(Problem(where, str(error), step.pointer))
            return value
    if isinstance(value, list) and step.items is not None:
        below = step.items
        if not value or (type(value[0]) is float and type(value[-1]) is float):
            return value
        for number, item in enumerate(value):
            value[number] = decoded(below, item, f"{where}[{number}]", problems)
    elif isinstance(value, dict):
        for name, below in step.properties.items():
            if name in value:
                value[name] = decoded(below, value[name], f"{where}.{name}", problems)
    return value
