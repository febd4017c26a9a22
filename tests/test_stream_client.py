"""Streams, pages, files and several media types through the client."""

import json

import pytest
from documents import document, operation
from loopback import chunked, raw, reply, stall

import dynaclient
from dynaclient import Client
from dynaclient.testing import FakeTransport, json_response, response, streamed

SSE = {"Content-Type": "text/event-stream"}
NUMBER = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


def chat(**content):
    """An operation that answers with JSON or, when asked, with a stream."""
    found = operation({"type": "object", "properties": {"q": {"type": "string"}, "stream": {"type": "boolean"}}})
    found["operationId"] = "chat"
    found["responses"]["200"]["content"] = {
        "application/json": {"schema": NUMBER},
        "text/event-stream": {"schema": NUMBER, **content},
    }
    return document({"/chat": {"post": found}})


def test_one_operation_answers_both_ways():
    """What comes decides: JSON is a value, an event stream is items; ``stream`` asks for the latter."""
    fake = FakeTransport(
        json_response({"n": 0}), streamed('data: {"n":1}\n\n', 'data: {"n":2}\n\n', headers=SSE), repeat=True
    )
    client = Client(chat(), transport=fake)
    assert client.chat(q="a") == {"n": 0}
    assert [item.n for item in client.chat(q="a", stream=True)] == [1, 2]
    with client.chat.stream(q="a") as items:
        assert next(items).n == 1
        assert items.response.status == 200
    assert json.loads(fake.bodies[-1]) == {"q": "a", "stream": True}
    assert fake.requests[-1].headers["Accept"] == "text/event-stream"


def test_a_fragment_is_an_operation_of_its_own():
    """Two paths that differ in their fragment are two operations on one path of the wire."""
    plain, open_ended = (operation({"type": "object"}, operationId=name) for name in ("make", "make_stream"))
    plain["responses"]["200"]["content"] = {"application/json": {"schema": NUMBER}}
    open_ended["responses"]["200"]["content"] = {"text/event-stream": {"schema": NUMBER}}
    spec = document({"/v1/make": {"post": plain}, "/v1/make#stream": {"post": open_ended}})
    fake = FakeTransport(json_response({"n": 1}), streamed('data: {"n":2}\n\ndata: [DONE]\n\n', headers=SSE))
    client = Client(spec, transport=fake)
    assert client.make(body={}).n == 1
    assert [item.n for item in client.make_stream(body={})] == [2]
    assert [request.target for request in fake.requests] == ["/v1/make", "/v1/make"]


def test_items_are_checked_one_by_one():
    """An item that breaks its schema is an error where it stands; those before it have come."""
    fake = FakeTransport(streamed('data: {"n":1}\n\ndata: {"n":"x"}\n\n', headers=SSE))
    items = Client(chat(), transport=fake).chat.stream()
    assert next(items).n == 1
    with pytest.raises(dynaclient.ReplyValidationError, match="n") as caught:
        next(items)
    assert caught.value.operation == "chat"
    assert list(items) == []


def test_the_sentinel_ends_the_stream_and_the_connection_is_used_again(server):
    """After the declared sentinel nothing more is read, and the next call goes over the same connection."""
    events = chunked([b'data: {"n":1}\n\n', b"data: END\n\n"], "Content-Type: text/event-stream")
    server.script(events, events)
    with Client(chat(**{"x-speakeasy-sse-sentinel": "END"}), server=server.origin) as client:
        for _ in range(2):
            assert [item.n for item in client.chat.stream()] == [1]
    assert server.connections == 1


def test_an_item_comes_before_the_next_one_is_sent(server):
    """An event is given as soon as it is complete, while the server holds the stream open."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    server.script(stall(head + b'data: {"n":1}\n\n'))
    with Client(chat(), server=server.origin) as client, client.chat.stream() as items:
        assert next(items).n == 1


def test_a_stream_that_breaks_off_is_taken_up_only_where_that_is_asked_for(server):
    """``reconnecting`` asks again with the last event's id, after the time that the server names."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999\r\n\r\n"
    broken = raw(head + b'retry: 250\nid: 7\ndata: {"n":1}\n\n')
    rest = reply(200, b'id: 8\ndata: {"n":2}\n\ndata: [DONE]\n\n', "Content-Type: text/event-stream")
    waits = []
    with Client(chat(), server=server.origin, world=dynaclient.World(sleep=waits.append)) as client:
        server.script(broken, rest)
        assert [item.n for item in client.chat.stream().reconnecting(1)] == [1, 2]
        assert server.requests[1].headers["last-event-id"] == "7"
        assert waits == [0.25]
        server.script(broken, rest)
        with pytest.raises(dynaclient.ConnectionLostError):
            list(client.chat.stream())


def test_a_stream_that_is_refused_is_an_error_of_the_service():
    """4XX and 5XX raise as for any call."""
    fake = FakeTransport(json_response({"error": {"message": "no"}}, 403))
    with pytest.raises(dynaclient.PermissionDeniedError, match="no"):
        Client(chat(), transport=fake).chat.stream()


def test_an_operation_without_a_stream_says_so():
    """``stream`` on an operation that declares none is an UnsupportedError."""
    spec = document({"/x": {"get": operation(operationId="look")}})
    with pytest.raises(dynaclient.UnsupportedError, match="item by item"):
        Client(spec, transport=FakeTransport()).look.stream()


