"""Drift: where the replies of a service differ from its document, recorded for review.

::

    client = dynaclient.Client("store.yaml", validate="warn", drift="drift.jsonl")

Each difference is written once, as one line of JSON: the operation, the status, the place in the document, the place in the reply, and the kind of what
came. No value of a reply is ever written, but for a word that an enum lacks. ``dynaclient spec learn drift.jsonl`` makes an overlay of them.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from dynaclient.errors import ArgumentError, Problem
from dynaclient.openapi.check import Checker
from dynaclient.openapi.differ import Differ, Difference, kind_of
from dynaclient.openapi.media import decode_json, encode_json, essence, is_json, matching
from dynaclient.openapi.model import Api, Operation, Reply
from dynaclient.openapi.undeclared import stand_in
from dynaclient.wire import Response

__all__ = ["Difference", "Recorder", "read_differences"]

_MOST = 10_000
"""How many differences are remembered, so that none is written twice."""


class Recorder:
    """Compares replies with their document and appends to a file what is new. Safe among threads; whatever goes wrong here never fails a call.

    Parameters
    ----------
    api, checker:
        The document and its validators.
    path:
        The file; it is made, readable by its owner alone, when there is something to write.
    """

    def __init__(self, api: Api, checker: Checker, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser()
        self._differ = Differ(api.document, checker)
        self._known: set[Difference] = set()
        self._lock = threading.Lock()
        self._told = False

    def record(self, operation: Operation, response: Response) -> None:
        """Note how a reply differs; bodies in other media types than JSON are not looked into."""
        try:
            found = dict.fromkeys(self.differences(operation, response))
            with self._lock:
                new = [difference for difference in found if difference not in self._known]
                if new and len(self._known) < _MOST:
                    self._known.update(new)
                    append(self.path, new)
        except Exception as error:  # noqa: BLE001 - whoever watches must not disturb
            self._warn(error)

    def differences(self, operation: Operation, response: Response) -> Iterator[Difference]:
        """How a reply differs from what the document says of it."""
        status = str(response.status)
        reply = _declared(operation, response.status)
        content_type = response.headers.get("content-type", "")
        if reply is None:
            if operation.replies:
                kind = kind_of(_decoded(response)) if is_json(content_type) and response.body else ""
                name = essence(content_type) if response.body else ""
                yield Difference(operation.dotted, status, operation.pointer, "responses", "$", kind, name)
            return
        if not reply.content:
            return
        media = matching(reply.content, content_type) if content_type else reply.content[0]
        if not response.body:
            if (
                response.status // 100 == 2
                and media is not None
                and is_json(media.name)
                and operation.method.upper() != "HEAD"
            ):
                yield Difference(operation.dotted, status, reply.pointer, "content", "$")
            return
        if media is None:
            yield from self._undeclared(operation, reply, response, content_type)
        elif media.schema is not None and is_json(content_type or media.name):
            yield from self._differ.differences(operation.dotted, status, media.schema, _decoded(response))

    def _undeclared(
        self, operation: Operation, reply: Reply, response: Response, content_type: str
    ) -> Iterator[Difference]:
        """A media type that is not declared; if the body is the declared JSON even so, also how that differs."""
        status, value = str(response.status), _decoded(response)
        found = stand_in(operation.replies, reply, response.status, content_type) if value is not None else None
        kind = kind_of(value) if is_json(content_type) or found is not None else ""
        yield Difference(operation.dotted, status, reply.pointer, "content", "$", kind, essence(content_type))
        if found is not None and found.media is not None and found.media.schema is not None:
            yield from self._differ.differences(operation.dotted, status, found.media.schema, value)

    def _warn(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            text = "how replies differ from the document cannot be recorded in %s: %s"
            logging.getLogger("dynaclient").warning(text, self.path, type(error).__name__)


def _declared(operation: Operation, status: int) -> Reply | None:
    """Exact status before range before default (OpenAPI 3.1, 4.8.16)."""
    replies = {reply.status: reply for reply in operation.replies}
    return replies.get(str(status)) or replies.get(f"{status // 100}XX") or replies.get("default")


def _decoded(response: Response) -> Any:
    try:
        return decode_json(response.body)
    except ValueError:
        return None


def append(path: Path, differences: Iterable[Difference]) -> None:
    """Append differences to a file, one line each, in one write."""
    lines = b"".join(encode_json(asdict(difference)) + b"\n" for difference in differences)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, lines)
    finally:
        os.close(handle)


def read_differences(path: str | os.PathLike[str]) -> tuple[Difference, ...]:
    """What was recorded in a file, each once.

    Raises
    ------
    ArgumentError
        Where the file cannot be read, with the line that is none of a recording.
    """
    try:
        lines = Path(path).expanduser().read_bytes().splitlines()
    except OSError as error:
        raise _unreadable(str(path), error.strerror or str(error)) from None
    names = {item.name for item in fields(Difference)}
    found: dict[Difference, None] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = decode_json(line)
            found[Difference(**{name: str(value) for name, value in entry.items() if name in names})] = None
        except (ValueError, TypeError, AttributeError):
            raise _unreadable(f"{path}:{number}", "this line is none that was recorded") from None
    return tuple(found)


def _unreadable(where: str, reason: str) -> ArgumentError:
    return ArgumentError("the recording cannot be read", problems=(Problem(where, reason),))
