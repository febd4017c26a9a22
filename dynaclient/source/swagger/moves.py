"""Where each node of a translated document stood before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dynaclient.errors import SpecError
from dynaclient.source.limits import Limits, measure

Origin = tuple[str, str, str]
"""A pointer into the result, the name of a file, and a pointer into that file."""


class Moves:
    """The nodes that a translation has put elsewhere, as pairs of pointers: into the result, into the source.

    Parameters
    ----------
    limits:
        Bounds how many values the result may hold more than once.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._repeated = 0
        self.pairs: dict[str, str] = {}
        self._schemas: dict[str, str] = {}
        self._results: dict[str, list[str]] = {}

    def add(self, result: str, source: str) -> None:
        """Note that the node at ``source`` stands at ``result`` now."""
        if result != source:
            self.pairs[result] = source
            self._results.setdefault(source, []).append(result)

    def add_schema(self, result: str, source: str) -> None:
        """The same for a schema: what it holds keeps its place within it, so that references into it can be renewed."""
        self.add(result, source)
        self._schemas.setdefault(source, result)

    def repeat(self, node: Any, source: str, times: int = 0) -> None:
        """Count the values of a node that is put at several places, or at a further one.

        Parameters
        ----------
        node, source:
            The node, and where it stands in the source.
        times:
            How many times more than once it is put there at the same time.

        Raises
        ------
        SpecError
            If all that is repeated exceeds the limit: a small document could fill the memory.
        """
        times += source in self._results
        if not times:
            return
        self._repeated += times * measure(node)[0]
        if self._repeated > self._limits.alias_nodes:
            message = "in the form of OpenAPI 3.0 it repeats more values than"
            raise SpecError(self._limits.exceeded("alias_nodes", message), pointer=source)

    def schema(self, source: str) -> str | None:
        """Where the schema at a pointer of the source stands now; None if no schema there was translated."""
        for start in _prefixes(source):
            if start in self._schemas:
                return self._schemas[start] + source[len(start) :]
        return None

    def origins(self, inner: Sequence[Sequence[str]], name: str) -> list[Origin]:
        """The origins of the result's nodes.

        Parameters
        ----------
        inner:
            The origins of the source's nodes, which may come from other files.
        name:
            The name of the file that all other nodes come from.
        """
        known = {pointer: (file, there) for pointer, file, there in inner}
        made = {result: _origin(source, known, name) for result, source in self.pairs.items()}
        for pointer, file, there in inner:
            for result in self._places(pointer):
                made.setdefault(result, (file, there))
        return [(result, file, there) for result, (file, there) in made.items()]

    def _places(self, source: str) -> Iterator[str]:
        """The places in the result of a node of the source: those of the nearest node around it that was moved."""
        for start in _prefixes(source):
            if start in self._results:
                yield from (result + source[len(start) :] for result in self._results[start])
                return
        yield source


def _origin(source: str, known: dict[str, tuple[str, str]], name: str) -> tuple[str, str]:
    for start in _prefixes(source):
        if start in known:
            file, there = known[start]
            return file, there + source[len(start) :]
    return name, source


def _prefixes(pointer: str) -> Iterable[str]:
    """A pointer and those of the nodes around it, the nearest first."""
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]
    yield ""
