"""One call on its way: from a checked request to a reply, credentials, observers and retries included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from dynaclient import auth
from dynaclient.errors import APIError, DynaclientError, RateLimitError
from dynaclient.frozen import Struct, evolve
from dynaclient.openapi.arguments import Binder, Bound
from dynaclient.openapi.build import Builder
from dynaclient.openapi.extraquery import Query
from dynaclient.openapi.model import Operation, RetryPolicy
from dynaclient.openapi.parse import Parser
from dynaclient.openapi.server import Target
from dynaclient.retry import most_attempts
from dynaclient.transport import Transport, deliver, deliver_stream
from dynaclient.transport.budget import RetryBudget
from dynaclient.wire import Attempt, Request, Response, Stream, Timeout

if TYPE_CHECKING:
    from dynaclient.core import Core
    from dynaclient.watch import Watch

_SERVED = "http://127.0.0.1:8080"
_Reply = TypeVar("_Reply", Response, Response | Stream)


class Prepared(Struct, frozen=True):
    """What depends on the document alone, for one media type of the body: made when it is first used.

    ``several``: the body has other media types too; ``sequential``: a reply may be a stream; ``described``: replies declare header fields or links.
    """

    operation: Operation
    binder: Binder
    builder: Builder
    parser: Parser
    several: bool = False
    sequential: bool = False
    described: bool = False


class Way(Struct, frozen=True):
    """What depends on the client's options: where a call goes and how; made once for each set of options.

    ``paced``: the transport itself holds requests back as long as the limits of the service say.
    """

    target: Target
    transport: Transport
    policy: RetryPolicy
    timeout: Timeout
    headers: Mapping[str, str]
    request_mode: str
    reply_mode: str
    budget: RetryBudget | None
    settings: Mapping[tuple[str, str], Any] | None = None
    arrays: str = ""
    send_defaults: bool = False
    bare: bool = False
    query: Query = ()
    paced: bool = False


class Shipment(Struct, frozen=True):
    """One call, checked and written: ``plain`` is its request without credentials."""

    prepared: Prepared
    way: Way
    needs: tuple[auth.Need, ...]
    bound: Bound
    plain: Request

    @property
    def name(self) -> str:
        """The operation's dotted name."""
        return self.prepared.operation.dotted


def curl_of(shipment: Shipment) -> str:
    """The line for curl of a call that was checked and written; credentials stand in it as environment variables."""
    from dynaclient.curl import curl

    request = auth.shown(shipment.needs, shipment.plain)
    target = shipment.way.target
    variables = {}
    for need in shipment.needs:
        known = auth.variables(need.scheme, target.id)
        if known and auth.is_bearer(need.scheme):
            variables["authorization"] = known[0]
        elif known and need.scheme.type == "apiKey" and need.scheme.location == "header":
            variables[need.scheme.parameter.lower()] = known[0]
    if target.embedded:
        return f"{curl(evolve(request, origin=_SERVED), variables)}  # while `dynaclient serve` runs"
    return curl(request, variables)


def watching(core: Core, shipment: Shipment) -> Watch | nullcontext[None]:
    """What accompanies the call, a context manager; where nobody listens, one that does nothing."""
    observers = core.observers
    if not observers:
        return nullcontext()
    most = most_attempts(shipment.way.policy)
    watch = observers.watch(shipment.name, shipment.prepared.operation.path, core.world.clock, most)
    return watch if watch is not None else nullcontext()


def _attempts_told(core: Core, shipment: Shipment, watch: Watch | None) -> Callable[[Attempt], object] | None:
    """What is called after each attempt, None if nobody listens."""
    told = watch.attempt if watch is not None else None
    on_wait = core.on_wait
    if on_wait is None:
        return told

    def tell(attempt: Attempt) -> None:
        if told is not None:
            told(attempt)
        if attempt.delay is not None:
            on_wait(shipment.plain, attempt, most_attempts(shipment.way.policy))

    return tell


def whole(core: Core, shipment: Shipment, watch: Watch | None) -> tuple[Response, tuple[Attempt, ...]]:
    """Send the call and return the whole reply of its last attempt, whatever its status."""
    way, world = shipment.way, core.world
    transport = watch.over(way.transport) if watch is not None else way.transport
    told = _attempts_told(core, shipment, watch)
    held = shipment.prepared.parser.held_error if way.reply_mode != "off" else None

    def send(request: Request) -> tuple[Response, tuple[Attempt, ...]]:
        return deliver(
            transport,
            request,
            way.policy,
            way.timeout,
            clock=world.clock,
            sleep=world.sleep,
            rng=world.rng,
            now=world.now,
            budget=way.budget,
            on_attempt=told,
            paced=way.paced,
            held=held,
        )

    return _with_credentials(shipment, shipment.plain, send)


