"""The shell command: calls, help pages, settings and errors, in process."""

import io
import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from loopback import reply

from dynaclient.cli import main
from dynaclient.cli.app import root_command
from dynaclient.local import App, LocalServer
from dynaclient.openapi.read import read

CASES = Path(__file__).parent / "cases"
ERRORS = yaml.safe_load((CASES / "cli_errors.yaml").read_text())
CANARY = "canary-5d1f7be2c3a94e6f"


def things(**changes):
    """A document with one operation that takes one argument of each kind, and another with a name of its own."""
    make = {
        "operationId": "make",
        "tags": ["things"],
        "summary": "Make a thing.",
        "description": "Makes one [thing](https://example.test) of the given shape.\n\nA second paragraph.",
        "parameters": [
            {"name": "shape", "in": "query", "schema": {"enum": ["round", "square"]}, "description": "Its shape."},
            {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {
                            "size": {"type": "integer", "minimum": 1, "default": 3, "description": "How big."},
                            "name": {"type": "string", "description": "What it is called."},
                            "parts": {"type": "array", "items": {"type": "string"}},
                            "loud": {"type": "boolean"},
                            "from": {"type": "string"},
                        },
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": "The thing.",
                "content": {
                    "application/json": {
                        "schema": {"type": "object"},
                        "example": {"id": 1, "rows": [{"a": 1, "b": "x"}]},
                    }
                },
            },
            "4XX": {"description": "No thing."},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "servers": [{"url": "https://api.test", "x-speakeasy-server-id": "main"}],
        "security": [{"token": []}],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "x-dynaclient-env": "THINGS_TOKEN"}}
        },
        "paths": {"/things": {"post": {**make, **changes}}},
    }


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    """No setting or credential of the machine reaches a test."""
    import os

    for name in list(os.environ):
        if name.startswith(("DYNACLIENT_", "ATOMA", "OPENAI", "_DYNACLIENT", "THINGS")) or name.endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def spec(tmp_path):
    """The path of a small document."""
    path = tmp_path / "things.json"
    path.write_text(json.dumps(things(), indent=1))
    return path


