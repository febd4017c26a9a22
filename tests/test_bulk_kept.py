"""Kept columns: they come out of a run with the types that they went in with."""

import datetime
import decimal
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaclient.bulk.kept import Kept, UnfitError, kept_json
from dynaclient.bulk.rows import open_rows
from dynaclient.bulk.selection import Selection
from dynaclient.cli import main
from dynaclient.errors import ArgumentError

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
LINE = ["bulk", "embeddings.create", "--model", "hash-384", "--dimensions", "4", "--server", "local"]
WHEN = datetime.datetime(2026, 3, 1, 12, 30, tzinfo=datetime.UTC)
COLUMNS = {
    "int64": arrow.array([1, None, 2**60 + 1]),
    "uint8": arrow.array([1, 2, 255], arrow.uint8()),
    "float64": arrow.array([0.1, None, float("nan")]),
    "bool": arrow.array([True, None, False]),
    "string": arrow.array(["a", None, "c"]),
    "large": arrow.array(["a", None, "c"], arrow.large_string()),
    "bytes": arrow.array([b"\xff", None, b""]),
    "nanoseconds": arrow.array([1, None, 1_700_000_000_123_456_789], arrow.timestamp("ns")),
    "zoned": arrow.array([WHEN, None, WHEN], arrow.timestamp("us", "Europe/Berlin")),
    "far": arrow.array([9_000_000_000_000, None, 0], arrow.timestamp("s")),
    "date": arrow.array([WHEN.date(), None, WHEN.date()]),
    "decimal": arrow.array([decimal.Decimal("1.10"), None, decimal.Decimal("2.25")], arrow.decimal128(12, 2)),
    "duration": arrow.array([1, None, 7], arrow.duration("ns")),
    "list": arrow.array([[1, 2], None, []], arrow.list_(arrow.int32())),
    "struct": arrow.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]),
    "category": arrow.array(["x", None, "y"]).dictionary_encode(),
    "nothing": arrow.nulls(3),
}


def bulk(rows, out, *more, code=0):
    """Run the command on the embedded server; the output."""
    names = [part for one in (rows if isinstance(rows, list) else [rows]) for part in ("--rows", str(one))]
    assert main([*LINE, *names, "--set", "input=text", "--out", str(out), *more]) == code
    return out


def kept(names):
    """The options that keep columns."""
    return [part for name in names for part in ("--keep", name)]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_parquet_keeps_its_type(tmp_path, name):
    """The type, every value and every null are those of the file of rows."""
    rows = tmp_path / "rows.parquet"
    parquet.write_table(arrow.table({"text": ["a", "b", "c"], name: COLUMNS[name]}), rows)
    found = parquet.read_table(bulk(rows, tmp_path / "out.parquet", "--keep", name))
    want = parquet.read_table(rows).column(name)
    assert found.column_names == ["row", "embedding", "error", name]
    assert found.schema.field(name).type == want.type
    got = found.column(name)
    assert got.equals(want) or str(got.to_pylist()) == str(want.to_pylist()) == "[0.1, None, nan]"


def test_every_type_of_parquet_has_a_form_in_json(tmp_path):
    """JSON Lines and the errors file hold them too, so that no run fails at its end."""
    rows = tmp_path / "rows.parquet"
    parquet.write_table(arrow.table({"text": ["a", None, "c"], **COLUMNS}), rows)
    out = bulk(rows, tmp_path / "out.jsonl", *kept(COLUMNS), code=11)
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert list(found[0]) == ["row", *COLUMNS, "embedding"]
    assert found[0]["category"] == "x"
    assert found[0]["nanoseconds"] == "1970-01-01T00:00:00"
    assert found[2]["float64"] is None
    assert list(found[1]) == ["row", *COLUMNS, "error"]
    (told,) = (json.loads(line) for line in (tmp_path / "out.jsonl.errors.jsonl").read_text().splitlines())
    assert {name: told[name] for name in COLUMNS} == {name: found[1][name] for name in COLUMNS}


