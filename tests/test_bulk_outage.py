"""A service that does not answer is waited for: one asks again from time to time, nothing is lost, and what cannot pass ends the run."""

import json
import os
import random
import subprocess
import sys
import threading

import pytest
from bulking import DOCUMENT, Doubler, clocked, texts
from hypothesis import given
from hypothesis import strategies as st
from vectorserver import VectorServer

from dynaclient import Client, ConnectError, ConnectionLostError, DynaclientError, ServerError, TimeoutExpiredError
from dynaclient.bulk.outage import DOWN, FIRST_PATIENCE, FLOWING, START, SUSPECT, SUSPECTED, Outage, Waiting, span
from dynaclient.bulk.patience import Patience, reason_of
from dynaclient.bulk.summary import Progress
from dynaclient.cli.failure import hint_for
from dynaclient.cli.meter import Pace, line
from dynaclient.errors import APIError, ReplyValidationError, TransportError
from dynaclient.testing import FakeClock, FakeTransport, json_response, response
from dynaclient.world import World


def every_second(number):
    """The delay before each probe."""
    return 1.0


def down(outage, now=0.0):
    """Let requests fail until the service counts as down."""
    while outage.state != DOWN:
        outage.failed(outage.ask(now), now, "503")


def test_some_failures_are_only_suspected():
    """A success in between begins the count anew."""
    outage = Outage(3600, every_second, known=True)
    for _ in range(10):
        for _ in range(SUSPECT - 1):
            outage.failed(outage.ask(0.0), 0.0, "503")
        assert outage.state == SUSPECTED
        outage.succeeded(outage.ask(0.0))
        assert outage.state == FLOWING


def test_one_asks_while_the_others_wait():
    """The next may ask only once it is known what became of the one before, and later each time."""
    outage = Outage(3600, lambda number: 2.0**number, known=True)
    down(outage)
    probe = outage.ask(0.0)
    assert (probe.probe, probe.wait) == (True, 1.0)
    assert outage.ask(0.5) is None
    outage.failed(probe, 1.0, "503")
    again = outage.ask(1.0)
    assert (again.probe, again.wait) == (True, 2.0)
    outage.dropped(again)
    assert outage.ask(1.0).probe


def test_after_an_outage_the_others_follow_by_and_by():
    """Twice as many with each round of answers, until nothing holds them."""
    outage = Outage(3600, every_second, known=True)
    down(outage)
    given = [outage.ask(0.0)]
    rounds = []
    while outage.state != FLOWING:
        rounds.append(len(given))
        for one in given:
            outage.succeeded(one)
        given = []
        while len(given) < 64 and (one := outage.ask(1.0)) is not None:
            given.append(one)
    assert rounds[:3] == [1, 2, 4]
    assert outage.waiting is None


def test_the_patience_counts_from_the_first_failure():
    """Time in which nothing was asked does not count, and an answer begins it anew."""
    outage = Outage(3600, every_second, known=True)
    down(outage, 5000.0)
    assert not outage.given_up(8599.0)
    assert outage.given_up(8600.0)
    outage.succeeded(outage.ask(8600.0))
    down(outage, 9000.0)
    assert not outage.given_up(9001.0)


def test_a_service_that_has_never_answered_is_waited_for_less_long():
    """Its address may be wrong; not many requests are under way until it has answered."""
    outage = Outage(3600, every_second)
    assert len([one for one in (outage.ask(0.0) for _ in range(64)) if one]) == START
    fresh = Outage(3600, every_second)
    down(fresh)
    assert fresh.given_up(FIRST_PATIENCE)
    assert not fresh.given_up(FIRST_PATIENCE - 1)


def test_the_last_probe_is_at_the_end_of_the_patience():
    """No wait leads beyond it, however long the delays are."""
    outage = Outage(3600, lambda number: 50.0)
    down(outage)
    seen = []
    while not outage.given_up(seen[-1] if seen else 0.0):
        one = outage.ask(seen[-1] if seen else 0.0)
        seen.append((seen[-1] if seen else 0.0) + one.wait)
        outage.failed(one, seen[-1], "503")
    assert seen == [50.0, 100.0, FIRST_PATIENCE]


@pytest.mark.parametrize(
    ("left", "words"), [(0.5, "again;"), (0.6, "again in 1 s;"), (0.0, "again;"), (8, "again in 8 s;")]
)
def test_no_wait_of_no_time_is_told(left, words):
    """A probe that is due at once has no time."""
    assert f"asking {words}" in Waiting("503", 0.0, left, 60.0).line(0.0)


