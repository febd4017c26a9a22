"""The asynchronous client: over a scripted transport, and over real sockets where cancelling must close them."""

import asyncio
import contextvars
import gc
import inspect
import json
import pydoc
import threading
import weakref

import pytest
from documents import document, embeddings_reply, operation
from loopback import reply, stall

import dynaclient
from dynaclient import Client
from dynaclient.aio import AsyncClient, AsyncIterate, Workers
from dynaclient.cancel import NEVER, Cancel, Cancelled, current, interruptible
from dynaclient.testing import FakeClock, FakeTransport, json_response
from dynaclient.transport import Urllib3Transport
from dynaclient.wire import Request, Timeout
from dynaclient.world import World

PATHS = {
    "/things": {"get": {**operation(reply={"type": "object"}), "operationId": "list", "tags": ["things"]}},
    "/ping": {"post": {**operation({"type": "object"}), "operationId": "ping"}},
}
RETRIES = {"strategy": "backoff", "backoff": {"initialInterval": 500}, "statusCodes": ["5XX"]}
GOOD = json_response({"a": 1})


def client(*replies, **options):
    """An asynchronous client over a scripted transport."""
    repeat = len(replies) == 1
    return AsyncClient(document(PATHS), transport=FakeTransport(*replies, repeat=repeat), cache=False, **options)


def over(server, **options):
    """An asynchronous client over sockets to a server on this machine."""
    return AsyncClient(document(PATHS), server=server.origin, cache=False, **options)


