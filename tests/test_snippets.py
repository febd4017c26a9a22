"""Calls as Python and as lines of the shell, and back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cases import cases
from documents import document

from dynaclient import OMIT, Client
from dynaclient.cli.options import make_options
from dynaclient.openapi.read import operation, read
from dynaclient.openapi.snippets import python, shell, spellings, variable
from dynaclient.testing import FakeTransport

SCHEMA = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "text": {"type": "string"},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}, {"type": "array"}]},
        "count": {"type": "number"},
        "flag": {"type": "boolean"},
        "kind": {"enum": ["a", "-", None]},
        "list": {"type": "array", "items": {"type": "string"}},
        "from": {"type": "object"},
        "any": {},
        "api_key": {"type": "string"},
        "max_tokens": {"type": "integer"},
    },
}
PATHS = {
    "/x/{id}": {
        "post": {
            "operationId": "run",
            "tags": ["jobs"],
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                {"name": "X-Trace", "in": "header", "schema": {"type": "integer"}},
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": SCHEMA}}},
            "responses": {"200": {"description": "Good.", "content": {"application/json": {}}}},
        }
    }
}
WHOLE = document(PATHS)
API = read(WHOLE)
RUN = operation(API, API.index["jobs.run"])
CASES = cases("snippets.yaml")


def request(arguments):
    """What a call with these arguments sends, credentials left out."""
    with Client(WHOLE, transport=FakeTransport()) as client:
        found = client.jobs.run.request(**arguments)
    return found.method, found.url, dict(found.headers), found.body


def ran_python(text, monkeypatch):
    """The request that a program sends."""
    sent = []

    class Recorder(Client):
        def __init__(self, spec, **options):
            super().__init__(WHOLE, transport=FakeTransport(), **options)

        def __getattr__(self, name):
            group = super().__getattr__(name)
            call = lambda **arguments: sent.append(group.run.request(**arguments))  # noqa: E731
            return type("Group", (), {"run": staticmethod(call)})

    monkeypatch.setattr("dynaclient.Client", Recorder)
    exec(compile(text, "snippet", "exec"), {})
    return sent[0].method, sent[0].url, dict(sent[0].headers), sent[0].body


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the document in it."""
    from dynaclient.openapi.media import encode_json

    found = tmp_path_factory.mktemp("snippets")
    (found / "spec.json").write_bytes(encode_json(WHOLE))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_python_sends_the_same(case, monkeypatch):
    """The program that is written for a call sends the same request."""
    text = python(RUN, case["arguments"], spec="spec.json")
    assert ran_python(text, monkeypatch) == request(case["arguments"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_the_shell_sends_the_same(case, folder, monkeypatch, capsysbinary):
    """The line that is written for a call is read by a POSIX shell and by the command as the same request."""
    from dynaclient.cli import main
    from dynaclient.openapi.media import decode_json

    line = shell(RUN, case["arguments"], WHOLE, spec="spec.json")
    words = subprocess.run(
        ["sh", "-c", f"dynaclient() {{ for word; do printf '%s\\0' \"$word\"; done; }}\n{line}"], capture_output=True, check=True
    ).stdout.decode().split("\0")[:-1]  # fmt: skip
    monkeypatch.chdir(folder)
    assert main([*words, "--dry-run", "-o", "json"]) == 0
    shown = decode_json(capsysbinary.readouterr().out)
    method, url, headers, body = request(case["arguments"])
    assert (shown["method"], shown["url"], shown["body"]) == (method, url, decode_json(body))
    assert shown["headers"].get("X-Trace") == headers.get("X-Trace")


def test_how_they_look():
    """Short calls stand on one line, long ones on several; Python names and spellings of the shell are those of people."""
    arguments = {"id": "7", "text": "it's", "from_": {"a": 1}, "any": OMIT}
    assert python(RUN, arguments, server="local") == (
        'import dynaclient\n\nwith dynaclient.Client(server="local") as client:\n'.replace('"', "'")
        + '    reply = client.jobs.run(id="7", text="it\'s", from_={\'a\': 1})\n'
        "    print(reply)\n"
    )
    assert shell(RUN, arguments, WHOLE, server="local") == (
        "dynaclient call jobs.run --id 7 --text 'it'\"'\"'s' --from '{\"a\":1}' --server local"
    )
    many = python(RUN, {"id": "7", "text": "x" * 90}, waits=True)
    assert many.startswith(
        "import asyncio\n\nimport dynaclient\n\n\nasync def main():\n    async with dynaclient.AsyncClient()"
    )
    assert f'            text="{"x" * 90}",\n' in many


def test_nothing_secret_is_shown():
    """A text under the name of a credential is a variable, or redacted within a body and among header fields; a number under such a name stands."""
    arguments = {
        "id": "7", "text": "t", "api_key": "s3cret", "max_tokens": 5, "from_": {"password": "s3cret", "deep": [{"token": "s3cret"}]},
        "headers": {"Authorization": "Bearer s3cret", "X-A": "1"},
    }  # fmt: skip
    for text in (python(RUN, arguments), shell(RUN, arguments, WHOLE)):
        assert "s3cret" not in text
        assert "[redacted]" in text
    assert 'api_key=os.environ["API_KEY"]' in python(RUN, arguments)
    assert "max_tokens=5" in python(RUN, arguments)
    assert '--api-key="$API_KEY"' in shell(RUN, arguments, WHOLE)


def test_call_options():
    """Call options stand in both as they are given there."""
    arguments = {"id": "7", "text": "t", "timeout": 3, "retries": {"maxAttempts": 2}, "headers": {"X-A": "b c"}}
    assert shell(RUN, arguments, WHOLE).endswith("--timeout 3 --retries max-attempts=2 --header 'X-A: b c'")
    assert "timeout=3" in python(RUN, arguments)


def test_files(tmp_path):
    """A file stands in Python as its path and in the shell behind an at sign."""
    schema = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
    paths = {
        "/x": {
            "post": {
                "operationId": "run",
                "responses": {},
                "requestBody": {"content": {"multipart/form-data": {"schema": schema}}},
            }
        }
    }
    api = read(document(paths))
    made = operation(api, api.index["run"])
    assert 'file=Path("a.png")' in python(made, {"file": Path("a.png")})
    assert "from pathlib import Path" in python(made, {"file": Path("a.png")})
    assert shell(made, {"file": Path("a.png")}, api.document).endswith("--file @a.png")


def test_the_spellings_are_those_of_the_command():
    """An option is spelled as `dynaclient call` spells it."""
    assert spellings(RUN.arguments).items() <= make_options(RUN, WHOLE).spelled.items()


@pytest.mark.parametrize("name, expected", [("api_key", "API_KEY"), ("X-Api-Key", "X_API_KEY"), ("päss", "P_SS")])
def test_names_of_variables(name, expected):
    """A secret's variable is a name that every shell takes."""
    assert variable(name) == expected


def test_a_program_runs(tmp_path):
    """The program of a call to the document that ships runs as it stands."""
    from dynaclient.source import load

    api = read(load(None).data)
    made = operation(api, api.index["embeddings.create"])
    text = python(made, {"input": ["a", "b"], "model": "hash-384"}, server="local")
    root = str(Path(__file__).parent.parent)
    run = subprocess.run(
        [sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "hash-384" in run.stdout
