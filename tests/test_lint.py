"""What will trouble a client is found in a document, with its id and its place."""

from pathlib import Path

import pytest
from cases import cases
from documents import document, operation

from dynaclient.openapi.lint import CATALOGUE, LEVELS, Finding, gravest, lint
from dynaclient.openapi.lint.formal import formal_findings
from dynaclient.openapi.read import read
from dynaclient.source import load

CASES = cases("lint.yaml")
GOOD = {"/good": {"get": operation(operationId="good", reply={"type": "object"})}}


def found(made, **more):
    """The findings of a document."""
    return lint(read(made), **more)


def made_of(case):
    """The document of a case."""
    more = {key: value for key, value in case.items() if key not in ("name", "found")}
    return document({**GOOD, **more.pop("paths", {})}, **more)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_each_trouble_is_found_at_its_place(case):
    """Nothing is found but what stands in the case, and all of it."""
    expected = sorted((name.split()[0], place) for name, place in case["found"].items())
    assert sorted((finding.id, finding.pointer) for finding in found(made_of(case))) == expected


def test_every_id_has_a_case():
    """Each id of the catalogue is found in a case; what breaks the specification, and overlays, are tested elsewhere."""
    tested = {name.split()[0] for case in CASES for name in case["found"]}
    assert tested == set(CATALOGUE) - {"formal", "overlay-other-document", "overlay-action-unmatched"}
    assert all(kind.level in LEVELS and kind.meaning for kind in CATALOGUE.values())


def test_what_may_be_meant_is_suggested():
    """Slips in names come with the nearest that is known."""
    made = document({}, **{"x-speakeasy-retries": {"stratgy": "none"}, "security": [{"logn": []}]})
    made["components"] = {"securitySchemes": {"login": {"type": "http", "scheme": "bearer"}}}
    hints = {finding.id: finding.hint for finding in found(made)}
    assert "strategy" in hints["extension-unknown-key"]
    assert "login" in hints["security-scheme-undefined"]


def test_findings_are_silenced_by_name():
    """An id that is ignored is not told."""
    made = document(GOOD, servers=[{"url": "http://api.test"}])
    assert [finding.id for finding in found(made)] == ["server-without-tls"]
    assert found(made, ignore=["server-without-tls"]) == ()


@pytest.mark.parametrize("place", ["root", "server"])
def test_findings_are_silenced_in_the_document(place):
    """x-dynaclient-ignore holds for the object that it stands in and for all below."""
    mark = {"x-dynaclient-ignore": ["server-without-tls"]}
    here = mark if place == "server" else {}
    servers = [{"url": "http://a.test", **here}, {"url": "http://b.test"}]
    made = document(GOOD, servers=servers, **(mark if place == "root" else {}))
    left = [finding.pointer for finding in found(made)]
    assert left == ([] if place == "root" else ["/servers/1/url"])


def test_the_gravest_stand_first():
    """Errors before warnings before notes, each in the order of the document."""
    made = document({**GOOD, "/b": {"get": {"responses": {"200": {"description": ""}}}}}, security=[{"none": []}])
    levels = [finding.level for finding in found({**made, "servers": []})]
    assert levels == sorted(levels, key=LEVELS.index)
    assert gravest(found(made)) == "error"
    assert gravest([Finding("deprecated", "", "")]) == "note"
    assert gravest([]) is None


def test_what_ships_is_clean():
    """Nothing is found in the bundled document, and it is what the specification says."""
    shipped = load(cache=False)
    api = read(shipped.data, shipped.source)
    assert lint(api) == ()
    assert list(formal_findings(api)) == []


def test_what_breaks_the_specification_is_found():
    """openapi-spec-validator is asked where it is wanted; nothing is fetched for it."""
    made = document({"/a": {"get": {"responses": {"200": {}}}}})
    assert any(
        finding.id == "formal" and "/paths/~1a/get" in finding.pointer for finding in formal_findings(read(made))
    )
    remote = document({}, components={"schemas": {"Pet": {"$ref": "https://elsewhere.test/pet.json"}}})
    assert all(finding.id == "formal" for finding in formal_findings(read(remote)))


def test_examples_of_writers_may_lack_what_readers_get():
    """An example that fits as a request or as a reply is right where the place does not tell which it is."""
    schema = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}},
        "example": {"name": "Rex"},
    }
    made = document(GOOD, components={"schemas": {"Pet": schema}})
    assert found({**made, "openapi": "3.0.3"}) == ()


def test_the_catalogue_is_documented():
    """The table in docs/spec.md is the catalogue."""
    text = (Path(__file__).parent.parent / "docs" / "spec.md").read_text()
    for name, kind in CATALOGUE.items():
        assert f"| `{name}` | {kind.level} | {kind.meaning} |" in text
