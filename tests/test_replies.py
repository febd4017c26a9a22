"""What replies of the bundled document must have, which of their results are bad, and errors in replies of 200."""

import asyncio
import json
import pickle

import pytest
from cases import cases
from documents import document, operation, packed

from dynaclient import AsyncClient, Client, errors
from dynaclient.testing import FakeClock, FakeTransport, json_response, response
from dynaclient.world import World

CASES = cases("replies.yaml")
INPUTS = ["a", "b", "c"]
VECTORS = [[1, 2], [3, 4], [5, 6]]


def title(case):
    return case["title"]


def client(*replies, **options):
    """A client of the bundled document, its transport, and its clock."""
    transport, clock = FakeTransport(*replies, repeat=True), FakeClock()
    world = World(clock=clock, sleep=clock.sleep, rng=lambda: 0.5)
    return Client(bearer_auth="k", transport=transport, world=world, **options), transport, clock


def reply(case):
    return response(case["body"], headers={"Content-Type": "application/json"})


def create(case, **more):
    made, _, _ = client(reply(case))
    asked = {"dimensions": case["dimensions"]} if "dimensions" in case else {}
    return made.embeddings.create(input=INPUTS, model="m", **asked, **more)


def rows(case, **more):
    """What `map` gives for the inputs, and how many requests it sent."""
    made, transport, _ = client(reply(case))
    asked = {"dimensions": case["dimensions"]} if "dimensions" in case else {}
    found = list(made.embeddings.create.map(INPUTS, model="m", on_error="record", **asked, **more))
    return found, len(transport.requests)


@pytest.mark.parametrize("arrays", [None, "float32"])
@pytest.mark.parametrize("case", CASES["good"], ids=title)
def test_a_reply_needs_its_vectors_only(case, arrays):
    """All else may be missing or null, and each result has its index afterwards."""
    found = create(case, arrays=arrays)
    assert [item.embedding for item in found.data] == VECTORS
    assert [item.index for item in found.data] == [0, 1, 2]
    results, count = rows(case)
    assert [item["embedding"] for item in results] == VECTORS
    assert ([item["index"] for item in results], count) == ([0, 1, 2], 1)


@pytest.mark.parametrize("arrays", [None, "float32"])
@pytest.mark.parametrize("case", CASES["some"], ids=title)
def test_bad_results_are_told_by_name(case, arrays):
    """A call with some bad results is an error that names each, and keeps the value, the response and the good results."""
    with pytest.raises(errors.ReplyValidationError) as caught:
        create(case, arrays=arrays)
    error = caught.value
    assert list(error.rows) == list(case["rows"])
    for row, message in case["rows"].items():
        assert message in str(error)
        assert any(message in str(problem) for problem in error.rows[row])
    good = [row for row in range(3) if row not in case["rows"]]
    assert [error.value.data[row].embedding for row in good] == [
        VECTORS[row] if row != 2 or "dimensions" not in case else [5, 6, 7] for row in good
    ]
    assert error.response.body == case["body"].encode()
    again = pickle.loads(pickle.dumps(error))
    assert (again.rows, str(again)) == (error.rows, str(error))


@pytest.mark.parametrize("case", CASES["some"], ids=title)
def test_the_good_results_of_a_reply_are_kept(case):
    """In `map` the bad results fail alone, with their own problems, and nothing is asked again."""
    found, count = rows(case)
    assert count == 1
    for row, item in enumerate(found):
        if row in case["rows"]:
            assert isinstance(item, errors.ReplyValidationError)
            assert case["rows"][row] in str(item)
            assert (item.operation, item.status_code, len(item.attempts)) == ("embeddings.create", 200, 1)
        else:
            assert item.index == row


@pytest.mark.parametrize("case", CASES["whole"], ids=title)
def test_replies_that_are_refused_as_a_whole(case):
    """Where all results are bad, or more than they, no result is known to be good."""
    with pytest.raises(errors.ReplyValidationError) as caught:
        create(case)
    assert case["says"] in str(caught.value)
    assert caught.value.rows == {}
    assert not any(word in str(caught.value) for word in ("rename", "did you mean"))


