"""What accompanies one call and tells the observers and the logger of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dynaclient.errors import DynaclientError
from dynaclient.facts import AttemptFacts, CallFacts, ReplyFacts, RequestFacts
from dynaclient.frozen import evolve
from dynaclient.observe import Observer
from dynaclient.wire import Attempt, Headers, Request

if TYPE_CHECKING:
    from dynaclient.observers import Observers

_FAILED = object()  # what an observer that raises has answered
_Tokens = list[tuple[Observer, Any]]


class Watch:
    """What accompanies one call and tells the observers: a context manager around all of it.

    ``with watch:`` goes around the call, ``watch.over(transport)`` in place of its transport, ``watch.attempt`` as ``on_attempt`` of `dynaclient.transport.deliver`. A call
    that outlives its ``with``, a stream, says ``watch.keep()`` inside and ``watch.done(error)`` at its end.
    """

    def __init__(
        self,
        house: Observers,
        observers: tuple[Observer, ...],
        operation: str,
        template: str,
        clock: Callable[[], float],
        most: int | None = None,
    ) -> None:
        self._house = house
        self._observers = observers
        self._operation = operation
        self._template = template
        self._clock = clock
        self._most = most
        self._begun = clock()
        self._sent = 0
        self._first: RequestFacts | None = None
        self._last: ReplyFacts | None = None
        self._attempts: list[AttemptFacts] = []
        self._kept = False
        self._over = False

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None or not self._kept:
            self.done(error)

    def keep(self) -> None:
        """The call goes on after its ``with``: `done` will be told apart."""
        self._kept = True

    def done(self, error: BaseException | None = None) -> None:
        """The call is over; only the first time counts."""
        if self._over:
            return
        self._over = True
        status = self._last.status if self._last is not None else None
        name = type(error).__name__ if error is not None else None
        facts = CallFacts(self._operation, tuple(self._attempts), status, name, self._clock() - self._begun)
        for observer in self._observers:
            self._tell(observer, "result", facts)

    def attempt(self, attempt: Attempt) -> None:
        """Tell of an attempt: what `dynaclient.transport.deliver` takes as ``on_attempt``."""
        first, last = self._first, self._last
        self._first = None
        if first is None or last is None:
            return
        error, _, detail = (attempt.error or "").partition(": ")
        facts = AttemptFacts(
            operation=self._operation,
            method=first.method,
            url=first.url,
            server=first.server,
            number=attempt.number,
            status=attempt.status,
            error=error or None,
            detail=self._house.scrub(detail) if detail else "",
            elapsed=attempt.elapsed,
            delay=attempt.delay,
            retry_after=attempt.retry_after,
            request_bytes=first.request_bytes,
            response_bytes=last.response_bytes,
            most=self._most,
        )
        self._attempts.append(facts)
        for observer in self._observers:
            self._tell(observer, "attempt", facts)

    def over(self, transport: Any) -> Wire:
        """The transport of this call, which tells of every request that it sends."""
        return Wire(self, transport)

    def sending(self, request: Request, send: Callable[[Request], Any]) -> Any:
        """Send one request and tell of it.

        Parameters
        ----------
        request:
            What to send.
        send:
            Sends it, with the fields added that observers ask for, and returns a Response or a Stream.
        """
        facts = self._request_facts(request)
        self._first = self._first or facts
        self._sent += 1
        told = [(observer, self._tell(observer, "started", facts)) for observer in self._observers]
        tokens = [(observer, token) for observer, token in told if token is not _FAILED]
        begun = self._clock()
        try:
            reply: Any = send(self._with_headers(request, tokens))
        except BaseException as error:
            # The words of any other may hold anything.
            words = self._house.scrub(str(error)) if isinstance(error, DynaclientError) else ""
            self._ended(tokens, ReplyFacts(facts, None, type(error).__name__, words, self._clock() - begun, None))
            raise
        size = _transferred(request.method, reply)
        self._ended(tokens, ReplyFacts(facts, reply.status, None, "", self._clock() - begun, size))
        return reply

    def _request_facts(self, request: Request) -> RequestFacts:
        body = request.body
        length: int | None = 0 if body is None else len(body) if isinstance(body, bytes) else body.length
        return RequestFacts(
            operation=self._operation,
            method=request.method,
            url=_USER.sub("//", request.redacted().url),
            template=self._template,
            server=_USER.sub("//", request.origin),
            number=len(self._attempts) + 1,
            resend=self._sent,
            request_bytes=length,
        )

    def _with_headers(self, request: Request, tokens: _Tokens) -> Request:
        """The request with the fields that observers ask for; what it has already, and what the transport sets, stays."""
        fields = dict(request.headers)
        known = {name.lower() for name in fields} | _OWN_HEADERS
        for observer, token in tokens:
            added = self._tell(observer, "headers", token)
            for name, value in added.items() if added is not _FAILED else ():
                if name.lower() not in known:
                    known.add(name.lower())
                    fields[name] = value
        return evolve(request, headers=fields) if len(fields) > len(request.headers) else request

    def _ended(self, tokens: _Tokens, facts: ReplyFacts) -> None:
        self._last = facts
        for observer, token in tokens:
            self._tell(observer, "ended", token, facts)

    def _tell(self, observer: Observer, hook: str, *facts: Any) -> Any:
        try:
            answer = getattr(observer, hook)(*facts)
            return _checked(answer) if hook == "headers" else answer
        except Exception:  # noqa: BLE001 - whatever an observer raises, the call goes on
            self._house.blame(observer, hook)
            return _FAILED


class Wire:
    """The transport of one call that is watched."""

    def __init__(self, watch: Watch, transport: Any) -> None:
        self._watch = watch
        self._transport = transport

    def send(self, request: Request, timeout: Any, deadline: float | None) -> Any:
        """See `dynaclient.transport.Transport.send`."""
        return self._watch.sending(request, lambda request: self._transport.send(request, timeout, deadline))

    def open(self, request: Request, timeout: Any, deadline: float | None, until: float | None = None) -> Any:
        """See `dynaclient.transport.Transport.open`; it is told as ended when the head of the reply has come."""
        return self._watch.sending(request, lambda request: self._transport.open(request, timeout, deadline, until))

    def close(self) -> None:
        """See `dynaclient.transport.Transport.close`."""
        self._transport.close()


_USER = re.compile(r"//[^/?#]*@")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_VALUE = re.compile(r"[\t\x20-\x7e]*").fullmatch
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def _checked(fields: Mapping[str, str]) -> Mapping[str, str]:
    """The fields that an observer asks for; it is told, and not the caller, where one cannot be sent."""
    for name, value in fields.items():
        if not _NAME(name) or not _VALUE(value):
            raise ValueError(f"{name!r} or its value cannot stand in a header")
    return fields


def _transferred(method: str, reply: Any) -> int | None:
    """The size of a body on the wire, packed as it was (RFC 9110, 8.6), or None where it cannot be told."""
    if method == "HEAD" or reply.status in (204, 304):
        return 0
    headers: Headers = reply.headers
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit():
        return int(length)
    body = getattr(reply, "body", None)
    return len(body) if isinstance(body, bytes) and "content-encoding" not in headers else None
