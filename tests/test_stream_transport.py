"""Open replies: blocks as they come, over real sockets, and what becomes of the connection."""

import gc
import gzip
import importlib
import os
import signal
import threading
import zlib
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import CERTIFICATE, Loopback, chunked, drip, raw, reply, reset, stall

from dynaclient import cancel
from dynaclient.errors import (
    ConnectError,
    ConnectionLostError,
    ProtocolError,
    RedirectError,
    ReplyTooLargeError,
    TimeoutExpiredError,
)
from dynaclient.local.transport import LocalTransport
from dynaclient.openapi.model import RetryPolicy
from dynaclient.openapi.read import read
from dynaclient.testing import FakeClock, FakeTransport, response, streamed
from dynaclient.transport import RetryBudget, Urllib3Transport, deliver, deliver_stream, unpack
from dynaclient.wire import Request, Response, Stream, Timeout

TIMEOUT = Timeout(connect=5, read=5)
SHORT = Timeout(connect=5, read=0.1)
POLICY = RetryPolicy(strategy="backoff", declared=True, status_codes=("429", "5XX"), jitter="none")
HEAD = b"HTTP/1.1 200 OK\r\n"
GET = Request("GET", "https://api.example.com", "/v1/x")


@pytest.fixture
def transport():
    """A transport that knows nothing of the environment and takes 100,000 bytes at once."""
    with Urllib3Transport(env=False, max_reply_bytes=100_000) as transport:
        yield transport


def get(server, target="/"):
    return Request("GET", server.origin, target)


def gated(first, rest, gate):
    """The first bytes at once, the rest when the gate opens."""

    def step(wire):
        wire.send(first)
        gate.wait(10)
        wire.send(rest)

    return step


def packed(name, *pieces):
    """The pieces packed with a coding, each flushed, and what ends the body."""
    if name == "br":
        compressor = pytest.importorskip("brotli").Compressor()
        return *(compressor.process(piece) + compressor.flush() for piece in pieces), compressor.finish()
    if name == "zstd":
        zstd = pytest.importorskip("backports.zstd")
        compressor = zstd.ZstdCompressor()
        return *(compressor.compress(piece, mode=compressor.FLUSH_BLOCK) for piece in pieces), compressor.flush()
    compressor = zlib.compressobj(wbits=31 if name == "gzip" else 15)
    flushed = (compressor.compress(piece) + compressor.flush(zlib.Z_SYNC_FLUSH) for piece in pieces)
    return *flushed, compressor.flush()


# --- blocks as they come


@pytest.mark.parametrize("framing", ["chunked", "length", "closed"])
@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate", "br", "zstd"])
def test_a_block_comes_out_at_once(server, transport, framing, coding):
    """A block is given as soon as the server has sent it, while the server waits with the next, however the body is framed and packed."""
    one, two, end = (b"one\n", b"two\n", b"") if coding == "identity" else packed(coding, b"one\n", b"two\n")
    size = len(one + two + end)
    fields = {"chunked": b"Transfer-Encoding: chunked\r\n", "length": b"Content-Length: %d\r\n" % size, "closed": b""}
    head = HEAD + fields[framing] + b"Content-Encoding: " + coding.encode() + b"\r\n\r\n"

    def frame(data):
        return b"%x\r\n%b\r\n" % (len(data), data) if framing == "chunked" else data

    gate = threading.Event()
    last = frame(two + end) + (b"0\r\n\r\n" if framing == "chunked" else b"")
    step = gated(head + frame(one), last, gate)
    server.script(step if framing != "closed" else lambda wire: (step(wire), raw(b"")(wire)))
    with transport.open(get(server), TIMEOUT) as stream:
        assert isinstance(stream, Stream)
        assert next(iter(stream)) == b"one\n"
        gate.set()
        assert b"".join(stream) == b"two\n"
        assert list(stream) == []


