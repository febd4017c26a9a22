"""Api -> the text of a stub file (PEP 484, 561): what type checkers and editors know of a client of that document."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dynaclient.openapi.model import Api, OperationKey
from dynaclient.openapi.names import snake
from dynaclient.openapi.read import globals_of, operation
from dynaclient.openapi.stubcalls import CallWriter, option_types
from dynaclient.openapi.stubpacked import ARRAYS, EITHER
from dynaclient.openapi.stubtext import CLIENTS, IMPORTS, NUMBERS, PACKED, Names, camel, docstring, head, literal
from dynaclient.openapi.stubtypes import Types

_MOST_ITEMS = 100
"""Up to so many operations are typed when a client is asked for them by their dotted names: checkers compare all overloads with each other."""

_MANY = 500
"""With more operations than these, only what is called, sent and streamed is typed, and fields only as attributes: pyright gives up on a module of some thousands of
statements more."""

_PARAMETER = f", Generic[{NUMBERS}]"

_CHANGES_DOCUMENT = frozenset({"spec", "profile", "overlays"})
"""Arguments of a client that put another document in the place of the one that ships, or change it."""


@dataclass(frozen=True, slots=True)
class Front:
    """The clients of the document that ships, which are those of any other document too.

    ``Client()`` is then typed as a client of this document, ``Client(spec)`` as one whose operations are not known.

    Parameters
    ----------
    signatures:
        Name of the client -> the signature of its constructor, with annotations as text.
    docstrings:
        Name of the client -> its docstring.
    imports:
        The lines of import that those annotations need.
    """

    signatures: Mapping[str, inspect.Signature]
    docstrings: Mapping[str, str]
    imports: tuple[str, ...] = ()


@dataclass(slots=True)
class _Node:
    """A group: its operations, as the names of their classes, and the groups within."""

    calls: dict[str, tuple[str, str, bool]] = field(default_factory=dict)
    groups: dict[str, _Node] = field(default_factory=dict)
    names: tuple[str, str] = ("", "")

    @property
    def members(self) -> set[str]:
        """The names of all that stands directly in it."""
        return {*self.calls, *self.groups}


def stubs(api: Api, front: Front | None = None, keys: Iterable[OperationKey] | None = None) -> str:
    """The stub of a document: a class for each group, call, schema and client.

    Parameters
    ----------
    api:
        The document.
    keys:
        The operations that are typed; without them all.
    front:
        For the document that ships.

    Raises
    ------
    SpecError
        Where an operation cannot be read.
    """
    wanted = list(api.index.values() if keys is None else keys)
    lean = len(wanted) > _MANY
    made = Types(api.document, Names(["BundledClient", "BundledAsyncClient"] if front else ()), lean=lean)
    settings = {(field.name, field.location) for field in globals_of(api)}
    writer = CallWriter(api, made, settings, lean=lean)
    root = _Node()
    called: dict[str, tuple[str, str]] = {}
    for key in wanted:
        names = writer.write(operation(api, key))
        called[key.dotted] = names
        node = root
        for word in key.group:
            node = node.groups.setdefault(word, _Node())
        node.calls[key.name] = (*names, key.deprecated)
    made.finish()
    groups = [block for word, node in root.groups.items() for block in _groups(node, (word,), made)]
    blocks = [option_types(), *made.definitions.values(), *writer.definitions.values(), *groups]
    blocks += _clients(root, called, made, api.title, front)
    body = "\n\n".join(blocks)
    more = [*_alias_imports(made.aliases), *(front.imports if front else ())]
    title = f"The operations of {api.title or 'a document'}, as types. Made by `dynaclient stubs`; not to be edited."
    return f"{head(body, title, more)}\n{body}\n"


def _alias_imports(aliases: Mapping[str, str]) -> Iterable[str]:
    """Second names for what a field's own name hides within its class."""
    import builtins

    for name, other in sorted(aliases.items()):
        home = "builtins" if hasattr(builtins, name) else IMPORTS.get(name)
        yield f"from {home} import {name} as {other}" if home else f"{other}: TypeAlias = {name}"


def _groups(node: _Node, path: tuple[str, ...], made: Types) -> Iterable[str]:
    """The classes of a group and of those within it."""
    for word, inner in node.groups.items():
        yield from _groups(inner, (*path, word), made)
    wanted = camel(*path)
    node.names = made.names.claim(wanted), made.names.claim(f"Async{wanted}")
    for waits in (False, True):
        base = "AsyncGroup" if waits else "Group"
        members = list(_members(node, made, waits=waits))
        generic = any(f"[{NUMBERS}]" in line for line in members)
        made.generic.update([node.names[waits]] if generic else [])
        lines = [
            f"class {node.names[waits]}({base}{_PARAMETER if generic else ''}):",
            "    __getattr__: None",
            *members,
        ]
        yield "\n".join(lines)


