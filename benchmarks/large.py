"""Two gigabytes up and down in constant memory: python benchmarks/large.py [gigabytes] [folder].

A server in another process takes and gives bytes; what is printed is the peak of this process's resident memory, and megabytes per second. The upload is
read from a file, with its length and in chunks; the download is iterated over, and saved to a file, which is brought to the disk.
"""

import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

BLOCK = 1 << 20
LIMIT = 100


def serve():
    """Answer for ever; print the port first."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()


def answer(sock):
    """GET /<bytes> gives so many; a body is counted and its size told."""
    with sock, sock.makefile("rb", buffering=BLOCK) as stream:
        while line := stream.readline():
            head = b"".join(iter(stream.readline, b"\r\n")).lower()
            if line.startswith(b"GET"):
                give(sock, int(line.split()[1][1:]))
            else:
                count = str(taken(stream, head)).encode()
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(count), count))


def give(sock, size):
    sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: "1"\r\nAccept-Ranges: bytes\r\n\r\n' % size)
    block = bytes(BLOCK)
    for start in range(0, size, BLOCK):
        sock.sendall(block[: size - start])


def taken(stream, head):
    """How many bytes of body there were."""
    length = re.search(rb"content-length: ([0-9]+)", head)
    if length:
        return skip(stream, int(length[1]))
    count = 0
    while size := int(stream.readline(), 16):
        count += skip(stream, size)
        stream.readline()
    stream.readline()
    return count


def skip(stream, size):
    left = size
    while left:
        left -= len(stream.read(min(left, BLOCK)))
    return size


def pieces(path):
    with path.open("rb") as file:
        while piece := file.read(BLOCK):
            yield piece


def peak():
    """The most memory that this process has had resident, megabytes."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def contenders(port, size, folder):
    """What is measured, by name; each returns how many bytes went over the wire."""
    from dynaclient.openapi.model import RetryPolicy
    from dynaclient.save import save
    from dynaclient.transport import Urllib3Transport, deliver, deliver_stream
    from dynaclient.wire import Request, Timeout, Upload

    origin, policy, timeout = f"http://127.0.0.1:{port}", RetryPolicy(), Timeout()
    transport = Urllib3Transport(env=False)
    file = folder / "file"
    with file.open("wb") as sink:
        sink.truncate(size)

    def upload(length):
        request = Request("PUT", origin, "/", {}, Upload(lambda: pieces(file), length))
        return int(deliver(transport, request, policy, timeout)[0].body)

    def opened(headers):
        return deliver_stream(transport, Request("GET", origin, f"/{size}", headers), policy, timeout)[0]

    def iterate():
        with opened({}) as stream:
            return sum(map(len, stream))

    return {
        "upload, its length known": lambda: upload(size),
        "upload in chunks": lambda: upload(None),
        "download, iterated": iterate,
        "download, saved": lambda: save(opened, folder / "saved", url=f"{origin}/{size}").size,
    }


def main(gigabytes, folder):
    server = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True)
    size = int(gigabytes * (1 << 30))
    try:
        for name, call in contenders(int(server.stdout.readline()), size, folder).items():
            start = time.perf_counter()
            assert call() == size
            speed = size / (1 << 20) / (time.perf_counter() - start)
            print(f"{name:28} {speed:8.0f} MB/s   peak {peak():5.1f} MB", flush=True)
        assert peak() < LIMIT, f"more than {LIMIT} MB"
    finally:
        server.kill()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        amount = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
        with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as place:
            main(amount, Path(os.fspath(place)))
