"""Signing in at the shell, and using what is kept."""

import json
import stat
import threading
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from authserver import OAuthServer
from calling import Caller

from dynaclient.auth import Keep, SignIn, login, logout
from dynaclient.auth.browser import challenge_of
from dynaclient.errors import ArgumentError, CredentialsError, TimeoutExpiredError
from dynaclient.testing import FakeClock, FakeTransport, json_response, response
from dynaclient.transport.http import Urllib3Transport
from dynaclient.world import World


class Ring:
    """A keyring in memory, with the three functions of the library's that are used."""

    def __init__(self):
        self.entries = {}

    def get_keyring(self):
        return self

    def get_password(self, service, name):
        return self.entries.get((service, name))

    def set_password(self, service, name, password):
        self.entries[service, name] = password

    def delete_password(self, service, name):
        del self.entries[service, name]


class NoRing(Ring):
    """A system without a keyring."""

    priority = 0


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


@pytest.fixture
def keep(tmp_path):
    """Logins in a folder of the test's own, with a keyring."""
    return Keep(tmp_path / "config", Ring())


def schemes(origin, *names):
    """An OAuth 2 scheme with these flows."""
    flow = {
        "tokenUrl": f"{origin}/token",
        "authorizationUrl": f"{origin}/authorize?tenant=a",
        "deviceAuthorizationUrl": f"{origin}/device",
        "scopes": {},
    }
    return {"oauth": {"type": "oauth2", "flows": dict.fromkeys(names or ("authorizationCode",), flow)}}


def visit(url):
    """What a browser shows for a URL: the status and the text at the end of its redirects."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=30) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class Browser:
    """Opens addresses as a user's browser does, after the strange ones that were given."""

    def __init__(self, *strange):
        self.strange, self.urls, self.pages = strange, [], []
        self._threads = []

    def __call__(self, url):
        self.urls.append(url)
        self._threads.append(threading.Thread(target=self._visit, args=(url,)))
        self._threads[-1].start()

    def _visit(self, url):
        home = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        self.pages += [visit(strange.format(home=home)) for strange in self.strange]
        self.pages.append(visit(url))

    def join(self):
        for thread in self._threads:
            thread.join(30)


def signed_in(client, browser=None, told=None, **how):
    """Sign in, and what is kept."""
    how = SignIn(client_id="shell", open_browser=browser, prompt=(told if told is not None else []).append, **how)
    found = login(client.api, client.place(), client.wallet, None, how)
    if browser is not None:
        browser.join()
    return found


def test_the_browser_flow(oauth, transport, keep):
    """PKCE with S256 and a state, a redirect to this machine at a free port; the token is kept in the keyring, used, refreshed, and kept again."""
    clock = FakeClock(1e9)
    client = Caller(schemes(oauth.origin), transport, server=oauth.origin, keep=keep, world=World(now=clock))
    browser, told = Browser("{home}?code=x&state=wrong", "{home}?code=x", "{home}/favicon.ico"), []
    found = signed_in(client, browser, told, scopes=["read", "write"])
    assert [status for status, _ in browser.pages] == [404, 404, 404, 200]
    assert "You are signed in" in browser.pages[-1][1]
    query = {name: values[0] for name, values in parse_qs(urlsplit(browser.urls[0]).query).items()}
    assert (query["tenant"], query["response_type"], query["scope"]) == ("a", "code", "read write")
    assert query["code_challenge_method"] == "S256"
    assert query["code_challenge"] == challenge_of(oauth.bodies[0]["code_verifier"])
    assert query["redirect_uri"].startswith("http://127.0.0.1:")
    assert browser.urls[0] in told[0]
    assert (found.server, found.scheme, found.scopes, found.storage) == (
        oauth.origin,
        "oauth",
        ("read", "write"),
        "keyring",
    )
    assert client.send().status == 200
    clock.advance(3600)
    assert client.send().status == 200
    again = Caller(schemes(oauth.origin), transport, server=oauth.origin, keep=keep, world=World(now=clock))
    assert again.send().status == 200, "another process uses what was kept"
    oauth.revoke_all()
    assert again.send().status == 200
    assert oauth.grants == ["authorization_code", "refresh_token", "refresh_token"]


