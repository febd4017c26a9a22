"""A kept document in pieces: path items and components are decoded when they are first asked for.

Of a document of 3 MB a call needs a few kilobytes; to decode the rest costs more than the call. What is not decoded yet stands in its dict as the JSON text that
it is, and nobody who reads gets to see that: ``Pieces`` is a dict to Python, and to what is written in C.
"""

from __future__ import annotations

import threading
from collections.abc import ItemsView, Iterator, Sequence, ValuesView
from functools import cached_property
from typing import Any, overload

import msgspec

_SMALL = 100_000
"""Bytes below which a document is decoded at once."""

_decode = msgspec.json.Decoder().decode
_cut = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_origins = msgspec.json.Decoder(tuple[tuple[str, str, str], ...]).decode
_lock = threading.Lock()


class Pieces(dict[str, Any]):
    """A dict whose values are decoded when they are first looked at.

    All ways to read a dict are open: those of Python go by ``__getitem__``; ``dict(pieces)``, ``{**pieces}`` and ``|`` do so too, because iteration is its own; and msgspec writes
    a piece that is not decoded as what it is, JSON.
    """

    __slots__ = ()

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if type(value) is not msgspec.Raw:
            return value
        with _lock:  # so that all threads get the same object
            value = super().__getitem__(key)
            if type(value) is msgspec.Raw:
                value = _decode(value)
                super().__setitem__(key, value)
        return value

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        return dict(self) == (dict(other) if isinstance(other, Pieces) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __repr__(self) -> str:
        return repr(dict(self))

    def __reduce__(self) -> Any:
        return dict, (dict(self),)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """Keys and values."""
        return ItemsView(self)

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """The values."""
        return ValuesView(self)

    def copy(self) -> dict[str, Any]:
        """A plain dict of the same."""
        return dict(self)

    def pop(self, key: str, *default: Any) -> Any:
        """Take a value out."""
        if key in self:
            self[key]
        return super().pop(key, *default)

    def popitem(self) -> tuple[str, Any]:
        """Take the last value out."""
        key = next(reversed(self))
        return key, self.pop(key)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a key; the default is put there where it is missing."""
        return self[key] if key in self else super().setdefault(key, default)


class Origins(Sequence[tuple[str, str, str]]):
    """The origins of a document's nodes, decoded when somebody asks: a call that goes well never does."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    @cached_property
    def _decoded(self) -> tuple[tuple[str, str, str], ...]:
        return _decode_origins(self._raw)

    @overload
    def __getitem__(self, index: int) -> tuple[str, str, str]: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[tuple[str, str, str], ...]: ...
    def __getitem__(self, index: Any) -> Any:
        return self._decoded[index]

    def __len__(self) -> int:
        return len(self._decoded)


def decode_entry(payload: bytes) -> Any:
    """The entry of a document in the cache, its ``data`` in pieces and its ``origins`` encoded if it is large.

    Raises
    ------
    msgspec.MsgspecError
        Where the entry is not JSON.
    """
    if len(payload) < _SMALL:
        return _decode(payload)
    try:
        entry: dict[str, Any] = _cut(payload)
        data = {key: _part(key, raw) for key, raw in _cut(entry.pop("data")).items()}
    except (msgspec.ValidationError, KeyError, TypeError):  # no entry of a document: whoever reads it will say so
        return _decode(payload)
    return {**{key: _whole(key, raw) for key, raw in entry.items()}, "data": data}


def _whole(key: str, raw: msgspec.Raw) -> Any:
    return Origins(bytes(raw)) if key == "origins" and len(bytes(raw)) > _SMALL else _decode(raw)


def _part(key: str, raw: msgspec.Raw) -> Any:
    try:
        if key == "paths":
            return Pieces(_cut(raw))
        if key == "components":
            return {section: _section(inner) for section, inner in _cut(raw).items()}
    except msgspec.ValidationError:  # not the objects that the standard asks for
        pass
    return _decode(raw)


def _section(raw: msgspec.Raw) -> Any:
    try:
        return Pieces(_cut(raw))
    except msgspec.ValidationError:
        return _decode(raw)
