"""Where credentials go, and where they do not."""

import threading
from base64 import b64decode

import pytest
from calling import Caller
from cases import cases

from dynaclient import auth
from dynaclient.auth import OAuth2ClientCredentials, Pocket
from dynaclient.auth.oauth2 import Token
from dynaclient.auth.tokens import TokenStore, _forget_flights
from dynaclient.errors import CredentialsError, UnsupportedError
from dynaclient.testing import FakeTransport, json_response, response
from dynaclient.wire import Request

KEY = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
TLS = {"tls": {"type": "mutualTLS"}}
SECRET = "canary-secret"


def oauth(token_url="https://login.test/token"):
    """A scheme for client credentials."""
    return {"oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": token_url, "scopes": {}}}}}


def granted(_=None):
    return json_response({"access_token": "canary-token", "token_type": "bearer"})


@pytest.mark.parametrize("case", cases("auth_trust.yaml"), ids=lambda case: case["name"])
def test_token_urls(case):
    """A client's secret is sent to an address that the user or a trusted document names, over https, and to no other."""
    fake = FakeTransport(granted(), response())
    account = OAuth2ClientCredentials("c", SECRET, token_url=case.get("named"), auth="post")
    client = Caller(oauth(case["url"]), fake, server=case["server"], source=case["source"], given={"oauth": account})
    if "refused" in case:
        with pytest.raises(CredentialsError, match=case["refused"]) as caught:
            client.send()
        assert fake.requests == []
        assert SECRET not in str(caught.value)
        return
    client.send()
    assert fake.requests[0].url == case["sent"]
    assert SECRET.encode() in fake.requests[0].body


def test_each_secret_is_seen_by_its_own_server_only():
    """The token endpoint sees the client's secret and not the token; the API sees the token and not the secret."""
    fake = FakeTransport(granted(), response())
    Caller(oauth(), fake, given={"oauth": OAuth2ClientCredentials("c", SECRET, auth="post")}).send()
    asked, called = fake.requests
    assert "Authorization" not in asked.headers
    assert called.headers == {"Authorization": "Bearer canary-token"}
    assert called.body is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_token_endpoint_that_redirects_gets_nothing_sent_on(status):
    """No redirect of a token endpoint is followed, not even to its own origin."""
    fake = FakeTransport(response(status=status, headers={"Location": "https://login.test/other"}), repeat=True)
    with pytest.raises(CredentialsError, match="redirect, which is not followed"):
        Caller(oauth(), fake, given={"oauth": OAuth2ClientCredentials("c", SECRET)}).send()
    assert len(fake.requests) == 1


WELL_KNOWN = "https://login.test/.well-known/openid-configuration"


@pytest.mark.parametrize(
    "url, source, metadata, message",
    [
        (WELL_KNOWN, "api.yaml", {"issuer": "https://evil.test"}, "speaks for 'https://evil.test'"),
        (WELL_KNOWN, "api.yaml", {"issuer": "https://login.test"}, "names no token_endpoint"),
        (WELL_KNOWN, "api.yaml", {"issuer": "https://login.test", "token_endpoint": "http://login.test/t"}, "not https"),
        (WELL_KNOWN, "https://docs.test/a", None, "may have been changed.*token_url="),
        ("http://login.test", "api.yaml", None, "not https"),
    ],
)  # fmt: skip
def test_metadata_that_is_not_believed(url, source, metadata, message):
    """Metadata of another issuer, with an address that is not https, or named by a document that may have been changed, is refused."""
    fake = FakeTransport(json_response(metadata))
    schemes = {"oauth": {"type": "openIdConnect", "openIdConnectUrl": url}}
    with pytest.raises(CredentialsError, match=message):
        Caller(schemes, fake, source=source, given={"oauth": OAuth2ClientCredentials("c", SECRET)}).send()
    assert all(request.method == "GET" for request in fake.requests)


