"""The shell command in trouble: closed outputs, pipes, empty variables, words that are secrets, signals at the start."""

import io
import json
import os
import re
import signal
import subprocess
import sys

import pytest
from loopback import reply
from shell import CALLS, apart, completed, run  # noqa: F401 - fixtures

from dynaclient.cli import main

PROGRAM = [sys.executable, "-m", "dynaclient"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX only")
FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
CANARY = "canary-2b9e77d1"
CALL = ["--spec", CALLS, "call", "chats.create"]
JSON = "Content-Type: application/json"


# --- outputs that cannot be written


@POSIX
@FULL
@pytest.mark.parametrize("line", ["--help", "--version", "ops", "call models.list --server local", ""])
def test_a_full_disk_is_told_on_one_line(apart, line):  # noqa: F811
    """Where standard output is full the command says so on one line and ends with 1, the help page too."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run([*PROGRAM, *line.split()], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == b"dynaclient: error: standard output cannot be written: No space left on device\n"


@POSIX
@pytest.mark.parametrize("line", ["--help", "--version", "ops", "call models.list --server local", "api --help"])
def test_a_closed_output_is_told_on_one_line(apart, line):  # noqa: F811
    """Where standard output is closed the command says so on one line and ends with 1."""
    script = f'exec "$@" {line} >&-'
    done = subprocess.run(["sh", "-c", script, "sh", *PROGRAM], stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, b"dynaclient: error: standard output is closed\n")


def test_bytes_are_not_shown_on_a_terminal(apart, server, monkeypatch, capsys):  # noqa: F811
    """A binary reply is refused on a terminal, with a word on where to write it."""
    server.script(reply(200, b"\x00\x1b", "Content-Type: application/octet-stream"))
    monkeypatch.setattr("dynaclient.cli.output._is_terminal", lambda: True)
    line = ["--spec", str(CALLS), "call", "files.get_raw", "--server", server.origin, "--credential", "key=k"]
    assert main(line) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "2 bytes of application/octet-stream" in err
    assert "--output-file FILE" in err


# --- words


def test_nothing_behind_a_forgotten_quote_is_shown(run):  # noqa: F811
    """A token that lost its quotes or its header's name is in no message."""
    for line in (
        ["--bearer-auth", "Bearer", CANARY],
        ["--header", CANARY],
        ["--header", f"Authorization {CANARY}"],
        ["--header", f"Authorization {CANARY}:"],
        ["--header", f"a b {CANARY}: x"],
        [CANARY],
        ["--proxy", f"ftp://u:{CANARY}@h"],
        [f"--proxy=http://{CANARY}@"],
    ):
        code, out, err = run(*CALL, "--model", "m", *line)
        assert code == 2, line
        assert CANARY not in out + err


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("DYNACLIENT_SERVER", "", "the environment variable DYNACLIENT_SERVER is empty"),
        ("DYNACLIENT_CALL_SERVER", "", "DYNACLIENT_CALL_SERVER is empty"),
        ("DYNACLIENT_SERVER", "foo", "DYNACLIENT_SERVER: unknown server 'foo'"),
        ("DYNACLIENT_TIMEOUT", "soon", "the environment variable DYNACLIENT_TIMEOUT: 'soon'"),
        ("DYNACLIENT_RETRIES", "often", "DYNACLIENT_RETRIES"),
        ("DYNACLIENT_VALIDATE", "harder", "DYNACLIENT_VALIDATE"),
        ("DYNACLIENT_OUTPUT", "xml", "DYNACLIENT_OUTPUT"),
        ("DYNACLIENT_HEADER", "nocolon", "DYNACLIENT_HEADER: has no colon"),
        ("DYNACLIENT_PROXY", "ftp://x", "DYNACLIENT_PROXY"),
        ("DYNACLIENT_KEY", CANARY, "DYNACLIENT_KEY: the file of the key cannot be read"),
        ("DYNACLIENT_SETTINGS", "X-Org=x\nNo=1", "DYNACLIENT_SETTINGS: 'No'"),
        ("DYNACLIENT_CALL_CHATS_CREATE_MODEL", "@/no/such", "DYNACLIENT_CALL_CHATS_CREATE_MODEL: cannot read"),
        ("DYNACLIENT_CALL_CHATS_CREATE_X_ORG", "big", "DYNACLIENT_CALL_CHATS_CREATE_X_ORG: 'big'"),
    ],
)
def test_a_mistake_in_the_environment_names_its_variable(run, monkeypatch, variable, value, says):  # noqa: F811
    """What is wrong in a variable is told with the variable's name, not with an option that nobody typed."""
    monkeypatch.setenv(variable, value)
    code, _, err = run(*CALL, "--dry-run")
    assert code == 2
    assert says in err
    assert CANARY not in err


