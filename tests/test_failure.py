"""Error replies -> exceptions."""

import pickle

import pytest
from cases import cases
from hypothesis import given
from hypothesis import strategies as st

from dynaclient import errors
from dynaclient.cli.failure import details_of
from dynaclient.openapi.errorcodes import error_codes
from dynaclient.openapi.failure import error_message, failure
from dynaclient.openapi.media import encode_json
from dynaclient.openapi.model import Operation, OperationKey
from dynaclient.wire import Headers, Response

KEY = OperationKey(("things",), "get", "GET", "/things", "/paths/~1things/get")
OPERATION = Operation(KEY, "get", "GET", "/things")


def reply(body=b"", content_type="application/json", status=400, **headers):
    fields = [("content-type", content_type)] if content_type else []
    return Response(status, Headers([*fields, *headers.items()]), body)


@pytest.mark.parametrize("case", cases("failure.yaml")["messages"], ids=lambda case: case["title"])
def test_messages(case):
    """The service's own words are found in the usual error bodies, in one line."""
    error = failure(OPERATION, reply(case["body"].encode(), case.get("type", "application/json")))
    assert error.args[0] == "things.get: 400" + (f": {case['message']}" if case["message"] else "")
    assert error.message == (case["message"] or "things.get: 400")


@pytest.mark.parametrize("case", cases("failure.yaml")["attributes"], ids=lambda case: case["title"])
def test_attributes(case):
    """The code, the parameter and the type that an error body names are on the error; None where it names none."""
    error = failure(OPERATION, reply(case["body"].encode(), case.get("kind", "application/json")))
    assert (error.code, error.param, error.type) == tuple(case.get(name) for name in ("code", "param", "type"))
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.param, again.type) == (error.code, error.param, error.type)


@pytest.mark.parametrize(
    "code, kind",
    [
        (502, errors.ServerError), ("429", errors.RateLimitError), (400, errors.BadRequestError),
        (418, errors.APIError), (200, errors.APIError), ("server_error", errors.APIError), (None, errors.APIError),
    ],
)  # fmt: skip
def test_the_class_of_an_error_in_a_good_reply_belongs_to_its_own_code(code, kind):
    """An error in a reply of 200 is of the class of its code; the status stays that of the reply."""
    error = failure(OPERATION, reply(encode_json({"error": {"message": "No.", "code": code}}), status=200))
    assert type(error) is kind
    assert (error.status_code, error.code, error.message) == (200, code, "No.")
    assert str(error).startswith("things.get: 200, with ")


@pytest.mark.parametrize(
    "status, kind",
    [
        (400, errors.BadRequestError), (401, errors.AuthenticationError), (403, errors.PermissionDeniedError),
        (404, errors.NotFoundError), (409, errors.ConflictError), (422, errors.UnprocessableEntityError),
        (429, errors.RateLimitError), (500, errors.ServerError), (503, errors.ServerError), (599, errors.ServerError),
        (418, errors.APIError), (402, errors.APIError), (302, errors.APIError)
    ],
)  # fmt: skip
def test_the_class_belongs_to_the_status(status, kind):
    """Each status raises its own class, and is kept."""
    error = failure(OPERATION, reply(status=status))
    assert type(error) is kind
    assert error.status_code == status


def test_what_the_error_carries():
    """The body, the reply, the request id and the wait that was asked for are on the error, and in its message."""
    response = reply(b'{"error": {"message": "Slow down.", "code": 7}}', status=429, **{"X-Request-Id": "r-1"})
    error = failure(OPERATION, response, 2.5)
    assert str(error) == "things.get: 429: Slow down. (the service asks to wait 2.5 s) [request id r-1]"
    assert error.body == {"error": {"message": "Slow down.", "code": 7}}
    assert (error.retry_after, error.request_id, error.response) == (2.5, "r-1", response)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.args, again.body, again.retry_after) == (type(error), error.args, error.body, 2.5)


def test_a_binary_body_is_kept():
    """A body that is neither JSON nor text stays bytes."""
    assert failure(OPERATION, reply(b"\x00\xff", "image/png")).body == b"\x00\xff"
    assert failure(OPERATION, reply()).body is None


def test_text_that_is_not_in_its_charset_is_kept():
    """Text that cannot be decoded is shown as far as it goes."""
    assert failure(OPERATION, reply(b"caf\xe9", "text/plain")).body == "caf\ufffd"
    assert failure(OPERATION, reply(b"caf\xe9", "text/plain; charset=latin-1")).body == "café"


@given(st.binary() | st.text().map(str.encode), st.sampled_from(["application/json", "text/html", "", "image/png"]))
def test_any_body_makes_an_error(body, content_type):
    """Whatever a service answers, an error of moderate length comes of it."""
    assert len(str(failure(OPERATION, reply(body, content_type)))) < 1000


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["error", "message", "detail", "errors", "msg", "loc", "title", "x"]), inner)))  # fmt: skip
def test_any_data_has_a_message(body):
    """Whatever data an error body holds, looking for its message ends in one printable line."""
    assert error_message(body).isprintable()


@pytest.mark.parametrize("case", cases("failure.yaml")["codes"], ids=lambda case: case["title"])
def test_codes(case):
    """The codes of an error are found where services put them."""
    assert error_codes(case["body"]) == tuple(case["codes"])


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) |
st.dictionaries(
    st.sampled_from(["error", "code", "type", "detail", "errors", "x"]), inner)))  # fmt: skip
def test_any_data_has_codes_or_none(body):
    """Whatever data an error body holds, its codes are texts."""
    assert all(isinstance(code, str) for code in error_codes(body))


def test_long_messages_are_cut():
    """A megabyte in an error body does not become the message."""
    response = reply(b'{"error": "' + b"x" * 1_000_000 + b'"}', **{"x-request-id": "r" * 10_000})
    assert len(str(failure(OPERATION, response))) < 1000


def test_details_at_the_shell():
    """The code, the parameter and the type of the service's error are in the error as JSON; ``type`` there is the class."""
    body = b'{"error": {"message": "No.", "code": "x", "param": "input", "type": "invalid_request_error"}}'
    found = details_of(failure(OPERATION, reply(body)))
    assert [found[name] for name in ("status_code", "code", "param", "error_type")] == [
        400,
        "x",
        "input",
        "invalid_request_error",
    ]
    assert "error_type" not in details_of(failure(OPERATION, reply(b"{}")))
    assert found.get("type") != "invalid_request_error"


@pytest.mark.parametrize(
    ("status", "code", "meant"),
    [(200, 402, 402), (200, "503", 503), (200, "insufficient_quota", 200), (200, None, 200), (200, 42, 200), (429, 500, 429)],
)  # fmt: skip
def test_the_status_that_an_error_means(status, code, meant):
    """An error in a good reply means its own code, if that is a status of 4XX or 5XX; any other its status."""
    response = Response(status, Headers([]), encode_json({"error": {"code": code, "message": "No."}}))
    error = errors.APIError("No.", response=response, code=code)
    assert error.error_status == meant
