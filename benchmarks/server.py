"""A loopback server for benchmarks: replies are serialised beforehand, so that what is measured is the client.

``python benchmarks/server.py`` prints its port and serves until it is killed. ``POST /<rows>x<dims>[-base64]/v1/embeddings`` answers with that many
vectors; the path decides, the body is not read as JSON. ``GET .../document.json`` is the bundled document as JSON.
"""

import base64
import json
import random
import socket
import struct
import threading
from functools import cache
from pathlib import Path


@cache
def reply(name: str) -> bytes:
    """The whole HTTP reply for ``128x1536`` or ``128x1536-base64``."""
    if name == "document.json":
        return written(json.dumps(document()).encode())
    size, _, form = name.partition("-")
    rows, dims = map(int, size.split("x"))
    numbers = random.Random(1)
    data = []
    for index in range(rows):
        vector = [numbers.gauss(0, 0.03) for _ in range(dims)]
        packed = base64.b64encode(struct.pack(f"<{dims}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": packed if form else vector})
    body = json.dumps(
        {"object": "list", "model": "m", "data": data, "usage": {"prompt_tokens": rows, "total_tokens": rows}},
        separators=(",", ":"),
    ).encode()
    return written(body)


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
                buffer += connection.recv(65536)
            buffer = buffer[length:]
            path = head.split(b" ", 2)[1].decode().split("/")
            connection.sendall(reply(path[-1] if path[-1] == "document.json" else path[1]))


def main() -> None:
    """Listen on a free port of the loopback address."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
