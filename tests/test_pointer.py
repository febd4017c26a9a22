"""JSON Pointers and local references."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.errors import SpecError
from dynaclient.openapi.pointer import at, deref, escape, join, local_target, tokens, unescape

# RFC 6901, 5
DOCUMENT = {
    "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8
}  # fmt: skip
EXAMPLES = [
    ("", DOCUMENT), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3),
    ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8)
]  # fmt: skip


@pytest.mark.parametrize("pointer, value", EXAMPLES, ids=lambda value: value if isinstance(value, str) else "")
def test_the_examples_of_the_standard(pointer, value):
    """Every example of RFC 6901 finds what the standard says."""
    assert at(DOCUMENT, pointer) == value


@given(st.text())
def test_escape_round_trip(token):
    """A token is the same after escaping and unescaping, and holds no slash in between."""
    assert unescape(escape(token)) == token
    assert "/" not in escape(token)


@given(st.lists(st.text()))
def test_join_round_trip(steps):
    """The tokens of a joined pointer are those that it was joined from."""
    assert tokens(join("", *steps)) == steps


@pytest.mark.parametrize("pointer", ["/nowhere", "/foo/2", "/foo/-", "/foo/x", "/foo/-1", "/foo/01", "/foo/0/x", "foo"])
def test_nothing_there(pointer):
    """A pointer to nothing is an error of the document that names it; an index is digits without a leading zero."""
    with pytest.raises(SpecError) as caught:
        at(DOCUMENT, pointer)
    assert caught.value.pointer == pointer


@pytest.mark.parametrize(
    "reference, pointer",
    [("#", ""), ("#/a", "/a"), ("#/a~1b", "/a~1b"), ("#/a%20b", "/a b"), ("#/%7B", "/{"), ("#/a%2Fb", "/a/b")],
)
def test_local_target(reference, pointer):
    """The fragment of a local reference is a pointer, percent-encoded."""
    assert local_target(reference) == pointer


@pytest.mark.parametrize("reference", ["other.yaml#/a", "https://example.com/a", "#anchor", "", "/a"])
def test_references_out_of_the_document(reference):
    """A reference that is not local is refused, with what to do."""
    with pytest.raises(SpecError, match="load it from its file or URL"):
        local_target(reference)


def test_deref_follows_chains():
    """A reference to a reference leads to what stands at the end, and to its place."""
    document = {"a": {"$ref": "#/b"}, "b": {"$ref": "#/c"}, "c": {"x": 1}}
    assert deref(document, document["a"], "/a") == ({"x": 1}, "/c")


def test_deref_leaves_plain_data_alone():
    """A `$ref` that is no string, as in example data, is not followed."""
    node = {"$ref": {"x": 1}}
    assert deref({}, node, "/a") == (node, "/a")


@pytest.mark.parametrize(
    "document",
    [
        {"a": {"$ref": "#/a"}},
        {"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}},
        {"a": {"$ref": "#/nowhere"}},
        {"a": {"$ref": "x.yaml"}},
    ],
    ids=["itself", "circle", "nowhere", "outside"],
)
def test_deref_ends(document):
    """A reference in a circle, to nothing or out of the document is an error that names the place of the reference."""
    with pytest.raises(SpecError) as caught:
        deref(document, document["a"], "/a")
    assert caught.value.pointer in ("/a", "/b")
