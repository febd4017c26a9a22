"""A project: documents under names, fetched, compared, accepted, and gone back from."""

import json

import pytest
from documents import document, operation
from loopback import raw, reply

from dynaclient import ArgumentError, Client, SpecError, TransportError, project
from dynaclient.project import keep
from dynaclient.testing import FakeTransport, json_response

DATE = "2030-01-02T03:04:05Z"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    """Each test works in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def spec(version="1", **changes):
    """A vendor's document, as JSON text."""
    listing = operation(operationId="list", tags=["pets"], reply={"type": "array", "items": {"type": "string"}})
    showing = operation(operationId="show", tags=["pets"], reply={"type": "object"})
    made = document({"/pets": {"get": listing}, "/pet": {"get": showing}}, **changes)
    return json.dumps({**made, "info": {"title": "Pets", "version": version}}).encode()


def without_show(version="2"):
    """The same without one of its operations."""
    made = json.loads(spec(version))
    del made["paths"]["/pet"]
    return json.dumps(made).encode()


def found():
    """The project as it stands in the working folder."""
    return project.find_project()


def updated(name="pets"):
    """An update that was prepared and written."""
    update = project.prepare(found(), name)
    project.accept(update, DATE)
    return update


def test_a_document_is_added_from_a_url(server, tmp_path):
    """It is copied as it came; project file and lock say what is known of it."""
    server.script(reply(200, spec(), 'ETag: "one"', "Content-Type: application/json"))
    project.add("pets", f"{server.origin}/openapi.json", operations=["pets.list"], date=DATE)
    assert (tmp_path / "specs/pets.json").read_bytes() == spec()
    entry, lock = found().entry("pets"), found().locks["pets"]
    assert (entry.source, entry.operations) == (f"{server.origin}/openapi.json", ("pets.list",))
    assert (lock.version, lock.date, lock.etag, lock.origin) == ("1", DATE, '"one"', f"{server.origin}/openapi.json")


def test_a_document_that_is_written_here_stays_where_it_is(tmp_path):
    """A file within the project is named, not copied; what people wrote into the project file is kept."""
    (tmp_path / "own.yaml").write_bytes(spec())
    (tmp_path / "dynaclient.toml").write_text("# ours\n[documents.other]\nspec = 'x.yaml'\n")
    project.add("own", "own.yaml", date=DATE)
    text = (tmp_path / "dynaclient.toml").read_text()
    assert text.startswith("# ours\n[documents.other]\nspec = 'x.yaml'\n")
    assert found().entry("own") == project.Entry("own", "own.yaml")
    assert list(Client(project.document("own"))) == ["pets.list", "pets.show"]


def test_clients_get_it_with_its_overlays(tmp_path):
    """A document of the project comes amended, and knows which file said what."""
    (tmp_path / "pets.json").write_bytes(spec())
    (tmp_path / "slow.yaml").write_text(
        "overlay: 1.0.0\ninfo: {title: Slow, version: '1'}\nactions:\n- target: $\n  update: {x-speakeasy-timeout: 7000}\n"
    )
    project.add("pets", "pets.json", overlays=["slow.yaml"], date=DATE)
    made = project.document("pets")
    assert made.overlays == (str(tmp_path / "slow.yaml"),)
    place = made.place("/x-speakeasy-timeout")
    assert (place.source, place.line) == (str(tmp_path / "slow.yaml"), 5)
    assert Client(made).pets.list.operation.timeout == 7000


def test_relative_servers_are_where_it_was_published(server):
    """A copy on this machine still calls the vendor."""
    server.script(reply(200, spec(servers=[{"url": "/v2"}])), reply(200, b"[]", "Content-Type: application/json"))
    project.add("pets", f"{server.origin}/docs/openapi.json", date=DATE)
    with Client(project.document("pets")) as client:
        assert client.pets.list() == []
    assert server.requests[-1].target == "/v2/pets"


def test_an_update_asks_whether_anything_changed(server):
    """The server is told what is there, and 304 changes nothing."""
    server.script(reply(200, spec(), 'ETag: "one"'), reply(304, b""))
    project.add("pets", f"{server.origin}/a", date=DATE)
    assert updated().unchanged
    assert server.requests[1].headers["if-none-match"] == '"one"'


def test_an_update_that_breaks_nothing_in_use_is_not_refused(server):
    """What is removed is told; it is refused only where it is in use."""
    server.script(reply(200, spec()), reply(200, without_show()))
    project.add("pets", f"{server.origin}/a", operations=["pets.list"], date=DATE)
    update = project.prepare(found(), "pets")
    assert [change.id for change in update.changes] == ["operation-removed"]
    assert not update.needs_consent


@pytest.mark.parametrize("used", [["pets.*"], ["pets.show"], []])
def test_an_update_that_breaks_what_is_in_use_is_refused(server, used):
    """Operations in use are names, patterns, or all there are."""
    server.script(reply(200, spec()), reply(200, without_show()))
    project.add("pets", f"{server.origin}/a", operations=used, date=DATE)
    update = project.prepare(found(), "pets")
    assert [change.id for change in update.refused] == ["operation-removed"]
    assert list(Client(project.document("pets"))) == ["pets.list", "pets.show"]


