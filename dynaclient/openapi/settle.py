"""One Schema Object -> its settled form: what the author meant, in the words of the document's own version.

Published documents carry mistakes that would stop a validator: ``required: true`` on a property, ``type: []``, a broken regular
expression, words of another version. They are settled once, for both validators alike: only keywords that the version
knows are left, each with a value of the right kind. What was let through is noted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urljoin

from dynaclient.errors import SpecError
from dynaclient.openapi import rules
from dynaclient.openapi.nullable import nullable_30, nullable_31
from dynaclient.openapi.pointer import at, deref, join, unfollowed
from dynaclient.openapi.rules import DROP, shown
from dynaclient.openapi.shape import BESIDE_REFERENCE, annotation
from dynaclient.openapi.shape import types as types_of

Schema = dict[str, Any]
Rule = Callable[[Any, str], Any]

TAG = "x-discriminator"
"""In a settled schema: the discriminator, its mapping complete, which tells what branch a message speaks of."""

_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_COMPONENT = re.compile(r"/components/schemas/([A-Za-z0-9._-]+)")
INCIDENTAL = "x-dynaclient-incidental"
"""In a settled schema, as in the document: whatever stands here changes no meaning."""
EXCUSED = "x-excused"
"""In a settled schema: the required properties that may be missing, by direction (``request``, ``reply``)."""

_IN_PLACE = re.compile(r"(.*)/(?:allOf|anyOf|oneOf)/[0-9]+")
_LITERAL = re.compile(r"/(\^.*\$)/", re.DOTALL)
_COUNTS = ("maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties")
_NUMBERS = ("minimum", "maximum", "multipleOf")
_UNIONS = ("allOf", "anyOf", "oneOf")
_OF_31 = frozenset(
    {"const", "if", "then", "else", "contains", "prefixItems", "patternProperties", "propertyNames"}
    | {"dependentRequired", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef"}
)
_LATER_SCHEMAS = ("if", "then", "else", "contains", "propertyNames")


class Surroundings(Protocol):
    """What settling a schema needs to know of the document around it."""

    version: str
    document: Mapping[str, Any]
    places: dict[int, str]

    def usable(self, pattern: str) -> bool:
        """Whether a regular expression (ECMA-262) can be compiled."""
        ...

    def key(self, pointer: str) -> str:
        """The key that stands for a place."""
        ...

    def pointer(self, key: str) -> str:
        """The place that a key stands for."""
        ...

    def target(self, reference: str, base: str, base_id: str) -> str:
        """The pointer that a reference names, seen from the schema resource at ``base``."""
        ...

    def dynamic(self, reference: str) -> str:
        """The pointer that a ``$dynamicRef`` names."""
        ...

    def base(self, pointer: str) -> tuple[str, str]:
        """The schema resource that a place belongs to: its pointer and its ``$id``."""
        ...

    def tolerate(self, pointer: str, what: str) -> None:
        """Note something that was let through."""
        ...


class Settler:
    """Settles one schema of the document, with all that stands inside it."""

    def __init__(self, schemas: Surroundings, pointer: str) -> None:
        self._all = schemas
        self._base, self._base_id = schemas.base(pointer)
        self._rules = self._rules_30() if schemas.version == "3.0" else self._rules_31()

    def settle(self, node: Any, pointer: str) -> Schema:
        """The settled form of a schema at a place."""
        if isinstance(node, bool):
            return self._keep({} if node else {"not": {}}, pointer)
        if not isinstance(node, Mapping):
            self._all.tolerate(pointer, "a schema was expected here; anything is accepted")
            return self._keep({}, pointer)
        outer = self._base, self._base_id
        if self._all.version != "3.0" and isinstance(identifier := node.get("$id"), str):
            self._base, self._base_id = pointer, urljoin(self._base_id, identifier)
        try:
            return self._keep(self._finish(node, self._keywords(node, pointer), pointer), pointer)
        finally:
            self._base, self._base_id = outer

    def _keep(self, schema: Schema, pointer: str) -> Schema:
        self._all.places[id(schema)] = pointer
        return schema

    def _keywords(self, node: Mapping[str, Any], pointer: str) -> Schema:
        out: Schema = {}
        alone = self._all.version == "3.0" and isinstance(node.get("$ref"), str)
        for keyword, value in node.items():
            rule = self._rules.get(keyword)
            if rule is None or (alone and keyword not in BESIDE_REFERENCE):
                if keyword in _OF_31 and self._all.version == "3.0":
                    self._all.tolerate(join(pointer, keyword), f"{keyword} is of OpenAPI 3.1 and means nothing in 3.0")
                continue
            kept = rule(value, join(pointer, keyword))
            if kept is DROP:
                self._all.tolerate(join(pointer, keyword), f"{shown(value)} makes no sense here and is ignored")
            else:
                out[keyword] = kept
        return out

    def _finish(self, node: Mapping[str, Any], out: Schema, pointer: str) -> Schema:
        if "$dynamicRef" in out:
            out.setdefault("$ref", out["$dynamicRef"])
            del out["$dynamicRef"]
        if "type" in out and any(self._excludes(out["type"], node, key, pointer) for key in ("anyOf", "oneOf")):
            self._all.tolerate(
                join(pointer, "type"), "none of the schemas to choose from is of this type; it is ignored"
            )
            del out["type"]
        if "discriminator" in out:
            self._tag(out)
        if out.get("required"):
            self._excuse(out, pointer)
        if self._all.version == "3.0":
            return self._finish_30(out, pointer)
        return self._finish_31(node, out, pointer)

    def _excuse(self, out: Schema, pointer: str) -> None:
        """Note which required properties are missing for a reason: read-only ones in requests, write-only ones in replies.

        3.0.3, 4.7.24.2, says so; in 3.1 and later both are annotations, and mean the same to who writes them.
        """
        for way, keyword in (("request", "readOnly"), ("reply", "writeOnly")):
            names = [name for name in out["required"] if self._says(pointer, name, keyword)]
            if names:
                out.setdefault(EXCUSED, {})[way] = names

    def _says(self, pointer: str, name: str, keyword: str) -> bool:
        """Whether a property says something of itself, in this schema or one around it that judges the same object."""
        document = self._all.document
        while True:
            place = join(pointer, "properties", name)
            if _stands(document, place) and annotation(document, place, keyword) is True:
                return True
            outer = _IN_PLACE.fullmatch(pointer)
            if outer is None:
                return False
            pointer = outer[1]

    def _excludes(self, declared: Any, node: Mapping[str, Any], union: str, pointer: str) -> bool:
        """Whether the type refuses what each branch of a union accepts, as generators of documents write it for want of a better one."""
        branches = node.get(union)
        places = [join(pointer, union, number) for number in range(len(branches) if isinstance(branches, list) else 0)]
        kinds = [types_of(self._all.document, place) for place in places]
        own = {declared} if isinstance(declared, str) else set(declared)
        own |= {"integer", "number"} if own & {"integer", "number"} else set()
        return bool(kinds) and all(kind and own.isdisjoint(kind) for kind in kinds)

    def _finish_30(self, out: Schema, pointer: str) -> Schema:
        for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            value = out.get(exclusive)
            if value is not None and not isinstance(value, bool):
                self._all.tolerate(join(pointer, exclusive), "a number here is of OpenAPI 3.1; it is read as one")
                out[exclusive] = True
                out.setdefault(limit, value)
        types = out.get("type")
        if isinstance(types, list) or types == "null":
            self._all.tolerate(join(pointer, "type"), f"{shown(types)} is of OpenAPI 3.1; it is read as such")
            self._types_30(out, [types] if isinstance(types, str) else types, pointer)
        if out.get("nullable") is True:
            return nullable_30(out, lambda schema: self._keep(schema, pointer))
        return out

    def _types_30(self, out: Schema, types: list[str], pointer: str) -> None:
        """The list of types of 3.1 in the words of 3.0: one type, ``nullable`` and ``anyOf``."""
        nullable = {"nullable": True} if "null" in types or out.get("nullable") is True else {}
        others = [name for name in types if name != "null"]
        del out["type"]
        out.update(nullable)
        if not others:
            out["enum"] = [None]
        elif len(others) == 1:
            out["type"] = others[0]
        else:
            each = [self._keep({"type": name, **nullable}, pointer) for name in others]
            if "anyOf" in out:
                out["allOf"] = [*out.get("allOf", ()), self._keep({"anyOf": each}, pointer)]
            else:
                out["anyOf"] = each
                out.pop("nullable", None)  # each of them says so

    def _finish_31(self, node: Mapping[str, Any], out: Schema, pointer: str) -> Schema:
        for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if isinstance(flag := out.get(exclusive), bool):
                self._all.tolerate(join(pointer, exclusive), "a boolean here is of OpenAPI 3.0; it is read as one")
                del out[exclusive]
                if flag and limit in out:
                    out[exclusive] = out.pop(limit)
        if isinstance(out.get("items"), list):
            self._all.tolerate(
                join(pointer, "items"), "a list here is of an older JSON Schema; it is read as prefixItems"
            )
            out.setdefault("prefixItems", out.pop("items"))
            out.pop("items", None)
        if node.get("nullable") is not True:
            return out
        self._all.tolerate(join(pointer, "nullable"), "nullable is of OpenAPI 3.0; null is accepted")
        return nullable_31(out, lambda schema: self._keep(schema, pointer))

    def _rules_30(self) -> dict[str, Rule]:
        table: dict[str, Rule] = {
            "type": self._type,
            "enum": rules.enum,
            "required": self._required,
            "uniqueItems": rules.boolean,
            "nullable": rules.as_it_is,
            "format": rules.string,
            "pattern": self._pattern,
            "$ref": self._reference,
            "discriminator": self._discriminator,
            INCIDENTAL: rules.as_it_is,
            "items": self._subschema,
            "not": self._subschema,
            "properties": self._map,
            "additionalProperties": self._boolean_or_schema,
            "exclusiveMinimum": rules.boolean_or_number,
            "exclusiveMaximum": rules.boolean_or_number,
        }
        table.update(dict.fromkeys(_COUNTS, rules.count))
        table.update(dict.fromkeys(_NUMBERS, rules.number))
        table["multipleOf"] = rules.positive
        table.update(dict.fromkeys(_UNIONS, self._list))
        return table

    def _rules_31(self) -> dict[str, Rule]:
        table = self._rules_30()
        del table["nullable"]
        table.update(dict.fromkeys(_LATER_SCHEMAS, self._subschema))
        table.update(dict.fromkeys(("minContains", "maxContains"), rules.count))
        table.update(dict.fromkeys(("unevaluatedItems", "unevaluatedProperties"), self._boolean_or_schema))
        table["items"] = self._items
        table["prefixItems"] = self._list
        table["dependentSchemas"] = self._map
        table["dependentRequired"] = rules.dependent_required
        table["patternProperties"] = self._patterns
        table["$dynamicRef"] = self._dynamic_reference
        table["const"] = rules.as_it_is
        table["contentEncoding"] = table["contentMediaType"] = rules.string
        return table

    def _subschema(self, value: Any, pointer: str) -> Any:
        return self.settle(value, pointer) if isinstance(value, (Mapping, bool)) else DROP

    def _boolean_or_schema(self, value: Any, pointer: str) -> Any:
        return value if isinstance(value, bool) else self._subschema(value, pointer)

    def _items(self, value: Any, pointer: str) -> Any:
        return self._list(value, pointer) if isinstance(value, list) else self._boolean_or_schema(value, pointer)

    def _list(self, value: Any, pointer: str) -> Any:
        if not isinstance(value, list) or not value:
            return DROP
        return [self.settle(item, join(pointer, number)) for number, item in enumerate(value)]

    def _map(self, value: Any, pointer: str) -> Any:
        if not isinstance(value, Mapping):
            return DROP
        return {str(name): self.settle(item, join(pointer, name)) for name, item in value.items()}

    def _patterns(self, value: Any, pointer: str) -> Any:
        if not isinstance(value, Mapping):
            return DROP
        out = {}
        for name, item in value.items():
            if self._pattern(name, join(pointer, name)) is DROP:
                self._all.tolerate(join(pointer, name), "no regular expression that can be read; it is ignored")
            else:
                out[name] = self.settle(item, join(pointer, name))
        return out

    def _pattern(self, value: Any, pointer: str) -> Any:
        """An expression; one that is written as a literal of JavaScript, ``/^...$/``, is read as its inside."""
        if not isinstance(value, str):
            return DROP
        literal = _LITERAL.fullmatch(value)
        if literal is not None and self._all.usable(literal[1]):
            self._all.tolerate(pointer, f"{shown(value)} is a literal of JavaScript; its inside is the expression")
            return literal[1]
        return value if self._all.usable(value) else DROP

    def _type(self, value: Any, pointer: str) -> Any:
        if isinstance(value, str):
            return value if value in _TYPES else DROP
        if not isinstance(value, list):
            return DROP
        names = list(dict.fromkeys(name for name in value if isinstance(name, str) and name in _TYPES))
        if len(names) != len(value):
            self._all.tolerate(pointer, f"{shown(value)} holds repeated or unknown types; they are ignored")
        return names or DROP

    def _required(self, value: Any, pointer: str) -> Any:
        if not isinstance(value, list):
            return DROP
        names = list(dict.fromkeys(name for name in value if isinstance(name, str)))
        if len(names) != len(value):
            self._all.tolerate(pointer, "a name stands here twice, or something that is no name; it is ignored")
        return names

    def _reference(self, value: Any, pointer: str) -> Any:
        if not isinstance(value, str):
            return DROP
        return self._settled_reference(value, pointer)

    def _settled_reference(self, value: str, pointer: str) -> str:
        try:
            return f"#/$defs/{self._all.key(self._all.target(value, self._base, self._base_id))}"
        except SpecError as error:
            node = at(self._all.document, pointer.rpartition("/")[0])
            if not isinstance(node, Mapping) or node.get("$ref") != value:
                node = {"$ref": value}
            raise SpecError(unfollowed(node, error), pointer=pointer) from None

    def _dynamic_reference(self, value: Any, pointer: str) -> Any:
        if not isinstance(value, str):
            return DROP
        try:
            return f"#/$defs/{self._all.key(self._all.dynamic(value))}"
        except SpecError as error:
            raise SpecError(error.message, pointer=pointer) from None

    def _discriminator(self, value: Any, pointer: str) -> Any:
        if not isinstance(value, Mapping) or not isinstance(value.get("propertyName"), str):
            return DROP
        mapping = value.get("mapping")
        named = mapping if isinstance(mapping, Mapping) else {}
        return {
            "propertyName": value["propertyName"],
            "mapping": {str(name): self._mapped(target, pointer) for name, target in named.items() if target},
        }

    def _mapped(self, target: Any, pointer: str) -> str:
        """A mapping's value is a reference, or the bare name of a component (OpenAPI 3.1, 4.8.25.4); "" if it leads nowhere."""
        if not isinstance(target, str):
            return ""
        bare = target in _components(self._all.document)
        reference = "#" + join("/components/schemas", target) if bare else target
        try:
            return self._settled_reference(reference, pointer)
        except SpecError as error:
            self._all.tolerate(join(pointer, "mapping"), error.message)
            return ""

    def _tag(self, out: Schema) -> None:
        """Keep the discriminator for messages, under another name: it changes no verdict (OpenAPI 3.1.1, 4.8.25).

        A branch is named by the mapping, by its component's name (4.8.25.4), and by the values to which it fixes the property.
        """
        name, mapping = (tag := out.pop("discriminator"))["propertyName"], tag["mapping"]
        for branch in (branch for key in _UNIONS for branch in out.get(key, ()) if "$ref" in branch):
            pointer = self._all.pointer(branch["$ref"].rpartition("/")[2])
            match = _COMPONENT.fullmatch(pointer)
            for value in [*([match[1]] if match else []), *self._fixed_values(pointer, name)]:
                mapping.setdefault(value, branch["$ref"])
        out[TAG] = tag

    def _fixed_values(self, pointer: str, name: str) -> list[str]:
        """The values to which a schema, or a part of its ``allOf``, fixes a property."""
        document = self._all.document
        node, pointer = deref(document, at(document, pointer), pointer)
        if not isinstance(node, Mapping):
            return []
        parts = node.get("allOf", [])
        for part in [node, *(parts if isinstance(parts, list) else ())]:
            part, _ = deref(document, part, pointer)
            properties = part.get("properties") if isinstance(part, Mapping) else None
            rule = properties.get(name) if isinstance(properties, Mapping) else None
            rule, _ = deref(document, rule, pointer)
            if isinstance(rule, Mapping):
                fixed = [rule["const"]] if "const" in rule else rule.get("enum")
                return [value for value in fixed if isinstance(value, str)] if isinstance(fixed, list) else []
        return []


def _stands(document: Mapping[str, Any], pointer: str) -> bool:
    try:
        at(document, pointer)
    except SpecError:
        return False
    return True


def _components(document: Mapping[str, Any]) -> Mapping[str, Any]:
    components = document.get("components")
    schemas = components.get("schemas") if isinstance(components, Mapping) else None
    return schemas if isinstance(schemas, Mapping) else {}
