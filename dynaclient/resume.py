"""Whether and how a download goes on where it broke off: pure, headers in, decisions out (RFC 9110, 13.1.5 and 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from dynaclient.frozen import Struct
from dynaclient.wire import Headers

Step = Literal["begin", "append", "whole", "again"]
"""What a reply means for the file: write it from its start; append to what is there; what is there is all; ask again without a range."""


class Part(Struct, frozen=True):
    """What is known of a download that is not whole yet.

    Parameters
    ----------
    url:
        What was asked for, without secrets.
    validator:
        A strong entity tag, with its quotes, or a date: what ``If-Range`` takes.
    total:
        The size of the whole, bytes, or None.
    """

    url: str
    validator: str
    total: int | None = None


def headers_for(part: Part | None, size: int) -> dict[str, str]:
    """The headers to ask with.

    Parameters
    ----------
    part:
        What was begun before and can be taken up again, or None.
    size:
        How much of it is there, bytes.

    Returns
    -------
    dict
        ``Accept-Encoding: identity`` always, since ranges count bytes as they are sent; ``Range`` and ``If-Range`` where there is something to go on with.
    """
    headers = {"Accept-Encoding": "identity"}
    if part is not None and size:
        headers |= {"Range": f"bytes={size}-", "If-Range": part.validator}
    return headers


def step_for(status: int, headers: Headers, part: Part | None, size: int) -> Step:
    """What to do with a reply.

    Parameters
    ----------
    status, headers:
        The head of the reply: of 2XX, or 416.
    part, size:
        What `headers_for` was given.
    """
    asked = part is not None and size > 0
    if status == 416:
        return "whole" if asked and part is not None and _is_all(headers, part, size) else "again"
    if status != 206:
        return "begin"
    return "append" if asked and part is not None and _goes_on(headers, part, size) else "again"


def _is_all(headers: Headers, part: Part, size: int) -> bool:
    """Whether 416 says that nothing is missing (RFC 9110, 15.5.17)."""
    return content_range(headers) == (None, size) and part.total in (None, size) and _same(headers, part)


def _goes_on(headers: Headers, part: Part, size: int) -> bool:
    start, total = content_range(headers)
    known = part.total is None or total is None or part.total == total
    return start == size and known and _same(headers, part) and not _encoded(headers)


def _same(headers: Headers, part: Part) -> bool:
    """Whether the reply is not of another version than the part; many servers leave the validator out of what is not 200."""
    tag = headers.get("etag")
    return tag is None or not part.validator.startswith('"') or tag == part.validator


def part_of(url: str, headers: Headers) -> Part | None:
    """How a download can be taken up again, from the head of its first reply; None where it cannot.

    It can where the server takes ranges of bytes (``Accept-Ranges``), the body is not packed, and there is a strong validator: an entity tag
    that is not weak, or, where there is none at all, a date of change at least a second before the date of the reply (RFC 9110, 8.8.2.2).
    """
    units = [unit.strip().lower() for unit in headers.get("accept-ranges", "").split(",")]
    validator = _validator(headers)
    if "bytes" not in units or _encoded(headers) or not validator:
        return None
    return Part(url, validator, total_of(headers))


def _encoded(headers: Headers) -> bool:
    return headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")


_TAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"').fullmatch


def _validator(headers: Headers) -> str:
    tag = headers.get("etag")
    if tag is not None:
        return tag if _TAG(tag) else ""
    changed, date = headers.get("last-modified", ""), headers.get("date", "")
    if not changed or not date:
        return ""
    from email.utils import parsedate_to_datetime

    try:
        strong = (parsedate_to_datetime(date) - parsedate_to_datetime(changed)).total_seconds() >= 1
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    return changed if strong else ""


_RANGE = re.compile(r"bytes (?:([0-9]{1,18})-[0-9]{1,18}|\*)/([0-9]{1,18}|\*)", re.IGNORECASE).fullmatch


def content_range(headers: Headers) -> tuple[int | None, int | None]:
    """Where a ``Content-Range`` begins and how large the whole is, bytes (RFC 9110, 14.4); None for what it does not tell."""
    match = _RANGE(headers.get("content-range", "").strip())
    if match is None:
        return None, None
    start, total = match.groups()
    return (int(start) if start is not None else None), (int(total) if total != "*" else None)


def total_of(headers: Headers) -> int | None:
    """The size of the whole, bytes, or None where the reply does not tell it, or tells that of a packed body."""
    if "content-range" in headers:
        return content_range(headers)[1]
    length = headers.get("content-length", "")
    return int(length) if re.fullmatch("[0-9]{1,18}", length) and not _encoded(headers) else None


# --- what is kept beside the part


def to_json(part: Part) -> dict[str, str | int | None]:
    """The form that is kept in a file."""
    return {"url": part.url, "validator": part.validator, "total": part.total}


def from_json(value: object, url: str) -> Part | None:
    """A part as it was kept; None where it is of another URL, or is none."""
    if not isinstance(value, Mapping) or value.get("url") != url:
        return None
    validator, total = value.get("validator"), value.get("total")
    if not isinstance(validator, str) or not validator or not (total is None or isinstance(total, int)):
        return None
    if any(ord(letter) < 32 for letter in validator):
        return None
    return Part(url, validator, total)
