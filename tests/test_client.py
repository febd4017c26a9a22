"""A document as a client, over a scripted transport."""

import dataclasses
import datetime
import enum
import inspect
import json
import pickle
import pydoc
import uuid

import numpy as np
import pytest
from documents import document, embeddings_reply, operation, packed

import dynaclient
from dynaclient import Client
from dynaclient.testing import FakeClock, FakeTransport, json_response, response
from dynaclient.world import World

KEY = "canary-5d41402abc4b2a76"


@pytest.fixture
def fake():
    """A transport that always answers with two vectors."""
    return FakeTransport(json_response(embeddings_reply([0.5, 1.5], [2.5, 3.5])), repeat=True)


@pytest.fixture
def client(fake):
    """A client of the bundled document, with a key, over the scripted transport."""
    with Client(transport=fake, bearer_auth=KEY) as client:
        yield client


def sent(fake):
    """The body of the last request, as plain data."""
    return json.loads(fake.requests[-1].body)


def test_a_call_sends_what_the_document_says(client, fake):
    """The method, URL, headers and body of a request are those of the document."""
    client.embeddings.create(input=["a", "b"], model="m")
    request = fake.requests[0]
    assert (request.method, request.url) == ("POST", "https://api.atoma.network/v1/embeddings")
    assert sent(fake) == {"input": ["a", "b"], "model": "m"}
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Accept"] == "application/json"


def test_values_are_read_by_attribute_and_by_item(client):
    """A reply is plain data whose fields are attributes too."""
    reply = client.embeddings.create(input=["a", "b"], model="m")
    assert reply.data[1].embedding == reply["data"][1]["embedding"] == [2.5, 3.5]
    assert reply == embeddings_reply([0.5, 1.5], [2.5, 3.5])
    assert json.loads(json.dumps(reply)) == reply
    assert pickle.loads(pickle.dumps(reply)) == reply


def test_a_base64_vector_is_unpacked(fake):
    """A base64 embedding becomes a float32 sequence that numpy sees without a copy."""
    fake = FakeTransport(json_response(embeddings_reply(packed(0.25, -1.0))))
    client = Client(transport=fake, bearer_auth=KEY)
    vector = client.embeddings.create(input="a", model="m", encoding_format="base64").data[0].embedding
    assert vector == [0.25, -1.0]
    seen = np.asarray(vector)
    assert seen.dtype == np.float32
    vector[0] = 8.0
    assert seen[0] == 8.0


def test_results_come_in_the_order_of_the_inputs(fake):
    """Results that come out of order are put in order by the key that the document names."""
    reply = embeddings_reply([1.0], [2.0], [3.0])
    reply["data"].reverse()
    client = Client(transport=FakeTransport(json_response(reply)), bearer_auth=KEY)
    result = client.embeddings.create(input=["a", "b", "c"], model="m")
    assert [item.embedding for item in result.data] == [[1.0], [2.0], [3.0]]


@pytest.mark.parametrize(
    "given, count",
    [("a", 1), (["a", "b"], 2), ([1, 2, 3], 1), ([[1, 2], [3]], 2), (("a", "b"), 2), (np.array([1, 2, 3]), 1)],
    ids=str,
)
def test_too_few_results_are_an_error(given, count):
    """As many results as inputs must come back, whatever form the inputs have."""
    enough = FakeTransport(json_response(embeddings_reply(*[[1.0]] * count)))
    Client(transport=enough, bearer_auth=KEY).embeddings.create(input=given, model="m")
    fewer = FakeTransport(json_response(embeddings_reply(*[[1.0]] * (count + 1))))
    with pytest.raises(
        dynaclient.ReplyValidationError, match=f"{count + 1} results came back for {count} inputs"
    ) as caught:
        Client(transport=fewer, bearer_auth=KEY).embeddings.create(input=given, model="m")
    assert len(caught.value.value["data"]) == count + 1