def opened(
    core: Core, shipment: Shipment, watch: Watch | None, extra: Mapping[str, str] | None = None
) -> tuple[Response | Stream, tuple[Attempt, ...]]:
    """As ``whole``, but a good reply is returned open, its body unread.

    ``extra`` are header fields of this request alone: a range, the id of the last event.
    """
    way, world = shipment.way, core.world
    transport = watch.over(way.transport) if watch is not None else way.transport
    told = _attempts_told(core, shipment, watch)
    is_error = shipment.prepared.parser.is_error
    plain = evolve(shipment.plain, headers={**shipment.plain.headers, **extra}) if extra else shipment.plain

    def send(request: Request) -> tuple[Response | Stream, tuple[Attempt, ...]]:
        return deliver_stream(
            transport,
            request,
            way.policy,
            way.timeout,
            clock=world.clock,
            sleep=world.sleep,
            rng=world.rng,
            now=world.now,
            budget=way.budget,
            on_attempt=told,
            paced=way.paced,
            final=lambda status: not is_error(status),
        )

    return _with_credentials(shipment, plain, send)


def read(core: Core, shipment: Shipment, response: Response, attempts: tuple[Attempt, ...]) -> Any:
    """The value of a whole reply, the last of the ``attempts``.

    Raises
    ------
    APIError, ReplyError
        If it is an error, or not what the document promises.
    """
    operation, parser, way = shipment.prepared.operation, shipment.prepared.parser, shipment.way
    if core.drift is not None:
        core.drift.record(operation, response)
    if parser.is_error(response.status):
        raise failed(core, shipment, response, attempts)
    aligner, expected, length = parser.aligner, None, None
    if aligner is not None:
        expected, length = aligner.count(shipment.bound.body), aligner.length(shipment.bound.body)
    try:
        return parser.parse(response, expected, way.reply_mode, way.arrays, bare=way.bare, length=length)
    except APIError as error:  # in a reply of 2XX
        from dynaclient.rate_limit import asked_wait

        meant = 429 if isinstance(error, RateLimitError) else response.status
        error.retry_after = asked_wait(response.headers, meant, core.world.now())
        raise


def _with_credentials(
    shipment: Shipment, plain: Request, send: Callable[[Request], tuple[_Reply, tuple[Attempt, ...]]]
) -> tuple[_Reply, tuple[Attempt, ...]]:
    """Send a request with its credentials; where they are refused and can be renewed, once more with new ones."""
    needs, timeout = shipment.needs, shipment.way.timeout
    if not needs:
        return send(plain)
    request = auth.apply(needs, plain, timeout)
    reply, attempts = send(request)
    if reply.status != 401 or not isinstance(reply, Response):
        return reply, attempts
    again = auth.challenged(needs, plain, request, reply, timeout)
    if again is None:
        return reply, attempts
    reply, more = send(again)
    return reply, _joined(attempts, more)


def _joined(first: tuple[Attempt, ...], more: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """The attempts before and after a credential was renewed, numbered through."""
    return first + tuple(evolve(attempt, number=attempt.number + len(first)) for attempt in more)


def head(stream: Stream) -> Response:
    """The head of an open reply, as a response without a body."""
    return Response(stream.status, stream.headers, b"", stream.reason, stream.url)


def failed(core: Core, shipment: Shipment, response: Response, attempts: tuple[Attempt, ...]) -> APIError:
    """Make the error of a reply of 4XX or 5XX, the last of the attempts.

    It tells how long the service asks to wait, and why the call was not sent again; if the address is unknown there, it
    names the address and what may be wrong with it; if a credential is asked for and none was sent, it tells how to give one.
    """
    from dynaclient.openapi.address import UNKNOWN_ADDRESS, address_hint
    from dynaclient.openapi.failure import failure
    from dynaclient.rate_limit import asked_wait

    operation = shipment.prepared.operation
    wait = asked_wait(response.headers, response.status, core.world.now())
    error = failure(operation, response, wait, attempts[-1].final if attempts else "")
    if response.status in UNKNOWN_ADDRESS:
        error.hint = address_hint(operation, shipment.way.target)
        asked = f"{shipment.plain.method} {response.url or shipment.plain.redacted().url}"
        error.args = (f"{error.args[0]} ({asked}){f'; {error.hint}' if error.hint else ''}", *error.args[1:])
    elif response.status in (401, 403) and not shipment.needs and not shipment.way.headers:
        error.hint = auth.unsent(core.api, operation, core.wallet, shipment.way.target)
        error.args = (f"{error.args[0]}{f'; {error.hint}' if error.hint else ''}", *error.args[1:])
    return error


def told(core: Core, shipment: Shipment, error: DynaclientError, attempts: tuple[Attempt, ...] = ()) -> DynaclientError:
    """The error with what only the call knows: its operation, its request without secrets, its attempts."""
    state = error.__dict__
    state["operation"] = shipment.name
    if "request" in state:
        state["request"] = shipment.plain.redacted()
        state["attempts"] = state["attempts"] or attempts
    if error.args and isinstance(error.args[0], str):
        error.args = (core.wallet.scrub(error.args[0]), *error.args[1:])
        error.message = core.wallet.scrub(error.message)
    return error
