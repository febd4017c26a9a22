"""Services by name: the overlays that ship, where they apply, and what a word for a server does."""

import asyncio
import copy
import json
import logging
import pickle
import re

import pytest
import vendorstable
import yaml
from cases import cases
from documents import document, embeddings_reply, operation
from loopback import raw
from shell import apart, completed, run  # noqa: F401 - fixtures
from vectorserver import VectorServer

from dynaclient import ArgumentError, AsyncClient, BatchCall, Client, CredentialsError, SpecError
from dynaclient.index import api_of
from dynaclient.local import App
from dynaclient.source import bundled, load
from dynaclient.source.amend import amended
from dynaclient.source.misfit import misfits
from dynaclient.source.shipped import served_by, shipped_overlays
from dynaclient.testing import FakeTransport, json_response
from dynaclient.wire import Request

VENDORS = cases("overlay_vendors.yaml")
CANARY = "canary-0123456789"


def word(case):
    """The name of a service, as in ``server="openai"``."""
    return case["file"].removesuffix(".yaml")


@pytest.fixture(autouse=True)
def _keyless(monkeypatch):
    """No key and no address of the machine's user reaches a test."""
    for case in VENDORS:
        for name in (case["env"], case.get("address")):
            if name:
                monkeypatch.delenv(name, raising=False)


def own(*actions, **more):
    """An overlay of the caller's own."""
    return {"overlay": "1.1.0", "info": {"title": "Ours", "version": "1"}, "actions": list(actions), **more}


def answering():
    """A transport that answers every call with one vector, as long as it is asked for."""

    def answer(request):
        wanted = json.loads(request.body).get("dimensions") or 2
        return json_response(embeddings_reply([0.5, 1.0] if wanted == 2 else [0.5] * wanted))

    return FakeTransport(answer, repeat=True)


# --- what each overlay says


@pytest.mark.parametrize("case", VENDORS, ids=word)
def test_every_action_of_an_overlay_that_ships_changes_something(case):
    """No target names nothing, so that an overlay never says what the document no longer has."""
    assert amended(load(), [word(case)]).unmatched == ()


@pytest.mark.parametrize("case", VENDORS, ids=word)
def test_a_word_is_a_service(case, monkeypatch):
    """server="NAME" calls the service's address with its key in its header field."""
    monkeypatch.setenv(case["env"], CANARY)
    transport = answering()
    variables = case.get("variables")
    with Client(server=word(case), server_variables=variables, transport=transport) as client:
        client.embeddings.create(**case["accepts"][0])
    (request,) = transport.requests
    assert request.url == case["sends"]
    field = case.get("key", "Authorization")
    assert request.headers[field] == (CANARY if field == "api-key" else f"Bearer {CANARY}")


@pytest.mark.parametrize("case", [case for case in VENDORS if "address" in case], ids=word)
def test_an_address_from_the_environment(case, monkeypatch):
    """The variable that the field uses gives another address: an origin stands for the service's path; the key goes there."""
    monkeypatch.setenv(case["env"], CANARY)
    monkeypatch.setenv(case["address"], "https://other.test")
    transport = answering()
    Client(server=word(case), transport=transport).embeddings.create(**case["accepts"][0])
    (request,) = transport.requests
    assert request.url == "https://other.test/" + case["sends"].split("/", 3)[3]
    assert CANARY in request.headers[case.get("key", "Authorization")]


def test_an_address_that_is_not_known_yet(run):  # noqa: F811
    """A service whose address is the user's own says what to pass, and which variable to set."""
    _, _, err = run("call", "embeddings.create", "--server", "azure", "--input", "a", "--model", "m", "--dry-run")
    assert "pass --server-variable resource=VALUE, or set AZURE_OPENAI_ENDPOINT" in " ".join(err.split())


@pytest.mark.parametrize("case", VENDORS, ids=word)
def test_without_a_key(case):
    """A keyless server is called without one; at the others the message names the variable."""
    transport = answering()
    client = Client(server=word(case), server_variables=case.get("variables"), transport=transport)
    if case.get("keyless"):
        client.embeddings.create(**case["accepts"][0])
        assert "Authorization" not in transport.requests[0].headers
    else:
        with pytest.raises(CredentialsError, match=case["env"]):
            client.embeddings.create(**case["accepts"][0])


