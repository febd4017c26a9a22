"""What goes over the wire and what is known of it: frozen values, no IO."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable
from urllib.parse import unquote

from dynaclient.errors import ArgumentError
from dynaclient.frozen import Struct, evolve, field, force_setattr

REDACTED = "[redacted]"

# Names that carry a credential wherever they stand; whole names, and parts of names.
_SECRET_NAMES = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "key", "sig", "signature"})
_SECRET_PARTS = (
    "api-key",
    "api_key",
    "apikey",
    "token",
    "secret",
    "password",
    "passwd",
    "access-key",
    "access_key",
    "accesskey",
    "signature",
    "auth",
)
_SCHEMES = frozenset({"bearer", "basic", "digest", "token", "apikey"})
_REQUEST_IDS = ("x-request-id", "request-id", "x-amzn-requestid", "x-correlation-id", "x-trace-id", "cf-ray")


def is_secret_name(name: str) -> bool:
    """Whether a header, query or cookie of this name usually carries a credential."""
    lower = name.lower()
    return lower in _SECRET_NAMES or any(part in lower for part in _SECRET_PARTS)


class Headers(Mapping[str, str]):
    """Header fields: looked up without regard to case, kept in order and as they came.

    Several fields of one name are joined by ``", "`` (RFC 9110, 5.3); ``get_all`` gives them apart.
    """

    __slots__ = ("_index", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> None:
        self.pairs: tuple[tuple[str, str], ...] = tuple(pairs.items() if isinstance(pairs, Mapping) else pairs)
        self._index: dict[str, str] | None = None

    def _lookup(self) -> dict[str, str]:
        if self._index is None:
            index: dict[str, str] = {}
            for name, value in self.pairs:
                lower = name.lower()
                index[lower] = f"{index[lower]}, {value}" if lower in index else value
            self._index = index
        return self._index

    def __getitem__(self, name: str) -> str:
        return self._lookup()[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lookup())

    def __len__(self) -> int:
        return len(self._lookup())

    def get_all(self, name: str) -> list[str]:
        """The values of every field of this name, in order."""
        lower = name.lower()
        return [value for key, value in self.pairs if key.lower() == lower]

    def __repr__(self) -> str:
        shown = {name: REDACTED if is_secret_name(name) else value for name, value in self.items()}
        return f"Headers({shown!r})"

    def __reduce__(self) -> Any:
        return Headers, (self.pairs,)


class _Once:
    """The pieces of a body that can be had once only, and whether they have been asked for."""

    __slots__ = ("chunks", "started")

    def __init__(self, chunks: Callable[[], Iterator[bytes]]) -> None:
        self.chunks = chunks
        self.started = False

    def __call__(self) -> Iterator[bytes]:
        if self.started:
            raise ArgumentError(
                "the body was read before and cannot be read again; make a new one for each call, or give bytes or a file"
            )
        self.started = True
        return self.chunks()


def _not_kept() -> Iterator[bytes]:
    raise ArgumentError("the content of this body was not kept when it was pickled; make the body anew")


class Upload(Struct, frozen=True):
    """A body that is read piece by piece while it is sent, so that its size does not matter.

    Parameters
    ----------
    chunks:
        Gives the pieces, each of any size; called once for every time the body is sent.
    length:
        Of all pieces together, bytes; the body must then have exactly this length. None: unknown, the body is sent in chunks (RFC 9112, 7.1).
    replayable:
        Whether ``chunks`` gives the same pieces each time. False: it is called once only, and the request is not sent a second time.
    progress:
        Called after each piece with the bytes that were handed to the network so far; where the body is sent again, they begin anew.

    Pickling keeps the description, not the content.
    """

    chunks: Callable[[], Iterator[bytes]]
    length: int | None = None
    replayable: bool = True
    progress: Callable[[int], object] | None = None

    def __post_init__(self) -> None:
        if not self.replayable and not isinstance(self.chunks, _Once):
            force_setattr(self, "chunks", _Once(self.chunks))

    @property
    def spent(self) -> bool:
        """Whether the body was begun and cannot be had again."""
        return isinstance(self.chunks, _Once) and self.chunks.started

    def read(self) -> bytes:
        """The whole body at once, for those who need it in memory."""
        return b"".join(self.chunks())

    def __repr__(self) -> str:
        size = "of unknown length" if self.length is None else f"{self.length} bytes"
        return f"<Upload, {size}{'' if self.replayable else ', once only'}>"

    def __reduce__(self) -> Any:
        return Upload, (_not_kept, self.length)


class Request(Struct, frozen=True):
    """One request, ready to send.

    Parameters
    ----------
    method:
        The method, upper case.
    origin:
        Scheme, host and port: ``https://api.example.com`` or ``http://127.0.0.1:8080``; no path, no slash at the end.
    target:
        Path and query, as sent, percent-encoded: ``/v1/embeddings?a=1``.
    headers:
        The fields to send. Those that the transport adds itself (Host, Content-Length) are not among them.
    body:
        The whole body, a body to be read while it is sent, or None.
    secret_names:
        Lower-case names of headers, query parameters and cookies that carry a credential; ``redacted`` hides their values.
    """

    method: str
    origin: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Upload | None = None
    secret_names: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        """The absolute URL."""
        return self.origin + self.target

    def redacted(self) -> Request:
        """The same request with every credential in headers and query replaced by ``[redacted]``."""
        headers = {name: _hidden(value) if self._is_secret(name) else value for name, value in self.headers.items()}
        return evolve(self, headers=headers, target=self._redacted_target())

    def _is_secret(self, name: str) -> bool:
        return name.lower() in self.secret_names or is_secret_name(name)

    def _redacted_target(self) -> str:
        path, mark, query = self.target.partition("?")
        if not mark:
            return path
        parts = []
        for part in query.split("&"):
            name, equals, _ = part.partition("=")
            parts.append(f"{name}={REDACTED}" if equals and self._is_secret(unquote(name)) else part)
        return f"{path}?{'&'.join(parts)}"

    def __repr__(self) -> str:
        safe = self.redacted()
        size = f"{len(self.body)} bytes" if isinstance(self.body, bytes) else repr(self.body or "no body").strip("'")
        return f"<Request {self.method} {safe.url} {dict(safe.headers)!r}, {size}>"

    def __reduce__(self) -> Any:
        safe = self.redacted()
        return Request, (safe.method, safe.origin, safe.target, dict(safe.headers), safe.body, safe.secret_names)


def _hidden(value: str) -> str:
    """A secret field's value as it may be shown: the authentication scheme stays (RFC 9110, 11.4), the credential goes."""
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {REDACTED}" if space and scheme.lower() in _SCHEMES else REDACTED


