"""Keyword arguments -> the parameters and the body of one call, or all that is wrong with them at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from dynaclient.errors import ArgumentError, Problem, blamed
from dynaclient.frozen import Struct
from dynaclient.openapi.bodies import kind_of, takes_files
from dynaclient.openapi.bodycheck import BodyJudge
from dynaclient.openapi.check import Checker
from dynaclient.openapi.habits import CALL
from dynaclient.openapi.media import default_media
from dynaclient.openapi.model import MediaType, Operation, Parameter
from dynaclient.openapi.names import nearest, snake
from dynaclient.openapi.normal import OMIT, NoFormError, normal
from dynaclient.openapi.parts import Attach, File, is_pieces, prepared
from dynaclient.openapi.shape import properties

_OBJECTS = frozenset({"json", "any", "form", "multipart"})
"""The kinds of bodies that may be an object of fields."""


class Bound(Struct):
    """The arguments of one call, sorted: ``parameters`` by Python name, ``body`` plain data or ``OMIT``; ``problems`` found on the way."""

    parameters: dict[str, Any]
    body: Any
    problems: list[Problem]


class Binder:
    """Sorts and checks the arguments of one operation; made once for each media type of its body, used for every call, safe among threads.

    Parameters
    ----------
    operation:
        The operation, as it is called with the media type (``read.with_media``).
    checker:
        The validators of its document.
    media:
        The media type of the body; without it the default one.
    document:
        The document; without it defaults are not known, nor is what is readOnly.
    attach:
        Opens the files that a caller passes (``dynaclient.files.attach``); without it none are taken.
    """

    def __init__(
        self,
        operation: Operation,
        checker: Checker,
        media: MediaType | None = None,
        document: Mapping[str, Any] | None = None,
        attach: Attach | None = None,
    ) -> None:
        self.operation = operation
        self.media = media or (default_media(operation.body.content) if operation.body else None)
        self._whole = operation.body.keyword if operation.body is not None else ""
        self._checker = checker
        self._document = document or {}
        self._kind = kind_of(self._document, self.media) if self.media else ""
        self._attach = attach if takes_files(self._kind) else None
        self._fields = _accepted_names(operation.arguments)
        self._required = tuple(field for field in operation.arguments if field.required)
        self._body_needed = operation.body is not None and operation.body.required
        judge = BodyJudge(operation, self.media, self._kind, self._document, checker) if self.media else None
        self._judge_body = judge
        self._unshown: Mapping[str, Parameter] | None = None
        self.deprecated = tuple(field for field in operation.arguments if field.deprecated)

    def bind(
        self,
        arguments: Mapping[str, Any],
        settings: Mapping[tuple[str, str], Any] | None = None,
        *,
        send_defaults: bool = False,
        extra: Any = None,
    ) -> Bound:
        """Sort the arguments into parameters and body, as plain values; what is missing, unknown or without a plain form is noted.

        Parameters
        ----------
        arguments:
            What the caller passes.
        settings:
            What the client was given once for all calls (``x-speakeasy-globals``): values by name and location; an argument, also one that is
            ``OMIT``, wins.
        send_defaults:
            Whether the document's defaults are sent where nothing is passed.
        extra:
            Fields of the body that the document does not name, by their names on the wire; None for none.
        """
        fields = self._fields
        parameters: dict[str, Any] = {}
        properties: dict[str, Any] = {}
        problems: list[Problem] = []
        whole: Any = OMIT
        for name, value in arguments.items():
            field = fields.get(name)
            if value is OMIT:
                continue
            if field is None and name != self._whole:
                field = self._hidden().get(name)
                if field is None:
                    problems.append(self._unknown(name))
                    continue
            try:
                value = self._plain(value, field)
            except NoFormError as error:
                where = (field.python_name if field else name) + error.where
                problems.append(Problem(where, error.reason, field.pointer if field else ""))
                continue
            if field is None:
                whole = value
                continue
            place, key = (properties, field.name) if field.location == "body" else (parameters, field.python_name)
            if key in place:
                problems.append(Problem(field.python_name, "is given twice, under two of its names", field.pointer))
            place[key] = value
        body = self._whole_body(whole, properties, problems)
        if settings or send_defaults:
            passed = {fields[name].python_name for name in arguments if name in fields}
            self._add_settings(parameters, settings or {}, passed, problems)
            body = self._add_defaults(parameters, body, passed) if send_defaults else body
        if extra is not None:
            body = self._add_extra(body, extra, problems)
        self._note_missing(parameters, body, problems)
        return Bound(parameters, body, problems)

    def _plain(self, value: Any, field: Parameter | None) -> Any:
        if self._attach is None or (field is not None and field.location != "body"):
            return normal(value)
        if field is None and is_pieces(value) and self._kind in ("binary", "text"):
            value = File(value)
        return prepared(value, self._attach)

    def _add_settings(
        self,
        parameters: dict[str, Any],
        settings: Mapping[tuple[str, str], Any],
        passed: Collection[str],
        problems: list[Problem],
    ) -> None:
        for field in self.operation.parameters:
            key = (field.name, field.location)
            if key in settings and field.python_name not in passed:
                try:
                    parameters[field.python_name] = normal(settings[key])
                except NoFormError as error:
                    problems.append(Problem(field.python_name + error.where, error.reason, field.pointer))

    def _add_defaults(self, parameters: dict[str, Any], body: Any, passed: Collection[str]) -> Any:
        from dynaclient.openapi.annotate import default_of, filled

        for field in self.operation.parameters:
            if field.python_name not in parameters and field.python_name not in passed:
                parameters.update((field.python_name, default) for default in default_of(self._document, field.schema))
        if self.media is None or self.media.schema is None:
            return body
        if body is OMIT and self._body_needed and self._offers_properties():
            body = {}
        found = filled(self._document, self.media.schema, body)
        if isinstance(body, dict):  # what was passed as OMIT stays out
            left_out = {field.name for field in self.operation.arguments if field.python_name in passed} - body.keys()
            found = {name: item for name, item in found.items() if name not in left_out}
        return found

    def _whole_body(self, whole: Any, properties: dict[str, Any], problems: list[Problem]) -> Any:
        if whole is OMIT:
            return properties if properties or (self._body_needed and self._offers_properties()) else OMIT
        if not properties:
            return whole
        if isinstance(whole, dict):
            return {**whole, **properties}
        problems.append(Problem(self._whole, "a body that is not an object cannot be joined with single properties"))
        return whole

    def _add_extra(self, body: Any, extra: Any, problems: list[Problem]) -> Any:
        """The body with fields that the document does not name; what the document names is passed as an argument."""
        if not isinstance(extra, Mapping):
            problems.append(Problem("extra", "a mapping from names of fields to values is expected"))
            return body
        if not self.takes_extra or not (body is OMIT or isinstance(body, dict)):
            problems.append(Problem("extra", "adds fields to a body that is an object, and this call has none"))
            return body
        found = {} if body is OMIT else dict(body)
        for name, value in extra.items():
            field = self._fields.get(name)
            if not isinstance(name, str) or field is not None:
                text = f"{name!r} is a parameter" if field is not None else f"{name!r} is not the name of a field"
                hint = f"pass it as {field.python_name}=..." if field is not None else "names are texts"
                problems.append(Problem("extra", text, field.pointer if field is not None else "", hint))
                continue
            try:
                found[name] = self._plain(value, None)
            except NoFormError as error:
                problems.append(Problem(f"extra.{name}{error.where}", error.reason))
        return found

    @property
    def takes_extra(self) -> bool:
        """Whether the body can hold fields that the document does not name."""
        return self._kind in _OBJECTS

    def _offers_properties(self) -> bool:
        return self.operation.body is not None and bool(self.operation.body.properties)

    def _note_missing(self, parameters: dict[str, Any], body: Any, problems: list[Problem]) -> None:
        for field in self._required:
            if field.location == "body":
                if isinstance(body, dict) and field.name not in body and not _named_in(problems, field.python_name):
                    problems.append(Problem(field.python_name, "is required", field.pointer, _short(field.description)))
            elif field.python_name not in parameters and not _named_in(problems, field.python_name):
                problems.append(Problem(field.python_name, "is required", field.pointer, _short(field.description)))
        if self._body_needed and body is OMIT and not _named_in(problems, self._whole):
            pointer = self.operation.body.pointer if self.operation.body else ""
            problems.append(Problem(self._whole, "is required", pointer))

    def _unknown(self, name: str) -> Problem:
        known = sorted({field.python_name for field in self.operation.arguments})
        close, elsewhere = nearest(name, known), CALL.get(name)
        if close:
            hint = f"did you mean {close!r}?"
        elif elsewhere is not None:
            hint = f"here it is {elsewhere}"
        else:
            hint = f"it takes {', '.join(known)}" if known else "it takes none"
            if self.takes_extra and "extra" not in self._fields:
                hint += f"; extra={{{name!r}: ...}} sends a field that the document does not name"
        return Problem(name, f"is not an argument of {self.operation.dotted}", hint=hint)

    def _hidden(self) -> Mapping[str, Parameter]:
        """The properties of the body that no signature shows, because they are the service's to set, by each spelling."""
        if self._unshown is None:
            schema = self.media.schema if self.media and self._offers_properties() else None
            listed = properties(self._document, schema) if schema is not None else ()
            found = [
                Parameter(item.name, snake(item.name), "body", schema=item.schema, pointer=item.schema)
                for item in listed
                if item.read_only
            ]
            self._unshown = {name: field for field in found for name in (field.python_name, field.name)}
        return self._unshown

    def check(self, bound: Bound) -> list[Problem]:
        """Judge the values by the document's schemas; ``[]`` where all is good."""
        found: list[Problem] = []
        for field in self.operation.parameters:
            if field.schema is not None and field.python_name in bound.parameters:
                value = bound.parameters[field.python_name]
                if not (field.allow_empty and value == ""):
                    found.extend(self._judge(field, value))
        if bound.body is not OMIT and self._judge_body is not None:
            problems = self._judge_body.problems(bound.body, partial=bool(bound.problems))
            found.extend(_argument_problems(problems, self.operation.arguments, self._whole) if problems else ())
        return found

    def notes(self, bound: Bound) -> list[Problem]:
        """What is sent though a service may ignore or refuse it: properties of the body that are readOnly."""
        if bound.body is OMIT or self._judge_body is None:
            return []
        found = list(self._judge_body.notes(bound.body))
        return list(_argument_problems(found, self.operation.arguments, self._whole)) if found else []

    def _judge(self, field: Parameter, value: Any) -> tuple[Problem, ...]:
        assert field.schema is not None
        validator = self._checker.validator(field.schema, "request")
        return () if validator.accepts(value) else validator.problems(value, field.python_name)

    def error(self, problems: Iterable[Problem]) -> ArgumentError:
        """The error that lists all the problems."""
        found = tuple(problems)
        name = self.operation.dotted
        return ArgumentError(blamed(name, len(found)), problems=found, operation=name)


