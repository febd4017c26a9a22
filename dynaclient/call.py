"""One operation as a callable: the short staircase from arguments to a checked value."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from functools import wraps
from typing import TYPE_CHECKING, Any, Self, TypeVar

from dynaclient import auth
from dynaclient.errors import ArgumentError, DynaclientError, Problem
from dynaclient.exchange import Prepared, Shipment, Way, curl_of, head, opened, read, told, watching, whole
from dynaclient.frozen import evolve
from dynaclient.openapi.arguments import Bound
from dynaclient.openapi.model import Operation
from dynaclient.openapi.normal import OMIT
from dynaclient.result import Result
from dynaclient.wire import Request, Response, Stream

if TYPE_CHECKING:
    import inspect
    from collections.abc import Iterable

    from dynaclient.bulk.mapping import MapResults
    from dynaclient.core import Core
    from dynaclient.openapi.align import Aligner
    from dynaclient.options import Options
    from dynaclient.save import Progress, Saved
    from dynaclient.stream import ItemStream
    from dynaclient.watch import Watch
    from dynaclient.wire import Attempt

    _Attempts = tuple[Attempt, ...]

CALL_OPTIONS = frozenset(
    {"retries", "timeout", "server", "headers", "query", "validate", "arrays", "content_type", "split", "extra"}
)

_Verb = TypeVar("_Verb", bound=Callable[..., Any])


def _by_service(verb: _Verb) -> _Verb:
    """Let the call option ``server`` name a service whose overlay ships: the verb is then that of `Call.at`."""

    @wraps(verb)
    def chosen(self: Call, /, *positional: Any, **arguments: Any) -> Any:
        return verb(self.at(arguments["server"]) if "server" in arguments else self, *positional, **arguments)

    return chosen  # type: ignore[return-value]


class _Doc:
    """The class's own docstring on the class, the operation's on an instance."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __get__(self, instance: Call | None, owner: type[Call] | None = None) -> str:
        return self.text if instance is None else instance._docstring()


