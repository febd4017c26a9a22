"""One call as a client makes it, as far as credentials are concerned."""

from documents import document, operation

from dynaclient import auth
from dynaclient.openapi.read import operation as read_operation
from dynaclient.openapi.read import read
from dynaclient.openapi.server import target
from dynaclient.wire import Request, Timeout
from dynaclient.world import World


class Caller:
    """A document with one operation, ``look``, that asks for these schemes; and what a client does to call it.

    ``security`` None: one alternative, with all schemes. ``server`` is the document's, ``beside`` the one that the user named together with
    the credentials. Further arguments are the wallet's.
    """

    def __init__(self, schemes, transport, *, security=None, server="https://api.test", beside=None, source="api.yaml", world=World(), **wallet):  # fmt: skip
        security = [{name: [] for name in schemes}] if security is None else security
        paths = {"/look": {"get": operation(operationId="look", security=security)}}
        spec = document(paths, components={"securitySchemes": schemes}, servers=[{"url": server}])
        self.api = read(spec, source)
        self.operation = read_operation(self.api, self.api.index["look"])
        self.transport = transport
        self.wallet = auth.Wallet(environ=wallet.pop("environ", {}), server=beside, **wallet)
        self.wallet.open(lambda: transport, world, source)

    def place(self, server=None):
        return target(self.operation.servers, server, self.api.source)

    def needs(self, server=None):
        return auth.choose(self.api, self.operation, self.wallet, self.place(server))

    def send(self, server=None, body=None):
        """The reply, after one renewal where the server asks for it."""
        place, needs = self.place(server), self.needs(server)
        plain = Request("GET", place.origin, place.prefix + "/look", {}, body)
        sent = auth.apply(needs, plain)
        reply = self.transport.send(sent, Timeout(), None)
        if reply.status != 401:
            return reply
        again = auth.challenged(needs, plain, sent, reply)
        return reply if again is None else self.transport.send(again, Timeout(), None)
