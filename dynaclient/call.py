"""One operation as a callable: the short staircase from arguments to a checked value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dynaclient import auth
from dynaclient.errors import DynaclientError, Problem
from dynaclient.openapi.arguments import Binder, Bound
from dynaclient.openapi.build import Builder
from dynaclient.openapi.model import Operation, RetryPolicy
from dynaclient.openapi.normal import OMIT
from dynaclient.openapi.parse import Parser
from dynaclient.openapi.server import Target
from dynaclient.retry import parse_retry_after
from dynaclient.transport import Transport, deliver
from dynaclient.transport.budget import RetryBudget
from dynaclient.wire import Attempt, Headers, Request, Response, Timeout

if TYPE_CHECKING:
    import inspect

    from dynaclient.core import Core
    from dynaclient.options import Options

_SERVED = "http://127.0.0.1:8080"
CALL_OPTIONS = frozenset({"retries", "timeout", "server", "headers", "validate"})


@dataclass(frozen=True, slots=True)
class Result:
    """All that is known of one call.

    ``value`` is what the plain call returns; ``request`` is what was sent, without credentials; ``elapsed`` is seconds, retries and waits included.
    """

    operation: str
    value: Any
    response: Response
    request: Request
    attempts: tuple[Attempt, ...]
    elapsed: float

    @property
    def status(self) -> int:
        """The status of the reply."""
        return self.response.status

    @property
    def headers(self) -> Headers:
        """The headers of the reply."""
        return self.response.headers

    @property
    def request_id(self) -> str | None:
        """The id under which the service knows the call, or None."""
        return self.response.request_id

    @property
    def rate_limit(self) -> dict[str, str]:
        """The reply's rate limit headers by lower-case name: ``x-ratelimit-*``, ``ratelimit*`` and ``retry-after``."""
        headers = self.response.headers
        return {name: headers[name] for name in headers if name.startswith(("x-ratelimit", "ratelimit", "retry-after"))}

    def __repr__(self) -> str:
        tries = f", {len(self.attempts)} attempts" if len(self.attempts) > 1 else ""
        return f"<Result of {self.operation}: {self.status}, {self.elapsed:.3f} s{tries}, value={self.value!r}>"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What depends on the document alone: made when an operation is first used."""

    operation: Operation
    binder: Binder
    builder: Builder
    parser: Parser


@dataclass(frozen=True, slots=True)
class Way:
    """What depends on the client's options: where a call goes and how; made once for each set of options."""

    target: Target
    transport: Transport
    policy: RetryPolicy
    timeout: Timeout
    headers: Mapping[str, str]
    request_mode: str
    reply_mode: str
    budget: RetryBudget | None


