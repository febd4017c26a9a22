"""The shipped sentence model against vectors that another implementation made; skipped where its weights are not installed."""

import json
from pathlib import Path

import pytest
import yaml
from shell import apart, run  # noqa: F401 - fixtures

from dynaclient.folders import data_folder
from dynaclient.local import App
from dynaclient.local.weights import MINILM, advice
from dynaclient.openapi.read import read
from dynaclient.wire import Request

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "cases" / "local-model-reference.json").read_text(encoding="utf-8"))
REAL = data_folder()  # the machine's own; the tests have others
NEEDED = advice(MINILM)

pytestmark = pytest.mark.skipif(bool(NEEDED), reason=NEEDED or "never")


@pytest.fixture(autouse=True)
def _real(apart, monkeypatch):  # noqa: F811
    monkeypatch.setenv("DYNACLIENT_DATA_DIR", str(REAL))


@pytest.fixture(scope="module")
def app():
    return App(read(yaml.safe_load((HERE.parent / "spec" / "embeddings.yaml").read_text(encoding="utf-8"))))


def test_the_vectors_are_those_of_another_implementation(app):
    """Numbers, cosines, tokens and cuts are the same, to 2e-6, for one request with all texts."""
    texts = [case["text"] * case.get("times", 1) for case in REFERENCE["texts"]]
    body = json.dumps({"input": texts, "model": MINILM.aliases[0]}).encode()
    headers = {"content-type": "application/json"}
    reply = json.loads(app.handle(Request("POST", "http://127.0.0.1", "/v1/embeddings", headers, body)).body)
    vectors = [item["embedding"] for item in reply["data"]]
    for case, item in zip(REFERENCE["texts"], reply["data"], strict=True):
        assert len(item["embedding"]) == 384
        assert item["embedding"][:8] == pytest.approx(case["begins"], abs=2e-6)
        assert item["truncated"] is case["truncated"]
    for one, cosines in zip(vectors, REFERENCE["cosines"], strict=True):
        found = [sum(a * b for a, b in zip(one, other, strict=True)) for other in vectors]
        assert found == pytest.approx(cosines, abs=2e-6)
    assert reply["usage"]["prompt_tokens"] == sum(case["tokens"] for case in REFERENCE["texts"])


def test_an_installed_model_is_whole(run):  # noqa: F811
    """At the shell the installed model is listed as usable, and a second install finds it whole."""
    code, out, _ = run("local", "list", "--query", "[0].usable", "-o", "json")
    assert (code, out) == (0, "true\n")
    code, out, err = run("local", "install")
    assert (code, out) == (0, "")
    assert "was installed already, and is whole" in err
