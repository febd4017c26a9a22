"""Drift: what replies have beyond their document is recorded without their values, and learned as an overlay."""

import json
import logging
from dataclasses import asdict

import pytest
from documents import document, operation
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaclient import ArgumentError, Client, ReplyValidationError
from dynaclient.drift import Recorder, read_differences
from dynaclient.openapi.check import Checker
from dynaclient.openapi.differ import Differ, Difference
from dynaclient.openapi.learn import learned
from dynaclient.openapi.overlay import apply
from dynaclient.openapi.read import operation as read_operation
from dynaclient.openapi.read import read
from dynaclient.testing import FakeTransport, json_response

SECRET = "sk-canary-91d2e7"

PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string", "maxLength": 5},
        "state": {"enum": ["free", "sold"]},
        "token": {"enum": ["none"]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}


def spec(schema, version="3.1.0"):
    """A document with one operation that replies with this schema."""
    made = document({"/pets": {"get": operation(reply=schema, operationId="pets")}})
    return {**made, "openapi": version}


def recorded(schema, value, tmp_path, version="3.1.0"):
    """What a client records of one reply with this body, and its document."""
    path, made = tmp_path / "drift.jsonl", spec(schema, version)
    with Client(made, transport=FakeTransport(json_response(value)), validate="warn", drift=path) as client:
        client.pets()
    return (read_differences(path) if path.exists() else ()), made


def told(differences):
    """Differences as short texts."""
    return {f"{one.keyword} {one.where} {one.kind} {one.name}".strip() for one in differences}


def test_what_fits_is_not_recorded(tmp_path):
    """A reply as the document has it writes no file."""
    assert recorded(PET, {"id": 1, "name": "Rex"}, tmp_path)[0] == ()


def test_each_difference_is_named_with_its_place(tmp_path):
    """Types, limits, enums, missing and further properties each have their keyword, the place in the reply and the kind."""
    value = {"id": None, "state": "lost", "name": "Bartholomew", "born": "2020", "tags": ["a", 1]}
    found, _ = recorded({**PET, "required": ["id", "name", "age"]}, value, tmp_path)
    assert told(found) == {
        "type $.id null",
        "enum $.state string lost",
        "maxLength $.name string",
        "required $ object age",
        "properties $.born string born",
        "type $.tags[*] integer",
    }
    assert {one.pointer for one in found if one.where == "$.id"} == {
        "/paths/~1pets/get/responses/200/content/application~1json/schema/properties/id"
    }


def test_no_value_is_written(tmp_path):
    """Neither a secret, nor what only looks like a word, nor a name that is data, gets into the file."""
    schema = {**PET, "additionalProperties": {"type": "integer"}}
    value = {"id": SECRET, "name": SECRET, "token": "hidden", "state": SECRET, "me@example.com": SECRET}
    found, _ = recorded(schema, value, tmp_path)
    text = (tmp_path / "drift.jsonl").read_text()
    assert found
    assert not any(part in text for part in (SECRET, "hidden", "me@example.com"))
    assert "type $.* string" in told(found)


def test_a_difference_is_written_once(tmp_path):
    """However often it comes, a client writes one line for it."""
    path = tmp_path / "drift.jsonl"
    fake = FakeTransport(json_response({"id": "x", "name": "a"}), repeat=True)
    with Client(spec(PET), transport=fake, validate="warn", drift=path) as client:
        client.pets()
        client.pets()
    assert len(path.read_text().splitlines()) == 1
    assert path.stat().st_mode & 0o077 == 0


def test_the_variable_names_the_file(tmp_path, monkeypatch):
    """DYNACLIENT_DRIFT stands in for the argument; replies that are refused are recorded too."""
    path = tmp_path / "drift.jsonl"
    monkeypatch.setenv("DYNACLIENT_DRIFT", str(path))
    client = Client(spec(PET), transport=FakeTransport(json_response({"id": "x", "name": "a"})))
    with pytest.raises(ReplyValidationError):
        client.pets()
    assert told(read_differences(path)) == {"type $.id string"}


def test_a_file_that_cannot_be_written_fails_no_call(tmp_path, caplog):
    """The call goes on; the logger is told, once."""
    fake = FakeTransport(json_response({"id": 1, "name": "a", "new": 1}), repeat=True)
    with caplog.at_level(logging.WARNING), Client(spec(PET), transport=fake, drift=tmp_path) as client:
        assert client.pets().new == 1
        client.pets()
    assert len(caplog.records) == 1


def test_statuses_and_media_types_are_learned(tmp_path):
    """What is not declared at all is recorded with the operation, and the overlay declares it."""
    made, path = spec(PET), tmp_path / "drift.jsonl"
    replies = [json_response({"ok": True}, 202), json_response({"id": 1, "name": "a"})]
    replies[1] = type(replies[1])(200, {"content-type": "application/vnd.pet+json"}, replies[1].body)
    with Client(made, transport=FakeTransport(*replies), validate="warn", drift=path) as client:
        client.pets()
        client.pets()
    overlay = learned(made, read_differences(path))
    changed = apply(made, overlay, strict=True).document["paths"]["/pets"]["get"]["responses"]
    assert changed["202"]["content"] == {"application/json": {"schema": {"type": "object"}}}
    assert "application/vnd.pet+json" in changed["200"]["content"]