@pytest.fixture
def run(capsysbinary, monkeypatch):
    """Runs a command line in process: ``run(*arguments, stdin=...)`` gives exit code, standard output and error."""

    def run(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main([str(argument) for argument in arguments])
        out, err = capsysbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


def sent(run, spec, *arguments, **more):
    """What a dry run of the operation would send."""
    code, out, err = run("--spec", spec, "call", "things.make", *arguments, "--dry-run", **more)
    assert code == 0, err
    return json.loads(out)


# --- calls


def test_the_shipped_operation_answers(run):
    """A call of the document that ships, at the embedded server, gives the length that a query asks for."""
    line = ["call", "embeddings.create", "--input", "hello", "--model", "hash-384", "--server", "local"]
    assert run(*line, "--query", "length(data[0].embedding)") == (0, "384\n", "")


def test_standard_input_may_hold_a_list(run):
    """A list on standard input gives one result for each item, in order."""
    line = ["call", "embeddings.create", "--input", "-", "--model", "hash-384", "--server", "local"]
    code, out, _ = run(*line, stdin=b'["a", "b"]\n')
    assert code == 0
    assert [item["index"] for item in json.loads(out)["data"]] == [0, 1]


def test_packed_vectors_are_printed_as_numbers(run):
    """Vectors that travel in base64 are printed as lists of numbers."""
    line = ["call", "embeddings.create", "--input", "a", "--model", "hash-384", "--server", "local"]
    _, out, _ = run(*line, "--encoding-format", "base64", "--query", "data[0].embedding")
    assert len(json.loads(out)) == 384


def test_arguments_go_where_the_document_says(run, spec):
    """Query, header and body arguments stand in their places, converted by their schemas."""
    line = [
        "--name",
        "n",
        "--size",
        "4",
        "--shape",
        "round",
        "--x-trace",
        "t",
        "--parts",
        "a",
        "--parts",
        "b",
        "--loud",
    ]
    request = sent(run, spec, *line, "--from", "here")
    assert request["method"] == "POST"
    assert request["url"] == "https://api.test/things?shape=round"
    assert request["headers"]["X-Trace"] == "t"
    assert request["body"] == {"name": "n", "size": 4, "parts": ["a", "b"], "loud": True, "from": "here"}


@pytest.mark.parametrize("option", ["--x-trace", "--x_trace", "--X-Trace"])
def test_every_spelling_of_a_name_is_taken(run, spec, option):
    """An option may be written with dashes, as in Python, or as on the wire."""
    assert sent(run, spec, "--name", "n", option, "t")["headers"]["X-Trace"] == "t"


def test_a_flag_may_say_no(run, spec):
    """A boolean takes a value, or means true without one."""
    assert sent(run, spec, "--loud", "false", "--name", "n")["body"]["loud"] is False
    assert sent(run, spec, "--loud", "--name", "n")["body"]["loud"] is True


def test_values_that_look_like_options_are_values(run, spec):
    """What follows an option is its value, whatever it looks like."""
    assert sent(run, spec, "--name", "--size")["body"]["name"] == "--size"


@pytest.mark.parametrize(
    ("name", "content"),
    [("b.json", '{"name": "n", "size": 1}'), ("b.yaml", "name: n\nsize: 1\n"), ("-", '{"name": "n", "size": 1}')],
)
def test_a_whole_body_with_options_over_it(run, spec, tmp_path, name, content):
    """The body may come from JSON, YAML or standard input; single options are laid over it."""
    value = name
    if name != "-":
        (tmp_path / name).write_text(content)
        value = f"@{tmp_path / name}"
    body = sent(run, spec, "--body", value, "--size", "9", stdin=content.encode())["body"]
    assert body == {"name": "n", "size": 9}


def test_the_bytes_of_a_reply_are_kept_raw(run, spec, server):
    """With raw output the body is written byte for byte, and nothing else."""
    server.script(reply(200, b'{"a":  1}\n\n', "Content-Type: application/json"))
    line = ["call", "things.make", "--name", "n", "--server", server.origin, "--bearer-auth", "x", "-o", "raw"]
    assert run("--spec", spec, *line) == (0, '{"a":  1}\n\n', "")


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("json", '{"id":1,"rows":[{"a":1,"b":"x"}]}\n'),
        ("yaml", "id: 1\nrows:\n  - a: 1\n    b: x\n"),
        ("table", "id  1\n\nrows\n  A  B\n  1  x\n"),
    ],
)
def test_results_have_the_form_that_was_asked_for(run, spec, output, text):
    """One result as JSON, YAML and a table, each with one line end behind it."""
    assert run("--spec", spec, "call", "things.make", "--name", "n", "--server", "local", "-o", output) == (0, text, "")


def test_attempts_are_told(run, spec):
    """With -v each attempt is on standard error, with its status and the wait after it, and the result alone on standard output."""
    from dynaclient.local import Faults

    app = App(read(things()), faults=Faults(["503:1"]))
    with LocalServer(app) as local:
        line = ["call", "things.make", "--name", "n", "--server", local.url, "--bearer-auth", CANARY, "-v"]
        code, out, err = run("--spec", spec, *line, "--retries", "maxAttempts=2,initialInterval=1,statusCodes=503")
    assert code == 0
    assert json.loads(out)["id"] == 1
    assert "POST http://127.0.0.1" in err
    assert re.search(r"attempt 1: 503, 0\.\d+ s; waiting 0\.\d+ s before the next attempt", err)
    assert "attempt 2: 200" in err
    assert CANARY not in err


@pytest.mark.parametrize(("status", "code"), [(400, 8), (401, 8), (429, 9), (500, 10)])
def test_what_the_service_refuses_has_its_exit_code(run, spec, server, status, code):
    """A reply of 4XX or 5XX ends with its exit code, the service's own words on standard error, and nothing on standard output."""
    server.script(reply(status, b'{"error": {"message": "Not \\u001b[31mtoday"}}', "Content-Type: application/json"))
    line = [
        "call",
        "things.make",
        "--name",
        "n",
        "--server",
        server.origin,
        "--bearer-auth",
        CANARY,
        "--retries",
        "none",
    ]
    ended, out, err = run("--spec", spec, *line)
    assert (ended, out) == (code, "")
    assert "today" in err
    assert "\x1b" not in err
    assert CANARY not in err


