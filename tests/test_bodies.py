"""Request bodies: which media type is sent, how, and what is refused; and replies that are no JSON."""

import io

import pytest
from documents import document
from hypothesis import given
from hypothesis import strategies as st
from senders import Sender, whole

from dynaclient.errors import ArgumentError, ReplyDecodeError, ReplyValidationError, UndeclaredReplyError
from dynaclient.files import File
from dynaclient.openapi.check import Checker
from dynaclient.openapi.model import MediaType
from dynaclient.openapi.parse import Parser
from dynaclient.openapi.read import globals_of, operation, read
from dynaclient.openapi.signature import docstring, offered_options, signature
from dynaclient.wire import Headers, Response, Upload

JSON, FORM, PARTS = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
OCTETS, TEXT, XML = "application/octet-stream", "text/plain", "application/xml"
SCHEMA = {"type": "object", "xml": {"name": "d"}, "properties": {"a": {"type": "string"}}}


def several(*names, schema=SCHEMA):
    """The sender of a body that these media types are declared for."""
    return Sender({name: {"schema": schema} for name in names})


def kind(request):
    return request.headers["Content-Type"].partition(";")[0]


@pytest.mark.parametrize(
    "names, default",
    [
        ([OCTETS, TEXT, PARTS, FORM, JSON], JSON),
        ([OCTETS, TEXT, PARTS, FORM, "application/vnd.x+json"], "application/vnd.x+json"),
        ([OCTETS, TEXT, PARTS, FORM], FORM),
        ([OCTETS, TEXT, PARTS], PARTS),
        ([OCTETS, XML], XML),
        ([OCTETS, "image/png"], OCTETS),
    ],
)
def test_the_default(names, default):
    """Where the caller says nothing JSON is sent, else a form, multipart, text; else what is declared first."""
    value = b"x" if default == OCTETS else {"a": "b"}
    assert kind(several(*names).request({"body": value} if default in (OCTETS, XML) else {"a": "b"})) == default


@pytest.mark.parametrize(
    "said, sent",
    [
        (FORM, FORM),
        ("Multipart/Form-Data", PARTS),
        ("form-data", PARTS),
        ("xml", XML),
        ("json", JSON),
        ("merge-patch+json", "application/merge-patch+json"),
        ("application/json; charset=utf-8", "application/json; charset=utf-8"),
        ("image/png", "image/png"),
    ],
)
def test_the_caller_chooses(said, sent):
    """`content_type` chooses among the declared: by name, by subtype, or within a range; parameters are sent as they are said."""
    found = several(JSON, "application/merge-patch+json", FORM, PARTS, XML, "image/*")
    request = found.request({"body": b"x"} if sent.startswith("image") else {"a": "b"}, said)
    assert request.headers["Content-Type"].removesuffix("; boundary=BOUNDARY") == sent


@pytest.mark.parametrize(
    "said, reason",
    [
        ("text/plain", "is not what"),
        ("png", "is not"),
        ("image/*x", "is not"),
        ("v1", "is not"),
        ("v+json", "could be"),
    ],
)
def test_a_type_that_is_not_declared(said, reason):
    """Any other type, and one that could be several, is refused with the list of the declared."""
    with pytest.raises(ArgumentError, match=reason) as caught:
        several("a/x-v+json", "b/x-v+json", FORM).request({}, said if said != "v+json" else "x-v+json")
    assert "the document declares a/x-v+json, b/x-v+json, application/x-www-form-urlencoded" in str(caught.value)


def test_versions_of_one_type():
    """Types that differ in their parameters alone are chosen by their whole name."""
    found = several("application/json; v=1", "application/json; v=2")
    assert found.request({"a": "b"}, "application/json; v=2").headers["Content-Type"] == "application/json; v=2"
    with pytest.raises(ArgumentError, match="could be"):
        found.request({"a": "b"}, JSON)


def test_the_value_chooses(tmp_path):
    """Bytes and files ask for a media type of bytes, a file in a property for multipart, where these are declared; else the default is kept."""
    path = tmp_path / "x.bin"
    path.write_bytes(b"x")
    found = several(JSON, PARTS, OCTETS, schema={})
    for value in (b"x", bytearray(b"x"), path, File(path), io.BytesIO(b"x"), iter([b"x"])):
        request = found.request({"body": value})
        assert (kind(request), whole(request)) == (OCTETS, b"x")
    for arguments in ({"body": {"a": path}}, {"body": {"a": [path]}}):
        assert kind(found.request(arguments)) == PARTS
    properties = several(JSON, PARTS)
    assert kind(properties.request({"a": b"x"})) == PARTS
    assert kind(properties.request({"a": "x"})) == JSON
    assert kind(properties.request({"body": {"a": "x"}})) == JSON
    assert kind(several(JSON, FORM).request({"body": {"a": "x"}})) == JSON


