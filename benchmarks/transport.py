"""Client CPU of one warm call, our transport beside urllib3's: python benchmarks/transport.py [rounds] [floats].

A server in another process answers every POST with one vector; the contenders take turns, 100 calls each, and process_time counts.
"""

import json
import random
import socket
import statistics
import subprocess
import sys
import threading
import time

BODY = b'{"input":"The quick brown fox","model":"m"}'
HEADERS = {
    "Authorization": "Bearer none",
    "Content-Type": "application/json",
    "Accept": "application/json",
    "User-Agent": "benchmark",
}
FIELDS = (
    "Date: Sun, 22 Nov 2026 15:00:00 GMT", "Content-Type: application/json", "Connection: keep-alive", "x-request-id: req_123456789",
    "x-processing-ms: 12", "x-ratelimit-limit-requests: 3000", "x-ratelimit-remaining-requests: 2999", "Server: uvicorn",
)  # fmt: skip


def serve(floats):
    """Answer for ever; print the port first."""
    body = json.dumps({"data": [{"index": 0, "embedding": [random.gauss(0, 0.03) for _ in range(floats)]}]}).encode()
    head = "".join(f"{line}\r\n" for line in ("HTTP/1.1 200 OK", *FIELDS, f"Content-Length: {len(body)}", ""))
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0], head.encode() + body), daemon=True).start()


def answer(sock, reply):
    """One reply for each request on this connection."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with sock, sock.makefile("rb") as stream:
        while stream.readline():
            while stream.readline() != b"\r\n":
                pass
            stream.read(len(BODY))
            sock.sendall(reply)


def contenders(port):
    """What is compared, by name; each returns the body."""
    import urllib3

    from dynaclient.openapi.model import RetryPolicy
    from dynaclient.transport import Urllib3Transport, deliver
    from dynaclient.wire import Request, Timeout

    origin = f"http://127.0.0.1:{port}"
    manager, pool = urllib3.PoolManager(), urllib3.HTTPConnectionPool("127.0.0.1", port)
    transport, timeout = Urllib3Transport(env=False), Timeout()
    request = Request("POST", origin, "/v1/x", HEADERS, BODY)
    policy = RetryPolicy(strategy="backoff", declared=True, status_codes=("429", "5XX"))
    bare = {"retries": False, "redirect": False, "assert_same_host": False}
    return {
        "PoolManager.request": lambda: manager.request("POST", f"{origin}/v1/x", body=BODY, headers=HEADERS).data,
        "HTTPConnectionPool.urlopen": lambda: pool.urlopen("POST", "/v1/x", BODY, HEADERS, **bare).data,
        "Urllib3Transport.send": lambda: transport.send(request, timeout, time.monotonic() + 60).body,
        "deliver": lambda: deliver(transport, request, policy, timeout)[0].body,
    }


def main(rounds, floats):
    server = subprocess.Popen([sys.executable, __file__, "serve", str(floats)], stdout=subprocess.PIPE, text=True)
    try:
        calls = contenders(int(server.stdout.readline()))
        assert len({call() for call in calls.values()}) == 1
        spent = {name: [] for name in calls}
        for _ in range(rounds):
            for name, call in calls.items():
                start = time.process_time()
                for _ in range(100):
                    call()
                spent[name].append((time.process_time() - start) * 1e4)
        base = spent["PoolManager.request"]
        for name, times in spent.items():
            ratio = statistics.median(mine / theirs for mine, theirs in zip(times, base, strict=True))
            print(f"{name:28} {statistics.median(times):8.1f} us   {ratio:.2f}")
    finally:
        server.kill()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]))
    else:
        main(
            *(
                int(given) if given else default
                for given, default in zip([*sys.argv[1:], "", ""], (15, 384), strict=False)
            )
        )
