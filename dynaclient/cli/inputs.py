"""What an argument of the shell stands for: its own text, a file, or standard input."""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from dynaclient.errors import ArgumentError, Problem
from dynaclient.frozen import Struct

_YAML = (".yaml", ".yml")
_VALUES = (*_YAML, ".json")
_RAW = ("any", "lines", "sequence")
"""Bodies that a file may hold as they are sent."""


class Text(Struct, frozen=True):
    """A text for a parameter; ``typed``: it stood on the command line, not in a file."""

    text: str
    typed: bool = True


class Inputs:
    """Reads the files and the standard input that arguments name; standard input can be read once: ``taken`` says by which option it was."""

    def __init__(self, taken: str = "") -> None:
        self._taken = taken  # the option that has read standard input
        self._closing = ExitStack()

    def text(self, value: str, option: str) -> Text:
        """The text that a value stands for.

        Parameters
        ----------
        value:
            ``@file`` is the content of a file, ``-`` or ``@-`` standard input, ``@@x`` the text ``@x``; all else is itself. One line end at the end of
            a file or of standard input is left out.
        option:
            The option, as it was typed, for messages.

        Raises
        ------
        ArgumentError
            Where the file cannot be read, or is not UTF-8.
        """
        if value.startswith("@@"):
            return Text(value[1:])
        if value != "-" and not value.startswith("@"):
            return Text(value)
        data = self.data(value, option)
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _refused(
                option, f"{value!r} is not UTF-8 text: byte {error.start} is {data[error.start]:#04x}"
            ) from None
        return Text(text.removesuffix("\n").removesuffix("\r"), typed=False)

    def data(self, value: str, option: str) -> bytes:
        """The bytes of the file or of the standard input that ``@file``, ``-`` or ``@-`` names."""
        if value in ("-", "@-"):
            return self._standard_input(option)
        try:
            return Path(value[1:]).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            hint = "" if len(value) > 1 else "a file name is expected after the @"
            hint = hint or f"a text that begins with @ is written @{value}"
            raise _refused(option, f"cannot read {value[1:]!r}: {reason}", hint) from None

    def _standard_input(self, option: str) -> bytes:
        data: bytes = self._standard_stream(option).read()
        return data

    def _standard_stream(self, option: str) -> Any:
        if self._taken:
            raise _refused(option, f"standard input was read for {self._taken} already; put one of them into a file")
        self._taken = option
        stream = sys.stdin
        if stream is None:
            raise _refused(option, "there is no standard input")
        if stream.isatty():
            sys.stderr.write(f"dynaclient: reading {option} from the terminal; end it with Ctrl-D\n")
            sys.stderr.flush()
        return stream.buffer

    def body(self, value: str, kind: str, option: str = "--body") -> Any:
        """The whole body that an option names.

        Parameters
        ----------
        value:
            A text, ``@file`` or ``-``. A file whose name ends in ``.yaml`` or ``.yml`` is read as YAML where values are expected.
        kind:
            How the media type is written: see `dynaclient.openapi.bodies.kind_of`.
        option:
            The option as people type it, for messages.
        """
        named = value == "-" or (value.startswith("@") and not value.startswith("@@"))
        if kind == "text":
            return self.text(value, option).text
        if kind == "binary" or (kind in _RAW and named and not value.lower().endswith(_VALUES)):
            return self.file(value, option)
        if named and value.lower().endswith(_YAML):
            return _yaml(value, option)
        text = self.text(value, option).text
        if kind == "xml" and text.lstrip().startswith("<"):
            return text
        return _json(text, option)

    def file(self, value: str, option: str) -> Any:
        """What a binary value stands for: a file that is read while it is sent, its name with an ``@`` before it or ``-``; else the bytes of the text."""
        from dynaclient.openapi.parts import File

        if value in ("-", "@-"):
            return File(self._standard_stream(option), filename="stdin")
        if not value.startswith("@") or value.startswith("@@"):
            text = value.removeprefix("@") if value.startswith("@@") else value
            if text == value and _is_file(text):
                raise _refused(option, "this is the name of a file", f"@{text} sends the file")
            return text.encode()
        path = Path(value[1:])
        if not _is_file(value[1:]):
            self.data(value, option)  # says why it cannot be read, unless it is a pipe
        from dynaclient.cli.progress import counted

        return File(self._closing.enter_context(counted(path)), filename=path.name) if _seen() else File(path)

    def __enter__(self) -> Inputs:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def _seen() -> bool:
    """Whether somebody sees progress on standard error."""
    return sys.stderr is not None and sys.stderr.isatty()


def _yaml(value: str, option: str) -> Any:
    from dynaclient.errors import SpecError
    from dynaclient.source import load_value

    try:
        return load_value(Path(value[1:]))
    except SpecError as error:
        raise _refused(option, str(error)) from None


def _json(text: str, option: str) -> Any:
    from dynaclient.openapi.media import decode_json

    try:
        return decode_json(text.encode())
    except ValueError as error:
        hint = "write JSON, @FILE for a file, or - for standard input"
        raise _refused(option, f"not JSON: {error}", hint) from None


_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2


def headers(lines: tuple[str, ...], origin: str = "--header") -> dict[str, str]:
    """``NAME:VALUE`` lines as header fields; several of one name are joined by a comma (RFC 9110, 5.3).

    Raises
    ------
    ArgumentError
        Where a line has no colon, or no name before it; the message holds nothing of the line, which may be a token that lost its name.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        which = f"field {number} of {len(lines)} " if len(lines) > 1 else ""
        if not colon:
            raise _refused(origin, f"{which}has no colon", "write NAME:VALUE")
        if not _NAME.fullmatch(name):
            wrong = "has a bad name before the colon" if name else "has no name before the colon"
            raise _refused(origin, which + wrong, "write NAME:VALUE; a name is made of letters, digits and dashes")
        known = next((key for key in found if key.lower() == name.lower()), None)
        if known is None:
            found[name] = value
        else:
            found[known] = f"{found[known]}, {value}"
    return found


def _refused(option: str, message: str, hint: str = "") -> ArgumentError:
    return ArgumentError("the line cannot be used", problems=(Problem(option, message, hint=hint),))
