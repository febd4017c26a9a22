"""Pointing a client at a service: base URLs, variables, query parameters, further fields, and what is said if the address is wrong."""

import json
import pickle
import socket

import pytest
from cases import cases
from documents import document, operation
from hypothesis import given
from hypothesis import strategies as st
from loopback import Loopback, reply
from shell import apart, run  # noqa: F401 - fixtures

from dynaclient import AsyncClient, Client
from dynaclient.errors import ArgumentError, AuthenticationError, CredentialsError, NotFoundError
from dynaclient.openapi.extraquery import added, laid_over, query_of, written_query
from dynaclient.testing import FakeTransport, json_response
from dynaclient.transport.http import Urllib3Transport

CASES = cases("connect.yaml")
ROW = {"input": "a", "model": "m"}
VECTOR = {
    "object": "list", "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1},
    "data": [{"object": "embedding", "index": 0, "embedding": [1.0]}],
}  # fmt: skip


def titled(case):
    return str(case.get("server", case))


def created(client, **arguments):
    return client.embeddings.create(**ROW, **arguments)


@pytest.mark.parametrize("case", [*CASES["base_urls"], *CASES["typed"]], ids=titled)
def test_base_urls(apart, case):  # noqa: F811
    """The base URL of a service, as the service prints it, is the server: the operation stands below it."""
    assert Client(server=case["server"]).embeddings.create.request(**ROW).url == case["url"]


@pytest.fixture(scope="module")
def services():
    """A server that speaks plain HTTP and one that speaks TLS; each answers every request with a vector."""
    servers = {"http": Loopback(), "https": Loopback(tls=True)}
    for server in servers.values():
        server.script(reply(200, json.dumps(VECTOR).encode(), "Content-Type: application/json"))
    yield servers
    for server in servers.values():
        server.close()


@pytest.mark.parametrize("case", CASES["base_urls"], ids=titled)
def test_base_urls_over_a_socket(apart, services, monkeypatch, case):  # noqa: F811
    """With the names of all services resolved to this machine, a call arrives at the right host and path."""
    scheme, _, rest = case["url"].partition("://")
    host, _, path = rest.partition("/")
    service, asked = services[scheme], []

    def resolved(name, port, *_args, **_options):
        asked.append((name, port))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", service.port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    with Client(server=case["server"], bearer_auth="k", transport=Urllib3Transport(verify=False, env=False)) as client:
        assert created(client).data[0].embedding == [1.0]
    received = service.requests[-1]
    assert (received.method, received.target) == ("POST", f"/{path}")
    assert {name.lower(): value for name, value in received.headers.items()}["host"] == host
    assert asked[0][0] == host.partition(":")[0]


@pytest.mark.parametrize("case", CASES["precedence"], ids=str)
def test_which_address_is_called(apart, monkeypatch, case):  # noqa: F811
    """The call, the client, DYNACLIENT_SERVER, the variable of the chosen server, the document: the first that says something decides."""
    monkeypatch.setenv("OPENAI_BASE_URL", " http://url.test/v1/ ")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    if "server_variable" in case:
        monkeypatch.setenv("DYNACLIENT_SERVER", case["server_variable"])
    fake = FakeTransport(json_response(VECTOR))
    bearer = {} if case["key"] else {"bearer_auth": "own"}
    client = Client(server=case.get("client"), transport=fake, **bearer)
    if case.get("call", "").startswith("http"):
        with pytest.raises(CredentialsError, match="name both together"):
            created(client, server=case["call"])
        request = client.embeddings.create.request(**ROW, server=case["call"])
        assert request.url == case["url"]
        return
    created(client, **({"server": case["call"]} if "call" in case else {}))
    assert fake.requests[0].url == case["url"]
    assert fake.requests[0].headers["Authorization"] == f"Bearer {case['key'] or 'own'}"


def with_variable(source=None):
    """A document whose server names a variable for its URL and one for its key."""
    server = {"url": "https://real.test", "x-speakeasy-server-id": "real", "x-dynaclient-url-env": "REAL_URL"}
    scheme = {"type": "http", "scheme": "bearer", "x-dynaclient-env": {"real": "REAL_KEY"}}
    look = operation(operationId="look", security=[{"key": []}])
    return document({"/look": {"get": look}}, servers=[server], components={"securitySchemes": {"key": scheme}})