def listing(paging=None, **more):
    """An operation that lists things page by page."""
    parameters = [{"name": name, "in": "query", "schema": {"type": "integer"}} for name in ("page", "limit")]
    extra = {"x-speakeasy-pagination": paging} if paging else {}
    return document(
        {"/things": {"get": operation(operationId="list", parameters=parameters, reply={}, **extra)}}, **more
    )


PAGES = {
    "type": "offsetLimit",
    "inputs": [{"name": "page", "in": "parameters", "type": "page"}, {"name": "limit", "in": "parameters", "type": "limit"}],
    "outputs": {"results": "$.data"},
}  # fmt: skip


def test_pages_follow_each_other_as_declared():
    """``pages`` gives each page's value and ``items`` each item, until a page is not full; nothing is asked for ahead."""
    fake = FakeTransport(json_response({"data": [1, 2]}), json_response({"data": [3]}))
    client = Client(listing(PAGES), transport=fake)
    pages = client.list.pages(limit=2)
    assert next(pages).data == [1, 2]
    assert len(fake.requests) == 1
    assert [page.data for page in pages] == [[3]]
    fake = FakeTransport(json_response({"data": [1, 2]}), json_response({"data": [3]}))
    assert list(Client(listing(PAGES), transport=fake).list.items(limit=2)) == [1, 2, 3]
    assert [request.target for request in fake.requests] == ["/things?limit=2", "/things?page=2&limit=2"]


def test_a_next_link_elsewhere_gets_no_credentials():
    """``Link: rel="next"`` is followed with credentials on the call's own origin and without them on any other."""
    schemes = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Odd"}}}
    spec = listing(components=schemes, security=[{"key": []}])
    fake = FakeTransport(
        json_response([1], headers={"Link": '</things?cursor=2>; rel="next"'}),
        json_response([2], headers={"Link": '<https://elsewhere.test/things>; rel="next"'}),
        json_response([3]),
    )
    client = Client(spec, transport=fake, credentials={"key": "k"}, headers={"X-Team": "t"}, server="https://api.test")
    assert list(client.list.items()) == [1, 2, 3]
    assert [request.url for request in fake.requests] == [
        "https://api.test/things",
        "https://api.test/things?cursor=2",
        "https://elsewhere.test/things",
    ]
    assert [request.headers.get("X-Odd") for request in fake.requests] == ["k", "k", None]
    assert "X-Team" not in fake.requests[2].headers


def test_a_file_is_saved_whole(tmp_path):
    """``save`` writes the body to a file and tells its size; other arguments are the operation's."""
    found = operation(operationId="fetch", parameters=[{"name": "path", "in": "query", "schema": {"type": "string"}}])
    found["responses"]["200"]["content"] = {"application/octet-stream": {}}
    fake = FakeTransport(response(b"x" * 1000, headers={"Content-Type": "application/octet-stream"}), repeat=True)
    client = Client(document({"/file": {"get": found}}), transport=fake)
    saved = client.fetch.save(tmp_path / "out.bin", path="a/b")
    assert (saved.size, saved.path.read_bytes()) == (1000, b"x" * 1000)
    assert fake.requests[0].target == "/file?path=a%2Fb"
    assert client.fetch(path="a") == b"x" * 1000


def test_the_caller_chooses_among_media_types(tmp_path):
    """``content_type`` chooses the form of the body; a file asks for multipart by itself."""
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "file": {"type": "string", "format": "binary"}},
    }
    found = operation(schema, operationId="put")
    found["requestBody"]["content"] |= {
        "application/x-www-form-urlencoded": {"schema": schema},
        "multipart/form-data": {"schema": schema},
    }
    fake = FakeTransport(response(), repeat=True)
    client = Client(document({"/x": {"post": found}}), transport=fake)
    path = tmp_path / "a.txt"
    path.write_bytes(b"content")
    client.put(name="a b")
    client.put(name="a b", content_type="application/x-www-form-urlencoded")
    client.put(name="a b", file=dynaclient.File(path))
    kinds = [request.headers["Content-Type"].partition(";")[0] for request in fake.requests]
    assert kinds == ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]
    assert fake.bodies[1] == b"name=a+b"
    assert b'filename="a.txt"' in fake.bodies[2]
    assert b"content" in fake.bodies[2]
    with pytest.raises(dynaclient.ArgumentError, match="application/json"):
        client.put(name="a", content_type="text/csv")


def test_declared_headers_and_links_come_as_values():
    """``typed_headers`` are of their schemas' types, and a link leads to the next call."""
    item = operation(
        operationId="show", parameters=[{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
    )
    make = operation({"type": "object"}, {"type": "object"}, operationId="make")
    make["responses"]["200"] |= {
        "headers": {"X-Left": {"schema": {"type": "integer"}}},
        "links": {"shown": {"operationId": "show", "parameters": {"id": "$response.body#/id"}}},
    }
    fake = FakeTransport(json_response({"id": 7}, headers={"X-Left": "41"}), response())
    client = Client(document({"/x": {"post": make}, "/x/{id}": {"get": item}}), transport=fake)
    result = client.make.send(body={})
    assert result.typed_headers["x-left"] == 41
    link = result.links["shown"]
    client[link.operation](**link.arguments)
    assert fake.requests[1].target == "/x/7"


def test_a_media_type_needs_a_body():
    """``content_type`` on an operation without a body is refused."""
    client = Client(document({"/x": {"get": operation(operationId="look")}}), transport=FakeTransport())
    with pytest.raises(dynaclient.ArgumentError, match="takes none"):
        client.look(content_type="application/json")
