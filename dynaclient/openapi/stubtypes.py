"""Schemas -> Python types as text: what comes back as classes of Records, what is sent as TypedDicts.

Every object schema becomes a class under the name of its component, or of the place where it stands; unions, enums and arrays that components name become aliases. Schemas
may lead back to themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from dynaclient.errors import SpecError
from dynaclient.openapi.pointer import at, join, local_target, tokens
from dynaclient.openapi.shape import annotation, kinds, subschemas
from dynaclient.openapi.stubpacked import EITHER, Choices, chosen
from dynaclient.openapi.stubtext import (
    NUMBERS,
    PACKED,
    PLAIN,
    Argument,
    Names,
    attribute,
    camel,
    docstring,
    literal,
    renamed,
    typed_dict,
    used_names,
)

Side = Literal["request", "reply"]
"""Which way a value goes: to the service, or from it."""

_STRUCTURAL = frozenset({"allOf", "anyOf", "oneOf", "type", "enum", "const", "properties", "items"})
_SCALARS: Mapping[str, str] = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
}
_SENT_FORMATS: Mapping[str, str] = {
    "date-time": "datetime.datetime",
    "date": "datetime.date",
    "time": "datetime.time",
    "uuid": "UUID",
}
_SHORT = 40
_NUMERIC = frozenset({"int", "float"})

Parts = dict[str, None]


@dataclass(slots=True)
class Field:
    """One property of an object: the places of its schemas (``either``: it has one of them, by choice), and what is said of it."""

    places: list[str] = field(default_factory=list)
    either: bool = False
    required: bool = False


class Types:
    """The types of one document, named as they are asked for.

    Parameters
    ----------
    document:
        The document.
    names:
        Those of the module.
    lean:
        Fields are typed as attributes only, not as items.
    """

    def __init__(self, document: Mapping[str, Any], names: Names, *, lean: bool = False) -> None:
        self.document = document
        self._lean = lean
        self.names = names
        self.definitions: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self._old = str(document.get("openapi", "")).startswith("3.0")
        self._classes: dict[tuple[Side, str], str] = {}
        self._settled: dict[tuple[Side, str], Parts] = {}
        self._active: dict[tuple[Side, str], str] = {}
        self._recursive: set[tuple[Side, str]] = set()
        self._open: set[tuple[Side, str]] = set()
        self._texts: dict[tuple[str, str], str] = {}
        self._waiting: list[Callable[[], None]] = []
        self.choices = Choices(document)
        self.generic: set[str] = set()

    def of(self, pointer: str | None, side: Side, hint: str) -> str:
        """The type of a schema as an annotation; ``hint`` names classes that have no name of their own."""
        return "Any" if pointer is None else union(self._parts(pointer, side, hint))

    def either(self, pointers: Iterable[str], side: Side, hint: str) -> str:
        """The type of a value that fits one of several schemas."""
        return union({part: None for pointer in pointers for part in self._parts(pointer, side, hint)}) or "Any"

    def finish(self) -> None:
        """Write the classes that were named and not yet written."""
        while self._waiting:
            self._waiting.pop(0)()

    # --- one schema

    def _parts(self, pointer: str, side: Side, hint: str) -> Parts:
        here, node = self._resolved(pointer)
        if not isinstance(node, Mapping):
            return {"Any": None}
        key = (side, here)
        if here == pointer or not here.startswith("/components/"):
            return self._of(node, here, side, hint)
        hint = camel(tokens(here)[-1]) + ("" if side == "reply" else "Input")
        if key in self._settled:
            return self._settled[key]
        if key in self._open:
            return {}
        if key in self._active:
            self._recursive.add(key)
            self._active[key] = self._active[key] or self.names.claim(hint)
            return {self._active[key]: None}
        self._active[key] = ""
        self._open.add(key)
        found = self._of(node, here, side, hint) or {"Any": None}
        self._open.discard(key)
        self._settled[key] = self._named(key, found, self._active.pop(key), hint)
        return self._settled[key]

    def _named(self, key: tuple[Side, str], found: Parts, name: str, hint: str) -> Parts:
        """The parts of a component, as an alias where they are long, or lead back to themselves."""
        text = union(found)
        if NUMBERS in text:  # an alias would hide the parameter
            if not name:
                return found
            text = chosen(text, EITHER)
        plain = len(found) < 4 and "[" not in text
        if key not in self._recursive and (plain or len(text) <= _SHORT):
            return found
        known = self._texts.get((key[1], text))
        if known and not name:
            return {known: None}
        name = name or self.names.claim(hint.removesuffix("Input") if self._is_choice(key[1]) else hint)
        self._texts[key[1], text] = name
        self.definitions[name] = f"{name}: TypeAlias = {text}"
        return {name: None}

    def _is_choice(self, pointer: str) -> bool:
        """Whether a schema is an enum: its type is the same both ways."""
        return "enum" in at(self.document, pointer)

    def _resolved(self, pointer: str) -> tuple[str, Any]:
        """A schema behind the references that say nothing else, and its place; ``True`` where a reference leads nowhere."""
        seen: set[str] = set()
        try:
            while pointer not in seen:
                seen.add(pointer)
                node = at(self.document, pointer)
                reference = node.get("$ref") if isinstance(node, Mapping) else None
                if not isinstance(reference, str) or (not self._old and _STRUCTURAL & node.keys()):
                    return pointer, node
                pointer = local_target(reference)
        except SpecError:
            pass
        return pointer, True

    def _of(self, node: Mapping[str, Any], here: str, side: Side, hint: str) -> Parts:
        found = self._literals(node)
        if found is None:
            found = self._structured(node, here, side, hint)
        if node.get("nullable") is True and "Any" not in found:
            found = {**found, "None": None}
        if side == "reply" and node.get("x-dynaclient-rarely-null") is True and len(found) > 1:
            found = {part: None for part in found if part != "None"}
        return found

    def _literals(self, node: Mapping[str, Any]) -> Parts | None:
        values = node["enum"] if isinstance(node.get("enum"), list) else [node["const"]] if "const" in node else []
        if not values or not all(isinstance(value, (str, int)) or value is None for value in values):
            return None
        shown = dict.fromkeys(literal(value) for value in values if value is not None)
        parts: Parts = {f"Literal[{', '.join(shown)}]": None} if shown else {}
        return {**parts, "None": None} if None in values else parts

    def _structured(self, node: Mapping[str, Any], here: str, side: Side, hint: str) -> Parts:
        if self._has_fields(here):
            return self._by_type(node, kinds(node) or ("object",), here, side, hint)
        for keyword in ("anyOf", "oneOf"):
            members = node.get(keyword)
            if isinstance(members, list) and members:
                places = [join(here, keyword, number) for number in range(len(members))]
                found = {part: None for place in places for part in self._parts(place, side, hint)}
                if side == "reply" and self.choices.here(node, here):
                    found = {NUMBERS if part in (PLAIN, PACKED) else part: None for part in found}
                if found and not ("Any" in found and kinds(node)):
                    return {"Any": None} if "Any" in found else found
        for place in self._conjoined(node, here):
            found = self._parts(place, side, hint)
            if found and "Any" not in found:
                return found
        return self._by_type(node, kinds(node), here, side, hint) or {"Any": None}

    def _conjoined(self, node: Mapping[str, Any], here: str) -> list[str]:
        """The places of the schemas that a value fits besides this one."""
        places = []
        if isinstance(node.get("$ref"), str):
            with suppress(SpecError):
                places.append(local_target(node["$ref"]))
        members = node.get("allOf")
        return places + [
            join(here, "allOf", number) for number in range(len(members) if isinstance(members, list) else 0)
        ]

    def _by_type(self, node: Mapping[str, Any], types: Iterable[str], here: str, side: Side, hint: str) -> Parts:
        found: Parts = {}
        for kind in types:
            if kind == "array":
                found.update(self._array(node, here, side, hint))
            elif kind == "object":
                found.update(self._object(node, here, side, hint))
            elif kind == "string":
                found.update(_string(node, side))
            elif kind in _SCALARS:
                found[_SCALARS[kind]] = None
        return found

    def _array(self, node: Mapping[str, Any], here: str, side: Side, hint: str) -> Parts:
        before, self._open = self._open, set()  # behind a list an alias may lead back to itself
        places = [join(here, "items")] if isinstance(node.get("items"), Mapping) else []
        prefix = node.get("prefixItems")
        places += [
            join(here, "prefixItems", number) for number in range(len(prefix) if isinstance(prefix, list) else 0)
        ]
        items = self.either(places, side, f"{hint}Item") if places else "Any"
        self._open = before
        if side == "reply":
            return {f"list[{items}]": None}
        found: Parts = {f"Sequence[{items}]": None}
        if set(items.removesuffix(" | Numbers").replace("Sequence[", "").replace("]", "").split(" | ")) <= _NUMERIC:
            found["Numbers"] = None
        return found

    def _object(self, node: Mapping[str, Any], here: str, side: Side, hint: str) -> Parts:
        if self._has_fields(here):
            name = self._class(here, side, hint)
            if name:
                if side == "reply":
                    return {f"{name}[{NUMBERS}]" if self.choices.within(here) else name: None}
                return {name: None, "Record": None}
        others = node.get("additionalProperties")
        if isinstance(others, Mapping) and others:
            before, self._open = self._open, set()
            value = self.of(join(here, "additionalProperties"), side, f"{hint}Value")
            self._open = before
            if value != "Any":
                return {f"dict[str, {value}]" if side == "reply" else f"Mapping[str, {value}]": None}
        return {"Record" if side == "reply" else "Mapping[str, Any]": None}

    def items(self, pointer: str, hint: str) -> list[str]:
        """The types of the items of a list that comes back; ``[]`` where the schema is not that of a list."""
        places = [
            join(here, "items")
            for node, here in subschemas(self.document, pointer)
            if isinstance(node.get("items"), Mapping)
        ]
        return [self.of(place, "reply", hint) for place in dict.fromkeys(places)]

    # --- classes

    def _has_fields(self, pointer: str) -> bool:
        return any(
            isinstance(node.get("properties"), Mapping) and node["properties"]
            for node, _ in subschemas(self.document, pointer, choices=False)
        )

    def fields(self, pointer: str) -> dict[str, Field]:
        """The properties of an object, required ones first."""
        always = {here: node for node, here in subschemas(self.document, pointer, choices=False)}
        required = {
            name
            for node in always.values()
            for name in (node["required"] if isinstance(node.get("required"), list) else ())
            if isinstance(name, str)
        }
        found: dict[str, Field] = {}
        for node, here in subschemas(self.document, pointer):
            declared = node.get("properties")
            for name in declared if isinstance(declared, Mapping) else ():
                known = found.setdefault(name, Field(either=here not in always, required=name in required))
                if known.either or here in always:
                    known.places.append(join(here, "properties", name))
        return dict(sorted(found.items(), key=lambda item: not item[1].required))

    def type_of_field(self, found: Field, side: Side, hint: str) -> str:
        """The type of a property: any of those that it may have; of several that hold at once the one that says most."""
        if found.either:
            return self.either(found.places, side, hint)
        texts = [self.of(place, side, hint) for place in found.places[:4]]
        return next(
            (text for text in texts if "Literal[" in text), next((text for text in texts if text != "Any"), "Any")
        )

    def _class(self, here: str, side: Side, hint: str) -> str:
        key = (side, here)
        if key not in self._classes:
            own = here.startswith("/components/schemas/") and here.count("/") == 3
            wanted = camel(tokens(here)[-1]) + ("" if side == "reply" else "Input") if own else hint
            fields = self.fields(here)
            if side == "request":
                fields = {name: one for name, one in fields.items() if not self._hidden(one)}
            self._classes[key] = name = self.names.claim(wanted) if fields else ""
            write = self._write_reply if side == "reply" else self._write_request
            if name:
                self._waiting.append(lambda: write(name, here, fields))
        return self._classes[key]

    def _hidden(self, found: Field) -> bool:
        """Whether a property is the service's to set, so that no request carries it."""
        return bool(annotation(self.document, found.places[0], "readOnly"))

    def _about(self, place: str) -> str:
        text = str(annotation(self.document, place, "description") or "")
        deprecated = annotation(self.document, place, "deprecated") is True
        return f"{text}\n\nDeprecated.".strip() if deprecated else text

    def _write_request(self, name: str, here: str, fields: Mapping[str, Field]) -> None:
        entries = [
            Argument(key, self.type_of_field(one, "request", name.removesuffix("Input") + camel(key) + "Input"), one.required, self._about(one.places[0]))
            for key, one in fields.items()
        ]  # fmt: skip
        self.definitions[name] = typed_dict(name, entries, self._about(here))

    def _write_reply(self, name: str, here: str, fields: Mapping[str, Field]) -> None:
        entries = [
            Argument(key, self.type_of_field(one, "reply", name + camel(key)), one.required, self._about(one.places[0]))
            for key, one in fields.items()
        ]
        self.record(name, entries, self._about(here), generic=self.choices.within(here))

    def word(self, name: str, members: Collection[str]) -> str:
        """A name as it is written in a class with these members: by another where a member hides it."""
        if name in members:
            self.aliases[name] = f"_{name}_"
        return self.aliases[name] if name in members else name

    def record(self, name: str, entries: Iterable[Argument], text: str, *, generic: bool = False) -> None:
        """Write a class of Records with these fields; ``generic``: numbers in it come as a list or packed."""
        entries = list(entries)
        taken = {entry.name for entry in entries}
        attributes = {entry.name: attribute(entry.name, taken) for entry in entries}
        shadowed = {found for found in attributes.values() if found}
        changed = {word: f"_{word}_" for entry in entries for word in used_names(entry.type) if word in shadowed}
        changed.update((word, f"_{word}_") for word in ("overload", "Literal", "Any", "str") if word in shadowed)
        self.aliases.update(changed)
        generic = generic or any(NUMBERS in used_names(entry.type) for entry in entries)
        lines = [f"class {name}(Fields{f', Generic[{NUMBERS}]' if generic else ''}):", *docstring(text)]
        by_type: dict[str, list[str]] = {}
        for entry in entries:
            kind = renamed(entry.type, changed)
            by_type.setdefault(kind, []).append(literal(entry.name))
            if attributes[entry.name]:
                lines += [f"    {attributes[entry.name]}: {kind}", *docstring(entry.description)]
        item = renamed("    @overload\n    def __getitem__(self, key: {key}, /) -> {kind}: ...", changed)
        chosen, other = changed.get("Literal", "Literal"), (changed.get("str", "str"), changed.get("Any", "Any"))
        pairs = [(f"{chosen}[{', '.join(keys)}]", kind) for kind, keys in by_type.items()]
        lines += [item.format(key=key, kind=kind) for key, kind in ((*pairs, other) if not self._lean else ())]
        self.definitions[name] = "\n".join(lines if len(lines) > 1 else [*lines, "    pass"])


def union(parts: Iterable[str]) -> str:
    """Parts as a union: ``Any`` where one of them is, ``None`` last."""
    found = dict.fromkeys(parts)
    if "Any" in found:
        return "Any"
    last = [part for part in ("Record", "Numbers", "None") if part in found]
    return " | ".join([*(part for part in found if part not in last), *last])


def _string(node: Mapping[str, Any], side: Side) -> Parts:
    if side == "reply":
        return {"Vector" if "x-dynaclient-decode" in node else "str": None}
    other = _SENT_FORMATS.get(str(node.get("format")))
    return {"str": None, other: None} if other else {"str": None}