def test_a_reply_that_breaks_the_schema_can_be_printed_all_the_same(run, spec, server):
    """A reply that breaks the schema ends with 7; with --validate warn it is printed, and the problem is a warning."""
    server.script(*[reply(200, b"[1]", "Content-Type: application/json")] * 2)
    line = ["--spec", spec, "call", "things.make", "--name", "n", "--server", server.origin, "--bearer-auth", "x"]
    code, out, err = run(*line)
    assert (code, out) == (7, "")
    assert "--validate warn" in err
    code, out, err = run(*line, "--validate", "warn")
    assert (code, out) == (0, "[1]\n")
    assert "dynaclient: warning:" in err


# --- settings


def test_call_options_stand_anywhere(run, spec):
    """A call option means the same before the command, before the operation and after it; the one further right wins."""
    for line in (
        ["--spec", spec, "--server", "http://a.test", "call", "things.make"],
        ["call", "--spec", spec, "--server", "http://a.test", "things.make"],
        ["call", "things.make", "--spec", spec, "--server", "http://a.test"],
        ["--server", "http://b.test", "call", "things.make", f"--spec={spec}", "--server", "http://a.test"],
    ):
        _, out, _ = run(*line, "--name", "n", "--dry-run", "--query", "url", "-o", "raw")
        assert out == "http://a.test/things\n"


def test_settings_come_from_the_environment(run, spec, monkeypatch):
    """Call options and arguments may stand in the environment; what is typed wins."""
    monkeypatch.setenv("DYNACLIENT_SPEC", str(spec))
    monkeypatch.setenv("DYNACLIENT_SERVER", "http://a.test")
    monkeypatch.setenv("DYNACLIENT_DRY_RUN", "1")
    monkeypatch.setenv("DYNACLIENT_HEADER", "X-One: 1 and more\nX-Two: 2")
    monkeypatch.setenv("DYNACLIENT_CALL_THINGS_MAKE_NAME", "with some space")
    _, out, _ = run("call", "things.make")
    request = json.loads(out)
    assert request["url"] == "http://a.test/things"
    assert request["body"] == {"name": "with some space"}
    assert (request["headers"]["X-One"], request["headers"]["X-Two"]) == ("1 and more", "2")
    _, out, _ = run("--server", "http://b.test", "call", "things.make", "--name", "n")
    assert json.loads(out)["url"] == "http://b.test/things"


def test_headers_add_up(run, spec):
    """Headers that are given at several places of the line are all sent."""
    _, out, _ = run(
        "--spec", spec, "--header", "A: 1", "call", "things.make", "--name", "n", "--header", "B: 2", "--dry-run"
    )
    headers = json.loads(out)["headers"]
    assert (headers["A"], headers["B"]) == ("1", "2")


def test_the_operations_own_parameter_wins(run, spec, tmp_path):
    """Behind the operation an option that the document declares is the document's; before it, it is the call's."""
    names = ["server", "timeout", "output", "query", "spec", "header", "body", "help", "dry_run"]
    document = things(parameters=[{"name": name, "in": "query", "schema": {"type": "string"}} for name in names])
    spec.write_text(json.dumps(document))
    options = [text for name in names for text in (f"--{name}", f"of-{name}")]
    line = ["--spec", spec, "--dry-run", "--server", "http://a.test", "call", "things.make", "--name", "n", *options]
    code, out, err = run(*line, "-o", "raw")
    assert code == 0, err
    assert json.loads(out)["url"] == "http://a.test/things?" + "&".join(f"{name}=of-{name}" for name in names)


def test_a_document_is_named_before_an_operation_that_claims_its_option(run, spec):
    """Where the operation has a parameter `spec`, the message says where to name the document."""
    spec.write_text(json.dumps(things(parameters=[{"name": "spec", "in": "query", "schema": {"type": "string"}}])))
    code, _, err = run("call", "things.make", "--spec", spec, "--name", "n")
    assert code == 2
    assert f"dynaclient --spec {spec} call things.make" in err


