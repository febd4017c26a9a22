"""What changed between two documents, and whether it breaks a client."""

import copy
import json
import re
from pathlib import Path

import pytest
from cases import cases
from documents import document, operation
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaclient.errors import SpecError
from dynaclient.openapi.check import Checker
from dynaclient.openapi.diff import Change, by_gravity, catalogue, diff, gravest, to_github, to_json, to_markdown
from dynaclient.openapi.diff.rules import RULES
from dynaclient.openapi.diff.words import NESTED, PROPERTY, SCHEMA, UNTOLD

SCHEMAS, DOCUMENTS = cases("diff_schemas.yaml"), cases("diff.yaml")
TABLE = (Path(__file__).parent.parent / "docs" / "changes.md").read_text("utf-8")
COMPONENTS = {
    "schemas": {
        "Text": {"type": "string"},
        "SameText": {"type": "string", "description": "The same."},
        "Number": {"type": "number"},
        "Input": {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"text": {"type": "string"}}}]},
        "Circle": {"type": "object", "properties": {"inside": {"$ref": "#/components/schemas/Circle"}}},
    }
}


def inside(schema):
    return {"type": "object", "properties": {"p": schema}}


def parameter(schema):
    return operation(parameters=[{"name": "p", "in": "query", "schema": schema}])


def header(schema):
    return {"responses": {"200": {"description": "Good.", "headers": {"P": {"schema": schema}}}}}


def webhook(schema):
    return {"webhooks": {"w": {"post": operation(schema)}}}


def webhook_parameter(schema):
    return {"webhooks": {"w": {"post": parameter(schema)}}}


PLACES = {
    "request-body": operation,
    "request-property": lambda schema: operation(inside(schema)),
    "request-parameter": parameter,
    "request-parameter-property": lambda schema: parameter(inside(schema)),
    "reply-body": lambda schema: operation(reply=schema),
    "reply-property": lambda schema: operation(reply=inside(schema)),
    "reply-header": header,
    "reply-header-property": lambda schema: header(inside(schema)),
    "webhook-body": webhook,
    "webhook-property": lambda schema: webhook(inside(schema)),
    "webhook-parameter": webhook_parameter,
    "webhook-parameter-property": lambda schema: webhook_parameter(inside(schema)),
}


def whole(node, **more):
    """A document with one operation, or with a webhook."""
    paths = {} if "webhooks" in node else {"/x": {"post": {"operationId": "x", **node}}}
    more = {**more, "webhooks": node["webhooks"]} if "webhooks" in node else more
    return document(paths, **{"components": COMPONENTS, **more})


def expected(case, place):
    """The ids and levels that a case of a schema is to give at a place."""
    found = set()
    for what, (request, reply) in case["finds"].items():
        level = request if place.startswith("request") else reply
        if place == "request-body":
            level = case.get("arguments", {}).get(what, level)
        if level is None:
            continue
        if "header" in place and level == "breaking":
            level = "risky"
        found.add((f"{NESTED.get(place, place) if what.startswith('.') else place}-{what.lstrip('.')}", level))
    return found


def told(changes):
    return {(change.id, change.level) for change in changes}


@pytest.mark.parametrize("case", SCHEMAS, ids=lambda case: case["title"])
def test_schemas(case):
    """A change of a schema is found wherever the schema stands, and classified by the direction in which it is used."""
    for place, made in PLACES.items():
        old, new = (whole(made(schema)) for schema in (case["old"], case["new"]))
        assert told(diff(old, new)) == expected(case, place), place


def built(case, side):
    """The document of one side of a case: an operation, or what stands at the root."""
    if "operations" in case:
        return whole(case["operations"][side], **case.get("root", {}))
    return {**whole({"responses": {}}), **case["documents"][side]}


@pytest.mark.parametrize("case", DOCUMENTS, ids=lambda case: case["title"])
def test_documents(case):
    """A change outside schemas is found, with its level, and at no other place."""
    found = diff(built(case, "old"), built(case, "new"))
    assert told(found) == {(name, level) for name, level in case["finds"].items()}
    for change in found:
        assert change.message == change.message.strip()


def all_expected():
    """Every id that some case is to give."""
    found = {name for case in DOCUMENTS for name in case["finds"]}
    return found | {name for case in SCHEMAS for place in PLACES for name, _ in expected(case, place)}


def test_every_kind_of_change_has_a_case():
    """No id of the catalogue is without a case that shows it."""
    assert set(catalogue()) - all_expected() == set()


def rows(heading):
    """The cells of the table below a heading."""
    section = TABLE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_table_of_other_ids_is_held_by_the_cases():
    """Each of oasdiff's ids stands beside ours, which some case gives, or beside the case that shows that nothing changes."""
    titles = {case["title"]: case["finds"] for case in (*SCHEMAS, *DOCUMENTS)}
    shown, seen = all_expected(), set()
    for theirs, ours, how in rows("oasdiff's checks and ours"):
        assert theirs not in seen
        seen.add(theirs)
        ids = re.findall(r"`([a-z-]+)`", ours)
        assert set(ids) <= shown, theirs
        assert ids or titles[how.removeprefix("see the case “").removesuffix("”")] == {}, theirs
    left_out = {name for cell, _ in rows("What is left out") for name in re.findall(r"`([a-z-]+)`", cell)}
    assert not left_out & seen
    assert len(seen) + len(left_out) > 440


