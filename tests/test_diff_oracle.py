"""What a change breaks, judged by values drawn from the old schema and the value that the comparison found."""

import copy
import json
from random import Random

import pytest
from cases import cases
from diff_oracle import main, strict
from documents import document, operation
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaclient.errors import SpecError
from dynaclient.local.draw import draw
from dynaclient.openapi.check import Checker
from dynaclient.openapi.diff import diff
from dynaclient.openapi.diff.accepts import holed
from dynaclient.openapi.diff.clauses import Part
from dynaclient.openapi.diff.containment import Containment
from dynaclient.openapi.diff.same import Sameness
from dynaclient.openapi.diff.view import Views

POINTER = "/paths/~1x/post/requestBody/content/application~1json/schema"
LEAVES = st.sampled_from(
    [
        {"type": "string"},
        {"type": "integer"},
        {"type": "number"},
        {"type": "boolean"},
        {"type": ["string", "null"]},
        {"enum": ["a", "b"]},
        {"const": "a"},
        {"type": "integer", "minimum": 1, "maximum": 9},
        {"type": "string", "maxLength": 3},
    ]
)


def objects(inner):
    """Objects with some of three properties."""
    return st.builds(
        lambda found, needed, closed: {
            "type": "object",
            "properties": found,
            "required": [name for name in needed if name in found],
            **({"additionalProperties": False} if closed else {}),
        },
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        st.lists(st.sampled_from("abc"), unique=True, max_size=2),
        st.booleans(),
    )


def unions(inner):
    """Alternatives."""
    return st.builds(
        lambda keyword, found: {keyword: found},
        st.sampled_from(["anyOf", "oneOf"]),
        st.lists(inner, min_size=2, max_size=3, unique_by=str),
    )


SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: objects(inner) | unions(inner) | st.builds(lambda items: {"type": "array", "items": items}, inner),
    max_leaves=5,
)


def places(schema, found):
    """Every schema in a schema."""
    found.append(schema)
    for inner in (
        *schema.get("properties", {}).values(),
        *schema.get("anyOf", []),
        *schema.get("oneOf", []),
        *([schema["items"]] if "items" in schema else []),
    ):
        places(inner, found)
    return found


@st.composite
def mutated(draw_from):
    """A schema, and what became of it."""
    old = draw_from(SCHEMAS)
    new = copy.deepcopy(old)
    for _ in range(draw_from(st.integers(1, 2))):
        place = draw_from(st.sampled_from(places(new, [])))
        change = draw_from(st.sampled_from(CHANGES))
        change(place, draw_from(LEAVES), draw_from(st.sampled_from("abcd")))
    return old, new


def _replace(place, other, _name):
    place.clear()
    place.update(copy.deepcopy(other))


def _rename(place, _other, name):
    found = place.get("properties")
    if found:
        found[name] = found.pop(next(iter(found)))


def _remove(place, _other, name):
    place.get("properties", {}).pop(name, None)


def _add(place, other, name):
    if place.get("type") == "object":
        place["properties"].setdefault(name, copy.deepcopy(other))


def _require(place, _other, name):
    if place.get("type") == "object":
        place["required"] = sorted({*place["required"], name} & place["properties"].keys())


def _free(place, _other, _name):
    place.pop("required", None)
    place.pop("additionalProperties", None)


def _close(place, _other, _name):
    if place.get("type") == "object":
        place["additionalProperties"] = False


def _limit(place, _other, _name):
    place.update({"maxLength": 2, "maximum": 5, "maxItems": 1})


def _wrap(place, other, _name):
    before = dict(place)
    place.clear()
    place["oneOf" if "oneOf" not in before else "anyOf"] = [before, copy.deepcopy(other)]


def _listed(place, _other, _name):
    before = dict(place)
    place.clear()
    place.update({"type": "array", "items": before})


def _inside(place, _other, name):
    before = dict(place)
    place.clear()
    place.update({"type": "object", "properties": {name: before}, "required": [name]})


def _split(place, _other, _name):
    if isinstance(place.get("type"), list):
        place["anyOf"] = [{"type": name} for name in place.pop("type")]


def _one_more(place, other, _name):
    for keyword in ("anyOf", "oneOf"):
        if keyword in place:
            place[keyword].append(copy.deepcopy(other))


