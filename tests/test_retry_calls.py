"""Calls of the document that ships when the service answers badly at first: retries, waits, and what the error says."""

import json

import pytest
from cases import cases
from documents import embeddings_reply

from dynaclient import APIError, Client
from dynaclient.testing import FakeClock, FakeTransport, json_response, response
from dynaclient.world import World

GOOD = json_response(embeddings_reply([0.5]))


def bad(first):
    """The replies of a case, each as often as it says."""
    for one in first:
        body = json.dumps(one.get("body", {"error": "no"})).encode()
        headers = {"Content-Type": "application/json", **one.get("headers", {})}
        for _ in range(one.get("times", 1)):
            yield response(body, one["status"], headers)


@pytest.mark.parametrize("case", cases("retry_calls.yaml"), ids=lambda case: case["title"])
def test_what_comes_of_a_bad_reply(case):
    """A call is sent again as often and as late as the document and the service say, or its error says why not."""
    transport, clock = FakeTransport(*bad(case["first"]), GOOD), FakeClock()
    world = World(clock=clock, sleep=clock.sleep, rng=lambda: 0.0, now=lambda: 1.8e9)
    error = None
    with Client(transport=transport, bearer_auth="k", world=world) as client:
        try:
            client.embeddings.create(input="a", model="m")
        except APIError as caught:
            error = caught
    assert len(transport.requests) == case["requests"]
    assert [wait for wait in clock.slept if wait] == case.get("waits", [])
    assert (error is None) == ("says" not in case)
    for words in case.get("says", []):
        assert str(words) in str(error)
    assert getattr(error, "retry_after", None) == case.get("retry_after")
    if error is not None:
        assert len(error.attempts) == case["requests"]
        assert (error.attempts[-1].final != "") == ("not retried" in str(error))


def test_a_caller_can_name_statuses_and_codes():
    """Statuses that a caller lists are not excepted by the document; codes that are named replace its own."""
    quota = json_response({"error": {"code": "insufficient_quota"}}, 429)
    clock = FakeClock()
    transport = FakeTransport(response(status=501), quota, GOOD)
    world = World(clock=clock, sleep=clock.sleep, rng=lambda: 0.0)
    with Client(transport=transport, bearer_auth="k", world=world) as client:
        retries = {"statusCodes": ["501", "429"], "never": []}
        assert client.embeddings.create(input="a", model="m", retries=retries).data[0].embedding == [0.5]


def test_a_result_tells_limits_and_waits():
    """The limits of a reply are at hand as text and as numbers."""
    fields = {
        "Content-Type": "application/json",
        "X-RateLimit-Remaining-Tokens": "7",
        "X-RateLimit-Reset-Tokens": "1m0s",
    }
    transport = FakeTransport(response(json.dumps(embeddings_reply([0.5])).encode(), 200, fields))
    with Client(transport=transport, bearer_auth="k") as client:
        result = client.embeddings.create.send(input="a", model="m")
    (limit,) = result.limits()
    assert (limit.what, limit.remaining, limit.reset) == ("tokens", 7, 60)
    assert result.rate_limit == {"x-ratelimit-remaining-tokens": "7", "x-ratelimit-reset-tokens": "1m0s"}
