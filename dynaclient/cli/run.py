"""One call from the shell: texts to arguments, arguments to a call, the result to standard output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from dynaclient.cli import messages
from dynaclient.cli.convert import Converter
from dynaclient.cli.inputs import Inputs, Text
from dynaclient.cli.nested import MISSING, lay, order
from dynaclient.cli.output import Printer
from dynaclient.cli.wording import options_named
from dynaclient.errors import ArgumentError, Problem, blamed
from dynaclient.frozen import evolve

if TYPE_CHECKING:
    from dynaclient.cli.operation import Given, OperationCommand
    from dynaclient.cli.said import Settings
    from dynaclient.openapi.model import Parameter


def run_call(command: OperationCommand, settings: Settings, given: Given) -> None:
    """Send the call and print its value; or, where the settings say so, print the request.

    Parameters
    ----------
    command:
        The command of the operation.
    settings:
        The shared options.
    given:
        What was said of the arguments.

    Raises
    ------
    DynaclientError
        Whatever goes wrong; problems with arguments name the options.
    """
    from dynaclient.cli.connect import client_of
    from dynaclient.cli.send import send

    _check(settings)
    printer = Printer(settings.output, settings.query)
    with (
        spelled_as_typed(command, given.spelled),
        options_named(settings.origin),
        warnings_told(),
        Inputs("--spec" if settings.spec == "-" else "") as inputs,
        client_of(command.document, settings, inputs) as client,
    ):
        arguments = {**arguments_of(command, given, inputs), **options_of(command, settings, inputs)}
        if settings.split is not None:
            arguments["split"] = settings.split
        call = client[command.operation.dotted]
        if settings.written_as in ("python", "shell"):
            from dynaclient.cli.shown import shown_as

            call.request(**arguments)  # what could not be sent is not written down either
            printer.text(shown_as(command.operation, command.document.api.document, arguments, settings))
        elif settings.curl or settings.written_as:
            from dynaclient.cli.shown import shown_curl

            printer.text(shown_curl(client, call, arguments, settings))
        elif settings.dry_run:
            from dynaclient.cli.shown import shown_request

            printer.value(shown_request(client, call, arguments))
        else:
            send(command, call, arguments, printer, settings)


def _check(settings: Settings) -> None:
    """Refuse what cannot be done together."""
    paged = "--max-items" if settings.max_items is not None else "--all" if settings.all else ""
    ways = [paged, "--pages" if settings.pages else "", "--stream" if settings.stream else ""]
    ways.append("--output-file" if settings.output_file not in (None, "-") else "")
    if settings.split is not None:
        unsent = (("--dry-run", settings.dry_run), ("--curl", settings.curl), ("--as", settings.written_as))
        bare = settings.output_file == "-" or (settings.output == "raw" and settings.query is None)
        ways += ["--split", *(name for name, said in (*unsent, ("-o raw", bare)) if said)]
    chosen = [way for way in ways if way]
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)} cannot be used together")
    if settings.key and not settings.cert:
        raise click.UsageError("--key is the key of a certificate: --cert FILE is missing")


@contextmanager
def warnings_told() -> Iterator[None]:
    """What the client warns of on its logger goes to standard error, as a message of the command."""
    import logging

    from dynaclient.cli.wording import typed

    class Teller(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.warning(typed(record.getMessage()))

    logger, teller = logging.getLogger("dynaclient"), Teller(logging.WARNING)
    logger.addHandler(teller)
    try:
        yield
    finally:
        logger.removeHandler(teller)


def arguments_of(command: OperationCommand, given: Given, inputs: Inputs) -> dict[str, Any]:
    """The arguments of the call, converted by the schemas.

    Raises
    ------
    ArgumentError
        With all that could not be read or converted, at once.
    """
    from dynaclient.openapi.bodies import kind_of

    document = command.document.api.document
    kind = kind_of(document, command.media) if command.media is not None else ""
    reading = _Reading(document, kind, inputs)
    fields = {field.python_name: field for field in command.operation.arguments}
    arguments: dict[str, Any] = {}
    for name, texts in given.arguments.items():
        option = given.spelled[name]
        with reading.gathering():
            if name in fields:
                arguments[name] = reading.value(fields[name], texts, option)
            else:
                arguments[name] = reading.body(texts, option)
    body = arguments.get(command.operation.body.keyword) if command.operation.body is not None else None
    for part, texts in sorted(given.parts, key=lambda entry: order(entry[0].path)):
        field = part.field
        known = body.get(field.name, MISSING) if isinstance(body, Mapping) and field.location == "body" else MISSING
        base = arguments.get(field.python_name, known)
        with reading.gathering():
            value = reading.value(field, texts, part.opts[0], part.schema)
            arguments[field.python_name] = lay(base, part.path, value, part.opts[0])
    if reading.problems:
        raise not_called(command, reading.problems)
    return arguments


def options_of(command: OperationCommand, settings: Settings, inputs: Inputs) -> dict[str, Any]:
    """The call options that a client does not take: the media type, and fields of the body that the document does not name."""
    found: dict[str, Any] = {}
    if settings.content_type and not command.owns("--content-type"):
        found["content_type"] = settings.content_type
    if settings.extra and not command.owns("--extra"):
        texts: dict[str, list[Text]] = {}
        for entry in settings.extra:
            name, _, value = entry.partition("=")
            texts.setdefault(name, []).append(inputs.text(value, f"--extra {name}"))
        document = command.document.api.document
        found["extra"] = {
            name: Converter(document, None, f"--extra {name}").value(list_) for name, list_ in texts.items()
        }
    return found


class _Reading:
    """Turns the texts of one line into values; what is wrong is gathered."""

    def __init__(self, document: Mapping[str, Any], kind: str, inputs: Inputs) -> None:
        self.problems: list[Problem] = []
        self._document, self._kind, self._inputs = document, kind, inputs

    @contextmanager
    def gathering(self) -> Iterator[None]:
        try:
            yield
        except ArgumentError as error:
            self.problems.extend(error.problems)

    def value(self, field: Parameter, texts: Sequence[str], option: str, schema: str | None = None) -> Any:
        """The value of an argument, or of the part of it whose schema is given."""
        from dynaclient.openapi.encoding import is_binary
        from dynaclient.openapi.shape import types

        schema = schema if schema is not None else field.schema
        if self._kind == "multipart" and field.location == "body" and is_binary(self._document, schema):
            files = [self._inputs.file(text, option) for text in texts]
            several = len(files) > 1 or (schema is not None and "array" in types(self._document, schema))
            return files if several else files[0]
        converter = Converter(self._document, schema, option)
        value = converter.value([self._inputs.text(text, option) for text in texts])
        for reason in converter.broken.values():
            messages.warning(f"{option}: the value begins like JSON and is none, so it is sent as text ({reason})")
        return value

    def body(self, texts: Sequence[str], option: str) -> Any:
        """The whole body."""
        if len(texts) > 1:
            raise ArgumentError("", problems=(Problem(option, f"was given {len(texts)} times"),))
        return self._inputs.body(texts[0], self._kind, option)


@contextmanager
def spelled_as_typed(command: OperationCommand, spelled: Mapping[str, str]) -> Iterator[None]:
    """Errors name the options as people type them: ``input[0]`` becomes ``--input[0]``."""
    try:
        yield
    except ArgumentError as error:
        if not error.operation or not error.problems:
            raise
        raise not_called(command, [_spelled(problem, spelled) for problem in error.problems]) from None


def _spelled(problem: Problem, spelled: Mapping[str, str]) -> Problem:
    where = problem.where
    end = min((where.index(mark) for mark in "[." if mark in where), default=len(where))
    head, rest = where[:end], where[end:]
    if head == "extra" and head not in spelled:
        name = problem.hint.removeprefix("pass it as ").removesuffix("=...")
        hint = f"pass it as {spelled[name]}" if name in spelled else problem.hint
        return evolve(problem, where=f"--extra{rest}", hint=hint)
    return evolve(problem, where=f"{spelled[head]}{rest}") if head in spelled else problem


def not_called(command: OperationCommand, problems: Sequence[Problem]) -> ArgumentError:
    """The error that lists what is wrong with the arguments."""
    name = command.operation.dotted
    return ArgumentError(blamed(name, len(problems)), problems=tuple(problems), operation=name)
