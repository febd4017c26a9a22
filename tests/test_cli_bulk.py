"""``dynaclient bulk`` and ``call --split`` as people meet them: odd rows, odd outputs, odd options; each is told in one message, or done."""

import json
import os
import tempfile
import threading

import pytest
from cases import cases
from loopback import Loopback, reply
from shell import apart, run  # noqa: F401 - fixtures

LINE = ["bulk", "embeddings.create", "--model", "hash-384", "--dimensions", "4", "--server", "local"]


@pytest.mark.parametrize("case", cases("cli_bulk.yaml"), ids=lambda case: case["what"])
def test_what_is_odd_is_told_or_done(run, tmp_path, monkeypatch, case):  # noqa: F811
    """Rows that can be read are done, the others told; what makes no sense is refused before anything is sent, and leaves nothing behind."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    if "rows" in case:
        (folder / case["file"]).write_bytes(case["rows"].encode("latin-1"))
    out = case.get("out", "out.jsonl")
    if out.endswith("/"):
        (folder / out).mkdir()
    before = sorted(folder.rglob("*"))
    said = ["--rows", case["file"], "--set", f"input={case.get('column', 'text')}", "--out", out]
    code, _, err = run(*case.get("before", ()), *LINE, *said, *case.get("line", ()))
    assert code == case.get("code", 0), err
    assert "bug" not in err
    for part in case.get("says", ()):
        assert part in err
    if code == 2:
        assert sorted(folder.rglob("*")) == before
    if "good" in case:
        found = [json.loads(line) for line in (folder / out).read_text().splitlines()]
        assert [row["row"] for row in found if "embedding" in row] == case["good"]
    if "bad" in case:
        told = [json.loads(line) for line in (folder / f"{out}.errors.jsonl").read_text().splitlines()]
        assert [error["row"] for error in told] == list(case["bad"])
        for error, part in zip(told, case["bad"].values(), strict=True):
            assert part in error["message"]


def test_rows_of_a_dry_run_are_not_kept(run, tmp_path, monkeypatch):  # noqa: F811
    """What came on standard input is deleted when it has been counted."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code, out, _ = run(
        *LINE, "--rows", "-", "--set", "input=line", "--out", tmp_path / "x.npy", "--dry-run", stdin=b"a\nb\n"
    )
    assert (code, json.loads(out)["rows"]) == (0, 2)
    assert not list(tmp_path.glob("*.rows")) + list(tmp_path.glob(".*.rows"))
    assert not (tmp_path / "x.npy").exists()


def test_rows_of_a_run_that_is_not_begun_are_not_kept(run, tmp_path):  # noqa: F811
    """Rows for which there is no run leave nothing behind, and those of a complete one are deleted."""
    said = ["--rows", "-", "--set", "input=line", "--out", tmp_path / "o" / "x.jsonl"]
    assert run(*LINE, *said, "--take", "no", stdin=b"a\n")[0] == 2
    assert run(*LINE, *said, "--tokenizer", "no.json", stdin=b"a\n")[0] == 2
    assert list((tmp_path / "o").iterdir()) == [tmp_path / "o" / "x.jsonl.rows"]
    assert run(*LINE, *said, stdin=b"a\n")[0] == 0
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["x.jsonl", "x.jsonl.manifest.json"]
    assert run(*LINE, *said, stdin=b"b\n")[0] == 2
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["x.jsonl", "x.jsonl.manifest.json"]
    assert run(*LINE, *said, stdin=b"a\n")[0] == 0


@pytest.mark.skipif(os.name != "posix", reason="POSIX only")
def test_rows_from_a_pipe_are_read_once(run, tmp_path):  # noqa: F811
    """A named pipe, or what a shell makes of ``<(...)``, is as good as standard input."""
    pipe, out = tmp_path / "pipe", tmp_path / "x.jsonl"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"a\nb\n"))
    writer.start()
    code, shown, err = run(*LINE, "--rows", pipe, "--set", "input=line", "--out", out)
    writer.join()
    assert code == 0, err
    assert json.loads(shown)["rows"] == len(out.read_text().splitlines()) == 2