class Call:  # noqa: D101 - its docstring differs between class and instance
    __doc__ = _Doc(
        """One operation of a document.

    ``call(**arguments)`` sends and returns the value. Its verbs take the same arguments: ``send`` returns the Result, ``request`` sends nothing and returns the
    request, ``curl`` writes it as a shell line, ``stream`` iterates over the items of an open reply, ``pages`` and ``items`` go from page to page, ``save`` writes the
    reply's body to a file, ``map`` calls for many rows.

    All of them take the operation's arguments by keyword and, where no argument of the operation has that name, the call options ``body``, ``content_type``,
    ``retries``, ``timeout``, ``server``, ``headers``, ``query``, ``extra`` and ``validate``; the call itself and ``send`` also ``split`` (True, or a number of inputs: as many requests as they need, their replies merged).
    """
    )

    def __init__(self, core: Core, name: str, options: Options) -> None:
        key = core.api.index[name]
        self._core = core
        self._name = name
        self._options = options
        self._prepared: Prepared | None = None
        self._way: Way | None = None
        self._needs: tuple[auth.Need, ...] | None = None
        self._hidden: frozenset[str] = frozenset()
        self.__name__ = key.name
        self.__qualname__ = name

    def __call__(self, /, *positional: Any, **arguments: Any) -> Any:  # noqa: D102 - the operation's own docstring is shown
        if positional:
            from dynaclient.openapi.signature import by_position

            raise by_position(self.operation, positional)
        return self.send(**arguments).value

    def __get__(self, instance: object, owner: type | None = None) -> Self:
        # Makes a Call look like a method to inspect and help(), so that they show its signature and docstring.
        return self

    def __getattr__(self, name: str) -> Any:
        if name == "__signature__":
            return self._signature()
        raise AttributeError(f"{type(self).__name__} {self._name!r} has no attribute {name!r}")

    def __repr__(self) -> str:
        key = self._core.api.index[self._name]
        return f"<Call {self._name}: {key.method} {key.path}>"

    def __reduce__(self) -> Any:
        raise TypeError("a call holds open connections and is not pickled; make the client where it is used")

    @property
    def operation(self) -> Operation:
        """What the document says of the operation."""
        return self._ready().operation

    def _docstring(self) -> str:
        from dynaclient.openapi.signature import docstring

        return docstring(self._ready().operation, self._core.api.document)

    def _signature(self) -> inspect.Signature:
        from dynaclient.openapi.signature import signature

        return signature(self._ready().operation, self._core.api.document)

    def send(self, /, **arguments: Any) -> Result:
        """Send the call and return all that is known of it.

        Parameters
        ----------
        arguments:
            Those of the operation, and call options.

        Returns
        -------
        Result
            The checked value, the response, and every attempt. The value of a reply that is a stream is an ItemStream.

        Raises
        ------
        ArgumentError
            Before anything is sent, with all that is wrong with the arguments.
        CredentialsError
            Before anything is sent, where the server needs a credential and there is none.
        APIError
            Where the service answers 4XX or 5XX.
        ReplyError
            Where the reply is not what the document promises.
        TransportError
            Where no complete reply came.
        """
        if "server" in arguments and (there := self.at(arguments["server"])) is not self:
            return there.send(**arguments)
        split = arguments.get("split", False)
        if not (split is None or split is False or split is OMIT or "split" in self._hidden_options()):
            from dynaclient.bulk.mapping import split_call

            return split_call(self, arguments, split)
        return self._send(self._shipment(arguments))

    @_by_service
    def map(self, rows: Iterable[Any], /, **arguments: Any) -> MapResults[Any]:
        """The results of many rows, lazily and in the order of the rows: several requests are under way at once, and memory is bounded.

        Parameters
        ----------
        rows:
            The inputs, where the document says how the operation batches (``x-dynaclient-batch``); else mappings of its arguments, one for each call.
        arguments:
            Those that are the same for all rows; call options; and ``batch`` (rows in one request), ``in_flight`` (requests at once, 8), ``on_error`` (``"raise"``, or
            ``"record"``: the error stands in the place of the row's result), ``tokenizer``, ``rpm`` and ``tpm`` (requests and tokens a minute at most).

        Returns
        -------
        MapResults
            An iterator. Its ``summary`` has the rows, failures, requests and tokens until now.
        """
        from dynaclient.bulk.mapping import mapped

        return mapped(self, rows, arguments)

    @property
    def aligner(self) -> Aligner | None:
        """What counts the inputs of a call, where the document says how the operation batches."""
        return self._ready().parser.aligner

    @property
    def document_digest(self) -> str:
        """The digest of the document."""
        return self._core.document.digest

    def origin(self, options: Mapping[str, Any]) -> str:
        """Where the call goes with these call options: scheme, host, port and path."""
        given = {name: options[name] for name in self.options_among(options)}
        call = self.at(given.get("server"))
        target = call._core.way(call.operation, call._options.evolve(**given)).target
        return target.origin + target.prefix

    def options_among(self, given: Iterable[str]) -> list[str]:
        """Which of these names are call options and no arguments of the operation."""
        return [name for name in given if name in CALL_OPTIONS and name not in self._hidden_options()]

    @_by_service
    def request(self, /, **arguments: Any) -> Request:
        """A dry run: check the arguments and return the request that would be sent, its credentials redacted. Nothing is sent.

        Raises
        ------
        ArgumentError
            With all that is wrong with the arguments.
        """
        shipment = self._shipment(arguments, dry=True)
        return auth.shown(shipment.needs, shipment.plain)

    @_by_service
    def curl(self, /, **arguments: Any) -> str:
        """The call as a shell line for curl; credentials stand in it as environment variables, never as values."""
        return curl_of(self._shipment(arguments, dry=True))

    @_by_service
    def stream(self, /, **arguments: Any) -> ItemStream:
        """Send the call and iterate over the items of its reply as they arrive: server-sent events, JSON Lines, JSON text sequences, parts.

        Where the operation also answers otherwise, the stream is asked for: by its media type in ``Accept`` and, where the body has a boolean property
        ``stream`` that is not passed, by that.

        Raises
        ------
        UnsupportedError
            Where the document declares no such reply.
        """
        from dynaclient.streaming import asking

        arguments, accept = asking(self._ready(), self._core.api, arguments)
        shipment = self._shipment(arguments)
        plain = evolve(shipment.plain, headers={**shipment.plain.headers, "Accept": accept})
        result = self._send(evolve(shipment, plain=plain), streamed=True)
        value: ItemStream = result.value
        return value

    @_by_service
    def pages(self, /, **arguments: Any) -> Iterator[Any]:
        """The values of page after page, each called for when the one before it has been taken.

        Raises
        ------
        ReplyValidationError
            Where the pages would never end; after the last page, where that says that there is more and nothing tells how
            to get it (with ``validate`` ``"warn"`` or ``"off"`` a warning).
        """
        return (result.value for result in self._results(arguments))

    @_by_service
    def items(self, /, **arguments: Any) -> Iterator[Any]:
        """The items of all pages, one by one; the errors are those of ``pages``, after the items that came."""
        pager = self._core.pager(self._name)
        return (item for result in self._results(arguments) for item in pager.results(result.value))

    def _results(self, arguments: dict[str, Any]) -> Iterator[Result]:
        from dynaclient.pages import follow, incomplete, results

        options = {name: arguments[name] for name in CALL_OPTIONS - self._hidden_options() if name in arguments}
        given = {name: value for name, value in arguments.items() if name not in options}
        pager = self._core.pager(self._name)
        return results(
            pager,
            given,
            lambda values: self.send(**values, **options),
            lambda url: self._send(follow(self._shipment({**given, **options}), url)),
            lambda problem: incomplete(self._core, self._choose(options)[0], problem),
        )

    @_by_service
    def save(self, path: str | os.PathLike[str], /, *, progress: Progress | None = None, **arguments: Any) -> Saved:
        """Send the call and write the reply's body to a file, block by block, whatever its size.

        The file stands under its name only when it is whole. Where the server allows ranges, what is there of an earlier try is kept and only the rest is asked for.

        Parameters
        ----------
        path:
            The file; by position, so that an argument of the operation may have that name.
        progress:
            Called with the bytes so far and the bytes in all, or None where they are not known.
        arguments:
            Those of the operation, and call options.
        """
        from dynaclient.streaming import save

        return save(self._core, self._shipment(arguments), path, progress)

    def at(self, server: Any) -> Call:
        """Return this call as the service of this name answers it; anything else changes nothing."""
        if not isinstance(server, str) or "server" in self._hidden_options():
            return self
        core = self._core.at(server, self._name)
        return self if core is self._core else Call(core, self._name, self._options)

    # --- one call

    def _shipment(self, arguments: dict[str, Any], *, dry: bool = False) -> Shipment:
        """The call, checked and written, with the credentials that it needs; in a dry run missing ones are stood in for."""
        prepared = self._prepared or self._ready()
        extra = None
        if "extra" in arguments and "extra" not in self._hidden_options():
            arguments = dict(arguments)
            extra = arguments.pop("extra")
        way, needs, arguments, content_type = self._choose(arguments)
        if prepared.several or content_type is not None:
            prepared = self._core.prepared_for(prepared, content_type, arguments)
        bound = self._bind(prepared, way, arguments, extra)
        if needs is None or dry:
            needs = self._core.needs(prepared.operation, way, placeholder=dry)
        plain = prepared.builder.build(bound, way.target.origin, way.target.prefix, way.headers, way.query)
        return Shipment(prepared, way, needs, bound, plain)

    def _ready(self) -> Prepared:
        if self._prepared is None:
            prepared = self._core.prepared(self._name)
            arguments = prepared.operation.arguments
            self._hidden = CALL_OPTIONS & {name for field in arguments for name in (field.python_name, field.name)}
            self._prepared = prepared
        return self._prepared

    def _hidden_options(self) -> frozenset[str]:
        self._ready()
        return self._hidden

    def _choose(
        self, arguments: dict[str, Any]
    ) -> tuple[Way, tuple[auth.Need, ...] | None, dict[str, Any], str | None]:
        """The way of this call, its credentials where they are known already, the operation's own arguments, and the media type that was asked for."""
        content_type = None
        if not CALL_OPTIONS.isdisjoint(arguments):
            hidden = self._hidden_options()
            given = {name: arguments[name] for name in CALL_OPTIONS - hidden if name in arguments}
            arguments = {name: value for name, value in arguments.items() if name not in given}
            given = {name: value for name, value in given.items() if value is not None and value is not OMIT}
            content_type = given.pop("content_type", None)
            if given.pop("split", False) is not False:
                from dynaclient.bulk.mapping import unsplit

                raise unsplit(self._name)
            if given:
                way = self._core.way(self._ready().operation, self._options.evolve(**given))
                return way, None, arguments, content_type
        if self._way is None:
            self._way = self._core.way(self._ready().operation, self._options)
        if self._needs is None:
            with suppress(DynaclientError):  # asked for again, and raised, once the arguments have been checked
                self._needs = self._core.needs(self._ready().operation, self._way)
        return self._way, self._needs, arguments, content_type

    def _bind(self, prepared: Prepared, way: Way, arguments: dict[str, Any], extra: Any) -> Bound:
        binder = prepared.binder
        if way.settings or way.send_defaults or extra is not None:
            extra = None if extra is OMIT else extra
            bound = binder.bind(arguments, way.settings, send_defaults=way.send_defaults, extra=extra)
        else:
            bound = binder.bind(arguments)
        found: list[Problem] = [] if way.request_mode == "off" else binder.check(bound)
        if bound.problems or (found and way.request_mode == "strict"):
            raise binder.error([*bound.problems, *found])
        if found:
            self._core.warn(binder.error(found))
        if way.request_mode != "off" and (notes := binder.notes(bound)):
            self._core.warn(ArgumentError(f"{self._name}: sent as it is", problems=tuple(notes), operation=self._name))
        if prepared.operation.deprecated or binder.deprecated:
            self._core.deprecated.note(prepared.operation, binder.deprecated, bound)
        return bound

    def _send(self, shipment: Shipment, *, streamed: bool = False) -> Result:
        begun = self._core.world.clock()
        watched: AbstractContextManager[Watch | None] = watching(self._core, shipment)
        attempts: _Attempts = ()
        with watched as watch:
            try:
                if streamed or shipment.prepared.sequential:
                    reply, attempts = opened(self._core, shipment, watch)
                    value, response = self._open(shipment, reply, watch, attempts, streamed=streamed)
                else:
                    response, attempts = whole(self._core, shipment, watch)
                    value = read(self._core, shipment, response, attempts)
            except DynaclientError as error:
                raise told(self._core, shipment, error, attempts) from None
            return self._result(shipment, value, response, attempts, begun)

    def _open(
        self, shipment: Shipment, reply: Response | Stream, watch: Watch | None, attempts: _Attempts, *, streamed: bool
    ) -> tuple[Any, Response]:
        """The value of a reply that may be a stream, and its response or head."""
        from dynaclient.streaming import item_stream

        if isinstance(reply, Response):
            return read(self._core, shipment, reply, attempts), reply
        found = item_stream(self._core, shipment, reply, watch, streamed=streamed)
        if found is not None:
            return found, found.response
        with reply:
            response = evolve(head(reply), body=reply.read())
        return read(self._core, shipment, response, attempts), response

    def _result(self, shipment: Shipment, value: Any, response: Response, attempts: _Attempts, begun: float) -> Result:
        elapsed = self._core.world.clock() - begun
        result = Result(self._name, value, response, shipment.plain, attempts, elapsed)
        if not shipment.prepared.described:
            return result
        return self._core.described(result, shipment)