def test_a_document_from_a_url_reads_no_variable(apart, monkeypatch):  # noqa: F811
    """A document that was loaded from a URL cannot send credentials to the address in a variable that it names."""
    monkeypatch.setenv("REAL_URL", "https://elsewhere.test")
    monkeypatch.setenv("REAL_KEY", "k")
    spec = json_response(with_variable())
    fake = FakeTransport(json_response({}), repeat=True)
    local = Client(with_variable(), transport=fake)
    local["look"]()
    assert fake.requests[0].url == "https://elsewhere.test/look"
    from dynaclient.source import load

    loaded = load(
        "https://docs.test/api.json",
        fetch=lambda *_: (spec.body, "https://docs.test/api.json", "application/json"),
        cache=False,
    )
    Client(loaded, transport=fake)["look"]()
    assert fake.requests[1].url == "https://real.test/look"


def test_a_profile_that_names_a_server_means_its_own_address(apart, monkeypatch, tmp_path):  # noqa: F811
    """The credentials of a profile for a server are not sent to the address that a variable gives in its place."""
    config = tmp_path / "config.toml"
    config.write_text('[profile.p]\nserver = "openai"\n[profile.p.credentials]\nbearerAuth = { env = "MINE" }\n')
    monkeypatch.setenv("DYNACLIENT_CONFIG", str(config))
    monkeypatch.setenv("MINE", "mine")
    fake = FakeTransport(json_response(VECTOR))
    created(Client(profile="p", transport=fake))
    assert fake.requests[0].headers["Authorization"] == "Bearer mine"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://other.test/v1")
    with pytest.raises(CredentialsError, match="for other servers"):
        created(Client(profile="p", transport=fake))
    assert len(fake.requests) == 1


def test_a_variable_that_holds_no_url(apart, monkeypatch):  # noqa: F811
    """What is wrong with the URL in a variable is told under the variable's name, without a query, which may be a key."""
    monkeypatch.setenv("OPENAI_BASE_URL", "ftp://h.test/?key=canary")
    with pytest.raises(ArgumentError, match=r"OPENAI_BASE_URL: 'ftp://h\.test/': ftp is not supported") as caught:
        created(Client(server="openai", bearer_auth="k", transport=FakeTransport()))
    assert "canary" not in str(caught.value)
    monkeypatch.setenv("OPENAI_BASE_URL", "  ")
    assert Client(server="openai").embeddings.create.request(**ROW).origin == "https://api.openai.com"


@pytest.mark.parametrize("case", CASES["hints"], ids=str)
def test_an_unknown_address(apart, monkeypatch, case):  # noqa: F811
    """A 404 names the URL that was asked, without its secrets, and says what is probably wrong with it."""
    server = case.get("server")
    if "variable" in case:
        monkeypatch.setenv("OPENAI_BASE_URL", case["variable"])
        server = "openai"
    client = Client(server=server, bearer_auth="k", transport=FakeTransport(json_response({}, 404)))
    with pytest.raises(NotFoundError) as caught:
        created(client, query={"key": "canary"})
    error = caught.value
    assert error.hint == (case["hint"] or "")
    assert f"(POST {client.embeddings.create.request(**ROW).url}?key=[redacted])" in str(error)
    assert str(error).endswith(error.hint)
    assert "canary" not in str(error)
    assert pickle.loads(pickle.dumps(error)).hint == error.hint


def test_the_own_paths_of_a_document_begin_with_the_version(apart):  # noqa: F811
    """A document whose paths carry the version gets the same hint the other way round."""
    api = document({"/v1/look": {"get": operation(operationId="look")}}, servers=[{"url": "https://a.test"}])
    client = Client(api, server="http://h.test/v1", transport=FakeTransport(json_response({}, 404)))
    with pytest.raises(NotFoundError, match=r"/v1 is there twice: pass server='http://h\.test'"):
        client["look"]()


