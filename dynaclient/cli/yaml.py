"""Plain values as YAML text that YAML 1.1 and 1.2 read alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dynaclient.openapi.media import encode_json

# A string may stand without quotes where no YAML reader can take it for anything else.
_BARE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./ +@()-]*(?<! )", re.ASCII)
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity", "none"})
# Outside the printable set of YAML (1.2.2, 5.1), or a line end to YAML 1.1.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def to_yaml(value: Any) -> str:
    """YAML text of plain data, block style; arrays of scalars stand on one line. Strings that could be misread are quoted as in JSON."""
    return "".join(f"{line}\n" for line in _lines(value))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            if _nests(item):
                yield f"{_scalar(str(key))}:"
                yield from (f"  {line}" for line in _lines(item))
            else:
                yield f"{_scalar(str(key))}: {_scalar(item)}"
    elif isinstance(value, list) and _nests(value):
        for item in value:
            first, *others = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
    else:
        yield _scalar(value)


def _nests(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, list) and any(isinstance(item, (list, Mapping)) for item in value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        if _BARE.fullmatch(value) and value.lower() not in _WORDS:
            return value
        return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", encode_json(value).decode())
    if isinstance(value, list):
        return "[" + ", ".join(map(_scalar, value)) + "]"
    if isinstance(value, float) and "e" in repr(value):
        # YAML 1.1 wants a point and a sign: 1e-07 would be read as text.
        mantissa, _, exponent = repr(value).partition("e")
        sign = "" if exponent[0] in "+-" else "+"
        return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{sign}{exponent}"
    return encode_json(value).decode()


def write_yaml(value: Any, out: str | None) -> None:
    """Write a value as YAML to a file, whole or not at all; to standard output if none is named."""
    text = to_yaml(value).rstrip("\n")
    if out is None:
        from dynaclient.cli.output import Printer

        Printer().text(text)
        return
    from dynaclient.project.keep import write_whole

    write_whole(Path(out), f"{text}\n".encode())