def _exactly_one(place, _other, _name):
    if "anyOf" in place and "oneOf" not in place:
        place["oneOf"] = place.pop("anyOf")


CHANGES = [
    *(_replace, _rename, _remove, _add, _require, _free, _close, _limit),
    *(_wrap, _listed, _inside, _split, _one_more, _exactly_one),
]


class Pair:
    """Two documents whose only operation takes one schema or the other."""

    def __init__(self, old, new):
        self.documents = [
            document({"/x": {"post": {"operationId": "x", **operation(schema)}}}) for schema in (old, new)
        ]
        self.checkers = [Checker(strict(found), "3.1") for found in self.documents]
        self.changes = [change for change in diff(*self.documents) if change.id.startswith("request")]
        self.levels = {change.level for change in self.changes}

    def accepts(self, value):
        """What either schema says of a value, ``oneOf`` as the standard has it."""
        return [checker.validator(POINTER, "request").accepts(value) for checker in self.checkers]

    def drawn(self, seed):
        """A value of the old schema, None where none is found."""
        accepts = self.checkers[0].validator(POINTER, "request").accepts
        try:
            return draw(self.documents[0], POINTER, lambda _, value: accepts(value), Random(seed), "request")
        except SpecError:
            return None

    def witness(self):
        """The value that the comparison found."""
        containment = Containment(*map(Views, self.documents), Sameness(*self.documents), "request")
        return containment.verdict((Part(0, POINTER),), (Part(1, POINTER),))


@settings(max_examples=150, deadline=None)
@given(mutated())
def test_no_call_that_fails_is_missed(schemas):
    """Where a value that was accepted is refused, something is told of as more than safe."""
    pair = Pair(*schemas)
    for seed in range(6):
        if pair.accepts(pair.drawn(seed)) == [True, False]:
            assert pair.levels - {"safe"}, (schemas, pair.drawn(seed))


@settings(max_examples=150, deadline=None)
@given(mutated())
def test_what_is_called_breaking_is_proved(schemas):
    """Behind what is called breaking is a value that was accepted and is refused, but for arguments that are gone."""
    pair = Pair(*schemas)
    gone = {change.id for change in pair.changes if change.level == "breaking" and "property-removed" in change.id}
    if "breaking" in pair.levels and not gone:
        found = pair.witness()
        assert found.answer == "no", (schemas, pair.changes)
        assert holed(found.witness) or pair.accepts(found.witness) == [True, False], (schemas, found.witness)


@settings(max_examples=150, deadline=None)
@given(mutated())
def test_a_verdict_is_true(schemas):
    """What the comparison calls contained has no value to the contrary, and a value that it found is one."""
    pair = Pair(*schemas)
    found = pair.witness()
    if found.answer == "no" and not holed(found.witness):
        assert pair.accepts(found.witness) == [True, False], (schemas, found.witness)
    if found.answer == "yes":
        for seed in range(6):
            assert pair.accepts(pair.drawn(seed)) != [True, False], (schemas, pair.drawn(seed))


@pytest.mark.parametrize("case", cases("diff_schemas.yaml"), ids=lambda case: case["title"])
def test_the_cases_are_true(case):
    """What a case calls safe in a request refuses no value of the old schema, by the validators themselves."""
    levels = {request for request, _ in case["finds"].values()}
    if levels - {"safe", None} or "$ref" in str(case) or not isinstance(case["new"], dict):
        return
    pair = Pair(case["old"], case["new"])
    for seed in range(4):
        assert pair.accepts(pair.drawn(seed)) != [True, False]


def test_the_oracle_sees_what_fails(tmp_path, capsys, monkeypatch):
    """Versions of a document are compared in their order, and a call that fails is counted."""
    for version, schema in (("2", {"oneOf": [{"type": "integer"}, {"type": "number"}]}), ("1", {"type": "integer"})):
        node = document({"/x": {"post": {"operationId": "x", **operation(schema)}}})
        node["info"]["version"] = version
        (tmp_path / f"v{version}.json").write_text(json.dumps(node))
    monkeypatch.setattr("sys.argv", ["diff_oracle.py", str(tmp_path), "--draws", "4"])
    assert main() == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("v1.json v2")
    for count in ("1 failing", "0 missed", "0 doubtful", "1 breaking", "0 unproved"):
        assert count in line
