"""The whole way over real sockets: the bundled document, a server that misbehaves, and one value or one clear error."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest
from documents import embeddings_reply
from loopback import chunked, raw, reply, reset, stall

import dynaclient
from dynaclient import Client
from dynaclient.testing import FakeClock
from dynaclient.world import World

GOOD = json.dumps(embeddings_reply([0.5, 1.5])).encode()
NOW = 1_800_000_000.0


def good():
    """A proper reply with one vector."""
    return reply(200, GOOD, "Content-Type: application/json")


def busy(status, *headers):
    """A refusal in the service's own words."""
    return reply(status, b'{"error": {"message": "busy"}}', "Content-Type: application/json", *headers)


@pytest.fixture
def waits():
    """The seconds that were waited between attempts, without waiting."""
    return []


@pytest.fixture
def client(server, waits):
    """A client of the bundled document, turned to the loopback server, whose waits take no time."""
    world = World(sleep=waits.append, rng=lambda: 0.0, now=lambda: NOW)
    with Client(server=server.origin, bearer_auth="key-of-a-test", timeout=5, world=world) as client:
        yield client


def create(client, **more):
    """One call with one text."""
    return client.embeddings.create.send(input="a", model="m", **more)


@pytest.mark.parametrize(
    "step, waited",
    [
        (busy(503), 0.0),
        (busy(429, "Retry-After: 7"), 7.0),
        (busy(429, "Retry-After: 0.5"), 0.5),
        (busy(429, f"Retry-After: {formatdate(NOW + 9, usegmt=True)}"), 9.0),
        (busy(429, "Retry-After: soon"), 0.0),
        (busy(429, "Retry-After: -3"), 0.0),
        (busy(429, "retry-after-ms: 250"), 0.25),
        (reset(), 0.0),
        (raw(b""), 0.0),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n" + GOOD), 0.0),
        (reset(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"), 0.0),
        (chunked([GOOD[:20]], "Content-Type: application/json", end=b"zz\r\n"), 0.0),
    ],
    ids=["503", "429-seconds", "429-fraction", "429-date", "429-garbage", "429-negative", "429-ms", "reset", "closed",
         "half-a-body", "reset-in-body", "broken-chunk"],
)  # fmt: skip
def test_a_passing_fault_is_ridden_out(server, client, waits, step, waited):
    """One bad attempt is followed by a good one, no earlier than told, and both are on record."""
    server.script(step, good())
    result = create(client)
    assert result.value.data[0].embedding == [0.5, 1.5]
    assert waits == [waited]
    first, second = result.attempts
    assert first.error or first.status in (429, 503)
    assert (second.status, second.delay) == (200, None)


def test_a_stalled_attempt_is_given_up_and_made_again(server, client, waits):
    """A server that says nothing costs one attempt's time-out."""
    server.script(stall(), good())
    result = create(client, timeout=0.1)
    assert result.value.data[0].embedding == [0.5, 1.5]
    assert "TimeoutExpiredError" in result.attempts[0].error


@pytest.mark.parametrize(
    "step, kind, says",
    [
        (reply(200, b"{not json", "Content-Type: application/json"), dynaclient.ReplyDecodeError, "not json"),
        (
            reply(200, b"<html><title>Login</title>", "Content-Type: text/html"),
            dynaclient.UndeclaredReplyError,
            "text/html",
        ),
        (reply(200, b"", "Content-Type: application/json"), dynaclient.ReplyDecodeError, "no body"),
        (reply(204), dynaclient.UndeclaredReplyError, "204"),
        (
            reply(200, b'{"data": null, "error": {"message": "quota"}}', "Content-Type: application/json"),
            dynaclient.APIError,
            "with an error in it: quota",
        ),
        (
            reply(200, b'{"data": null}', "Content-Type: application/json"),
            dynaclient.ReplyValidationError,
            "data",
        ),
        (
            reply(200, json.dumps(embeddings_reply()).encode(), "Content-Type: application/json"),
            dynaclient.ReplyValidationError,
            "0 results came back for 1 inputs",
        ),
        (busy(400), dynaclient.BadRequestError, "busy"),
        (raw(b"SSH-2.0-OpenSSH\r\n"), dynaclient.ProtocolError, "HTTP"),
    ],
    ids=["not-json", "html", "empty", "204", "error", "data-null", "too-few", "400", "not-http"],
)
def test_a_lasting_fault_is_one_clear_error(server, client, step, kind, says):
    """What retrying cannot help ends at once, in one error of the tree, with the one attempt recorded."""
    server.script(step)
    with pytest.raises(kind) as caught:
        create(client)
    assert says in str(caught.value)
    assert caught.value.operation == "embeddings.create"
    assert len(caught.value.attempts) == 1
    assert len(server.requests) == 1


def test_attempts_end_with_the_declared_number(server, client, waits):
    """When the last attempt fails too, the error holds them all, each with its status and wait."""
    server.script(busy(503))
    with pytest.raises(dynaclient.ServerError) as caught:
        create(client)
    assert [attempt.status for attempt in caught.value.attempts] == [503] * 6
    assert len(server.requests) == 6
    assert len(waits) == 5


def test_it_never_comes_back_earlier_than_told(server, client, waits):
    """A Retry-After beyond the deadline ends the call at once, and the error says how long to wait."""
    server.script(busy(429, "Retry-After: 86400"))
    with pytest.raises(dynaclient.RateLimitError) as caught:
        create(client)
    assert caught.value.retry_after == 86400
    assert waits == []


def test_nothing_listens(waits):
    """A refused connection says where it was refused, after the declared attempts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with (
        Client(server=origin, bearer_auth="k", retries=1, world=World(sleep=waits.append)) as client,
        pytest.raises(dynaclient.ConnectError, match=origin) as caught,
    ):
        create(client)
    assert len(caught.value.attempts) == 2
    assert not caught.value.sent


def test_an_hour_of_back_off_takes_no_time(server):
    """The deadline of the document ends the attempts, on a clock that is turned by hand."""
    server.script(busy(503))
    clock = FakeClock()
    # The socket's own time is real, so only the waits move the clock.
    world = World(clock=clock, sleep=clock.sleep, rng=lambda: 1.0 - 1e-9)
    retries = {"maxAttempts": None, "budget": False, "maxElapsedTime": 3_600_000}
    with (
        Client(server=server.origin, bearer_auth="k", retries=retries, world=world) as client,
        pytest.raises(dynaclient.ServerError) as caught,
    ):
        create(client)
    assert 3500 < clock.time < 3600
    assert len(caught.value.attempts) > 50


def test_many_threads_share_one_client():
    """64 threads make 10,000 calls on one client: each gets its own answer, over connections that are kept open."""
    from dynaclient.local import App, LocalServer
    from dynaclient.openapi.read import read
    from dynaclient.source import load

    opened = set()

    class Counted(App):
        """Answers each text with a vector that tells which it was."""

        def answer(self, request):
            opened.add(threading.get_ident())
            return super().answer(request)

    texts = [f"text number {number}" for number in range(10_000)]
    api = read(load().data)
    with Client(server="local") as reference, LocalServer(Counted(api), log=None) as server:
        expected = [
            reference.embeddings.create(input=text, model="hash-384", dimensions=8).data[0].embedding
            for text in texts[:100]
        ]
        with Client(server=server.url, bearer_auth="k") as client, ThreadPoolExecutor(64) as threads:
            call = client.embeddings.create
            found = list(
                threads.map(lambda text: call(input=text, model="hash-384", dimensions=8).data[0].embedding, texts)
            )
    assert len(found) == 10_000
    assert found[:100] == expected
    assert len(opened) <= 64  # the server has one thread for each connection