def test_keywords_are_those_of_the_type():
    """Each media type has its own properties as keyword arguments, checked by its own schema."""
    one = {"type": "object", "properties": {"a": {"type": "integer"}}}
    other = {"type": "object", "properties": {"b": {"type": "string"}}}
    found = Sender({JSON: {"schema": one}, FORM: {"schema": other}})
    assert found.sent(a=1) == b'{"a":1}'
    assert found.sent(FORM, b="x") == b"b=x"
    assert set(found.problems(FORM, a=1)) == {"a"}


def test_what_tools_show(tmp_path):
    """The signature offers `content_type` where there is a choice, and says that a file is taken; the docstring lists the types."""
    schema = {
        "type": "object",
        "properties": {
            "f": {"type": "string", "format": "binary"},
            "g": {"type": "array", "items": {"format": "binary"}},
        },
    }
    found = Sender({PARTS: {"schema": schema}, TEXT: {}})
    assert offered_options(found.operation)[:2] == ("body", "content_type")
    shown = str(signature(found.operation, found.document))
    assert "f: Path | BinaryIO | bytes | File = OMIT" in shown
    assert "g: Path | BinaryIO | bytes | File | list[Path | BinaryIO | bytes | File] = OMIT" in shown
    assert f"content_type: str | None\n    The media type of the body: {PARTS}, {TEXT}." in docstring(
        found.operation, found.document
    )
    assert "content_type" not in offered_options(Sender({PARTS: {}}).operation)
    assert "content_type" in offered_options(Sender({"image/*": {}}).operation)


@pytest.mark.parametrize("name", [OCTETS, "image/png", "application/zip", "audio/*"])
@pytest.mark.parametrize(
    "value", [b"\x00\xff", bytearray(b"\x00\xff"), memoryview(b"\x00\xff"), File(b"\x00\xff")], ids=type
)
def test_bytes(name, value):
    """A media type of bytes sends bytes as they are, whatever its schema says; a range is sent as octets."""
    request = Sender({name: {"schema": {"type": "string", "maxLength": 1}}}).request({"body": value})
    assert whole(request) == b"\x00\xff"
    assert kind(request) == (OCTETS if "*" in name else name)


def test_a_file_is_a_body(tmp_path):
    """A file as a whole body is read while it is sent; within a range its own type is sent."""
    path = tmp_path / "a.png"
    path.write_bytes(b"png")
    request = Sender({"image/*": {}}).request({"body": path})
    assert isinstance(request.body, Upload)
    assert (request.body.length, kind(request), whole(request)) == (3, "image/png", b"png")
    assert kind(Sender({"image/*": {}}).request({"body": File(path, content_type="image/x")})) == "image/x"
    assert kind(Sender({"audio/*": {}}).request({"body": path})) == OCTETS
    assert kind(Sender({OCTETS: {}}).request({"body": path})) == OCTETS
    with pytest.raises(ArgumentError, match=r"the file is image/gif, and the body is application/octet-stream"):
        Sender({OCTETS: {}}).request({"body": File(path, content_type="image/gif")})


def test_pieces_are_a_body():
    """An iterator of bytes is a body of unknown length that is sent once; anything but bytes in it ends the sending."""
    upload = Sender({OCTETS: {}}).request({"body": (piece for piece in (b"a", b"b"))}).body
    assert (upload.length, upload.replayable, upload.read()) == (None, False, b"ab")
    with pytest.raises(ArgumentError, match="pieces of bytes, not of str"):
        Sender({OCTETS: {}}).request({"body": iter(["a"])}).body.read()