@pytest.mark.parametrize("case", VENDORS, ids=word)
def test_a_dry_run_at_the_shell(case, run):  # noqa: F811
    """--server NAME --dry-run prints the request of the service, and its own options are known."""
    variables = [f"--server-variable={name}={value}" for name, value in case.get("variables", {}).items()]
    code, out, _ = run("call", "embeddings.create", "--server", word(case), *variables, *as_options(case), "--dry-run")
    assert code == 0
    assert json.loads(out)["url"] == case["sends"]


def as_options(case):
    """The first request of a case as options of the shell."""
    found = []
    for name, value in case["accepts"][0].items():
        if value is not None:
            found += [f"--{name.replace('_', '-')}", value if isinstance(value, str) else json.dumps(value)]
    return found


@pytest.mark.parametrize("case", VENDORS, ids=word)
def test_the_embedded_server_answers_as_the_service(case):
    """server="local" works with every overlay, without a key and without an account."""
    client = Client(overlays=[word(case)], server="local")
    body = {**case["accepts"][0], "model": "hash-384"}
    body.pop("dimensions", None)
    if body.get("encoding_format") == "base64" or "embedding_type" in body:
        body = {"input": ["a"], "model": "hash-384"}
    assert len(client.embeddings.create(**body).data[0].embedding) == 384


@pytest.mark.parametrize("case", VENDORS, ids=word)
def test_a_served_overlay_is_found_where_clients_look(case):
    """`serve` with an overlay answers below the path of the service and below that of the document itself."""
    served = amended(load(), [word(case)])
    first = api_of(load())
    app = App(api_of(served), further=first.servers)
    body = json.dumps({"input": ["a"], "model": "hash-384"}).encode()
    path = re.sub(r"^https?://[^/]*", "", case["sends"]).partition("?")[0]
    for target in ("/v1/embeddings", "/embeddings", path):
        request = Request("POST", "http://127.0.0.1", target, {"content-type": "application/json"}, body)
        assert app.handle(request).status == 200


# --- a word in every place where a server is named


@pytest.mark.parametrize("how", ["client", "with_options", "call", "environment", "profile"])
def test_every_place_where_a_server_is_named(how, monkeypatch, tmp_path):
    """Client, with_options, call, variable and profile take the word: address, key, arguments and limits are the service's."""
    monkeypatch.setenv("VOYAGE_API_KEY", CANARY)
    transport = answering()
    options, more = {}, {}
    if how == "client":
        options = {"server": "voyage"}
    elif how == "call":
        more = {"server": "voyage"}
    elif how == "environment":
        monkeypatch.setenv("DYNACLIENT_SERVER", "voyage")
    elif how == "profile":
        (tmp_path / "config.toml").write_text('[profile.work]\nserver = "voyage"\n')
        monkeypatch.setenv("DYNACLIENT_CONFIG", str(tmp_path / "config.toml"))
        options = {"profile": "work"}
    client = Client(transport=transport, **options)
    client = client.with_options(server="voyage") if how == "with_options" else client
    client.embeddings.create(input=["a"], model="m", input_type="query", **more)
    (request,) = transport.requests
    assert (request.url, request.headers["Authorization"]) == (
        "https://api.voyageai.com/v1/embeddings",
        f"Bearer {CANARY}",
    )
    assert json.loads(request.body)["input_type"] == "query"
    if how != "call":
        assert client.embeddings.create.operation.batch.max_items == 1000
        assert list(client) == ["embeddings.create"]