def test_the_head_tells_all_before_the_body_comes(server, transport):
    """Status, reason, headers and the URL without its secrets are there before the first block."""
    server.script(stall(b"HTTP/1.1 206 Some\r\nX-A: b\r\nContent-Length: 5\r\n\r\n"))
    with transport.open(get(server, "/a?token=s3cret"), TIMEOUT) as stream:
        assert (stream.status, stream.reason, stream.headers["x-a"]) == (206, "Some", "b")
        assert stream.url == f"{server.origin}/a?token=[redacted]"
        assert repr(stream) == "<OpenReply 206 no type, open>"


def test_a_stream_may_be_larger_than_the_bound(server, transport):
    """What is iterated over is not bound in size; what is read at once is, told or not."""
    big = b"x" * 60_000
    server.script(chunked([big, big]), chunked([big, big]), raw(HEAD + b"Content-Length: 100001\r\n\r\n", close=False))
    with transport.open(get(server), TIMEOUT) as stream:
        assert sum(map(len, stream)) == 120_000
    for _ in range(2):
        with transport.open(get(server), TIMEOUT) as stream, pytest.raises(ReplyTooLargeError, match="100,000 bytes"):
            stream.read()


# --- the connection


def test_a_stream_that_is_read_gives_its_connection_back(server, transport):
    """Streams read to their end, by either way, share one connection, with whole replies too."""
    server.script(
        chunked([b"a", b"b"]), reply(200, b"cd"), raw(b"HTTP/1.1 204 No\r\n\r\n", close=False), reply(200, b"e")
    )
    with transport.open(get(server), TIMEOUT) as stream:
        assert list(stream) == [b"a", b"b"]
    assert transport.open(get(server), TIMEOUT).read() == b"cd"
    transport.open(get(server), TIMEOUT).close()
    assert transport.send(get(server), TIMEOUT).body == b"e"
    assert server.connections == 1


def test_a_stream_left_early_closes_its_connection(server, transport):
    """A stream that is closed before its end closes its connection, says so when it is read on, and may be closed again."""
    server.script(stall(HEAD + b"Content-Length: 9\r\n\r\nhalf"), reply(200, b"y"))
    stream = transport.open(get(server), TIMEOUT)
    assert next(iter(stream)) == b"half"
    stream.close()
    stream.close()
    with pytest.raises(ConnectionLostError, match="closed before it was read to its end"):
        next(iter(stream))
    assert transport.send(get(server), TIMEOUT).body == b"y"
    assert server.connections == 2


def test_a_stream_left_at_its_last_item_keeps_its_connection(server, transport):
    """Where all that is left has come already, as after a sentinel, closing keeps the connection."""
    server.script(chunked([b"data: 1\n\n", b"data: [DONE]\n\n"]), reply(200, b"y"))
    stream = transport.open(get(server), TIMEOUT)
    blocks = iter(stream)
    assert next(blocks) + next(blocks) == b"data: 1\n\ndata: [DONE]\n\n"
    stream.close()
    assert transport.send(get(server), TIMEOUT).body == b"y"
    assert server.connections == 1


def test_a_dropped_stream_closes_its_connection_silently(server, transport):
    """A stream that nobody holds any longer closes its connection, without a warning."""
    server.script(stall(HEAD + b"Content-Length: 9\r\n\r\nhalf"))

    def leave():
        for _ in transport.open(get(server), TIMEOUT):
            break

    leave()
    gc.collect()
    server.requests.clear()
    server.script(reply(200, b"y"))
    assert transport.send(get(server), TIMEOUT).body == b"y"
    assert server.connections == 2


@contextmanager
def ended_by(end, stream):
    """Another thread that ends a stream as soon as its reader waits."""
    thread = threading.Timer(0.05, end)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        assert "open" not in repr(stream)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("framing", [b"Content-Length: 9\r\n", b"Transfer-Encoding: chunked\r\n", b""])