def test_the_catalogue_in_the_documentation_is_the_one_in_the_code():
    """The tables of our own ids name each of them with its level."""
    words = {row[0].strip("`"): tuple(row[1:3]) for row in rows("Changes of schemas")}
    untold = {
        name: ("–" if side == "reply" else word.request, "–" if side == "request" else word.reply)
        for name, (side, word) in UNTOLD.items()
    }
    assert words == {name: (word.request, word.reply) for name, word in {**SCHEMA, **PROPERTY}.items()} | untold
    others = {row[0].strip("`"): row[1] for row in rows("All other changes")}
    assert others == {name: rule.level for name, rule in RULES.items()}


OLD = document(
    {
        "/a": {"post": {"operationId": "a", **operation({"$ref": "#/components/schemas/A"})}},
        "/b": {"get": {"operationId": "b", **operation(reply={"$ref": "#/components/schemas/A"})}},
    },
    components={
        "schemas": {
            "A": {"type": "object", "properties": {"n": {"type": "integer"}, "a": {"$ref": "#/components/schemas/A"}}}
        }
    },
)


def edited(**more):
    new = copy.deepcopy(OLD)
    new["components"]["schemas"]["A"]["properties"]["n"].update(more)
    return new


def test_a_change_is_told_for_each_operation_that_it_reaches():
    """One change of a shared schema is one change of each operation, once, with its place in both documents and the path to it."""
    found = diff(OLD, edited(maximum=5))
    assert [(change.operation, change.id, change.level) for change in found] == [
        ("a", "request-property-maximum-added", "breaking"),
        ("b", "reply-property-maximum-added", "safe"),
    ]
    assert {change.old_pointer for change in found} == {"/components/schemas/A/properties/n"}
    assert found[0].message == "the request property `n`: maximum was set: 5"


@pytest.mark.parametrize("names", [["a"], {"a", "unknown"}, []])
def test_only_the_operations_in_use(names):
    """With the operations in use given, others are not told of."""
    assert {change.operation for change in diff(OLD, edited(maximum=5), operations=names)} == {"a"} & set(names)


def test_an_operation_in_use_may_be_named_as_either_document_has_it():
    """A renamed operation is in use by its old and by its new name."""
    new = copy.deepcopy(OLD)
    new["paths"]["/a"]["post"]["operationId"] = "c"
    for name in ("a", "c"):
        assert told(diff(OLD, new, operations=[name])) == {("operation-renamed", "breaking")}


def test_a_component_under_another_name_is_the_same():
    """References are compared by what they refer to, through circles."""
    new = json.loads(json.dumps(OLD).replace("schemas/A", "schemas/B"))
    new["components"]["schemas"]["B"] = new["components"]["schemas"].pop("A")
    assert diff(OLD, new) == ()


def test_a_change_within_a_circle_is_told_wherever_it_is_entered():
    """Each operation that enters a circle of schemas, at whichever point, is told of a change anywhere in it."""
    schemas = {
        "A": {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/B"}, "n": {"type": "integer"}}},
        "B": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}},
    }
    paths = {
        f"/{name}": {"post": {"operationId": name, **operation({"$ref": f"#/components/schemas/{name}"})}}
        for name in "AB"
    }
    old = document(paths, components={"schemas": schemas})
    new = copy.deepcopy(old)
    new["components"]["schemas"]["A"]["properties"]["n"]["type"] = "string"
    assert [(change.operation, change.message) for change in diff(old, new)] == [
        ("a", "the request property `n`: the type changed: integer, now string"),
        ("b", "the request property `a.n`: the type changed: integer, now string"),
    ]


