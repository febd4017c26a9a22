"""Calls as they should be: a type checker accepts every line."""

import asyncio
from array import array
from collections.abc import Iterator
from typing import Any, Literal, assert_type

import dynaclient
from dynaclient import (
    OMIT,
    AsyncClient,
    BundledAsyncClient,
    BundledClient,
    Client,
    DynaclientError,
    Record,
    Result,
    Saved,
    Summary,
    Timeout,
    Vector,
)
from dynaclient.bundled import CreateEmbeddingResponse, Embedding, Model


def whose(client: dynaclient.Client) -> int:
    """Takes a client of any document."""
    return len(client)


def plain(name: str | None, payload: dict[str, Any]) -> None:
    """The document that ships is known without being named."""
    with Client(server="local", timeout=3, retries={"maxAttempts": 2}) as client:
        assert_type(client, BundledClient)
        reply = client.embeddings.create(input="a", model="m")
        assert_type(reply, CreateEmbeddingResponse)
        assert_type(reply.data[0].index, int)
        assert_type(reply["data"][0]["index"], int)
        assert_type(reply["usage"].total_tokens, int)
        assert_type(reply.usage.prompt_tokens + reply.data[0].index, int)
        assert_type(reply.model + reply.object + client.models.list().data[0].owned_by, str)
        assert_type(reply["what a vendor adds"], Any)
        client.embeddings.create(input=["a", "b"], model="m", dimensions=3, encoding_format="base64", user=None)
        client.embeddings.create(input=[1, 2], model="m", encoding_format=None)
        client.embeddings.create(input=[(1, 2), [3]], model="m", retries=False, timeout=Timeout(read=3.0))
        client.embeddings.create(input=array("i", [1, 2]), model="m", validate={"reply": "warn"})
        client.embeddings.create(input="a", model="m", user=name or OMIT, server="openai", headers={"X-Trace": "1"})
        client.embeddings.create(input="a", model="m", query={"v": 1}, extra={"input_type": "query"})
        client.with_options(query={"v": ["a", "b"]}).models.list(query={"v": None})
        client.embeddings.create(body={"input": "a", "model": "m"})
        client.embeddings.create(body=payload, model="m")
        record: Record = reply
        record.copy()
        whose(client)


def verbs(client: BundledClient) -> None:
    """Every verb takes the arguments of the call."""
    result = client.embeddings.create.send(input="a", model="m")
    assert_type(result.value, CreateEmbeddingResponse)
    untyped: Result = result
    assert_type(untyped.status, int)
    request = client.embeddings.create.request(input="a", model="m", timeout=3)
    assert_type(request.url, str)
    assert_type(client.embeddings.create.curl(body={"input": "a"}, model="m"), str)
    pages: Iterator[Any] = client.models.list.pages()
    for page in pages:
        page.data
    for model in client.models.list.items(retries=0):
        assert_type(model, Model)
        assert_type(model.id, str)
    assert_type(client.models.list.save("models.json", progress=lambda done, total: None), Saved)
    assert_type(client["embeddings.create"](input="a", model="m").data, list[Embedding])
    client[input()](anything=1)
    assert_type(client.with_options(server="openai"), BundledClient)
    whatever(client.embeddings.create)


def many(client: BundledClient, texts: list[str]) -> None:
    """Rows are typed by the schema of one input, and their results by that of one result."""
    for item in client.embeddings.create.map(texts, model="m"):
        assert_type(item, Embedding)
    results = client.embeddings.create.map(([1, 2] for _ in texts), model="m", batch=16, in_flight=2, rpm=60, timeout=3)
    assert_type(next(results), Embedding)
    assert_type(results.summary.tokens, int)
    results.close()
    for found in client.embeddings.create.map(texts, model="m", on_error="record", tokenizer=len, tpm=1e6):
        assert_type(found, Embedding | DynaclientError)
    for one in client.embeddings.create.map(texts, body={"model": "m"}, on_error="raise"):
        assert_type(one.index, int)
    assert_type(client.embeddings.create(input=texts, model="m", split=True), CreateEmbeddingResponse)
    assert_type(client.embeddings.create.send(input=texts, model="m", split=256).value, CreateEmbeddingResponse)


def handed_on(client: BundledClient, texts: list[str]) -> list[list[float]]:
    """A function that is handed a client knows its operations, and a vector is a list of floats."""
    reply = client.embeddings.create(input=texts, model="m", encoding_format="float", dimensions=3)
    assert_type(reply.data[0].embedding, list[float])
    assert_type(reply.data[0]["embedding"], list[float])
    return [item.embedding for item in client.embeddings.create(input=texts, model="m").data]