# --- secrets


@pytest.mark.parametrize("option", ["--dry-run", "--curl"])
@pytest.mark.parametrize("way", ["argument", "environment", "header"])
def test_no_secret_is_printed(run, spec, monkeypatch, option, way):
    """A credential is printed neither by a dry run nor by a curl line, wherever it came from."""
    line = ["--spec", spec, "call", "things.make", "--name", "n", option]
    if way == "argument":
        line += ["--bearer-auth", CANARY]
    elif way == "header":
        line += ["--header", f"X-Api-Key: {CANARY}"]
    else:
        monkeypatch.setenv("THINGS_TOKEN", CANARY)
    code, out, err = run(*line)
    assert code == 0
    assert "things" in out
    assert CANARY not in out + err


@pytest.mark.parametrize(
    "line",
    [
        ["--bearer-auth", CANARY + "\n", "--name", "n"],
        ["--bearer-auth", "", CANARY, "--name", "n"],
        ["--bearer-auht", CANARY, "--name", "n"],
        [f"--bearer-auht={CANARY}", "--name", "n"],
        ["--header", f"Authorization {CANARY}", "--name", "n"],
        ["--header", f"X-Key: {CANARY}\r\nx", "--name", "n"],
        ["--server", f"http://user:{CANARY}@127.0.0.1:1", "--name", "n"],
        ["--server", "http://127.0.0.1:1", "--retries", "none", "--bearer-auth", CANARY, "--name", "n"],
    ],
)
@pytest.mark.parametrize("more", [[], ["-v"], ["--error-format", "json"]])
def test_no_error_holds_a_secret(run, spec, line, more):
    """A credential that is wrong, misplaced or of no use is in no message."""
    code, out, err = run("--spec", spec, "call", "things.make", *line, *more)
    assert code != 0
    assert CANARY not in out + err


def test_describe_tells_whether_a_credential_is_set(run, spec, monkeypatch):
    """The description names the variable of a credential and whether it is set, never its value."""
    _, out, _ = run("--spec", spec, "describe", "things.make")
    assert "THINGS_TOKEN or --bearer-auth (not set)" in out
    monkeypatch.setenv("THINGS_TOKEN", CANARY)
    _, out, _ = run("--spec", spec, "describe", "things.make")
    assert "THINGS_TOKEN or --bearer-auth (set)" in out
    assert CANARY not in out


# --- errors


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: " ".join(case["line"]).encode("ascii", "replace").decode())
def test_a_mistake_gets_a_message_and_an_exit_code(run, spec, monkeypatch, case):
    """Every mistake ends with its exit code and a message that says what to do, never with a traceback."""
    monkeypatch.setenv("DYNACLIENT_SPEC", str(spec))
    code, out, err = run(*case["line"])
    assert code == case["code"], err
    assert out == ""
    assert err.startswith("dynaclient: error: ")
    assert "Traceback" not in err
    for part in case["says"]:
        assert part in err


def test_errors_can_be_read_by_programs(run, spec):
    """With --error-format json an error is one line of JSON on standard error, with its problems."""
    code, _, err = run("--spec", spec, "call", "things.make", "--size", "big", "--error-format", "json")
    error = json.loads(err)["error"]
    assert (code, error["exit_code"], error["type"]) == (2, 2, "ArgumentError")
    assert [problem["where"] for problem in error["problems"]] == ["--name", "--size"]
    assert error["problems"][1]["pointer"].endswith("/size/type")


def test_usage_errors_can_be_read_by_programs(run):
    """An error in the line itself is JSON too."""
    code, _, err = run("--error-format=json", "cal")
    assert (code, json.loads(err)["error"]["exit_code"]) == (2, 2)


