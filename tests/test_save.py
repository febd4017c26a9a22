"""Bodies saved to files: whole or not at all, and taken up again where they broke off."""

import json
import os
import re
import tempfile
from pathlib import Path

import pytest
from cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback import raw, reply, reset

from dynaclient.errors import APIError, ArgumentError, ConnectionLostError, ProtocolError, TimeoutExpiredError
from dynaclient.openapi.model import RetryPolicy
from dynaclient.resume import Part, from_json, headers_for, part_of, step_for, to_json
from dynaclient.save import save
from dynaclient.testing import FakeClock
from dynaclient.transport import Urllib3Transport, deliver_stream
from dynaclient.transport.blocks import BlockStream
from dynaclient.wire import Headers, Request, Response, Timeout

URL = "https://api.example.com/file"
CASES = cases("resume.yaml")
PART = Part(URL, '"v1"', 10)
POLICY = RetryPolicy(strategy="backoff", declared=True, jitter="none", max_attempts=20)
CONTENT = b"0123456789"


# --- the decisions


@pytest.mark.parametrize("case", CASES["parts"], ids=str)
def test_what_can_be_taken_up_again(case):
    """A download can be taken up again where ranges are served, nothing is packed and a strong validator is there."""
    expected = Part(URL, *case["part"]) if case["part"] else None
    assert part_of(URL, Headers(case["headers"])) == expected


@pytest.mark.parametrize("case", CASES["steps"], ids=str)
def test_what_a_reply_means(case):
    """Every reply to a range is appended only where it is the rest of the same thing."""
    assert step_for(case["status"], Headers(case["headers"]), PART, 4) == case["step"]


@pytest.mark.parametrize("case", CASES["ends"], ids=str)
def test_what_416_means_at_the_end(case):
    """A range beyond the end means that all is there, where the sizes say so."""
    assert step_for(416, Headers(case["headers"]), PART, 10) == case["step"]


def test_what_is_asked():
    """The rest is asked for by range and validator, the whole without; never packed."""
    identity = {"Accept-Encoding": "identity"}
    assert headers_for(PART, 4) == {**identity, "Range": "bytes=4-", "If-Range": '"v1"'}
    assert headers_for(PART, 0) == headers_for(None, 4) == identity
    assert step_for(206, Headers({"Content-Range": "bytes 0-9/10"}), None, 0) == "again"


@pytest.mark.parametrize(
    "value",
    [None, [], 1, {}, {"url": "other", "validator": '"v1"'}, {"url": URL}, {"url": URL, "validator": ""}, {"url": URL, "validator": 1},
     {"url": URL, "validator": '"v1"', "total": "10"}, {"url": URL, "validator": '"a\r\nX: b"'}],
    ids=str,
)  # fmt: skip
def test_a_note_that_is_none_is_not_believed(value):
    """What stands beside a part is taken only where it has the right form and is of the same URL."""
    assert from_json(value, URL) is None
    assert from_json(to_json(PART), URL) == PART


# --- the file


class Origin:
    """A server of one file. ``cuts`` are the places in its content at which a connection breaks, one for each request."""

    def __init__(self, content=CONTENT, tag='"v1"', cuts=(), block=3, ranges=True, error=ConnectionLostError):
        self.content, self.tag, self.block, self.ranges, self.error = content, tag, block, ranges, error
        self.cuts = list(cuts)
        self.asked = []

    def __call__(self, headers):
        self.asked.append(dict(headers))
        cut = self.cuts.pop(0) if self.cuts else None
        fields = {"ETag": self.tag, **({"Accept-Ranges": "bytes"} if self.ranges else {})}
        size, start = len(self.content), 0
        wanted = re.fullmatch("bytes=([0-9]+)-", headers.get("Range", ""))
        status = 200
        if self.ranges and wanted and headers["If-Range"] == self.tag:
            start = int(wanted[1])
            status = 206 if start < size else 416
            fields["Content-Range"] = f"bytes {start}-{size - 1}/{size}" if status == 206 else f"bytes */{size}"
        if status == 416:
            raise APIError("no such range", response=Response(416, Headers(fields)))
        fields["Content-Length"] = str(size - start)
        return BlockStream(status, Headers(fields), self._blocks(start, cut), url=URL)

    def _blocks(self, start, cut):
        end = len(self.content) if cut is None else max(start, min(cut, len(self.content)))
        for at in range(start, end, self.block):
            yield self.content[at : min(end, at + self.block)]
        if cut is not None:
            raise self.error("broke")


