"""What the calls of one client share: the document, the connections, the credentials."""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dynaclient import auth
from dynaclient.errors import ArgumentError, CredentialsError, DynaclientError, Problem
from dynaclient.exchange import Prepared, Shipment, Way
from dynaclient.frozen import evolve
from dynaclient.index import api_of
from dynaclient.observers import Observers
from dynaclient.openapi.arguments import Binder
from dynaclient.openapi.build import Builder
from dynaclient.openapi.check import Checker
from dynaclient.openapi.extraquery import laid_over, written_query
from dynaclient.openapi.itemshape import is_sequential
from dynaclient.openapi.model import Api, MediaType, Operation, RetryPolicy
from dynaclient.openapi.normal import OMIT
from dynaclient.openapi.parse import Parser
from dynaclient.openapi.read import globals_of
from dynaclient.openapi.read import operation as read_operation
from dynaclient.openapi.server import LOCAL, Target, target
from dynaclient.options import Options, parse_timeout
from dynaclient.retry import override
from dynaclient.source import Document
from dynaclient.source.shipped import known_words, served_by
from dynaclient.transport import Transport
from dynaclient.transport.budget import RetryBudget
from dynaclient.wire import Attempt, Request, Timeout
from dynaclient.world import World

if TYPE_CHECKING:
    from dynaclient.deprecation import Deprecations
    from dynaclient.drift import Recorder
    from dynaclient.openapi.departure import Departure
    from dynaclient.openapi.items import Reading
    from dynaclient.openapi.paging import Pager
    from dynaclient.openapi.parts import Attachment
    from dynaclient.result import Result
    from dynaclient.tolerance import Tolerance


_MOST_READINGS = 64


