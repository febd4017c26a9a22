"""The shell command as a process: start, streams, signals, terminals."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "dynaclient"]
LINE = ["call", "embeddings.create", "--model", "hash-384", "--server", "local", "--input"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX only")


@pytest.fixture
def environment(tmp_path):
    """An environment without settings and credentials, with a cache of its own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DYNACLIENT", "ATOMA", "OPENAI", "_DYNA"))
    }
    return {**kept, "XDG_CACHE_HOME": str(tmp_path), "PYTHONWARNINGS": "error"}


def ran(environment, *arguments, **more):
    """The ended process of a command line."""
    return subprocess.run([*PROGRAM, *arguments], env=environment, capture_output=True, timeout=60, check=False, **more)


def test_the_module_runs(environment):
    """``python -m dynaclient`` is the command."""
    done = ran(environment, "--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"dynaclient 0.")


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_start_imports_nothing_but_click(environment, option):
    """The help page and the version load click and the command's own modules, and nothing of what a call needs."""
    code = (
        "import sys; from dynaclient.cli import main; main([sys.argv[1]]);"
        "print(*(name.partition('.')[0] for name in sys.modules), *(n for n in sys.modules if n.startswith('dynaclient.')), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, option], env=environment, capture_output=True, timeout=60, check=True
    )
    loaded = set(done.stderr.decode().split())
    assert loaded.isdisjoint(
        {"urllib3", "yaml", "msgspec", "jsonschema_rs", "openapi_core", "jmespath", "logging", "ssl", "json"}
    )
    ours = {name for name in loaded if name.startswith("dynaclient.")}
    assert ours <= {f"dynaclient.{name}" for name in ("version", "cli")} | {
        f"dynaclient.cli.{name}" for name in ("app", "completion", "kinds", "messages", "sections", "settings")
    }


def test_a_call_that_succeeds_imports_no_heavy_library(environment):
    """A good call at the shell loads neither openapi_core nor pydantic."""
    code = (
        "import sys; from dynaclient.cli import main; code = main(sys.argv[1:]);"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *LINE, "a"], env=environment, capture_output=True, timeout=60, check=True
    )
    assert set(done.stderr.decode().split()).isdisjoint({"openapi_core", "pydantic", "numpy", "requests", "httpx"})


def test_results_and_messages_have_their_streams(environment):
    """Standard output holds the result only, as one line of JSON; standard error what was asked for besides."""
    done = ran(environment, *LINE, "-", "-v", input='["größe", "b"]\n'.encode())
    assert done.returncode == 0
    assert done.stdout.count(b"\n") == 1
    assert len(json.loads(done.stdout)["data"]) == 2
    assert b"attempt 1: 200" in done.stderr


def test_output_is_utf_8_whatever_the_locale(environment):
    """In a terminal without UTF-8 the result is UTF-8 all the same, and messages do not fail."""
    spoken = {**environment, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = ran(spoken, *LINE, "größe", "--dry-run", "--query", "body.input", "-o", "raw")
    assert done.stdout == "größe\n".encode()
    done = ran(spoken, "call", "größe")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@POSIX
def test_bytes_that_are_no_text_are_refused(environment):
    """An argument in another encoding than the terminal's gives a message that says what to do."""
    done = subprocess.run(
        [*map(os.fsencode, [*PROGRAM, *LINE]), b"gr\xf6\xdfe"],
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert b"put it into a file in UTF-8" in done.stderr


@POSIX
@pytest.mark.parametrize("line", [[*LINE, "a"], ["--help"], ["ops"]], ids=["call", "help", "ops"])
def test_a_reader_that_goes_away_is_no_error(environment, line):
    """Where nobody reads the output the command ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*PROGRAM, *line], env=environment, stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@POSIX
def test_people_see_indented_results(environment):
    """On a terminal JSON is indented, with vectors on one line; in a pipe it stands on one line."""
    import pty

    reading, writing = pty.openpty()
    try:
        done = subprocess.run(
            [*PROGRAM, "call", "models.list", "--server", "local"],
            env=environment,
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
        shown = os.read(reading, 65536).decode().replace("\r\n", "\n")
    finally:
        os.close(writing)
        os.close(reading)
    assert done.returncode == 0
    assert shown.startswith('{\n  "object": "list",\n')
    assert json.loads(shown)["object"] == "list"


@POSIX
def test_errors_have_color_on_a_terminal_only(environment):
    """Messages are colored on a terminal, unless --no-color or NO_COLOR says otherwise."""
    import pty

    def shown(arguments, **more):
        reading, writing = pty.openpty()
        try:
            subprocess.run(
                [*PROGRAM, *arguments],
                env={**environment, "TERM": "xterm", **more},
                stderr=writing,
                timeout=60,
                check=False,
            )
            return os.read(reading, 65536)
        finally:
            os.close(writing)
            os.close(reading)

    assert b"\x1b[" in shown(["cal"])
    assert b"\x1b[" not in shown(["--no-color", "cal"])
    assert b"\x1b[" not in shown(["cal"], NO_COLOR="1")
    assert b"\x1b[" not in ran(environment, "cal").stderr


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_served_document_answers_until_it_is_stopped(environment, number):
    """The first line that `serve` prints is the URL, at once; it answers there, and ends with 0 when it is told to."""
    token = "canary-serve-81f0"
    line = [*PROGRAM, "serve", "--fail", "503:1", "--delay", "1ms", "--model-alias", "mine"]
    with subprocess.Popen(
        line,
        env={**environment, "DYNACLIENT_SERVE_REQUIRE_BEARER": token},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as serving:
        try:
            url = serving.stdout.readline().decode().strip()
            assert url.startswith("http://127.0.0.1:")
            call = ["call", "embeddings.create", "--input", "a", "--model", "mine", "--server", url]
            done = ran(environment, *call, "--bearer-auth", "wrong", "--retries", "initialInterval=1")
            assert done.returncode == 8
            done = ran({**environment, "DYNACLIENT_BEARER_AUTH": token}, *call, "--query", "model")
            assert (done.returncode, done.stderr) == (0, b"")
            serving.send_signal(number)
            _, log = serving.communicate(timeout=30)
        finally:
            serving.kill()
    assert serving.returncode == 0
    assert b"POST /v1/embeddings 503" in log
    assert b"POST /v1/embeddings 200" in log
    assert token.encode() not in log


@POSIX
def test_ctrl_c_ends_a_call(environment, server):
    """Ctrl-C while a call waits ends it with 130 and without a traceback."""
    import threading

    from loopback import stall

    arrived = threading.Event()

    def step(wire):
        arrived.set()
        stall()(wire)

    server.script(step)
    line = [*PROGRAM, "call", "models.list", "--server", server.origin, "--bearer-auth", "x"]
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as calling:
        try:
            assert arrived.wait(30)
            calling.send_signal(signal.SIGINT)
            out, err = calling.communicate(timeout=30)
        finally:
            calling.kill()
    assert (calling.returncode, out) == (130, b"")
    assert b"Traceback" not in err


@POSIX
def test_bash_completes(environment, tmp_path):
    """The printed script completes operations in a real bash."""
    import shutil

    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    program = tmp_path / "dynaclient"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m dynaclient "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(dynaclient completion bash)"; COMP_WORDS=(dynaclient call emb); COMP_CWORD=2; '
        '_dynaclient_completion dynaclient emb call; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [bash, "--norc", "-c", script],
        env={**environment, "PATH": f"{tmp_path}:{environment['PATH']}", "PYTHONPATH": str(Path.cwd())},
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == b"embeddings.create\n", done.stderr