def saved(origin, path, policy=POLICY, **options):
    clock = FakeClock()
    seams = {"clock": clock, "sleep": clock.sleep, "rng": lambda: 0.5, "now": lambda: 0.0}
    return save(origin, path, **{"url": URL, "policy": policy, **seams, **options})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_body_is_saved_whole(tmp_path):
    """The file has the body's bytes and nothing is left beside it; a file of that name is replaced."""
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    seen = []
    done = saved(Origin(), path, progress=lambda size, total: seen.append((size, total)))
    assert (done.path, done.size, done.resumed_from, done.response.status) == (path, 10, 0, 200)
    assert path.read_bytes() == CONTENT
    assert names(tmp_path) == ["file.bin"]
    assert seen == [(0, 10), (3, 10), (6, 10), (9, 10), (10, 10)]


def test_an_empty_body_is_an_empty_file(tmp_path):
    """A body without bytes becomes a file without bytes."""
    assert saved(Origin(b""), tmp_path / "f").size == 0
    assert (tmp_path / "f").read_bytes() == b""


@pytest.mark.parametrize("error", [ConnectionLostError, TimeoutExpiredError])
def test_a_connection_that_breaks_is_taken_up_again(tmp_path, error):
    """Within one call, the rest is asked for after a break, and what is there is not asked for again."""
    origin = Origin(cuts=[4, 4, 8], error=error)
    done = saved(origin, tmp_path / "f")
    assert [asked.get("Range") for asked in origin.asked] == [None, "bytes=4-", "bytes=4-", "bytes=8-"]
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert (done.size, done.resumed_from, done.response.status) == (10, 0, 206)


@settings(max_examples=60, deadline=None)
@given(
    content=st.binary(max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=6),
    block=st.integers(1, 9),
    ranges=st.booleans(),
)
def test_wherever_it_breaks_the_file_is_right(content, cuts, block, ranges):
    """Wherever connections break, with ranges or without, the file is the content, and its progress never goes beyond it."""
    with tempfile.TemporaryDirectory() as folder:
        seen = []
        origin = Origin(content, cuts=cuts, block=block, ranges=ranges)
        done = saved(origin, Path(folder, "f"), progress=lambda size, total: seen.append(size))
        assert Path(folder, "f").read_bytes() == content
        assert done.size == len(content) == seen[-1] == max(seen)
        assert names(Path(folder)) == ["f"]


def test_the_next_call_goes_on(tmp_path):
    """A call that fails leaves its part with a note; the next call goes on from there and tells so."""
    once = RetryPolicy("none", declared=True)
    with pytest.raises(ConnectionLostError):
        saved(Origin(cuts=[7]), tmp_path / "f", once)
    assert names(tmp_path) == ["f.part", "f.part.json"]
    assert json.loads((tmp_path / "f.part.json").read_text()) == {"url": URL, "validator": '"v1"', "total": 10}
    origin = Origin()
    done = saved(origin, tmp_path / "f", once)
    assert origin.asked == [{"Accept-Encoding": "identity", "Range": "bytes=7-", "If-Range": '"v1"'}]
    assert (done.resumed_from, done.size, done.response.status) == (7, 10, 206)
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert names(tmp_path) == ["f"]


def begun(folder, size=4, **note):
    (folder / "f.part").write_bytes(CONTENT[:size])
    (folder / "f.part.json").write_text(json.dumps({**to_json(PART), **note}))


