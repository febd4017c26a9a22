"""One call from the shell: texts to arguments, arguments to a call, the result to standard output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dynaclient.cli import messages
from dynaclient.cli.convert import Converter
from dynaclient.cli.inputs import Inputs, headers
from dynaclient.cli.output import Printer
from dynaclient.errors import ArgumentError, DynaclientError, Problem

if TYPE_CHECKING:
    from dynaclient.call import Call
    from dynaclient.cli.calls import OperationCommand
    from dynaclient.cli.settings import Settings
    from dynaclient.client import Client
    from dynaclient.wire import Attempt, Request, Upload


def run_call(command: OperationCommand, settings: Settings, typed: Mapping[str, Sequence[str]]) -> None:
    """Send the call and print its value; or, where the settings say so, print the request.

    Parameters
    ----------
    command:
        The command of the operation.
    settings:
        The shared options.
    typed:
        Python name of the argument, or ``body`` -> the texts that were given.

    Raises
    ------
    DynaclientError
        Whatever goes wrong; problems with arguments name the options.
    """
    printer = Printer(settings.output, settings.query)
    with spelled_as_typed(command), warnings_told(), client_of(command, settings) as client:
        arguments = arguments_of(command, typed)
        call = client[command.operation.dotted]
        if settings.curl:
            printer.text(call.curl(**arguments))
        elif settings.dry_run:
            printer.value(shown_request(call.request(**arguments)))
        else:
            _send(call, arguments, printer, settings)


def _send(call: Call, arguments: Mapping[str, Any], printer: Printer, settings: Settings) -> None:
    if settings.verbose:
        request = call.request(**arguments)
        messages.note(f"{request.method} {request.url}")
    try:
        result = call.send(**arguments)
    except DynaclientError as error:
        if settings.verbose:
            _tell(getattr(error, "attempts", ()))
        raise
    if settings.verbose:
        _tell(result.attempts)
        known = f", request id {result.request_id}" if result.request_id else ""
        messages.note(f"{result.status} after {result.elapsed:.3f} s{known}")
    printer.reply(result.value, result.response)


@contextmanager
def client_of(command: OperationCommand, settings: Settings) -> Iterator[Client]:
    """A client with these settings, closed at the end."""
    from dynaclient.client import Client
    from dynaclient.world import World

    with Client(
        command.document.document,
        server=settings.server,
        bearer_auth=settings.bearer_auth,
        timeout=settings.timeout,
        retries=settings.retries,
        headers=headers(settings.header) or None,
        validate=settings.validate,
        proxy=settings.proxy,
        ca_bundle=settings.ca_bundle,
        world=World(sleep=_told_sleep) if settings.verbose else World(),
    ) as client:
        yield client


@contextmanager
def warnings_told() -> Iterator[None]:
    """What the client warns of on its logger goes to standard error, as a message of the command."""
    import logging

    class Teller(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.warning(record.getMessage())

    logger, teller = logging.getLogger("dynaclient"), Teller(logging.WARNING)
    logger.addHandler(teller)
    try:
        yield
    finally:
        logger.removeHandler(teller)


def _told_sleep(seconds: float) -> None:
    """Wait between two attempts, and say so, lest people think that nothing happens."""
    import time

    messages.note(f"waiting {seconds:.3f} s before the next attempt")
    time.sleep(seconds)


def _tell(attempts: Iterable[Attempt]) -> None:
    """Tell what became of the attempts."""
    for attempt in attempts:
        outcome = str(attempt.status) if attempt.error is None else attempt.error
        text = f"attempt {attempt.number}: {outcome}, {attempt.elapsed:.3f} s"
        if attempt.retry_after is not None:
            text += f", Retry-After {attempt.retry_after:g} s"
        if attempt.delay is not None:
            text += f", then waited {attempt.delay:.3f} s"
        messages.note(text)


def arguments_of(command: OperationCommand, typed: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The arguments of the call, converted by the schemas.

    Raises
    ------
    ArgumentError
        With all that could not be read or converted, at once.
    """
    inputs = Inputs()
    document = command.document.api.document
    fields = {field.python_name: field for field in command.operation.arguments}
    arguments: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, texts in typed.items():
        option = command.made.spelled[name]
        try:
            if name in fields:
                converter = Converter(document, fields[name].schema, option)
                arguments[name] = converter.value([inputs.text(text, option) for text in texts])
            else:
                arguments[name] = _body(command, inputs, texts)
        except ArgumentError as error:
            problems.extend(error.problems)
    if problems:
        raise not_called(command, problems)
    return arguments


def _body(command: OperationCommand, inputs: Inputs, texts: Sequence[str]) -> Any:
    from dynaclient.openapi.media import is_json, is_text
    from dynaclient.openapi.read import default_media

    if len(texts) > 1:
        raise ArgumentError("", problems=(Problem("--body", f"was given {len(texts)} times"),))
    media = default_media(command.operation.body.content) if command.operation.body else None
    name = media.name if media else ""
    return inputs.body(texts[0], json=is_json(name), text=is_text(name))


@contextmanager
def spelled_as_typed(command: OperationCommand) -> Iterator[None]:
    """Errors name the options as people type them: ``input[0]`` becomes ``--input[0]``."""
    try:
        yield
    except ArgumentError as error:
        if not error.operation or not error.problems:
            raise
        raise not_called(command, [_spelled(problem, command.made.spelled) for problem in error.problems]) from None


def _spelled(problem: Problem, spelled: Mapping[str, str]) -> Problem:
    where = problem.where
    end = min((where.index(mark) for mark in "[." if mark in where), default=len(where))
    head, rest = where[:end], where[end:]
    return replace(problem, where=f"{spelled[head]}{rest}") if head in spelled else problem


def not_called(command: OperationCommand, problems: Sequence[Problem]) -> ArgumentError:
    """The error that lists what is wrong with the arguments."""
    name = command.operation.dotted
    count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
    return ArgumentError(f"{name} was not called, {count} with its arguments", problems=tuple(problems), operation=name)


def shown_request(request: Request) -> dict[str, Any]:
    """A request that was not sent, as a dry run prints it: ``method``, ``url``, ``headers``, ``body`` (JSON as values, else text, else base64; of one that is
    read while it is sent, the size).
    """
    return {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "body": None if request.body is None else _shown_body(request.body, request.headers.get("Content-Type", "")),
    }


def _shown_body(body: bytes | Upload, content_type: str) -> Any:
    from dynaclient.openapi.media import decode_json, is_json

    if not isinstance(body, bytes):
        return {"bytes": body.length}
    if is_json(content_type):
        try:
            return decode_json(body)
        except ValueError:
            pass
    try:
        return body.decode()
    except UnicodeDecodeError:
        from base64 import b64encode

        return {"base64": b64encode(body).decode()}
