"""What is sent, decoded by servers that know nothing of dynaclient: werkzeug and Starlette find the same values."""

import io
import json
from urllib.parse import unquote, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from senders import Sender, whole
from starlette.datastructures import UploadFile
from starlette.requests import Request as StarletteRequest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request as WerkzeugRequest

from dynaclient.files import File

JSON, FORM, PARTS = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
TEXTS = st.text(st.characters(exclude_categories=("Cs",)))
WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)
# Browsers do not escape a backslash in a name, and servers differ on what it means there; quotes and line breaks are told apart below.
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters='"\\'), min_size=1).filter(str.strip)
SCALARS = TEXTS | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
FIELDS = st.dictionaries(NAMES, SCALARS | st.lists(SCALARS, min_size=1, max_size=3), max_size=4)


def by_werkzeug(request):
    """Query, cookies, fields and files as werkzeug finds them; a file is `(name, type, content)`."""
    path, _, query = request.target.partition("?")
    builder = EnvironBuilder(
        path=path,
        query_string=query,
        method=request.method,
        headers=list(request.headers.items()),
        input_stream=io.BytesIO(b"" if request.body is None else whole(request)),
    )
    environ = builder.get_environ()
    environ["CONTENT_LENGTH"] = str(len(builder.input_stream.getvalue()))
    found = WerkzeugRequest(environ)
    fields = list(found.form.items(multi=True))
    fields += [
        (name, (file.filename, file.content_type, emptied(file.stream))) for name, file in found.files.items(multi=True)
    ]
    return list(found.args.items(multi=True)), dict(found.cookies), fields, found


def by_starlette(request):
    """The same as Starlette finds them."""
    path, _, query = request.target.partition("?")
    body = b"" if request.body is None else whole(request)
    scope = {
        "type": "http",
        "method": request.method,
        "path": unquote(path),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in request.headers.items()],
    }
    messages = [
        {"type": "http.request", "body": body[place : place + 50], "more_body": True}
        for place in range(0, len(body), 50)
    ]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive():
        return messages.pop(0)

    found = StarletteRequest(scope, receive)
    fields = []
    if kind(request) in (FORM, PARTS):
        for name, value in completed(found.form()).multi_items():
            is_file = isinstance(value, UploadFile)
            fields.append((name, (value.filename, value.content_type, emptied(value.file)) if is_file else value))
    return found.query_params.multi_items(), found.cookies, fields, found


def emptied(file):
    """What an open file holds; it is closed."""
    with file:
        return file.read()


def completed(awaitable):
    """The result of what never has to wait."""
    try:
        awaitable.__await__().send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits for something")


def kind(request):
    return request.headers.get("Content-Type", "").partition(";")[0]


def shown(value):
    """A scalar as text."""
    return value if isinstance(value, str) else json.dumps(value) if not isinstance(value, float) else value


def same(found, value):
    """Whether a text is what was written for a value: floats by their value, all else letter by letter."""
    return float(found) == value if isinstance(value, float) else found == shown(value)


def flat(fields):
    """Name and value of each pair, an array as many."""
    return [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]


def assert_same(found, fields):
    """The pairs that were found are those that were sent, in order within each name."""
    wanted = flat(fields)
    assert sorted(name for name, _ in found) == sorted(name for name, _ in wanted)
    for name in fields:
        texts = [text for key, text in found if key == name]
        values = [value for key, value in wanted if key == name]
        assert all(same(text, value) for text, value in zip(texts, values, strict=True)), (texts, values)


JUDGES = pytest.mark.parametrize("judge", [by_werkzeug, by_starlette], ids=["werkzeug", "starlette"])


def query(style, explode):
    parameter = {"name": "p", "in": "query", "style": style, "explode": explode}
    return Sender(None, parameters=[parameter])


FORM_SENDER, PARTS_SENDER = Sender({FORM: {}}), Sender({PARTS: {}})
QUERY = {
    (style, explode): query(style, explode)
    for style in ("form", "spaceDelimited", "pipeDelimited", "deepObject")
    for explode in (True, False)
}


@JUDGES
@given(
    value=SCALARS | st.lists(SCALARS, min_size=1, max_size=3),
    style=st.sampled_from(["form", "spaceDelimited", "pipeDelimited"]),
)
def test_exploded_arrays_in_a_query(judge, value, style):
    """Scalars and exploded arrays are found as parameters of their name, in every style that has them."""
    request = QUERY[style, True].request({"p": value})
    assert_same(judge(request)[0], {"p": value})


