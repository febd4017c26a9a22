"""Links of a reply."""

import copy

import pytest
from cases import cases

from dynaclient.errors import SpecError
from dynaclient.openapi.links import Exchange, Links
from dynaclient.openapi.read import operation, read
from dynaclient.wire import Headers, Request, Response

CASES = cases("links.yaml")


def title(case):
    return case["title"]


def links(entry, status=200, **responses):
    """The links of the exchange, with this one under the name `next`."""
    document = copy.deepcopy(CASES["document"])
    node = document["paths"]["/users/{id}"]["post"]
    node["responses"] = {"200": {"description": "Good.", "links": {"next": entry}}, **responses}
    api = read(document)
    said = CASES["exchange"]
    exchange = Exchange(
        operation(api, api.index["users.make_user"]),
        Request("POST", "https://api.test", said["target"], said["headers"], b""),
        said["parameters"],
        said["body"],
        Response(status, Headers(said["reply_headers"])),
        said["value"],
    )
    return Links(api, exchange)


@pytest.mark.parametrize("case", CASES["resolved"], ids=title)
def test_resolved(case):
    """A link becomes an operation by name and its arguments by keyword."""
    found = links(case["link"])
    assert list(found) == ["next"]
    assert (found["next"].operation, found["next"].arguments) == (case["operation"], case["arguments"])


@pytest.mark.parametrize("case", CASES["refused"], ids=title)
def test_refused(case):
    """A link that leads nowhere says so when it is asked for, with its place in the document, and not before."""
    found = links(case["link"])
    assert len(found) == 1
    with pytest.raises(SpecError, match=case["reason"]) as caught:
        found["next"]
    assert caught.value.pointer.endswith("/links/next")


def test_the_links_of_a_status():
    """The links are those of the reply that came: its status, its range, or the default one."""
    more = {"4XX": {"links": {"help": {"operationId": "getRepo"}}}, "default": {"description": "?"}}
    assert list(links({}, 404, **more)) == ["help"]
    assert list(links({}, 500, **more)) == []
    assert list(links({}, 500)) == []
    assert repr(links({}, 404, **more)) == "<Links help>"
