"""Lists whose pages nobody declares are followed as their documents let infer, and never cut off in silence."""

import asyncio
import json
import logging

import pytest
from cases import cases
from documents import document, operation
from loopback import reply
from pages import main as follow_folder
from shell import apart, run  # noqa: F401 - fixtures

from dynaclient import AsyncClient, Client, ReplyValidationError
from dynaclient.errors import SpecError
from dynaclient.frozen import evolve
from dynaclient.local.pages import ITEMS
from dynaclient.openapi.infer_paging import paging_of
from dynaclient.openapi.lint import lint
from dynaclient.openapi.overlay import apply
from dynaclient.openapi.paging_overlay import paging_overlay
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
    found = operation(
        body if "body" in case else None, case["gives"], operationId="make" if "path" in case else "list", **more
    )
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


def collected(items):
    """What comes, and the error that ends it, if one does."""
    came = []
    try:
        for item in items:
            came.append(item)  # noqa: PERF402 - what came before an error counts
    except ReplyValidationError as error:
        return came, error
    return came, None


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
        values = [next(iter(page.values())) for page in call.pages(**case.get("arguments", {}))]
        assert plain([item for page in values for item in page]) == case["items"]
    else:
        came, error = collected(call.items(**case.get("arguments", {})))
        assert plain(came) == case["items"]
        assert case.get("wrong", "") in str(error or "")
        assert (error is None) is ("wrong" not in case)
    assert asked(fake) == case["asks"]


@pytest.mark.parametrize("case", [case for case in CASES["kinds"] if case["infers"]], ids=title)
def test_the_embedded_server_pages_for_real(case):
    """Against the embedded server every kind gives exactly the collection, in several pages."""
    with Client(listing(case), server="local") as client:
        collection = client._core._embedded_transport().app._endpoint(client.api.index["list"]).pages.items
        assert len({json.dumps(item) for item in collection}) == ITEMS
        assert len(list(client.list.pages())) in (3, 4)  # a fourth, empty one where only that shows the end
        if case["infers"].get("results") != "":
            assert plain(list(client.list.items())) == collection
            assert len(collection) == ITEMS


@pytest.mark.parametrize("case", [case for case in CASES["kinds"] if case["infers"]], ids=title)
def test_the_overlay_declares_what_is_inferred(case):
    """With the overlay of `spec infer` the document declares the same pagination, and the same pages come."""
    api = Client(listing(case), transport=FakeTransport()).api
    overlaid = apply(listing(case), paging_overlay(api)).document
    before, after = paging_in(listing(case)), paging_in(overlaid)
    assert evolve(before, inferred=False, why="", pointer="", **_unsaid(before)) == evolve(after, pointer="")
    assert lint_of(overlaid) == []


def _unsaid(paging):
    """What the word `link` leaves to the reply."""
    return {"results": ""} if paging.type == "link" else {}


def lint_of(spec):
    """The findings about extensions."""
    api = Client(spec, transport=FakeTransport()).api
    return [finding for finding in lint(api) if finding.id.startswith("extension")]


@pytest.mark.parametrize("off", [{"x-speakeasy-pagination": False}, {"x-dynaclient-pagination": "none"}])
def test_the_document_can_say_that_there_are_no_pages(off):
    """Where pagination is switched off the first page is the list, whatever it says."""
    case = CASES["kinds"][0]
    spec = listing(case, **off)
    fake = FakeTransport(json_response(case["pages"][0]))
    assert plain(list(Client(spec, transport=fake).list.items())) == case["pages"][0]["data"]
    assert len(fake.requests) == 1
    assert paging_overlay(Client(spec, transport=fake).api) is None
    assert lint_of(spec) == []


def test_what_is_declared_goes_before():
    """A declared pagination is followed, and not what could be inferred beside it."""
    case = CASES["kinds"][0]
    paging = {
        "type": "cursor",
        "inputs": [{"name": "ending_before", "in": "parameters", "type": "cursor"}],
        "outputs": {"results": "$.data", "nextCursor": "$.data[0].id"},
    }
    spec = listing(case, **{"x-speakeasy-pagination": paging, "x-dynaclient-pagination": {"hasMore": "$.has_more"}})
    fake = scripted(case)
    assert plain(list(Client(spec, transport=fake).list.items())) == case["items"]
    assert asked(fake) == ["/list", "/list?ending_before=a"]


@pytest.mark.parametrize("case", CASES["extension"], ids=title)
def test_an_own_extension_that_makes_no_sense(case):
    """x-dynaclient-pagination is read strictly, and `spec check` tells its place."""
    spec = listing(CASES["kinds"][0], **case["node"])
    with pytest.raises(SpecError, match=case["says"]) as caught:
        paging_in(spec)
    assert caught.value.pointer.startswith("/paths/~1list/get/x-")
    assert [finding.id for finding in lint_of(spec)] == [case.get("finding", "extension-invalid")]