def test_files_of_parquet_have_one_type(tmp_path, capsys):
    """The wider of two holds both; where none does, the run is refused before anything is sent."""
    paths = [tmp_path / f"{number}.parquet" for number in range(3)]
    columns = (arrow.array([1], arrow.int32()), arrow.array([2**40]), arrow.array(["x"]))
    for path, column in zip(paths, columns, strict=True):
        parquet.write_table(arrow.table({"id": column, "text": ["a"]}), path)
    found = parquet.read_table(bulk(paths[:2], tmp_path / "out.parquet", "--keep", "id"))
    assert found.schema.field("id").type == arrow.int64()
    assert found.column("id").to_pylist() == [1, 2**40]
    capsys.readouterr()
    bulk(paths, tmp_path / "bad.parquet", "--keep", "id", code=2)
    assert "column 'id' is int32 in 0.parquet and string in 2.parquet" in capsys.readouterr().err


@pytest.mark.parametrize("chosen", [{}, {"limit": 69_000}, {"sample": 700}])
def test_each_row_keeps_its_own(tmp_path, chosen):
    """Whatever rows are chosen, and however many groups of rows the files have."""
    rows = tmp_path / "rows.parquet"
    parquet.write_table(arrow.table({"text": ["t"] * 70_000, "id": range(70_000)}), rows, row_group_size=997)
    selection = Selection(open_rows([rows]), {"input": "text"}, single=True, keep=["id"], **chosen)
    kept = Kept(selection.source, ["id"])
    kept.begin(iter(()), ())
    numbers = [picked.number for picked in selection]
    for first in range(0, len(numbers), 65_536):
        (column,) = kept.columns(numbers[first : first + 65_536], [])
        assert column.to_pylist() == numbers[first : first + 65_536]


JSON_COLUMNS = {
    "whole numbers": ([1, None, 3], "int64"),
    "numbers": ([1, 2.5, None], "double"),
    "flags": ([True, None, False], "bool"),
    "texts": (["a", None, "c"], "string"),
    "lists": ([[1], [], None], "list<element: int64>"),
    "lists of both": ([[1], [2.5], None], "list<element: double>"),
    "objects": ([{"a": 1}, {"a": 2, "b": "x"}, None], "struct<a: int64, b: string>"),
    "nothing": ([None, None, None], "string"),
    "several kinds": ([1, "b", [True]], ["1", "b", "[true]"]),
    "flags and numbers": ([True, 1, None], ["true", "1", None]),
    "empty objects": ([{}, {}, None], ["{}", "{}", None]),
    "beyond 64 bits": ([2**64, 1, None], ["18446744073709551616", "1", None]),
    "beyond what a double holds": ([2**60 + 1, 0.5, None], ["1152921504606846977", "0.5", None]),
}


@pytest.mark.parametrize("what", JSON_COLUMNS)
def test_a_column_of_json_gets_the_type_that_holds_it(tmp_path, what):
    """Values of one kind are a column of that type; of several kinds, their JSON text, and never another value."""
    values, want = JSON_COLUMNS[what]
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"text": "a", "x": value}) + "\n" for value in values))
    found = parquet.read_table(bulk(rows, tmp_path / "out.parquet", "--keep", "x"))
    if isinstance(want, list):
        assert found.column("x").to_pylist() == want
        return
    assert str(found.schema.field("x").type) == want
    got = found.column("x").to_pylist()
    assert got == values or what == "objects"


@given(st.lists(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
), min_size=1, max_size=5))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_whatever_json_holds_is_a_column(tmp_path_factory, values):
    """No value of JSON makes the writing of a finished run fail."""
    folder = tmp_path_factory.mktemp("kept")
    source = folder / "rows.jsonl"
    source.write_text("".join(json.dumps({"x": value}) + "\n" for value in values))
    kept, rows = Kept(open_rows(source), ["x"]), [{"x": value} for value in values]
    while True:
        fields = kept.begin(iter(rows), ())
        try:
            columns = kept.columns(range(len(rows)), rows)
            break
        except UnfitError:
            continue
    parquet.write_table(arrow.table(columns, schema=arrow.schema(fields)), folder / "out.parquet")
    assert parquet.read_table(folder / "out.parquet").num_rows == len(values)


