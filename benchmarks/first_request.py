"""From the start of a process to the first request on the wire, with a warm cache: ``python benchmarks/first_request.py [DOCUMENT ...]``.

Each document is named with one of its operations, ``litellm.json=models.list``; without one its first GET that needs no argument is taken. The
document that ships comes first, and the others are compared with it. Rounds are interleaved, the medians and the fastest are printed.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dynaclient import Client

ROUNDS = 25
CHILD = """
import sys
from dynaclient import Client
credentials = dict.fromkeys(sys.argv[4:], "placeholder")
client = Client(sys.argv[1] or None, server=sys.argv[2], credentials=credentials, retries=False, timeout=5, validate={"reply": "off"})
client[sys.argv[3]].send()
"""
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


def simple_operation(path, wanted):
    """An operation that can be called without arguments, and the names of the schemes of its credentials."""
    with Client(path or None) as client:
        for name in [wanted] if wanted else client:
            operation = client[name].operation
            if operation.method == "GET" and not any(field.required for field in operation.arguments):
                return [name, *(scheme for scheme, _ in (operation.security or ((),))[0])]
    raise SystemExit(f"{path} has no operation that can be called without arguments")


def once(listener, path, words, environment):
    """Seconds from the start of a process to the head of its request, and the processor's seconds in the process as a whole."""
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    begun = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", CHILD, path, url, *words], env=environment)
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        taken = time.perf_counter() - begun
        connection.sendall(REPLY)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return taken, used.ru_utime + used.ru_stime


def main(arguments):
    """The command."""
    named = [("", "", "models.list"), *(each.partition("=") for each in arguments)]
    documents = [(path, simple_operation(path, name)) for path, _, name in named]
    with tempfile.TemporaryDirectory() as cache, socket.create_server(("127.0.0.1", 0)) as listener:
        environment = {**os.environ, "DYNACLIENT_CACHE_DIR": cache}
        listener.settimeout(10)
        times = {path: [] for path, _ in documents}
        for number in range(ROUNDS + 1):
            for path, words in documents:
                taken = once(listener, path, words, environment)
                if number:  # the first round fills the cache
                    times[path].append(taken)
    base, base_used = map(statistics.median, zip(*times[""], strict=True))
    for path, found in times.items():
        median, used = map(statistics.median, zip(*found, strict=True))
        sys.stdout.write(
            f"{Path(path).name or 'the document that ships':28} median {median * 1000:6.1f} ms, {median / base:4.2f}x  fastest {min(found)[0] * 1000:6.1f} ms  "
            f"processor {used * 1000:6.1f} ms, {used / base_used:4.2f}x\n"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
