"""A loopback server for benchmarks: replies are serialised beforehand, so that what is measured is the client.

``python benchmarks/server.py`` prints its port and serves until it is killed. ``POST /<rows>x<dims>[-base64]/v1/embeddings`` answers with that many
vectors; the path decides, the body is not read as JSON. ``GET .../models`` lists one model, ``GET .../document.json`` is the bundled document as JSON, and ``/thing/...`` answers for the operations of bigdoc.py.
"""

import base64
import json
import random
import socket
import struct
import threading
from functools import cache
from pathlib import Path

DISTINCT = 128  # so many vectors differ from each other; a larger reply repeats them, which no client can tell


@cache
def reply(name: str) -> bytes:
    """The whole HTTP reply for ``128x1536``, ``128x1536-base64``, ``models``, ``thing`` or ``<size>/document.json``."""
    place, _, last = name.partition("/")
    if last == "document.json":
        return written(json.dumps({**document(), "servers": [{"url": f"/{place}/v1"}]}).encode())
    if name == "models":
        model = {"id": "m", "object": "model", "created": 1730000000, "owned_by": "bench"}
        return written(json.dumps({"object": "list", "data": [model]}).encode())
    if name == "thing":
        return written(b'{"name":"b"}')
    return written(embeddings(name))


def embeddings(size: str) -> bytes:
    """The body of a reply of so many vectors."""
    shape, _, form = size.partition("-")
    rows, dims = map(int, shape.split("x"))
    numbers = random.Random(1)
    texts = []
    for _ in range(min(rows, DISTINCT)):
        vector = [numbers.gauss(0, 0.03) for _ in range(dims)]
        packed = base64.b64encode(struct.pack(f"<{dims}f", *vector)).decode()
        texts.append(json.dumps(packed if form else vector, separators=(",", ":")))
    data = ",".join(
        f'{{"object":"embedding","index":{index},"embedding":{texts[index % DISTINCT]}}}' for index in range(rows)
    )
    usage = f'{{"prompt_tokens":{rows},"total_tokens":{rows}}}'
    return f'{{"object":"list","model":"m","data":[{data}],"usage":{usage}}}'.encode()


def written(body: bytes) -> bytes:
    """A reply with the fields that services send."""
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nx-request-id: r\r\n"
        "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\nServer: bench\r\n\r\n"
    )
    return head.encode() + body


def document() -> dict:
    """The bundled document."""
    import yaml

    return yaml.safe_load((Path(__file__).parent.parent / "spec" / "embeddings.yaml").read_text("utf-8"))


def chosen(path: str) -> bytes:
    """The reply for a path."""
    _, place, *rest = path.split("/")
    if rest[-1:] == ["document.json"]:
        return reply(f"{place}/document.json")
    return reply("models" if rest[-1:] == ["models"] else place)


def serve(connection: socket.socket) -> None:
    """Answer requests on one connection until it is closed."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = b""
    with connection:
        while True:
            while b"\r\n\r\n" not in buffer:
                data = connection.recv(65536)
                if not data:
                    return
                buffer += data
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            while len(buffer) < length:
                data = connection.recv(65536)
                if not data:
                    return
                buffer += data
            buffer = buffer[length:]
            connection.sendall(chosen(head.split(b" ", 2)[1].decode()))


def connection(sock: socket.socket) -> None:
    """The same, for a client that may go away in the middle."""
    try:
        serve(sock)
    except ConnectionError:
        sock.close()


def main() -> None:
    """Listen on a free port of the loopback address."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)
    while True:
        accepted, _ = listener.accept()
        threading.Thread(target=connection, args=(accepted,), daemon=True).start()


if __name__ == "__main__":
    main()
