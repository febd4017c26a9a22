"""Sequential media types are decoded the same wherever their bytes are cut."""

import email
import email.policy
import itertools
import json
import re

import pytest
from cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaclient.events import Event, LinesDecoder, PartsDecoder, SequenceDecoder, SSEDecoder

CASES = cases("events.yaml")
# Pieces of event streams that meet in every way: fields, line ends, marks, and bytes that are no UTF-8 or only a part of it.
PIECES = ["data", "event", "id", "retry", ":", ": ", " ", "a", "0", "17", "[DONE]", "\0", "é", "€", "😀", "\ufeff"]
ENDS = ["\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\u2028", "\x85", "\x1e", "\f"]
LINES = ["data: a", "data:b", "data", "event: e", "event", "id: 1", "id:", "id: \0", "retry: 5", "retry: x", ":", ": c"]
TORN = [b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xef\xbb", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\xaf"]
STREAMS = st.lists(
    st.one_of(
        st.sampled_from([text.encode() for text in PIECES + ENDS]),
        st.builds(lambda line, end: (line + end).encode(), st.sampled_from(LINES), st.sampled_from(ENDS[:6])),
        st.sampled_from(TORN),
    ),
    max_size=14,
).map(b"".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda items: st.lists(items, max_size=3) | st.dictionaries(st.text(max_size=4), items, max_size=3),
    max_leaves=6,
)


def title(case):
    return str(case["title"])


def data(case):
    """The bytes of a case."""
    return case["bytes"].encode("latin-1") if "bytes" in case else case["stream"].encode()


def decoded(decoder, blocks):
    """All that a decoder makes of these blocks."""
    return [item for block in blocks for item in decoder.feed(block)] + decoder.finish()


def taken(items, decoder, blocks):
    """Put what a decoder makes of these blocks into a list: what came before an error stays there."""
    for block in blocks:
        items += decoder.feed(block)
    items += decoder.finish()


def cuts(stream):
    """The stream whole, byte by byte, and in two at every place, with empty blocks between."""
    yield [stream]
    yield [stream[place : place + 1] for place in range(len(stream))]
    for place in range(len(stream) + 1):
        yield [stream[:place], b"", stream[place:]]


def oracle(stream):
    """The events of a whole stream by the words of the standard (HTML, 9.2.6), and the last event ID and reconnection time after them."""
    text = stream.decode("utf-8", "replace")
    text = text[1:] if text.startswith("\ufeff") else text
    lines = re.split("\r\n|\r|\n", text)[:-1]
    events, last, retry = [], "", None
    buffer, kind, ident, names, said = "", "", "", set(), None
    for line in lines:
        if line == "":
            last = ident
            if buffer != "":
                buffer = buffer[:-1] if buffer[-1] == "\n" else buffer
                given = names | ({"event"} if kind else set())
                events.append(Event(buffer, kind or "message", last, said, frozenset(given)))
            buffer, kind, names, said = "", "", set(), None
            continue
        if line[0] == ":":
            continue
        field, value = line.split(":", 1) if ":" in line else (line, "")
        value = value[1:] if value.startswith(" ") else value
        if field == "event":
            kind = value
        elif field == "data":
            buffer += value + "\n"
            names.add("data")
        elif field == "id" and "\0" not in value:
            ident = value
            names.add("id")
        elif field == "retry" and value and all(letter in "0123456789" for letter in value):
            retry = said = int(value)
            names.add("retry")
    return events, last, retry


def expected(case):
    """The events of a case."""
    last = ""
    for entry in case["events"]:
        last = entry.get("id", entry.get("last", last))
        fields = frozenset(set(entry) - {"last"})
        yield Event(entry["data"], entry.get("event", "message"), last, entry.get("retry"), fields)


@pytest.mark.parametrize("case", CASES["sse"], ids=title)
def test_event_streams(case):
    """Event streams mean what the HTML standard says, wherever they are cut."""
    for blocks in cuts(data(case)):
        decoder = SSEDecoder()
        assert decoded(decoder, blocks) == list(expected(case))
        assert decoder.retry == case.get("retry")
        if "last" in case:
            assert decoder.last_event_id == case["last"]


@settings(max_examples=2000, deadline=None)
@given(STREAMS)
def test_event_streams_agree_with_the_words_of_the_standard(stream):
    """Any bytes, cut at any place, give the events that a reading of the whole text gives."""
    found = oracle(stream)
    for blocks in cuts(stream):
        decoder = SSEDecoder()
        assert (decoded(decoder, blocks), decoder.last_event_id, decoder.retry) == found


@settings(max_examples=300, deadline=None)
@given(STREAMS, st.lists(st.integers(0, 60), max_size=8))
def test_event_streams_cut_many_times(stream, places):
    """Any number of cuts changes nothing."""
    bounds = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    blocks = [stream[start:end] for start, end in itertools.pairwise(bounds)]
    assert decoded(SSEDecoder(), blocks) == oracle(stream)[0]


def test_an_event_is_given_as_soon_as_it_is_whole():
    """An event comes out with the first byte of its blank line, be that a CR whose LF is still on its way."""
    decoder = SSEDecoder()
    assert decoder.feed(b"data: 1\r\n\r") == [Event("1")]
    assert decoder.feed(b"\n") == []
    assert decoder.feed(b"data: 2\n\n") == [Event("2")]


def test_a_stream_is_taken_up_again():
    """The last event ID that a decoder begins with stands until an event changes it."""
    decoder = SSEDecoder()
    decoder.last_event_id = "7"
    assert [event.id for event in decoder.feed(b"data: 1\n\nid: 8\ndata: 2\n\n")] == ["7", "8"]