def test_a_bug_is_told_on_one_line(run, spec, monkeypatch):
    """An exception that nobody expected gives one line without its text, and a traceback only where it is asked for."""
    import dynaclient.cli.run

    def broken(*_):
        raise LookupError(CANARY)

    monkeypatch.setattr(dynaclient.cli.run, "arguments_of", broken)
    line = ["--spec", spec, "call", "things.make", "--name", "n", "--server", "local"]
    code, _, err = run(*line)
    assert code == 1
    assert "this is a bug in dynaclient: LookupError" in err
    assert "Traceback" not in err
    assert CANARY not in err
    monkeypatch.setenv("DYNACLIENT_DEBUG", "1")
    assert "Traceback" in run(*line)[2]


def test_an_interrupted_command_ends_with_130(run, spec, monkeypatch):
    """Ctrl-C ends a call quietly with 130."""
    import dynaclient.cli.run

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(dynaclient.cli.run, "arguments_of", interrupted)
    code, out, err = run("--spec", spec, "call", "things.make", "--server", "local")
    assert (code, out, err.strip()) == (130, "", "")


# --- help


def test_the_help_page_begins_with_the_operation(run, spec):
    """The page of an operation shows its arguments first, the required ones before the others, then its body, then call options."""
    _, out, _ = run("--spec", spec, "call", "things.make", "--help")
    places = [
        out.index(text)
        for text in (
            "Make a thing.",
            "Arguments:",
            "--shape round|square",
            "--x-trace TEXT",
            "Body:",
            "--name TEXT",
            "--size INTEGER",
            "--body",
            "Call options:",
            "--server",
        )
    ]
    assert places == sorted(places)
    flat = " ".join(out.split())
    assert "What it is called. [required]" in flat
    assert "How big. [>=1; service's default: 3]" in flat
    assert "Makes one thing of the given shape." in flat
    assert "A second paragraph." not in flat


def test_the_help_page_follows_the_document(run, spec):
    """An edited document changes the commands: parameters and operations that are added, renamed or removed."""
    first = things()
    assert "--color" not in run("--spec", spec, "call", "things.make", "--help")[1]
    first["paths"]["/things"]["post"]["parameters"].append(
        {"name": "color", "in": "query", "schema": {"enum": ["red"]}}
    )
    spec.write_text(json.dumps(first))
    assert "--color red" in run("--spec", spec, "call", "things.make", "--help")[1]
    first["paths"]["/things"]["post"]["operationId"] = "build"
    spec.write_text(json.dumps(first))
    assert run("--spec", spec, "call", "things.make", "--help")[0] == 2
    assert "--color red" in run("--spec", spec, "call", "things.build", "--help")[1]
    first["paths"]["/things"]["get"] = {"operationId": "list", "tags": ["things"], "summary": "All.", "responses": {}}
    spec.write_text(json.dumps(first))
    assert re.search(r"things\.list +All\.\n *things\.build ", run("--spec", spec, "call", "--help")[1])
    del first["paths"]["/things"]["post"]
    spec.write_text(json.dumps(first))
    assert "things.build" not in run("--spec", spec, "call", "--help")[1]


def test_the_help_page_survives_a_bad_document(run):
    """The page of `call` says why the document cannot be read, and is shown all the same."""
    code, out, _ = run("--spec", "/no/such.yaml", "call", "--help")
    assert code == 0
    assert "The document cannot be read" in out


@pytest.mark.parametrize("topic", ["exit-codes", "values", "environment"])
def test_topics_are_explained(run, topic):
    """What belongs to no command alone has a page of its own."""
    assert run("help", topic)[0] == 0


def test_exit_codes_are_those_of_the_errors(run):
    """The page of exit codes names every code that an error has."""
    from dynaclient import errors

    _, out, _ = run("help", "exit-codes")
    codes = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "exit_code")}
    assert codes <= {int(number) for number in re.findall(r"^ *(\d+)  ", out, re.MULTILINE)}


# --- ops, describe


def test_operations_are_listed_by_tag(run, spec):
    """People see operations below their tags, programs a list of objects."""
    assert run("--spec", spec, "ops") == (0, "things\n  things.make  POST /things  Make a thing.\n", "")
    _, out, _ = run("ops", "--spec", spec, "-o", "json")
    assert json.loads(out)[0] == {
        "name": "things.make", "method": "POST", "path": "/things", "summary": "Make a thing.", "tag": "things",
        "deprecated": False, "pointer": "/paths/~1things/post", "source": str(spec),
    }  # fmt: skip


