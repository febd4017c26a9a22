"""Compares the compiled validators with openapi-core on every schema of every document in a folder.

Run it as ``python tests/differential.py FOLDER [SECONDS]``: it prints one line for each document (schemas, how many of them have a compiled
validator, values compared, how often the two disagreed) and exits with 1 if they ever did in a way that matters.

- *unsound*: the compiled validator accepts what openapi-core refuses. Must never happen.
- *stricter*: the compiled validator refuses what openapi-core accepts. Costs time only; listed, no failure.
- *harsh*: lenient refuses what strict accepts. Must never happen; the lenient validators count for the other three kinds too.
- *unexplained*: a value is refused without a problem, or accepted with one. Must never happen.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dynaclient.errors import DynaclientError
from dynaclient.openapi.check import Checker, Validator
from dynaclient.openapi.pointer import at, deref, join

STRANGE = (None, True, 0, -1, 1.0, 2.5, 10**30, "", "x", "2024-01-31", "a b", [], [None], {}, {"x": 1}, {"type": ["a"]})


@dataclass
class Tally:
    """What was found in one document."""

    name: str
    schemas: int = 0
    compiled: int = 0
    values: int = 0
    accepted: int = 0
    unsound: list[str] = field(default_factory=list)
    stricter: list[str] = field(default_factory=list)
    harsh: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether nothing happened that must not."""
        return not (self.unsound or self.harsh or self.unexplained)

    def line(self) -> str:
        """One line for people."""
        return (
            f"{self.name:28} {self.schemas:5} schemas {self.compiled:5} compiled {self.schemas - self.compiled:4} by authority "
            f"{len(self.broken):3} broken {self.values:6} values {self.accepted:6} accepted {len(self.unsound):3} unsound "
            f"{len(self.stricter):3} stricter {len(self.harsh):3} harsh {len(self.unexplained):3} unexplained {self.seconds:6.1f} s"
        )


def read(path: Path) -> dict[str, Any]:
    """A document as plain JSON data, whatever YAML made of its dates and status codes."""
    text = path.read_bytes()
    data = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=yaml.CSafeLoader)
    return json.loads(json.dumps(data, default=str))


