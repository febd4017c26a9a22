"""Values and replies that are drawn by chance, and replies that are read piece by piece."""

import json
from random import Random

import pytest
from cases import cases
from documents import document, operation

from dynaclient.errors import ConnectionLostError, UnsupportedError
from dynaclient.local import App, Faults, LocalTransport
from dynaclient.local.draw import draw
from dynaclient.openapi.check import Checker
from dynaclient.openapi.read import read
from dynaclient.wire import Request, Timeout

CASES = cases("local-example.json")
IT = "/components/schemas/It"


def drawn(case, seed, direction="reply", count=1):
    """Values drawn for a case, each judged by its schema."""
    version = case.get("version", "3.1")
    schemas = {"It": case["schema"], **case.get("schemas", {})}
    whole = {"openapi": f"{version}.0", "paths": {}, "components": {"schemas": schemas}}
    checker = Checker(whole, version)

    def accepts(pointer, value):
        return checker.validator(pointer, direction).accepts(value)

    chance = Random(seed)
    values = [draw(whole, IT, accepts, chance, direction) for _ in range(count)]
    assert all(accepts(IT, value) for value in values), values
    return values


@pytest.mark.parametrize("case", [case for case in CASES if "value" in case], ids=lambda case: case["name"])
def test_drawn_values_satisfy_their_schema(case):
    """Whatever is drawn for a schema, its validator accepts it, and the same seed draws the same."""
    assert drawn(case, 1, count=20) == drawn(case, 1, count=20)


@pytest.mark.parametrize("case", [case for case in CASES if "unsatisfiable" in case], ids=lambda case: case["name"])
def test_what_cannot_be_satisfied_is_not_drawn(case):
    """A schema that no value satisfies is an error, as it is for examples."""
    with pytest.raises(UnsupportedError, match=case["unsatisfiable"]):
        drawn(case, 1)


def test_draws_differ():
    """Of optional properties, array lengths and branches something else is drawn each time."""
    item = {"oneOf": [{"type": "integer"}, {"type": "boolean"}]}
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": item}, "b": {"type": "string"}}}
    assert len({json.dumps(value) for value in drawn({"schema": schema}, 1, count=50)}) > 20


@pytest.mark.parametrize("direction, shown, hidden", [("request", "write", "read"), ("reply", "read", "write")])
def test_a_value_has_what_goes_its_way(direction, shown, hidden):
    """A request is drawn without what is read only, a reply without what is write only."""
    read_only, write_only = {"type": "integer", "readOnly": True}, {"type": "integer", "writeOnly": True}
    schema = {"type": "object", "required": ["read", "write"], "properties": {"read": read_only, "write": write_only}}
    for value in drawn({"schema": schema, "version": "3.0"}, 1, direction, count=20):
        assert shown in value
        assert hidden not in value


SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}, "text": {"type": "string"}}}
API = read(document({"/a": {"get": operation(reply=SCHEMA)}}))
GET = Request("GET", "http://local", "/a")


def test_replies_vary_where_they_are_asked_to():
    """With a seed the replies differ from call to call and are the same for the same seed; without one they are all the same."""

    def replies(**options):
        app = App(API, **options)
        return [app.handle(GET).body for _ in range(20)]

    assert replies(vary=1) == replies(vary=1)
    assert len(set(replies(vary=1))) > 5
    assert len(set(replies())) == 1


def test_a_reply_is_read_piece_by_piece():
    """An opened reply gives its head at once, its body in pieces, and nothing once it is closed."""
    transport = LocalTransport(API)
    with transport.open(GET, Timeout(), None) as stream:
        assert (stream.status, stream.headers["content-type"]) == (200, "application/json")
        assert b"".join(stream) == transport.send(GET, Timeout(), None).body
        assert stream.read() == b""
    with pytest.raises(ConnectionLostError, match="closed"):
        stream.read()


def test_half_a_reply_breaks_off_while_it_is_read():
    """A reply that breaks off gives what came of it before the error."""
    stream = LocalTransport(API, faults=Faults(["half"])).open(GET, Timeout(), None)
    pieces = iter(stream)
    assert next(pieces) == b'{"n'
    with pytest.raises(ConnectionLostError):
        next(pieces)
