"""Documents by URL: fetched through the same transport as calls, without credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dynaclient.errors import SpecError
from dynaclient.openapi.model import RetryPolicy
from dynaclient.source import Document, load
from dynaclient.transport import Transport, deliver
from dynaclient.wire import Request, Timeout

if TYPE_CHECKING:
    from dynaclient.source.amend import OverlaySource

_TIMEOUT = Timeout(connect=5.0, read=30.0, total=120.0)
_ACCEPT = "application/vnd.oai.openapi+json, application/vnd.oai.openapi, application/json, application/yaml, */*;q=0.5"


def fetcher(transport: Transport) -> Callable[[str], tuple[bytes, str, str]]:
    """What `dynaclient.source.load` takes as ``fetch``: a URL -> its bytes, the URL after redirects, its Content-Type.

    Raises
    ------
    SpecError
        From the fetcher, where the URL makes no sense or the server answers with an error; a TransportError where it does not answer.
    """

    def fetch(url: str) -> tuple[bytes, str, str]:
        parts = urlsplit(url)
        if parts.username or parts.password:
            raise SpecError(
                "a URL with a user or password in it is refused", source=f"{parts.scheme}://{parts.hostname}"
            )
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        request = Request("GET", f"{parts.scheme}://{parts.netloc}", target, {"Accept": _ACCEPT})
        response, _ = deliver(transport, request, RetryPolicy(), _TIMEOUT)
        if response.status != 200:
            raise SpecError(
                f"the server answered {response.status} {response.reason}".rstrip(), source=request.redacted().url
            )
        return response.body, response.url or url, response.headers.get("content-type", "")

    return fetch


def open_document(
    spec: Any, make_transport: Callable[[], Transport], *, cache: bool = True, overlays: Iterable[OverlaySource] = ()
) -> Document:
    """The document behind whatever a caller may name: a Document as it is, a URL fetched, all else loaded; overlays applied.

    Parameters
    ----------
    spec:
        What `dynaclient.source.load` takes, or a Document.
    make_transport:
        Makes the transport by which a URL is fetched; it is closed afterwards.
    cache:
        Whether the parsed form may be kept in the user's cache folder.
    overlays:
        What is applied to it, in order: see `dynaclient.source.amend.amended`.

    Raises
    ------
    SpecError
        Where the document or an overlay cannot be read.
    TransportError
        Where its server does not answer.
    """
    document = _opened(spec, make_transport, cache=cache)
    if not overlays:
        return document
    from dynaclient.source.amend import amended

    return amended(document, overlays)


def _opened(spec: Any, make_transport: Callable[[], Transport], *, cache: bool) -> Document:
    if isinstance(spec, Document):
        return spec
    if not (isinstance(spec, str) and spec.lower().startswith(("http://", "https://")) and "\n" not in spec):
        return load(spec, cache=cache)
    transport = make_transport()
    try:
        return load(spec, cache=cache, fetch=fetcher(transport))
    finally:
        transport.close()
