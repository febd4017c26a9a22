"""Overlays: amendments to somebody else's document."""

import copy
import json
from pathlib import Path

import pytest
from cases import cases
from documents import embeddings_reply
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.auth import variables
from dynaclient.errors import SpecError
from dynaclient.openapi.check import Checker
from dynaclient.openapi.diff import diff
from dynaclient.openapi.overlay import Overlay, apply, read_overlay
from dynaclient.openapi.read import operation, read
from dynaclient.source import bundled, load, load_value

CASES, VENDORS = cases("overlay.yaml"), cases("overlay_vendors.yaml")
FOLDER = Path(__file__).parent.parent / "spec" / "overlays"


def title(case):
    return case.get("title") or case["file"]


def overlay(*actions, **more):
    """An overlay with these actions."""
    return {"overlay": "1.1.0", "info": {"title": "Test", "version": "1"}, "actions": list(actions), **more}


@pytest.mark.parametrize("case", [*CASES["published"], *CASES["actions"]], ids=title)
def test_results(case):
    """An overlay gives its result, tells what each action matched and changed, and leaves what it was given as it was."""
    given_overlay = case.get("overlay") or overlay(*case["actions"])
    before = copy.deepcopy((case["document"], given_overlay))
    applied = apply(case["document"], given_overlay)
    assert json.dumps(applied.document) == json.dumps(case["result"])  # the order of keys, and true apart from 1
    assert [len(outcome.matched) for outcome in applied.actions] == case["matched"]
    assert [outcome.number for outcome in applied.actions] == list(range(1, len(applied.actions) + 1))
    if "changed" in case:
        assert [list(outcome.changed) for outcome in applied.actions] == case["changed"]
    assert (case["document"], given_overlay) == before


@pytest.mark.parametrize("case", CASES["refused"], ids=title)
def test_what_cannot_be_done(case):
    """An overlay that makes no sense is an error that names the action and its place."""
    with pytest.raises(SpecError) as caught:
        apply(
            case["document"],
            case["overlay"] if "overlay" in case else overlay(*case["actions"]),
            source="my.overlay.yaml",
        )
    assert case["says"] in str(caught.value)
    assert (caught.value.pointer, caught.value.source) == (case["pointer"], "my.overlay.yaml")


def test_strict():
    """A target that names nothing is an error where that is asked for."""
    actions = overlay({"target": "$.a", "update": {"b": 1}}, {"target": "$.paths['/x']", "remove": True})
    assert apply({"a": {}}, actions).document == {"a": {"b": 1}}
    with pytest.raises(SpecError, match=r"action 2: its target .* names nothing in the document"):
        apply({"a": {}}, actions, strict=True)


def test_an_overlay_is_read_once_and_applied_often():
    """What was checked once can be applied to many documents; it tells its title, version and the document it was made for."""
    made = read_overlay(
        overlay({"target": "$.a", "update": [1], "description": "One more."}, extends="./a.yaml", **{"x-mine": 1})
    )
    assert isinstance(made, Overlay)
    assert (made.version, made.title, made.revision, made.extends) == ("1.1", "Test", "1", "./a.yaml")
    for items in ([], [0]):
        applied = apply({"a": items}, made)
        assert applied.document == {"a": [*items, 1]}
        assert applied.actions[0].description == "One more."


def test_what_is_shared_stays_as_it_was():
    """A value that an overlay put into several places is several values: a later action changes one of them only, and never the overlay."""
    made = overlay(
        {"target": "$.*", "update": {"x": {"y": []}}},
        {"target": "$.a.x.y", "update": 1},
        {"target": "$.b", "copy": "$.a"},
        {"target": "$.b.x", "update": {"z": 2}},
    )
    kept = copy.deepcopy(made)
    assert apply({"a": {}, "b": {}}, made).document == {"a": {"x": {"y": [1]}}, "b": {"x": {"y": [1], "z": 2}}}
    assert made == kept


def test_a_document_too_deep_for_a_path():
    """A path that goes deeper than the library follows is an error of ours."""
    deep = value = {}
    for _ in range(300):
        value["a"] = value = {}
    with pytest.raises(SpecError, match="cannot be followed"):
        apply(deep, overlay({"target": "$..b", "remove": True}))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3))
def test_laws(document):
    """Updating the root with nothing changes nothing; removing each member leaves nothing; an update of a new member can be removed again."""
    assert apply(document, overlay({"target": "$", "update": {}})).document == document
    assert apply(document, overlay({"target": "$.*", "remove": True})).document == {}
    there_and_back = overlay({"target": "$", "update": {"new": document}}, {"target": "$.new", "remove": True})
    assert apply(document, there_and_back).document == document


def test_every_overlay_that_ships_has_a_case():
    """None is there of which nothing is claimed."""
    assert {case["file"] for case in VENDORS} == {path.name for path in FOLDER.iterdir()}


@pytest.fixture(scope="module")
def shipped():
    """The document that ships."""
    return load(cache=False).data


@pytest.mark.parametrize("case", VENDORS, ids=title)
def test_the_overlays_that_ship(case, shipped):
    """Each turns the document that ships toward one server: its address, credential, arguments and limits."""
    applied = apply(shipped, load_value(FOLDER / case["file"]), strict=True, source=case["file"])
    api = read(applied.document, case["file"])
    assert list(api.index) == case["operations"]
    made = operation(api, api.index["embeddings.create"])
    assert (made.servers[0].id, made.servers[0].url) == tuple(case["server"])
    assert (made.path, made.method) == (case["path"], "POST")
    assert {field.python_name for field in made.arguments} == set(case["arguments"])
    assert [field.python_name for field in made.arguments if field.required] == case["required"]
    assert [made.batch.max_items, made.batch.max_tokens] == case["limits"]
    schemes = [api.schemes[name] for alternative in made.security for name, _ in alternative]
    assert variables(schemes[0], case["server"][0]) == (case["env"],)
    assert (() in made.security) == case.get("keyless", False)


@pytest.mark.parametrize("case", VENDORS, ids=title)
def test_what_the_overlays_accept(case, shipped):
    """Each takes the requests that its server takes and refuses those that it does not; a usual reply is good."""
    document = apply(shipped, load_value(FOLDER / case["file"])).document
    api = read(document)
    made = operation(api, api.index["embeddings.create"])
    checker = Checker(document, api.version)
    request = checker.validator(made.body.content[0].schema, "request")
    assert [body for body in case["accepts"] if not request.accepts(body)] == []
    assert [body for body in case["refuses"] if request.accepts(body)] == []
    assert checker.validator(made.replies[0].content[0].schema, "reply").accepts(embeddings_reply([0.5, 1.0]))


@pytest.mark.parametrize("case", VENDORS, ids=title)
def test_overlays_and_differences_agree(case, shipped):
    """What an overlay changes is what the comparison tells: the origin, and the limits."""
    document = apply(shipped, load_value(FOLDER / case["file"])).document
    found = {change.id for change in diff(shipped, document)}
    assert ("server-origin-added" in found) == (case["file"] not in ("openai.yaml", "atoma.yaml"))
    assert ("batch-limit-decreased" in found) == (case["limits"] != [None, None])


def test_the_document_that_the_overlays_extend():
    """Each names the document that ships, beside its folder."""
    for path in FOLDER.iterdir():
        named = read_overlay(load_value(path), path.name).extends
        assert (path.parent / named).resolve() == bundled().resolve()