@pytest.mark.parametrize("variable", ["DYNACLIENT_SERVE_REQUIRE_BEARER", "DYNACLIENT_SERVE_MODEL_ALIAS"])
def test_an_empty_token_does_not_open_a_server(run, monkeypatch, variable):  # noqa: F811
    """A server that was meant to ask for a token is not started where the variable is empty."""
    monkeypatch.setenv(variable, "")
    code, _, err = run("serve")
    assert (code, f"{variable} is empty" in err) == (2, True)


@pytest.mark.parametrize(
    ("line", "state"),
    [([], "missing"), (["--credential", "key= "], "empty"), (["--credential", "key=a\x01b"], "unusable")],
)
def test_a_dry_run_tells_what_credential_is_wanting(run, line, state, tmp_path):  # noqa: F811
    """Without a credential, or with one that cannot be sent, a dry run says so in its place and on standard error."""
    document = CALLS.read_text().replace("security: [{oauth: [read]}, {key: []}]", "security: [{key: []}]")
    spec = tmp_path / "key.yaml"
    spec.write_text(document)
    code, out, err = run("--spec", spec, "call", "chats.list", "--dry-run", *line)
    assert code == 0
    assert json.loads(out)["headers"]["X-Key"].startswith(f"[{state}: ")
    assert f"is {state}" in err
    if state == "missing":
        assert "set KEY or pass --credential key=@FILE" in out


def test_broken_json_that_passes_for_text_is_told(run):  # noqa: F811
    """Where an argument may be text or a list, broken JSON is sent as text with a warning."""
    code, out, err = run(*CALL, "--note", '["a", ', "--dry-run", "--credential", "key=k", "--query", "body.note")
    assert (code, out) == (0, '"[\\"a\\", "\n')
    assert "--note: the value begins like JSON and is none" in err
    assert run(*CALL, "--note", '["a"]', "--dry-run", "--credential", "key=k")[2] == ""


def test_a_query_that_fails_late_does_not_cost_the_result(run):  # noqa: F811
    """Where the query cannot be applied to what came back, the whole result is printed, and the code is 2."""
    line = ["call", "models.list", "--server", "local", "--query", "length(object.a.b)"]
    code, out, err = run(*line)
    assert code == 2
    assert json.loads(out)["object"] == "list"
    assert "cannot be applied" in err


@pytest.mark.parametrize(
    ("status", "headers", "says"),
    [
        (400, [], "--dry-run shows what is sent"),
        (403, [], "does not allow this"),
        (409, [], "look at its present state"),
        (422, [], "--dry-run shows what is sent"),
        (503, [], "The fault is the service's"),
        (429, ["Retry-After: 86400"], "asks to wait 1 day"),
        (429, [], "Wait, or allow more attempts"),
    ],
)
def test_an_error_of_the_service_says_what_to_do(run, server, status, headers, says):  # noqa: F811
    """Each refusal of a service comes with a word on what to do next."""
    server.script(reply(status, b"{}", JSON, *headers))
    line = ["--server", server.origin, "--credential", "key=k", "--retries", "none"]
    code, _, err = run("--spec", CALLS, "call", "chats.list", *line)
    assert code in (8, 9, 10)
    assert says in err


