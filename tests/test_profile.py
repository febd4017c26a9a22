"""Profiles."""

import pickle
import sys
from pathlib import Path

import pytest
from calling import Caller
from cases import cases

from dynaclient import folders
from dynaclient.auth import OAuth2ClientCredentials, OAuth2Password, OAuth2Refresh
from dynaclient.errors import ArgumentError, CredentialsError
from dynaclient.profile import load_profile, profile_names
from dynaclient.testing import FakeTransport, response

CANARY = "canary-0123"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes the user's file of profiles, for its owner alone, and gives its path."""
    path = tmp_path / "settings" / "config.toml"
    path.parent.mkdir()
    monkeypatch.setenv("DYNACLIENT_CONFIG", str(path))

    def writer(text, mode=0o600):
        path.write_text(text)
        path.chmod(mode)
        return path

    return writer


def test_a_profile(write):
    """A profile gives the options of a client; a path in it is relative to its file."""
    path = write(
        """
        [profile.work]
        spec = "apis/store.yaml"
        server = "https://store.test/v2"
        timeout = 20
        retries = { maxAttempts = 3 }
        validate = { reply = "warn" }
        headers = { X-Team = "a" }
        [profile.other]
        spec = "https://docs.test/api.yaml"
        retries = false
        """
    )
    work, other = load_profile("work"), load_profile("other", path)
    assert (work.spec, work.server, work.timeout) == (str(path.parent / "apis/store.yaml"), "https://store.test/v2", 20)
    assert (work.retries, work.validate, work.headers) == ({"maxAttempts": 3}, {"reply": "warn"}, {"X-Team": "a"})
    assert (other.spec, other.retries, other.server, other.headers) == ("https://docs.test/api.yaml", False, None, {})
    assert profile_names() == ("work", "other")


@pytest.mark.parametrize("case", cases("profile.yaml"), ids=lambda case: case["name"])
def test_profiles_that_make_no_sense(write, case):
    """What is wrong is said with its place and the nearest known key, and without any value that may be a secret."""
    write(case["toml"])
    with pytest.raises(ArgumentError, match=case["message"]) as caught:
        load_profile("p")
    assert "canary" not in str(caught.value)


def test_a_profile_that_there_is_not(write, tmp_path):
    """A name that is not in the file is answered with the nearest, or with those that there are; a missing file has none."""
    write("[profile.work]\n[profile.home]")
    with pytest.raises(ArgumentError, match=r"no profile 'wrok'.*did you mean 'work'"):
        load_profile("wrok")
    with pytest.raises(ArgumentError, match="the profiles are work, home"):
        load_profile("x")
    with pytest.raises(ArgumentError, match=r"none; .*nowhere\.toml is where they are written"):
        load_profile("x", tmp_path / "nowhere.toml")
    assert profile_names(tmp_path / "nowhere.toml") == ()
    assert profile_names(write("[")) == ()


PRINTS = f"import sys; print(' {CANARY} '); sys.stdin.read() and sys.exit(9)"


def test_where_a_secret_may_come_from(write, monkeypatch):
    """A credential is literal, or found in a variable or by a command without a shell, when it is needed and not before."""
    write(
        f"""
        [profile.p.credentials]
        literal = "{CANARY}"
        variable = {{ env = "SOME_VARIABLE" }}
        program = {{ command = [{sys.executable!r}, "-c", {PRINTS!r}] }}
        pair = {{ user = "me", password = {{ env = "SOME_VARIABLE" }} }}
        """
    )
    profile = load_profile("p")
    monkeypatch.setenv("SOME_VARIABLE", CANARY)
    found = dict(profile.credentials)
    assert (found["literal"], found["variable"](), found["program"]()) == (CANARY, CANARY, CANARY)
    assert found["pair"][0] == "me"
    assert found["pair"][1]() == CANARY


def test_accounts(write):
    """The grants of OAuth 2 are tables with the parts of their accounts."""
    write(
        f"""
        [profile.p.credentials]
        client = {{ client_id = "c", client_secret = "{CANARY}", scopes = ["a", "b"], token_url = "https://l.test", auth = "post", extra = {{ r = "1" }} }}
        password = {{ grant = "password", user = "me", password = "{CANARY}", client_id = "c" }}
        refresh = {{ grant = "refresh_token", refresh_token = "{CANARY}", client_id = "c", scopes = "a b" }}
        """
    )
    found = load_profile("p").credentials
    assert [type(one) for one in found.values()] == [OAuth2ClientCredentials, OAuth2Password, OAuth2Refresh]
    assert (found["client"].scopes, found["refresh"].scopes) == (("a", "b"), ("a", "b"))
    assert (found["client"].auth, found["client"].token_url, found["client"].extra) == (
        "post",
        "https://l.test",
        {"r": "1"},
    )


