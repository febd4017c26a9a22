"""Documents -> operations."""

import copy
from pathlib import Path

import pytest
import yaml
from cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaclient.errors import DynaclientError, SpecError
from dynaclient.openapi.build import Builder
from dynaclient.openapi.decode import decoding
from dynaclient.openapi.read import default_media, operation, read
from dynaclient.openapi.signature import docstring, signature

CASES = cases("read.yaml")
SHIPPED = yaml.safe_load((Path(__file__).parent.parent / "spec" / "embeddings.yaml").read_text("utf-8"))


def everything(document):
    """All that is made of a document: each operation, its signature, its docstring, its builder and what it decodes."""
    api = read(document, "a.yaml")
    found = {}
    for name, key in api.index.items():
        found[name] = made = operation(api, key)
        signature(made, api.document)
        docstring(made, api.document)
        Builder(made, default_media(made.body.content) if made.body else None)
        for reply in made.replies:
            for media in reply.content:
                if media.schema:
                    decoding(api.document, media.schema)
    return found


def only(node, *, path="/x", method="get", item=None, **more):
    """The one operation of a document at this path."""
    document = {"openapi": "3.1.0", "paths": {path: {**(item or {}), method: node}}, **more}
    (found,) = everything(document).values()
    return found


@pytest.mark.parametrize("case", CASES["tolerated"], ids=lambda case: case["title"])
def test_odd_documents_are_read(case):
    """What is odd but does no harm is passed over, and the rest is read."""
    assert list(everything({"openapi": "3.1.0", **case["document"]})) == case["names"]


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["title"])
def test_broken_documents_are_refused(case):
    """What cannot be understood is an error that names its place, once its operation is read."""
    with pytest.raises(SpecError) as caught:
        everything({"openapi": "3.1.0", **case["document"]})
    assert caught.value.pointer == case["pointer"]


@pytest.mark.parametrize(
    "document, reason",
    [
        ({}, "no `openapi` version"),
        ({"openapi": "4.0.0"}, "OpenAPI 4.0.0"),
        ({"openapi": None}, "OpenAPI None"),
        ({"openapi": "3.10.0"}, "OpenAPI 3.10.0"),
        ({"swagger": "2.0"}, "Swagger 2.0; Swagger 2.0 must be translated first"),
    ],
)
def test_versions_that_are_not_read(document, reason):
    """A document of another version says which versions are read."""
    with pytest.raises(SpecError, match=reason) as caught:
        read(document, "a.yaml")
    assert "3.0, 3.1 and 3.2 are read" in str(caught.value)


@pytest.mark.parametrize("version, short", [("3.0.3", "3.0"), ("3.1.0", "3.1"), ("3.2.0", "3.2"), (3.1, "3.1")])
def test_versions(version, short):
    """3.0, 3.1 and 3.2 are read, with the version as text or as a number."""
    assert read({"openapi": version}).version == short


def test_parameters_of_the_operation_override_those_of_the_path_item():
    """A parameter of the operation takes the place of the path item's with the same name and location."""
    item = {"parameters": [{"name": "a", "in": "query"}, {"name": "b", "in": "query"}]}
    found = only(
        {"parameters": [{"name": "a", "in": "query", "required": True}, {"name": "b", "in": "header"}]}, item=item
    )
    shown = {(parameter.name, parameter.location): parameter.required for parameter in found.parameters}
    assert shown == {("a", "query"): True, ("b", "query"): False, ("b", "header"): False}


def test_ignored_headers():
    """Accept, Content-Type and Authorization are no parameters, even where they are declared and required."""
    names = ("Accept", "content-type", "AUTHORIZATION", "X-A")
    found = only({"parameters": [{"name": name, "in": "header", "required": True} for name in names]})
    assert [parameter.name for parameter in found.parameters] == ["X-A"]


def test_path_parameters_are_those_of_the_template():
    """One that the template lacks cannot be sent and is left out; one that is not declared is a required text."""
    found = only({"parameters": [{"name": "gone", "in": "path"}, {"name": "b", "in": "path"}]}, path="/{a}/{b}#{c}")
    shown = [(parameter.name, parameter.required, parameter.schema) for parameter in found.parameters]
    assert shown == [("a", True, None), ("b", True, None)]
    assert found.path == "/{a}/{b}"


def test_path_item_by_reference():
    """A path item may stand elsewhere; its operations belong to the path that names it."""
    components = {
        "pathItems": {"additionalOperations": {"get": {"operationId": "a", "servers": [{"url": "https://h"}]}}}
    }
    reference = {"$ref": "#/components/pathItems/additionalOperations"}
    found = everything({"openapi": "3.1.0", "paths": {"/x": reference, "/y": reference}, "components": components})
    assert {name: made.path for name, made in found.items()} == {"a": "/x", "a_get": "/y"}
    assert found["a"].servers[0].url == "https://h"


def test_methods_of_3_2():
    """3.2's `query` is a method, and additional operations keep the exact case of theirs."""
    item = {
        "query": {"operationId": "q"},
        "additionalOperations": {"Link": {"operationId": "l"}},
        "parameters": [{"name": "p", "in": "query"}],
    }
    found = everything({"openapi": "3.2.0", "paths": {"/x": item}})
    assert {name: made.method for name, made in found.items()} == {"q": "QUERY", "l": "Link"}
    assert found["l"].parameters[0].name == "p"


