"""Replies -> values."""

import pytest
from cases import cases
from documents import document

from dynaclient import errors
from dynaclient.openapi.check import Checker
from dynaclient.openapi.parse import Parser
from dynaclient.openapi.read import operation, read
from dynaclient.value import Record, Vector
from dynaclient.wire import Headers, Response

CASES = cases("parse.yaml")
NUMBERS = {"type": "array", "items": {"type": "number"}}
RESULT = {
    "type": "object",
    "required": ["index", "v"],
    "properties": {
        "index": {"type": "integer"},
        "v": {"anyOf": [NUMBERS, {"type": "string", "x-dynaclient-decode": {}}]},
    },
}
SCHEMA = {"type": "object", "required": ["data"], "properties": {"data": {"type": "array", "items": RESULT}}}
RESPONSES = {
    "200": {"content": {"application/json": {"schema": SCHEMA}, "text/plain": {}, "image/*": {}}},
    "201": {"description": "Made."},
    "204": {"description": "Nothing."},
    "3XX": {"content": {"text/plain": {}}},
    "default": {"content": {"application/json": {}}},
}
BATCH = {"input": "input", "output": "data", "order": "index"}


def parser(warnings=None, responses=RESPONSES, method="post", **more):
    node = {"operationId": "run", "responses": responses, "x-dynaclient-batch": BATCH, **more}
    api = read(document({"/x": {method: node}}))
    made = operation(api, api.index["run"])
    return Parser(made, api.document, Checker(api.document, "3.1"), (warnings if warnings is not None else []).append)


def response(case):
    content_type = case.get("type", "application/json")
    headers = [("Content-Type", content_type)] if content_type else []
    return Response(case.get("status", 200), Headers(headers), case["body"].encode())


def title(case):
    return case["title"]


@pytest.mark.parametrize("mode", ["strict", "warn", "off"])
@pytest.mark.parametrize("case", CASES["good"], ids=title)
def test_good_replies(case, mode):
    """A reply that the document promises is its value in every mode, and nothing is reported."""
    warnings = []
    assert parser(warnings).parse(response(case), 2, mode) == case["value"]
    assert warnings == []


@pytest.mark.parametrize("case", CASES["bad"], ids=title)
def test_bad_replies(case):
    """A reply that the document does not promise is an error of its kind, which keeps the reply and says what is wrong."""
    reply = response(case)
    with pytest.raises(errors.ReplyError) as caught:
        parser().parse(reply, 2, "strict")
    assert type(caught.value).__name__ == case["error"]
    assert case["message"] in str(caught.value)
    assert (caught.value.response, caught.value.operation) == (reply, "run")


@pytest.mark.parametrize("case", [case for case in CASES["bad"] if case["error"] != "ReplyDecodeError"], ids=title)
def test_warnings(case):
    """In the mode `warn` what is wrong is reported and the value returned; in the mode `off` it is returned alone."""
    warnings = []
    value = parser(warnings).parse(response(case), 2, "warn")
    assert case["error"] in {type(warning).__name__ for warning in warnings}
    assert any(case["message"] in str(warning) for warning in warnings)
    silent = []
    assert parser(silent).parse(response(case), 2, "off") == value
    assert silent == []


@pytest.mark.parametrize("mode", ["warn", "off"])
@pytest.mark.parametrize("case", [case for case in CASES["bad"] if case["error"] == "ReplyDecodeError"], ids=title)
def test_what_cannot_be_decoded_is_an_error_in_every_mode(case, mode):
    """A body that is not of its media type has no value to return."""
    with pytest.raises(errors.ReplyDecodeError):
        parser().parse(response(case), 2, mode)


def test_values_are_records():
    """Objects are records and packed texts vectors."""
    found = parser().parse(response(CASES["good"][2]), 2, "strict")
    assert type(found) is type(found.data[0]) is Record
    assert type(found.data[0].v) is Vector


def test_bytes():
    """A media type that is neither JSON nor text is bytes; a range matches it."""
    reply = Response(200, Headers([("Content-Type", "image/png")]), b"\x89PNG")
    assert parser().parse(reply, 2, "strict") == b"\x89PNG"


