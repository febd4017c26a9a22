"""Type stubs: what checkers and editors know of a document."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from documents import document, operation

from dynaclient.cli import main
from dynaclient.openapi.read import read
from dynaclient.openapi.stubs import stubs
from dynaclient.source import load

TYPING = Path(__file__).parent / "typing"
sys.path.insert(0, str(TYPING))

import bundled  # noqa: E402
from check_folder import PYRIGHT, mypy, pyright  # noqa: E402


def stub(whole):
    return stubs(read(whole))


def marked(path):
    """The lines that say that they are wrong."""
    return [number for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if "# wrong:" in line]


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """A folder with the calls and the stubs that they are checked by."""
    folder = tmp_path_factory.mktemp("typing")
    for name in ("right.py", "wrong.py", "odd.py"):
        (folder / name).write_bytes((TYPING / name).read_bytes())
    loaded = load(TYPING / "odd.yaml", cache=False)
    (folder / "odd_types.pyi").write_text(stubs(read(loaded.data, "odd")), "utf-8")
    (folder / "odd_types.py").write_text("")
    return folder


def lines_of(name, found):
    return sorted({number for file, number in found if file == name})


def test_the_bundled_stub_is_that_of_the_document():
    """The types that ship are made from the document that ships and from the clients' own signatures; `python tests/typing/bundled.py` makes them anew."""
    assert bundled.FILE.read_text("utf-8") == bundled.text()


def test_mypy_accepts_what_is_right_and_refuses_what_is_wrong(checked):
    """The stubs and each right call are accepted by mypy --strict, and every marked line is refused, and no other."""
    found = mypy("right.py", "wrong.py", "odd.py", "odd_types.pyi", cwd=checked)
    places = [(line.split(":")[0], int(line.split(":")[1])) for line in found]
    assert lines_of("odd_types.pyi", places) == [], found
    assert lines_of("right.py", places) == [], found
    assert lines_of("wrong.py", places) == marked(TYPING / "wrong.py")
    assert lines_of("odd.py", places) == marked(TYPING / "odd.py")


@pytest.mark.skipif(PYRIGHT is None, reason="pyright is not there: npm install pyright, DYNACLIENT_PYRIGHT")
def test_pyright_accepts_what_is_right_and_refuses_what_is_wrong(checked):
    """What mypy says is what pyright says, line by line."""
    found = pyright("right.py", "wrong.py", "odd.py", "odd_types.pyi", cwd=checked)
    places = [(file, number) for file, number, _ in found]
    assert lines_of("odd_types.pyi", places) == [], found
    assert lines_of("right.py", places) == [], found
    assert lines_of("wrong.py", places) == marked(TYPING / "wrong.py")
    assert lines_of("odd.py", places) == marked(TYPING / "odd.py")


def test_the_signature_of_a_call():
    """The bundled operation takes its arguments by keyword, with the types of their schemas, and gives the class of its reply."""
    text = bundled.FILE.read_text("utf-8")
    for part in (
        "class EmbeddingsCreate(WholeCall, Generic[_Numbers_co]):",
        "        input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int] | Numbers] | Numbers,\n        model: str,\n",
        "        dimensions: int | None = ...,\n",
        '        encoding_format: Literal["float", "base64"] | None = ...,\n',
        '        encoding_format: Literal["float"] | None = ...,\n',
        "        arrays: None = ...,\n        split: bool | int | None = ...,\n    ) -> CreateEmbeddingResponse[_Numbers_co]:\n",
        '        encoding_format: Literal["base64"],\n',
        "    ) -> CreateEmbeddingResponse[Vector]:\n",
        "    ) -> CreateEmbeddingResponse[list[float] | Vector]:\n",
        "    embeddings: Embeddings[_Numbers_co]\n",
        "    embedding: _Numbers_co\n",
    ):
        assert part in text, part


@pytest.mark.parametrize(
    "schema, expected",
    [
        ({"type": "string"}, "str"),
        ({"type": ["integer", "null"]}, "int | None"),
        ({"type": ["integer", "null"], "x-dynaclient-rarely-null": True}, "int"),
        ({"type": ["integer", "null"], "x-dynaclient-rarely-null": False}, "int | None"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "x-dynaclient-rarely-null": True}, "str"),
        ({"type": "null", "x-dynaclient-rarely-null": True}, "None"),
        ({"enum": ["a", 'b"', None]}, 'Literal["a", \'b"\'] | None'),
        ({"const": True}, "Literal[True]"),
        ({"enum": [1.5, 2.5], "type": "number"}, "float"),
        ({"type": "array", "items": {"type": "array", "items": {"type": "number"}}}, "list[list[float]]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "dict[str, int]"),
        ({"type": "object"}, "Record"),
        ({"allOf": [{"type": "string"}, {"maxLength": 3}]}, "str"),
        ({"anyOf": [{"type": "string"}, {}]}, "Any"),
        ({"type": "object", "oneOf": [{"type": "string"}, {"type": "array"}]}, "str | list[Any]"),
        ({"$ref": "#/nowhere"}, "Any"),
        ({}, "Any"),
    ],
)
def test_types_of_replies(schema, expected):
    """A schema becomes the type of what comes back."""
    text = stub(document({"/x": {"get": {"operationId": "run", **operation(reply=schema)}}}))
    assert f"    ) -> {expected}:" in text or f"    ) -> {expected}:\n" in text


PACKED = {"anyOf": [{"type": "array", "items": {"type": "number"}}, {"type": "string", "x-dynaclient-decode": {"encoding": "base64", "type": "float32"}}]}  # fmt: skip


