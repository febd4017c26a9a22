"""An operation over batches: picklable, without secrets, the same for every kind of table."""

import pickle
import threading

import pytest
from bulking import DOCUMENT

from dynaclient import AuthenticationError
from dynaclient.bulk.batchcall import BatchCall
from dynaclient.bulk.engines.worker import worker_of
from dynaclient.errors import ArgumentError
from dynaclient.local import App, LocalServer

TEXTS = ["one", "two", "", "three"]


def over(column="text", **options):
    """The shipped document's operation on the embedded server."""
    how = {"take": "embedding", "constants": {"model": "hash-384", "dimensions": 4}, "client": {"server": "local"}}
    return BatchCall(None, "embeddings.create", column, **{**how, **options})


def test_a_dict_of_lists_gets_two_columns():
    """Results and errors stand beside the inputs, which are untouched."""
    batch = {"text": [*TEXTS, None], "id": [1, 2, 3, 4, 5]}
    found = over()(batch)
    assert list(batch) == ["text", "id"]
    assert list(found) == ["text", "id", "result", "error"]
    assert [len(vector) for vector in found["result"][:4]] == [4] * 4
    assert found["result"][4] is None
    assert found["error"][:4] == [None] * 4
    assert "input" in found["error"][4]


def test_it_may_run_twice():
    """A batch that has been through it comes out the same when it goes through it again."""
    once = over()({"text": TEXTS})
    assert over()(once) == once


def test_arrays_come_back_as_arrays():
    """Vectors are one array of float32, a missing one is not-a-number: every batch has the same shape."""
    numpy = pytest.importorskip("numpy")
    found = over()({"text": numpy.array(["a", None, "b"], dtype=object)})
    assert found["result"].dtype == "float32"
    assert found["result"].shape == (3, 4)
    assert numpy.isnan(found["result"]).all(axis=1).tolist() == [False, True, False]
    assert [text is None for text in found["error"]] == [True, False, True]


def test_a_data_frame_comes_back_as_one():
    """The index stays."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": ["a", None, "b"]}, index=[7, 8, 9])
    found = over()(frame)
    assert list(found.index) == [7, 8, 9]
    assert [value is None for value in found["result"]] == [False, True, False]
    assert list(frame.columns) == ["text"]


def test_a_table_comes_back_as_one():
    """Results are lists of float32, null where a row failed."""
    arrow = pytest.importorskip("pyarrow")
    found = over()(arrow.table({"text": ["a", None, "b"]}))
    assert found.schema.field("result").type == arrow.list_(arrow.float32())
    assert [value is None for value in found["result"].to_pylist()] == [False, True, False]
    assert over()(found).column_names == ["text", "result", "error"]


def test_it_is_pickled_without_a_secret(monkeypatch):
    """Only configuration is in the pickle; the worker's environment has the credential."""
    with LocalServer(App(_api(), require_bearer="opensesame")) as server:
        call = over(client={"server": server.url})
        monkeypatch.setenv("DYNACLIENT_BEARER_AUTH", "wrong")
        with pytest.raises(AuthenticationError):
            call({"text": ["a"]})
        call.close()
        monkeypatch.setenv("DYNACLIENT_BEARER_AUTH", "opensesame")
        data = pickle.dumps(call)
        assert b"opensesame" not in data
        assert b"wrong" not in data
        again = pickle.loads(data)
        assert again({"text": ["a"]})["error"] == [None]
        again.close()


def _api():
    from dynaclient import Client

    with Client(server="local") as client:
        return client.api


def test_threads_share_one_client():
    """However many threads begin at once, the client is made once."""
    call, clients = over(constants={"model": "hash-384", "user": "threads"}), []
    threads = [threading.Thread(target=lambda: clients.append(worker_of(call._config))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(client) for client in clients}) == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"client": {"bearer_auth": "k"}}, "environment"),
        ({"client": {"credentials": {}}}, "environment"),
        ({"client": {"headers": {"Authorization": "Bearer k"}}}, "secret"),
        ({"in_flight": 0}, "in_flight"),
    ],
)
def test_what_would_carry_a_secret_is_refused(options, told):
    """The message says where credentials come from, and never holds one."""
    with pytest.raises(ArgumentError, match=told):
        over(**options)


def test_a_missing_column_is_named():
    """The message lists those that are there."""
    with pytest.raises(ArgumentError, match="no column 'text'; it has body"):
        over()({"body": ["a"]})


def test_an_operation_without_a_batch_takes_several_columns():
    """Argument -> column, one call for each row."""
    document = {**DOCUMENT, "paths": {"/one/{id}": DOCUMENT["paths"]["/one/{id}"]}}
    call = BatchCall(document, "one", {"id": "number"}, client={"server": "local"})
    assert call({"number": [1, 2]})["error"] == [None, None]