@pytest.mark.parametrize(
    "url, asked, issuer",
    [
        (WELL_KNOWN, WELL_KNOWN, "https://login.test"),
        ("https://login.test/", WELL_KNOWN, "https://login.test/"),
        ("https://login.test/a/.well-known/openid-configuration", None, "https://login.test/a"),
        ("https://login.test/.well-known/oauth-authorization-server/a", None, "https://login.test/a"),
    ],
)
def test_metadata_that_is_believed(url, asked, issuer):
    """The issuer must be the one whose well-known address was read; its endpoints may be elsewhere."""
    metadata = {"issuer": issuer, "token_endpoint": "https://tokens.test/t"}
    fake = FakeTransport(json_response(metadata), granted(), response())
    schemes = {"oauth": {"type": "oauth2", "flows": {}, "oauth2MetadataUrl": url}}
    Caller(schemes, fake, given={"oauth": OAuth2ClientCredentials("c", SECRET)}).send()
    assert [request.url for request in fake.requests[:2]] == [asked or url, "https://tokens.test/t"]


@pytest.mark.parametrize("credentials", [{"given": {"key": SECRET}}, {"environ": {"KEY": SECRET}}], ids=["argument", "variable"])  # fmt: skip
@pytest.mark.parametrize("beside", [None, "https://mine.test"])
def test_a_changed_server_gets_no_credentials(credentials, beside):
    """Credentials go to the document's servers and to the one that was named with them; a server that is named later gets none, and is told why."""
    fake = FakeTransport(response(), repeat=True)
    client = Caller(KEY, fake, beside=beside, **credentials)
    client.send()
    client.send("https://api.test/other/path")
    with pytest.raises(CredentialsError, match=r"is for other servers, and https://evil\.test is not among them"):
        client.send("https://evil.test")
    with pytest.raises(CredentialsError, match="name both together"):
        client.send("http://api.test")
    if beside:
        client.send(beside)
    assert {request.origin for request in fake.requests} == {"https://api.test"} | ({beside} if beside else set())


def test_where_no_credential_is_needed_a_changed_server_is_called_without():
    """Where the document also allows a call without credentials, one to another server is made without."""
    fake = FakeTransport(response())
    Caller(KEY, fake, security=[{"key": []}, {}], given={"key": SECRET}).send("https://other.test")
    assert fake.requests[0].headers == {}


def test_the_credentials_of_a_profile_are_for_its_server():
    """A profile that names a server gives its credentials to no other, not even to another one of the document."""
    fake = FakeTransport(response(), repeat=True)
    client = Caller(KEY, fake, profile=Pocket("profile 'p'", {"key": SECRET}, "https://mine.test/v1"))
    client.send("https://mine.test")
    for server in (None, "https://evil.test"):
        with pytest.raises(CredentialsError, match="is for other servers"):
            client.send(server)
    client = Caller(KEY, fake, profile=Pocket("profile 'p'", {"key": SECRET}))
    client.send()
    assert client.needs()[0].source == "profile 'p', credentials.key"


def test_a_profile_goes_before_the_environment_and_behind_arguments():
    """A variable that was left over does not take the place of the profile that was chosen."""
    pocket = Pocket("profile 'p'", {"key": "from profile"})
    sources = {"environ": {"KEY": "from environment"}, "profile": pocket, "given": {"key": "from argument"}}
    found = []
    for _ in range(3):
        found.append(Caller(KEY, FakeTransport(), **sources).needs()[0].credential)
        sources.popitem()
    assert found == ["from argument", "from profile", "from environment"]


def test_a_document_without_servers_trusts_where_it_was_published():
    """A document from a URL that names no server is called where it came from, with credentials."""
    fake = FakeTransport(response())
    client = Caller(KEY, fake, source="https://docs.test/api.yaml", server="/", given={"key": SECRET})
    client.send()
    assert fake.requests[0].origin == "https://docs.test"


def test_a_certificate_satisfies_mutual_tls():
    """``mutualTLS`` is satisfied by a client certificate, which puts nothing on the request; without one the message names the argument."""
    fake = FakeTransport(response(), repeat=True)
    assert Caller(TLS, fake, client_cert=True).send().status == 200
    assert Caller({**TLS, **KEY}, fake, client_cert=True, given={"key": "k-1"}).send().status == 200
    assert [request.headers for request in fake.requests] == [{}, {"X-Key": "k-1"}]
    with pytest.raises(CredentialsError, match="pass client_cert= for 'tls'"):
        Caller(TLS, fake).send()


