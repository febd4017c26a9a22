"""Clients that know nothing of dynaclient use the embedded server: OpenAI's own package, and curl."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from dynaclient.local import App, Faults, LocalServer, embed
from dynaclient.openapi.read import read

API = read(yaml.safe_load((Path(__file__).parent.parent / "spec" / "embeddings.yaml").read_text(encoding="utf-8")))
TEXTS = ["The quick brown fox", "jumped over the lazy dog"]
curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")


@pytest.fixture
def serving():
    """Starts servers with the options of an app, and stops them."""
    servers = []

    def start(**options):
        server = LocalServer(App(API, **options)).start()
        servers.append(server)
        return server.url

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def openai_client(serving):
    """OpenAI's client of a server with these options."""
    openai = pytest.importorskip("openai")
    clients = []

    def make(key="s3cret", retries=0, **options):
        client = openai.OpenAI(base_url=serving(**options) + "/v1", api_key=key, max_retries=retries)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


def test_openai_embeds_with_numbers(openai_client):
    """OpenAI's client gets the model's vectors as numbers."""
    reply = openai_client().embeddings.create(input=TEXTS, model="hash-384", encoding_format="float")
    assert [item.embedding for item in reply.data] == [vector.tolist() for vector in embed(TEXTS)]
    assert reply.usage.prompt_tokens == 9


def test_openai_embeds_with_its_own_default(openai_client):
    """OpenAI's client, which asks for base64 unless told otherwise, gets the same vectors."""
    reply = openai_client().embeddings.create(input=TEXTS, model="hash-384", dimensions=16)
    assert [list(item.embedding) for item in reply.data] == [vector.tolist() for vector in embed(TEXTS, 16)]


def test_openai_lists_the_models(openai_client):
    """OpenAI's client lists the built-in model and its alias, and may use the alias."""
    client = openai_client(aliases=["text-embedding-3-small"])
    assert [model.id for model in client.models.list()] == ["hash-384", "text-embedding-3-small"]
    assert client.embeddings.create(input="a", model="text-embedding-3-small").model == "text-embedding-3-small"


def test_openai_understands_the_errors(openai_client):
    """OpenAI's client raises the right error with the right code for each refusal."""
    import openai

    with pytest.raises(openai.AuthenticationError) as unauthorized:
        openai_client(key="wrong", require_bearer="s3cret").models.list()
    assert unauthorized.value.code == "invalid_api_key"
    client = openai_client(require_bearer="s3cret")
    with pytest.raises(openai.NotFoundError) as unknown:
        client.embeddings.create(input="a", model="nope")
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError) as bad:
        client.embeddings.create(input=[], model="hash-384")
    assert bad.value.param == "input"


def test_openai_retries_a_rate_limit(openai_client):
    """OpenAI's client waits as told after 429 and then gets its vectors; without retries it raises."""
    import openai

    client = openai_client(retries=2, faults=Faults(["429:2"], retry_after="0.01"))
    assert len(client.embeddings.create(input="a", model="hash-384").data) == 1
    with pytest.raises(openai.RateLimitError):
        openai_client(faults=Faults(["429:1"])).models.list()


def test_openai_sees_broken_connections(openai_client):
    """OpenAI's client takes a reset and garbage for connection errors."""
    import openai

    for fault in ("reset", "garbage", "half"):
        with pytest.raises((openai.APIConnectionError, openai.APIError)):
            openai_client(faults=Faults([fault])).models.list()


def run_curl(*arguments, **options):
    """What curl writes."""
    return subprocess.run(
        ["curl", "--silent", "--show-error", "--noproxy", "*", *arguments], capture_output=True, check=True, **options
    ).stdout


@curl
def test_curl_embeds(serving):
    """Curl with the usual options gets a vector."""
    data = json.dumps({"input": "a fox", "model": "hash-384", "dimensions": 4})
    out = run_curl(serving() + "/v1/embeddings", "-H", "Content-Type: application/json", "-d", data)
    assert json.loads(out)["data"][0]["embedding"] == embed(["a fox"], 4)[0].tolist()


@curl
def test_curl_uploads_by_chunks(serving):
    """Curl sends a body of unknown size by chunks, with an expectation."""
    data = json.dumps({"input": ["a fox"] * 2000, "model": "hash-384", "dimensions": 4}).encode()
    fields = ("Content-Type: application/json", "Transfer-Encoding: chunked", "Expect: 100-continue")
    headers = [argument for field in fields for argument in ("-H", field)]
    out = run_curl(serving() + "/v1/embeddings", *headers, "--data-binary", "@-", input=data)
    assert len(json.loads(out)["data"]) == 2000


@curl
def test_curl_without_a_content_type_is_told(serving):
    """Curl -d without a Content-Type header is answered 415 with the header to add."""
    out = run_curl(serving() + "/v1/embeddings", "-d", "{}", "-w", "\n%{http_code}").decode()
    assert out.endswith("\n415")
    assert "application/json" in out
    assert "Content-Type header" in out
