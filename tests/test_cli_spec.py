"""The life of a document at the shell: add, update, go back, compare, check, learn, explain."""

import json

import pytest
import yaml
from documents import document, operation
from loopback import reply

from dynaclient.cli import main


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    """Each test works in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shell(capsys):
    """Runs a line; gives its exit code, its output and its messages."""

    def run(*arguments):
        code = main(list(arguments))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def spec(version="1", *, paths=("pets", "owners"), **more):
    """A vendor's document, as JSON text."""
    made = {f"/{name}": {"get": operation(operationId=f"{name}_list", tags=[name], reply={"type": "array"})} for name in paths}  # fmt: skip
    return json.dumps({**document(made, **more), "info": {"title": "Pets", "version": version}}).encode()


def test_a_document_is_added_and_called_by_its_name(server, shell):
    """What was added is meant by --spec NAME, listed and shown."""
    server.script(reply(200, spec(servers=[{"url": "/"}])), reply(200, b'["Rex"]', "Content-Type: application/json"))
    code, out, _ = shell("spec", "add", "store", f"{server.origin}/api.json", "--operations", "pets.list")
    assert (code, "2 operations" in out) == (0, True)
    assert shell("--spec", "store", "call", "pets.list") == (0, '["Rex"]\n', "")
    assert "as fetched" in shell("spec", "list")[1]
    shown = json.loads(shell("spec", "show", "store", "-o", "json")[1])
    assert (shown["operations"], shown["in_use"]) == (["pets.list", "owners.list"], ["pets.list"])


def test_an_update_is_refused_until_it_is_accepted(server, shell, tmp_path):
    """What breaks an operation in use has exit code 12 and changes nothing; --accept takes it, rollback gives it back."""
    server.script(reply(200, spec()), reply(200, spec("2", paths=["owners"])))
    shell("spec", "add", "store", f"{server.origin}/api.json", "--operations", "pets.list")
    code, out, _ = shell("spec", "update")
    assert code == 12
    assert "store: refused, 1 to 2" in out
    assert "pets.list, which is in use" in out
    assert (tmp_path / "specs/store.json").read_bytes() == spec()
    assert shell("spec", "update", "store", "--accept", "--dry-run")[:1] == (0,)
    assert (tmp_path / "specs/store.json").read_bytes() == spec()
    assert shell("spec", "update", "store", "--accept")[0] == 0
    assert "owners.list" in shell("--spec", "store", "ops")[1]
    assert "pets.list" not in shell("--spec", "store", "ops")[1]
    assert "back to 1" in shell("spec", "rollback", "store")[1]
    assert "pets.list" in shell("--spec", "store", "ops")[1]
    assert "back to 2" in shell("spec", "update", "store", "--back")[1]


def test_origins_and_servers_are_called_out(server, shell):
    """A new origin is shown first and refused with exit code 11; programs are told the ids."""
    servers = [{"url": "https://api.test"}, {"url": "https://new.test"}]
    server.script(reply(200, spec()), reply(200, spec("2", servers=servers)))
    shell("spec", "add", "store", f"{server.origin}/api.json")
    code, out, _ = shell("spec", "update")
    assert code == 11
    assert out.splitlines()[1].startswith("  LOOK: ")
    code, out, _ = shell("spec", "update", "-o", "json")
    told = json.loads(out)[0]
    assert (told["status"], "server-origin-added" in told["trust"]) == ("refused", True)


def test_an_update_without_changes_says_so(server, shell):
    """304, and the same bytes, are unchanged."""
    server.script(reply(200, spec(), 'ETag: "a"'), reply(304), reply(200, spec()))
    shell("spec", "add", "store", f"{server.origin}/api.json")
    assert shell("spec", "update")[:2] == (0, "store: unchanged, 1\n")
    assert shell("spec", "update")[:2] == (0, "store: unchanged, 1\n")


@pytest.mark.parametrize(
    ("options", "code"), [((), 12), (("--fail-on", "never"), 0), (("--operations", "owners.list"), 0)]
)
def test_a_comparison_has_an_exit_code(shell, tmp_path, options, code):
    """12 where something breaks, unless nobody wants to know."""
    (tmp_path / "old.json").write_bytes(spec())
    (tmp_path / "new.json").write_bytes(spec("2", paths=["owners"]))
    assert shell("spec", "diff", "old.json", "new.json", *options)[0] == code


def test_a_comparison_has_many_forms(shell, tmp_path):
    """For people with the place, for programs, for a review, for GitHub."""
    (tmp_path / "old.json").write_bytes(spec())
    (tmp_path / "new.json").write_bytes(spec("2", paths=["owners"]))
    line = ("spec", "diff", "old.json", "new.json")
    assert "old.json:1:" in shell(*line)[1]
    assert json.loads(shell(*line, "--format", "json")[1])["count"]["breaking"] == 1
    assert "| Operation |" in shell(*line, "--format", "markdown")[1]
    assert shell(*line, "--format", "github")[1].startswith("::error file=new.json")
    assert shell("spec", "diff", "old.json", "old.json")[:2] == (0, "no changes\n")


