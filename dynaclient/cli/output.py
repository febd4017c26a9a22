"""Results on standard output, in UTF-8 whatever the terminal's encoding."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from dynaclient.cli import messages
from dynaclient.errors import ArgumentError, Problem

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
        Where the expression is not JMESPath: before anything is sent.
    """

    def __init__(self, output: str | None = None, query: str | None = None) -> None:
        self._output = output
        self._query = query
        self._search = _compiled(query) if query is not None else None

    def reply(self, value: Any, response: Response) -> None:
        """Print the value of a reply; with ``raw`` and no query, its body as it came."""
        if self._output == "raw" and self._search is None:
            write(response.body)
        elif isinstance(value, (bytes, bytearray)) and self._output is None and self._search is None:
            self._binary(bytes(value), response.headers.get("content-type", "no type"))
        else:
            self.value(value)

    def value(self, value: Any) -> None:
        """Print a value: what the query finds in it, in the chosen form."""
        from dynaclient.value import plain

        found = plain(_texted(value))
        if self._search is not None:
            found = self._found(found)
        self.text(rendered(found, self._output, pretty=_is_terminal()))

    def text(self, text: str) -> None:
        """Print lines."""
        write(text.encode("utf-8", "backslashreplace") + b"\n")

    def _found(self, value: Any) -> Any:
        from jmespath.exceptions import JMESPathError

        assert self._search is not None
        try:
            return self._search.search(value)
        except JMESPathError as error:
            raise _bad_query(self._query, f"cannot be applied to what came back: {error}") from None

    def _binary(self, data: bytes, content_type: str) -> None:
        if _is_terminal():
            messages.note(f"{len(data):,} bytes of {content_type} are not shown on a terminal; redirect them: > FILE")
        else:
            write(data)


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
    """Write bytes to standard output, all of them."""
    stream = sys.stdout
    if stream is None:
        return
    stream.flush()
    stream.buffer.write(data)
    stream.buffer.flush()


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _texted(value: Any) -> Any:
    """Bytes as base64 text (RFC 4648, 4): the form in which JSON can carry them."""
    if isinstance(value, (bytes, bytearray)):
        from base64 import b64encode

        return b64encode(value).decode()
    return value


def _compiled(query: str) -> Any:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.compile(query)
    except JMESPathError as error:
        raise _bad_query(query, f"is not JMESPath: {' '.join(str(error).split())}") from None


def _bad_query(query: str | None, message: str) -> ArgumentError:
    problem = Problem("--query", f"{(query or '')[:80]!r} {message}", hint="see https://jmespath.org")
    return ArgumentError("the result cannot be searched", problems=(problem,))
