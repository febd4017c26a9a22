"""Observers and the logger: what is told of a call, and that telling breaks nothing."""

import dataclasses
import logging
import subprocess
import sys
from pathlib import Path

import pytest

import dynaclient
from dynaclient.errors import ConnectionLostError
from dynaclient.frozen import evolve
from dynaclient.observe import Observer
from dynaclient.observers import Observers
from dynaclient.openapi.model import RetryPolicy
from dynaclient.testing import FakeClock, FakeTransport, json_response, response
from dynaclient.transport import deliver
from dynaclient.wire import Request, Timeout, Upload

KEY = "canary-5d41402abc4b2a76"
REQUEST = Request(
    "POST",
    "https://api.test",
    f"/things/7?api_key={KEY}&page=1",
    {"Authorization": f"Bearer {KEY}"},
    b"body-canary",
)
POLICY = RetryPolicy(
    declared=True,
    strategy="backoff",
    status_codes=("5XX",),
    retry_connection_errors=True,
    jitter="none",
    max_attempts=3,
)


class Recorder(Observer):
    """Keeps all that it is told, as ``(hook, facts)``."""

    def __init__(self, fields=None):
        self.told = []
        self.fields = fields or {}

    def started(self, facts):
        self.told.append(("started", facts))
        return len(self.told)

    def headers(self, token):
        return self.fields

    def ended(self, token, facts):
        assert self.told[token - 1] == ("started", facts.request)
        self.told.append(("ended", facts))

    def attempt(self, facts):
        self.told.append(("attempt", facts))

    def result(self, facts):
        self.told.append(("result", facts))

    def of(self, hook):
        """The facts that this method was told."""
        return [facts for name, facts in self.told if name == hook]


def sent(transport, *observers, request=REQUEST, clock=None, **options):
    """Deliver a request as a call of an operation ``things.change`` does, watched where anybody listens."""
    clock = clock or FakeClock()
    watch = Observers(observers, **options).watch("things.change", "/things/{id}", clock)
    if watch is None:
        return None
    with watch:
        return deliver(
            watch.over(transport),
            request,
            POLICY,
            Timeout(),
            clock=clock,
            sleep=clock.sleep,
            on_attempt=watch.attempt,
        )


def test_the_facts_of_a_call_that_is_retried():
    """Every request, attempt and result is told, in order, with its numbers."""
    clock, seen = FakeClock(), Recorder()

    def busy(request):
        clock.advance(0.25)
        return response(b"busy", 503, {"Retry-After": "2"})

    sent(FakeTransport(busy, json_response({"a": 1})), seen, clock=clock)
    assert [hook for hook, _ in seen.told] == ["started", "ended", "attempt"] * 2 + ["result"]
    first, second = seen.of("started")
    assert dataclasses.asdict(first) == {
        "operation": "things.change",
        "method": "POST",
        "url": "https://api.test/things/7?api_key=[redacted]&page=1",
        "template": "/things/{id}",
        "server": "https://api.test",
        "number": 1,
        "resend": 0,
        "request_bytes": 11,
    }
    assert (second.number, second.resend) == (2, 1)
    ended = seen.of("ended")[0]
    assert (ended.status, ended.error, ended.elapsed, ended.response_bytes) == (503, None, 0.25, 4)
    one, other = seen.of("attempt")
    assert (one.number, one.status, one.delay, one.retry_after, one.elapsed) == (1, 503, 2.0, 2.0, 0.25)
    assert (one.url, one.server, one.method) == (first.url, first.server, "POST")
    assert (other.number, other.status, other.delay, other.response_bytes) == (2, 200, None, 8)
    (result,) = seen.of("result")
    assert (result.operation, result.status, result.error, result.elapsed) == ("things.change", 200, None, 2.25)
    assert result.attempts == (one, other)


