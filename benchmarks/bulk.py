"""Many short rows through one operation, side by side with a hand-written thread pool over urllib3 + orjson in the same run.

``python benchmarks/bulk.py [--rows 1000000] [--dims 128] [--encoding base64|float] [--delay 0.05]`` compares rows a second and the largest memory; both read JSON Lines and write ``.npy``.
``python benchmarks/bulk.py --limit 20 [--processes 2] [--seconds 60]`` runs processes against a server that takes so many requests a second, and tells how much of it they used.
"""

import argparse
import base64
import json
import os
import random
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

BATCH, IN_FLIGHT = 128, 32


# --- the server


@cache
def reply(rows: int, dims: int, encoding: str) -> bytes:
    """The whole HTTP reply for so many inputs."""
    numbers = random.Random(1)
    data = []
    for index in range(rows):
        vector = [round(numbers.gauss(0, 0.03), 8) for _ in range(dims)]
        packed = base64.b64encode(struct.pack(f"<{dims}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": packed if encoding == "base64" else vector})
    usage = {"prompt_tokens": rows, "total_tokens": rows}
    body = json.dumps({"object": "list", "model": "m", "data": data, "usage": usage}, separators=(",", ":")).encode()
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class Bucket:
    """So many requests a second, and a second's worth at once."""

    def __init__(self, rate: float) -> None:
        self.rate, self.left, self.last = rate, rate, time.monotonic()
        self.lock = threading.Lock()
        self.taken = self.refused = 0

    def ask(self) -> float | None:
        """None where a request is taken, else the seconds until one will be."""
        with self.lock:
            now = time.monotonic()
            self.left, self.last = min(self.rate, self.left + (now - self.last) * self.rate), now
            if self.left >= 1:
                self.left -= 1
                self.taken += 1
                return None
            self.refused += 1
            return (1 - self.left) / self.rate


def serve(dims: int, encoding: str, delay: float, limit: float) -> None:
    """Print the port, and serve until killed; ``GET /`` tells what was taken and refused."""
    bucket = Bucket(limit) if limit else None
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)

    def connection(sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        buffer = b""
        with sock:
            while True:
                while b"\r\n\r\n" not in buffer:
                    if not (data := sock.recv(1 << 18)):
                        return
                    buffer += data
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                fields = (
                    line.split(b":")
                    for line in head.lower().split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                length = next((int(field[1]) for field in fields), 0)
                while len(buffer) < length:
                    if not (data := sock.recv(1 << 18)):
                        return
                    buffer += data
                body, buffer = buffer[:length], buffer[length:]
                if head.startswith(b"GET"):
                    told = json.dumps([bucket.taken, bucket.refused] if bucket else []).encode()
                    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(told) + told)
                    continue
                time.sleep(delay)
                wait = bucket.ask() if bucket else None
                if wait is None:
                    sock.sendall(reply(body.count(b" text"), dims, encoding))
                else:
                    sock.sendall(f"HTTP/1.1 429 No\r\nRetry-After: {wait:.3f}\r\nContent-Length: 0\r\n\r\n".encode())

    while True:
        sock, _ = listener.accept()
        threading.Thread(target=connection, args=(sock,), daemon=True).start()


# --- the contenders


def by_hand(rows: Path, out: Path, port: int, encoding: str) -> None:
    """What a careful programmer writes: a thread pool, a bounded window, results in order, nothing checked."""
    import numpy
    import orjson
    import urllib3

    pool = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=IN_FLIGHT, block=True)
    headers = {"Content-Type": "application/json", "Authorization": "Bearer k"}

    def send(texts: list[str]) -> bytes:
        body = orjson.dumps({"input": texts, "model": "m", "encoding_format": encoding})
        response = pool.urlopen("POST", "/v1/embeddings", body=body, headers=headers)
        data = orjson.loads(response.data)["data"]
        if encoding == "base64":
            return b"".join(base64.b64decode(item["embedding"]) for item in data)
        return numpy.array([item["embedding"] for item in data], dtype="<f4").tobytes()

    with rows.open("rb") as file, out.open("wb") as result, ThreadPoolExecutor(IN_FLIGHT) as executor:
        waiting: deque = deque()
        texts: list[str] = []
        for line in file:
            texts.append(orjson.loads(line)["text"])
            if len(texts) == BATCH:
                waiting.append(executor.submit(send, texts))
                texts = []
                if len(waiting) >= 4 * IN_FLIGHT:
                    result.write(waiting.popleft().result())
        if texts:
            waiting.append(executor.submit(send, texts))
        for future in waiting:
            result.write(future.result())
        os.fsync(result.fileno())


