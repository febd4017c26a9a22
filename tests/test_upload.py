"""Bodies that are read while they are sent: framing, servers that answer early, and what may be sent a second time."""

import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopback import CERTIFICATE, Loopback, echo, reply, reset, stall

from dynaclient.curl import curl
from dynaclient.errors import (
    ArgumentError,
    ConnectError,
    ConnectionLostError,
    RedirectError,
    TimeoutExpiredError,
)
from dynaclient.local.transport import LocalTransport
from dynaclient.openapi.model import RetryPolicy
from dynaclient.openapi.read import read
from dynaclient.redirect import next_request
from dynaclient.testing import FakeClock, FakeTransport, response
from dynaclient.transport import Urllib3Transport, deliver
from dynaclient.wire import Headers, Request, Response, Timeout, Upload

TIMEOUT = Timeout(connect=5, read=5)
POLICY = RetryPolicy(strategy="backoff", declared=True, status_codes=("429", "5XX"), jitter="none")
BIG = bytes(range(256)) * 2048


@pytest.fixture
def transport():
    """A transport that knows nothing of the environment."""
    with Urllib3Transport(env=False) as transport:
        yield transport


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def deaf(request):
    """A server that leaves bodies unread, and a transport that trusts it."""
    server = Loopback(tls=request.param, unread=True)
    with Urllib3Transport(env=False, ca_bundle=CERTIFICATE) as transport:
        yield server, transport
    server.close()


def put(server, body, **headers):
    return Request("PUT", server.origin, "/v1/file", headers, body)


def of(*pieces, length=None, replayable=True, progress=None):
    return Upload(lambda: iter(pieces), length, replayable, progress)


def once(*pieces):
    return of(*pieces, replayable=False)


# --- on the wire


@pytest.mark.parametrize("tls", [False, True])
def test_a_body_of_known_length_is_framed_by_it(tls):
    """The pieces arrive as one body with a Content-Length, whatever their sizes."""
    server = Loopback(tls=tls)
    try:
        server.script(echo())
        with Urllib3Transport(env=False, ca_bundle=CERTIFICATE) as transport:
            got = transport.send(put(server, of(b"a", b"", BIG, b"z", length=len(BIG) + 2)), TIMEOUT)
            assert got.body == b"a" + BIG + b"z"
            assert transport.send(put(server, b"small"), TIMEOUT).body == b"small"
    finally:
        server.close()
    assert server.requests[0].headers["content-length"] == str(len(BIG) + 2)
    assert "transfer-encoding" not in server.requests[0].headers
    assert server.connections == 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.binary(max_size=40) | st.just(BIG), max_size=5))
def test_a_body_of_unknown_length_comes_in_chunks(server, transport, pieces):
    """Whatever the pieces are, none of them empty or many, the server gets them joined, and the connection stays in step."""
    server.script(echo())
    assert transport.send(put(server, of(*pieces)), TIMEOUT).body == b"".join(pieces)
    received = server.requests[-1].headers
    assert (received["transfer-encoding"], "content-length" in received) == ("chunked", False)
    assert server.connections == 1


def test_pieces_may_be_any_bytes(server, transport):
    """Bytearray and memoryview are bytes, too."""
    server.script(echo())
    assert transport.send(put(server, of(bytearray(b"a"), memoryview(b"bc"))), TIMEOUT).body == b"abc"


def test_the_host_of_a_request_goes_first(server, transport):
    """A Host that the request brings is sent once."""
    transport.send(put(server, of(b"x"), Host="other.example"), TIMEOUT)
    assert server.requests[0].headers["host"] == "other.example"


def test_progress_is_told_after_each_piece(server, transport):
    """The progress counts the bytes of the body that were sent, and begins anew when the body is sent again."""
    seen = []
    server.script(reply(503), reply(200))
    deliver(transport, put(server, of(b"ab", b"", b"cde", progress=seen.append)), POLICY, TIMEOUT, sleep=lambda s: None)
    assert seen == [2, 5, 2, 5]
    assert [r.body for r in server.requests] == [b"abcde", b"abcde"]


