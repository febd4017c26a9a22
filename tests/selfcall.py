"""Calls every operation of every document in a folder, on the document's own embedded server.

Run it as ``python tests/selfcall.py FOLDER [--json] [--seed N] [--draws N]``. For each document it prints how many operations there are, and for how
many of them there is a signature, a help page and a dry run, how many calls were made, in process and over HTTP, how many of them came back right, and
the seconds it took. A call is right when the server found the values that the client was given, and the client found the reply to be what
the document promises; both are strict. Arguments and replies are drawn by chance from a seed, which makes every failure come back.

What the document itself makes impossible (a schema that no value satisfies, two operations at one address) is listed with the place of its
fault. Anything else that goes wrong is a failure: it is listed too, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import io
import json
import logging
import pydoc
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import click
from draws import Draws, NoArgumentsError

from dynaclient import Client
from dynaclient.cli.app import root_command
from dynaclient.errors import SpecError
from dynaclient.frozen import evolve
from dynaclient.local import MODEL, App, LocalServer, LocalTransport
from dynaclient.local.replies import success
from dynaclient.openapi.check import Checker
from dynaclient.openapi.model import Operation, OperationKey
from dynaclient.openapi.normal import normal

SUFFIXES = (".json", ".yaml", ".yml")
COUNTS = ("operations", "signatures", "help_pages", "dry_runs", "calls", "right", "http_calls", "http_right")
OVER_HTTP = 25
CREDENTIAL = "placeholder"


class WrongError(Exception):
    """Something came out otherwise than it went in."""


@dataclass
class Tally:
    """What was found in one document: ``faults`` are the document's, ``failures`` ours."""

    name: str
    operations: int = 0
    signatures: int = 0
    help_pages: int = 0
    dry_runs: int = 0
    calls: int = 0
    right: int = 0
    http_calls: int = 0
    http_right: int = 0
    seconds: float = 0.0
    faults: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    tolerated: tuple[str, ...] = ()

    def line(self) -> str:
        """One line for people."""
        counts = " ".join(f"{getattr(self, name):10}" for name in COUNTS)
        return f"{self.name:28} {counts} {len(self.faults):7} {len(self.failures):9} {self.seconds:8.1f}"

    @contextlib.contextmanager
    def step(self, stage: str, operation: str) -> Iterator[None]:
        """Run one step: what goes wrong in it is the document's fault, or a failure."""
        try:
            yield
        except (SpecError, NoArgumentsError, Fault) as error:
            pointer = getattr(error, "pointer", "")
            self.faults[f"{operation} {stage}"] = f"{error}" + (
                f" at #{pointer}" if pointer and pointer not in str(error) else ""
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            problems = "; ".join(map(str, getattr(error, "problems", ())))
            self.failures.setdefault(f"{operation} {stage}", f"{error!r} {problems}".strip()[:1500])


class Fault(Exception):
    """What the document makes impossible."""


class Recorder(App):
    """An embedded server that keeps what it read last, and performs only what must line up with the request, for any model."""

    seen: tuple[Any, Any] = (None, None)

    def _endpoint(self, key: OperationKey) -> Any:
        found = super()._endpoint(key)
        return found if found.operation.batch else type(found)(found.operation, None)

    def _run(self, endpoint: Any, incoming: Any) -> Any:
        self.seen = endpoint.operation, incoming
        if endpoint.handler is not None:
            incoming = evolve(incoming, body={**incoming.body, "model": MODEL})
        return super()._run(endpoint, incoming)


def same(sent: Any, read: Any) -> bool:
    """Whether the server read what was sent: a text that looks like a number may be read as one where the schema allows both."""
    if isinstance(sent, Mapping) and isinstance(read, Mapping):
        sent = {name: item for name, item in sent.items() if item is not None or name in read}
        return sent.keys() == read.keys() and all(same(item, read[name]) for name, item in sent.items())
    if isinstance(sent, list) and isinstance(read, list) and len(sent) == len(read):
        return all(map(same, sent, read))
    for alone, other in ((sent, read), (read, sent)):  # one item and its list are the same text in most styles
        if isinstance(alone, list) and len(alone) == 1:
            return same(alone[0], other)
    if isinstance(sent, (bytes, str)) and isinstance(read, (bytes, str)):
        return (
            read == sent
            or _bytes(sent) == _bytes(read)
            or (isinstance(read, str) and _bytes(sent) == read.encode("latin-1", "replace"))
        )
    if isinstance(sent, bool) != isinstance(read, bool):
        return str(sent).lower() == str(read).lower()
    return bool(sent == read) or str(sent) == str(read)


def _bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


class Trial:
    """One document under trial."""

    def __init__(self, path: Path, seed: int, draws: int, *, http: bool = True) -> None:
        self.path, self.seed, self.draws, self.http = path, seed, draws, http
        self.tally = Tally(path.name)

    def run(self) -> Tally:
        """Everything, for every operation."""
        begun = time.monotonic()
        with self.tally.step("load", "document"), Client(self.path, server="local") as client:
            self.client = client
            self.steady, self.varied = Recorder(client.api), Recorder(client.api, vary=self.seed)
            self.embedded = LocalTransport(self.steady)
            client._core._embedded = self.embedded
            self.checker = Checker(client.api.document, client.api.version)
            self.tally.operations = len(client)
            self.tally.tolerated = client.api.tolerated
            self.help_page = help_pages(self.path)
            for name in client:
                self.operation(name)
            self.command_line()
            if self.http:
                self.over_http()
        self.tally.seconds = time.monotonic() - begun
        return self.tally

    def operation(self, name: str) -> None:
        """All steps of one operation."""
        tally, call = self.tally, self.client[name]
        with tally.step("signature", name):
            shown = str(inspect.signature(call))
            if not shown.startswith("("):
                raise WrongError(f"the signature is {shown!r}")
            tally.signatures += 1
        with tally.step("help", name):
            page = self.help_page(name)
            if "Usage: dynaclient call" not in page or name.rpartition(".")[2] not in pydoc.plain(
                pydoc.render_doc(call)
            ):
                raise WrongError("the help page does not name the operation")
            tally.help_pages += 1
        with tally.step("arguments", name):
            draws = Draws(self.client.api, self.checker, call.operation, self.seed)
            for number in range(self.draws):
                arguments = draws.arguments(whole=number % 2 == 0)
                if number == 0:
                    self.dry_run(name, call, arguments)
                    if not self.answerable(name, call.operation):
                        return
                self.app = self.varied if number else self.steady  # the first reply is the example, where there is one
                self.call(name, call, arguments)

    def answerable(self, name: str, operation: Operation) -> bool:
        """Whether the document declares a good reply, or leaves all replies open."""
        with self.tally.step("reply", name):
            good = success(operation)
            if operation.replies and (good is None or good.status == "101"):
                raise Fault(f"it declares no good reply: {', '.join(reply.status for reply in operation.replies)}")
            return True
        return False

    def dry_run(self, name: str, call: Any, arguments: dict[str, Any]) -> None:
        """The request that a call would send."""
        with self.tally.step("dry run", name):
            request = call.request(**arguments)
            if request.method != call.operation.method:
                raise WrongError(f"the request is a {request.method}")
            if not call.curl(**arguments).startswith("curl "):
                raise WrongError("the line for curl does not begin with its name")
            self.tally.dry_runs += 1

    def call(self, name: str, call: Any, arguments: dict[str, Any]) -> None:
        """One call in process, and what came of it on both sides."""
        self.tally.calls += 1
        with self.tally.step("call", name):
            self.embedded.app = self.app
            self.app.seen = None, None
            consumed(call.send(**arguments))
            self.compare(call.operation, arguments)
            self.tally.right += 1

    def compare(self, operation: Any, arguments: dict[str, Any]) -> None:
        """Whether the server read what was passed."""
        reached, incoming = self.app.seen
        if reached is None or reached.key != operation.key:
            raise Fault(f"{operation.path} is the address of {reached.dotted if reached else 'no operation'} as well")
        names = [parameter.name for parameter in operation.parameters]
        for parameter in operation.parameters:
            if parameter.python_name not in arguments or names.count(parameter.name) > 1:
                continue
            sent, read = normal(arguments[parameter.python_name]), incoming.parameters.get(parameter.name, "nothing")
            if not same(sent, read):
                raise WrongError(f"{parameter.location} {parameter.name}: {sent!r} was sent, {read!r} was read")
        body = arguments.get("body")
        if body is None:
            body = {
                item.name: arguments[item.python_name]
                for item in (operation.body.properties if operation.body else ())
                if item.python_name in arguments
            }
        if body and type(incoming.body).__name__ != "_Missing" and not same(body, incoming.body):
            raise WrongError(f"the body {body!r:.300} was sent, {incoming.body!r:.300} was read")

    def command_line(self) -> None:
        """The whole command, for one operation."""
        from dynaclient.cli import main

        with self.tally.step("command", "document"), contextlib.redirect_stdout(io.StringIO()) as out:
            name = next(iter(self.client), None)
            if name is not None and (
                main(["--spec", str(self.path), "call", name, "--help"]) or "Usage:" not in out.getvalue()
            ):
                raise WrongError(f"the command ends with {out.getvalue()!r:.200}")

    def over_http(self) -> None:
        """Some of the operations over a socket, with credentials where they are asked for."""
        chance = Random(self.seed)
        names = [
            name
            for name in self.client
            if not any(key.startswith(f"{name} ") for key in (*self.tally.faults, *self.tally.failures))
        ]
        chosen = chance.sample(names, min(OVER_HTTP, len(names)))
        credentials = {
            scheme.name: ("user", CREDENTIAL) if scheme.scheme in ("basic", "digest") else CREDENTIAL
            for scheme in self.client.api.schemes.values()
            if scheme.type != "mutualTLS"
        }
        self.app = self.varied
        with LocalServer(self.app) as server, Client(self.path, server=server.url, credentials=credentials) as client:
            for name in chosen:
                with self.tally.step("over HTTP", name):
                    call = client[name]
                    arguments = Draws(client.api, self.checker, call.operation, f"http {self.seed}").arguments(
                        whole=True
                    )
                    self.tally.http_calls += 1
                    self.app.seen = None, None
                    consumed(call.send(**arguments))
                    self.compare(call.operation, arguments)
                    self.tally.http_right += 1


def consumed(result: Any) -> None:
    """Read what comes piece by piece to its end."""
    if isinstance(result.value, Iterator) and not list(result.value):
        raise WrongError("the stream has no items")


def help_pages(path: Path) -> Callable[[str], str]:
    """Gives the page that ``dynaclient call OPERATION --help`` prints, with the document opened once."""
    root = root_command()
    context = root.make_context("dynaclient", ["--spec", str(path), "call"])
    group: Any = root.get_command(context, "call")
    below = click.Context(group, parent=context, info_name="call")

    def page(name: str) -> str:
        command = group.get_command(below, name)
        return str(command.get_help(click.Context(command, parent=below, info_name=name)))

    return page


def trials(folder: Path, seed: int, draws: int) -> Iterator[Tally]:
    """The tallies of the documents in a folder."""
    for path in sorted(folder.iterdir()):
        if path.suffix in SUFFIXES:
            yield Trial(path, seed, draws).run()


def main(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON object for each document")
    parser.add_argument("--seed", type=int, default=0, help="of all chance; the same gives the same calls")
    parser.add_argument("--draws", type=int, default=3, help="how many calls of each operation")
    options = parser.parse_args(arguments)
    good = True
    if not options.json:
        sys.stdout.write(f"{'document':28} {' '.join(f'{name:>10}' for name in COUNTS)}  faults  failures  seconds\n")
    for tally in trials(options.folder, options.seed, options.draws):
        good = good and not tally.failures
        sys.stdout.write(json.dumps(asdict(tally)) + "\n" if options.json else shown(tally))
        sys.stdout.flush()
    return 0 if good else 1


def shown(tally: Tally) -> str:
    """A tally for people."""
    lines = [tally.line()]
    lines += [f"    fault: {where}: {text}" for where, text in tally.faults.items()]
    lines += [f"    FAILED: {where}: {text}" for where, text in tally.failures.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    sys.exit(main(sys.argv[1:]))
