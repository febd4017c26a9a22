"""Judges what ``diff`` calls breaking by calls: arguments drawn from the old document, judged by the new one.

Run it as ``python tests/diff_oracle.py FOLDER [--draws N] [--seconds S]``: documents in the same folder with the same
title are taken as versions of one API, in the order of their versions, and each is compared with the next. It prints
one line for each pair and then the calls that were missed:

- *failing*: operations of which a call that the old document takes is refused by the new one.
- *missed*: of these, those of which ``diff`` says nothing but safe things. Must never happen.
- *doubtful*: of these, those that ``diff`` calls risky, not breaking.
- *breaking*: operations whose request ``diff`` calls broken.
- *unproved*: of these, those for which no call failed, nor did the value fail that the comparison of schemas found.

``oneOf`` is judged by the standard here: exactly one alternative.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from differential import read as load
from draws import Draws, NoArgumentsError

from dynaclient.errors import DynaclientError
from dynaclient.openapi.check import Checker
from dynaclient.openapi.diff import Change, diff
from dynaclient.openapi.diff.accepts import holed
from dynaclient.openapi.diff.clauses import Part
from dynaclient.openapi.diff.containment import Containment
from dynaclient.openapi.diff.match import match
from dynaclient.openapi.diff.same import Sameness
from dynaclient.openapi.diff.view import Views
from dynaclient.openapi.media import default_media
from dynaclient.openapi.model import Api, Operation
from dynaclient.openapi.read import operation, read

_MOST_ALTERNATIVES = 12


def strict(node: Any) -> Any:
    """A document in which ``oneOf`` is written as ``anyOf`` and ``not``: exactly one, whoever reads it."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {name: strict(item) for name, item in node.items()}
    branches = found.get("oneOf")
    if "discriminator" in found:  # it says which one is meant
        return found
    if isinstance(branches, list) and 1 < len(branches) <= _MOST_ALTERNATIVES and "allOf" not in found:
        del found["oneOf"]
        apart = [{"not": {"allOf": list(pair)}} for pair in combinations(branches, 2)]
        found["allOf"] = [{"anyOf": branches}, *apart]
    return found


@dataclass
class Tally:
    """What was found for two versions of a document."""

    name: str
    operations: int = 0
    calls: int = 0
    failing: int = 0
    breaking: int = 0
    missed: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def line(self) -> str:
        """One line for people."""
        return (
            f"{self.name:60} {self.operations:4} operations {self.calls:6} calls {self.failing:4} failing "
            f"{len(self.missed):3} missed {len(self.doubtful):3} doubtful {self.breaking:4} breaking "
            f"{len(self.unproved):3} unproved {self.seconds:6.1f} s"
        )


