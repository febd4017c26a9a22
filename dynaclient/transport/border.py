"""The border: every foreign exception becomes one of dynaclient's own, said so that people know what to do next."""

from __future__ import annotations

import errno
import re
import socket
import ssl
import zlib
from collections.abc import Mapping
from http import client as http
from typing import Any, NoReturn

from urllib3 import exceptions as urllib3
from urllib3.util.ssl_match_hostname import CertificateError

from dynaclient.errors import (
    ArgumentError,
    ConnectError,
    ConnectionLostError,
    DynaclientError,
    ProtocolError,
    ReplyTooLargeError,
    TimeoutExpiredError,
    TLSError,
    TransportError,
)
from dynaclient.frozen import Struct
from dynaclient.transport.reply import BodyTooLargeError, FramingError
from dynaclient.wire import Request

FOREIGN = (OSError, http.HTTPException, urllib3.HTTPError, ValueError, zlib.error)
"""What is translated. Anything else, a MemoryError say, is not the network's doing and passes unchanged."""


class Progress(Struct):
    """How far an attempt came, for the words and the class of its error.

    ``connected`` turns true when sending may begin; ``waited`` is the bound in force, in seconds; ``expired`` says that the deadline has
    passed; ``proxy`` is a proxy's address without user information, or ``""``; ``limit`` bounds the body, in bytes; ``partial`` is what came of the
    body, ``received`` how much came of one that is not kept; ``writing`` is true while a large body is sent; ``attempt`` is the time of
    an attempt as a whole, seconds, where one was given; ``theirs`` is what the caller's own code raised while it gave the body: it passes unchanged.
    """

    connected: bool = False
    waited: float = 0.0
    expired: bool = False
    proxy: str = ""
    limit: int = 0
    partial: bytes = b""
    received: int = 0
    writing: bool = False
    attempt: float | None = None
    theirs: BaseException | None = None


def fail(error: Exception, request: Request, progress: Progress) -> NoReturn:
    """Raise what `translate` makes of one of the `FOREIGN` exceptions."""
    if error is progress.theirs:
        raise error
    own = translate(error, request, progress)
    if own is error:
        raise own
    # A ValueError of http.client quotes the offending value, which may be a credential.
    raise own from (None if isinstance(error, ValueError) else error)


def translate(error: BaseException, request: Request, progress: Progress) -> DynaclientError:
    """The error of dynaclient's tree that says what a foreign exception means.

    Parameters
    ----------
    error:
        Whatever urllib3, http.client, ssl, socket, zlib or the codecs raised.
    request:
        What was being sent; only its origin, and the names of its headers, are told.
    progress:
        How far it came.
    """
    if isinstance(error, DynaclientError):
        return error
    cause = _innermost(error)
    if not progress.connected:
        return _before_sending(error, cause, request, progress)
    if isinstance(error, BodyTooLargeError):
        return ReplyTooLargeError(
            f"the reply of {request.origin} is larger than the bound of {progress.limit:,} bytes ({error}); "
            "ask for less, or raise max_reply_bytes"
        )
    if _is_timeout(cause):
        return _timeout(request, progress)
    partial, after = progress.partial, _after(progress)
    if isinstance(cause, http.RemoteDisconnected):
        return _lost(request, f"{cause}{after}", partial)
    if isinstance(cause, http.IncompleteRead):
        return _lost(request, f"the reply ended too early{after}", partial)
    if isinstance(cause, http.ImproperConnectionState):
        return _lost(request, "the connection was not ready", partial)
    if isinstance(cause, OSError):
        return _lost(request, f"{_reason(cause)}{after}", partial)
    return _protocol(cause, request, progress)


def _before_sending(
    error: BaseException, cause: BaseException, request: Request, progress: Progress
) -> DynaclientError:
    """Nothing was sent: the address, the name, the connection, the handshake or the proxy."""
    where = f"{request.origin} through the proxy {progress.proxy}" if progress.proxy else request.origin
    if isinstance(cause, ssl.SSLError | CertificateError) or isinstance(error, urllib3.SSLError):
        return _tls(cause, where)
    if isinstance(cause, ValueError | urllib3.LocationValueError | http.InvalidURL):
        shown = re.sub(r"//[^/]*@", "//", request.origin)
        return ArgumentError(f"{shown!r} is not an address that can be connected to; check server=")
    if _is_timeout(cause) or _is_connect_timeout(cause):
        after = f"before {_whose(progress)}" if progress.expired else f"within {progress.waited:.3g} s"
        return TimeoutExpiredError(f"no connection to {where} {after}; check the address or raise timeout", sent=False)
    if isinstance(cause, socket.gaierror):
        name = progress.proxy or request.origin
        text = f"the host of {name} cannot be resolved: {_reason(cause)}; check the name and the network"
        return ConnectError(text, sent=False)
    return ConnectError(f"cannot connect to {where}: {_reason(cause)}; {_advice(cause, progress)}", sent=False)


