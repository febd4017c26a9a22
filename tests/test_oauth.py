"""OAuth 2 against a real authorization server."""

import pickle
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from authserver import PASSWORD, SECRET, OAuthServer
from calling import Caller

from dynaclient.auth import OAuth2ClientCredentials, OAuth2Password, OAuth2Refresh, apply
from dynaclient.errors import ArgumentError, ConnectError, CredentialsError, TimeoutExpiredError
from dynaclient.testing import FakeClock, FakeTransport, json_response, response
from dynaclient.transport.http import Urllib3Transport
from dynaclient.wire import Request, Timeout
from dynaclient.world import World

CLIENT = OAuth2ClientCredentials("reports", SECRET)
THREADS = 50


@pytest.fixture
def oauth(monkeypatch):
    """A real OAuth 2 server."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    server = OAuthServer()
    yield server
    server.close()


@pytest.fixture
def transport():
    """The client's own connections."""
    with Urllib3Transport(env=False) as transport:
        yield transport


def flows(origin, *names, **more):
    """An OAuth 2 scheme with these flows, all with the same endpoints."""
    flow = {"tokenUrl": f"{origin}/token", "authorizationUrl": f"{origin}/authorize", "scopes": {}, **more}
    return {"oauth": {"type": "oauth2", "flows": dict.fromkeys(names or ("clientCredentials",), flow)}}


def caller(oauth, transport, account, schemes=None, **more):
    """A client of the API that the OAuth server guards."""
    return Caller(schemes or flows(oauth.origin), transport, server=oauth.origin, bearer=account, **more)


@pytest.mark.parametrize(
    "account, grants",
    [
        (CLIENT, ["client_credentials"]),
        (OAuth2ClientCredentials("reports", lambda: SECRET, auth="post"), ["client_credentials"]),
        (OAuth2Password("me", PASSWORD, "reports", SECRET), ["password"]),
        (OAuth2Password("me", lambda: PASSWORD, "shell"), ["password"]),
    ],
    ids=["basic", "post", "password", "public"],
)
def test_each_grant_gets_a_token_that_the_api_takes(oauth, transport, account, grants):
    """Client credentials and password, with a secret in header or body or with none, fetch one token and use it for all calls."""
    client = caller(oauth, transport, account)
    assert [client.send().status for _ in range(3)] == [200, 200, 200]
    assert oauth.grants == grants


def test_a_refresh_token_is_used_and_its_successor_too(oauth, transport):
    """A refresh token that the server replaces each time is followed from one to the next."""
    caller(oauth, transport, OAuth2Password("me", PASSWORD, "shell")).send()
    account = OAuth2Refresh(oauth.tokens[0]["refresh_token"], "shell")
    client = caller(oauth, transport, account, flows(oauth.origin, "authorizationCode"))
    for _ in range(3):
        assert client.send().status == 200
        oauth.revoke_all()
    assert oauth.grants == ["password", "refresh_token", "refresh_token", "refresh_token"]


def test_scopes_are_those_of_the_operation_unless_the_caller_says_otherwise(oauth, transport):
    """The operation's scopes are asked for, sorted; the account's own come first; each set has a token of its own."""
    security = [{"oauth": ["write", "read"]}]
    caller(oauth, transport, CLIENT, security=security).send()
    own = OAuth2ClientCredentials("reports", SECRET, scopes="all", audience="api", extra={"resource": "urn:x"})
    caller(oauth, transport, own, security=security).send()
    assert [body.get("scope") for body in oauth.bodies] == ["read write", "all"]
    assert (oauth.bodies[1]["audience"], oauth.bodies[1]["resource"]) == ("api", "urn:x")


def in_threads(client):
    """The statuses of one call in each of fifty threads, all begun at once."""
    barrier = threading.Barrier(THREADS)

    def run(_):
        barrier.wait(30)
        return client.send().status

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(run, range(THREADS)))


