"""A document from its source: by URL with what the server said last time (RFC 9110, 13), or from a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dynaclient.errors import SpecError
from dynaclient.fetch import fetcher
from dynaclient.openapi.model import RetryPolicy
from dynaclient.source import DEFAULT_LIMITS, Document, load
from dynaclient.transport import Transport, deliver
from dynaclient.wire import Request, Response, Stream, Timeout

_TIMEOUT = Timeout(connect=5.0, read=30.0, total=120.0)
_ACCEPT = "application/vnd.oai.openapi+json, application/vnd.oai.openapi, application/json, application/yaml, */*;q=0.5"


@dataclass(frozen=True)
class Fetched:
    """What a source gave.

    ``document`` None: the server says that nothing changed since ``etag``. ``raw`` are the bytes of its first file; ``hops`` the URLs that were asked, one after
    another, without secrets; ``origin`` the last of them, or the path.
    """

    document: Document | None
    raw: bytes = field(repr=False, default=b"")
    origin: str = ""
    etag: str = ""
    modified: str = ""
    hops: tuple[str, ...] = ()


def is_url(source: str) -> bool:
    """Whether a source is a URL, not a path."""
    return source.lower().startswith(("http://", "https://"))


def new_transport() -> Transport:
    """What documents are fetched with: no reply is read beyond the bound on documents."""
    from dynaclient.transport.http import Urllib3Transport

    return Urllib3Transport(max_reply_bytes=DEFAULT_LIMITS.bytes)


class _Told:
    """A transport that notes what is asked of it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.hops: list[str] = []

    def send(self, request: Request, timeout: Timeout, deadline: float | None) -> Response:
        self.hops.append(request.redacted().url)
        return self._transport.send(request, timeout, deadline)

    def open(self, request: Request, timeout: Timeout, deadline: float | None, until: float | None = None) -> Stream:
        return self._transport.open(request, timeout, deadline, until)

    def close(self) -> None:
        self._transport.close()


def fetch_source(
    source: str, etag: str = "", modified: str = "", make_transport: Callable[[], Transport] = new_transport
) -> Fetched:
    """A document from its source.

    Parameters
    ----------
    source:
        A URL or a path.
    etag, modified:
        What the server said of the version that is there; ``""``: fetch it in any case.
    make_transport:
        Makes what a URL is fetched with; it is closed afterwards.

    Raises
    ------
    SpecError
        Where there is nothing, or no document.
    TransportError
        Where the server does not answer, or sends more than the bound.
    """
    if not is_url(source):
        document = load(source, cache=False)
        return Fetched(document, _raw(document), source)
    transport = _Told(make_transport())
    try:
        return _fetch(source, transport, {"If-None-Match": etag, "If-Modified-Since": modified})
    finally:
        transport.close()


def _fetch(url: str, transport: _Told, conditions: dict[str, str]) -> Fetched:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise SpecError("a URL with a user or password in it is refused", source=f"{parts.scheme}://{parts.hostname}")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields = {"Accept": _ACCEPT, **{name: value for name, value in conditions.items() if value}}
    request = Request("GET", f"{parts.scheme}://{parts.netloc}", target, fields)
    response, _ = deliver(transport, request, RetryPolicy(), _TIMEOUT)
    hops = tuple(dict.fromkeys(transport.hops))
    if response.status == 304 and len(fields) > 1:
        return Fetched(None, hops=hops)
    if response.status != 200:
        said = f"the server answered {response.status} {response.reason}".rstrip()
        raise SpecError(said, source=request.redacted().url)
    final = response.url or url
    others = fetcher(transport)

    def known(wanted: str) -> tuple[bytes, str, str]:
        if wanted == url:
            return response.body, final, response.headers.get("content-type", "")
        return others(wanted)

    document = load(url, cache=False, fetch=known)
    return Fetched(
        document,
        response.body,
        final,
        response.headers.get("etag", ""),
        response.headers.get("last-modified", ""),
        hops,
    )


def _raw(document: Document) -> bytes:
    return document.texts[document.source].raw


def stored(fetched: Fetched) -> bytes:
    """What is kept of a document: its file as it came, so that its lines stay the vendor's; where it has several, one that holds them all."""
    document = fetched.document
    if document is None or len(document.files) == 1:
        return fetched.raw
    from dynaclient.openapi.media import format_json

    return (format_json(document.data) + "\n").encode()