def _is_connect_timeout(cause: BaseException) -> bool:
    return isinstance(cause, urllib3.TimeoutError) and not isinstance(cause, urllib3.NewConnectionError)


_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")


def _tls(cause: BaseException, where: str) -> TransportError:
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = getattr(cause, "verify_message", "") or "not valid"
        return TLSError(
            f"the certificate of {where} is not trusted: {reason}; for a private authority give ca_bundle=", sent=False
        )
    if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return ConnectError(f"{where} closed the connection during the TLS handshake", sent=False)
    reason = getattr(cause, "reason", None) or _reason(cause)
    hint = "; does it speak http:// only?" if reason in _NOT_TLS else ""
    return TLSError(f"the TLS handshake with {where} failed: {reason}{hint}", sent=False)


def _timeout(request: Request, progress: Progress) -> TransportError:
    after = _after(progress)
    if progress.expired:
        text = f"{_whose(progress)} ran out while waiting for {request.origin}{after}; raise timeout"
    elif progress.writing:
        text = (
            f"{request.origin} took nothing of the body for {progress.waited:.3g} s; raise timeout if it needs longer"
        )
    else:
        text = f"{request.origin} sent nothing for {progress.waited:.3g} s{after}; raise timeout if it needs longer"
    return TimeoutExpiredError(text, partial=progress.partial)


def _lost(request: Request, reason: str, partial: bytes) -> TransportError:
    return ConnectionLostError(f"the connection to {request.origin} broke: {reason}", partial=partial)


def _protocol(cause: BaseException, request: Request, progress: Progress) -> TransportError:
    """What is left, once sending began, is a reply that is no HTTP or no packed data."""
    if isinstance(cause, zlib.error | urllib3.DecodeError):
        what = "its body is not packed as its Content-Encoding says, or ends too early"
    elif isinstance(cause, http.BadStatusLine):
        what = f"it begins with {str(cause)[:40]!r}; does a server for HTTP/1.1 listen there?"
    elif isinstance(cause, http.LineTooLong | FramingError):
        what = str(cause)
    else:
        what = f"{type(cause).__name__} while reading it"
    return ProtocolError(f"the reply of {request.origin} is not proper HTTP: {what}", partial=progress.partial)


def _innermost(error: BaseException) -> BaseException:
    """The exception that urllib3 has wrapped, where it has."""
    for _ in range(8):
        inner = next((arg for arg in (*error.args, error.__cause__) if isinstance(arg, BaseException)), None)
        if inner is None or not isinstance(error, urllib3.HTTPError):
            return error
        error = inner
    return error


def _is_timeout(cause: BaseException) -> bool:
    if isinstance(cause, TimeoutError | urllib3.ReadTimeoutError):
        return True
    return isinstance(cause, OSError) and cause.errno in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ETIMEDOUT)


def _reason(cause: BaseException) -> str:
    """The system's words without numbers, objects or addresses."""
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    text = str(cause)
    if isinstance(cause, http.RemoteDisconnected) or text.startswith("Tunnel connection failed"):
        return text[:120].lower()
    return type(cause).__name__


def _advice(cause: BaseException, progress: Progress) -> str:
    if "407" in _reason(cause):
        return "give the proxy's user and password in its URL"
    return "check the proxy" if progress.proxy else "does a server listen there?"


def _whose(progress: Progress) -> str:
    return (
        "the call's deadline"
        if progress.attempt is None
        else f"the {progress.attempt:g} s of the attempt, or the call's deadline,"
    )


def _after(progress: Progress) -> str:
    count = len(progress.partial) or progress.received
    return f" after {count:,} bytes of the body" if count else ""


# --- what cannot be put on the wire

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_BAD_VALUE = re.compile(r"[^\t\x20-\x7e\x80-\xff]").search
_BAD_TARGET = re.compile(r"[^\x21-\x7e]").search
_OWN_HEADERS = ("content-length", "transfer-encoding")


def unsendable(request: Request) -> ArgumentError | None:
    """What of a request cannot be put on the wire, or None. Values are never told: they may be credentials."""
    if not _TOKEN(request.method):
        return ArgumentError(f"{request.method[:40]!r} is not a method (RFC 9110, 9.1)")
    if _BAD_TARGET(request.target):
        return ArgumentError(
            "the path or query holds a space, a control character or one beyond ASCII; percent-encode it"
        )
    headers: Mapping[Any, Any] = request.headers
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            return ArgumentError(f"the header {str(name)[:60]!r} must be text, not {type(value).__name__}")
        if not _TOKEN(name):
            return ArgumentError(f"{name[:60]!r} is not the name of a header (RFC 9110, 5.1)")
        if _BAD_VALUE(value):
            return ArgumentError(
                f"the value of the header {name!r} holds a line break, a control character or one beyond Latin-1; remove it"
            )
        if name.lower() in _OWN_HEADERS:
            return ArgumentError(f"the header {name!r} is set by the transport; leave it out")
    return None
