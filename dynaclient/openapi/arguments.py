"""Keyword arguments -> the parameters and the body of one call, or all that is wrong with them at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dynaclient.errors import ArgumentError, Problem
from dynaclient.openapi.check import Checker, Validator
from dynaclient.openapi.media import is_json
from dynaclient.openapi.model import MediaType, Operation, Parameter
from dynaclient.openapi.normal import OMIT, NoFormError, normal
from dynaclient.openapi.read import default_media


@dataclass(slots=True)
class Bound:
    """The arguments of one call, sorted: ``parameters`` by Python name, ``body`` plain data or ``OMIT``; ``problems`` found on the way."""

    parameters: dict[str, Any]
    body: Any
    problems: list[Problem]


class Binder:
    """Sorts and checks the arguments of one operation; made once, used for every call, safe among threads.

    Parameters
    ----------
    operation:
        The operation.
    checker:
        The validators of its document.
    """

    def __init__(self, operation: Operation, checker: Checker) -> None:
        self.operation = operation
        self.media: MediaType | None = default_media(operation.body.content) if operation.body else None
        self.takes_body = operation.body is not None and not any(
            field.python_name == "body" for field in operation.arguments
        )
        self._checker = checker
        self._fields = _accepted_names(operation.arguments)
        self._required = tuple(field for field in operation.arguments if field.required)
        self._body_needed = operation.body is not None and operation.body.required
        self._body_validator: Validator | None = None

    def bind(self, arguments: Mapping[str, Any]) -> Bound:
        """Sort the arguments into parameters and body, as plain values; what is missing, unknown or without a plain form is noted."""
        fields = self._fields
        parameters: dict[str, Any] = {}
        properties: dict[str, Any] = {}
        problems: list[Problem] = []
        whole: Any = OMIT
        for name, value in arguments.items():
            field = fields.get(name)
            if value is OMIT:
                continue
            if field is None and not (name == "body" and self.takes_body):
                problems.append(self._unknown(name))
                continue
            try:
                value = normal(value)
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
        self._note_missing(parameters, body, problems)
        return Bound(parameters, body, problems)

    def _whole_body(self, whole: Any, properties: dict[str, Any], problems: list[Problem]) -> Any:
        if whole is OMIT:
            return properties if properties or (self._body_needed and self._offers_properties()) else OMIT
        if not properties:
            return whole
        if isinstance(whole, dict):
            return {**whole, **properties}
        problems.append(Problem("body", "a body that is not an object cannot be joined with single properties"))
        return whole

    def _offers_properties(self) -> bool:
        return self.operation.body is not None and bool(self.operation.body.properties)

    def _note_missing(self, parameters: dict[str, Any], body: Any, problems: list[Problem]) -> None:
        for field in self._required:
            if field.location == "body":
                if isinstance(body, dict) and field.name not in body and not _named_in(problems, field.python_name):
                    problems.append(Problem(field.python_name, "is required", field.pointer, _short(field.description)))
            elif field.python_name not in parameters and not _named_in(problems, field.python_name):
                problems.append(Problem(field.python_name, "is required", field.pointer, _short(field.description)))
        if self._body_needed and body is OMIT and not _named_in(problems, "body"):
            problems.append(Problem("body", "is required", self.operation.body.pointer if self.operation.body else ""))

    def _unknown(self, name: str) -> Problem:
        known = sorted({field.python_name for field in self.operation.arguments})
        close = difflib.get_close_matches(name, known, 1, 0.6)
        if close:
            return Problem(name, f"is not an argument of {self.operation.dotted}", hint=f"did you mean {close[0]!r}?")
        text = f"it takes {', '.join(known)}" if known else "it takes none"
        return Problem(name, f"is not an argument of {self.operation.dotted}", hint=text)

    def check(self, bound: Bound) -> list[Problem]:
        """Judge the values by the document's schemas; ``[]`` where all is good."""
        found: list[Problem] = []
        for field in self.operation.parameters:
            if field.schema is not None and field.python_name in bound.parameters:
                found.extend(self._judge(field, bound.parameters[field.python_name]))
        if bound.body is OMIT or self.media is None or self.media.schema is None or not is_json(self.media.name):
            return found
        if bound.problems and isinstance(bound.body, dict):  # a part is missing: judge the parts that are there
            for field in self._required_or_given(bound.body):
                found.extend(self._judge(field, bound.body[field.name]))
            return found
        validator = self._body_validator
        if validator is None:
            validator = self._body_validator = self._checker.validator(self.media.schema, "request")
        if not validator.accepts(bound.body):
            found.extend(_argument_problems(validator.problems(bound.body), self.operation.arguments))
        return found

    def _required_or_given(self, body: dict[str, Any]) -> Iterable[Parameter]:
        return [field for field in self.operation.arguments if field.location == "body" and field.name in body]

    def _judge(self, field: Parameter, value: Any) -> tuple[Problem, ...]:
        assert field.schema is not None
        validator = self._checker.validator(field.schema, "request")
        return () if validator.accepts(value) else validator.problems(value, field.python_name)

    def error(self, problems: Iterable[Problem]) -> ArgumentError:
        """The error that lists all the problems."""
        found = tuple(problems)
        return ArgumentError(
            f"{self.operation.dotted} was not called: {len(found)} problem{'s' if len(found) > 1 else ''} with its arguments",
            problems=found,
            operation=self.operation.dotted,
        )


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


def _argument_problems(problems: Iterable[Problem], fields: Iterable[Parameter]) -> Iterable[Problem]:
    """The places of a body's problems as its caller named them: ``$.input[0]`` is ``input[0]``."""
    python_names = {field.name: field.python_name for field in fields if field.location == "body"}
    for problem in problems:
        where = problem.where.removeprefix("$").removeprefix(".")
        head = where.split("[", 1)[0].split(".", 1)[0]
        if head in python_names:
            where = python_names[head] + where[len(head) :]
        yield Problem(where or "body", problem.message, problem.pointer, problem.hint)
