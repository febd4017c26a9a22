"""Compares documents of Swagger 2.0 with what another program made of them in OpenAPI 3.0, request by request.

Run it as ``python tests/swagger2.py FOLDER``: ``FOLDER/2.0`` holds the documents, ``FOLDER/3.0`` their conversions
under the same names, for example those of npm's swagger2openapi. Both are read by dynaclient. For each kind of
difference it prints how often it was found, and the first places; the exit code is 1 if there is a difference.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dynaclient.errors import DynaclientError
from dynaclient.openapi.model import Api, Operation, Parameter
from dynaclient.openapi.read import operation, read
from dynaclient.openapi.shape import types
from dynaclient.source.load import load

SHOWN = 3
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")


def api(path: Path) -> Api:
    """The Api of a document."""
    document = load(path, cache=False)
    return read(document.data, document.source)


def argument(document: Mapping[str, Any], one: Parameter) -> tuple[Any, ...]:
    """What matters of a parameter: how an array is written, only if it may be one."""
    kinds = types(document, one.schema) if one.schema else set()
    style = (one.style, one.explode) if "array" in kinds else ()
    return one.required, style, one.allow_empty, tuple(sorted(kinds))


def request(document: Mapping[str, Any], one: Operation) -> dict[str, Any]:
    """What an operation sends, by aspect."""
    body = one.body
    return {
        "parameters": {f"{item.location} {item.name}": argument(document, item) for item in one.parameters},
        "body": None if body is None else body.required,
        "body media types": [media.name for media in body.content] if body else [],
        "body properties": sorted((item.name, item.required) for item in body.properties) if body else [],
        "body encoding": [media.encoding for media in body.content] if body else [],
        "servers": sorted(server.url.rstrip("/") for server in one.servers)
        or [""],  # https first, or as they are written
        "security": [
            [(_UNSAFE.sub("_", name), scopes) for name, scopes in alternative] for alternative in one.security
        ],  # names of schemes are made safe by other programs
        "reply media types": {reply.status: sorted(media.name for media in reply.content) for reply in one.replies},
    }


def operations(found: Api) -> dict[str, dict[str, Any]]:
    """The requests of a document by method and path; of what cannot be read, the reason."""
    result: dict[str, dict[str, Any]] = {}
    for key in found.index.values():
        name = f"{key.method} {key.path}"
        try:
            result[name] = request(found.document, operation(found, key))
        except DynaclientError as error:
            result[name] = {"unreadable": str(error)[:80]}
    return result


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The aspect, the operation and both values of what differs."""
    for name in ours.keys() | theirs.keys():
        if name not in ours or name not in theirs:
            yield "operation", name, f"{name in ours} / {name in theirs}"
            continue
        one, other = ours[name], theirs[name]
        for aspect in one.keys() | other.keys():
            if one.get(aspect) != other.get(aspect):
                yield aspect, name, f"{one.get(aspect)} / {other.get(aspect)}"


def main(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    counts: Counter[str] = Counter()
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted((folder / "2.0").iterdir()):
        other = folder / "3.0" / path.name
        if not other.exists():
            counts["without a conversion"] += 1
            continue
        try:
            ours, theirs = operations(api(path)), operations(api(other))
        except DynaclientError as error:
            counts["not loaded"] += 1
            places["not loaded"].append(f"{path.name}: {error}")
            continue
        counts["documents"] += 1
        counts["operations"] += len(ours)
        for aspect, name, values in differences(ours, theirs):
            counts[f"differs: {aspect}"] += 1
            places[f"differs: {aspect}"].append(f"{path.name}: {name}: {values}")
    for kind, count in sorted(counts.items()):
        sys.stdout.write(f"{kind}: {count}\n")
        sys.stdout.writelines(f"    {place[:400]}\n" for place in places[kind][:SHOWN])
    return 1 if any(kind.startswith("differs") for kind in counts) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