def test_standard_input_is_read_for_one_thing(run, tmp_path):  # noqa: F811
    """Rows and an argument cannot both come from there."""
    said = ["--rows", "-", "--set", "input=line", "--out", tmp_path / "x.jsonl", "--user", "-"]
    code, _, err = run(*LINE, *said, stdin=b"a\n")
    assert code == 2
    assert "standard input was read for --user already" in err


def test_what_failed_before_anything_was_done_may_be_said_otherwise(run, tmp_path):  # noqa: F811
    """A misspelled column needs no --overwrite afterwards."""
    rows, out = tmp_path / "rows.csv", tmp_path / "out.jsonl"
    rows.write_text("text\na\n")
    assert run(*LINE, "--rows", rows, "--set", "input=txet", "--out", out)[0] == 2
    assert run(*LINE, "--rows", rows, "--set", "input=text", "--out", out)[0] == 0


def test_a_service_that_does_not_answer_is_no_fault_of_the_disk(run, tmp_path, monkeypatch):  # noqa: F811
    """It is told as what it is, with the exit code of a time-out, after a few tries and not after one for each half of each half."""
    rows, server = tmp_path / "rows.txt", Loopback()
    rows.write_text("a text\n" * 64)
    server.script(lambda wire: wire.sock.recv(1))
    monkeypatch.setenv("DYNACLIENT_BEARER_AUTH", "k")
    line = ["bulk", "embeddings.create", "--model", "m", "--server", server.origin, "--timeout", "0.2"]
    said = ["--rows", rows, "--set", "input=line", "--out", tmp_path / "x.npy", "--in-flight", "1", "--retries", "none"]
    code, _, err = run(*line, *said)
    server.close()
    assert code == 6, err
    assert "the output cannot be written" not in err
    assert len(server.requests) <= 5


def test_numbers_hold_no_columns(run, tmp_path):  # noqa: F811
    """What would be kept and cannot be is refused."""
    rows = tmp_path / "rows.csv"
    rows.write_text("text,id\na,1\n")
    code, _, err = run(*LINE, "--rows", rows, "--set", "input=text", "--keep", "id", "--out", tmp_path / "x.npy")
    assert code == 2
    assert "--keep: a .npy file holds numbers only" in err


CALL = ["call", "embeddings.create", "--model", "hash-384", "--server", "local", "--input", '["a", "b", "c"]']


@pytest.mark.parametrize(
    ("split", "requests"), [([], 1), (["--split"], 1), (["--split", "2"], 2), (["--split", "1"], 3)]
)
def test_one_call_is_sent_as_several(run, split, requests):  # noqa: F811
    """The reply is that of one, whatever the number of requests."""
    code, out, err = run(*CALL, "-v", "--query", "data[].index", *split)
    assert (code, json.loads(out)) == (0, [0, 1, 2])
    assert err.count("attempt 1: 200") == requests


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--split", "0"], "'0' is neither a whole number above 0 nor `auto`"),
        (["--split", "all"], "'all' is neither"),
        (["--split", "--dry-run"], "--split and --dry-run cannot be used together"),
        (["--split", "--curl"], "--split and --curl"),
        (["--split", "-o", "raw"], "--split and -o raw"),
        (["--split", "--output-file", "x.json"], "--output-file and --split"),
    ],
)
def test_what_cannot_be_sent_as_several_is_refused(run, more, told):  # noqa: F811
    """Before anything is sent."""
    code, _, err = run(*CALL, *more)
    assert code == 2
    assert told in err


def test_only_what_can_be_split_has_the_option(run):  # noqa: F811
    """The page of an operation shows it where the document says how it batches; elsewhere it is refused."""
    assert "--split" in run("call", "embeddings.create", "--help")[1]
    assert "--split" not in run("call", "models.list", "--help")[1]
    assert "--split" not in run("bulk", "embeddings.create", "--help")[1]
    code, _, err = run("call", "models.list", "--server", "local", "--split")
    assert code == 2
    assert "--split: the document does not say how" in err