@JUDGES
@given(value=st.dictionaries(WORDS, SCALARS | st.lists(SCALARS, min_size=1, max_size=2), min_size=1, max_size=3))
def test_objects_in_a_query(judge, value):
    """The members of a deep object are found by their bracketed names, those of an exploded one by their own."""
    deep = judge(QUERY["deepObject", True].request({"p": value}))[0]
    members = {
        f"p[{name}]{place}": one
        for name, item in value.items()
        for place, one in (
            [(f"[{at}]", one) for at, one in enumerate(item)] if isinstance(item, list) else [("", item)]
        )
    }
    assert_same(deep, members)
    plain = {name: item for name, item in value.items() if not isinstance(item, list)}
    if plain:
        assert_same(judge(QUERY["form", True].request({"p": plain}))[0], plain)


@given(
    value=st.lists(WORDS, min_size=1, max_size=4),
    style=st.sampled_from([("form", ","), ("spaceDelimited", "%20"), ("pipeDelimited", "%7C")]),
)
def test_delimited_arrays_in_a_query(value, style):
    """Items that are joined are found by splitting at the delimiter before decoding, whatever else they hold."""
    if style[1] != "," and any(unquote(style[1]) in item for item in value):
        return  # the standard has no escape for these two delimiters (OpenAPI 3.2, appendix C)
    request = QUERY[style[0], False].request({"p": value})
    text = by_werkzeug(request)[3].query_string.decode().removeprefix("p=")
    assert [unquote_plus(part) for part in text.split(style[1])] == value


@JUDGES
@given(
    value=st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), min_size=1).filter(
        lambda text: text == text.strip()
    )
)
def test_headers_and_cookies(judge, value):
    """Headers and cookies are found as they were passed, the cookie once it is decoded."""
    parameters = [{"name": "X-P", "in": "header"}, {"name": "p", "in": "cookie"}]
    _, cookies, _, found = judge(Sender(None, parameters=parameters).request({"x_p": value, "p": value}))
    assert found.headers["x-p"] == value
    assert unquote(cookies["p"]) == value


@JUDGES
@given(value=FIELDS)
def test_forms(judge, value):
    """Every field of a form is found with its texts, in order."""
    assert_same(judge(FORM_SENDER.request({"body": value}))[2], value)


@JUDGES
@given(value=st.dictionaries(WORDS, st.dictionaries(TEXTS, SCALARS | st.none(), min_size=1), min_size=1, max_size=3))
def test_json_in_forms(judge, value):
    """Objects in a form and in a multipart body are found as JSON."""
    for sender in (FORM_SENDER, PARTS_SENDER):
        named = {f"n{number}": item for number, item in enumerate(value.values())} if sender is PARTS_SENDER else value
        found = judge(sender.request({"body": named}))[2]
        assert {name: json.loads(text) for name, text in found} == named


@JUDGES
@given(value=FIELDS)
def test_fields_of_multipart(judge, value):
    """Every part of a multipart body without a file name is found with its text, in order."""
    assert_same(judge(PARTS_SENDER.request({"body": value}))[2], value)


@JUDGES
@given(
    name=NAMES,
    files=st.lists(
        st.tuples(NAMES, st.sampled_from(["", "image/png", "text/csv"]), st.binary(max_size=300)),
        min_size=1,
        max_size=3,
    ),
    text=TEXTS,
)
def test_files_of_multipart(judge, name, files, text):
    """Files are found with their names, types and contents byte for byte, several of one name in order, and fields beside them."""
    value = {name: [File(data, filename, kind or None) for filename, kind, data in files], f"{name}x": text}
    found = judge(PARTS_SENDER.request({"body": value}))[2]
    wanted = [(filename, kind or "application/octet-stream", data) for filename, kind, data in files]
    assert [item for key, item in found if key == name] == wanted
    assert [item for key, item in found if key == f"{name}x"] == [text]


@JUDGES
def test_quoted_names(judge):
    """A name with quotes and line breaks breaks out of nothing: there is one file, with nothing in its header that was not put there."""
    hostile = 'a"; filename="b"\r\nX-Evil: 1\r\n\r\nc'
    found = judge(PARTS_SENDER.request({"body": {hostile: File(b"x", hostile)}}))[2]
    assert len(found) == 1
    assert found[0][1][1:] == ("application/octet-stream", b"x")


