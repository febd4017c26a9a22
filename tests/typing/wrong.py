"""Calls as they should not be: a type checker refuses every line that is marked, and no other."""

from dynaclient import AsyncClient, BundledAsyncClient, BundledClient, Client


def wrong(client: Client) -> None:
    """Each line has one fault."""
    shipped = Client()
    Client(base_url="http://localhost:8000/v1")  # wrong: no such option
    shipped.with_options(max_retries=2)  # wrong: no such option
    shipped.models.list(extra={"a": 1})  # wrong: there is no body
    shipped.embeddings.create(input="a", model="m", extra="a=1")  # wrong: a text is no mapping
    shipped.embeddings.create()  # wrong: nothing is passed
    shipped.embeddings.create(input="a")  # wrong: the model is missing
    shipped.embeddings.create(input=3, model="m")  # wrong: a number is no input
    shipped.embeddings.create(input=["a", 1], model="m")  # wrong: texts and tokens
    shipped.embeddings.create(input="a", model="m", dimensions="3")  # wrong: a text is no number
    shipped.embeddings.create(input="a", model="m", encoding_format="hex")  # wrong: not of the enum
    shipped.embeddings.create(input="a", model="m", modle="m")  # wrong: no such argument
    shipped.embeddings.create("a", "m")  # wrong: by position
    shipped.embeddings.create(input="a", model="m", timeout="3")  # wrong: a text is no time
    shipped.embeddings.create(input="a", model="m", validate="loose")  # wrong: no such mode
    shipped.embeddings.create(body=3)  # wrong: a number is no body
    shipped.embeddings.creat(input="a", model="m")  # wrong: no such operation
    shipped.embedings.create(input="a", model="m")  # wrong: no such group
    shipped.embeddings.create(input="a", model="m").dat  # wrong: no such field
    shipped.embeddings.create(input="a", model="m").data.embedding  # wrong: a list
    shipped.embeddings.create(input="a", model="m")["usage"].tokens  # wrong: no such field
    shipped.embeddings.create.send(input="a")  # wrong: the model is missing
    shipped.embeddings.create.send(input="a", model="m").value.dat  # wrong: no such field
    shipped.embeddings.create.send(input="a", model="m").headrs  # wrong: no such attribute
    shipped.embeddings.create.request(inpt="a", model="m")  # wrong: no such argument
    shipped.embeddings.create.curl(input="a", model=3)  # wrong: a number is no model
    shipped.embeddings.create.stream(input="a", model="m")  # wrong: no reply is a stream
    shipped.embeddings.create.map([3], model="m")  # wrong: a number is no input
    shipped.embeddings.create.map(["a"])  # wrong: the model is missing
    shipped.embeddings.create.map(["a"], model="m", input="a")  # wrong: the rows are the input
    shipped.embeddings.create.map(["a"], model="m", on_error="skip")  # wrong: no such way
    shipped.embeddings.create.map(["a"], model="m", rps=3)  # wrong: no such option
    next(shipped.embeddings.create.map(["a"], model="m", on_error="record")).index  # wrong: it may be an error
    shipped.embeddings.create(input="a", model="m", split="all")  # wrong: a text is no number of inputs
    shipped.embeddings.create.request(input="a", model="m", split=True)  # wrong: what is not sent is not split
    shipped.models.list(split=True)  # wrong: there is nothing to split
    shipped.models.list.save()  # wrong: no path
    shipped.models.list.items(limit=3)  # wrong: no such argument
    shipped["embeddings.create"](input="a")  # wrong: the model is missing
    shipped.with_options(servr="local")  # wrong: no such option
    shipped.with_options(server="local").embedings  # wrong: no such group
    shipped.embeddings.create(input="a", model="m").data[0].embedding.tobytes()  # wrong: a list
    shipped.embeddings.create(input="a", model="m", arrays=True).data[0].embedding.sort()  # wrong: a Vector
    shipped.embeddings.create(input="a", model="m", arrays=3)  # wrong: a number is no kind of array
    BundledClient("a.yaml")  # wrong: a document of its own
    BundledClient(servr="local")  # wrong: no such option
    Client(servr="local")  # wrong: no such option
    Client("a.yaml", timeout="3")  # wrong: a text is no time
    client.with_options(timeout="3")  # wrong: a text is no time


def handed_on(client: BundledClient, other: BundledAsyncClient) -> None:
    """A client that is handed on is known as well."""
    client.embeddings.create(input="a")  # wrong: the model is missing
    client.embeddings.creat(input="a", model="m")  # wrong: no such operation
    other.embeddings.creat(input="a", model="m")  # wrong: no such operation
    handed_on(other, client)  # wrong: the other way round


async def waiting() -> None:
    """The asynchronous client refuses alike."""
    client = AsyncClient()
    await client.embeddings.create(input=3, model="m")  # wrong: a number is no input
    await client.embeddings.create.send(input="a")  # wrong: the model is missing
    client.embeddings.create.map([3], model="m")  # wrong: a number is no input
    await client.embeddings.create(input="a", model="m", split="all")  # wrong: a text is no number of inputs
    await client.embeddings.create.curl(input="a", model="m")  # wrong: not awaited
    client.embeddings.create(input="a", model="m").data  # wrong: to be awaited
    (await client.embeddings.create(input="a", model="m")).dat  # wrong: no such field
    AsyncClient(max_concurency=3)  # wrong: no such option
    AsyncClient("a.yaml", timeout="3")  # wrong: a text is no time
