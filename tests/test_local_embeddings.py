"""What the embedded server truly performs: embeddings and the list of models."""

import base64
import json
from array import array
from pathlib import Path

import pytest
import yaml

from dynaclient.local import App, embed
from dynaclient.openapi.check import Checker
from dynaclient.openapi.read import read
from dynaclient.wire import Request

CASES = json.loads((Path(__file__).parent / "cases" / "local-embeddings.json").read_text(encoding="utf-8"))
SHIPPED = Path(__file__).parent.parent / "spec" / "embeddings.yaml"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def api():
    return read(yaml.safe_load(SHIPPED.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def app(api):
    return App(api, aliases=["text-embedding-3-small"])


def post(app, body, path="/v1/embeddings"):
    return app.handle(Request("POST", "http://127.0.0.1", path, JSON, json.dumps(body).encode()))


def get(app, path):
    return app.handle(Request("GET", "http://127.0.0.1", path))


@pytest.mark.parametrize("case", CASES["good"], ids=lambda case: case["name"])
def test_every_input_gets_its_vector(app, api, case):
    """A good request gets one vector for each input, in order, counts its words, and its reply fits the document."""
    response = post(app, case["body"])
    value = json.loads(response.body)
    assert response.status == 200
    assert [item["index"] for item in value["data"]] == list(range(case["vectors"]))
    assert {len(item["embedding"]) for item in value["data"]} == {case["dimensions"]}
    assert value["usage"] == {"prompt_tokens": case["tokens"], "total_tokens": case["tokens"]}
    assert value["model"] == case["body"]["model"]
    schema = "/components/schemas/CreateEmbeddingResponse"
    assert Checker(api.document, api.version).validator(schema, "reply").problems(value) == ()


@pytest.mark.parametrize("case", CASES["bad"], ids=lambda case: case["name"])
def test_a_bad_request_is_told_why(app, case):
    """A request that cannot be performed is answered with a status, the parameter, a code and what to do."""
    response = post(app, case["body"])
    error = json.loads(response.body)["error"]
    assert response.status == case["status"]
    assert error["param"] == case.get("param", error["param"])
    assert error["code"] == case.get("code")
    for text in case.get("says", ()):
        assert text in error["message"]


def test_both_encodings_carry_the_same_vectors(app):
    """Numbers and base64 decode to the same float32, those of the model, and both replies fit the document."""
    texts = ["a fox", "Größe"]
    plain = json.loads(post(app, {"input": texts, "model": "hash-384"}).body)["data"]
    coded = json.loads(post(app, {"input": texts, "model": "hash-384", "encoding_format": "base64"}).body)["data"]
    for one, other, vector in zip(plain, coded, embed(texts), strict=True):
        assert array("f", one["embedding"]) == vector
        assert base64.b64decode(other["embedding"]) == vector.tobytes()


@pytest.mark.parametrize("case", CASES["shapes"], ids=lambda case: case["name"])
def test_any_document_with_the_usual_shape_is_performed(case):
    """An operation is performed where its path, request and reply have OpenAI's shape; its replies fit its own schema."""
    content = {"content": {"application/json": {"schema": case["request"]}}}
    reply = {"description": "Ok.", "content": {"application/json": {"schema": case["reply"]}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/x/embeddings": {"post": {"requestBody": content, "responses": {"200": reply}}}},
    }
    value = json.loads(post(App(read(document)), {"input": "a fox"}, "/x/embeddings").body)
    performed = len(value.get("data", ())) == 1 and len(value["data"][0]["embedding"]) == 384
    assert performed is case["performed"]
    pointer = "/paths/~1x~1embeddings/post/responses/200/content/application~1json/schema"
    assert Checker(document, "3.1").validator(pointer, "reply").accepts(value)


def test_the_models_are_listed(app):
    """The list of models holds the built-in one and its aliases."""
    value = json.loads(get(app, "/v1/models").body)
    assert [model["id"] for model in value["data"]] == ["hash-384", "text-embedding-3-small"]


@pytest.mark.parametrize("name, status", [("hash-384", 200), ("nope", 404)])
def test_one_model_is_retrieved(name, status):
    """One model is described by its id; another is not found."""
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    reply = {"description": "Ok.", "content": {"application/json": {"schema": schema}}}
    parameter = {"name": "model", "in": "path", "required": True, "schema": {"type": "string"}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/v1/models/{model}": {"get": {"parameters": [parameter], "responses": {"200": reply}}}},
    }
    response = get(App(read(document)), f"/v1/models/{name}")
    assert response.status == status
    assert status != 200 or json.loads(response.body)["id"] == name