@pytest.mark.parametrize(("retries", "most"), [(None, 6), (2, 3), ({"maxAttempts": None}, None)])
def test_an_attempt_knows_how_many_there_may_be(retries, most):
    """Observers are told how many attempts the policy in force allows."""
    seen = Recorder()
    transport = FakeTransport(json_response({"object": "list", "data": []}))
    with dynaclient.Client(transport=transport, bearer_auth="k", retries=retries, observers=seen) as client:
        client.models.list()
    assert [facts.most for facts in seen.of("attempt")] == [most]


def test_redirects_are_requests_of_their_own():
    """A redirect that is followed is told as one more request of the same attempt."""
    seen = Recorder()
    sent(FakeTransport(response(b"", 307, {"Location": "/other"}), json_response({})), seen)
    assert [(facts.number, facts.resend, facts.url) for facts in seen.of("started")] == [
        (1, 0, "https://api.test/things/7?api_key=[redacted]&page=1"),
        (1, 1, "https://api.test/other"),
    ]
    assert [(facts.status, facts.url) for facts in seen.of("attempt")] == [(200, seen.of("started")[0].url)]


def test_a_redirect_that_is_not_followed():
    """Its attempt and its call end with the error, although a reply came."""
    seen = Recorder()
    with pytest.raises(dynaclient.RedirectError):
        sent(FakeTransport(response(b"", 302, {"Location": "/other"})), seen)
    (attempt,), (result,) = seen.of("attempt"), seen.of("result")
    assert (attempt.status, attempt.error) == (None, "RedirectError")
    assert (result.status, result.error) == (302, "RedirectError")


def test_the_facts_of_a_failure():
    """An error is told by its class and its words, and raised unchanged."""
    seen, lost = Recorder(), ConnectionLostError("the connection broke")
    with pytest.raises(ConnectionLostError) as caught:
        sent(FakeTransport(*[lost] * 3), seen, clock=FakeClock())
    assert caught.value is lost
    assert {(facts.status, facts.error, facts.detail) for facts in seen.of("ended")} == {
        (None, "ConnectionLostError", "the connection broke")
    }
    assert seen.of("attempt")[0].error == "ConnectionLostError"
    assert seen.of("attempt")[0].detail == "the connection broke"
    assert seen.of("attempt")[-1].delay is None
    (result,) = seen.of("result")
    assert (result.status, result.error) == (None, "ConnectionLostError")
    assert len(result.attempts) == len(seen.of("attempt")) == 3


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(KEY)], ids=["interrupt", "memory"])
def test_what_was_begun_is_ended(error):
    """An interrupt in the middle of a request ends it too; the words of an error that is not ours are not told."""
    seen = Recorder()

    class Breaking(FakeTransport):
        def send(self, request, timeout, deadline=None):
            raise error

    with pytest.raises(type(error)):
        sent(Breaking(), seen)
    assert [hook for hook, _ in seen.told] == ["started", "ended", "result"]
    assert (seen.of("ended")[0].error, seen.of("ended")[0].detail) == (type(error).__name__, "")
    assert seen.of("result")[0].error == type(error).__name__


@pytest.mark.parametrize(
    "request_, reply, sizes",
    [
        (evolve(REQUEST, body=None), response(b"abc"), (0, 3)),
        (REQUEST, response(b"abcdef", 200, {"Content-Length": "3", "Content-Encoding": "gzip"}), (11, 3)),
        (REQUEST, response(b"abcdef", 200, {"Content-Encoding": "gzip"}), (11, None)),
        (REQUEST, response(b"", 204), (11, 0)),
        (evolve(REQUEST, method="HEAD"), response(b"", 200, {"Content-Length": "9"}), (11, 0)),
        (evolve(REQUEST, body=Upload(lambda: iter([b"ab"]), 2, True)), response(b"a"), (2, 1)),
        (evolve(REQUEST, body=Upload(lambda: iter([b"ab"]), None, True)), response(b"a"), (None, 1)),
    ],
    ids=["no body", "packed", "packed in chunks", "204", "HEAD", "upload", "upload of unknown length"],
)
def test_sizes_are_those_on_the_wire(request_, reply, sizes):
    """The size of a body is what was transferred, packed as it was; None where that is not known."""
    seen = Recorder()
    sent(FakeTransport(reply), seen, request=request_)
    facts = seen.of("attempt")[0]
    assert (facts.request_bytes, facts.response_bytes) == sizes


