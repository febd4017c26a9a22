"""A call that is not sent: the request of a dry run, and the line for curl. No credential is printed, and one that is missing is told."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dynaclient.cli import messages

if TYPE_CHECKING:
    from dynaclient.auth import Need
    from dynaclient.call import Call
    from dynaclient.cli.said import Settings
    from dynaclient.client import Client
    from dynaclient.openapi.model import Operation
    from dynaclient.openapi.server import Target
    from dynaclient.wire import Request, Upload


def shown_request(client: Client, call: Call, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A request that was not sent: ``method``, ``url``, ``headers``, ``body`` (JSON as values, else text, else base64; of one that is
    read while it is sent, the size). In the place of a credential that is missing or cannot be used stands what to do.
    """
    request = call.request(**arguments)
    headers = dict(request.headers)
    for need, state, what in wanting(client, call):
        messages.warning(f"the credential of {need.scheme.name!r} is {state}, and the call would not be sent: {what}")
        field = _field(need)
        if field:
            for name in [name for name in headers if name.lower() == field.lower()]:
                del headers[name]
            headers[field] = f"[{state}: {what}]"
    return {
        "method": request.method,
        "url": request.url,
        "headers": headers,
        "body": None if request.body is None else _shown_body(request.body, _type_of(request)),
    }


def _type_of(request: Request) -> str:
    return next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")


def wanting(client: Client, call: Call) -> Iterator[tuple[Need, str, str]]:
    """The credentials that a call lacks: each with what is wrong (``missing``, ``empty``, ``unusable``), and what to do."""
    core, operation = client._core, call.operation
    way = core.way(operation, client._options)
    for need in core.needs(operation, way, placeholder=True):
        if need.source == "nowhere":
            yield need, "missing", _way(need, way.target)
        elif isinstance(need.credential, str) and not need.credential.strip():
            yield need, "empty", _way(need, way.target)
        elif isinstance(need.credential, str) and not _usable(need):
            yield need, "unusable", "it holds characters that cannot stand there"


def _usable(need: Need) -> bool:
    """Whether a text can be sent as a credential. Functions are not called for it, and no token is fetched."""
    from dynaclient import auth
    from dynaclient.errors import CredentialsError
    from dynaclient.wire import Request

    try:
        auth.apply((need,), Request("GET", "http://host", "/", {}))
    except CredentialsError:
        return False
    return True


def _way(need: Need, place: Target) -> str:
    from dynaclient import auth

    known = auth.variables(need.scheme, place.id)
    ways = [f"set {known[0]}"] if known else []
    if need.scheme.type == "mutualTLS":
        ways.append("pass --cert FILE")
    elif auth.is_bearer(need.scheme):
        ways.append("pass --bearer-auth TOKEN")
    else:
        ways.append(f"pass --credential {need.scheme.name}=@FILE")
    return " or ".join(ways)


def _field(need: Need) -> str:
    """The header field in which a credential stands, ``""`` where it stands elsewhere."""
    scheme = need.scheme
    if scheme.type == "apiKey":
        return {"header": scheme.parameter.partition(":")[0], "cookie": "Cookie"}.get(scheme.location, "")
    return "" if scheme.type == "mutualTLS" else "Authorization"


def _shown_body(body: bytes | Upload, content_type: str) -> Any:
    from dynaclient.openapi.media import decode_json, is_json

    if not isinstance(body, bytes):
        return {"bytes": body.length}
    if is_json(content_type):
        try:
            return decode_json(body)
        except ValueError:
            pass
    try:
        return body.decode()
    except UnicodeDecodeError:
        from base64 import b64encode

        return {"base64": b64encode(body).decode()}


def shown_curl(client: Client, call: Call, arguments: Mapping[str, Any], settings: Settings) -> str:
    """The call as a line for curl, with what the settings say of the way: proxy, certificates, time."""
    line = call.curl(**arguments)
    for need, state, what in wanting(client, call):
        messages.warning(f"the credential of {need.scheme.name!r} is {state}: {what}")
    begin, _, rest = line.partition(" -sS")
    return " ".join([begin, "-sS", *_curl_options(settings)]) + rest


def shown_as(
    operation: Operation, document: Mapping[str, Any], arguments: Mapping[str, Any], settings: Settings
) -> str:
    """The call as a Python program or as a shell line."""
    from dynaclient.cli.connect import query
    from dynaclient.openapi import snippets
    from dynaclient.options import shown_server

    asked, server = query(settings), shown_server(settings.server)
    if asked:
        arguments = {**arguments, "query": asked}
    if settings.written_as == "python":
        return snippets.python(operation, arguments, spec=settings.spec, server=server)
    return snippets.shell(operation, arguments, document, spec=settings.spec, server=server)


def _curl_options(settings: Settings) -> Iterator[str]:
    if settings.stream:
        yield "-N"
    if settings.timeout is not None:
        yield f"--max-time {settings.timeout:g}"
    if settings.proxy is not None:
        yield f"--proxy {shlex.quote(_without_user(settings.proxy))}" if settings.proxy else "--noproxy '*'"
    if settings.ca_bundle is not None:
        yield f"{'--capath' if Path(settings.ca_bundle).is_dir() else '--cacert'} {shlex.quote(settings.ca_bundle)}"
    for name, value in (("--cert", settings.cert), ("--key", settings.key), ("-o", settings.output_file)):
        if value is not None:
            yield f"{name} {shlex.quote(value)}"


def _without_user(url: str) -> str:
    """A proxy's URL without its user and password."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    _, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"[redacted]@{host}").geturl() if at else url
