"""The pace finds a service's limit, stays under it, heeds pauses, and is shared by processes that know nothing of each other."""

import heapq
import itertools
from pathlib import Path

import pytest
import yaml
from bulking import DOCUMENT, Doubler, texts
from hypothesis import given
from hypothesis import strategies as st
from pacing import Case, recovered, simulate

from dynaclient import Client, RateLimitError, World
from dynaclient.bulk.allowance import Allowance, Word, words
from dynaclient.bulk.gate import Gate, GatedTransport
from dynaclient.bulk.pace import START, Caps, Pace
from dynaclient.bulk.rate import LEAST
from dynaclient.bulk.regulator import Regulator, Ticket
from dynaclient.bulk.wall import LONGEST
from dynaclient.testing import FakeClock, FakeTransport, json_response
from dynaclient.wire import Headers

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "bulk_headers.yaml").read_text("utf-8"))


def test_processes_that_know_nothing_of_each_other_share_a_limit():
    """Three processes at one bucket get about the same, and use all of it."""
    outcome = simulate(Case(20, in_flight=8, processes=3))
    assert outcome.used >= 0.95
    assert outcome.fairness >= 0.8


@pytest.mark.parametrize(
    ("changes", "limit", "within"),
    [
        pytest.param(((60.0, 2.0),), 40, 120, id="doubled"),
        pytest.param(((60.0, 0.5),), 10, 30, id="halved"),
        pytest.param(((60.0, 0.0), (120.0, 1.0)), 20, 45, id="nothing for a minute"),
    ],
)
@pytest.mark.parametrize("retry_after", ["absent", "whole"])
def test_a_limit_that_changes_is_found(changes, limit, within, retry_after):
    """Nine tenths of a limit that was raised, lowered, or gone for a minute are used again soon."""
    case = Case(20, retry_after=retry_after, changes=changes, seconds=300)
    taken = recovered(case, changes[-1][0], limit)
    assert taken is not None
    assert taken <= within


def test_an_early_refusal_is_grown_out_of():
    """One refusal before much was accepted says little of the limit: within a minute all is used that the workers can send."""
    taken = recovered(Case(1000, worth=0.01, in_flight=8, changes=((0.5, 1000.0),), seconds=120), 0.5, 8 / 0.2)
    assert taken is not None
    assert taken <= 60


def test_nothing_bounds_the_rate_before_a_refusal():
    """A service that takes all gets all, as fast as it answers."""
    pace = Pace()
    for now in range(1000):
        assert pace.wait(now / 1000) == 0
        pace.take(now / 1000)
        pace.accepted(now / 1000, now / 1000)
    assert pace.rate() is None


def test_few_requests_are_under_way_before_any_is_accepted():
    """A service whose limit is small need not refuse all workers at once."""
    pace = Pace()
    for _ in range(START):
        assert pace.wait(0.0) == 0
        pace.take(0.0)
    assert pace.wait(0.0) > 0
    pace.accepted(0.1, 0.0)
    assert pace.wait(0.1) == 0


def test_others_go_on_while_a_refused_request_waits():
    """Retry-After holds the request that was refused; what others send meanwhile goes at the lower rate."""
    regulator, refused, other = Regulator(Pace()), Ticket(), Ticket()
    regulator.take(0.0, refused)
    regulator.answered(0.1, refused, 429, 30.0)
    assert refused.again == pytest.approx(30.1)
    assert regulator.wait(0.1, other) <= 2


def test_a_service_that_accepts_nothing_is_asked_less_and_less():
    """Where everything is refused, and nobody says for how long, single requests ask again after growing times."""
    regulator, now, asked = Regulator(Pace()), 0.0, []
    while now < 600:
        ticket = Ticket()
        now += max(1e-3, regulator.wait(now, ticket))
        if regulator.wait(now, ticket) <= 0:
            asked.append(now)
            regulator.take(now, ticket)
            regulator.answered(now + 0.02, ticket, 429)
    assert len(asked) < 30
    assert max(after - before for before, after in itertools.pairwise(asked)) <= LONGEST + 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from([200, 429, 503, None]),
            st.floats(0, 30),
            st.none() | st.floats(0, 100),
        ),
        max_size=60,
    )
)
def test_no_request_is_sent_before_its_time(events):
    """Whatever happened, a 503 holds all for its Retry-After, the rate stays above zero, and the wait ends."""
    pace = Pace()
    regulator, now, until = Regulator(pace), 0.0, 0.0
    for status, taken, seconds in events:
        ticket = Ticket(10)
        while (wait := regulator.wait(now, ticket)) > 0:
            assert wait <= max(until - now, LONGEST, 1 / LEAST) + 1
            now += wait + 1e-6
        assert now >= until - 1e-3
        regulator.take(now, ticket)
        now += taken
        regulator.answered(now, ticket, status, seconds)
        assert ticket.again <= now or status == 429
        if status == 503:
            until = now + min(60.0, seconds or 0.0)
        rate = pace.rate()
        assert rate is None or rate >= LEAST


