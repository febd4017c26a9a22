"""A year with somebody else's API: five updates of its document, and a program of which no line is changed."""

import copy
import json

import pytest
from loopback import Loopback, reply

from dynaclient import ArgumentError, Client, ServerError, project
from dynaclient.cli import main
from dynaclient.testing import FakeClock
from dynaclient.world import World

FIRST = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "/v1"}],
    "x-speakeasy-retries": {
        "strategy": "backoff",
        "backoff": {"initialInterval": 100, "maxElapsedTime": 60000},
        "statusCodes": ["503"],
    },
    "x-dynaclient-retries": {"maxAttempts": 3},
    "paths": {
        "/orders": {
            "post": {
                "operationId": "orders_create",
                "tags": ["orders"],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewOrder"}}},
                },
                "responses": {
                    "200": {
                        "description": "The order.",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {
            "NewOrder": {
                "type": "object",
                "required": ["item"],
                "additionalProperties": False,
                "properties": {
                    "item": {"type": "string"},
                    "speed": {"type": "string", "enum": ["slow", "fast", "overnight"]},
                    "note": {"type": "string"},
                },
            },
            "Order": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}},
        }
    },
}

REPLY = reply(200, b'{"id": 7}', "Content-Type: application/json")


class Vendor:
    """Somebody else: publishes a document, and answers calls."""

    def __init__(self):
        self.server = Loopback()
        self.document = copy.deepcopy(FIRST)
        self.answer()

    def publish(self, version):
        """What is published from now on; the document itself was changed before."""
        self.document["info"]["version"] = version
        self.answer()

    def answer(self, step=REPLY):
        """Answer GET /api.json with the document, all else with the step."""
        text = json.dumps(self.document).encode()
        given = reply(200, text, "Content-Type: application/json", f'ETag: "{self.document["info"]["version"]}"')
        self.server.script(lambda wire: (given if wire.request.target == "/api.json" else step)(wire))

    @property
    def new_order(self):
        """The properties of an order as it is made."""
        return self.document["components"]["schemas"]["NewOrder"]["properties"]


@pytest.fixture
def vendor():
    """A vendor for the time of a story."""
    vendor = Vendor()
    yield vendor
    vendor.server.close()


@pytest.fixture
def user(tmp_path, monkeypatch, capsys):
    """Somebody at a shell, in a folder of their own."""
    monkeypatch.chdir(tmp_path)

    def shell(*arguments):
        code = main(list(arguments))
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return shell


def program(**order):
    """The program: written once, on the first day. What it sends is its input, not its code."""
    clock = FakeClock()
    with Client(project.document("shop"), world=World(clock, clock.sleep)) as client:
        return client.orders.create(**order).id


def sent(vendor):
    """What the vendor received last."""
    return json.loads(vendor.server.requests[-1].body)


def test_a_document_lives_and_no_line_changes(vendor, user):
    """Each update is reported right, Python, the shell and the stubs follow, and what breaks is refused until it is accepted."""
    assert user("spec", "add", "shop", f"{vendor.server.origin}/api.json", "--operations", "orders.create")[0] == 0
    assert program(item="tea", speed="overnight", note="soon") == 7
    assert sent(vendor) == {"item": "tea", "speed": "overnight", "note": "soon"}
    assert user("spec", "update") == (0, "shop: unchanged, 1\n")

    an_optional_parameter_comes(vendor, user)
    a_property_is_renamed(vendor, user)
    an_operation_comes(vendor, user)
    a_value_goes(vendor, user)
    retries_change(vendor, user)


def an_optional_parameter_comes(vendor, user):
    """A safe change is taken at once."""
    with pytest.raises(ArgumentError, match="gift"):
        program(item="tea", gift=True)
    vendor.new_order["gift"] = {"type": "boolean"}
    vendor.publish("2")
    code, told = user("spec", "update")
    assert (code, "shop: updated, 1 to 2" in told, "request-property-added]" in told) == (0, True, True)
    assert program(item="tea", gift=True) == 7
    assert sent(vendor) == {"item": "tea", "gift": True}
    assert "--gift" in user("--spec", "shop", "call", "orders.create", "--help")[1]
    assert "gift: " in stubs(user)


