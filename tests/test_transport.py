"""What goes over the wire when all is well, and how the transport is set up."""

import concurrent.futures
import copy
import inspect
import os
import pickle
import socket
import ssl
import subprocess
import sys
import zlib
from http import client as http

import pytest
import urllib3.exceptions
from loopback import CERTIFICATE, Loopback, chunked, echo, raw, reply

from dynaclient.errors import (
    ArgumentError,
    ConnectError,
    DynaclientError,
    TimeoutExpiredError,
    TLSError,
    TransportError,
)
from dynaclient.openapi.model import RetryPolicy
from dynaclient.transport import Transport, Urllib3Transport, deliver
from dynaclient.transport.border import FOREIGN, Progress, translate
from dynaclient.transport.proxies import proxy_for
from dynaclient.transport.unpack import accept_encoding
from dynaclient.version import VERSION
from dynaclient.wire import Request, Timeout

TIMEOUT = Timeout(connect=5, read=5)


@pytest.fixture
def transport():
    """A transport that knows nothing of the environment."""
    with Urllib3Transport(env=False) as transport:
        yield transport


@pytest.fixture
def secure():
    """A server that speaks TLS with a certificate of its own."""
    server = Loopback(tls=True)
    yield server
    server.close()


def get(server, target="/", **headers):
    return Request("GET", server.origin, target, headers)


def post(server, body, **headers):
    return Request("POST", server.origin, "/v1/x", headers, body)


def test_a_request_arrives_as_it_is(server, transport):
    """Method, target, headers and body arrive unchanged; the transport adds what HTTP needs."""
    transport.send(Request("POST", server.origin, "/a%20b?c=%2F", {"X-One": "1"}, b"\x00body"), TIMEOUT)
    [received] = server.requests
    assert (received.method, received.target, received.body) == ("POST", "/a%20b?c=%2F", b"\x00body")
    assert received.headers == {
        "host": f"127.0.0.1:{server.port}",
        "content-length": "5",
        "x-one": "1",
        "user-agent": f"dynaclient/{VERSION}",
        "accept-encoding": accept_encoding(),
    }


def test_what_a_request_says_goes_first(server, transport):
    """A request's own User-Agent and Accept-Encoding are sent, in whatever case they are written."""
    transport.send(get(server, **{"user-agent": "me", "ACCEPT-ENCODING": "identity"}), TIMEOUT)
    assert server.requests[0].headers["user-agent"] == "me"
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_a_reply_comes_as_it_was(server, transport):
    """Status, reason, headers with their order and repeats, and the body come back; the URL shows no secret."""
    server.script(reply(418, b"tea", "X-A: 1", "Set-Cookie: a=b", "x-a:2 "))
    got = transport.send(get(server, "/t?api_key=s3cret"), TIMEOUT)
    assert (got.status, got.reason, got.body) == (418, "Because", b"tea")
    assert got.headers["x-a"] == "1, 2"
    assert got.headers.pairs[0] == ("X-A", "1")
    assert got.url == f"{server.origin}/t?api_key=[redacted]"
    assert got.elapsed > 0


def test_a_large_body_is_sent_in_blocks(server, transport):
    """A body of several blocks arrives whole, framed by its length."""
    server.script(echo())
    body = os.urandom(3_500_000)
    assert transport.send(post(server, body), TIMEOUT).body == body
    assert server.requests[0].headers["content-length"] == "3500000"


def test_connections_are_kept(server, transport):
    """Ten calls one after another use one connection, however their bodies are framed."""
    server.script(
        reply(200, b"a"), chunked([b"b", b"c"]), raw(b"HTTP/1.1 204 No\r\n\r\n", close=False), reply(304), echo()
    )
    bodies = [transport.send(get(server), TIMEOUT).body for _ in range(10)]
    assert bodies == [b"a", b"bc", b"", b"", *[b""] * 6]
    assert server.connections == 1


