"""Multipart bodies, and the files in them."""

import io
import os
import re
import tracemalloc

import pytest
import yaml
from cases import FOLDER
from hypothesis import given
from hypothesis import strategies as st
from senders import BOUNDARY, Sender, whole

from dynaclient.errors import ArgumentError
from dynaclient.files import File, Part, attach
from dynaclient.openapi.multipart import random_boundary
from dynaclient.wire import Upload

FORM_DATA = "multipart/form-data"
FILES = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}, "n": {"type": "integer"}}}


class Loader(yaml.SafeLoader):
    """YAML with files, parts and bytes."""


Loader.add_constructor("!bytes", lambda loader, node: bytes.fromhex(loader.construct_scalar(node)))
Loader.add_constructor("!file", lambda loader, node: File(**loader.construct_mapping(node, deep=True)))
Loader.add_constructor("!part", lambda loader, node: Part(**loader.construct_mapping(node, deep=True)))
CASES = yaml.load((FOLDER / "multipart.yaml").read_text("utf-8"), Loader)


def title(case):
    return case["title"]


def sender(case, version="3.2.0"):
    media = case.get("media") or {key: case[key] for key in ("schema", "encoding") if key in case}
    return Sender({case.get("type", FORM_DATA): media}, version)


def body(parts):
    """A body of these parts, each `(header lines, content)`."""
    found = b""
    for lines, content in parts:
        head = "\r\n".join([*lines, "", ""]).encode()
        found += (
            f"--{BOUNDARY}\r\n".encode()
            + head
            + (content if isinstance(content, bytes) else content.encode())
            + b"\r\n"
        )
    return found + f"--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize("case", CASES["written"], ids=title)
def test_written(case):
    """A value becomes parts as the document's encoding says, and else by the standard's defaults."""
    request = sender(case).request({"body": case["value"]})
    assert request.headers["Content-Type"] == f"{case.get('type', FORM_DATA)}; boundary={BOUNDARY}"
    assert whole(request) == body(case["parts"])


@pytest.mark.parametrize("case", CASES["refused"], ids=title)
def test_refused(case):
    """What has no form as a part is refused before anything is sent, and the property is named."""
    with pytest.raises(ArgumentError) as caught:
        sender(case).request({"body": case["value"]})
    assert re.search(case["reason"], str(caught.value))


def files(**arguments):
    return Sender({FORM_DATA: {"schema": FILES}}).request(arguments)


def test_a_path_is_read_while_it_is_sent(tmp_path):
    """A path is a part with the file's name; the body has its length, is read piece by piece, and again each time it is sent."""
    path = tmp_path / "ä b.bin"
    path.write_bytes(b"one")
    upload = files(file=path, n=1).body
    assert isinstance(upload, Upload)
    assert upload.replayable
    first = upload.read()
    assert len(first) == upload.length
    assert 'filename="ä b.bin"\r\nContent-Type: application/octet-stream\r\n\r\none\r\n'.encode() in first
    assert upload.read() == first


def test_a_large_file_takes_little_memory(tmp_path):
    """The memory that a body takes does not grow with its file."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    try:
        upload = files(file=path).body
        assert sum(map(len, upload.chunks())) == upload.length > 64 << 20
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_an_open_file_is_read_from_where_it_stands():
    """An open file that can seek has a length and is read again from its place; only what lies behind it is sent."""
    file = io.BytesIO(b"skipped sent")
    file.seek(8)
    upload = files(file=file).body
    assert upload.replayable
    assert upload.read() == upload.read()
    assert upload.read().count(b"sent") == 1
    assert b"skipped" not in upload.read()
    assert upload.length == len(upload.read())


class Pipe(io.RawIOBase):
    """A file that cannot seek."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._data.readinto(buffer)


@pytest.mark.parametrize("make", [lambda: Pipe(b"abc"), lambda: File(iter([b"a", b"bc"]))], ids=["pipe", "iterator"])
def test_what_is_read_once(make):
    """A file that cannot seek, and an iterator, have no length and are sent once."""
    upload = files(file=make()).body
    assert (upload.length, upload.replayable) == (None, False)
    assert b"\r\n\r\nabc\r\n" in upload.read()
    assert upload.spent


def test_pieces_that_can_be_had_again():
    """An iterable of bytes that is no iterator is gone through anew each time."""
    upload = files(file=File([b"a", b"bc"])).body
    assert upload.replayable
    assert upload.read() == upload.read()
    assert b"\r\n\r\nabc\r\n" in upload.read()


def test_bytes_alone_make_a_whole_body():
    """A body without an opened file is bytes."""
    assert isinstance(files(file=b"x", n=1).body, bytes)