def schema_pointers(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The places of schemas: every component, and what stands at ``schema`` in operations; with the direction that suits it."""
    for name in document.get("components", {}).get("schemas", {}):
        yield join("/components/schemas", name), "request"
        yield join("/components/schemas", name), "reply"
    waiting = [(document.get("paths", {}), "/paths")]
    while waiting:
        node, pointer = waiting.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for name, item in items:
            place = join(pointer, name)
            if name == "schema" and isinstance(item, dict):
                yield place, "reply" if "/responses/" in pointer else "request"
            elif isinstance(item, (dict, list)) and name not in ("example", "examples", "value", "default"):
                waiting.append((item, place))


class Sampler:
    """Makes values that nearly fit: from the raw schema, by chance, without regard to most limits."""

    def __init__(self, document: dict[str, Any], chance: random.Random) -> None:
        self._document, self._chance = document, chance

    def sample(self, node: Any, pointer: str, depth: int = 0) -> Any:
        """One value for the schema at a place."""
        try:
            node, pointer = deref(self._document, node, pointer)
        except DynaclientError:
            return None
        if not isinstance(node, dict) or depth > 6:
            return self._chance.choice(STRANGE)
        if self._chance.random() < 0.4:
            for keyword in ("example", "default", "const"):
                if keyword in node:
                    return copy.deepcopy(node[keyword])
        if isinstance(node.get("enum"), list) and node["enum"]:
            return self._chance.choice(node["enum"])
        for keyword in ("oneOf", "anyOf"):
            if isinstance(node.get(keyword), list) and node[keyword]:
                number = self._chance.randrange(len(node[keyword]))
                chosen = self.sample(node[keyword][number], join(pointer, keyword, number), depth + 1)
                own = self._object(node, pointer, depth) if "properties" in node else {}
                return {**own, **chosen} if isinstance(chosen, dict) else chosen
        if isinstance(node.get("allOf"), list) and node["allOf"]:
            return self._all_of(node, pointer, depth)
        return self._typed(node, pointer, depth)

    def _all_of(self, node: dict[str, Any], pointer: str, depth: int) -> Any:
        parts = [self.sample(item, join(pointer, "allOf", n), depth + 1) for n, item in enumerate(node["allOf"])]
        if all(isinstance(part, dict) for part in parts):
            merged = self._object(node, pointer, depth)
            for part in parts:
                merged.update(part)
            return merged
        return parts[0]

    def _typed(self, node: dict[str, Any], pointer: str, depth: int) -> Any:
        types = node.get("type")
        kind = self._chance.choice(types) if isinstance(types, list) and types else types
        if kind is None:
            kind = "object" if "properties" in node else "array" if "items" in node else "any"
        if kind == "object":
            return self._object(node, pointer, depth)
        if kind == "array":
            count = self._chance.randrange(0, 3) + (node["minItems"] if isinstance(node.get("minItems"), int) else 0)
            items = node.get("items", {})
            return [self.sample(items, join(pointer, "items"), depth + 1) for _ in range(min(count, 12))]
        return self._scalar(kind, node)

    def _object(self, node: dict[str, Any], pointer: str, depth: int) -> dict[str, Any]:
        required = node.get("required") if isinstance(node.get("required"), list) else []
        properties = node.get("properties") if isinstance(node.get("properties"), dict) else {}
        out = {}
        for name, item in properties.items():
            if name in required or self._chance.random() < (0.5 if depth < 3 else 0.1):
                out[name] = self.sample(item, join(pointer, "properties", name), depth + 1)
        if isinstance(node.get("additionalProperties"), dict):
            place = join(pointer, "additionalProperties")
            out["extra"] = self.sample(node["additionalProperties"], place, depth + 1)
        return out

    def _scalar(self, kind: Any, node: dict[str, Any]) -> Any:
        if kind in ("integer", "number"):
            low = node.get("minimum", 0)
            low = low if isinstance(low, int | float) else 0
            return self._chance.choice((low, low + 1, int(low) + 1.0, low + 0.5, low - 1))
        if kind == "boolean":
            return self._chance.random() < 0.5
        if kind == "string":
            formats = {
                "date": "2024-01-31",
                "date-time": "2024-01-31T12:00:00Z",
                "uuid": "123e4567-e89b-12d3-a456-426614174000",
                "uri": "https://example.com/",
                "email": "a@example.com",
            }
            text = formats.get(node.get("format"), "text")
            least = node.get("minLength")
            return text.ljust(least, "x") if isinstance(least, int) and least < 1000 else text
        return self._chance.choice(STRANGE)

    def mutate(self, value: Any) -> Any:
        """The value with one change somewhere in it."""
        value = copy.deepcopy(value)
        node, steps = value, self._chance.randrange(0, 5)
        parent, key = None, None
        while steps and isinstance(node, (dict, list)) and node:
            parent, key = node, self._chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
            node, steps = node[key], steps - 1
        if parent is None:
            return self._chance.choice(STRANGE) if self._chance.random() < 0.3 else self._grow(value)
        if self._chance.random() < 0.3:
            del parent[key]
        else:
            parent[key] = self._chance.choice(STRANGE)
        return value

    def _grow(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {**value, "unheard_of": 1}
        return [*value, *value] if isinstance(value, list) else value


def compare(checker: Checker, pointer: str, direction: str, values: list[Any], tally: Tally) -> None:
    """Ask both validators of one schema about some values."""
    validator = checker.validator(pointer, direction)
    tally.schemas += 1
    tally.compiled += validator.compiled
    for value in values:
        tally.values += 1
        fast, authority = validator.verdicts(value)
        shown = f"{pointer} ({direction}): {json.dumps(value)[:300]}"
        if fast and not authority:
            tally.unsound.append(shown)
        if fast is False and authority:
            tally.stricter.append(shown)
        tally.accepted += authority
        problems = validator.problems(value)
        if bool(problems) == authority or validator.accepts(value) != authority:
            tally.unexplained.append(f"{shown}: {problems}")
        compare_lenient(validator, value, authority, shown, tally)


def compare_lenient(validator: Validator, value: Any, strict: bool, shown: str, tally: Tally) -> None:
    """Ask the lenient validators of a schema about one value, of which the strict ones have said whether it fits."""
    fast, authority = validator.lenient.verdicts(value)
    if fast and not authority:
        tally.unsound.append(f"lenient {shown}")
    if strict and not authority:
        tally.harsh.append(shown)
    departures = validator.departures(value)
    named = departures is not None and bool(departures) is not strict
    if named is not authority or not (authority or validator.lenient_problems(value)):
        tally.unexplained.append(f"lenient {shown}: {departures}")


def differences(name: str, document: dict[str, Any], *, seconds: float = 60.0, rounds: int = 4) -> Tally:
    """Compare the validators on all schemas of a document, as far as the time allows."""
    tally, chance, begin = Tally(name), random.Random(name), time.monotonic()
    checker = Checker(document, str(document.get("openapi", "3.1"))[:3])
    sampler = Sampler(document, chance)
    pointers = list(schema_pointers(document))
    chance.shuffle(pointers)
    for pointer, direction in pointers:
        if time.monotonic() - begin > seconds:
            break
        good = [sampler.sample(at(document, pointer), pointer) for _ in range(rounds)]
        values = [*good, *(sampler.mutate(value) for value in good for _ in range(2)), chance.choice(STRANGE)]
        try:
            compare(checker, pointer, direction, values, tally)
        except DynaclientError as error:
            tally.broken.append(f"{pointer}: {error}")
    tally.seconds = time.monotonic() - begin
    return tally


def main(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("seconds", type=float, nargs="?", default=60.0, help="at most so long for one document")
    options = parser.parse_args(arguments)
    good = True
    for path in sorted(options.folder.iterdir()):
        if path.suffix not in (".json", ".yaml", ".yml"):
            continue
        tally = differences(path.name, read(path), seconds=options.seconds)
        good = good and tally.good
        sys.stdout.write(tally.line() + "\n")
        for kind in ("broken", "unsound", "stricter", "harsh", "unexplained"):
            for text in getattr(tally, kind)[:4]:
                sys.stdout.write(f"    {kind}: {text}\n")
        sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
