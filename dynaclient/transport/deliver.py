"""The one loop: send, follow redirects, ask `dynaclient.retry`, wait, send again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dynaclient.errors import TimeoutExpiredError, TransportError
from dynaclient.redirect import REDIRECT_STATUSES, next_request
from dynaclient.retry import Decision, Outcome, decide, good_status_is_final
from dynaclient.wire import Attempt, Request, Response, Timeout

if TYPE_CHECKING:
    from dynaclient.openapi.model import RetryPolicy
    from dynaclient.transport import Transport
    from dynaclient.transport.budget import RetryBudget

DEFAULT_TOTAL = 600.0
"""Seconds for a whole call where neither a timeout nor a policy says more."""


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
) -> tuple[Response, tuple[Attempt, ...]]:
    """Send a request as often as its policy allows; return the last reply, whatever its status, and what became of each attempt.

    Parameters
    ----------
    transport, request, policy:
        What sends, what is sent, and when it is sent again.
    timeout:
        Seconds. One deadline covers all attempts and waits: ``total``, else the policy's ``max_elapsed_time`` where its
        strategy is backoff, else 600 s.
    clock, sleep, rng, now:
        The world: a monotonic clock and a sleep, both in seconds, a source uniform in [0, 1), and the seconds since the epoch.
    budget:
        Shared among calls; a retry that it does not grant is not made. Ignored where the policy says ``budget: false``.
    on_attempt:
        Called after every attempt with its record, before the wait.

    Raises
    ------
    TransportError
        When the last attempt brought no reply; it carries ``attempts`` and ``request``, without secrets.
    """
    start = clock()
    deadline = start + _total(policy, timeout)
    if not policy.budget:
        budget = None
    attempts: list[Attempt] = []
    while True:
        began = clock() if attempts else start
        outcome: Outcome
        try:
            outcome = transport.send(request, timeout, deadline)
            if outcome.status in REDIRECT_STATUSES:
                outcome = _follow(transport, request, outcome, timeout, deadline)
        except TransportError as error:
            outcome = error
        ended = clock()
        decision = _decide(policy, len(attempts) + 1, outcome, request, ended - start, deadline - ended, rng, now)
        if decision is None or decision.delay is None or not _granted(budget, request, outcome):
            break
        attempts.append(_record(len(attempts) + 1, outcome, ended - began, decision, on_attempt))
        sleep(decision.delay)
    last = replace(decision, delay=None) if decision is not None else None
    attempts.append(_record(len(attempts) + 1, outcome, ended - began, last, on_attempt))
    if isinstance(outcome, TransportError):
        outcome.attempts, outcome.request = tuple(attempts), request.redacted()
        raise outcome
    if budget is not None and outcome.status < 400:
        budget.deposit(request.origin)
    return outcome, tuple(attempts)


def _total(policy: RetryPolicy, timeout: Timeout) -> float:
    if timeout.total is not None:
        return timeout.total
    # A max_elapsed_time of 0 leaves no time for retries; the first attempt is still made.
    return (policy.max_elapsed_time / 1000 if policy.strategy == "backoff" else 0) or DEFAULT_TOTAL


def _decide(
    policy: RetryPolicy,
    number: int,
    outcome: Outcome,
    request: Request,
    elapsed: float,
    left: float,
    rng: Callable[[], float],
    now: Callable[[], float],
) -> Decision | None:
    """What `decide` says; None, without asking it, for a reply that is simply good."""
    if isinstance(outcome, Response) and outcome.status < 400 and good_status_is_final(policy.status_codes):
        return None
    return decide(
        policy, number=number, outcome=outcome, method=request.method, elapsed=elapsed, left=left, rng=rng, now=now()
    )


def _granted(budget: RetryBudget | None, request: Request, outcome: Outcome) -> bool:
    return budget is None or budget.withdraw(request.origin, after_timeout=isinstance(outcome, TimeoutExpiredError))


def _record(
    number: int,
    outcome: Outcome,
    elapsed: float,
    decision: Decision | None,
    on_attempt: Callable[[Attempt], object] | None,
) -> Attempt:
    delay, retry_after = (decision.delay, decision.retry_after) if decision is not None else (None, None)
    if isinstance(outcome, Response):
        attempt = Attempt(number, outcome.status, None, elapsed, delay, retry_after)
    else:
        attempt = Attempt(number, None, f"{type(outcome).__name__}: {outcome}", elapsed, delay, retry_after)
    if on_attempt is not None:
        on_attempt(attempt)
    return attempt


def _follow(transport: Transport, request: Request, response: Response, timeout: Timeout, deadline: float) -> Response:
    """The reply at the end of a chain of redirects; its ``elapsed`` is the time of the whole chain."""
    visited: tuple[tuple[str, str], ...] = ((request.method, request.url),)
    elapsed = response.elapsed
    while (following := next_request(request, response, visited)) is not None:
        request = following
        visited += ((request.method, request.url),)
        try:
            response = transport.send(request, timeout, deadline)
        except TransportError as error:
            # The first request of the chain did reach a server.
            error.sent = True
            raise
        elapsed += response.elapsed
    return replace(response, elapsed=elapsed) if len(visited) > 1 else response
