"""HTTP digest, by the examples of the RFCs, against another client, and against a server that verifies it."""

import hashlib
import re
import threading

import httpx
import pytest
from calling import Caller
from cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Authorization
from werkzeug.serving import WSGIRequestHandler, make_server

from dynaclient.auth import Digest
from dynaclient.auth.challenge import parse_challenges
from dynaclient.auth.digest import digest_field, read_challenge
from dynaclient.errors import CredentialsError, UnsupportedError
from dynaclient.testing import FakeTransport, response
from dynaclient.transport.http import Urllib3Transport
from dynaclient.wire import Upload

SCHEME = {"digest": {"type": "http", "scheme": "Digest"}}
CANARY = "canary-password"
CASES = cases("auth_digest.yaml")


def named(case):
    """The name of a case."""
    return case["name"]


@pytest.mark.parametrize("case", CASES["vectors"], ids=named)
def test_vectors(case):
    """The field is, letter for letter, that of the RFC's example."""
    challenge = read_challenge(parse_challenges([case["challenge"]]))
    found = digest_field(challenge, case["user"], case["password"], "GET", case["uri"], count=1, cnonce=case["cnonce"])
    assert found == case["field"]


@pytest.mark.parametrize("case", CASES["challenges"], ids=named)
def test_challenges(case):
    """``WWW-Authenticate`` is read as RFC 9110 writes it."""
    found = [[one.scheme, dict(one.parameters)] for one in parse_challenges(case["fields"])]
    assert found == case["found"]


@given(st.text(), st.text(st.sampled_from('Digest realm="x,\\ =nonce'), max_size=60))
def test_any_text_can_be_read(one, other):
    """No text makes reading challenges fail or go on for ever."""
    assert all(challenge.scheme for challenge in parse_challenges([one, other]))


@pytest.mark.parametrize("case", CASES["refused"], ids=named)
def test_refused(case):
    """A challenge that cannot be answered is named; where another can, that one is taken."""
    with pytest.raises(UnsupportedError, match=case["message"]):
        read_challenge(parse_challenges([case["challenge"]]))
    good = read_challenge(parse_challenges([case["challenge"], "Digest realm=r, nonce=good, qop=auth"]))
    assert good.nonce == "good"


WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12)


@settings(deadline=None)
@given(
    st.sampled_from(["MD5", "SHA-256", "MD5-SESS", "SHA-256-SESS", "md5"]),
    st.sampled_from([', qop="auth"', ", qop=auth", ', qop="auth,auth-int"']),
    WORDS.filter(lambda text: '"' not in text and "\\" not in text),
    WORDS.filter(lambda text: ":" not in text and '"' not in text and "\\" not in text),
    WORDS,
)
def test_another_client_answers_the_same(algorithm, qop, realm, user, password):
    """For any realm, user and password the response is the one that httpx computes with the same client nonce."""
    value = f'Digest realm="{realm}", nonce="abc=/+", algorithm={algorithm}{qop}, opaque="o"'
    request = httpx.Request("POST", "https://h/x?a=1&b=%20")
    flow = httpx.DigestAuth(user, password).auth_flow(request)
    theirs = flow.send(httpx.Response(401, headers={"WWW-Authenticate": value}, request=next(flow)))
    theirs = parse_challenges([theirs.headers["Authorization"]])[0].parameters
    challenge = read_challenge(parse_challenges([value]))
    ours = digest_field(challenge, user, password, "POST", "/x?a=1&b=%20", count=1, cnonce=theirs["cnonce"])
    assert parse_challenges([ours])[0].parameters == theirs


class Quiet(WSGIRequestHandler):
    """A request handler without a log."""

    protocol_version = "HTTP/1.1"

    def log(self, type, message, *args):
        """Nothing."""


class DigestServer:
    """A server that verifies digests, its header fields read by werkzeug; ``seen`` lists (nonce, nc) of what it let in."""

    def __init__(self, algorithm, uses=100):
        self.algorithm, self.uses, self.seen, self.requests, self.number = algorithm, uses, [], 0, 0
        self._lock = threading.Lock()
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True, request_handler=Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.origin = f"http://127.0.0.1:{self._server.port}"

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def app(self, environ, start):
        with self._lock:
            self.requests += 1
            sent = Authorization.from_header(environ.get("HTTP_AUTHORIZATION", ""))
            good = sent is not None and sent.type == "digest" and self._good(sent, environ)
            known = good and sent.nonce == f"nonce{self.number}" and (sent.nonce, int(sent.nc, 16)) not in self.seen
            spent = known and len([nonce for nonce, _ in self.seen if nonce == sent.nonce]) >= self.uses
            if known and not spent:
                self.seen.append((sent.nonce, int(sent.nc, 16)))
                start("200 OK", [("Content-Length", "2")])
                return [b"ok"]
            if good:
                self.number += 1
            stale = ", stale=true" if good else ""
            value = (
                f'Digest realm="re\\"alm", qop="auth", algorithm={self.algorithm}, nonce="nonce{self.number}"{stale}'
            )
            start("401 Unauthorized", [("WWW-Authenticate", value), ("Content-Length", "0")])
            return [b""]

    def _good(self, sent, environ):
        def h(*parts):
            kind = "sha256" if self.algorithm.startswith("SHA-256") else "md5"
            return hashlib.new(kind, ":".join(parts).encode()).hexdigest()

        uri = environ["REQUEST_URI"]
        first = h("me", 're"alm', CANARY)
        if self.algorithm.endswith("-sess"):
            first = h(first, sent.nonce, sent.cnonce)
        wanted = h(first, sent.nonce, sent.nc, sent.cnonce, sent.qop, h("GET", uri))
        return (sent.username, sent.realm, sent.uri, sent.response) == ("me", 're"alm', uri, wanted)


