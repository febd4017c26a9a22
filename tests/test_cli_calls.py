"""Calls from the shell: parts of objects, bodies of every kind, files, streams, pages, credentials."""

import json
import re
import sys

import pytest
from loopback import chunked, reply
from shell import CALLS, apart, completed, run  # noqa: F401 - fixtures

JSON = "Content-Type: application/json"
KEY = ["--credential", "key=k"]
CANARY = "canary-71c0e5b2"


@pytest.fixture
def dry(run):  # noqa: F811
    """What a dry run of an operation would send, or the code and the message where it refuses."""

    def dry(operation, *arguments, **more):
        code, out, err = run("--spec", CALLS, "call", operation, *arguments, *KEY, "--dry-run", **more)
        return json.loads(out) if code == 0 else (code, err)

    return dry


@pytest.fixture
def at(run, server):  # noqa: F811
    """Calls an operation at the scripted server."""

    def at(operation, *arguments, **more):
        line = ["--spec", CALLS, "call", operation, "--server", server.origin, *KEY]
        return run(*line, *arguments, **more)

    return at


# --- parts of objects


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("--message.role user --message.content hi", {"message": {"role": "user", "content": "hi"}}),
        ("--message.counts.a-b 5 --message.role user", {"message": {"role": "user", "counts": {"a-b": 5}}}),
        ("--message.deep.further-down.flag --message.role user", {"message": {"role": "user", "deep": {"further_down": {"flag": True}}}}),
        ("--messages.1.role system --messages.0.role user", {"messages": [{"role": "user"}, {"role": "system"}]}),
        ("--messages[0].role=user", {"messages": [{"role": "user"}]}),
        ('--message {"role":"user"} --message.content x', {"message": {"role": "user", "content": "x"}}),
        ('--body {"message":{"content":"c"}} --message.role user', {"message": {"content": "c", "role": "user"}}),
        ('--messages {"role":"user"} --messages {"role":"system"}', {"messages": [{"role": "user"}, {"role": "system"}]}),
        ("--labels.any.thing 1", {"labels": {"any": {"thing": 1}}}),
        ("--model --message.role --message.role user", {"model": "--message.role", "message": {"role": "user"}}),
    ],
)  # fmt: skip
def test_a_dotted_option_is_a_part_of_an_object(dry, line, body):
    """Parts are typed by dots, items of lists by number, over what is given whole, converted by their own schemas."""
    assert dry("chats.create", *line.split())["body"] == body


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--message.rol user", "--message.rol. Did you mean --message.role?"),
        ("--message.role.x user", "has no parts"),
        ("--messages.1.role user", "item 0 is missing"),
        ("--message.counts.a x", "--message.counts.a: 'x' is a string"),
        ("--model m --model.x y", "has none of these|has no parts|has no option"),
    ],
)
def test_a_part_that_there_is_not_is_refused(dry, line, says):
    """A misspelled part is told with the nearest, a hole in a list and a wrong type with their option."""
    code, err = dry("chats.create", *line.split())
    assert code == 2
    assert re.search(says, err)


def test_the_help_page_names_the_parts_shortly(run):  # noqa: F811
    """The page names the parts of an object on its line; --help-all lists them, those below them too."""
    _, short, _ = run("--spec", CALLS, "call", "chats.create", "--help")
    assert "[parts: .role .content .counts .deep]" in " ".join(short.split())
    assert "--message.deep.further-down" not in short
    _, full, _ = run("--spec", CALLS, "call", "chats.create", "--help-all")
    assert "--message.deep.further-down.flag" in full
    assert "--messages.N.role" in full
    assert "Who speaks." in full


def test_a_body_with_sixty_properties_stays_readable(run, tmp_path):  # noqa: F811
    """Of sixty properties the required ones come first and in full, each other takes one line; --help-all shows all of it."""
    words = "tells at some length what this property is for, and goes on until nobody reads it any more"
    names = [f"property_{number}" for number in range(60)]
    schema = {"type": "object", "required": ["property_59"], "properties": {name: {"type": "string", "description": f"{name} {words}."} for name in names}}  # fmt: skip
    operation = {"operationId": "o", "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}, "responses": {}}  # fmt: skip
    document = {"openapi": "3.1.0", "info": {}, "paths": {"/o": {"post": operation}}}
    path = tmp_path / "many.json"
    path.write_text(json.dumps(document))
    _, out, _ = run("--spec", path, "call", "o", "--help")
    lines = out[out.index("Body:") : out.index("--body")].splitlines()
    assert "--property-59" in lines[1]
    assert len(lines) <= 66
    _, full, _ = run("--spec", path, "call", "o", "--help-all")
    assert " ".join(full.split()).count("nobody reads it any more") == 60


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("--message.", ["--message.role", "--message.content", "--message.counts", "--message.deep"]),
        ("--message.deep.f", ["--message.deep.further-down"]),
        ("--messages.3.r", ["--messages.3.role"]),
        ("--message.role ", ["user", "system"]),
    ],
)
def test_parts_are_completed(apart, line, offered, monkeypatch, capsys):  # noqa: F811
    """Behind a dot a shell is offered the parts, and behind a part its choices."""
    assert completed(f"--spec {CALLS} call chats.create {line}", monkeypatch, capsys) == offered


