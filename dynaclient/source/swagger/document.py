"""A whole document of Swagger 2.0 as one of OpenAPI 3.0."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.openapi.pointer import deref, join
from dynaclient.source.limits import DEFAULT_LIMITS, Limits
from dynaclient.source.swagger.access import schemes_of, security_scheme, servers
from dynaclient.source.swagger.bodies import Bodies, media_types
from dynaclient.source.swagger.grammar import METHODS
from dynaclient.source.swagger.moves import Moves
from dynaclient.source.swagger.parameters import BODIES, Given, Parameters, given
from dynaclient.source.swagger.schemas import Schemas

VERSION = "3.0.3"
"""What the translation says of itself in ``openapi``."""

_SECTIONS = ("definitions", "parameters", "responses", "securityDefinitions")
_REPLACED = ("swagger", "host", "basePath", "schemes", "consumes", "produces", "paths", *_SECTIONS)
_RESPONSES = "#/responses/"
_BODY_NAME = "x-codegen-request-body-name"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def translate(document: Mapping[str, Any], limits: Limits = DEFAULT_LIMITS) -> tuple[dict[str, Any], Moves]:
    """A document of Swagger 2.0 as one of OpenAPI 3.0 that describes the same requests and replies.

    What makes no sense in 2.0 is taken over as it is, so that it is told where it is read.

    Parameters
    ----------
    document:
        Plain data in which every reference is local, or leads to another origin. It is not changed.
    limits:
        Bounds how often values may be repeated: 3.0 says for each media type what 2.0 says once.

    Returns
    -------
    tuple
        The new document, which shares values with the old one, and where its nodes stood.

    Raises
    ------
    SpecError
        If the limit is exceeded.

    Examples
    --------
    >>> translate({"swagger": "2.0", "host": "a.example", "schemes": ["https"]})[0]["servers"]
    [{'url': 'https://a.example'}]
    """
    translation = _Translation(document, limits)
    return translation.document(), translation.moves


class _Translation:
    def __init__(self, source: Mapping[str, Any], limits: Limits) -> None:
        self.source = source
        self.moves = Moves(limits)
        self.schemas = Schemas(source, self.moves)
        self.parameters = Parameters(self.schemas, self.moves)
        self.bodies = Bodies(self.schemas, self.parameters, self.moves)
        self.consumes = media_types(source, "consumes") or []
        self.produces = media_types(source, "produces") or []
        self.schemes = schemes_of(source)
        self.placed: dict[str, Any] = {}

    def document(self) -> dict[str, Any]:
        source = self.source
        made: dict[str, Any] = {"openapi": VERSION}
        made |= {key: value for key, value in source.items() if key not in _REPLACED}
        made["servers"] = servers(source, self.schemes)
        self._note_servers(len(made["servers"]))
        if "x-speakeasy-globals" in source:
            made["x-speakeasy-globals"] = self._globals(source["x-speakeasy-globals"])
        made["paths"] = self._paths(source.get("paths"))
        made["components"] = self._components()
        self.schemas.renew(self._place)
        return made

    def _note_servers(self, count: int) -> None:
        """Servers are written by several fields: each stands at the one that tells it from others."""
        place = next((key for key in ("host", "basePath", "schemes") if self.source.get(key)), "swagger")
        self.moves.add("/servers", f"/{place}")
        for number in range(count):
            own = "schemes" if self.schemes and place == "host" else place
            self.moves.add(f"/servers/{number}", f"/{own}")

    def _globals(self, node: Any) -> Any:
        if type(node) is not dict:
            return node
        pointer = "/x-speakeasy-globals"
        listed = self.parameters.listed(given(self.source, node, pointer), join(pointer, "parameters"))
        return {**node, "parameters": listed}

    def _components(self) -> dict[str, Any]:
        self.moves.add_schema("/components/schemas", "/definitions")
        self.placed.update((name, self.schemas.schema(node)) for name, node in self._section("definitions").items())
        found = {
            "schemas": self.placed,
            "parameters": self._shared_parameters(),
            "responses": self._shared_responses(),
            "securitySchemes": self._security_schemes(),
        }
        return {section: entries for section, entries in found.items() if entries or section == "schemas"}

    def _section(self, name: str) -> dict[str, Any]:
        node = self.source.get(name)
        return node if type(node) is dict else {}

    def _shared_parameters(self) -> dict[str, Any]:
        self.moves.add("/components/parameters", "/parameters")
        return {
            name: self._shared_parameter(node, name)
            for name, node in self._section("parameters").items()
            if not self._is_body(node, name)
        }

    def _shared_parameter(self, node: Any, name: str) -> Any:
        source = join("/parameters", name)
        if type(node) is dict and isinstance(node.get("$ref"), str):
            node, source = self._opened(node, source)
        return self.parameters.parameter(node, source, join("/components/parameters", name))

    def _is_body(self, node: Any, name: str) -> bool:
        node, _ = self._opened(node, join("/parameters", name))
        return isinstance(node, Mapping) and node.get("in") in BODIES

    def _shared_responses(self) -> dict[str, Any]:
        self.moves.add("/components/responses", "/responses")
        return {
            name: self._response(node, join("/responses", name), join("/components/responses", name), self.produces)
            for name, node in self._section("responses").items()
        }

    def _security_schemes(self) -> dict[str, Any]:
        self.moves.add("/components/securitySchemes", "/securityDefinitions")
        return {name: security_scheme(node) for name, node in self._section("securityDefinitions").items()}

    def _opened(self, node: Any, pointer: str) -> tuple[Any, str]:
        """What a reference names; the reference itself if it leads nowhere."""
        try:
            return deref(self.source, node, pointer)
        except SpecError:
            return node, pointer

    def _paths(self, paths: Any) -> Any:
        if type(paths) is not dict:
            return {} if paths is None else paths
        return {
            path: item if path.startswith("x-") else self._path_item(item, join("/paths", path))
            for path, item in paths.items()
        }

    def _path_item(self, node: Any, result: str) -> Any:
        source = result
        if type(node) is dict and isinstance(node.get("$ref"), str) and not node["$ref"].startswith("#/paths/"):
            node, source = self._inlined(node, source)
        if type(node) is not dict:
            return node
        self.moves.repeat(node, source)
        self.moves.add(result, source)
        shared = given(self.source, node, source)
        made: dict[str, Any] = {}
        for key, value in node.items():
            if key in METHODS:
                made[key] = self._operation(value, shared, join(source, key), join(result, key))
            elif key == "parameters" and type(value) is list:
                made[key] = self.parameters.listed(shared, join(result, key))
            else:
                made[key] = value
        return made

    def _inlined(self, node: dict[str, Any], pointer: str) -> tuple[Any, str]:
        """A path item that stands elsewhere; what is written beside the reference wins."""
        target, source = self._opened(node, pointer)
        if target is node or type(target) is not dict:
            return node, pointer
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return ({**target, **beside}, source) if beside else (target, source)

    def _operation(self, node: Any, shared: list[Given], source: str, result: str) -> Any:
        if type(node) is not dict:
            return node
        parameters = given(self.source, node, source)
        made: dict[str, Any] = {}
        for key, value in node.items():
            if key == "parameters" and type(value) is list:
                made[key] = self.parameters.listed(parameters, join(result, key))
            elif key == "responses":
                made[key] = self._responses(node, source, result)
            elif key == "schemes":
                if (schemes := schemes_of(node)) and schemes != self.schemes and self.source.get("host"):
                    made["servers"] = servers(self.source, schemes)
                    self.moves.add(join(result, "servers"), join(source, key))
            elif key == "x-dynaclient-batch" and type(value) is dict:
                made[key] = dict(value)
                self.schemas.reference(made[key], "item")
            elif key not in ("consumes", "produces"):
                made[key] = value
        made |= self._body(node, shared, parameters, result, made.get("parameters"))
        if made.get("parameters") == []:
            del made["parameters"]
        if "requestBody" in made and "responses" in made:  # in the order in which people read
            made["responses"] = made.pop("responses")
        return made

    def _body(
        self, node: Mapping[str, Any], shared: list[Given], parameters: list[Given], result: str, others: Any
    ) -> dict[str, Any]:
        """The request body of an operation; its own parameters come before those of the path item.

        Two bodies, or a body and a form, make no sense: they stay among the parameters (``others``), where they
        are told.
        """
        consumes = media_types(node, "consumes")
        consumes = self.consumes if consumes is None else consumes
        bodies = [one for one in parameters if one.location == "body"]
        fields = {one.name: one for one in parameters if one.location == "formData"}
        if not bodies:
            fields = {one.name: one for one in shared if one.location == "formData"} | fields
        if not bodies and not fields:
            bodies = [one for one in shared if one.location == "body"]
        place = join(result, "requestBody")
        if len(bodies) > 1 or (bodies and fields):
            return {"parameters": [*(others or ()), *(dict(one.node) for one in (*bodies, *fields.values()))]}
        if fields:
            return {"requestBody": self.bodies.form([*fields.values()], consumes, place)}
        if not bodies:
            return {}
        name = {} if _BODY_NAME in node or not bodies[0].name else {_BODY_NAME: bodies[0].name}
        return {"requestBody": self.bodies.body(bodies[0], consumes, place), **name}

    def _responses(self, node: Mapping[str, Any], source: str, result: str) -> Any:
        written = node["responses"]
        if type(written) is not dict:
            return written
        produces = media_types(node, "produces")
        produces = self.produces if produces is None else produces
        return {
            status: entry
            if status.startswith("x-")
            else self._response(entry, join(source, "responses", status), join(result, "responses", status), produces)
            for status, entry in written.items()
        }

    def _response(self, node: Any, source: str, result: str, produces: list[str]) -> Any:
        """A response; one that several share is spelt out for an operation that produces other media types."""
        if type(node) is dict and isinstance(node.get("$ref"), str):
            target, place = self._opened(node, source)
            reference = node["$ref"]
            if reference.startswith(_RESPONSES) and reference.count("/") == 2:
                plain = not isinstance(target, Mapping) or not ("schema" in target or "examples" in target)
                if plain or produces == self.produces:
                    return {**node, "$ref": f"#/components{reference[1:]}"}
            if target is node:
                return node
            node, source = target, place
        return self.bodies.response(node, source, result, produces)

    def _place(self, source: str, node: Any) -> str:
        """A place under ``components`` for a schema that stands where 3.0 expects none."""
        stem = _UNSAFE.sub("_", source.rpartition("/")[2]).strip("_") or "schema"
        name, number = stem, 2
        while name in self.placed:
            name, number = f"{stem}_{number}", number + 1
        result = join("/components/schemas", name)
        self.moves.add_schema(result, source)
        self.placed[name] = None
        self.placed[name] = self.schemas.schema(node)
        return result