@JUDGES
def test_files_from_disk(judge, tmp_path):
    """A path is found as a file of its name, with its content."""
    (tmp_path / "a b.png").write_bytes(bytes(range(256)) * 5)
    request = PARTS_SENDER.request({"body": {"f": tmp_path / "a b.png"}})
    assert judge(request)[2] == [("f", ("a b.png", "application/octet-stream", bytes(range(256)) * 5))]


@given(
    value=st.recursive(
        SCALARS | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    )
)
def test_json_text_and_bytes(value):
    """JSON, text and bytes are found as they were passed."""
    assert by_werkzeug(Sender({JSON: {}}).request({"body": value}))[3].get_json() == value
    text = json.dumps(value)
    assert by_werkzeug(Sender({"text/plain": {}}).request({"body": text}))[3].get_data(as_text=True) == text
    data = text.encode("utf-16")
    found = by_starlette(Sender({"application/octet-stream": {}}).request({"body": iter([data[:3], data[3:]])}))[3]
    assert completed(found.body()) == data


THINGS = {
    "type": "object",
    "xml": {"name": "things"},
    "properties": {
        "s": {"type": "string"},
        "i": {"type": "integer"},
        "n": {"type": "number"},
        "b": {"type": "boolean"},
        "l": {"type": "array", "xml": {"wrapped": True}, "items": {"type": "integer"}},
        "o": {
            "type": "object",
            "properties": {"x": {"type": "string"}},
            "required": ["x"],
            "additionalProperties": False,
        },
    },
}
# What XML cannot hold at all is left to the tests of XML.
PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1)
THING = st.fixed_dictionaries(
    {},
    optional={
        "s": PLAIN,
        "i": st.integers(),
        "n": st.floats(allow_nan=False, allow_infinity=False),
        "b": st.booleans(),
        "l": st.lists(st.integers(), min_size=1, max_size=3),
        "o": st.fixed_dictionaries({"x": PLAIN}),
    },
)
STYLED = {"l": {"style": "form", "explode": False}, "o": {"style": "deepObject"}}


def read_by_the_embedded_server(sender, request):
    """The body as the embedded server hands it to a handler, judged by the document."""
    from dynaclient.local.incoming import read_request

    found = read_request(
        sender.document, sender.operation, request, {}, lambda place: sender.checker.validator(place, "request")
    )
    return found.body


OWN = {
    "json": Sender({JSON: {"schema": THINGS}}),
    "form": Sender({FORM: {"schema": THINGS}}),
    "styled form": Sender({FORM: {"schema": THINGS, "encoding": STYLED}}),
    "multipart": Sender({PARTS: {"schema": THINGS}}),
    "xml": Sender({"application/xml": {"schema": THINGS}}),
}


@pytest.mark.parametrize("name", OWN)
@given(value=THING)
def test_the_embedded_server_finds_the_same(name, value):
    """Whatever the media type, the embedded server hands on the value that was passed, each part of the type that its schema says."""
    assert read_by_the_embedded_server(OWN[name], OWN[name].request({"body": value})) == value


@given(value=st.lists(THING, max_size=3))
def test_the_embedded_server_reads_lines(value):
    """So it does with a sequence of values, and with parts by position."""
    for name in ("application/jsonl", "application/json-seq"):
        sender = Sender({name: {"schema": {"type": "array", "items": THINGS}}}, "3.2.0")
        assert read_by_the_embedded_server(sender, sender.request({"body": value})) == value
    if value:
        sender = Sender({"multipart/mixed": {"schema": {"type": "array", "items": THINGS}}}, "3.2.0")
        assert read_by_the_embedded_server(sender, sender.request({"body": value})) == value


@given(data=st.binary(), name=NAMES)
def test_the_embedded_server_reads_files(data, name):
    """A file arrives byte for byte, whatever else is in the body."""
    schema = {"type": "object", "properties": {"f": {"type": "string", "format": "binary"}, "t": {"type": "string"}}}
    sender = Sender({PARTS: {"schema": schema}})
    found = read_by_the_embedded_server(
        sender, sender.request({"body": {"f": File(io.BytesIO(data), name), "t": name}})
    )
    content = found["f"] if isinstance(found["f"], bytes) else found["f"].encode("latin-1")
    assert (content, found["t"]) == (data, name)
