"""Send a call and print what comes: a value, items as they arrive, pages, or a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from dynaclient.cli import messages
from dynaclient.cli.operation import streams
from dynaclient.cli.output import Printer, write
from dynaclient.errors import APIError, ReplyError

if TYPE_CHECKING:
    from dynaclient.call import Call
    from dynaclient.cli.operation import OperationCommand
    from dynaclient.cli.said import Settings


def send(
    command: OperationCommand, call: Call, arguments: Mapping[str, Any], printer: Printer, settings: Settings
) -> None:
    """Send the call and print what comes, in the way that the settings ask for.

    Parameters
    ----------
    command, call, arguments:
        The operation.
    printer:
        Prints values.
    settings:
        The shared options.
    """
    if settings.output_file is not None and settings.output_file != "-":
        _save(call, arguments, settings.output_file, verbose=settings.verbose)
    elif settings.pages:
        _several(printer, call.pages(**arguments))
    elif settings.all or settings.max_items is not None:
        _several(printer, islice(call.items(**arguments), settings.max_items))
    elif settings.stream or _asks_for_stream(command, arguments):
        with _as_received(printer), call.stream(**arguments) as items:
            printer.items(items)
    else:
        _value(call, arguments, Printer("raw") if settings.output_file == "-" else printer)


def _value(call: Call, arguments: Mapping[str, Any], printer: Printer) -> None:
    from dynaclient.stream import ItemStream

    with _as_received(printer):
        result = call.send(**arguments)
        if isinstance(result.value, ItemStream):
            with result.value as items:
                printer.items(items)
        else:
            printer.reply(result.value, result.response)


def _asks_for_stream(command: OperationCommand, arguments: Mapping[str, Any]) -> bool:
    """Whether the operation's own ``stream`` was set, and it answers with one."""
    names = [field.python_name for field in command.operation.arguments if field.name == "stream"]
    return any(arguments.get(name) is True for name in names) and bool(streams(command.operation))


def _several(printer: Printer, values: Iterator[Any]) -> None:
    """Print values as they come, or, where JSON was asked for by name, as one array."""
    with _as_received(printer):
        if printer.output == "json":
            printer.array(values)
        else:
            printer.items(values)


@contextmanager
def _as_received(printer: Printer) -> Iterator[None]:
    """With ``-o raw`` a reply is printed as it came, also where it is an error: that is told on standard error, and by the exit code."""
    try:
        yield
    except (ReplyError, APIError) as error:
        if printer.bare and error.response.body:
            write(error.response.body)
        raise


def _save(call: Call, arguments: Mapping[str, Any], path: str, *, verbose: bool) -> None:
    from pathlib import Path

    from dynaclient.cli.progress import shown
    from dynaclient.cli.wording import counted

    if verbose:
        request = call.request(**arguments)
        messages.note(f"{request.method} {request.url}")
    with shown(Path(path).name) as progress:
        saved = call.save(path, progress=progress, **arguments)
    if verbose:
        begun = f", {counted(saved.resumed_from, 'byte')} of them there before" if saved.resumed_from else ""
        messages.note(f"{saved.response.status}: {counted(saved.size, 'byte')} in {path}{begun}")