@pytest.mark.parametrize(
    "name, value, sent",
    [
        (TEXT, "é", "é".encode()),
        ("text/plain; charset=latin-1", "é", b"\xe9"),
        ("text/csv", "a,b\r\n1,2", b"a,b\r\n1,2"),
        ("text/*", "x", b"x"),
        (TEXT, b"\xff", b"\xff"),
        (TEXT, 5, b"5"),
        (TEXT, True, b"true"),
        (TEXT, {"a": [1]}, b'{"a":[1]}'),
        (XML, "<a/>", b"<a/>"),
        (XML, b"<a/>", b"<a/>"),
        ("application/jsonl", [{"a": 1}, "é"], '{"a":1}\n"é"\n'.encode()),
        ("application/x-ndjson", [], b""),
        ("application/x-ndjson", '{"ready": 1}\n', b'{"ready": 1}\n'),
        ("application/json-seq", [1, 2], b"\x1e1\n\x1e2\n"),
        ("*/*", {"a": 1}, b'{"a":1}'),
        ("*/*", b"x", b"x"),
        ("application/*", "x", b"x"),
    ],
)
def test_written(name, value, sent):
    """A value is written as its media type; what is ready is sent as it is."""
    request = Sender({name: {}}).request({"body": value})
    assert request.body == sent
    ranges = {"text/*": TEXT, "*/*": JSON if isinstance(value, dict) else OCTETS, "application/*": OCTETS}
    assert request.headers["Content-Type"] == ranges.get(name, name)


@pytest.mark.parametrize(
    "name, value, reason",
    [
        (OCTETS, {"a": 1}, "bytes or text are expected"),
        ("text/plain; charset=ascii", "é", "no form in text/plain"),
        ("text/plain; charset=nonsense", "x", "no form"),
        ("application/jsonl", {"a": 1}, "a list is expected"),
    ],
)
def test_refused(name, value, reason):
    """What has no form in its media type is refused before anything is sent."""
    with pytest.raises(ArgumentError, match=reason):
        Sender({name: {}}).request({"body": value})


def test_xml_is_a_body():
    """An object that has hints for XML is written by them, and its properties are keyword arguments."""
    assert several(XML).sent(a="b") == b'<?xml version="1.0" encoding="UTF-8"?><d><a>b</a></d>'
    assert several(XML).sent(body="<ready/>") == b"<ready/>"
    assert set(several(XML).problems(a=5)) == {"a"}


@pytest.mark.parametrize(
    "name, schema, value, wrong",
    [
        (TEXT, {"type": "string", "maxLength": 1}, "xx", ["body"]),
        (TEXT, {"type": "integer"}, 5, []),
        (TEXT, {"type": "object"}, "xx", []),
        (TEXT, {}, "xx", []),
        (TEXT, {"type": "string", "maxLength": 1}, b"xx", []),
        ("*/*", {"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": "x"}, ["a"]),
        ("*/*", {"type": "object"}, b"xx", []),
        ("application/jsonl", {"type": "array", "maxItems": 1}, [1, 2], ["body"]),
        (OCTETS, {"type": "string", "maxLength": 1}, "xx", []),
        (XML, {"type": "object", "xml": {"name": "d"}, "required": ["a"]}, "<x/>", []),
    ],
)
def test_judged(name, schema, value, wrong):
    """A value is judged by its schema whatever its media type; what is ready to send is not."""
    assert list(Sender({name: {"schema": schema}}).problems(body=value)) == wrong


def test_items_are_judged():
    """Each item of a sequential body is judged by `itemSchema` (OpenAPI 3.2, 4.14.2)."""
    found = Sender({"application/jsonl": {"itemSchema": {"type": "integer"}}}, "3.2.0")
    assert found.sent(body=[1, 2]) == b"1\n2\n"
    assert list(found.problems(body=[1, "x"])) == ["[1]"]


SERVICE = {
    "type": "object",
    "required": ["kind", "rev"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "rev": {"type": "integer", "readOnly": True},
        "kind": {"type": "string", "default": "plain"},
        "secret": {"type": "string", "writeOnly": True},
        "owner": {
            "type": "object",
            "properties": {"id": {"$ref": "#/components/schemas/Id"}, "name": {"type": "string", "default": "me"}},
        },
        "parts": {
            "type": "array",
            "items": {"allOf": [{"properties": {"made": {"readOnly": True}, "n": {"default": 1}}}]},
        },
        "map": {"type": "object", "additionalProperties": {"properties": {"made": {"readOnly": True}}}},
        "any": {"oneOf": [{"properties": {"made": {"readOnly": True}}}, {"type": "string"}]},
    },
}
COMPONENTS = {"schemas": {"Id": {"type": "string", "readOnly": True}}}


def service(version="3.1.0", name=JSON):
    return Sender({name: {"schema": SERVICE}}, version, components=COMPONENTS)