def test_every_verb_takes_the_word():
    """send, request, curl and map of one call go to the service that it names; the client itself stays where it was."""
    transport = answering()
    client = Client(transport=transport)
    create = client.embeddings.create
    given = {"input": ["a"], "model": "m", "server": "tei"}
    assert create.request(**given).url == "http://localhost:3000/v1/embeddings"
    assert create.curl(**given).startswith("curl -sS http://localhost:3000/v1/embeddings")
    assert create.send(**given).value.data[0].embedding == [0.5, 1.0]
    assert len(list(create.map(["a"], model="m", server="tei"))) == 1
    assert {request.origin for request in transport.requests} == {"http://localhost:3000"}
    assert create.origin({"server": "tei"}) == "http://localhost:3000/v1"
    assert create.operation.batch.max_items is None


def test_map_keeps_to_the_limits_of_the_service():
    """32 inputs a request at a server of Text Embeddings Inference, whose overlay says so."""
    sizes = []

    def answer(request):
        rows = json.loads(request.body)["input"]
        sizes.append(len(rows))
        return json_response(embeddings_reply(*[[1.0]] * len(rows)))

    client = Client(transport=FakeTransport(answer, repeat=True))
    assert len(list(client.embeddings.create.map([str(row) for row in range(70)], server="tei", in_flight=1))) == 70
    assert sizes == [32, 32, 6]


def test_the_asynchronous_client():
    """AsyncClient takes the word where Client does, and for one call."""
    transport = answering()

    async def calls():
        async with AsyncClient(server="tei", transport=transport) as client:
            await client.embeddings.create(input="a")
            await client.embeddings.create(input="a", model="m", server="ollama")
            await client.with_options(server="vllm").embeddings.create(input="a", priority=1)

    asyncio.run(calls())
    ports = [request.origin.rpartition(":")[2] for request in transport.requests]
    assert ports == ["3000", "11434", "8000"]


def test_from_one_service_to_another_and_back():
    """Each word starts from the client's own document; a URL and "local" change the address alone."""
    client = Client(server="voyage")
    assert list(client.with_options(server="mistral")) == ["embeddings.create", "models.list"]
    assert list(client.with_options(server="mistral").with_options(server="voyage")) == ["embeddings.create"]
    there = client.with_options(server="http://127.0.0.1:9/v1")
    assert there.embeddings.create.operation.batch.max_items == 1000
    assert client.embeddings.create(input=["a"], model="hash-384", server="local").data[0].index == 0


def test_an_operation_that_a_service_lacks():
    """The message says what there is."""
    with pytest.raises(ArgumentError, match=r"'tei' does not offer models.list \(it has embeddings.create\)"):
        Client(transport=answering()).models.list(server="tei")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("gemni", "did you mean 'gemini'"),
        ("opnai", "did you mean 'openai'"),
        ("qqqqq", "known are atoma, openai, local, azure"),
    ],
)
def test_an_unknown_word(typed, said):
    """The nearest name is suggested, of servers and services; without one all of them are listed."""
    for call in (lambda: Client(server=typed).models.list(), lambda: Client().models.list(server=typed)):
        with pytest.raises(ArgumentError, match=said):
            call()


def test_a_document_of_the_callers_own_knows_no_services():
    """With another document the words name nothing: neither an overlay is applied nor is one suggested."""
    paths = {"/pets": {"get": operation(operationId="list", tags=["pets"], reply={"type": "array"})}}
    client = Client(document(paths))
    with pytest.raises(ArgumentError, match=r"unknown server 'openai' \(known are local"):
        client.with_options(server="openai").pets.list.request()


# --- the caller's own overlays, and the cache


def test_the_callers_own_overlays_have_the_last_word():
    """They are applied after that of the service; a server that they add is theirs."""
    limit = own({"target": "$.paths['/embeddings'].post['x-dynaclient-batch']", "update": {"maxItems": 7}})
    assert Client(overlays=[limit], server="openai").embeddings.create.operation.batch.max_items == 7
    added = own({"target": "$.servers", "update": [{"url": "https://mine.test", "x-speakeasy-server-id": "tei"}]})
    request = Client(overlays=[added], server="tei").embeddings.create.request(input="a", model="m")
    assert request.url == "https://mine.test/embeddings"