REASONS = [
    (ConnectError("x"), "no connection"),
    (ConnectionLostError("x"), "connection lost"),
    (TimeoutExpiredError("x"), "time-out"),
    (TransportError("x"), "TransportError"),
    (APIError("x", response=json_response({}, 503)), "503"),
    (APIError("x", response=json_response({}, 200)), "200 with an error in it"),
    (ReplyValidationError("x", response=json_response({})), "a reply that cannot be used"),
]


@pytest.mark.parametrize(("error", "words"), REASONS, ids=lambda value: str(value)[:20])
def test_what_came_is_told_in_words(error, words):
    """The status of an error, and no names of classes for what people meet."""
    assert reason_of(error) == words


@given(st.lists(st.tuples(st.sampled_from(["ask", "good", "bad", "dropped"]), st.floats(0, 5)), max_size=200))
def test_at_most_one_asks_while_the_service_is_down(events):
    """Whatever comes back and when, and once all has come back somebody may ask."""
    outage, now, under, probes = Outage(3600, every_second, known=True), 0.0, [], 0
    for what, after in events:
        now += after
        if what == "ask":
            found = outage.ask(now)
            if found is not None:
                under.append(found)
        elif under:
            one = under.pop(0)
            {
                "good": lambda one=one: outage.succeeded(one),
                "bad": lambda one=one, now=now: outage.failed(one, now, "503"),
                "dropped": lambda one=one: outage.dropped(one),
            }[what]()
        probes = sum(one.probe for one in under)
        assert probes <= 1
        assert (outage.waiting is not None) == (outage.state == DOWN)
    for one in under:
        outage.dropped(one)
    assert outage.ask(now) is not None


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59.6, "1 m"), (80, "1 m 20 s"), (3600, "1 h"), (7325, "2 h 2 m 5 s")]
)
def test_spans_in_words(seconds, words):
    """To the second, without what is zero."""
    assert span(seconds) == words


# --- many rows


class Failing:
    """A doubler that fails from one time to another, and counts what came meanwhile."""

    def __init__(self, failure, begin, end):
        self.failure, self.begin, self.end = failure, begin, end
        self.clock, self.asked, self.doubler = None, 0, Doubler()

    def __call__(self, request):
        self.clock.advance(0.05)
        if not self.begin <= self.clock() < self.end:
            return self.doubler(request)
        self.asked += 1
        if isinstance(self.failure, type):
            raise self.failure("gone", sent=self.failure is not ConnectError)
        return json_response({"error": {"message": "x"}}, self.failure) if self.failure else response("<html>")


FAILURES = [503, 500, 520, 529, 424, 409, 425, 408, ConnectError, ConnectionLostError, TimeoutExpiredError, None]


@pytest.mark.parametrize("failure", FAILURES, ids=str)
@pytest.mark.parametrize(("batch", "in_flight"), [(1, 8), (10, 1), (10, 8)])
@pytest.mark.parametrize("begin", [0.5, 0.0])
def test_an_outage_loses_no_row(failure, batch, in_flight, begin):
    """A minute of whatever a service that is down brings, in the middle or at the start, and every row has its result; few requests ask meanwhile."""
    if failure is None and not begin:
        pytest.skip("what cannot be read from the first reply on is told at once")
    service = Failing(failure, begin, begin + 60)
    client, _, service.clock = clocked(service)
    found = list(client.double.map(texts(300), batch=batch, in_flight=in_flight, on_error="record"))
    assert [item.at for item in found if not isinstance(item, DynaclientError)] == list(range(300))
    assert 1 <= service.asked <= 60


def test_a_service_that_stays_down_ends_the_run_after_an_hour():
    """The document says for how long; the error says how long it was, and what came last."""
    service = Failing(503, 2.0, 1e9)
    client, _, service.clock = clocked(service)
    policy = {"maxElapsedTime": 3_600_000, "statusCodes": ["5XX"]}
    with pytest.raises(ServerError) as caught:
        list(client.double.map(texts(300), batch=1, on_error="record", retries=policy))
    assert 3600 <= service.clock() < 3700
    assert any("waited for 1 h" in note for note in caught.value.__notes__)
    assert service.asked < 200


