"""Failed rows of a complete run are tried again by the same command, and their results take their places."""

import json
import os
import subprocess
import sys

import pytest
from vectorserver import VectorServer

BAD = {"row 3": 400, "row 17": 500, "row 29": 422}


@pytest.fixture
def service():
    """A service that refuses some rows."""
    with VectorServer(dict(BAD)) as server:
        yield server


class Bulk:
    """A bulk run of thirty rows, three of them twice."""

    def __init__(self, folder, server, format, *more):
        self.folder, self.server, self.format, self.more = folder, server, format, more
        self.rows = folder / "rows.jsonl"
        numbers = [*range(30), 3, 4, 17]
        self.rows.write_text("".join(json.dumps({"text": f"row {n}", "id": n}) + "\n" for n in numbers))

    def run(self, name="out"):
        """Run it to its end; the exit code, how many rows were paid for meanwhile, and what was told."""
        paid = self.server.paid.total()
        line = [
            "bulk",
            "embeddings.create",
            "--set",
            "input=text",
            "--model",
            "m",
            "--batch",
            "4",
            "--in-flight",
            "3",
            "--take",
            "embedding",
        ]
        paths = ["--server", self.server.url, "--rows", str(self.rows), "--out", str(self.out(name))]
        env = {**os.environ, "DYNACLIENT_BEARER_AUTH": "k"}
        full = [sys.executable, "-m", "dynaclient", *line, *paths, *self.more]
        ended = subprocess.run(full, env=env, capture_output=True, text=True, timeout=60, check=False)
        summary = json.loads(ended.stdout) if ended.stdout else {}
        return ended.returncode, self.server.paid.total() - paid, summary, ended.stderr

    def out(self, name="out"):
        """The output."""
        return self.folder / f"{name}.{self.format}"

    def errors(self):
        """The rows in the file of errors, None if there is no such file."""
        path = self.folder / f"out.{self.format}.errors.jsonl"
        return [json.loads(line)["row"] for line in path.read_text().splitlines()] if path.exists() else None


CASES = [
    ("jsonl", []),
    ("npy", []),
    ("parquet", []),
    ("jsonl", ["--dedup", "--keep", "id"]),
    ("npy", ["--dedup"]),
    ("parquet", ["--keep", "id", "--sample", "31"]),
]


@pytest.mark.parametrize(("format", "more"), CASES, ids=lambda value: "".join(value) or "plain")
def test_failed_rows_are_tried_again(tmp_path, service, format, more):
    """Only they are sent; the output is then byte for byte what it would have been, and the file of errors shrinks and goes."""
    if format == "parquet":
        pytest.importorskip("pyarrow")
    run = Bulk(tmp_path, service, format, *more)
    code, _, first, _ = run.run()
    assert code == 11
    failed = run.errors()
    assert len(failed) == first["failed"] >= 3
    del service.poison["row 3"]
    code, paid, second, told = run.run()
    assert (code, second["rows"]) == (11, first["rows"]), told
    assert 1 <= paid <= 4
    assert set(run.errors()) < set(failed)
    service.poison.clear()
    code, _, third, told = run.run()
    assert (code, third["failed"], run.errors()) == (0, 0, None), told
    assert run.run()[:3] == (0, 0, third)
    assert run.run("whole")[0] == 0
    assert run.out().read_bytes() == run.out("whole").read_bytes()
    assert not (tmp_path / f"out.{format}.parts").exists()


def test_rows_that_fail_again_leave_the_output_as_it_was(tmp_path, service):
    """The same rows have failed, and nothing of what was done is lost."""
    run = Bulk(tmp_path, service, "jsonl")
    run.run()
    before, errors = run.out().read_bytes(), run.errors()
    code, _, _, told = run.run()
    assert code == 11, told
    assert (run.out().read_bytes(), run.errors()) == (before, errors)


def test_a_service_that_is_gone_leaves_the_output_as_it_was(tmp_path, service):
    """The command fails, and goes on from there once the service is back."""
    run = Bulk(tmp_path, service, "npy")
    run.run()
    before = run.out().read_bytes()
    service.token = "other"
    assert run.run()[0] == 8
    assert run.out().read_bytes() == before
    service.token = None
    service.poison.clear()
    assert run.run()[0] == 0
    assert run.run("whole")[0] == 0
    assert run.out().read_bytes() == run.out("whole").read_bytes()


@pytest.mark.parametrize("change", ["lines", "row", "short"])
def test_an_output_that_was_changed_is_not_written_over(tmp_path, service, change):
    """The message names the file and says what to do; nothing is sent."""
    run = Bulk(tmp_path, service, "jsonl")
    run.run()
    lines = run.out().read_text().splitlines(keepends=True)
    changed = {"lines": [*lines, "{}\n"], "row": ["{}\n", *lines[1:]], "short": lines[:-1]}[change]
    run.out().write_text("".join(changed))
    code, paid, _, told = run.run()
    assert (code, paid) == (2, 0)
    assert "out.jsonl" in told
    assert "--overwrite" in told
    assert run.out().read_text() == "".join(changed)
