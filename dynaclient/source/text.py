"""From bytes to plain values: which encoding, JSON or YAML, and what is wrong when it is neither."""

from __future__ import annotations

import json
import re
from math import isinf
from typing import Any, NoReturn

from dynaclient.errors import SpecError
from dynaclient.openapi.pointer import unescape
from dynaclient.source.limits import DEFAULT_LIMITS, Limits, check_depth
from dynaclient.source.place import json_places

_PACKED = ((b"\x1f\x8b", "gzip"), (b"PK\x03\x04", "zip"), (b"%PDF", "PDF"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"))

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]")


def decode(raw: bytes, source: str) -> str:
    """The text of a file: UTF-8, or UTF-16 or UTF-32 as its first bytes show; without a byte order mark.

    Raises
    ------
    SpecError
        Where the bytes are not text.
    """
    for magic, name in _PACKED:
        if raw.startswith(magic):
            raise SpecError(
                f"this is a {name} file, not an OpenAPI document in YAML or JSON; unpack or convert it first",
                source=source,
            )
    encoding = json.detect_encoding(raw)
    try:
        return raw.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise SpecError(
            f"byte {error.start} (0x{raw[error.start]:02x}) is not {encoding.removesuffix('-sig')}; save the document as UTF-8",
            source=source,
            line=line,
            column=column,
        ) from None


def parse(raw: bytes, source: str = "", limits: Limits = DEFAULT_LIMITS) -> tuple[Any, bool]:
    """The value of a JSON or YAML text, and whether it was read as YAML (then its scalars may be ``Odd``).

    A text that begins with a brace or bracket is JSON; where it is not, and its name does not end in ``.json``, YAML.

    Raises
    ------
    SpecError
        With line and column, where it is neither, holds a key twice, is empty, or breaks a limit.
    """
    text = decode(raw, source)
    start = text[:1000].lstrip()
    if start[:1] == "<":
        raise SpecError(
            "this is HTML or XML, not an OpenAPI document in YAML or JSON; "
            "an address of a page about the document, or of a login, was given instead of that of the file itself",
            source=source,
        )
    if not start and not text.strip():
        raise SpecError("the document is empty", source=source)
    if start[:1] in ("{", "["):
        try:
            return _parse_json(text, source, limits), False
        except json.JSONDecodeError as error:
            if source.lower().endswith(".json"):
                _refuse_json(error, text, source)
    from dynaclient.source.yaml12 import parse_yaml

    return parse_yaml(text, source, limits), True


class _DuplicateKeyError(Exception):
    pass


class _NumberError(Exception):
    pass


def _parse_json(text: str, source: str, limits: Limits) -> Any:
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_float=_float, parse_constant=_constant, parse_int=_int
        )
    except _DuplicateKeyError:
        _refuse_duplicate(text, source)
    except _NumberError as error:
        _refuse_number(str(error), text, source)
    except RecursionError:
        raise SpecError(limits.exceeded("depth", "it nests deeper than"), source=source) from None
    check_depth(value, source, limits)
    if len(_SURROGATE.findall(text)) != 2 * len(_PAIR.findall(text)):
        _check_surrogates(value, source)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _DuplicateKeyError
    return value


def _float(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise _NumberError(text)
    return value


def _int(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # more digits than Python converts (sys.get_int_max_str_digits)
        raise _NumberError(text) from None


def _constant(text: str) -> NoReturn:
    raise _NumberError(text)


def _check_surrogates(value: Any, source: str) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise SpecError(
            "a text holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no character; remove it",
            source=source,
        ) from None


def _refuse_json(error: json.JSONDecodeError, text: str, source: str) -> NoReturn:
    lines = text.splitlines()
    shown = lines[error.lineno - 1].strip()[:100] if error.lineno <= len(lines) else ""
    raise SpecError(
        f"this is not JSON (RFC 8259): {error.msg}" + (f"\n    {shown}" if shown else ""),
        source=source,
        line=error.lineno,
        column=error.colno,
    ) from None


def _refuse_duplicate(text: str, source: str) -> NoReturn:
    seen: dict[str, int] = {}
    for pointer, line, column in json_places(text):
        if pointer in seen:
            raise SpecError(
                f"the key {unescape(pointer.rpartition('/')[2])!r} stands twice in one object, first in line {seen[pointer]}; "
                "remove or rename one",
                source=source,
                pointer=pointer,
                line=line,
                column=column,
            ) from None
        seen[pointer] = line
    raise SpecError("a key stands twice in one object; remove or rename one", source=source) from None


def _refuse_number(number: str, text: str, source: str) -> NoReturn:
    offset = text.find(number)
    shown = number if len(number) <= 40 else f"{number[:37]}..."
    raise SpecError(
        f"{shown} is not a number that JSON and Python can both hold without changing it; write it as a string",
        source=source,
        line=text.count("\n", 0, offset) + 1,
        column=offset - text.rfind("\n", 0, offset),
    ) from None
