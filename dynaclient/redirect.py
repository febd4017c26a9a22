"""Where a redirect leads: pure, a request and its reply in, the next request out (RFC 9110, 15.4)."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

from dynaclient.errors import RedirectError
from dynaclient.frozen import evolve
from dynaclient.wire import Request, Response, Upload, is_secret_name

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 10

# What may follow to another origin. Everything else may be a credential, whatever it is called.
_SAFE_HEADERS = frozenset(
    {
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "content-encoding",
        "content-language",
        "content-type",
        "traceparent",
        "tracestate",
        "user-agent",
    }
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def next_request(request: Request, response: Response, visited: tuple[tuple[str, str], ...] = ()) -> Request | None:
    """The request that a redirect asks for, or None where the reply is none (no redirect status, or no ``Location``).

    Parameters
    ----------
    request:
        What was sent.
    response:
        What came back.
    visited:
        ``(method, url)`` of every request of this chain, this one included.

    Raises
    ------
    RedirectError
        For a loop, more than ten hops, a step from https to http, another scheme, user information in the ``Location``, a 301 or 302
        to a method other than GET or HEAD, since clients disagree on what to send then, and a body that would have to be sent again and
        cannot be.

    307 and 308 keep method and body, 303 becomes GET without a body (HEAD stays HEAD). To another origin (scheme, host and port) go
    only headers that cannot be credentials; nothing is ever added to the new address.
    """
    if response.status not in REDIRECT_STATUSES or "location" not in response.headers:
        return None
    location = response.headers.get_all("location")[0].strip()
    origin, target = _resolve(request, location)
    method, body = _method_and_body(request, response.status, origin + target)
    if request.origin.lower().startswith("https:") and origin.startswith("http:"):
        raise RedirectError(f"{_at(request)} redirects from https to http ({origin}), which is not followed")
    following = evolve(
        request, method=method, origin=origin, target=target, body=body, headers=_headers(request, origin, body)
    )
    if (method, following.url) in visited:
        raise RedirectError(f"{_at(request)} redirects in a loop: {following.redacted().url} was asked before")
    if len(visited) > MAX_REDIRECTS:
        raise RedirectError(f"{_at(request)} redirects more than {MAX_REDIRECTS} times")
    return following


def _at(request: Request) -> str:
    return f"{request.method} {request.redacted().url}"


def _resolve(request: Request, location: str) -> tuple[str, str]:
    """Origin and target of a ``Location`` (RFC 3986, 5.2; RFC 9110, 10.2.2), its fragment dropped."""
    try:
        parts = urlsplit(urljoin(request.url, location))
        port = parts.port
        host = parts.hostname
    except ValueError:
        raise RedirectError(f"{_at(request)} redirects to an address that cannot be read") from None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise RedirectError(
            f"{_at(request)} redirects to an address of the scheme {parts.scheme[:20]!r}; only http and https are followed"
        )
    if "@" in parts.netloc:
        raise RedirectError(
            f"{_at(request)} redirects to an address with user information in it, which is not followed"
        )
    origin = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}"
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        origin += f":{port}"
    if same_origin(origin, request.origin):
        return request.origin, _target(parts.path, parts.query)
    ours = _secret_parts(request)
    return origin, _target(parts.path, "&".join(part for part in parts.query.split("&") if part not in ours))


def _target(path: str, query: str) -> str:
    # Header values arrive as Latin-1; what is not allowed in a URL is encoded byte by byte, what is encoded stays.
    return quote(
        (path or "/") + (f"?{query}" if query else ""),
        safe="/?:@!$&'()*+,;=%~[]-._",
        encoding="latin-1",
        errors="replace",
    )


def _secret_parts(request: Request) -> set[str]:
    """The query parameters of a request that carry a credential, whole: a server may echo them into a Location."""
    parts = request.target.partition("?")[2].split("&")
    names = {part: part.partition("=")[0].lower() for part in parts}
    return {part for part, name in names.items() if name in request.secret_names or is_secret_name(name)}


def _method_and_body(request: Request, status: int, url: str) -> tuple[str, bytes | Upload | None]:
    if status == 303:
        return ("HEAD" if request.method == "HEAD" else "GET"), None
    shown = evolve(request, origin="", target=url).redacted().target
    if isinstance(request.body, Upload) and request.body.spent:
        raise RedirectError(
            f"{_at(request)} answered {status} with the new location {shown}, but its body can be read only once and has been sent. "
            "Give the base of that URL as server=, or a body that can be read again."
        )
    if status in (301, 302) and request.method not in ("GET", "HEAD"):
        raise RedirectError(
            f"{_at(request)} answered {status} with the new location {shown}; a {request.method} is not sent there by itself. "
            "If that is right, give its base URL as server=."
        )
    return request.method, request.body


def _headers(request: Request, origin: str, body: bytes | Upload | None) -> dict[str, str]:
    headers = dict(request.headers)
    if body is None:
        headers = {name: value for name, value in headers.items() if not name.lower().startswith("content-")}
    if origin == request.origin:
        return headers
    return {name: value for name, value in headers.items() if _is_safe(name, request.secret_names)}


def _is_safe(name: str, secret_names: frozenset[str]) -> bool:
    lower = name.lower()
    return lower in _SAFE_HEADERS and lower not in secret_names and not is_secret_name(lower)


def same_origin(one: str, other: str) -> bool:
    """Whether two origins have the same scheme, host and port, default ports filled in (RFC 6454, 5)."""
    return _triple(one) == _triple(other)


def _triple(origin: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(origin)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
