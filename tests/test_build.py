"""Arguments -> requests."""

import pytest
from documents import document

from dynaclient.errors import ArgumentError
from dynaclient.openapi.arguments import Bound
from dynaclient.openapi.build import Builder
from dynaclient.openapi.normal import OMIT
from dynaclient.openapi.read import default_media, operation, read


def builder(path="/x", parameters=(), method="get", version="3.1.0", **node):
    """The Builder of an operation with these parameters, each `(name, location, fields...)`."""
    declared = [{"name": name, "in": place, **(more[0] if more else {})} for name, place, *more in parameters]
    node = {"operationId": "run", "responses": {}, "parameters": declared, **node}
    api = read({**document({path: {method: node}}), "openapi": version})
    made = operation(api, api.index["run"])
    return Builder(made, default_media(made.body.content) if made.body else None)


def built(made, parameters=(), body=OMIT, headers=(), prefix="/api"):
    return made.build(Bound(dict(parameters), body, []), "https://h", prefix, dict(headers))


@pytest.mark.parametrize(
    "path, values, target",
    [
        ("/a/{x}", {"x": "b"}, "/api/a/b"),
        ("/a/{x}/{y}", {"x": "b/c", "y": "d?e#f"}, "/api/a/b%2Fc/d%3Fe%23f"),
        ("/a/{x}.{y}", {"x": "b", "y": "c"}, "/api/a/b.c"),
        ("/a/{x}", {"x": "%2e%2e"}, "/api/a/%252e%252e"),
        ("/a/{x}", {"x": "..."}, "/api/a/..."),
        ("/a/{x}", {"x": [1, 2]}, "/api/a/1,2"),
        ("/a b/ü/{x}", {"x": 1}, "/api/a%20b/%C3%BC/1"),
        ("/a//{x}/", {"x": 1}, "/api/a//1/"),
        ("/a/{x}:run", {"x": 1}, "/api/a/1:run"),
        ("/a/{x}?v=1", {"x": 1}, "/api/a/1?v=1"),
        ("/a/{x}#stream", {"x": 1}, "/api/a/1"),
    ],
)
def test_paths(path, values, target):
    """Parameters are written into the template, and nothing in them or in the template adds a segment, query or fragment."""
    made = builder(path, [(name, "path", {"required": True}) for name in values])
    assert built(made, values).target == target


@pytest.mark.parametrize(
    "path, values, style",
    [
        ("/a/{x}", {"x": ""}, "simple"),
        ("/a/{x}", {"x": "."}, "simple"),
        ("/a/{x}", {"x": ".."}, "simple"),
        ("/a/{x}{y}", {"x": ".", "y": "."}, "simple"),
        ("/a/{x}.", {"x": "."}, "simple"),
        ("/a/{x}", {"x": "."}, "label"),
        ("/a/{x}", {"x": ""}, "label"),
        ("/a/{x}", {"x": None}, "simple"),
        ("/a/{x}", {"x": []}, "matrix"),
        ("/a/{x}", {}, "simple"),
    ],
)
def test_segments_that_name_something_else(path, values, style):
    """A segment that would be empty, `.` or `..`, or a parameter that is missing, is refused, because another resource would answer."""
    made = builder(path, [(name, "path", {"style": style}) for name in "xy" if f"{{{name}}}" in path])
    with pytest.raises(ArgumentError) as caught:
        built(made, values)
    assert caught.value.problems[0].where == "x"


def test_a_path_without_parameters():
    """A path without parameters is sent as it stands behind the server's."""
    assert built(builder("/v1/x")).target == "/api/v1/x"
    assert built(builder("/"), prefix="").target == "/"


QUERY = [("a", "query"), ("b", "query", {"explode": False}), ("c", "query")]


@pytest.mark.parametrize(
    "values, query",
    [
        ({}, ""),
        ({"a": 1, "b": ["x", "y"]}, "?a=1&b=x,y"),
        ({"b": [], "c": {}}, ""),
        ({"a": None, "c": [None]}, ""),
        ({"a": "", "c": False}, "?a=&c=false"),
        ({"a": "&="}, "?a=%26%3D"),
    ],
    ids=str,
)
def test_queries(values, query):
    """Parameters follow in the order of the document; null and empty arrays are left out, an empty string is not."""
    assert built(builder(parameters=QUERY), values).target == f"/api/x{query}"


def test_a_query_in_the_template():
    """Where the template has a query already, parameters follow it."""
    assert built(builder("/x?v=1", [("a", "query")]), {"a": 2}).target == "/api/x?v=1&a=2"