@pytest.mark.parametrize("name", [JSON, FORM, PARTS])
@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
def test_what_is_the_services_to_set(version, name):
    """A readOnly property is in no signature; where it is sent all the same, that is told, as far as the schema shows it."""
    found = service(version, name)
    names = [field.python_name for field in found.operation.arguments]
    assert {"id", "rev"}.isdisjoint(names)
    assert found.problems(id="x", kind="a", rev=1) == {}
    assert set(found.notes(id="x", kind="a", rev=1)) == {"id", "rev"}
    body = {
        "kind": "a",
        "rev": 1,
        "id": "x",
        "owner": {"id": "x", "name": "y"},
        "parts": [{"n": 1}, {"made": 1}],
        "map": {"m": {"made": 1}},
    }
    assert found.problems(body=body) == {}
    notes = found.notes(body=body)
    assert set(notes) == {"id", "rev", "owner.id", "parts[1].made", "map.m.made"}
    assert all("readOnly" in note for note in notes.values()), notes


def test_what_is_required_though_the_services_to_set():
    """A required property that is readOnly need not be invented by the caller, in any version."""
    assert service("3.1.0").sent(kind="a") == service("3.0.4").sent(kind="a") == b'{"kind":"a"}'


def test_defaults_are_sent_on_demand():
    """The document's defaults are not sent; asked for, they are filled in where nothing was passed, however deep, except what was left out with OMIT."""
    from dynaclient.openapi.normal import OMIT

    parameters = [
        {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 10}},
        {"name": "X-Mode", "in": "header", "schema": {"default": "fast"}},
        {"name": "none", "in": "query", "schema": {"type": "integer"}},
    ]
    found = Sender({JSON: {"schema": SERVICE}}, parameters=parameters, components=COMPONENTS)
    given = {"kind": OMIT, "body": {"rev": 1, "owner": {}, "parts": [{}, {"n": 2}]}}
    assert found.problems(**given).keys() == {"body"}
    plain = found.request({**given, "kind": "a"})
    assert (plain.target, plain.body) == ("/x", b'{"rev":1,"owner":{},"parts":[{},{"n":2}],"kind":"a"}')
    bound, problems = found.bound({"rev": 1, "owner": {}, "parts": [{}, {"n": 2}]}, send_defaults=True)[2:]
    assert problems == []
    assert bound.parameters == {"limit": 10, "x_mode": "fast"}
    assert bound.body == {"rev": 1, "owner": {"name": "me"}, "parts": [{"n": 1}, {"n": 2}], "kind": "plain"}
    left_out = found.bound({"rev": 1, "kind": OMIT, "limit": OMIT, "body": {}}, send_defaults=True)[2]
    assert left_out.body == {"rev": 1}
    assert left_out.parameters == {"x_mode": "fast"}


def test_a_default_is_a_copy():
    """A default that is changed after it was sent does not change the document."""
    schema = {"type": "object", "properties": {"a": {"default": []}}}
    found = Sender({JSON: {"schema": schema}})
    found.bound({"body": {}}, send_defaults=True)[2].body["a"].append(1)
    assert found.bound({"body": {}}, send_defaults=True)[2].body == {"a": []}


GLOBALS = {
    "x-speakeasy-globals": {
        "parameters": [{"name": "X-User", "in": "header", "schema": {"type": "string"}}, {"name": "v", "in": "query"}]
    }
}


def test_settings_of_the_client():
    """What a client is given once stands in for a parameter of the same name and location; an argument wins, and OMIT leaves it out."""
    from dynaclient.openapi.normal import OMIT

    parameters = [
        {"name": "X-User", "in": "header", "required": True, "schema": {"type": "string", "minLength": 2}},
        {"name": "v", "in": "header"},
    ]
    found = Sender(None, parameters=parameters, **GLOBALS)
    assert [(field.python_name, field.location) for field in globals_of(found.api)] == [
        ("x_user", "header"),
        ("v", "query"),
    ]
    settings = {("X-User", "header"): "ann", ("v", "query"): 1}
    assert found.request({}, settings=settings).headers == {"Accept": "*/*", "X-User": "ann"}
    assert found.request({"x_user": "bob"}, settings=settings).headers["X-User"] == "bob"
    assert [problem.where for problem in found.bound({"x_user": OMIT}, settings=settings)[3]] == ["x_user"]
    assert [problem.where for problem in found.bound({}, settings={("X-User", "header"): "a"})[3]] == ["x_user"]
    assert [problem.where for problem in found.bound({}, settings={("X-User", "header"): object()})[3]] == ["x_user"]
    assert str(signature(found.operation, found.document)).startswith("(*, x_user: str, v")
    assert str(signature(found.operation, found.document, settings)).startswith("(*, x_user: str = OMIT, v")
    assert globals_of(read(document({}))) == ()


