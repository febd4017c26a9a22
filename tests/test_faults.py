"""Servers that misbehave, over real sockets: each fault has its error, its words, and what it tells about the request."""

import contextlib
import gzip
import socket
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopback import Loopback, chunked, drip, raw, reply, reset, stall

from dynaclient.errors import (
    ConnectError,
    ConnectionLostError,
    ProtocolError,
    ReplyTooLargeError,
    TimeoutExpiredError,
    TransportError,
)
from dynaclient.openapi.model import RetryPolicy
from dynaclient.redirect import MAX_REDIRECTS
from dynaclient.testing import FakeClock
from dynaclient.transport import Urllib3Transport, deliver
from dynaclient.transport.unpack import STEP, unpacked
from dynaclient.wire import Request, Timeout

SHORT = Timeout(connect=1, read=0.1)
LONG = Timeout(connect=5, read=5)
POLICY = RetryPolicy(strategy="backoff", declared=True, status_codes=("429", "5XX"), jitter="none")
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def transport():
    """A transport that knows nothing of the environment and takes a megabyte at most."""
    with Urllib3Transport(env=False, max_reply_bytes=1_000_000) as transport:
        yield transport


def get(server, target="/"):
    return Request("GET", server.origin, target)


def fails(transport, server, kind, timeout=LONG, deadline=None):
    """The error that the call ends with, after one look at what every error promises."""
    with pytest.raises(kind) as caught:
        transport.send(get(server, "/?api_key=s3cret"), timeout, deadline)
    assert type(caught.value) is kind
    assert "s3cret" not in str(caught.value)
    assert server.origin in str(caught.value)
    return caught.value


# --- nothing was sent


def test_a_refused_connection_sends_nothing(transport):
    """A port where nobody listens is a ConnectError that says so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectError, match="does a server listen there") as caught:
        transport.send(Request("POST", f"http://127.0.0.1:{port}", "/"), LONG)
    assert not caught.value.sent


def test_a_proxy_that_is_down_is_named_without_its_password():
    """A proxy where nobody listens is a ConnectError that names the proxy, and not its credentials."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    transport = Urllib3Transport(proxy=f"http://u:s3cret@127.0.0.1:{port}")
    with transport, pytest.raises(ConnectError, match=f"proxy http://127.0.0.1:{port}:") as caught:
        transport.send(Request("POST", "http://api.example.com", "/"), LONG)
    assert not caught.value.sent


def test_a_deadline_that_has_passed_sends_nothing(server, transport):
    """A call whose deadline has passed opens no connection."""
    error = fails(transport, server, TimeoutExpiredError, deadline=0.0)
    assert not error.sent
    assert not server.requests


# --- the reply does not come


@pytest.mark.parametrize(
    "step", [reset(), raw(b""), reset(b"HTTP/1.1 200 OK\r\nX-A: b\r\n"), raw(b"HTTP/1.1 200 OK\r\nX-A:")]
)
def test_a_connection_that_breaks_before_the_reply(server, transport, step):
    """A connection that breaks, by reset or by its end, before the head has come is lost, after sending."""
    server.script(step)
    assert fails(transport, server, ConnectionLostError).sent


@pytest.mark.parametrize("start", [b"", HEAD, HEAD + b"X-A: b\r\n"])
def test_a_server_that_stalls_before_the_reply(server, transport, start):
    """A server that says nothing for the read timeout is a time-out, after sending."""
    server.script(stall(start))
    error = fails(transport, server, TimeoutExpiredError, SHORT)
    assert error.sent
    assert "0.1 s" in str(error)


