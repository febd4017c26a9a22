"""Header fields of replies as values."""

import pytest
from cases import cases
from documents import document

from dynaclient.errors import ReplyValidationError
from dynaclient.openapi.check import Checker
from dynaclient.openapi.headers import TypedHeaders
from dynaclient.openapi.parse import Parser
from dynaclient.openapi.read import operation, read
from dynaclient.wire import Headers, Response

CASES = cases("reply_headers.yaml")
COMPONENTS = {"headers": {"Limit": {"schema": {"type": "integer"}}}}


def title(case):
    return case["title"]


def parser(headers, warnings=None, status="200"):
    """The Parser of an operation whose reply has these headers."""
    node = {"operationId": "run", "responses": {status: {"description": "Good.", "headers": headers}}}
    api = read(document({"/x": {"get": node}}, components=COMPONENTS))
    made = operation(api, api.index["run"])
    return Parser(made, api.document, Checker(api.document, "3.1"), ([] if warnings is None else warnings).append)


def response(case, status=200):
    texts = case["text"] if isinstance(case["text"], list) else [case["text"]]
    return Response(status, Headers([("x-a", text) for text in texts] + [("X-Other", "5")]))


@pytest.mark.parametrize("case", CASES["typed"], ids=title)
def test_typed(case):
    """A declared header is a value of its schema's type; one that is not declared stays text."""
    made = parser({"X-A": case["header"]})
    reply = response(case)
    assert made.parse(reply, None, "strict") is None
    found = made.headers(reply)
    assert found.get("X-A") == found.get("x-a") == case["value"]
    assert found["X-OTHER"] == "5"


@pytest.mark.parametrize("case", CASES["wrong"], ids=title)
def test_wrong(case):
    """A header that is not what the document says is told as a body would be: raised, reported, or not looked at."""
    warnings = []
    made = parser({"X-A": case["header"]}, warnings)
    reply = response(case)
    with pytest.raises(ReplyValidationError) as caught:
        made.parse(reply, None, "strict")
    assert str(caught.value.problems[0]).startswith(case["wrong"])
    assert caught.value.response is reply
    made.parse(reply, None, "warn")
    made.parse(reply, None, "off")
    assert len(warnings) == 1
    assert "x-other" in made.headers(reply)


def test_what_is_not_declared():
    """Content-Type in the headers of a reply is ignored (OpenAPI 3.1.1, 4.8.17); an undeclared reply has its headers as text."""
    made = parser({"Content-Type": {"required": True, "schema": {"type": "integer"}}}, status="201")
    assert made.parse(Response(201, Headers()), None, "strict") is None
    assert made.headers(Response(404, Headers([("X-A", "5")]))) == {"x-a": "5"}


@pytest.mark.parametrize(
    "schema, value",
    [
        ({"type": "array", "items": {"type": "string"}}, ["a=1; Expires=Wed, 09 Jun 2021 10:18:14 GMT", "b=2"]),
        ({"type": "object"}, {"a": "1; Expires=Wed, 09 Jun 2021 10:18:14 GMT", "b": "2"}),
        ({"type": "string"}, "a=1; Expires=Wed, 09 Jun 2021 10:18:14 GMT\nb=2"),
    ],
)
def test_cookies_are_not_joined(schema, value):
    """Set-Cookie is the one header whose fields stay apart, because commas stand in them (OpenAPI 3.2, 4.21.3)."""
    fields = Headers([("Set-Cookie", "a=1; Expires=Wed, 09 Jun 2021 10:18:14 GMT"), ("Set-Cookie", "b=2")])
    assert parser({"Set-Cookie": {"schema": schema}}).headers(Response(200, fields))["set-cookie"] == value


def test_secrets_are_not_shown():
    """The text form of typed headers hides what carries a credential."""
    found = TypedHeaders({"Set-Cookie": "s3cret", "X-N": 5})
    assert repr(found) == "TypedHeaders({'set-cookie': '[redacted]', 'x-n': 5})"
    assert len(found) == 2