@pytest.mark.parametrize("allowed, target", [(True, "/x?q="), (False, None)])
def test_an_empty_value(allowed, target):
    """With `allowEmptyValue` a query parameter may be empty whatever its schema says."""
    parameter = {"name": "q", "in": "query", "allowEmptyValue": allowed, "schema": {"type": "integer"}}
    found = Sender(None, parameters=[parameter])
    assert found.problems(q="").keys() == (set() if allowed else {"q"})
    if allowed:
        assert found.request({"q": ""}).target == target


def test_a_parameter_as_content():
    """A parameter with `content` is written as its media type says, forms and JSON alike, and judged by its schema."""
    parameters = [
        {"name": "j", "in": "query", "content": {JSON: {"schema": {"type": "array", "items": {"type": "integer"}}}}},
        {
            "name": "f",
            "in": "query",
            "content": {FORM: {"schema": {"type": "object"}, "encoding": {"a": {"explode": False}}}},
        },
        {"name": "h", "in": "header", "content": {TEXT: {"schema": {"type": "string"}}}},
        {"name": "c", "in": "cookie", "content": {JSON: {}}},
    ]
    found = Sender(None, parameters=parameters)
    request = found.request({"j": [1, 2], "f": {"a": [1, 2], "b": " "}, "h": "x,y", "c": {"a": 1}})
    assert request.target == "/x?j=%5B1%2C2%5D&f=a%3D1%2C2%26b%3D%2B"
    assert (request.headers["h"], request.headers["Cookie"]) == ("x,y", "c=%7B%22a%22%3A1%7D")
    assert list(found.problems(j=["x"])) == ["j[0]"]


PAYMENT = {
    "oneOf": [{"$ref": "#/components/schemas/Card"}, {"$ref": "#/components/schemas/Account"}],
}
PAYMENTS = {
    "schemas": {
        "Card": {
            "type": "object",
            "required": ["object", "number", "cvc", "exp_month"],
            "properties": {
                "object": {"type": "string", "enum": ["card"]},
                "number": {"type": "string"},
                "cvc": {"type": "string"},
                "exp_month": {"type": "integer", "maximum": 12},
            },
        },
        "Account": {
            "type": "object",
            "required": ["object", "number", "country"],
            "properties": {
                "object": {"type": "string", "enum": ["bank_account"]},
                "number": {"type": "string"},
                "country": {"type": "string", "minLength": 2},
            },
        },
    }
}
CARD = {"object": "card", "number": "4242", "cvc": "123", "exp_month": 13}
ACCOUNT = {"object": "bank_account", "number": "1"}


@pytest.mark.parametrize("union", ["oneOf", "anyOf"])
@pytest.mark.parametrize("media", [JSON, FORM, PARTS])
def test_which_branch_came_closest(union, media):
    """Where no branch of a choice fits, the one that came closest says what is wrong with the value."""
    schema = {"type": "object", "properties": {"source": {union: PAYMENT["oneOf"]}}}
    found = Sender({media: {"schema": schema}}, components=PAYMENTS)
    card = found.problems(source=CARD)
    assert list(card) == ["source.exp_month"]
    assert f"no alternative fits, {union}/0 of 2 comes closest" in card["source.exp_month"]
    account = found.problems(source=ACCOUNT)
    assert "the property 'country' is missing" in account["source"]
    assert f"{union}/1 of 2" in account["source"]
    assert "expected" in found.problems(source=5)["source"]


def test_a_discriminator_chooses_the_branch():
    """With a discriminator its value alone says which branch speaks; a value that names none is told with those that do."""
    mapping = {"card": "#/components/schemas/Card", "bank_account": "#/components/schemas/Account"}
    schema = {**PAYMENT, "discriminator": {"propertyName": "object", "mapping": mapping}}
    found = Sender({JSON: {"schema": {"type": "object", "properties": {"source": schema}}}}, components=PAYMENTS)
    assert list(found.problems(source=CARD)) == ["source.exp_month"]
    wrong = found.problems(source={**CARD, "object": "crad"})
    assert list(wrong) == ["source.object"]
    assert "names no schema, expected one of" in wrong["source.object"]
    assert "card" in wrong["source.object"]
    assert "which says what the object is" in found.problems(source={"number": "1"})["source"]