@pytest.fixture(params=["MD5", "SHA-256", "MD5-sess", "SHA-256-sess"])
def guarded(request):
    """A server that verifies digests by each algorithm."""
    server = DigestServer(request.param)
    yield server
    server.close()


@pytest.fixture
def transport():
    """Connections."""
    with Urllib3Transport(env=False) as transport:
        yield transport


@pytest.mark.parametrize("credential", [("me", CANARY), f"me:{CANARY}", Digest("me", lambda: CANARY)], ids=["pair", "text", "Digest"])  # fmt: skip
def test_a_server_lets_us_in(guarded, transport, credential):
    """The first call answers a challenge, the next ones use its nonce with a count that goes up; keys in the query are covered."""
    schemes = {**SCHEME, "key": {"type": "apiKey", "in": "query", "name": "k"}}
    client = Caller(schemes, transport, server=guarded.origin, given={"digest": credential, "key": "a b"})
    assert [client.send().status for _ in range(3)] == [200, 200, 200]
    assert guarded.seen == [("nonce0", 1), ("nonce0", 2), ("nonce0", 3)]
    assert guarded.requests == 4


def test_a_stale_nonce_is_replaced(guarded, transport):
    """A server that ends a nonce is given the answer to its new one within the same call."""
    guarded.uses = 2
    client = Caller(SCHEME, transport, server=guarded.origin, given={"digest": ("me", CANARY)})
    assert [client.send().status for _ in range(4)] == [200] * 4
    assert guarded.seen == [("nonce0", 1), ("nonce0", 2), ("nonce1", 1), ("nonce1", 2)]
    assert guarded.requests == 6


def test_a_wrong_password_ends(guarded, transport):
    """The server's refusal of the answer to its own challenge is final."""
    client = Caller(SCHEME, transport, server=guarded.origin, given={"digest": ("me", "wrong")})
    assert [client.send().status, client.send().status] == [401, 401]
    assert guarded.requests == 3, (
        "one without, one with the answer; then one with the same nonce, which is not asked again"
    )


CHALLENGE = {"WWW-Authenticate": "Digest realm=r, nonce=n, qop=auth"}


@pytest.mark.parametrize(
    "reply, body",
    [
        (response(status=401), None),
        (response(status=401, headers={"WWW-Authenticate": "Basic realm=x"}), None),
        (response(status=403, headers=CHALLENGE), None),
        (response(status=401, headers=CHALLENGE), Upload(lambda: iter([b"x"]), replayable=False)),
    ],
    ids=["no challenge", "another scheme", "another status", "a body that is spent"],
)
def test_what_is_not_answered(reply, body):
    """Only a digest challenge of a 401 is answered, and only where the body can be sent again."""
    fake = FakeTransport(reply)
    Caller(SCHEME, fake, given={"digest": ("me", CANARY)}).send(body=body)
    assert len(fake.requests) == 1


def test_a_challenge_from_elsewhere_is_not_answered():
    """A 401 from the origin that a redirect led to is no reason to answer it."""
    from dynaclient.frozen import evolve

    fake = FakeTransport(evolve(response(status=401, headers=CHALLENGE), url="https://evil.test/look"))
    Caller(SCHEME, fake, given={"digest": ("me", CANARY)}).send()
    assert len(fake.requests) == 1


@pytest.mark.parametrize("bad", [("me:x", CANARY), ("", CANARY), ("m\ne", CANARY), (CANARY,), ("me", None), lambda: CANARY, CANARY.encode()])  # fmt: skip
def test_a_credential_that_is_no_pair(bad):
    """What is no user and password is refused, and not shown."""
    with pytest.raises(CredentialsError, match="not \\(user, password\\)") as caught:
        Caller(SCHEME, FakeTransport(), given={"digest": bad}).send()
    assert "canary" not in str(caught.value)


def test_letters_beyond_ascii():
    """A user's name beyond ASCII is written as RFC 8187 has it; a realm is hashed as it was sent."""
    realm = "Café".encode().decode("latin-1")
    challenge = read_challenge(parse_challenges([f'Digest realm="{realm}", nonce=n, qop=auth']))
    field = digest_field(challenge, "Jäsøn", "x", "GET", "/", count=1, cnonce="c")
    assert "username*=UTF-8''J%C3%A4s%C3%B8n, " in field
    first, second = (hashlib.md5(text.encode()).hexdigest() for text in ("Jäsøn:Café:x", "GET:/"))
    wanted = hashlib.md5(f"{first}:n:00000001:c:auth:{second}".encode()).hexdigest()
    assert re.search(f'response="{wanted}"', field)


def test_secrets_are_nowhere(guarded, transport):
    """No repr of the needs, of the sent request or of a dry run holds the password, and the password is never sent."""
    from dynaclient import auth
    from dynaclient.wire import Request

    client = Caller(SCHEME, transport, server=guarded.origin, given={"digest": ("me", CANARY)})
    client.send()
    needs, plain = client.needs(), Request("GET", guarded.origin, "/look")
    sent = auth.apply(needs, plain)
    dry = auth.shown(needs, plain)
    assert sent.headers["Authorization"].startswith('Digest username="me"')
    assert dry.headers["Authorization"] == "Digest [redacted]"
    for text in (repr(needs), repr(needs[0].credential), repr(sent), repr(client.wallet), str(dict(sent.headers))):
        assert CANARY not in text
