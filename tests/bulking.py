"""A small service that takes many inputs at once, for the tests of many rows."""

import json
import threading

from dynaclient import Client, World
from dynaclient.testing import FakeClock, FakeTransport, json_response

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "servers": [{"url": "http://127.0.0.1:9"}],
    "paths": {
        "/double": {
            "post": {
                "operationId": "double",
                "x-dynaclient-batch": {
                    "input": "in",
                    "item": "#/components/schemas/Item",
                    "output": "out",
                    "order": "at",
                    "sum": ["cost.units"],
                    "maxItems": 10,
                },
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["in"],
                                "properties": {
                                    "in": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
                                    "mode": {"type": "string"},
                                },
                            }
                        }
                    },
                },
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": {}}}}},
            }
        },
        "/one/{id}": {
            "get": {
                "operationId": "one",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": {}}}}},
            }
        },
    },
    "components": {"schemas": {"Item": {"type": "string"}}},
}


class Doubler:
    """A service that doubles texts.

    ``bad`` maps a text to the status that a request with it is answered with; more than ``ceiling`` texts are answered with ``too_many``.
    """

    def __init__(self, bad=None, always=None, ceiling=None, too_many=413):
        self.bad, self.always, self.ceiling, self.too_many = bad or {}, always, ceiling, too_many
        self.most, self.under_way = 0, 0
        self.lock = threading.Lock()

    def __call__(self, request):
        if request.body is None:
            return json_response({"id": int(request.target.rpartition("/")[2])})
        rows = json.loads(request.body)["in"]
        status = self.always or next((self.bad[row] for row in rows if row in self.bad), None)
        if status is None and self.ceiling is not None and len(rows) > self.ceiling:
            status = self.too_many
        if status is not None:
            return json_response({"error": {"message": f"refused with {status}"}}, status)
        out = [{"at": place, "twice": row * 2} for place, row in enumerate(rows)]
        return json_response({"out": out[::-1], "cost": {"units": len(rows)}, "note": "n"})


def client_of(service, **options):
    """A client of the service, and its transport."""
    transport = FakeTransport(service, repeat=True)
    return Client(DOCUMENT, transport=transport, **options), transport


def clocked(service):
    """A client of the service in a world of its own, its transport, and the clock of that world."""
    clock = FakeClock()
    transport = FakeTransport(service, repeat=True)
    world = World(clock=clock, sleep=clock.sleep, rng=lambda: 0.5, now=clock)
    return Client(DOCUMENT, transport=transport, world=world), transport, clock


def texts(count):
    """Different texts."""
    return [f"t{number}" for number in range(count)]
