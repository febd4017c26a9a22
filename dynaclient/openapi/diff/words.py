"""The schema part of the catalogue: what may change in a schema, and what that means for a client in either direction.

A request is what the client sends: a schema that takes less breaks it. A reply is what it receives: a schema that allows more may break it. Widening a
value's type or making it absent breaks code that reads it; a looser limit or one more choice is a risk only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from dynaclient.openapi.diff.model import Level

Direction = Literal["request", "reply"]


class Word(NamedTuple):
    """One kind of change of a schema: its level in a request and in a reply, and what it is called in a sentence."""

    request: Level
    reply: Level
    phrase: str


_NARROWS: tuple[Level, Level] = ("breaking", "safe")
_WIDENS: tuple[Level, Level] = ("safe", "breaking")
_LOOSENS: tuple[Level, Level] = ("safe", "risky")
_BREAKS: tuple[Level, Level] = ("breaking", "breaking")
_UNSURE: tuple[Level, Level] = ("risky", "risky")
_HARMLESS: tuple[Level, Level] = ("safe", "safe")

UPPER = {
    "maximum": "maximum",
    "exclusiveMaximum": "exclusive-maximum",
    "maxLength": "max-length",
    "maxItems": "max-items",
    "maxProperties": "max-properties",
    "maxContains": "max-contains",
}
"""The keywords that are upper limits, and what they are called in ids."""

LOWER = {
    "minimum": "minimum",
    "exclusiveMinimum": "exclusive-minimum",
    "minLength": "min-length",
    "minItems": "min-items",
    "minProperties": "min-properties",
    "minContains": "min-contains",
}
"""The keywords that are lower limits."""

ADDED = {
    "contains": "contains",
    "propertyNames": "property-names",
    "unevaluatedItems": "unevaluated-items",
    "unevaluatedProperties": "unevaluated-properties",
    "not": "not",
    "if": "if",
    "then": "then",
    "else": "else",
    "contentSchema": "content-schema",
    "additionalProperties": "additional-properties-schema",
    "items": "items-schema",
}
"""The keywords whose value is one schema that narrows: to add it takes away, to remove it loosens."""


def _limits() -> dict[str, Word]:
    found: dict[str, Word] = {}
    for keyword, name in (*UPPER.items(), *LOWER.items()):
        tighter, looser = ("decreased", "increased") if keyword in UPPER else ("increased", "decreased")
        found[f"{name}-added"] = Word(*_NARROWS, f"{keyword} was set")
        found[f"{name}-removed"] = Word(*_LOOSENS, f"{keyword} was removed")
        found[f"{name}-{tighter}"] = Word(*_NARROWS, f"{keyword} was {tighter}")
        found[f"{name}-{looser}"] = Word(*_LOOSENS, f"{keyword} was {looser}")
    return found


def _schemas() -> dict[str, Word]:
    found: dict[str, Word] = {}
    for keyword, name in ADDED.items():
        found[f"{name}-added"] = Word(*_NARROWS, f"{keyword} was added")
        found[f"{name}-removed"] = Word(*_LOOSENS, f"{keyword} was removed")
    for name in ("if", "not"):
        found[f"{name}-changed"] = Word("breaking", "risky", f"what stands under `{name}` changed")
    return found


SCHEMA: Mapping[str, Word] = {
    "type-changed": Word(*_BREAKS, "the type changed"),
    "type-generalized": Word(*_WIDENS, "more types are allowed"),
    "type-specialized": Word(*_NARROWS, "fewer types are allowed"),
    "became-nullable": Word(*_WIDENS, "null is allowed"),
    "became-not-nullable": Word(*_NARROWS, "null is no longer allowed"),
    "format-added": Word(*_NARROWS, "a format was set"),
    "format-removed": Word(*_LOOSENS, "the format was removed"),
    "format-changed": Word(*_BREAKS, "the format changed"),
    "format-generalized": Word(*_LOOSENS, "the format was widened"),
    "format-specialized": Word(*_NARROWS, "the format was narrowed"),
    "became-enum": Word(*_NARROWS, "only listed values are allowed"),
    "enum-removed": Word(*_LOOSENS, "any value is allowed, no longer only listed ones"),
    "enum-value-added": Word(*_LOOSENS, "the value {value} was added"),
    "enum-value-removed": Word(*_NARROWS, "the value {value} was removed"),
    "extensible-enum-value-added": Word(*_HARMLESS, "the value {value} was added to the open list (x-extensible-enum)"),
    "extensible-enum-value-removed": Word(
        *_NARROWS, "the value {value} was removed from the open list (x-extensible-enum)"
    ),
    "const-added": Word(*_NARROWS, "only one value is allowed"),
    "const-removed": Word(*_LOOSENS, "more than one value is allowed"),
    "const-changed": Word(*_BREAKS, "the only allowed value changed"),
    "default-added": Word(*_HARMLESS, "a default was set"),
    "default-removed": Word("risky", "safe", "the default was removed"),
    "default-changed": Word("risky", "safe", "the default changed"),
    "multiple-of-added": Word(*_NARROWS, "multipleOf was set"),
    "multiple-of-removed": Word(*_LOOSENS, "multipleOf was removed"),
    "multiple-of-changed": Word("breaking", "risky", "multipleOf changed"),
    "multiple-of-generalized": Word(*_LOOSENS, "multipleOf was widened"),
    "multiple-of-specialized": Word(*_NARROWS, "multipleOf was narrowed"),
    "unique-items-added": Word(*_NARROWS, "no item may come twice"),
    "unique-items-removed": Word(*_LOOSENS, "items may come twice"),
    "pattern-added": Word(*_NARROWS, "a pattern was set"),
    "pattern-removed": Word(*_LOOSENS, "the pattern was removed"),
    "pattern-changed": Word("breaking", "risky", "the pattern changed"),
    "additional-properties-forbidden": Word(*_NARROWS, "further properties are no longer allowed"),
    "additional-properties-allowed": Word(*_HARMLESS, "further properties are allowed"),
    "pattern-property-added": Word(*_NARROWS, "properties named like {value} got a schema"),
    "pattern-property-removed": Word(*_LOOSENS, "properties named like {value} lost their schema"),
    "dependent-required-added": Word(*_NARROWS, "where {value} is given, others are required"),
    "dependent-required-removed": Word(*_LOOSENS, "where {value} is given, others are no longer required"),
    "dependent-required-changed": Word(*_BREAKS, "what is required where {value} is given changed"),
    "dependent-schema-added": Word(*_NARROWS, "where {value} is given, a further schema holds"),
    "dependent-schema-removed": Word(*_LOOSENS, "where {value} is given, a further schema holds no longer"),
    "prefix-items-added": Word(*_NARROWS, "one more place of the array has its own schema"),
    "prefix-items-removed": Word(*_LOOSENS, "one place fewer of the array has its own schema"),
    "any-of-added": Word(*_LOOSENS, "one more alternative (anyOf): {value}"),
    "any-of-removed": Word(*_NARROWS, "one alternative fewer (anyOf): {value}"),
    "any-of-constraint-added": Word(*_NARROWS, "one of several further schemas must hold (anyOf)"),
    "any-of-constraint-removed": Word(*_LOOSENS, "none of several further schemas must hold any longer (anyOf)"),
    "one-of-added": Word(*_LOOSENS, "one more alternative (oneOf): {value}"),
    "one-of-removed": Word(*_NARROWS, "one alternative fewer (oneOf): {value}"),
    "one-of-constraint-added": Word(*_NARROWS, "exactly one of several further schemas must hold (oneOf)"),
    "one-of-constraint-removed": Word(*_LOOSENS, "none of several further schemas must hold any longer (oneOf)"),
    "reference-changed": Word(*_UNSURE, "it refers to a schema that is not in the document, another than before"),
    "content-media-type-changed": Word(*_BREAKS, "what the text carries changed (contentMediaType)"),
    "content-encoding-changed": Word(*_BREAKS, "how the text is encoded changed (contentEncoding)"),
    "decode-changed": Word(*_BREAKS, "how the text is unpacked changed (x-dynaclient-decode)"),
    "discriminator-added": Word(*_HARMLESS, "a discriminator was added"),
    "discriminator-removed": Word(*_UNSURE, "the discriminator was removed"),
    "discriminator-property-name-changed": Word(*_UNSURE, "the property that tells the alternatives apart changed"),
    "discriminator-mapping-added": Word(*_LOOSENS, "the discriminator knows one value more: {value}"),
    "discriminator-mapping-removed": Word("risky", "safe", "the discriminator knows one value fewer: {value}"),
    "discriminator-mapping-changed": Word(*_UNSURE, "the discriminator's value {value} means another schema"),
    "became-read-only": Word("breaking", "safe", "it is set by the service (readOnly)"),
    "became-write-only": Word(*_WIDENS, "it no longer comes back (writeOnly)"),
    "became-not-write-only": Word(*_HARMLESS, "it comes back (writeOnly no longer)"),
    "deprecated": Word(*_HARMLESS, "it was deprecated"),
    "reactivated": Word(*_HARMLESS, "it is no longer deprecated"),
    "sunset-added": Word(*_UNSURE, "it will be gone"),
    "sunset-earlier": Word(*_UNSURE, "it will be gone earlier"),
    "sunset-later": Word(*_HARMLESS, "it will be gone later"),
    "sunset-removed": Word(*_HARMLESS, "the day on which it will be gone was removed"),
    "stability-decreased": Word(*_UNSURE, "it is less stable (x-stability-level)"),
    "stability-increased": Word(*_HARMLESS, "it is more stable (x-stability-level)"),
    **_limits(),
    **_schemas(),
}
"""What may change in a schema wherever it stands."""

PROPERTY: Mapping[str, Word] = {
    "added": Word(*_HARMLESS, "it was added, optional"),
    "added-required": Word(*_NARROWS, "it was added, required"),
    "removed": Word("breaking", "risky", "it was removed"),
    "removed-required": Word(*_BREAKS, "it was removed, though it was required"),
    "became-required": Word(*_NARROWS, "it became required"),
    "became-optional": Word(*_WIDENS, "it became optional"),
    "became-not-read-only": Word(*_HARMLESS, "it may be sent (readOnly no longer)"),
    "became-not-read-only-required": Word("breaking", "safe", "it must be sent (required, and readOnly no longer)"),
}
"""What may happen to a property of an object."""

UNTOLD: Mapping[str, tuple[str, Word]] = {
    "values-refused": ("request", Word("breaking", "safe", "a value that was accepted is refused")),
    "values-added": ("reply", Word("safe", "risky", "a value may come that could not come before")),
}
"""What is told, and in which direction, of schemas that accept less or more where nothing else says so."""


def word_of(what: str) -> Word:
    """The word for a kind of change of a schema or of a property."""
    return SCHEMA.get(what) or PROPERTY.get(what) or UNTOLD[what][1]


def direction_of(place: str) -> Direction:
    """The direction of one of ``ROOTS``, or of what ``NESTED`` calls its inside: a webhook is sent as a reply is."""
    return "request" if place.startswith("request") else "reply"


def level_of(what: str, direction: str) -> Level:
    """The level of a kind of change in a direction, ``request`` or ``reply``."""
    word = word_of(what)
    return word.request if direction == "request" else word.reply


ROOTS = ("request-body", "request-parameter", "reply-body", "reply-header", "webhook-body", "webhook-parameter")
NESTED = {
    "request-body": "request-property",
    "request-parameter": "request-parameter-property",
    "reply-body": "reply-property",
    "reply-header": "reply-header-property",
    "webhook-body": "webhook-property",
    "webhook-parameter": "webhook-parameter-property",
}
"""Where a schema stands, and what its inside is called."""
