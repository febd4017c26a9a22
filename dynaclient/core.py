"""What the calls of one client share: the document, the connections, the credentials."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from dynaclient import auth
from dynaclient.call import Prepared, Way
from dynaclient.errors import CredentialsError, DynaclientError
from dynaclient.index import api_of
from dynaclient.openapi.arguments import Binder
from dynaclient.openapi.build import Builder
from dynaclient.openapi.check import Checker
from dynaclient.openapi.model import Api, Operation, RetryPolicy
from dynaclient.openapi.parse import Parser
from dynaclient.openapi.read import operation as read_operation
from dynaclient.openapi.server import Target, target
from dynaclient.options import Options, parse_timeout
from dynaclient.retry import override
from dynaclient.source import Document
from dynaclient.transport import Transport
from dynaclient.transport.budget import RetryBudget
from dynaclient.wire import Timeout
from dynaclient.world import World


class Core:
    """What the calls of a client share: the document, the connections, the credentials. Safe among threads."""

    def __init__(
        self,
        document: Document,
        wallet: auth.Wallet,
        transport: Transport | None,
        make_transport: Callable[[], Transport],
        variables: Mapping[str, str] | None = None,
        world: World = World(),
    ) -> None:
        self.document = document
        self.api: Api = api_of(document)
        self.wallet = wallet
        self.variables = variables
        self.world = world
        self._checker = Checker(document.data, self.api.version)
        self._transport = transport
        self._make_transport = make_transport
        self._embedded: Transport | None = None
        self._prepared: dict[str, Prepared] = {}
        self._budget = RetryBudget()
        self._lock = threading.RLock()

    def prepared(self, name: str) -> Prepared:
        """An operation, ready to be called; made when it is first asked for."""
        found = self._prepared.get(name)
        if found is None:
            with self._lock:
                operation = read_operation(self.api, self.api.index[name])
                binder = Binder(operation, self._checker)
                parser = Parser(operation, self.api.document, self._checker, self.warn)
                found = Prepared(operation, binder, Builder(operation, binder.media), parser)
                self._prepared[name] = found
        return found

    def way(self, operation: Operation, options: Options) -> Way:
        """Where and how a call with these options goes."""
        place = target(operation.servers, options.server, self.document.source, self.variables)
        timeout = options.timeout
        if timeout is None:
            timeout = parse_timeout(operation.timeout / 1000) if operation.timeout else Timeout()
        policy: RetryPolicy = override(operation.retry, *options.retries) if options.retries else operation.retry
        return Way(
            target=place,
            transport=self._embedded_transport() if place.embedded else self._network(),
            policy=policy,
            timeout=timeout,
            headers=options.headers or {},
            request_mode=options.validate[0],
            reply_mode=options.validate[1],
            budget=self._budget if policy.budget else None,
        )

    def needs(self, operation: Operation, place: Target, *, placeholder: bool = False) -> tuple[auth.Need, ...]:
        """The credentials of a call; the embedded server needs none. ``placeholder``: in a dry run, missing ones are stood in for."""
        if place.embedded or not operation.security:
            return ()
        try:
            return auth.choose(self.api, operation, self.wallet, place.id)
        except CredentialsError:
            if not placeholder:
                raise
            schemes = [self.api.schemes[name] for name, _ in operation.security[0] if name in self.api.schemes]
            return tuple(auth.Need(scheme, "missing", "nowhere") for scheme in schemes)

    def _network(self) -> Transport:
        if self._transport is None:
            with self._lock:
                if self._transport is None:
                    self._transport = self._make_transport()
        return self._transport

    def _embedded_transport(self) -> Transport:
        with self._lock:
            if self._embedded is None:
                from dynaclient.local import LocalTransport

                self._embedded = LocalTransport(self.api)
            return self._embedded

    def warn(self, error: DynaclientError) -> None:
        """Report what ``validate="warn"`` lets pass, on the logger ``dynaclient``."""
        import logging

        logging.getLogger("dynaclient").warning("%s", error)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for transport in (self._transport, self._embedded):
                if transport is not None:
                    transport.close()
