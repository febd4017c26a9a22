"""A bulk run on a cluster: the same output, nothing lost, and what makes no sense there is refused."""

import sys
from contextlib import ExitStack
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectorserver import VectorServer

from dynaclient import Client
from dynaclient.bulk.batchcall import configuration
from dynaclient.bulk.engine import Halted
from dynaclient.bulk.engines.clusters import cluster_of
from dynaclient.bulk.engines.remote import Answer, Remote, Sender, joined
from dynaclient.bulk.engines.worker import close_worker
from dynaclient.bulk.job import Job, Settings
from dynaclient.bulk.outputs import Layout, format_of
from dynaclient.bulk.plan import Run, estimate
from dynaclient.bulk.regulator import Tally
from dynaclient.bulk.rows import open_rows
from dynaclient.bulk.selection import Selection
from dynaclient.cli import main
from dynaclient.errors import ArgumentError, TransportError

ROWS = 60
POISON = {"row 17": 400, "row 58": 400}


class Here:
    """A cluster that is this thread: tasks are done when they are waited for, the last first. The tasks whose numbers are in ``lost`` are lost."""

    def __init__(self, lost=()):
        self.lost, self.blocks, self.begun = lost, [], 0

    def submit(self, send, block):
        self.blocks.append((self.begun, send, block))
        self.begun += 1

    def next(self):
        number, send, block = self.blocks.pop()
        if number in self.lost:
            return Answer((), Tally(), TransportError("the worker is lost"))
        return send(block)

    def close(self):
        self.blocks.clear()


@pytest.fixture
def server(monkeypatch):
    """A service with poison."""
    monkeypatch.setenv("DYNACLIENT_BEARER_AUTH", "opensesame")
    with VectorServer(POISON) as server:
        yield server


@pytest.fixture
def job(tmp_path, server):
    """Makes a run over the rows, four in a request and twelve in a task; its connections are closed at the end."""
    rows = tmp_path / "rows.txt"
    rows.write_text("".join(f"row {number}\n" for number in range(ROWS)))
    with ExitStack() as stack:
        client = stack.enter_context(Client(server=server.url))

        def job(out, cluster=None, halt=lambda: False):
            constants, out, elsewhere = {"model": "m"}, tmp_path / out, None
            selection = Selection(open_rows(rows), {"input": "line"}, single=True)
            if cluster is not None:
                told = {"batch": 4, "numbered": False, "arrays": None if out.suffix == ".jsonl" else "float32"}
                config = configuration(None, "embeddings.create", constants, {"server": server.url}, **told)
                stack.callback(close_worker, config)
                sender = Sender(config, Layout(format_of(out), "embedding", "embedding"))
                elsewhere = partial(Remote, lambda: cluster, sender, 3, 12, halt)
            settings = Settings(out, estimate, batch=4, take="embedding")
            return Job(client["embeddings.create"], constants, selection, settings, halt=halt, elsewhere=elsewhere)

        yield job


def written(folder, out):
    """The bytes of an output and of its errors."""
    return (folder / out).read_bytes(), (folder / f"{out}.errors.jsonl").read_bytes()


@pytest.mark.parametrize("format", ["jsonl", "npy", "parquet"])
def test_the_output_is_the_same(tmp_path, job, format):
    """Byte for byte what the threads of this process would have brought, whatever task ends first; the summary too, but for good rows that show whether the service answers."""
    if format == "parquet":
        pytest.importorskip("pyarrow")
    here = job(f"here.{format}").run().shown()
    there = job(f"there.{format}", Here()).run().shown()
    assert written(tmp_path, f"here.{format}") == written(tmp_path, f"there.{format}")
    same = ("rows", "sent", "failed")
    assert {name: here[name] for name in same} == {name: there[name] for name in same}
    assert here["failed"] == len(POISON)
    for found in (here, there):  # whether a good row is sent once more depends on which request ends first
        assert found["tokens"] - found["wasted_tokens"] == ROWS - len(POISON)
        assert found["usage"]["usage.total_tokens"] == found["tokens"]
    assert there["requests"] >= ROWS // 4


def test_a_lost_task_is_done_when_it_is_started_again(tmp_path, server, job):
    """What the others brought is kept, and is not paid for again."""
    with pytest.raises(TransportError, match="lost"):
        job("out.jsonl", Here(lost={1})).run()
    assert server.paid
    job("out.jsonl", Here()).run()
    job("whole.jsonl").run()
    assert written(tmp_path, "out.jsonl") == written(tmp_path, "whole.jsonl")
    assert set(server.paid.values()) == {2}  # once here, once for the comparison