@pytest.mark.parametrize("account", [CLIENT, OAuth2Password("me", PASSWORD, "shell")], ids=["client", "password"])
def test_fifty_threads_fetch_one_token(oauth, transport, account):
    """Fifty threads without a token, with one near its end, and with one that the server refuses cause exactly one token request each time."""
    oauth.hold = threading.Event()
    clock = FakeClock()
    client = caller(oauth, transport, account, world=World(now=clock))
    for number in range(1, 5):
        assert in_threads(client) == [200] * THREADS
        assert len(oauth.grants) == number
        if number % 2:
            clock.advance(3575)  # within the last thirty seconds of an hour
        else:
            oauth.revoke_all()
    assert oauth.most == 1
    assert set(oauth.grants[1:]) == ({"client_credentials"} if account is CLIENT else {"refresh_token"})


def test_the_endpoint_may_be_told_by_metadata(oauth, transport):
    """OpenID Connect discovery and RFC 8414 metadata lead to the token endpoint, and are read once."""
    schemes = {
        "oauth": {"type": "openIdConnect", "openIdConnectUrl": f"{oauth.origin}/.well-known/openid-configuration"}
    }
    client = caller(oauth, transport, CLIENT, schemes)
    assert client.send().status == 200
    oauth.revoke_all()
    assert client.send().status == 200
    schemes = {"oauth": {"type": "oauth2", "flows": {}, "oauth2MetadataUrl": oauth.origin}}
    assert caller(oauth, transport, CLIENT, schemes).send().status == 200


def test_a_client_from_the_environment(oauth, transport):
    """``SCHEME_CLIENT_ID`` and ``SCHEME_CLIENT_SECRET`` make a client; ``SCHEME_TOKEN_URL`` names another endpoint; a token in ``SCHEME`` goes first."""
    environ = {"OAUTH_CLIENT_ID": "reports", "OAUTH_CLIENT_SECRET": SECRET}
    client = caller(oauth, transport, None, environ=environ)
    assert client.send().status == 200
    assert client.needs()[0].source == "environment variables OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET"
    environ["OAUTH_TOKEN_URL"] = f"{oauth.origin}/moved"
    with pytest.raises(CredentialsError, match="a redirect, which is not followed"):
        client.send()
    environ["OAUTH"] = "token-that-is-wrong"
    assert client.send().status == 401