def test_all_bad_results_of_a_large_reply_are_found():
    """Bad results are found wherever they stand in a large reply, however many."""
    bad = {3, 77, 150, *range(200, 300)}
    data = [{"embedding": [None, 1] if row in bad else [1, 2]} for row in range(400)]
    made, transport, _ = client(json_response({"data": data}))
    found = list(made.embeddings.create.map(["x"] * 400, model="m", on_error="record", batch=400))
    assert {row for row, item in enumerate(found) if isinstance(item, errors.DynaclientError)} == bad
    assert len(transport.requests) == 1


def test_a_row_of_many_problems_is_told_in_few_words():
    """A vector of a thousand nulls does not fill the message."""
    data = [{"embedding": [1.0] * 1000}, {"embedding": [None] * 1000}]
    made, _, _ = client(json_response({"data": data}))
    with pytest.raises(errors.ReplyValidationError) as caught:
        made.embeddings.create(input=["a", "b"], model="m")
    assert [problem.where for problem in caught.value.rows[1]] == [
        "$.data[1].embedding[0]",
        "$.data[1].embedding[1]",
        "$.data[1].embedding[2]",
        "$.data[1]",
    ]


def test_a_bad_result_is_warned_of_or_passed_over():
    """With validation that warns the value comes with its bad result; with none, only what is not JSON is refused."""
    body = '{"data": [{"embedding": [1, 2]}, {"embedding": [NaN, 2]}, {"embedding": []}]}'
    made, _, _ = client(response(body, headers={"Content-Type": "application/json"}), validate={"reply": "warn"})
    found = made.embeddings.create(input=INPUTS, model="m")
    assert str(found.data[1].embedding) == "[nan, 2]"
    made, _, _ = client(response(body, headers={"Content-Type": "application/json"}), validate={"reply": "off"})
    with pytest.raises(errors.ReplyDecodeError, match=r"NaN is not a JSON number .byte 48."):
        made.embeddings.create(input=INPUTS, model="m")


def test_a_text_of_float64_is_told_where_a_length_was_asked_for():
    """Base64 of float64 has twice the numbers; without a length that was asked for it cannot be told from float32."""
    text = packed(*range(4))
    made, _, _ = client(json_response({"data": [{"embedding": text}]}))
    with pytest.raises(
        errors.ReplyValidationError, match=r"has 4 numbers, 2 were asked for .* float64 is read as float32"
    ):
        made.embeddings.create(input="a", model="m", dimensions=2)
    assert len(made.embeddings.create(input="a", model="m").data[0].embedding) == 4


@pytest.mark.parametrize("case", CASES["errors"], ids=title)
def test_an_error_in_a_good_reply(case):
    """A reply of 200 that holds an error is that error: its class and code are the error's own, its status that of the reply."""
    made, _, _ = client(reply(case), retries=False)
    with pytest.raises(errors.APIError) as caught:
        made.embeddings.create(input=INPUTS, model="m")
    error = caught.value
    assert (type(error).__name__, error.code, error.message) == (case["class"], case.get("code"), case["words"])
    assert (error.status_code, error.body, len(error.attempts)) == (200, json.loads(case["body"]), 1)
    assert str(error).startswith("embeddings.create: 200, with ")


def test_an_error_in_a_good_reply_is_retried_as_its_code_says():
    """429 and 5XX in a 200 are sent again, with the waits of the policy; another error is not. Each attempt says so."""
    held = {"error": {"message": "Slow down", "code": 429}}
    made, transport, clock = client(
        json_response(held, headers={"Retry-After": "7"}),
        json_response({"error": {"message": "No upstream", "code": 502}}),
        json_response({"data": [{"embedding": [1, 2]}]}),
    )
    result = made.embeddings.create.send(input="a", model="m")
    assert [attempt.status for attempt in result.attempts] == [200, 200, 200]
    assert [attempt.error for attempt in result.attempts] == [
        "RateLimitError: an error in a good reply",
        "ServerError: an error in a good reply",
        None,
    ]
    assert clock.slept[0] == 7
    made, transport, clock = client(json_response({"error": {"message": "Bad", "code": 400}}))
    with pytest.raises(errors.BadRequestError):
        made.embeddings.create(input="a", model="m")
    assert (len(transport.requests), clock.slept) == (1, [])


