"""One contender in a process of its own: ``worker.py NAME BASE``. It reads commands from stdin and answers each with a line of JSON.

``{"size": "1x384", "count": 100, "lanes": 1}`` makes so many calls, in so many threads, and answers with nanoseconds of CPU and of wall time for all of them, and the process's
peak memory in KiB. ``"mode": "async"`` makes them in so many tasks of one event loop. The first command for a size makes one call more, beforehand, whose value is looked at.
"""

import json
import resource
import sys
import threading
import time
from array import array
from base64 import b64decode
from importlib.util import find_spec

TEXT = "The quick brown fox jumps over the lazy dog"
HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer k", "Accept": "application/json"}


class Unable(Exception):
    """This contender cannot do this."""


def arguments(size: str) -> dict:
    """What every contender asks for."""
    rows = int(size.split("x")[0])
    more = {"encoding_format": "base64"} if size.endswith("base64") else {}
    return {"input": [TEXT] * rows if rows > 1 else TEXT, "model": "m", **more}


def bare(kind):
    def make(base, size):
        import urllib3

        if kind == "json":
            loads, dumps = json.loads, lambda value: json.dumps(value).encode()
        else:
            import orjson

            loads, dumps = orjson.loads, orjson.dumps
        pool, url, body = (
            POOLS.setdefault(base, urllib3.PoolManager(maxsize=64)),
            f"{base}/{size}/v1/embeddings",
            arguments(size),
        )
        if not size.endswith("base64"):
            return lambda: loads(pool.request("POST", url, body=dumps(body), headers=HEADERS).data)["data"][-1][
                "embedding"
            ]
        import numpy

        def call():
            data = loads(pool.request("POST", url, body=dumps(body), headers=HEADERS).data)["data"]
            return [numpy.frombuffer(b64decode(item["embedding"]), "<f4") for item in data][-1]

        return call

    return make


POOLS: dict = {}


def httpx_json(base, size):
    import httpx

    client, url, body = httpx.Client(), f"{base}/{size}/v1/embeddings", arguments(size)
    if not size.endswith("base64"):
        return lambda: client.post(url, json=body, headers=HEADERS).json()["data"][-1]["embedding"]
    return lambda: [
        array("f", b64decode(item["embedding"])) for item in client.post(url, json=body, headers=HEADERS).json()["data"]
    ][-1]


def openai_sdk(form):
    def make(base, size):
        if (form == "float") == size.endswith("base64"):
            raise Unable("asks for the other encoding")
        import openai

        client = openai.OpenAI(base_url=f"{base}/{size}/v1", api_key="k")
        given = {key: value for key, value in arguments(size).items() if key != "encoding_format"}
        if form == "float":
            given["encoding_format"] = "float"
        return lambda: client.embeddings.create(**given).data[-1].embedding

    return make


def atoma(base, size):
    if size.endswith("base64"):
        raise Unable("has no base64")
    from atoma_sdk import AtomaSDK

    client = AtomaSDK(bearer_auth="k", server_url=f"{base}/{size}")
    given = arguments(size)
    return lambda: client.embeddings.create(input_=given["input"], model=given["model"]).data[-1].embedding


def document(base: str) -> dict:
    """The bundled document, which the server hands out, for contenders that are given one."""
    import urllib.request

    with urllib.request.urlopen(f"{base}/document.json") as reply:
        return {**json.load(reply), "servers": [{"url": f"{base}/v1"}]}


def aio(keeps):
    """As its documentation says, with a session for each call; or with one session that stays open."""

    def make(base, size):
        if size.endswith("base64"):
            raise Unable("has no vectors of base64")
        import httpx2
        from aiopenapi3 import OpenAPI

        class Kept(httpx2.Client):
            def close(self) -> None:
                """It is closed by the caller after each call, and the connection with it."""

        made = []

        def kept_session(*given: object, **options: object) -> httpx2.Client:
            if not made:
                made.append(Kept(*given, **options))
            return made[0]

        if keeps:
            api = OpenAPI.loads("http://127.0.0.1/", json.dumps(document(f"{base}/{size}")), kept_session)
        else:
            api = OpenAPI.load_sync(f"{base}/{size}/document.json")
        api.authenticate(bearerAuth="k")
        api._max_response_content_length = 1 << 30  # 8 MiB are the default; there is no public name for it
        return lambda: api._.embeddings_create(data=arguments(size)).data[-1].embedding

    return make


def openapi_core(verb):
    def make(base, size):
        rows, dims = (int(part) for part in size.split("-")[0].split("x"))
        if size.endswith("base64"):
            raise Unable("has no vectors of base64")
        if rows * dims > (2000 if verb == "unmarshal_response" else 200_000):
            raise Unable("takes seconds")
        import requests
        from openapi_core import Config, OpenAPI
        from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

        api = OpenAPI.from_dict(document(f"{base}/{size}"), config=Config(spec_validator_cls=None))
        session, url = requests.Session(), f"{base}/{size}/v1/embeddings"

        def call():
            request = requests.Request("POST", url, json=arguments(size), headers=HEADERS)
            asked = RequestsOpenAPIRequest(request)
            (api.validate_request if verb == "validate_response" else api.unmarshal_request)(asked)
            reply = session.send(session.prepare_request(request))
            found = getattr(api, verb)(asked, RequestsOpenAPIResponse(reply))
            if found is None:
                return reply.json()["data"][-1]["embedding"]
            found.raise_for_errors()
            return found.data["data"][-1]["embedding"]

        return call

    return make


