"""Operation + Response -> value, or the error that says why there is none.

For each status and Content-Type that comes, what to do is decided once and kept: which declared reply it is, how it is decoded, judged, unpacked and aligned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynaclient.errors import Problem, ReplyDecodeError, ReplyError, ReplyValidationError, UndeclaredReplyError
from dynaclient.frozen import Struct, evolve
from dynaclient.openapi.align import Aligner
from dynaclient.openapi.check import Checker, Validator
from dynaclient.openapi.decode import Step, decoded, decoding
from dynaclient.openapi.failure import error_message, error_status, failure
from dynaclient.openapi.held import HeldErrors, Signs
from dynaclient.openapi.media import JSON, codec, decode_odd_json, essence, is_xml, matching
from dynaclient.openapi.model import MediaType, Operation, Reply
from dynaclient.openapi.shape import types
from dynaclient.value import records
from dynaclient.wire import Response

if TYPE_CHECKING:
    from dynaclient.openapi.headers import HeaderReader, TypedHeaders
    from dynaclient.openapi.vectors import ArrayReader

_MOST_PLANS = 64
_SHORT = 2000
"""Bytes of a good reply that is looked at for an error before it is known whether it is to be retried."""
_NO_BODY = frozenset({204, 205, 304})
_SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})


class Plan(Struct, frozen=True):
    """How replies of one status and Content-Type are read; ``signs``: how one shows that it holds an error."""

    decode: Callable[[bytes, str], Any]
    kind: str
    validator: Validator | None
    step: Step | None
    declared: bool
    content_type: str
    fault: str = ""
    headers: HeaderReader | None = None
    schema: str | None = None
    signs: Signs = Signs()


class Parser:
    """Reads the replies of one operation; made once, used for every call, safe among threads.

    Parameters
    ----------
    operation, document, checker:
        What to read, and the validators of its document.
    warn:
        Called with the error where the mode is ``warn`` and a reply differs from the document.
    """

    def __init__(
        self, operation: Operation, document: Mapping[str, Any], checker: Checker, warn: Callable[[ReplyError], None]
    ) -> None:
        self.operation = operation
        self.aligner = Aligner(operation.batch, checker, document) if operation.batch else None
        self._headless = operation.method.upper() == "HEAD"  # RFC 9110, 9.3.2: the fields of a GET, and no body
        self._document = document
        self._checker = checker
        self._warn = warn
        self._replies = {reply.status: reply for reply in operation.replies}
        self._errors = frozenset(operation.error_statuses)
        self._held = HeldErrors(operation, document, checker)
        self._plans: dict[tuple[int, str], Plan] = {}
        self._array_readers: dict[str, ArrayReader | None] = {}
        self._readers: dict[str, HeaderReader] = {}

    def is_error(self, status: int) -> bool:
        """Whether a status raises an APIError."""
        return str(status) in self._errors or f"{status // 100}XX" in self._errors

    def parse(
        self,
        response: Response,
        expected: int | None,
        mode: str,
        arrays: str = "",
        *,
        bare: bool = False,
        length: int | None = None,
    ) -> Any:
        """The value of a good reply: Records and lists, a str for text, bytes for anything else, None where there is no body.

        Parameters
        ----------
        response:
            A reply that is no error.
        expected:
            How many inputs the call had, where the operation batches.
        mode:
            ``strict`` raises, ``warn`` reports and returns, ``off`` looks at nothing but the encoding.
        arrays:
            The typecode of the Vectors that arrays of numbers become; empty: they are lists.
        bare:
            Whether JSON objects stay dicts, for those who will not show them to anybody.
        length:
            How many numbers the call asked each vector to have, where the operation batches; or None.

        Raises
        ------
        APIError
            If the reply holds an error in place of what the document promises, see `held_error`; not in the mode ``off``.
        ReplyError
            With the response, whatever could be decoded of it, and what is wrong.
        """
        content_type = _single(response.headers.get("content-type", ""))
        plan = self._plans.get((response.status, content_type)) or self._plan(response.status, content_type)
        if plan.fault and mode != "off":
            self._report(self._undeclared(plan, response), mode)
        if plan.headers is not None and mode != "off":
            self._judge_headers(plan.headers, response, mode)
        if not response.body and (response.status in _NO_BODY or not plan.declared or self._headless):
            return None
        try:
            faults: list[Problem] = []
            value = self._value(plan, response, mode, arrays, expected, faults)
            self._finish(plan, response, value, expected, length, mode, faults)
            value = value if bare else records(value)
            if faults and mode != "off":
                rows = self.aligner.rows(value, faults) if self.aligner is not None else {}
                self._report(self._invalid(response, faults, value, rows), mode)
            return value
        except RecursionError:
            raise self._undecoded(plan, response, "it is nested too deeply") from None

    def media(self, status: int, content_type: str) -> MediaType | None:
        """The declared media type that a reply of this status and Content-Type is of, or None."""
        reply = self._reply(status)
        return matching(reply.content, content_type) if reply is not None and content_type else None

    def headers(self, response: Response) -> TypedHeaders:
        """The header fields of a reply: those that the document declares as values of their schemas' types, the others as text."""
        from dynaclient.openapi.headers import TypedHeaders

        reader = self._header_reader(self._reply(response.status))
        return reader.typed(response.headers) if reader is not None else TypedHeaders(response.headers)

    def _header_reader(self, reply: Reply | None) -> HeaderReader | None:
        if reply is None or not reply.headers:
            return None
        found = self._readers.get(reply.status)
        if found is None:
            from dynaclient.openapi.headers import HeaderReader

            found = self._readers[reply.status] = HeaderReader(self._document, self._checker, reply)
        return found or None

    def _judge_headers(self, reader: HeaderReader, response: Response, mode: str) -> None:
        problems = reader.problems(response.headers)
        if problems:
            self._report(self._invalid(response, problems, None), mode)

    def _value(
        self, plan: Plan, response: Response, mode: str, arrays: str, expected: int | None, faults: list[Problem]
    ) -> Any:
        """The body, decoded and judged; where arrays are wanted, with those of numbers packed."""
        reader = self._array_reader(plan) if arrays else None
        if reader is None:
            return self._judged(plan, response, mode, expected, faults)
        accepts = plan.validator.accepts if plan.validator is not None and mode != "off" else _anything
        return reader.value(
            response.body, arrays, accepts, lambda: self._judged(plan, response, mode, expected, faults)
        )

    def _judged(self, plan: Plan, response: Response, mode: str, expected: int | None, faults: list[Problem]) -> Any:
        value = self._decode(plan, response, mode, faults)
        if mode != "off":
            self._judge(plan, response, value, mode, expected, faults)
        return value

    def _array_reader(self, plan: Plan) -> ArrayReader | None:
        """What reads replies that have arrays of numbers; looked for when they are first asked for as such."""
        if plan.schema is None or plan.kind != "json":
            return None
        if plan.schema not in self._array_readers:
            from dynaclient.openapi.layout import layout
            from dynaclient.openapi.vectors import ArrayReader

            found = layout(self._document, plan.schema)
            self._array_readers[plan.schema] = ArrayReader(found) if found is not None else None
        return self._array_readers[plan.schema]

    def _decode(self, plan: Plan, response: Response, mode: str, faults: list[Problem]) -> Any:
        try:
            return plan.decode(response.body, plan.content_type)
        except ValueError as error:
            if plan.kind != "json" or mode == "off":
                raise self._undecoded(plan, response, str(error)) from None
            try:  # numbers that JSON does not have are told of with their places, so that other results can be kept
                value = decode_odd_json(response.body)
            except ValueError:
                raise self._undecoded(plan, response, str(error)) from None
            if plan.validator is None or plan.validator.accepts(value):
                faults.append(Problem("$", str(error)))
            return value

    def _undecoded(self, plan: Plan, response: Response, reason: str) -> ReplyError:
        size = f"{len(response.body):,} bytes" if response.body else "no body"
        shown = f"; it begins {response.body[:60].decode('utf-8', 'replace')!r}" if response.body else ""
        return ReplyDecodeError(
            f"{self.operation.dotted}: the reply ({response.status}, {size}) is not {plan.kind}: {reason[:300]}{shown}",
            response=response,
            operation=self.operation.dotted,
        )

    def _judge(
        self, plan: Plan, response: Response, value: Any, mode: str, expected: int | None, faults: list[Problem]
    ) -> None:
        """Judge a value by its schema. What is wrong with some results of a batch alone is added to ``faults``: the others are read on."""
        validator = plan.validator
        if validator is None or validator.accepts_at_once(value):
            return
        found: Sequence[Problem] = ()
        others_good = False
        if self.aligner is not None and plan.kind == "json":
            found, others_good = self.aligner.blame(value, expected, validator)
        if found and others_good:
            faults += found
        elif found or not validator.accepts(value):
            if self._held.holds(plan.signs, value):
                raise failure(self.operation, response)
            self._report(self._invalid(response, found or validator.problems(value, "$"), value), mode)

    def _finish(
        self,
        plan: Plan,
        response: Response,
        value: Any,
        expected: int | None,
        length: int | None,
        mode: str,
        faults: list[Problem],
    ) -> None:
        """Align and unpack what came, in place, and compare the vectors."""
        aligner = self.aligner if plan.kind == "json" else None
        problems = aligner.align(value, expected) if aligner is not None else []
        if problems and mode != "off":
            self._report(self._invalid(response, problems, value), mode)
        if plan.step is not None:
            decoded(plan.step, value, "$", faults)
        if aligner is not None and not problems and aligner.batch.vector:
            faults += aligner.uneven(value, length)

    def held_error(self, response: Response) -> int | None:
        """The status that the error in a short good reply names as its code, 0 if it names none; None if the reply holds no error.

        What such an error is says `dynaclient.openapi.held`. It costs a good reply a search for a few names in at most 2,000 bytes.
        """
        if len(response.body) > _SHORT or not 200 <= response.status < 300:
            return None
        content_type = _single(response.headers.get("content-type", ""))
        plan = self._plans.get((response.status, content_type)) or self._plan(response.status, content_type)
        if not plan.signs.seen(response.body) or plan.validator is None:
            return None
        try:
            value = plan.decode(response.body, content_type)
        except ValueError:
            return None
        held = not plan.validator.accepts(value) and self._held.holds(plan.signs, value)
        return error_status(value) or 0 if held else None

    def _report(self, error: ReplyError, mode: str) -> None:
        if mode == "strict":
            raise error
        self._warn(error)

    def _invalid(
        self,
        response: Response,
        problems: Sequence[Problem],
        value: Any,
        rows: Mapping[int, tuple[Problem, ...]] | None = None,
    ) -> ReplyError:
        said = error_message(value["error"]) if isinstance(value, dict) and value.get("error") else ""
        return ReplyValidationError(
            f"{self.operation.dotted}: the reply ({response.status}) is not what the document promises"
            + (f"; the service says {said!r}" if said else ""),
            rows=rows,
            response=response,
            problems=tuple(problems),
            value=value,
            operation=self.operation.dotted,
        )

    def _undeclared(self, plan: Plan, response: Response) -> ReplyError:
        shown = " ".join(response.body[:80].decode("utf-8", "replace").split())
        return UndeclaredReplyError(
            f"{self.operation.dotted}: {plan.fault}" + (f"; the body begins {shown!r}" if shown else ""),
            response=response,
            operation=self.operation.dotted,
        )

    def _plan(self, status: int, content_type: str) -> Plan:
        plan = self._decide(status, content_type)
        known = plan.schema if plan.kind == "json" and 200 <= status < 300 else None
        signs = self._held.signs(known) if known is not None else Signs()
        plan = evolve(plan, headers=self._header_reader(self._reply(status)), signs=signs)
        if (
            len(self._plans) < _MOST_PLANS
        ):  # a server that varies its Content-Type (boundary=...) must not fill the memory
            self._plans[status, content_type] = plan
        return plan

    def _reply(self, status: int) -> Reply | None:
        """Exact status before range before default (OpenAPI 3.1, 4.8.16)."""
        found = self._replies.get(str(status)) or self._replies.get(f"{status // 100}XX")
        return found or self._replies.get("default")

    def _decide(self, status: int, content_type: str) -> Plan:
        reply = self._reply(status)
        if not self._replies:  # may be left out since 3.1 (4.8.10): nothing is promised then
            return _loose(content_type, "")
        if reply is None:
            known = ", ".join(self._replies) or "none"
            return _loose(content_type, f"status {status} is not declared; the document declares {known}")
        if not reply.content:
            return _loose(content_type, "")
        media = matching(reply.content, content_type) if content_type else reply.content[0]
        if media is None:
            known = ", ".join(item.name for item in reply.content)
            return _loose(
                content_type, f"the reply ({status}) is {essence(content_type)[:100]}; the document declares {known}"
            )
        return self._declared(media, content_type or media.name)

    def _declared(self, media: MediaType, content_type: str) -> Plan:
        row = codec(content_type if "*" not in content_type else JSON)
        decode, kind = row.decode, row.kind
        if media.schema is not None and kind == "text":
            decode, kind = self._by_schema(media.schema, content_type) or (decode, kind)
        judged = media.schema if kind in ("json", "xml", "scalar") else None
        return Plan(
            decode=decode,
            kind="text" if kind == "scalar" else kind,
            validator=self._checker.validator(judged, "reply") if judged is not None else None,
            step=decoding(self._document, judged) if judged is not None else None,
            declared=True,
            content_type=content_type,
            schema=media.schema,
        )

    def _by_schema(self, schema: str, content_type: str) -> tuple[Callable[[bytes, str], Any], str] | None:
        """How text is read that a schema describes: XML by its hints, a text of one scalar as that; None where it stays text."""
        from dynaclient.openapi.cast import Caster

        caster = Caster(self._document, lambda pointer: self._checker.validator(pointer, "reply"))
        if is_xml(content_type):
            from dynaclient.openapi.xml import is_structured
            from dynaclient.openapi.xmlread import read_xml

            if is_structured(self._document, schema):
                return (lambda data, kind: read_xml(caster, schema, data, kind)), "xml"
        kinds = types(self._document, schema)
        if not kinds or not _SCALARS.issuperset(kinds):
            return None
        if kinds == ("string",):
            return codec("text/plain").decode, "scalar"

        def scalar(data: bytes, kind: str) -> Any:
            text = codec("text/plain").decode(data, kind)
            value = caster.scalar(schema, text.strip())
            return text if isinstance(value, str) else value

        return scalar, "scalar"


def _anything(_: Any) -> bool:
    return True


def _single(content_type: str) -> str:
    """A Content-Type that was sent twice, as once; where the two differ, neither is believed (RFC 9110, 8.3)."""
    if "," not in content_type:
        return content_type
    kinds = [part.strip() for part in content_type.split(",")]
    return kinds[0] if len({essence(kind) for kind in kinds}) == 1 else content_type


def _loose(content_type: str, fault: str) -> Plan:
    """A reply of which the document says nothing: decoded by its own Content-Type."""
    row = codec(content_type)
    return Plan(row.decode, row.kind, None, None, declared=False, content_type=content_type, fault=fault)