def _accepted_names(fields: tuple[Parameter, ...]) -> dict[str, Parameter]:
    """Every spelling that names a parameter: its Python name, that with an underscore, and its name on the wire where it is unambiguous."""
    found: dict[str, Parameter] = {}
    for field in fields:
        found[field.python_name] = field
    for field in fields:
        if sum(field.name == other.name for other in fields) == 1:
            found.setdefault(field.name, field)
    for field in fields:
        found.setdefault(f"{field.python_name}_", field)
    return found


def _named_in(problems: list[Problem], name: str) -> bool:
    """Whether something is wrong with an argument, or a part of it, already."""
    return any(problem.where == name or problem.where.startswith((f"{name}.", f"{name}[")) for problem in problems)


def _short(description: str) -> str:
    line = description.splitlines()[0].strip() if description else ""
    return line if len(line) <= 80 else line[:77].rsplit(" ", 1)[0] + " ..."


def _argument_problems(problems: Iterable[Problem], fields: Iterable[Parameter], whole: str) -> Iterable[Problem]:
    """The places of a body's problems as its caller named them: ``$.input[0]`` is ``input[0]``."""
    python_names = {field.name: field.python_name for field in fields if field.location == "body"}
    for problem in problems:
        where = problem.where.removeprefix("$").removeprefix(".")
        head = where.split("[", 1)[0].split(".", 1)[0]
        if head in python_names:
            where = python_names[head] + where[len(head) :]
        yield Problem(where or whole, problem.message, problem.pointer, problem.hint)
