"""dynaclient: an OpenAPI document becomes a client at run time.

::

    import dynaclient

    with dynaclient.Client(server="local") as client:
        reply = client.embeddings.create(input="The quick brown fox", model="hash-384")
        reply.data[0].embedding
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynaclient.version import VERSION as __version__

if TYPE_CHECKING:
    from dynaclient.call import Call, Result
    from dynaclient.client import Client
    from dynaclient.errors import (
        APIError,
        ArgumentError,
        AuthenticationError,
        BadRequestError,
        ConflictError,
        ConnectError,
        ConnectionLostError,
        CredentialsError,
        DynaclientError,
        NotFoundError,
        PermissionDeniedError,
        Problem,
        ProtocolError,
        RateLimitError,
        RedirectError,
        ReplyDecodeError,
        ReplyError,
        ReplyTooLargeError,
        ReplyValidationError,
        ServerError,
        SpecError,
        TimeoutExpiredError,
        TLSError,
        TransportError,
        UndeclaredReplyError,
        UnprocessableEntityError,
        UnsupportedError,
    )
    from dynaclient.openapi.model import RetryPolicy
    from dynaclient.openapi.normal import OMIT
    from dynaclient.value import Record, Vector, plain
    from dynaclient.wire import Attempt, Headers, Request, Response, Timeout


__all__ = [
    "OMIT",
    "APIError",
    "ArgumentError",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "Call",
    "Client",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "CredentialsError",
    "DynaclientError",
    "Headers",
    "NotFoundError",
    "PermissionDeniedError",
    "Problem",
    "ProtocolError",
    "RateLimitError",
    "Record",
    "RedirectError",
    "ReplyDecodeError",
    "ReplyError",
    "ReplyTooLargeError",
    "ReplyValidationError",
    "Request",
    "Response",
    "Result",
    "RetryPolicy",
    "ServerError",
    "SpecError",
    "TLSError",
    "Timeout",
    "TimeoutExpiredError",
    "TransportError",
    "UndeclaredReplyError",
    "UnprocessableEntityError",
    "UnsupportedError",
    "Vector",
    "plain",
]

# Names are imported when they are first used, so that the shell command starts fast (PEP 562).
_HOME = {
    name: module
    for module, names in {
        "dynaclient.call": ("Call", "Result"),
        "dynaclient.client": ("Client",),
        "dynaclient.openapi.model": ("RetryPolicy",),
        "dynaclient.openapi.normal": ("OMIT",),
        "dynaclient.value": ("Record", "Vector", "plain"),
        "dynaclient.wire": ("Attempt", "Headers", "Request", "Response", "Timeout"),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME.get(name, "dynaclient.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