def workers():
    """The worker threads that are alive."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("dynaclient")]


@pytest.fixture(autouse=True)
def _no_thread_stays():
    """After each test every worker thread has ended."""
    before = set(workers())
    yield
    gc.collect()
    for thread in set(workers()) - before:
        thread.join(5)
    assert not set(workers()) - before


async def until(condition):
    """Let the event loop go round until something holds."""
    while not condition():
        await asyncio.sleep(0)


# --- the same surface


def test_a_call_is_awaited():
    """Calls give the values that the synchronous client gives, with the same request."""

    async def main():
        fake = FakeTransport(json_response(embeddings_reply([0.5], [1.5])))
        async with AsyncClient(transport=fake, bearer_auth="canary") as client:
            value = await client.embeddings.create(input=["a", "b"], model="m")
        assert value.data[1].embedding == [1.5]
        assert json.loads(fake.requests[0].body) == {"input": ["a", "b"], "model": "m"}
        assert fake.closed

    asyncio.run(main())


def test_send_tells_all():
    """``send`` gives the Result of the synchronous client."""

    async def main():
        async with client(GOOD) as it:
            result = await it.things.list.send()
            assert (result.status, result.value, len(result.attempts)) == (200, {"a": 1}, 1)
            assert await it["things.list"]() == {"a": 1}

    asyncio.run(main())


def test_what_sends_nothing_is_not_awaited():
    """``request`` and ``curl`` answer at once, outside of an event loop too."""
    it = client()
    assert it.things.list.request().target == "/things"
    assert it.things.list.curl().startswith("curl")
    assert it.things.list.operation.path == "/things"


def test_the_client_looks_as_the_synchronous_one():
    """Names, length, members, signatures, docstrings and help are those of the synchronous client."""
    one, other = client(), Client(document(PATHS), cache=False)
    assert (list(one), len(one), "ping" in one) == (list(other), len(other), True)
    assert {name for name in dir(other) if not name.startswith("_")} <= set(dir(one))
    assert dir(one.things) == dir(other.things) == ["list"]
    assert one.api.title == other.api.title
    assert inspect.signature(one.things.list) == inspect.signature(other.things.list)
    assert inspect.getdoc(one.things.list) == inspect.getdoc(other.things.list)
    assert type(one.things).__doc__ == type(other.things).__doc__
    assert "list(" in pydoc.plain(pydoc.render_doc(one.things))
    assert repr(one).startswith("<AsyncClient of 'Test'")
    assert repr(one.things) == "<AsyncGroup things: list>"
    assert repr(one.ping) == "<AsyncCall ping: POST /ping>"
    assert one.ping is one.ping


def test_the_signature_of_the_client():
    """The client takes what the synchronous one takes, and how many calls run at once."""
    names = list(inspect.signature(Client).parameters)
    assert list(inspect.signature(AsyncClient).parameters) == [*names, "max_concurrency"]


@pytest.mark.parametrize("path", ["thing", "things.lost"])
def test_unknown_names(path):
    """A name that there is not is an AttributeError that names the nearest, as in the synchronous client."""
    one, other = client(), Client(document(PATHS), cache=False)
    for name in path.split(".")[:-1]:
        one, other = getattr(one, name), getattr(other, name)
    with pytest.raises(AttributeError) as caught:
        getattr(one, path.rpartition(".")[2])
    with pytest.raises(AttributeError) as expected:
        getattr(other, path.rpartition(".")[2])
    assert str(caught.value) == str(expected.value)


def test_with_options():
    """A client with options changed shares transport and threads."""

    async def main():
        async with client(GOOD) as it:
            other = it.with_options(headers={"X-A": "1"})
            await other.things.list()
            await it.things.list()
            first, second = it._client._core._transport.requests
            assert (first.headers["X-A"], "X-A" in second.headers) == ("1", False)
            assert len(workers()) <= 2

    asyncio.run(main())


def test_exceptions_pass_unchanged():
    """What a call raises in its thread is what the coroutine raises."""

    async def main():
        lost = dynaclient.ProtocolError("gone")
        async with client(json_response({"message": "no"}, 404), lost) as it:
            with pytest.raises(dynaclient.ArgumentError, match="lost"):
                await it.things.list(lost=1)
            with pytest.raises(dynaclient.NotFoundError, match="no"):
                await it.things.list()
            with pytest.raises(dynaclient.ProtocolError) as caught:
                await it.things.list()
            assert caught.value is lost

    asyncio.run(main())


@pytest.mark.parametrize("limit", [0, True, 1.5, "8"])
def test_a_senseless_limit(limit):
    """The number of calls at once is a whole number above 0."""
    with pytest.raises(dynaclient.ArgumentError, match="max_concurrency"):
        AsyncClient(document(PATHS), max_concurrency=limit)


def test_a_client_is_not_pickled():
    """Client, group and call say why they cannot be pickled."""
    it = client()
    for thing in (it, it.things, it.things.list):
        with pytest.raises(TypeError, match="not pickled"):
            thing.__reduce__()


# --- concurrency


def test_a_thousand_calls_at_once():
    """A thousand calls are answered, never more of them at once than allowed."""
    lock, running, most = threading.Lock(), 0, 0
    full = threading.Barrier(64)

    def answer(request):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            number = len(seen)
            seen.append(request)
        if number < 64:
            full.wait(10)  # the first 64 are in here together
        with lock:
            running -= 1
        return GOOD

    seen = []

    async def main():
        async with client(answer, max_concurrency=64) as it:
            values = await asyncio.gather(*(it.things.list() for _ in range(1000)))
        assert values == [{"a": 1}] * 1000
        assert most == 64

    asyncio.run(main())


def test_the_loop_goes_on_during_a_call(server):
    """While a server does not answer, the event loop goes round; further calls beyond the bound wait without holding it up."""
    server.script(stall())

    async def main():
        async with over(server, max_concurrency=1) as it:
            calls = [asyncio.ensure_future(it.things.list()) for _ in range(3)]
            await until(lambda: server.requests)
            for _ in range(1000):
                await asyncio.sleep(0)
            assert not any(call.done() for call in calls)
            assert len(server.requests) == 1
            for call in calls:
                call.cancel()
            assert [type(found) for found in await asyncio.gather(*calls, return_exceptions=True)] == [
                asyncio.CancelledError
            ] * 3

    asyncio.run(main())


def test_one_client_in_several_loops():
    """A client is not bound to an event loop: it is used in one after another."""
    it = client(GOOD)

    async def main():
        return await it.things.list()

    assert asyncio.run(main()) == asyncio.run(main()) == {"a": 1}
    asyncio.run(it.aclose())


def test_context_variables_reach_the_call():
    """A call sees the context variables of the task that made it, and its own changes stay its own."""
    variable = contextvars.ContextVar("variable", default="")

    def answer(request):
        seen.append(variable.get())
        variable.set("changed")
        return GOOD

    seen = []

    async def one(it, value):
        variable.set(value)
        await it.things.list()
        return variable.get()

    async def main():
        async with client(answer) as it:
            assert await asyncio.gather(one(it, "a"), one(it, "b")) == ["a", "b"]
        assert sorted(seen) == ["a", "b"]
        assert current() is NEVER

    asyncio.run(main())


# --- cancellation


def test_cancelling_closes_the_connection(server):
    """Cancelling a task shuts its connection down at once, although the thread waits for a reply that will never come."""
    server.script(stall())

    async def main():
        async with over(server, timeout=600, retries=5) as it:
            call = asyncio.ensure_future(it.things.list())
            await until(lambda: server.requests)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await until(lambda: not it._workers._pending)
        assert len(server.requests) == 1

    asyncio.run(asyncio.wait_for(main(), 30))


def test_cancelling_in_the_middle_of_a_body(server):
    """So does it when half of the reply has come; the connection is not used again."""
    server.script(
        stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
        reply(200, b'{"a":1}', "Content-Type: application/json"),
    )

    async def main():
        async with over(server, timeout=600) as it:
            call = asyncio.ensure_future(it.things.list())
            await until(lambda: server.requests)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await until(lambda: not it._workers._pending)
            assert await it.things.list() == {"a": 1}
        assert [request.connection for request in server.requests] == [1, 2]

    asyncio.run(asyncio.wait_for(main(), 30))


def test_cancelling_ends_the_wait_for_a_retry(server):
    """A wait of an hour before the next attempt ends when the task is cancelled, and nothing more is sent."""
    server.script(reply(503, b"", "Retry-After: 3000"))

    async def main():
        async with over(server, retries=RETRIES) as it:
            call = asyncio.ensure_future(it.things.list())
            await until(lambda: server.requests)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await until(lambda: not it._workers._pending)
        assert len(server.requests) == 1

    asyncio.run(asyncio.wait_for(main(), 30))


def test_a_timeout_of_asyncio(server):
    """The time limits of asyncio work on calls."""
    server.script(stall())

    async def main():
        async with over(server) as it:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(it.things.list(), 0.05)

    asyncio.run(main())


def test_a_call_that_waits_for_its_turn_is_never_sent(server):
    """A call that is cancelled before a thread is free sends nothing."""
    server.script(stall())

    async def main():
        async with over(server, max_concurrency=1) as it:
            first, second = (asyncio.ensure_future(it.things.list()) for _ in range(2))
            await until(lambda: server.requests)
            second.cancel()
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.gather(first, second, return_exceptions=True)
        assert len(server.requests) == 1

    asyncio.run(main())


def test_closing_ends_the_calls(server):
    """Calls that are under way, or wait for their turn, when the client is closed raise ConnectionLostError; a closed client can be used again."""
    server.script(stall(), reply(200, b'{"a":1}', "Content-Type: application/json"))

    async def main():
        it = over(server, max_concurrency=1, timeout=600)
        calls = [asyncio.ensure_future(it.things.list()) for _ in range(3)]
        await until(lambda: server.requests)
        await it.aclose()
        assert not workers()
        for found in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(found, dynaclient.ConnectionLostError)
            assert "closed" in str(found)
        assert await it.things.list() == {"a": 1}
        await it.aclose()
        await it.aclose()

    asyncio.run(asyncio.wait_for(main(), 30))


def test_an_interrupted_program_ends(server):
    """KeyboardInterrupt in the middle of a call ends the program, its call and its thread."""
    server.script(stall())

    async def main():
        it = over(server, timeout=600)
        call = asyncio.ensure_future(it.things.list())
        await until(lambda: server.requests)
        assert not call.done()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    server.idle()


# --- the switch


def test_a_switch_wakes_a_thread_that_reads():
    """Setting a switch ends a read of the connection that it holds, and only of those that it still holds."""
    import socket

    class Connection:
        def __init__(self, sock):
            self.sock = sock

    (one, other), (kept, far) = socket.socketpair(), socket.socketpair()
    with one, other, kept, far:
        switch, held, released = Cancel(), Connection(one), Connection(kept)
        for connection in (held, released, Connection(None)):
            switch.hold(connection)
        switch.release(released)
        thread = threading.Thread(target=lambda: seen.append(one.recv(1)))
        seen = []
        thread.start()
        switch.set()
        thread.join(10)
        assert seen == [b""]
        far.send(b"x")
        assert kept.recv(1) == b"x"
        with pytest.raises(Cancelled):
            switch.hold(held)
        with pytest.raises(Cancelled):
            switch.wait(600)


def test_the_switch_of_ordinary_calls_does_nothing():
    """A call that nobody can cancel has a switch that is never set."""
    NEVER.check()
    NEVER.hold(None)
    NEVER.release(None)
    NEVER.wait(0)
    assert not NEVER.is_set()
    with pytest.raises(RuntimeError):
        NEVER.set()


def test_a_clock_of_ones_own_is_kept():
    """A sleep that was given, a test's, is what waits; the switch is asked after it."""
    clock = FakeClock()

    async def main():
        world = World(clock=clock, sleep=clock.sleep, rng=lambda: 1.0)
        async with client(json_response({}, 503), GOOD, retries=RETRIES, world=world) as it:
            assert len((await it.things.list.send()).attempts) == 2

    asyncio.run(main())
    assert clock.slept == [0.5]

    def cancelled(seconds):
        switch.set()

    switch = Cancel()
    context = contextvars.copy_context()
    context.run(lambda: __import__("dynaclient.cancel").cancel.use(switch))
    with pytest.raises(Cancelled):
        context.run(interruptible(cancelled), 1)