@given(st.lists(st.integers(1, 500), min_size=2, max_size=50), st.integers(60, 6000), st.integers(1000, 100000))
def test_caps_hold(tokens, rpm, tpm):
    """In no span of time are more requests or tokens sent than the caller allows, but for the first."""
    pace, now, sent = Pace(Caps(rpm, tpm)), 0.0, []
    for size in tokens:
        now += pace.wait(now)
        pace.take(now, size)
        sent.append((now, size))
    span = sent[-1][0]
    assert len(sent) - 2 <= span * rpm / 60 + 1e-6
    assert sum(size for _, size in sent[:-1]) <= span * tpm / 60 + 1e-6


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["headers"]))
def test_rate_limit_fields(case):
    """What the usual fields say of what is left, and when more comes, is a wait where nothing is left."""
    headers = Headers({name: str(value) for name, value in case["headers"].items()})
    need = {"requests": 1, "tokens": case.get("tokens", 0)}
    wait = 0
    for word in words(headers, 1.8e9, refused=case.get("refused", False)):
        allowance = Allowance()
        allowance.told(word, 100.0, 100.0, 0)
        wait = max(wait, allowance.wait(100.0, need[word.what]))
    assert wait == pytest.approx(case["wait"])


class Announcing:
    """A service that says what is left and when more comes, and never refuses; it counts a request when it comes."""

    def __init__(self, limit, *, evenly, said):
        self.limit, self.left, self.at, self.evenly, self.said = limit, float(limit), 0.0, evenly, said

    def ask(self, now):
        """The word of a reply; what is left is below zero where more was sent than it takes."""
        if self.evenly:
            self.left = min(self.limit, self.left + (now - self.at) * self.limit)
            self.at = now
        elif now >= self.at + 1:
            self.left, self.at = self.limit, float(int(now))
        self.left -= 1
        left = max(0.0, float(int(self.left)))
        reset = (self.limit - self.left) / self.limit if self.evenly else self.at + 1 - now
        return Word("requests", left, reset, self.limit if self.said else 0.0, self.said)