def test_operations_are_searched(run, spec):
    """All words of a search must stand in name, path, summary or tag."""
    assert "things.make" in run("--spec", spec, "ops", "--search", "THING post")[1]
    code, out, err = run("--spec", spec, "ops", "--search", "thing get")
    assert (code, out) == (0, "")
    assert "no operation" in err


def test_a_description_names_the_places(run, spec):
    """Each part of a description stands with its file, line and pointer."""
    _, out, _ = run("--spec", spec, "describe", "things.make")
    line = next(number for number, text in enumerate(spec.read_text().splitlines(), 1) if '"size"' in text)
    assert re.search(rf"things\.json:{line}#/paths/~1things/post/requestBody/.*/properties/size", out)
    for part in ("main  https://api.test  (default)", "4XX", "60 s for an attempt", "--shape round|square  (query)"):
        assert part in out


def test_a_description_tells_the_waits_in_force(run):
    """The retry schedule is that of the document with what the line says laid over it."""
    _, out, _ = run("describe", "embeddings.create", "--retries", "maxAttempts=3,jitter=none", "-o", "json")
    retries = json.loads(out)["retries"]
    assert (retries["attempts"], retries["waits"]) == (3, [[0.5, 0.5], [0.75, 0.75]])


def test_a_description_is_data_too(run, spec):
    """Programs get the description as JSON, and can search it."""
    _, out, _ = run("--spec", spec, "describe", "things.make", "--query", "arguments[?required].name")
    assert json.loads(out) == ["name"]


# --- completion


def completed(line, monkeypatch, capsys):
    """What a shell is offered for a line whose last word is incomplete."""
    monkeypatch.setenv("_DYNACLIENT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "dynaclient " + line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) if not line.endswith(" ") else len(line.split()) + 1))
    assert main([]) == 0
    return [entry.partition(",")[2] for entry in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("c", ["call", "completion"]),
        ("--spec {spec} call ", ["things.make"]),
        ("--spec {spec} describe th", ["things.make"]),
        ("--spec {spec} call things.make --sh", ["--shape"]),
        ("call things.make --spec {spec} --sh", ["--shape"]),
        ("--spec {spec} call things.make --shape ", ["round", "square"]),
        ("--spec {spec} call things.make --shape=s", ["square"]),
        ("--spec {spec} call things.make --loud ", ["true", "false"]),
        ("--spec {spec} call things.make --server ", ["main", "local"]),
        ("--spec {spec} --server m", ["main"]),
        ("call x --output ", ["json", "yaml", "table", "raw"]),
        ("--output y", ["yaml"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("--spec {spec} call things.make --name @{folder}/thing", ["@{folder}/things.json"]),
    ],
)
def test_a_shell_is_offered_what_fits(line, offered, spec, monkeypatch, capsys):
    """Commands, operations, options, choices, servers and files are completed, from the document that the line names."""
    names = {"spec": spec, "folder": spec.parent}
    assert completed(line.format(**names), monkeypatch, capsys) == [text.format(**names) for text in offered]


def test_a_bad_document_offers_nothing(monkeypatch, capsys):
    """Where the document cannot be read a shell gets no offers and no noise."""
    monkeypatch.setenv("_DYNACLIENT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "dynaclient --spec /no/such call ")
    monkeypatch.setenv("COMP_CWORD", "4")
    assert main([]) == 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_printed(run, shell):
    """The script of each shell names the program and the variable by which it asks."""
    code, out, _ = run("completion", shell)
    assert code == 0
    assert "_DYNACLIENT_COMPLETE" in out


def test_every_option_is_explained():
    """No option of any command is without help."""
    import click

    root = root_command()
    context = click.Context(root)
    for command in [root, *(root.get_command(context, name) for name in root.list_commands(context))]:
        for parameter in command.params:
            assert isinstance(parameter, click.Argument) or parameter.help, (command.name, parameter.name)