def test_a_document_remembers_what_was_applied():
    """What was served once is not amended again, is the same from the cache, and can be told to a worker."""
    fresh, kept = served_by(load(cache=False), "voyage"), served_by(load(), "voyage")
    again = served_by(load(), "voyage")
    assert fresh.data == kept.data == again.data
    assert served_by(again, "voyage") is again
    assert again.place("/servers/0/url") == fresh.place("/servers/0/url")
    told = pickle.loads(pickle.dumps(served_by(amended(load(), [own({"target": "$", "update": {"x-a": 1}})]), "tei")))
    assert (told.words, served_by(told, "openai").data["x-a"], served_by(told, "openai").words) == (
        ("tei",),
        1,
        ("openai",),
    )


# --- credentials


def test_a_credential_goes_to_the_service_that_it_was_given_for(monkeypatch):
    """What was given for one service is not sent to another, whose variable counts there; messages never show it."""
    transport = answering()
    client = Client(server="openai", bearer_auth=CANARY, transport=transport)
    client.embeddings.create(input="a", model="m")
    with pytest.raises(CredentialsError, match="VOYAGE_API_KEY") as refused:
        client.embeddings.create(input="a", model="m", server="voyage")
    assert CANARY not in str(refused.value)
    monkeypatch.setenv("VOYAGE_API_KEY", "other-0123456789")
    client.with_options(server="voyage").embeddings.create(input="a", model="m")
    sent = [request.headers["Authorization"] for request in transport.requests]
    assert sent == [f"Bearer {CANARY}", "Bearer other-0123456789"]


def test_a_credential_without_a_server_is_for_the_servers_of_the_document():
    """It goes to those that the document names, by their words too, and not to a service beside them."""
    transport = answering()
    client = Client(bearer_auth=CANARY, transport=transport)
    client.embeddings.create(input="a", model="m", server="openai")
    assert transport.requests[0].headers["Authorization"] == f"Bearer {CANARY}"
    with pytest.raises(CredentialsError, match="GEMINI_API_KEY"):
        client.embeddings.create(input="a", model="m", server="gemini")
    client.embeddings.create(input="a", model="m", server="ollama")
    assert "Authorization" not in transport.requests[1].headers


# --- an overlay that ships, on another document


STORE = json.dumps(document({"/pets": {"get": operation(operationId="list", tags=["pets"], reply={"type": "array"})}}))


@pytest.mark.parametrize("source", ["openai", "path"])
def test_an_overlay_that_ships_is_refused_on_another_document(source):
    """By name and by path; the message says whose calls would have gone where."""
    overlay = source if source == "openai" else shipped_overlays()["openai"]
    with pytest.raises(SpecError, match="its calls, with its credentials, would go to the servers of 'openai'"):
        Client(STORE, overlays=[overlay])


def test_it_is_refused_everywhere(run, tmp_path, monkeypatch):  # noqa: F811
    """At the shell, in a profile and in a project, where it is neither added nor opened."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "store.json").write_text(STORE)
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "config.toml").write_text('[profile.shop]\nspec = "../store.json"\noverlays = ["openai"]\n')
    refused = "is another document"
    for line in (
        ["--spec", "store.json", "--overlay", "openai", "ops"],
        ["--profile", "shop", "ops"],
        ["--overlay", "openai", "spec", "add", "store", "store.json"],
    ):
        code, out, err = run(*line)
        assert (code != 0, out, refused in " ".join(err.split())) == (True, "", True)
    assert not (tmp_path / "dynaclient.toml").exists()
    (tmp_path / "dynaclient.toml").write_text('[documents.store]\nspec = "store.json"\noverlays = ["openai"]\n')
    code, _, err = run("--spec", "store", "ops")
    assert (code != 0, refused in " ".join(err.split())) == (True, True)


def test_a_copy_of_the_document_is_the_document(tmp_path):
    """The same content is the same document, however it was read; an edited copy is another one."""
    text = bundled().read_text(encoding="utf-8")
    (tmp_path / "copy.yaml").write_text(text)
    for spec in (tmp_path / "copy.yaml", text, yaml.safe_load(text), json.dumps(yaml.safe_load(text))):
        assert Client(spec, overlays=["tei"]).embeddings.create.operation.servers[0].id == "tei"
        assert Client(spec, server="tei").embeddings.create.operation.servers[0].id == "tei"
    edited = copy.deepcopy(yaml.safe_load(text))
    edited["info"]["title"] = "Ours"
    with pytest.raises(SpecError, match="another document"):
        Client(edited, overlays=["tei"])


# --- overlays that do not fit


def test_an_action_that_changes_nothing_is_told(caplog):
    """On the logger, at the level INFO; it is no error."""
    with caplog.at_level(logging.INFO, logger="dynaclient"):
        client = Client(
            STORE, overlays=[own({"target": "$.paths['/dogs']", "remove": True}, {"target": "$.info", "update": {}})]
        )
    assert list(client) == ["pets.list"]
    assert [record.getMessage() for record in caplog.records] == [
        "<overlay 1>: action 1 changes nothing: its target \"$.paths['/dogs']\" names nothing in the document"
    ]


OURS = """\
overlay: 1.1.0
info: {title: Ours, version: "1"}
extends: ./other.json
actions:
  - target: $.paths['/dogs'].get
    update: {summary: Dogs.}
