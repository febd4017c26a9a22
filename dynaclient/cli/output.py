"""Results on standard output, in UTF-8 whatever the terminal's encoding."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dynaclient.cli.failure import UnwrittenError

if TYPE_CHECKING:
    from dynaclient.wire import Response


class Printer:
    """Prints the result of a command.

    Parameters
    ----------
    output:
        ``json``, ``yaml``, ``table``, ``raw``, or None: JSON.
    query:
        A JMESPath expression, or None.

    Raises
    ------
    ArgumentError
        Where the expression is not JMESPath, or calls a function that there is not: before anything is sent.
    """

    def __init__(self, output: str | None = None, query: str | None = None) -> None:
        self.output = output
        self._query: Any = None
        if query is not None:
            from dynaclient.cli.query import Query

            self._query = Query(query)

    @property
    def bare(self) -> bool:
        """Whether the bytes of the reply are to be printed as they came."""
        return self.output == "raw" and self._query is None

    def reply(self, value: Any, response: Response) -> None:
        """Print the value of a reply; with ``raw`` and no query, its body as it came."""
        if self.bare:
            write(response.body)
        elif isinstance(value, (bytes, bytearray)) and self.output is None and self._query is None:
            self._binary(bytes(value), response.headers.get("content-type", "no type"))
        else:
            self.value(value)

    def value(self, value: Any) -> None:
        """Print a value: what the query finds in it, in the chosen form."""
        self.text(rendered(self._found(value), self.output, pretty=_is_terminal()))

    def items(self, values: Iterable[Any]) -> None:
        """Print values one by one, each as soon as it is there: as one line of JSON, or as a document of YAML; as a table when all are there."""
        if self.output == "table":
            self.text(rendered([self._found(value) for value in values], "table", pretty=False))
            return
        for value in values:
            if self.output == "yaml":
                write(b"---\n")
            self.text(rendered(self._found(value), self.output, pretty=False))

    def array(self, values: Iterable[Any]) -> None:
        """Print values as one array: when all are there."""
        self.text(rendered([self._found(value) for value in values], self.output, pretty=_is_terminal()))

    def text(self, text: str) -> None:
        """Print lines."""
        write(text.encode("utf-8", "backslashreplace") + b"\n")

    def _found(self, value: Any) -> Any:
        """What the query finds in a value; where it cannot be applied, the value is printed whole before the error is raised, for it cost a call."""
        from dynaclient.errors import ArgumentError
        from dynaclient.value import plain

        whole = plain(_texted(value))
        if self._query is None:
            return whole
        try:
            return self._query.search(whole)
        except ArgumentError:
            self.text(rendered(whole, self.output, pretty=_is_terminal()))
            raise

    def _binary(self, data: bytes, content_type: str) -> None:
        if _is_terminal():
            size = f"{len(data):,} byte{'' if len(data) == 1 else 's'}"
            raise UnwrittenError(f"{size} of {content_type} have come and are not shown on a terminal", BINARY)
        write(data)


BINARY = "Write them to a file: --output-file FILE, or > FILE."


def rendered(value: Any, output: str | None, *, pretty: bool) -> str:
    """A value as text, without a line end behind it.

    Parameters
    ----------
    value:
        Plain data.
    output:
        ``json`` or None; ``yaml``; ``table``; ``raw``: strings without quotes, all else as JSON.
    pretty:
        Whether JSON is indented.
    """
    from dynaclient.openapi.media import encode_json, format_json

    if output == "yaml":
        from dynaclient.cli.yaml import to_yaml

        return to_yaml(value).rstrip("\n")
    if output == "table":
        from dynaclient.cli.table import to_table

        return to_table(value)
    if output == "raw" and isinstance(value, str):
        return value
    return format_json(value) if pretty else encode_json(value).decode()


def write(data: bytes) -> None:
    """Write bytes to standard output, all of them, at once.

    Raises
    ------
    UnwrittenError
        Where standard output is closed, or its disk is full.
    """
    stream = sys.stdout
    if stream is None:
        raise UnwrittenError("standard output is closed")
    try:
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UnwrittenError(f"standard output cannot be written: {error.strerror or error}") from None


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _texted(value: Any) -> Any:
    """Bytes as base64 text (RFC 4648, 4): the form in which JSON can carry them."""
    if isinstance(value, (bytes, bytearray)):
        from base64 import b64encode

        return b64encode(value).decode()
    return value
