"""The one loop: send, follow redirects, ask `dynaclient.retry`, wait, send again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from dynaclient.errors import TimeoutExpiredError, TransportError, api_error_class
from dynaclient.frozen import evolve
from dynaclient.redirect import REDIRECT_STATUSES, next_request
from dynaclient.retry import BUDGET, SPENT, Decision, decide, good_status_is_final, listed
from dynaclient.wire import Attempt, Request, Response, Stream, Timeout, Upload

if TYPE_CHECKING:
    from dynaclient.openapi.model import RetryPolicy
    from dynaclient.transport import Transport
    from dynaclient.transport.budget import RetryBudget

DEFAULT_TOTAL = 600.0
"""Seconds for a whole call where neither a timeout nor a policy says more."""

Held = Callable[[Response], int | None]
"""Looks into a good reply for an error, see `deliver`."""

Reply = TypeVar("Reply", Response, Response | Stream)
"""What an exchange brings: a whole reply, or one that may still be open."""


def deliver(
    transport: Transport,
    request: Request,
    policy: RetryPolicy,
    timeout: Timeout,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
    rng: Callable[[], float] = random.random,
    now: Callable[[], float] = time.time,
    budget: RetryBudget | None = None,
    on_attempt: Callable[[Attempt], object] | None = None,
    paced: bool = False,
    held: Held | None = None,
) -> tuple[Response, tuple[Attempt, ...]]:
    """Send a request as often as its policy allows; return the last reply, whatever its status, and what became of each attempt.

    Parameters
    ----------
    transport, request, policy:
        What sends, what is sent, and when it is sent again.
    timeout:
        Seconds. One deadline covers all attempts and waits: ``total``, else the policy's ``max_elapsed_time`` where its
        strategy is backoff, else 600 s. ``attempt`` bounds each attempt, its redirects included; another may follow one that it has ended.
    clock, sleep, rng, now:
        The world: a monotonic clock and a sleep, both in seconds, a source uniform in [0, 1), and the seconds since the epoch.
    budget:
        Shared among calls; a retry that it does not grant is not made. Ignored where the policy says ``budget: false``.
    on_attempt:
        Called after every attempt with its record, before the wait.
    paced:
        Whether the transport itself holds requests back as long as the limits of the service say; see
        `dynaclient.retry.decide`.
    held:
        Looks into a reply of a good status for an error: the status that the error names as its code, by which it is decided whether to send again;
        0 if it names none; None if there is no error.

    Raises
    ------
    TransportError
        When the last attempt brought no reply; it carries ``attempts`` and ``request``, without secrets.

    A body that can be read only once (`dynaclient.wire.Upload`) is not sent again once it was begun, whatever the policy says.
    """
    return _loop(transport.send, request, policy, timeout, clock, sleep, rng, now, budget, on_attempt, paced, held)


def deliver_stream(
    transport: Transport,
    request: Request,
    policy: RetryPolicy,
    timeout: Timeout,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
    rng: Callable[[], float] = random.random,
    now: Callable[[], float] = time.time,
    budget: RetryBudget | None = None,
    on_attempt: Callable[[Attempt], object] | None = None,
    final: Callable[[int], bool] = lambda status: True,
    paced: bool = False,
) -> tuple[Response | Stream, tuple[Attempt, ...]]:
    """As `deliver`, but the reply that the call ends with is returned open, its body unread. The caller closes it.

    Parameters
    ----------
    transport, request, policy, clock, sleep, rng, now, budget, on_attempt, paced:
        As for `deliver`. An attempt ends, and its time is taken, when the head has come; what breaks while the body is read is not tried again here.
    timeout:
        As for `deliver` until the head of the reply has come. From then on ``read`` bounds the wait for each block, and ``total``, where it was
        given, bounds it all.
    final:
        Whether a reply of this status is wanted open. One that redirects, that the policy retries, or of 400 and above never is.

    Returns
    -------
    tuple
        The open stream, or a whole `Response` where it was not to be final; and the attempts.
    """
    until = clock() + timeout.total if timeout.total is not None else None

    def opened(request: Request, timeout: Timeout, deadline: float | None) -> Response | Stream:
        began = clock()
        stream = transport.open(request, timeout, deadline, until)
        status = stream.status
        if status < 400 and status not in REDIRECT_STATUSES and final(status) and not listed(policy, status):
            return stream
        with stream:
            body = stream.read(deadline)
        return Response(status, stream.headers, body, stream.reason, stream.url, clock() - began)

    return _loop(opened, request, policy, timeout, clock, sleep, rng, now, budget, on_attempt, paced)


def _loop(
    exchange: Callable[[Request, Timeout, float | None], Reply],
    request: Request,
    policy: RetryPolicy,
    timeout: Timeout,
    clock: Callable[[], float],
    sleep: Callable[[float], object],
    rng: Callable[[], float],
    now: Callable[[], float],
    budget: RetryBudget | None,
    on_attempt: Callable[[Attempt], object] | None,
    paced: bool,
    held: Held | None = None,
) -> tuple[Reply, tuple[Attempt, ...]]:
    start = clock()
    deadline = start + _total(policy, timeout)
    if not policy.budget:
        budget = None
    attempts: list[Attempt] = []
    while True:
        began = clock() if attempts else start
        bound = deadline if timeout.attempt is None else min(deadline, began + timeout.attempt)
        outcome: Reply | TransportError
        try:
            outcome = exchange(request, timeout, bound)
            if outcome.status in REDIRECT_STATUSES:
                outcome = _follow(exchange, request, outcome, timeout, bound)
        except TransportError as error:
            outcome = error
        ended = clock()
        meant: Response | Stream | TransportError = outcome if held is None else _meant(outcome, held)
        decision = _decide(policy, len(attempts) + 1, meant, request, ended - start, deadline - ended, rng, now, paced)
        delay = decision.delay if decision is not None else None
        if decision is None or delay is None:
            break
        if not _granted(budget, request, meant):
            decision = evolve(decision, delay=None, reason=BUDGET, final=True)
            break
        attempts.append(_record(len(attempts) + 1, outcome, ended - began, decision, on_attempt, meant))
        sleep(delay)
    attempts.append(_record(len(attempts) + 1, outcome, ended - began, decision, on_attempt, meant))
    if isinstance(outcome, TransportError):
        if decision is not None and decision.reason == SPENT:
            outcome.message = f"{outcome.message}; {SPENT}"
            outcome.args = (outcome.message,)
        outcome.attempts, outcome.request = tuple(attempts), request.redacted()
        raise outcome
    if budget is not None and outcome.status < 400 and meant is outcome:
        budget.deposit(request.origin)
    return outcome, tuple(attempts)


def _meant(outcome: Response | Stream | TransportError, held: Held) -> Response | Stream | TransportError:
    """A good reply that holds an error, with the status that the error names; any other outcome as it is."""
    if not isinstance(outcome, Response) or outcome.status >= 400:
        return outcome
    status = held(outcome)
    return outcome if status is None else evolve(outcome, status=status or outcome.status)


def _total(policy: RetryPolicy, timeout: Timeout) -> float:
    if timeout.total is not None:
        return timeout.total
    # A max_elapsed_time of 0 leaves no time for retries; the first attempt is still made.
    return (policy.max_elapsed_time / 1000 if policy.strategy == "backoff" else 0) or DEFAULT_TOTAL


def _decide(
    policy: RetryPolicy,
    number: int,
    outcome: Response | Stream | TransportError,
    request: Request,
    elapsed: float,
    left: float,
    rng: Callable[[], float],
    now: Callable[[], float],
    paced: bool,
) -> Decision | None:
    """What `decide` says; None, without asking it, for a reply that is simply good, or open: such a one is final."""
    if isinstance(outcome, Response):
        if outcome.status < 400 and good_status_is_final(policy.status_codes):
            return None
    elif not isinstance(outcome, TransportError):
        return None
    return decide(
        policy,
        number=number,
        outcome=outcome,
        method=request.method,
        elapsed=elapsed,
        left=left,
        rng=rng,
        now=now(),
        spent=isinstance(request.body, Upload) and request.body.spent,
        paced=paced,
    )


def _granted(budget: RetryBudget | None, request: Request, outcome: Response | Stream | TransportError) -> bool:
    return budget is None or budget.withdraw(request.origin, after_timeout=isinstance(outcome, TimeoutExpiredError))


def _record(
    number: int,
    outcome: Response | Stream | TransportError,
    elapsed: float,
    decision: Decision | None,
    on_attempt: Callable[[Attempt], object] | None,
    meant: Response | Stream | TransportError,
) -> Attempt:
    delay, retry_after = (decision.delay, decision.retry_after) if decision is not None else (None, None)
    final = decision.reason if decision is not None and decision.final else ""
    if isinstance(outcome, TransportError):
        attempt = Attempt(number, None, f"{type(outcome).__name__}: {outcome}", elapsed, delay, retry_after, final)
    else:
        error = None
        if isinstance(meant, Response) and meant is not outcome:
            error = f"{api_error_class(meant.status).__name__}: an error in a good reply"
        attempt = Attempt(number, outcome.status, error, elapsed, delay, retry_after, final)
    if on_attempt is not None:
        on_attempt(attempt)
    return attempt


def _follow(
    exchange: Callable[[Request, Timeout, float | None], Reply],
    request: Request,
    reply: Reply,
    timeout: Timeout,
    deadline: float,
) -> Reply:
    """The reply at the end of a chain of redirects; the ``elapsed`` of a whole one is the time of the whole chain."""
    visited: tuple[tuple[str, str], ...] = ((request.method, request.url),)
    elapsed = 0.0
    while isinstance(reply, Response):
        elapsed += reply.elapsed
        following = next_request(request, reply, visited)
        if following is None:
            return evolve(reply, elapsed=elapsed) if len(visited) > 1 else reply
        request = following
        visited += ((request.method, request.url),)
        try:
            reply = exchange(request, timeout, deadline)
        except TransportError as error:
            # The first request of the chain did reach a server.
            error.sent = True
            raise
    return reply
