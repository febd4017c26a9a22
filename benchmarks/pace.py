"""How much of a limit ``bulk`` uses, and how many of its requests are refused, for many kinds of limits.

``python benchmarks/pace.py [--only WORD] [--all]`` simulates every case of ``tests/cases/pacing.yaml`` with the decisions
of the package and prints the worst of each group, or each case; about ten minutes on two cores.
``python benchmarks/pace.py --sockets [--seconds 20]`` runs the command over loopback against some limiters.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from cases import cases  # noqa: E402
from pacing import Case, Service, grid, recovered, simulate  # noqa: E402

CHANGES = {
    "doubled": ((60.0, 2.0),),
    "halved": ((60.0, 0.5),),
    "nothing for a minute": ((60.0, 0.0), (120.0, 1.0)),
}
SOCKETS = [
    ("bucket of 20/s, 20 at once, Retry-After: 1", "20 bucket 1 whole", 32, 1),
    ("bucket of 20/s, 20 at once, exact", "20 bucket 1 exact", 32, 1),
    ("bucket of 20/s, 20 at once, none", "20 bucket 1 absent", 32, 1),
    ("bucket of 5/s, 5 at once, Retry-After: 1", "5 bucket 1 whole", 8, 1),
    ("window of 1 s, 20 in each, none", "20 window 1 absent", 32, 1),
    ("bucket of 200/s, 200 at once, none", "200 bucket 1 absent", 64, 1),
    ("bucket of 20/s, three processes, none", "20 bucket 1 absent", 8, 3),
]


def shown(case: Case) -> str:
    """A case in a few words."""
    size = f"{case.worth:g} s at once" if case.kind == "bucket" else f"of {case.span:g} s"
    more = f" fields {case.fields}" if case.fields else ""
    late = f" refused after {case.stall:g} s" if case.stall > 1 else ""
    return (
        f"{case.limit:g}/s {case.kind} {size}, {case.retry_after}, "
        f"{case.in_flight} under way, {case.processes} processes{more}{late}"
    )


def tables(only: str, everything: bool) -> bool:
    """Simulate the table; whether all bars hold."""
    good = True
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for group in cases("pacing.yaml"):
            if only not in group["name"]:
                continue
            found = list(zip(grid(group), pool.map(simulate, grid(group)), strict=True))
            used = min(outcome.used for _, outcome in found)
            refused = max(outcome.refused for _, outcome in found)
            fairness = min(outcome.fairness for _, outcome in found)
            met = used >= group["used"] and refused <= group["refused"] and fairness >= group.get("fairness", 0)
            middle = sorted(outcome.used for _, outcome in found)[len(found) // 2]
            good &= met
            print(
                f"{group['name']} ({len(found)} cases): used {used:.1%} (median {middle:.1%}), refused {refused:.1%}",
                end="",
            )
            print(f", fairness {fairness:.2f}" if any(case.processes > 1 for case, _ in found) else "", end="")
            print("" if met else "  BELOW ITS BAR", flush=True)
            for case, outcome in found if everything else ():
                print(f"    {outcome.used:6.1%} {outcome.refused:6.1%} {outcome.fairness:.2f}  {shown(case)}")
    return good


def changes() -> None:
    """How long it takes until a limit that has changed is used."""
    for name, steps in CHANGES.items():
        at, factor = steps[-1]
        for limit in (5.0, 20.0, 100.0):
            for retry_after in ("absent", "whole"):
                case = Case(limit, retry_after=retry_after, changes=steps, seconds=400.0, in_flight=64)
                taken = recovered(case, at, limit * factor)
                after = "never" if taken is None else f"after {taken:.0f} s"
                print(f"{limit:g}/s {name}, Retry-After {retry_after}: nine tenths are used {after}", flush=True)


# --- over sockets


def serve(limit: float, kind: str, size: float, retry_after: str) -> None:
    """Print a port, and limit who calls there until killed; ``GET`` tells what was accepted and refused."""
    import threading

    sizes = {"worth": size} if kind == "bucket" else {"span": size}
    service, lock, counts = Service(Case(limit, kind, retry_after=retry_after, **sizes)), threading.Lock(), [0, 0]
    began = time.monotonic()
    vector = b'{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"usage":'
    body = vector + b'{"prompt_tokens":1,"total_tokens":1}}'

    def connection(sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        file = sock.makefile("rb")
        with suppress(OSError):
            while line := file.readline():
                length = 0
                while (field := file.readline().lower()) not in (b"\r\n", b""):
                    length = int(field.split(b":")[1]) if field.startswith(b"content-length") else length
                file.read(length)
                text, status, headers = json.dumps(counts).encode(), 200, {}
                if line.startswith(b"POST"):
                    with lock:
                        status, headers = service.ask(time.monotonic() - began)
                        counts[status == 429] += 1
                    time.sleep(0.1 if status == 200 else 0.005)
                    text = body if status == 200 else b'{"error":{"message":"slow down"}}'
                head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{head}Content-Length: {len(text)}\r\n\r\n"
                sock.sendall(head.encode() + text)

    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=connection, args=(listener.accept()[0],), daemon=True).start()


def asked(port: int) -> list[int]:
    """What the limiter has accepted and refused."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return json.loads(sock.recv(1000).partition(b"\r\n\r\n")[2])


def over_sockets(seconds: float) -> None:
    """Run the command against some limiters, from its first request on."""
    env = {**os.environ, "DYNACLIENT_BEARER_AUTH": "k"}
    for name, limiter, in_flight, count in SOCKETS:
        limit, kind, size, _ = limiter.split()
        server = subprocess.Popen(
            [sys.executable, __file__, "--serve", *limiter.split()], stdout=subprocess.PIPE, text=True
        )
        port = int(server.stdout.readline())
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder) / "rows.txt"
            rows.write_text("a text\n" * int(float(limit) * (seconds + 20) * 2))
            line = f"-m dynaclient bulk embeddings.create --set input=line --model m --batch 1 --in-flight {in_flight}"
            line += f" --rows {rows} --server http://127.0.0.1:{port}"
            runs = [
                subprocess.Popen(
                    [sys.executable, *line.split(), "--out", f"{folder}/{n}.jsonl"], env=env, stderr=subprocess.DEVNULL
                )
                for n in range(count)
            ]
            while sum(asked(port)) == 0:
                time.sleep(0.01)
            time.sleep(seconds)
            accepted, refused = asked(port)
            for process in [*runs, server]:
                process.kill()
                process.wait()
        # A bucket is full at first; of a window all is there as soon as it begins.
        span = float(size)
        possible = float(limit) * (seconds + span if kind == "bucket" else (seconds // span + 1) * span)
        print(f"{name}: used {accepted / possible:.1%}, refused {refused / max(1, accepted + refused):.1%}", flush=True)


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="groups that have this word in their names")
    parser.add_argument("--all", action="store_true", help="print every case")
    parser.add_argument("--sockets", action="store_true", help="run the command over loopback")
    parser.add_argument("--seconds", type=float, default=20, help="of each run over sockets")
    parser.add_argument("--serve", nargs=4, metavar=("LIMIT", "KIND", "SIZE", "RETRY_AFTER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        limit, kind, size, retry_after = given.serve
        serve(float(limit), kind, float(size), retry_after)
    elif given.sockets:
        over_sockets(given.seconds)
    else:
        good = tables(given.only, given.all)
        if not given.only:
            changes()
        return 0 if good else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
