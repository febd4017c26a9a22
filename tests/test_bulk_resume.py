"""Killed at any moment and started again, a bulk run ends as if nothing had happened, and pays for nothing twice but what was under way."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dynaclient import Client
from dynaclient.bulk.shards import Frame, Shards
from dynaclient.errors import ArgumentError
from dynaclient.local import App, LocalServer
from dynaclient.local.faults import Faults

ROWS, BATCH, IN_FLIGHT, KILLS = 3000, 10, 4, 20


class Counting(App):
    """The embedded server, which counts the requests and keeps what it was asked for."""

    def __init__(self, api, **options):
        super().__init__(api, **options)
        self.batches = []
        self.changed = threading.Condition()

    def answer(self, request):
        with self.changed:
            self.batches.append(tuple(json.loads(request.body)["input"]))
            self.changed.notify_all()
        return super().answer(request)

    def await_requests(self, count):
        """Wait until so many requests have come."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.batches) >= count, timeout=20)


@pytest.fixture
def service():
    """The server on the loopback interface, each reply 10 ms late, and its count."""
    with Client(server="local") as client:
        app = Counting(client.api, faults=Faults(delay="10ms"))
    with LocalServer(app, grace=0.1) as server:
        yield app, server.url


def write_rows(path, count=ROWS):
    """A file of different rows, two of which the service will not have."""
    with path.open("w") as file:
        for number in range(count):
            text = None if number in (17, 1234) else f"row {number}"
            file.write(json.dumps({"id": number, "text": text}) + "\n")
    return path


def command(rows, out, url, *more, dims=4):
    """The command line of a run."""
    line = f"bulk embeddings.create --set input=text --model hash-384 --dimensions {dims} --batch {BATCH} --in-flight {IN_FLIGHT}"
    paths = ["--server", url, "--rows", str(rows), "--out", str(out)]
    return [sys.executable, "-m", "dynaclient", *line.split(), *paths, *more]


def run(*line):
    """Run a command to its end."""
    env = {**os.environ, "DYNACLIENT_BEARER_AUTH": "k"}
    return subprocess.run(line, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("format", ["jsonl", "npy"])
def test_killed_twenty_times_the_output_is_the_same(tmp_path, service, format):
    """Each row stands once, in order, byte for byte as without a kill; of what was paid twice there is no more than was under way."""
    app, url = service
    rows = write_rows(tmp_path / "rows.jsonl")
    assert run(*command(rows, tmp_path / f"whole.{format}", url)).returncode == 11
    app.batches.clear()
    chance, out = random.Random(1), tmp_path / f"out.{format}"
    env = {**os.environ, "DYNACLIENT_BEARER_AUTH": "k"}
    for _ in range(KILLS):
        seen = len(app.batches)
        process = subprocess.Popen(command(rows, out, url), env=env, stderr=subprocess.DEVNULL)
        app.await_requests(seen + chance.randrange(1, 20))
        with app.changed:
            app.changed.wait_for(lambda: False, timeout=chance.random() / 50)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    ended = run(*command(rows, out, url))
    assert ended.returncode == 11, ended.stderr
    assert out.read_bytes() == (tmp_path / f"whole.{format}").read_bytes()
    if format == "jsonl":
        assert [json.loads(line)["row"] for line in out.read_text().splitlines()] == list(range(ROWS))
    sent = [row for batch in app.batches for row in batch]
    assert set(sent) == {f"row {number}" for number in range(ROWS)} - {"row 17", "row 1234"}
    assert len(sent) - len(set(sent)) <= KILLS * IN_FLIGHT * BATCH
    assert not (tmp_path / f"out.{format}.parts").exists()
    errors = [json.loads(line)["row"] for line in (tmp_path / f"out.{format}.errors.jsonl").read_text().splitlines()]
    assert errors == [17, 1234]


def test_a_finished_run_is_not_repeated(tmp_path, service):
    """Started again it sends nothing, tells the same and ends with the same code."""
    app, url = service
    rows = write_rows(tmp_path / "rows.jsonl", 30)
    first = run(*command(rows, tmp_path / "out.npy", url))
    count = len(app.batches)
    second = run(*command(rows, tmp_path / "out.npy", url))
    assert (first.returncode, first.stdout) == (second.returncode, second.stdout)
    assert len(app.batches) == count


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (["--user", "u"], "arguments.user"),
        (["--dedup"], "select.dedup"),
        (["--take", "object"], "take"),
        ("rows", "rows.digest"),
    ],
)
def test_what_was_changed_is_noticed(tmp_path, service, change, told):
    """A run is not taken up with other rows or arguments; the message names what differs, and nothing is sent."""
    app, url = service
    rows = write_rows(tmp_path / "rows.jsonl", 15)
    line = command(rows, tmp_path / "out.jsonl", url)
    run(*line)
    count = len(app.batches)
    if change == "rows":
        rows.write_text(rows.read_text().replace("row 3", "row 4"))
        change = []
    ended = run(*line, *change)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert len(app.batches) == count
    assert run(*line, *change, "--overwrite").returncode == 0


