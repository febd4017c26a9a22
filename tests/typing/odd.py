"""Calls of a document with odd names: a type checker accepts every line but those that are marked."""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, assert_type

from dynaclient import Vector

if TYPE_CHECKING:
    from odd_types import AsyncClient, Client, Image, Packed, Text, Tree
else:
    from dynaclient import AsyncClient, Client


def calls(client: Client, stream: bool) -> None:
    """What every line says."""
    names = client.str.class_(self_="a", from_=datetime.datetime.now(), x_päth=None, timeout="a", retries=1)
    assert names is not None
    assert_type(names.list, list[str])
    assert_type(names.items_, list[int])
    assert_type(names["items"], list[int])
    assert_type(names.class_, bool)
    assert_type(names["not-a-name"], float)
    assert_type(names.int, int)
    assert_type(names.str, str)
    client.str.class_(self_="a", from_="2020-01-01", timeout=3)  # wrong: the API's own timeout is a text
    assert_type(client.class_.old(), int)

    tree = client.plant(name="a", below=[{"name": "b", "below": [{"name": "c"}], "any": ["x", ["y", None]]}])
    assert_type(tree, Tree)
    assert_type(tree.below[0].below[0].name, str)
    client.plant(body=tree)
    client.plant(name="a", below=[tree])
    client.plant(name="a", below=[{"nam": "b"}])  # wrong: no such key
    client.plant(name="a", below=[{"name": 3}])  # wrong: a number is no name
    client.plant(name="a", any=[3])  # wrong: a number is no such value
    client.plant(name="a", id=3)  # wrong: the service's to set

    part = client.chat(say=[{"type": "text", "text": "a"}])
    if part.type == "text":
        assert_type(part, Text)
    else:
        assert_type(part, Image)
    for item in client.chat(say=[part], stream=True):
        assert_type(item.delta, str)
    either = client.chat(say=[], stream=stream)
    either.type  # wrong: it may be a stream
    with client.chat.stream(say=[], tags={"a": 1}) as items:
        for item in items:
            assert_type(item.delta, str)
    client.chat(say=[{"type": "image", "text": "a"}])  # wrong: an image has a URL
    client.chat(say=[], tags={"a": "b"})  # wrong: a tag is a number

    for baked in client.bake.map([{"flour": "rye"}], batch="b", on_error=True, in_flight=3):
        assert_type(baked, int)
    client.bake(self_=[{"flour": "rye"}], batch="b", split="text")
    client.bake.map([{"flour": "rye"}])  # wrong: the API's own batch is missing
    client.bake.map([{"flour": "rye"}], batch=3)  # wrong: the API's own batch is a text
    client.bake(self_=[], batch="b", split=True)  # wrong: the API's own split is a text
    for grown in client.plant.map([{"name": "a"}], in_flight=2):
        assert_type(grown, Tree)

    assert_type(client.upload(file=Path("a"), note="b"), bytes)
    client.upload(url="https://elsewhere")
    client.upload(body=b"abc")
    client.upload(body=Path("a"), content_type="application/octet-stream")
    client.upload(file=Path("a"), content_type="text/plain")  # wrong: no such media type
    for thing in client.things.items():
        assert_type(thing, Text | Image)


def packs(client: Client, how: Literal["base64", "float"]) -> None:
    """Numbers that come as a list or packed, at any depth."""
    assert_type(client.packs(how="float"), list[Packed])
    assert_type(client.packs(how="float")[0].list, list[float] | None)
    assert_type(client.packs(how="base64")[0].inner[0].list, Vector | None)
    assert_type(client.packs(how="float", arrays=True)[0].named["a"], Vector | None)
    assert_type(client.packs(how=how)[0].list, list[float] | Vector | None)
    assert_type(client.flow(), Packed[list[float] | Vector])
    for item in client.flow.stream():
        assert_type(item.list, list[float] | Vector | None)
    found = client.either()
    if not isinstance(found, list):
        assert_type(found.list, list[float] | Vector | None)
    client.packs(how="hex")  # wrong: no such encoding
    client.packs(arrays=True)  # wrong: it must be said how


async def waiting(client: AsyncClient) -> None:
    """The same, awaited."""
    tree = await client.plant(name="a")
    assert_type(tree, Tree)
    async for item in await client.chat(say=[], stream=True):
        assert_type(item.delta, str)
    async for item in client.chat.stream(say=[]):
        assert_type(item.delta, str)
    await client.chat(say=[], stream=3)  # wrong: a number is no switch
