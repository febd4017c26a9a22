"""Errors -> a readable message, what to do next, and an exit code."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dynaclient import errors
from dynaclient.cli import messages

USAGE, BUG = 2, 1


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
        messages.write("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, click.UsageError):
        return _report_usage(error)
    if isinstance(error, click.ClickException):
        messages.error(error.format_message(), details={"type": "UsageError", "exit_code": USAGE})
        return USAGE
    if isinstance(error, errors.DynaclientError):
        messages.error(_as_typed(error), hint_for(error), details_of(error))
        return error.exit_code
    return _report_bug(error)


def _as_typed(error: errors.DynaclientError) -> str:
    """The message, with what people type at the shell in place of what they write in Python."""
    text = str(error)
    if isinstance(error, errors.CredentialsError):
        text = text.replace("pass bearer_auth= for", "pass --bearer-auth for")
    return text


def _report_usage(error: click.UsageError) -> int:
    text = error.format_message()
    command = error.ctx.command_path if error.ctx is not None else messages.PROGRAM
    messages.error(
        text[:1].lower() + text[1:] if text[:2] != text[:2].upper() else text,
        getattr(error, "hint", "") or f"`{command} --help` shows what there is.",
        {"type": "UsageError", "exit_code": USAGE},
    )
    return USAGE


def _report_bug(error: BaseException) -> int:
    # The text of a foreign exception may hold anything, a credential too: its kind and its place must do.
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


_HINTS: tuple[tuple[type[errors.DynaclientError], str], ...] = (
    (errors.CredentialsError, "`dynaclient describe {operation}` shows which credentials are set."),
    (
        errors.AuthenticationError,
        "The server does not accept the credential: `dynaclient describe {operation}` shows which variable it comes from.",
    ),
    (errors.RateLimitError, "Wait, or allow more attempts: --retries N."),
    (errors.NotFoundError, "`dynaclient describe {operation}` shows the arguments and servers; -v the URL."),
    (errors.TLSError, "--ca-bundle FILE trusts further certificates."),
    (errors.ConnectError, "Check --server and --proxy; -v shows the URL. --server local needs no network."),
    (errors.TimeoutExpiredError, "--timeout SECONDS allows more."),
    (errors.ReplyValidationError, "--validate warn prints the reply all the same."),
    (errors.UndeclaredReplyError, "--validate warn prints the reply all the same; -o raw as it came."),
    (errors.UnsupportedError, ""),
    (errors.SpecError, "--spec FILE names another document."),
)


def hint_for(error: errors.DynaclientError) -> str:
    """What to do next, or ``""``."""
    operation = error.operation
    if isinstance(error, errors.ArgumentError) and operation:
        return f"`dynaclient call {operation} --help` shows the arguments."
    for kind, hint in _HINTS:
        if isinstance(error, kind):
            return hint.format(operation=operation) if operation or "{operation}" not in hint else ""
    return ""


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
            {"where": problem.where, "message": problem.message, "hint": problem.hint, "pointer": problem.pointer}
            for problem in problems
        ]
    for name in ("status_code", "request_id", "retry_after", "source", "pointer", "line", "column", "sent"):
        value = getattr(error, name, None)
        if value not in (None, "", 0) or (name == "sent" and value is False):
            told[name] = value
    attempts = getattr(error, "attempts", ())
    if attempts:
        told["attempts"] = [
            {
                "number": attempt.number,
                "status": attempt.status,
                "error": attempt.error,
                "elapsed": attempt.elapsed,
                "delay": attempt.delay,
            }
            for attempt in attempts
        ]
    return told