def test_nothing_secret_is_told():
    """No credential, no user information and no body stands in any fact, nor in what the logger says."""
    seen = Recorder()
    request = evolve(REQUEST, origin=f"https://user:{KEY}@api.test")
    wrong = ConnectionLostError(f"the server said {KEY}")
    with pytest.raises(ConnectionLostError):
        sent(FakeTransport(*[wrong] * 3), seen, request=request, scrub=lambda text: text.replace(KEY, "[redacted]"))
    assert seen.of("attempt")
    assert KEY not in repr(seen.told)
    assert "body-canary" not in repr(seen.told)


@pytest.mark.parametrize("name", ["AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature", "X-Amz-Signature"])
def test_signed_urls_are_redacted(name):
    """The signature of a URL that was signed beforehand is never told, its parameter's name is."""
    seen = Recorder()
    request = Request("GET", "https://api.test", f"/a?{name}={KEY}&color=blue")
    sent(FakeTransport(json_response({})), seen, request=request)
    assert seen.of("started")[0].url == f"https://api.test/a?{name}=[redacted]&color=blue"


def test_facts_are_frozen():
    """What one observer is told no other can change."""
    seen = Recorder()
    sent(FakeTransport(json_response({})), seen)
    for _, facts in seen.told:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(facts, dataclasses.fields(facts)[0].name, None)


# --- header fields


def test_observers_add_headers():
    """Fields that observers ask for are sent; those that the request has, and those that the transport sets, stay as they are."""
    transport = FakeTransport(json_response({}))
    sent(
        transport,
        Recorder({"traceparent": "00-1", "authorization": "mine"}),
        Recorder({"Traceparent": "00-2", "X-B": "b", "Content-Length": "0"}),
    )
    assert transport.requests[0].headers == {"Authorization": f"Bearer {KEY}", "traceparent": "00-1", "X-B": "b"}


@pytest.mark.parametrize("fields", [{"a b": "c"}, {"a": "b\r\nc: d"}, {"a": 1}, {"a": "ü"}, 7], ids=str)
def test_headers_that_cannot_be_sent(fields, caplog):
    """A field that cannot stand in a request is left out and the observer reported; the call goes on."""
    transport = FakeTransport(json_response({}))
    sent(transport, Recorder(fields), Recorder({"x-b": "b"}))
    assert transport.requests[0].headers == {**REQUEST.headers, "x-b": "b"}
    assert [record.levelname for record in caplog.records] == ["WARNING"]


# --- observers that fail


@pytest.mark.parametrize("hook", ["started", "headers", "ended", "attempt", "result"])
def test_an_observer_that_raises_breaks_nothing(hook, caplog):
    """Whatever an observer raises, calls go on, the others are told all, and it is reported once."""
    seen = Recorder()

    class Broken(Observer):
        pass

    def fail(self, *facts):
        raise RuntimeError("observer")

    setattr(Broken, hook, fail)
    broken = Broken()
    clock = FakeClock()
    observers = Observers([broken, seen])
    for _ in range(3):
        with observers.watch("a", "/a", clock) as watch:
            deliver(
                watch.over(FakeTransport(json_response({}))),
                REQUEST,
                POLICY,
                Timeout(),
                clock=clock,
                on_attempt=watch.attempt,
            )
    assert [hook for hook, _ in seen.told] == ["started", "ended", "attempt", "result"] * 3
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("dynaclient", "WARNING")
    assert record.getMessage() == f"the observer Broken failed in {hook}(); calls go on, and this is reported once"
    assert record.exc_info[0] is RuntimeError


def test_an_interrupt_within_an_observer_passes():
    """KeyboardInterrupt is nobody's failure."""

    class Interrupted(Observer):
        def attempt(self, facts):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sent(FakeTransport(json_response({})), Interrupted())


def test_an_observer_needs_no_method():
    """All methods of an observer are optional."""
    sent(FakeTransport(json_response({})), Observer())