@pytest.mark.parametrize(
    "credential, message",
    [
        ('{ env = "NOT_SET_AT_ALL" }', "the environment variable NOT_SET_AT_ALL is not set"),
        ('{ command = ["no-such-program-anywhere"] }', "'no-such-program-anywhere' cannot be run"),
        (f'{{ command = [{sys.executable!r}, "-c", "print({CANARY!r}); exit(3)"] }}', "ended with 3"),
        (f'{{ command = [{sys.executable!r}, "-c", "pass"] }}', "printed nothing"),
        (f'{{ command = [{sys.executable!r}, "-c", "print(1, chr(10), 2)"] }}', "cannot stand in a header"),
    ],
)  # fmt: skip
def test_a_secret_that_is_not_found(write, credential, message):
    """A variable that is not set and a command that fails say so with the profile's place, before anything is sent, and without output."""
    write(f"[profile.p.credentials]\nkey = {credential}")
    key = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    with pytest.raises(CredentialsError, match=message) as caught:
        Caller(key, FakeTransport(), profile=load_profile("p").pocket).send()
    assert CANARY not in str(caught.value)


def test_a_command_is_run_once(write, tmp_path):
    """The output of a command is kept for as long as the profile is."""
    count = tmp_path / "count"
    code = f"open({str(count)!r}, 'a').write('x'); print('k-1')"
    write(f'[profile.p.credentials]\nkey = {{ command = [{sys.executable!r}, "-c", """{code}"""] }}')
    fake = FakeTransport(response(), repeat=True)
    client = Caller(
        {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}, fake, profile=load_profile("p").pocket
    )
    client.send()
    client.send()
    assert [request.headers for request in fake.requests] == [{"X-Key": "k-1"}] * 2
    assert count.read_text() == "x"


@pytest.mark.parametrize(
    "text",
    [
        f'[profile.p.credentials]\na = "{CANARY}"',
        f'[profile.p.credentials]\na = {{ user = "x", password = "{CANARY}" }}',
        f'[profile.p.headers]\nX-Api-Key = "{CANARY}"',
    ],
)
def test_literal_secrets_need_a_private_file(write, text):
    """A file with a secret in it that others can read is refused, with what to do; without one it is taken as it is."""
    write(text, 0o644)
    with pytest.raises(ArgumentError, match=r"can be read by others \(chmod 600 .*env, keyring or command\)") as caught:
        load_profile("p")
    assert CANARY not in str(caught.value)
    write(text, 0o600)
    shown = repr(load_profile("p"))
    assert CANARY not in shown
    write('[profile.p]\ntimeout = 3\n[profile.p.credentials]\na = { env = "X" }', 0o644)
    assert load_profile("p").timeout == 3


def test_a_profile_is_not_pickled(write):
    """A profile holds credentials, and refuses to be pickled."""
    write("[profile.p]")
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(load_profile("p"))


def test_the_keyring(write, monkeypatch):
    """``keyring`` names an entry of the service dynaclient; where there is none the message says how to make it."""
    keyring = pytest.importorskip("keyring")

    class Ring(keyring.backend.KeyringBackend):
        priority = 1

        def get_password(self, service, username):
            return CANARY if (service, username) == ("dynaclient", "store") else None

        def set_password(self, service, username, password):
            """Nothing is written here."""

        def delete_password(self, service, username):
            """Nor deleted."""

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        write('[profile.p.credentials]\na = { keyring = "store" }\nb = { keyring = "other" }')
        found = load_profile("p").credentials
        assert found["a"]() == CANARY
        with pytest.raises(CredentialsError, match="`keyring set dynaclient other`"):
            found["b"]()
    finally:
        keyring.set_keyring(before)


def test_the_folder(monkeypatch, tmp_path):
    """``DYNACLIENT_CONFIG`` names the file; without it, it lies where the platform keeps settings."""
    from platformdirs import user_config_path

    monkeypatch.setenv("DYNACLIENT_CONFIG", "~/x.toml")
    assert folders.config_file() == Path.home() / "x.toml"
    monkeypatch.delenv("DYNACLIENT_CONFIG")
    for value in (str(tmp_path), "relative", ""):
        monkeypatch.setenv("XDG_CONFIG_HOME", value)
        wanted = (
            user_config_path("dynaclient", appauthor=False)
            if value != "relative"
            else Path.home() / ".config/dynaclient"
        )
        assert folders.config_file() == wanted / "config.toml"
    monkeypatch.setattr(folders, "_linux", lambda: False)
    assert folders.config_folder() == user_config_path("dynaclient", appauthor=False)
