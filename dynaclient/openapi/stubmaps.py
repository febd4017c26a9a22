"""``call.map`` as types: the rows, the options of a run over them, and what comes of each row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dynaclient.openapi.stubtext import MAP_OPTIONS, OPTIONS, Argument, Names, typed_dict

_EACH: Mapping[str, str] = {
    "in_flight": "int",
    "tokenizer": "str | Callable[[Any], int] | None",
    "rpm": "float | None",
    "tpm": "float | None",
}
_BATCH: Mapping[str, str] = {"batch": "int | None", **_EACH}
_ON_ERROR = "on_error"


@dataclass(frozen=True, slots=True)
class Rows:
    """What ``map`` takes and gives.

    ``row`` is the type of a row; ``ways`` has, for each way to call, how all else is passed and the type of the result
    of a row; ``chosen``: whether ``on_error`` is an option, and no argument of the operation.
    """

    row: str
    ways: tuple[tuple[str, str], ...]
    chosen: bool

    def verb(self, *, waits: bool) -> list[list[str]]:
        """The signatures of ``map``, each as lines."""
        return [self._signature(*way, waits, on_error) for way in self.ways for on_error in self._choices()]

    def _choices(self) -> tuple[str, ...]:
        return ("raise", "record") if self.chosen else ("",)

    def _signature(self, rest: str, result: str, waits: bool, on_error: str) -> list[str]:
        result = f"{result} | DynaclientError" if on_error == "record" and result != "Any" else result
        gives = f"AsyncMapResults[{result}]" if waits else f"MapResults[{result}]"
        default = " = ..." if on_error == "raise" else ""
        choice = f'*, {_ON_ERROR}: Literal["{on_error}"]{default}, ' if on_error else ""
        rest = rest if choice or rest.startswith("**") else f"*, {rest}"
        return [f"    def map(self, rows: Iterable[{self.row}], /, {choice}{rest}) -> {gives}: ..."]


def map_options() -> str:
    """The TypedDict of the options of a run over the rows of any operation with a batch, those of one call among them."""
    fields = [Argument(name, kind) for name, kind in _BATCH.items()]
    return typed_dict(MAP_OPTIONS, fields, "Options of a run over many rows.", OPTIONS)


def rows_alone(result: str, taken: Collection[str]) -> Rows:
    """The rows of an operation that takes one a call: each holds what it has of the arguments, which are not told apart from those that are the same for all.

    Parameters
    ----------
    result:
        The type of what a call gives.
    taken:
        The names of the operation's arguments.
    """
    options = [f"{name}: {kind} = ..." for name, kind in _EACH.items() if name not in taken]
    rest = ", ".join([*options, "**arguments: Any"])
    return Rows("Mapping[str, Any]", ((rest, result),), _ON_ERROR not in taken)


def rows_together(row: str, ways: Iterable[tuple[str, str, str]], taken: Collection[str]) -> Rows:
    """The rows of an operation with a batch.

    Parameters
    ----------
    row:
        The type of a row.
    ways:
        For each way to call: arguments that stand apart, or ""; the TypedDict of all else that is the same for all
        rows; the type of a result.
    taken:
        The names of the operation's arguments.
    """
    passed = tuple((f"{apart}**arguments: Unpack[{keys}]", result) for apart, keys, result in ways)
    return Rows(row, passed, _ON_ERROR not in taken)


def row_keys(names: Names, wanted: str, fields: Sequence[Argument], standard: Mapping[str, str]) -> tuple[str, str]:
    """The TypedDict of what is the same for all rows, as its name and its text.

    Parameters
    ----------
    names, wanted:
        Of the module; its own name.
    fields:
        The arguments of the operation without the one that carries the rows, and call options.
    standard:
        The call options of any operation, and their types.
    """
    own = [one for one in fields if standard.get(one.name) != one.type]
    taken = {one.name for one in own}
    name = names.claim(wanted)
    if len(fields) - len(own) == len(standard) and not taken & _BATCH.keys():
        return name, typed_dict(name, own, base=MAP_OPTIONS)
    return name, typed_dict(name, [*fields, *(Argument(key, kind) for key, kind in _BATCH.items() if key not in taken)])