@pytest.mark.parametrize(
    ("step", "partial"),
    [
        (raw(HEAD + b"Content-Length: 10\r\n\r\nhalf"), b"half"),
        (reset(HEAD + b"Content-Length: 10\r\n\r\nhalf"), b"half"),
        (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"), b"half"),
        (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhalf"), b"half"),
        (chunked([b"half"], end=b"zz\r\n"), b"half"),
        (chunked([b"half"], end=b"-4\r\n"), b"half"),
        (chunked([b"half"], end=b"0x4\r\n"), b"half"),
        (chunked([b"half"], end=b"1_0\r\n"), b"half"),
        (chunked([b"half"], end=b"4\r\nfullXX"), b"halffull"),
        (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nX-Trailer: a"), b"half"),
    ],
)
def test_half_a_body_is_lost_with_what_came(server, transport, step, partial):
    """A body that ends too early or breaks its chunks is lost, and the error keeps what came."""
    server.script(step)
    assert fails(transport, server, ConnectionLostError).partial == partial


def test_a_body_that_stalls_is_a_time_out_with_what_came(server, transport):
    """A body that stops coming is a time-out that keeps what came."""
    server.script(stall(HEAD + b"Content-Length: 10\r\n\r\nhalf"))
    assert fails(transport, server, TimeoutExpiredError, SHORT).partial == b"half"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 " + b"O" * 1000,
        HEAD + b"X-A: " + b"b" * 1000,
        HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 200,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100,
    ],
    ids=["status line", "header", "body", "chunks", "interim"],
)
def test_a_drip_ends_at_the_deadline(server, data):
    """Bytes that drip faster than the read timeout, anywhere in a reply, do not hold a call beyond its deadline."""
    clock = FakeClock()

    def ticking():
        clock.advance(0.1)
        return clock.time

    server.script(drip(data, pause=0.001))
    with Urllib3Transport(env=False, clock=ticking) as transport:
        error = fails(transport, server, TimeoutExpiredError, LONG, deadline=3.0)
    assert "deadline" in str(error)
    assert clock.time < 4.0


# --- the reply is none


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 " + b"2" * 70_000,
        HEAD + b"X-A: " + b"b" * 70_000 + b"\r\n\r\n",
        HEAD + b"X-A: b\r\n" * 101 + b"\r\n",
        HEAD + b"no colon\r\n\r\n",
        HEAD + b": no name\r\n\r\n",
        HEAD + b"X A: b\r\n\r\n",
        HEAD + b" folded first\r\n\r\n",
        HEAD + b"X-A: b\rX-B: c\r\n\r\n",
        HEAD + b"X-A: b\0\r\n\r\n",
        HEAD + b"Content-Length: 1\r\n 0\r\n\r\n1234567890",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        HEAD + b"Content-Length: 1, 2\r\n\r\nab",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: +1\r\n\r\na",
        HEAD + b"Content-Length: 1_0\r\n\r\na",
        HEAD + b"Content-Length:\r\n\r\na",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 30,
    ],
    ids=range(26),
)
def test_what_is_not_http_is_said_to_be_none(server, transport, data):
    """A reply that is not HTTP/1.1, or whose framing is in doubt, is a ProtocolError."""
    server.script(raw(data))
    fails(transport, server, ProtocolError)


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", {"content-length": "1"}),
        (b"HTTP/1.1 200 OK\nContent-Length: 1\n\nx", {"content-length": "1"}),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", {"content-length": "1, 1"}),
        (HEAD + b"Content-Length: 1\r\nX-A: b\r\n\t c \r\n d\r\n\r\nx", {"content-length": "1", "x-a": "b c d"}),
        (HEAD + b"Content-Length: 1\r\nX-A:\r\nX-B: \xe9\r\n\r\nx", {"content-length": "1", "x-a": "", "x-b": "\xe9"}),
        (b"HTTP/1.1 100 Go on\r\nX-A: b\r\n\r\nHTTP/1.1 103 Early\r\n\r\n" + HEAD + b"Content-Length: 1\r\n\r\nx", {"content-length": "1"}),
        (HEAD + b"Transfer-Encoding: Chunked\r\n\r\n01;a=b\r\nx\r\n0\r\nX-T: u\r\n\r\n", {"transfer-encoding": "Chunked"}),
        (HEAD + b"\r\nx", {}),
        (b"HTTP/1.0 200 OK\r\n\r\nx", {}),
    ],
    ids=range(9),
)  # fmt: skip
def test_what_is_unusual_but_proper_is_read(server, transport, data, headers):
    """What RFC 9112 allows, or asks a client to bear, is read as it says."""
    server.script(raw(data))
    got = transport.send(get(server), LONG)
    assert (got.status, got.body, dict(got.headers)) == (200, b"x", headers)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: HEAD + tail))