def parser(responses, version="3.1.0", warnings=None, **more):
    made = {**document({"/x": {"get": {"operationId": "run", "responses": responses}}}, **more), "openapi": version}
    api = read(made)
    checker = Checker(made, version[:3])
    return Parser(operation(api, api.index["run"]), made, checker, ([] if warnings is None else warnings).append)


def reply(body, content_type, status=200):
    return Response(status, Headers([("Content-Type", content_type)]), body)


@pytest.mark.parametrize(
    "name, schema, body, value",
    [
        (TEXT, {"type": "string"}, b" x ", " x "),
        (TEXT, {"type": "integer"}, b"5\n", 5),
        (TEXT, {"type": ["number", "null"]}, b"2.5", 2.5),
        (TEXT, {"type": "boolean"}, b"true", True),
        (TEXT, {"type": "object"}, b"x", "x"),
        (TEXT, {}, b"5", "5"),
        ("text/plain; charset=latin-1", {"type": "string"}, b"\xe9", "é"),
        ("image/png", {"type": "string", "format": "binary"}, b"\x00\xff", b"\x00\xff"),
        (XML, SCHEMA, b"<x><a>5</a></x>", {"a": "5"}),
        ("application/problem+xml", {"type": "array", "items": {"type": "integer"}}, b"<x><a>5</a></x>", [5]),
        (XML, {"type": "string"}, b"<x/>", "<x/>"),
        (XML, {}, b"<x/>", "<x/>"),
    ],
)
def test_replies_that_are_no_json(name, schema, body, value):
    """Text is read by its charset and as the scalar that its schema names, XML by its hints, all else as bytes."""
    declared = name.partition(";")[0]
    made = parser({"200": {"description": "Good.", "content": {declared: {"schema": schema}}}})
    found = made.parse(reply(body, name), None, "strict")
    assert found == value
    assert type(found) is type(value) or isinstance(value, dict)


@pytest.mark.parametrize(
    "name, schema, body, error",
    [
        (TEXT, {"type": "integer"}, b"x", ReplyValidationError),
        (TEXT, {"type": "string", "enum": ["a"]}, b"x", ReplyValidationError),
        (TEXT, {"type": "string"}, b"\xff", ReplyDecodeError),
        (XML, SCHEMA, b"<x>", ReplyDecodeError),
        (XML, SCHEMA, b"<!DOCTYPE x><x/>", ReplyDecodeError),
        (XML, {**SCHEMA, "required": ["b"]}, b"<x/>", ReplyValidationError),
    ],
)
def test_replies_that_do_not_fit(name, schema, body, error):
    """A reply that is not what the document promises is told, whatever its media type."""
    made = parser({"200": {"description": "Good.", "content": {name: {"schema": schema}}}})
    with pytest.raises(error):
        made.parse(reply(body, name), None, "strict")


def test_write_only_in_replies():
    """A writeOnly property in a reply is let pass, in any version."""
    responses = {"200": {"description": "Good.", "content": {JSON: {"schema": SERVICE}}}}
    body = reply(b'{"kind": "a", "rev": 1, "secret": "x"}', JSON)
    for version in ("3.0.4", "3.1.0"):
        assert parser(responses, version, components=COMPONENTS).parse(body, None, "strict")["secret"] == "x"


@given(st.integers(200, 399), st.sampled_from([JSON, TEXT, XML, OCTETS, "a/b", "", ";;", "é"]), st.binary(max_size=20))
def test_undeclared_replies_are_told(status, content_type, body):
    """A status or a type that the document does not declare is an error of ours, or a report; never anything else."""
    warnings = []
    made = parser({"200": {"description": "Good.", "content": {JSON: {}, "image/*": {}}}}, warnings=warnings)
    for mode in ("strict", "warn", "off"):
        try:
            made.parse(reply(body, content_type, status), None, mode)
        except (UndeclaredReplyError, ReplyDecodeError):
            continue
    assert all(isinstance(warning, UndeclaredReplyError) for warning in warnings)


def test_the_sender_is_of_no_document():
    """A body can be written without a document: the values alone decide."""
    from dynaclient.openapi.bodies import BodyWriter

    assert BodyWriter({}, MediaType(PARTS), lambda: "B").write({"a": 1})[1] == f"{PARTS}; boundary=B"
    assert BodyWriter({}, MediaType(FORM)).write({"a": [1, 2]})[0] == b"a=1&a=2"
    assert BodyWriter({}, MediaType(XML, schema="/x")).write("<a/>")[0] == b"<a/>"
