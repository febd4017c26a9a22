"""A sequential reply -> its items, one by one, as their bytes arrive.

What an item is, by media type:

- JSON Lines, NDJSON and JSON text sequences: the decoded JSON text.
- ``multipart/mixed``: the content of the part, decoded by its Content-Type.
- ``text/event-stream``: the event as ``{id, event, data, retry}``, with the fields that stand in it, where the schema describes that (an object that has ``data`` and nothing that no
  event has, or any ``itemSchema`` that can mean it); else its data alone. Data is decoded as JSON where its schema is not that of a text, or ``contentMediaType`` says so; where the
  document does not say, data that is JSON is decoded, and other data is text. An event with empty data that is to be JSON is a sign of life, and no item.

An event whose data is the declared ``x-speakeasy-sse-sentinel`` ends the stream. Where none is declared, ``[DONE]`` does: it is no JSON, and many services send it undeclared.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dynaclient.errors import Problem, ReplyDecodeError, ReplyError, ReplyValidationError
from dynaclient.events import (
    Decoder,
    Event,
    LinesDecoder,
    Part,
    PartsDecoder,
    SequenceDecoder,
    SequenceText,
    SSEDecoder,
)
from dynaclient.frozen import evolve
from dynaclient.openapi.check import Checker
from dynaclient.openapi.decode import Step, decoded
from dynaclient.openapi.failure import error_message
from dynaclient.openapi.itemshape import (
    EVENTS,
    FIELDS,
    LINES,
    SEQUENCE,
    Reading,
    Shape,
    is_sequential,
    reading,
    sequence_kind,
)
from dynaclient.openapi.media import codec, decode_json, essence
from dynaclient.openapi.model import MediaType, Operation
from dynaclient.value import records
from dynaclient.wire import Headers, Response

if TYPE_CHECKING:
    from dynaclient.openapi.departure import Departure

__all__ = ["ItemReader", "Reading", "is_sequential", "item_reading"]

_DONE = "[DONE]"
_KINDS = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"), (dict, "object"))


def item_reading(document: Mapping[str, Any], media: MediaType, content_type: str = "") -> Reading:
    """What depends on the document alone of reading a sequential reply; make it once for each declared media type.

    Parameters
    ----------
    document, media:
        The document, and the declared media type that the reply matches.
    content_type:
        That of the reply; it counts where the declared media type is a range.
    """
    return reading(document, media, sequence_kind(content_type) or sequence_kind(media.name))


class ItemReader:
    """Reads one sequential reply; made for each reply.

    Parameters
    ----------
    operation, media, document, checker:
        What is called, the declared media type that the reply matches, their document and its validators.
    mode:
        ``strict`` raises if an item is not what the document promises, ``lenient`` if it means something else, ``warn``
        reports and goes on, ``off`` looks at nothing but the encoding.
    warn:
        Called with the error where the mode is ``warn``.
    response:
        Status and headers of the reply; its Content-Type says how the items are framed.
    reading:
        The result of ``item_reading``, where it is at hand.
    note:
        Called with the operation's name, the status and the departures of an item that the mode ``lenient`` lets pass.

    Raises
    ------
    ReplyDecodeError
        Where the Content-Type is that of no sequence, or lacks its boundary.
    """

    def __init__(
        self,
        operation: Operation,
        media: MediaType,
        document: Mapping[str, Any],
        checker: Checker,
        mode: str,
        warn: Callable[[ReplyError], None],
        response: Response,
        reading: Reading | None = None,
        note: Callable[[str, int, list[Departure]], None] = lambda *_: None,
    ) -> None:
        self.ended = False
        self._operation = operation
        self._checker = checker
        self._mode = mode
        self._warn = warn
        self._note = note
        self._noted: list[Departure] = []
        self._response = response
        self._number = 0
        content_type = response.headers.get("content-type", "")
        self._kind = sequence_kind(content_type) or sequence_kind(media.name)
        self._reading = reading or item_reading(document, media, content_type)
        try:
            self._decoder = _decoder(self._kind, content_type)
        except ValueError as error:
            raise self._undecoded(content_type.encode(), str(error)) from None

    @property
    def last_event_id(self) -> str:
        """The id of the last server-sent event that had one, ``""`` without one. Set it before the first byte where a stream is taken up again."""
        return self._decoder.last_event_id if isinstance(self._decoder, SSEDecoder) else ""

    @last_event_id.setter
    def last_event_id(self, value: str) -> None:
        if isinstance(self._decoder, SSEDecoder):
            self._decoder.last_event_id = value

    @property
    def retry(self) -> int | None:
        """The reconnection time in milliseconds that the event stream asks for, or None."""
        return self._decoder.retry if isinstance(self._decoder, SSEDecoder) else None

    def feed(self, data: bytes) -> Iterator[Any]:
        """The items that these bytes complete: Records and lists, texts, bytes; read the iterator to its end before the next call.

        An item is checked when it is asked for, so that those before a bad one are had before the error is raised. ``ended`` is true once the sentinel has come.

        Raises
        ------
        ReplyDecodeError
            Where the stream, or an item, is not what its media type says.
        ReplyValidationError
            Where an item breaks the schema, or an error of the service stands in its place. Both carry ``item``, its number from 0, and ``value``.
        """
        return iter(()) if self.ended else self._items(self._decoder.feed, data)

    def finish(self) -> Iterator[Any]:
        """The items that the end of the reply completes; raises as ``feed`` does."""
        return iter(()) if self.ended else self._items(self._decoder.finish)

    def _items(self, decode: Callable[..., list[Any]], *data: bytes) -> Iterator[Any]:
        try:
            found = decode(*data)
        except ValueError as error:
            raise self._undecoded(b"", str(error)) from None
        return self._read_all(found)

    def _read_all(self, found: list[Any]) -> Iterator[Any]:
        for one in found:
            if self.ended:
                return
            try:
                yield from self._read(one)
            except RecursionError:
                raise self._undecoded(_raw(one), "it is nested too deeply") from None

    def _read(self, one: Event | bytes | SequenceText | Part) -> Iterator[Any]:
        if isinstance(one, Event):
            yield from self._read_event(one)
            return
        shape = self._reading.shape(self._number)
        try:
            value, judged = self._content(one, shape) if isinstance(one, Part) else (_json(one), True)
        except ValueError as error:
            fault = self._undecoded(_raw(one), str(error))
            self._number += 1
            if self._mode != "warn":
                raise fault from None
            self._warn(fault)  # the next item has a beginning of its own
            return
        yield self._finished(value, shape, _raw(one), judged=judged)

    def _content(self, part: Part, shape: Shape) -> tuple[Any, bool]:
        """The content of a part, and whether a schema applies to it: to JSON, and to text where it may be one; not to bytes."""
        headers = Headers(part.headers)
        default = "application/json" if {"object", "array"} & set(shape.kinds) else "text/plain"  # RFC 2046, 5.1
        content_type = headers.get("content-type", "") or self._reading.type(self._number) or default
        row = codec(content_type)
        value = row.decode(_transferred(part.body, headers.get("content-transfer-encoding", "")), content_type)
        return value, row.kind == "json" or (row.kind == "text" and (not shape.kinds or "string" in shape.kinds))

    def _read_event(self, event: Event) -> Iterator[Any]:
        sentinel = self._reading.sentinel
        if event.data == (_DONE if sentinel is None else sentinel):
            self.ended = True
            return
        shape = self._reading.shape(self._number)
        item = {name: getattr(event, name) for name in FIELDS if name in event.fields}
        wrap: Callable[[Any], Any] = (lambda data: {**item, "data": data}) if shape.enveloped else (lambda data: data)
        raw = event.data.encode()
        choices = [wrap(value) for value in _choices(event.data, shape.kinds)]
        if not choices and not event.data.strip():
            if not shape.enveloped:
                return
            del item["data"]
            choices = [item]
        if not choices:
            fault = self._undecoded(raw, "the data of the event is no JSON", event.data)
            if self._mode != "off":
                self._report(fault)
            self._number += 1
            yield records(wrap(event.data))
            return
        chosen = choices[0] if len(choices) == 1 else self._chosen(choices, shape)
        failed = not shape.enveloped and event.event == "error"
        yield self._finished(chosen, shape, raw, failed=failed)

    def _finished(self, value: Any, shape: Shape, raw: bytes, *, judged: bool = True, failed: bool = False) -> Any:
        """A decoded item: judged, what is packed in it unpacked, as Records."""
        where = f"$[{self._number}]"
        if self._mode != "off" and judged:
            problems = self._problems(value, shape, where, failed=failed)
            if problems:
                self._report(self._invalid(problems, value, raw, shape, failed=failed))
        value = self._with_content(value, shape, raw, where)
        value = self._unpacked(value, shape.steps, raw, where)
        if self._noted:
            noted, self._noted = self._noted, []
            self._note(self._operation.dotted, self._response.status, noted)
        self._number += 1
        return records(value)

    def _problems(self, value: Any, shape: Shape, where: str, *, failed: bool) -> tuple[Problem, ...]:
        if failed:
            return (Problem(where, "the service sent an event named 'error'"),)
        data = value.get("data") if shape.enveloped else value
        if shape.names and isinstance(data, dict) and data.get("error") and shape.names.isdisjoint(data):
            return (Problem(where, "an error stands in the place of an item"),)
        return self._judged(shape.schemas, value, where)

    def _judged(self, pointers: tuple[str, ...], value: Any, where: str) -> tuple[Problem, ...]:
        """What is wrong with a value that is to fit one of some schemas; what of it changes no meaning is noted."""
        judges = [self._checker.of_reply(pointer) for pointer in pointers]
        if self._mode != "lenient":
            fits = not judges or any(judge.accepts(value) for judge in judges)
            return () if fits else min((judge.problems(value, where) for judge in judges), key=len)
        departures = [found for judge in judges if (found := judge.departures(value, where)) is not None]
        if departures:
            fewest = min(departures, key=len)
            self._noted += fewest
        elif judges:
            return min((judge.lenient_problems(value, where) for judge in judges), key=len)
        return ()

    def _chosen(self, choices: list[Any], shape: Shape) -> Any:
        """Which of its readings a text stands for: the first that fits."""
        if not shape.schemas or self._mode == "off":
            return choices[0]
        judges = [self._checker.of_reply(pointer) for pointer in shape.schemas]
        for choice in choices:
            if any(judge.accepts(choice) for judge in judges):
                return choice
        for choice in choices if self._mode == "lenient" else ():
            if any(judge.departures(choice) is not None for judge in judges):
                return choice
        return choices[0]

    def _with_content(self, value: Any, shape: Shape, raw: bytes, where: str) -> Any:
        """The item with the JSON in its text decoded, where ``contentMediaType`` says that there is some."""
        text = value.get("data") if shape.enveloped else value
        if not isinstance(text, str):
            return value
        content = next((one for one in shape.contents if self._applies(one.conditions, value)), None)
        if content is None:
            return value
        place = f"{where}.data" if shape.enveloped else where
        try:
            found = decode_json(text.encode())
        except ValueError as error:
            if self._mode != "off":
                self._report(self._undecoded(raw, str(error), value))
            return value
        if content.schema is not None and self._mode != "off":
            problems = self._judged((content.schema,), found, place)
            if problems:
                self._report(self._invalid(problems, found, raw, evolve(shape, enveloped=False)))
        found = self._unpacked(found, (content.step,) if content.step else (), raw, place)
        return {**value, "data": found} if shape.enveloped else found

    def _applies(self, conditions: tuple[tuple[str, bool], ...], value: Any) -> bool:
        return all(self._checker.of_reply(pointer).accepts(value) is holds for pointer, holds in conditions)

    def _unpacked(self, value: Any, steps: tuple[Step, ...], raw: bytes, where: str) -> Any:
        for step in steps:
            faults: list[Problem] = []
            value = decoded(step, value, where, faults)
            if faults and self._mode != "off":
                self._report(self._invalid(tuple(faults), value, raw, Shape()))
        return value

    def _report(self, error: ReplyError) -> None:
        if self._mode != "warn":
            raise error
        self._warn(error)

    def _invalid(
        self, problems: tuple[Problem, ...], value: Any, raw: bytes, shape: Shape, *, failed: bool = False
    ) -> ReplyError:
        data = value.get("data") if shape.enveloped and isinstance(value, dict) else value
        named = failed or (shape.enveloped and isinstance(value, dict) and value.get("event") == "error")
        if isinstance(data, dict) and data.get("error"):
            data, named = data["error"], True
        said = error_message(data) if named else ""
        return ReplyValidationError(
            f"{self._operation.dotted}: item {self._number} of the reply ({self._response.status}) is not what the document promises"
            + (f"; the service says {said!r}" if said else ""),
            response=evolve(self._response, body=raw),
            problems=problems,
            value=value,
            item=self._number,
            operation=self._operation.dotted,
        )

    def _undecoded(self, raw: bytes, reason: str, value: Any = None) -> ReplyError:
        kind = essence(self._response.headers.get("content-type", "")) or self._kind
        shown = f"; it begins {raw[:60].decode('utf-8', 'replace')!r}" if raw else ""
        return ReplyDecodeError(
            f"{self._operation.dotted}: item {self._number} of the reply ({self._response.status}, {kind}) cannot be read: {reason[:300]}{shown}",
            response=evolve(self._response, body=raw),
            value=value,
            item=self._number,
            operation=self._operation.dotted,
        )


def _decoder(kind: str, content_type: str) -> Decoder[Any]:
    if kind == EVENTS:
        return SSEDecoder()
    if kind == LINES:
        return LinesDecoder()
    if kind == SEQUENCE:
        return SequenceDecoder()
    if not kind:
        raise ValueError("this media type is no sequence of items")
    return PartsDecoder(_boundary(content_type))


def _boundary(content_type: str) -> str:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "boundary":
            return value.strip().removeprefix('"').removesuffix('"')
    raise ValueError("its Content-Type has no `boundary` (RFC 2046, 5.1.1)")


def _raw(one: Event | bytes | SequenceText | Part) -> bytes:
    if isinstance(one, Event):
        return one.data.encode()
    return one if isinstance(one, bytes) else one.text if isinstance(one, SequenceText) else one.body


def _json(one: bytes | SequenceText) -> Any:
    if isinstance(one, bytes):
        return decode_json(one)
    if one.fault:
        raise ValueError(one.fault)
    return decode_json(one.text)


def _choices(text: str, kinds: tuple[str, ...]) -> list[Any]:
    """What a text may stand for, by the JSON types that are expected: the JSON in it, and the text itself."""
    found: list[Any] = []
    textual = not kinds or "string" in kinds
    if kinds != ("string",):
        try:
            value = decode_json(text.encode())
        except ValueError:
            pass
        else:
            kind = next((name for kind, name in _KINDS if isinstance(value, kind)), "null")
            known = kind in kinds or (kind == "integer" and "number" in kinds)
            if not kinds or not textual or (known and kind != "string"):
                found.append(value)
    return [*found, text] if textual else found


def _transferred(body: bytes, encoding: str) -> bytes:
    """A body without its Content-Transfer-Encoding (RFC 2045, 6)."""
    name = encoding.strip().lower()
    if name == "base64":
        return binascii.a2b_base64(body)  # its error is a ValueError
    return binascii.a2b_qp(body) if name == "quoted-printable" else body
