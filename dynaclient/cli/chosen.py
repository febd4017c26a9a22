"""What was chosen for a bulk run, checked before anything is done: files, columns, options that do not go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dynaclient.cli.operation import OperationCommand
    from dynaclient.cli.said import Settings

UNUSED = ("curl", "written_as", "stream", "all", "pages", "max_items", "output_file", "split")
"""Call options that say how one result is shown, of which there is none here."""
_PLACES = ("rows", "out", "take", "tokenizer", "batch", "rpm", "tpm", "in_flight", "set", "keep", "column")


class Amount(click.ParamType[float]):
    """A finite number: above 0, or at least ``least``."""

    name = "number"

    def __init__(self, least: float | None = None) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; what is none, or too small, is refused."""
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        good = number > 0 if self._least is None else number >= self._least
        if not good or number == float("inf"):
            wanted = "above 0" if self._least is None else f"from {self._least:g} on"
            self.fail(f"{str(value)[:60]!r} is not a number {wanted}.", param, ctx)
        return number


def wrong(message: str) -> click.UsageError:
    """The error of a line that cannot be used."""
    return click.UsageError(message, click.get_current_context(silent=True))


def check(command: OperationCommand, settings: Settings, chosen: Mapping[str, Any]) -> None:
    """Refuse what does not go together.

    Parameters
    ----------
    command, settings:
        The operation, and the shared options.
    chosen:
        The options of the bulk run, by name.
    """
    for name in UNUSED:
        if getattr(settings, name):
            raise wrong(f"{settings.origin[name]} is for one call: `dynaclient call` takes it, bulk does not")
    if chosen["batch"] is not None and command.operation.batch is None:
        operation = command.operation.dotted
        raise wrong(
            f"--batch: the document does not say how {operation} takes several rows; each has a request of its own"
        )
    files = [("rows", Path(name)) for name in chosen["rows"] if name != "-"]
    files += [(name, Path(chosen[name])) for name in ("out", "errors") if chosen[name] is not None]
    for place, (name, path) in enumerate(files):
        if name == "rows":
            continue
        if path.is_dir():
            raise wrong(f"--{name}: {str(path)!r} is a folder, and a file is expected")
        for other, known in files[:place]:
            if path.absolute() == known.absolute() or (path.exists() and known.exists() and path.samefile(known)):
                raise wrong(f"--{name} is the file of --{other}")


def apart_of(chosen: Mapping[str, Any]) -> list[Path]:
    """Return the files that a run writes, which no pattern of ``--rows`` stands for."""
    if not chosen["out"]:
        return []
    out = Path(chosen["out"])
    beside = [out.with_name(out.name + end) for end in ("", ".errors.jsonl", ".rows", ".manifest.json")]
    return [*beside, *([Path(chosen["errors"])] if chosen["errors"] else [])]


@contextmanager
def named_as_typed() -> Iterator[None]:
    """Problems with the options of a bulk run name them as they are typed."""
    from dynaclient.errors import ArgumentError, headline
    from dynaclient.frozen import evolve

    try:
        yield
    except ArgumentError as error:
        if error.operation or not any(problem.where in _PLACES for problem in error.problems):
            raise
        names = {name: f"--{name.replace('_', '-')}" for name in _PLACES}
        problems = tuple(evolve(one, where=names.get(one.where, one.where)) for one in error.problems)
        raise ArgumentError(headline(error), problems=problems) from None


def columns_of(command: OperationCommand, entries: tuple[str, ...], arguments: Mapping[str, Any]) -> dict[str, str]:
    """What ``--set`` says: Python name of the parameter -> column.

    Parameters
    ----------
    command:
        The operation.
    entries:
        ``PARAM=COLUMN``.
    arguments:
        Those that are the same for all rows.
    """
    operation = command.operation
    names: dict[str, str] = {}
    for item in operation.arguments:
        for name in (item.python_name, item.name, item.python_name.strip("_").replace("_", "-")):
            names.setdefault(name, item.python_name)
    wanted = names.get(operation.batch.input, operation.batch.input) if operation.batch else ""
    found: dict[str, str] = {}
    for entry in entries:
        name, equals, column = entry.partition("=")
        if not equals or not column:
            raise wrong(f"--set {entry}: PARAM=COLUMN is expected")
        if name not in names:
            known = ", ".join(dict.fromkeys(names.values())) or "no arguments"
            raise wrong(f"--set {name}: {operation.dotted} takes {known}")
        if wanted and names[name] != wanted:
            raise wrong(_one_for_all(name, wanted))
        if names[name] in found or names[name] in arguments:
            why = "is said twice" if names[name] in found else f"--{name} says already what it is for all rows"
            raise wrong(f"--set {name}: {why}")
        found[names[name]] = column
    if not found:
        raise wrong(f"--set {wanted or 'PARAM'}=COLUMN is missing: which parameter comes from which column?")
    return found


def _one_for_all(name: str, wanted: str) -> str:
    return (
        f"--set {name}: a request carries many rows, of which only {wanted} differs, and has one {name}. Say it once for all rows with --{name}, "
        f"or run the rows of each {name} by themselves, each to an --out of its own"
    )