def test_an_asynchronous_client_follows_the_same_pages():
    """`async for` goes through all pages, and meets the same error behind them."""
    case = CASES["kinds"][0]

    async def walk(transport):
        async with AsyncClient(listing(case), transport=transport) as client:
            return [plain(item) async for item in client.list.items(limit=2)]

    assert asyncio.run(walk(scripted(case))) == case["items"]
    broken = FakeTransport(json_response({"data": [], "has_more": True}))
    with pytest.raises(ReplyValidationError, match="has_more: is true"):
        asyncio.run(walk(broken))


def test_the_shell_follows_and_shows_what_is_inferred(run, tmp_path):  # noqa: F811
    """--all prints all items; help, describe and explain say how, and that it is inferred; infer writes it."""
    case = next(case for case in CASES["kinds"] if "body" in case)
    path = tmp_path / "api.json"
    path.write_text(json.dumps(listing(case)))
    line = ("--spec", path, "--server", "local")
    code, out, err = run(*line, "call", "list", "--all")
    assert (code, out.count("\n"), err) == (0, ITEMS, "")
    for command in (("call", "list", "--help"), ("describe", "list"), ("explain", "list")):
        shown = " ".join(run(*line, *command)[1].split())
        assert "cursor by NextToken" in shown
        assert "inferred: the parameter NextToken takes what the reply's NextToken holds" in shown
    overlay = tmp_path / "pages.yaml"
    code, out, err = run("spec", "infer", path, "--out", overlay)
    assert (code, out) == (0, "")
    assert "the lists of 1 operation" in err
    assert "x-speakeasy-pagination" in run("spec", "infer", path)[1]
    told = json.loads(run(*line, "--overlay", overlay, "describe", "list", "-o", "json")[1])
    assert (told["paging"]["inferred"], told["paging"]["next_cursor"]) == (False, "$.NextToken")
    assert run("spec", "infer", path, "--overlay", overlay)[1] == ""


def test_the_shell_never_cuts_a_list_off_in_silence(run, tmp_path, server):  # noqa: F811
    """What came is printed, and the exit code and the message tell that there is more."""
    spec = listing({"gives": {}})
    spec["servers"] = [{"url": server.origin}]
    path = tmp_path / "api.json"
    path.write_text(json.dumps(spec))
    answer = reply(200, b'{"data": [1, 2], "has_more": true}', "Content-Type: application/json")
    server.script(answer, answer, answer)
    code, out, err = run("--spec", path, "call", "list", "--all")
    assert (code, out) == (7, "1\n2\n")
    assert "$.has_more: is true" in err
    assert run("--spec", path, "call", "list", "--max-items", "2")[:2] == (0, "1\n2\n")
    code, out, err = run("--spec", path, "--validate", "off", "call", "list", "--all")
    assert (code, out) == (0, "1\n2\n")
    assert "$.has_more: is true" in err


@pytest.mark.parametrize("case", CASES["refused"], ids=title)
def test_one_side_alone_infers_nothing(case):
    """A parameter or a property alone says nothing, nor does one that is something else."""
    assert paging_in(listing(case)) is None


@pytest.mark.parametrize("case", CASES["unfollowed"], ids=title)
def test_a_list_that_is_not_whole_is_an_error(case, caplog):
    """If a reply says that there is more and nobody knows how to get it, an error comes behind the items."""
    spec = listing({"gives": {}})
    expected = case["value"] if isinstance(case["value"], list) else None
    items = Client(spec, transport=FakeTransport(json_response(case["value"]))).list.items()
    if case["says"] is None:
        assert expected is None or list(items) == expected
        assert list(items) is not None
        return
    came, error = collected(items)
    assert came
    assert case["says"] in str(error)
    assert "x-speakeasy-pagination" in str(error)
    for validate in ("off", "warn"):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "dynaclient"):
            loose = Client(spec, transport=FakeTransport(json_response(case["value"])), validate=validate)
            assert list(loose.list.items()) == came
        assert case["says"] in caplog.text


@pytest.mark.parametrize("case", CASES["lists"], ids=title)
def test_the_list_is_where_the_schema_says(case):
    """The items of a reply without pages are found by its schema, and where the reply is another by what is there."""
    fake = FakeTransport(json_response(case["value"]))
    client = Client(listing(case), transport=fake, validate=case.get("validate", "strict"))
    assert plain(list(client.list.items())) == case["items"]


def test_a_folder_of_documents_is_followed(tmp_path, capsys):
    """tests/pages.py tells declared, inferred and unknown pages apart, and follows all that are known."""
    declared = listing(CASES["kinds"][0], **{"x-dynaclient-pagination": "link"})
    unknown = listing(CASES["refused"][0])
    for name, spec in {
        "a": declared,
        "b": listing(CASES["kinds"][1]),
        "c": unknown,
        "d": listing({"gives": {}}),
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(spec))
    assert follow_folder([str(tmp_path), "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["kind"], one["followed"]) for one in found] == [
        ("declared", True),
        ("inferred", True),
        ("unknown", False),
        ("none", False),
    ]
    assert follow_folder([str(tmp_path)]) == 0
    assert "1 declared, 1 inferred, 1 unknown, 1 none; 2 of 2 followed" in capsys.readouterr().out
