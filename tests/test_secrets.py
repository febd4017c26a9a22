"""A credential is nowhere but on the wire."""

import contextlib
import json
import logging
import pickle
import traceback

import pytest
from documents import document, embeddings_reply, operation

import dynaclient
from dynaclient import Client
from dynaclient.testing import FakeTransport, json_response

CANARY = "canary-7215ee9c7d9dc229d2921a40e899ec5f"

EVERY_SCHEME = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Odd-Name"},
    "query": {"type": "apiKey", "in": "query", "name": "odd"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
}


def spec(scheme):
    """A document whose only operation asks for this scheme."""
    return document(
        {"/x": {"get": operation(reply={"type": "object"}, operationId="look", security=[{scheme: []}])}},
        components={"securitySchemes": {scheme: EVERY_SCHEME[scheme]}},
    )


def echo(request):
    """A server that repeats all that it was sent, as some debugging servers and error pages do."""
    shown = {**request.headers, "url": request.url}
    return json_response({"error": {"message": f"bad credential in {json.dumps(shown)}"}}, 401)


def everything(value):
    """What Python shows of a value, in all usual ways."""
    yield repr(value)
    yield str(value)
    with contextlib.suppress(TypeError, pickle.PicklingError, AttributeError):
        yield repr(pickle.dumps(value))
    if isinstance(value, BaseException):
        yield "".join(traceback.format_exception(value))
        yield repr(getattr(value, "request", ""))
        yield repr(pickle.loads(pickle.dumps(value)))
    for name in ("request", "attempts", "response", "operation"):
        if hasattr(value, name):
            yield repr(getattr(value, name))


@pytest.mark.parametrize("scheme", EVERY_SCHEME)
def test_a_credential_shows_up_nowhere_but_on_the_wire(scheme, caplog):
    """Given as an argument it is sent, and is in no repr, message, pickle, log, dry run or curl line, even where the server repeats it."""
    caplog.set_level(logging.DEBUG)
    credential = (CANARY, CANARY) if scheme == "basic" else CANARY
    fake = FakeTransport(json_response({}), echo, repeat=True)
    client = Client(spec(scheme), transport=fake, credentials={scheme: credential}, retries=0)
    shown = [*everything(client), *everything(client.look)]
    shown += [*everything(client.look.request()), client.look.curl(), *everything(client.look.send())]
    wire = fake.requests[0]
    if scheme != "basic":
        assert CANARY in wire.url + str(dict(wire.headers)), "the credential must be sent"
    shown += everything(wire)
    with pytest.raises(dynaclient.AuthenticationError) as caught:
        client.look()
    error = caught.value
    shown += [repr(error), str(error), error.message, repr(error.request), "".join(traceback.format_exception(error))]
    shown.append(caplog.text)
    for text in shown:
        assert CANARY not in text


def test_a_credential_from_the_environment_stays_hidden_too(monkeypatch, tmp_path, capsys):
    """The same holds for the variable that the document names, at the shell with ``-v``, in dry runs and in the cache."""
    from dynaclient.cli import main

    monkeypatch.setenv("ATOMASDK_BEARER_AUTH", CANARY)
    monkeypatch.setenv("DYNACLIENT_CACHE_DIR", str(tmp_path))
    output = ""
    for extra in (["--dry-run"], ["--curl"], ["--server", "http://127.0.0.1:9", "--retries", "0"], []):
        arguments = ["call", "embeddings.create", "--input", "a", "--model", "m", "-v", "--timeout", "0.2", *extra]
        if not extra:
            arguments = ["describe", "embeddings.create"]
        main(arguments)
        printed = capsys.readouterr()
        output += printed.out + printed.err
    assert "ATOMASDK_BEARER_AUTH" in output
    assert CANARY not in output
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(CANARY.encode() in data for data in kept)


def test_a_secret_in_a_header_of_the_caller_is_hidden():
    """Header fields of the caller that usually carry secrets are redacted wherever they are shown."""
    fake = FakeTransport(json_response(embeddings_reply([1.0])), repeat=True)
    client = Client(transport=fake, bearer_auth="x", headers={"X-Api-Key": CANARY, "Cookie": f"a={CANARY}"})
    result = client.embeddings.create.send(input="a", model="m")
    assert fake.requests[0].headers["X-Api-Key"] == CANARY
    for text in (*everything(result), client.embeddings.create.curl(input="a", model="m")):
        assert CANARY not in text


@pytest.mark.parametrize("bad", [f"{CANARY}\r\nX-Evil: 1", f"{CANARY}\u20ac", ""])
def test_a_credential_that_cannot_be_sent_is_refused_without_being_shown(bad):
    """A credential with a line break, or with letters that no header holds, raises before anything is sent."""
    fake = FakeTransport()
    with pytest.raises(dynaclient.CredentialsError) as caught:
        Client(spec("bearer"), transport=fake, credentials={"bearer": bad}).look()
    assert CANARY not in str(caught.value)
    assert fake.requests == []


def test_a_key_of_one_server_is_not_sent_to_another(monkeypatch):
    """The variable of one server is not read for another server or URL."""
    monkeypatch.setenv("ATOMASDK_BEARER_AUTH", CANARY)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("DYNACLIENT_BEARER_AUTH", raising=False)
    fake = FakeTransport(json_response(embeddings_reply([1.0])))
    with pytest.raises(dynaclient.CredentialsError):
        Client(transport=fake, server="openai").embeddings.create(input="a", model="m")
    assert fake.requests == []
    Client(transport=fake, server="http://127.0.0.1:9").embeddings.create(input="a", model="m")  # asks for none
    assert CANARY not in str(dict(fake.requests[0].headers))
