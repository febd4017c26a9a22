"""What a run has used: every reply that came is counted, also those that brought no result."""

import asyncio
import json
import pickle
import threading

import pytest
from bulking import DOCUMENT, Doubler, client_of, texts

from dynaclient import ArgumentError, AsyncClient, Client, Summary
from dynaclient.bulk.batchcall import BatchCall
from dynaclient.bulk.gate import Gate
from dynaclient.bulk.job import Job
from dynaclient.bulk.job import Settings as JobSettings
from dynaclient.bulk.pace import Pace
from dynaclient.bulk.plan import estimate
from dynaclient.bulk.rows import open_rows
from dynaclient.bulk.selection import Selection
from dynaclient.bulk.summary import Bill
from dynaclient.testing import FakeClock, FakeTransport, json_response
from dynaclient.wire import Headers


class Wasteful(Doubler):
    """A doubler that notes what its good replies add up to, and leaves a result out of a reply to a text of ``short``."""

    def __init__(self, short=(), **more):
        super().__init__(**more)
        self.short = set(short)
        self.paid = 0

    def __call__(self, request):
        reply = super().__call__(request)
        value = json.loads(reply.body)
        if "out" in value:
            self.paid += len(value["out"])
            if self.short.intersection(json.loads(request.body)["in"]):
                value["out"] = value["out"][1:]
        return json_response(value, reply.status)


def mapped(service, rows, **options):
    """The results of rows, and what is known of them."""
    client, _ = client_of(service)
    results = client.double.map(rows, **options)
    return list(results), results


def test_a_map_tells_what_it_has_come_to():
    """Rows, requests and what the document adds up."""
    values, results = mapped(Doubler(), texts(25))
    assert len(values) == 25
    found = results.summary
    assert (found.rows, found.sent, found.failed, found.requests, found.retries) == (25, 25, 0, 3, 0)
    assert found.usage == {"cost.units": 25}
    assert found.wasted_tokens == 0


def test_failed_rows_are_counted():
    """A recorded error is a failed row; what was sent to find it is counted among the requests."""
    service = Wasteful(bad={"t3": 400})
    _, results = mapped(service, texts(10), on_error="record")
    assert (results.summary.rows, results.summary.failed) == (10, 1)
    assert results.summary.requests > 2
    assert results.summary.usage == {"cost.units": service.paid}


def test_a_map_is_told_while_it_runs():
    """The summary counts what was given out; before the first row it is empty, and it stays where the run is closed."""
    client, transport = client_of(Doubler())
    results = client.double.map(texts(25), in_flight=1)
    assert results.summary == Summary(usage={"cost.units": 0})
    next(results)
    assert results.summary.rows == 1
    results.close()
    assert results.summary.rows == 1
    assert list(results) == []
    assert transport.requests


def test_a_map_that_is_left_is_closed():
    """`with` closes it, and so does a break that drops it."""
    client, _ = client_of(Doubler())
    with client.double.map(texts(25)) as results:
        next(results)
    assert next(results, None) is None
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dynaclient-bulk")]


def test_replies_that_were_refused_are_paid():
    """A reply that lacks a result was paid for: its usage counts, and is told as wasted."""
    service = Wasteful(short={"t1"})
    _, results = mapped(service, texts(4), batch=4, on_error="record", in_flight=1)
    assert results.summary.failed == 1
    assert results.summary.usage == {"cost.units": service.paid}
    assert service.paid > 4


@pytest.mark.parametrize("suffix", ["jsonl", "npy"])
def test_a_bulk_run_pays_for_refused_replies(tmp_path, suffix):
    """Tokens, usage and cost have them, those of a run that is taken up again too."""
    rows = tmp_path / "rows.txt"
    rows.write_text("\n".join(texts(8)))
    paid = []

    def service(request):
        values = json.loads(request.body)["in"]
        paid.append(10 * len(values))
        out = [{"at": place, "vector": [1.0, 2.0]} for place, _ in enumerate(values)]
        if "t1" in values:
            out = out[1:]
        return json_response({"out": out, "cost": {"tokens": paid[-1]}})

    document = json.loads(json.dumps(DOCUMENT).replace("cost.units", "cost.tokens"))

    def run():
        client = Client(document, transport=FakeTransport(service, repeat=True))
        selection = Selection(open_rows(rows), {"in_": "line"}, single=True)
        settings = JobSettings(tmp_path / f"out.{suffix}", estimate, batch=4, in_flight=1, price=1000.0)
        return Job(client.double, {}, selection, settings).run()

    for _ in range(2):  # the second run asks for the failed row again, and pays for that too
        summary = run()
        assert summary.failed == 1
        assert summary.tokens == sum(paid) == summary.usage["cost.tokens"]
        assert summary.wasted_tokens == sum(paid) - 70
        assert summary.cost == pytest.approx(sum(paid) / 1000)


