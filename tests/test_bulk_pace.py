"""The pace finds a service's limit, stays under it, heeds pauses, and is shared by processes that know nothing of each other."""

import heapq
import itertools
from pathlib import Path

import pytest
import yaml
from bulking import DOCUMENT, Doubler, texts
from hypothesis import given
from hypothesis import strategies as st

from dynaclient import Client, RateLimitError, World
from dynaclient.bulk.allowance import Allowance, Word, words
from dynaclient.bulk.gate import Gate
from dynaclient.bulk.pace import LEAST, Caps, Pace
from dynaclient.testing import FakeClock, FakeTransport, json_response
from dynaclient.wire import Headers

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "bulk_headers.yaml").read_text("utf-8"))


class Bucket:
    """A service that takes so many requests a second, and a second's worth at once."""

    def __init__(self, rate):
        self.rate, self.left, self.last = rate, rate, 0.0

    def ask(self, now):
        """None where the request is taken, else the seconds to wait."""
        self.left = min(self.rate, self.left + (now - self.last) * self.rate)
        self.last = now
        if self.left >= 1:
            self.left -= 1
            return None
        return (1 - self.left) / self.rate


def simulate(service, paces, seconds, in_flight=8, latency=0.05):
    """Requests that were taken and refused, for each pace, in so many seconds of a made-up world."""
    order = itertools.count()
    events = [(0.01 * number, next(order), "try", number, None) for number in range(len(paces))]
    free, taken, refused = [in_flight] * len(paces), [0] * len(paces), [0] * len(paces)

    def at(time, what, number, reply):
        heapq.heappush(events, (time, next(order), what, number, reply))

    while events and events[0][0] < seconds:
        now, _, what, number, reply = heapq.heappop(events)
        pace = paces[number]
        if what == "reply":
            sent, wait = reply
            if wait is None:
                pace.accepted()
                taken[number] += 1
            else:
                pace.refused(now, sent, wait)
                refused[number] += 1
            free[number] += 1
            if free[number] == 1:
                at(now, "try", number, None)
        elif free[number]:
            wait = pace.wait(now)
            if wait > 1e-9:
                at(now + wait, "try", number, None)
            else:
                pace.take(now)
                free[number] -= 1
                at(now + latency, "reply", number, (now, service.ask(now + latency / 2)))
                at(now, "try", number, None)
    return taken, refused


@pytest.mark.parametrize("rate", [5, 20, 50])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_a_steady_limit_is_used_and_seldom_run_into(rate, processes):
    """At least 95 % of what a service takes is sent, and at most 5 % of the requests are refused, by one process as by several."""
    seconds = max(120, 1200 / rate)
    taken, refused = simulate(Bucket(rate), [Pace() for _ in range(processes)], seconds)
    assert sum(taken) >= 0.95 * rate * seconds
    assert sum(refused) <= 0.05 * (sum(taken) + sum(refused))


def test_processes_share_a_limit():
    """No process is left without its part."""
    taken, _ = simulate(Bucket(20), [Pace(), Pace()], 300)
    assert min(taken) >= 0.25 * sum(taken)


def test_a_limit_that_was_raised_is_found():
    """Where nothing is refused any more the rate grows, faster and faster."""
    service = Bucket(10)
    pace = Pace()
    simulate(service, [pace], 60)
    now = 60.0
    before = pace.rate(now)
    assert pace.rate(now + 180) > 2 * before


def test_an_early_refusal_is_grown_out_of():
    """One refusal before anything was accepted says little of the limit: within a minute the rate is beyond what any service takes."""
    pace = Pace()
    pace.take(0.0)
    pace.refused(0.1, 0.0, 1.0)
    assert pace.rate(2.0) < 2
    assert pace.rate(30.0) > 1000
    assert pace.rate(3600.0) > 1000


def test_nothing_bounds_the_rate_before_a_refusal():
    """A service that takes all gets all, as fast as it answers."""
    pace = Pace()
    for now in range(1000):
        assert pace.wait(now / 1000) == 0
        pace.take(now / 1000)
        pace.accepted()
    assert pace.rate(1.0) is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["take", "accepted", "refused", "hold"]),
            st.floats(0, 30),
            st.none() | st.floats(0, 100),
        ),
        max_size=60,
    )
)
def test_a_pause_holds_everything(events):
    """Whatever happened, nothing is sent before a Retry-After has passed, the rate stays above zero, and the wait ends."""
    pace, now, until = Pace(), 0.0, 0.0
    for what, after, seconds in events:
        now += after
        if what == "take":
            now += pace.wait(now)
            assert now >= until - 1e-6
            pace.take(now, 10)
        elif what == "accepted":
            pace.accepted()
        elif what == "hold":
            pace.hold(now + (seconds or 0))
            until = max(until, now + (seconds or 0))
        else:
            pace.refused(now, now, seconds)
            until = max(until, now + (seconds or 0))
        rate = pace.rate(now)
        assert rate is None or rate >= LEAST
        assert pace.wait(now) <= max(0.0, until - now) + 1 / LEAST + 6


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
    gate.leave(gate.enter(), 429, Headers({"Retry-After": "3600"}))
    refused = clock()
    assert 59 <= gate.enter() - refused <= 61


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