VALUES = st.sampled_from(["string", "integer", "number", "object", "array"])
SCHEMA_VALUES = st.recursive(
    st.builds(lambda kind: {"type": kind}, VALUES),
    lambda inner: (
        st.builds(lambda items: {"type": "array", "items": items}, inner)
        | st.builds(
            lambda found: {"type": "object", "properties": found},
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        )
        | st.builds(lambda found: {"anyOf": found}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda found: {"allOf": [found]}, inner)
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(SCHEMA_VALUES, SCHEMA_VALUES)
def test_laws(one, other):
    """A document differs from itself in nothing; what is found one way is found, in some way, the other way round; nothing is changed by looking."""
    old, new = whole(operation(one, reply=one)), whole(operation(other, reply=other))
    kept = copy.deepcopy((old, new))
    assert diff(old, copy.deepcopy(old)) == ()
    assert bool(diff(old, new)) == bool(diff(new, old))
    assert (old, new) == kept


KINDS = ["string", "integer", "number", "boolean", "null"]
LEAVES = st.sampled_from(
    [
        *({"type": kind} for kind in KINDS),
        {},
        {"enum": ["a", 1, None]},
        {"const": "a"},
        {"type": "string", "maxLength": 1},
        {"type": "string", "minLength": 2},
        {"type": ["integer", "null"], "minimum": 1},
        {"type": "integer", "maximum": 1},
        {"type": "string", "enum": ["a", "b"]},
    ]
)
JUDGED = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(lambda items, most: {"type": "array", "items": items, "maxItems": most}, inner, st.integers(0, 2))
        | st.builds(
            lambda found, needed, more: {
                "type": "object",
                "properties": found,
                "required": needed,
                "additionalProperties": more,
            },
            st.fixed_dictionaries({"a": inner, "b": inner}),
            st.lists(st.sampled_from("ab"), unique=True, max_size=1),
            st.booleans(),
        )
        | st.builds(
            lambda key, found: {key: found},
            st.sampled_from(["anyOf", "allOf"]),
            st.lists(inner, min_size=1, max_size=2),
        )
    ),
    max_leaves=4,
)
INSTANCES = st.recursive(
    st.sampled_from([None, True, 0, 1, 2, 1.5, "", "a", "b", "ab"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=120, deadline=None)
@given(JUDGED, JUDGED, st.lists(INSTANCES, min_size=1, max_size=12))
def test_what_is_called_safe_is_safe(one, other, values):
    """A request that was good and no longer is, and a reply that may now come and could not before, are never told of as safe changes only.

    Properties that come or go are left aside: an open object becomes no promise by naming one more.
    """
    old, new = (whole(operation(schema, reply=schema)) for schema in (one, other))
    levels = {change.level for change in diff(old, new) if change.id.startswith("request-")}
    replies = {change.level for change in diff(old, new) if change.id.startswith("reply-")}
    pointer = "/paths/~1x/post/requestBody/content/application~1json/schema"
    before, after = (Checker(found, "3.1").validator(pointer, "request") for found in (old, new))
    for value in values:
        good = before.accepts(value), after.accepts(value)
        assert good != (True, False) or levels - {"safe"}
        assert good != (False, True) or replies - {"safe"}


def test_the_version_of_the_standard_counts():
    """Before 3.1 what stands beside a reference says nothing."""
    old, new = (whole(operation({"$ref": "#/components/schemas/Text", **more})) for more in ({}, {"maxLength": 3}))
    assert diff({**old, "openapi": "3.0.3"}, {**new, "openapi": "3.0.3"}) == ()
    assert told(diff(old, new)) == {("request-body-max-length-added", "breaking")}


def test_what_is_no_document_is_an_error():
    """Only OpenAPI documents are compared."""
    with pytest.raises(SpecError):
        diff({}, OLD)


CHANGES = (
    Change("a", "safe", "x", "/o", "/n", "one | <two>\nthree"),
    Change("b", "breaking", "", "", "/paths/~1x", "it broke: 100%, all"),
    Change("c", "risky", "y.z", "/o", "/n", "perhaps"),
)


def place(side, pointer):
    return f"{side}.yaml", len(pointer), 2 if side == "new" else 0


def test_the_gravest_comes_first():
    """Changes are shown by level, and the gravest level is what an exit code is made from."""
    assert [change.level for change in by_gravity(CHANGES)] == ["breaking", "risky", "safe"]
    assert gravest(CHANGES) == "breaking"
    assert gravest(CHANGES[::2]) == "risky"
    assert gravest(()) is None


def test_markdown():
    """For people there is a table for each level, safe from what the messages hold."""
    text = to_markdown(CHANGES, place)
    assert text.index("## Breaking (1)") < text.index("## Risky (1)") < text.index("## Safe (1)")
    assert "| `x` | one \\| &lt;two> three | `a` | new.yaml:2 |\n" in text
    assert "| `/n` |" in to_markdown(CHANGES)
    assert to_markdown(()) == "No changes.\n"


def test_json():
    """For programs there is JSON with every field, and with the places where they are known."""
    found = json.loads(to_json(CHANGES, place))
    assert found["count"] == {"breaking": 1, "risky": 1, "safe": 1}
    assert found["changes"][0] == {
        "id": "b",
        "level": "breaking",
        "operation": "",
        "message": "it broke: 100%, all",
        "old": {"pointer": "", "file": "old.yaml", "line": 0, "column": 0},
        "new": {"pointer": "/paths/~1x", "file": "new.yaml", "line": 10, "column": 2},
    }
    assert json.loads(to_json(CHANGES))["changes"][0]["old"] == {"pointer": ""}


def test_github():
    """For GitHub there are annotations, escaped as its workflow commands ask."""
    assert to_github(CHANGES, place).splitlines() == [
        "::error file=new.yaml,line=10,col=2,title=breaking%3A b::it broke: 100%25, all",
        "::warning file=new.yaml,line=2,col=2,title=risky%3A c::y.z: perhaps",
        "::notice file=new.yaml,line=2,col=2,title=safe%3A a::x: one | <two>%0Athree",
    ]
    assert (
        to_github(CHANGES[:1], lambda side, pointer: ("n", 0, 0))
        == "::notice file=n,title=safe%3A a::x: one | <two>%0Athree\n"
    )