def test_a_service_that_never_answered_ends_the_run_after_two_minutes():
    """No row is blamed, and the requests are few."""
    service = Failing(ConnectError, 0.0, 1e9)
    client, _, service.clock = clocked(service)
    with pytest.raises(ConnectError):
        list(client.double.map(texts(300), on_error="record"))
    assert 120 <= service.clock() < 122
    assert service.asked < 30


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_what_cannot_pass_ends_the_run_at_once(status):
    """In the middle of it too."""
    service = Failing(status, 2.0, 1e9)
    client, _, service.clock = clocked(service)
    with pytest.raises(DynaclientError, match=f"{status}"):
        list(client.double.map(texts(300), batch=1, on_error="record", in_flight=1))
    assert service.asked == 1


def test_nobody_is_told_to_try_again_what_must_be_paid_first():
    """The hint at the shell for 402 speaks of the account, not of attempts."""
    assert "plan, credit and limits" in hint_for(APIError("x", response=json_response({}, 402)))


def test_an_outage_is_told_on_the_logger(caplog):
    """When it begins, once a minute, and when it ends."""
    service = Failing(503, 2.0, 200.0)
    client, _, service.clock = clocked(service)
    list(client.double.map(texts(300), batch=1))
    lines = [record.message for record in caplog.records if record.name == "dynaclient"]
    assert lines[0].startswith("the service does not answer (503); ")
    assert lines[0].endswith(" of 10 m")
    assert lines[-1].startswith("the service answers again, after ")
    assert 3 <= len(lines) <= 7


NOON = 1_750_000_000
"""The time of day at which the clock of a test begins, in seconds since the epoch."""
ENDS = [
    {"X-RateLimit-Reset": str(NOON + 5)},
    {"X-RateLimit-Reset": str((NOON + 5) * 1000)},
    {"X-RateLimit-Reset-Requests": "2025-06-15T15:06:45Z"},
    {"Retry-After": "Sun, 15 Jun 2025 15:06:45 GMT"},
]


@pytest.mark.parametrize("headers", ENDS, ids=str)
def test_a_limit_that_ends_at_a_time_of_day_ends_no_run(headers):
    """It is waited for, as one that ends in so many seconds."""
    doubler, clock = Doubler(), FakeClock()

    def service(request):
        limited = len(transport.requests) > 2 and clock() < 5
        return json_response({}, 429, headers) if limited else doubler(request)

    transport = FakeTransport(service, repeat=True)
    world = World(clock=clock, sleep=clock.sleep, rng=lambda: 0.5, now=lambda: NOON + clock())
    client = Client(DOCUMENT, transport=transport, world=world)
    policy = {"maxElapsedTime": 3_600_000, "statusCodes": ["429"]}
    found = list(client.double.map(texts(6), batch=1, in_flight=1, on_error="record", retries=policy))
    assert [item.twice for item in found] == [text * 2 for text in texts(6)]
    assert 5 <= clock() < 60


@pytest.mark.parametrize("status", [502, 200])
def test_nothing_is_promised_when_a_run_is_given_up(status, caplog):
    """The last line is not that it will be asked again."""
    service = Failing(status if status != 200 else None, 0.0, 1e9)
    client, _, service.clock = clocked(service)
    with pytest.raises(DynaclientError):
        list(client.double.map(texts(300), on_error="record"))
    lines = [record.message for record in caplog.records if record.name == "dynaclient"]
    assert not any("waited 2 m" in line for line in lines)
    assert bool(lines) == (status == 502), "a reply that cannot be read is no silence of the service"


@pytest.mark.parametrize(("code", "words"), [(502, "502"), ("overloaded", "200 with an error in it")])
def test_an_error_within_a_good_reply_is_not_told_as_its_status(code, words):
    """Nobody is told that a service does not answer because of a 200."""
    error = APIError("x", response=json_response({}), code=code)
    assert reason_of(error) == words


def test_a_line_of_80_columns_says_what_is_waited_for():
    """A progress line has room for an outage, beside how far the run is."""
    outage = Outage(3600.0, lambda number: 20.0, known=True)
    down(outage)
    patience = Patience(outage, lambda: 10.0, lambda seconds: None)
    assert patience.waiting() == "503, 10 s"
    progress = Progress(total=1_000_000, rows=420_000, failed=3, cost=12.5, waiting=patience.waiting)
    pace = Pace()
    pace.note(10.0, progress)
    assert line(progress, pace, 79) == "42 %  420,000 of 1,000,000 rows  3 failed  cost 12.50  waiting: 503, 10 s"