def test_head_has_no_body(server, transport):
    """A reply to HEAD ends with its head, whatever length it tells."""
    server.script(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", close=False), reply(200, b"x"))
    assert transport.send(Request("HEAD", server.origin, "/"), TIMEOUT).body == b""
    assert transport.send(get(server), TIMEOUT).body == b"x"
    assert server.connections == 1


@pytest.mark.parametrize(
    "first",
    [
        reply(200, b"x", close=True),
        reply(200, b"x", "Connection: Keep-Alive, Close"),
        raw(b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", close=False),
        raw(b"HTTP/1.1 200 OK\r\n\r\nx"),
        raw(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
            close=False,
        ),
        raw(
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            close=False,
        ),
    ],
    ids=["close", "close-in-list", "http-1.0", "until-closed", "more-than-asked", "two-framings"],
)
def test_connections_are_let_go(server, transport, first):
    """A connection is not used again when the server says so, and when what it carries is in doubt."""
    server.script(first, reply(200, b"y"))
    assert [transport.send(get(server), TIMEOUT).body for _ in range(2)] == [b"x", b"y"]
    assert server.connections == 2


def test_a_connection_closed_while_idle_is_replaced(server, transport):
    """A server that closes an idle connection is not noticed by the next call."""
    server.script(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"), reply(200, b"y"))
    assert transport.send(get(server), TIMEOUT).body == b"x"
    server.idle()
    assert transport.send(post(server, b""), TIMEOUT).body == b"y"


def test_many_threads_share_one_transport(server, transport):
    """64 threads make 10,000 calls over at most 64 connections, and each gets its own answer."""
    server.script(echo())

    def call(number):
        body = b"%d" % number
        return transport.send(post(server, body), TIMEOUT).body == body

    with concurrent.futures.ThreadPoolExecutor(64) as threads:
        assert all(threads.map(call, range(10_000)))
    assert server.connections <= 64


def test_closing_closes_and_sending_opens_again(server, transport):
    """After close the idle connections are gone, and a further call opens a new one."""
    transport.send(get(server), TIMEOUT)
    transport.close()
    transport.send(get(server), TIMEOUT)
    assert server.connections == 2


def test_a_pool_keeps_no_more_than_its_size(server):
    """With room for none, no connection is kept."""
    with Urllib3Transport(env=False, pool_size=0) as transport:
        transport.send(get(server), TIMEOUT)
        transport.send(get(server), TIMEOUT)
    assert server.connections == 2


def test_a_transport_stays_where_it_is(transport):
    """A transport can be neither pickled nor copied, and says what to do instead."""
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="make one in each process"):
            attempt(transport)
    assert isinstance(transport, Transport)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_opens_its_own_connections(server, transport):
    """After a fork the child does not write into the parent's connection, which goes on working."""
    server.script(echo())
    transport.send(post(server, b"1"), TIMEOUT)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if transport.send(post(server, b"2"), TIMEOUT).body == b"2" else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert transport.send(post(server, b"3"), TIMEOUT).body == b"3"
    assert [r.connection for r in server.requests] == [1, 2, 1]


def test_importing_the_loop_costs_no_urllib3():
    """The package of transports can be imported, and a fake one used, without urllib3."""
    code = "import sys, dynaclient.transport, dynaclient.testing; sys.exit('urllib3' in sys.modules or 'ssl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- TLS


def test_tls_with_a_private_authority(secure):
    """A certificate is trusted when its authority is given, as an argument or in the environment."""
    secure.script(echo())
    with Urllib3Transport(env=False, ca_bundle=CERTIFICATE) as transport:
        assert [transport.send(post(secure, b"x" * 100_000), TIMEOUT).body for _ in range(2)] == [b"x" * 100_000] * 2
    assert secure.connections == 1


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_tls_with_an_authority_of_the_environment(secure, monkeypatch, name):
    """The usual variables name the authorities to trust."""
    for other in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, str(CERTIFICATE))
    monkeypatch.setenv("no_proxy", "*")
    with Urllib3Transport() as transport:
        assert transport.send(get(secure), TIMEOUT).status == 200


def test_an_unknown_certificate_is_refused(secure, transport):
    """A certificate of an unknown authority is a TLSError before anything is sent, not retried, unless nobody looks."""
    with pytest.raises(TLSError, match="ca_bundle=") as caught:
        deliver(transport, get(secure), RetryPolicy("backoff", declared=True), TIMEOUT, sleep=None)
    assert not caught.value.sent
    assert not secure.requests
    with Urllib3Transport(env=False, verify=False) as careless:
        assert careless.send(get(secure), TIMEOUT).status == 200


def test_a_plain_server_behind_https_is_refused(transport):
    """A server that speaks http where https was asked for is a TLSError that says what may be wrong."""
    plain = Loopback(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n")
    try:
        with pytest.raises(TLSError, match="http:// only") as caught:
            transport.send(Request("GET", plain.origin.replace("http:", "https:"), "/"), TIMEOUT)
    finally:
        plain.close()
    assert not caught.value.sent


def test_a_handshake_that_stalls_is_a_time_out(transport):
    """A server that never shakes hands is a time-out before sending."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        request = Request("GET", f"https://127.0.0.1:{silent.getsockname()[1]}", "/")
        with pytest.raises(TimeoutExpiredError, match="no connection") as caught:
            transport.send(request, Timeout(connect=0.1, read=5))
    assert not caught.value.sent


@pytest.mark.parametrize(
    "options", [{"ca_bundle": "/no/such.pem"}, {"client_cert": "/no/such.pem"}, {"ca_bundle": __file__}]
)
def test_bad_certificate_files_are_arguments(secure, options):
    """A file of certificates that is missing, or is none, is an ArgumentError that names it."""
    with Urllib3Transport(env=False, **options) as transport, pytest.raises(ArgumentError, match=next(iter(options))):
        transport.send(get(secure), TIMEOUT)


def test_a_client_certificate_is_loaded(secure):
    """A client certificate may be one file with its key."""
    with Urllib3Transport(env=False, ca_bundle=CERTIFICATE, client_cert=str(CERTIFICATE)) as transport:
        assert transport.send(get(secure), TIMEOUT).status == 200


# --- proxies


def test_plain_requests_are_forwarded_by_a_proxy(server, transport, monkeypatch):
    """A proxy of the environment gets the whole URL and its credentials, and nothing where NO_PROXY covers the host."""
    monkeypatch.setenv("http_proxy", f"http://user:p%40ss@127.0.0.1:{server.port}")
    monkeypatch.setenv("no_proxy", "")
    request = Request("GET", "http://api.example.com", "/v1?a=b")
    with Urllib3Transport() as proxied:
        assert proxied.send(request, TIMEOUT).status == 200
    [received] = server.requests
    assert received.target == "http://api.example.com/v1?a=b"
    assert received.headers["host"] == "api.example.com"
    assert received.headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Urllib3Transport() as direct:
        direct.send(get(server), TIMEOUT)
    assert server.requests[1].target == "/"


def test_secure_requests_go_through_a_tunnel(server, secure):
    """A tunnel is asked for by CONNECT, with the proxy's credentials, and TLS runs end to end within."""
    server.script(server.tunnel())
    with Urllib3Transport(proxy=f"http://u:p@127.0.0.1:{server.port}", ca_bundle=CERTIFICATE) as transport:
        assert [transport.send(get(secure), TIMEOUT).status for _ in range(2)] == [200, 200]
    assert [(r.method, r.target) for r in server.requests] == [("CONNECT", f"127.0.0.1:{secure.port}")]
    assert server.requests[0].headers["proxy-authorization"] == "Basic dTpw"
    assert "proxy-authorization" not in secure.requests[0].headers


@pytest.mark.parametrize("status", [407, 502])
def test_a_proxy_that_refuses_is_a_connect_error(server, status):
    """A tunnel that is refused is a ConnectError: nothing was sent, and no password is told."""
    server.script(reply(status, close=True))
    transport = Urllib3Transport(proxy=f"http://u:s3cret@127.0.0.1:{server.port}")
    with transport, pytest.raises(ConnectError, match=str(status)) as caught:
        transport.send(Request("GET", "https://api.example.com", "/"), TIMEOUT)
    assert not caught.value.sent
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("origin", "environ", "expected"),
    [
        ("https://a.example", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://a.example", {"HTTPS_PROXY": "http://p:1", "https_proxy": "http://q:2"}, "http://q:2"),
        ("https://a.example", {"HTTP_PROXY": "http://p:1"}, None),
        ("http://a.example", {"HTTP_PROXY": "http://p:1"}, "http://p:1"),
        ("http://a.example", {"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}, None),
        ("http://a.example", {"ALL_PROXY": "p:1"}, "http://p:1"),
        ("http://a.example", {"ALL_PROXY": "https://u:p@[::1]"}, "https://[::1]:443"),
        ("https://a.example", {"ALL_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ("https://a.example", {"ALL_PROXY": "http://p:1", "NO_PROXY": "b, A.Example"}, None),
        ("https://sub.a.example", {"ALL_PROXY": "http://p:1", "NO_PROXY": ".a.example"}, None),
        ("https://sub.a.example", {"ALL_PROXY": "http://p:1", "NO_PROXY": "*.a.example"}, None),
        ("https://ba.example", {"ALL_PROXY": "http://p:1", "NO_PROXY": "a.example"}, "http://p:1"),
        ("https://a.example", {"ALL_PROXY": "http://p:1", "NO_PROXY": "a.example:443"}, None),
        ("https://a.example", {"ALL_PROXY": "http://p:1", "NO_PROXY": "a.example:8443"}, "http://p:1"),
        ("http://10.1.2.3", {"ALL_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, None),
        ("http://[::1]:8", {"ALL_PROXY": "http://p:1", "NO_PROXY": "::1"}, None),
        ("http://[::1]:8", {"ALL_PROXY": "http://p:1", "NO_PROXY": "[::1]:9"}, "http://p:1"),
    ],
)
def test_the_environment_names_the_proxy(origin, environ, expected):
    """The usual variables choose the proxy, and the exceptions from it, as curl reads them."""
    proxy = proxy_for(origin, None, environ)
    assert (proxy.url if proxy else None) == expected


def test_an_argument_goes_before_the_environment():
    """A proxy given as an argument holds for every origin; an empty one means none."""
    environ = {"ALL_PROXY": "http://p:1", "NO_PROXY": "*"}
    assert proxy_for("https://a", "http://q:2", environ).url == "http://q:2"
    assert proxy_for("https://a", "", environ) is None


@pytest.mark.parametrize("url", ["socks4://p:1", "http://", "http://p:x", "http://[::1"])
def test_bad_proxies_are_arguments(url):
    """A proxy whose address cannot be used is an ArgumentError."""
    with pytest.raises(ArgumentError, match="proxy"):
        proxy_for("https://a", url, {})


# --- what cannot be sent


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"headers": {"X-A": "s3cret\r\nX-Evil: 1"}}, "'X-A'"),
        ({"headers": {"X-A": "s3cret\n"}}, "'X-A'"),
        ({"headers": {"X-A": "s3cret\0"}}, "'X-A'"),
        ({"headers": {"X-A": "s3cret\u20ac"}}, "'X-A'"),
        ({"headers": {"X-A": 1}}, "must be text"),
        ({"headers": {"X A": "s3cret"}}, "'X A'"),
        ({"headers": {"X-A\r\nX-Evil": "s3cret"}}, "not the name"),
        ({"headers": {"Content-Length": "7"}}, "set by the transport"),
        ({"headers": {"transfer-encoding": "chunked"}}, "set by the transport"),
        ({"target": "/a?k=s3cret x"}, "percent-encode"),
        ({"target": "/a HTTP/1.1\r\nX-Evil: s3cret"}, "percent-encode"),
        ({"target": "/\u00e9"}, "percent-encode"),
        ({"method": "GET /s HTTP/1.1\r\n"}, "not a method"),
    ],
)
def test_what_no_request_may_hold_is_refused(server, transport, change, words):
    """Line breaks and the like in a method, target or header are an ArgumentError that tells no value, and nothing is sent."""
    fields = {"method": "GET", "origin": server.origin, "target": "/", **change}
    with pytest.raises(ArgumentError, match=words) as caught:
        transport.send(Request(**fields), TIMEOUT)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert server.connections == 0


@pytest.mark.parametrize(
    "origin",
    ["http://", "ftp://127.0.0.1", "http://127.0.0.1:99999", "http://a b", "http://[::1", "http://a..b", f"http://{'a' * 70}.example",
     "http://u:s3cret@127.0.0.1", "http://127.0.0.1/path", "127.0.0.1", ""],
)  # fmt: skip
def test_what_is_no_origin_is_refused(transport, origin):
    """An address that cannot be connected to is an ArgumentError that points at server= and tells no password."""
    with pytest.raises(ArgumentError, match="server=") as caught:
        transport.send(Request("GET", origin, "/"), TIMEOUT)
    assert "s3cret" not in str(caught.value)


# --- the border


def examples(kind):
    """An instance of a foreign exception, whatever its parameters are."""
    try:
        count = sum(
            1 for p in inspect.signature(kind.__init__).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty
        ) - 1  # fmt: skip
    except ValueError:
        count = 1
    for filler in (
        7 if kind is urllib3.exceptions.IncompleteRead else "s3cret",
        OSError(5, "s3cret"),
        urllib3.HTTPResponse(b""),
    ):
        for arguments in ((filler,) * max(count, 0), ()):
            try:
                return kind(*arguments)
            except (TypeError, AttributeError):
                continue
    return kind.__new__(kind)


def foreign():
    """Every exception of urllib3, http.client, socket and ssl, and the built-in ones that they let through."""
    found = {
        zlib.error,
        UnicodeError,
        ValueError,
        *walk(OSError),
        *walk(urllib3.exceptions.HTTPError),
        *walk(http.HTTPException),
    }
    for module in (urllib3.exceptions, http, socket, ssl):
        found |= {v for n, v in vars(module).items() if n[0] != "_" and inspect.isclass(v) and issubclass(v, Exception)}
    return sorted({k for k in found if not issubclass(k, Warning | DynaclientError)}, key=lambda kind: kind.__name__)


def walk(kind):
    """A class and all below it that this suite's own imports did not add."""
    yield kind
    for child in kind.__subclasses__():
        if child.__module__.partition(".")[0] in ("builtins", "urllib3", "http", "socket", "ssl", "dynaclient"):
            yield from walk(child)


@pytest.mark.parametrize("connected", [False, True])
@pytest.mark.parametrize("kind", foreign(), ids=lambda kind: kind.__name__)
def test_every_foreign_exception_is_translated(kind, connected):
    """Whatever the libraries raise, one of dynaclient's own errors leaves, and ``sent`` is false only before sending."""
    request = Request("GET", "https://api.example.com", "/")
    if issubclass(kind, UnicodeError) and kind is not UnicodeError:
        error = UnicodeEncodeError("ascii", "s3cret", 0, 1, "no")
    else:
        error = examples(kind)
    own = translate(error, request, Progress(connected=connected))
    assert issubclass(kind, FOREIGN)
    assert isinstance(own, TransportError | ArgumentError)
    assert isinstance(own, ArgumentError) or own.sent is connected
    assert "api.example.com" in str(own)