"""


def test_the_shell_tells_what_does_not_fit(run, tmp_path, monkeypatch):  # noqa: F811
    """`spec check` gives the file and line of the overlay, with an id to silence it; -v tells of the action."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "store.json").write_text(STORE)
    (tmp_path / "ours.yaml").write_text(OURS)
    code, out, _ = run("--spec", "store.json", "--overlay", "ours.yaml", "spec", "check")
    assert code == 0
    assert (
        "ours.yaml:3:1: warning: it extends './other.json', and is applied to store.json [overlay-other-document]"
        in out
    )
    assert "ours.yaml:5:5: warning: action 1 changes nothing" in out
    line = ["--spec", "store.json", "--overlay", "ours.yaml", "spec", "check", "-o", "json"]
    ignored = run(*line, "--ignore", "overlay-other-document", "--ignore", "overlay-action-unmatched")
    assert not [finding for finding in json.loads(ignored[1]) if finding["id"].startswith("overlay-")]
    assert (
        "ours.yaml: action 1 changes nothing" in run("-v", "--spec", "store.json", "--overlay", "ours.yaml", "ops")[2]
    )


def test_spec_update_tells_what_does_not_fit(run, tmp_path, monkeypatch):  # noqa: F811
    """An update after which an action of an overlay names nothing says so."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "store.json").write_text(STORE)
    (tmp_path / "ours.yaml").write_text(OURS.replace("other", "store"))
    assert run("--overlay", "ours.yaml", "spec", "add", "store", "store.json")[0] == 0
    _, out, _ = run("spec", "update", "store")
    assert "LOOK: " in out
    assert "action 1 changes nothing" in out
    assert "overlay-other-document" not in out
    (told,) = json.loads(run("spec", "update", "store", "-o", "json")[1])
    assert [entry["id"] for entry in told["overlays"]] == ["overlay-action-unmatched"]


@pytest.mark.parametrize(
    ("extends", "told"),
    [("store.json", False), ("./sub/../store.json", False), ("other.json", True), ("copy.json", False), ("https://vendor.test/api.json", False)],
)  # fmt: skip
def test_the_document_that_an_overlay_extends(tmp_path, extends, told):
    """It is the same by its address, by its content, or where that cannot be known."""
    (tmp_path / "store.json").write_text(STORE)
    (tmp_path / "copy.json").write_text(STORE)
    (tmp_path / "ours.json").write_text(json.dumps(own({"target": "$", "update": {}}, extends=extends)))
    found = misfits(amended(load(tmp_path / "store.json", cache=False), [tmp_path / "ours.json"]))
    assert [misfit.id for misfit in found] == (["overlay-other-document"] if told else [])


def test_an_overlay_that_extends_a_url(tmp_path):
    """The URL that a document came from, or calls itself by ($self), is what an overlay extends."""
    named = {**json.loads(STORE), "openapi": "3.2.0", "$self": "https://vendor.test/api.json"}
    for extends, told in (("https://vendor.test/api.json", False), ("https://vendor.test/other.json", True)):
        amendment = own({"target": "$", "update": {}}, extends=extends)
        assert bool(misfits(amended(load(named), [amendment]))) == told


# --- the command


def test_the_list_of_services(run, monkeypatch):  # noqa: F811
    """`vendors` lists every service with address, variable and limits, says which keys are set, and never shows one."""
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    code, out, err = run("vendors", "-o", "json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert (code, set(rows)) == (0, set(shipped_overlays()))
    assert CANARY not in out + err
    for case in VENDORS:
        row = rows[word(case)]
        assert (row["address"], row["variables"][0], row["address_variable"]) == (
            case["server"][1],
            case["env"],
            case.get("address"),
        )
        assert [row["max_items"], row["max_tokens"]] == case["limits"]
        assert (row["set"], row["key"]) == (word(case) == "openai", "optional" if case.get("keyless") else "needed")
    table = run("vendors")[1]
    assert re.search(r"^openai +set +OPENAI_API_KEY +2,048 +300,000  https://api.openai.com/v1$", table, re.MULTILINE)
    assert "/deployments/{deployment}?api-version={api-version}\n" in table
    assert re.search(r"^tei .* not needed ", table, re.MULTILINE)
    assert CANARY not in table


def test_completion_knows_the_services(apart, monkeypatch, capsys):  # noqa: F811
    """--server is completed with them, and the options of an operation are those of the service."""
    assert "gemini" in completed("call embeddings.create --server gem", monkeypatch, capsys)
    assert "--truncation" in completed("call embeddings.create --server voyage --trunc", monkeypatch, capsys)


def test_the_table_in_the_docs():
    """docs/connect.md has the table that the overlays make; `python tests/vendorstable.py` writes it."""
    assert vendorstable.written() == vendorstable.table()


def test_a_call_over_a_socket(server):
    """The word and an address of its own: the service's key field and fields go to a server of the caller's."""
    body = json.dumps(embeddings_reply([1.0])).encode()
    server.script(
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    )
    address = f"{server.origin}/azure/openai/deployments/ada"
    with Client(overlays=["azure-deployment"], server=address, credentials={"apiKey": CANARY}) as client:
        client.embeddings.create(input="a")
    (request,) = server.requests
    assert (request.target, request.headers["api-key"]) == ("/azure/openai/deployments/ada/embeddings", CANARY)


@pytest.mark.parametrize("case", VENDORS, ids=word)
def test_a_service_is_described_and_explained(case, run):  # noqa: F811
    """`describe` and `explain` tell of a service, also if its URL still needs a value for a variable."""
    described = json.loads(run("describe", "embeddings.create", "--server", word(case), "-o", "json")[1])
    assert {argument["name"] for argument in described["arguments"]} == set(case["arguments"])
    assert case["env"] in json.dumps(described)
    code, out, _ = run("explain", "embeddings.create", "--server", word(case), "-o", "json")
    rows = {row["subject"]: row for row in json.loads(out)}
    assert (code, rows["overlay"]["value"]) == (0, f"{word(case)} (shipped with dynaclient)")
    assert rows.get("batch.max_items", {}).get("value") == case["limits"][0]


@pytest.mark.parametrize("where", ["constants", "client"])
def test_batches_of_an_engine_take_the_word(where, monkeypatch):
    """BatchCall takes a service as an option of the client and among its constants: address and key are the service's."""
    with VectorServer(token=CANARY) as service:
        monkeypatch.setenv("NVIDIA_API_KEY", CANARY)
        monkeypatch.setenv("NVIDIA_BASE_URL", f"{service.url}/v1")
        given = {"constants": {"model": "m", "input_type": "passage"}, "client": {}}
        given[where] = {**given[where], "server": "nvidia"}
        call = BatchCall(None, "embeddings.create", "text", take="embedding", **given)
        assert call({"text": ["row 1", "row 2"]})["error"] == [None, None]
        call.close()
    assert service.requests == 1