@pytest.mark.parametrize(("evenly", "said"), [(True, True), (False, False), (False, True)])
@pytest.mark.parametrize("latency", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("in_flight", [1, 8, 32])
def test_what_is_announced_is_kept_and_used(evenly, said, latency, in_flight):
    """A service that says what is left gets what it takes and hardly more, whatever the requests under way; where its fields mislead about how it counts that is learned."""
    service, allowance, limit, seconds = Announcing(20, evenly=evenly, said=said), Allowance(), 20, 60
    now, sent, under = 0.0, [], []
    while now < seconds:
        wait = allowance.wait(now)
        if len(under) < in_flight and wait <= 0:
            allowance.take(now)
            sent.append(now)
            heapq.heappush(under, (now + latency, now))
            continue
        due = [now + wait] if len(under) < in_flight else []
        now = max(now, min(due + [came for came, _ in under[:1]]) + 1e-9)
        while under and under[0][0] <= now:
            came, at = heapq.heappop(under)
            allowance.told(service.ask(at + latency / 2), came, at, sum(one > at for one in sent[-64:]))
    possible = min(limit, in_flight / latency) * seconds
    more = 1.05 if evenly == said else 1.15
    assert 0.9 * possible <= len(sent) <= more * limit * seconds + limit


def test_a_refusal_alone_bounds_nothing_after_its_time():
    """Where a limit is told of only with refusals, and not how high it is, nothing is known once it has passed."""
    allowance = Allowance()
    allowance.told(Word("requests", 0.0, 2.0), 10.0, 10.0, 0)
    assert allowance.wait(11.0) == 1.0
    for _ in range(50):
        assert allowance.wait(12.1) == 0.0
        allowance.take(12.1)


def paced(service, clock):
    """A client in a world of its own, and its transport."""
    transport = FakeTransport(service, repeat=True)
    world = World(clock=clock, sleep=clock.sleep, rng=lambda: 0.5, now=clock)
    return Client(DOCUMENT, transport=transport, world=world), transport


def test_a_refused_request_is_sent_again_after_the_pause():
    """An operation that declares no retries is sent again all the same after a 429, which says that nothing was done."""
    clock, times = FakeClock(), []
    doubler = Doubler()

    def service(request):
        times.append(clock())
        if len(times) == 2:
            return json_response({}, 429, {"Retry-After": "30"})
        return doubler(request)

    client, _ = paced(service, clock)
    assert len(list(client.double.map(texts(50), in_flight=1))) == 50
    assert times[2] - times[1] >= 30


def test_a_pause_of_hours_is_asked_about_again():
    """A service that once asked for an hour is asked again after a minute, and what waits is not silent for longer."""
    clock = FakeClock()
    gate = Gate(Pace(), clock, clock, clock.sleep)
    for _ in range(3):
        gate.expect(0)
        gate.leave(gate.enter()[0], 429, Headers({"Retry-After": "3600"}))
    refused = clock()
    gate.expect(0)
    gate.enter()
    assert 59 <= clock() - refused <= 61


def test_rows_that_were_refused_keep_their_wait():
    """Rows that are sent again by another call wait as long as was said for them, and new ones do not."""
    clock = FakeClock()
    gate = Gate(Pace(), clock, clock, clock.sleep)
    gate.expect(0)
    gate.leave(gate.enter()[0], 429, Headers({"Retry-After": "30"}))
    gate.expect(0, again=True)
    assert gate.enter()[1] >= 30
    assert (gate.tally.requests, gate.tally.retries) == (2, 1)
    gate.expect(0)
    assert gate.enter()[1] < 5


def test_a_wait_of_the_whole_run_is_told():
    """While a refused request waits and no other is under way, the tally says why and for how long; it says nothing once one is sent."""
    clock, told = FakeClock(), []
    gate = Gate(Pace(), clock, clock, lambda seconds: (told.append(gate.tally.waiting), clock.sleep(seconds)))
    gate.expect(0)
    gate.leave(gate.enter()[0], 429, Headers({"Retry-After": "12"}))
    gate.enter()
    assert told[0] == "429, 12 s"
    assert gate.tally.waiting == ""


def test_the_wait_at_the_gate_does_not_count_against_a_request():
    """A request that waits for its turn for longer than an attempt may take is not ended for that."""
    clock, deadlines = FakeClock(), []

    class Noting:
        def send(self, request, timeout, deadline):
            deadlines.append(deadline - clock())
            return json_response({})

    gate = Gate(Pace(Caps(rpm=1)), clock, clock, clock.sleep)
    transport = GatedTransport(Noting(), gate)
    for _ in range(3):
        transport.send(None, None, clock() + 5.0)
    assert deadlines == pytest.approx([5.0, 5.0, 5.0])
    assert clock() >= 100


def test_an_exhausted_window_is_waited_for():
    """Where the fields say that nothing is left nothing is sent until more comes."""
    clock, times = FakeClock(), []
    doubler = Doubler()

    def service(request):
        times.append(clock())
        reply = doubler(request)
        fields = {"x-ratelimit-remaining": "0" if len(times) == 1 else "9", "x-ratelimit-reset": "12"}
        return type(reply)(200, Headers({**reply.headers, **fields}), reply.body)

    client, _ = paced(service, clock)
    list(client.double.map(texts(30), in_flight=1))
    assert times[1] - times[0] >= 12
    assert times[2] - times[1] < 1


def test_requests_a_minute_are_capped():
    """``rpm`` spreads the requests."""
    clock = FakeClock()
    client, transport = paced(Doubler(), clock)
    list(client.double.map(texts(100), in_flight=1, rpm=60))
    assert len(transport.requests) == 10
    assert clock() >= 8


def test_a_quota_that_is_used_up_stops_the_run():
    """A 429 that outlasts the retries while nothing else succeeds is no matter of pace."""
    clock = FakeClock()
    client, _ = paced(lambda request: json_response({"error": {"message": "quota"}}, 429), clock)
    with pytest.raises(RateLimitError, match="quota"):
        list(client.double.map(texts(10), in_flight=1))