def embedded(bad):
    """What a service does that embeds texts, and refuses a request that holds a bad one without a word on which it is."""

    def step(wire):
        texts = json.loads(wire.request.body)["input"]
        if bad.intersection(texts):
            reply(400, b'{"error": {"message": "no"}}', "Content-Type: application/json")(wire)
            return
        data = [{"object": "embedding", "index": n, "embedding": [1.0, n]} for n, _ in enumerate(texts)]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        body = {"object": "list", "model": "m", "data": data, "usage": usage}
        reply(200, json.dumps(body).encode(), "Content-Type: application/json")(wire)

    return step


def test_exactly_the_bad_rows_among_many_are_told(run, tmp_path):  # noqa: F811
    """Of some thousand rows those that the service refuses stand in the errors file, and all others in the output."""
    bad = {f"t{number * 389 % 3000}" for number in range(17)}
    rows, out, errors = tmp_path / "rows.txt", tmp_path / "out.jsonl", tmp_path / "bad.jsonl"
    rows.write_text("".join(f"t{number}\n" for number in range(3000)))
    server = Loopback()
    server.script(embedded(bad))
    said = [
        "--rows",
        rows,
        "--set",
        "input=line",
        "--out",
        out,
        "--errors",
        errors,
        "--model",
        "m",
        "--bearer-auth",
        "k",
    ]
    code, shown, err = run("bulk", "embeddings.create", *said, "--server", server.origin)
    server.close()
    assert code == 11, err
    assert {json.loads(line)["given"] for line in errors.read_text().splitlines()} == bad
    assert [place for place, line in enumerate(out.read_text().splitlines()) if '"embedding"' in line] == [
        number for number in range(3000) if f"t{number}" not in bad
    ]
    assert json.loads(shown)["requests"] == len(server.requests) < 400


def test_a_run_that_breaks_off_says_how_to_go_on(run, tmp_path):  # noqa: F811
    """What is done is kept, and the same command does the rest."""
    rows = tmp_path / "rows.txt"
    rows.write_text("".join(f"t{number}\n" for number in range(100)))
    server, good = Loopback(), embedded(set())

    def step(wire):
        if len(server.requests) == 3:
            reply(401, b"{}", "Content-Type: application/json")(wire)
        else:
            good(wire)

    server.script(step)
    said = ["--rows", rows, "--set", "input=line", "--out", tmp_path / "out.npy", "--model", "m", "--bearer-auth", "k"]
    line = ["bulk", "embeddings.create", *said, "--server", server.origin, "--batch", "10", "--in-flight", "1"]
    code, _, err = run(*line)
    assert code != 0
    assert "20 of 100 rows are done and kept; the same command goes on from there" in err
    assert run(*line)[0] == 0
    server.close()


@pytest.mark.parametrize(
    ("status", "body", "code", "says"),
    [
        (
            429,
            {"error": {"code": "insufficient_quota", "message": "x"}},
            9,
            "look at the account's plan, credit and limits at the service, then give the same command again",
        ),
        (402, {"error": {"message": "x"}}, 8, "More attempts do not help: look at the account's plan"),
        (200, {"data": []}, 7, "`dynaclient call embeddings.create --validate warn` prints such a reply"),
        (200, "<html>", 7, "`dynaclient call embeddings.create -o raw` prints such a reply"),
    ],
)
def test_what_ends_a_run_says_what_to_do(run, tmp_path, status, body, code, says):  # noqa: F811
    """The words are those for many rows: nothing about attempts, nor about a reply that this command would print."""
    (tmp_path / "rows.txt").write_text("a\n" * 20)
    server = Loopback()
    server.script(
        reply(status, json.dumps(body).encode() if body != "<html>" else b"<", "Content-Type: application/json")
    )
    said = ["--rows", tmp_path / "rows.txt", "--set", "input=line", "--out", tmp_path / "out.npy", "--model", "m"]
    line = ["bulk", "embeddings.create", *said, "--server", server.origin, "--batch", "2", "--bearer-auth", "k"]
    found, _, err = run(*line)
    server.close()
    assert (found, says in err, "--retries N" in err) == (code, True, False), err
    assert "does not answer" not in err