def test_what_has_changed_meanwhile_is_fetched_anew(tmp_path):
    """Another version of the file is fetched from its start, since the server sends all of it."""
    begun(tmp_path)
    origin = Origin(b"something else", tag='"v2"')
    done = saved(origin, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == b"something else"
    assert (done.resumed_from, len(origin.asked)) == (0, 1)


def test_a_part_of_another_url_is_not_gone_on_with(tmp_path):
    """A part of something else with the same validator is not mixed in."""
    begun(tmp_path, url="https://api.example.com/other")
    origin = Origin()
    saved(origin, tmp_path / "f")
    assert "Range" not in origin.asked[0]
    assert (tmp_path / "f").read_bytes() == CONTENT


@pytest.mark.parametrize("size", [10, 12])
def test_a_part_that_is_all_there_or_too_much(tmp_path, size):
    """A part that is whole needs only the server's word that nothing is missing; one that is too long is fetched anew."""
    begun(tmp_path)
    (tmp_path / "f.part").write_bytes(CONTENT + bytes(size - 10))
    origin = Origin()
    done = saved(origin, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert (done.resumed_from, len(origin.asked)) == ((10, 1) if size == 10 else (0, 2))


def test_a_range_that_is_another_is_not_appended(tmp_path):
    """A server that answers with a range that was not asked for is asked once more, for all."""
    begun(tmp_path)
    good = Origin()

    def odd(headers):
        if "Range" in headers:
            return BlockStream(206, Headers({"Content-Range": "bytes 0-9/10"}), [CONTENT])
        return good(headers)

    assert saved(odd, tmp_path / "f").resumed_from == 0
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_a_server_that_gives_less_is_asked_for_more(tmp_path):
    """A server that answers with a part of the range is asked for what is still missing."""
    begun(tmp_path)

    def sparing(headers):
        start = int(headers["Range"][6:-1])
        field = f"bytes {start}-{start + 1}/10"
        return BlockStream(206, Headers({"Content-Range": field}), [CONTENT[start : start + 2]])

    assert saved(sparing, tmp_path / "f").resumed_from == 4
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_ranges_that_never_add_up_are_an_error(tmp_path):
    """A server that sends ranges unasked, for ever, ends the call with an error that says what to do."""
    with pytest.raises(ProtocolError, match="do not add up"):
        saved(lambda headers: BlockStream(206, Headers({}), [b"x"]), tmp_path / "f")
    assert names(tmp_path) == []


def test_what_cannot_be_taken_up_leaves_nothing(tmp_path):
    """Without ranges, and for methods other than GET, a failure leaves no file behind."""
    once = RetryPolicy("none", declared=True)
    for origin, method in ((Origin(cuts=[4], ranges=False), "GET"), (Origin(cuts=[4]), "POST")):
        with pytest.raises(ConnectionLostError):
            saved(origin, tmp_path / "f", once, method=method)
        assert names(tmp_path) == []


def test_an_undeclared_post_is_not_made_twice(tmp_path):
    """A POST whose body breaks is made again only where the document's author has consented."""
    with pytest.raises(ConnectionLostError):
        saved(Origin(cuts=[4]), tmp_path / "f", RetryPolicy(), method="POST")
    origin = Origin(cuts=[4])
    saved(origin, tmp_path / "f", POLICY, method="POST")
    assert [asked.get("Range") for asked in origin.asked] == [None, None]
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_it_ends_when_the_policy_does(tmp_path):
    """Attempts and the deadline of the call bound how often a break is followed by another request."""
    origin = Origin(cuts=[1] * 9)
    with pytest.raises(ConnectionLostError):
        saved(origin, tmp_path / "f", RetryPolicy("backoff", declared=True, max_attempts=3))
    assert len(origin.asked) == 3
    origin = Origin(cuts=[1] * 9)
    with pytest.raises(ConnectionLostError):
        saved(origin, tmp_path / "f", deadline=1.0)
    assert len(origin.asked) == 2


def test_what_send_raises_ends_the_call(tmp_path):
    """An error before there is a body is the caller's, who has retried already; a part that is there stays."""
    begun(tmp_path)

    def refuse(headers):
        raise APIError("no", response=Response(403))

    with pytest.raises(APIError):
        saved(refuse, tmp_path / "f")
    assert names(tmp_path) == ["f.part", "f.part.json"]


def test_a_progress_that_raises_ends_the_call(tmp_path):
    """An exception of the progress callback passes unchanged, and the part can be taken up again."""

    def progress(size, total):
        if size > 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        saved(Origin(), tmp_path / "f", progress=progress)
    assert (tmp_path / "f.part").read_bytes() == CONTENT[:6]
    assert saved(Origin(), tmp_path / "f").resumed_from == 6


def test_what_cannot_be_written_is_an_argument(tmp_path):
    """A folder that is missing, or a path that is a folder, is an ArgumentError with the path."""
    for path in (tmp_path / "no" / "f", tmp_path):
        with pytest.raises(ArgumentError, match=re.escape(str(path))):
            saved(Origin(), path)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_full_disk_is_an_argument(tmp_path):
    """A disk that is full ends the call with the path and the reason."""

    def fill(size, total):
        (tmp_path / "f.part").unlink()
        (tmp_path / "f.part").symlink_to("/dev/full")

    with pytest.raises(ArgumentError, match="no space left"):
        saved(Origin(), tmp_path / "f", progress=fill)


def test_over_a_network(server, tmp_path):
    """With a real server that breaks the connection, the file comes whole."""
    body = os.urandom(300_000)
    fields = b'ETag: "v1"\r\nAccept-Ranges: bytes\r\n'

    def rest(wire):
        start = int(wire.request.headers["range"][6:-1])
        assert 0 < start < len(body)
        tail = body[start:]
        headers = (f"Content-Range: bytes {start}-{len(body) - 1}/{len(body)}", 'ETag: "v1"')
        reply(206, tail, *headers)(wire)

    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(body) + fields + b"\r\n"
    server.script(raw(head + body[:200_000]), reset(), rest)
    with Urllib3Transport(env=False) as transport:

        def send(headers):
            request = Request("GET", server.origin, "/file", headers)
            return deliver_stream(transport, request, RetryPolicy(initial_interval=0), Timeout(read=5))[0]

        done = save(send, tmp_path / "f", url=URL, sleep=lambda seconds: None)
    assert (tmp_path / "f").read_bytes() == body
    assert done.size == len(body)
    assert [r.headers.get("if-range") for r in server.requests] == [None, '"v1"', '"v1"']