@pytest.mark.parametrize(
    ("status", "body", "headers", "says"),
    [
        (301, b"", ["Location: /moved/embeddings"], "give its base URL as --server."),
        (200, b'{"data": [{"embedding": [1]}], "model": 5}', [JSON], "it is accepted, --validate strict refuses it"),
    ],
)
def test_what_a_reply_leads_to_is_said_in_options(run, server, status, body, headers, says):  # noqa: F811
    """Errors and warnings alike."""
    server.script(reply(status, body, *headers))
    line = ["--input", "a", "--model", "m", "--server", server.origin, "--bearer-auth", "k"]
    _, _, err = run("call", "embeddings.create", *line)
    assert says in err


@pytest.mark.parametrize(
    "line",
    [
        [*CALL, "--server", "http://u:p@h"],
        [*CALL, "--server-variable", "region=x", "--model", "m"],
        [*CALL, "--model", "m"],
        [*CALL, "--model", "m", "--server", "https://elsewhere.test", "--profile", "p"],
        ["--spec", CALLS, "login", "oauth"],
        ["--spec", CALLS, "login", "key"],
        ["--spec", CALLS, "call", "files.upload", "--stream", "--credential", "key=k"],
        ["serve", "--host", "192.0.2.1"],
    ],
)
def test_no_message_speaks_python(run, line):  # noqa: F811
    """What to do next is said in options, never in keyword arguments or functions."""
    code, _, err = run(*line)
    assert code != 0
    assert not re.search(r"\b[a-z_]+=(?![A-Z@\w])|\b[A-Za-z]+\([a-z_.]|None|True|\b[a-z]+[A-Z][a-z]+=", err), err


def test_one_is_counted_as_one():
    """Counts agree with their nouns."""
    from dynaclient.cli.wording import counted, typed

    assert (counted(1, "byte"), counted(2048, "byte")) == ("1 byte", "2,048 bytes")
    assert typed("1 bytes of text, 21 bytes, 1,001 bytes") == "1 byte of text, 21 bytes, 1,001 bytes"


def test_without_a_command_the_help_page_is_shown(run):  # noqa: F811
    """`dynaclient` alone prints what there is, on standard output."""
    code, out, err = run()
    assert (code, err) == (0, "")
    assert out.startswith("Usage: dynaclient")


# --- documents from pipes


def test_a_document_comes_from_standard_input(run):  # noqa: F811
    """--spec - reads the document from standard input, which then has nothing left for an argument."""
    data = CALLS.read_bytes()
    assert "chats.create" in run("--spec", "-", "ops", stdin=data)[1]
    code, _, err = run("--spec", "-", "call", "chats.create", "--model", "-", "--dry-run", stdin=data)
    assert (code, "standard input was read for --spec already" in err) == (2, True)


