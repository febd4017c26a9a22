"""Groups: the dotted names of a document as attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynaclient.call import Call
from dynaclient.core import Core
from dynaclient.openapi.model import Api
from dynaclient.options import Options


class Group:
    """The operations of one group; each is an attribute."""

    def __init__(self, core: Core, options: Options, path: tuple[str, ...]) -> None:
        self.__dict__.update(_core=core, _options=options, _path=path)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        known = members(self._core.api, self._path)
        if name not in known:
            raise AttributeError(no_member(".".join(self._path) or "the client", name, known))
        found = member(self._core, self._options, (*self._path, name))
        self.__dict__[name] = found
        return found

    def __dir__(self) -> list[str]:
        return sorted(members(self._core.api, self._path))

    def __repr__(self) -> str:
        return f"<Group {'.'.join(self._path)}: {', '.join(members(self._core.api, self._path))}>"

    def __reduce__(self) -> Any:
        raise TypeError("a group holds open connections and is not pickled; make the client where it is used")


class _Member:
    """A call as a class attribute of its group, so that ``help(client.embeddings)`` lists it; made when it is looked at."""

    def __init__(self, core: Core, options: Options, path: tuple[str, ...]) -> None:
        self._arguments = core, options, path

    def __get__(self, instance: Group | None, owner: type[Group]) -> Any:
        found = member(*self._arguments)
        if instance is not None:
            instance.__dict__[self._arguments[2][-1]] = found
        return found


def members(api: Api, path: tuple[str, ...]) -> tuple[str, ...]:
    """The names that stand directly below a group, in the order of the document."""
    found: dict[str, None] = {}
    depth = len(path)
    for key in api.index.values():
        whole = (*key.group, key.name)
        if whole[:depth] == path:
            found[whole[depth]] = None
    return tuple(found)


def member(core: Core, options: Options, path: tuple[str, ...]) -> Call | Group:
    """The call or the group of this name; a group is of a class of its own, so that ``help()`` lists its operations."""
    dotted = ".".join(path)
    if dotted in core.api.index:
        return Call(core, dotted, options)
    names = members(core.api, path)
    namespace: dict[str, Any] = {name: _Member(core, options, (*path, name)) for name in names}
    tags = core.api.document.get("tags")
    described = [tag for tag in tags if isinstance(tag, Mapping)] if isinstance(tags, list) else []
    first = next((key.tag for key in core.api.index.values() if key.group[: len(path)] == path), "")
    text = next((str(tag.get("description") or "") for tag in described if tag.get("name") == first), "")
    namespace["__doc__"] = text or f"The operations of {dotted}."
    title = "".join(part.title() for part in path[-1].split("_")) or "Group"
    kind: type[Group] = type(title, (Group,), namespace)
    return kind(core, options, path)


def no_member(owner: str, name: str, known: tuple[str, ...]) -> str:
    """What to say where a name is unknown: the nearest, or all that there are."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    hint = f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known[:20]) or 'none'}"
    return f"{owner} has no {name!r}{hint}"
