"""The embedded server without sockets: documents answered as a service would."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.local import App
from dynaclient.local.unstyle import Source, value_of
from dynaclient.openapi.cast import Caster
from dynaclient.openapi.model import Parameter
from dynaclient.openapi.read import read
from dynaclient.openapi.style import write
from dynaclient.wire import Headers, Request

SUITE = yaml.safe_load((Path(__file__).parent / "cases" / "local-app.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def app():
    return App(read(SUITE["document"]))


def sent(case):
    """The request of a case."""
    method, _, target = case["send"].partition(" ")
    headers = dict(case.get("fields", {}))
    if "accept" in case:
        headers["Accept"] = case["accept"]
    body = case.get("body")
    if body is not None:
        headers.setdefault("content-type", "application/json")
    return Request(method, "http://127.0.0.1", target, headers, None if body is None else body.encode())


@pytest.mark.parametrize("case", SUITE["cases"], ids=lambda case: case["name"])
def test_the_document_decides_the_reply(app, case):
    """A request is answered with the status, the fields and the body that the document asks for."""
    response = app.handle(sent(case))
    assert response.status == case["status"], response.body
    for name, value in case.get("headers", {}).items():
        assert response.headers.get(name) == value
    if "json" in case:
        assert json.loads(response.body) == case["json"]
    if "text" in case:
        assert response.body.decode() == case["text"]
    for text in case.get("says", ()):
        assert text in response.body.decode()
    if response.status >= 400:
        error = json.loads(response.body)["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["param"] == case.get("param", error["param"])
        assert error["code"] == case.get("code", error["code"])


PATHS = sorted({path.partition("#")[0] for path in SUITE["document"]["paths"]})
TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/plain",
    "é/;;",
]
APP = App(read(SUITE["document"]))


@given(
    st.sampled_from(["GET", "POST", "DELETE", "HEAD", "BREW"]),
    st.one_of(st.sampled_from(PATHS), st.text(st.characters(min_codepoint=33, max_codepoint=126))),
    st.text(st.sampled_from("limit=idsfltertagwhX&[]%7B|.;,19ax")),
    st.fixed_dictionaries(
        {"content-type": st.sampled_from(TYPES)}, optional={"cookie": st.text(), "x-trace": st.text()}
    ),
    st.one_of(st.none(), st.binary(), st.sampled_from([b'{"id": 1}', b"id=" + b"9" * 5000, b"--b\r\n\r\n"])),
)
def test_whatever_arrives_is_answered(method, path, query, headers, body):
    """No request makes the app raise, or answer 500."""
    response = APP.handle(Request(method, "http://127.0.0.1", f"{path}?{query}", headers, body))
    assert 200 <= response.status < 600
    assert response.status != 500


def test_the_same_request_has_the_same_reply(app):
    """Two requests that are alike get replies that are alike."""
    request = Request("GET", "http://127.0.0.1", "/things")
    assert app.handle(request) == app.handle(request)


@pytest.mark.parametrize(
    "authorization, status",
    [
        (None, 401),
        ("Bearer wrong", 401),
        ("Basic s3cret", 401),
        ("Bearer ", 401),
        ("Bearer s3cret", 200),
        ("bearer s3cret", 200),
    ],
)
def test_a_token_is_asked_for(authorization, status):
    """With a required token, a request without it or with another is answered 401 and told how, never with the token."""
    app = App(read(SUITE["document"]), require_bearer="s3cret")
    headers = {} if authorization is None else {"Authorization": authorization}
    response = app.handle(Request("GET", "http://127.0.0.1", "/things", headers))
    assert response.status == status
    if status == 401:
        assert response.headers["WWW-Authenticate"].startswith("Bearer ")
        assert b"s3cret" not in response.body
        assert json.loads(response.body)["error"]["code"] == "invalid_api_key"


NAMES = st.text("abcdefg", min_size=1)
DEEP = st.recursive(
    st.text(min_size=1).filter(lambda text: text.isprintable()),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
)


@given(DEEP)
def test_a_deep_object_is_read_back_as_it_was_written(value):
    """What the style deepObject writes, arrays and objects of any depth, the embedded server reads back."""
    parameter = Parameter("p", "p", "query", style="deepObject", explode=True)
    source = Source(Caster({}, lambda pointer: None), {}, write(parameter, value), Headers())
    assert value_of(parameter, source) == value
