"""Parameter Objects of Swagger 2.0: those that 3.0 has as well, and those that become a request body there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dynaclient.errors import SpecError
from dynaclient.openapi.pointer import deref, join
from dynaclient.source.swagger.grammar import SCHEMA_KEYS
from dynaclient.source.swagger.moves import Moves
from dynaclient.source.swagger.schemas import Schemas

BODIES = ("body", "formData")
"""The locations that 3.0 does not have."""

_PARAMETERS = "#/parameters/"
_STYLES: Mapping[str, Mapping[str, tuple[str, bool]]] = {
    "query": {
        "csv": ("form", False),
        "multi": ("form", True),
        "ssv": ("spaceDelimited", False),
        "pipes": ("pipeDelimited", False),
    },
    "path": {"csv": ("simple", False), "multi": ("simple", False)},
    "header": {"csv": ("simple", False), "multi": ("simple", False)},
}
_STYLES = {**_STYLES, "formData": _STYLES["query"]}
_JOINED = {"ssv": "spaces", "tsv": "tabs", "pipes": "vertical bars"}


class Given(NamedTuple):
    """A parameter in a list: the entry as it is written, what it names, and where both stand."""

    entry: Any
    node: Mapping[str, Any]
    written: str
    source: str

    @property
    def location(self) -> Any:
        """Where its value goes."""
        return self.node.get("in")

    @property
    def name(self) -> str:
        """Its name on the wire."""
        return str(self.node.get("name", ""))


def given(document: Mapping[str, Any], owner: Mapping[str, Any], pointer: str) -> list[Given]:
    """The parameters of an operation or path item.

    One whose reference leads nowhere stays a reference, and is told when it is needed.
    """
    listed = owner.get("parameters")
    found = []
    for number, entry in enumerate(listed if type(listed) is list else ()):
        written = join(pointer, "parameters", number)
        try:
            node, source = deref(document, entry, written)
        except SpecError:
            node, source = entry, written
        found.append(Given(entry, node if isinstance(node, Mapping) else {}, written, source))
    return found


class Parameters:
    """Translates parameters.

    Parameters
    ----------
    schemas, moves:
        Translate schemas, and note where nodes have gone.
    """

    def __init__(self, schemas: Schemas, moves: Moves) -> None:
        self._schemas = schemas
        self._moves = moves

    def listed(self, parameters: Iterable[Given], result: str) -> list[Any]:
        """The parameters that 3.0 has as well.

        Parameters
        ----------
        parameters:
            Those of an operation or path item.
        result:
            The pointer of the list that is made.
        """
        return list(self._listed(parameters, result))

    def _listed(self, parameters: Iterable[Given], result: str) -> Iterator[Any]:
        number = 0
        for one in parameters:
            if one.location in BODIES:
                continue
            here = join(result, number)
            number += 1
            if type(one.entry) is dict and isinstance(one.entry.get("$ref"), str):
                reference = one.entry["$ref"]
                if reference.startswith(_PARAMETERS) and reference.count("/") == 2:
                    yield {**one.entry, "$ref": f"#/components{reference[1:]}"}
                    self._moves.add(here, one.written)
                    continue
            if not one.node or "$ref" in one.node:  # no object, or a reference that leads nowhere
                yield one.entry
                continue
            yield self.parameter(one.node, one.source, here)

    def parameter(self, node: Any, source: str, result: str) -> Any:
        """One parameter that is neither a body nor a field of a form."""
        if not isinstance(node, Mapping):
            return node
        made = {key: value for key, value in node.items() if key not in (*SCHEMA_KEYS, "collectionFormat")}
        self._moves.repeat(node, source)
        self._moves.add(result, source)
        if type(node.get("schema")) is dict:
            made["schema"] = self._schemas.schema(node["schema"])
            self._moves.add_schema(join(result, "schema"), join(source, "schema"))
            if "collectionFormat" not in node:
                return made
        else:
            made["schema"] = self._schemas.of_values(node)
            self._moves.add_schema(join(result, "schema"), source)
        style = style_of(made, made["schema"], node)
        return made if style is None else {**made, **style}

    def header(self, node: Any, source: str, result: str) -> Any:
        """A header of a response."""
        if type(node) is not dict or "$ref" in node:
            return node
        made = {key: value for key, value in node.items() if key not in (*SCHEMA_KEYS, "collectionFormat")}
        if "schema" not in node:
            made["schema"] = self._schemas.of_values(node)
            self._moves.add_schema(join(result, "schema"), source)
            style_of(made, made["schema"], {**node, "in": "header"})
        return made


def style_of(owner: dict[str, Any], schema: dict[str, Any], node: Mapping[str, Any]) -> dict[str, Any] | None:
    """How an array is written in 3.0; None for what is no array.

    A format without a style there (``tsv``; ``ssv`` and ``pipes`` outside of queries and forms) makes the parameter a
    text, whose items the caller joins; the description says so.

    Parameters
    ----------
    owner:
        What carries the description; it may be changed.
    schema:
        The translated schema; it may be changed.
    node:
        The parameter of 2.0.
    """
    if schema.get("type") != "array":
        return None
    written = node.get("collectionFormat", "csv")
    found = _STYLES.get(str(node.get("in")), {}).get(written)
    if found is not None:
        return {"style": found[0], "explode": found[1]}
    if written in _JOINED:
        schema.clear()
        schema["type"] = "string"
        text = f"{str(owner.get('description') or '').strip()} (One text: items joined by {_JOINED[written]}.)"
        owner["description"] = text.strip()
    return None
