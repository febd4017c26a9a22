"""A reply of 4XX or 5XX, or one of 2XX that holds an error -> the APIError that it raises, with the service's own words."""

from __future__ import annotations

import re
from typing import Any

from dynaclient.errors import APIError, api_error_class
from dynaclient.frozen import Struct
from dynaclient.openapi.media import charset, decode_json, essence, is_json, is_text
from dynaclient.openapi.model import Operation
from dynaclient.wire import Response

_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_XML = re.compile(r"(?:<\?xml[^>]*>\s*)?<([A-Za-z_][\w.:-]*)[^<>]*>.*</\1\s*>\Z", re.DOTALL)
_ELEMENT = re.compile(
    r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?:\s[^<>]*)?>((?:[^<]|<!\[CDATA\[(?:[^\]]|\](?!\]>))*\]\]>)+)</"
)
_MESSAGES = (
    *("error_description", "message", "error", "detail", "errors", "error_message", "errorMessage", "Message"),
    *("fault", "faultstring", "title", "reason"),
)
_INNER = ("metadata", "raw")
_CODES = ("code", "error_code", "errorCode", "errorcode")
_STATUSES = ("status", "statusCode", "status_code")
_PARAMS = ("param", "parameter")
_TYPES = ("type", "error_type", "__type")
_DEEPEST = 5
_LONGEST = 500
_LONGEST_INNER = 20_000
"""Characters of a text that may be JSON or XML and is read as such."""
_BLANK = b"\xef\xbb\xbf \t\r\n"


def failure(operation: Operation, response: Response, retry_after: float | None = None, final: str = "") -> APIError:
    """The error of the class that belongs to the status; the body is decoded as far as it goes and always kept.

    The class of a reply of 2XX that holds an error belongs to the error's own code if that is a status of 4XX or 5XX.

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
    said = attributes(body)
    detail = error_message(body) if not _is_html(response) else ""
    detail = detail or _html_title(response) or (_line(said.code) if isinstance(said.code, str) else "")
    status = response.status
    reason = f" {_line(response.reason)[:80]}" if response.reason else ""
    text = f"{operation.dotted}: {status}{reason}"
    if status < 300:
        status = error_status(body) or status
        text += f", with the error {status} in it" if status != response.status else ", with an error in it"
    if detail:
        text += f": {detail}"
    if retry_after is not None:
        text += f" (the service asks to wait {retry_after:g} s)"
    if final:
        text = f"{text.rstrip('.')}; not retried: {final}"
    if response.request_id:
        text += f" [request id {_line(response.request_id)[:200]}]"
    return api_error_class(status)(
        text,
        response=response,
        body=body,
        detail=detail,
        retry_after=retry_after,
        code=said.code,
        param=said.param,
        type=said.type,
        operation=operation.dotted,
    )


class Said(Struct, frozen=True):
    """What an error body says of itself beside its message; None where it says nothing."""

    code: str | int | None = None
    param: str | None = None
    type: str | None = None


def attributes(body: Any) -> Said:
    """The code, the parameter and the type that an error body names, the innermost first."""
    code = _named(body, _CODES)
    param, kind = _named(body, _PARAMS), _named(body, _TYPES)
    return Said(code, param if isinstance(param, str) else None, kind if isinstance(kind, str) else None)


def error_status(body: Any) -> int | None:
    """The status of 4XX or 5XX that an error body gives as its code, as a number or in digits; None where it gives none."""
    for found in (_named(body, names) for names in (_CODES, _STATUSES)):
        if isinstance(found, str) and len(found) == 3 and found.isascii() and found.isdigit():
            found = int(found)
        if isinstance(found, int) and 400 <= found <= 599:
            return found
    return None


def _named(body: Any, names: tuple[str, ...]) -> str | int | None:
    for holder in _holders(body):
        for name in names:
            found = holder.get(name)
            if (isinstance(found, str) and found) or type(found) is int:
                return found[:_LONGEST] if isinstance(found, str) else found
    return None


def _holders(body: Any) -> list[dict[str, Any]]:
    """The objects of an error body that may name its code, the innermost first."""
    if isinstance(body, str):
        body = _xml(body) or body
    found: list[dict[str, Any]] = []
    waiting = [body]
    while waiting and len(found) < 8:
        value = waiting.pop(0)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, dict):
            found.insert(0, value)
            waiting += [value[name] for name in ("error", "errors", "fault", "detail") if name in value]
    return found


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
    OAuth's ``error_description``, ``{"errors": [...]}``, ``{"fault": {"faultstring"}}``, XML with an element ``Message``, and plain text. A message that is JSON is read
    in its turn; what a gateway passes on of the error behind it (``metadata``, ``raw``) follows its own message.
    """
    line = _line(_message(body, 0))
    return line if len(line) <= _LONGEST else line[:_LONGEST] + " ..."


def _line(text: str) -> str:
    """One line that a terminal can show: what does not print is blank."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * _LONGEST]).split())


def _message(body: Any, depth: int) -> str:
    if depth > _DEEPEST:
        return ""
    if isinstance(body, str):
        return _text(body.strip(), depth)
    if isinstance(body, list):
        return "; ".join(filter(None, (_message(item, depth + 1) for item in body[:5])))
    if not isinstance(body, dict):
        return ""
    if isinstance(body.get("msg"), str):  # FastAPI: where it stands, and what is wrong
        steps = body.get("loc")
        place = ".".join(str(step)[:80] for step in steps if step != "body") if isinstance(steps, list) else ""
        return f"{place}: {body['msg']}" if place else str(body["msg"])
    for key in _MESSAGES:
        found = _message(body.get(key), depth + 1)
        if found:
            inner = next(filter(None, (_message(body.get(key), depth + 1) for key in _INNER)), "")
            return f"{found}: {inner}" if inner and inner not in found else found
    return next(filter(None, (_message(body.get(key), depth + 1) for key in _INNER)), "")


def _text(text: str, depth: int) -> str:
    """The message of a text: of the JSON or the XML that it is, else the text itself; none of an HTML page."""
    if text[:1] in ("{", "[") and len(text) <= _LONGEST_INNER:
        try:
            found = decode_json(text.encode("utf-8", "replace"))
        except ValueError:
            return text
        return _message(found, depth) or text
    if text[:1] == "<":
        return "" if _PAGE.match(text) else _message(_xml(text), depth) or text
    return text


def _xml(text: str) -> dict[str, Any]:
    """The elements of an XML text that hold nothing but text, each by its name in lower case; empty where it is not XML from end to end.

    They are cut out and not parsed: what stands in them is shown and never acted upon.
    """
    from html import unescape  # 2 ms, for XML alone

    text = text.strip()[:_LONGEST_INNER]
    if not _XML.match(text) or _PAGE.match(text):
        return {}
    found: dict[str, Any] = {}
    for name, content in _ELEMENT.findall(text):
        cut = content.strip().removeprefix("<![CDATA[").removesuffix("]]>")
        found.setdefault(name.lower(), unescape(cut).strip())
    return found


def _is_html(response: Response) -> bool:
    kind = essence(response.headers.get("content-type", ""))
    return kind in ("text/html", "application/xhtml+xml") and response.body.lstrip(_BLANK)[:1] == b"<"


def _html_title(response: Response) -> str:
    match = _TITLE.search(response.body[:4096])
    return f"an HTML page: {_line(match[1].decode('utf-8', 'replace'))[:200]}" if match else ""