class _Doc:
    """The class's own docstring on the class, the operation's on an instance."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __get__(self, instance: Call | None, owner: type[Call] | None = None) -> str:
        return self.text if instance is None else instance._docstring()


class Call:  # noqa: D101 - its docstring differs between class and instance
    __doc__ = _Doc(
        """One operation of a document.

    ``call(**arguments)`` sends and returns the value; ``call.send(**arguments)`` returns the Result; ``call.request(**arguments)`` sends nothing
    and returns the request; ``call.curl(**arguments)`` writes it as a shell line.

    All of them take the operation's arguments by keyword and, where no argument of the operation has that name, the call options ``body``, ``retries``,
    ``timeout``, ``server``, ``headers`` and ``validate``.
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

    def __call__(self, **arguments: Any) -> Any:  # noqa: D102 - the operation's own docstring is shown
        return self.send(**arguments).value

    def __get__(self, instance: object, owner: type | None = None) -> Call:
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

    def send(self, **arguments: Any) -> Result:
        """Send the call and return all that is known of it.

        Parameters
        ----------
        arguments:
            Those of the operation, and call options.

        Returns
        -------
        Result
            The checked value, the response, and every attempt.

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
        prepared = self._prepared or self._ready()
        way, needs, arguments = self._choose(arguments)
        bound = self._bind(prepared, way, arguments)
        if needs is None:
            needs = self._core.needs(prepared.operation, way.target)
        plain = prepared.builder.build(bound, way.target.origin, way.target.prefix, way.headers)
        request = auth.apply(needs, plain) if needs else plain
        attempts: tuple[Attempt, ...] = ()
        world = self._core.world
        begun = world.clock()
        try:
            response, attempts = deliver(
                way.transport,
                request,
                way.policy,
                way.timeout,
                clock=world.clock,
                sleep=world.sleep,
                rng=world.rng,
                now=world.now,
                budget=way.budget,
            )
            value = self._read(prepared, way, bound, response)
        except DynaclientError as error:
            raise self._told(error, plain, attempts) from None
        return Result(self._name, value, response, plain, attempts, world.clock() - begun)

    def request(self, **arguments: Any) -> Request:
        """A dry run: check the arguments and return the request that would be sent, its credentials redacted. Nothing is sent.

        Raises
        ------
        ArgumentError
            With all that is wrong with the arguments.
        """
        return self._dry(arguments)[0]

    def curl(self, **arguments: Any) -> str:
        """The call as a shell line for curl; credentials stand in it as environment variables, never as values."""
        from dynaclient.curl import curl

        request, needs, way = self._dry(arguments)
        variables = {}
        for need in needs:
            known = auth.variables(need.scheme, way.target.id)
            if known and need.scheme.type != "apiKey" and auth.is_bearer(need.scheme):
                variables["authorization"] = known[0]
            elif known and need.scheme.type == "apiKey" and need.scheme.location == "header":
                variables[need.scheme.parameter.lower()] = known[0]
        if way.target.embedded:
            request = replace(request, origin=_SERVED)
            return f"{curl(request, variables)}  # while `dynaclient serve` runs"
        return curl(request, variables)

    def _dry(self, arguments: dict[str, Any]) -> tuple[Request, tuple[auth.Need, ...], Way]:
        prepared = self._ready()
        way, _, arguments = self._choose(arguments)
        bound = self._bind(prepared, way, arguments)
        plain = prepared.builder.build(bound, way.target.origin, way.target.prefix, way.headers)
        needs = self._core.needs(prepared.operation, way.target, placeholder=True)
        return auth.shown(needs, plain), needs, way

    def _ready(self) -> Prepared:
        if self._prepared is None:
            prepared = self._core.prepared(self._name)
            names = {field.python_name for field in prepared.operation.arguments}
            self._hidden = CALL_OPTIONS & (names | {field.name for field in prepared.operation.arguments})
            self._prepared = prepared
        return self._prepared

    def _choose(self, arguments: dict[str, Any]) -> tuple[Way, tuple[auth.Need, ...] | None, dict[str, Any]]:
        """The way of this call, its credentials where they are known already, and the arguments that are left for the operation."""
        if not CALL_OPTIONS.isdisjoint(arguments):
            given = {name: arguments[name] for name in CALL_OPTIONS - self._hidden if name in arguments}
            arguments = {name: value for name, value in arguments.items() if name not in given}
            given = {name: value for name, value in given.items() if value is not None and value is not OMIT}
            if given:
                return self._core.way(self._ready().operation, self._options.evolve(**given)), None, arguments
        if self._way is None:
            self._way = self._core.way(self._ready().operation, self._options)
        if self._needs is None:
            try:
                self._needs = self._core.needs(self._ready().operation, self._way.target)
            except DynaclientError:
                return self._way, None, arguments  # asked for again, and raised, once the arguments have been checked
        return self._way, self._needs, arguments

    def _bind(self, prepared: Prepared, way: Way, arguments: dict[str, Any]) -> Bound:
        bound = prepared.binder.bind(arguments)
        problems = bound.problems
        if way.request_mode == "off":
            found: list[Problem] = []
        else:
            found = prepared.binder.check(bound)
        if problems or (found and way.request_mode == "strict"):
            raise prepared.binder.error([*problems, *found])
        if found:
            self._core.warn(prepared.binder.error(found))
        return bound

    def _read(self, prepared: Prepared, way: Way, bound: Bound, response: Response) -> Any:
        parser = prepared.parser
        if parser.is_error(response.status):
            from dynaclient.openapi.failure import failure

            raise failure(prepared.operation, response, parse_retry_after(response.headers, self._core.world.now()))
        expected = parser.aligner.count(bound.body) if parser.aligner is not None else None
        return parser.parse(response, expected, way.reply_mode)

    def _told(self, error: DynaclientError, request: Request, attempts: tuple[Attempt, ...]) -> DynaclientError:
        """The error with what only the call knows: its operation, its request without secrets, its attempts."""
        state = error.__dict__
        state["operation"] = self._name
        if "request" in state:
            state["request"] = request.redacted()
            state["attempts"] = state["attempts"] or attempts
        if error.args and isinstance(error.args[0], str):
            error.args = (self._core.wallet.scrub(error.args[0]), *error.args[1:])
            error.message = self._core.wallet.scrub(error.message)
        return error
