"""The embedded server over real sockets."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.errors import ArgumentError
from dynaclient.local import App, Faults, LocalServer
from dynaclient.local.answers import Answer, json_response
from dynaclient.local.http1 import Refusal, parse_head, request_of
from dynaclient.openapi.read import read

HERE = Path(__file__).parent
EXCHANGES = yaml.safe_load((HERE / "cases" / "local-http.yaml").read_text(encoding="utf-8"))
SHIPPED = HERE.parent / "spec" / "embeddings.yaml"
API = read(yaml.safe_load(SHIPPED.read_text(encoding="utf-8")))
MODELS = b"GET /v1/models?api_key=s3cret HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s3cret\r\n\r\n"


class Peer:
    """A client that is nothing but a socket."""

    def __init__(self, server):
        self.sock = socket.create_connection((server.host, server.port), timeout=20)
        self.file = self.sock.makefile("rb")

    def send(self, data):
        self.sock.sendall(data)

    def status(self):
        """The status of the next reply; its fields are kept in ``fields``."""
        line = self.file.readline()
        self.fields = {}
        while (field := self.file.readline()) not in (b"\r\n", b""):
            name, _, value = field.decode().rstrip("\r\n").partition(": ")
            self.fields[name.lower()] = value
        return int(line.split(b" ")[1]) if line.startswith(b"HTTP/1.1 ") else None

    def body(self):
        return self.file.read(int(self.fields.get("content-length", "0")))

    def at_end(self):
        """Whether the server has closed the connection."""
        return self.file.read(1) == b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.sock.close()


@pytest.fixture(scope="module")
def running():
    with LocalServer(App(API), max_body=100_000) as server:
        yield server


@pytest.mark.parametrize("case", EXCHANGES, ids=lambda case: case["name"])
def test_http_is_read_strictly(running, case):
    """A request is answered with the right status, and the connection is kept only where its end is certain."""
    with Peer(running) as peer:
        peer.send(case["send"].encode("latin-1"))
        if "first" in case:
            assert peer.status() == case["first"]
            peer.send(case["then"].encode())
        assert peer.status() == case["status"]
        if case.get("empty"):
            assert (peer.fields.get("content-length") is None) is (case["status"] == 204)
        else:
            assert json.loads(peer.body())
        if not case["keeps"]:
            assert peer.at_end()
            return
        peer.send(MODELS)
        assert peer.status() == 200


PIECES = [*MODELS.split(b" "), b"\r\n", b":", b" ", b"\0"]


@given(st.one_of(st.binary(), st.lists(st.sampled_from(PIECES)).map(b" ".join)))
def test_a_head_is_read_or_refused(data):
    """Whatever bytes stand where a request should begin, they are a request or are refused."""
    status, target = 0, "/"
    try:
        target = request_of(parse_head(data), None).target
    except Refusal as refusal:
        status = refusal.status
    assert status in (0, 400, 505)
    assert target[0] in "/*"


def test_requests_may_be_sent_ahead(running):
    """Requests that arrive together are answered one after the other, in order."""
    with Peer(running) as peer:
        peer.send(MODELS + b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" + MODELS)
        statuses = []
        for _ in range(3):
            statuses.append(peer.status())
            peer.body()
        assert statuses == [200, 404, 200]


def test_a_request_may_come_byte_by_byte(running):
    """Where the pieces of a request are cut makes no difference."""
    with Peer(running) as peer:
        for byte in MODELS:
            peer.send(bytes([byte]))
        assert peer.status() == 200


def test_every_reply_is_dated_and_numbered(running):
    """A reply has a date in the one right form, and an id of its own."""
    with Peer(running) as peer:
        ids = set()
        for _ in range(2):
            peer.send(MODELS)
            assert peer.status() == 200
            assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", peer.fields["date"])
            ids.add(peer.fields["x-request-id"])
            peer.body()
        assert len(ids) == 2


def test_many_connections_are_served_at_once(running):
    """64 connections that are kept alive get 10,240 replies without one error."""
    ready = threading.Barrier(64, timeout=30)

    def calls(_):
        with Peer(running) as peer:
            ready.wait()
            good = 0
            for _ in range(160):
                peer.send(MODELS)
                good += peer.status() == 200 and b"hash-384" in peer.body()
            return good

    with ThreadPoolExecutor(64) as pool:
        assert sum(pool.map(calls, range(64))) == 64 * 160


def test_one_connection_too_many_is_refused():
    """Beyond the limit a connection is answered 503 and closed; when one ends, the next is served."""
    with LocalServer(App(API), max_connections=1) as server, Peer(server) as first:
        first.send(MODELS)
        assert first.status() == 200
        with Peer(server) as second:
            assert second.status() == 503
            assert second.body()
            assert second.at_end()


def test_silence_ends_a_connection():
    """A connection without a request is closed after a while; one with half a request is told 408."""
    with LocalServer(App(API), idle_timeout=0.05, read_timeout=0.05) as server:
        with Peer(server) as idle:
            assert idle.at_end()
        with Peer(server) as slow:
            slow.send(MODELS[:20])
            assert slow.status() == 408


def test_the_log_names_no_secret():
    """A line of the log has method, path, status, time and size, but neither query nor fields."""
    lines = []
    with LocalServer(App(API), log=lines.append) as server, Peer(server) as peer:
        peer.send(MODELS)
        peer.status()
        peer.body()
        peer.send(b"nonsense\r\n\r\n")
        peer.status()
    assert re.fullmatch(r"GET /v1/models 200 \d+\.\d ms \d+ bytes", lines[0])
    assert lines[1].startswith("- - 400 ")
    assert "s3cret" not in "".join(lines)


class Slow:
    """An app whose reply waits until it is told."""

    def __init__(self):
        self.begun, self.go = threading.Event(), threading.Event()

    def answer(self, _request):
        self.begun.set()
        self.go.wait(20)
        return Answer(json_response({"done": True}))


def test_stopping_finishes_what_is_running():
    """When the server stops, a running request gets its reply, idle connections end, and the port is free."""
    app = Slow()
    server = LocalServer(app).start()
    with Peer(server) as busy, Peer(server) as idle:
        busy.send(MODELS)
        assert app.begun.wait(20)
        stopper = threading.Thread(target=server.stop)
        stopper.start()
        assert idle.at_end()
        app.go.set()
        assert busy.status() == 200
        assert busy.fields["connection"] == "close"
        assert busy.body() == b'{"done":true}'
        assert busy.at_end()
        stopper.join(20)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=5)
    server.stop()


def test_stopping_does_not_wait_for_ever():
    """A request that does not finish within the grace is cut off."""
    app = Slow()
    server = LocalServer(app, grace=0.05).start()
    with Peer(server) as busy:
        busy.send(MODELS)
        assert app.begun.wait(20)
        stopper = threading.Thread(target=server.stop)
        stopper.start()
        assert busy.at_end()
        app.go.set()
        stopper.join(20)
        assert not stopper.is_alive()


class Broken:
    """An app with a bug."""

    def answer(self, _request):
        raise RuntimeError("the inside of the app")


def test_a_bug_is_a_500_without_its_inside():
    """An app that raises is a reply with 500; what it raised is in the log, not in the reply, and the connection goes on."""
    lines = []
    with LocalServer(Broken(), log=lines.append) as server, Peer(server) as peer:
        for _ in range(2):
            peer.send(MODELS)
            assert peer.status() == 500
            assert b"inside" not in peer.body()
    assert "the inside of the app" in lines[0]


def test_reset_is_a_reset():
    """``reset`` ends the connection with RST."""
    with LocalServer(App(API, faults=Faults(["reset"]))) as server, Peer(server) as peer:
        peer.send(MODELS)
        with pytest.raises(ConnectionResetError):
            peer.file.read()


def test_half_breaks_off_in_the_body():
    """``half`` sends the whole head and half of the body."""
    with LocalServer(App(API, faults=Faults(["half"]))) as server, Peer(server) as peer:
        peer.send(MODELS)
        assert peer.status() == 200
        assert len(peer.file.read()) == int(peer.fields["content-length"]) // 2


def test_garbage_is_no_http():
    """``garbage`` sends bytes that are no HTTP, and closes."""
    with LocalServer(App(API, faults=Faults(["garbage"]))) as server, Peer(server) as peer:
        peer.send(MODELS)
        data = peer.file.read()
        assert data
        assert not data.startswith(b"HTTP")


def test_stall_sends_nothing_until_the_server_stops():
    """``stall`` leaves the connection open without a byte; stopping ends it."""
    with LocalServer(App(API, faults=Faults(["stall"]))) as server:
        peer = Peer(server)
        peer.send(MODELS)
        peer.sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            peer.sock.recv(1)
    peer.sock.settimeout(20)
    with peer:
        assert peer.sock.recv(1) == b""


def test_other_machines_are_kept_out():
    """An address that is not loopback needs a permission; with it, it is listened on."""
    with pytest.raises(ArgumentError, match="allow_remote"):
        LocalServer(App(API), "0.0.0.0")
    with LocalServer(App(API), "0.0.0.0", allow_remote=True) as server:
        assert server.port


def test_a_taken_port_is_an_error_that_helps():
    """A port that is in use is named, with the way out."""
    with LocalServer(App(API)) as server, pytest.raises(ArgumentError, match=f"{server.port}.*port 0"):
        LocalServer(App(API), port=server.port)


def test_a_host_that_is_none_is_an_error():
    """A host that does not resolve is an error of the argument."""
    with pytest.raises(ArgumentError, match="cannot listen"):
        LocalServer(App(API), "no such host")


def test_a_server_that_never_started_can_be_stopped():
    """Stopping before starting frees the port."""
    server = LocalServer(App(API))
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=5)


PROGRAM = """
import sys, yaml
from dynaclient.local import App, serve
from dynaclient.openapi.read import read
app = App(read(yaml.safe_load(open(sys.argv[1], encoding="utf-8"))))
serve(app, port=0, ready=lambda server: print(server.port, flush=True))
print("stopped")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_stops_the_server(number):
    """SIGINT and SIGTERM end ``serve`` in good order; its log went to standard error."""
    command = [sys.executable, "-c", PROGRAM, str(SHIPPED)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
            sock.sendall(MODELS)
            assert sock.recv(12) == b"HTTP/1.1 200"
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == "stopped\n"
    assert err.startswith("GET /v1/models 200 ")


def test_the_import_is_lean():
    """Importing the embedded server loads neither a schema library nor a network library."""
    program = "import sys, dynaclient.local; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    heavy = {
        "openapi_core",
        "jsonschema",
        "jsonschema_rs",
        "pydantic",
        "urllib3",
        "requests",
        "ssl",
        "numpy",
        "email",
        "asyncio",
    }
    assert not heavy.intersection(loaded)
