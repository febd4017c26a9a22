"""Tells how the lists of every document in a folder come in pages, and follows each on the embedded server.

Run it as ``python tests/pages.py FOLDER [--json]``. For each operation that has pages, or looks as if it had, it prints
whether they are declared, inferred (and from what), or unknown. Each that is declared or inferred is called in pages of two
on the document's own embedded server, and counts as followed if exactly the items of the server's collection come. The exit
code is 1 where fewer than 95 % are followed.

An operation looks paginated if its reply has a list and it takes a cursor, a page or an offset, or if its reply leads on.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from draws import Draws, NoArgumentsError

from dynaclient import Client
from dynaclient.errors import DynaclientError, SpecError
from dynaclient.local.pages import Pages
from dynaclient.openapi import pagewords as words
from dynaclient.openapi.check import Checker
from dynaclient.openapi.infer_paging import Evidence, paging_of, reply_schema
from dynaclient.openapi.model import Operation, Paging
from dynaclient.value import plain

SUFFIXES = (".json", ".yaml", ".yml")
ASKING = words.TOKEN_PARAMETERS | words.PAGES | words.OFFSETS
LEADING = words.NEXT_TOKENS | words.NEXT_URLS | words.MORE
KINDS = ("declared", "inferred", "unknown", "none")
ENOUGH = 0.95
MOST = 1000


@dataclass
class Found:
    """What was found of one operation; ``problem`` says why it was not followed."""

    document: str
    operation: str
    request: str
    kind: str
    how: str = ""
    followed: bool = False
    problem: str = ""

    def line(self) -> str:
        """One line for people."""
        state = "" if self.kind == "unknown" else "followed" if self.followed else f"NOT FOLLOWED: {self.problem}"
        return f"{self.document:24} {self.kind:9} {self.operation:44} {self.how}  {state}".rstrip()


def looks_paginated(client: Client, operation: Operation) -> str:
    """What makes an operation look as if its list came in pages, ``""`` where nothing does."""
    schema = reply_schema(operation)
    if operation.method not in ("GET", "POST", "QUERY") or schema is None:
        return ""
    evidence = Evidence(client.api.document, operation, schema)
    asks = [field.name for name, field in evidence.takes.items() if name in ASKING and operation.method == "GET"]
    leads = [".".join(field.path) for field in evidence.fields if field.word in LEADING]
    return ", ".join([*asks, *leads]) if evidence.lists and (asks or leads) else ""


def pages_on(client: Client, name: str) -> Pages:
    """The collection that the embedded server has for an operation."""
    app = client._core._embedded_transport().app
    found = app._endpoint(client.api.index[name]).pages
    if found is None:
        raise LookupError("the embedded server makes no pages of it")
    return found


def arguments_of(client: Client, operation: Operation, paging: Paging) -> dict[str, Any]:
    """The arguments that the operation needs, without those for the pages, and a limit of two where it takes one."""
    given = Draws(client.api, Checker(client.api.document, client.api.version), operation, 0).arguments(whole=False)
    needed = {field.python_name for field in operation.arguments if field.required}
    paged = {item.name for item in paging.inputs} | {"limit"}
    kept = {
        field.python_name: given[field.python_name]
        for field in operation.arguments
        if field.python_name in needed & given.keys() and (field.name not in paged or field.location == "path")
    }
    for item in paging.inputs:
        field = next((field for field in operation.arguments if field.name == item.name), None)
        if item.type == "limit" and field is not None and _takes(client, field.schema, 2):
            kept[field.python_name] = 2
    return kept


def _takes(client: Client, schema: str | None, value: int) -> bool:
    checker = Checker(client.api.document, client.api.version)
    return schema is None or checker.validator(schema, "request").accepts(value)


def follow(client: Client, name: str, paging: Paging) -> None:
    """Go through all pages, and compare what came with the collection."""
    call = client[name]
    expected = pages_on(client, name).items
    arguments = arguments_of(client, call.operation, paging)
    if paging.results:
        came = list(itertools.islice(call.items(**arguments), MOST))
    else:
        pages = itertools.islice(call.pages(**arguments), MOST)
        came = [item for page in pages for item in next(one for one in page.values() if isinstance(one, list))]
    if plain(came) != expected:
        raise LookupError(f"{len(came)} items came, {len(expected)} are there")


def found_in(path: Path) -> Iterator[Found]:
    """Every operation of a document that has pages or looks so; all others are of the kind ``none``."""
    with Client(path, server="local") as client:
        for name in client:
            try:
                operation = client[name].operation
                paging = paging_of(client.api.document, operation)
            except SpecError:
                continue
            request = f"{operation.method} {operation.path}"
            if paging is None or paging.type == "none":
                looks = looks_paginated(client, operation)
                yield Found(path.name, name, request, "unknown" if looks and paging is None else "none", looks)
                continue
            one = Found(
                path.name, name, request, "inferred" if paging.inferred else "declared", paging.why or paging.type
            )
            try:
                follow(client, name, paging)
                one.followed = True
            except (DynaclientError, LookupError, NoArgumentsError) as error:
                one.problem = str(error)[:300]
            yield one


def all_in(folder: Path) -> Iterator[Found]:
    """Every operation of every document in a folder."""
    for path in sorted(folder.iterdir()):
        if path.suffix in SUFFIXES:
            yield from found_in(path)


def main(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON object for each operation")
    options = parser.parse_args(arguments)
    found: list[Found] = []
    for one in all_in(options.folder):
        found.append(one)
        if options.json:
            sys.stdout.write(json.dumps(asdict(one)) + "\n")
        elif one.kind != "none":
            sys.stdout.write(one.line() + "\n")
        sys.stdout.flush()
    known = [one for one in found if one.kind in ("declared", "inferred")]
    followed = sum(one.followed for one in known)
    if not options.json:
        counts = {kind: sum(one.kind == kind for one in found) for kind in KINDS}
        said = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        sys.stdout.write(f"{len(found)} operations: {said}; {followed} of {len(known)} followed\n")
    return 0 if followed >= ENOUGH * len(known) else 1


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    sys.exit(main(sys.argv[1:]))
