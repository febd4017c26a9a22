"""Loading a document: what may be given, what comes out, and what is said when it cannot be."""

import datetime
import os
import sys
import threading
from hashlib import sha256

import pytest

from dynaclient.errors import SpecError, UnsupportedError
from dynaclient.source import Limits, bundled, load, load_value

TINY = "openapi: 3.1.0\ninfo: {title: Tiny, version: '1'}\npaths: {}\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("DYNACLIENT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path


def test_a_text_may_begin_with_a_byte_order_mark():
    """A JSON or YAML text that somebody read without removing the mark is read."""
    for text in ('\ufeff{"openapi": "3.1.0"}', "\ufeffopenapi: 3.1.0\n"):
        assert load(text).data == {"openapi": "3.1.0"}
        assert load(text.encode()).data == {"openapi": "3.1.0"}


def test_nothing_means_the_document_that_ships():
    """Without a spec the shipped document is loaded, from where bundled() says."""
    document = load()
    assert "/embeddings" in document.data["paths"]
    assert document.digest == sha256(bundled().read_bytes()).hexdigest()


def test_each_form_of_a_spec_gives_the_same_data(tiny):
    """A path as text or object, a text, bytes, a mapping and JSON give one and the same value."""
    want = {"openapi": "3.1.0", "info": {"title": "Tiny", "version": "1"}, "paths": {}}
    json_text = '{"openapi": "3.1.0", "info": {"title": "Tiny", "version": "1"}, "paths": {}}'
    for spec in (
        str(tiny),
        tiny,
        TINY,
        TINY.encode(),
        want,
        json_text,
        TINY.encode("utf-16"),
        b"\xef\xbb\xbf" + TINY.encode(),
    ):
        assert load(spec).data == want


def test_a_document_says_what_it_was_made_from(tiny):
    """source, files and digest name what was read."""
    document = load(tiny)
    assert (document.source, document.files) == (str(tiny), (str(tiny),))
    assert document.digest == sha256(tiny.read_bytes()).hexdigest()


def test_text_stays_text_where_the_standard_wants_text():
    """Unquoted numbers are text as versions, in strings' enums and as names, and numbers elsewhere."""
    data = load(
        "openapi: 3.1\ninfo: {title: 7, version: 1.10}\npaths: {}\nservers:\n- {url: x, variables: {p: {default: 010, enum: [1.0, 8443]}}}\n"
        "components:\n  schemas:\n"
        "    S: {type: string, enum: [1.10, 2, NO, true], default: 1e3, example: 0.50}\n"
        "    N: {type: number, default: 1.10, example: {version: 1.10}}\n"
        "    O: {type: object, properties: {title: {type: integer, default: 1}}}\n"
    ).data
    assert (data["openapi"], data["info"]) == ("3.1", {"title": "7", "version": "1.10"})
    assert data["servers"][0]["variables"]["p"] == {"default": "010", "enum": ["1.0", "8443"]}
    schemas = data["components"]["schemas"]
    assert schemas["S"] == {"type": "string", "enum": ["1.10", "2", "NO", "true"], "default": "1e3", "example": "0.50"}
    assert schemas["N"] == {"type": "number", "default": 1.1, "example": {"version": 1.1}}
    assert schemas["O"]["properties"] == {"title": {"type": "integer", "default": 1}}


def test_a_mapping_is_copied_and_made_plain():
    """Integer keys become text, tuples lists; the caller's own mapping is left alone."""
    spec = {
        "openapi": "3.0.0",
        "info": {"version": 1.5},
        "paths": {"/a": {"get": {"responses": {200: {}}, "tags": ("a",)}}},
    }
    operation = load(spec).data["paths"]["/a"]["get"]
    assert operation == {"responses": {"200": {}}, "tags": ["a"]}
    assert load(spec).data["info"] == {"version": "1.5"}
    assert list(spec["paths"]["/a"]["get"]["responses"]) == [200]


@pytest.mark.parametrize(
    "value", [datetime.date(2024, 1, 1), {1, 2}, b"x", float("nan"), object(), {True: 1}, {1: 1, "1": 2}]
)
def test_a_mapping_with_what_json_lacks_is_refused(value):
    """What has no JSON form is an error that points to it."""
    with pytest.raises(SpecError) as caught:
        load({"openapi": "3.1.0", "x-a": [value]})
    assert caught.value.pointer.startswith("/x-a/0")


def test_a_mapping_that_contains_itself_is_refused():
    """A circle is an error, not an endless walk."""
    spec = {"openapi": "3.1.0"}
    spec["x-self"] = spec
    with pytest.raises(SpecError, match="contains itself"):
        load(spec)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "path of the document is empty"),
        (b"", "the document is empty"),
        ("\n# nothing\n", "empty"),
        ("- a\n- b\n", "this is a list"),
        ("just text\n", "'just text'"),
        ("info:\n  title: x\n", "the key openapi is missing"),
        ("asyncapi: 3.0.0\n", "AsyncAPI"),
        ("overlay: 1.0.0\n", "an overlay changes a document"),
        ("<!DOCTYPE html>\n<html></html>", "HTML"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"openapi: 3.1.0\ninfo: \xe9\n", "save the document as UTF-8"),
        ('{"openapi": "3.1.0",\n "openapi": "3.1.0"}', "first in line 1"),
        ('{"openapi": "3.1.0", "x-n": 1e999}', "1e999"),
        ('{"openapi": "3.1.0", "x-n": NaN}', "NaN"),
        ('{"openapi": "3.1.0", "x-n": "\\ud800"}', "surrogate"),
        ("openapi: \ud800\n", "surrogate"),
        ("https://example.com/openapi.yaml", "pass fetch="),
        (7, "not int"),
    ],
)
def test_what_is_no_document_is_explained(text, message):
    """Whatever else is given, the error says what it is and what was expected."""
    with pytest.raises(SpecError, match="(?s).*" + message):
        load(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [("swagger: '1.2'\n", "api-spec-converter"), ("openapi: 4.0.0\n", "4.0.0"), ("openapi: 3\n", "3.0, 3.1 and 3.2")],
)
def test_other_versions_are_unsupported(text, message):
    """Swagger before 2.0 and versions to come are told apart from mistakes, with what to do."""
    with pytest.raises(UnsupportedError, match=message):
        load(text)


