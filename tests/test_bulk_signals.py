"""A bulk run at the shell, from outside: signals, rows from standard input, many bad rows; real processes and a real server."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from dynaclient import Client
from dynaclient.local import App, LocalServer

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX only")
LINE = [
    "bulk",
    "embeddings.create",
    "--set",
    "input=text",
    "--model",
    "hash-384",
    "--dimensions",
    "4",
    "--batch",
    "10",
    "--in-flight",
    "3",
]


class Holding(App):
    """The embedded server, which answers nothing until it is told, and counts what came."""

    def __init__(self, api):
        super().__init__(api)
        self.batches = []
        self.free = threading.Event()
        self.changed = threading.Condition()

    def answer(self, request):
        with self.changed:
            self.batches.append(json.loads(request.body)["input"])
            self.changed.notify_all()
        self.free.wait(30)
        return super().answer(request)

    def await_requests(self, count):
        """Wait until so many requests have come."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.batches) >= count, timeout=30)


@pytest.fixture
def service():
    """The server, and its URL."""
    with Client(server="local") as client:
        app = Holding(client.api)
    with LocalServer(app, grace=0.1) as server:
        yield app, server.url
        app.free.set()


def rows_of(count):
    """Rows in JSON Lines."""
    return "".join(json.dumps({"text": f"row {number}"}) + "\n" for number in range(count)).encode()


class Process:
    """A run that is under way."""

    def __init__(self, url, rows, out, stdin=None):
        line = [sys.executable, "-m", "dynaclient", *LINE, "--server", url, "--rows", str(rows), "--out", str(out)]
        env = {**os.environ, "DYNACLIENT_BEARER_AUTH": "k"}
        self._process = subprocess.Popen(
            line, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._process.stdin.write(stdin or b"")
        self._process.stdin.close()
        self.told = ""

    def signalled(self, number):
        """Send a signal, and wait until it is told of."""
        self._process.send_signal(number)
        self.told += self._process.stderr.readline().decode()

    def send(self, number):
        """Send a signal."""
        self._process.send_signal(number)

    def ended(self):
        """The exit code."""
        self.told += self._process.stderr.read().decode()
        self._process.stdout.read()
        self._process.stdout.close()
        self._process.stderr.close()
        return self._process.wait(30)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_in_good_order(tmp_path, service, number, code):
    """What is under way is finished and written, nothing more is begun, and the same command sends only the rest."""
    app, url = service
    rows, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    rows.write_bytes(rows_of(200))
    process = Process(url, rows, out)
    app.await_requests(3)
    process.signalled(number)
    assert "once more ends it at once" in process.told
    app.free.set()
    assert process.ended() == code
    assert "30 of 200 rows are done" in process.told
    assert "goes on from there" in process.told
    assert "Traceback" not in process.told
    assert len(app.batches) == 3
    assert not out.exists()
    assert Process(url, rows, out).ended() == 0
    assert sorted(text for batch in app.batches for text in batch) == sorted(f"row {number}" for number in range(200))
    assert [json.loads(line)["row"] for line in out.read_text().splitlines()] == list(range(200))


def test_a_service_that_does_not_answer_holds_no_run_up(tmp_path, service):
    """Requests under way have some seconds to finish, and are then given up; nothing is lost, and the same command goes on."""
    app, url = service
    rows, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    rows.write_bytes(rows_of(50))
    process = Process(url, rows, out)
    app.await_requests(3)
    process.signalled(signal.SIGTERM)
    assert process.ended() == 143
    assert not app.free.is_set()
    assert "goes on from there" in process.told
    assert "Traceback" not in process.told
    app.free.set()
    assert Process(url, rows, out).ended() == 0
    assert len(out.read_text().splitlines()) == 50


def test_a_second_signal_ends_a_run_at_once(tmp_path, service):
    """Even while the service does not answer."""
    app, url = service
    rows = tmp_path / "rows.jsonl"
    rows.write_bytes(rows_of(50))
    process = Process(url, rows, tmp_path / "out.jsonl")
    app.await_requests(3)
    process.signalled(signal.SIGINT)
    process.send(signal.SIGTERM)
    assert process.ended() == 143
    assert not app.free.is_set()
    assert "Traceback" not in process.told


def test_rows_from_standard_input_are_kept_until_the_run_is_complete(tmp_path, service):
    """A run that was stopped goes on with the rows that are kept, or with the same ones again; then they are deleted."""
    app, url = service
    out, kept = tmp_path / "out.jsonl", tmp_path / "out.jsonl.rows"
    process = Process(url, "-", out, rows_of(60))
    app.await_requests(3)
    assert kept.read_bytes() == rows_of(60)
    process.signalled(signal.SIGINT)
    app.free.set()
    assert process.ended() == 130
    assert f"--rows {kept}" in process.told
    other = Process(url, "-", out, rows_of(61))
    assert other.ended() == 2
    assert "rows.digest" in other.told
    assert kept.read_bytes() == rows_of(60)
    again = Process(url, "-", out, rows_of(60))
    assert again.ended() == 0, again.told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "out.jsonl.manifest.json"]
    assert len(app.batches) == 6
