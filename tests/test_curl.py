"""Requests as shell lines."""

import subprocess

import pytest
from cases import cases

from dynaclient.curl import curl
from dynaclient.wire import Request


def words(line):
    """The arguments that a POSIX shell makes of a line, with `curl` as a function that prints them."""
    script = "curl() { for word; do printf '%s\\0' \"$word\"; done; }\n" + line
    done = subprocess.run(["sh", "-c", script], env={"TOKEN": "secret"}, capture_output=True, check=True, input=b"")
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


def request(method="GET", target="/", headers=(), body=None):
    return Request(method, "https://h", target, dict(headers), body if body is None else body.encode())


@pytest.mark.parametrize("case", cases("curl.yaml"), ids=lambda case: case["title"])
def test_lines(case):
    """A shell makes of the line exactly the arguments that curl needs to send the request."""
    line = curl(request(**case["request"]), case.get("variables"))
    assert words(line) == case["arguments"]


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a\x00b"])
def test_what_a_shell_cannot_hold(body):
    """A body that is no text comes from standard input, and the line says how many bytes."""
    line = curl(Request("POST", "https://h", "/", {}, body))
    assert words(line) == ["-sS", "https://h/", "--data-binary", "@-"]
    assert line.endswith(f"# {len(body)} bytes on standard input")
