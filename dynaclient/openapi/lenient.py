"""Settled Schema Object -> the same schema without those demands that do not change what a value means.

A reply is judged by the strict schema first. Only a reply that the strict schema refuses is judged by this one. It
accepts all that the strict schema accepts, and also

- null for an optional property; a property that some part requires stays what it is;
- a property that a closed object does not name (``additionalProperties`` or ``unevaluatedProperties`` is false);
- an unlisted text or number for ``enum`` and ``const``; their JSON types stay;
- a value that fits several alternatives of a ``oneOf``;
- a text that is not of its ``format``, and a number out of its format's range;
- 1.0 for an integer (3.0; the later versions accept it anyway);
- anything where the document says that the value is incidental (``x-dynaclient-incidental``).

Two things must not be lost when the alternatives of a union are loosened. A value that one alternative lists must not
pass for another alternative, so that ``{"kind": "image"}`` is never taken for the text that it is not; a value that no
alternative lists may. And a property that one alternative names must not pass as an undeclared property of another one,
whatever its type.

Nothing is loosened where a refusal lets a value pass: under ``not``, ``if`` and ``contains``. There the references lead
to the strict schemas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from dynaclient.openapi.formats import PREDICATES
from dynaclient.openapi.settle import INCIDENTAL, TAG, Schema

LENIENT = "lenient-"
"""What the key of a loosened schema begins with; the key of its strict schema follows."""

_PREFIX = "#/$defs/"
_DIFFERENT = frozenset({"format", "enum", "const", "type", "properties", "anyOf", "oneOf", TAG, "$ref"})
_KEPT = frozenset({"not", "if", "contains", "unevaluatedItems", "dependentRequired"})
_SAME = frozenset({"then", "else"})
_CHOICES = ("anyOf", "oneOf")
_BLIND = frozenset({"enum", "const", "allOf", "anyOf", "oneOf", "not", "if", "$ref"})
"""The keywords that may refuse null whatever ``type`` says."""
_NEVER: Mapping[str, Any] = {"not": {}}

Around = Mapping[str, tuple[Schema, ...]]
"""The schemas of the properties that are declared beside a schema, for the same object."""
_NOTHING: Around = MappingProxyType({})


class Loosener:
    """Loosens the settled schemas of one document.

    Parameters
    ----------
    version:
        ``"3.0"``, ``"3.1"`` or ``"3.2"``.
    schema, key:
        Gives the settled schema of a key, and the key of a place.
    places:
        From the identity of a settled schema to its pointer; loosened schemas are entered.
    """

    def __init__(
        self, version: str, schema: Callable[[str], Schema], key: Callable[[str], str], places: dict[int, str]
    ) -> None:
        self._old = version == "3.0"
        self._schema, self._key, self._places = schema, key, places

    def loosened(self, node: Schema, around: Around = _NOTHING) -> Schema:
        """Return the loosened form of a settled schema.

        Parameters
        ----------
        node:
            The settled schema.
        around:
            The properties that are declared beside it, for the same object.
        """
        if node.get(INCIDENTAL) is True:
            return self._placed(node, {})
        parts = list(self._parts(node))
        required = set(self._required(node, parts))
        out: Schema = {}
        extra: list[Schema] = []
        for keyword, value in node.items():
            if keyword not in _DIFFERENT:
                self._keyword(out, keyword, value, {**around, **_declared(parts)})
        self._scalars(node, out, extra)
        if "properties" in node:
            out["properties"] = {
                name: self.loosened(item) if name in required else self._or_null(self.loosened(item))
                for name, item in node["properties"].items()
            }
        self._unions(node, out, extra, {**around, **_declared(parts)})
        if "$ref" in node:
            out["$ref"] = _reference(node["$ref"])
        extra += self._not_null(node, required, around)
        if self._old and "$ref" in out and (extra or len(out) > 1):  # Draft 4 ignores what stands beside a reference
            extra.append({"$ref": out.pop("$ref")})
        if extra:
            out["allOf"] = [*out.get("allOf", ()), *extra]
        return self._placed(node, out)

    def _placed(self, node: Schema, out: Schema) -> Schema:
        if (place := self._places.get(id(node))) is not None:
            self._places[id(out)] = place
        return out

    def _keyword(self, out: Schema, keyword: str, value: Any, around: Around) -> None:
        """One keyword that means the same, with what stands below it loosened."""
        if keyword in ("additionalProperties", "unevaluatedProperties") and value is False:
            return
        if keyword == "allOf":
            out[keyword] = [self.loosened(item, around) for item in value]
        elif keyword == "prefixItems":
            out[keyword] = [self.loosened(item) for item in value]
        elif keyword == "patternProperties":
            out[keyword] = {name: self.loosened(item) for name, item in value.items()}
        elif keyword == "dependentSchemas":
            out[keyword] = {name: self.loosened(item, around) for name, item in value.items()}
        elif isinstance(value, dict) and keyword not in _KEPT:
            out[keyword] = self.loosened(value, around if keyword in _SAME else {})
        else:
            out[keyword] = value

    def _scalars(self, node: Schema, out: Schema, extra: list[Schema]) -> None:
        if "type" in node:
            out["type"] = node["type"]
            if self._old and node["type"] == "integer":
                out["type"] = "number"
                extra.append({"multipleOf": 1})
        if node.get("format", "") and node["format"] not in PREDICATES:
            out["format"] = node["format"]
        if "const" in node:
            extra.append(self._any_of_kind([node["const"]]))
        if "enum" in node:
            extra.append(self._any_of_kind(node["enum"]))

    def _any_of_kind(self, values: list[Any]) -> Schema:
        """Any text where texts are listed, any number where numbers are; of all else only what is listed."""
        choices: list[Schema] = []
        if any(isinstance(value, str) for value in values):
            choices.append({"type": "string"})
        if any(_is_number(value) for value in values):
            choices.append({"type": "number"})
        others = [value for value in values if not isinstance(value, str) and not _is_number(value)]
        if others:
            choices.append({"enum": others})
        return choices[0] if len(choices) == 1 else {"anyOf": choices}

    def _or_null(self, out: Schema) -> Schema:
        """The schema, or null."""
        if _BLIND.isdisjoint(out):
            if "type" in out and self._old:
                out["nullable"] = True
            elif "type" in out:
                types = [out["type"]] if isinstance(out["type"], str) else out["type"]
                out["type"] = types if "null" in types else [*types, "null"]
            return out
        return {"anyOf": [out, {"enum": [None]} if self._old else {"type": "null"}]}

    # --- unions

    def _unions(self, node: Schema, out: Schema, extra: list[Schema], around: Around) -> None:
        for key in _CHOICES:
            if key in node:
                branches = list(self._branches(node[key], around))
                if "anyOf" in out:
                    extra.append({"anyOf": branches})
                else:
                    out["anyOf"] = branches

    def _branches(self, branches: list[Schema], around: Around) -> Iterator[Schema]:
        """The alternatives, each without what is plainly meant for another one."""
        parts = [list(self._parts(branch)) for branch in branches]
        whole = [list(self._parts(branch, choices=True)) for branch in branches]
        fixed = [self._fixed(nodes) for nodes in parts]
        names = [{name for node in nodes for name in node.get("properties", ())} for nodes in whole]
        for number, branch in enumerate(branches):
            limits: dict[str, Schema] = {}
            for name, values in fixed[number].items():
                listed = (value for other in fixed if other is not fixed[number] for value in other.get(name, ()))
                foreign = [value for value in listed if value not in values]
                if foreign:
                    limits[name] = {"not": {"enum": _distinct(foreign)}}
            if _is_closed(parts[number], whole[number]):
                foreign_names = set().union(*names) - names[number] - around.keys()
                limits.update((name, dict(_NEVER)) for name in sorted(foreign_names))
            made = self.loosened(branch, around)
            yield {"allOf": [made, {"properties": limits}]} if limits else made

    def _fixed(self, nodes: Iterable[Schema]) -> dict[str, list[Any]]:
        """The properties whose texts and numbers are listed, with them."""
        found: dict[str, list[Any]] = {}
        for node in nodes:
            for name, item in node.get("properties", {}).items():
                for part in self._parts(item):
                    values = [part["const"]] if "const" in part else part.get("enum")
                    if values is not None:
                        found[name] = [value for value in values if isinstance(value, str) or _is_number(value)]
        return found

    # --- what applies to the same object

    def _parts(self, node: Schema, *, choices: bool = False) -> Iterator[Schema]:
        """A schema, what it refers to and its ``allOf``, each once; with ``choices`` all else that may apply to the value."""
        seen: set[int] = set()
        waiting = [node]
        while waiting:
            part = waiting.pop()
            if id(part) in seen:
                continue
            seen.add(id(part))
            yield part
            if "$ref" in part:
                waiting.append(self._schema(part["$ref"].removeprefix(_PREFIX)))
            waiting += part.get("allOf", ())
            if choices:
                waiting += [item for key in _CHOICES for item in part.get(key, ())]
                waiting += [part[key] for key in ("if", "then", "else") if key in part]
                waiting += part.get("dependentSchemas", {}).values()

    def _required(self, node: Schema, parts: list[Schema]) -> Iterator[str]:
        """The properties that an object must have, if only beside others."""
        for part in parts:
            yield from part.get("required", ())
            for names in part.get("dependentRequired", {}).values():
                yield from names

    def _not_null(self, node: Schema, required: set[str], around: Around) -> Iterator[Schema]:
        """What is required here and declared where it is optional: null was let through there, and is refused here.

        The properties are named by reference: their schemas may lead back to this one.
        """
        declared = {name: list(items) for name, items in around.items() if name in required}
        members = [{"$ref": node["$ref"]}] if "$ref" in node else []
        for member in [*members, *node.get("allOf", ())]:
            parts = list(self._parts(member))
            wanted = required.difference(self._required(member, parts))
            for name, found in _declared(parts).items():
                if name in wanted:
                    declared.setdefault(name, []).extend(found)
        for name, items in declared.items():
            for item in items:
                key = self._key(self._places[id(item)])
                yield {"properties": {name: {"$ref": f"{_PREFIX}{LENIENT}{key}"}}}


def _reference(reference: str) -> str:
    return f"{_PREFIX}{LENIENT}{reference.removeprefix(_PREFIX)}"


def _declared(parts: Iterable[Schema]) -> Around:
    """The schemas of the properties that some parts of a schema declare."""
    found: dict[str, tuple[Schema, ...]] = {}
    for part in parts:
        for name, item in part.get("properties", {}).items():
            found[name] = (*found.get(name, ()), item)
    return found


def _is_closed(parts: list[Schema], whole: list[Schema]) -> bool:
    """Whether a schema refuses properties that it does not name."""
    if any("patternProperties" in part for part in whole):
        return False
    if any(part.get("additionalProperties") is False for part in parts):
        return True
    free = any(
        part.get(key, False) is not False for part in whole for key in ("additionalProperties", "unevaluatedProperties")
    )
    return not free and any(part.get("unevaluatedProperties") is False for part in parts)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _distinct(values: list[Any]) -> list[Any]:
    return list({(type(value), value): value for value in values}.values())
