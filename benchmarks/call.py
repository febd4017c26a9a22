"""What one validated call costs: ``python benchmarks/call.py``.

Client CPU of a call on a warm connection to a loopback server in another process, interleaved rounds, medians; the bare limit is ``urllib3.PoolManager.request`` and
orjson (in base64: and numpy.frombuffer of base64.b64decode), which checks nothing.
"""

import argparse
import base64
import json
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy
import orjson
import urllib3

import dynaclient

HERE = Path(__file__).parent
SIZES = ("1x384", "1x1536", "128x1536", "128x1536-base64")
CALLS = {"1x384": 300, "1x1536": 200, "128x1536": 8, "128x1536-base64": 20}


def contenders(base: str, size: str) -> dict:
    """Functions that make one call each and return the last vector."""
    pool = urllib3.PoolManager(maxsize=4)
    url = f"{base}/{size}/v1/embeddings"
    rows = int(size.split("x")[0])
    texts = ["a"] * rows if rows > 1 else "a"
    arguments = {"input": texts, "model": "m"}
    packed = size.endswith("base64")
    headers = {"Content-Type": "application/json", "Authorization": "Bearer k", "Accept": "application/json"}

    def bare(loads):
        def call():
            body = {**arguments, "encoding_format": "base64"} if packed else arguments
            reply = pool.request("POST", url, body=orjson.dumps(body), headers=headers)
            data = loads(reply.data)["data"]
            if packed:
                data = [numpy.frombuffer(base64.b64decode(item["embedding"]), "<f4") for item in data]
            return data[-1]

        return call

    def ours(mode):
        client = dynaclient.Client(server=f"{base}/{size}", bearer_auth="k", validate=mode)
        create = client.embeddings.create
        return lambda: create(**arguments).data[-1].embedding

    return {
        "urllib3 + orjson": bare(orjson.loads),
        "urllib3 + json": bare(json.loads),
        "dynaclient strict": ours("strict"),
        "dynaclient off": ours("off"),
    }


def measure(call, count: int) -> tuple[float, float]:
    """CPU and wall microseconds of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(count):
        call()
    return (time.process_time() - cpu) / count * 1e6, (time.perf_counter() - wall) / count * 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    server = subprocess.Popen(
        [sys.executable, HERE / "server.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    base = f"http://127.0.0.1:{server.stdout.readline().strip()}"
    names = ", ".join(
        f"{name} {version(name)}" for name in ("dynaclient", "urllib3", "orjson", "msgspec", "jsonschema-rs")
    )
    print(f"Python {sys.version.split()[0]}; {names}; medians of {rounds} rounds, spread is the quartile distance")
    print(f"{'size':18}{'contender':20}{'CPU us':>10}{'spread':>8}{'ratio':>8}{'wall us':>10}{'ratio':>8}")
    for size in SIZES:
        calls = contenders(base, size)
        for call in calls.values():
            measure(call, 3)
        found = {name: [] for name in calls}
        for _ in range(rounds):
            for name, call in calls.items():
                found[name].append(measure(call, CALLS[size]))
        limit = [statistics.median(column) for column in zip(*found["urllib3 + orjson"], strict=True)]
        for name, samples in found.items():
            cpu, wall = ([sample[index] for sample in samples] for index in (0, 1))
            low, _, high = statistics.quantiles(cpu, n=4)
            middle = statistics.median(cpu)
            print(
                f"{size:18}{name:20}{middle:10.1f}{(high - low) / middle:8.1%}{middle / limit[0]:8.2f}"
                f"{statistics.median(wall):10.1f}{statistics.median(wall) / limit[1]:8.2f}"
            )
    server.kill()
    server.wait(10)


if __name__ == "__main__":
    main()