@pytest.mark.parametrize(
    "account, words",
    [
        (OAuth2ClientCredentials("reports", "canary-wrong"), "invalid_client: The client cannot authenticate"),
        (OAuth2ClientCredentials("nobody", SECRET), "invalid_client"),
        (OAuth2Password("me", "canary-wrong", "shell"), "invalid_request|invalid_grant"),
        (OAuth2Refresh("canary-wrong", "shell"), "invalid_grant"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(oauth, transport, account, words):
    """A refusal raises CredentialsError with the server's code and words, and without any secret; the API is not called."""
    client = caller(oauth, transport, account)
    with pytest.raises(CredentialsError, match=words) as caught:
        client.send()
    assert_hidden(caught.value, client, account)
    assert oauth.calls == 0


def assert_hidden(error, *values):
    for text in (str(error), repr(error), repr(error.__dict__), repr(pickle.dumps(error)), *map(repr, values)):
        assert "canary" not in text


def waiting():
    """How many threads wait for another's token."""
    stacks = [traceback.extract_stack(frame) for frame in sys._current_frames().values()]
    return sum(any(entry.name == "_follow" for entry in stack) for stack in stacks)


def test_a_failure_is_told_to_all_who_waited():
    """When the token endpoint fails, each thread that waited gets an error of its own, and nobody asks again on its account."""
    begun, go = threading.Event(), threading.Event()

    def refuse(request):
        begun.set()
        go.wait(30)
        return json_response({"error": "invalid_client"}, 401)

    fake = FakeTransport(refuse)
    client = Caller(flows("https://api.test"), fake, bearer=CLIENT)

    def run(_):
        with pytest.raises(CredentialsError) as caught:
            client.send()
        return caught.value

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(run, 0)
        begun.wait(30)
        others = [threads.submit(run, number) for number in range(3)]
        while waiting() < 3:
            go.wait(0.001)
        go.set()
        errors = [first.result(30), *(other.result(30) for other in others)]
    assert len(fake.requests) == 1
    assert len({id(error) for error in errors}) == 4
    assert len({str(error) for error in errors}) == 1


def granted(**more):
    return json_response({"access_token": "canary-token", "token_type": "Bearer", **more})


def test_a_token_near_its_end_is_used_on_when_the_server_does_not_answer():
    """Where the early refresh fails for want of an answer, the token that is still good is sent."""
    clock = FakeClock()
    gone = ConnectError("gone", sent=True)
    fake = FakeTransport(granted(expires_in=100), response(), gone, response(), granted(), response())
    client = Caller(flows("https://api.test", "authorizationCode"), fake, bearer=OAuth2Refresh("r", "c"), world=World(now=clock, clock=clock, sleep=clock.sleep))  # fmt: skip
    client.send()
    clock.advance(95)
    client.send()
    client.send()
    assert [request.method for request in fake.requests] == ["POST", "GET", "POST", "GET", "POST", "GET"]


def test_a_401_with_a_new_token_is_the_end():
    """A refused token is replaced once in a call; what the API then says counts."""
    fake = FakeTransport(granted(), response(status=401), granted(), response(status=401))
    assert Caller(flows("https://api.test"), fake, bearer=CLIENT).send().status == 401
    assert len(fake.requests) == 4


@pytest.mark.parametrize(
    "reply, message",
    [
        (response("<html>", 200, {"Content-Type": "text/html"}), "answered 200 with text/html of 6 bytes; a JSON object"),
        (json_response([]), "a JSON object was expected"),
        (json_response({}), "without an access_token"),
        (json_response({"access_token": "a\nb"}), "without an access_token that can be sent"),
        (json_response({"access_token": "canary", "token_type": "mac"}), "of the type 'mac'"),
        (json_response({"error": "x", "error_description": "a\x1b[31m\nb", "error_uri": "https://e"}), r"x: a \[31m b \(see https://e\)"),
        (json_response({"error": {"code": "y", "message": "m"}, "message": "canary-secret 1"}, 400), r"y: \[redacted\] 1"),
        (json_response({}, 500), "gives no token for .*: 500"),
    ],
)  # fmt: skip
def test_replies_that_are_no_token(reply, message):
    """What is neither a bearer token nor a refusal is told by its kind, its words on one line and without secrets."""
    client = Caller(
        flows("https://api.test"), FakeTransport(reply), bearer=OAuth2ClientCredentials("c", "canary-secret")
    )
    with pytest.raises(CredentialsError, match=message) as caught:
        client.send()
    assert_hidden(caught.value)


def test_a_token_endpoint_that_is_away_is_asked_again_only_where_that_does_no_harm():
    """Client credentials are tried three times; a refresh token, which may be used up, once."""
    clock = FakeClock()
    for account, times in ((CLIENT, 3), (OAuth2Refresh("canary-r", "c"), 1)):
        fake = FakeTransport(*[TimeoutExpiredError("slow") for _ in range(3)])
        client = Caller(
            flows("https://api.test"), fake, bearer=account, world=World(clock, clock.sleep, lambda: 0.5, clock)
        )
        with pytest.raises(TimeoutExpiredError, match="no token was fetched: slow") as caught:
            client.send()
        assert len(fake.requests) == times
        assert (caught.value.sent, caught.value.request, caught.value.attempts) == (False, None, ())
        assert_hidden(caught.value)


def test_a_call_in_haste_does_not_wait_a_minute_for_a_token():
    """The call's own bounds hold for the token request too, where they are smaller."""
    fake = FakeTransport(granted())
    client = Caller(flows("https://api.test"), fake, bearer=CLIENT)
    plain = Request("GET", "https://api.test", "/look")
    apply(client.needs(), plain, Timeout(connect=1, read=2, total=3, attempt=2))
    assert (fake.timeouts[0].connect, fake.timeouts[0].read, fake.timeouts[0].total) == (1, 2, 3)


def test_an_account_that_makes_no_sense():
    """An unknown way to authenticate the client, and an account for a scheme that has no use for one, are refused."""
    with pytest.raises(ArgumentError, match="'head' is not basic or post"):
        OAuth2ClientCredentials("c", "s", auth="head")
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    with pytest.raises(CredentialsError, match="OAuth2ClientCredentials, which the scheme, apiKey, cannot use"):
        Caller(schemes, FakeTransport(), given={"key": CLIENT}).send()