class Color(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: float


@pytest.mark.parametrize(
    "value, wire",
    [
        (("a", "b"), ["a", "b"]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.arange(3), [0, 1, 2]),
        (np.float32(0.5), 0.5),
        (Color.RED, "red"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (Point(1, 2.5), {"x": 1, "y": 2.5}),
        ((text for text in "ab"), ["a", "b"]),
        (2**70, 2**70),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_from_python_life_are_accepted(value, wire):
    """Tuples, arrays, enums, dates, dataclasses and large integers go out as what they stand for."""
    fake = FakeTransport(response(status=200))
    spec = document({"/x": {"post": operation({"type": "object", "properties": {"value": {}}}, operationId="put")}})
    Client(spec, transport=fake).put(value=value)
    assert sent(fake) == {"value": wire}


def test_all_problems_with_the_arguments_are_listed_at_once(client, fake):
    """Unknown, missing and wrong arguments are reported together, with suggestions, and nothing is sent."""
    with pytest.raises(dynaclient.ArgumentError) as caught:
        client.embeddings.create(input=["a", 1], dimension=3, encoding_format="floot")
    text = str(caught.value)
    assert "dimension: is not an argument" in text
    assert "did you mean 'dimensions'?" in text
    assert "model: is required" in text
    assert "encoding_format" in text
    assert len(caught.value.problems) == 4
    assert fake.requests == []


def test_names_like_builtins_are_taken_with_an_underscore_too(client, fake):
    """``input_`` is ``input``."""
    client.embeddings.create(input_=["a", "b"], model="m")
    assert sent(fake)["input"] == ["a", "b"]


def test_a_whole_body_can_be_given(client, fake):
    """``body=`` is the whole body; single properties are laid over it."""
    client.embeddings.create(body={"input": ["a", "b"], "model": "m", "vendor_field": 1}, model="n")
    assert sent(fake) == {"input": ["a", "b"], "model": "n", "vendor_field": 1}


def test_omitted_arguments_are_not_sent(client, fake):
    """Defaults are not sent, OMIT means not passed, and None is sent as null where the document allows it."""
    client.embeddings.create(input=["a", "b"], model="m", dimensions=dynaclient.OMIT, user=None)
    assert sent(fake) == {"input": ["a", "b"], "model": "m", "user": None}


def test_it_reads_like_a_hand_written_sdk(client):
    """Signature, docstring, dir and help show what the document says."""
    call = client.embeddings.create
    parameters = inspect.signature(call).parameters
    assert list(parameters)[:5] == ["input", "model", "dimensions", "encoding_format", "user"]
    assert parameters["input"].default is inspect.Parameter.empty
    assert parameters["encoding_format"].annotation == "Literal['float', 'base64'] | None"
    assert call.__name__ == "create"
    assert "What to embed" in call.__doc__
    assert {"embeddings", "models"} <= set(dir(client))
    assert dir(client.embeddings) == ["create"]
    page = " ".join(pydoc.plain(pydoc.render_doc(call)).split())
    assert "create( *, input: " in page.replace("create(*", "create( *")
    assert "encoding_format" in page
    assert "create(" in pydoc.plain(pydoc.render_doc(client.embeddings))


def test_an_unknown_name_suggests_the_nearest(client):
    """A group or operation that does not exist is an AttributeError with a suggestion."""
    with pytest.raises(AttributeError, match=r"did you mean 'embeddings'"):
        client.embedings  # noqa: B018
    with pytest.raises(AttributeError, match=r"did you mean 'create'"):
        client.embeddings.creat  # noqa: B018
    with pytest.raises(dynaclient.ArgumentError, match=r"embeddings\.create"):
        client["embeddings.creat"]


def test_a_result_tells_all_that_is_known(fake):
    """``send`` gives value, status, headers, request id, rate limits, attempts and time."""
    headers = {"X-Request-Id": "r-1", "X-RateLimit-Remaining": "7"}
    transport = FakeTransport(
        json_response({"error": "busy"}, 503, {"Retry-After": "2"}),
        json_response(embeddings_reply([1.0]), headers=headers),
    )
    clock = FakeClock()
    client = Client(transport=transport, bearer_auth=KEY, world=World(clock=clock, sleep=clock.sleep))
    result = client.embeddings.create.send(input="a", model="m")
    assert result.value.data[0].embedding == [1.0]
    assert (result.status, result.request_id) == (200, "r-1")
    assert result.rate_limit == {"x-ratelimit-remaining": "7"}
    assert [(attempt.number, attempt.status) for attempt in result.attempts] == [(1, 503), (2, 200)]
    assert result.attempts[0].retry_after == 2.0
    assert result.elapsed == clock.slept[0] >= 2.0
    assert pickle.loads(pickle.dumps(result)).value == result.value


def test_retries_can_be_overridden_field_by_field():
    """The call's retries win over the client's, the client's over the environment's, and those over the document's."""
    busy = json_response({}, 503)

    def attempts(client_retries=None, **call):
        clock = FakeClock()
        fake = FakeTransport(busy, repeat=True)
        client = Client(transport=fake, bearer_auth=KEY, retries=client_retries, world=World(clock, clock.sleep))
        with pytest.raises(dynaclient.ServerError) as caught:
            client.embeddings.create(input="a", model="m", **call)
        assert len(caught.value.attempts) == len(fake.requests)
        return len(fake.requests)

    assert attempts() == 6  # as the document declares
    assert attempts(client_retries=2) == 3
    assert attempts(client_retries=2, retries=1) == 2
    assert attempts(client_retries=2, retries=False) == 1
    assert attempts(retries={"statusCodes": ["500"]}) == 1


def test_the_environment_lies_between_client_and_document(monkeypatch, fake):
    """A ``DYNACLIENT_`` variable counts where neither the client nor the call says anything."""
    monkeypatch.setenv("DYNACLIENT_SERVER", "openai")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    Client(transport=fake).embeddings.create(input=["a", "b"], model="m")
    assert fake.requests[-1].origin == "https://api.openai.com"
    Client(transport=fake, server="http://127.0.0.1:1", bearer_auth=KEY).embeddings.create(input=["a", "b"], model="m")
    assert fake.requests[-1].origin == "http://127.0.0.1:1"
    monkeypatch.setenv("DYNACLIENT_TIMEOUT", "soon")
    with pytest.raises(dynaclient.ArgumentError, match="DYNACLIENT_TIMEOUT"):
        Client(transport=fake)


@pytest.mark.parametrize(
    "status, kind",
    [
        (400, dynaclient.BadRequestError),
        (401, dynaclient.AuthenticationError),
        (403, dynaclient.PermissionDeniedError),
        (404, dynaclient.NotFoundError),
        (409, dynaclient.ConflictError),
        (418, dynaclient.APIError),
        (422, dynaclient.UnprocessableEntityError),
        (429, dynaclient.RateLimitError),
        (503, dynaclient.ServerError),
    ],
)
def test_errors_of_the_service_carry_all_that_came(status, kind):
    """4XX and 5XX raise an APIError of their class, with status, message, body, headers, request id and attempts."""
    body = {"error": {"message": "No such thing.", "type": "t"}}
    fake = FakeTransport(json_response(body, status, {"X-Request-Id": "r-9", "Retry-After": "3"}))
    with pytest.raises(kind) as caught:
        Client(transport=fake, bearer_auth=KEY, retries=0).embeddings.create(input="a", model="m")
    error = caught.value
    assert (error.status_code, error.message, error.body) == (status, "No such thing.", body)
    assert (error.request_id, error.retry_after, len(error.attempts)) == ("r-9", 3.0, 1)
    assert error.operation == "embeddings.create"
    assert error.headers["retry-after"] == "3"
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.status_code, copy.body, str(copy)) == (kind, status, body, str(error))


def test_a_body_that_breaks_the_document_is_explained():
    """A reply that breaks the schema raises before anything is returned, and holds what came."""
    reply = embeddings_reply([1.0])
    reply["data"][0]["embedding"] = {"zero": 0}
    fake = FakeTransport(json_response(reply))
    with pytest.raises(dynaclient.ReplyValidationError) as caught:
        Client(transport=fake, bearer_auth=KEY).embeddings.create(input="a", model="m")
    (problem,) = caught.value.problems
    assert problem.where == "$.data[0].embedding"
    assert problem.pointer.startswith("/components/schemas/Embedding/properties/embedding")
    assert caught.value.value == reply
    assert json.loads(caught.value.response.body) == reply


def test_validation_can_warn_or_be_off(caplog):
    """``warn`` reports and goes on, ``off`` does not look; requests and replies apart, per client and per call."""
    odd = {"data": [], "object": 1}
    fake = FakeTransport(json_response(odd), repeat=True)
    client = Client(transport=fake, bearer_auth=KEY, validate={"reply": "off"})
    assert client.embeddings.create(input="a", model="m") == odd
    assert caplog.records == []
    assert client.embeddings.create(input="a", model="m", validate="warn") == odd
    assert "not what the document promises" in caplog.text
    with pytest.raises(dynaclient.ArgumentError):
        client.embeddings.create(input=[], model="m")
    assert client.embeddings.create(input=[], model="m", validate="off") == odd
    with pytest.raises(dynaclient.ArgumentError, match="strict, lenient, warn or off"):
        client.embeddings.create(input="a", model="m", validate="maybe")


def test_without_a_credential_nothing_is_sent(fake, monkeypatch):
    """A missing credential fails before anything is sent, and the message names the variable, the argument and the way without."""
    monkeypatch.delenv("ATOMASDK_BEARER_AUTH", raising=False)
    with pytest.raises(dynaclient.CredentialsError) as caught:
        Client(transport=fake).embeddings.create(input="a", model="m")
    for part in ("ATOMASDK_BEARER_AUTH", "bearer_auth=", "--server local"):
        assert part in str(caught.value)
    assert fake.requests == []


def test_arguments_are_judged_before_credentials(fake, monkeypatch):
    """A call that is wrong in itself says so, whether or not there is a credential."""
    monkeypatch.delenv("ATOMASDK_BEARER_AUTH", raising=False)
    with pytest.raises(dynaclient.ArgumentError):
        Client(transport=fake).embeddings.create(input="a")


def test_a_parameter_of_the_api_wins_over_a_call_option():
    """Where the API has a parameter called ``timeout`` the keyword is the API's; the option is given with ``with_options``."""
    spec = document(
        {
            "/x": {
                "get": operation(
                    operationId="look", parameters=[{"name": "timeout", "in": "query", "schema": {"type": "integer"}}]
                )
            }
        }
    )
    fake = FakeTransport(response(), repeat=True)
    client = Client(spec, transport=fake)
    client.look(timeout=7)
    assert fake.requests[-1].target == "/x?timeout=7"
    client.with_options(timeout=0.5).look(timeout=7)
    assert fake.timeouts[-1].read == 0.5
    assert fake.requests[-1].target == "/x?timeout=7"


def test_with_options_shares_the_connections(client, fake):
    """``with_options`` changes nothing on the client that it was called on."""
    other = client.with_options(server="openai", headers={"X-Team": "a"})
    other.embeddings.create(input=["a", "b"], model="m")
    client.embeddings.create(input=["a", "b"], model="m")
    assert [request.origin for request in fake.requests] == ["https://api.openai.com", "https://api.atoma.network"]
    assert fake.requests[0].headers["X-Team"] == "a"
    assert "X-Team" not in fake.requests[1].headers


def test_a_dry_run_sends_nothing(client, fake):
    """``request`` and ``curl`` show the call, redacted, and send nothing."""
    request = client.embeddings.create.request(input="a", model="m")
    assert (request.method, request.headers["Authorization"]) == ("POST", "Bearer [redacted]")
    line = client.embeddings.create.curl(input="it's", model="m")
    assert 'Authorization: Bearer $ATOMASDK_BEARER_AUTH"' in line
    assert "https://api.atoma.network/v1/embeddings" in line
    assert fake.requests == []


def test_a_closed_client_closes_its_transport(fake):
    """The client is a context manager that closes its connections."""
    with Client(transport=fake, bearer_auth=KEY) as client:
        client.embeddings.create(input=["a", "b"], model="m")
    assert fake.closed


def test_clients_and_calls_are_not_pickled(client):
    """What holds connections and credentials refuses to be pickled, and says what to do."""
    for value in (client, client.embeddings, client.embeddings.create):
        with pytest.raises(TypeError, match=r"make (it|the client) where it is used"):
            pickle.dumps(value)


def test_arguments_go_by_keyword(client, fake):
    """An argument by position is refused with the keyword to use."""
    with pytest.raises(dynaclient.ArgumentError, match="say input="):
        client.embeddings.create("a")
    assert fake.requests == []


def test_the_callers_own_authorization_wins(monkeypatch, fake):
    """A caller who brings an Authorization field needs no other credential, and none is put in its place."""
    monkeypatch.setenv("ATOMASDK_BEARER_AUTH", KEY)
    client = Client(transport=fake, headers={"authorization": "Basic mine"})
    result = client.embeddings.create.send(input=["a", "b"], model="m")
    assert dict(fake.requests[0].headers)["authorization"] == "Basic mine"
    assert KEY not in str(dict(fake.requests[0].headers))
    assert "mine" not in str(dict(result.request.headers))


@pytest.mark.parametrize(
    "option, value", [("server", ""), ("transport", 3), ("credentials", 3), ("timeout", 0), ("headers", [1])]
)
def test_options_that_make_no_sense_are_refused_at_once(option, value):
    """A bad option raises when the client is made, and names itself."""
    with pytest.raises(dynaclient.ArgumentError, match=option):
        Client(**{option: value})


def test_settings_are_sent_with_every_call_that_takes_them():
    """A global parameter is given once, and an argument of the call wins over it."""
    version = {"name": "api-version", "in": "query", "required": True, "schema": {"type": "string"}}
    spec = document(
        {"/x": {"get": operation(operationId="look", parameters=[version])}},
        **{"x-speakeasy-globals": {"parameters": [version]}},
    )
    fake = FakeTransport(response(), repeat=True)
    client = Client(spec, transport=fake, settings={"api_version": "2026-01"})
    client.look()
    client.look(api_version="2025-12")
    assert [request.target for request in fake.requests] == ["/x?api-version=2026-01", "/x?api-version=2025-12"]
    with pytest.raises(dynaclient.ArgumentError, match="no global parameter"):
        Client(spec, transport=fake, settings={"other": 1}).look()


def test_vectors_come_packed_where_that_is_asked_for():
    """``arrays`` gives buffers in place of lists, per client and per call; the values are the same and are judged the same."""
    fake = FakeTransport(json_response(embeddings_reply([0.1, 2, -0.5])), repeat=True)
    client = Client(transport=fake, bearer_auth=KEY, arrays=True)
    vector = client.embeddings.create(input="a", model="m").data[0].embedding
    assert (type(vector), vector, np.asarray(vector).dtype) == (dynaclient.Vector, [0.1, 2.0, -0.5], np.float64)
    small = client.embeddings.create(input="a", model="m", arrays="float32").data[0].embedding
    assert np.array_equal(np.asarray(small), np.array([0.1, 2, -0.5], np.float32))
    assert client.embeddings.create(input="a", model="m", arrays=False).data[0].embedding == [0.1, 2, -0.5]
    with pytest.raises(dynaclient.ArgumentError, match="arrays"):
        client.embeddings.create(input="a", model="m", arrays="float16")
    broken = FakeTransport(json_response(embeddings_reply([0.1, None])))
    with pytest.raises(dynaclient.ReplyValidationError):
        Client(transport=broken, bearer_auth=KEY, arrays=True).embeddings.create(input="a", model="m")


def test_a_reply_whose_schema_is_broken_is_not_thrown_away(caplog):
    """It is accepted as it came, in every mode, and the fault of the document is told once."""
    schema = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Nothing"}}}
    content = {"application/json": {"schema": schema}}
    node = {"operationId": "x", "responses": {"200": {"description": "", "content": content}}}
    spec = document({"/x": {"get": node}}, servers=[{"url": "http://h.test"}])
    for mode in ("strict", "lenient", "warn", "off"):
        with Client(spec, transport=FakeTransport(json_response({"a": 1}), repeat=True), validate=mode) as client:
            assert client.x() == client.x() == {"a": 1}
    assert caplog.text.count("what comes here is not checked") == 4


def test_what_is_deprecated_is_told_once(caplog):
    """An operation when it is called, an argument when it is passed; each once for a client."""
    parameters = [{"name": "old", "in": "query", "deprecated": True, "schema": {}}, {"name": "new", "in": "query"}]
    node = {"operationId": "x", "deprecated": True, "parameters": parameters, "responses": {}}
    spec = document({"/x": {"get": node}}, servers=[{"url": "http://h.test"}])
    with Client(spec, transport=FakeTransport(json_response({}), repeat=True)) as client:
        client.x(new="a")
        client.x(new="a")
        assert caplog.messages == ["x is deprecated"]
        client.x(old="a")
        client.with_options(timeout=5).x(old="a")
    assert caplog.messages == ["x is deprecated", "x: the argument old is deprecated"]
