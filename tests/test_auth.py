"""Credentials."""

import base64
import copy
import pickle

import pytest

from dynaclient import auth
from dynaclient.errors import CredentialsError, UnsupportedError
from dynaclient.openapi.model import Api, Operation, OperationKey, SecurityScheme
from dynaclient.wire import Request

CANARY = "canary-4711-secret"
SCHEMES = {
    scheme.name: scheme
    for scheme in (
        SecurityScheme("bearer", "http", "bearer", env="BEARER", env_by_server={"main": "MAIN_KEY"}),
        SecurityScheme("basic", "http", "basic", env="BASIC"),
        SecurityScheme("oauth", "oauth2", env="OAUTH"),
        SecurityScheme("header", "apiKey", location="header", parameter="X-Api-Key", env="HEADER_KEY"),
        SecurityScheme("query", "apiKey", location="query", parameter="api key", env="QUERY_KEY"),
        SecurityScheme("cookie", "apiKey", location="cookie", parameter="session", env="COOKIE_KEY"),
        SecurityScheme("written", "apiKey", location="header", parameter="Authorization: Bearer", env=""),
        SecurityScheme("broken", "apiKey", location="header", parameter="X Key\r\n", env=""),
        SecurityScheme("nameless", "apiKey", location="query", env=""),
        SecurityScheme("digest", "http", "digest", env=""),
        SecurityScheme("tls", "mutualTLS", env=""),
    )
}
API = Api({}, "3.1", schemes=SCHEMES)
REQUEST = Request("GET", "https://h", "/x", {"Accept": "*/*"})


def asking(*alternatives):
    """An operation with these alternatives, each the names of its schemes."""
    security = tuple(tuple((name, ()) for name in alternative) for alternative in alternatives)
    key = OperationKey(("a",), "b", "GET", "/x", "/paths/~1x/get")
    return Operation(key, "b", "GET", "/x", security=security, pointer=key.pointer)


def chosen(alternatives, given=None, bearer=None, environ=None, server=""):
    needs = auth.choose(API, asking(*alternatives), auth.Wallet(given, bearer, environ or {}), server)
    return [need.scheme.name for need in needs]


def need(name, credential=CANARY):
    return auth.Need(SCHEMES[name], credential, "a test")


@pytest.mark.parametrize(
    "alternatives, given, names",
    [
        ([], {"header": "x"}, []),
        ([["header"]], {"header": "x"}, ["header"]),
        ([["bearer"], ["header"]], {"header": "x"}, ["header"]),
        ([["bearer"], ["header"]], {"header": "x", "bearer": "y"}, ["bearer"]),
        ([["header", "cookie"], ["query"]], {"header": "x", "query": "y"}, ["query"]),
        ([["header", "cookie"]], {"header": "x", "cookie": "y"}, ["header", "cookie"]),
        ([[], ["header"]], {}, []),
        ([[], ["header"]], {"header": "x"}, ["header"]),
        ([["nowhere"], ["header"]], {"header": "x"}, ["header"]),
        ([["nowhere", "header"], []], {"header": "x"}, []),
    ],
)
def test_alternatives(alternatives, given, names):
    """The first alternative whose schemes all have a credential is taken; none, only where no other will do."""
    assert chosen(alternatives, given) == names


def test_where_a_credential_comes_from():
    """An argument by name comes before the bearer argument, that before the environment; blanks are nothing."""
    wallet = auth.Wallet(
        {"header": "x"}, "token", {"BEARER": "b", "HEADER_KEY": "h", "QUERY_KEY": " q\n", "COOKIE_KEY": " "}
    )
    found = {name: wallet.find(SCHEMES[name], "") for name in ("header", "bearer", "oauth", "query", "cookie", "basic")}
    shown = {name: need and (need.credential, need.source) for name, need in found.items()}
    assert shown == {
        "header": ("x", "argument credentials['header']"),
        "bearer": ("token", "argument bearer_auth"),
        "oauth": ("token", "argument bearer_auth"),
        "query": ("q", "environment variable QUERY_KEY"),
        "cookie": None,
        "basic": None,
    }


def test_a_variable_of_one_server_is_read_for_no_other():
    """The environment variable of a server holds for that server only, and the general one for the others."""
    environ = {"MAIN_KEY": "main", "BEARER": "general"}
    wallet = auth.Wallet(environ=environ)
    found = {server: wallet.find(SCHEMES["bearer"], server).credential for server in ("main", "other", "")}
    assert found == {"main": "main", "other": "general", "": "general"}
    assert auth.Wallet(environ={"BEARER": "general"}).find(SCHEMES["bearer"], "main") is None


def test_what_is_missing_is_said():
    """Where no alternative is satisfied the message names every variable and argument that would do."""
    with pytest.raises(CredentialsError) as caught:
        chosen([["bearer"], ["header", "cookie"], ["nowhere"]], server="main")
    text = str(caught.value)
    for part in (
        "MAIN_KEY",
        "bearer_auth=",
        "HEADER_KEY",
        "credentials={'header': ...}",
        " and ",
        "COOKIE_KEY",
        "server='local'",
    ):
        assert part in text
    assert "nowhere" not in text
    assert caught.value.operation == "a.b"


def test_an_unknown_scheme():
    """Security that names only schemes which the document does not define is unsupported."""
    with pytest.raises(UnsupportedError, match="'nowhere' is not among") as caught:
        chosen([["nowhere"]])
    assert caught.value.pointer == "/paths/~1x/get"


BASIC = "Basic " + base64.b64encode(f"me:{CANARY}".encode()).decode()


