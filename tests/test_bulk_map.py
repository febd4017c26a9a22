"""Many rows through one call: in order, lazily, bad rows found, everything ended when it is over."""

import asyncio
import json
import threading
from contextvars import copy_context

import pytest
from bulking import DOCUMENT, Doubler, client_of, texts
from loopback import Loopback, Stop

from dynaclient import (
    ArgumentError,
    AsyncClient,
    AuthenticationError,
    BadRequestError,
    Client,
    DynaclientError,
    ReplyValidationError,
    ServerError,
    cancel,
)
from dynaclient.bulk.fault import spread
from dynaclient.bulk.poison import SAMPLE
from dynaclient.testing import FakeTransport, json_response


def test_results_come_in_the_order_of_the_rows():
    """Each row has its result, whose order key is the number of the row."""
    client, transport = client_of(Doubler())
    found = list(client.double.map(texts(95), batch=10))
    assert [(item.at, item.twice) for item in found] == [(n, f"t{n}t{n}") for n in range(95)]
    assert len(transport.requests) == 10


def test_the_documents_limit_is_the_size_of_a_request():
    """Without ``batch`` a request holds as many rows as the document allows."""
    client, transport = client_of(Doubler())
    list(client.double.map(texts(25)))
    assert sorted(len(json.loads(body)["in"]) for body in transport.bodies) == [5, 10, 10]


def test_rows_are_pulled_as_they_are_needed():
    """However many rows there are, only a bounded number is ahead of the results that were taken."""
    client, _ = client_of(Doubler())
    pulled = []

    def endless():
        number = 0
        while True:
            pulled.append(number)
            yield f"t{number}"
            number += 1

    results = client.double.map(endless(), batch=5, in_flight=2)
    for _ in range(100):
        next(results)
    assert len(pulled) <= 100 + 5 * 2 * 5
    results.close()


def our_threads():
    """The threads that the product has begun and not ended."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("dynaclient")]


def test_closing_early_ends_the_threads():
    """A sequence that is left before its end leaves no thread behind."""
    client, _ = client_of(Doubler())
    results = client.double.map(texts(1000), batch=1)
    next(results)
    results.close()
    assert our_threads() == []


def test_a_bad_row_raises_when_its_turn_comes():
    """The rows before it have their results; the error says which row it was."""
    client, _ = client_of(Doubler({"t13": 400}))
    results = client.double.map(texts(30))
    assert [next(results).at for _ in range(13)] == list(range(13))
    with pytest.raises(BadRequestError) as caught:
        next(results)
    assert caught.value.__notes__ == ["row 13 (counted from 0)"]


@pytest.mark.parametrize("status", [400, 413, 422])
def test_bad_rows_are_found_alone_and_the_others_are_done(status):
    """Every bad row has its error in its place, with the service's words, and no other row has."""
    bad = {f"t{number}": status for number in (0, 7, 8, 55, 99)}
    client, _ = client_of(Doubler(bad))
    found = list(client.double.map(texts(100), on_error="record"))
    failed = [place for place, item in enumerate(found) if isinstance(item, DynaclientError)]
    assert failed == [0, 7, 8, 55, 99]
    assert {found[place].message for place in failed} == {f"refused with {status}"}
    assert all(item.twice == f"t{place}t{place}" for place, item in enumerate(found) if place not in failed)


def test_many_bad_rows_among_many_are_exactly_found():
    """Of ten thousand rows the 37 bad ones, spread about, have errors, and no other."""
    bad = {f"t{(number * 269) % 10_000}": 422 for number in range(37)}
    client, _ = client_of(Doubler(bad))
    found = client.double.map(texts(10_000), on_error="record")
    failed = {f"t{place}" for place, item in enumerate(found) if isinstance(item, DynaclientError)}
    assert failed == bad.keys()


def test_rows_that_break_the_document_are_bad_rows():
    """A row that may not be sent is told like one that was refused, and costs nothing."""
    client, _ = client_of(Doubler())
    found = list(client.double.map(["a", 7, "b", None, "c"], on_error="record"))
    assert [type(item).__name__ for item in found] == ["Record", "ArgumentError", "Record", "ArgumentError", "Record"]


def test_a_request_that_is_too_large_is_halved():
    """A run of rows that the service finds too large is sent in parts, and no row is lost."""
    client, _ = client_of(Doubler(ceiling=3))
    assert [item.at for item in client.double.map(texts(40), on_error="record")] == list(range(40))


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_is_wrong_for_all_rows_stops_at_once(status):
    """A missing right or address is not looked for among the rows."""
    client, transport = client_of(Doubler(always=status))
    with pytest.raises(DynaclientError, match=f"refused with {status}"):
        list(client.double.map(texts(100), on_error="record", in_flight=1))
    assert len(transport.requests) == 1


def test_a_first_batch_that_fails_as_a_whole_stops_the_run():
    """Where every row is refused in the same way it is not the rows, and few requests are spent to learn it."""
    client, transport = client_of(Doubler(always=400))
    with pytest.raises(BadRequestError):
        list(client.double.map(texts(1000), on_error="record", in_flight=1))
    assert len(transport.requests) == 11