def _packing(*parameters, reply=PACKED):
    schema = {"type": "object", "properties": {"rows": {"type": "array", "items": reply}}}
    node = {"operationId": "run", "parameters": list(parameters), **operation(reply=schema)}
    return stub(document({"/x": {"get": node}}))


def test_numbers_that_come_as_a_list_or_packed():
    """If an argument names the encoding, a list comes unless that is asked for, or the option `arrays` is given."""
    how = {"name": "how", "in": "query", "schema": {"enum": ["plain", "base64"]}}
    text = _packing(how)
    assert "    rows: list[_Numbers_co]\n" in text
    assert '        how: Literal["plain"] = ...,\n' in text
    assert '        how: Literal["base64"],\n' in text
    assert "    run: Run[_Numbers_co]\n" in text


@pytest.mark.parametrize(
    "parameters",
    [
        (),
        ({"name": "how", "in": "query", "schema": {"enum": ["plain", "other"]}},),
        ({"name": "how", "in": "query", "schema": {"enum": ["plain", "base64"], "default": "base64"}},),
    ],
)
def test_numbers_that_nobody_decides_about(parameters):
    """Where no argument says how numbers come, or they come packed by default, both types are possible."""
    text = _packing(*parameters)
    assert ") -> RunReply[list[float] | Vector]:" in text
    assert "class Run(WholeCall):" in text


@pytest.mark.parametrize("items", [{"type": "integer"}, {"type": "string"}])
def test_other_choices_are_unions(items):
    """A list of something else beside packed numbers stays a union."""
    other = {"anyOf": [{"type": "array", "items": items}, PACKED["anyOf"][1]]}
    text = _packing(reply=other)
    assert "_Numbers_co" not in text
    assert " | Vector]" in text


def test_nullable_of_openapi_3_0():
    """`nullable` of OpenAPI 3.0 allows None; what stands beside a reference there does not count."""
    schemas = {"N": {"type": "string", "nullable": True}}
    whole = document({"/x": {"get": {"operationId": "run", **operation(reply={"$ref": "#/components/schemas/N", "type": "integer"})}}},
                     components={"schemas": schemas})  # fmt: skip
    assert ") -> str | None:" in stub({**whole, "openapi": "3.0.3"})


def test_a_huge_document_keeps_its_shape():
    """Of a document with many operations each is typed by its attribute; by dotted name only where there are few."""
    paths = {f"/{n}": {"get": {"operationId": f"run{n}", "tags": ["all"], "responses": {}}} for n in range(120)}
    text = stub(document(paths))
    ast.parse(text)
    assert "    run119: AllRun119\n" in text
    assert '"all.run119"' not in text
    assert "    def curl(" in text


def test_a_document_of_hundreds_of_operations_is_typed_in_brief():
    """Beyond some hundreds of operations only what is called, sent and streamed is typed, so that checkers can read the module."""
    paths = {f"/{n}": {"get": {"operationId": f"run{n}", "tags": ["all"], "responses": {}}} for n in range(501)}
    text = stub(document(paths))
    assert "    def send(" in text
    assert "    def curl(" not in text


def test_text_that_would_end_a_docstring():
    """Whatever a document says, its stub is a Python module."""
    words = '"""\\ \\u0041 \x00 \ud800 end"'
    node = {
        "operationId": "run",
        "summary": words,
        "description": words,
        **operation({"type": "object", "properties": {words: {"enum": [words]}}}),
    }
    ast.parse(stub(document({"/x": {"post": node}}, info={"title": words, "version": "1"})))


# --- the command


def test_to_standard_output(capsysbinary):
    """`dynaclient stubs` prints the stub of the document that ships."""
    assert main(["stubs"]) == 0
    out = capsysbinary.readouterr().out.decode()
    ast.parse(out)
    assert "class Client(dynaclient.client.Client, Generic[_Numbers_co]):" in out


def test_to_a_file(tmp_path, capsysbinary):
    """With --out FILE.pyi the stub is written there, and nothing is printed."""
    assert main(["stubs", "--spec", str(TYPING / "odd.yaml"), "--out", str(tmp_path / "a" / "odd.pyi")]) == 0
    assert capsysbinary.readouterr().out == b""
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["odd.pyi"]
    ast.parse((tmp_path / "a" / "odd.pyi").read_text("utf-8"))


def test_to_a_package(tmp_path):
    """With --out FOLDER it becomes a package with py.typed, whose clients at run time are dynaclient's own; an __init__.py that is there is left alone."""
    folder = tmp_path / "odd"
    assert main(["stubs", "--spec", str(TYPING / "odd.yaml"), "--out", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["__init__.py", "__init__.pyi", "py.typed"]
    root = str(Path(__file__).parent.parent)
    code = (
        "import odd, dynaclient; assert odd.Client is dynaclient.Client and odd.AsyncClient is dynaclient.AsyncClient"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": root}, check=True)
    (folder / "__init__.py").write_text("mine = 1\n")
    assert main(["stubs", "--out", str(folder)]) == 0
    assert (folder / "__init__.py").read_text() == "mine = 1\n"
    assert "Embeddings" in (folder / "__init__.pyi").read_text("utf-8")


def test_some_operations(tmp_path, capsysbinary):
    """With --operations only those are typed; a name that is unknown is refused."""
    assert main(["stubs", "--operations", "models"]) == 0
    out = capsysbinary.readouterr().out.decode()
    assert "    models: Models\n" in out
    assert "Embeddings(" not in out
    assert main(["stubs", "--operations", "nothing"]) == 2


def test_a_name_that_is_neither(tmp_path, capsys):
    """A name with another ending is refused."""
    assert main(["stubs", "--out", str(tmp_path / "x.py")]) == 2
    assert "ends in .pyi" in capsys.readouterr().err
