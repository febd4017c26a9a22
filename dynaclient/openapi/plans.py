"""How replies are read: for each status and Content-Type what to do is decided once and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dynaclient.frozen import Struct, evolve
from dynaclient.openapi.check import Checker, Validator
from dynaclient.openapi.decode import Step, decoding
from dynaclient.openapi.held import HeldErrors, Signs
from dynaclient.openapi.media import JSON, codec, essence, is_json, is_xml, matching
from dynaclient.openapi.model import MediaType, Operation, Reply
from dynaclient.openapi.shape import types

if TYPE_CHECKING:
    from dynaclient.openapi.departure import Departure
    from dynaclient.openapi.headers import HeaderReader

_MOST_PLANS = 64
_SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})


class Plan(Struct, frozen=True):
    """How replies of one status and Content-Type are read.

    ``fault`` says what about it is not declared. ``lenient`` is how it is read even so in the mode ``lenient``, with the
    ``departure`` that is noted; None: it is refused. ``signs``: how a reply shows that it holds an error.
    """

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
    lenient: Plan | None = None
    departure: Departure | None = None


class Planner:
    """Decides how the replies of one operation are read; made once, used for every call, safe among threads.

    Parameters
    ----------
    operation, document, checker:
        What is called, its document and the validators.
    held:
        What knows the errors in good replies.
    """

    def __init__(self, operation: Operation, document: Mapping[str, Any], checker: Checker, held: HeldErrors) -> None:
        self._held = held
        self._operation, self._document, self._checker = operation, document, checker
        self._replies = {reply.status: reply for reply in operation.replies}
        self.plans: dict[tuple[int, str], Plan] = {}
        self._readers: dict[str, HeaderReader] = {}

    def header_reader(self, reply: Reply | None) -> HeaderReader | None:
        """What reads the header fields that a reply declares; None where it declares none."""
        if reply is None or not reply.headers:
            return None
        found = self._readers.get(reply.status)
        if found is None:
            from dynaclient.openapi.headers import HeaderReader

            found = self._readers[reply.status] = HeaderReader(self._document, self._checker, reply)
        return found or None

    def plan(self, status: int, content_type: str) -> Plan:
        """How replies of a status and Content-Type are read: decided now, and kept in ``plans``."""
        headers = self.header_reader(self.reply(status))
        plan = evolve(self._signed(self._decide(status, content_type), status), headers=headers)
        if plan.fault:
            lenient = self._lenient(plan, status, content_type)
            plan = evolve(plan, lenient=self._signed(lenient, status) if lenient is not None else None)
        if (
            len(self.plans) < _MOST_PLANS
        ):  # a server that varies its Content-Type (boundary=...) must not fill the memory
            self.plans[status, content_type] = plan
        return plan

    def _signed(self, plan: Plan, status: int) -> Plan:
        """The plan with the signs by which a good reply shows that it holds an error."""
        if plan.schema is None or plan.kind != "json" or not 200 <= status < 300:
            return plan
        return evolve(plan, signs=self._held.signs(plan.schema))

    def reply(self, status: int) -> Reply | None:
        """Exact status before range before default (OpenAPI 3.1, 4.8.16)."""
        found = self._replies.get(str(status)) or self._replies.get(f"{status // 100}XX")
        return found or self._replies.get("default")

    def _decide(self, status: int, content_type: str) -> Plan:
        reply = self.reply(status)
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

    def _lenient(self, plan: Plan, status: int, content_type: str) -> Plan | None:
        """How the mode ``lenient`` reads a reply that is not declared; None: it refuses it."""
        from dynaclient.openapi.undeclared import stand_in

        found = stand_in(self._operation.replies, self.reply(status), status, content_type)
        if found is None:
            return None
        if found.media is not None:
            name = content_type if matching((found.media,), content_type) or is_json(content_type) else JSON
            plan = evolve(self._declared(found.media, name), fault=plan.fault, headers=plan.headers)
        if self._operation.batch is not None and plan.kind != "json":
            return None
        return evolve(plan, departure=found.departure)

    def _declared(self, media: MediaType, content_type: str) -> Plan:
        row = codec(content_type if "*" not in content_type else JSON)
        decode, kind = row.decode, row.kind
        if media.schema is not None and kind == "text":
            decode, kind = self._by_schema(media.schema, content_type) or (decode, kind)
        judged = media.schema if kind in ("json", "xml", "scalar") else None
        return Plan(
            decode=decode,
            kind="text" if kind == "scalar" else kind,
            validator=self._checker.of_reply(judged) if judged is not None else None,
            step=decoding(self._document, judged) if judged is not None else None,
            declared=True,
            content_type=content_type,
            schema=media.schema,
        )

    def _by_schema(self, schema: str, content_type: str) -> tuple[Callable[[bytes, str], Any], str] | None:
        """How text is read that a schema describes: XML by its hints, a text of one scalar as that; None where it stays text."""
        from dynaclient.openapi.cast import Caster

        caster = Caster(self._document, self._checker.of_reply)
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


def _loose(content_type: str, fault: str) -> Plan:
    """A reply of which the document says nothing: decoded by its own Content-Type."""
    row = codec(content_type)
    return Plan(row.decode, row.kind, None, None, declared=False, content_type=content_type, fault=fault)
