"""Authentication through the whole client."""

import base64
import json
import logging
import pickle
import ssl
import traceback
from pathlib import Path

import pytest
from authserver import SECRET, OAuthServer
from documents import document, operation
from loopback import CERTIFICATE, Loopback

from dynaclient import Client
from dynaclient.auth import Digest, OAuth2ClientCredentials, OAuth2Password, OAuth2Refresh
from dynaclient.errors import ArgumentError, AuthenticationError, CredentialsError
from dynaclient.testing import FakeTransport, json_response, response


@pytest.fixture
def oauth(monkeypatch):
    """A real OAuth 2 server."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    server = OAuthServer()
    yield server
    server.close()


def spec(schemes, server):
    """A document whose operation ``look`` asks for these schemes."""
    paths = {"/look": {"get": operation(operationId="look", security=[{name: []} for name in schemes])}}
    return document(paths, components={"securitySchemes": schemes}, servers=[{"url": server}])


def test_a_client_fetches_its_token_and_renews_it(oauth):
    """A client with an account calls the API, and calls it again when its token was refused: both attempts are told."""
    flows = {"clientCredentials": {"tokenUrl": f"{oauth.origin}/token", "scopes": {}}}
    account = OAuth2ClientCredentials("reports", SECRET)
    with Client(
        spec({"oauth": {"type": "oauth2", "flows": flows}}, oauth.origin), credentials={"oauth": account}
    ) as client:
        assert client.look.request().headers["Authorization"] == "Bearer [redacted]"
        assert oauth.grants == []
        assert [attempt.status for attempt in client.look.send().attempts] == [200]
        oauth.revoke_all()
        assert [(one.number, one.status) for one in client.look.send().attempts] == [(1, 401), (2, 200)]
        assert oauth.grants == ["client_credentials"] * 2
        with pytest.raises(CredentialsError, match="is for other servers"):
            client.look(server="https://evil.test")


KEY = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}


def test_a_client_of_a_profile(tmp_path, monkeypatch):
    """A profile gives document, server, options and credentials, by argument or ``DYNACLIENT_PROFILE``; arguments go before it."""
    path = tmp_path / "config.toml"
    monkeypatch.setenv("DYNACLIENT_CONFIG", str(path))
    path.write_text(
        '[profile.p]\nserver = "https://mine.test"\ntimeout = 7\n[profile.p.credentials]\nkey = { env = "K" }'
    )
    monkeypatch.setenv("K", "k-1")
    monkeypatch.setenv("KEY", "left over")
    fake = FakeTransport(response(), repeat=True)
    Client(spec(KEY, "https://api.test"), transport=fake, profile="p").look()
    assert (fake.requests[0].origin, fake.requests[0].headers["X-Key"], fake.timeouts[0].read) == (
        "https://mine.test",
        "k-1",
        7,
    )
    monkeypatch.setenv("DYNACLIENT_PROFILE", "p")
    Client(spec(KEY, "https://api.test"), transport=fake, timeout=3).look()
    assert (fake.requests[1].origin, fake.timeouts[1].read) == ("https://mine.test", 3)
    with pytest.raises(ArgumentError, match="did you mean 'p'"):
        Client(spec(KEY, "https://api.test"), profile="pp")


def shown_of(value):
    """What Python shows of a value, and of its parts."""
    yield repr(value)
    yield str(value)
    if isinstance(value, BaseException):
        yield "".join(traceback.format_exception(value))
        yield repr(pickle.dumps(value))
        yield repr(value.__dict__)


@pytest.mark.parametrize("kind", ["client", "password", "refresh", "digest"])
def test_no_secret_is_seen_where_every_server_repeats_what_it_gets(kind, caplog):
    """Neither accounts nor the tokens and answers made of them show up in an error, a log or a repr, even where both servers repeat all they are sent."""
    caplog.set_level(logging.DEBUG)
    accounts = {
        "client": OAuth2ClientCredentials("c", "canary-secret", auth="post", extra={"x": "y"}),
        "password": OAuth2Password("u", "canary-password", "c", "canary-secret"),
        "refresh": OAuth2Refresh("canary-refresh", "c", "canary-secret"),
        "digest": Digest("u", "canary-password"),
    }
    oauth = {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://login.test/t", "scopes": {}}}}
    scheme = {"type": "http", "scheme": "digest"} if kind == "digest" else oauth

    def echo(request):
        """Repeats a request in an error."""
        text = json.dumps({**request.headers, "body": (request.body or b"").decode(), "url": request.url})
        challenge = {"WWW-Authenticate": f"Digest realm=r, nonce=n{len(fake.requests)}, qop=auth"}
        return json_response({"error": "invalid_token", "error_description": text, "message": text}, 401, challenge)

    token = json_response({"access_token": "canary-token", "refresh_token": "canary-second", "expires_in": 9})
    fake = FakeTransport(*([echo] if kind == "digest" else [token]), echo, repeat=True)
    client = Client(
        spec({"it": scheme}, "https://api.test"), transport=fake, credentials={"it": accounts[kind]}, retries=0
    )
    shown = [*shown_of(client), client.look.curl(), *shown_of(client.look.request())]
    for _ in range(2):
        with pytest.raises((CredentialsError, AuthenticationError)) as caught:
            client.look()
        shown += shown_of(caught.value)
    shown += [caplog.text, repr(fake.requests), repr(accounts)]
    assert (
        any("canary" in str(dict(request.headers)) + str(request.body) for request in fake.requests) or kind == "digest"
    )
    pair = base64.b64encode(b"c:canary-secret").decode()
    secrets = ("canary-secret", "canary-password", "canary-refresh", "canary-token", "canary-second", pair)
    written = Path(__file__).read_text()  # tracebacks quote these lines
    shown = [text if not text.startswith("Traceback") else without(written, text) for text in shown]
    assert [text for text in shown if any(secret in text for secret in secrets)] == []


def without(written, text):
    """A traceback without the lines of a file."""
    known = {line.strip() for line in written.splitlines()}
    return "\n".join(line for line in text.splitlines() if line.strip() not in known)


def test_a_page_elsewhere_gets_no_credentials():
    """The URL of a next page on another origin is called without the credentials, and without the fields that carried them."""
    spec_ = spec(KEY, "https://api.test")
    reply = {"type": "object", "properties": {"items": {"type": "array", "items": {}}}}
    good = {"description": "Good.", "content": {"application/json": {"schema": reply}}}
    spec_["paths"]["/look"]["get"]["responses"]["200"] = good
    spec_["paths"]["/look"]["get"]["x-speakeasy-pagination"] = {
        "type": "url",
        "outputs": {"results": "$.items", "nextUrl": "$.next"},
    }
    first = json_response({"items": [1], "next": "https://evil.test/look?page=2"})
    fake = FakeTransport(first, json_response({"items": []}))
    list(Client(spec_, transport=fake, credentials={"key": "canary-1"}, validate="off").look.pages())
    assert [request.origin for request in fake.requests] == ["https://api.test", "https://evil.test"]
    assert "X-Key" in fake.requests[0].headers
    assert "canary" not in str(dict(fake.requests[1].headers)) + fake.requests[1].target


def test_a_client_with_a_certificate():
    """``client_cert`` satisfies ``mutualTLS``, and is shown to a server that asks for it; without it nothing is sent."""
    server = Loopback(tls=True)
    server._context.load_verify_locations(CERTIFICATE)
    server._context.verify_mode = ssl.CERT_REQUIRED
    schemes = {"tls": {"type": "mutualTLS"}}
    certificate = str(CERTIFICATE)
    try:
        with Client(spec(schemes, server.origin), ca_bundle=certificate, client_cert=certificate) as client:
            assert client.look.send().status == 200
        bare = Client(spec(schemes, server.origin), ca_bundle=certificate)
        with bare, pytest.raises(CredentialsError, match="pass client_cert= for 'tls'"):
            bare.look()
        assert len(server.requests) == 1
    finally:
        server.close()
