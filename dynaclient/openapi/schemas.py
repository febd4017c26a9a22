"""Schema Objects by their place in the document, each in its settled form.

A schema is named by a key that stands for its place; every reference between settled schemas is ``#/$defs/<key>``. Anchors, ``$id`` and
references that lead through other references are resolved here, so that no validator has to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urljoin

from dynaclient.errors import SpecError
from dynaclient.openapi.lenient import LENIENT, Loosener
from dynaclient.openapi.pointer import at, join, local_target, tokens
from dynaclient.openapi.settle import Schema, Settler


class Schemas:
    """The settled schemas of one document, each made when it is first asked for.

    Parameters
    ----------
    document:
        The whole OpenAPI document; only local references are followed.
    version:
        ``"3.0"``, ``"3.1"`` or ``"3.2"``.
    usable:
        Whether a regular expression (ECMA-262) can be compiled; one that cannot is left out.
    """

    def __init__(self, document: Mapping[str, Any], version: str, usable: Callable[[str], bool]) -> None:
        self.document, self.version, self.usable = document, version, usable
        self.places: dict[int, str] = {}
        self._keys: dict[str, str] = {}
        self._pointers: list[str] = []
        self._settled: dict[str, Schema] = {}
        self._tolerated: dict[str, None] = {}
        self._names: dict[str, list[str]] | None = None

    def key(self, pointer: str) -> str:
        """The key in ``$defs`` that stands for a place; the place is looked up, references on the way to it are followed.

        Raises
        ------
        SpecError
            Where nothing stands there, or no schema.
        """
        if pointer not in self._keys:
            node, place = _find(self.document, pointer)
            if not isinstance(node, (Mapping, bool)):
                raise SpecError("a schema was expected here: an object, true or false", pointer=place)
            if place not in self._keys:
                self._keys[place] = str(len(self._pointers))
                self._pointers.append(place)
            self._keys[pointer] = self._keys[place]
        return self._keys[pointer]

    def schema(self, key: str) -> Schema:
        """The settled schema of a key; its loosened form where ``LENIENT`` stands before the key.

        Raises
        ------
        SpecError
            Where one of its references leads nowhere or out of the document.
        """
        if key not in self._settled:
            if key.startswith(LENIENT):
                strict = self.schema(key.removeprefix(LENIENT))
                loosener = Loosener(self.version, self.schema, self.key, self.places)
                self._settled[key] = loosener.loosened(strict)
                return self._settled[key]
            pointer = self._pointers[int(key)]
            self._settled[key] = Settler(self, pointer).settle(at(self.document, pointer), pointer)
        return self._settled[key]

    def pointer(self, key: str) -> str:
        """The place that a key stands for."""
        return self._pointers[int(key.removeprefix(LENIENT))]

    def tolerated(self) -> tuple[str, ...]:
        """What was let through in the schemas that were settled so far, one line each: ``<pointer>: <what>``."""
        return tuple(self._tolerated)

    def tolerate(self, pointer: str, what: str) -> None:
        """Note something that was let through."""
        self._tolerated[f"{pointer}: {what}"] = None

    def target(self, reference: str, base: str, base_id: str) -> str:
        """The pointer that a reference names, seen from the schema resource at ``base`` (JSON Schema 2020-12, 8.2.3).

        Raises
        ------
        SpecError
            Where it leads out of the document or nowhere.
        """
        address, _, fragment = reference.partition("#")
        start = self._identified(address, base_id) if address else base
        if not fragment:
            return start
        if fragment.startswith("/"):
            inner = start + unquote(fragment)
            return inner if not start or _stands(self.document, inner) else unquote(fragment)
        return self._anchored(fragment, start, reference)

    def _identified(self, address: str, base_id: str) -> str:
        wanted = urljoin(base_id, address) if base_id else address
        for name in (wanted, address):
            for pointer in self._index().get(f"id {name}", ()):
                return pointer
        return local_target(address)  # raises: the reference leads out of the document

    def _anchored(self, name: str, start: str, reference: str) -> str:
        found = self._index().get(f"anchor {name}", [])
        inside = [pointer for pointer in found if pointer == start or pointer.startswith(start + "/")]
        if not inside:
            raise SpecError(f"the reference {reference!r} names an anchor that stands nowhere")
        return inside[0]

    def dynamic(self, reference: str) -> str:
        """The one place that a ``$dynamicRef`` can name; with several of that name the choice would depend on the call.

        Raises
        ------
        SpecError
            Where there is none, or more than one.
        """
        found = self._index().get(f"anchor {reference.partition('#')[2]}", [])
        if len(found) != 1:
            raise SpecError(f"$dynamicRef {reference!r} needs exactly one anchor of that name, found {len(found)}")
        return found[0]

    def _index(self) -> dict[str, list[str]]:
        """Anchors and identifiers of the whole document; only a document that refers by name pays for this walk."""
        if self._names is None:
            names: dict[str, list[str]] = {}
            for node, pointer in _mappings(self.document):
                for keyword, kind in (("$id", "id"), ("$anchor", "anchor"), ("$dynamicAnchor", "anchor")):
                    if isinstance(name := node.get(keyword), str):
                        names.setdefault(f"{kind} {name}", []).append(pointer)
            self._names = names
        return self._names

    def base(self, pointer: str) -> tuple[str, str]:
        """The schema resource that a place belongs to: its pointer and its ``$id`` (JSON Schema 2020-12, 8.2.1)."""
        node: Any = self.document
        base, identifier, here = "", "", ""
        for token in tokens(pointer):
            node = node[int(token)] if isinstance(node, list) else node[token]
            here = join(here, token)
            if self.version != "3.0" and isinstance(node, Mapping) and isinstance(node.get("$id"), str):
                base, identifier = here, urljoin(identifier, node["$id"])
        return base, identifier


def _find(document: Mapping[str, Any], pointer: str) -> tuple[Any, str]:
    """The node at a pointer and its own place: references of containers on the way are followed, the last one is not."""
    node: Any = document
    place = ""
    for token in tokens(pointer):
        hops = 0
        while isinstance(node, Mapping) and token not in node and isinstance(node.get("$ref"), str):
            place = local_target(node["$ref"])
            node = at(document, place)
            hops += 1
            if hops > 100:
                raise SpecError("these references lead in a circle", pointer=place)
        place = join(place, token)
        try:
            node = node[int(token)] if isinstance(node, list) else node[token]
        except (KeyError, IndexError, ValueError, TypeError):
            raise SpecError("nothing stands at this place of the document", pointer=pointer) from None
    return node, place


def _stands(document: Mapping[str, Any], pointer: str) -> bool:
    try:
        at(document, pointer)
    except SpecError:
        return False
    return True


def _mappings(node: Any, pointer: str = "") -> Iterator[tuple[Mapping[str, Any], str]]:
    if isinstance(node, Mapping):
        yield node, pointer
        for name, item in node.items():
            yield from _mappings(item, join(pointer, name))
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from _mappings(item, join(pointer, number))