def test_the_whole_query():
    """3.2's querystring is the query as its media type writes it."""
    content = {"content": {"application/x-www-form-urlencoded": {}}}
    made = builder(parameters=[("q", "querystring", content)], version="3.2.0")
    assert built(made, {"q": {"a": "b c", "d": [1, 2]}}).target == "/api/x?a=b+c&d=1&d=2"


def test_headers_and_cookies():
    """Header parameters stand under their own names, cookies in one field; null is left out."""
    made = builder(parameters=[("X-A", "header"), ("X-B", "header"), ("a", "cookie"), ("b", "cookie"), ("c", "cookie")])
    found = built(made, {"x_a": [1, 2], "x_b": None, "a": 1, "b": "x y", "c": None}).headers
    assert found == {"Accept": "*/*", "X-A": "1,2", "Cookie": "a=1; b=x%20y"}
    assert "Cookie" not in built(made, {}).headers
    assert built(made, {"x_a": ""}).headers["X-A"] == ""


@pytest.mark.parametrize("location", ["header", "query"])
def test_what_cannot_be_written(location):
    """A value without a form names its parameter; a line break gets into no header."""
    value = "a\r\nX-Evil: 1" if location == "header" else [{"a": 1}]
    with pytest.raises(ArgumentError, match="p: cannot be written") as caught:
        built(builder(parameters=[("p", location)]), {"p": value})
    assert caught.value.operation == "run"


def test_the_callers_headers_win():
    """A field of the caller takes the place of the document's, whatever its case."""
    made = builder(parameters=[("X-A", "header")])
    found = built(made, {"x_a": "document"}, headers={"x-a": "caller", "ACCEPT": "text/plain"}).headers
    assert found == {"x-a": "caller", "ACCEPT": "text/plain"}


def test_accept():
    """Accept names the media types of the declared good replies."""
    content = {"application/json": {}, "text/plain": {}}
    responses = {
        "200": {"content": content},
        "4XX": {"content": {"text/html": {}}},
        "": {},
        "default": {"content": {"a/b": {}}},
    }
    assert built(builder(responses=responses)).headers["Accept"] == "application/json, text/plain;q=0.8, a/b;q=0.5"


@pytest.mark.parametrize(
    ("content", "accept"),
    [
        (["application/xml", "application/json"], "application/json, application/xml;q=0.8"),
        (["application/json;stream=watch", "application/json"], "application/json, application/json;stream=watch;q=0.9"),
        (["application/vnd.kubernetes.protobuf", "text/event-stream"], "text/event-stream, application/vnd.kubernetes.protobuf;q=0.5"),
        (["a/b", "c/d"], "a/b, c/d"),
        (["application/json", "application/vnd.a+json"], "application/json, application/vnd.a+json"),
        (["$ref"], "*/*"),
    ],
)  # fmt: skip
def test_accept_prefers_what_is_read_best(content, accept):
    """JSON comes first and bytes last, whatever the order of the document; what is no media type is not named."""
    responses = {"200": {"content": {name: {} for name in content}}}
    assert built(builder(responses=responses)).headers["Accept"] == accept


@pytest.mark.parametrize(
    "media, body, content_type, data",
    [
        ("application/json", {"a": [1, "é"]}, "application/json", '{"a":[1,"é"]}'.encode()),
        ("application/json", None, "application/json", b"null"),
        ("application/vnd.x+json; v=1", [], "application/vnd.x+json; v=1", b"[]"),
        ("text/plain", "é", "text/plain", "é".encode()),
        ("image/*", b"\xff", "application/octet-stream", b"\xff"),
        ("application/x-www-form-urlencoded", {"a": "b c"}, "application/x-www-form-urlencoded", b"a=b+c"),
        ("multipart/form-data", b"--x", "multipart/form-data", b"--x"),
    ],
)
def test_bodies(media, body, content_type, data):
    """A body is written as its media type, and says which."""
    found = built(builder(method="post", requestBody={"content": {media: {}}}), body=body)
    assert (found.body, found.headers["Content-Type"]) == (data, content_type)


def test_no_body():
    """A call without a body has no Content-Type."""
    found = built(builder(method="post", requestBody={"content": {"application/json": {}}}))
    assert (found.body, "Content-Type" in found.headers) == (None, False)


@pytest.mark.parametrize("media, body", [("application/json", "\ud800"), ("image/png", {"a": 1}), ("image/png", 5)])
def test_bodies_that_cannot_be_written(media, body):
    """A body that has no form in its media type is an error of the arguments."""
    with pytest.raises(ArgumentError, match="run: body: "):
        built(builder(method="post", requestBody={"content": {media: {}}}), body=body)


def test_json_is_chosen():
    """Where several media types are offered JSON is sent."""
    made = builder(method="post", requestBody={"content": {"text/plain": {}, "application/json": {}}})
    assert built(made, body=1).headers["Content-Type"] == "application/json"