def test_a_new_origin_is_refused(server):
    """Whoever changes the document cannot send credentials elsewhere unseen, though nothing breaks."""
    servers = [{"url": "https://api.test"}, {"url": "https://evil.test"}]
    server.script(reply(200, spec()), reply(200, spec("2", servers=servers)))
    project.add("pets", f"{server.origin}/a", operations=["pets.show"], date=DATE)
    update = project.prepare(found(), "pets")
    assert "server-origin-added" in [change.id for change in update.trust]
    assert [change.id for change in update.refused] == ["server-origin-added"]


def test_a_document_from_another_origin_is_refused(server):
    """A redirect to another host is followed and shown, and taken only with consent."""
    elsewhere = server.origin.replace("127.0.0.1", "localhost")
    server.script(reply(200, spec()), reply(302, b"", f"Location: {elsewhere}/b"), reply(200, spec("2")))
    project.add("pets", f"{server.origin}/a", date=DATE)
    update = project.prepare(found(), "pets")
    assert update.fetched.hops == (f"{server.origin}/a", f"{elsewhere}/b")
    assert update.moved == f"{elsewhere}/b"
    assert update.needs_consent


def test_edits_are_not_lost_unasked(server, tmp_path):
    """A copy that was changed by hand is fetched in full and replaced only with consent."""
    server.script(reply(200, spec(), 'ETag: "one"'), reply(200, spec("2")))
    project.add("pets", f"{server.origin}/a", date=DATE)
    (tmp_path / "specs/pets.json").write_bytes(spec("mine"))
    update = project.prepare(found(), "pets")
    assert update.edited
    assert update.needs_consent
    assert "if-none-match" not in server.requests[1].headers


def test_there_is_a_way_back_and_forth(server, tmp_path):
    """The version before is kept, one of them; going back twice leads forward again."""
    server.script(*(reply(200, spec(version)) for version in "123"))
    project.add("pets", f"{server.origin}/a", date=DATE)
    updated()
    updated()
    assert len(list((tmp_path / ".dynaclient/previous").iterdir())) == 1
    assert project.roll_back(found(), "pets").locks["pets"].version == "2"
    assert (tmp_path / "specs/pets.json").read_bytes() == spec("2")
    assert project.roll_back(found(), "pets").locks["pets"].version == "3"
    assert found().locks["pets"].previous.version == "2"


def test_without_a_version_before_there_is_no_way_back(server):
    """It is said, not guessed."""
    server.script(reply(200, spec()))
    project.add("pets", f"{server.origin}/a", date=DATE)
    with pytest.raises(ArgumentError, match="no way back"):
        project.roll_back(found(), "pets")


def test_a_kept_version_that_was_changed_is_not_gone_back_to(server, tmp_path):
    """What is kept must be what it was."""
    server.script(reply(200, spec()), reply(200, spec("2")))
    project.add("pets", f"{server.origin}/a", date=DATE)
    updated()
    next((tmp_path / ".dynaclient/previous").iterdir()).write_bytes(b"{}")
    with pytest.raises(ArgumentError, match="changed since"):
        project.roll_back(found(), "pets")


def test_what_breaks_off_changes_nothing(server, tmp_path, monkeypatch):
    """Where a file cannot be moved into its place, the old one is still whole and nothing is left beside it."""
    server.script(reply(200, spec()), reply(200, spec("2")))
    project.add("pets", f"{server.origin}/a", date=DATE)
    update = project.prepare(found(), "pets")

    def broken(_self, _target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keep.Path, "replace", broken)
    with pytest.raises(ArgumentError, match="No space left"):
        project.accept(update, DATE)
    assert (tmp_path / "specs/pets.json").read_bytes() == spec()
    assert found().locks["pets"].version == "1"
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_broken_answer_changes_nothing(server, tmp_path):
    """Half a reply, an error and what is no document are refused, each in its own words."""
    server.script(reply(200, spec()), reply(500, b"oops"), reply(200, b"<html>"), raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"))  # fmt: skip
    project.add("pets", f"{server.origin}/a", date=DATE)
    for expected in (SpecError, SpecError, TransportError):
        with pytest.raises(expected):
            project.prepare(found(), "pets")
    assert (tmp_path / "specs/pets.json").read_bytes() == spec()


def test_a_document_of_several_files_becomes_one(tmp_path):
    """What stands in files beside the source is taken in."""
    outside = tmp_path / "vendor"
    outside.mkdir()
    made = json.loads(spec())
    made["components"] = {"schemas": {"Pet": {"$ref": "pet.json"}}}
    (outside / "api.json").write_text(json.dumps(made))
    (outside / "pet.json").write_text('{"type": "string"}')
    inside = tmp_path / "mine"
    inside.mkdir()
    (inside / "dynaclient.toml").write_text("")
    project.add("pets", str(outside / "api.json"), start=inside, date=DATE)
    entry = project.find_project(inside).entry("pets")
    assert entry.source == "../vendor/api.json"
    kept = json.loads((inside / "specs/pets.json").read_text())
    assert kept["components"]["schemas"]["Pet"] == {"type": "string"}


@pytest.mark.parametrize(
    ("name", "operations", "said"),
    [("a b", [], "no name"), ("pets", [], "already"), ("new", ["pets.lst"], "pets.list")],
)
def test_what_cannot_be_added_is_said(tmp_path, name, operations, said):
    """A name that is none or taken, an operation that is not there: nothing is written."""
    (tmp_path / "pets.json").write_bytes(spec())
    project.add("pets", "pets.json", date=DATE)
    before = (tmp_path / "dynaclient.toml").read_text()
    with pytest.raises(ArgumentError, match=said):
        project.add(name, "pets.json", operations=operations, date=DATE)
    assert (tmp_path / "dynaclient.toml").read_text() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[documents.a]\nspec = 'a.yaml'\noverlay = []", "overlays"),
        ("[documents.a]\nsource = 'a.yaml'", "has no spec"),
        ("[documents.a]\nspec = 1", "is not a text"),
        ("[documents.a]\nspec = 'a'\noverlays = [1]", "list of texts"),
        ("[document.a]\nspec = 'a'", "documents"),
        ("documents = 3", "tables"),
        ("[", "cannot be read"),
    ],
)
def test_a_project_file_that_makes_no_sense_is_said(tmp_path, text, said):
    """Every mistake is named, with what may be meant."""
    (tmp_path / "dynaclient.toml").write_text(text)
    with pytest.raises(ArgumentError, match=said):
        found()


