"""Names of an API that Python, the client or the shell use as well."""

import json

import pytest
from documents import document
from shell import apart, run  # noqa: F401 - fixtures

from dynaclient import AsyncClient, Client
from dynaclient.testing import FakeTransport, json_response

TEXT = {"type": "string"}
GOOD = {"200": {"description": ""}}


def spec(parameters=(), body=None):
    """A document with one operation ``x`` of these query parameters, and a JSON body of this schema."""
    node = {"operationId": "x", "responses": GOOD}
    node["parameters"] = [{"name": name, "in": "query", "schema": TEXT} for name in parameters]
    if body is not None:
        node["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return document({"/x": {"post": node}}, servers=[{"url": "http://h.test"}])


def called(description, **arguments):
    """The request of a call that was sent, with its body."""
    transport = FakeTransport(json_response({}))
    with Client(description, transport=transport) as client:
        client.x(**arguments)
        assert client.x.request(**arguments).target == transport.requests[-1].target
    return transport.requests[-1].target, transport.bodies[-1]


def test_a_parameter_named_self_can_be_passed():
    """An argument of the operation may have the name that Python gives to the instance."""
    assert called(spec(["self"]), self="v")[0] == "/x?self=v"


async def run_async(client):
    async with client:
        await client.x(self="v")


def test_a_parameter_named_self_can_be_passed_under_asyncio():
    """The same holds for the asynchronous client."""
    import asyncio

    transport = FakeTransport(json_response({}))
    asyncio.run(run_async(AsyncClient(spec(["self"]), transport=transport)))
    assert transport.requests[-1].target == "/x?self=v"


def test_a_whole_body_can_be_passed_beside_a_parameter_named_body():
    """Where an argument is called body, request_body takes the whole body."""
    description = spec(["body"], {"type": "array", "items": {"type": "integer"}})
    assert called(description, body="q", request_body=[1]) == ("/x?body=q", b"[1]")


def test_a_whole_body_can_be_passed_beside_a_property_named_body():
    """A property called body does not hide the body that it belongs to."""
    description = spec((), {"type": "object", "properties": {"body": TEXT, "title": TEXT}})
    assert json.loads(called(description, request_body={"title": "t"}, body="b")[1]) == {"title": "t", "body": "b"}
    assert "request_body" in str(Client(description).x.__signature__)


@pytest.fixture
def dry(run, tmp_path):  # noqa: F811
    """What a dry run at the shell would send."""

    def dry(description, *words):
        path = tmp_path / "spec.json"
        path.write_text(json.dumps(description))
        code, out, err = run("--spec", str(path), "call", "x", *words, "--dry-run")
        assert code == 0, err
        return json.loads(out)

    return dry


def test_one_option_fills_one_argument(dry):
    """Parameters that differ only in what Python cannot spell have an option each."""
    description = spec(["DateSent", "DateSent<", "DateSent>"])
    assert dry(description, "--DateSent<", "1")["url"] == "http://h.test/x?DateSent%3C=1"
    assert dry(description, "--DateSent>", "1")["url"] == "http://h.test/x?DateSent%3E=1"


def test_names_with_a_slash_are_options(dry):
    """A slash in a name, which click reads as two options, is a dash."""
    description = spec(["a/b"], {"type": "object", "properties": {"c/d": TEXT}})
    request = dry(description, "--a-b", "1", "--c-d", "2")
    assert (request["url"], request["body"]) == ("http://h.test/x?a%2Fb=1", {"c/d": "2"})


def test_the_api_s_own_names_win_over_call_options(dry):
    """Properties called content_type and body are set by the options that the help page shows."""
    description = spec((), {"type": "object", "properties": {"content_type": TEXT, "body": TEXT}})
    assert dry(description, "--content-type", "a/b", "--body", "x")["body"] == {"content_type": "a/b", "body": "x"}
    assert dry(description, "--request-body", '{"body": "y"}')["body"] == {"body": "y"}
