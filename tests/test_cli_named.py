"""Documents that are kept under a name, and signing in."""

import json
import stat
import threading

import pytest
from loopback import reply
from shell import CALLS, apart, completed, run  # noqa: F401 - fixtures

KEY = ["--credential", "key=k"]


@pytest.fixture
def kept(run):  # noqa: F811
    """Runs lines with a document that is kept as ``store``."""
    assert run("api", "add", "store", CALLS, "--server", "https://kept.test", "--timeout", "5")[0] == 0
    return run


def test_an_api_is_called_by_its_name(kept):
    """What was kept is called by name, group and operation; its server is taken, one that is typed goes before it."""
    code, out, err = kept("store", "chats", "create", "--model", "m", "--message.role", "user", *KEY, "--dry-run")
    assert code == 0, err
    assert json.loads(out)["url"] == "https://kept.test/chats"
    for line in (["store", "--server", "https://t.test", "chats", "create"], ["store", "chats", "create", "--server", "https://t.test"]):  # fmt: skip
        assert json.loads(kept(*line, *KEY, "--dry-run")[1])["url"] == "https://t.test/chats"
    assert json.loads(kept("store", "chats.create", *KEY, "--dry-run")[1])["url"] == "https://kept.test/chats"
    assert json.loads(kept("store", "files", "put-raw", "--body", "x", *KEY, "--dry-run")[1])["method"] == "PUT"


def test_the_environment_gives_way_to_a_kept_server(kept, monkeypatch):
    """The server that was kept with an API is called, whatever a variable says."""
    monkeypatch.setenv("DYNACLIENT_SERVER", "https://environment.test")
    assert json.loads(kept("store", "chats", "create", *KEY, "--dry-run")[1])["url"] == "https://kept.test/chats"


def test_the_tools_know_a_kept_document(kept):
    """ops, describe and call work behind the name, and help lists groups and operations."""
    assert "chats.create" in kept("store", "ops")[1]
    assert "--message JSON" in kept("store", "describe", "chats.create")[1]
    assert kept("store", "call", "chats.create", *KEY, "--dry-run")[0] == 0
    _, out, _ = kept("store", "--help")
    assert "list, create" in out
    assert "Talk." in kept("store", "chats", "--help")[1]
    code, _, err = kept("store", "chats", "creat")
    assert (code, "Did you mean create?" in err) == (2, True)


def test_apis_are_listed_replaced_and_removed(kept, tmp_path):
    """The list shows what is kept; a name is replaced only when that is asked for; a removed one is unknown."""
    _, out, _ = kept("api", "list", "-o", "json")
    assert json.loads(out) == [{"name": "store", "spec": str(CALLS), "server": "https://kept.test", "timeout": 5.0}]
    assert kept("api", "add", "store", CALLS)[0] == 2
    assert kept("api", "add", "store", CALLS, "--replace")[0] == 0
    assert "server" not in json.loads(kept("api", "list", "-o", "json")[1])[0]
    assert stat.S_IMODE((tmp_path / "config" / "apis.toml").stat().st_mode) == 0o600
    assert kept("api", "remove", "store")[0] == 0
    assert kept("store", "ops")[0] == 2


def test_what_cannot_be_read_is_not_kept(run, tmp_path):  # noqa: F811
    """A document that is none, and a server that it does not have, are refused when they are added."""
    assert run("api", "add", "store", "/no/such.yaml")[0] == 3
    assert run("api", "add", "store", CALLS, "--server", "nowhere")[0] == 2
    assert json.loads(run("api", "list", "-o", "json")[1]) == []
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "apis.toml").write_text("[api.store\n")
    code, _, err = run("api", "list")
    assert (code, "apis.toml" in err) == (2, True)


def test_any_text_survives_the_file(apart):  # noqa: F811
    """Settings with quotes, backslashes and control characters are read as they were written, by several threads at once."""
    from dynaclient.cli import apis

    odd = 'a"b\\c\x7f\n\u2028é'
    threads = [threading.Thread(target=apis.keep, args=(f"n{number}", {"spec": odd, "server_variable": ("a=1", odd)})) for number in range(8)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(apis.kept()) == [f"n{number}" for number in range(8)]
    assert apis.kept()["n0"] == {"spec": odd, "server_variable": ("a=1", odd)}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sto", ["store"]),
        ("store ch", ["chats"]),
        ("store chats ", ["list", "create"]),
        ("store chats create --message.r", ["--message.role"]),
        ("store chats create --message.role u", ["user"]),
        ("api remove ", ["store"]),
    ],
)
def test_names_groups_and_operations_are_completed(apart, line, offered, monkeypatch, capsys):  # noqa: F811
    """Behind the program the names are offered, behind a name its groups, operations and options."""
    from dynaclient.cli import apis

    apis.keep("store", {"spec": str(CALLS)})
    assert completed(line, monkeypatch, capsys) == offered


def test_a_user_signs_in_with_a_code_and_out_again(run, server, tmp_path):  # noqa: F811
    """`login --device` shows the code, keeps the token for the server, calls use it, and `logout` forgets it."""
    body = {
        "device_code": "d",
        "user_code": "WXYZ-1234",
        "verification_uri": "https://a.test/go",
        "interval": 0,
        "expires_in": 60,
    }
    token = {"access_token": "tok-1", "token_type": "Bearer", "expires_in": 3600}
    fields = "Content-Type: application/json"
    server.script(*[reply(200, json.dumps(value).encode(), fields) for value in (body, token, {})])
    spec = tmp_path / "own.yaml"
    spec.write_text(CALLS.read_text().replace("https://{region}.test", server.origin))
    line = ["--device", "--client-id", "shell", "--insecure-storage", "--no-browser"]
    urls = ["--token-url", f"{server.origin}/token", "--device-authorization-url", f"{server.origin}/device"]
    code, out, err = run("--spec", spec, "login", *line, *urls)
    assert (code, out) == (0, ""), err
    assert "WXYZ-1234" in err
    assert "signed in for oauth" in err
    assert run("--spec", spec, "call", "chats.list")[0] == 0
    assert server.requests[-1].headers["authorization"] == "Bearer tok-1"
    code, _, err = run("--spec", spec, "logout")
    assert (code, "signed out of oauth" in err) == (0, True)
    code, _, err = run("--spec", spec, "logout")
    assert (code, "there was no login" in err) == (0, True)
    assert run("--spec", spec, "call", "chats.list")[0] == 4