def _attach(value: Any) -> Attachment | None:
    from dynaclient.files import attach

    return attach(value)


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
        observers: Any = (),
        drift: str | os.PathLike[str] | None = None,
    ) -> None:
        self.document = document
        self.api: Api = api_of(document)
        self.wallet = wallet
        self.variables = variables
        self.world = world
        self.observers = Observers(observers, wallet.scrub)
        # Told of each wait before a retry: the request, the attempt that failed, the most attempts there may be. An
        # observer would cost every call ten milliseconds of imports.
        self.on_wait: Callable[[Request, Attempt, int | None], object] | None = None
        self.checker = Checker(document.data, self.api.version, self.warn)
        self._tolerance: Tolerance | None = None
        self._deprecations: Deprecations | None = None
        self._transport = transport
        self._make_transport = make_transport
        self._embedded: Transport | None = None
        # Where the services are that have answered many rows: one that did is waited for longer, in later runs too.
        self.answered: set[str] = set()
        self._prepared: dict[str, Prepared] = {}
        self._pagers: dict[str, Pager] = {}
        self._readings: dict[tuple[str, str], Reading] = {}
        self._budget = RetryBudget()
        self._lock = threading.RLock()
        self._drift = drift or os.environ.get("DYNACLIENT_DRIFT") or None
        self.drift = self._recorder(self._drift)
        self._first = self  # the core of the client's own document
        self._home = self  # the core of the service that the client was made for
        self._served: dict[str, Core] = {}
        wallet.open(self._network, world, document.source)

    def _recorder(self, path: str | os.PathLike[str] | None) -> Recorder | None:
        if path is None:
            return None
        from dynaclient.drift import Recorder

        return Recorder(self.api, self.checker, path)

    def at(self, server: str | None, operation: str = "") -> Core:
        """Return the core for what a caller named as the server.

        It is another one if the word names a service whose overlay ships: the same connections, another document. A URL and
        ``"local"`` change only the address. Credentials that were given to the client go with it if the service is the one
        that the client was made for, or a server of the client's document; at other services those of the environment count.

        Raises
        ------
        ArgumentError
            If the service does not offer the operation of this dotted name.
        SpecError
            If an overlay of the caller's own cannot be applied to that document.
        """
        if not isinstance(server, str) or "://" in server or server.strip() == LOCAL:
            return self
        first = self._first
        with self._lock:
            found = first._served.get(server)
            if found is None:
                document = served_by(first.document, server)
                found = first._serving(document, server.strip()) if document is not first.document else first
                first._served[server] = found
        if found is first and any(one.id == server.strip() for one in self.api.servers):
            return self
        if operation and operation not in found.api.index:
            hint = f"it has {', '.join(found.api.index)}"
            problem = Problem("server", f"{server!r} does not offer {operation}", hint=hint)
            raise ArgumentError(operation, problems=(problem,), operation=operation)
        return found

    def home(self, server: str | None) -> Core:
        """Return the core of a new client for what its caller named as the server (see `at`), for which its credentials are."""
        found = self.at(server)
        self._home = found
        found.wallet = self.wallet
        return found

    def _serving(self, document: Document, word: str) -> Core:
        """Return a core for another document that shares all that was not made from the document."""
        found = copy.copy(self)
        found.document, found.api = document, api_of(document)
        found.checker = Checker(document.data, found.api.version, found.warn)
        found._transport, found._embedded, found._make_transport = None, None, self._network
        found._prepared, found._pagers, found._readings = {}, {}, {}
        found.drift = found._recorder(self._drift)
        if not any(one.id == word for one in self._home.api.servers):
            found.wallet = self.wallet.elsewhere()
        return found

    def known_servers(self) -> tuple[str, ...]:
        """Return the names of the services whose overlays ship for this document."""
        return known_words(self.document)

    def prepared(self, name: str) -> Prepared:
        """An operation, ready to be called with its default media type; made when it is first asked for."""
        found = self._prepared.get(name)
        if found is None:
            with self._lock:
                operation = read_operation(self.api, self.api.index[name])
                found = self._prepared[name] = self._prepare(operation, None)
        return found

    def prepared_for(self, default: Prepared, content_type: str | None, arguments: Mapping[str, Any]) -> Prepared:
        """The operation, ready to be called with the media type that the caller asks for, or that the arguments ask for."""
        from dynaclient.openapi.bodies import choose
        from dynaclient.openapi.read import with_media

        body = default.operation.body
        if body is None:
            problem = Problem("content_type", "is for a body, and the operation takes none")
            raise ArgumentError(default.operation.dotted, problems=(problem,))
        media = choose(body, content_type, arguments)
        if media is None or media == default.binder.media:
            return default
        key = f"{default.operation.dotted} {media.name}"
        found = self._prepared.get(key)
        if found is None:
            with self._lock:
                operation = with_media(self.api.document, default.operation, media)
                found = self._prepared[key] = self._prepare(operation, media)
        return found

    def _prepare(self, operation: Operation, media: MediaType | None) -> Prepared:
        document = self.api.document
        binder = Binder(operation, self.checker, media, document, _attach)
        offered = operation.body.content if operation.body else ()
        return Prepared(
            operation=operation,
            binder=binder,
            builder=Builder(operation, binder.media, document),
            parser=Parser(operation, document, self.checker, self.warn, self.note),
            several=len(offered) > 1 or any("*" in media.name for media in offered),
            sequential=any(is_sequential(media.name) for reply in operation.replies for media in reply.content),
            described=any(reply.headers or reply.linked for reply in operation.replies),
        )

    def pager(self, name: str) -> Pager:
        """What goes from page to page of an operation."""
        from dynaclient.openapi.paging import Pager

        found = self._pagers.get(name)
        if found is None:
            found = self._pagers[name] = Pager(self.prepared(name).operation, self.api.document)
        return found

    def reading(self, media: MediaType, content_type: str) -> Reading:
        """What the document says of the items of a sequential reply; made once for each media type."""
        from dynaclient.openapi.items import item_reading

        key = (media.pointer, content_type)
        found = self._readings.get(key)
        if found is None:
            found = item_reading(self.api.document, media, content_type)
            if len(self._readings) < _MOST_READINGS:
                self._readings[key] = found
        return found

    def described(self, result: Result, shipment: Shipment) -> Result:
        """The result with its header fields as values of their types, and its links."""
        from dynaclient.openapi.links import Exchange, Links

        bound, response = shipment.bound, result.response
        body = None if bound.body is OMIT else bound.body
        exchange = Exchange(shipment.prepared.operation, result.plain, bound.parameters, body, response, result.value)
        return evolve(result, typed_headers=shipment.prepared.parser.headers(response), links=Links(self.api, exchange))

    def way(self, operation: Operation, options: Options) -> Way:
        """Where and how a call with these options goes."""
        place = target(
            operation.servers,
            options.server,
            self.document.source,
            self.variables,
            self.wallet.variable,
            self.known_servers,
        )
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
            settings=self._settings(options),
            arrays=options.arrays,
            send_defaults=options.send_defaults,
            query=laid_over(written_query(place.query), options.query) if place.query else options.query,
        )

    def needs(self, operation: Operation, way: Way, *, placeholder: bool = False) -> tuple[auth.Need, ...]:
        """The credentials of a call; the embedded server needs none, nor does a caller who brings an Authorization field.

        ``placeholder``: in a dry run, missing ones are stood in for by a Need whose source is ``nowhere``.
        """
        place = way.target
        if place.embedded or not operation.security:
            return ()
        if way.headers and any(name.lower() == "authorization" for name in way.headers):
            return self._beside_header(operation, place)
        try:
            return auth.choose(self.api, operation, self.wallet, place)
        except CredentialsError:
            if not placeholder:
                raise
            schemes = [self.api.schemes[name] for name, _ in operation.security[0] if name in self.api.schemes]
            return tuple(auth.Need(scheme, "missing", "nowhere") for scheme in schemes)

    def _beside_header(self, operation: Operation, place: Target) -> tuple[auth.Need, ...]:
        """What is needed besides the caller's own Authorization field, which wins over any credential for it."""
        with suppress(CredentialsError):
            needs = auth.choose(self.api, operation, self.wallet, place)
            return tuple(need for need in needs if need.scheme.type in ("apiKey", "mutualTLS"))
        return ()

    def _settings(self, options: Options) -> Mapping[tuple[str, str], Any] | None:
        """The values that were given once for all calls (``x-speakeasy-globals``), by wire name and location."""
        if not options.settings:
            return None
        known = {field.python_name: field for field in globals_of(self.api)}
        unknown = [name for name in options.settings if name not in known]
        if unknown:
            hint = f"the document's are {', '.join(known)}" if known else "the document has none"
            problems = tuple(Problem(name, "is no global parameter of the document", hint=hint) for name in unknown)
            raise ArgumentError("an option makes no sense", problems=problems)
        return {(known[name].name, known[name].location): value for name, value in options.settings.items()}

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

    def note(self, operation: str, status: int, departures: list[Departure]) -> None:
        """Count and report what the mode ``lenient`` lets pass."""
        self.tolerance().note(operation, status, departures)

    @property
    def deprecated(self) -> Deprecations:
        """What tells of deprecated operations and arguments."""
        if self._deprecations is None:
            from dynaclient.deprecation import Deprecations

            self._deprecations = Deprecations()
        return self._deprecations

    def tolerance(self) -> Tolerance:
        """What the mode ``lenient`` let pass; made when it is first asked for."""
        with self._lock:
            if self._tolerance is None:
                from dynaclient.tolerance import Tolerance

                self._tolerance = Tolerance()
            return self._tolerance

    def close(self) -> None:
        """Close the connections, which the cores of all services share."""
        with self._lock:
            for transport in (self._first._transport, self._transport, self._embedded):
                if transport is not None:
                    transport.close()
