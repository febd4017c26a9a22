"""Operation + Response -> value, or the error that says why there is none.

A reply is decoded, judged, unpacked and aligned as its plan says (`plans`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynaclient.errors import Problem, ReplyDecodeError, ReplyError, ReplyValidationError, UndeclaredReplyError
from dynaclient.openapi.align import Aligner
from dynaclient.openapi.check import Checker
from dynaclient.openapi.decode import decoded
from dynaclient.openapi.failure import error_message, error_status, failure
from dynaclient.openapi.held import HeldErrors
from dynaclient.openapi.media import decode_odd_json, essence, matching
from dynaclient.openapi.model import MediaType, Operation
from dynaclient.openapi.plans import Plan, Planner
from dynaclient.openapi.validator import Judge, Lenient
from dynaclient.value import records
from dynaclient.wire import Response

if TYPE_CHECKING:
    from dynaclient.openapi.departure import Departure
    from dynaclient.openapi.headers import HeaderReader, TypedHeaders
    from dynaclient.openapi.vectors import ArrayReader

Note = Callable[[str, int, "list[Departure]"], None]

_SHORT = 2000
"""Bytes of a good reply that is looked at for an error before it is known whether it is to be retried."""
_NO_BODY = frozenset({204, 205, 304})
_CAN_BE_EMPTY = frozenset({"json", "xml"})


class Parser:
    """Reads the replies of one operation; made once, used for every call, safe among threads.

    Parameters
    ----------
    operation, document, checker:
        What to read, and the validators of its document.
    warn:
        Called with the error where the mode is ``warn`` and a reply differs from the document.
    note:
        Called with the operation's name, the status and the departures of a reply that the mode ``lenient`` lets pass.
    """

    def __init__(
        self,
        operation: Operation,
        document: Mapping[str, Any],
        checker: Checker,
        warn: Callable[[ReplyError], None],
        note: Note = lambda *_: None,
    ) -> None:
        self.operation = operation
        self.aligner = Aligner(operation.batch, checker, document) if operation.batch else None
        self._headless = operation.method.upper() == "HEAD"  # RFC 9110, 9.3.2: the fields of a GET, and no body
        self._document = document
        self._checker = checker
        self._warn = warn
        self._note = note
        self._held = HeldErrors(operation, document, checker)
        self._planner = Planner(operation, document, checker, self._held)
        self._plans = self._planner.plans
        self._errors = frozenset(operation.error_statuses)
        self._array_readers: dict[str, ArrayReader | None] = {}

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
            ``strict`` raises, ``lenient`` raises if the meaning is another one and notes what else differs, ``warn``
            reports and returns, ``off`` looks at nothing but the encoding.
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
        plan = self._plans.get((response.status, content_type)) or self._planner.plan(response.status, content_type)
        noted: list[Departure] = []
        if plan.fault and mode != "off":
            plan = self._undeclared_plan(plan, response, mode, noted)
        if plan.headers is not None and mode != "off":
            self._judge_headers(plan.headers, response, mode, noted)
        try:
            faults: list[Problem] = []
            value = None
            if response.body or not self._is_empty(plan, response, mode, noted):
                judge = _judge_of(plan, mode, noted)
                value = self._value(plan, response, judge, mode, arrays, expected, faults)
                self._finish(plan, response, value, expected, length, mode, faults)
            value = value if bare else records(value)
            if faults and mode != "off":
                rows = self.aligner.rows(value, faults) if self.aligner is not None else {}
                self._report(self._invalid(response, faults, value, rows), mode)
            if noted:
                self._note(self.operation.dotted, response.status, noted)
            return value
        except RecursionError:
            raise self._undecoded(plan, response, "it is nested too deeply") from None

    def _undeclared_plan(self, plan: Plan, response: Response, mode: str, noted: list[Departure]) -> Plan:
        """How a reply is read that is not declared."""
        lenient = plan.lenient if mode == "lenient" else None
        if lenient is None or lenient.departure is None:
            self._report(self._undeclared(plan, response), mode)
            return plan
        noted.append(lenient.departure)
        return lenient

    def _is_empty(self, plan: Plan, response: Response, mode: str, noted: list[Departure]) -> bool:
        """Whether a reply without a body has the value None; results of a batch that are missing never have."""
        batched = self.aligner is not None and not self._headless
        if plan.departure is not None and batched:
            raise self._undeclared(plan, response)
        if response.status in _NO_BODY or not plan.declared or self._headless:
            return True
        if mode not in ("lenient", "off") or batched or response.status // 100 != 2 or plan.kind not in _CAN_BE_EMPTY:
            return False
        if mode == "off":
            return True
        from dynaclient.openapi.departure import Departure

        noted.append(Departure("empty", "$", f"no body, where the document declares {essence(plan.content_type)}"))
        return True

    def media(self, status: int, content_type: str) -> MediaType | None:
        """The declared media type that a reply of this status and Content-Type is of, or None."""
        reply = self._planner.reply(status)
        return matching(reply.content, content_type) if reply is not None and content_type else None

    def headers(self, response: Response) -> TypedHeaders:
        """The header fields of a reply: those that the document declares as values of their schemas' types, the others as text."""
        from dynaclient.openapi.headers import TypedHeaders

        reader = self._planner.header_reader(self._planner.reply(response.status))
        return reader.typed(response.headers) if reader is not None else TypedHeaders(response.headers)

    def _judge_headers(self, reader: HeaderReader, response: Response, mode: str, noted: list[Departure]) -> None:
        problems = reader.problems(response.headers)
        if problems and mode == "lenient":  # the value means the same without them
            from dynaclient.openapi.departure import Departure

            words = "a header field that is missing or does not fit its schema"
            noted += (Departure("header", problem.where, f"{words} at {problem.where}") for problem in problems)
        elif problems:
            self._report(self._invalid(response, problems, None), mode)

    def _value(
        self,
        plan: Plan,
        response: Response,
        judge: Judge | None,
        mode: str,
        arrays: str,
        expected: int | None,
        faults: list[Problem],
    ) -> Any:
        """The body, decoded and judged; where arrays are wanted, with those of numbers packed."""
        reader = self._array_reader(plan) if arrays else None
        if reader is None:
            return self._judged(plan, response, judge, mode, expected, faults)
        accepts = judge.accepts if judge is not None else _anything
        return reader.value(
            response.body, arrays, accepts, lambda: self._judged(plan, response, judge, mode, expected, faults)
        )

    def _judged(
        self,
        plan: Plan,
        response: Response,
        judge: Judge | None,
        mode: str,
        expected: int | None,
        faults: list[Problem],
    ) -> Any:
        value = self._decode(plan, response, judge, mode, faults)
        if judge is not None and not judge.accepts_at_once(value):
            self._refuse(plan, response, value, judge, mode, expected, faults)
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

    def _decode(self, plan: Plan, response: Response, judge: Judge | None, mode: str, faults: list[Problem]) -> Any:
        try:
            return plan.decode(response.body, plan.content_type)
        except ValueError as error:
            if plan.kind != "json" or mode == "off":
                raise self._undecoded(plan, response, str(error)) from None
            try:  # numbers that JSON does not have are told of with their places, so that other results can be kept
                value = decode_odd_json(response.body)
            except ValueError:
                raise self._undecoded(plan, response, str(error)) from None
            if judge is None or judge.accepts(value):
                faults.append(Problem("$", str(error)))
            return value

    def _undecoded(self, plan: Plan, response: Response, reason: str) -> ReplyError:
        if plan.departure is not None:
            return self._undeclared(plan, response)
        size = f"{len(response.body):,} bytes" if response.body else "no body"
        shown = f"; it begins {response.body[:60].decode('utf-8', 'replace')!r}" if response.body else ""
        return ReplyDecodeError(
            f"{self.operation.dotted}: the reply ({response.status}, {size}) is not {plan.kind}: {reason[:300]}{shown}",
            response=response,
            operation=self.operation.dotted,
        )

    def _refuse(
        self,
        plan: Plan,
        response: Response,
        value: Any,
        judge: Judge,
        mode: str,
        expected: int | None,
        faults: list[Problem],
    ) -> None:
        """Report a value that its schema refuses. What is wrong with some results of a batch alone is added to ``faults``: the others are read on."""
        found: Sequence[Problem] = ()
        others_good = False
        if self.aligner is not None and plan.kind == "json":
            found, others_good = self.aligner.blame(value, expected, judge)
        if found and others_good:
            faults += found
        elif found or not judge.accepts(value):
            if self._held.holds(plan.signs, value):
                raise failure(self.operation, response)
            fault = (Problem("", plan.fault),) if plan.fault else ()
            self._report(self._invalid(response, (*fault, *(found or judge.problems(value, "$"))), value), mode)

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
        plan = self._plans.get((response.status, content_type)) or self._planner.plan(response.status, content_type)
        if not plan.signs.seen(response.body) or plan.validator is None:
            return None
        try:
            value = plan.decode(response.body, content_type)
        except ValueError:
            return None
        held = not plan.validator.accepts(value) and self._held.holds(plan.signs, value)
        return error_status(value) or 0 if held else None

    def _report(self, error: ReplyError, mode: str) -> None:
        if mode != "warn":
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


def _anything(_: Any) -> bool:
    return True


def _judge_of(plan: Plan, mode: str, noted: list[Departure]) -> Judge | None:
    """What judges a value in a mode; None: nothing does."""
    if plan.validator is None or mode == "off":
        return None
    return Lenient(plan.validator, noted) if mode == "lenient" else plan.validator


def _single(content_type: str) -> str:
    """A Content-Type that was sent twice, as once; where the two differ, neither is believed (RFC 9110, 8.3)."""
    if "," not in content_type:
        return content_type
    kinds = [part.strip() for part in content_type.split(",")]
    return kinds[0] if len({essence(kind) for kind in kinds}) == 1 else content_type
