"""Errors -> a readable message, what to do next, and an exit code."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dynaclient import errors
from dynaclient.cli import messages
from dynaclient.cli.wording import typed

USAGE, BUG, UNWRITTEN = 2, 1, 1
_DETAILS = (
    *("status_code", "code", "param", "request_id", "retry_after"),
    *("source", "pointer", "line", "column", "sent"),
)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


class UnwrittenError(click.ClickException):
    """The result was there, and could not be written to standard output."""

    exit_code = UNWRITTEN

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def unwritten(error: BaseException) -> bool:
    """Whether standard output is what failed: files that are read or written by name have errors of their own."""
    return isinstance(error, UnwrittenError) or (isinstance(error, OSError) and error.errno in _FULL)


def report(error: BaseException, arguments: Sequence[str] = ()) -> int:
    """Tell people, on standard error, what went wrong.

    Parameters
    ----------
    error:
        What was raised.
    arguments:
        The command line, to suggest how to go on.

    Returns
    -------
    int
        The exit code.
    """
    if os.environ.get("DYNACLIENT_DEBUG", "") not in ("", "0"):
        import traceback

        messages.write("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, click.UsageError):
        return _report_usage(error)
    if unwritten(error):
        return _report_unwritten(error)
    if isinstance(error, click.ClickException):
        messages.error(error.format_message(), details={"type": "UsageError", "exit_code": USAGE})
        return USAGE
    if isinstance(error, errors.DynaclientError):
        hint = getattr(error, "hint", "")
        text = typed(str(error).removesuffix(f"; {hint}")) if hint else typed(str(error))
        command = next((word for word in arguments if not word.startswith("-")), "")
        hints = [hint_for(error, _program(arguments), many=command == "bulk"), *getattr(error, "__notes__", ())]
        messages.error(text, "\n  ".join(filter(None, hints)), details_of(error))
        return error.exit_code
    return _report_bug(error)


def _report_unwritten(error: BaseException) -> int:
    text = getattr(error, "message", "") or f"standard output cannot be written: {getattr(error, 'strerror', '')}"
    messages.error(text, getattr(error, "hint", ""), {"type": "UnwrittenError", "exit_code": UNWRITTEN})
    return UNWRITTEN


def _program(arguments: Sequence[str]) -> str:
    """How a hint begins a command line: with the document, where the line named one."""
    for number, argument in enumerate(arguments):
        spec = argument.partition("=")[2] if argument.startswith("--spec=") else ""
        if argument == "--spec" and number + 1 < len(arguments):
            spec = arguments[number + 1]
        if spec and spec != "-":
            import shlex

            return f"{messages.PROGRAM} --spec {shlex.quote(spec)}"
    return messages.PROGRAM


def _report_usage(error: click.UsageError) -> int:
    text = typed(error.format_message())
    command = error.ctx.command_path if error.ctx is not None else messages.PROGRAM
    messages.error(
        text[:1].lower() + text[1:] if text[:2] != text[:2].upper() else text,
        getattr(error, "hint", "") or f"`{command} --help` shows what there is.",
        {"type": "UsageError", "exit_code": USAGE},
    )
    return USAGE


def _report_bug(error: BaseException) -> int:
    # The text of a foreign exception may hold anything, a credential too: its kind and its place must do.
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    place = ""
    if frames:
        file = Path(frames[-1].filename)
        place = f" at {file.parent.name}/{file.name}:{frames[-1].lineno}"
    messages.error(
        f"this is a bug in dynaclient: {type(error).__name__}{place}",
        "DYNACLIENT_DEBUG=1 shows the traceback; please report it.",
        {"type": type(error).__name__, "exit_code": BUG},
    )
    return BUG


_SENT = (
    "--dry-run shows what is sent; `{program} describe {operation}` what the document says of it; "
    "--extra NAME=VALUE adds a field that it does not name."
)
_ACCOUNT = "look at the account's plan, credit and limits at the service"
_PAYMENT_REQUIRED = 402
_REPLY = "`{program} call {operation} --validate warn` prints such a reply all the same."
_MANY: tuple[tuple[type[errors.DynaclientError], str], ...] = (
    (errors.RateLimitError, f"{_ACCOUNT[:1].upper()}{_ACCOUNT[1:]}, or wait; then give the same command again."),
    (errors.ServerError, "The fault is the service's: give the same command again later."),
    (errors.ReplyValidationError, _REPLY),
    (errors.UndeclaredReplyError, _REPLY),
    (errors.ReplyDecodeError, "`{program} call {operation} -o raw` prints such a reply as it came."),
)
"""What is said in place of ``_HINTS`` where many rows were sent."""
_HINTS: tuple[tuple[type[errors.DynaclientError], str], ...] = (
    (errors.CredentialsError, "`{program} describe {operation}` shows which credentials are set."),
    (
        errors.AuthenticationError,
        "The server does not accept the credential: `{program} describe {operation}` shows which variable it comes from.",
    ),
    (
        errors.PermissionDeniedError,
        "The server knows the credential and does not allow this: `{program} describe {operation}` shows which variable it comes from, and the scopes.",
    ),
    (errors.RateLimitError, "Wait, or allow more attempts: --retries N."),
    (errors.NotFoundError, "`{program} describe {operation}` shows the arguments and servers."),
    (
        errors.ConflictError,
        "What is there already stands against it: look at its present state, then call again with what fits.",
    ),
    (errors.BadRequestError, _SENT),
    (errors.UnprocessableEntityError, _SENT),
    (errors.ServerError, "The fault is the service's: call again later, or allow more attempts: --retries N."),
    (errors.APIError, "--dry-run shows what is sent; -v each attempt."),
    (errors.TLSError, "--ca-bundle FILE trusts further certificates."),
    (errors.ConnectError, "Check --server and --proxy; -v shows the URL. --server local needs no network."),
    (errors.TimeoutExpiredError, "--timeout SECONDS allows more."),
    (errors.ReplyValidationError, "--validate warn prints the reply all the same."),
    (errors.UndeclaredReplyError, "--validate warn prints the reply all the same; -o raw as it came."),
    (errors.ReplyDecodeError, "-o raw prints the reply as it came."),
    (errors.UnsupportedError, ""),
    (errors.SpecError, "--spec FILE names another document."),
)
_SHORT_WAIT = 60.0
_PAYMENT_REQUIRED = 402


def hint_for(error: errors.DynaclientError, program: str = messages.PROGRAM, *, many: bool = False) -> str:
    """What to do next, or ``""``.

    Parameters
    ----------
    error:
        What went wrong.
    program:
        How a command line begins.
    many:
        Whether many rows were sent, and the same command goes on.
    """
    operation = error.operation
    own = typed(getattr(error, "hint", ""))
    if own:
        return f"{own[:1].upper()}{own[1:]}."
    if isinstance(error, errors.ArgumentError):
        if operation:
            return f"`{program} call {operation} --help` shows the arguments."
        return _option_hint(error, program)
    wait = getattr(error, "retry_after", None)
    if wait is not None and wait > _SHORT_WAIT:
        return f"The service asks to wait {span(wait)}; call again after that."
    attempts = getattr(error, "attempts", ())
    final = attempts and attempts[-1].final and wait is None
    if isinstance(error, errors.APIError) and (final or error.error_status == _PAYMENT_REQUIRED):
        return f"More attempts do not help: {_ACCOUNT}{', then give the same command again' if many else ''}."
    for kind, hint in (*(_MANY if many else ()), *_HINTS):
        if isinstance(error, kind):
            return hint.format(operation=operation, program=program) if operation or "{operation}" not in hint else ""
    return ""


def _option_hint(error: errors.ArgumentError, program: str) -> str:
    places = {problem.where for problem in error.problems}
    if any(place.endswith(("--server", "_SERVER")) for place in places):
        return f"`{program} describe OPERATION` lists the servers of an operation."
    return f"`{program} help` tells of options and values." if places else ""


_SPANS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))


def span(seconds: float) -> str:
    """A time for people: ``2 hours``, ``45 seconds``."""
    for size, noun in _SPANS:
        if seconds >= size:
            count = round(seconds / size, 1)
            return f"{count:,g} {noun}{'' if count == 1 else 's'}"
    return f"{seconds:,g} second{'' if seconds == 1 else 's'}"


def details_of(error: errors.DynaclientError) -> dict[str, Any]:
    """What programs want to know of an error; nothing that is secret."""
    told: dict[str, Any] = {
        "type": type(error).__name__,
        "exit_code": error.exit_code,
        "operation": error.operation,
    }
    problems = getattr(error, "problems", ())
    if problems:
        told["problems"] = [
            {
                "where": problem.where,
                "message": typed(problem.message),
                "hint": typed(problem.hint),
                "pointer": problem.pointer,
            }
            for problem in problems
        ]
    for name in _DETAILS:
        value = getattr(error, name, None)
        if value not in (None, "", 0) or (name == "sent" and value is False):
            told[name] = value
    if isinstance(error, errors.APIError) and error.type is not None:
        told["error_type"] = error.type  # `type` is the class of the exception
    attempts = getattr(error, "attempts", ())
    if attempts:
        told["attempts"] = [
            {
                "number": attempt.number,
                "status": attempt.status,
                "error": attempt.error,
                "elapsed": attempt.elapsed,
                "delay": attempt.delay,
                **({"final": attempt.final} if attempt.final else {}),
            }
            for attempt in attempts
        ]
    return told