def as_elsewhere(client: BundledClient, texts: list[str]) -> tuple[int, dict[int, list[float]]]:
    """Code that was typed for another client of such services passes."""
    resp = client.embeddings.create(input=texts, model="m", encoding_format="float", dimensions=256, user="u")
    in_order = sorted(resp.data, key=lambda one: one.index)
    name: str = resp.model
    total: int = resp.usage.total_tokens
    return total + len(name), {one.index: one.embedding for one in in_order}


def packed(client: BundledClient, how: str, kind: Literal["float", "base64"]) -> None:
    """Packed numbers are Vectors; where it is open how they come both are there."""
    reply = client.embeddings.create(input="a", model="m", encoding_format="base64")
    assert_type(reply.data[0].embedding, Vector)
    assert_type(client.embeddings.create(input="a", model="m", arrays=True).data[0].embedding, Vector)
    assert_type(client.embeddings.create(input="a", model="m", arrays="float32").data[0].embedding, Vector)
    assert_type(client.embeddings.create(input="a", model="m", arrays=how).data[0].embedding, list[float] | Vector)
    either = client.embeddings.create(input="a", model="m", encoding_format=kind)
    assert_type(either.data[0].embedding, list[float] | Vector)
    assert_type(client.embeddings.create(body={"input": "a"}, model="m").data[0].embedding, list[float] | Vector)
    sent = client.embeddings.create.send(input="a", model="m", encoding_format="base64")
    assert_type(sent.value.data[0].embedding, Vector)
    assert_type(client.embeddings.create.send(input="a", model="m").value.data[0].embedding, list[float])
    assert_type(next(client.embeddings.create.map(["a"], model="m")).embedding, list[float])
    assert_type(next(client.embeddings.create.map(["a"], model="m", arrays=how)).embedding, list[float] | Vector)


def made() -> None:
    """A client of the document that ships has a name, and knows whether its arrays come packed."""
    with BundledClient(server="local", overlays=["openai"]) as client:
        assert_type(client.embeddings.create(input="a", model="m").data[0].embedding, list[float])
        handed_on(client, ["a"])
    arrays = Client(arrays="float32")
    assert_type(arrays, BundledClient[Vector])
    assert_type(arrays.embeddings.create(input="a", model="m").data[0].embedding, Vector)
    assert_type(BundledClient(arrays=True)["embeddings.create"](input="a", model="m").data[0].embedding, Vector)
    handed_on(Client(), ["a"])


def narrowed(client: Client) -> None:
    """A client of any document may turn out to be one of the document that ships."""
    if isinstance(client, BundledClient):
        assert_type(client.models.list().data[0].id, str)


async def awaited(client: BundledAsyncClient, texts: list[str]) -> list[list[float]]:
    """The asynchronous client is handed on alike."""
    reply = await client.embeddings.create(input=texts, model="m")
    assert_type((await client.embeddings.create(input="a", model="m", arrays=True)).data[0].embedding, Vector)
    return [item.embedding for item in reply.data]


def whatever(call: dynaclient.Call) -> None:
    """Takes a call of any document."""
    call(anything=1)


def others(path: str) -> None:
    """Of a document that is named, the operations are not known."""
    client = Client(path, server="local")
    assert_type(client, Client)
    client.pets.show(pet_id=7).name.anything
    Client(path).embeddings.create(whatever=1)
    Client(profile="work").pets.list()
    whose(client)


async def waiting() -> None:
    """The asynchronous client is typed alike."""
    async with AsyncClient(max_concurrency=3, server="local") as client:
        assert_type(client, BundledAsyncClient)
        reply = await client.embeddings.create(input="a", model="m")
        assert_type(reply.data[0].index, int)
        result = await client.embeddings.create.send(input="a", model="m")
        assert_type(result.value.model, str)
        assert_type(client.embeddings.create.curl(input="a", model="m"), str)
        async for model in client.models.list.items():
            assert_type(model.id, str)
        await client.embeddings.create(input=["a"], model="m", split=True)
        async for vector in client.embeddings.create.map(["a"], model="m", batch=1):
            assert_type(vector, Embedding)
        async with client.embeddings.create.map(["a"], model="m", on_error="record") as found:
            async for one in found:
                assert_type(one, Embedding | DynaclientError)
            assert_type(found.summary, Summary)
        async with client.models.list.pages() as pages:
            async for page in pages:
                page.data
        await client["models.list"]()


asyncio.run(waiting())