def _members(node: _Node, made: Types, *, waits: bool) -> Iterable[str]:
    for name, (plain, awaited, deprecated) in node.calls.items():
        kind = _kind(made, awaited if waits else plain)
        if deprecated:
            yield f"    @{made.word('property', node.members)}"
            yield f'    @{made.word("deprecated", node.members)}("The document says that this operation is deprecated.")'
            yield f"    def {name}(self) -> {kind}: ..."
        else:
            yield f"    {name}: {kind}"
    for name, inner in node.groups.items():
        yield f"    {name}: {_kind(made, inner.names[waits])}"


def _kind(made: Types, name: str) -> str:
    """A class as a type, with the parameter of its numbers if it has one."""
    return f"{name}[{NUMBERS}]" if name in made.generic else name


def _clients(
    root: _Node, called: Mapping[str, tuple[str, str]], made: Types, title: str, front: Front | None
) -> Iterable[str]:
    for waits, name in enumerate(CLIENTS):
        base = f"dynaclient.{'aio' if waits else 'client'}.{name}"
        own = name
        members = list(_members(root, made, waits=bool(waits)))
        generic = any(f"[{NUMBERS}]" in line for line in members)
        if front is not None:
            own = f"Bundled{name}"
            yield _front(name, own, base, front, generic=generic)
            base = name
        lines = [f"class {own}({base}{_PARAMETER if generic else ''}):"]
        lines += docstring(f"A client of {title}." if title else "")
        if front is not None:
            lines += _constructors(_given_ways(own, front.signatures[name], generic=generic, bare=True))
        lines += ["    __getattr__: None", *members]
        call = "AsyncCall" if waits else "Call"
        items = list(called.items())[: _MOST_ITEMS if len(called) <= _MOST_ITEMS else 0]
        overload, chosen, text = (made.word(word, root.members) for word in ("overload", "Literal", "str"))
        ways = [(f"{chosen}[{literal(dotted)}]", _kind(made, names[waits])) for dotted, names in items]
        for key, kind in (*ways, (text, call)) if ways else ():
            lines += [f"    @{overload}", f"    def __getitem__(self, name: {key}, /) -> {kind}: ..."]
        yield "\n".join(lines)


def _front(name: str, own: str, base: str, front: Front, *, generic: bool) -> str:
    """The class of any document's client, whose constructor says which one it makes."""
    signature = front.signatures[name]
    ways = _given_ways(own, signature, generic=generic)
    ways.append((signature, {}, "Self"))
    return "\n".join([f"class {name}({base}):", *docstring(front.docstrings[name]), *_constructors(ways)])


_Making = tuple[inspect.Signature, Mapping[str, str], str]
"""One way to make a client: its parameters, the types that some of them have then, and the type of the client."""


def _given_ways(own: str, signature: inspect.Signature, *, generic: bool, bare: bool = False) -> list[_Making]:
    """The ways to make a client of the document that ships; ``bare``: by its own class, which takes no document."""
    fixed = dict.fromkeys(_CHANGES_DOCUMENT & signature.parameters.keys(), "None")
    if bare:
        kept = [one for one in signature.parameters.values() if one.name != "spec"]
        signature, fixed = signature.replace(parameters=kept), {}
    if not generic:
        return [(signature, fixed, own)]
    packed = {"arrays": ARRAYS}
    return [
        (signature, {**fixed, "arrays": "None"}, own),
        (signature, {**fixed, **packed}, f"{own}[{PACKED}]"),
        (signature, fixed, f"{own}[{EITHER}]"),
    ]


def _constructors(ways: Iterable[_Making]) -> list[str]:
    found = list(ways)
    lines: list[str] = []
    for signature, types, kind in found:
        lines += [*(["    @overload"] if len(found) > 1 else []), "    def __new__(", "        cls,"]
        keywords = False
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY and not keywords:
                keywords = True
                lines.append("        *,")
            untyped = parameter.annotation is parameter.empty
            annotated = type(parameter.default).__name__ if untyped else str(parameter.annotation)
            default = "" if types.get(parameter.name) == ARRAYS else " = ..."
            lines.append(f"        {parameter.name}: {types.get(parameter.name, annotated)}{default},")
        lines.append(f"    ) -> {kind}: ...")
    return lines


def module_name(api: Api) -> str:
    """A name for a module of the document's stubs: its title in snake case."""
    return snake(api.title) if api.title else "api"