@pytest.mark.parametrize(
    "name, credential, field, value",
    [
        ("bearer", CANARY, "Authorization", f"Bearer {CANARY}"),
        ("bearer", f"bearer {CANARY}", "Authorization", f"bearer {CANARY}"),
        ("bearer", f" {CANARY}\n", "Authorization", f"Bearer {CANARY}"),
        ("bearer", lambda: CANARY, "Authorization", f"Bearer {CANARY}"),
        ("oauth", CANARY, "Authorization", f"Bearer {CANARY}"),
        ("basic", ("me", CANARY), "Authorization", BASIC),
        ("basic", f"me:{CANARY}", "Authorization", BASIC),
        ("header", CANARY, "X-Api-Key", CANARY),
        ("cookie", CANARY, "Cookie", f"session={CANARY}"),
        ("written", CANARY, "Authorization", f"Bearer {CANARY}"),
    ],
)
def test_fields(name, credential, field, value):
    """Each scheme puts its credential into its field."""
    request = auth.apply((need(name, credential),), REQUEST)
    assert request.headers == {"Accept": "*/*", field: value}
    assert CANARY not in repr(request)
    assert CANARY not in repr(request.redacted())


def test_query():
    """A key in the query is encoded, behind what stands there."""
    request = auth.apply((need("query", "a&b"),), REQUEST)
    assert request.target == "/x?api%20key=a%26b"
    assert auth.apply((need("query"),), Request("GET", "https://h", "/x?a=1")).target.startswith("/x?a=1&api%20key=")


def test_a_cookie_joins_others():
    """A key in a cookie stands behind the cookies of the call."""
    request = Request("GET", "https://h", "/x", {"cookie": "a=1"})
    assert auth.apply((need("cookie"),), request).headers == {"Cookie": f"a=1; session={CANARY}"}


def test_one_field_of_a_name():
    """A credential takes the place of the caller's field of that name, whatever its case."""
    request = Request("GET", "https://h", "/x", {"authorization": "mine", "x-api-key": "mine"})
    found = auth.apply((need("bearer"), need("header")), request).headers
    assert found == {"Authorization": f"Bearer {CANARY}", "X-Api-Key": CANARY}


@pytest.mark.parametrize(
    "name, credential",
    [
        ("bearer", f"{CANARY}\r\nX-Evil: 1"), ("header", f"{CANARY}\x00"), ("header", f"{CANARY}\x7f"),
        ("header", f"{CANARY}€"), ("cookie", f"{CANARY}; admin=1"), ("cookie", f'{CANARY}"'), ("bearer", ("me", CANARY)),
        ("basic", ("me", CANARY, "x")), ("basic", ("me:x", CANARY)), ("basic", ("me", None)), ("bearer", lambda: None),
        ("bearer", ""), ("bearer", "  "), ("bearer", 5), ("header", lambda: f"{CANARY}\n\n{CANARY}")
    ],
)  # fmt: skip
def test_refused_without_being_shown(name, credential):
    """A credential that cannot stand in its place is refused, and its value is in no message."""
    with pytest.raises(CredentialsError) as caught:
        auth.apply((need(name, credential),), REQUEST)
    assert CANARY not in f"{caught.value}{caught.value!r}{caught.value.__dict__}"


@pytest.mark.parametrize("name", ["digest", "broken", "nameless"])
def test_unsupported(name):
    """A scheme that is not supported, or whose field has no usable name, says so."""
    with pytest.raises(UnsupportedError):
        auth.apply((need(name),), REQUEST)


@pytest.mark.parametrize(
    "name, credential",
    [(name, CANARY) for name in ("bearer", "header", "query", "cookie", "oauth", "written")]
    + [("basic", ("me", CANARY)), ("bearer", lambda: CANARY), ("basic", f"me:{CANARY}")],
)
def test_a_secret_is_seen_nowhere(name, credential):
    """No repr, text, copy or pickle of what holds a credential shows it; a dry run shows its place."""
    wallet = auth.Wallet({name: credential}, credential, {"KEY": CANARY})
    request = auth.apply((need(name, credential),), REQUEST)
    hidden = auth.shown((need(name, credential),), REQUEST)
    encoded = base64.b64encode(f"me:{CANARY}".encode()).decode()
    seen = [
        repr(wallet),
        str(wallet),
        repr(need(name, credential)),
        str(need(name, credential)),
        repr(request),
        str(request),
    ]
    seen += [repr(request.redacted()), pickle.dumps(request).decode("latin-1"), repr(hidden), str(vars_of(hidden))]
    for text in seen:
        assert CANARY not in text
        assert encoded not in text
    assert "[redacted]" in f"{hidden.headers}{hidden.target}"
    for secret in (wallet, need(name, credential)):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(secret)
        with pytest.raises(TypeError, match="not pickled"):
            copy.deepcopy(secret)


def vars_of(request):
    return {name: getattr(request, name) for name in ("target", "headers", "body", "secret_names")}


def test_scrub():
    """A known secret that a service quotes is taken out of the text; a user's name is not."""
    wallet = auth.Wallet(
        {"basic": ("user", CANARY)}, "token-1234", {"A_KEY": "from-the-environment", "HOME": "/home/user"}
    )
    encoded = base64.b64encode(f"user:{CANARY}".encode()).decode()
    text = wallet.scrub(f"user {CANARY} token-1234 from-the-environment {encoded} /home/user")
    assert text == "user [redacted] [redacted] [redacted] [redacted] /home/user"
