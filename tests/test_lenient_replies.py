"""In the mode `lenient` a reply is an error only where its meaning is another one; what else differs is noted."""

import array
import asyncio

import pytest
from cases import cases
from documents import document, operation
from test_items import reader, taken
from test_parse import response, title

import dynaclient
from dynaclient import errors, options
from dynaclient.cli import settings
from dynaclient.openapi.check import Checker
from dynaclient.openapi.parse import Parser
from dynaclient.openapi.read import operation as read_operation
from dynaclient.openapi.read import read
from dynaclient.testing import FakeTransport, json_response
from dynaclient.value import Vector, plain
from dynaclient.wire import Headers, Response

CASES = cases("lenient_replies.yaml")
ONE = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}, "s": {"type": "string"}}}
MANY = {"type": "object", "required": ["data"], "properties": {"data": {"type": "array", "items": {"type": "object"}}}}


def parser(noted, schema=ONE, responses=None, **more):
    """A parser of an operation with one declared reply."""
    said = responses or {"200": {"content": {"application/json": {"schema": schema}}}, "4XX": {"description": "No."}}
    api = read(document({"/x": {"post": {"operationId": "run", "responses": said, **more}}}))
    made = read_operation(api, api.index["run"])
    checker = Checker(api.document, api.version)
    return Parser(made, api.document, checker, pytest.fail, lambda *note: noted.append(note))


def of_case(case, noted):
    """The parser that a case is for."""
    if case.get("batch"):
        return parser(noted, MANY, **{"x-dynaclient-batch": {"input": "input", "output": "data"}})
    return parser(noted)


@pytest.mark.parametrize("case", CASES["pass"], ids=title)
def test_what_changes_no_meaning_is_noted(case):
    """A reply that departs from the document without harm is its value, and each kind of departure is noted."""
    noted = []
    assert of_case(case, noted).parse(response(case), 2, "lenient") == case["value"]
    kinds = [found.kind for _, _, departures in noted for found in departures]
    assert kinds == case["noted"]
    assert {note[:2] for note in noted} <= {("run", case.get("status", 200))}


@pytest.mark.parametrize("case", CASES["refuse"], ids=title)
def test_what_would_mislead_is_refused(case):
    """A reply that means something else is an error that tells of nothing harmless, and nothing is noted as accepted."""
    noted = []
    with pytest.raises(errors.ReplyError) as caught:
        of_case(case, noted).parse(response(case), 2, "lenient")
    assert type(caught.value).__name__ == case["error"]
    assert case["message"] in str(caught.value)
    assert noted == []


def test_an_undeclared_status_without_one_judge_is_decoded_by_its_type():
    """Where no single JSON schema can judge an undeclared 2XX, its Content-Type says how it is read."""
    noted = []
    made = parser(noted, responses={"200": {"content": {"text/csv": {}}}})
    assert made.parse(Response(201, Headers({"content-type": "text/plain"}), b"x"), None, "lenient") == "x"
    assert made.parse(Response(203, Headers({"content-type": "application/json"}), b"[1]"), None, "lenient") == [1]
    assert [found.kind for _, _, departures in noted for found in departures] == ["status", "status"]


def test_header_fields_are_noted():
    """A header field that is missing or does not fit changes no value."""
    noted = []
    limit = {"required": True, "schema": {"type": "integer"}}
    made = parser(noted, responses={"200": {"headers": {"X-Limit": limit, "X-Rest": limit}}})
    assert made.parse(Response(200, Headers({"x-rest": "many"})), None, "lenient") is None
    assert [found.where for found in noted[0][2]] == ["headers.X-Limit", "headers.X-Rest"]
    assert "many" not in repr(noted)


def test_arrays_pass_with_what_stands_beside_them():
    """Arrays are read as vectors if something harmless stands beside them, and refused if they themselves are wrong."""
    noted = []
    schema = {
        "type": "object",
        "required": ["v"],
        "properties": {"v": {"type": "array", "items": {"type": "number"}}, "n": {"type": "integer"}},
    }
    made = parser(noted, schema)
    json = Headers({"content-type": "application/json"})
    found = made.parse(Response(200, json, b'{"v": [1.5, 2], "n": null}'), None, "lenient", "d")
    assert isinstance(found.v, Vector)
    assert found.v == array.array("d", [1.5, 2.0])
    assert [[one.kind for one in departures] for _, _, departures in noted] == [["null"]]
    with pytest.raises(errors.ReplyValidationError, match=r"\$\.v\[1\]: 'x' is a string"):
        made.parse(Response(200, json, b'{"v": [1.5, "x"], "n": null}'), None, "lenient", "d")