def test_a_bill_counts_each_run_once():
    """The service's count where it tells one, else the estimate; the largest of several counts of tokens."""
    bill = Bill(("usage.prompt_tokens", "usage.total_tokens", "usage.calls"), 2.0)
    bill.add(7)
    bill.add(7, (3, 4, 900), (1, 2, 100))
    bill.add_facts({"tokens": 5, "sums": [1, 1, 1]})
    assert (bill.tokens, bill.wasted_tokens) == (7 + 4 + 2 + 1, 2)
    assert bill.usage == {"usage.prompt_tokens": 5, "usage.total_tokens": 7, "usage.calls": 1001}
    assert bill.cost == pytest.approx(28e-6)


def test_an_asynchronous_map_tells_it_too():
    """It is empty before the first result."""

    async def run():
        async with AsyncClient(DOCUMENT, transport=FakeTransport(Doubler(), repeat=True)) as client:
            results = client.double.map(texts(25))
            before = results.summary
            values = [value async for value in results]
            return before, values, results.summary

    before, values, after = asyncio.run(run())
    assert before == Summary()
    assert len(values) == after.rows == after.usage["cost.units"] == 25


def test_a_batch_call_tells_what_this_process_has_used():
    """All batches of a configuration are added up; a pickle carries nothing of it."""
    how = {"take": "embedding", "constants": {"model": "hash-384", "dimensions": 3}, "client": {"server": "local"}}
    call = BatchCall(None, "embeddings.create", "text", **how)
    assert call.summary == Summary()
    call({"text": ["a", None, "b"]})
    call({"text": ["c"]})
    found = call.summary
    assert (found.rows, found.failed) == (4, 1)
    assert found.tokens == found.usage["usage.total_tokens"] > 0
    assert pickle.loads(pickle.dumps(call)).summary.rows == 4  # this process's own, under the same configuration
    call.close()
    assert call.summary == Summary()


def test_a_gate_says_what_it_waits_for():
    """The status that holds it and the seconds, until a request goes out."""
    clock = FakeClock()
    seen = []

    def sleep(seconds):
        seen.append(gate.tally.waiting)
        clock.sleep(seconds)

    gate = Gate(Pace(), clock, clock, sleep)
    ticket, _ = gate.enter()
    gate.leave(ticket, 429, Headers([("Retry-After", "3")]))
    gate.enter()
    assert seen[0] == "429, 3 s"
    assert all(text.startswith("429, ") for text in seen)
    assert gate.tally.waiting == ""


def test_rows_of_nothing_have_a_summary():
    """No request, no row."""
    values, results = mapped(Doubler(), [])
    assert values == []
    assert (results.summary.rows, results.summary.requests) == (0, 0)


def test_a_row_that_raises_is_counted():
    """The row at which a run ends is a failed one."""
    client, _ = client_of(Doubler())
    results = client.double.map(["a", 7])
    with pytest.raises(ArgumentError):
        list(results)
    assert results.summary.failed == 1


def test_rows_that_are_not_sent_again_count_as_done(tmp_path):
    """With `dedup` the share is that of all rows, while they are sent and while the output is written."""
    rows, seen = tmp_path / "rows.txt", []
    rows.write_text("a\nb\n" * 50)
    client, _ = client_of(Doubler())
    selection = Selection(open_rows(rows), {"in_": "line"}, single=True, dedup=True)
    settings = JobSettings(tmp_path / "out.jsonl", estimate, batch=1)
    found = Job(
        client.double, {}, selection, settings, lambda progress: seen.append((progress.rows, progress.doing))
    ).run()
    assert seen[-1] == (100, "writing out.jsonl")
    assert (found.rows, found.sent) == (100, 2)


def test_replies_of_a_map_count_before_their_rows_are_given_out():
    """What was paid ahead of the row at hand is in the sums, also of an iteration that is not finished."""
    service = Doubler()
    client, transport = client_of(service)
    results = client.double.map(texts(100), batch=10, in_flight=1)
    next(results)
    results.close()
    assert results.summary.rows == 1
    assert results.summary.usage["cost.units"] == 10 * len(transport.requests)
