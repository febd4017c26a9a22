"""What may go wrong, on purpose: ``429:2``, ``503:*``, ``500:10%``, ``reset:1`` ...

A plan of faults is asked once for each request that reaches an operation. The first fault whose turn it is decides; the share of a fault
with a percentage is drawn from a generator with a fixed seed, so that two runs fail alike.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from random import Random

from dynaclient.errors import ArgumentError
from dynaclient.frozen import Struct

ON_THE_SOCKET: Mapping[str, str] = {
    "reset": "The connection is reset (TCP RST) instead of a reply.",
    "stall": "No reply ever comes; the connection stays open.",
    "half": "The reply breaks off in the middle of its body.",
    "garbage": "What comes back is not HTTP.",
}
IN_THE_BODY: Mapping[str, str] = {
    "html": "200 with an HTML page, as from a proxy's sign-in page.",
    "null-data": "200 with `data: null` beside an `error` object.",
    "few": "200 with the last vector missing.",
    "shuffle": "200 with the vectors out of order; `index` is right.",
}
_RETRYABLE = frozenset({429, 503})
_FAULT = re.compile(r"(?P<kind>[a-z-]+|[45]\d\d)(?::(?P<count>\d+|\*|(?P<share>\d+(?:\.\d+)?)%))?")
_SPAN = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|)")


class Fault(Struct, frozen=True):
    """One kind of failure and how often it happens.

    ``kind`` is a status from 400 to 599, or a name of ``ON_THE_SOCKET`` or ``IN_THE_BODY``. ``count`` is how many requests it hits, None for all
    of them; ``share`` is the part of the requests it hits, from 0 to 1, or None.
    """

    kind: str
    count: int | None = 1
    share: float | None = None

    @property
    def status(self) -> int:
        """The status that it answers with, 0 where it is not about one."""
        return int(self.kind) if self.kind.isdigit() else 0


def parse_fault(text: str) -> Fault:
    """Read ``KIND``, ``KIND:COUNT``, ``KIND:*`` or ``KIND:SHARE%``.

    Raises
    ------
    ArgumentError
        Where it is none of these.
    """
    matched = _FAULT.fullmatch(text.strip())
    kind = matched["kind"] if matched else ""
    if matched is None or not (kind.isdigit() or kind in ON_THE_SOCKET or kind in IN_THE_BODY):
        known = ", ".join([*ON_THE_SOCKET, *IN_THE_BODY])
        raise ArgumentError(
            f"{text!r} is not a fault; write KIND:COUNT, KIND:* or KIND:SHARE%, such as 429:2 or reset:1; "
            f"KIND is a status from 400 to 599 or one of {known}"
        )
    if matched["share"] is not None:
        share = float(matched["share"]) / 100
        if share > 1:
            raise ArgumentError(f"{text!r}: the share is more than 100 %")
        return Fault(kind, None, share)
    count = matched["count"] or "1"
    return Fault(kind, None if count == "*" else int(count))


def parse_span(text: str) -> float:
    """Read a span of time: ``200ms``, ``1.5s``, ``2`` (seconds); in seconds.

    Raises
    ------
    ArgumentError
        Where it is none.
    """
    matched = _SPAN.fullmatch(text.strip().lower())
    if matched is None:
        raise ArgumentError(f"{text!r} is not a span of time; write 200ms or 1.5s")
    return float(matched["number"]) / (1000 if matched["unit"] == "ms" else 1)


class Faults:
    """A plan of faults, shared by all requests.

    Parameters
    ----------
    faults:
        Faults, or texts that ``parse_fault`` reads, in the order in which they come true.
    retry_after:
        The ``Retry-After`` of replies with 429 and 503, as it is sent (``"2"``, ``"0.5"``, an HTTP date), or seconds, or None for none.
    delay:
        How long every reply takes at least, in seconds or as ``parse_span`` reads it.
    seed:
        Where the draw for shares begins.

    Raises
    ------
    ArgumentError
        Where a text is not a fault or not a span of time.
    """

    def __init__(
        self,
        faults: Iterable[Fault | str] = (),
        *,
        retry_after: str | float | None = None,
        delay: float | str = 0.0,
        seed: int = 0,
    ) -> None:
        self.faults = tuple(parse_fault(fault) if isinstance(fault, str) else fault for fault in faults)
        self.retry_after = None if retry_after is None else str(retry_after)
        self.delay = parse_span(delay) if isinstance(delay, str) else delay
        if self.retry_after is not None and not (self.retry_after.isascii() and self.retry_after.isprintable()):
            raise ArgumentError("Retry-After must be seconds or an HTTP date, in plain characters")
        self._left = [fault.count for fault in self.faults]
        self._random = Random(seed)
        self._lock = threading.Lock()

    def take(self) -> Fault | None:
        """The fault that hits the next request, or None."""
        if not self.faults:
            return None
        with self._lock:
            for number, fault in enumerate(self.faults):
                left = self._left[number]
                if fault.share is not None:
                    if self._random.random() < fault.share:
                        return fault
                elif left is None:
                    return fault
                elif left > 0:
                    self._left[number] = left - 1
                    return fault
        return None

    def headers(self, status: int) -> dict[str, str]:
        """The fields that a faulty reply of this status carries."""
        return {"Retry-After": self.retry_after} if self.retry_after is not None and status in _RETRYABLE else {}