def test_any_bytes_are_a_reply_or_an_error(server, transport, data):
    """Whatever bytes come, a call ends with a reply or with an error of the tree."""
    server.script(raw(data))
    with contextlib.suppress(TransportError):
        transport.send(get(server), LONG)


# --- the reply is too much


@pytest.mark.parametrize(
    "step",
    [
        raw(HEAD + b"Content-Length: 1000001\r\n\r\n"),
        raw(HEAD + b"Content-Length: 99999999999999999\r\n\r\n"),
        raw(HEAD + b"\r\n" + b"x" * 1_000_001),
        chunked([b"x" * 500_001] * 2),
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\n"),
        reply(200, gzip.compress(bytes(50_000_000)), "Content-Encoding: gzip"),
        reply(200, zlib.compress(bytes(50_000_000)), "Content-Encoding: deflate"),
        reply(200, gzip.compress(gzip.compress(bytes(50_000_000))), "Content-Encoding: gzip, gzip"),
    ],
    ids=[
        "length",
        "huge length",
        "until closed",
        "chunks",
        "huge chunk",
        "gzip bomb",
        "deflate bomb",
        "bomb in a bomb",
    ],
)
def test_a_reply_beyond_the_bound_is_refused(server, transport, step):
    """A body larger than the bound, told, sent or unpacked, is refused as soon as that is known."""
    server.script(step)
    error = fails(transport, server, ReplyTooLargeError)
    assert "1,000,000 bytes" in str(error)
    assert len(error.partial) <= 1_000_000


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(b"x" * 99)[:-12], b"\x1f\x8b\x08", b"not packed", b"\x1f", gzip.compress(b"")[:9]],
    ids=range(5),
)
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_that_is_not_packed_as_told(server, transport, packed, coding):
    """A body that is not of its Content-Encoding, or is cut short, is a ProtocolError."""
    server.script(reply(200, packed, f"Content-Encoding: {coding}"))
    fails(transport, server, ProtocolError)


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS = {"gzip": gzip.compress, "X-GZip": gzip.compress, "deflate": zlib.compress, "Deflate": raw_deflate}


@given(st.binary(), st.sampled_from(sorted(PACKERS)), st.integers(1, 50))
def test_unpacking_undoes_packing(data, coding, size):
    """Whatever was packed, and however it is cut into blocks, comes out as it went in."""
    packed = PACKERS[coding](data)
    blocks = [packed[i : i + size] for i in range(0, len(packed), size)]
    assert b"".join(unpacked(blocks, coding)) == data


def test_unpacking_goes_in_steps():
    """No step of unpacking gives more than its bound."""
    for packed, coding in ((gzip.compress(bytes(5 * STEP)), "gzip"), (zlib.compress(bytes(5 * STEP)), "deflate")):
        parts = list(unpacked([packed], coding))
        assert max(map(len, parts)) <= STEP
        assert sum(map(len, parts)) == 5 * STEP


@pytest.mark.parametrize(
    ("body", "coding", "expected"),
    [
        (gzip.compress(b"a") + gzip.compress(b"b"), "gzip", b"ab"),
        (gzip.compress(b"a") + b"\0\0\0trailing", "gzip", b"a"),
        (zlib.compress(gzip.compress(b"a")), "gzip, deflate", b"a"),
        (b"", "gzip", b""),
        (b"plain", "identity", b"plain"),
        (b"\x0b\x02", "compress", b"\x0b\x02"),
        (b"odd", "gzip,gzip,gzip,gzip,gzip", b"odd"),
    ],
    ids=["members", "trailing", "chain", "empty", "identity", "unknown", "too many"],
)
def test_codings(server, transport, body, coding, expected):
    """Members and chains of codings are undone; a coding that is not known stays, and the connection stays in step."""
    server.script(reply(200, body, f"Content-Encoding: {coding}"))
    assert [transport.send(get(server), LONG).body for _ in range(2)] == [expected, expected]
    assert server.connections == 1


