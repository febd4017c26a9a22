"""The world outside, as four functions that a test replaces: an hour of back-off then takes a millisecond."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from dynaclient.frozen import Struct


class World(Struct, frozen=True):
    """What a client asks of the machine.

    ``clock`` is monotonic seconds, ``sleep`` waits for seconds, ``rng`` is uniform in [0, 1), ``now`` is seconds since the epoch.
    """

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
    rng: Callable[[], float] = random.random
    now: Callable[[], float] = time.time

    def __repr__(self) -> str:
        return "World()"
