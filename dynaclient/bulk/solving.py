"""What solves the runs of an operation: its solver, with the patience that the document grants."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dynaclient.bulk.ceiling import Ceiling
from dynaclient.bulk.channel import Channel
from dynaclient.bulk.fault import Traits
from dynaclient.bulk.outage import Outage
from dynaclient.bulk.patience import Patience
from dynaclient.bulk.poison import Solver
from dynaclient.openapi.model import RetryPolicy
from dynaclient.retry import IDEMPOTENT_METHODS, base_delay

UNDECLARED = 600.0
"""Seconds that a service is waited for if the document does not declare retries."""
_LONGEST = 30.0
"""Seconds between two probes, at most, and before a row that failed is tried again."""


def patience_of(policy: RetryPolicy) -> float:
    """Return the seconds that a service which does not answer is waited for: the ``maxElapsedTime`` of the document or the caller, 0 if retries are switched off.

    The attempts that a policy allows are those of a single call. Many rows wait out an outage whatever their number.
    """
    if not policy.declared:
        return UNDECLARED
    return policy.max_elapsed_time / 1000 if policy.strategy == "backoff" else 0.0


def _logged(line: str) -> None:
    logging.getLogger("dynaclient").warning(line)


def solver_of(
    channel: Channel,
    halt: Callable[[], bool] = lambda: False,
    *,
    tell: Callable[[str], object] = _logged,
    known: bool = False,
    ceiling: Ceiling | None = None,
    sampling: bool = True,
) -> tuple[Solver, Patience]:
    """Return what solves runs over a channel, and what it waits with.

    Parameters
    ----------
    channel:
        The operation.
    halt:
        Once it says True every wait ends.
    tell:
        Told of outages, see `Patience`; without it they are told on the logger.
    known:
        Whether the service has answered before, in an earlier part of the run; what it answered to other runs of the same client is known anyway.
    ceiling, sampling:
        As for `Solver`.
    """
    policy, world = channel.policy, channel.world
    repeatable = policy.declared or channel.batch is not None or channel.method in IDEMPOTENT_METHODS
    granted = patience_of(policy)

    def delay(number: int) -> float:
        return min(_LONGEST, base_delay(policy, number))

    outage = Outage(granted, delay, known=known or channel.answered)
    patience = Patience(outage, world.clock, world.sleep, halt, tell)
    traits = Traits(channel.concerns_rows, channel.is_final, repeatable=repeatable, retrying=repeatable and granted > 0)
    return Solver(channel.send, traits, patience, delay, ceiling=ceiling, sampling=sampling), patience