def test_the_wait_that_an_error_in_a_good_reply_asks_for():
    """`Retry-After` of such a reply is on the error."""
    held = json_response({"error": {"message": "Slow down", "code": 429}}, headers={"Retry-After": "7"})
    made, _, _ = client(held, retries=False)
    with pytest.raises(errors.RateLimitError) as caught:
        made.embeddings.create(input="a", model="m")
    assert caught.value.retry_after == 7


def test_a_long_error_in_a_good_reply():
    """An error of any length is the error; a long one is not sent again, because long replies are not looked into before."""
    made, transport, _ = client(json_response({"error": {"message": "x" * 10_000, "code": 502}}))
    with pytest.raises(errors.ServerError):
        made.embeddings.create(input="a", model="m")
    assert len(transport.requests) == 1


def test_the_words_of_a_good_reply_are_no_error():
    """A good reply may have a field of that name; and where replies are not judged, nothing is an error."""
    good = {"data": [{"embedding": [1, 2], "text": '"error": "no"'}], "error": {"message": "no", "code": 502}}
    made, transport, _ = client(json_response(good))
    assert made.embeddings.create(input="a", model="m").error.code == 502
    made, transport, _ = client(json_response({"error": {"message": "no", "code": 502}}), validate={"reply": "off"})
    assert made.embeddings.create(input="a", model="m").error.code == 502
    assert len(transport.requests) == 1


def test_an_error_in_a_good_reply_for_asyncio():
    """It is the same for an AsyncClient."""
    asyncio.run(_missing())


async def _missing():
    transport = FakeTransport(json_response({"error": {"message": "No.", "code": 404}}))
    async with AsyncClient(bearer_auth="k", transport=transport) as made:
        with pytest.raises(errors.NotFoundError):
            await made.embeddings.create(input="a", model="m")


ERROR = {
    "type": "object",
    "properties": {"problem": {"type": "object", "required": ["message"]}, "id": {"type": "string"}},
}
GOOD = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "state": {"type": "string"}}}


@pytest.mark.parametrize(
    "replies, body, kind",
    [
        ({"4XX": ERROR}, {"problem": {"message": "No."}}, errors.APIError),
        ({"default": ERROR}, {"problem": {"message": "No."}}, errors.APIError),
        ({"503": ERROR}, {"problem": {"message": "No.", "code": 503}}, errors.APIError),
        ({"4XX": ERROR}, {"problem": {"words": "No."}}, errors.ReplyValidationError),
        ({"4XX": ERROR}, {"problem": None}, errors.ReplyValidationError),
        ({"4XX": ERROR}, {"id": 5}, errors.ReplyValidationError),
        ({"4XX": ERROR}, {"state": "No."}, errors.ReplyValidationError),
        ({"4XX": GOOD}, {"error": {"message": "No."}}, errors.ReplyValidationError),
        ({}, {"error": {"message": "No."}}, errors.ReplyValidationError),
    ],
    ids=str,
)
def test_what_an_error_is_the_document_says(replies, body, kind):
    """A refused reply is an error where it fits a declared error body, and has a property with words that no good reply declares."""
    node = operation(reply=GOOD, operationId="look")
    for status, schema in replies.items():
        node["responses"][status] = {"description": "", "content": {"application/json": {"schema": schema}}}
    transport = FakeTransport(json_response(body), repeat=True)
    made = Client(document({"/look": {"get": node}}), transport=transport)
    with pytest.raises(kind):
        made.look()