def test_findings_have_place_level_and_id(shell, tmp_path):
    """One line each, as compilers write them; errors have exit code 12."""
    (tmp_path / "bad.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\nservers:\n- url: http://api.test\nsecurity:\n- key: []\npaths: {}\n"
    )
    code, out, _ = shell("spec", "check", "bad.yaml")
    assert code == 12
    assert out.splitlines() == [
        "bad.yaml:6:3: error: the security scheme 'key' is not defined under components [security-scheme-undefined]",
        "bad.yaml:4:3: warning: the server http://api.test has no TLS [server-without-tls]",
        "1 error, 1 warning",
    ]
    code, out, _ = shell("spec", "check", "bad.yaml", "--ignore", "security-scheme-undefined", "-o", "json")
    assert (code, json.loads(out)[0]["line"]) == (0, 4)
    assert shell("spec", "check", "bad.yaml", "--ignore", "security-scheme-undefined", "--fail-on", "warning")[0] == 11
    assert "server-without-tls" in shell("spec", "check", "--ignore", "server-without-tl")[2]


def test_what_is_formally_wrong_is_found_when_asked(shell, tmp_path):
    """--formal adds what openapi-spec-validator finds."""
    (tmp_path / "bad.json").write_text(json.dumps({**json.loads(spec()), "tags": "no list"}))
    assert "[formal]" not in shell("spec", "check", "bad.json")[1]
    code, out, _ = shell("spec", "check", "bad.json", "--formal")
    assert (code, "[formal]" in out) == (12, True)


def test_a_bundle_is_one_file_with_its_overlays(shell, tmp_path):
    """To standard output as YAML, to a file as its name says."""
    (tmp_path / "api.json").write_bytes(spec())
    (tmp_path / "more.yaml").write_text(
        "overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions: [{target: $.info, update: {summary: Amended.}}]\n"
    )
    code, out, _ = shell("spec", "bundle", "api.json", "--overlay", "more.yaml")
    assert (code, yaml.safe_load(out)["info"]["summary"]) == (0, "Amended.")
    shell("spec", "bundle", "api.json", "--out", "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == json.loads(spec())


def test_drift_is_recorded_and_learned(server, shell, tmp_path):
    """--drift writes what differs, learn makes an overlay of it, and with that the reply is good."""
    (tmp_path / "api.json").write_bytes(spec(servers=[{"url": server.origin}]))
    server.script(reply(200, b'{"pets": []}', "Content-Type: application/json"))
    line = ("call", "pets.list", "--spec", "api.json")
    assert shell(*line, "--validate", "warn", "--drift", "drift.jsonl")[0] == 0
    code, _, told = shell("spec", "learn", "drift.jsonl", "--spec", "api.json", "--out", "learned.yaml")
    assert (code, "read them" in told) == (0, True)
    assert shell(*line)[0] == 7
    assert shell(*line, "--overlay", "learned.yaml")[0] == 0
    assert yaml.safe_load(shell("spec", "learn", "drift.jsonl", "--spec", "api.json")[1])["overlay"] == "1.0.0"


def test_what_is_in_force_is_explained_with_its_place(shell, tmp_path, monkeypatch):
    """Each thing names what decided it: document, overlay, variable, option or default."""
    (tmp_path / "api.json").write_bytes(spec())
    (tmp_path / "slow.yaml").write_text(
        "overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions:\n- target: $\n  update:\n    x-speakeasy-retries:\n      strategy: backoff\n"
    )
    monkeypatch.setenv("DYNACLIENT_TIMEOUT", "3")
    line = ("explain", "pets.list", "--spec", "api.json", "--overlay", "slow.yaml", "--retries", "max-attempts=2")
    rows = {row["subject"]: row for row in json.loads(shell(*line, "-o", "json")[1])}
    assert (rows["timeout"]["value"], rows["timeout"]["by"]) == (3, "DYNACLIENT_TIMEOUT")
    assert (rows["retries.max_attempts"]["value"], rows["retries.max_attempts"]["by"]) == (2, "--retries")
    assert rows["server"]["place"].startswith("api.json:1#/servers/0")
    assert rows["name.method"]["by"] == "operationId"
    assert rows["retries.jitter"]["by"] == "default"
    assert rows["overlay"]["value"] == "slow.yaml"
    monkeypatch.delenv("DYNACLIENT_TIMEOUT")
    plain = shell(*line[:-2])[1]
    assert "slow.yaml:7" in plain


def test_names_that_are_wrong_are_suggested(shell, tmp_path):
    """A command, a document, a project that is not there."""
    assert "Did you mean update" in shell("spec", "updat")[2]
    assert "dynaclient spec add" in shell("spec", "list")[2]
    (tmp_path / "dynaclient.toml").write_text("[documents.store]\nspec = 'a.yaml'\n")
    assert "did you mean 'store'" in shell("spec", "show", "stor")[2]
    assert shell("--spec", "store", "ops")[0] == 3
    assert "missing" in shell("spec", "list")[1]