@pytest.mark.parametrize(
    "version, location, kept", [("3.1.1", "query", True), ("3.1.1", "path", False), ("3.2.0", "path", True)]
)
def test_allow_reserved(version, location, kept):
    """Before 3.2 `allowReserved` counts in queries only."""
    node = {"parameters": [{"name": "a", "in": location, "allowReserved": True}], "operationId": "get"}
    path = "/{a}" if location == "path" else "/x"
    (parameter,) = everything({"openapi": version, "paths": {path: {"get": node}}})["get"].parameters
    assert parameter.allow_reserved is kept


def test_styles_have_their_defaults():
    """Style and explode are settled by location."""
    names = {"path": "p", "query": "q", "header": "h", "cookie": "c"}
    found = only({"parameters": [{"name": name, "in": place} for place, name in names.items()]}, path="/{p}")
    shown = {parameter.name: (parameter.style, parameter.explode) for parameter in found.parameters}
    assert shown == {"p": ("simple", False), "q": ("form", True), "h": ("simple", False), "c": ("form", True)}


def test_security_is_inherited_or_replaced():
    """The operation's security replaces the root's, an empty list with none; null is no word on it."""
    root = {"security": [{"a": ["x"]}, {}]}
    assert only({}, **root).security == ((("a", ("x",)),), ())
    assert only({"security": None}, **root).security == ((("a", ("x",)),), ())
    assert only({"security": []}, **root).security == ()
    assert only({"security": [{"b": [], "c": []}]}, **root).security == ((("b", ()), ("c", ())),)


def test_servers_are_the_nearest():
    """The servers of the operation come before the path item's, those before the root's; 3.2's name is an id."""
    root = {"servers": [{"url": "https://root", "name": "r"}]}
    item = {"servers": [{"url": "https://item", "x-speakeasy-server-id": "i", "name": "n"}]}
    node = {"servers": [{"url": "https://node"}]}
    found = [only(node, item=item, **root), only({}, item=item, **root), only({}, **root)]
    assert [(made.servers[0].url, made.servers[0].id) for made in found] == [
        ("https://node", ""), ("https://item", "i"), ("https://root", "r")
    ]  # fmt: skip


def test_properties_of_the_body_are_arguments():
    """The properties of a JSON object are arguments, through references and choices; what is read-only is none."""
    schema = {
        "allOf": [{"$ref": "#/components/schemas/Base"}],
        "type": "object",
        "required": ["b"],
        "properties": {"a": {"description": " A. "}, "b": {}, "id": {"readOnly": True}},
        "anyOf": [{"required": ["c"], "properties": {"c": {"deprecated": True}}}],
    }
    base = {"type": "object", "required": ["base"], "properties": {"base": {"type": "string"}}}
    body = {"required": True, "content": {"text/plain": {}, "application/json": {"schema": schema}}}
    found = only({"requestBody": body}, method="post", components={"schemas": {"Base": base}})
    assert {field.name: field.required for field in found.body.properties} == {
        "b": True,
        "base": True,
        "a": False,
        "c": False,
    }
    assert [field.description for field in found.body.properties if field.name == "a"] == ["A."]


def test_a_body_that_may_be_left_out_requires_nothing():
    """Where the body is optional its required properties are not required of the call."""
    schema = {"type": "object", "required": ["a"], "properties": {"a": {}}}
    found = only({"requestBody": {"content": {"application/json": {"schema": schema}}}}, method="post")
    assert [field.required for field in found.body.properties] == [False]


def places(node, place=()):
    """The places of all nodes of a document."""
    yield place
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, below in items:
        yield from places(below, (*place, key))


PLACES = [place for place in places(SHIPPED) if place]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 600) | st.floats(allow_nan=False) | st.text(max_size=5)
    | st.sampled_from(["#/paths", "#/nowhere", "object", "array", "get", "200"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["$ref", "type", "in", "name", "schema", "properties", "items", "content", "get", "200", "allOf", "a"]),
        inner, max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=3))
def test_any_document_is_read_or_refused(changes):
    """Whatever stands anywhere in a document, it is read or refused with an error of the tree; nothing else is raised."""
    document = copy.deepcopy(SHIPPED)
    for place, junk in changes:
        node = document
        try:
            for step in place[:-1]:
                node = node[step]
            node[place[-1]] = junk
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has taken the place away
    try:
        everything(document)
    except DynaclientError as error:
        assert len(str(error)) < 2000  # noqa: PT017


BESIDE = {
    "openapi": "3.1.0",
    "paths": {
        "/x": {
            "$ref": "#/components/pathItems/P",
            "servers": [{"url": "http://near.test"}],
            "parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}],
            "post": {"operationId": "px", "responses": {}},
            "delete": {"operationId": "dx", "responses": {}},
        }
    },
    "components": {
        "pathItems": {
            "P": {
                "servers": [{"url": "http://far.test"}],
                "parameters": [
                    {"name": "q", "in": "query", "schema": {"type": "integer"}},
                    {"name": "r", "in": "query", "schema": {"type": "integer"}},
                ],
                "get": {"operationId": "gx", "responses": {}},
                "delete": {"operationId": "other", "responses": {}},
            }
        }
    },
}


def test_what_stands_beside_the_reference_of_a_path_item_counts():
    """Operations, parameters and servers of both are there; where both say something, what stands beside the $ref is taken."""
    api = read(BESIDE)
    assert sorted(api.index) == ["dx", "gx", "px"]
    for name in api.index:
        made = operation(api, api.index[name])
        assert [server.url for server in made.servers] == ["http://near.test"]
        places = {field.name: field.pointer for field in made.parameters}
        assert places == {"q": "/paths/~1x/parameters/0", "r": "/components/pathItems/P/parameters/1"}
    assert any(line.endswith("DELETE /x") for line in api.tolerated)
