"""A request as a shell line for curl, without its secrets."""

from __future__ import annotations

import re
import shlex

from dynaclient.wire import Request, Upload

# Only what a shell reads literally between double quotes, so that a document cannot slip in a command.
_PLAIN_HEADER = re.compile(r"[A-Za-z0-9-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def curl(request: Request, variables: dict[str, str] | None = None) -> str:
    """The line: paste it into a POSIX shell.

    Parameters
    ----------
    request:
        A redacted request.
    variables:
        Lower-case header name -> environment variable: its value stands as ``$VARIABLE`` in place of ``[redacted]``, so that the line runs as it is.
    """
    names = variables or {}
    parts = ["curl", "-sS"]
    if any(letter in request.url for letter in "[]{}"):
        parts.append("-g")  # else curl takes them for a range of URLs
    if request.method == "HEAD" and request.body is None:
        parts.append("--head")  # -X HEAD would wait for a body
    elif request.method != ("GET" if request.body is None else "POST"):
        parts += ["-X", shlex.quote(request.method)]
    parts.append(shlex.quote(request.url))
    for name, value in request.headers.items():
        parts += ["-H", _header(name, value, names.get(name.lower(), ""))]
    if request.body is not None:
        parts += _data(request.body)
    return " ".join(parts)


def _header(name: str, value: str, variable: str) -> str:
    if variable and _PLAIN_HEADER.fullmatch(name) and _VARIABLE.fullmatch(variable):
        scheme, space, _ = value.rpartition(" ")
        if not space or _PLAIN_HEADER.fullmatch(scheme):
            return f'"{name}: {scheme}{space}${variable}"'
    # A header without a value is written with a semicolon; with a colon curl would leave it out.
    return shlex.quote(f"{name}: {value}" if value else f"{name};")


def _data(body: bytes | Upload) -> list[str]:
    """The body as an argument, or on standard input where a shell cannot hold it."""
    if isinstance(body, Upload):
        return ["--data-binary", "@-" if body.length is None else f"@- # {body.length:,} bytes on standard input"]
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\x00"
    if "\x00" in text:
        return ["--data-binary", f"@- # {len(body):,} bytes on standard input"]
    return ["--data-raw", shlex.quote(text)]  # --data-binary would take a leading @ for the name of a file