def test_a_lock_that_makes_no_sense_is_said(tmp_path):
    """What to do is said with it."""
    (tmp_path / "dynaclient.toml").write_text("")
    (tmp_path / "dynaclient.lock").write_text("{}")
    with pytest.raises(ArgumentError, match="version control"):
        found()


def test_the_project_of_a_folder_above_holds(tmp_path, monkeypatch):
    """The nearest file above holds, unless the variable names another."""
    (tmp_path / "pets.json").write_bytes(spec())
    project.add("pets", "pets.json", date=DATE)
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert list(found().documents) == ["pets"]
    (below / "dynaclient.toml").write_text("")
    monkeypatch.setenv("DYNACLIENT_PROJECT", str(tmp_path))
    assert list(found().documents) == ["pets"]
    monkeypatch.setenv("DYNACLIENT_PROJECT", str(below / "dynaclient.toml"))
    assert list(found().documents) == []


def test_what_is_not_there_is_said(tmp_path):
    """No project, no such document, no file."""
    with pytest.raises(ArgumentError, match="there is none"):
        project.document("pets")
    (tmp_path / "dynaclient.toml").write_text("[documents.pets]\nspec = 'pets.json'\n")
    with pytest.raises(ArgumentError, match="did you mean 'pets'"):
        project.document("pet")
    with pytest.raises(SpecError, match="not there"):
        project.document("pets")


def test_overlays_are_taken_by_clients(tmp_path):
    """Client(overlays=...) takes files, texts and mappings, in order; the last word wins."""

    def overlay(seconds):
        return {
            "overlay": "1.0.0",
            "info": {"title": "t", "version": "1"},
            "actions": [{"target": "$", "update": {"x-speakeasy-timeout": seconds}}],
        }

    path = tmp_path / "a.json"
    path.write_text(json.dumps(overlay(1)))
    made = json.loads(spec())
    fake = FakeTransport(json_response([]))
    client = Client(made, overlays=[path, json.dumps(overlay(2)), overlay(3)], transport=fake)
    assert client.pets.list.operation.timeout == 3
    assert client.pets.list() == []
    assert "x-speakeasy-timeout" not in made
    with pytest.raises(SpecError, match="save this one to a file"):
        Client(made, overlays=["https://evil.test/overlay.yaml"])
    with pytest.raises(SpecError, match=r"no overlay 'ollma'.*did you mean ollama"):
        Client(made, overlays=["ollma"])
    bad = tmp_path / "bad.yaml"
    bad.write_text("overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions: [{target: $, upd: 1}]\n")
    with pytest.raises(SpecError, match=r"bad\.yaml:3:11#/actions/0"):
        Client(made, overlays=[bad])


def test_a_profile_has_overlays(tmp_path, monkeypatch):
    """Its paths are relative to the config file; they amend the profile's document alone."""
    (tmp_path / "pets.json").write_bytes(spec())
    (tmp_path / "slow.yaml").write_text(
        "overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions: [{target: $, update: {x-speakeasy-timeout: 9000}}]\n"
    )
    config = tmp_path / "config.toml"
    config.write_text('[profile.work]\nspec = "pets.json"\noverlays = ["slow.yaml"]\n')
    monkeypatch.setenv("DYNACLIENT_CONFIG", str(config))
    assert Client(profile="work").pets.list.operation.timeout == 9000
    assert Client(json.loads(spec()), profile="work").pets.list.operation.timeout is None
    config.write_text('[profile.work]\nspec = "pets.json"\noverlays = [1]\n')
    with pytest.raises(ArgumentError, match="list of texts"):
        Client(profile="work")
