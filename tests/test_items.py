"""Items of sequential replies are decoded and checked one by one."""

import pickle

import pytest
from cases import cases
from documents import document

from dynaclient import errors
from dynaclient.openapi.check import Checker
from dynaclient.openapi.items import ItemReader, is_sequential, item_reading
from dynaclient.openapi.read import operation, read
from dynaclient.value import Record, plain
from dynaclient.wire import Headers, Response

CASES = cases("events_items.yaml")


def title(case):
    return str(case["title"])


def reader(case, mode="strict", warnings=None, **more):
    """A reader of a reply to an operation that is documented as the case says."""
    reply = {"description": "Items.", "content": {case["type"].split(";")[0]: case["media"]}}
    written = document(
        {"/items": {"get": {"operationId": "list", "responses": {"200": reply}}}},
        components={"schemas": CASES["components"]},
    )
    api = read({**written, "openapi": "3.2.0"})
    found = operation(api, api.index["list"])
    response = Response(200, Headers({"content-type": case["type"]}))
    checker = Checker(api.document, api.version)
    warn = warnings.append if warnings is not None else pytest.fail
    return ItemReader(found, found.replies[0].content[0], api.document, checker, mode, warn, response, **more)


def taken(items, reader, stream, block=None):
    """Put the items of a stream, cut in blocks, into a list: those before an error stay there."""
    for place in range(0, len(stream), block or len(stream) or 1):
        items.extend(reader.feed(stream[place : place + (block or len(stream))]))
    items.extend(reader.finish())


def raised(case, error, item, says):
    """The error is about this item, and says this."""
    assert error.item == item
    for text in says:
        assert text in str(error)
    assert error.operation == "list"
    assert pickle.loads(pickle.dumps(error)).item == item


@pytest.mark.parametrize("block", [None, 1])
@pytest.mark.parametrize("case", CASES["items"], ids=title)
def test_items(case, block):
    """Items come as the document describes them, wherever the stream is cut."""
    found, items = reader(case), []
    error = case.get("error")
    if error is None:
        taken(items, found, case["stream"].encode(), block)
    else:
        with pytest.raises(getattr(errors, error["class"])) as caught:
            taken(items, found, case["stream"].encode(), block)
        raised(case, caught.value, error["item"], error["says"])
    assert plain(items) == case["items"]
    assert all(type(item) is Record for item in items if isinstance(item, dict))
    assert found.ended is case.get("ended", False)
    assert found.last_event_id == case.get("last", "")
    assert found.retry == case.get("retry")


@pytest.mark.parametrize("case", CASES["refused"], ids=title)
def test_items_that_are_not_what_was_promised(case):
    """A strict reader raises at the item, after those before it; a warning one reports and gives it; one that is off just gives it."""
    stream, items = case["stream"].encode(), []
    error = case["error"]
    with pytest.raises(getattr(errors, error["class"])) as caught:
        taken(items, reader(case), stream)
    raised(case, caught.value, error["item"], error["says"])
    assert plain(items) == case["items"]
    warnings, items = [], []
    taken(items, reader(case, "warn", warnings), stream)
    assert plain(items) == case["items"] + case["rest"]
    assert [type(warning).__name__ for warning in warnings] == [error["class"]]
    raised(case, warnings[0], error["item"], error["says"])
    items = []
    taken(items, reader(case, "off"), stream)
    assert plain(items) == case["items"] + case["rest"]


@pytest.mark.parametrize("case", CASES["unread"], ids=title)
def test_items_that_cannot_be_read(case):
    """An item that has no value is an error even where nothing is checked; a warning reader reports it and goes on behind it."""
    stream = case["stream"].encode()
    for mode in ("strict", "off"):
        items = []
        with pytest.raises(errors.ReplyDecodeError) as caught:
            taken(items, reader(case, mode), stream)
        raised(case, caught.value, case["item"], [case["says"]])
        assert plain(items) == case["items"]
    warnings, items = [], []
    taken(items, reader(case, "warn", warnings), stream)
    assert plain(items) == case["items"] + case["rest"]
    raised(case, warnings[0], case["item"], [case["says"]])


def test_the_error_of_an_item_holds_what_came():
    """The error carries the item's bytes as the body of its response, its value, and the problems with their places."""
    case = {"type": "application/jsonl", "media": {"itemSchema": {"type": "integer"}}}
    with pytest.raises(errors.ReplyValidationError) as caught:
        list(reader(case).feed(b'"a"\n'))
    error = caught.value
    assert (error.response.body, error.value, error.problems[0].where) == (b'"a"', "a", "$[0]")
    assert "itemSchema" in error.problems[0].pointer


def test_items_before_a_broken_frame_are_had():
    """What was whole before the frame broke is given, and the next call raises."""
    found = reader({"type": "multipart/mixed; boundary=b", "media": {}})
    assert list(found.feed(b"--b\r\n\r\none\r\n--b\r\nbroken\r\n--b")) == ["one"]
    with pytest.raises(errors.ReplyDecodeError, match="no header field"):
        list(found.finish())


@pytest.mark.parametrize("content_type", ["multipart/mixed", "multipart/mixed; boundary=", "application/json"])
def test_a_reply_that_cannot_be_framed(content_type):
    """A multipart reply without a boundary, and a reply that is no sequence, are refused before the first byte."""
    with pytest.raises(errors.ReplyDecodeError, match=r"boundary|no sequence"):
        reader({"type": content_type, "media": {}})


def test_the_content_type_of_the_reply_decides_how_it_is_framed():
    """A reply that matches a declared range is read as what it calls itself."""
    api = read(document({"/": {"get": {"responses": {"200": {"content": {"*/*": {"schema": {"type": "integer"}}}}}}}}))
    found = operation(api, next(iter(api.index.values())))
    media, checker = found.replies[0].content[0], Checker(api.document, api.version)
    response = Response(200, Headers({"Content-Type": "Application/JSONL; charset=utf-8"}))
    known = item_reading(api.document, media, "application/jsonl")
    items = ItemReader(found, media, api.document, checker, "strict", pytest.fail, response, known)
    assert [*items.feed(b"1\n2"), *items.finish()] == [1, 2]


def test_a_stream_is_taken_up_again():
    """The last event ID can be handed to the reader of a new connection."""
    found = reader({"type": "text/event-stream", "media": {}})
    found.last_event_id = "7"
    assert list(found.feed(b"data: 1\n\n")) == [1]
    assert found.last_event_id == "7"


def test_nothing_is_read_behind_the_sentinel():
    """What comes after the sentinel is no item, not even where it is broken."""
    found = reader({"type": "text/event-stream", "media": {"schema": {"type": "integer"}}})
    assert list(found.feed(b"data: 1\n\ndata: [DONE]\n\ndata: x\n\n")) == [1]
    assert found.ended
    assert [*found.feed(b"data: x\n\n"), *found.finish()] == []


@pytest.mark.parametrize(
    "name, sequential",
    [
        ("text/event-stream", True),
        ("Text/Event-Stream; charset=utf-8", True),
        ("application/jsonl", True),
        ("application/x-ndjson", True),
        ("application/json-seq", True),
        ("application/geo+json-seq", True),
        ("application/vnd.x+json-seq", True),
        ("multipart/mixed; boundary=x", True),
        ("application/json", False),
        ("application/vnd.x+json", False),
        ("multipart/form-data", False),
        ("text/plain", False),
        ("*/*", False),
    ],
)
def test_sequential_media_types(name, sequential):
    """Sequential media types are told from others by their essence."""
    assert is_sequential(name) is sequential
