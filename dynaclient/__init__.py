"""dynaclient: an OpenAPI document becomes a client at run time.

::

    import dynaclient

    with dynaclient.Client(server="local") as client:
        reply = client.embeddings.create(input="The quick brown fox", model="hash-384")
        reply.data[0].embedding
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynaclient.version import VERSION

if TYPE_CHECKING:
    from dynaclient.aio import AsyncIterate
    from dynaclient.aio.rows import AsyncMapResults
    from dynaclient.auth import Digest, OAuth2ClientCredentials, OAuth2Password, OAuth2Refresh
    from dynaclient.bulk.batchcall import BatchCall
    from dynaclient.bulk.mapping import MapResults
    from dynaclient.bulk.summary import Summary
    from dynaclient.bundled import AsyncClient, BundledAsyncClient, BundledClient, Client
    from dynaclient.call import Call
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
    from dynaclient.facts import AttemptFacts, CallFacts, ReplyFacts, RequestFacts
    from dynaclient.login import login, logout
    from dynaclient.observe import Observer
    from dynaclient.openapi.model import RetryPolicy
    from dynaclient.openapi.normal import OMIT
    from dynaclient.openapi.parts import File, Part
    from dynaclient.result import Result
    from dynaclient.save import Saved
    from dynaclient.stream import ItemStream
    from dynaclient.value import Record, Vector, plain
    from dynaclient.wire import Attempt, Headers, Request, Response, Timeout, Upload
    from dynaclient.world import World


__version__ = VERSION

__all__ = [
    "OMIT",
    "APIError",
    "ArgumentError",
    "AsyncClient",
    "AsyncIterate",
    "AsyncMapResults",
    "Attempt",
    "AttemptFacts",
    "AuthenticationError",
    "BadRequestError",
    "BatchCall",
    "BundledAsyncClient",
    "BundledClient",
    "Call",
    "CallFacts",
    "Client",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "CredentialsError",
    "Digest",
    "DynaclientError",
    "File",
    "Headers",
    "ItemStream",
    "MapResults",
    "NotFoundError",
    "OAuth2ClientCredentials",
    "OAuth2Password",
    "OAuth2Refresh",
    "Observer",
    "Part",
    "PermissionDeniedError",
    "Problem",
    "ProtocolError",
    "RateLimitError",
    "Record",
    "RedirectError",
    "ReplyDecodeError",
    "ReplyError",
    "ReplyFacts",
    "ReplyTooLargeError",
    "ReplyValidationError",
    "Request",
    "RequestFacts",
    "Response",
    "Result",
    "RetryPolicy",
    "Saved",
    "ServerError",
    "SpecError",
    "Summary",
    "TLSError",
    "Timeout",
    "TimeoutExpiredError",
    "TransportError",
    "UndeclaredReplyError",
    "UnprocessableEntityError",
    "UnsupportedError",
    "Upload",
    "Vector",
    "World",
    "login",
    "logout",
    "plain",
]

# Names are imported when they are first used, so that the shell command starts fast (PEP 562).
_HOME = {
    name: module
    for module, names in {
        "dynaclient.call": ("Call",),
        "dynaclient.bulk.batchcall": ("BatchCall",),
        "dynaclient.bulk.mapping": ("MapResults",),
        "dynaclient.bulk.summary": ("Summary",),
        "dynaclient.bundled": ("BundledAsyncClient", "BundledClient"),
        "dynaclient.aio": ("AsyncClient", "AsyncIterate"),
        "dynaclient.aio.rows": ("AsyncMapResults",),
        "dynaclient.auth": ("Digest", "OAuth2ClientCredentials", "OAuth2Password", "OAuth2Refresh"),
        "dynaclient.login": ("login", "logout"),
        "dynaclient.facts": ("AttemptFacts", "CallFacts", "ReplyFacts", "RequestFacts"),
        "dynaclient.observe": ("Observer",),
        "dynaclient.openapi.parts": ("File", "Part"),
        "dynaclient.result": ("Result",),
        "dynaclient.save": ("Saved",),
        "dynaclient.stream": ("ItemStream",),
        "dynaclient.world": ("World",),
        "dynaclient.client": ("Client",),
        "dynaclient.openapi.model": ("RetryPolicy",),
        "dynaclient.openapi.normal": ("OMIT",),
        "dynaclient.value": ("Record", "Vector", "plain"),
        "dynaclient.wire": ("Attempt", "Headers", "Request", "Response", "Timeout", "Upload"),
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
    return sorted(__all__)