def test_an_undeclared_status():
    """A status that is not declared is an error that lists those that are."""
    made = parser(responses={"200": {}, "4XX": {}})
    with pytest.raises(errors.UndeclaredReplyError, match="status 202 is not declared; the document declares 200, 4XX"):
        made.parse(Response(202), None, "strict")
    assert made.parse(Response(202), None, "off") is None


def test_exact_status_before_range_before_default():
    """The reply that is meant is the most exact one."""
    kinds = {"200": "text/plain", "2XX": "text/csv", "default": "text/html"}
    made = parser(responses={status: {"content": {kind: {}}} for status, kind in kinds.items()})
    for status, kind in ((200, "text/plain"), (206, "text/csv"), (304, "text/html")):
        assert made.parse(Response(status, Headers([("content-type", kind)]), b"x"), None, "strict") == "x"


@pytest.mark.parametrize(
    "status, raises", [(200, False), (301, False), (400, True), (404, True), (500, True), (599, True)]
)
def test_is_error(status, raises):
    """4XX and 5XX raise where nothing else is said."""
    assert parser().is_error(status) is raises


def test_declared_errors():
    """The document says which statuses raise beside them."""
    made = parser(**{"x-speakeasy-errors": {"statusCodes": [202, "3XX"], "override": True}})
    assert [made.is_error(status) for status in (202, 301, 404)] == [True, True, False]


def test_head():
    """A reply to HEAD has the fields of a GET and no body (RFC 9110, 9.3.2)."""
    node = {"operationId": "run", "responses": RESPONSES}
    api = read(document({"/x": {"head": node}}))
    made = Parser(operation(api, api.index["run"]), api.document, Checker(api.document, "3.1"), [].append)
    assert made.parse(Response(200, Headers([("content-type", "application/json")])), None, "strict") is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": [' + b'{"index": "x", "v": 5},' * 1000 + b"5]}",
        b'{"data": "' + b"x" * 1_000_000 + b'"}',
        b'{"' + b"k" * 1_000_000 + b'": 1}',
        b'{"data": [' + b'{"index": 0, "v": "!"},' * 5000 + b'{"index": 0, "v": "!"}]}',
        b'{"error": "' + b"x" * 1_000_000 + b'"}',
        b'{"data": [{"index": 0, "v": [' + b"true," * 5_000 + b"1]}]}",
        b"x" * 1_000_000,
        b"[" * 100_000,
        b"[" * 900 + b"]" * 900,
    ],
    ids=[
        "many wrong",
        "long text",
        "long key",
        "many bad texts",
        "long error",
        "many in one",
        "no JSON",
        "deep and open",
        "deep",
    ],
)
@pytest.mark.parametrize("order", ["index", ""])
def test_messages_stay_short(body, order):
    """However large and wrong a reply is, its error is one of the tree and its message below 2 KB."""
    reply = Response(200, Headers([("content-type", "application/json")]), body)
    with pytest.raises(errors.ReplyError) as caught:
        parser(**{"x-dynaclient-batch": {**BATCH, "order": order}}).parse(reply, 5001, "strict")
    assert len(str(caught.value)) < 2048


def test_a_long_content_type_stays_short():
    """A Content-Type of any length does not fill the message, nor the memory."""
    made = parser()
    for number in range(200):
        reply = Response(200, Headers([("content-type", f"text/{'x' * 5000}{number}")]), b"")
        with pytest.raises(errors.UndeclaredReplyError) as caught:
            made.parse(reply, None, "strict")
        assert len(str(caught.value)) < 500


def test_deep_replies_without_a_schema():
    """A reply that is nested deeper than Python walks is an error of the tree in every mode."""
    made = parser(
        responses={"200": {"content": {"application/json": {}}}}, **{"x-dynaclient-batch": {**BATCH, "order": ""}}
    )
    for depth in (300, 900, 5000):
        body = b'{"data": ' + b'[{"a": ' * depth + b"1" + b"}]" * depth + b"}"
        reply = Response(200, Headers([("content-type", "application/json")]), body)
        try:
            value = made.parse(reply, None, "off")
        except errors.ReplyDecodeError as error:
            assert "nested too deeply" in str(error)  # noqa: PT017
        else:
            assert type(value) is Record
