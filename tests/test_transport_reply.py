"""How a reply is read off its connection: the head at once or line by line, the body without being held twice."""

import io
import os
import subprocess
import sys
import time
from http.client import HTTPException

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from loopback import chunked, raw, reply

from dynaclient.transport import Urllib3Transport
from dynaclient.transport.gather import GROWS, KEPT, Gathered
from dynaclient.transport.reply import Reply
from dynaclient.wire import Request, Timeout


class Wire:
    """A socket that gives so many bytes at a time."""

    def __init__(self, data, step):
        self.stream, self.step = io.BytesIO(data), step

    def gettimeout(self):
        return 5.0

    def recv_into(self, buffer):
        return self.stream.readinto(memoryview(buffer)[: self.step])


def head(data, step):
    """What is known when the head has been read, or the class of the error, and what follows the head."""
    read = Reply(Wire(data, step), "POST", None, time.monotonic)
    try:
        read.begin()
    except HTTPException as error:
        return type(error), str(error)
    known = (read.status, read.reason, read.pairs, read.length, read.chunked, read.content_encoding, read.keeps_open)
    return known, read.fp.read(4)


STATUS = st.sampled_from(
    ["HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.1 404 ", "HTTP/1.0 200 OK", "HTTP/1.1  200 OK", "HTTP/1.1 100 Go", "HTTP/1.1 099 X", "HTTP/1.1 200\tOK", "X"]
)  # fmt: skip
LINE = st.sampled_from(
    ["A: b", "a:  b \t", "Content-Length: 4", "content-length: 5", "Connection: close", "Connection: keep-alive", "Transfer-Encoding: chunked",
     "Content-Encoding: gzip", " folded", "A : b", ":b", "none", "A:\0", "A: \xe9", "A: b\rc", "A: b: c", "\xe9: b", "A:", "A:\x0bb\x0c"]
)  # fmt: skip


@example("HTTP/1.1 100 Go", [], ["\r\n"] * 8)
@example("HTTP/1.0 200 OK", ["A: b"], ["\r\n"] * 8)
@example("HTTP/1.1 200 OK", ["A: b", " folded"], ["\r\n"] * 8)
@example("HTTP/1.1 200 OK", ["A: b\rc"], ["\r\n"] * 8)
@example("HTTP/1.1 200 OK", ["A:\x00"], ["\r\n"] * 8)
@example("HTTP/1.1 200 OK", ["A : b"], ["\r\n"] * 8)
@given(
    STATUS,
    st.lists(LINE, max_size=6),
    st.lists(st.sampled_from(["\r\n", "\r\n", "\r\n", "\n"]), min_size=8, max_size=8),
)
def test_a_head_means_the_same_however_it_comes(status, lines, ends):
    """A head that comes whole and one that comes byte by byte give the same reply, or the same error."""
    written = [line + end for line, end in zip([status, *lines, ""], ends, strict=False)]
    data = "".join(written).encode("latin-1") + b"body"
    assert head(data, 1 << 15) == head(data, 1)


@pytest.mark.parametrize("count", [0, 1, 100, 101])
def test_the_number_of_fields_is_bounded_however_they_come(count):
    """A hundred fields are read and one more is refused, whole or byte by byte."""
    data = b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * count + b"\r\nbody"
    whole = head(data, 1 << 15)
    assert whole == head(data, 1)
    assert isinstance(whole[0], tuple) is (count <= 100)


@pytest.mark.parametrize(
    "sizes", [[], [3], [1] * 3000, [KEPT, 1], [5, KEPT, 7, 100_000]], ids=lambda sizes: str(len(sizes))
)
def test_pieces_become_one(sizes):
    """Whatever pieces a body comes in, its bytes are theirs one after another."""
    pieces = [os.urandom(min(size, 64)) * (size // 64 or 1) for size in sizes]
    gathered = Gathered()
    gathered.take(iter(pieces))
    assert type(gathered.value()) is bytes
    assert gathered.value() == b"".join(pieces)


PEAK = """
import sys
from dynaclient.transport import Urllib3Transport
from dynaclient.wire import Request, Timeout
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024
timeout, origin = Timeout(connect=5, read=30), sys.argv[1]
with Urllib3Transport(env=False) as transport:
    transport.send(Request("GET", origin, "/"), timeout)
    before = peak()
    body = transport.send(Request("GET", origin, "/"), timeout).body
    print(len(body), peak() - before)
"""


@pytest.mark.skipif(not GROWS, reason="memory that grows is copied here")
@pytest.mark.parametrize("framed", ["length", "chunked"])
def test_a_large_reply_is_held_once(server, framed):
    """A reply of 100 MB raises the memory of its process by little more than that."""
    size = 100_000_000
    large = reply(200, bytes(size)) if framed == "length" else chunked([bytes(1_000_000)] * 100)
    server.script(reply(200, b"x"), large)
    found = subprocess.run([sys.executable, "-c", PEAK, server.origin], capture_output=True, text=True, check=True)
    length, more = map(int, found.stdout.split())
    assert length == size
    assert more < size * 1.3


RESERVED = """
import contextlib, sys
from dynaclient.errors import TransportError
from dynaclient.transport import Urllib3Transport
from dynaclient.wire import Request, Timeout
def reserved():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmPeak")) * 1024
with Urllib3Transport(env=False) as transport:
    before = reserved()
    with contextlib.suppress(TransportError):
        transport.send(Request("GET", sys.argv[1], "/"), Timeout(connect=5, read=5))
    print(reserved() - before)
"""


@pytest.mark.skipif(not GROWS, reason="what is reserved is not known here")
def test_a_length_that_is_a_lie_reserves_little(server):
    """A reply that promises a gigabyte and ends after three bytes makes its reader reserve less than a tenth of that."""
    server.script(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nabc"))
    found = subprocess.run([sys.executable, "-c", RESERVED, server.origin], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 100_000_000


def test_what_came_of_a_length_that_is_a_lie_is_kept(server):
    """Of a reply that promises a gigabyte and ends after three bytes, three bytes are kept."""
    server.script(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nabc"))
    with Urllib3Transport(env=False) as transport, pytest.raises(Exception, match="ended too early") as caught:
        transport.send(Request("GET", server.origin, "/"), Timeout(connect=5, read=5))
    assert caught.value.partial == b"abc"