def test_a_missing_file_suggests_its_neighbours(tiny):
    """A wrong name gets the near ones, a folder what it holds."""
    with pytest.raises(SpecError, match=r"did you mean tiny\.yaml\?"):
        load(tiny.with_name("tinny.yml"))
    with pytest.raises(SpecError, match=r"this is a folder.*tiny\.yaml"):
        load(tiny.parent)
    with pytest.raises(SpecError, match="no folder"):
        load(tiny.parent / "none" / "x.yaml")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_named(tiny):
    """A file without permission is an error with the reason."""
    tiny.chmod(0)
    with pytest.raises(SpecError, match="Permission denied"):
        load(tiny)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_can_be_a_document(tmp_path):
    """A document may come from a pipe, as from a shell's process substitution."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(TINY,))
    writer.start()
    assert load(pipe, cache=False).data["info"]["title"] == "Tiny"
    writer.join()


def test_the_size_is_limited(tiny):
    """A document of more bytes than the limit is refused before it is parsed."""
    with pytest.raises(SpecError, match="bytes"):
        load(tiny, limits=Limits(bytes=10))


def test_errors_of_json_files_have_a_place(tmp_path):
    """A .json file that is no JSON is told so with line and column, even where YAML would take it."""
    path = tmp_path / "x.json"
    path.write_text('{"openapi": "3.1.0",\n}', encoding="utf-8")
    with pytest.raises(SpecError, match="not JSON") as caught:
        load(path)
    assert caught.value.line in (1, 2)


@pytest.mark.parametrize(
    ("text", "pointer", "place"),
    [
        (TINY, "/info", (2, 1)),
        (TINY, "/info/version", (2, 21)),
        (TINY, "/info/nothing/here", (2, 1)),
        (TINY, "", (1, 1)),
        (
            "openapi: 3.1.0\npaths:\n  /a/b:\n    get:\n      tags:\n        - x\n        - y\n",
            "/paths/~1a~1b/get/tags/1",
            (7, 11),
        ),
        (
            '{"openapi": "3.1.0",\n "info": {"title": "a\\"{"},\n "paths": {"/a": {"get": {"tags": [1,\n 2]}}}}',
            "/paths/~1a/get/tags/1",
            (4, 2),
        ),
        ('{"openapi": "3.1.0",\r\n "info": {}}', "/info", (2, 2)),
        ("openapi: 3.1.0\nx-a: &a {b: 1}\nx-c: *a\nx-d: 1\n", "/x-c/b", (3, 1)),
        ("openapi: 3.1.0\nx-a: &a {b: 1}\nx-c: *a\nx-d: 1\n", "/x-d", (4, 1)),
    ],
)
def test_a_node_has_a_place(text, pointer, place):
    """Line and column are those of the node's key or item, or of the nearest node around it."""
    assert load(text).place(pointer) == ("<text>", *place)


def test_a_mapping_has_no_places():
    """A document that never was text has a name and no lines."""
    assert str(load({"openapi": "3.1.0"}).place("/openapi")) == "<mapping>"


def test_any_yaml_is_a_plain_value(tmp_path):
    """load_value reads overlays and bodies with the same meaning and no demands."""
    assert load_value("- NO\n- 1.10\n- 2024-01-01\n") == ["NO", 1.1, "2024-01-01"]
    assert load_value(b"[1, 2]") == [1, 2]


def test_a_url_is_read_with_what_was_given(monkeypatch):
    """The URL is read with fetch; neither user nor query of it show in the document's name."""
    document = load(
        "https://user:pw@example.com/a/openapi.yaml?token=t", fetch=lambda url: (TINY.encode(), url, "text/yaml")
    )
    assert document.source == "https://example.com/a/openapi.yaml"


def test_errors_of_fetch_are_translated():
    """What the reader of URLs raises becomes a SpecError that names the URL without its secrets."""

    def broken(url):
        raise OSError("no route")

    with pytest.raises(SpecError, match=r"^https://example.com/x: .*no route"):
        load("https://u:p@example.com/x?key=k", fetch=broken)


def test_a_deep_stack_is_no_crash():
    """Near the end of Python's stack the error is a SpecError."""
    deep = "openapi: 3.1.0\ninfo:\n" + "".join("  " * level + "a:\n" for level in range(1, 150))

    def descend(levels):
        return load(deep, cache=False) if levels == 0 else descend(levels - 1)

    frames = 0
    frame = sys._getframe()
    while frame is not None:
        frames, frame = frames + 1, frame.f_back
    with pytest.raises(SpecError, match="nests too deeply"):
        descend(sys.getrecursionlimit() - frames - 100)
