"""The document is edited and the client has changed: in Python, at the shell and on the wire, with no code touched."""

import json

import pytest
from documents import embeddings_reply

from dynaclient import ArgumentError, Client, ServerError
from dynaclient.source import load
from dynaclient.testing import FakeClock, FakeTransport, json_response
from dynaclient.world import World


@pytest.fixture
def spec():
    """The bundled document as plain data, to be edited."""
    return json.loads(json.dumps(load(cache=False).data))


def connected(spec, *replies):
    """A client of the document over a scripted transport."""
    fake = FakeTransport(*(replies or (json_response(embeddings_reply([1.0])),)), repeat=True)
    clock = FakeClock()
    return Client(spec, transport=fake, bearer_auth="key-of-a-test", world=World(clock, clock.sleep)), fake


def help_page(spec, tmp_path, capsys, *arguments):
    """What the shell prints of this document."""
    from dynaclient.cli import main

    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec))
    assert main(["--spec", str(path), *arguments]) == 0
    printed = capsys.readouterr()
    return printed.out + printed.err


def test_a_parameter_that_is_added_can_be_passed(spec, tmp_path, capsys):
    """A new property of the body is a keyword, an option and a field on the wire."""
    client, fake = connected(spec)
    with pytest.raises(ArgumentError, match="truncate"):
        client.embeddings.create(input="a", model="m", truncate=True)
    schema = spec["components"]["schemas"]["CreateEmbeddingRequest"]
    schema["properties"]["truncate"] = {"type": "boolean", "description": "Cut what is too long."}
    client, fake = connected(spec)
    client.embeddings.create(input="a", model="m", truncate=True)
    assert json.loads(fake.requests[0].body)["truncate"] is True
    with pytest.raises(ArgumentError, match="truncate"):
        client.embeddings.create(input="a", model="m", truncate="yes")
    page = help_page(spec, tmp_path, capsys, "call", "embeddings.create", "--help")
    assert "--truncate" in page
    assert "Cut what is too long." in page


def test_an_operation_that_is_renamed_has_its_new_name_only(spec, tmp_path, capsys):
    """The operationId names the method."""
    spec["paths"]["/embeddings"]["post"]["operationId"] = "embeddings_make"
    client, _ = connected(spec)
    client.embeddings.make(input="a", model="m")
    assert not hasattr(client.embeddings, "create")
    page = help_page(spec, tmp_path, capsys, "ops")
    assert "embeddings.make" in page
    assert "embeddings.create" not in page


def test_an_operation_that_is_added_can_be_called(spec, tmp_path, capsys):
    """A new path is a new method, with its path parameter as a keyword."""
    spec["paths"]["/models/{id}"] = {
        "get": {
            "operationId": "models_show",
            "tags": ["Models"],
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}},
        }
    }
    client, fake = connected(spec, json_response({"id": "a b"}))
    assert client.models.show(id="a b").id == "a b"
    assert fake.requests[0].target == "/v1/models/a%20b"
    assert "models.show" in help_page(spec, tmp_path, capsys, "ops")


def test_an_operation_that_is_removed_is_gone(spec, tmp_path, capsys):
    """Without its path an operation is no attribute and no command."""
    del spec["paths"]["/models"]
    client, _ = connected(spec)
    assert not hasattr(client, "models")
    assert list(client) == ["embeddings.create"]
    assert "models" not in help_page(spec, tmp_path, capsys, "ops")


def test_a_retry_policy_that_is_changed_is_followed(spec):
    """The number of attempts is the document's."""
    client, fake = connected(spec, json_response({}, 503))
    with pytest.raises(ServerError):
        client.embeddings.create(input="a", model="m")
    assert len(fake.requests) == 6
    spec["x-dynaclient-retries"]["maxAttempts"] = 2
    client, fake = connected(spec, json_response({}, 503))
    with pytest.raises(ServerError):
        client.embeddings.create(input="a", model="m")
    assert len(fake.requests) == 2
    spec["paths"]["/embeddings"]["post"]["x-speakeasy-retries"] = {"strategy": "none"}
    client, fake = connected(spec, json_response({}, 503))
    with pytest.raises(ServerError):
        client.embeddings.create(input="a", model="m")
    assert len(fake.requests) == 1
