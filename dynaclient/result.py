"""What is known of one call when it is over."""

from __future__ import annotations

import time
from typing import Any

from dynaclient.frozen import Struct
from dynaclient.rate_limit import Limit, is_limit_field, limits
from dynaclient.wire import Attempt, Headers, Request, Response


class Result(Struct, frozen=True):
    """All that is known of one call.

    ``value`` is what the plain call returns; ``plain`` is what was sent, without the credentials that the document asks for; ``elapsed`` is seconds, retries and waits
    included.
    ``typed_headers`` holds the header fields by name: those that the document declares as values of their schemas' types, the others as text. ``links`` maps the
    names of the document's links to the calls that they lead to: ``client[link.operation](**link.arguments)``.
    """

    operation: str
    value: Any
    response: Response
    plain: Request
    attempts: tuple[Attempt, ...]
    elapsed: float
    typed_headers: Any = None
    links: Any = None

    @property
    def request(self) -> Request:
        """What was sent, with ``[redacted]`` for whatever in it may be secret."""
        return self.plain.redacted()

    @property
    def status(self) -> int:
        """The status of the reply."""
        return self.response.status

    @property
    def headers(self) -> Headers:
        """The headers of the reply, as text."""
        return self.response.headers

    @property
    def request_id(self) -> str | None:
        """The id under which the service knows the call, or None."""
        return self.response.request_id

    @property
    def rate_limit(self) -> dict[str, str]:
        """The reply's rate limit headers by lower-case name.

        ``x-ratelimit-*``, ``ratelimit*``, ``retry-after`` and what resembles them.
        """
        headers = self.response.headers
        return {name: headers[name] for name in headers if is_limit_field(name)}

    def limits(self, now: float | None = None) -> tuple[Limit, ...]:
        """What the reply says is left of the service's limits, and for how long; see `dynaclient.rate_limit.Limit`.

        Parameters
        ----------
        now:
            When the reply came, in seconds since the epoch, for a reset that is a moment; None: the present.
        """
        return limits(self.response.headers, time.time() if now is None else now)

    def _own(self) -> tuple[Any, ...]:
        """What it is made of, but for what the document reads out of the reply."""
        return self.operation, self.value, self.response, self.plain, self.attempts, self.elapsed

    def __eq__(self, other: object) -> bool:
        return self._own() == other._own() if isinstance(other, Result) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._own())

    def __reduce__(self) -> Any:
        return Result, self._own()  # links lead into the document and are not pickled

    def __repr__(self) -> str:
        tries = f", {len(self.attempts)} attempts" if len(self.attempts) > 1 else ""
        return f"<Result of {self.operation}: {self.status}, {self.elapsed:.3f} s{tries}, value={self.value!r}>"