def test_the_key_of_another_server(apart, monkeypatch):  # noqa: F811
    """A key that is set for another server of the document is named where the credential of the called one is missing."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    with pytest.raises(
        CredentialsError,
        match="OPENAI_API_KEY is set, which is for the server 'openai' only: to call that one, pass server='openai'",
    ) as caught:
        created(Client())
    assert "canary" not in str(caught.value)
    refused = FakeTransport(json_response({}, 401))
    with pytest.raises(
        AuthenticationError, match="OPENAI_API_KEY is set, which is for the server 'openai' only: that one is"
    ):
        created(Client(server="http://h.test", transport=refused))
    with pytest.raises(CredentialsError) as caught:
        created(Client(server="openai", bearer_auth="", transport=FakeTransport()), server="atoma", headers={})
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(CredentialsError) as caught:
        created(Client())
    assert "openai" not in str(caught.value).lower()


@pytest.mark.parametrize("case", CASES["keyless"], ids=str)
def test_a_server_of_one_s_own_may_need_no_key(apart, monkeypatch, case):  # noqa: F811
    """A server that the document does not name is called without a key if there is none; named servers still need it."""
    for name, value in case.get("environment", {}).items():
        monkeypatch.setenv(name, value)
    transport = FakeTransport(json_response(VECTOR))
    client = Client(server=case.get("server"), transport=transport)
    if case["works"]:
        assert created(client).data[0].embedding == [1.0]
        assert "authorization" not in {name.lower() for name in transport.requests[0].headers}
        return
    with pytest.raises(CredentialsError, match="needs a credential"):
        created(client)
    assert not transport.requests


def test_a_key_that_is_asked_for_and_was_not_sent(apart):  # noqa: F811
    """A 401 to a call without a credential says how to give one; a call with one, or with header fields, is not told so."""
    for options, hint in (
        ({}, "no credential was sent: set DYNACLIENT_BEARER_AUTH or pass bearer_auth="),
        ({"bearer_auth": "k"}, ""),
    ):
        client = Client(server="http://h.test/v1", transport=FakeTransport(json_response({}, 401)), **options)
        with pytest.raises(AuthenticationError) as caught:
            created(client)
        assert getattr(caught.value, "hint", "").startswith(hint)
        assert bool(hint) == ("no credential was sent" in str(caught.value))
    with pytest.raises(AuthenticationError) as caught:
        created(
            Client(server="http://h.test/v1", transport=FakeTransport(json_response({}, 401)), headers={"api-key": "k"})
        )
    assert "no credential" not in str(caught.value)


def test_a_credential_that_is_held_back_is_told_of(apart):  # noqa: F811
    """A call that names another server than its credential is for is not sent, not even without the credential."""
    transport = FakeTransport(json_response(VECTOR))
    with pytest.raises(CredentialsError, match="is for other servers"):
        created(Client(bearer_auth="k", transport=transport), server="http://h.test/v1")
    assert not transport.requests


@pytest.mark.parametrize("case", CASES["keywords"], ids=str)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_keywords_of_other_clients(case, kind):
    """An option that there is not is answered in words, with what it is called here; its value is not shown."""
    for call in (kind, kind(server="local").with_options):
        with pytest.raises(
            ArgumentError, match=case["reason"].replace("known are", "known are|did you mean")
        ) as caught:
            call(**case["given"])
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_options_by_position(kind):
    """Options are passed by keyword; by position they are answered in words."""
    with pytest.raises(ArgumentError, match="passed by keyword"):
        kind(None, "local")


@pytest.mark.parametrize("case", CASES["unknown"], ids=str)
def test_keywords_that_an_operation_does_not_take(apart, case):  # noqa: F811
    """An unknown keyword is answered with what is meant: a slip by its right name, another field by ``extra``."""
    with pytest.raises(ArgumentError, match=case["reason"]) as caught:
        Client(server="local").embeddings.create.request(**{**ROW, **case["given"]})
    assert "'input_type'" not in str(caught.value) or "did you mean" not in str(caught.value)


def test_query_parameters(apart):  # noqa: F811
    """Query parameters of the server's URL, of the client and of the call are added; what is said later wins, name by name."""
    client = Client(server="https://h.test/v1?v=1&keep=a", query={"v": 2, "a b": ["x&y", True]}, bearer_auth="k")
    create = client.embeddings.create
    assert create.request(**ROW).target == "/v1/embeddings?keep=a&v=2&a%20b=x%26y&a%20b=true"
    assert (
        create.request(**ROW, query={"v": 3, "a b": None}).target == "/v1/embeddings?keep=a&a%20b=x%26y&a%20b=true&v=3"
    )
    assert client.with_options(query={"z": 1.5}).models.list.request().target.endswith("&z=1.5")
    hidden = create.request(**ROW, query={"api_key": "canary"})
    assert hidden.target.endswith("api_key=[redacted]")
    other = client.with_options(query={"key": "canary"}, server="https://h.test/v1?key=canary&v=1")
    assert "https://h.test/v1?key=[redacted]&v=1" in repr(other)
    assert "canary" not in f"{other!r}{other._options!r}"