def test_an_error_in_a_worker_is_its_own(server, job):
    """A missing right ends the run as it would here."""
    server.token = "another"
    with pytest.raises(Exception, match="no token") as raised:
        job("out.jsonl", Here()).run()
    assert raised.value.exit_code == 8


def test_a_halted_run_goes_on_later(server, job):
    """No further task is begun; those under way are kept."""
    cluster = Here()
    with pytest.raises(Halted):
        job("out.jsonl", cluster, halt=lambda: cluster.begun == 2).run()
    paid = server.paid.total()
    assert 0 < paid <= 24
    job("out.jsonl", Here()).run()
    assert set(server.paid.values()) == {1}


def test_vectors_of_other_lengths_are_refused(server, job):
    """Workers do not know of each other's vectors; where they are kept it is seen."""
    server.dims = lambda number: 8 if number < 12 else 7
    with pytest.raises(ArgumentError, match=r"have [78] numbers, others [78]$"):
        job("out.npy", Here()).run()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 6)), max_size=20), st.integers(1, 12))
def test_tasks_are_consecutive_rows(pieces, most):
    """All rows, in their order, in blocks without gaps, as long as may be."""
    cut, place = [], 0
    for gap, size in pieces:
        place += gap
        cut.append(Run(place, list(range(place, place + size)), size))
        place += size
    blocks = list(joined(iter(cut), most))
    assert [row for block in blocks for row in block.rows] == [row for run in cut for row in run.rows]
    sizes = {run.first: len(run.rows) for run in cut}
    for block in blocks:
        assert list(block.rows) == list(range(block.first, block.first + len(block.rows)))
        assert block.tokens == len(block.rows)
        assert len(block.rows) <= max(most, sizes[block.first])
    for block, following in pairwise(blocks):
        if following.first == block.first + len(block.rows):
            assert len(block.rows) + sizes[following.first] > most


@pytest.mark.parametrize("engine", ["ray", "dask"])
def test_a_missing_package_is_named(monkeypatch, tmp_path, capsys, engine):
    """One message says what to install; nothing is begun."""
    monkeypatch.setitem(sys.modules, {"ray": "ray", "dask": "distributed"}[engine], None)
    code = command(tmp_path, "--engine", engine)
    assert (code, list(tmp_path.iterdir())) == (2, [tmp_path / "rows.txt"])
    assert f"pip install 'dynaclient[{engine}]'" in capsys.readouterr().err


def command(folder, *more):
    """The command on the embedded server."""
    (folder / "rows.txt").write_text("a\n")
    line = ["--rows", str(folder / "rows.txt"), "--set", "input=line", "--out", str(folder / "out.jsonl")]
    return main(["bulk", "embeddings.create", *line, "--model", "hash-384", "--server", "local", *more])


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--engine-address", "tcp://127.0.0.1:1"], "--engine is missing"),
        (["--engine-workers", "2"], "--engine is missing"),
        (["--engine", "dask", "--bearer-auth", "word"], "environment of the workers"),
        (["--engine", "dask", "--credential", "bearerAuth=word"], "environment of the workers"),
        (["--engine", "dask", "--verbose"], "--verbose makes no sense"),
        (["--engine", "dask", "--drift", "d.jsonl"], "--drift makes no sense"),
        (["--engine", "dask", "--header", "X-Api-Key: word"], "--header: 'X-Api-Key' may be secret"),
        (["--engine", "dask", "--proxy", "http://user:word@host"], "--proxy: the URL holds a password"),
    ],
)
def test_what_makes_no_sense_on_a_cluster_is_refused(monkeypatch, tmp_path, capsys, more, told):
    """It is not ignored, and a secret is not repeated."""
    monkeypatch.setattr("dynaclient.bulk.engines.clusters.find_spec", lambda name: name)
    assert command(tmp_path, *more) == 2
    printed = capsys.readouterr().err
    assert told in printed
    assert "word" not in printed.replace("password", "")


def test_an_address_where_nobody_listens():
    """The error says which, and that nothing was sent; nobody waits for minutes."""
    pytest.importorskip("ray")
    with pytest.raises(TransportError, match=r"'127\.0\.0\.1:1' of Ray cannot be reached"):
        cluster_of("ray", "127.0.0.1:1", 1)()