def test_what_lenient_lets_pass_is_recorded(tmp_path):
    """A missing body and JSON under another name are recorded, with what is in it; of neither name anything is learned."""
    made, path = spec(PET), tmp_path / "drift.jsonl"
    good = json_response({"id": 1, "name": "a", "state": None})
    replies = [type(good)(200, {"content-type": "text/plain"}, good.body), type(good)(200, good.headers, b"")]
    with Client(made, transport=FakeTransport(*replies), drift=path) as client:
        assert client.pets().id == 1
        assert client.pets() is None
        assert [found.kind for found in client.tolerated] == ["content", "null", "empty"]
    found = read_differences(path)
    assert told(found) == {"content $ object text/plain", "content $", "enum $.state null"}
    changed = apply(made, learned(made, found), strict=True).document["paths"]["/pets"]["get"]["responses"]
    assert list(changed["200"]["content"]) == ["application/json"]


def test_an_overlay_is_learned_for_review(tmp_path):
    """New properties, wider types and further values of enums, each with the reason."""
    value = {"id": None, "state": "lost", "name": "Rex", "born": "2020"}
    found, made = recorded(PET, value, tmp_path)
    overlay = learned(made, found, "Pets")
    assert overlay["overlay"] == "1.0.0"
    assert all("Seen" in action["description"] or "pets (200)" in action["description"] or "follows" in action["description"] for action in overlay["actions"])  # fmt: skip
    properties = apply(made, overlay, strict=True).document["paths"]["/pets"]["get"]["responses"]["200"]["content"][
        "application/json"
    ]["schema"]["properties"]
    assert properties["id"] == {"type": ["integer", "null"]}
    assert properties["state"] == {"enum": ["free", "sold", "lost"]}
    assert properties["born"] == {"type": "string"}


def test_nothing_to_learn_is_no_overlay():
    """Places that the document no longer has are passed over."""
    gone = Difference("pets", "200", "/components/schemas/Gone", "type", "$", "null")
    assert learned(spec(PET), [gone]) is None


def test_a_broken_recording_is_told_with_its_line(tmp_path):
    """Which line is none that was recorded."""
    path = tmp_path / "drift.jsonl"
    path.write_text("\n[1]\n")
    with pytest.raises(ArgumentError, match=r"drift\.jsonl:2"):
        read_differences(path)
    with pytest.raises(ArgumentError, match="No such file"):
        read_differences(tmp_path / "none.jsonl")


def test_recursive_schemas_end():
    """A schema that holds itself is followed as deep as the value goes."""
    schemas = {"Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}}
    made = {**spec({"$ref": "#/components/schemas/Node"}), "components": {"schemas": schemas}}
    value = {"next": {"next": {"next": 5}}}
    found = list(Differ(made, Checker(made, "3.1")).differences("pets", "200", "/components/schemas/Node", value))
    assert told(found) == {"type $.next.next.next integer"}


# --- the law

NAMES = st.sampled_from(["a", "b", "c", "d"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 99), st.sampled_from([0.5, 2.5]), st.sampled_from(["", "x", "red", "blue", "a b"])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.one_of(NAMES, st.just("no name")), inner, max_size=4)
    ),
    max_leaves=8,
)
LEAVES = st.one_of(
    st.builds(dict, type=st.sampled_from(["string", "integer", "number", "boolean"])),
    st.builds(dict, enum=st.just(["red", "green"])),
    st.builds(dict, type=st.just("string"), maxLength=st.integers(0, 2), pattern=st.sampled_from(["^x", "e$"])),
    st.builds(dict, type=st.just("integer"), minimum=st.integers(0, 50), multipleOf=st.just(3)),
    st.builds(dict, type=st.just("string"), format=st.just("date")),
    st.just({}),
    st.just({"$ref": "#/components/schemas/Color"}),
)


def objects(inner):
    """Object schemas over others."""
    return st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(NAMES, inner, max_size=3)},
        optional={
            "required": st.lists(NAMES, min_size=1, max_size=3, unique=True),
            "additionalProperties": st.one_of(st.just(False), inner),
            "maxProperties": st.integers(0, 2),
        },
    )


def alone(schema):
    """Whether a schema shares nothing with others: to widen a shared one makes a `not` or `oneOf` elsewhere refuse."""
    return "$ref" not in repr(schema)


SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        objects(inner),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}, optional={"maxItems": st.integers(0, 1), "uniqueItems": st.just(True)}),
        st.builds(lambda several: {"anyOf": several}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda several: {"oneOf": several}, st.lists(inner.filter(alone), min_size=1, max_size=3)),
        st.builds(lambda several: {"allOf": several}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(lambda one: {"not": one}, inner.filter(bool).filter(alone)),
    ),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(schema=SCHEMAS, values=st.lists(VALUES, min_size=1, max_size=2), version=st.sampled_from(["3.0.3", "3.1.0"]))
def test_with_what_was_learned_the_replies_are_valid(schema, values, version):
    """Whatever came back: with the learned overlay applied, the document promises it."""
    made = {**spec(schema, version), "components": {"schemas": {"Color": {"type": "string", "enum": ["red"]}}}}
    api = read(made)
    recorder = Recorder(api, Checker(made, api.version), "/dev/null")
    place = "/paths/~1pets/get/responses/200/content/application~1json/schema"
    pets = read_operation(api, api.index["pets"])
    found = [one for value in values for one in recorder.differences(pets, json_response(value))]
    overlay = learned(made, [Difference(**json.loads(json.dumps(asdict(one)))) for one in found])
    changed = apply(made, overlay, strict=True).document if overlay else made
    validator = Checker(changed, api.version).validator(place, "reply")
    for value in values:
        assert validator.accepts(value), (overlay, validator.problems(value))