def test_an_operation_s_own_query_parameter_wins(apart):  # noqa: F811
    """A parameter of the operation stands in place of one that was added under its name, and may itself be called ``query``."""
    names = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("v", "query", "extra")]
    api = document(
        {"/look": {"get": operation(operationId="look", parameters=names)}},
        servers=[{"url": "https://a.test/x?v=0&w=1"}],
    )
    look = Client(api)["look"]
    assert look.request().url == "https://a.test/x/look?v=0&w=1"
    assert look.request(v="own").url == "https://a.test/x/look?v=own&w=1"
    assert look.request(query="own", extra="e").target == "/x/look?query=own&extra=e&v=0&w=1"


def test_a_server_of_the_document_with_variables_in_its_query(apart):  # noqa: F811
    """A document's server may have a query; its variables are filled in there too."""
    server = {
        "url": "https://{r}.test/d/{d}?api-version={v}",
        "variables": {"r": {"default": "r"}, "d": {"default": "e"}, "v": {"default": "1"}},
    }
    api = document({"/look": {"get": operation(operationId="look")}}, servers=[server])
    assert (
        Client(api, server_variables={"v": "2 b"})["look"].request().url == "https://r.test/d/e/look?api-version=2%20b"
    )


def test_extra_fields(apart):  # noqa: F811
    """Fields that the document does not name are sent beside those that it does, also with a whole body and in every request of many rows."""
    fake = FakeTransport(json_response(VECTOR), repeat=True)
    client = Client(server="http://h.test", bearer_auth="k", transport=fake)
    created(client, extra={"input_type": "query", "n": None, "deep": {"a": (1, 2)}})
    assert json.loads(fake.requests[0].body) == {**ROW, "input_type": "query", "n": None, "deep": {"a": [1, 2]}}
    client.embeddings.create(body={**ROW, "truncate": "END"}, extra={"truncate": "NONE"})
    assert json.loads(fake.requests[1].body) == {**ROW, "truncate": "NONE"}
    list(client.embeddings.create.map(["a"], model="m", extra={"input_type": "query"}))
    assert json.loads(fake.requests[2].body) == {"input": ["a"], "model": "m", "input_type": "query"}
    with pytest.raises(ArgumentError, match="extra: adds fields to a body that is an object, and this call has none"):
        client.models.list(extra={"a": 1})


