"""Lists in pages are followed to their end."""

import pytest
from cases import cases
from documents import document
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonpath_rfc9535 import find

from dynaclient.errors import ReplyValidationError, SpecError
from dynaclient.openapi.arguments import Binder
from dynaclient.openapi.check import Checker
from dynaclient.openapi.jsonpath import compiled
from dynaclient.openapi.paging import Arguments, Pager, Url
from dynaclient.openapi.read import operation, read
from dynaclient.openapi.weblink import next_link
from dynaclient.value import records
from dynaclient.wire import Headers, Response

CASES = cases("paging.yaml")
NAMES = st.sampled_from(["a", "b", "c_1"])
VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.just("a"),
    lambda items: st.lists(items, max_size=3) | st.dictionaries(NAMES, items, max_size=3),
)


def title(case):
    return str(case["title"])


def described(case):
    """The document and the operation of a case."""
    node = {"operationId": "list", "parameters": case.get("parameters", []), "responses": {}}
    if "body" in case:
        node["requestBody"] = {"content": {"application/json": {"schema": case["body"]}}}
    if "paging" in case:
        node["x-speakeasy-pagination"] = case["paging"]
    api = read(document({case.get("path", "/list"): {"post" if "body" in case else "get": node}}))
    return api.document, operation(api, api.index["list"])


def walked(pager, case):
    """What is called to see the pages of a case, and the error that ends the walk, if one does."""
    state = pager.start(case["arguments"])
    calls, url = [dict(state.arguments)], "https://api.test/list"
    for number, value in enumerate(case["pages"]):
        assert len(calls) == number + 1, "the walk ends before the last page"
        link = dict(enumerate(case.get("links", ()))).get(number)
        response = Response(200, Headers({"Link": link} if link else {}), url=url)
        try:
            following = pager.next(state, state.arguments, records(value), response)
        except ReplyValidationError as error:
            return calls, error
        if isinstance(following, Url):
            url = following.url
            calls.append(url)
        elif isinstance(following, Arguments):
            assert following.values == following.state.arguments
            calls.append(following.values)
        state = following.state if following else state
    return calls, None


@pytest.mark.parametrize("case", CASES["walks"], ids=title)
def test_walks(case):
    """Each page leads to the call of the next one until there is none, and a walk that would never end is an error."""
    found_document, found = described(case)
    given_before = repr(case["arguments"])
    calls, error = walked(Pager(found, found_document), case)
    assert calls == case["calls"]
    assert repr(case["arguments"]) == given_before
    assert (error is not None) is ("wrong" in case)
    if error is not None:
        assert case["wrong"] in str(error)
        assert (error.operation, error.response.status) == ("list", 200)


@pytest.mark.parametrize("case", [case for case in CASES["walks"] if "paging" in case], ids=title)
def test_the_arguments_of_the_next_page_are_those_of_a_call(case):
    """What a page leads to can be bound as it is: no argument is given twice, none is unknown."""
    found_document, found = described(case)
    binder = Binder(found, Checker(found_document, "3.1"))
    for call in walked(Pager(found, found_document), case)[0]:
        if not isinstance(call, str):
            assert binder.bind(call).problems == []


@pytest.mark.parametrize("case", CASES["refused"], ids=title)
def test_pagination_that_makes_no_sense(case):
    """A pagination that cannot be followed is an error of the document that names its place."""
    with pytest.raises(SpecError) as caught:
        Pager(*reversed(described(case)))
    assert case["says"] in str(caught.value)
    assert "/x-speakeasy-pagination" in caught.value.pointer


@pytest.mark.parametrize("case", CASES["results"], ids=title)
def test_results(case):
    """The items of a page are where the document says, else in its only list; where that cannot be told, it is an error."""
    paging = (
        {"type": "url", "outputs": {"nextUrl": "$.next", "results": case["results"]}} if "results" in case else None
    )
    pager = Pager(*reversed(described({"paging": paging})))
    if "says" in case:
        with pytest.raises(SpecError, match=case["says"]):
            pager.results(case["value"])
    else:
        assert pager.results(records(case["value"])) == case["items"]


@pytest.mark.parametrize("case", CASES["links"], ids=title)
def test_links(case):
    """Link fields are read by the grammar of RFC 8288."""
    assert next_link(case["field"], "https://api.test/a/b?p=1") == case["next"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*'<>;,="\\ [:/#\t', "rel", "next", "anchor", "</a>", "http://"]), max_size=20))
def test_any_link_field_is_read(pieces):
    """No field value, however broken, is an error; what is found is absolute."""
    found = next_link("".join(pieces), "https://api.test/")
    assert found is None or ":" in found


@settings(max_examples=200, deadline=None)
@given(st.lists(NAMES, max_size=3), VALUES)
def test_plain_paths_agree_with_the_library(names, value):
    """A path of names, followed without the library, leads to what the library finds."""
    path = "".join(["$", *(f".{name}" for name in names)])
    assert compiled(path).find(value) == find(path, value).values()
    assert compiled(path).singular


def test_the_state_of_a_walk_is_a_value():
    """Two walks of one pager do not meet, and a state can be gone on from twice."""
    found_document, found = described(CASES["walks"][0])
    pager = Pager(found, found_document)
    first = pager.next(pager.start({}), {}, {"data": [1]}, Response(200))
    again = pager.next(pager.start({"page": 5}), {"page": 5}, {"data": [1]}, Response(200))
    assert (first.values, again.values) == ({"page": 2}, {"page": 6})
    twice = [pager.next(first.state, first.values, {"data": [1]}, Response(200)).values for _ in range(2)]
    assert twice == [{"page": 3}, {"page": 3}]
