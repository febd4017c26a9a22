"""``dynaclient bulk``: rows of every format in, results of every format out, told in full."""

import csv
import json

import pytest

from dynaclient.bulk.grid import npy_header
from dynaclient.bulk.rows import Bad, open_rows
from dynaclient.cli import main

TEXTS = ["one", "two, three", 'say "four"', "fünf"]


def bulk(rows, out, *more, column="text", code=0):
    """Run the command on the embedded server."""
    given = ["--rows", str(rows), "--set", f"input={column}", "--out", str(out), "--model", "hash-384"]
    assert main(["bulk", "embeddings.create", *given, "--dimensions", "4", "--server", "local", *more]) == code


def written(path, format):
    """A file of the texts."""
    if format == "jsonl":
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    elif format == "txt":
        path.write_text("\n".join(TEXTS) + "\n", "utf-8")
    elif format == "parquet":
        arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        parquet.write_table(arrow.table({"text": TEXTS}), path)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            lines = csv.writer(file, delimiter="\t" if format == "tsv" else ",")
            lines.writerows([["id", "text"], *([number, text] for number, text in enumerate(TEXTS))])
    return path


def vectors(path):
    """The results of a run, whatever the format."""
    if path.suffix == ".jsonl":
        return [json.loads(text)["embedding"] for text in path.read_text().splitlines()]
    if path.suffix == ".npy":
        return pytest.importorskip("numpy").load(path).tolist()
    return pytest.importorskip("pyarrow.parquet").read_table(path)["embedding"].to_pylist()


@pytest.mark.parametrize("format", ["jsonl", "txt", "csv", "tsv", "parquet"])
def test_every_format_of_rows_says_the_same(tmp_path, format, capsys):
    """The same texts give the same results, wherever they stand."""
    bulk(
        written(tmp_path / f"rows.{format}", format), tmp_path / "a.jsonl", column="line" if format == "txt" else "text"
    )
    bulk(written(tmp_path / "plain.jsonl", "jsonl"), tmp_path / "b.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert json.loads(capsys.readouterr().out.splitlines()[0])["rows"] == 4


@pytest.mark.parametrize("format", ["npy", "parquet"])
def test_every_format_of_results_says_the_same(tmp_path, format):
    """Vectors are the same to the precision of float32."""
    rows = written(tmp_path / "rows.jsonl", "jsonl")
    bulk(rows, tmp_path / "a.jsonl")
    bulk(rows, tmp_path / f"b.{format}")
    for mine, theirs in zip(vectors(tmp_path / "a.jsonl"), vectors(tmp_path / f"b.{format}"), strict=True):
        assert mine == pytest.approx(theirs, rel=1e-6)


def test_rows_that_are_the_same_are_sent_once(tmp_path, capsys):
    """Every row has its result and its own kept columns all the same."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"id": n, "text": f"t{n % 3}"}) + "\n" for n in range(100)))
    bulk(rows, tmp_path / "whole.jsonl", "--keep", "id")
    bulk(rows, tmp_path / "once.jsonl", "--keep", "id", "--dedup")
    assert (tmp_path / "whole.jsonl").read_bytes() == (tmp_path / "once.jsonl").read_bytes()
    assert json.loads(capsys.readouterr().out.splitlines()[1])["sent"] == 3


def test_bad_rows_are_told_and_the_others_done(tmp_path, capsys):
    """What cannot be read or sent stands in the errors file with its reason, and the exit code says so."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "a"}\n{"text": \n{"text": null}\n{"other": 1}\n\n{"text": "b"}\n')
    bulk(rows, tmp_path / "out.npy", "--errors", str(tmp_path / "bad.jsonl"), code=11)
    told = [json.loads(text) for text in (tmp_path / "bad.jsonl").read_text().splitlines()]
    assert [error["row"] for error in told] == [1, 2, 3]
    assert "not JSON" in told[0]["message"]
    assert told[1]["given"] is None
    assert "no column 'text'" in told[2]["message"]
    assert json.loads(capsys.readouterr().out)["failed"] == 3


def test_a_dry_run_tells_what_it_would_come_to(tmp_path, capsys):
    """Rows, requests, tokens and cost; nothing is sent and nothing written."""
    rows = tmp_path / "rows.txt"
    rows.write_text("twelve chars\n" * 10)
    bulk(rows, tmp_path / "out.npy", "--dry-run", "--batch", "3", "--price", "2", column="line")
    assert json.loads(capsys.readouterr().out) == {"rows": 10, "sent": 10, "requests": 4, "tokens": 40, "cost": 0.00008}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.txt"]


def test_a_sample_is_the_same_each_time(tmp_path):
    """Rows that are drawn by chance keep their numbers and their order."""
    rows = tmp_path / "rows.txt"
    rows.write_text("".join(f"{n}\n" for n in range(200)))
    bulk(rows, tmp_path / "a.jsonl", "--sample", "20", column="line")
    bulk(rows, tmp_path / "b.jsonl", "--sample", "20", "--batch", "3", column="line")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    numbers = [json.loads(text)["row"] for text in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert len(numbers) == 20
    assert numbers == sorted(numbers)
    assert numbers != list(range(20))


@pytest.mark.parametrize(
    ("more", "column", "told"),
    [
        (["--set", "model=m"], "text", "of which only input differs"),
        (["--set", "nonsense=m"], "text", "takes"),
        ([], "txet", "no column 'txet'"),
        (["--keep", "id"], "text", "no column 'id'"),
        (["--take", "vector"], "text", "no 'vector'"),
        (["--limit", "0"], "text", "limit"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, capsys, more, column, told):
    """The message names the option or the column."""
    bulk(written(tmp_path / "rows.jsonl", "jsonl"), tmp_path / "out.jsonl", *more, column=column, code=2)
    assert told in capsys.readouterr().err


def test_a_file_that_stands_there_is_not_overwritten(tmp_path, capsys):
    """Unless it is asked for."""
    rows, out = written(tmp_path / "rows.jsonl", "jsonl"), tmp_path / "out.jsonl"
    out.write_text("precious")
    bulk(rows, out, code=2)
    assert out.read_text() == "precious"
    assert "--overwrite" in capsys.readouterr().err
    bulk(rows, out, "--overwrite")
    assert len(vectors(out)) == 4


def test_rows_are_read_as_they_are(tmp_path):
    """What is no row of its format is a bad row, and no reason to stop."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a,b\n1,2\n\n3\n\xff,4\n5,6\n")
    found = list(open_rows(path))
    assert [isinstance(row, Bad) for row in found] == [False, True, True, False]
    assert found[0] == {"a": "1", "b": "2"}


@pytest.mark.parametrize("shape", [(0, 0), (5, 384), (10**12, 4096)])
def test_the_header_of_an_npy_file_has_one_length(shape):
    """So that the count of rows can be put in at the end."""
    assert len(npy_header(*shape)) == 128