# --- bodies


def test_a_form_is_asked_for(dry):
    """With --content-type the options are the properties of that media type, and the body is written in it."""
    request = dry("files.both", "--content-type", "application/x-www-form-urlencoded", "--b", "3")
    assert request["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    assert request["body"] == "b=3"
    code, err = dry("files.both", "--b", "3")
    assert (code, "--content-type application/x-www-form-urlencoded" in err) == (2, True)
    code, err = dry("files.both", "--content-type", "text/csv", "--a", "3")
    assert (code, "--content-type: 'text/csv' is not what this operation takes" in err) == (2, True)


@pytest.mark.parametrize("name", ["b.yaml", "b.json", "-"])
def test_a_whole_form_comes_from_a_file(dry, tmp_path, name):
    """A form is given whole as JSON or YAML, from a file or standard input."""
    content = b"b: 3\n" if name == "b.yaml" else b'{"b": 3}'
    (tmp_path / "b").parent.joinpath(name if name != "-" else "x").write_bytes(content)
    value = "-" if name == "-" else f"@{tmp_path / name}"
    line = ["--content-type", "application/x-www-form-urlencoded", "--body", value]
    assert dry("files.both", *line, stdin=content)["body"] == "b=3"


def test_files_are_sent_as_they_are(at, server, tmp_path):
    """A binary property takes a file by its name, which is read byte for byte while it is sent."""
    server.script(reply(200, b"{}", JSON))
    path = tmp_path / "cat.png"
    path.write_bytes(b"\x00\xff\r\nbytes\n")
    code, _, err = at(
        "files.upload", "--file", f"@{path}", "--purpose", "p", "--more", f"@{path}", "--more", f"@{path}"
    )
    assert code == 0, err
    body = server.requests[0].body
    assert body.count(b"\x00\xff\r\nbytes\n") == 3
    assert b'name="file"; filename="cat.png"' in body


def test_a_raw_body_comes_from_a_file_or_standard_input(at, server, tmp_path):
    """A body of bytes is a file, standard input, or the text itself."""
    server.script(*[reply(200, b"{}", JSON)] * 3)
    (tmp_path / "f").write_bytes(b"\xff\x00")
    for value in (f"@{tmp_path / 'f'}", "-", "text"):
        code, _, err = at("files.put_raw", "--body", value, stdin=b"\xfe\n")
        assert code == 0, err
    assert [request.body for request in server.requests] == [b"\xff\x00", b"\xfe\n", b"text"]


def test_the_name_of_a_file_without_its_mark_is_refused(dry, tmp_path):
    """A binary property that is given the name of a file as text is not sent as that text."""
    path = tmp_path / "f"
    path.write_bytes(b"x")
    code, err = dry("files.upload", "--file", str(path))
    assert (code, f"@{path} sends the file" in err) == (2, True)
    code, err = dry("files.upload", "--file", "@/no/such")
    assert (code, "cannot read '/no/such'" in err) == (2, True)


# --- replies


def test_a_file_is_written(at, server, tmp_path):
    """With --output-file the body is in the file and nothing is printed."""
    server.script(reply(200, b"\x00\xff", "Content-Type: application/octet-stream"))
    path = tmp_path / "out"
    assert at("files.get_raw", "--output-file", path) == (0, "", "")
    assert path.read_bytes() == b"\x00\xff"


def test_bytes_go_into_a_pipe_as_they_are(at, server):
    """A binary reply is written raw where standard output is no terminal."""
    server.script(reply(200, b"\x00a", "Content-Type: application/octet-stream"))
    assert at("files.get_raw")[:2] == (0, "\x00a")


def test_items_of_a_stream_are_lines(at, server):
    """Items of a reply that is a stream are printed as one line of JSON each; --stream asks for it."""
    events = [b'data: {"n":1}\n\n', b'data: {"n":2}\n\n']
    server.script(*[chunked(events, "Content-Type: text/event-stream")] * 3)
    lines = '{"n":1}\n{"n":2}\n'
    assert at("chats.create", "--model", "m", "--stream") == (0, lines, "")
    assert server.requests[0].headers["accept"] == "text/event-stream"
    assert json.loads(server.requests[0].body) == {"model": "m", "stream": True}
    assert at("chats.create", "--model", "m", "--query", "n") == (0, "1\n2\n", "")
    assert at("chats.create", "--stream", "-o", "yaml") == (0, '---\n"n": 1\n---\n"n": 2\n', "")


def test_an_item_is_printed_before_the_next_has_come(apart, server):  # noqa: F811
    """The first item is on standard output while the server has not sent the second."""
    import subprocess
    import sys

    def step(wire):
        wire.send(b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {"n":1}\n\n')
        wire.wait()

    server.script(step)
    line = ["--spec", str(CALLS), "call", "chats.create", "--stream", "--server", server.origin, *KEY]
    with subprocess.Popen([sys.executable, "-m", "dynaclient", *line], stdout=subprocess.PIPE) as calling:
        try:
            assert calling.stdout.readline() == b'{"n":1}\n'
            assert calling.poll() is None
        finally:
            calling.kill()


def test_a_stream_breaks_with_its_error(at, server):
    """Items that came before an error are printed; the error has its exit code."""
    server.script(chunked([b'data: {"n":1}\n\n', b"data: {}\n\n"], "Content-Type: text/event-stream"))
    code, out, err = at("chats.create", "--stream")
    assert (code, out) == (7, '{"n":1}\n')
    assert "n" in err


@pytest.mark.parametrize(
    ("line", "out"),
    [
        (["--all"], '{"i":1}\n{"i":2}\n{"i":3}\n'),
        (["--max-items", "2"], '{"i":1}\n{"i":2}\n'),
        (["--all", "-o", "json"], '[{"i":1},{"i":2},{"i":3}]\n'),
        (["--all", "--query", "i"], "1\n2\n3\n"),
        (["--pages", "--query", "length(data)"], "2\n1\n"),
        (["--all", "-o", "table"], "I\n1\n2\n3\n"),
    ],
)
def test_all_pages_are_called_for(at, server, line, out):
    """--all prints the items of all pages, one a line; --max-items stops; --pages prints the pages; -o json gives one array."""
    pages = [b'{"data":[{"i":1},{"i":2}],"pages":2}', b'{"data":[{"i":3}],"pages":2}']
    server.script(*[reply(200, page, JSON) for page in pages])
    assert at("chats.list", "--page", "1", *line) == (0, out, "")


def test_ways_to_read_a_reply_exclude_each_other(run):  # noqa: F811
    """Two ways that cannot be used together are told before anything is sent."""
    code, _, err = run("--spec", CALLS, "call", "chats.list", "--all", "--stream", "--server", "http://127.0.0.1:1")
    assert (code, "--all and --stream cannot be used together" in err) == (2, True)


def test_a_reply_that_is_none_is_printed_as_it_came(at, server):
    """With -o raw what came is printed, declared or not, with the error on standard error and in the exit code."""
    page = b"<html>gateway</html>\n"
    server.script(reply(200, page, "Content-Type: text/html"), reply(404, page, "Content-Type: text/html"))
    code, out, err = at("chats.list", "-o", "raw")
    assert (code, out) == (7, page.decode())
    assert "error" in err
    assert at("chats.list", "-o", "raw", "--retries", "none")[:2] == (8, page.decode())


# --- options of the client


def test_a_credential_comes_from_a_file(run, server, tmp_path):  # noqa: F811
    """--credential takes a file, standard input or a value, for a scheme by its name."""
    server.script(*[reply(200, b"{}", JSON)] * 2)
    (tmp_path / "key").write_text("from-file\n")
    for value in (f"key=@{tmp_path / 'key'}", "key=-"):
        line = ["--spec", CALLS, "call", "chats.list", "--server", server.origin, "--credential", value]
        assert run(*line, stdin=b"from-stdin\n")[0] == 0
    assert [request.headers["x-key"] for request in server.requests] == ["from-file", "from-stdin"]


@pytest.mark.parametrize("value", [f"{CANARY}==", CANARY, f"{CANARY}=x", f"={CANARY}"])
def test_a_credential_that_lost_its_scheme_is_not_shown(run, value):  # noqa: F811
    """A --credential without a known scheme is refused without a word of it."""
    code, out, err = run("--spec", CALLS, "call", "chats.list", "--dry-run", "--credential", value)
    assert code == 2
    assert CANARY not in out + err


def test_globals_and_server_variables_are_given_by_name(dry):
    """--settings gives a global parameter by its schema, --server-variable a part of the server's URL."""
    request = dry("chats.create", "--settings", "X-Org=7", "--server-variable", "region=us")
    assert (request["headers"]["X-Org"], request["url"]) == ("7", "https://us.test/chats")
    assert dry("chats.create", "--settings", "X-Org=seven")[0] == 2
    assert "it has X-Org" in dry("chats.create", "--settings", "x=7")[1]
    assert "there are region" in dry("chats.create", "--server-variable", "zone=us")[1]


def test_a_profile_brings_its_document_and_credential(run, tmp_path):  # noqa: F811
    """--profile names a document, a server and credentials that were written down once."""
    (tmp_path / "config").mkdir()
    config = tmp_path / "config" / "config.toml"
    config.write_text(
        f'[profile.work]\nspec = "{CALLS}"\nserver = "https://us.test"\ncredentials = {{ key = "{CANARY}" }}\n'
    )
    config.chmod(0o600)
    code, out, err = run("call", "chats.list", "--profile", "work", "--dry-run")
    assert (code, err) == (0, "")
    assert json.loads(out)["url"] == "https://us.test/chats"
    assert json.loads(out)["headers"]["X-Key"] == "[redacted]"
    assert "work: server https://us.test, credentials key" in run("describe", "chats.list", "--profile", "work")[1]


def test_a_description_tells_streams_pages_links_and_flows(run):  # noqa: F811
    """The description of an operation shows its parts, stream, links, scopes and flows; that of a list its pages."""
    _, out, _ = run("--spec", CALLS, "describe", "chats.create")
    for part in ("--message.deep.further-down.flag", "text/event-stream: --stream", "link again to list with page = $response.body#/page", "authorizationCode: https://a.test/auth", "needs the scopes read", "dynaclient login oauth", "--credential key=@FILE"):  # fmt: skip
        assert part in out
    _, out, _ = run("--spec", CALLS, "describe", "chats.list")
    assert "offsetLimit by page (page); --all" in out


def test_the_way_is_part_of_the_line_for_curl(run):  # noqa: F811
    """--curl carries proxy, authorities and time as curl's own options, without the proxy's password."""
    from loopback import CERTIFICATE

    line = [
        "--curl",
        *KEY,
        "--proxy",
        f"http://u:{CANARY}@proxy.test:3128",
        "--timeout",
        "2.5",
        "--ca-bundle",
        CERTIFICATE,
    ]
    code, out, err = run("--spec", CALLS, "call", "chats.list", *line, "--cert", CERTIFICATE)
    assert code == 0, err
    for part in ("--max-time 2.5", "--proxy 'http://[redacted]@proxy.test:3128'", f"--cacert {CERTIFICATE}", f"--cert {CERTIFICATE}"):  # fmt: skip
        assert part in out
    assert CANARY not in out + err


@pytest.mark.parametrize(
    "form, says",
    [("python", "client.embeddings.create("), ("shell", "dynaclient call embeddings.create"), ("curl", "curl -sS")],
)
def test_a_call_is_written_down_in_other_forms(form, says, capsys):
    """``--as`` sends nothing and prints the call as a program, a shell line or a line for curl."""
    from dynaclient.cli import main

    assert main(["call", "embeddings.create", "--input", "a", "--model", "m", "--as", form]) == 0
    assert says in capsys.readouterr().out


def _told(run, server, monkeypatch, *options, long=0.0):  # noqa: F811
    """Standard error, a terminal, of a call that is refused first."""
    monkeypatch.setattr("dynaclient.cli.connect._LONG_WAIT", long)
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda self: True)
    server.script(
        reply(429, b"{}", "Retry-After: 0.01"),
        reply(200, b'{"object": "list", "data": []}', "Content-Type: application/json"),
    )
    line = ["call", "models.list", "--server", server.origin, "--bearer-auth", "x"]
    code, out, err = run("--no-color", *options, *line)
    assert (code, out != "") == (0, True)
    return err


def test_a_terminal_is_told_of_a_long_wait(run, server, monkeypatch):  # noqa: F811
    """Who waits at a terminal is told why, for how long, and which attempt comes then."""
    err = _told(run, server, monkeypatch)
    host = server.origin.removeprefix("http://")
    assert re.fullmatch(rf"dynaclient: 429 from {host}; waiting [0-9.]+ s, then attempt 2 of 6\n", err)


@pytest.mark.parametrize("options", [("-v",), ("--error-format", "json")])
def test_a_wait_is_told_once_and_in_words(run, server, monkeypatch, options):  # noqa: F811
    """With -v, which tells of every attempt, and where messages are for programs, waits are not told apart."""
    assert "then attempt" not in _told(run, server, monkeypatch, *options)


def test_a_short_wait_is_not_told(run, server, monkeypatch):  # noqa: F811
    """A wait that is over before it is read leaves no line."""
    assert _told(run, server, monkeypatch, long=60.0) == ""