# --- servers that do not listen


def endless(sent):
    """A body of a gigabyte that counts its pieces."""
    block = bytes(1 << 17)

    def chunks():
        for _ in range(8192):
            sent.append(1)
            yield block

    return chunks


@pytest.mark.parametrize("length", [None, 1 << 30])
@pytest.mark.parametrize("stays", [True, False], ids=["stays", "closes"])
def test_an_early_reply_is_read(deaf, length, stays):
    """A server that answers 413 while the body is being sent is heard at once, whether it keeps the connection open or not, and the rest is not sent."""
    server, transport = deaf
    server.script(
        stall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig") if stays else reply(413, b"big", close=True)
    )
    sent = []
    got = transport.send(put(server, Upload(endless(sent), length)), Timeout(read=60))
    assert (got.status, got.body) == (413, b"big")
    assert len(sent) < 8192
    server.script(reply(200, b"y"))
    assert transport.send(Request("GET", server.origin, "/"), TIMEOUT).body == b"y"
    assert server.connections == 2


def test_large_bytes_meet_an_early_reply(deaf):
    """A large body of bytes is sent in the same way."""
    server, transport = deaf
    server.script(stall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"))
    assert transport.send(put(server, bytes(30_000_000)), Timeout(read=60)).status == 413


def test_an_early_reply_can_be_a_stream(deaf):
    """An early reply can be opened, and its connection is not used again."""
    server, transport = deaf
    server.script(stall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"), reply(200, b"y"))
    with transport.open(put(server, Upload(endless([]))), Timeout(read=60)) as stream:
        assert (stream.status, stream.read()) == (413, b"big")
    assert transport.send(Request("GET", server.origin, "/"), TIMEOUT).body == b"y"
    assert server.connections == 2


def test_an_interim_reply_does_not_stop_the_body():
    """100 Continue and 103 Early Hints, which come while the body is sent, are no reply to it."""
    server = Loopback(greeting=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\n")
    try:
        server.script(echo())
        with Urllib3Transport(env=False) as transport:
            assert transport.send(put(server, of(*[BIG] * 20)), TIMEOUT).body == BIG * 20
    finally:
        server.close()


def test_a_server_that_takes_nothing_is_a_time_out(deaf):
    """A server that neither reads nor answers ends the call after the read timeout, with words about the body."""
    server, transport = deaf
    server.script(stall())
    with pytest.raises(TimeoutExpiredError, match=r"took nothing of the body for 0\.3 s") as caught:
        transport.send(put(server, Upload(endless([]))), Timeout(connect=5, read=0.3))
    assert caught.value.sent


def test_the_deadline_ends_an_upload(deaf):
    """A body that is sent for too long ends at the call's deadline."""
    server, transport = deaf
    server.script(stall())
    with pytest.raises(TimeoutExpiredError, match=r"0\.3 s of the attempt"):
        deliver(transport, put(server, Upload(endless([]))), RetryPolicy("none", declared=True), Timeout(attempt=0.3))


def test_a_connection_that_breaks_while_sending_is_lost(deaf):
    """A reset in the middle of the body, without a reply, is a lost connection."""
    server, transport = deaf
    server.script(reset())
    with pytest.raises(ConnectionLostError) as caught:
        transport.send(put(server, Upload(endless([]))), TIMEOUT)
    assert caught.value.sent


# --- bodies that are not what was said


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (of(b"abc", length=2), "longer than the 2 bytes"),
        (of(b"abc", length=4), "after 3 of the 4 bytes"),
        (of(length=1), "after 0 of the 1 bytes"),
        (of("text"), "must be bytes, not str"),
        (of(7), "must be bytes, not int"),
    ],
)
def test_a_body_that_is_not_what_was_said_is_an_argument(server, transport, body, words):
    """A wrong length, or what is no bytes, is an ArgumentError; the request is broken off, and its connection not used again."""
    with pytest.raises(ArgumentError, match=words):
        transport.send(put(server, body), TIMEOUT)
    transport.send(Request("GET", server.origin, "/"), TIMEOUT)
    assert server.connections == 2
    assert [r.connection for r in server.requests if r.method == "GET"] == [2]


def failing(error):
    def chunks():
        yield b"some"
        raise error

    return Upload(chunks)


def test_a_file_that_cannot_be_read_is_an_argument(server, transport):
    """An OSError of the body's own source, even one that looks like the network's, is an ArgumentError and is not retried."""
    for error in (FileNotFoundError(2, "No such file"), BrokenPipeError(32, "Broken pipe"), TimeoutError()):
        with pytest.raises(ArgumentError, match="the body cannot be read") as caught:
            deliver(transport, put(server, failing(error)), POLICY, TIMEOUT, sleep=None)
        assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [ValueError("mine"), RuntimeError("mine"), KeyboardInterrupt()])
