"""A request as a shell line for curl, without its secrets."""

from __future__ import annotations

import shlex

from dynaclient.wire import Request


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
    if request.method != ("GET" if request.body is None else "POST"):
        parts += ["-X", shlex.quote(request.method)]
    parts.append(shlex.quote(request.url))
    for name, value in request.headers.items():
        variable = names.get(name.lower())
        if variable:
            prefix = value.rpartition(" ")[0]
            parts += ["-H", f'"{name}: {prefix + " " if prefix else ""}${variable}"']
        else:
            parts += ["-H", shlex.quote(f"{name}: {value}")]
    if request.body is not None:
        parts += ["--data-binary", _quoted(request.body)]
    return " ".join(parts)


def _quoted(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if text and "\x00" not in text:
        # A leading @ would name a file to curl.
        return shlex.quote(text) if not text.startswith("@") else f"@- <<< {shlex.quote(text)}"
    return f"@- # {len(body):,} bytes on standard input"
