"""A reply of 4XX or 5XX -> the APIError that it raises, with the service's own words."""

from __future__ import annotations

import re
from typing import Any

from dynaclient.errors import APIError, api_error_class
from dynaclient.openapi.media import charset, decode_json, is_json, is_text
from dynaclient.openapi.model import Operation
from dynaclient.wire import Response

_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_LONGEST = 500
_BLANK = b"\xef\xbb\xbf \t\r\n"


def failure(operation: Operation, response: Response, retry_after: float | None = None, final: str = "") -> APIError:
    """The error of the class that belongs to the status; the body is decoded as far as it goes and always kept.

    Parameters
    ----------
    operation, response:
        The call and its reply.
    retry_after:
        The seconds that the reply asks to wait, or None.
    final:
        Why the call was not sent again, although its status is one that is retried; "" if there is nothing to tell.
    """
    body = error_body(response)
    detail = error_message(body) or _html_title(response)
    reason = f" {_line(response.reason)[:80]}" if response.reason else ""
    text = f"{operation.dotted}: {response.status}{reason}"
    if detail:
        text += f": {detail}"
    if retry_after is not None:
        text += f" (the service asks to wait {retry_after:g} s)"
    if final:
        text = f"{text.rstrip('.')}; not retried: {final}"
    if response.request_id:
        text += f" [request id {_line(response.request_id)[:200]}]"
    return api_error_class(response.status)(
        text, response=response, body=body, detail=detail, retry_after=retry_after, operation=operation.dotted
    )


def error_body(response: Response) -> Any:
    """The body: plain data where it is JSON (whatever it calls itself), text where it is text, None where it is empty, else bytes."""
    data = response.body
    kind = response.headers.get("content-type", "")
    if not data:
        return None
    if is_json(kind) or data.lstrip(_BLANK)[:1] in (b"{", b"["):
        try:
            return decode_json(data)
        except ValueError:
            pass
    if is_text(kind) or not kind or is_json(kind):
        try:
            return data.decode(charset(kind), "replace")
        except LookupError:
            return data.decode("utf-8", "replace")
    return data


def error_message(body: Any) -> str:
    """The message in one of the usual error bodies, in one line; ``""`` where there is none.

    Known are OpenAI's ``{"error": {"message"}}``, ``{"error": "..."}``, ``{"message"}``, FastAPI's ``{"detail": [...]}``, RFC 9457's ``title`` and ``detail``,
    OAuth's ``error_description``, ``{"errors": [...]}`` and plain text.
    """
    line = _line(_message(body, 0))
    return line if len(line) <= _LONGEST else line[:_LONGEST] + " ..."


def _line(text: str) -> str:
    """One line that a terminal can show: what does not print is blank."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * _LONGEST]).split())


def _message(body: Any, depth: int) -> str:
    if depth > 4:
        return ""
    if isinstance(body, str):
        return "" if body.lstrip()[:1] == "<" else body.strip()
    if isinstance(body, list):
        return "; ".join(filter(None, (_message(item, depth + 1) for item in body[:5])))
    if not isinstance(body, dict):
        return ""
    if isinstance(body.get("msg"), str):  # FastAPI: where it stands, and what is wrong
        steps = body.get("loc")
        place = ".".join(str(step)[:80] for step in steps if step != "body") if isinstance(steps, list) else ""
        return f"{place}: {body['msg']}" if place else str(body["msg"])
    for key in ("error_description", "message", "error", "detail", "errors", "error_message", "title", "reason"):
        found = _message(body.get(key), depth + 1)
        if found:
            return found
    return ""


def _html_title(response: Response) -> str:
    match = _TITLE.search(response.body[:4096])
    return f"an HTML page: {_line(match[1].decode('utf-8', 'replace'))[:200]}" if match else ""
