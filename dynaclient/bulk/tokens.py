"""How many tokens a row has: estimated, or counted with a tokenizer that the user names."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from dynaclient.bulk.plan import estimate
from dynaclient.errors import ArgumentError, Problem


def counter(named: str | Callable[[Any], int] | None) -> Callable[[Any], int]:
    """What counts the tokens of a row.

    Parameters
    ----------
    named:
        None: an estimate, see `dynaclient.bulk.plan.estimate`. A function: that. ``tiktoken:NAME``: an encoding of the library tiktoken. Else a file of the library
        tokenizers, ``tokenizer.json``.

    Raises
    ------
    ArgumentError
        Where the library is not installed, or the encoding or the file cannot be read.
    """
    if named is None:
        return estimate
    if callable(named):
        return named
    try:
        encode = _tiktoken(named[9:]) if named.startswith("tiktoken:") else _tokenizers(named)
    except ImportError as error:
        raise _bad(f"{named!r} needs the library {error.name}: pip install {error.name}") from None
    except Exception as error:  # noqa: BLE001 - whatever these libraries raise
        raise _bad(f"{named!r} cannot be read: {error}") from None

    def count(row: Any) -> int:
        return max(1, encode(row)) if isinstance(row, str) else estimate(row)

    return count


def _tiktoken(name: str) -> Callable[[str], int]:
    encoding = import_module("tiktoken").get_encoding(name)
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def _tokenizers(path: str) -> Callable[[str], int]:
    kind = import_module("tokenizers").Tokenizer
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}")
    tokenizer = kind.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()  # some files fill every text up to one length
    return lambda text: len(tokenizer.encode(text).ids)


def _bad(message: str) -> ArgumentError:
    return ArgumentError("an option makes no sense", problems=(Problem("tokenizer", message),))