class Response(Struct, frozen=True):
    """One whole reply.

    ``body`` is unpacked (RFC 9110, 8.4: content codings undone) and bounded in size by the transport. ``url`` is where it came from after redirects, without secrets;
    ``elapsed`` is seconds from sending to the last byte.
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    reason: str = ""
    url: str = ""
    elapsed: float = 0.0

    @property
    def request_id(self) -> str | None:
        """The id under which the service knows the call, from the usual headers, or None."""
        headers = self.headers
        return next((headers[name] for name in _REQUEST_IDS if name in headers), None)

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.headers.get('content-type', 'no type')}, {len(self.body)} bytes>"


@runtime_checkable
class Stream(Protocol):
    """A reply whose head has come and whose body is read as it comes. One thread reads; any thread may close.

    Iterating gives the body's blocks, content codings undone, each as soon as it has come; the end of the iteration is the end of the body.
    Whatever goes wrong on the way is a ``TransportError``; reading on after ``close`` is a ``ConnectionLostError``.
    """

    @property
    def status(self) -> int:
        """The status of the reply."""
        ...

    @property
    def headers(self) -> Headers:
        """The headers of the reply."""
        ...

    @property
    def url(self) -> str:
        """Where the reply comes from, after redirects, without secrets."""
        ...

    @property
    def reason(self) -> str:
        """The words of the status line."""
        ...

    def __iter__(self) -> Iterator[bytes]: ...

    def __enter__(self) -> Stream: ...

    def __exit__(self, *exc_info: object) -> None: ...

    def read(self, deadline: float | None = None) -> bytes:
        """The rest of the body, bounded in size as a whole reply is, and by a time on the monotonic clock where one is given."""
        ...

    def close(self) -> None:
        """Let go: the connection is kept for the next request where the body has been read to its end, else closed. A read that
        another thread waits in ends at once. Closing twice is nothing.
        """
        ...


class Attempt(Struct, frozen=True):
    """What became of one attempt.

    ``number`` counts from 1; ``status`` is None when no reply came, then ``error`` says why, as it does of an error in a
    reply of 2XX; ``elapsed`` and ``delay`` are seconds: what the attempt took, and the wait after it (None: no further
    attempt followed). ``retry_after`` is what the service asked to wait, in seconds. ``final`` says why the call ended
    here although the policy retries such an outcome: "" otherwise.
    """

    number: int
    status: int | None = None
    error: str | None = None
    elapsed: float = 0.0
    delay: float | None = None
    retry_after: float | None = None
    final: str = ""


class Timeout(Struct, frozen=True):
    """How long to wait, in seconds.

    ``connect`` and ``read`` hold for one attempt (``read``: between two bytes), ``attempt`` for one attempt as a whole, ``total`` for the whole call,
    its retries and waits included. ``attempt`` None: no bound of its own. ``total`` None: the retry policy's ``max_elapsed_time`` where retries are declared,
    else ten minutes. A reply that is read as a stream is bound by ``attempt`` and by the default of ``total`` until its head has come; from then on
    by ``read``, and by ``total`` where it was given. Looking up a host's name is the system's doing and takes as long as the system lets
    it (on Linux ``options timeout`` and ``attempts`` of resolv.conf): no bound holds for it, since nothing can end it.
    """

    connect: float = 5.0
    read: float = 60.0
    total: float | None = None
    attempt: float | None = None