def by_us(rows: Path, out: Path, port: int, encoding: str) -> None:
    """The command, in this process."""
    from dynaclient.cli import main

    line = f"bulk embeddings.create --set input=text --model m --encoding-format {encoding} --batch {BATCH} --in-flight {IN_FLIGHT}"
    paths = ["--rows", str(rows), "--out", str(out), "--server", f"http://127.0.0.1:{port}"]
    code = main([*line.split(), *paths])
    assert code == 0, code


def contend(which: str, rows: Path, out: Path, port: int, encoding: str) -> None:
    """Run one contender; print its seconds, its processor seconds and its largest memory in MB."""
    begun = time.perf_counter()
    {"hand": by_hand, "us": by_us}[which](rows, out, port, encoding)
    seconds = time.perf_counter() - begun
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]), file=sys.stderr)


# --- the measurements


def me(*arguments: object, **options):
    """This file, as another process."""
    env = {**os.environ, "DYNACLIENT_BEARER_AUTH": "k"}
    return subprocess.Popen([sys.executable, __file__, *map(str, arguments)], text=True, env=env, **options)


def compare(given: argparse.Namespace) -> None:
    """Rows a second and memory, ours and by hand, turn by turn."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.jsonl"
        with rows.open("w") as file:
            file.writelines(f'{{"id":{n},"text":"a short text, number {n}"}}\n' for n in range(given.rows))
        server = me(
            "--serve",
            "--dims",
            given.dims,
            "--encoding",
            given.encoding,
            "--delay",
            given.delay,
            stdout=subprocess.PIPE,
        )
        port = int(server.stdout.readline())
        best: dict[str, list[float]] = {}
        for turn in range(given.turns):
            for which in ("us", "hand"):
                out = Path(folder) / f"{which}{turn}.npy"
                process = me(
                    "--contend",
                    which,
                    rows,
                    out,
                    port,
                    "--encoding",
                    given.encoding,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                )
                told = json.loads(process.communicate()[1].splitlines()[-1])
                best[which] = min(best.get(which, told), told)
                print(
                    f"{which:5} {given.rows / told[0]:9,.0f} rows/s  {told[1] / given.rows * 1e6:6.1f} us of processor a row  {told[2]:6.0f} MB",
                    flush=True,
                )
                out.unlink()
        server.kill()
        server.wait()
        print(f"ratio {best['hand'][0] / best['us'][0]:.2f}")


def share(given: argparse.Namespace) -> None:
    """How much of a limit several processes use, and how many of their requests are refused."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.txt"
        rows.write_text("a text\n" * int(given.limit * given.seconds * 3))
        server = me("--serve", "--limit", given.limit, "--delay", given.delay, stdout=subprocess.PIPE)
        port = int(server.stdout.readline())
        line = f"bulk embeddings.create --set input=line --model m --batch 1 --rows {rows} --server http://127.0.0.1:{port} --out {folder}/"
        env = {**os.environ, "DYNACLIENT_BEARER_AUTH": "k"}
        commands = [
            [sys.executable, "-m", "dynaclient", *(line + f"{n}.jsonl").split()] for n in range(given.processes)
        ]
        processes = [subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) for command in commands]
        before = asked(port)
        while sum(before) == 0:
            time.sleep(0.01)
            before = asked(port)
        begun = time.monotonic()
        time.sleep(given.seconds)
        taken, refused = (after - first for after, first in zip(asked(port), before, strict=True))
        seconds = time.monotonic() - begun
        for process in [*processes, server]:
            process.kill()
            process.wait()
        print(
            f"{taken / seconds / given.limit:.1%} of the limit used, {refused / (taken + refused):.1%} of the requests refused"
        )


def asked(port: int) -> list[int]:
    """What the server has taken and refused."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return json.loads(sock.recv(1000).partition(b"\r\n\r\n")[2])


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dims", type=int, default=128)
    parser.add_argument("--encoding", choices=("base64", "float"), default="base64")
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--limit", type=float, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--contend", nargs=4)
    given = parser.parse_args()
    if given.serve:
        serve(given.dims, given.encoding, given.delay, given.limit)
    elif given.contend:
        which, rows, out, port = given.contend
        contend(which, Path(rows), Path(out), int(port), given.encoding)
    elif given.limit:
        share(given)
    else:
        compare(given)


if __name__ == "__main__":
    main()
