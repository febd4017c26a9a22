"""Failures on purpose."""

import json
from pathlib import Path

import pytest
import yaml

from dynaclient.errors import ArgumentError, ConnectionLostError, ProtocolError, TimeoutExpiredError
from dynaclient.local import App, Faults, LocalTransport, parse_fault, parse_span
from dynaclient.openapi.read import read
from dynaclient.wire import Request, Timeout

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "cases" / "local-faults.yaml").read_text(encoding="utf-8"))
API = read(yaml.safe_load((HERE.parent / "spec" / "embeddings.yaml").read_text(encoding="utf-8")))
REQUEST = Request(
    "POST",
    "http://127.0.0.1",
    "/v1/embeddings",
    {"content-type": "application/json"},
    b'{"input": ["a", "b", "c"], "model": "hash-384", "dimensions": 4}',
)


def answered(*faults, **options):
    """The reply to one embeddings request under a plan of faults."""
    return App(API, faults=Faults(faults, **options)).handle(REQUEST)


@pytest.mark.parametrize("case", CASES["faults"], ids=lambda case: case["text"])
def test_a_fault_is_read_from_text(case):
    """KIND, KIND:COUNT, KIND:* and KIND:SHARE% are understood."""
    fault = parse_fault(case["text"])
    assert (fault.kind, fault.count, fault.share) == (case["kind"], case["count"], case.get("share"))


@pytest.mark.parametrize("text", CASES["not_faults"])
def test_what_is_no_fault_is_refused(text):
    """Any other text is an error that shows it."""
    with pytest.raises(ArgumentError) as caught:
        parse_fault(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("case", CASES["spans"], ids=lambda case: case["text"])
def test_a_span_of_time_is_read_from_text(case):
    """Milliseconds, seconds and bare seconds are understood."""
    assert parse_span(case["text"]) == case["seconds"]


@pytest.mark.parametrize("text", CASES["not_spans"])
def test_what_is_no_span_is_refused(text):
    """Any other text is an error."""
    with pytest.raises(ArgumentError, match="span of time"):
        parse_span(text)


@pytest.mark.parametrize("case", CASES["sequences"], ids=lambda case: case["name"])
def test_faults_come_true_in_their_order(case):
    """Each fault hits as many requests as it says, one fault after the other."""
    app = App(API, faults=Faults(case["faults"]))
    assert [app.handle(REQUEST).status for _ in case["statuses"]] == case["statuses"]


def test_a_share_is_the_same_in_every_run():
    """Two plans with the same seed hit the same requests, about as many as the share says."""
    runs = [[bool(plan.take()) for _ in range(1000)] for plan in (Faults(["500:10%"]), Faults(["500:10%"]))]
    assert runs[0] == runs[1]
    assert 50 < sum(runs[0]) < 150


def test_only_operations_use_faults_up():
    """Requests that reach no operation leave the plan as it is."""
    app = App(API, faults=Faults(["429:1"]))
    statuses = [app.handle(Request("GET", "http://127.0.0.1", path)).status for path in ("/", "/nowhere", "/v1/models")]
    assert statuses == [200, 404, 429]


@pytest.mark.parametrize("status, expected", [("429", "0.5"), ("503", "0.5"), ("500", None)])
def test_retry_after_goes_with_what_may_be_retried(status, expected):
    """Retry-After is sent as given with 429 and 503, not with other statuses."""
    assert answered(status, retry_after="0.5").headers.get("Retry-After") == expected


def test_html_comes_with_a_good_status():
    """``html`` is a page with status 200."""
    response = answered("html")
    assert (response.status, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response.body.startswith(b"<!doctype html>")


def test_null_data_comes_with_a_good_status():
    """``null-data`` is ``data: null`` beside an error object with status 200."""
    response = answered("null-data")
    value = json.loads(response.body)
    assert (response.status, value["data"]) == (200, None)
    assert value["error"]["message"]


@pytest.mark.parametrize("fault, indexes", [("few", [0, 1]), ("shuffle", [2, 1, 0])])
def test_vectors_go_missing_or_out_of_order(fault, indexes):
    """``few`` leaves the last vector out; ``shuffle`` changes the order and keeps every index with its vector."""
    good = {item["index"]: item for item in json.loads(answered().body)["data"]}
    data = json.loads(answered(fault).body)["data"]
    assert [item["index"] for item in data] == indexes
    assert all(item == good[item["index"]] for item in data)


@pytest.mark.parametrize(
    "fault, error",
    [
        ("reset", ConnectionLostError),
        ("half", ConnectionLostError),
        ("garbage", ProtocolError),
        ("stall", TimeoutExpiredError),
    ],
)
def test_faults_on_the_socket_raise_in_process(fault, error):
    """Without a socket, a fault on it raises what a client would raise."""
    transport = LocalTransport(API, faults=Faults([fault]))
    with pytest.raises(error) as caught:
        transport.send(REQUEST, Timeout(), None)
    assert caught.value.sent
    whole = transport.send(REQUEST, Timeout(), None).body
    assert fault != "half" or (caught.value.partial and whole.startswith(caught.value.partial))


def test_a_delay_is_waited_for():
    """A reply in process waits for the delay, once."""
    waited = []
    transport = LocalTransport(API, faults=Faults(delay="200ms"), sleep=waited.append)
    assert transport.send(REQUEST, Timeout(), None).status == 200
    assert waited == [0.2]


def test_a_delay_beyond_the_timeout_is_a_timeout():
    """A delay that is longer than the read timeout waits only for that, and raises."""
    waited = []
    transport = LocalTransport(API, faults=Faults(delay=5.0), sleep=waited.append)
    with pytest.raises(TimeoutExpiredError):
        transport.send(REQUEST, Timeout(read=1.0), None)
    assert waited == [1.0]


def test_the_transport_says_where_a_reply_came_from():
    """A reply in process has the URL it was asked for, without secrets, and the transport may be closed and used again."""
    transport = LocalTransport(App(API))
    transport.close()
    response = transport.send(Request("GET", "https://api.example.com", "/v1/models?api_key=s3cret"), Timeout(), None)
    assert response.status == 200
    assert response.url == "https://api.example.com/v1/models?api_key=[redacted]"