def test_two_credentials_for_one_field():
    """A requirement for two different credentials in ``Authorization`` cannot be met, and says so."""
    schemes = {"basic": {"type": "http", "scheme": "basic"}, "bearer": {"type": "http", "scheme": "bearer"}}
    client = Caller(schemes, FakeTransport(), given={"basic": ("a", "b"), "bearer": "c"})
    with pytest.raises(UnsupportedError, match="'basic' and 'bearer' are both for the Authorization field"):
        client.send()


def test_other_schemes_that_take_a_token():
    """An http scheme of another name gets the caller's token behind its name; one that needs a dialogue is not supported."""
    fake = FakeTransport(response())
    Caller({"s": {"type": "http", "scheme": "Token"}}, fake, given={"s": "abc"}).send()
    assert fake.requests[0].headers == {"Authorization": "Token abc"}
    with pytest.raises(UnsupportedError, match="http negotiate"):
        Caller({"s": {"type": "http", "scheme": "Negotiate"}}, fake, given={"s": "abc"}).send()


def test_a_dry_run_fetches_and_calls_nothing():
    """A dry run shows that a credential would be there, and neither fetches a token nor calls a function."""
    schemes = {**oauth(), "f": {"type": "apiKey", "in": "query", "name": "k"}}
    given = {"oauth": OAuth2ClientCredentials("c", SECRET), "f": lambda: pytest.fail("called")}
    client = Caller(schemes, FakeTransport(), given=given)
    dry = auth.shown(client.needs(), Request("GET", "https://api.test", "/look"))
    assert dry.headers == {"Authorization": "Bearer [redacted]"}
    assert dry.target == "/look?k=[redacted]"


def test_what_a_function_returned_is_not_shown_when_a_server_repeats_it():
    """Messages that quote a server are cleaned of the values of functions, of fetched tokens and of accounts."""
    client = Caller(KEY, FakeTransport(response()), given={"key": lambda: SECRET})
    client.send()
    assert client.wallet.scrub(f"bad key {SECRET}") == "bad key [redacted]"
    client = Caller(
        oauth(), FakeTransport(granted(), response()), given={"oauth": OAuth2ClientCredentials("c", SECRET)}
    )
    client.send()
    assert client.wallet.scrub(f"{SECRET} canary-token") == "[redacted] [redacted]"


def test_a_password_may_be_a_function():
    """A pair whose password is a function is made anew for each request, and what the function returned is hidden."""
    fake, passwords = FakeTransport(response(), repeat=True), iter(["canary-1", "canary-2"])
    client = Caller({"b": {"type": "http", "scheme": "basic"}}, fake, given={"b": ("me", lambda: next(passwords))})
    client.send()
    client.send()
    assert [b64decode(request.headers["Authorization"][6:]) for request in fake.requests] == [
        b"me:canary-1",
        b"me:canary-2",
    ]
    assert client.wallet.scrub("canary-1 canary-2") == "[redacted] [redacted]"


def test_what_is_missing_for_oauth_is_said():
    """The message names the variables of a client of its own, and that one can log in."""
    with pytest.raises(CredentialsError) as caught:
        Caller(oauth(), FakeTransport()).send()
    for part in ("OAUTH", "OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET", "dynaclient login oauth", "bearer_auth="):
        assert part in str(caught.value)


def test_a_child_process_does_not_wait_for_its_parents_thread():
    """After a fork a fetch that another thread had begun is begun anew."""
    begun, go, token = threading.Event(), threading.Event(), Token("t")

    def fetch(before, timeout):
        if not begun.is_set():
            begun.set()
            go.wait(30)
        return token

    store = TokenStore(fetch, lambda: 0.0)
    thread = threading.Thread(target=store.get)
    thread.start()
    begun.wait(30)
    _forget_flights()
    assert store.get() is token
    go.set()
    thread.join(30)
