"""What the tests of the shell command share."""

import io
import os
import sys
from pathlib import Path

import pytest

from dynaclient.cli import main

CALLS = Path(__file__).parent / "cases" / "cli_calls.yaml"


@pytest.fixture
def apart(monkeypatch, tmp_path):
    """No setting or credential of the machine reaches a test; settings and caches are the test's own."""
    for name in list(os.environ):
        if name.startswith(("DYNACLIENT_", "ATOMA", "OPENAI", "_DYNACLIENT")) or name.endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DYNACLIENT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("DYNACLIENT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DYNACLIENT_CONFIG", str(tmp_path / "config" / "config.toml"))


@pytest.fixture
def run(apart, capsysbinary, monkeypatch):
    """Runs a command line in process: ``run(*arguments, stdin=...)`` gives exit code, standard output and error."""

    def run(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main([str(argument) for argument in arguments])
        out, err = capsysbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


def completed(line, monkeypatch, capsys):
    """What a shell is offered for a line whose last word is incomplete."""
    monkeypatch.setenv("_DYNACLIENT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "dynaclient " + line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) if not line.endswith(" ") else len(line.split()) + 1))
    main([])
    return [entry.partition(",")[2] for entry in capsys.readouterr().out.splitlines()]
