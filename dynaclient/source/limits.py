"""How much a document may ask of the reader before it is refused."""

from __future__ import annotations

from typing import Any

from dynaclient.errors import SpecError
from dynaclient.frozen import Struct


class Limits(Struct, frozen=True):
    """Bounds on what is read; each is generous for honest documents and small beside what a hostile one asks for.

    Parameters
    ----------
    bytes:
        Bytes of all files of one document together.
    depth:
        How deep mappings and lists may nest, after aliases are expanded.
    alias_nodes:
        Values that aliases (``*name``) and merge keys may add to the document (a text of 236 bytes can ask for millions).
    files:
        Files that one document may consist of.
    """

    bytes: int = 64 * 1024 * 1024
    depth: int = 200
    alias_nodes: int = 1_000_000
    files: int = 1_000

    def exceeded(self, name: str, what: str) -> str:
        """The message for a broken bound: what was found, the bound, and how to raise it.

        Parameters
        ----------
        name:
            The field of the bound.
        what:
            What was found, a clause: ``"it nests deeper than"``.
        """
        value = getattr(self, name)
        return (
            f"{what} the limit of {value:,} ({name}); "
            f"if the document is to be trusted, raise it: load(..., limits=Limits({name}={value * 2:_}))"
        )

    @property
    def key(self) -> str:
        """The bounds as text, for a cache key."""
        return ",".join(str(getattr(self, name)) for name in self.__struct_fields__)


DEFAULT_LIMITS = Limits()


def measure(value: Any, deepest: int | None = None) -> tuple[int, int]:
    """How many nodes a value has, and how many levels of mappings and lists; the count stops below ``deepest``."""
    size, height = 1, 0
    level = [value] if type(value) is dict or type(value) is list else []
    while level and (deepest is None or height <= deepest):
        height += 1
        size += sum(len(node) for node in level)
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) is dict or type(child) is list
        ]
    return size, height


def check_depth(value: Any, source: str, limits: Limits) -> None:
    """Raise SpecError where mappings and lists nest deeper than the limit."""
    if measure(value, limits.depth)[1] > limits.depth:
        raise SpecError(limits.exceeded("depth", "it nests deeper than"), source=source)
