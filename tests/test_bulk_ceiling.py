"""How many rows a service takes in one request is learned from what it refuses, with few requests, and told apart from rows that are bad."""

import json
import random

import pytest
from bulking import Doubler, clocked, texts
from hypothesis import given
from hypothesis import strategies as st

from dynaclient import Client, DynaclientError
from dynaclient.bulk.ceiling import GROW, Ceiling
from dynaclient.bulk.channel import BARE_TRIES
from dynaclient.testing import FakeClock, FakeTransport, json_response
from dynaclient.world import World


def sent(ceiling, limit, rows):
    """Send rows, one run of 128 after another, to a service that takes so many at once; the lengths of all requests."""
    sizes = []

    def send(count):
        sizes.append(count)
        if count <= limit:
            ceiling.took(count)
            return
        for half in (count // 2, count - count // 2):
            if ceiling.bounds(half):
                left.append(half)
                return
            send(half)
        ceiling.refused(count)

    left = [min(128, rows - begin) for begin in range(0, rows, 128)][::-1]
    while left:
        count = left.pop()
        size = ceiling.cut(count)
        if size < count:
            left.append(count - size)
        send(size)
        ceiling.dropped(size)
    return sizes


@given(st.integers(1, 128))
def test_the_bound_is_found(limit):
    """It is never more than what the service takes, and more than two thirds of it; the search takes few requests."""
    ceiling = Ceiling()
    sizes = sent(ceiling, limit, 10_000)
    assert ceiling.fits <= limit
    assert ceiling.fits >= limit * 2 / 3 or limit == 1
    assert ceiling.too_many is None or ceiling.too_many > limit
    assert len(sizes) <= 1.5 * 10_000 / limit + 40


def test_a_run_no_longer_than_one_that_succeeded_teaches_nothing():
    """It was refused for another reason."""
    ceiling = Ceiling()
    ceiling.took(10)
    ceiling.refused(8)
    assert ceiling.cut(100) == 100


def test_a_longer_run_is_tried_again_now_and_then():
    """A service that takes more after all is found out; one that does not is asked less often each time."""
    ceiling = Ceiling(10, 11)
    for _ in range(GROW):
        assert ceiling.cut(100) == 10
        ceiling.took(10)
    assert ceiling.cut(100) == 11
    assert ceiling.cut(100) == 0
    ceiling.refused(11)
    for _ in range(2 * GROW):
        assert ceiling.cut(100) == 10
        ceiling.took(10)
    assert ceiling.cut(100) == 11
    ceiling.took(11)
    assert ceiling.cut(100) == 100


@pytest.mark.parametrize("status", [400, 413, 422, 500])
@pytest.mark.parametrize(("limit", "most"), [(1, 1020), (10, 120)])
@pytest.mark.parametrize("in_flight", [1, 8])
def test_a_limit_costs_few_requests(status, limit, most, in_flight, monkeypatch):
    """Of a thousand rows none is lost, and hardly more requests are sent than there must be, whatever the service refuses with."""
    monkeypatch.setitem(_operation(), "maxItems", 128)
    client, transport, _ = clocked(Doubler(ceiling=limit, too_many=status))
    found = list(client.double.map(texts(1000), in_flight=in_flight, on_error="record"))
    assert [item.at for item in found] == list(range(1000))
    assert len(transport.requests) <= most


def _operation():
    from bulking import DOCUMENT

    return DOCUMENT["paths"]["/double"]["post"]["x-dynaclient-batch"]


@pytest.mark.parametrize("status", [400, 500])
def test_bad_rows_are_no_limit(status):
    """A run that is refused for a row in it does not make the others shorter."""
    rng = random.Random(3)
    bad = {f"t{number}": status for number in rng.sample(range(3000), 10)}
    client, transport, _ = clocked(Doubler(bad))
    found = list(client.double.map(texts(3000), on_error="record"))
    assert {f"t{place}" for place, item in enumerate(found) if isinstance(item, DynaclientError)} == bad.keys()
    sizes = [len(json.loads(body)["in"]) for body in transport.bodies]
    assert sizes[-100:].count(10) >= 60


def test_a_limit_and_bad_rows_are_told_apart():
    """Both are found in the same run."""
    bad = {f"t{number}": 400 for number in (5, 500, 901)}
    client, transport, _ = clocked(Doubler(bad, ceiling=4, too_many=400))
    found = list(client.double.map(texts(1000), on_error="record"))
    assert [place for place, item in enumerate(found) if isinstance(item, DynaclientError)] == [5, 500, 901]
    assert len(transport.requests) <= 330


def picky(takes, refused=422):
    """A client of an embeddings service that takes only some inputs, and the inputs that it was sent."""
    sent = []

    def service(request):
        value = json.loads(request.body)["input"]
        sent.append(value)
        if not takes(value):
            return json_response({"detail": "str type expected"}, refused)
        rows = [value] if isinstance(value, str) else value
        return json_response({"data": [{"index": place, "embedding": [len(row)]} for place, row in enumerate(rows)]})

    clock = FakeClock()
    world = World(clock=clock, sleep=clock.sleep, rng=lambda: 0.5, now=clock)
    transport = FakeTransport(service, repeat=True)
    return Client(transport=transport, world=world, server="http://127.0.0.1:9/v1", bearer_auth="k"), sent


@pytest.mark.parametrize("refused", [400, 422])
def test_a_service_that_refuses_lists_gets_each_row_by_itself(refused):
    """All rows have their results, and the search for it costs few requests."""
    client, sent = picky(lambda value: isinstance(value, str), refused)
    found = list(client.embeddings.create.map(["x" * number for number in range(1, 101)], model="m"))
    assert [item.embedding for item in found] == [[number] for number in range(1, 101)]
    assert len(sent) <= 120


@pytest.mark.parametrize("bad", ["t0", "t99"])
def test_a_bad_row_is_not_taken_for_a_refusal_of_lists(bad):
    """Once a list was accepted no row is sent without one, and before that a few at most."""
    client, sent = picky(lambda value: bad not in value)
    found = list(client.embeddings.create.map(texts(100), model="m", batch=10, on_error="record"))
    assert [place for place, item in enumerate(found) if isinstance(item, DynaclientError)] == [int(bad[1:])]
    assert sum(isinstance(value, str) for value in sent) <= BARE_TRIES


def test_where_an_input_by_itself_breaks_the_document_lists_are_sent():
    """What the document does not allow is not tried, and the refusal is told as it came."""
    service = Doubler(always=422)
    client, transport, _ = clocked(service)
    with pytest.raises(DynaclientError, match="refused with 422"):
        list(client.double.map(texts(40), on_error="record"))
    assert all(isinstance(json.loads(request.body)["in"], list) for request in transport.requests)