def test_no_token_outside_the_keyring(oauth, transport, keep):
    """The list of logins holds no secret, and neither does any repr; its files are for their owner alone."""
    client = Caller(schemes(oauth.origin), transport, server=oauth.origin, keep=keep)
    found = signed_in(client, Browser())
    text = (keep.folder / "logins.json").read_text() + repr(found) + repr(client.wallet) + repr(client.needs())
    for token in oauth.tokens:
        assert token["access_token"] not in text
        assert token["refresh_token"] not in text
    assert stat.S_IMODE((keep.folder / "logins.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(keep.folder.stat().st_mode) == 0o700
    assert not (keep.folder / "tokens.json").exists()


def test_a_login_is_for_one_server(oauth, transport, keep):
    """A token that was kept for one origin is found for no other, whatever the document says now; logging out forgets it."""
    client = Caller(schemes(oauth.origin), transport, server=oauth.origin, keep=keep)
    signed_in(client, Browser())
    fake = FakeTransport()
    other = Caller(schemes(oauth.origin), fake, server="https://evil.test", keep=keep)
    with pytest.raises(CredentialsError, match="dynaclient login oauth"):
        other.send()
    changed = Caller(schemes("https://evil.test"), transport, server=oauth.origin, keep=keep)
    oauth.revoke_all()
    assert changed.send().status == 200, "it is refreshed where it was issued, not where the document now says"
    assert [one.scheme for one in logout(client.place(), client.wallet)] == ["oauth"]
    assert keep._ring.entries == {}
    assert logout(client.place(), client.wallet) == []


def test_without_a_keyring(oauth, transport, tmp_path):
    """Where there is no keyring nothing is begun, unless a file is allowed; that file is its owner's alone, and is refused where it is not."""
    keep = Keep(tmp_path, NoRing())
    client = Caller(schemes(oauth.origin), transport, server=oauth.origin, keep=keep)
    with pytest.raises(CredentialsError, match=r"no keyring to keep the login in.*--insecure-storage"):
        signed_in(client, Browser())
    assert signed_in(client, Browser(), insecure_storage=True).storage == "file"
    file = tmp_path / "tokens.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert client.send().status == 200
    file.chmod(0o640)
    fresh = Caller(schemes(oauth.origin), transport, server=oauth.origin, keep=Keep(tmp_path, NoRing()))
    with pytest.raises(CredentialsError, match=r"tokens\.json can be read or changed by others: chmod 600"):
        fresh.send()
    file.chmod(0o600)
    (tmp_path / "logins.json").chmod(0o622)
    with pytest.raises(CredentialsError, match=r"logins\.json can be read or changed by others"):
        fresh.send()
    logout(client.place(), client.wallet)
    assert json.loads(file.read_text()) == {}


@pytest.mark.parametrize(
    "strange, message",
    [
        ("{home}?error=access_denied&error_description=The+user+said+no&state={state}", "access_denied: The user said no"),
        ("{home}?state={state}", "answered without a code"),
        ("{home}?code=x&state={state}&iss=https%3A%2F%2Fevil.test", "another issuer"),
        ("{home}?code=wrong&state={state}", "invalid_grant"),
    ],
)  # fmt: skip
def test_a_browser_that_brings_no_token(oauth, transport, keep, strange, message):
    """A refusal, a reply without a code, one of another issuer and a wrong code end signing in with the reason; nothing is kept."""
    metadata = f"{oauth.origin}/.well-known/openid-configuration"
    scheme = {"oauth": {"type": "openIdConnect", "openIdConnectUrl": metadata}}
    client = Caller(scheme, transport, server=oauth.origin, keep=keep)
    threads = []

    def browser(url):
        query = parse_qs(urlsplit(url).query)
        to = strange.format(home=query["redirect_uri"][0], state=query["state"][0])
        threads.append(threading.Thread(target=visit, args=(to,)))
        threads[-1].start()

    how = SignIn(client_id="shell", open_browser=browser, prompt=str)
    with pytest.raises(CredentialsError, match=message):
        login(client.api, client.place(), client.wallet, "oauth", how)
    threads[0].join(30)
    assert keep.logins() == []


def test_nobody_comes(oauth, transport, keep):
    """Waiting for a browser ends, and the message names the way for machines without one."""
    clock = iter(range(0, 10_000, 100))
    client = Caller(schemes(oauth.origin), transport, keep=keep, world=World(clock=lambda: next(clock)))
    with pytest.raises(CredentialsError, match=r"nobody signed in within 300 s.*--device"):
        login(client.api, client.place(), client.wallet, None, SignIn("shell", open_browser=str, prompt=str))


def test_the_device_flow(oauth, keep):
    """The user is shown a code; the server is asked every five seconds, more slowly when it says so, until the code was entered."""
    clock = FakeClock()

    def sleep(seconds):
        clock.sleep(seconds)
        if len(clock.slept) == 4:
            oauth.decisions[next(iter(oauth.devices.values()))["user_code"]] = ("me", True)

    told = []
    with Urllib3Transport(env=False, clock=clock) as transport:
        client = Caller(schemes(oauth.origin, "deviceAuthorization"), transport, server=oauth.origin, keep=keep, world=World(clock, sleep))  # fmt: skip
        signed_in(client, None, told)
        assert client.send().status == 200
    code = next(iter(oauth.devices.values()))["user_code"]
    assert told == [f"To sign in, open {oauth.origin}/activate on any device and enter the code {code}"]
    assert clock.slept == [5, 5, 10, 10]


@pytest.mark.parametrize("approved, message", [(False, "access_denied"), (None, "expired before it was entered")])
def test_a_device_code_that_is_refused_or_expires(oauth, keep, approved, message):
    """A user who says no, and a code that nobody enters in time, end signing in."""
    clock = FakeClock()

    def sleep(seconds):
        clock.sleep(seconds)
        for device in oauth.devices.values():
            if approved is not None:
                oauth.decisions[device["user_code"]] = ("me", approved)
            elif clock.time > 60:
                device["expires_at"] = 0

    with Urllib3Transport(env=False, clock=clock) as transport, pytest.raises(CredentialsError, match=message):
        signed_in(Caller(schemes(oauth.origin), transport, server=oauth.origin, keep=keep, world=World(clock, sleep)), None, device=True)  # fmt: skip
    assert keep.logins() == []


DEVICE = {"device_code": "canary-code", "user_code": "A-B", "verification_uri": "https://l.test/go", "expires_in": 60}


@pytest.mark.parametrize(
    "replies, slept, message",
    [
        ([json_response({**DEVICE, "interval": 20})] + [json_response({"error": "authorization_pending"}, 400)] * 3, [20] * 3, "expired"),
        ([json_response(DEVICE), TimeoutExpiredError("slow"), TimeoutExpiredError("slow")], [5, 10, 20], None),
        ([json_response({**DEVICE, "verification_uri": "javascript:x"})], [], "without device_code"),
        ([json_response({"error": "unauthorized_client"}, 400)], [], "unauthorized_client"),
    ],
    ids=["expiry", "back-off", "address", "refusal"],
)  # fmt: skip
def test_the_device_flow_at_its_edges(tmp_path, replies, slept, message):
    """The clock bounds it, a server that does not answer is asked more slowly (RFC 8628, 3.5), and strange addresses are not shown."""
    clock = FakeClock()
    fake = FakeTransport(*replies, json_response({"access_token": "t", "token_type": "bearer"}))
    client = Caller(schemes("https://l.test"), fake, keep=Keep(tmp_path, Ring()), world=World(clock, clock.sleep))
    if message is None:
        assert signed_in(client, None, device=True).storage == "keyring"
    else:
        with pytest.raises(CredentialsError, match=message) as caught:
            signed_in(client, None, device=True)
        assert "canary" not in str(caught.value)
    assert clock.slept == slept


def test_what_a_server_says_is_cleaned_before_it_is_shown(tmp_path):
    """Control characters in what the user is shown do not reach the terminal."""
    device = {**DEVICE, "user_code": "A\x1b[2J-B", "verification_uri": "https://l.test/\x1b]0;x"}
    fake = FakeTransport(json_response(device), json_response({"access_token": "t"}))
    clock, told = FakeClock(), []
    client = Caller(schemes("https://l.test"), fake, keep=Keep(tmp_path, Ring()), world=World(clock, clock.sleep))
    signed_in(client, None, told, device=True)
    assert told[0].isprintable()


def test_a_login_that_cannot_go_on_says_how_to_begin_again(tmp_path):
    """An expired login without a refresh token, one that the server ended, and one whose secret is gone from the keyring ask to log in again."""
    clock, ring = FakeClock(), Ring()
    token = {"access_token": "canary-token", "expires_in": 60}
    fake = FakeTransport(json_response(DEVICE), json_response(token), json_response(DEVICE), json_response({**token, "refresh_token": "canary-r"}), json_response({"error": "invalid_grant"}, 400))  # fmt: skip

    def client():
        return Caller(
            schemes("https://l.test"), fake, keep=Keep(tmp_path, ring), world=World(clock, clock.sleep, now=clock)
        )

    for message in ("came without a refresh token", "has ended \\(invalid_grant\\)"):
        signed_in(client(), None, device=True)
        clock.advance(100)
        with pytest.raises(CredentialsError, match=message + ".*dynaclient login oauth") as caught:
            client().send()
        assert "canary" not in str(caught.value)
    ring.entries.clear()
    with pytest.raises(CredentialsError, match="is gone: log in again"):
        client().send()


def test_a_broken_keyring_is_told():
    """Whatever a keyring raises is told by its kind, without what it said."""

    class Broken(Ring):
        def get_password(self, service, name):
            raise RuntimeError("canary")

    keep = Keep(None, Broken())
    client = Caller(schemes("https://l.test"), FakeTransport(), keep=keep)
    from dynaclient.auth import Login

    with pytest.raises(CredentialsError, match=r"could not be read \(RuntimeError\)") as caught:
        keep.open(Login("https://api.test", "oauth", "https://l.test/token", "c"))
    assert "canary" not in str(caught.value)
    assert client.wallet.keep is keep


@pytest.mark.parametrize(
    "found, how, message",
    [
        ({"a": {"type": "oauth2"}, "b": {"type": "oauth2"}}, {}, "say for which scheme.*a, b"),
        ({"a": {"type": "http", "scheme": "basic"}}, {}, "the document has none"),
        ({"a": {"type": "oauth2"}}, {"client_id": ""}, "set A_CLIENT_ID"),
    ],
)
def test_what_is_needed_to_sign_in(keep, found, how, message):
    """A scheme that is not clear, and a client without an id, are said before anything is sent."""
    client = Caller(found, FakeTransport(), keep=keep)
    with pytest.raises(ArgumentError, match=message):
        login(client.api, client.place(), client.wallet, None, SignIn(**{"client_id": "c", **how}))


def test_endpoints_that_are_missing_can_be_named(keep):
    """A document that names no endpoint for a flow says which argument names it; what the user names is used."""
    scheme = {"oauth": {"type": "oauth2", "flows": {"implicit": {"scopes": {}}}}}
    client = Caller(scheme, FakeTransport(), keep=keep)
    with pytest.raises(CredentialsError, match="names no token URL"):
        login(client.api, client.place(), client.wallet, None, SignIn("c"))
    with pytest.raises(CredentialsError, match="pass authorization_url="):
        login(client.api, client.place(), client.wallet, None, SignIn("c", token_url="https://l.test/t"))
    clock = FakeClock()
    fake = FakeTransport(json_response(DEVICE), json_response({"access_token": "t"}), response())
    client = Caller(scheme, fake, keep=keep, world=World(clock, clock.sleep))
    named = {"token_url": "https://l.test/t", "device_authorization_url": "https://l.test/d"}
    login(client.api, client.place(), client.wallet, None, SignIn("c", client_secret="canary s", device=True, prompt=str, **named))  # fmt: skip
    assert [request.url for request in fake.requests] == ["https://l.test/d", "https://l.test/t"]
    assert client.send().status == 200
    assert urlencode({"client_id": "c"}).encode() in fake.requests[1].body