def test_what_the_source_raises_passes_unchanged(server, transport, error):
    """An exception of the code that gives the body, or that is told the progress, comes out as it is."""

    def progress(_):
        raise error

    for body in (failing(error), of(b"x", progress=progress)):
        with pytest.raises(type(error)) as caught:
            transport.send(put(server, body), TIMEOUT)
        assert caught.value is error


# --- a second time


def send(transport, body, policy=POLICY, method="PUT"):
    clock = FakeClock()
    request = Request(method, "https://api.example.com", "/v1/file", {}, body)
    return deliver(
        transport, request, policy, Timeout(), clock=clock, sleep=clock.sleep, rng=lambda: 0.5, now=lambda: 0.0
    )


def test_a_replayable_body_is_sent_again():
    """A body that can be read again is sent again, whole, after a status and after an error."""
    transport = FakeTransport(response(status=503), ConnectionLostError("gone"), response("ok"))
    got, attempts = send(transport, of(b"a", b"b"))
    assert (got.body, len(attempts)) == (b"ok", 3)
    assert transport.bodies == [b"ab"] * 3


def test_a_body_for_once_is_not_sent_again():
    """Once it was begun, a body that cannot be read again makes a 503 final, and an error, which says so."""
    got, attempts = send(FakeTransport(response(status=503)), once(b"a"))
    assert (got.status, [a.delay for a in attempts]) == (503, [None])
    with pytest.raises(
        ConnectionLostError, match="gone; its body can be read only once, so that the request cannot"
    ) as caught:
        send(FakeTransport(ConnectionLostError("gone")), once(b"a"))
    assert caught.value.message == str(caught.value)
    assert len(caught.value.attempts) == 1


def test_an_error_that_would_not_be_retried_says_nothing_of_the_body():
    """The body is named as the reason only where all else would have allowed another attempt."""
    with pytest.raises(ConnectionLostError) as caught:
        send(FakeTransport(ConnectionLostError("gone")), once(b"a"), RetryPolicy("none", declared=True))
    assert "once" not in str(caught.value)


def test_a_body_for_once_that_was_not_begun_is_still_there(server):
    """A connection that is refused has not touched the body: it is sent by the next attempt."""
    body = once(b"a", b"b")
    refused = iter([ConnectError("refused", sent=False)])

    class Flaky(Urllib3Transport):
        def send(self, *arguments):
            for error in refused:
                raise error
            return super().send(*arguments)

    server.script(echo())
    with Flaky(env=False) as transport:
        got, attempts = deliver(transport, put(server, body), POLICY, TIMEOUT, sleep=lambda s: None)
    assert (got.body, len(attempts), body.spent) == (b"ab", 2, True)


