"""The models that the embedded server has: the built-in one, and those that were installed."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from dynaclient.frozen import Struct
from dynaclient.local.hashing import DIMENSIONS, MODEL, count, embed
from dynaclient.local.incoming import RejectedError
from dynaclient.local.weights import INSTALL, Package, advice, usable

MAX_DIMENSIONS = 4096
_CREATED = 1704067200  # 2024-01-01


class Made(Struct, frozen=True):
    """What a model made of a request.

    Parameters
    ----------
    vectors:
        One ``array("f")`` for each input.
    tokens:
        What ``usage`` tells.
    truncated:
        The numbers of the inputs, from 0, of which only the beginning was read; None where the model reads all of any.
    """

    vectors: list[array[float]]
    tokens: int
    truncated: tuple[int, ...] | None = None


class UnavailableError(Exception):
    """A model that is known and cannot be used; ``status`` and ``code`` are those of the reply."""

    def __init__(self, message: str, status: int, code: str) -> None:
        super().__init__(message)
        self.message, self.status, self.code = message, status, code


class Model(Protocol):
    """A model that can be asked for vectors."""

    def dimensions(self, asked: Any) -> int:
        """How many numbers a vector shall have.

        Raises
        ------
        RejectedError
            Where the model has none of this length.
        """

    def make(self, inputs: Sequence[str | Sequence[int]], dimensions: int) -> Made:
        """One vector for each input."""


class Lexical:
    """``hash-384``, of any number of dimensions."""

    def dimensions(self, asked: Any) -> int:
        """What was asked for, from 1 to 4096."""
        found = DIMENSIONS if asked is None else asked
        if not isinstance(found, int) or not 1 <= found <= MAX_DIMENSIONS:
            message = f"dimensions must be a whole number from 1 to {MAX_DIMENSIONS}, not {found!r}."
            raise RejectedError(message, status=400, param="dimensions")
        return found

    def make(self, inputs: Sequence[str | Sequence[int]], dimensions: int) -> Made:
        """One vector for each input; ``tokens`` counts words."""
        return Made(embed(inputs, dimensions), sum(map(count, inputs)))


class Installed:
    """A model of a package, which is read when it is first asked for a vector."""

    def __init__(self, package: Package) -> None:
        self._package = package

    def dimensions(self, asked: Any) -> int:
        """The model's own number: a part of such a vector is no vector of the text."""
        has = self._package.dimensions
        if asked not in (None, has):
            message = (
                f"{self._package.model} makes vectors of {has} dimensions and cannot shorten them: "
                f"leave dimensions out, or ask for {has}, not {asked!r}."
            )
            raise RejectedError(message, status=400, param="dimensions")
        return has

    def make(self, inputs: Sequence[str | Sequence[int]], dimensions: int) -> Made:
        """One vector for each input; ``tokens`` counts those that the model read.

        Raises
        ------
        UnavailableError
            Where the model cannot be read.
        RejectedError
            Where a token id is not the model's.
        """
        try:
            from dynaclient.local.minilm import loaded

            model = loaded(self._package)
        except (OSError, ValueError, ImportError, MemoryError) as error:
            why = f"The model {self._package.model} cannot be read: {error or type(error).__name__}. `{INSTALL}` puts its files in order."
            raise UnavailableError(why, 500, "model_unavailable") from None
        for number, ids in enumerate(inputs):
            wrong = next((one for one in ids if not 0 <= one < model.words), None) if not isinstance(ids, str) else None
            if wrong is not None:
                message = (
                    f"input {number} has the token id {wrong}; {self._package.model} knows 0 to {model.words - 1}."
                )
                raise RejectedError(message, status=400, param="input")
        return model.make(inputs)


class Catalog:
    """The models by name: ``hash-384`` and its aliases always, a package's where it is installed.

    Parameters
    ----------
    aliases:
        More names of ``hash-384``; they go before those of packages.
    packages:
        The models that can be installed.
    """

    def __init__(self, aliases: Sequence[str], packages: Sequence[Package]) -> None:
        self.own = tuple(dict.fromkeys((MODEL, *aliases)))
        self._packages = packages

    def entries(self) -> Iterator[Mapping[str, Any]]:
        """Each name that is served now, described as the list of models does."""
        yield from (_described(name, "dynaclient") for name in self.own)
        for package in usable(self._packages):
            yield from (_described(name, package.owner) for name in package.names if name not in self.own)

    def entry(self, name: str) -> Mapping[str, Any] | None:
        """One of the entries, None where none has this name."""
        return next((entry for entry in self.entries() if entry["id"] == name), None)

    def find(self, name: str) -> Model:
        """The model of a name.

        Raises
        ------
        UnavailableError
            Where it is not served: another name, or one of a model that is not installed.
        """
        if name in self.own:
            return Lexical()
        package = self._package(name)
        if package is None or advice(package):
            raise self.absent(name)
        return Installed(package)

    def absent(self, name: str) -> UnavailableError:
        """Why a model is not served, and what to do."""
        package = self._package(name)
        if package is not None:
            return UnavailableError(f"The model {name} is not installed. {advice(package)}", 404, "model_not_found")
        served = [entry["id"] for entry in self.entries()]
        message = (
            f"The model {name[:200]!r} is not served here; {', '.join(served)} {'is' if len(served) == 1 else 'are'}. "
            f"To serve {MODEL} under this name too, start the server with --model-alias {name[:200]}, "
            f"or App(api, aliases=[...])."
        )
        return UnavailableError(message, 404, "model_not_found")

    def _package(self, name: str) -> Package | None:
        return next((package for package in self._packages if name in package.names), None)


def _described(name: str, owner: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": owner}
