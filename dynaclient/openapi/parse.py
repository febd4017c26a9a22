"""Operation + Response -> value, or the error that says why there is none.

A reply is decoded, judged, unpacked and aligned as its plan says (`plans`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dynaclient.errors import Problem, ReplyDecodeError, ReplyError, ReplyValidationError, UndeclaredReplyError
from dynaclient.openapi.align import Aligner
from dynaclient.openapi.check import Checker
from dynaclient.openapi.decode import decoded
from dynaclient.openapi.failure import error_message
from dynaclient.openapi.media import essence, matching
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
        self._planner = Planner(operation, document, checker)
        self._plans = self._planner.plans
        self._errors = frozenset(operation.error_statuses)
        self._array_readers: dict[str, ArrayReader | None] = {}

    def is_error(self, status: int) -> bool:
        """Whether a status raises an APIError."""
        return str(status) in self._errors or f"{status // 100}XX" in self._errors

    def parse(
        self, response: Response, expected: int | None, mode: str, arrays: str = "", *, bare: bool = False
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

        Raises
        ------
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
            if response.body or not self._is_empty(plan, response, mode, noted):
                value = self._value(plan, response, _judge_of(plan, mode, noted), mode, arrays)
                value = self._finish(plan, response, value, expected, mode)
            else:
                value = None
            if noted:
                self._note(self.operation.dotted, response.status, noted)
            return value if bare else records(value)
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
        if mode != "lenient" or batched or response.status // 100 != 2 or plan.kind not in _CAN_BE_EMPTY:
            return False
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

    def _value(self, plan: Plan, response: Response, judge: Judge | None, mode: str, arrays: str) -> Any:
        """The body, decoded and judged; where arrays are wanted, with those of numbers packed."""
        reader = self._array_reader(plan) if arrays else None
        if reader is None:
            return self._judged(plan, response, judge, mode)
        accepts = judge.accepts if judge is not None else _anything
        return reader.value(response.body, arrays, accepts, lambda: self._judged(plan, response, judge, mode))

    def _judged(self, plan: Plan, response: Response, judge: Judge | None, mode: str) -> Any:
        value = self._decode(plan, response)
        if judge is not None and not judge.accepts(value):
            fault = (Problem("", plan.fault),) if plan.fault else ()
            self._report(self._invalid(response, (*fault, *judge.problems(value, "$")), value), mode)
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

    def _decode(self, plan: Plan, response: Response) -> Any:
        try:
            return plan.decode(response.body, plan.content_type)
        except ValueError as error:
            raise self._undecoded(plan, response, str(error)) from None

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

    def _finish(self, plan: Plan, response: Response, value: Any, expected: int | None, mode: str) -> Any:
        if self.aligner is not None and plan.kind == "json":
            problems = self.aligner.align(value, expected)
            if problems and mode != "off":
                self._report(self._invalid(response, tuple(problems), value), mode)
        if plan.step is not None:
            faults: list[Problem] = []
            decoded(plan.step, value, "$", faults)
            if faults and mode != "off":
                self._report(self._invalid(response, tuple(faults), value), mode)
        return value

    def _report(self, error: ReplyError, mode: str) -> None:
        if mode != "warn":
            raise error
        self._warn(error)

    def _invalid(self, response: Response, problems: tuple[Problem, ...], value: Any) -> ReplyError:
        said = error_message(value["error"]) if isinstance(value, dict) and value.get("error") else ""
        return ReplyValidationError(
            f"{self.operation.dotted}: the reply ({response.status}) is not what the document promises"
            + (f"; the service says {said!r}" if said else ""),
            response=response,
            problems=problems,
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
