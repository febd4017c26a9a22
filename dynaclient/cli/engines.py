"""``dynaclient bulk --engine``: the requests of a bulk run are sent by the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dynaclient.errors import ArgumentError, Problem
from dynaclient.frozen import evolve

if TYPE_CHECKING:
    from dynaclient.bulk.engines.worker import Config
    from dynaclient.cli.inputs import Inputs
    from dynaclient.cli.operation import OperationCommand
    from dynaclient.cli.said import Settings

WORKERS = 4
_ENGINES = ("ray", "dask")
_HERE = {
    "bearer_auth": "credentials come from the environment of the workers",
    "credential": "credentials come from the environment of the workers",
    "cert": "it is not carried to the workers",
    "drift": "the replies come to the workers",
    "verbose": "the requests are sent by the workers, and told of nowhere",
}
"""Shared options that are of no use where others send the requests, and why."""


def engine_options() -> list[tuple[str, dict[str, Any]]]:
    """The options of a bulk run on a cluster: names, and how click is told."""
    count = click.IntRange(min=1)
    return [
        ("engine", {"type": click.Choice(_ENGINES), "help": "Let the workers of a cluster send the requests."}),
        ("engine-address", {"metavar": "ADDRESS", "help": "Where the cluster is: ray://HOST:10001, tcp://HOST:8786; without it, one is started here."}),
        ("engine-workers", {"type": count, "metavar": "N", "help": f"Tasks under way at once, each with --in-flight requests; {WORKERS}."}),
    ]  # fmt: skip


def elsewhere_of(
    command: OperationCommand,
    settings: Settings,
    chosen: Mapping[str, Any],
    arguments: Mapping[str, Any],
    inputs: Inputs,
    halt: Callable[[], bool],
) -> Callable[..., Any] | None:
    """What sends the rows in place of this process, for `dynaclient.bulk.job.Job`; None where no engine was named. Nothing is started yet.

    Parameters
    ----------
    command, settings, arguments, inputs:
        The operation, the shared options, the arguments that are the same for all rows, what reads files.
    chosen:
        The options of the bulk run, by name.
    halt:
        Once it says True nothing more is begun.

    Raises
    ------
    ArgumentError
        Where the package of the engine is missing, or a worker would be told a secret.
    """
    _check(settings, chosen)
    if chosen["engine"] is None:
        return None
    from pathlib import Path

    from dynaclient.bulk.engines.clusters import cluster_of
    from dynaclient.bulk.engines.remote import WAVES, Remote, Sender
    from dynaclient.bulk.outputs import layout_of
    from dynaclient.bulk.plan import limits_of

    tasks = chosen["engine_workers"] or WORKERS
    cluster = cluster_of(chosen["engine"], chosen["engine_address"], tasks)
    out = Path(chosen["out"] or "dry-run.jsonl")
    layout = layout_of(command.document.api.document, command.operation, out, chosen["take"] or "", chosen["column"])
    try:
        config = _config(command, settings, chosen, arguments, inputs, layout.format, tasks)
    except ArgumentError as error:
        raise ArgumentError("the run cannot be given to a cluster", problems=_spelled(error.problems)) from None
    rows = limits_of(command.operation.batch, chosen["batch"]).items * chosen["in_flight"] * WAVES
    return partial(Remote, cluster, Sender(config, layout), tasks, rows, halt)


def _check(settings: Settings, chosen: Mapping[str, Any]) -> None:
    if chosen["engine"] is None:
        for name in ("engine_address", "engine_workers"):
            if chosen[name] is not None:
                raise click.UsageError(f"--{name.replace('_', '-')} says something of a cluster: --engine is missing")
        return
    for name, reason in _HERE.items():
        if getattr(settings, name):
            origin = settings.origin.get(name, f"--{name.replace('_', '-')}")
            raise click.UsageError(f"{origin} makes no sense with --engine: {reason}")


def _spelled(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems that name the options as they are typed."""
    spelled = {"client.headers": "--header", "client.query": "--query-param"}
    return tuple(
        evolve(problem, where=spelled.get(problem.where, problem.where.replace("client.", "--")))
        for problem in problems
    )


def _config(
    command: OperationCommand,
    settings: Settings,
    chosen: Mapping[str, Any],
    arguments: Mapping[str, Any],
    inputs: Inputs,
    format: str,
    tasks: int,
) -> Config:
    from dynaclient.bulk.batchcall import configuration
    from dynaclient.cli.connect import global_values, query, server_variables
    from dynaclient.cli.inputs import headers

    document = command.document
    client = {
        "server": settings.server,
        "timeout": settings.timeout,
        "retries": settings.retries,
        "validate": settings.validate,
        "headers": headers(settings.header, settings.origin.get("header", "--header")),
        "query": query(settings),
        "proxy": settings.proxy,
        "ca_bundle": settings.ca_bundle,
        "profile": settings.profile,
        "server_variables": server_variables(document, settings),
        "settings": global_values(document, settings, inputs),
    }
    return configuration(
        document.document,  # as it was read here: a file need not be where the workers are
        command.operation.dotted,
        dict(arguments),
        {name: value for name, value in client.items() if value},
        arrays=None if format == "jsonl" else "float32",
        batch=chosen["batch"],
        in_flight=chosen["in_flight"],
        rpm=chosen["rpm"] and chosen["rpm"] / tasks,
        tpm=chosen["tpm"] and chosen["tpm"] / tasks,
        tokenizer=chosen["tokenizer"],
        numbered=False,
    )