# --- sequences


class Items:
    """A sequence that counts what is asked of it; ``at`` is called with the index before each item."""

    def __init__(self, count=3, at=lambda index: None):
        self.count, self.at, self.index, self.closed = count, at, 0, 0
        self.status = 200

    def __iter__(self):
        return self

    def __next__(self):
        self.at(self.index)
        if self.index == self.count:
            raise StopIteration
        self.index += 1
        return self.index

    def close(self):
        self.closed += 1


def sequence(run):
    """Run a coroutine function with workers of its own, which are closed after it."""

    async def main():
        pool = Workers(4)
        try:
            return await asyncio.wait_for(run(pool), 30)
        finally:
            await pool.close()

    return asyncio.run(main())


def test_a_generator_becomes_asynchronous():
    """The items of a generator come in order, each fetched on a worker, and it is closed at its end."""
    threads = set()

    def numbers():
        for number in range(5):
            threads.add(threading.current_thread())
            yield number

    async def run(pool):
        return [number async for number in AsyncIterate(numbers, pool)]

    assert sequence(run) == [0, 1, 2, 3, 4]
    assert threading.main_thread() not in threads


def test_items_are_fetched_when_they_are_asked_for():
    """Nothing is read ahead: after two items two have been fetched."""

    async def run(pool):
        items = Items(100)
        it = AsyncIterate(lambda: items, pool)
        assert await anext(it) == 1
        assert await anext(it) == 2
        assert items.index == 2
        await it.aclose()
        assert items.closed == 1
        with pytest.raises(StopAsyncIteration):
            await anext(it)
        await it.aclose()
        assert items.closed == 1

    sequence(run)


