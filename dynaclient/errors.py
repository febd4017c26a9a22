"""Every exception that dynaclient raises, in one tree.

::

    DynaclientError                     exit code
    ├── SpecError                       3   the document cannot be read or makes no sense
    │   └── UnsupportedError            3   the document asks for something that is not supported
    ├── ArgumentError                   2   what was passed does not fit the operation
    ├── CredentialsError                4   no credential satisfies the operation's security
    ├── TransportError                  5   no complete reply came back
    │   ├── ConnectError                5   nothing was sent: name, refusal, proxy
    │   │   └── TLSError                5   the certificate or the handshake was refused
    │   ├── ConnectionLostError         5   the connection broke after sending began
    │   ├── TimeoutExpiredError         6   an attempt, or the call's deadline, ran out
    │   ├── ProtocolError               5   what came back is not HTTP
    │   ├── ReplyTooLargeError          5   the reply is larger than the bound
    │   └── RedirectError               5   a redirect that is not followed
    ├── ReplyError                      7   a reply came, but not the one the document promises
    │   ├── ReplyDecodeError            7   the body is not of its media type
    │   ├── ReplyValidationError        7   the body breaks the schema
    │   └── UndeclaredReplyError        7   a status or media type that the document does not declare
    └── APIError                        8   the service answered 4XX or 5XX
        ├── BadRequestError             8   400
        ├── AuthenticationError         8   401
        ├── PermissionDeniedError       8   403
        ├── NotFoundError               8   404
        ├── ConflictError               8   409
        ├── UnprocessableEntityError    8   422
        ├── RateLimitError              9   429
        └── ServerError                 10  5XX

Every exception pickles, keeps what was received (``response``), and never holds a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from dynaclient.frozen import Struct

if TYPE_CHECKING:
    from dynaclient.wire import Attempt, Headers, Request, Response


class Problem(Struct, frozen=True):
    """One thing that is wrong with an argument or a reply.

    Parameters
    ----------
    where:
        The place in the value, as a JSON path from the argument or the body: ``input[3]``, ``$.data[0].index``.
    message:
        What is wrong and what was expected, in one line; the value in it is shortened.
    pointer:
        The JSON Pointer (RFC 6901) of the clause in the document that is broken, or ``""``.
    hint:
        What to do next, or ``""``.
    """

    where: str
    message: str
    pointer: str = ""
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        if self.hint:
            text += f" ({self.hint})"
        if self.pointer:
            text += f" [{self.pointer}]"
        return text


def _rebuild(cls: type[DynaclientError], args: tuple[Any, ...], state: dict[str, Any]) -> DynaclientError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class DynaclientError(Exception):
    """The root of the tree: catch it to catch all that dynaclient raises.

    Parameters
    ----------
    message:
        One or more lines for people.
    operation:
        The dotted name of the operation, ``embeddings.create``, where there is one.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, operation: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.operation = operation

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), self.args, self.__dict__)


class SpecError(DynaclientError):
    """The document cannot be read, or what it says makes no sense.

    ``source`` names the document, ``pointer`` the place in it (RFC 6901), ``line`` and ``column`` count from 1, 0 if unknown.
    """

    exit_code = 3

    def __init__(
        self, message: str, *, source: str = "", pointer: str = "", line: int = 0, column: int = 0, operation: str = ""
    ) -> None:
        place = source + (f":{line}:{column}" if line else "")
        if pointer:
            place = f"{place}#{pointer}"
        super().__init__(f"{place}: {message}" if place else message, operation=operation)
        self.source, self.pointer, self.line, self.column = source, pointer, line, column


class UnsupportedError(SpecError):
    """The document asks for something that dynaclient does not support; the message names it."""


class ArgumentError(DynaclientError, TypeError, ValueError):
    """What was passed does not fit the operation; nothing was sent. ``problems`` holds all of them at once."""

    exit_code = 2

    def __init__(self, message: str, *, problems: tuple[Problem, ...] = (), operation: str = "") -> None:
        super().__init__(listed(message, problems), operation=operation)
        self.problems = problems


class CredentialsError(DynaclientError):
    """No credential satisfies the operation's security requirements; nothing was sent."""

    exit_code = 4


class TransportError(DynaclientError):
    """No complete reply came back.

    ``sent`` is false when it is certain that no byte of the request reached the server, so that sending again is safe
    for any method. ``attempts`` records every attempt, ``request`` the last request without its secrets, ``partial`` what
    was received of the body before it broke.
    """

    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        sent: bool = True,
        partial: bytes = b"",
        request: Request | None = None,
        attempts: tuple[Attempt, ...] = (),
        operation: str = "",
    ) -> None:
        super().__init__(message, operation=operation)
        self.sent = sent
        self.partial = partial
        self.request = request
        self.attempts = attempts


class ConnectError(TransportError):
    """No connection: the name does not resolve, the port refuses, the proxy says no. Nothing was sent."""


class TLSError(ConnectError):
    """The server's certificate or the TLS handshake was refused. Nothing was sent."""


class ConnectionLostError(TransportError):
    """The connection broke after sending had begun, or before the whole reply had come."""


class TimeoutExpiredError(TransportError, TimeoutError):
    """An attempt's time, or the deadline of the whole call, ran out."""

    exit_code = 6


class ProtocolError(TransportError):
    """What came back is not HTTP, or breaks it."""


class ReplyTooLargeError(TransportError):
    """The reply is larger than the client's bound, before or after unpacking."""


class RedirectError(TransportError):
    """A redirect that is not followed: a loop, too many, a downgrade, or one that would change the request."""