@pytest.mark.parametrize(
    "kind, schema, body, value, noted",
    [
        ("text/plain", {"type": "string", "enum": ["a"]}, b"z", "z", ["value"]),
        ("text/plain", {"type": "string", "format": "date"}, b"today", "today", ["format"]),
        ("text/plain", {"type": "integer", "enum": [1, 2]}, b"3", 3, ["value"]),
        ("application/xml", {"type": "object", "properties": {"a": {"type": "string", "enum": ["b"]}}, "xml": {"name": "r"}}, b"<r><a>c</a></r>", {"a": "c"}, ["value"]),
        ("application/xml", {"type": "object", "properties": {"a": {"type": "integer"}}, "xml": {"name": "r"}}, b"", None, ["empty"]),
    ],
)  # fmt: skip
def test_texts_and_xml(kind, schema, body, value, noted):
    """Text and XML are judged as JSON is."""
    found = []
    made = parser(found, responses={"200": {"content": {kind: {"schema": schema}}}})
    assert made.parse(Response(200, Headers({"content-type": kind}), body), None, "lenient") == value
    assert [one.kind for _, _, departures in found for one in departures] == noted


def test_items_of_streams():
    """A harmless departure of an item is noted with the item's number; an item that means something else is an error."""
    case = {"type": "application/jsonl", "media": {"itemSchema": ONE}}
    noted, items = [], []
    made = reader(case, "lenient", note=lambda *note: noted.append(note))
    with pytest.raises(errors.ReplyValidationError, match=r"item 2 .*\$\[2\]\.n: 'x' is a string"):
        taken(items, made, b'{"n": 1}\n{"n": 2, "s": null}\n{"n": "x", "s": null}\n')
    assert plain(items) == [{"n": 1}, {"n": 2, "s": None}]
    assert [(name, found.where) for name, _, departures in noted for found in departures] == [("list", "$[1].s")]


def test_an_event_is_read_as_what_it_strictly_is_first():
    """Data that is text by one schema and JSON by another one's lenient reading is text."""
    media = {"itemSchema": {"anyOf": [{"type": "integer", "enum": [1]}, {"type": "string"}]}}
    made, items = reader({"type": "text/event-stream", "media": media}, "lenient"), []
    taken(items, made, b"data: 1\n\ndata: 2\n\n")
    assert items == [1, "2"]


def service(reply, **options):
    """A client of a service with one operation."""
    spec = document({"/x": {"get": operation(reply=ONE, operationId="run")}})
    return dynaclient.Client(spec, transport=FakeTransport(*reply, repeat=True), **options)


def test_a_kind_is_told_once_for_an_operation_and_counted(caplog):
    """The logger is told of each kind when it first comes; the client counts the replies that had it."""
    client = service([json_response({"n": 1, "s": None})])
    for _ in range(3):
        assert client.run().s is None
    assert [record.getMessage() for record in caplog.records] == [
        "run: the reply (200) has null at $.s, where the document has string; it is accepted, validate='strict' refuses it"
    ]
    assert [(found.operation, found.kind, found.where, found.count) for found in client.tolerated] == [
        ("run", "null", "$.s", 3)
    ]
    with pytest.raises(errors.ReplyValidationError):
        client.run(validate="strict")


def test_the_asynchronous_client_counts_too():
    """What was let pass is read from the asynchronous client as it stands at that time."""

    async def run():
        spec = document({"/x": {"get": operation(reply=ONE, operationId="run")}})
        odd = json_response({"n": 1, "s": None})
        async with dynaclient.AsyncClient(spec, transport=FakeTransport(odd, repeat=True)) as client:
            assert client.tolerated == ()
            await client.run()
            return client.tolerated

    assert [found.kind for found in asyncio.run(run())] == ["null"]


def test_a_good_reply_makes_nothing_of_the_mode():
    """A client whose replies are what the document promises makes no lenient validator and counts nothing."""
    client = service([json_response({"n": 1, "s": "x"})])
    client.run()
    assert client._core._tolerance is None
    assert client.tolerated == ()


@pytest.mark.parametrize(
    "given, modes",
    [
        (None, ("strict", "lenient")),
        ("lenient", ("strict", "lenient")),
        ("strict", ("strict", "strict")),
        ("warn", ("warn", "warn")),
        ("off", ("off", "off")),
        ({"reply": "strict"}, ("strict", "strict")),
        ({"request": "lenient"}, ("strict", "lenient")),
        ({"request": "off"}, ("off", "lenient")),
    ],
)
def test_the_modes_of_requests_and_replies(given, modes):
    """Requests are strict and replies lenient where nothing is said; a request is never judged leniently."""
    assert options.Options().evolve(validate=given).validate == modes


def test_the_shell_has_the_same_modes():
    """The shell names the modes itself, because it does without the options' module until a call is made."""
    assert settings.MODES == options.MODES


def test_a_request_stays_strict():
    """What a caller sends is held to the document in the mode lenient too."""
    spec = document({"/x": {"post": operation({"type": "object", "properties": {"a": {"enum": ["x"]}}}, operationId="run")}})  # fmt: skip
    client = dynaclient.Client(spec, transport=FakeTransport(), validate="lenient")
    with pytest.raises(dynaclient.ArgumentError, match="not one of 'x'"):
        client.run(a="y")