def test_a_body_for_once_gets_a_connection_of_its_own(server, transport):
    """A kept connection, which may be closed the moment it is used, is not risked for a body that has no second chance."""
    server.script(echo())
    transport.send(put(server, b"x"), TIMEOUT)
    transport.send(put(server, once(b"a")), TIMEOUT)
    transport.send(put(server, of(b"b")), TIMEOUT)
    assert [r.connection for r in server.requests] == [1, 2, 2]


def test_a_body_for_once_is_read_once():
    """A second call with a body that was read already is an ArgumentError that says what to do; it is never sent empty."""
    body = once(b"a")
    assert (body.spent, body.read(), body.spent) == (False, b"a", True)
    with pytest.raises(ArgumentError, match="make a new one for each call"):
        send(FakeTransport(response()), body)


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_takes_only_a_body_that_can_be_read_again(status):
    """307 and 308 send a replayable body again; one for once is a RedirectError that tells the new place."""
    hop = response(status=status, headers={"Location": "/new?token=s3cret"})
    transport = FakeTransport(hop, response("there"))
    assert send(transport, of(b"ab"))[0].body == b"there"
    assert transport.bodies == [b"ab", b"ab"]
    with pytest.raises(RedirectError, match="read only once") as caught:
        send(FakeTransport(hop), once(b"ab"))
    assert "/new?token=[redacted]" in str(caught.value)


def test_a_303_needs_no_body():
    """303 becomes GET: a body for once is no obstacle."""
    transport = FakeTransport(response(status=303, headers={"Location": "/new"}), response("there"))
    assert send(transport, once(b"ab"), method="POST")[0].body == b"there"
    assert transport.bodies == [b"ab", None]


def test_a_body_that_was_not_begun_follows_a_redirect():
    """What has not been read yet can go to the new place."""
    request = Request("PUT", "https://a.example", "/x", {}, once(b"ab"))
    following = next_request(request, Response(307, Headers({"Location": "https://b.example/y"})))
    assert following.body.read() == b"ab"


# --- as a value


def test_an_upload_shows_and_pickles_its_description():
    """The content is neither shown nor pickled; a pickled one says so when it is read."""
    body = of(b"s3cret", length=6)
    request = Request("PUT", "https://a.example", "/x?token=s3cret", {"Authorization": "Bearer s3cret"}, body)
    assert repr(body) == "<Upload, 6 bytes>"
    assert repr(once(b"a")) == "<Upload, of unknown length, once only>"
    assert repr(request).endswith("<Upload, 6 bytes>>")
    assert request.redacted().body is body
    copy = pickle.loads(pickle.dumps(request))
    assert b"s3cret" not in pickle.dumps(request)
    assert (copy.body.length, repr(copy)) == (6, repr(request.redacted()))
    with pytest.raises(ArgumentError, match="when it was pickled"):
        copy.body.read()


def test_a_shell_line_takes_the_body_from_standard_input():
    """A body that is not in memory is not written into a shell line."""
    line = curl(Request("PUT", "https://a.example", "/x", {}, of(b"abc", length=3)))
    assert line == "curl -sS -X PUT https://a.example/x --data-binary @- # 3 bytes on standard input"


def test_the_embedded_server_reads_a_body():
    """The embedded server takes a body that is read piece by piece."""
    schema = {"type": "object", "required": ["a"]}
    operation = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"200": {"description": "ok"}, "4XX": {"description": "no"}},
    }
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/x": {"post": operation}}}
    transport = LocalTransport(read(document))
    for pieces, good in (((b'{"a":', b"1}"), True), ((b"{}",), False)):
        request = Request("POST", "http://local", "/x", {"Content-Type": "application/json"}, of(*pieces))
        assert (transport.send(request, TIMEOUT, None).status < 300) is good


def test_a_body_may_be_a_download(server, transport):
    """An open reply can be sent on, block by block."""
    server.script(reply(200, BIG), echo())
    with transport.open(Request("GET", server.origin, "/"), TIMEOUT) as stream:
        body = Upload(lambda: iter(stream), len(BIG), replayable=False)
        assert transport.send(put(server, body), TIMEOUT).body == BIG
