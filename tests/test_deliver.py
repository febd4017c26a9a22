"""The one loop: attempts, waits, deadlines, redirects and budgets, with a clock that costs no time."""

import pickle
import threading

import pytest

from dynaclient.errors import (
    ArgumentError,
    ConnectError,
    ConnectionLostError,
    RedirectError,
    ReplyTooLargeError,
    TimeoutExpiredError,
    TransportError,
)
from dynaclient.openapi.model import RetryPolicy
from dynaclient.testing import FakeClock, FakeTransport, json_response, response
from dynaclient.transport import RetryBudget, Transport, deliver
from dynaclient.wire import Request, Timeout

POLICY = RetryPolicy(strategy="backoff", declared=True, status_codes=("429", "5XX"), jitter="none")
POST = Request("POST", "https://api.example.com", "/v1/x?key=s3cret", {"Authorization": "Bearer s3cret"}, b"{}")
GET = Request("GET", "https://api.example.com", "/v1/x")


def send(transport, request=POST, policy=POLICY, timeout=None, **seams):
    clock = seams.pop("clock", None) or FakeClock()
    seams = {"clock": clock, "sleep": clock.sleep, "rng": lambda: 0.5, "now": lambda: 0.0, **seams}
    return deliver(transport, request, policy, timeout or Timeout(), **seams)


def test_a_good_reply_is_one_attempt():
    """The first good reply is returned as it is, with one record, and nothing random is asked for."""
    transport = FakeTransport(response("ok"))
    reply, attempts = send(transport, rng=None, now=None, sleep=None)
    assert reply.body == b"ok"
    assert [(a.number, a.status, a.error, a.delay) for a in attempts] == [(1, 200, None, None)]


def test_retries_are_recorded_with_their_waits():
    """Each attempt tells its status or error and the wait that followed; the waits follow the policy."""
    clock, seen = FakeClock(), []
    transport = FakeTransport(response(status=503), ConnectionLostError("gone"), response(status=429), response("ok"))
    reply, attempts = send(transport, clock=clock, on_attempt=seen.append)
    assert reply.body == b"ok"
    assert clock.slept == [0.5, 0.75, 1.125]
    assert [(a.number, a.status, a.error, a.delay) for a in attempts] == [
        (1, 503, None, 0.5),
        (2, None, "ConnectionLostError: gone", 0.75),
        (3, 429, None, 1.125),
        (4, 200, None, None),
    ]
    assert tuple(seen) == attempts


def test_an_hour_of_back_off():
    """A server that is down for an hour is asked as often as the schedule says, and never beyond the hour."""
    clock = FakeClock()
    reply, attempts = send(FakeTransport(response(status=503), repeat=True), clock=clock)
    assert reply.status == 503
    assert 3480 < clock.time < 3600
    assert len(attempts) == len(clock.slept) + 1 > 60
    assert max(clock.slept) == 60.0


def test_the_last_reply_is_returned_when_retries_end():
    """When attempts run out on a reply, that reply is returned, and its record has no wait."""
    reply, attempts = send(
        FakeTransport(response(status=503), repeat=True), policy=RetryPolicy("backoff", max_attempts=2, declared=True)
    )
    assert (reply.status, [a.delay for a in attempts]) == (503, [pytest.approx(0.25), None])


def test_the_last_error_is_raised_with_all_that_is_known():
    """When attempts run out on an error, it carries every attempt and the request without its secrets."""
    policy = RetryPolicy("backoff", max_attempts=2, declared=True)
    with pytest.raises(ConnectionLostError) as caught:
        send(FakeTransport(ConnectionLostError("gone"), repeat=True), policy=policy)
    error = pickle.loads(pickle.dumps(caught.value))
    assert [a.number for a in error.attempts] == [1, 2]
    assert "s3cret" not in repr(error.__dict__)
    assert error.request.target == "/v1/x?key=[redacted]"


def test_retry_after_is_waited_for_and_told():
    """The wait is what the service asks for where that is longer, and the record tells what it asked."""
    clock = FakeClock()
    transport = FakeTransport(response(status=429, headers={"Retry-After": "7.5"}), response())
    _, attempts = send(transport, clock=clock)
    assert clock.slept == [7.5]
    assert attempts[0].retry_after == 7.5


def test_no_wait_crosses_the_deadline():
    """A Retry-After beyond the deadline ends the call at once, with the reply that asked for it."""
    clock = FakeClock()
    transport = FakeTransport(response(status=429, headers={"Retry-After": "31"}))
    reply, attempts = send(transport, clock=clock, timeout=Timeout(total=30))
    assert (reply.status, clock.slept, attempts[0].retry_after) == (429, [], 31.0)


class Deadlines:
    """A transport that records its deadlines and takes ten seconds to fail."""

    def __init__(self, clock):
        self.clock, self.deadlines = clock, []

    def send(self, request, timeout, deadline):
        self.deadlines.append(deadline)
        self.clock.advance(10)
        return response(status=503)

    def open(self, request, timeout, deadline, until=None):
        raise NotImplementedError

    def close(self):
        """Nothing is open."""