@POSIX
def test_a_silent_pipe_is_told_of(apart, tmp_path):  # noqa: F811
    """A pipe that gives nothing is waited for, and that is said; what then comes is read."""
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    line = [*PROGRAM, "--spec", str(pipe), "ops"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
        try:
            assert b"waiting for a document from the pipe" in waiting.stderr.readline()
            pipe.write_bytes(CALLS.read_bytes())
            out, _ = waiting.communicate(timeout=60)
        finally:
            waiting.kill()
    assert b"chats.create" in out


# --- completion and signals


def test_each_option_is_offered_once(apart, monkeypatch, capsys):  # noqa: F811
    """Of the spellings of an option a shell is offered one, unless another is begun."""
    offered = completed(f"--spec {CALLS} call chats.create --x", monkeypatch, capsys)
    assert offered == ["--x-org"]
    assert completed(f"--spec {CALLS} call chats.create --X", monkeypatch, capsys) == ["--X-Org"]
    assert completed("call embeddings.create --encoding", monkeypatch, capsys) == ["--encoding-format"]
    assert completed("call embeddings.create --out", monkeypatch, capsys) == ["--output", "--output-file"]


@pytest.mark.parametrize("line", ["call ", "call embeddings.create --in", "describe ", "--server ", "login "])
def test_a_document_that_cannot_be_read_offers_nothing(apart, monkeypatch, capsys, line):  # noqa: F811
    """With a --spec that cannot be read nothing of any other document is offered."""
    assert completed(f"--spec /no/such {line}", monkeypatch, capsys) == []


@pytest.mark.parametrize("module", ["click", "dynaclient.cli.app"])
def test_an_interrupt_during_the_start_is_quiet(apart, module):  # noqa: F811
    """Ctrl-C while modules are being loaded ends with 130 and without a traceback."""
    code = (
        "import sys\n"
        "class Stop:\n"
        "    def find_spec(self, name, *rest):\n"
        f"        if name == {module!r}: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stop())\n"
        "from dynaclient.cli import main\n"
        "sys.exit(main(['--help']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@POSIX
def test_a_server_in_the_background_can_be_interrupted(apart):  # noqa: F811
    """A script that starts `serve` in the background, where SIGINT is ignored by default, can end it by SIGINT."""
    script = '"$@" serve --port 0 & echo $!; wait $!; echo ended $?'
    with subprocess.Popen(
        ["sh", "-c", script, "sh", *PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as shell:
        try:
            lines = [shell.stdout.readline().decode().strip() for _ in range(2)]
            number = next(int(line) for line in lines if line.isdigit())
            assert any(line.startswith("http://") for line in lines)
            os.kill(number, signal.SIGINT)
            assert shell.stdout.readline() == b"ended 0\n"
        finally:
            shell.kill()


# --- progress


def test_progress_is_a_line():
    """The line shows name, share, bytes, rate and the time that is left; it is taken away at the end."""
    from dynaclient.cli.progress import Progress, line, size

    assert line("f", 50, 100, 10.0) == "f  [############            ]  50%  50 B of 100 B  10 B/s  0:05 left"
    assert line("f", 1_500_000, None, 1500.0) == "f  1.5 MB  1.5 kB/s"
    assert [size(count) for count in (0, 999, 1000, 99_400, 2_147_483_648)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "99.4 kB",
        "2.1 GB",
    ]
    now = [0.0]
    terminal = io.StringIO()
    progress = Progress("f", terminal, lambda: now[0])
    for step in range(100):
        now[0] += 0.01
        progress(step, 100)
    assert 5 < terminal.getvalue().count("%") < 15
    progress.close()
    assert terminal.getvalue().endswith(" \r")


@POSIX
def test_progress_is_shown_on_a_terminal_only(apart, server, tmp_path):  # noqa: F811
    """An upload and a download draw their line on a terminal's standard error, and nothing where it is none."""
    import pty

    octets = "Content-Type: application/octet-stream"
    server.script(*[reply(200, b"{}", JSON), reply(200, b"\x00" * 1000, octets)] * 2)
    sent = tmp_path / "sent.bin"
    sent.write_bytes(b"\x00" * 1000)
    base = [*PROGRAM, "--spec", str(CALLS), "--server", server.origin, "--credential", "key=k", "call"]
    lines = [["files.upload", "--file", f"@{sent}"], ["files.get_raw", "--output-file", str(tmp_path / "got.bin")]]
    reading, writing = pty.openpty()
    try:
        for line in lines:
            done = subprocess.run([*base, *line], stdout=subprocess.PIPE, stderr=writing, timeout=60, check=False)
            assert done.returncode == 0
        shown = os.read(reading, 65536).decode()
    finally:
        os.close(writing)
        os.close(reading)
    for part in ("sent.bin  [########################] 100%", "got.bin  [########################] 100%"):
        assert part in shown
    for line in lines:
        assert subprocess.run([*base, *line], capture_output=True, timeout=60, check=False).stderr == b""