# --- through the loop


@pytest.mark.parametrize(
    ("first", "header"),
    [
        ("7", "Retry-After"),
        ("0.75", "Retry-After"),
        ("Wed, 21 Oct 2015 07:28:07 GMT", "Retry-After"),
        ("900", "Retry-After-Ms"),
    ],
)
def test_a_busy_server_is_asked_again_when_it_says(server, transport, first, header):
    """429 with a Retry-After, in every form, is asked again no earlier, over the same connection."""
    server.script(reply(429, b"busy", f"{header}: {first}"), reply(200, b"ok"))
    slept = []
    got, attempts = deliver(transport, get(server), POLICY, LONG, sleep=slept.append, now=lambda: 1_445_412_480.0)
    assert (got.body, [a.status for a in attempts]) == (b"ok", [429, 200])
    assert slept == [{"7": 7.0, "0.75": 0.75, "900": 0.9}.get(first, 7.0)]
    assert server.connections == 1


def test_faults_in_a_row_are_survived(server, transport):
    """A call that meets a reset, a stall, half a body, garbage for Retry-After and a 503 still gets its answer."""
    half = raw(HEAD + b"Content-Length: 9\r\n\r\nhalf")
    server.script(reset(), stall(), half, reply(429, b"", "Retry-After: soon"), reply(503), reply(200, b"ok"))
    got, attempts = deliver(transport, get(server), POLICY, SHORT, sleep=lambda seconds: None)
    assert got.body == b"ok"
    assert [a.status for a in attempts] == [None, None, None, 429, 503, 200]


def test_a_post_is_answered_even_when_it_is_not_read(transport):
    """A server that answers and closes without reading a large body is heard."""
    refusing = Loopback(unread=True)
    refusing.script(reply(413, b"too much", close=True))
    try:
        got = transport.send(Request("POST", refusing.origin, "/", {}, bytes(30_000_000)), LONG)
    finally:
        refusing.close()
    assert (got.status, got.body) == (413, b"too much")


def test_credentials_do_not_cross_to_another_port(server, transport):
    """A redirect to another port is followed without any credential, and with the body."""
    other = Loopback()
    other.script(reply(200, b"there"))
    server.script(reply(307, b"", f"Location: {other.origin}/new?key=s3cret"))
    headers = {"Authorization": "Bearer s3cret", "X-Own": "s3cret", "Content-Type": "text/plain"}
    request = Request("POST", server.origin, "/old?key=s3cret", headers, b"body", frozenset({"x-own", "key"}))
    try:
        got, _ = deliver(transport, request, POLICY, LONG)
        [received] = other.requests
    finally:
        other.close()
    assert (got.body, got.url) == (b"there", f"{other.origin}/new")
    assert (received.method, received.target, received.body) == ("POST", "/new", b"body")
    assert "s3cret" not in str(received)
    assert received.headers["content-type"] == "text/plain"


def test_redirects_end(server, transport):
    """A server that redirects for ever is left after ten hops."""
    server.script(*[reply(308, b"", f"Location: /{n}") for n in range(20)])
    with pytest.raises(TransportError, match="more than 10"):
        deliver(transport, get(server), POLICY, LONG)
    assert len(server.requests) == MAX_REDIRECTS + 1


def test_the_deadline_covers_a_stall_and_its_retries(server, transport):
    """A server that always stalls is left when the total has run out, whatever the read timeout."""
    server.script(stall())
    with pytest.raises(TimeoutExpiredError, match="deadline") as caught:
        deliver(transport, get(server), POLICY, Timeout(connect=1, read=60, total=0.2))
    assert caught.value.attempts[0].elapsed < 60