def test_the_end_closes():
    """A sequence that is read to its end is closed once."""

    async def run(pool):
        items = Items(2)
        async with AsyncIterate(lambda: items, pool) as it:
            assert [item async for item in it] == [1, 2]
            assert [item async for item in it] == []
        assert items.closed == 1

    sequence(run)


def test_leaving_early_closes():
    """``break`` within ``async with`` closes the sequence; so does dropping the iterator."""

    async def run(pool):
        first, second = Items(), Items()
        async with AsyncIterate(lambda: first, pool) as it:
            async for _ in it:
                break
        assert first.closed == 1
        async for _ in AsyncIterate(lambda: second, pool):
            break
        gc.collect()
        await until(lambda: second.closed)

    sequence(run)


def test_a_generator_is_closed_where_it_ran():
    """A generator's own clean-up runs in the context in which its items were made."""
    variable = contextvars.ContextVar("variable", default="outside")

    def numbers():
        token = variable.set("inside")
        try:
            while True:
                yield variable.get()
        finally:
            variable.reset(token)  # ValueError in any other context
            done.append(True)

    done = []

    async def run(pool):
        async with AsyncIterate(numbers, pool) as it:
            assert await anext(it) == await anext(it) == "inside"
        assert variable.get() == "outside"

    sequence(run)
    assert done == [True]


