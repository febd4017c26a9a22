"""Arrays of numbers by simdjson, where the package ``pysimdjson`` is installed: half the time of msgspec and struct, the same numbers. The only door to it."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

_own = threading.local()


@cache
def available() -> bool:
    """Whether simdjson can be used in this process."""
    try:
        import simdjson  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: F401
    except ImportError:
        return False
    return True


def floats(text: bytes) -> tuple[bytes, list[int]] | None:
    """JSON text that is an array of arrays of numbers: all numbers as packed float64, each the nearest there is, and how many each array has; None where it is anything else."""
    parser = getattr(_own, "parser", None)
    if parser is None:
        parser = _parser()
    _own.parser = None  # a parser that an error has left with a document is not used again
    try:
        arrays = parser.parse(text)
        lengths = list(map(len, arrays))
        found = bytes(arrays.as_buffer(of_type="d"))
    except (ValueError, TypeError, RuntimeError):
        return None
    del arrays
    _own.parser = parser
    return (found, lengths) if sum(lengths) * 8 == len(found) else None


def _parser() -> Any:
    import simdjson

    return simdjson.Parser()