@pytest.mark.parametrize("case", CASES["lines"], ids=title)
def test_json_lines(case):
    """Each line that is not blank is an item, wherever the stream is cut."""
    for blocks in cuts(data(case)):
        assert decoded(LinesDecoder(), blocks) == [text.encode() for text in case["texts"]]


@pytest.mark.parametrize("case", CASES["sequence"], ids=title)
def test_json_text_sequences(case):
    """Elements are told apart, and those that may be cut off are marked, as RFC 7464 says, wherever the stream is cut."""
    for blocks in cuts(data(case)):
        found = decoded(SequenceDecoder(), blocks)
        assert [element.text.decode() for element in found] == [text for text, _ in case["elements"]]
        for element, (_, fault) in zip(found, case["elements"], strict=True):
            assert fault in element.fault
            assert bool(fault) is bool(element.fault)


@settings(max_examples=200, deadline=None)
@given(st.lists(VALUES, max_size=4), st.sampled_from([None, 1]), st.booleans())
def test_json_texts_come_back(values, indent, ascii_only):
    """Values that were written as lines or as a sequence come back, wherever the stream is cut."""
    texts = [json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode() for value in values]
    for blocks in cuts(b"".join(b"\x1e" + text + b"\n" for text in texts)):
        found = decoded(SequenceDecoder(), blocks)
        assert [json.loads(element.text) for element in found] == values
        assert not any(element.fault for element in found)
    if indent is None:
        for blocks in cuts(b"\n".join(texts)):
            assert [json.loads(line) for line in decoded(LinesDecoder(), blocks)] == values


def test_an_element_is_given_at_its_line_feed():
    """A JSON text sequence does not hold an element back until the next one comes."""
    decoder = SequenceDecoder()
    assert [element.text for element in decoder.feed(b'\x1e{"a": [\n1]}\n')] == [b'{"a": [\n1]}\n']


@pytest.mark.parametrize("case", CASES["parts"], ids=title)
def test_parts(case):
    """Body parts are told apart as RFC 2046 says, wherever the stream is cut."""
    wanted = [(tuple(map(tuple, headers)), body.encode("latin-1")) for headers, body in case["parts"]]
    for blocks in cuts(data(case)):
        decoder = PartsDecoder("b")
        assert [(part.headers, part.body) for part in decoded(decoder, blocks)] == wanted
        assert decoder.ended


@pytest.mark.parametrize("case", CASES["broken"], ids=title)
def test_broken_parts(case):
    """The parts before a fault are given, then the fault is told."""
    for blocks in cuts(data(case)):
        found = []
        with pytest.raises(ValueError, match=case["error"]):
            taken(found, PartsDecoder("b"), [*blocks, b""])
        assert [part.body.decode() for part in found] == case["parts"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(st.sampled_from(["X-One", "Y"]), st.sampled_from(["", "a b", "c; d=e"])), max_size=2),
            st.lists(st.sampled_from([b"a", b"--", b"--b", b"b", b"\r\n", b"\n", b"\r", b" ", b"\xff"])).map(b"".join),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_parts_agree_with_the_email_package(parts):
    """What is written by the grammar is read as Python's email package reads it."""
    boundary = b"b-o_u'n+d"
    written = b"".join(
        b"--%s\r\n%s\r\n%s\r\n" % (boundary, b"".join(f"{name}: {value}\r\n".encode() for name, value in headers), body)
        for headers, body in parts
    )
    written += b"--%s--" % boundary
    head = b'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n' % boundary
    judge = email.message_from_bytes(head + written, policy=email.policy.HTTP)
    bodies = [part.get_payload(decode=True) for part in judge.iter_parts()]
    for blocks in ([written], [written[place : place + 1] for place in range(len(written))]):
        found = decoded(PartsDecoder(boundary.decode()), blocks)
        assert [part.body for part in found] == bodies == [body for _, body in parts]
        assert [list(part.headers) for part in found] == [headers for headers, _ in parts]


@pytest.mark.parametrize("boundary", ["", "a" * 71, "é", "a "])
def test_a_boundary_that_is_none(boundary):
    """A boundary that RFC 2046 does not allow is refused."""
    with pytest.raises(ValueError, match="boundary"):
        PartsDecoder(boundary)


@pytest.mark.parametrize(
    "decoder, good, much",
    [
        (SSEDecoder(40), b"data: 1\n\n", b"data: " + b"x" * 50),
        (SSEDecoder(40), b"data: 1\n\n", b"data: xxxxx\n" * 9),
        (LinesDecoder(40), b"1\n", b"x" * 50),
        (LinesDecoder(40), b"1\n", b"x" * 50 + b"\n"),
        (SequenceDecoder(40), b"\x1e1\n", b"\x1e[" + b"1,\n" * 20),
        (PartsDecoder("b", 40), b"--b\r\n\r\n1\r\n--b\r\n", b"\r\nxx\r\n" * 20),
    ],
)
def test_items_are_bounded(decoder, good, much):
    """An item that is larger than the limit ends in an error, after the items before it; the bytes of good ones do not add up."""
    for _ in range(50):
        assert len(decoder.feed(good)) == 1 or isinstance(decoder, PartsDecoder)
    with pytest.raises(ValueError, match="larger than 40 bytes"):
        taken([], decoder, [much[place : place + 1] for place in range(len(much))])
    with pytest.raises(ValueError, match="larger than 40 bytes"):
        decoder.feed(good)


def test_items_before_a_fault_are_not_lost():
    """What is whole in a block is given, and the fault of that block is told by the next call."""
    decoder = LinesDecoder(5)
    assert decoder.feed(b"1\n2\n3333333\n") == [b"1", b"2"]
    with pytest.raises(ValueError, match="larger than 5 bytes"):
        decoder.finish()
