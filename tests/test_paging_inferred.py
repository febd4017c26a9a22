"""Lists whose pages nobody declares are followed as their documents let infer, and never cut off in silence."""

import asyncio
import json
import logging

import pytest
from cases import cases
from documents import document, operation
from shell import run

from dynaclient import AsyncClient, Client, ReplyValidationError
from dynaclient.errors import SpecError
from dynaclient.openapi.infer_paging import paging_of
from dynaclient.openapi.overlay import apply
from dynaclient.testing import FakeTransport, json_response
from dynaclient.value import plain

CASES = cases("paging_inferred.yaml")


def title(case):
    return str(case["title"])


def schema(written):
    return {"type": written} if isinstance(written, str) else written


def listing(case, **more):
    """The document of a case."""
    method = "post" if "body" in case else "get"
    body = {"type": "object", "properties": {name: schema(kind) for name, kind in case.get("body", {}).items()}}
    found = operation(body if "body" in case else None, case["gives"], operationId="make" if "path" in case else "list", **more)
    found["parameters"] = [
        {"name": name, "in": "query", "schema": schema(kind)} for name, kind in case.get("takes", {}).items()
    ]
    if "header" in case:
        found["responses"]["200"]["headers"] = {case["header"]: {"schema": {"type": "string"}}}
    path = case.get("path", "/search" if "body" in case else "/list")
    return document({path: {method: found}})


def scripted(case):
    """A service that answers with the pages of a case."""
    links = dict(enumerate(case.get("links", ())))
    return FakeTransport(
        *(
            json_response({}, page) if page == 404 else json_response(page, headers=({"Link": links[number]} if links.get(number) else {}))
            for number, page in enumerate(case["pages"])
        )
    )  # fmt: skip


def asked(fake):
    """What was asked for: targets, or bodies."""
    return [json.loads(request.body) if request.body else request.target for request in fake.requests]


def paging_in(spec):
    client = Client(spec, transport=FakeTransport())
    return paging_of(client.api.document, client[next(iter(client))].operation)


@pytest.mark.parametrize("case", CASES["kinds"], ids=title)
def test_every_kind_is_inferred_and_followed(case):
    """The pages of each kind of service are found from parameters and reply alone, and give all items."""
    found = paging_in(listing(case))
    if case["infers"] is None:
        assert found is None
    else:
        assert {name: getattr(found, name) for name in case["infers"]} == case["infers"]
        assert found.inferred
        assert found.why
    fake = scripted(case)
    call = Client(listing(case), transport=fake).list
    if found is not None and not found.results:
        values = [list(page.values())[0] for page in call.pages(**case.get("arguments", {}))]
        assert plain([item for page in values for item in page]) == case["items"]
    else:
        assert plain(list(call.items(**case.get("arguments", {})))) == case["items"]
    assert asked(fake) == case["asks"]


@pytest.mark.parametrize("case", CASES["refused"], ids=title)
def test_one_side_alone_infers_nothing(case):
    """A parameter or a property alone says nothing, nor does one that is something else."""
    assert paging_in(listing(case)) is None


@pytest.mark.parametrize("case", CASES["unfollowed"], ids=title)
def test_a_list_that_is_not_whole_is_an_error(case, caplog):
    """Where a reply says that there is more and nobody knows how to get it, the items come, and then an error that says what to declare."""
    spec = listing({"gives": {}})
    expected = case["value"] if isinstance(case["value"], list) else None
    items = Client(spec, transport=FakeTransport(json_response(case["value"]))).list.items()
    if case["says"] is None:
        assert expected is None or list(items) == expected
        assert list(items) is not None
        return
    came = []
    with pytest.raises(ReplyValidationError) as caught:
        came.extend(iter_into(items, came))
    assert came
    assert case["says"] in str(caught.value)
    assert "x-speakeasy-pagination" in str(caught.value)
    for validate in ("off", "warn"):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "dynaclient"):
            loose = Client(spec, transport=FakeTransport(json_response(case["value"])), validate=validate)
            assert list(loose.list.items()) == came
        assert case["says"] in caplog.text


def iter_into(items, came):
    """Collect items as they come, so that they are there when an error ends them."""
    for item in items:
        came.append(item)
    return []
