"""Text of stub files: names, docstrings, the words that every stub begins with."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

IMPORTS: Mapping[str, str] = {
    "Callable": "collections.abc",
    "Sequence": "collections.abc",
    "Mapping": "collections.abc",
    "Iterable": "collections.abc",
    "Iterator": "collections.abc",
    "Path": "pathlib",
    "PathLike": "os",
    "UUID": "uuid",
    "Any": "typing",
    "BinaryIO": "typing",
    "Generic": "typing",
    "Literal": "typing",
    "Protocol": "typing",
    "Required": "typing",
    "Self": "typing",
    "TypeAlias": "typing",
    "TypedDict": "typing",
    "TypeVar": "typing_extensions",
    "Unpack": "typing",
    "overload": "typing",
    "deprecated": "typing_extensions",
    "AsyncCall": "dynaclient.aio.client",
    "AsyncGroup": "dynaclient.aio.client",
    "AsyncIterate": "dynaclient.aio.iterate",
    "AsyncMapResults": "dynaclient.aio.rows",
    "MapResults": "dynaclient.bulk.mapping",
    "Call": "dynaclient.call",
    "DynaclientError": "dynaclient.errors",
    "Group": "dynaclient.group",
    "RetryPolicy": "dynaclient.openapi.model",
    "File": "dynaclient.openapi.parts",
    "Result": "dynaclient.result",
    "Progress": "dynaclient.save",
    "Saved": "dynaclient.save",
    "ItemStream": "dynaclient.stream",
    "Record": "dynaclient.value",
    "Vector": "dynaclient.value",
    "Request": "dynaclient.wire",
    "Timeout": "dynaclient.wire",
}
"""Every name that a stub may take from elsewhere, and where from."""

MODULES = ("datetime", "dynaclient.aio", "dynaclient.client")

PREAMBLE: Mapping[str, str] = {
    "_T_co": '_T_co = TypeVar("_T_co", covariant=True)',
    "_Numbers_co": '_Numbers_co = TypeVar("_Numbers_co", default=list[float], covariant=True)',
    "Numbers": '''\
class Numbers(Protocol):
    """Numbers of another library: a numpy array, a tensor."""

    def tolist(self) -> Any: ...''',
    "Fields": '''\
class Fields(Record):
    """A JSON object whose fields are known: read as attributes, or as items. Fields that the document does not declare are read as items."""

    __getattr__: None''',
    "ResultOf": '''\
class ResultOf(Result, Generic[_T_co], frozen=True):
    """All that is known of one call."""

    value: _T_co''',
    "WholeCall": '''\
class WholeCall(Call):
    """A call of which the document declares no reply that comes item by item."""

    stream: None''',
    "AsyncWholeCall": '''\
class AsyncWholeCall(AsyncCall):
    """A call of which the document declares no reply that comes item by item."""

    stream: None''',
    "StreamOf": '''\
class StreamOf(ItemStream, Generic[_T_co]):
    """The items of a reply, as they arrive."""

    def __iter__(self) -> StreamOf[_T_co]: ...
    def __next__(self) -> _T_co: ...
    def __enter__(self) -> StreamOf[_T_co]: ...
    def reconnecting(self, times: int) -> StreamOf[_T_co]: ...''',
}
"""What generated classes are built of, by name; each stands in a stub that uses it."""

NUMBERS, PLAIN, PACKED = "_Numbers_co", "list[float]", "Vector"
"""The parameter of classes whose numbers come as a list or packed, and what it stands for then."""

OPTIONS, MAP_OPTIONS = "CallOptions", "MapOptions"
CLIENTS = ("Client", "AsyncClient")
RESERVED = frozenset(
    {*IMPORTS, "datetime", "dynaclient", *PREAMBLE, *CLIENTS, *dir(builtins), *keyword.kwlist, OPTIONS, MAP_OPTIONS}
)

PRAGMAS = (
    # Calls and clients of one document promise more than those of any: their signatures narrow those of their bases.
    '# mypy: disable-error-code="override, assignment, misc, overload-overlap, overload-cannot-match"',
    "# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false",
    "# pyright: reportOverlappingOverload=false, reportInconsistentOverload=false",
)

_TOKEN = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(?<![\w.])[^\W\d]\w*""")
_DICT = frozenset(dir(dict))
_UNSHOWN = re.compile(r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Names:
    """The names of one module, each given once."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._taken = {*RESERVED, *reserved}

    def claim(self, wanted: str) -> str:
        """The name, with a number behind it where it is taken."""
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted}{number}", number + 1
        self._taken.add(name)
        return name


def camel(*words: str) -> str:
    """Words as the name of a class: ``("chat", "list-all")`` is ``ChatListAll``. It has an upper-case letter, so that no attribute has it."""
    text = unicodedata.normalize("NFKC", " ".join(words))
    text = "".join(letter if f"a{letter}".isidentifier() else " " for letter in text).replace("_", " ")
    name = "".join(part[:1].upper() + part[1:] for part in text.split())
    name = unicodedata.normalize("NFKC", name)
    return name if name.isidentifier() and name != name.lower() else f"X{name}"


def attribute(name: str, taken: Collection[str]) -> str | None:
    """The attribute by which a field of a Record is read; None where it can be read as an item only."""
    if name.startswith("__") or unicodedata.normalize("NFKC", name) != name or not name.isidentifier():
        return None
    if not keyword.iskeyword(name) and name not in _DICT:
        return name
    return None if f"{name}_" in taken else f"{name}_"


def used_names(text: str) -> set[str]:
    """The identifiers of an annotation; what stands in quotes is none."""
    return {token for token in _TOKEN.findall(text) if token[0] not in "'\""}


def renamed(text: str, changed: Mapping[str, str]) -> str:
    """An annotation with other names in the place of some."""
    return _TOKEN.sub(lambda found: changed.get(found[0], found[0]), text)


def docstring(text: str, indent: str = "    ") -> list[str]:
    """A text as the lines of a docstring; ``[]`` for one that is empty."""
    text = _UNSHOWN.sub(" ", text.replace("\r\n", "\n").replace("\t", "    ")).strip()
    if not text:
        return []
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if text.endswith('"'):
        text = f'{text[:-1]}\\"'
    lines = text.splitlines()
    if len(lines) == 1:
        return [f'{indent}"""{text}"""']
    rest = [f"{indent}{line}".rstrip() for line in lines[1:]]
    return [f'{indent}"""{lines[0].rstrip()}', *rest, f'{indent}"""']


@dataclass(frozen=True, slots=True)
class Argument:
    """One keyword of a signature, or one key of a TypedDict."""

    name: str
    type: str
    required: bool = False
    description: str = ""


def typed_dict(name: str, fields: Iterable[Argument], text: str = "", base: str = "", *, flat: bool = False) -> str:
    """A TypedDict: as a class where its keys can be written as attributes and hide no name of its annotations, else by its functional form.

    Parameters
    ----------
    name, fields, text:
        Its name, its keys, and its docstring.
    base:
        The TypedDict that it extends, whose keys are among ``fields`` only where there is none.
    flat:
        Always by its functional form: one statement.
    """
    fields = list(fields)
    keys = {field.name for field in fields}
    hidden = {word for field in fields for word in used_names(field.type)} | {"Required"}
    plain = all(key.isidentifier() and not keyword.iskeyword(key) and not key.startswith("__") for key in keys)
    plain = plain and all(unicodedata.normalize("NFKC", key) == key for key in keys)
    if not flat and ((plain and not keys & hidden) or base):
        lines = [f"class {name}({base or 'TypedDict'}, total=False):", *docstring(text)]
        for field in fields:
            lines += [f"    {field.name}: {_needed(field)}", *docstring(field.description)]
        return "\n".join(lines if len(lines) > 1 else [*lines, "    pass"])
    entries = [f"        {literal(field.name)}: {_needed(field)}," for field in fields]
    lines = [f"{name} = TypedDict(", f'    "{name}",', "    {", *entries, "    },", "    total=False,", ")"]
    return "\n".join([*lines, *docstring(text, "")])


def literal(value: Any) -> str:
    """A scalar as Python writes it, texts in double quotes where that is plain."""
    if not isinstance(value, str):
        return repr(value)
    if not value.isprintable():
        return ascii(value)
    return repr(value) if '"' in value or "\\" in value else f'"{value}"'


def _needed(field: Argument) -> str:
    return f"Required[{field.type}]" if field.required else field.type


def head(body: str, title: str, more: Iterable[str] = ()) -> str:
    """The beginning of a stub: what it is, and the imports and building blocks that its body uses."""
    used = set(re.findall(r"[^\W\d]\w*", body)) | {word for line in more for word in re.findall(r"\w+", line)}
    blocks: list[str] = []
    for name in reversed(list(PREAMBLE)):
        if name in used:
            blocks.insert(0, PREAMBLE[name])
            used |= set(re.findall(r"[^\W\d]\w*", PREAMBLE[name]))
    lines = [*PRAGMAS, *docstring(title, ""), ""]
    lines += [f"import {name}" for name in MODULES if re.search(rf"\b{name}\.\w", body)]
    homes: dict[str, list[str]] = {}
    for name in sorted(IMPORTS):
        if name in used:
            homes.setdefault(IMPORTS[name], []).append(name)
    lines += [f"from {home} import {', '.join(names)}" for home, names in sorted(homes.items())]
    return "\n".join([*lines, *more, "", "\n\n".join(blocks), ""])
