"""A document as it was loaded, and what a document must be to be one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dynaclient.errors import SpecError, UnsupportedError
from dynaclient.openapi.pointer import join
from dynaclient.source.place import Place, SourceFile
from dynaclient.source.scalar import as_text

if TYPE_CHECKING:
    from dynaclient.source.amend import Amendment, Unmatched

_VERSION = re.compile(r"3\.[0-2](\.[0-9]+)?([-+].*)?")
_SWAGGER = re.compile(r"2(\.0(\.[0-9]+)?)?")
_RELATIVES = {
    "asyncapi": "AsyncAPI describes messages, not HTTP calls",
    "arazzo": "Arazzo describes workflows over OpenAPI documents; load those",
    "overlay": "an overlay changes a document; load the document and apply this to it",
    "swaggerVersion": "Swagger 1 must be converted first, for example by npx api-spec-converter",
    "raml": "RAML must be converted to OpenAPI first",
    "$schema": "this looks like a JSON Schema; an OpenAPI document refers to it",
}


@dataclass(frozen=True)
class Document:
    """A document whose references are local and whose values are plain.

    Parameters
    ----------
    data:
        Dicts with string keys, lists, strings, numbers, booleans, None. It is shared: do not change it.
    source:
        Its name for messages: the path as it was given, the URL without secrets, ``<text>`` or ``<mapping>``.
    digest:
        SHA-256, in hex, of all that it was read from.
    files:
        The names of the files that were read, the document itself first.
    kept:
        Whether what is made from the document may be kept in the user's cache folder, as its parsed form is.
    overlays:
        The names of the overlays that were applied, in order.
    address:
        The URI that it was read from, by which an overlay's ``extends`` may name it; ``""`` for a text or a mapping.
    base:
        The document before any overlay was applied; None where none was.
    words:
        The names of those that ship with dynaclient.
    amendments:
        The others themselves, in order: see `dynaclient.source.amend.Amendment`.
    unmatched:
        The actions of those overlays whose target names nothing in the document.
    published:
        The URL that a local copy was fetched from, or ``""``.
    """

    data: Mapping[str, Any] = field(repr=False)
    source: str
    digest: str
    files: tuple[str, ...] = ()
    texts: Mapping[str, SourceFile] = field(default_factory=dict, repr=False, compare=False)
    origins: Sequence[tuple[str, str, str]] = field(default=(), repr=False, compare=False)
    kept: bool = field(default=False, repr=False, compare=False)
    overlays: tuple[str, ...] = ()
    address: str = field(default="", compare=False)
    base: Document | None = field(default=None, repr=False, compare=False)
    words: tuple[str, ...] = field(default=(), compare=False)
    amendments: tuple[Amendment, ...] = field(default=(), repr=False, compare=False)
    unmatched: tuple[Unmatched, ...] = field(default=(), repr=False, compare=False)
    published: str = field(default="", compare=False)

    @property
    def original(self) -> Document:
        """The document before any overlay was applied."""
        return self.base or self

    def place(self, pointer: str) -> Place:
        """Where a node stands: the file it came from, line and column (from 1; 0 for a document that never was text).

        Parameters
        ----------
        pointer:
            A JSON Pointer (RFC 6901) into ``data``. Where it names nothing, the nearest node around it is taken.
        """
        start = pointer
        while start and start not in self._origins:
            start = start.rpartition("/")[0]
        name, source = self._origins.get(start, (self.source, ""))
        text = self.texts.get(name)
        return text.place(source + pointer[len(start) :]) if text is not None else Place(name)

    @cached_property
    def _origins(self) -> dict[str, tuple[str, str]]:
        """The origins by their pointer; of several for one node the last is right."""
        return {pointer: (file, there) for pointer, file, there in self.origins}


def check_kind(data: Any, source: str) -> None:
    """Raise where this is no OpenAPI document of a version that is understood.

    Raises
    ------
    UnsupportedError
        For Swagger before 2.0 and for OpenAPI beyond 3.2, with what to do.
    SpecError
        For anything else that is no OpenAPI document.
    """
    if type(data) is not dict:
        raise SpecError(
            f"an OpenAPI document is a mapping with the keys openapi, info and paths; this is {_named(data)}",
            source=source,
        )
    if is_swagger(data):
        _check_swagger(data, source)
        return
    version = as_text(data.get("openapi"))
    if version is None:
        found = next((f"; {hint}" for key, hint in _RELATIVES.items() if key in data), "")
        keys = ", ".join(list(data)[:5]) or "none"
        raise SpecError(
            f"the key openapi is missing: an OpenAPI document says openapi: 3.1.0 at its root (keys here: {keys}){found}",
            source=source,
        )
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise UnsupportedError(
            f"openapi: {version!r} is not a version that is read; those are 3.0, 3.1 and 3.2, and swagger: 2.0",
            source=source,
            pointer="/openapi",
        )


def is_swagger(data: Any) -> bool:
    """Whether a document calls itself Swagger, whatever its version, and not OpenAPI."""
    return type(data) is dict and "swagger" in data and "openapi" not in data


def _check_swagger(data: Mapping[str, Any], source: str) -> None:
    version = as_text(data["swagger"])
    if not isinstance(version, str) or not _SWAGGER.fullmatch(version):
        raise UnsupportedError(
            f"this is Swagger {version}; Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2 are read. Convert it once: "
            "npx api-spec-converter --from=swagger_1 --to=swagger_2 FILE",
            source=source,
            pointer="/swagger",
        )


def _named(data: Any) -> str:
    if data is None:
        return "empty (or only comments)"
    if isinstance(data, list):
        return "a list"
    shown = repr(data)
    return f"{type(data).__name__} {shown if len(shown) <= 60 else shown[:57] + '...'}"


def with_text_versions(data: dict[str, Any]) -> dict[str, Any]:
    """The document with ``openapi`` and ``info.version`` as text, where JSON or a mapping has them as numbers."""
    version, info = data.get("openapi"), data.get("info")
    if type(version) is float:
        data = data | {"openapi": repr(version)}
    if type(info) is dict and type(info.get("version")) in (int, float):
        data = data | {"info": info | {"version": repr(info["version"])}}
    return data


def plain_mapping(value: Any, source: str, deepest: int, pointer: str = "") -> Any:
    """A copy of a value with JSON's types alone: integer keys become text, tuples lists.

    Raises
    ------
    SpecError
        With the pointer of what has no JSON form.
    """
    if isinstance(value, Mapping):
        if deepest <= 0:
            raise SpecError("the mapping nests too deeply, or contains itself", source=source, pointer=pointer[:200])
        return _plain_object(value, source, deepest, pointer)
    if isinstance(value, list | tuple):
        if deepest <= 0:
            raise SpecError("the list nests too deeply, or contains itself", source=source, pointer=pointer[:200])
        return [plain_mapping(item, source, deepest - 1, join(pointer, number)) for number, item in enumerate(value)]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and value - value == 0:
        return float(value)
    raise SpecError(
        f"{type(value).__name__} {value!r:.60} has no JSON form; "
        "load the text of the document instead of a mapping that another YAML reader made of it",
        source=source,
        pointer=pointer,
    )


def _plain_object(value: Mapping[Any, Any], source: str, deepest: int, pointer: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise SpecError(f"the key {key!r} is not text", source=source, pointer=pointer)
        name = str(key)
        if name in result:
            raise SpecError(f"the key {name!r} stands twice, as text and as a number", source=source, pointer=pointer)
        result[name] = plain_mapping(item, source, deepest - 1, join(pointer, name))
    return result