@pytest.mark.parametrize("name", ["out.jsonl", "out.npy"])
def test_a_full_disk_ends_the_run_and_it_goes_on(tmp_path, service, name):
    """What was written stays; with room again the run ends well."""
    app, url = service
    rows = write_rows(tmp_path / "rows.jsonl", 900)
    line = command(rows, tmp_path / name, url, dims=64 if name == "out.npy" else 4)
    script = 'ulimit -f 60; exec "$@"'
    ended = run("/bin/bash", "-c", script, "bash", *line)
    assert ended.returncode == 2, ended.stderr
    assert "goes on where it was" in ended.stderr
    count = len(app.batches)
    assert run(*line).returncode == 11
    assert len(app.batches) - count < 90
    data = (tmp_path / name).read_bytes()
    assert len(data) == 128 + 900 * 64 * 4 if name == "out.npy" else data.count(b"\n") == 900


def test_two_processes_do_not_write_to_one_output(tmp_path):
    """The second is refused."""
    first = Shards(tmp_path / "parts")
    with pytest.raises(ArgumentError, match="another process"):
        Shards(tmp_path / "parts")
    first.close()


def test_a_torn_frame_is_cut_off(tmp_path):
    """Wherever the writing broke off, the frames before it stay and the torn one is gone."""
    frames = [Frame(0, 2, {"a": 1}, b"one"), Frame(2, 3, {}, b"two" * 20)]
    whole = b"".join(frame.packed() for frame in frames)
    for end in range(len(whole) + 1):
        folder = tmp_path / str(end)
        folder.mkdir()
        (folder / "00000001.open").write_bytes(whole[:end])
        shards = Shards(folder)
        kept = 2 if end == len(whole) else int(end >= len(frames[0].packed()))
        assert list(shards.frames()) == frames[:kept]
        assert list(shards.done()) == [[], [(0, 2)], [(0, 5)]][kept]
        shards.close()


def test_damage_is_told(tmp_path):
    """A shard that was changed after it was sealed is not read as if it were whole."""
    shards = Shards(tmp_path / "parts")
    shards.append(Frame(0, 1, {}, b"payload"))
    shards.seal()
    (shard,) = Path(tmp_path / "parts").glob("*.shard")
    shard.write_bytes(shard.read_bytes()[:-1] + b"X")
    with pytest.raises(ArgumentError, match="damaged"):
        list(shards.frames())
    shards.close()


def test_shards_are_sealed_when_they_are_full(tmp_path):
    """However many there are, frames come back in the order of their rows."""
    shards = Shards(tmp_path / "parts", size=90)
    for first in (30, 0, 20, 10):
        frame = Frame(first, 10, {}, b"x" * 60)
        shards.append(frame)
    shards.seal()
    assert [frame.first for frame in shards.frames()] == [0, 10, 20, 30]
    assert shards.frame(25).first == 20
    assert len(list((tmp_path / "parts").glob("*.shard"))) == 4
    shards.remove()
    assert not (tmp_path / "parts").exists()
