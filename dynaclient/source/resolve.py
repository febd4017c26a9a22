"""From the text of a reference to the node that it names, across files (OpenAPI 3.1, 4.6; 3.2, 4.1.2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from dynaclient.errors import SpecError
from dynaclient.openapi.pointer import tokens as split_pointer
from dynaclient.source.files import Content, Library, MissingFileError
from dynaclient.source.limits import Limits
from dynaclient.source.resource import Resource, Scope, Target, Tokens
from dynaclient.source.scalar import as_text
from dynaclient.source.text import parse

_HOPS = 64  # references that lead to references, before they are called a circle


class Resolver:
    """Finds what references name and reads the files that they need.

    Parameters
    ----------
    root:
        The document.
    library:
        Reads further files.
    limits:
        Bounds for their parsing.
    """

    def __init__(self, root: Resource, library: Library, limits: Limits) -> None:
        self.root = root
        self.library = library
        self.limits = limits
        self._modern = _is_modern(root.data)
        self.resources: dict[str, Resource] = {root.uri: root}
        self.consulted: dict[str, None] = {}  # addresses whose content the outcome depends on, in order

    def resolve(self, reference: str, resource: Resource, scope: Scope, hops: int = 0) -> Target | None:
        """The node that a reference names, or None where it is remote and stays as it is.

        Raises
        ------
        MissingFileError
            Without a place, if its file is not there, or nothing stands at its place in the file.
        SpecError
            Without a place, if the reference is refused or its file cannot be read.
        """
        if hops > _HOPS:
            raise SpecError("these references lead in a circle")
        uri, _, fragment = reference.partition("#")
        if urlsplit(uri).scheme == "file":
            raise SpecError("file: addresses are not followed; write the path relative to the document")
        starts = self._starts(uri, resource, scope)
        if not starts:
            return None
        fragment = unquote(fragment)
        for found, top in starts:
            target = self._find(found, top, fragment, hops)
            if target is not None:
                return target
        raise MissingFileError(f"nothing stands at {'#' + fragment!r} of {starts[0][0].name}")

    def _starts(self, uri: str, resource: Resource, scope: Scope) -> list[tuple[Resource, Tokens]]:
        """Where the fragment may begin: the file or the schema that the address names; () of the file as a second chance."""
        if not uri:
            return [(resource, scope.top), (resource, ())] if scope.top else [(resource, ())]
        absolute = urljoin(scope.base, uri)
        for known in self.resources.values():
            if absolute in (known.uri, known.base):
                self.consulted.setdefault(known.uri)
                return [(known, ())]
            tokens = known.identified(absolute)
            if tokens is not None:
                return [(known, tokens)]
        opened = self._open(absolute, urljoin(resource.uri, uri))
        return [(opened, ())] if opened is not None else []

    def _open(self, *addresses: str) -> Resource | None:
        """The file at the first address that can be read; None where one of them is remote and none can be read.

        The second address is relative to where the file was found: a document whose ``$self`` or ``$id`` is a public URL is read from a
        folder together with its neighbours.
        """
        failure: SpecError | None = None
        remote = False
        for address in dict.fromkeys(addresses):
            if self.library.remote(address):
                remote = True
                continue
            try:
                return self._resource(self.library.read(address))
            except SpecError as error:
                failure = failure or error
        if failure is not None and not remote:
            raise failure
        return None

    def _resource(self, content: Content) -> Resource:
        self.consulted.setdefault(content.uri)
        resource = self.resources.get(content.uri)
        if resource is None:
            data, yaml = parse(content.raw, content.name, self.limits)
            resource = Resource(content.uri, content.name, data, yaml, self._modern and _may_name(content.raw))
            self.resources[content.uri] = resource
        return resource

    def _find(self, resource: Resource, top: Tokens, fragment: str, hops: int) -> Target | None:
        if fragment and not fragment.startswith("/"):
            anchored = resource.anchored(top, fragment)
            return None if anchored is None else self._walk(resource, anchored, hops)
        return self._walk(resource, (*top, *split_pointer(fragment)), hops)

    def _walk(self, resource: Resource, tokens: Tokens, hops: int) -> Target | None:
        """Step down to a node; a ``$ref`` on the way, where a step is missing, is followed: files that list other files are common."""
        node = resource.data
        path: Tokens = ()
        for number, token in enumerate(tokens):
            step, child = _step(node, token)
            if step is None:
                reference = node.get("$ref") if type(node) is dict else None
                if not isinstance(reference, str):
                    return None
                onward = self.resolve(reference, resource, resource.scope_at(path), hops + 1)
                return onward and self._walk(onward.resource, onward.tokens + tokens[number:], hops + 1)
            path, node = (*path, step), child
        return Target(resource, path, node)


def _step(node: Any, token: str | int) -> tuple[str | int | None, Any]:
    if type(node) is dict and token in node:
        return token, node[token]
    if type(node) is list and str(token).isdecimal() and int(token) < len(node):
        return int(token), node[int(token)]
    return None, None


def root_resource(content: Content, data: Any, *, yaml: bool) -> Resource:
    """The document itself as a resource."""
    return Resource(content.uri, content.name, data, yaml, _is_modern(data) and _may_name(content.raw))


def _is_modern(data: Any) -> bool:
    """Whether schemas are JSON Schema 2020-12, with ``$id`` and ``$anchor``: OpenAPI 3.1 and later."""
    return "openapi" in data and not str(as_text(data.get("openapi"))).startswith("3.0")


def _may_name(raw: bytes) -> bool:
    """Whether a text may hold ``$id`` or ``$anchor``; assumed where it could be spelt otherwise: escapes, UTF-16."""
    return b"$id" in raw or b"nchor" in raw or b"\0" in raw[:4] or b"\\u0" in raw


def pure_references(section: Any) -> Iterator[tuple[str, str]]:
    """The names of a section of ``components`` whose value is nothing but a reference, with that reference."""
    for name, node in section.items() if type(section) is dict else ():
        if type(node) is dict and len(node) == 1 and isinstance(node.get("$ref"), str):
            yield name, node["$ref"]