def test_columns_of_csv_are_text(tmp_path):
    """A number there may be a postcode."""
    rows = tmp_path / "rows.csv"
    rows.write_text("text,code\na,007\nb,\n")
    found = parquet.read_table(bulk(rows, tmp_path / "out.parquet", "--keep", "code"))
    assert found.column("code").to_pylist() == ["007", ""]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_column_that_the_output_has_gets_another_name(tmp_path, suffix):
    """Nothing stands twice, in any format, nor in the errors file."""
    rows = tmp_path / "rows.jsonl"
    line = {"row": 9, "embedding": "e", "error": "none", "message": "m"}
    rows.write_text(json.dumps({"text": "a", **line}) + "\n" + json.dumps({"text": None, **line}) + "\n")
    out = bulk(rows, tmp_path / f"out.{suffix}", *kept(line), code=11)
    names = ["row", "kept_row", "kept_embedding", "kept_error", "message", "embedding"]
    if suffix == "jsonl":
        assert list(json.loads(out.read_text().splitlines()[0])) == names
    else:
        assert sorted(parquet.read_table(out).column_names) == sorted([*names, "error"])
    (told,) = (json.loads(line) for line in out.with_name(out.name + ".errors.jsonl").read_text().splitlines())
    assert (told["row"], told["kept_row"], told["error"], told["kept_error"]) == (1, 9, "ArgumentError", "none")
    assert (told["embedding"], told["kept_message"]) == ("e", "m")


def test_what_has_no_form_in_json_is_text_or_null():
    """Keeping a column never fails."""
    value = {
        "a": float("inf"),
        "b": [float("nan"), 1.5],
        "c": datetime.timedelta(seconds=1),
        "d": {1: decimal.Decimal("0.1")},
    }
    assert kept_json({"x": value}, ("x",)) == {"kept_x": {"a": None, "b": [None, 1.5], "c": "0:00:01", "d": {"1": 0.1}}}


@pytest.mark.parametrize(
    ("more", "columns"),
    [
        ([], ["row", "embedding", "error"]),
        (["--take", "embedding"], ["row", "embedding", "error"]),
        (["--column", "vector"], ["row", "vector", "error"]),
        (["--take", ".", "--column", "whole"], ["row", "whole", "error"]),
        (["--take", "."], ["row", "result", "error"]),
    ],
)
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_the_column_of_results_has_one_name(tmp_path, suffix, more, columns):
    """JSON Lines and Parquet have the same columns, errors in words among them."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "a"}\n{"text": null}\n')
    out = bulk(rows, tmp_path / f"out.{suffix}", *more, code=11)
    if suffix == "parquet":
        assert parquet.read_table(out).column_names == columns
        assert "null is no input" in parquet.read_table(out).column("error").to_pylist()[1]
        return
    good, bad = (json.loads(line) for line in out.read_text().splitlines())
    assert [*good, *bad] == [*columns[:2], "row", "error"]
    assert "null is no input" in bad["error"]
    assert isinstance(good[columns[1]], dict) is (columns[1] in ("whole", "result"))


def test_a_column_of_results_is_no_other(tmp_path, capsys):
    """`row` and `error` are there already."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "a"}\n')
    bulk(rows, tmp_path / "out.jsonl", "--column", "row", code=2)
    assert "--column: 'row' is another column" in capsys.readouterr().err


def test_no_type_holds_two_that_differ(tmp_path):
    """The message names both files."""
    for name, values in (("a", [1]), ("b", [[1]])):
        parquet.write_table(arrow.table({"x": values}), tmp_path / f"{name}.parquet")
    with pytest.raises(ArgumentError, match=r"int64 in a.parquet and list<.*> in b.parquet"):
        Kept(open_rows([tmp_path / "a.parquet", tmp_path / "b.parquet"]), ["x"])