class Oracle:
    """Two versions of a document, and calls from the one to the other.

    Parameters
    ----------
    old, new:
        The documents.
    draws:
        How many calls are drawn for each operation.
    """

    def __init__(self, old: dict[str, Any], new: dict[str, Any], draws: int) -> None:
        self.old, self.new = read(old), read(new)
        self.draws = draws
        self._checkers = [Checker(strict(api.document), _version(api)) for api in (self.old, self.new)]
        views = Views(old), Views(new)
        self._containment = Containment(*views, Sameness(old, new), "request")

    def judge(self, name: str) -> Tally:
        """Compare, call and count."""
        tally, began = Tally(name), time.perf_counter()
        changes = defaultdict(list)
        for change in diff(self.old.document, self.new.document):
            if change.operation and change.id.startswith(("request", "argument", "operation")):
                changes[change.operation].append(change)
        tally.seconds = time.perf_counter() - began
        for one, other in match(self.old, self.new).pairs:
            try:
                pair = operation(self.old, one), operation(self.new, other)
            except DynaclientError:
                continue
            tally.operations += 1
            self._operation(tally, *pair, changes[one.dotted])
        return tally

    def _operation(self, tally: Tally, old: Operation, new: Operation, changes: list[Change]) -> None:
        failed = ""
        for seed in range(self.draws if changes or old.body or old.parameters else 0):
            try:
                arguments = Draws(self.old, self._checkers[0], old, seed).arguments(whole=seed % 2 == 0)
                failed = failed or self.fails(old, new, arguments)
            except (NoArgumentsError, DynaclientError, RecursionError):
                continue
            tally.calls += 1
        levels = {change.level for change in changes}
        tally.failing += bool(failed)
        if failed and "breaking" not in levels:
            (tally.doubtful if "risky" in levels else tally.missed).append(f"{old.dotted}: {failed}")
        tally.breaking += "breaking" in levels
        if "breaking" in levels and not failed and not self.proved(old, new, changes):
            told = [f"{change.id} ({change.message})" for change in changes if change.level == "breaking"]
            tally.unproved.append(f"{old.dotted}: {'; '.join(told)}")

    def fails(self, old: Operation, new: Operation, arguments: dict[str, Any]) -> str:
        """Why a call that was good fails, ``""`` where it does not."""
        olds = {parameter.python_name: parameter for parameter in old.parameters}
        news = {(parameter.location, parameter.name.lower()): parameter for parameter in new.parameters}
        for name, value in arguments.items():
            if name not in olds:
                continue
            there = news.pop((olds[name].location, olds[name].name.lower()), None)
            if there is None:
                if olds[name].location != "path":
                    return f"the parameter {name} is gone"
            elif self._refused(olds[name].schema, there.schema, value):
                return f"the parameter {name} refuses {value!r:.200}"
        left = [found.name for found in news.values() if found.required and found.location != "path"]
        given = {parameter.name for parameter in old.parameters if parameter.python_name in arguments}
        if missing := [name for name in left if name not in given]:
            return f"the parameters {missing} are required"
        return self._body(old, new, arguments)

    def _body(self, old: Operation, new: Operation, arguments: dict[str, Any]) -> str:
        names = {item.python_name: item.name for item in old.body.properties} if old.body else {}
        parts = {names[name]: value for name, value in arguments.items() if name in names}
        if "body" not in arguments and not parts:
            return (
                "a body is required" if new.body and new.body.required and not (old.body and old.body.required) else ""
            )
        if old.body is None or new.body is None:
            return "the body is gone" if new.body is None else ""
        known = {item.name for item in new.body.properties}
        if "body" not in arguments and (gone := parts.keys() - known):
            return f"the arguments {sorted(gone)} are gone"
        default = default_media(old.body.content)
        wanted = arguments.get("content_type", default.name if default else "")
        one = next((media for media in old.body.content if media.name == wanted), None)
        other = next((media for media in new.body.content if media.name == wanted), None)
        if one is None or other is None:
            return "" if one is None else f"{wanted} is gone"
        value = arguments.get("body", parts)
        return f"the body refuses {value!r:.300}" if self._refused(one.schema, other.schema, value) else ""

    def _refused(self, old: str | None, new: str | None, value: Any) -> bool:
        """Whether a value that the old schema takes is refused by the new one."""
        if old is None or new is None or isinstance(value, bytes):
            return False
        if not self._checkers[0].validator(old, "request").accepts(value):
            return False
        return not self._checkers[1].validator(new, "request").accepts(value)

    def proved(self, old: Operation, new: Operation, changes: list[Change]) -> bool:
        """Whether something was removed or asked for, or the value that the comparison found is refused."""
        sure = (
            "removed",
            "added-required",
            "became-required",
            "argument-renamed",
            "operation-renamed",
            "not-read-only-required",
        )
        if any(change.level == "breaking" and change.id.endswith(sure) for change in changes):
            return True
        pairs = [
            (one.schema, other.schema) for one in old.parameters for other in new.parameters if one.name == other.name
        ]
        if old.body and new.body:
            pairs += [
                (one.schema, other.schema)
                for one in old.body.content
                for other in new.body.content
                if one.name == other.name
            ]
        return any(self._witnessed(*pair) for pair in pairs if None not in pair)

    def _witnessed(self, old: Any, new: Any) -> bool:
        found = self._containment.verdict((Part(0, old),), (Part(1, new),))
        if found.answer != "no":
            return False
        return holed(found.witness) or self._refused(old, new, found.witness)


def _version(api: Api) -> str:
    return str(api.document.get("openapi"))[:3]


def versions(folder: Path) -> Iterator[list[Path]]:
    """The files of each API, in the order of their versions."""
    groups: dict[tuple[str, str], list[tuple[list[int], list[int], Path]]] = defaultdict(list)
    for path in sorted((*folder.rglob("*.json"), *folder.rglob("*.y*ml"))):
        text = path.read_text("utf-8", errors="replace")
        if not re.search(r"[\"']?openapi[\"']?\s*:\s*[\"']?3\.", text[:4000]):
            continue
        document = load(path)
        information = document.get("info") or {}
        key = (str(path.parent), str(information.get("title")))
        groups[key].append((_numbers(str(information.get("version"))), _numbers(path.stem), path))
    for found in groups.values():
        if len(found) > 1:
            yield [path for _, _, path in sorted(found)]


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)[:6]]


def main() -> int:
    """Print what was found; 1 where a call that fails was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--draws", type=int, default=12, help="calls for each operation")
    parser.add_argument("--seconds", type=float, default=600, help="begin no pair later than this")
    options = parser.parse_args()
    began, tallies = time.perf_counter(), []
    for paths in versions(options.folder):
        for one, other in pairwise(paths):
            if time.perf_counter() - began > options.seconds:
                break
            name = f"{one.relative_to(options.folder)} {other.stem}"
            try:
                old, new = load(one), load(other)
                if old == new:
                    continue
                tally = Oracle(old, new, options.draws).judge(name)
            except DynaclientError as error:
                sys.stdout.write(f"{name}: {error}\n")
                continue
            tallies.append(tally)
            sys.stdout.write(tally.line() + "\n")
            sys.stdout.flush()
            for what in ("missed", "doubtful", "unproved"):
                for line in getattr(tally, what):
                    sys.stdout.write(f"    {what}: {line[:600]}\n")
    total = Tally("all")
    for tally in tallies:
        for name in ("operations", "calls", "failing", "breaking", "seconds", "missed", "doubtful", "unproved"):
            setattr(total, name, getattr(total, name) + getattr(tally, name))
    sys.stdout.write(total.line() + "\n")
    return 1 if total.missed else 0


if __name__ == "__main__":
    sys.exit(main())
