"""The codes in an error body: ``insufficient_quota`` in ``{"error": {"code": "insufficient_quota"}}``. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_CODES = ("code", "type", "status", "error_code", "errorcode", "error_type")
_INNER = ("error", "errors", "detail", "details", "fault", "innererror", "inner_error")
_DEEPEST, _MOST = 5, 8


def error_codes(body: Any) -> tuple[str, ...]:
    """Every code in one of the usual error bodies, as text, the outer ones first.

    A code is the ``code``, ``type``, ``status``, ``error_code``, ``errorcode`` or ``error_type`` of the body itself, of
    its ``error``, ``detail`` or ``fault``, of an item of its ``errors``, or of an ``innererror``.

    Parameters
    ----------
    body:
        A decoded body, as `dynaclient.openapi.failure.error_body` gives it.

    >>> error_codes({"error": {"message": "No.", "type": "requests", "code": 429}})
    ('429', 'requests')
    """
    return tuple(dict.fromkeys(_codes(body, 0)))


def _codes(body: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(body, list):
        for item in body[:_MOST]:
            yield from _codes(item, depth + 1)
    elif isinstance(body, dict):
        for name in _CODES:
            value = body.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool):
                yield str(value)
        for name in _INNER:
            yield from _codes(body.get(name), depth + 1)
