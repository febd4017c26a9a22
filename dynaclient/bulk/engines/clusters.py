"""The door to Ray and Dask: a cluster at an address, or one on this machine for as long as the command runs."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack, redirect_stdout
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from dynaclient.bulk.engines.remote import Answer, Cluster, Sender
from dynaclient.bulk.plan import Run
from dynaclient.bulk.regulator import Tally
from dynaclient.errors import ArgumentError, Problem, TransportError

ENGINES = ("ray", "dask")
_PACKAGES = {"ray": "ray", "dask": "distributed"}
_DEAF = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
"""Ctrl-C reaches the workers on this machine too: this process alone decides what is still finished."""
_PATIENCE = 30
"""Seconds after which an address where no cluster answers is given up."""


def cluster_of(engine: str, address: str | None, workers: int) -> Callable[[], Cluster]:
    """What starts a cluster here, or finds the one at an address.

    Parameters
    ----------
    engine:
        ``ray`` or ``dask``.
    address:
        ``ray://HOST:10001``, ``HOST:6379`` or ``auto``; ``tcp://HOST:8786``. None: this machine.
    workers:
        Processes, where it is started here.

    Raises
    ------
    ArgumentError
        Where the package is not installed.
    """
    if find_spec(_PACKAGES[engine]) is None:
        problem = Problem(
            "engine", f"{engine} needs the library {_PACKAGES[engine]}", hint=f"pip install 'dynaclient[{engine}]'"
        )
        raise ArgumentError("the run cannot be given to a cluster", problems=(problem,))
    return partial(_Ray if engine == "ray" else _Dask, address, workers)


class _Ray:
    """Tasks of Ray. A worker that dies is replaced, and its task done again: three times, Ray's own default."""

    def __init__(self, address: str | None, workers: int) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        self._ray: Any = import_module("ray")
        self._aside = ExitStack()
        self._aside.enter_context(redirect_stdout(sys.stderr))  # Ray tells of dead workers where the result belongs
        self._mine = not self._ray.is_initialized()
        if self._mine:
            here = {} if address else {"num_cpus": workers, "include_dashboard": False}
            quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
            try:
                _reached(address)
                self._ray.init(address=address or "local", **here, **quiet)
            except Exception as error:  # noqa: BLE001 - whatever Ray raises
                self._aside.close()
                raise _unreachable("Ray", address, error) from None
        self._task = self._ray.remote(_done).options(name="block")
        self._sender: Any = None
        self._open: list[Any] = []

    def submit(self, send: Sender, block: Run[Any]) -> None:
        if self._sender is None:
            self._sender = self._ray.put(send)
        self._open.append(self._task.remote(self._sender, block))

    def next(self) -> Answer:
        (ended, *_), self._open = self._ray.wait(self._open, num_returns=1)
        try:
            found: Answer = self._ray.get(ended)
        except Exception as error:  # noqa: BLE001 - whatever Ray raises
            return _failed("Ray", error)
        return found

    def close(self) -> None:
        for task in self._open:
            self._ray.cancel(task, force=False)
        self._open.clear()
        if self._mine:
            self._ray.shutdown()
        self._aside.close()


class _Dask:
    """Tasks of Dask. A worker that dies is replaced by its nanny, and its task done again: three times, Dask's own default."""

    def __init__(self, address: str | None, workers: int) -> None:
        distributed: Any = import_module("distributed")
        self._here: Any = None
        try:
            if address is None:
                self._here = distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                    preload=[_DEAF],
                )
            self._client = distributed.Client(self._here or address, timeout=_PATIENCE)
        except Exception as error:  # noqa: BLE001 - whatever Dask raises
            if self._here is not None:
                self._here.close()
            raise _unreachable("Dask", address, error) from None
        self._done = distributed.as_completed([])

    def submit(self, send: Sender, block: Run[Any]) -> None:
        self._done.add(self._client.submit(_done, send, block, pure=False))

    def next(self) -> Answer:
        try:
            found: Answer = next(self._done).result()
        except Exception as error:  # noqa: BLE001 - whatever Dask raises
            return _failed("Dask", error)
        return found

    def close(self) -> None:
        self._client.close()
        if self._here is not None:
            self._here.close()


def _reached(address: str | None) -> None:
    """Whether anybody listens at the address of a Ray: its own client would try for many minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()


def _done(send: Sender, block: Run[Any]) -> Answer:
    return send(block)


def _failed(engine: str, error: Exception) -> Answer:
    """The answer of a task that the cluster could not do, its workers dead or without what the task needs."""
    reason = f"{type(error).__name__}: {error}".strip().splitlines()
    text = f"{engine} could not do a task: {reason[0][:300]}; started again the run goes on where it was"
    return Answer((), Tally(), TransportError(text))


def _unreachable(engine: str, address: str | None, error: Exception) -> TransportError:
    reason = str(error).strip().splitlines() or [type(error).__name__]
    place = f"the cluster {address!r} of {engine} cannot be reached" if address else f"{engine} does not start here"
    hint = "; look at --engine-address" if address else ""
    return TransportError(f"{place}: {reason[0][:300]}{hint}", sent=False)
