"""BatchCall on real engines: a worker is killed on the way, some rows are poison, and nothing is lost.

``python tests/engines.py [ray-actors] [ray-tasks] [dask] [bulk-ray] [bulk-dask]`` (``pip install -e '.[ray,dask]'``). Everything stays on the loopback interface.
"""

import contextlib
import io
import json
import logging
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

from vectorserver import DIMS, VectorServer, vector

import dynaclient

ROWS, KILL_AT = 10_000, 3_000
TOKEN = "opensesame"
POISON = {"row 17": 400, "row 5000": 400, "row 9999": 400}
TEXTS = [f"row {number}" for number in range(ROWS)]
HOW = {"take": "embedding", "dims": DIMS, "constants": {"model": "m"}, "batch": 50, "in_flight": 4}


def options(server):
    """What the constructor of a BatchCall is told by keyword."""
    return {**HOW, "client": {"server": server.url}}


def descendants():
    """The command lines of the processes that came from this one, by their ids."""
    parents, commands = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            commands[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours and pid not in ours}:
        ours |= more
    return {pid: commands[pid] for pid in ours - {os.getpid()}}


def killer(server, find, killed):
    """A thread that kills one worker when the service has answered enough rows."""
    half = server.after(KILL_AT)

    def kill():
        half.wait()
        pids = find()
        assert pids, "no worker was found"
        os.kill(pids[0], signal.SIGKILL)
        killed.append(pids[0])

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread


@contextlib.contextmanager
def ray_cluster():
    """A Ray of two slots on the loopback interface."""
    import ray

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        object_store_memory=256 << 20,
        log_to_driver=False,
        logging_level="error",
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    with contextlib.redirect_stdout(sys.stderr):  # Ray tells of dead workers on standard output
        try:
            yield ray
        finally:
            ray.shutdown()


def ray_workers():
    """Workers of Ray that are busy: their title tells what with. Its own agents have other titles."""
    return sorted(pid for pid, command in descendants().items() if command.startswith(("ray::Map", "ray::block")))


def on_ray(server, killed, call):
    """Ray Data, batches as Arrow tables; ``call`` says what is mapped and how."""
    with ray_cluster() as ray:
        rows = ray.data.from_items(
            [{"id": number, "text": text} for number, text in enumerate(TEXTS)], override_num_blocks=20
        )
        thread = killer(server, ray_workers, killed)
        mapped, more = call(ray)
        found = rows.map_batches(mapped, batch_size=500, batch_format="pyarrow", **more).take_all()
        thread.join(10)
    return [(row["id"], row["result"], row["error"]) for row in found]


def ray_actors(server, killed):
    """The class, made by each of two actors."""

    def call(ray):
        made = {"fn_constructor_args": (None, "embeddings.create", "text"), "fn_constructor_kwargs": options(server)}
        return dynaclient.BatchCall, {**made, "compute": ray.data.ActorPoolStrategy(size=2)}

    return on_ray(server, killed, call)


def ray_tasks(server, killed):
    """An instance, pickled into tasks."""
    return on_ray(
        server, killed, lambda ray: (dynaclient.BatchCall(None, "embeddings.create", "text", **options(server)), {})
    )


@contextlib.contextmanager
def dask_cluster():
    """Two processes of Dask on the loopback interface."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def on_dask(server, killed):
    """dask.dataframe on two processes under nannies."""
    import dask.dataframe
    import pandas

    with dask_cluster() as client:
        frame = dask.dataframe.from_pandas(pandas.DataFrame({"id": range(ROWS), "text": TEXTS}), npartitions=20)
        embed = dynaclient.BatchCall(None, "embeddings.create", "text", **options(server))
        pids = sorted(client.run(os.getpid).values())
        thread = killer(server, lambda: pids, killed)
        found = frame.map_partitions(embed, meta=embed.meta(frame)).compute()
        thread.join(10)
    missing = found["error"].isna()
    return [
        (number, None if failed else list(result), None if fine else error)
        for number, result, error, fine, failed in zip(
            found["id"], found["result"], found["error"], missing, ~missing, strict=True
        )
    ]


def bulk(server, engine, address):
    """``dynaclient bulk --engine``, and what it has written."""
    from dynaclient.cli import main

    with tempfile.TemporaryDirectory() as folder:
        rows, out = Path(folder, "rows.txt"), Path(folder, "out.jsonl")
        rows.write_text("".join(f"{text}\n" for text in TEXTS))
        line = [
            "bulk",
            "embeddings.create",
            "--rows",
            str(rows),
            "--set",
            "input=line",
            "--out",
            str(out),
            "--take",
            "embedding",
        ]
        line += ["--model", "m", "--server", server.url, "--batch", "50", "--in-flight", "4", "--engine", engine]
        with (
            contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())) as told,
            contextlib.redirect_stderr(io.StringIO()) as errors,
        ):
            code = main([*line, *(["--engine-address", address] if address else []), "--engine-workers", "2"])
        assert code == 11, errors.getvalue()
        told.flush()
        assert json.loads(told.buffer.getvalue())["failed"] == len(POISON), told.buffer.getvalue()
        found = [json.loads(text) for text in out.read_text().splitlines()]
    return [(row["row"], row.get("result"), row["error"]["message"] if "error" in row else None) for row in found]


def bulk_ray(server, killed):
    """The command over Ray."""
    with ray_cluster():
        thread = killer(server, ray_workers, killed)
        found = bulk(server, "ray", None)
        thread.join(10)
    return found


def bulk_dask(server, killed):
    """The command over the address of a Dask cluster."""
    with dask_cluster() as client:
        pids = sorted(client.run(os.getpid).values())
        thread = killer(server, lambda: pids, killed)
        found = bulk(server, "dask", client.scheduler.address)
        thread.join(10)
    return found


ENGINES = {
    "ray-actors": ray_actors,
    "ray-tasks": ray_tasks,
    "dask": on_dask,
    "bulk-ray": bulk_ray,
    "bulk-dask": bulk_dask,
}


def check(found):
    """All rows are there once; those that are poison have their error, all others their own vector."""
    assert len(found) == ROWS, len(found)
    assert {number for number, _, _ in found} == set(range(ROWS))
    for number, result, error in found:
        if f"row {number}" in POISON:
            assert error is not None, number
            assert f"row {number}" in error, error
            assert result is None, number
        else:
            assert error is None, error
            assert list(result) == vector(number), number


def main(names):
    """Run the engines that are named, all without; print a table."""
    # Workers inherit the environment, and with it the credential.
    os.environ |= {
        "DYNACLIENT_BEARER_AUTH": TOKEN,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    }
    sys.stdout.write(f"{'':12}  vectors  errors  requests  paid twice  killed  seconds\n")
    for name in names or ENGINES:
        killed = []
        with VectorServer(POISON, delay=0.1, token=TOKEN) as server:
            begun = time.monotonic()
            found = ENGINES[name](server, killed)
            seconds = time.monotonic() - begun
        check(found)
        assert len(killed) == 1, "no worker was killed"
        vectors = sum(result is not None for _, result, _ in found)
        errors = sum(error is not None for _, _, error in found)
        figures = f"{vectors:8} {errors:7} {server.requests:9} {server.twice():11} {len(killed):7} {seconds:8.1f}"
        sys.stdout.write(f"{name:12} {figures}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1:])
