"""What is told on standard error: notes, warnings and errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

PROGRAM = "dynaclient"
_RED, _YELLOW, _DIM, _PLAIN = "\x1b[1;31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


class Style:
    """How messages look: with or without color, as text or as JSON."""

    def __init__(self) -> None:
        self.no_color = False
        self.error_format = "text"

    def color(self, code: str, text: str) -> str:
        """The text in a color, where standard error is a terminal that shows colors (https://no-color.org)."""
        stream = sys.stderr
        plain = self.no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        return text if plain or stream is None or not stream.isatty() else f"{code}{text}{_PLAIN}"


STYLE = Style()


def write(text: str) -> None:
    """Write lines to standard error: control characters are made visible, so that a server's text cannot steer the terminal."""
    stream = sys.stderr
    if stream is None:
        return
    try:
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding, "replace") + "\n")
        stream.flush()
    except (OSError, ValueError, LookupError):  # Nobody listens: there is nobody to tell.
        pass


def visible(text: str) -> str:
    """The text with its control characters, but for line ends and tabs, as escapes."""
    return "".join(
        letter
        if letter in "\n\t"
        or (letter >= " " and not "\x7f" <= letter <= "\x9f" and letter not in "\u2028\u2029\u202e\u202d")
        else letter.encode("unicode_escape").decode()
        for letter in text
    )


def for_people() -> bool:
    """Whether standard error is a terminal, and messages are in words."""
    stream = sys.stderr
    try:
        return stream is not None and stream.isatty() and STYLE.error_format == "text"
    except ValueError:  # closed
        return False


def note(text: str) -> None:
    """Something that was asked for by ``-v``, or that a terminal is told while a command waits."""
    write(STYLE.color(_DIM, f"{PROGRAM}: {visible(text)}"))


def warning(text: str) -> None:
    """Something that went wrong, but not so that the call failed."""
    write(f"{PROGRAM}: {STYLE.color(_YELLOW, 'warning:')} {visible(text)}")


def error(text: str, hint: str = "", details: Mapping[str, Any] | None = None) -> None:
    """Why the command failed, and what to do next.

    Parameters
    ----------
    text, hint:
        For people.
    details:
        The same and more, for programs: printed in place of the text, as one line of JSON, with ``--error-format json``.
    """
    if STYLE.error_format == "json":
        from dynaclient.openapi.media import encode_json

        write(encode_json({"error": {"message": text, "hint": hint, **(details or {})}}).decode("utf-8"))
        return
    write(f"{PROGRAM}: {STYLE.color(_RED, 'error:')} {visible(text)}")
    if hint:
        write(f"  {visible(hint)}")