def test_a_file_that_became_shorter(tmp_path):
    """A file that lost bytes since its length was told breaks the request off, and one that grew is sent as far as was told."""
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    upload = files(file=path).body
    path.write_bytes(b"1234567")
    assert upload.read().count(b"12345\r\n") == 1
    path.write_bytes(b"123")
    with pytest.raises(ArgumentError, match="2 bytes shorter"):
        upload.read()
    path.unlink()
    with pytest.raises(ArgumentError, match="cannot be read: No such file"):
        upload.read()


def test_what_is_no_file(tmp_path):
    """A missing file, a folder and a file in text mode are found before anything is sent, beside all else that is wrong."""
    found = Sender({FORM_DATA: {"schema": FILES}})
    (tmp_path / "text").write_text("x")
    with (tmp_path / "text").open() as text:
        cases = {"No such file": tmp_path / "none", "is a folder": tmp_path, "text mode": text, "not int": File(5)}
        for reason, value in cases.items():
            problems = found.problems(file=value, n="x")
            assert reason in problems["file"]
            assert set(problems) == {"file", "n"}
    problems = found.problems(body={"file": [b"", tmp_path / "none"]})
    assert list(problems) == ["body.file[1]"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_has_no_length(tmp_path):
    """A path that is no regular file is sent once, without a length."""
    os.mkfifo(tmp_path / "pipe")
    found = attach(tmp_path / "pipe").upload
    assert (found.length, found.replayable) == (None, False)


def test_files_count_as_text():
    """The schema judges what is no file; a file satisfies any schema of strings, and none of numbers."""
    schema = {
        "type": "object",
        "required": ["file", "meta"],
        "additionalProperties": False,
        "properties": {
            "file": {"type": "string", "format": "binary", "minLength": 5, "pattern": "^x"},
            "meta": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}},
            "files": {"type": "array", "maxItems": 1, "items": {"type": "string", "format": "binary"}},
        },
    }
    found = Sender({FORM_DATA: {"schema": schema}}, required=True)
    assert found.problems(file=b"", meta={"id": 1}, files=[File(b"")]) == {}
    assert set(found.problems(file=b"", meta={"id": "x"}, files=[b"", b""])) == {"meta.id", "files"}
    assert set(found.problems(file=b"", meta=b"")) == {"meta"}
    assert set(found.problems(file=b"")) == {"meta"}
    assert "is null, expected string" in found.problems(file=None, meta=Part({"id": 1}))["file"]


def test_a_file_has_no_place_elsewhere(tmp_path):
    """A File, a Part or an open file in a JSON body or a parameter is refused; a path is a text there."""
    content = {"application/json": {"schema": {"type": "object", "properties": {"a": {}}}}}
    found = Sender(content, parameters=[{"name": "q", "in": "query"}])
    for value in (File(b"x"), Part("x"), io.BytesIO(b"x"), [File(b"x")]):
        assert list(found.problems(a=value, q=value)) == ["a[0]", "q[0]"] if isinstance(value, list) else ["a", "q"]
    assert found.sent(a=tmp_path / "x").decode() == f'{{"a":"{tmp_path / "x"}"}}'


def test_a_value_that_contains_itself():
    """A value that contains itself is refused, whatever the media type, beside a file and without one."""
    value = {"file": b"x"}
    value["self"] = value
    for more in ({}, {"other": File(b"x")}):
        problems = Sender({FORM_DATA: {}, "application/json": {}}).problems(FORM_DATA, body={**value, **more})
        assert any("contains itself" in text for text in problems.values())


def test_a_boundary_is_not_guessed():
    """Boundaries are 128 random bits, valid without quotes (RFC 2046, 5.1.1), and differ from body to body."""
    found = {random_boundary() for _ in range(100)}
    assert len(found) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", boundary) for boundary in found)


def test_the_boundary_stays_with_its_body():
    """A Content-Type that a caller adds does not take the boundary's place; for a body that is ready it does."""
    found = Sender({FORM_DATA: {}})
    added = {"content-type": FORM_DATA}
    assert found.request({"body": {"a": "b"}}, headers=added).headers == {
        "Accept": "*/*",
        "Content-Type": f"{FORM_DATA}; boundary={BOUNDARY}",
    }
    own = {"content-type": f"{FORM_DATA}; boundary=x"}
    assert found.request({"body": b"--x--"}, headers=own).headers["content-type"] == own["content-type"]


@given(st.binary(max_size=600_000), st.integers(1, 3))
def test_a_file_is_sent_byte_for_byte(data, times):
    """Whatever a file holds comes out as it is, each time."""
    upload = attach(File(io.BytesIO(data))).upload
    for _ in range(times):
        assert upload.read() == data
    assert upload.length == len(data)


def test_a_file_is_shown_without_its_content():
    """A File shows its path, never what it holds."""
    assert repr(File("a/b.png")) == "<File a/b.png>"
    assert repr(File(b"secret")) == "<File bytes>"
