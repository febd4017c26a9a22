"""Rows from several files: names, patterns and folders, packed files, and what is refused before anything is sent."""

import bz2
import gzip
import json
import lzma
from pathlib import Path

import pytest
from cases import cases

from dynaclient.bulk.files import expanded
from dynaclient.bulk.rows import open_rows
from dynaclient.bulk.selection import Selection
from dynaclient.cli import main
from dynaclient.errors import ArgumentError

LINE = ["bulk", "embeddings.create", "--model", "hash-384", "--dimensions", "4", "--server", "local"]


def placed(folder, files):
    """Files with their texts, in a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def rows_of(*names, format=None, apart=()):
    """All rows of the files that names stand for."""
    return list(open_rows(expanded(names, apart), format))


@pytest.mark.parametrize("case", cases("bulk_files.yaml"), ids=lambda case: case["what"])
def test_names_stand_for_files(case, tmp_path, monkeypatch):
    """Files stand in the order of their names; what makes no sense is refused in words."""
    monkeypatch.chdir(tmp_path)
    placed(tmp_path, case["files"])
    if "told" in case:
        with pytest.raises(ArgumentError, match=case["told"]):
            rows_of(*case["names"])
        return
    found = expanded(case["names"], [Path(name) for name in case.get("apart", ())])
    assert [path.as_posix() for path in found] == case["found"]


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_packed_files_are_rows(tmp_path, suffix, pack):
    """They are the same run as the file that they were packed from, whose digest they have."""
    plain, packed = tmp_path / "rows.csv", tmp_path / f"rows.csv{suffix}"
    plain.write_text("text,id\na,1\nb,2\n")
    packed.write_bytes(pack.compress(plain.read_bytes()))
    one, other = open_rows(plain), open_rows(packed)
    assert list(one) == list(other)
    assert (one.digest, one.size, one.lines, one.format) == (other.digest, other.size, other.lines, other.format)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_what_cannot_be_unpacked_is_told_first(tmp_path, suffix):
    """A broken archive is found when the file is opened, not when half of the rows are paid for."""
    path = tmp_path / f"rows.jsonl{suffix}"
    path.write_bytes(b'{"text": "a"}\n')
    with pytest.raises(ArgumentError, match="cannot read"):
        open_rows(path)


def test_an_archive_that_ends_too_early_is_told_first(tmp_path):
    """Its beginning would be good rows."""
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "a"}\n' * 1000)[:-9])
    with pytest.raises(ArgumentError, match=r"cannot read .*rows.jsonl.gz"):
        open_rows(path)


def test_each_file_has_the_columns(tmp_path):
    """A file that lacks one is named before a row of any is given out."""
    placed(tmp_path, {"a.csv": "text,id\na,1\n", "b.csv": "id,text\n2,b\n", "c.csv": "id,words\n3,c\n"})
    good = Selection(open_rows(expanded([str(tmp_path / "[ab].csv")])), {"input": "text"}, single=True, keep=["id"])
    assert [(row.number, row.value, row.kept) for row in good] == [(0, "a", {"id": "1"}), (1, "b", {"id": "2"})]
    assert good.about() == 2
    bad = Selection(open_rows(expanded([str(tmp_path / "*.csv")])), {"input": "text"}, single=True)
    with pytest.raises(ArgumentError, match=r"first row of c.csv has no column 'text'"):
        next(bad.values())


def test_a_folder_of_parquet_is_one_run(tmp_path):
    """Only the columns that are needed are read, and a broken file is named before a row is given out."""
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    folder = tmp_path / "data"
    (folder / "_delta_log").mkdir(parents=True)
    for name, texts in (("part-1.parquet", ["b", "c"]), ("part-0.parquet", ["a"]), ("_delta_log/x.parquet", ["no"])):
        parquet.write_table(arrow.table({"text": texts, "wide": [b"\xff"] * len(texts)}), folder / name)
    (folder / "_SUCCESS").write_text("")
    source = open_rows(expanded([str(folder)]))
    assert list(source.rows(["text"])) == [{"text": "a"}, {"text": "b"}, {"text": "c"}]
    assert Selection(source, {"input": "text"}, single=True).about() == 3
    (folder / "part-2.parquet").write_bytes((folder / "part-1.parquet").read_bytes()[:-5])
    with pytest.raises(ArgumentError, match=r"part-2.parquet cannot be read as Parquet"):
        open_rows(expanded([str(folder)]))


def test_a_folder_of_unknown_names_is_read_by_its_format(tmp_path):
    """`--rows-format` says what they are."""
    placed(tmp_path, {"d/part-0": '{"text": "a"}\n', "d/part-1": '{"text": "b"}\n', "d/_SUCCESS": ""})
    source = open_rows(expanded([str(tmp_path / "d")], every=True), "jsonl")
    assert [row["text"] for row in source] == ["a", "b"]


def test_parquet_is_known_without_its_name(tmp_path):
    """What comes from a pipe has no name."""
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"text": ["a"]}), tmp_path / "x.rows")
    assert list(open_rows(tmp_path / "x.rows")) == [{"text": "a"}]


def test_a_run_over_several_files_goes_on(tmp_path, capsys):
    """Row numbers run on; the same files are the same run, one more is another."""
    placed(tmp_path, {"a.jsonl": '{"text": "a"}\n', "b.jsonl": '{"text": "b"}\n{"text": "c"}'})
    out = tmp_path / "out.jsonl"
    said = ["--rows", str(tmp_path / "*.jsonl"), "--set", "input=text", "--out", str(out)]
    assert main([*LINE, *said]) == 0
    assert [json.loads(line)["row"] for line in out.read_text().splitlines()] == [0, 1, 2]
    assert main([*LINE, *said]) == 0  # the output matches the pattern too, and is no part of the rows
    capsys.readouterr()
    placed(tmp_path, {"c.jsonl": '{"text": "d"}\n'})
    assert main([*LINE, *said]) == 2
    assert "rows.files: was 2 and is 3" in capsys.readouterr().err


def test_rows_of_several_formats_are_refused(tmp_path, capsys):
    """Nothing is sent, and the message names a file of each."""
    placed(tmp_path, {"a.jsonl": '{"text": "a"}\n', "b.csv": "text\nb\n"})
    said = ["--rows", str(tmp_path / "a.jsonl"), "--rows", str(tmp_path / "b.csv"), "--set", "input=text"]
    assert main([*LINE, *said, "--out", str(tmp_path / "out.npy")]) == 2
    assert "b.csv' is csv" in capsys.readouterr().err


def test_standard_input_stands_alone(tmp_path, capsys):
    """It is kept for a run that goes on; files beside it are not."""
    placed(tmp_path, {"a.jsonl": '{"text": "a"}\n'})
    said = ["--rows", "-", "--rows", str(tmp_path / "a.jsonl"), "--set", "input=text"]
    assert main([*LINE, *said, "--out", str(tmp_path / "out.npy")]) == 2
    assert "--rows -:" in capsys.readouterr().err