def test_cancelling_closes_a_sequence():
    """Cancelling the task that waits for an item sets the switch of its worker, and closes the sequence once the worker is back."""
    waiting = threading.Event()

    def at(index):
        if index == 1:
            waiting.set()
            current().wait(600)

    async def run(pool):
        items = Items(3, at)
        it = AsyncIterate(lambda: items, pool)
        assert await anext(it) == 1
        task = asyncio.ensure_future(anext(it))
        await until(waiting.is_set)
        with pytest.raises(RuntimeError, match="another task"):
            await anext(it)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: items.closed)
        with pytest.raises(StopAsyncIteration):
            await anext(it)

    sequence(run)


def test_cancelling_closes_an_open_reply(server):
    """Cancelling the task that waits for the next block of an open reply ends its connection and its thread."""
    server.script(stall(b"HTTP/1.1 200 OK\r\n\r\nfirst"))

    async def run(pool):
        with Urllib3Transport() as transport:
            request = Request("GET", server.origin, "/")
            it = AsyncIterate(lambda: transport.open(request, Timeout(read=600)), pool)
            assert await anext(it) == b"first"
            task = asyncio.ensure_future(anext(it))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: not pool._pending)
        server.idle()

    sequence(run)


@pytest.mark.parametrize("whole", [False, True], ids=["sequence", "client"])
def test_closing_while_another_task_waits(whole):
    """Closing the sequence is its end for a task that waits for an item; closing the client is an error for it, and for whoever goes on."""
    waiting = threading.Event()

    def at(index):
        waiting.set()
        current().wait(600)

    async def run(pool):
        items, idle = Items(3, at), Items()
        it, other = AsyncIterate(lambda: items, pool), AsyncIterate(lambda: idle, pool)
        await other
        task = asyncio.ensure_future(anext(it))
        await until(waiting.is_set)
        await (pool.close() if whole else it.aclose())
        with pytest.raises(dynaclient.ConnectionLostError if whole else StopAsyncIteration):
            await task
        if whole:
            assert idle.closed == 1
            with pytest.raises(dynaclient.ConnectionLostError, match="client was closed"):
                await anext(other)
        else:
            await other.aclose()
        await until(lambda: items.closed)

    sequence(run)


def test_errors_of_a_sequence_pass():
    """An exception between two items is raised where the item was asked for; one on opening too, and then nothing follows."""

    def fail(index):
        if index == 1:
            raise dynaclient.ProtocolError("torn")

    def refuse():
        raise dynaclient.ArgumentError("no")

    async def run(pool):
        it = AsyncIterate(lambda: Items(3, fail), pool)
        assert await anext(it) == 1
        with pytest.raises(dynaclient.ProtocolError, match="torn"):
            await anext(it)
        await it.aclose()
        it = AsyncIterate(refuse, pool)
        with pytest.raises(dynaclient.ArgumentError, match="no"):
            await it
        with pytest.raises(StopAsyncIteration):
            await anext(it)

    sequence(run)


def test_attributes_of_a_sequence():
    """Once it is open a sequence's attributes are there; before, the error says how to open it."""

    async def run(pool):
        it = AsyncIterate(Items, pool)
        with pytest.raises(AttributeError, match="await"):
            it.status  # noqa: B018
        assert "not opened" in repr(it)
        assert (await it) is it
        assert it.status == 200
        await it.aclose()

    sequence(run)


def test_a_sequence_that_was_never_opened():
    """One that is dropped or closed before its first item never runs."""
    made = []

    async def run(pool):
        AsyncIterate(lambda: made.append(1), pool)
        await AsyncIterate(lambda: made.append(1), pool).aclose()

    sequence(run)
    assert not made


def test_nothing_holds_a_sequence():
    """A sequence that was read to its end is collected at once."""

    async def run(pool):
        it = AsyncIterate(Items, pool)
        assert [item async for item in it] == [1, 2, 3]
        return weakref.ref(it)

    assert sequence(run)() is None
