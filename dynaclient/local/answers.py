"""What an app gives back: a reply, and how it shall go wrong; and the error body that OpenAI made usual."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynaclient.frozen import Struct
from dynaclient.openapi.media import encode_json
from dynaclient.wire import Headers, Response

JSON_TYPE = ("Content-Type", "application/json")


class Answer(Struct, frozen=True):
    """A reply and its fate.

    Parameters
    ----------
    response:
        The reply.
    delay:
        Seconds to wait before it is sent.
    fault:
        What the socket does instead of sending it properly, a name of ``faults.ON_THE_SOCKET``, or ``""``.
    """

    response: Response
    delay: float = 0.0
    fault: str = ""


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A reply with a JSON body."""
    return Response(status, Headers([JSON_TYPE, *(headers or {}).items()]), encode_json(value))


def error_response(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A reply with ``{"error": {"message", "type", "param", "code"}}``."""
    return json_response({"error": {"message": message, "type": kind, "param": param, "code": code}}, status, headers)
