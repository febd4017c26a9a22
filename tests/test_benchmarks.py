"""The benchmarks run: each command, with the smallest counts, for the contenders that are installed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def base():
    """A benchmark server in another process, and its address."""
    server = subprocess.Popen(
        [sys.executable, FOLDER / "server.py"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    try:
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    finally:
        server.kill()
        server.wait(10)
        server.stdout.close()


def ask(name, base, *commands):
    """The answers of one contender's worker, in this interpreter's environment."""
    done = subprocess.run(
        [sys.executable, FOLDER / "worker.py", name, base],
        input="".join(json.dumps(command) + "\n" for command in commands),
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", ["dynaclient", "dynaclient off"])
def test_a_worker_answers_each_command(name, base):
    """Calls in one thread and in several, of floats and of base64, are counted in nanoseconds and KiB."""
    answers = ask(
        name,
        base,
        {"size": "1x8", "count": 2},
        {"size": "3x8", "count": 4, "lanes": 2},
        {"size": "2x8-base64", "count": 1},
    )
    assert len(answers) == 3
    assert all(answer["cpu"] >= 0 < answer["wall"] and answer["peak"] > 0 for answer in answers), answers


def test_a_worker_says_what_it_cannot_do(base):
    """A size, mode or contender that cannot be measured is an answer with the reason."""
    (answer,) = ask("atoma-sdk", base, {"size": "1x8-base64", "count": 1})
    assert "Unable" in answer["error"]
    (answer,) = ask("nobody", base, {"size": "1x8", "count": 1})
    assert "no threads" in answer["error"]


def test_the_large_document_is_one(monkeypatch):
    """The document of the benchmark has 1,000 operations and about 3 MB, the same bytes each time."""
    monkeypatch.syspath_prepend(FOLDER)
    from bigdoc import document

    text = document()
    assert 3_000_000 < len(text) < 4_000_000
    assert text.count("operationId:") == 1000
    assert document() == text


def test_ratios_are_those_of_the_rounds(monkeypatch):
    """A ratio is the median of the ratios of each round, so that a disturbance that hits both does not count."""
    monkeypatch.syspath_prepend(FOLDER)
    from run import rated, shown

    rows = [
        {
            "figure": "call",
            "case": "1x8",
            "contender": "urllib3 + orjson",
            "cpu": 2.0,
            "unit": "us",
            "samples": [1.0, 2.0, 40.0],
        },
        {"figure": "call", "case": "1x8", "contender": "other", "cpu": 1.0, "unit": "us", "samples": [0.5, 1.0, 20.0]},
        {"figure": "call", "case": "1x8", "contender": "third", "note": "Unable: has no base64"},
    ]
    assert [row.get("ratio") for row in rated(rows)] == [1.0, 0.5, None]
    assert "0.50" in shown(rows, markdown=False)
    assert shown(rows, markdown=True).count("\n|") == 3


def test_every_contender_is_pinned_and_known(monkeypatch):
    """Each contender of the table has a maker in the worker, and each requirement a version."""
    monkeypatch.syspath_prepend(FOLDER)
    from venvs import PINNED
    from worker import MAKERS

    assert {name for entry in PINNED.values() for name in entry["contenders"]} <= set(MAKERS)
    for entry in PINNED.values():
        assert all("==" in item or item in ("-e", "..") for item in entry["requires"])