@pytest.mark.parametrize(
    ("policy", "total", "expected"),
    [(POLICY, None, 3600.0), (POLICY, 25, 25.0), (RetryPolicy(), None, 600.0), (RetryPolicy("backoff", max_elapsed_time=9000), None, 9.0),
        (RetryPolicy("backoff", max_elapsed_time=0, declared=True), None, 600.0)],
)  # fmt: skip
def test_one_deadline_covers_all(policy, total, expected):
    """All attempts of a call share the deadline: the total, else the policy's time, else ten minutes."""
    clock = FakeClock()
    transport = Deadlines(clock)
    send(transport, policy=policy, clock=clock, timeout=Timeout(total=total))
    assert set(transport.deadlines) == {expected}
    assert isinstance(transport, Transport)


def test_undeclared_post_is_not_sent_twice():
    """Without a declaration a POST that may have arrived is not repeated, but one that was never sent is."""
    with pytest.raises(ConnectionLostError):
        send(FakeTransport(ConnectionLostError("gone")), policy=RetryPolicy())
    refused = ConnectError("refused", sent=False)
    reply, attempts = send(FakeTransport(refused, refused, response("ok")), policy=RetryPolicy())
    assert (reply.body, len(attempts)) == (b"ok", 3)


def test_other_errors_pass_at_once():
    """What was wrong before sending, and what would be wrong again, is not repeated."""
    for error in (ArgumentError("a header"), ReplyTooLargeError("too large")):
        transport = FakeTransport(error)
        with pytest.raises(type(error)):
            send(transport)
        assert len(transport.requests) == 1


def test_a_listed_good_status_is_repeated():
    """A document that lists 202 waits until something else comes."""
    policy = RetryPolicy("backoff", status_codes=("202",), declared=True)
    reply, attempts = send(FakeTransport(response(status=202), response("done")), policy=policy)
    assert (reply.body, len(attempts)) == (b"done", 2)


def test_redirects_are_part_of_an_attempt():
    """A redirect is followed within one attempt, with credentials only at home."""
    transport = FakeTransport(
        response(status=307, headers={"Location": "/b"}),
        response(status=308, headers={"Location": "https://other.example/c"}),
        response("there"),
    )
    reply, attempts = send(transport)
    assert (reply.body, len(attempts)) == (b"there", 1)
    assert [r.url for r in transport.requests[1:]] == ["https://api.example.com/b", "https://other.example/c"]
    assert ["Authorization" in r.headers for r in transport.requests] == [True, True, False]
    assert transport.requests[2].body == b"{}"


def test_a_redirect_loop_ends_the_call():
    """A loop is an error that is not retried."""
    transport = FakeTransport(response(status=307, headers={"Location": POST.target}), repeat=True)
    with pytest.raises(RedirectError) as caught:
        send(transport)
    assert len(caught.value.attempts) == 1


def test_after_a_redirect_something_was_sent():
    """A refused connection behind a redirect is not taken for a request that never left."""
    transport = FakeTransport(
        response(status=307, headers={"Location": "https://down.example/"}), ConnectError("refused", sent=False)
    )
    with pytest.raises(ConnectError) as caught:
        send(transport, policy=RetryPolicy())
    assert caught.value.sent


def test_a_budget_stops_the_hammering():
    """An empty budget ends the retries of an origin, not those of another; successes fill it again."""
    budget = RetryBudget(capacity=10)
    down = FakeTransport(response(status=503), repeat=True)
    assert len(send(down, budget=budget)[1]) == 3
    assert len(send(down, budget=budget)[1]) == 1
    other = Request("POST", "https://other.example", "/")
    assert len(send(FakeTransport(response(status=503), response()), other, budget=budget)[1]) == 2
    for _ in range(5):
        send(FakeTransport(response()), budget=budget)
    assert budget.left(POST.origin) == 5
    assert len(send(down, budget=budget)[1]) == 2


def test_a_time_out_costs_more():
    """A retry after a time-out takes ten tokens, after anything else five."""
    budget = RetryBudget()
    send(FakeTransport(TimeoutExpiredError("slow"), response(status=503), response()), budget=budget)
    assert budget.left(POST.origin) == 500 - 10 - 5 + 1


def test_a_policy_can_leave_the_budget():
    """``budget: false`` neither asks the budget nor pays into it."""
    policy = RetryPolicy("backoff", declared=True, budget=False)
    assert len(send(FakeTransport(response(status=503), response()), policy=policy, budget=RetryBudget(0))[1]) == 2


def test_a_budget_is_exact_among_threads():
    """Threads that withdraw at once never take more than there is."""
    budget, granted = RetryBudget(), []

    def withdraw():
        granted.extend(budget.withdraw("o") for _ in range(50))

    threads = [threading.Thread(target=withdraw) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (granted.count(True), budget.left("o")) == (100, 0)


def test_a_fake_transport_says_when_its_script_ends():
    """A request beyond the script is an AssertionError that shows the request, without its secrets."""
    transport = FakeTransport(json_response({"a": 1}), lambda request: response(request.target))
    assert transport.send(GET, Timeout()).headers["content-type"] == "application/json"
    assert transport.send(GET, Timeout()).body == b"/v1/x"
    with pytest.raises(AssertionError, match="request 3") as caught:
        transport.send(POST, Timeout())
    assert "s3cret" not in str(caught.value)
    transport.close()
    assert transport.closed
    assert transport.timeouts[0] == Timeout()


def test_every_transport_error_leaves_with_its_attempts():
    """Whatever the class, an error of the transport that ends a call carries its one attempt."""
    for kind in TransportError.__subclasses__():
        with pytest.raises(kind) as caught:
            send(FakeTransport(kind("no")), policy=RetryPolicy())
        assert len(caught.value.attempts) == 1
