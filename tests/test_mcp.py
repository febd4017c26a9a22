"""Operations as tools of the Model Context Protocol."""

import asyncio
import base64
import os
import sys

import pytest
from documents import document
from jsonschema import Draft202012Validator
from loopback import reply

from dynaclient import Client
from dynaclient.errors import ArgumentError
from dynaclient.mcp import call, structured
from dynaclient.openapi.read import read
from dynaclient.openapi.tools import choose, tools
from dynaclient.testing import FakeTransport
from dynaclient.wire import Response

PATHS = {
    "/pets": {
        "get": {"operationId": "list", "tags": ["pets"], "summary": "List.", "responses": {}},
        "post": {"operationId": "add", "tags": ["pets"], "responses": {}},
    },
    "/pets/{id}": {"delete": {"operationId": "remove", "tags": ["pets"], "responses": {}}},
    "/ping": {"head": {"operationId": "ping", "responses": {}}},
}


def names(wanted=(), **more):
    return [key.dotted for key in choose(read(document(PATHS)), wanted, **more)]


@pytest.mark.parametrize(
    "wanted, writes, served",
    [
        ((), False, ["pets.list", "ping"]),
        ((), True, ["pets.list", "pets.add", "pets.remove", "ping"]),
        (("pets",), False, ["pets.list"]),
        (("pets.*",), True, ["pets.list", "pets.add", "pets.remove"]),
        (("pets.add", "ping"), False, ["pets.add", "ping"]),
        (("pets.remove", "pets"), False, ["pets.list", "pets.remove"]),
    ],
)
def test_what_is_served(wanted, writes, served):
    """Only what changes nothing is served, unless an operation is named in full or writes are allowed."""
    assert names(wanted, writes=writes) == served


def test_an_unknown_name():
    """A name that is neither an operation nor a group is refused."""
    with pytest.raises(ArgumentError, match="no operation and no group 'cats'"):
        names(["pets.list", "cats"])


def made(node, path="/x", version="3.1.0", **more):
    whole = {**document({path: {"post": {"operationId": "run", "responses": {}, **node}}}, **more), "openapi": version}
    api = read(whole)
    return tools(api, choose(api, ["run"]))[0]


def body(schema, kind="application/json", required=True):
    return {"requestBody": {"required": required, "content": {kind: {"schema": schema}}}}


def test_the_schema_of_a_tool_stands_alone():
    """References, also in a circle, lead to definitions within the schema, which JSON Schema 2020-12 accepts."""
    tree = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "below": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        },
    }
    tool = made(body({"type": "object", "required": ["tree"], "properties": {"tree": {"$ref": "#/components/schemas/Tree"}}}),
                components={"schemas": {"Tree": tree}})  # fmt: skip
    Draft202012Validator.check_schema(tool.schema)
    judge = Draft202012Validator(tool.schema)
    assert judge.is_valid({"tree": {"name": "a", "below": [{"name": "b"}]}})
    assert not judge.is_valid({"tree": {"name": "a", "below": [{}]}})
    assert not judge.is_valid({})
    assert not judge.is_valid({"tree": {"name": "a"}, "server": "https://elsewhere"})


def test_the_words_of_openapi_3_0():
    """Nullable, exclusive bounds and readOnly of OpenAPI 3.0 become what JSON Schema 2020-12 says for them."""
    properties = {
        "n": {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "nullable": True},
        "e": {"type": "string", "enum": ["a"], "nullable": True},
        "nested": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "readOnly": True}}},
    }
    tool = made(body({"type": "object", "properties": properties}), version="3.0.3")
    judge = Draft202012Validator(tool.schema)
    for good in ({"n": None}, {"n": 1}, {"e": None}, {"nested": {}}):
        assert judge.is_valid(good), good
    for bad in ({"n": 0}, {"e": "b"}):
        assert not judge.is_valid(bad), bad