def test_single_rows_that_all_fail_stop_the_run_after_some():
    """One refused row proves nothing; many with the same words and no success do."""
    client, transport = client_of(Doubler(always=400))
    with pytest.raises(BadRequestError):
        list(client.double.map(texts(1000), on_error="record", in_flight=1, batch=1))
    assert len(transport.requests) == SAMPLE


def test_a_few_rows_that_are_all_refused_are_bad_rows():
    """Each is tried twice, and then it is the row."""
    client, transport = client_of(Doubler(always=400))
    found = list(client.double.map(texts(3), on_error="record", batch=1))
    assert [type(item).__name__ for item in found] == ["BadRequestError"] * 3
    assert len(transport.requests) == 6


def test_a_failure_that_others_do_not_share_is_the_rows():
    """A row that makes the service fail, again and again, is recorded where other rows succeed meanwhile."""
    client, _ = client_of(Doubler({"t15": 500}))
    found = list(client.double.map(texts(200), on_error="record", retries=False))
    assert [place for place, item in enumerate(found) if isinstance(item, ServerError)] == [15]


def test_a_service_that_is_down_stops_the_run():
    """Where nothing succeeds any more no row is blamed."""
    client, transport = client_of(Doubler(always=500))
    with pytest.raises(ServerError):
        list(client.double.map(texts(1000), on_error="record", retries=False, in_flight=1))
    assert len(transport.requests) < 10


def test_wrong_arguments_are_told_before_anything_is_sent():
    """What is the same for all rows is checked with the first of them."""
    client, transport = client_of(Doubler())
    with pytest.raises(ArgumentError, match="moed"):
        list(client.double.map(texts(10), moed="x"))
    assert transport.requests == []


@pytest.mark.parametrize(
    "options",
    [
        {"batch": 11},
        {"in_flight": 0},
        {"on_error": "skip"},
        {"rpm": 0},
        {"tpm": "many"},
        {"split": True},
        {"in_": ["x"]},
    ],
)
def test_options_that_make_no_sense_are_refused(options):
    """The message names the option."""
    client, _ = client_of(Doubler())
    with pytest.raises(ArgumentError, match=next(iter(options)).rstrip("_")):
        client.double.map(texts(3), **options)


def test_an_operation_without_a_batch_takes_one_row_a_call():
    """Each row is a mapping of arguments then, and its result the value of its call."""
    client, _ = client_of(Doubler())
    assert [item.id for item in client.one.map({"id": number} for number in range(20))] == list(range(20))


def test_an_operation_without_a_batch_has_no_size_of_a_batch():
    """``batch`` would do nothing there."""
    client, _ = client_of(Doubler())
    with pytest.raises(ArgumentError, match="batch"):
        client.one.map([{"id": 1}], batch=2)


def test_an_error_of_the_rows_comes_after_the_results_of_those_before_it():
    """It is the one that the rows raised."""
    client, _ = client_of(Doubler())
    mine = KeyError("mine")

    def broken():
        yield from texts(25)
        raise mine

    found = []
    with pytest.raises(KeyError) as caught:
        found.extend(item.at for item in client.double.map(broken(), on_error="record"))
    assert caught.value is mine
    assert found == list(range(25))


@pytest.mark.parametrize("rows", ["text", b"bytes", {"a": "b"}, 5, None])
def test_what_is_no_sequence_of_rows_is_refused(rows):
    """A text is not taken for its letters, nor a mapping for its keys."""
    client, _ = client_of(Doubler())
    with pytest.raises(ArgumentError, match="rows: rows one after the other"):
        client.double.map(rows)


def test_no_rows_have_no_results():
    """And nothing is sent for them."""
    client, transport = client_of(Doubler())
    assert list(client.double.map([])) == []
    assert transport.requests == []


def test_the_results_of_rows_may_be_rows():
    """Closing the outer sequence leaves the inner one open, and each ends its own threads."""
    client, _ = client_of(Doubler())
    inner = client.double.map(texts(100), batch=1)
    outer = client.double.map((item.twice for item in inner), batch=1)
    assert next(outer).twice == "t0" * 4
    outer.close()
    assert next(inner).at > 0
    inner.close()
    assert our_threads() == []


def test_a_context_that_is_cancelled_sends_nothing():
    """Rows in a call that nobody waits for any more are not begun."""
    client, transport = client_of(Doubler())
    switch = cancel.Cancel()
    switch.set()
    context = copy_context()
    context.run(cancel.use, switch)
    with pytest.raises(cancel.Cancelled):
        context.run(list, client.double.map(texts(30)))
    assert transport.requests == []


@pytest.fixture
def silent():
    """A server on the loopback interface that answers nothing; its URL, an event for the first request and one for the end of its connection."""
    server, came, left = Loopback(), threading.Event(), threading.Event()

    def step(wire):
        came.set()
        wire.sock.recv(1)
        left.set()
        raise Stop

    server.script(step)
    yield server.origin, came, left
    server.close()