@pytest.mark.parametrize("given", [[print], [Observer], 7, ["log"]], ids=["function", "class", "number", "text"])
def test_what_is_no_observer(given):
    """Only instances of Observer are taken, and the error says so."""
    with pytest.raises(dynaclient.ArgumentError, match=r"observers.*Observer"):
        Observers(given)


def test_a_single_observer():
    """One observer needs no list."""
    assert Observers(Observer()).watch("a", "/a") is not None


def test_nobody_listens():
    """Without observers, and with a logger that is silent, there is nothing to accompany a call."""
    assert Observers().watch("a", "/a") is None


def test_a_call_that_goes_on_after_its_with():
    """A stream's result is told at its end, once."""
    seen, clock = Recorder(), FakeClock()
    with Observers([seen]).watch("a", "/a", clock) as watch:
        watch.keep()
    assert not seen.told
    clock.advance(3)
    watch.done()
    watch.done(ValueError())
    (result,) = seen.of("result")
    assert (result.elapsed, result.error) == (3, None)
    watch = Observers([seen]).watch("a", "/a", clock)
    watch.keep()
    watch.__exit__(ValueError, ValueError(), None)
    assert seen.of("result")[1].error == "ValueError"


def test_an_open_reply_is_told_when_its_head_has_come():
    """A request whose reply is read piece by piece ends, for observers, with the head; its size is what the head says."""
    seen = Recorder()

    class Opening(FakeTransport):
        def open(self, request, timeout, deadline, until=None):
            return self.send(request, timeout, deadline)

    watch = Observers([seen]).watch("a", "/a")
    wire = watch.over(Opening(response(b"x", 200, {"Content-Length": "5"})))
    wire.open(REQUEST, Timeout(), None, 9.0)
    wire.close()
    assert seen.of("ended")[0].response_bytes == 5


# --- the logger


def test_the_logger_tells_requests_and_retries(caplog):
    """DEBUG tells each request, INFO each retry; the messages hold no secret and no body."""
    with caplog.at_level(logging.DEBUG, "dynaclient"):
        sent(FakeTransport(response(b"busy", 503), ConnectionLostError("gone"), json_response({})), clock=FakeClock())
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "DEBUG",
            "things.change: attempt 1: POST https://api.test/things/7?api_key=[redacted]&page=1: 503, 4 bytes, 0.000 s",
        ),
        ("INFO", "things.change: attempt 1 failed (status 503); once more in 0.5 s"),
        (
            "DEBUG",
            "things.change: attempt 2: POST https://api.test/things/7?api_key=[redacted]&page=1: ConnectionLostError, ? bytes, 0.000 s",
        ),
        ("INFO", "things.change: attempt 2 failed (ConnectionLostError: gone); once more in 0.75 s"),
        (
            "DEBUG",
            "things.change: attempt 3: POST https://api.test/things/7?api_key=[redacted]&page=1: 200, 2 bytes, 0.000 s",
        ),
    ]
    assert {record.name for record in caplog.records} == {"dynaclient"}


def test_the_logger_at_info_tells_retries_only(caplog):
    """At INFO a call that succeeds at once says nothing."""
    with caplog.at_level(logging.INFO, "dynaclient"):
        sent(FakeTransport(json_response({})))
        assert not caplog.records
        sent(FakeTransport(response(b"busy", 503), json_response({})), clock=FakeClock())
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_the_logger_is_asked_for_each_call(caplog):
    """Logging that is switched on later is heeded by clients that exist already."""
    observers = Observers()
    assert observers.watch("a", "/a") is None
    with caplog.at_level(logging.DEBUG, "dynaclient"):
        assert observers.watch("a", "/a") is not None
    assert observers.watch("a", "/a") is None


def test_a_silent_call_does_not_import_logging():
    """Where nobody has imported ``logging`` nobody listens, and asking does not import it."""
    code = (
        "import sys; from dynaclient.observers import Observers; assert Observers().watch('a', '/a') is None;"
        "print('logging' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "False"