def test_closing_from_another_thread_ends_a_blocked_read(tls, framing):
    """A reader that waits for bytes ends with a ConnectionLostError when another thread closes the stream; no end is taken for a whole body."""
    server = Loopback(tls=tls)
    try:
        server.script(stall(HEAD + framing + b"\r\n"))
        with Urllib3Transport(env=False, ca_bundle=CERTIFICATE) as transport:
            stream = transport.open(get(server), Timeout(read=60))
            with pytest.raises(ConnectionLostError, match="closed"), ended_by(stream.close, stream):
                stream.read()
    finally:
        server.close()


def test_a_cancelled_call_ends_its_stream(server, transport):
    """The switch of a call ends its open stream, and nothing takes that for a failure or for the end of the body."""
    server.script(stall(HEAD + b"\r\n"))
    switch = cancel.Cancel()
    token = cancel.use(switch)
    try:
        stream = transport.open(get(server), Timeout(read=60))
    finally:
        token.var.reset(token)
    with pytest.raises(cancel.Cancelled), ended_by(switch.set, stream):
        stream.read()


# --- what goes wrong on the way


@pytest.mark.parametrize(
    ("step", "kind", "words"),
    [
        (reset(HEAD + b"Content-Length: 9\r\n\r\nhalf"), ConnectionLostError, "reset.* after 4 bytes of the body"),
        (raw(HEAD + b"Content-Length: 9\r\n\r\nhalf"), ConnectionLostError, "too early after 4 bytes"),
        (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"), ConnectionLostError, "too early after 4 bytes"),
        (chunked([b"half"], end=b"zz\r\n"), ConnectionLostError, "too early after 4 bytes"),
        (stall(HEAD + b"Content-Length: 9\r\n\r\nhalf"), TimeoutExpiredError, "sent nothing for 0.1 s after 4 bytes"),
        (reply(200, b"no gzip", "Content-Encoding: gzip"), ProtocolError, "not packed as its Content-Encoding says"),
        (reply(200, gzip.compress(b"half")[:-4], "Content-Encoding: gzip"), ProtocolError, "ends too early"),
    ],
    ids=["reset", "cut", "cut chunks", "bad chunks", "stall", "not packed", "cut packed"],
)  # fmt: skip
def test_what_breaks_a_stream_is_told(server, transport, step, kind, words):
    """An error in the middle of the body is one of the tree, says after how many bytes it came, and ends the stream's connection."""
    server.script(step, reply(200, b"y"))
    with transport.open(get(server, "/?api_key=s3cret"), SHORT) as stream, pytest.raises(kind, match=words) as caught:
        list(stream)
    assert type(caught.value) is kind
    assert caught.value.sent
    assert "s3cret" not in str(caught.value)
    assert transport.send(get(server), TIMEOUT).body == b"y"
    assert server.connections == 2


def test_what_was_read_at_once_is_kept_when_it_breaks(server, transport):
    """An error while the rest is read at once carries what came of it."""
    server.script(raw(HEAD + b"Content-Length: 9\r\n\r\nhalf"))
    with transport.open(get(server), TIMEOUT) as stream, pytest.raises(ConnectionLostError) as caught:
        stream.read()
    assert caught.value.partial == b"half"


def test_the_deadline_holds_until_the_head_has_come(server):
    """The call's deadline ends the wait for the head, not the body, unless a bound was given for the body."""
    clock = FakeClock()
    with Urllib3Transport(env=False, clock=clock) as transport:
        server.script(reply(200, b"body"), reply(200, b"x" * 1_000_000), stall(HEAD))
        with transport.open(get(server), TIMEOUT, 10.0) as stream:
            clock.advance(60)
            assert stream.read() == b"body"
        with transport.open(get(server), TIMEOUT, 70.0, 100.0) as stream:
            clock.advance(60)
            with pytest.raises(TimeoutExpiredError, match="the call's deadline ran out"):
                stream.read()
        with pytest.raises(TimeoutExpiredError, match="the call's deadline ran out"):
            transport.open(get(server), SHORT, clock.time)


def test_a_deadline_can_be_given_for_the_rest(server):
    """Reading the rest at once takes a deadline of its own."""
    clock = FakeClock()
    server.script(reply(200, b"x" * 1_000_000))
    with Urllib3Transport(env=False, clock=clock) as transport, transport.open(get(server), TIMEOUT) as stream:
        clock.advance(5)
        with pytest.raises(TimeoutExpiredError, match="deadline"):
            stream.read(4.0)


# --- the loop


def opened(transport, request=GET, policy=POLICY, timeout=None, **seams):
    clock = seams.pop("clock", None) or FakeClock()
    seams = {"clock": clock, "sleep": clock.sleep, "rng": lambda: 0.5, "now": lambda: 0.0, **seams}
    return deliver_stream(transport, request, policy, timeout or Timeout(), **seams)


def test_a_good_reply_is_returned_open():
    """A good reply is open, its attempt recorded, and none of its body is read."""
    transport = FakeTransport(streamed("one", "two", headers={"Content-Type": "text/event-stream"}))
    stream, attempts = opened(transport)
    assert [(a.number, a.status, a.error) for a in attempts] == [(1, 200, None)]
    assert (stream.headers["content-type"], list(stream)) == ("text/event-stream", [b"one", b"two"])
    assert transport.streams[0].ended


def test_replies_that_decide_something_are_read_whole():
    """A reply that is retried, redirects or fails is read whole and let go; the one at the end is open."""
    transport = FakeTransport(
        streamed("busy", status=503),
        ConnectError("refused", sent=False),
        response(status=307, headers={"Location": "/b"}),
        streamed("item"),
    )
    clock = FakeClock()
    stream, attempts = opened(transport, clock=clock)
    assert list(stream) == [b"item"]
    assert [(a.status, a.delay) for a in attempts] == [(503, 0.5), (None, 0.75), (200, None)]
    assert [s.ended for s in transport.streams] == [True, True, True]
    assert transport.requests[-1].target == "/b"


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_failure_is_returned_whole(status):
    """A reply of 400 and above is a whole Response with its body."""
    policy = RetryPolicy("none", declared=True)
    got, attempts = opened(FakeTransport(streamed("no", "pe", status=status)), policy=policy)
    assert isinstance(got, Response)
    assert (got.status, got.body, len(attempts)) == (status, b"nope", 1)


def test_a_status_that_is_not_wanted_open_is_returned_whole():
    """The caller says which good statuses are wanted open."""
    got, _ = opened(FakeTransport(streamed("later", status=202)), final=lambda status: status == 200)
    assert isinstance(got, Response)
    assert got.body == b"later"


def test_a_redirect_that_is_not_followed_ends_a_stream_too():
    """The rules for redirects are those of whole replies."""
    with pytest.raises(RedirectError, match="loop"):
        opened(FakeTransport(response(status=307, headers={"Location": GET.target}), repeat=True))


def test_what_breaks_the_body_is_not_tried_again():
    """An error after the head has come is raised to the reader; the loop is over by then."""
    transport = FakeTransport(streamed("one", ConnectionLostError("gone")))
    stream, attempts = opened(transport)
    assert len(attempts) == 1
    with stream, pytest.raises(ConnectionLostError, match="gone"):
        list(stream)
    assert transport.streams[0].closed
    assert len(transport.requests) == 1


class Bounds(FakeTransport):
    """A transport that records the bounds that it is given."""

    def open(self, request, timeout, deadline=None, until=None):
        self.bounds = (deadline, until)
        return super().open(request, timeout, deadline, until)


@pytest.mark.parametrize(
    ("timeout", "bounds"),
    [
        (Timeout(), (3600.0, None)),
        (Timeout(total=25), (25.0, 25.0)),
        (Timeout(attempt=5), (5.0, None)),
        (Timeout(total=25, attempt=30), (25.0, 25.0)),
        (Timeout(total=25, attempt=5), (5.0, 25.0)),
    ],
)
def test_bounds_of_a_stream(timeout, bounds):
    """The head must come within the attempt and the call; the body is bound by a total that was given, and by nothing else."""
    transport = Bounds(streamed("x"))
    opened(transport, timeout=timeout)
    assert transport.bounds == bounds


def test_a_body_of_a_failure_cannot_drip_for_ever(server, transport):
    """The body of a reply that is read whole is bound by the attempt."""
    server.script(drip(b"HTTP/1.1 400 No\r\nContent-Length: 100000\r\n\r\n" + b"x" * 10_000, 0.001))
    with pytest.raises(TimeoutExpiredError, match=r"0\.1 s of the attempt"):
        deliver_stream(transport, get(server), RetryPolicy("none", declared=True), Timeout(attempt=0.1))


def test_an_attempt_has_its_own_time(server, transport):
    """A server that drips is left when the attempt's time is over, and asked again while the call has time."""
    server.script(drip(HEAD + b"Content-Length: 100000\r\n\r\n" + b"x" * 10_000, 0.001), reply(200, b"ok"))
    policy = RetryPolicy("backoff", initial_interval=0, max_interval=0, declared=True)
    got, attempts = deliver(transport, get(server), policy, Timeout(attempt=0.3))
    assert (got.body, attempts[-1].status) == (b"ok", 200)
    assert attempts[0].error.startswith("TimeoutExpiredError: the 0.3 s of the attempt")


def test_no_attempt_follows_the_call():
    """An attempt never outlives the call, and none follows when the call's time is over."""
    clock, deadlines = FakeClock(), []

    class Slow(FakeTransport):
        def send(self, request, timeout, deadline=None):
            deadlines.append(deadline)
            clock.advance(deadline - clock.time)
            raise TimeoutExpiredError("slow")

    seams = {"clock": clock, "sleep": clock.sleep, "rng": lambda: 0.5, "now": lambda: 0.0}
    with pytest.raises(TimeoutExpiredError) as caught:
        deliver(Slow(), GET, POLICY, Timeout(total=10, attempt=4), **seams)
    assert deadlines == [4.0, 8.5, 10.0]
    assert len(caught.value.attempts) == 3


# --- transports without a network


def test_a_fake_transport_opens_and_sends_either_kind():
    """A scripted reply, whole or in blocks, can be sent for and opened; callables are asked when their turn comes."""
    transport = FakeTransport(response("whole"), streamed("a", lambda: b"b"), lambda request: streamed(request.target))
    assert list(transport.open(GET, TIMEOUT)) == [b"whole"]
    assert transport.send(GET, TIMEOUT).body == b"ab"
    assert transport.open(GET, TIMEOUT).read() == b"/v1/x"
    stream = FakeTransport(streamed("a")).open(GET, TIMEOUT)
    stream.close()
    with pytest.raises(ConnectionLostError, match="closed"):
        next(stream)


def test_the_embedded_server_opens_its_replies():
    """The embedded server's replies can be opened."""
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}}
    with LocalTransport(read(document)).open(GET, TIMEOUT, None) as stream:
        assert stream.status == 404
        assert stream.read()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_budget_works_in_a_child():
    """A budget whose lock another thread holds at a fork can be used in the child."""
    budget = RetryBudget()
    with budget._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            os._exit(0 if budget.withdraw("o") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert budget.left("o") == 500


# --- codings

LIBRARIES = {
    "br": [("_BROTLI", "brotli"), ("_BROTLI", "brotlicffi")],
    "zstd": [("_ZSTD", "compression.zstd"), ("_ZSTD", "backports.zstd"), ("_ZSTD", "zstandard")],
}


@pytest.fixture(params=[(coding, *entry) for coding, entries in LIBRARIES.items() for entry in entries], ids=str)
def coding(request, monkeypatch):
    """A coding with one of the libraries for it."""
    name, table, library = request.param
    try:
        importlib.import_module(library)
    except ImportError:
        pytest.skip(f"{library} is not installed")
    with only(monkeypatch, table, library):
        yield name


@contextmanager
def only(monkeypatch, table, *libraries):
    """These libraries and no others."""
    caches = (unpack._brotli, unpack._zstd, unpack.accept_encoding)
    monkeypatch.setattr(unpack, table, libraries)
    for cached in caches:
        cached.cache_clear()
    yield
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


def joined(blocks, coding):
    return b"".join(unpack.unpacked(blocks, coding))


@settings(max_examples=30)
@given(pieces=st.lists(st.binary(max_size=300), max_size=4), size=st.integers(1, 50), data=st.data())
def test_packed_bytes_come_out_however_they_are_cut(pieces, size, data):
    """For every coding, whatever was packed comes out again, wherever the blocks are cut, and a body without its end is an error."""
    name = data.draw(st.sampled_from(["gzip", "deflate", "br", "zstd"]))
    whole = b"".join(packed(name, *pieces))
    cut = [whole[start : start + size] for start in range(0, len(whole), size)]
    assert joined(cut, name) == b"".join(pieces)
    with pytest.raises(zlib.error):
        joined([whole[:-1]] if len(whole) > 1 else [b"\xff"], name)


def test_every_library_unpacks_in_bounded_steps(coding):
    """Every library gives back what was packed, in steps, and refuses what is not packed and what ends too early."""
    whole = b"".join(packed(coding, bytes(20_000_000), b"end"))
    assert len(whole) < 20_000
    parts = list(unpack.unpacked([whole], coding))
    assert max(map(len, parts)) <= 1 << 21
    assert b"".join(parts) == bytes(20_000_000) + b"end"
    assert coding in unpack.accept_encoding()
    for broken in (whole[:-2], b"\xffnot packed at all"):
        with pytest.raises(zlib.error):
            joined([broken], coding)
    assert joined([], coding) == b""


def test_frames_of_zstd_follow_one_another():
    """Several frames are one body (RFC 8878, 3.1)."""
    zstd = pytest.importorskip("backports.zstd")
    assert joined([zstd.compress(b"a") + zstd.compress(b"b")], "zstd") == b"ab"


def test_a_window_that_is_too_large_is_refused():
    """A zstd window beyond 8 MB is refused (RFC 9659, 3)."""
    zstd = pytest.importorskip("backports.zstd")
    compressor = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 25})
    large = compressor.compress(b"x" * 1000) + compressor.flush()
    with pytest.raises(zlib.error, match="8 MB"):
        joined([large], "zstd")


@pytest.mark.parametrize(("table", "name"), [("_BROTLI", "br"), ("_ZSTD", "zstd")])
def test_only_what_is_installed_is_offered(server, monkeypatch, table, name):
    """A coding whose library is missing is not offered, and a body that comes in it nevertheless is left as it is."""
    server.script(reply(200, b"as it is", f"Content-Encoding: {name}"))
    with only(monkeypatch, table, "no_such_library"), Urllib3Transport(env=False) as transport:
        assert transport.send(get(server), TIMEOUT).body == b"as it is"
    assert name not in server.requests[0].headers["accept-encoding"].split(", ")


def test_an_old_brotli_is_passed_over(monkeypatch):
    """A library for br that cannot bound what it unpacks is not used."""
    with only(monkeypatch, "_BROTLI", "zlib_like"):
        import sys
        import types

        old = types.ModuleType("zlib_like")
        old.Decompressor = object
        monkeypatch.setitem(sys.modules, "zlib_like", old)
        assert "br" not in unpack.accept_encoding()