def a_property_is_renamed(vendor, user):
    """A breaking change is refused; the old document is in force until it is accepted."""
    vendor.new_order["remark"] = vendor.new_order.pop("note")
    vendor.publish("3")
    code, told = user("spec", "update")
    assert (code, "shop: refused, 2 to 3" in told) == (12, True)
    assert "orders.create, which is in use" in told
    assert program(item="tea", note="soon") == 7
    assert user("spec", "update", "--accept")[0] == 0
    with pytest.raises(ArgumentError, match="note"):
        program(item="tea", note="soon")
    assert program(item="tea", remark="soon") == 7
    code, told = user("--spec", "shop", "call", "orders.create", "--item", "tea", "--remark", "now", "--dry-run")
    assert (code, '"remark"' in told) == (0, True)
    assert "remark: " in stubs(user)
    assert "note: " not in stubs(user)


def an_operation_comes(vendor, user):
    """What is new is there at once, in Python and at the shell."""
    vendor.document["paths"]["/orders/{id}"] = {
        "get": {
            "operationId": "orders_show",
            "tags": ["orders"],
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "responses": vendor.document["paths"]["/orders"]["post"]["responses"],
        }
    }
    vendor.publish("4")
    code, told = user("spec", "update")
    assert (code, "operation-added" in told) == (0, True)
    with Client(project.document("shop")) as client:
        assert client.orders.show(id=7).id == 7
    assert vendor.server.requests[-1].target == "/v1/orders/7"
    assert user("--spec", "shop", "call", "orders.show", "--id", "7")[0] == 0
    assert "class OrdersShow(" in stubs(user)


def a_value_goes(vendor, user):
    """A value that may no longer be sent breaks; whoever accepted it can go back."""
    vendor.new_order["speed"]["enum"].remove("overnight")
    vendor.publish("5")
    code, told = user("spec", "update")
    assert (code, "enum-value-removed" in told, "overnight" in told) == (12, True, True)
    assert program(item="tea", speed="overnight") == 7
    assert user("spec", "update", "shop", "--accept")[0] == 0
    with pytest.raises(ArgumentError, match="overnight"):
        program(item="tea", speed="overnight")
    assert "back to 4" in user("spec", "rollback", "shop")[1]
    assert program(item="tea", speed="overnight") == 7
    assert "back to 5" in user("spec", "rollback", "shop")[1]
    assert "overnight" not in user("--spec", "shop", "call", "orders.create", "--help")[1]
    assert "overnight" not in stubs(user)


def retries_change(vendor, user):
    """The policy of the document is the policy of the program."""
    vendor.answer(reply(503))
    with pytest.raises(ServerError):
        program(item="tea")
    assert len(vendor.server.requests) == 3
    vendor.document["x-dynaclient-retries"]["maxAttempts"] = 5
    vendor.publish("6")
    code, told = user("spec", "update")
    assert (code, "max_attempts 3, now 5" in told, "[retry-changed]" in told) == (0, True, True)
    vendor.answer(reply(503))
    with pytest.raises(ServerError):
        program(item="tea")
    assert len(vendor.server.requests) == 5
    rows = json.loads(user("explain", "orders.create", "--spec", "shop", "-o", "json")[1])
    attempts = next(row for row in rows if row["subject"] == "retries.max_attempts")
    assert (attempts["value"], attempts["by"]) == (5, "x-dynaclient-retries")
    assert "shop.json:1#/x-dynaclient-retries/maxAttempts" in attempts["place"]


def stubs(user):
    """The types of the document as it is."""
    code, text = user("stubs", "--spec", "shop")
    assert code == 0
    return text
