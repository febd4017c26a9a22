"""Media types: which is which, and how they are written and read."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.openapi import media
from dynaclient.openapi.model import MediaType

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


@given(VALUES)
def test_json_round_trip(value):
    """What is written is read back the same, by this reader and by another; integers keep every digit."""
    text = media.encode_json(value)
    assert media.decode_json(text) == value
    assert json.loads(text) == value


@given(VALUES)
def test_json_for_people_is_json(value):
    """The indented form says the same."""
    assert json.loads(media.format_json(value)) == value


def test_json_keeps_numbers():
    """Big integers, minus zero and the smallest float are read exactly."""
    found = media.decode_json(b"[123456789012345678901234567890, -0.0, 5e-324, 0.1]")
    assert found == [123456789012345678901234567890, 0.0, 5e-324, 0.1]
    assert math.copysign(1, found[1]) == -1


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[1,]", b"NaN", b"Infinity", b"1e400", b"'a'", b"{} {}", b'"\\ud800"', b"\xff", b"\xef\xbb\xbf" * 2 + b"1",
     b"[" * 100_000, b"\xef\xbb\xbf" * 100_000],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_what_is_not_json(text):
    """What is not JSON, or holds a number that no float can, is a ValueError, however long it is."""
    with pytest.raises(ValueError) as caught:
        media.decode_json(text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "text, said",
    [
        (b"[1, NaN]", "NaN is not a JSON number (byte 4)"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number (byte 6)"),
        (b"Infinity", "Infinity is not a JSON number (byte 0)"),
        (b"\xef\xbb\xbf[NaN]", "NaN is not a JSON number (byte 1)"),
    ],
)
def test_numbers_that_json_does_not_have(text, said):
    """NaN and infinities are refused by name, with their place; read as what is meant by them they are floats."""
    with pytest.raises(ValueError) as caught:
        media.decode_json(text)
    assert str(caught.value) == said
    assert "nan" in repr(media.decode_odd_json(text)) or "inf" in repr(media.decode_odd_json(text))


@pytest.mark.parametrize("text", [b"{", b"", b"[1,]", b"[" * 100_000, b"\xff"], ids=lambda text: repr(text[:4]))
def test_what_is_not_json_even_with_odd_numbers(text):
    """All else that is not JSON stays a ValueError."""
    with pytest.raises(ValueError):
        media.decode_odd_json(text)


def test_a_byte_order_mark_is_passed_over():
    """A byte order mark before JSON is allowed (RFC 8259, 8.1)."""
    assert media.decode_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("value", [object(), {1j: 2}, "\ud800"], ids=["object", "key", "surrogate"])
def test_what_has_no_json(value):
    """A value without a JSON form is a ValueError."""
    with pytest.raises(ValueError):
        media.encode_json(value)


@pytest.mark.parametrize(
    "name, kind",
    [
        ("application/json", "json"),
        ("Application/JSON; charset=utf-8", "json"),
        ("application/problem+json", "json"),
        ("application/vnd.api+json;v=1", "json"),
        ("text/json", "json"),
        ("text/html", "text"),
        ("text/plain; charset=latin-1", "text"),
        ("application/xml", "text"),
        ("image/svg+xml", "text"),
        ("application/x-www-form-urlencoded", "form"),
        ("application/octet-stream", "binary"),
        ("image/png", "binary"),
        ("application/jsonish", "binary"),
        ("", "binary"),
    ],
)
def test_kinds(name, kind):
    """The kind of a media type is found by its essence and its suffix."""
    assert media.codec(name).kind == kind


@pytest.mark.parametrize(
    "content_type, found",
    [
        ("application/json", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("APPLICATION/JSON", "application/json"),
        ("text/csv", "text/*"),
        ("image/png", "*/*"),
        ("application/problem+json", "application/problem+json; v=1"),
    ],
)
def test_matching(content_type, found):
    """A Content-Type matches the media type that names it, else the narrowest range."""
    names = ("*/*", "text/*", "application/json", "application/problem+json; v=1")
    match = media.matching(tuple(MediaType(name) for name in names), content_type)
    assert match is not None
    assert match.name == found


def test_matching_nothing():
    """A Content-Type that is not declared matches nothing."""
    assert media.matching((MediaType("application/json"), MediaType("text/*")), "image/png") is None


@pytest.mark.parametrize(
    "content_type, charset",
    [
        ("text/plain", "utf-8"),
        ("text/plain; charset=latin-1", "latin-1"),
        ('text/plain; a=b; Charset="UTF-16"', "UTF-16"),
        ("text/plain; charset=", "utf-8"),
    ],
)
def test_charset(content_type, charset):
    """The charset is the parameter's, or UTF-8."""
    assert media.charset(content_type) == charset


def test_text_is_read_by_its_charset():
    """Text is decoded by the charset of its Content-Type; one that is unknown or wrong is a ValueError."""
    decode = media.codec("text/plain").decode
    assert decode("é".encode("latin-1"), "text/plain; charset=latin-1") == "é"
    for content_type in ("text/plain; charset=nonsense", "text/plain"):
        with pytest.raises(ValueError, match="charset"):
            decode(b"\xe9", content_type)


@pytest.mark.parametrize("value", [5, [1, 2], {"a": 1}, None], ids=repr)
def test_bytes_are_not_made_of_data(value):
    """A media type that is neither JSON, text nor a form is sent as the bytes that were passed, never made of numbers or lists."""
    with pytest.raises(ValueError, match="bytes or text"):
        media.codec("image/png").encode(value)


@pytest.mark.parametrize("name", ["image/png", "text/plain", "application/x-www-form-urlencoded"])
def test_bytes_pass(name):
    """Bytes are sent as they are."""
    assert media.codec(name).encode(b"\x00\xff") == b"\x00\xff"


def test_a_form():
    """An object is written as a form: arrays repeat their name, null is left out, a space is a plus sign."""
    value = {"a": "b c", "n": [1, 2.5, True], "x": None, "é": "&="}
    assert media.codec(media.FORM).encode(value) == b"a=b+c&n=1&n=2.5&n=true&%C3%A9=%26%3D"


@given(st.binary())
def test_base64_round_trip(data):
    """Base64 text is read as the bytes that it was made of."""
    import base64

    assert media.base64_decoder(bytes)(base64.b64encode(data).decode()) == data


@pytest.mark.parametrize(
    "text", ["A", "AA=", "AAAAA", "A===", "AAAA=", "AA==AA==", "A A=", "AAA\n", "AA-_", "ÄÄÄÄ", "===="]
)
def test_what_is_not_base64(text):
    """Half a padding, blanks, the URL alphabet and anything after the padding are refused."""
    with pytest.raises(ValueError, match="not base64"):
        media.base64_decoder(bytes)(text)


@pytest.mark.parametrize(
    ("declared", "came", "found"),
    [
        (["application/json", "application/json;stream=watch"], "application/json", 0),
        (["application/json", "application/json;stream=watch"], "application/json; stream=watch", 1),
        (["application/json;stream=watch", "application/json"], "application/json; charset=utf-8", 1),
        (["application/json; version=1", "application/json; version=2"], 'Application/JSON;Version="2"', 1),
        (["application/json; version=1"], "application/json", 0),
        (["application/*", "application/json; version=1"], "application/json", 1),
        (["text/plain", "*/*"], "image/png", 1),
        (["text/plain"], "image/png", None),
    ],
)
def test_the_most_specific_media_type_wins(declared, came, found):
    """Of the declared media types the one with most of the parameters that came is taken; none is taken for another type."""
    content = tuple(MediaType(name) for name in declared)
    assert media.matching(content, came) is (content[found] if found is not None else None)
