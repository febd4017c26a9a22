"""Swagger 2.0 is read as the OpenAPI 3.0 that says the same."""

import copy
import json

import pytest
from cases import cases
from shell import apart, run  # noqa: F401 - fixtures
from swagger2 import main

from dynaclient import Client
from dynaclient.errors import ArgumentError, SpecError
from dynaclient.openapi.model import Server
from dynaclient.openapi.pointer import at
from dynaclient.openapi.server import target
from dynaclient.source.limits import Limits
from dynaclient.source.load import load
from dynaclient.source.swagger import translate
from dynaclient.testing import FakeTransport
from dynaclient.wire import Headers, Response

CASES = cases("swagger2.yaml")


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_each_piece_is_translated(case):
    """A piece of 2.0 becomes the piece of 3.0 that the case names, and the document itself is not changed."""
    source = {"swagger": "2.0", **case["swagger"]}
    kept = copy.deepcopy(source)
    result, _ = translate(source)
    assert source == kept
    for pointer, value in case["result"].items():
        if value is None:
            with pytest.raises(SpecError):
                at(result, pointer)
        else:
            assert at(result, pointer) == value, pointer


STORE = """\
swagger: '2.0'
info: {title: Store, version: 1.10}
host: store.example
basePath: /v1
schemes: [http, https]
consumes: [application/json]
produces: [application/json]
securityDefinitions:
  key: {type: apiKey, in: header, name: X-Key}
security: [{key: []}]
parameters:
  limit: {name: limit, in: query, type: integer, maximum: 100}
paths:
  /pets:
    get:
      operationId: listPets
      parameters:
        - $ref: '#/parameters/limit'
        - {name: tags, in: query, type: array, items: {type: string}, collectionFormat: multi}
        - {name: ids, in: query, type: array, items: {type: integer}}
      responses:
        200: {description: Pets, schema: {type: array, items: {$ref: '#/definitions/Pet'}}}
    post:
      operationId: addPet
      parameters:
        - {name: pet, in: body, required: true, schema: {$ref: '#/definitions/Pet'}}
      responses:
        201: {description: A pet, schema: {$ref: '#/definitions/Pet'}}
  /pets/{id}/photo:
    parameters:
      - {name: id, in: path, type: string, required: true, enum: [1.10, b]}
    put:
      operationId: addPhoto
      parameters:
        - {name: photo, in: formData, type: file, required: true}
        - {name: labels, in: formData, type: array, items: {type: string}}
      responses:
        204: {description: Done}
    get:
      operationId: getPhoto
      produces: [image/png]
      responses:
        200: {description: A photo, schema: {type: file}}
definitions:
  Pet:
    type: object
    required: [name]
    properties:
      id: {type: integer, readOnly: true}
      name: {type: string}
      owner: {type: string, x-nullable: true}
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("DYNACLIENT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "api"
    path.mkdir()
    return path


def reply(status, body, media="application/json"):
    """A reply of this media type."""
    return Response(status, Headers([("Content-Type", media)] if body else []), body)


def test_a_whole_document_is_called():
    """Parameters, bodies, forms and replies go over the wire as 2.0 says, with the credential."""
    transport = FakeTransport(
        reply(200, b'[{"name": "Rex", "owner": null}]'),
        reply(201, b'{"name": "Rex"}'),
        reply(204, b""),
        reply(200, b"\x89PNG", "image/png"),
    )
    with Client(STORE, transport=transport, credentials={"key": "k"}) as client:
        assert client.api.version == "3.0"
        assert client.list_pets(limit=5, tags=["a", "b"], ids=[1, 2])[0].owner is None
        assert client.add_pet(name="Rex").name == "Rex"
        assert client.add_photo(id="1.10", photo=b"PNG", labels=["a", "b"]) is None
        assert client.get_photo(id="b") == b"\x89PNG"
    first, second, third, fourth = transport.requests
    assert first.url == "https://store.example/v1/pets?limit=5&tags=a&tags=b&ids=1,2"
    assert first.headers["X-Key"] == "k"
    assert (second.method, second.body) == ("POST", b'{"name":"Rex"}')
    assert third.url.endswith("/pets/1.10/photo")
    assert third.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="photo"' in transport.bodies[2]
    assert b"\r\n\r\na,b\r\n" in transport.bodies[2]
    assert fourth.headers["Accept"].startswith("image/png")


def test_arguments_are_checked_by_the_schemas_of_2_0():
    """A value that the parameter forbids is refused before anything is sent."""
    with Client(STORE, transport=FakeTransport(), credentials={"key": "k"}) as client:
        with pytest.raises(ArgumentError, match="limit: 101 is out of range"):
            client.list_pets(limit=101)
        with pytest.raises(ArgumentError, match="name: is required"):
            client.add_pet()


def test_every_node_has_the_line_of_the_document_of_2_0():
    """A pointer into the translation leads to what its author wrote, from the text and from the cache."""
    form = "/paths/~1pets~1{id}~1photo/put/requestBody/content/multipart~1form-data"
    lines = {
        "/servers/0": "schemes:",
        "/components/schemas/Pet/properties/owner": "owner:",
        "/components/parameters/limit/schema/maximum": "limit: {",
        "/components/securitySchemes/key/name": "key: {type",
        "/paths/~1pets/get/parameters/1/schema/items": "- {name: tags",
        "/paths/~1pets/post/requestBody/content/application~1json/schema": "- {name: pet",
        f"{form}/schema/properties/labels": "- {name: labels",
        "/paths/~1pets/get/responses/200/content/application~1json/schema/items": "200: {description: Pets",
        "/paths/~1pets/get/operationId": "operationId: listPets",
    }
    written = STORE.splitlines()
    for document in (load(STORE, cache=False), load(STORE), load(STORE)):
        for pointer, text in lines.items():
            assert text in written[document.place(pointer).line - 1], pointer


def test_an_error_names_the_line_of_the_document_of_2_0(tmp_path, run):  # noqa: F811 - a fixture
    """A finding about what a parameter of 2.0 says points to that parameter."""
    path = tmp_path / "store.yaml"
    path.write_text(STORE.replace("type: integer, maximum: 100", "type: integer, pattern: '('"))
    code, out, _ = run("spec", "check", path)
    assert code in (0, 12)
    assert f"{path}:12:50: warning" in out
    assert "[pattern-unusable]" in out


def test_other_files_of_2_0_are_taken_in(folder):
    """Files that a document refers to are 2.0 as well; each node keeps the line of its own file."""
    (folder / "root.yaml").write_text(
        "swagger: '2.0'\n"
        "paths:\n"
        "  /a: {$ref: 'paths.yaml#/a'}\n"
        "  /b: {$ref: 'missing.yaml'}\n"
        "parameters: {own: {$ref: 'more.yaml#/parameters/q'}}\n"
        "definitions: {Thing: {$ref: 'more.yaml#/definitions/Thing'}}\n"
    )
    (folder / "paths.yaml").write_text(
        "a:\n"
        "  post:\n"
        "    parameters:\n"
        "      - $ref: 'more.yaml#/parameters/q'\n"
        "      - $ref: 'more.yaml#/parameters/b'\n"
        "    responses:\n"
        "      200: {$ref: 'more.yaml#/responses/Ok'}\n"
    )
    (folder / "more.yaml").write_text(
        "parameters:\n"
        "  q: {name: q, in: query, type: string, enum: [1.10]}\n"
        "  b: {name: b, in: body, schema: {$ref: '#/definitions/Thing'}}\n"
        "responses:\n"
        "  Ok: {description: d, schema: {$ref: '#/definitions/Other'}}\n"
        "definitions:\n"
        "  Thing: {x-nullable: true}\n"
        "  Other: {discriminator: kind}\n"
    )
    document = load(folder / "root.yaml")
    components = document.data["components"]
    assert components["schemas"] == {"Thing": {"nullable": True}, "Other": {"discriminator": {"propertyName": "kind"}}}
    assert components["parameters"]["own"]["schema"] == {"type": "string", "enum": ["1.10"]}
    operation = document.data["paths"]["/a"]["post"]
    assert operation["parameters"] == [{"$ref": "#/components/parameters/own"}]
    assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"] == "#/components/schemas/Thing"
    assert operation["responses"]["200"]["$ref"] == "#/components/responses/Ok"
    places = {
        "/paths/~1a/post/requestBody": ("more.yaml", 3),
        "/paths/~1a/post": ("paths.yaml", 2),
        "/components/parameters/own/schema/enum": ("more.yaml", 2),
        "/components/responses/Ok/content/*~1*/schema": ("more.yaml", 5),
        "/components/schemas/Other/discriminator": ("more.yaml", 8),
        "/paths/~1b": ("root.yaml", 4),
    }
    for pointer, (name, line) in places.items():
        assert document.place(pointer)[:2] == (str(folder / name), line), pointer


def test_an_overlay_amends_the_translation():
    """The targets of an overlay are those of the form that is read, 3.0."""
    overlay = {
        "overlay": "1.0.0",
        "info": {"title": "o", "version": "1"},
        "actions": [{"target": "$.components.schemas.Pet", "update": {"additionalProperties": False}}],
    }
    with Client(STORE, overlays=[overlay], transport=FakeTransport(), credentials={"key": "k"}) as client:
        assert client.api.document["components"]["schemas"]["Pet"]["additionalProperties"] is False


def test_a_document_from_a_url_is_called_by_its_own_protocol():
    """Without a protocol that by which it was read is taken, https for a file."""
    written = json.dumps({"swagger": "2.0", "host": "a.example", "paths": {"/a": {"get": {"operationId": "get"}}}})
    servers = load(written).data["servers"]
    offered = tuple(Server(url=server["url"]) for server in servers)
    assert target(offered, None, "http://b.example/api.json").url == "http://a.example"
    assert target(offered, None, "api.json").url == "https://a.example"


@pytest.mark.parametrize("server", [None, "https://a.example"])
def test_a_host_without_a_protocol_is_trusted_over_https(server):
    """A credential goes to the host that the document names, whether or not the caller names it too."""
    made = {
        "swagger": "2.0",
        "host": "a.example",
        "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "security": [{"key": []}],
        "paths": {"/a": {"get": {"operationId": "get", "responses": {"204": {"description": "Done"}}}}},
    }
    transport = FakeTransport(reply(204, b""))
    with Client(made, transport=transport, credentials={"key": "k"}) as client:
        client["get"](server=server)
    assert (transport.requests[0].url, transport.requests[0].headers["X-Key"]) == ("https://a.example/a", "k")


@pytest.mark.parametrize("version", [2.0, "2.0", "2", 2])
def test_a_version_may_be_a_number(version):
    """What people write for 2.0 is 2.0."""
    assert load({"swagger": version, "paths": {}}).data["openapi"] == "3.0.3"


def test_two_bodies_concern_their_operation_only():
    """An operation with a body and a form is refused when it is used, and the others are not."""
    made = {
        "swagger": "2.0",
        "host": "a.example",
        "paths": {
            "/a": {
                "post": {
                    "operationId": "bad",
                    "parameters": [{"name": "b", "in": "body"}, {"name": "f", "in": "formData"}],
                },
                "get": {"operationId": "good"},
            }
        },
    }
    with Client(made, transport=FakeTransport()) as client:
        assert client["good"].request().url == "https://a.example/a"
        with pytest.raises(SpecError, match="in: formData"):
            client["bad"].request()


@pytest.mark.parametrize("operation", [
    {"consumes": [f"a/{number}" for number in range(100)], "parameters": [{"$ref": "#/parameters/b"}]},
    {"produces": [f"a/{number}" for number in range(100)], "responses": {"200": {"$ref": "#/responses/r"}}},
    {"parameters": [{"$ref": "#/x-q"}] * 100},
])  # fmt: skip
def test_what_is_repeated_is_limited(operation):
    """A small document cannot fill the memory by naming a large schema many times."""
    schema = {"properties": {f"p{number}": {} for number in range(200)}}
    made = {
        "swagger": "2.0",
        "parameters": {"b": {"name": "b", "in": "body", "schema": schema}},
        "responses": {"r": {"schema": schema}},
        "x-q": {"name": "q", "in": "query", "schema": schema},
        "paths": {"/a": {"get": operation}},
    }
    assert load(made)
    with pytest.raises(SpecError, match=r"repeats more values than the limit of 10,000 \(alias_nodes\)"):
        load(made, limits=Limits(alias_nodes=10_000))


def test_the_comparison_with_another_program_tells_what_differs(tmp_path, capsys):
    """A folder of pairs is compared request by request, and a difference is an exit code."""
    for name in ("2.0", "3.0"):
        (tmp_path / name).mkdir()
    written = {"swagger": "2.0", "host": "a.example", "paths": {"/a": {"get": {}}, "/b": {"get": {}}}}
    (tmp_path / "2.0" / "a.json").write_text(json.dumps(written))
    (tmp_path / "3.0" / "a.json").write_text(json.dumps(translate(written)[0]))
    assert main([str(tmp_path)]) == 0
    del written["paths"]["/b"]
    (tmp_path / "3.0" / "a.json").write_text(json.dumps(translate(written)[0]))
    assert main([str(tmp_path)]) == 1
    assert "differs: operation: 1\n    a.json: GET /b: True / False\n" in capsys.readouterr().out