def test_closing_early_ends_the_connections(silent):
    """What is under way is given up by the socket, however long the service takes."""
    url, came, left = silent
    with Client(DOCUMENT, server=url) as client:
        results = client.double.map(iter(["a", "b"]), batch=1, in_flight=2)
        waiting = threading.Thread(target=lambda: came.wait(20) and switch.set())
        switch = cancel.Cancel()
        context = copy_context()
        context.run(cancel.use, switch)
        waiting.start()
        with pytest.raises(cancel.Cancelled):
            context.run(next, results)
        assert left.wait(20)
        waiting.join()
    assert our_threads() == []


def test_a_task_that_is_cancelled_leaves_nothing_behind(silent):
    """Neither a thread nor a connection."""
    url, came, left = silent

    async def run():
        async with AsyncClient(DOCUMENT, server=url) as client:
            results = client.double.map(texts(50), batch=1)
            task = asyncio.create_task(anext(results))
            await asyncio.to_thread(came.wait, 20)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(left.wait, 20)

    asyncio.run(run())
    assert our_threads() == []


@pytest.mark.parametrize("split", [0, -1, 1.5, "all", 11])
def test_a_size_of_parts_that_makes_no_sense_is_refused(split):
    """The message names the option."""
    client, transport = client_of(Doubler())
    with pytest.raises(ArgumentError, match="split: "):
        client.double(in_=["a"], split=split)
    assert transport.requests == []


@pytest.mark.parametrize("verb", ["request", "curl", "save"])
def test_only_what_is_sent_at_once_is_split(verb, tmp_path):
    """The other verbs refuse the option; None and False are as good as leaving it out."""
    client, _ = client_of(Doubler())
    where = [tmp_path / "x"] if verb == "save" else []
    with pytest.raises(ArgumentError, match="split: only"):
        getattr(client.double, verb)(*where, in_=["a"], split=True)
    assert client.double(in_=["a"], split=None).out == client.double(in_=["a"], split=False).out


def test_a_split_call_is_the_same_as_a_whole_one():
    """The merged reply has the shape of one, results in order, sums added; the Result has all attempts."""
    client, transport = client_of(Doubler())
    result = client.double.send(in_=texts(35), split=True)
    assert [item.at for item in result.value.out] == list(range(35))
    assert result.value.cost == {"units": 35}
    assert result.value.note == "n"
    assert [attempt.number for attempt in result.attempts] == [1, 2, 3, 4]
    assert len(transport.requests) == 4


def test_a_split_call_takes_its_inputs_from_the_body_too():
    """``body=`` is split like the argument itself."""
    client, transport = client_of(Doubler())
    reply = client.double(body={"in": texts(7), "mode": "x"}, split=5)
    assert [item.twice for item in reply.out] == [text * 2 for text in texts(7)]
    assert sorted(json.loads(body)["mode"] for body in transport.bodies) == ["x", "x"]


def test_a_split_call_is_checked_whole_before_anything_is_sent():
    """An input that does not fit is named by its place among all of them, and nothing was sent."""
    client, transport = client_of(Doubler())
    with pytest.raises(ArgumentError, match=r"in_?\[33\]"):
        client.double(in_=[*texts(33), 7], split=True)
    assert transport.requests == []


def test_what_cannot_be_split_is_refused():
    """An operation of which the document does not say how it batches is not split."""
    client, _ = client_of(Doubler())
    with pytest.raises(ArgumentError, match="does not say how"):
        client.one(id=1, split=True)


def test_an_asynchronous_client_maps_as_well():
    """``async for`` gives the same results in the same order."""

    async def run():
        async with AsyncClient(DOCUMENT, transport=FakeTransport(Doubler(), repeat=True)) as client:
            found = [item.at async for item in client.double.map(texts(25))]
            async with client.double.map(texts(1000), batch=1) as results:
                async for item in results:
                    assert item.at == 0
                    break
            return found

    assert asyncio.run(run()) == list(range(25))


def test_credentials_of_the_client_are_used():
    """A call over rows is refused without the credential that a single one needs."""
    client, _ = client_of(Doubler(always=401))
    with pytest.raises(AuthenticationError):
        next(client.double.map(["a"]))


def test_a_reply_with_too_few_results_is_a_bad_reply():
    """It was called and paid for: the error holds the reply, and never says that nothing was sent."""

    def fewer(request):
        reply = json.loads(Doubler()(request).body)
        return json_response({**reply, "out": reply["out"][:-1]})

    client, _ = client_of(fewer, validate="off", retries=False)
    with pytest.raises(ReplyValidationError, match="1 of them are expected, not 0") as caught:
        list(client.double.map(["a"]))
    assert "not called" not in str(caught.value)
    assert caught.value.response.status == 200
    assert caught.value.value["note"] == "n"


def test_places_are_spread_evenly():
    """The first and the last are among them, and never more than asked for."""
    assert spread(5, 32) == [0, 1, 2, 3, 4]
    places = spread(2048, 32)
    assert len(places) == 32
    assert places[0] == 0
    assert places[-1] == 2047