@pytest.mark.parametrize(
    "kind, body", [("application/json", b'{"a":1,"b":2}'), ("application/x-www-form-urlencoded", b"a=1&b=2")]
)
@pytest.mark.parametrize("closed", [False, True])
def test_extra_fields_are_judged_with_the_whole_body(apart, kind, body, closed):  # noqa: F811
    """A schema that is closed refuses further fields; one that is open takes them, in JSON and in forms."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": not closed}
    node = operation(operationId="look", requestBody={"content": {kind: {"schema": schema}}})
    look = Client(document({"/look": {"post": node}}, servers=[{"url": "https://a.test"}]))["look"]
    if closed:
        with pytest.raises(ArgumentError, match="b"):
            look.request(a=1, extra={"b": 2})
    else:
        assert look.request(a=1, extra={"b": 2}).body == body


def test_at_the_shell(run):  # noqa: F811
    """--query-param and --extra add to the URL and to the body; values of --extra are JSON where they can be read so."""
    line = (
        "call",
        "embeddings.create",
        "--input",
        "a",
        "--model",
        "m",
        "--server",
        "http://h.test?v=1",
        "--dry-run",
        "--bearer-auth",
        "k",
    )
    more = (
        "--query-param",
        "a b=x",
        "--query-param",
        "a b=y",
        "--extra",
        "n=5",
        "--extra",
        's="5"',
        "--extra",
        'o={"k": [1]}',
        "--extra",
        "t=x",
    )
    code, out, _ = run(*line, *more)
    shown = json.loads(out)
    assert code == 0
    assert shown["url"] == "http://h.test/v1/embeddings?v=1&a%20b=x&a%20b=y"
    assert shown["body"] == {**ROW, "n": 5, "s": "5", "o": {"k": [1]}, "t": "x"}
    code, _, err = run(*line, "--extra", "model=x")
    assert code == 2
    assert "--extra: 'model' is a parameter (pass it as --model)" in err
    code, _, err = run(*line, "--input-type", "query")
    assert code == 2
    assert "--extra input_type=VALUE sends a field that the document does not name" in err
    code, out, _ = run(*line[:-3], "--as", "shell", *more)
    assert "--query-param 'a b=x'" in out
    assert "--extra n=5" in out


@pytest.mark.parametrize("form", ["shell", "python", "curl"])
def test_no_key_is_written_down(run, form):  # noqa: F811
    """A line or program that stands for a call holds no key from a URL, a query parameter or a further field."""
    line = (
        "call",
        "embeddings.create",
        "--input",
        "a",
        "--model",
        "m",
        "--server",
        "http://h.test/v1?api_key=canary&v=1",
    )
    keys = ("--query-param", "key=canary", "--query-param", "token=canary", "--query-param", "token=canary")
    code, out, _ = run(*line, *keys, *(("--extra", "password=canary") if form != "curl" else ()), "--as", form)
    assert code == 0
    assert "canary" not in out
    assert "v=1" in out


def test_in_bulk(run, tmp_path):  # noqa: F811
    """Further fields and query parameters are part of every request of a bulk run, and other fields make another run."""
    (tmp_path / "rows.txt").write_text("a\nb\n")
    service = Loopback()
    service.script(reply(200, json.dumps(VECTOR).encode(), "Content-Type: application/json"))
    line = (
        "bulk",
        "embeddings.create",
        "--rows",
        tmp_path / "rows.txt",
        "--set",
        "input=line",
        "--model",
        "m",
        "--batch",
        "1",
    )
    line = (
        *line,
        "--out",
        tmp_path / "out.jsonl",
        "--server",
        service.origin,
        "--bearer-auth",
        "k",
        "--query-param",
        "v=1",
    )
    try:
        code, _, _ = run(*line, "--extra", "input_type=passage", "--extra", "token=canary")
        again, _, other = run(*line, "--extra", "input_type=query")
    finally:
        service.close()
    assert code == 0
    assert "canary" not in (tmp_path / "out.jsonl.manifest.json").read_text()
    assert {request.target for request in service.requests} == {"/v1/embeddings?v=1"}
    assert {json.loads(request.body)["input_type"] for request in service.requests} == {"passage"}
    assert len(service.requests) == 2
    assert again != 0
    assert "--overwrite" in other


def test_explain_and_describe_show_the_url(run, monkeypatch):  # noqa: F811
    """The resulting URL is shown with what decided it: the variable, and the path that a bare origin stands for."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://h.test?key=canary&v=1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    code, out, _ = run("explain", "embeddings.create", "--server", "openai", "-o", "json")
    rows = {row["subject"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["server"]["value"] == "http://h.test/v1"
    assert "OPENAI_BASE_URL" in rows["server"]["by"]
    assert "/v1 added" in rows["server"]["by"]
    assert rows["url"]["value"] == "http://h.test/v1/embeddings?key=[redacted]&v=1"
    assert "sent to http://h.test because OPENAI_BASE_URL names it" in rows["credentials.bearerAuth"]["by"]
    assert "canary" not in out
    _, out, _ = run("describe", "embeddings.create", "--server", "openai")
    assert "POST http://h.test/v1/embeddings?key=[redacted]&v=1" in out


def test_a_hint_at_the_shell(run):  # noqa: F811
    """The hint of an unknown address stands in the words of the shell."""
    with_server = Loopback()
    with_server.script(reply(404, b"{}", "Content-Type: application/json"))
    origin = with_server.origin
    try:
        code, _, err = run("call", "models.list", "--server", f"{origin}/v1/v1", "--bearer-auth", "k")
    finally:
        with_server.close()
    assert code == 8
    assert f"(GET {origin}/v1/v1/models)" in err
    assert f"/v1 is there twice: pass --server {origin}/v1." in err


@given(
    st.dictionaries(st.text(min_size=1), st.lists(st.text() | st.integers() | st.booleans(), min_size=1), max_size=4)
)
def test_whatever_is_added_to_a_query_is_read_back(values):
    """Names and values of any text survive the way into a URL."""
    from urllib.parse import parse_qsl

    try:
        pairs = tuple(pair for name, items in values.items() for pair in query_of(name, items))
    except ValueError:
        return  # half of a surrogate pair
    target = added("/x?own=1", pairs) if "own" not in values else added("/x", pairs)
    found = [
        pair
        for pair in parse_qsl(target.partition("?")[2], keep_blank_values=True)
        if pair != ("own", "1") or "own" in values
    ]
    written = {True: "true", False: "false"}
    assert found == [
        (name, written[item] if isinstance(item, bool) else str(item))
        for name, items in values.items()
        for item in items
    ]


def test_layers_of_query_parameters():
    """A name that is said above takes the place of all that is said under it below."""
    below = written_query("a=1&a=2&b=%20&&c")
    assert laid_over(below, query_of("a", 3)) == (("b", "b=%20"), ("c", "c"), ("a", "a=3"))