class _WithResponse(DynaclientError):
    def __init__(
        self,
        message: str,
        *,
        response: Response,
        request: Request | None = None,
        attempts: tuple[Attempt, ...] = (),
        operation: str = "",
    ) -> None:
        super().__init__(message, operation=operation)
        self.response = response
        self.request = request
        self.attempts = attempts

    @property
    def status_code(self) -> int:
        """The status of the reply."""
        return self.response.status

    @property
    def headers(self) -> Headers:
        """The headers of the reply."""
        return self.response.headers

    @property
    def request_id(self) -> str | None:
        """The id under which the service knows the call, from the usual headers, or None."""
        return self.response.request_id


class ReplyError(_WithResponse):
    """A reply came, but not one that the document promises. ``response`` holds all that was received.

    ``problems`` lists what is wrong; ``value`` is the decoded body, or None where it could not be decoded. ``item`` is the number, from 0, of the item of a
    stream that it is about, else None.
    """

    exit_code = 7

    def __init__(
        self,
        message: str,
        *,
        response: Response,
        problems: tuple[Problem, ...] = (),
        value: Any = None,
        item: int | None = None,
        request: Request | None = None,
        attempts: tuple[Attempt, ...] = (),
        operation: str = "",
    ) -> None:
        super().__init__(
            listed(message, problems, _LONGEST_REPLY),
            response=response,
            request=request,
            attempts=attempts,
            operation=operation,
        )
        self.problems = problems
        self.value = value
        self.item = item


class ReplyDecodeError(ReplyError):
    """The body is not what its media type says."""


class ReplyValidationError(ReplyError):
    """The body is well formed but breaks the document's schema, or what the document says about batches.

    ``rows`` is set if some results of a batch are bad and all else is good: from the number of each bad result, counted from 0 in the order of the inputs, to its
    problems. The results of ``value`` then stand in the order of the inputs, and those that are not in ``rows`` can be used.
    """

    def __init__(
        self, message: str, *, rows: Mapping[int, tuple[Problem, ...]] | None = None, response: Response, **more: Any
    ) -> None:
        super().__init__(message, response=response, **more)
        self.rows: Mapping[int, tuple[Problem, ...]] = rows or {}


class UndeclaredReplyError(ReplyError):
    """The service answered with a status or a media type that the document does not declare."""


class APIError(_WithResponse):
    """The service answered with a status of 4XX or 5XX, or with an error in a reply of 2XX.

    ``message`` is the service's own, where one of the usual error bodies carries it. ``body`` is the decoded body: plain
    data for JSON, text otherwise. ``retry_after`` is the seconds that the service asks to wait, or None. ``hint`` says what to do, where
    that is known; ``str`` of the error ends with it.

    ``code``, ``param`` and ``type`` are what the error body says under these names, or None: ``code`` as it came, a text or a number
    (``"context_length_exceeded"``, 502), ``param`` the parameter at fault, ``type`` the kind of error.

    ``status_code`` is always the status of the reply. If a reply of 2XX holds an error, that is 2XX: the class and ``code`` say which error it is.
    """

    exit_code = 8
    hint: str = ""
    code: str | int | None
    param: str | None
    type: str | None

    def __init__(
        self,
        message: str,
        *,
        response: Response,
        body: Any = None,
        detail: str = "",
        retry_after: float | None = None,
        code: str | int | None = None,
        param: str | None = None,
        type: str | None = None,
        request: Request | None = None,
        attempts: tuple[Attempt, ...] = (),
        operation: str = "",
    ) -> None:
        super().__init__(message, response=response, request=request, attempts=attempts, operation=operation)
        self.message = detail or message
        self.body = body
        self.retry_after = retry_after
        self.code, self.param, self.type = code, param, type

    @property
    def error_status(self) -> int:
        """The status that the error means: that of the reply, or the own code of an error in a reply of 2XX, if that is one."""
        code = str(self.code or "")
        own = int(code) if code.isascii() and code.isdigit() and len(code) == 3 else 0
        return own if self.status_code < 400 <= own < 600 else self.status_code


class BadRequestError(APIError):
    """400."""


class AuthenticationError(APIError):
    """401: the credential is missing, wrong or expired."""


class PermissionDeniedError(APIError):
    """403."""


class NotFoundError(APIError):
    """404."""


class ConflictError(APIError):
    """409."""


class UnprocessableEntityError(APIError):
    """422."""


class RateLimitError(APIError):
    """429: too many requests, or a quota used up."""

    exit_code = 9


class ServerError(APIError):
    """5XX."""

    exit_code = 10


_LONGEST_REPLY = 1200

BY_STATUS: Mapping[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}


def api_error_class(status: int) -> type[APIError]:
    """The class that a status of 4XX or 5XX raises."""
    return BY_STATUS.get(status) or (ServerError if status >= 500 else APIError)


def headline(error: ArgumentError) -> str:
    """What the message of an error says before its problems, or ""."""
    return error.message.removesuffix(listed("", error.problems)).removesuffix(": ")


def blamed(operation: str, count: int) -> str:
    """The head of an error about the arguments of an operation; several problems follow below it, one beside it."""
    return operation if count == 1 else f"{operation}: {count} problems with its arguments"


def listed(message: str, problems: tuple[Problem, ...], longest: int = 8000) -> str:
    """The message with its problems below it, one a line; a single one goes on the same line.

    Beyond ``longest`` characters the rest is counted only: the error's ``problems`` holds them all.
    """
    if not problems:
        return message
    if len(problems) == 1:
        return f"{message}: {problems[0]}" if message else str(problems[0])
    lines: list[str] = []
    for number, problem in enumerate(problems):
        line = f"\n  - {problem}"
        longest -= len(line)
        if lines and longest < 0:
            lines.append(f"\n  - and {len(problems) - number:,} more, in `problems` of this error")
            break
        lines.append(line)
    return message + ":" + "".join(lines)