def test_a_later_run_of_a_client_knows_that_the_service_has_answered():
    """It waits as long as is granted, and not as for an address that may be wrong."""
    service = Failing(503, 5.0, 5.0 + 2 * FIRST_PATIENCE)
    client, _, service.clock = clocked(service)
    for _ in range(8):
        assert len(list(client.double.map(texts(20), batch=1))) == 20
    assert service.clock() > service.end


def test_an_outage_of_less_than_a_second_is_not_told(caplog):
    """What is over before anybody could act on it makes no line, neither when it begins nor when it ends."""
    service = Failing(503, 2.0, 2.3)
    client, _, service.clock = clocked(service)
    assert len(list(client.double.map(texts(300), batch=1))) == 300
    assert not [record for record in caplog.records if record.name == "dynaclient"]


# --- blame


class Flaky:
    """A doubler that fails by chance, with a share of its requests; ``bad`` as for `Doubler`."""

    def __init__(self, failure, share, bad=None):
        self.failure, self.share, self.rng, self.lock = failure, share, random.Random(7), threading.Lock()
        self.doubler = Doubler(bad)

    def __call__(self, request):
        with self.lock:
            fails = self.rng.random() < self.share
        if not fails:
            return self.doubler(request)
        if self.failure == "html":
            return response("<html>", headers={"Content-Type": "text/html"})
        if self.failure == "few":
            reply = self.doubler(request)
            body = json.loads(reply.body)
            return json_response({**body, "out": body.get("out", [])[:-1]}, reply.status)
        if isinstance(self.failure, type):
            raise self.failure("gone")
        return json_response({"error": {"message": "x"}}, self.failure)


CHANCES = [500, 502, 520, 529, 424, 425, 409, 408, 400, "html", "few", ConnectionLostError, TimeoutExpiredError]


@pytest.mark.parametrize("failure", CHANCES, ids=str)
@pytest.mark.parametrize(("share", "batch", "in_flight"), [(0.02, 1, 8), (0.3, 1, 8), (0.3, 1, 1), (0.3, 10, 8)])
def test_no_row_is_blamed_for_what_passes(failure, share, batch, in_flight):
    """However many requests fail by chance, every row has its result, in its place."""
    client, _, _ = clocked(Flaky(failure, share))
    found = list(client.double.map(texts(500), batch=batch, in_flight=in_flight, on_error="record"))
    assert [getattr(item, "twice", item) for item in found] == [text * 2 for text in texts(500)]


@pytest.mark.parametrize("batch", [1, 10])
@pytest.mark.parametrize("status", [400, 413, 422, 500, 520, 424])
@pytest.mark.parametrize("share", [0.0, 0.1])
def test_rows_that_are_bad_are_blamed_all_the_same(status, batch, share):
    """Those and no others, in a service that is sound as in one that fails now and then; be they the first, or the last and alone in the end."""
    bad = {f"t{number}": status for number in (0, 17, 18, 299)}
    client, transport, _ = clocked(Flaky(500, share, bad))
    found = list(client.double.map(texts(300), batch=batch, in_flight=1, on_error="record"))
    assert [place for place, item in enumerate(found) if isinstance(item, DynaclientError)] == [0, 17, 18, 299]
    assert len(transport.requests) <= 300 / batch + 4 * 45 + share * 300


# --- at the shell


def test_a_run_at_the_shell_waits_and_says_so(tmp_path):
    """The line comes while the service is down; afterwards all is done, and nothing failed."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"text": f"row {number}"}) + "\n" for number in range(200)))
    with VectorServer(delay=0.01) as server:
        begun = server.after(40)
        line = f"bulk embeddings.create --set input=text --model m --batch 2 --server {server.url}".split()
        paths = ["--rows", str(rows), "--out", str(tmp_path / "out.npy")]
        process = subprocess.Popen(
            [sys.executable, "-m", "dynaclient", *line, *paths],
            env={**os.environ, "DYNACLIENT_BEARER_AUTH": "k"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.wait(30)
        server.down = True
        told = process.stderr.readline()
        server.down = False
        rest = process.stderr.read()
        process.stderr.close()
        assert process.wait(30) == 0, rest
    assert "the service does not answer (503); " in told
    assert "answers again" in rest
    assert server.twice() <= 1
