"""What is known of one call when it is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dynaclient.wire import Attempt, Headers, Request, Response


@dataclass(frozen=True, slots=True)
class Result:
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
    typed_headers: Any = field(default=None, repr=False, compare=False)
    links: Any = field(default=None, repr=False, compare=False)

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
        """The reply's rate limit headers by lower-case name: ``x-ratelimit-*``, ``ratelimit*`` and ``retry-after``."""
        headers = self.response.headers
        return {name: headers[name] for name in headers if name.startswith(("x-ratelimit", "ratelimit", "retry-after"))}

    def __reduce__(self) -> Any:
        fields = (self.operation, self.value, self.response, self.plain, self.attempts, self.elapsed)
        return Result, fields  # links lead into the document and are not pickled

    def __repr__(self) -> str:
        tries = f", {len(self.attempts)} attempts" if len(self.attempts) > 1 else ""
        return f"<Result of {self.operation}: {self.status}, {self.elapsed:.3f} s{tries}, value={self.value!r}>"