def ours(*, simd=None, **options):
    """With ``simd`` said, it must be so that the parser is there, or is not."""

    def make(base, size):
        import dynaclient

        if simd is not None and simd != (find_spec("simdjson") is not None):
            raise RuntimeError(f"pysimdjson is {'missing' if simd else 'installed'} in this environment")
        client = dynaclient.Client(server=f"{base}/{size}/v1", bearer_auth="k", **options)
        create, given = client.embeddings.create, arguments(size)

        def call():
            return create(**given).data[-1].embedding

        if options.get("arrays") and isinstance(call(), list):
            raise RuntimeError("returns a list")
        return call

    return make


def ours_async(base, size):
    import dynaclient

    client, given = dynaclient.AsyncClient(server=f"{base}/{size}/v1", bearer_auth="k"), arguments(size)

    async def call():
        return (await client.embeddings.create(**given)).data[-1].embedding

    return call


def aiohttp_async(base, size):
    import aiohttp
    import orjson

    url, body, sessions = f"{base}/{size}/v1/embeddings", arguments(size), []

    async def call():
        if not sessions:  # it wants to be made where the loop runs
            sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)))
        async with sessions[0].post(url, data=orjson.dumps(body), headers=HEADERS) as reply:
            return orjson.loads(await reply.read())["data"][-1]["embedding"]

    return call


def asyncio_alone(base, size):
    raise Unable("is for asyncio")


def httpx_async(base, size):
    import httpx

    client = httpx.AsyncClient(limits=httpx.Limits(max_connections=64, max_keepalive_connections=64))
    url, body = f"{base}/{size}/v1/embeddings", arguments(size)

    async def call():
        return (await client.post(url, json=body, headers=HEADERS)).json()["data"][-1]["embedding"]

    return call


def openai_async(base, size):
    import openai

    client, given = openai.AsyncOpenAI(base_url=f"{base}/{size}/v1", api_key="k"), arguments(size)

    async def call():
        return (await client.embeddings.create(**given, encoding_format="float")).data[-1].embedding

    return call


MAKERS = {
    "urllib3 + orjson": bare("orjson"),
    "urllib3 + json": bare("json"),
    "httpx": httpx_json,
    "aiohttp + orjson": asyncio_alone,
    "openai": openai_sdk("default"),
    "openai float": openai_sdk("float"),
    "atoma-sdk": atoma,
    "aiopenapi3": aio(keeps=False),
    "aiopenapi3 kept": aio(keeps=True),
    "openapi-core validating": openapi_core("validate_response"),
    "openapi-core unmarshalling": openapi_core("unmarshal_response"),
    "dynaclient": ours(),
    "dynaclient off": ours(validate="off"),
    "dynaclient arrays": ours(arrays=True, simd=True),
    "dynaclient arrays plain": ours(arrays=True, simd=False),
    "dynaclient float32": ours(arrays="float32", simd=True),
}
ASYNC = {
    "aiohttp + orjson": aiohttp_async,
    "httpx": httpx_async,
    "openai float": openai_async,
    "dynaclient": ours_async,
}


def threads(call, count: int, lanes: int) -> None:
    """So many calls in all, in so many threads."""
    if lanes == 1:
        for _ in range(count):
            call()
        return
    errors = []

    def run():
        try:
            for _ in range(count // lanes):
                call()
        except Exception as error:
            errors.append(error)

    workers = [threading.Thread(target=run) for _ in range(lanes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if errors:
        raise errors[0]


def tasks(call, count: int, lanes: int, loop) -> None:
    """So many calls in all, in so many tasks of one event loop."""
    import asyncio

    async def lane():
        for _ in range(count // lanes):
            await call()

    async def everything():
        await asyncio.gather(*(lane() for _ in range(lanes)))

    loop.run_until_complete(everything())


def peak() -> int:
    """The peak memory of this process, KiB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used // 1024 if sys.platform == "darwin" else used


class Worker:
    """The calls of one contender, each made ready when it is first asked for."""

    def __init__(self, name: str, base: str) -> None:
        self.name, self.base, self.calls, self.loop = name, base, {}, None

    def call(self, size: str, mode: str):
        if (size, mode) not in self.calls:
            table = ASYNC if mode == "async" else MAKERS
            if self.name not in table:
                raise Unable(f"no {mode}")
            call = table[self.name](self.base, size)
            if mode == "threads":
                found = len(call())
                if found != int(size.split("-")[0].split("x")[1]):
                    raise RuntimeError(f"returns {found} numbers")
            self.calls[size, mode] = call
        return self.calls[size, mode]

    def run(self, size: str, count: int, lanes: int = 1, mode: str = "threads") -> dict:
        call = self.call(size, mode)
        if mode == "async" and self.loop is None:
            import asyncio

            self.loop = asyncio.new_event_loop()
        cpu, wall = time.process_time_ns(), time.perf_counter_ns()
        if mode == "async":
            tasks(call, count, lanes, self.loop)
        else:
            threads(call, count, lanes)
        return {"cpu": time.process_time_ns() - cpu, "wall": time.perf_counter_ns() - wall, "peak": peak()}


def told(error: BaseException) -> str:
    """An error and what caused it, in one line."""
    cause = f", because of {told(error.__cause__)}" if error.__cause__ else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200] + cause


def main(name: str, base: str) -> None:
    """Answer commands until stdin ends."""
    worker = Worker(name, base)
    for line in sys.stdin:
        try:
            answer = worker.run(**json.loads(line))
        except Exception as error:
            answer = {"error": told(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