def test_bytes_come_as_base64():
    """A body of bytes, and a file of a form, is an argument in base64; what is none is refused."""
    transport = FakeTransport(Response(204))
    paths = {"/x": {"post": {"operationId": "run", "responses": {}, **body({}, "application/octet-stream")}}}
    with Client(document(paths), transport=transport) as client:
        tool = tools(client.api, choose(client.api, ["run"]))[0]
        assert tool.schema["required"] == ["body"]
        call(client, tool, {"body": base64.b64encode(b"\x00\x01").decode()})
        assert transport.requests[0].body == b"\x00\x01"
        with pytest.raises(ArgumentError, match="base64"):
            call(client, tool, {"body": "?"})


@pytest.mark.parametrize("name", ["server", "headers", "timeout", "validate", "body"])
def test_a_tool_takes_no_call_options(name):
    """Whoever calls a tool cannot send its credentials elsewhere: call options are no arguments of tools."""
    transport = FakeTransport()
    with Client(document(PATHS), transport=transport) as client:
        tool = tools(client.api, choose(client.api, ["pets.list"]))[0]
        with pytest.raises(ArgumentError, match="not an argument of this tool"):
            call(client, tool, {name: "https://elsewhere"})
    assert transport.requests == []


def test_names_of_tools():
    """A tool's name has letters, digits, underscores and dashes only, at most 64, and is its own."""
    paths = {f"/{word}": {"get": {"operationId": word, "responses": {}}} for word in ("ä", "ö", "x" * 80, "x" * 81)}
    api = read(document(paths))
    found = [tool.name for tool in tools(api, choose(api))]
    assert len(set(found)) == 4
    assert all(len(name) <= 64 and name.isascii() and name.replace("_", "a").isalnum() for name in found)


@pytest.mark.parametrize(
    "value, shown", [({"a": 1}, {"a": 1}), ([1], {"result": [1]}), (None, {"result": None}), ("a", {"result": "a"})]
)
def test_structured_content_is_an_object(value, shown):
    """An object is the structured content of a result; any other value stands in its field `result`."""
    assert structured(value) == shown


def session(arguments, work, **environment):
    """What a session of the SDK's client with the command gives."""
    from mcp import Client as Assistant
    from mcp import StdioServerParameters, stdio_client

    kept = {name: value for name, value in os.environ.items() if name.startswith(("DYNACLIENT_", "PATH"))}
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "dynaclient", "mcp", *arguments], env={**kept, **environment}
    )

    async def run():
        async with Assistant(stdio_client(command)) as assistant:
            return await work(assistant)

    return asyncio.run(run())


def test_a_session_lists_and_calls_the_tools():
    """A client of the SDK lists the tools of the command and calls them; the results are structured content."""

    async def work(assistant):
        listed = (await assistant.list_tools()).tools
        good = await assistant.call_tool("embeddings_create", {"input": ["a", "b"], "model": "hash-384"})
        bad = await assistant.call_tool("embeddings_create", {"input": "a", "model": "nothing"})
        wrong = await assistant.call_tool("embeddings_create", {"input": 3, "model": "hash-384"})
        return listed, good, bad, wrong

    names = "embeddings.create,models.list"
    listed, good, bad, wrong = session(["--server", "local", "--operations", names], work)
    assert [(tool.name, tool.annotations.read_only_hint) for tool in listed] == [
        ("embeddings_create", False),
        ("models_list", True),
    ]
    assert listed[0].input_schema["required"] == ["input", "model"]
    assert not good.is_error
    assert [item["index"] for item in good.structured_content["data"]] == [0, 1]
    assert bad.is_error
    assert "nothing" in bad.content[0].text
    assert wrong.is_error
    assert "input" in wrong.content[0].text


def test_a_session_is_read_only_and_shows_no_secret(server):
    """Without being told the command serves what changes nothing; the service's refusal is an error of the tool, in its words, without the credential."""
    server.script(reply(401, b'{"error": {"message": "who is this?"}}', "Content-Type: application/json"))

    async def work(assistant):
        listed = (await assistant.list_tools()).tools
        return listed, await assistant.call_tool("models_list", {})

    listed, refused = session(
        ["--server", server.origin, "--retries", "none"], work, DYNACLIENT_BEARER_AUTH="s3cret-token"
    )
    assert [tool.name for tool in listed] == ["models_list"]
    assert refused.is_error
    assert "who is this?" in refused.content[0].text
    assert "s3cret" not in refused.model_dump_json()
