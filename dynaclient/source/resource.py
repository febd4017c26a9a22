"""What is found inside one file: the places that references name, by pointer, by ``$id`` and by ``$anchor``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urljoin

from dynaclient.openapi.pointer import join

Tokens = tuple[str | int, ...]


class Scope(NamedTuple):
    """What a reference is relative to.

    ``base`` is the address that relative references are joined to; ``top`` the tokens of the node that ``#/...`` begins at: the file's
    root, or the schema with the nearest ``$id`` (JSON Schema 2020-12, 8.2.1).
    """

    base: str
    top: Tokens


@dataclass(frozen=True, eq=False)
class Resource:
    """One parsed file.

    Parameters
    ----------
    uri, name:
        Its address, and its name in messages.
    data:
        Its value; scalars may be ``Odd`` where ``yaml`` is true.
    yaml:
        Whether it was read as YAML.
    ids:
        Whether ``$id`` and ``$anchor`` mean something (OpenAPI 3.1 and later) and occur in the text.
    """

    uri: str
    name: str
    data: Any
    yaml: bool
    ids: bool = False

    @cached_property
    def base(self) -> str:
        """The base address of its references: ``$self`` where it has one (OpenAPI 3.2, 4.1.2.2), else its own address."""
        own = self.data.get("$self") if type(self.data) is dict else None
        return urljoin(self.uri, own).partition("#")[0] if isinstance(own, str) else self.uri

    @property
    def scope(self) -> Scope:
        """The scope of its root."""
        return Scope(self.base, ())

    def scope_at(self, tokens: Tokens) -> Scope:
        """The scope of the node at these tokens."""
        scope = self.scope
        if not self.ids:
            return scope
        node = self.data
        for number, token in enumerate(tokens):
            node = node[token]
            if number < len(tokens) - 1:
                scope = entered(scope, node, tokens[: number + 1])
        return scope

    @cached_property
    def _named(self) -> tuple[dict[str, Tokens], dict[tuple[Tokens, str], Tokens]]:
        ids: dict[str, Tokens] = {}
        anchors: dict[tuple[Tokens, str], Tokens] = {}
        work: list[tuple[Any, Tokens, Scope]] = [(self.data, (), self.scope)] if self.ids else []
        while work:
            node, tokens, scope = work.pop()
            if type(node) is dict:
                inner = entered(scope, node, tokens)
                if inner is not scope:
                    ids.setdefault(inner.base, tokens)
                for keyword in ("$anchor", "$dynamicAnchor"):
                    if isinstance(node.get(keyword), str):
                        anchors.setdefault((inner.top, node[keyword]), tokens)
                work.extend(
                    (value, (*tokens, key), inner) for key, value in node.items() if type(value) in (dict, list)
                )
            else:
                work.extend((value, (*tokens, i), scope) for i, value in enumerate(node) if type(value) in (dict, list))
        return ids, anchors

    def identified(self, uri: str) -> Tokens | None:
        """Where the schema with this absolute ``$id`` stands, or None."""
        return self._named[0].get(uri) if self.ids else None

    def anchored(self, top: Tokens, name: str) -> Tokens | None:
        """Where the schema with this ``$anchor`` stands, or None."""
        return self._named[1].get((top, name)) if self.ids else None


def entered(scope: Scope, node: Any, tokens: Tokens) -> Scope:
    """The scope inside a node: a new one where it has an ``$id`` that is more than a fragment."""
    own = node.get("$id") if type(node) is dict else None
    if not isinstance(own, str) or not (own := own.partition("#")[0]):
        return scope
    return Scope(urljoin(scope.base, own), tokens)


class Target(NamedTuple):
    """A node that a reference names: its file, its tokens there, and the node."""

    resource: Resource
    tokens: Tokens
    node: Any

    @property
    def key(self) -> tuple[str, Tokens]:
        """What makes two targets the same."""
        return self.resource.uri, self.tokens

    @property
    def pointer(self) -> str:
        """Its JSON Pointer in its file."""
        return join("", *self.tokens)
