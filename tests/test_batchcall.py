"""Batches in an engine: columns of the same types whatever failed, one client for each process, and errors that are the rows' or the service's."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectorserver import DIMS, VectorServer, vector

from dynaclient import BatchCall
from dynaclient.bulk.engines.worker import worker_of
from dynaclient.errors import ArgumentError, ServerError


def over(column="text", **options):
    """The shipped document's operation on the embedded server, as vectors of four numbers."""
    how = {
        "take": "embedding",
        "dims": 4,
        "constants": {"model": "hash-384", "dimensions": 4},
        "client": {"server": "local"},
    }
    return BatchCall(None, "embeddings.create", column, **{**how, **options})


@pytest.fixture(scope="module")
def service():
    """A service, and what calls it a few rows at a time."""
    with pytest.MonkeyPatch.context() as patch, VectorServer() as server:
        patch.setenv("DYNACLIENT_BEARER_AUTH", "opensesame")
        client = {"server": server.url, "retries": False}
        call = over(constants={"model": "m"}, dims=DIMS, batch=4, client=client)
        yield server, call
        call.close()


@pytest.fixture
def poisoned(service):
    """The service, its poison taken away afterwards."""
    yield service
    service[0].poison, service[0].down = {}, False


@pytest.mark.parametrize("dtype", [None, "float64"])
def test_an_arrow_batch_that_failed_has_the_columns_of_one_that_did_not(dtype):
    """Lists of the numbers that were asked for and texts, even where all of a column is null."""
    arrow = pytest.importorskip("pyarrow")
    call = over(dtype=dtype)
    good, failed = (call(arrow.table({"text": arrow.array(texts, arrow.string())})) for texts in (["a"], [None]))
    assert good.schema == failed.schema == call(good.slice(0, 0)).schema
    assert good.schema.field("result").type == arrow.list_(arrow.float64() if dtype else arrow.float32())
    assert failed["result"].to_pylist() == [None]
    assert good["error"].to_pylist() == [None]
    assert len(good["result"][0]) == 4


def test_a_record_batch_comes_back_as_one():
    """What Spark and Daft hand out, with a failed row between good ones."""
    arrow = pytest.importorskip("pyarrow")
    found = over()(arrow.record_batch({"text": ["a", None, "b"]}))
    assert isinstance(found, arrow.RecordBatch)
    found.validate(full=True)
    alone = over()({"text": ["a", "b"]})["result"]
    assert found["result"].to_pylist() == [alone[0], None, alone[1]]


def test_a_frame_that_failed_has_the_columns_of_one_that_did_not():
    """Columns of Arrow's types, which an engine writes alike; what comes back for no rows says so beforehand."""
    pandas = pytest.importorskip("pandas")
    frames = [pandas.DataFrame({"text": texts}, dtype=object) for texts in (["a"], [None])]
    good, failed = map(over(), frames)
    assert list(good.dtypes) == list(failed.dtypes) == list(over().meta(frames[0]).dtypes)
    assert failed["result"].isna().all()
    assert good["error"].isna().all()


def test_arrays_that_failed_have_the_shape_of_those_that_did_not():
    """Rows by dims, not-a-number where a row failed."""
    numpy = pytest.importorskip("numpy")
    failed = over()({"text": numpy.array([None, None], dtype=object)})
    assert (failed["result"].shape, failed["result"].dtype) == ((2, 4), "float32")
    assert numpy.isnan(failed["result"]).all()
    assert over()({"text": numpy.array([], dtype=object)})["result"].shape == (0, 4)


def test_results_as_text():
    """``json`` keeps all of a result in one column of text."""
    arrow = pytest.importorskip("pyarrow")
    found = over(dtype="json", dims=None, take="")(arrow.table({"text": ["a"]}))
    assert found.schema.field("result").type == arrow.string()
    assert '"embedding":[' in found["result"][0].as_py()


def test_an_iterator_of_batches_is_mapped_lazily():
    """As Spark's mapInPandas calls it: a batch is done when it is asked for."""
    pulled = []
    found = over()({"text": [pulled.append(text) or text]} for text in "abc")
    assert pulled == []
    assert next(found)["error"] == [None]
    assert pulled == ["a"]


def test_no_rows_send_nothing():
    """Not even the document is read for a batch without rows, with which engines ask for the columns."""
    assert over()({"text": []}) == {"text": [], "result": [], "error": []}
    assert BatchCall("/nowhere.yaml", "no.such", "text")({"text": []})["result"] == []


def test_copies_in_a_process_share_a_client():
    """However often an engine unpickles it, and with which threads it does so."""
    call = over()
    copies = [pickle.loads(pickle.dumps(call)) for _ in range(3)]
    assert {worker_of(copy._config) for copy in (call, *copies)} == {worker_of(call._config)}
    assert worker_of(over(rpm=5)._config) is not worker_of(call._config)


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from([200, 200, 400, 422])), max_size=20))
def test_every_row_gets_its_own(service, rows):
    """Whatever rows are refused, the others have their vector, and nothing moves."""
    server, call = service
    server.poison = {f"row {number}": status for number, status in rows if status != 200}
    texts = [f"row {number}" for number, _ in rows]
    found = call({"text": texts})
    for text, result, error in zip(texts, found["result"], found["error"], strict=True):
        assert (result is None) == (error is not None) == (text in server.poison)
        assert result is None or result == vector(int(text.split()[1]))
        assert error is None or text in error
    server.poison = {}


@pytest.mark.parametrize("bad", [0, 1, 3])
def test_a_row_on_which_the_service_fails_is_recorded(poisoned, bad):
    """A 500 for one row is that row's where the service answers others, be it the first row of a batch that is one request."""
    server, call = poisoned
    server.poison = {f"row {bad}": 500}
    errors = call({"text": [f"row {number}" for number in range(4)]})["error"]
    assert [place for place, error in enumerate(errors) if error] == [bad]


def test_a_service_that_is_down_is_raised(poisoned):
    """Nothing is recorded that an engine should try again; the error goes through a pickle, as engines carry it."""
    server, call = poisoned
    server.down = True
    with pytest.raises(ServerError) as raised:
        call({"text": [f"row {number}" for number in range(10)]})
    assert pickle.loads(pickle.dumps(raised.value)).status_code == 503


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"dtype": "int8"}, "dtype"),
        ({"dims": 0}, "dims"),
        ({"dims": True}, "dims"),
        ({"dtype": "json", "dims": 4}, "has none"),
        ({"rpm": 0}, "rpm"),
        ({"constants": {"model": lambda: 1}}, "pickled"),
        ({"client": {"server": "https://user:word@host"}}, "client.server: the URL holds a password"),
        ({"client": {"proxy": "http://user:word@host"}}, "client.proxy: the URL holds a password"),
        ({"client": {"proxy": "user:word@host:1"}}, "client.proxy: the URL holds a password"),
        ({"client": {"server": "https://host/?api_key=word"}}, "client.server: the URL holds a password or a token"),
        ({"client": {"settings": {"api_key": "word"}}}, "'api_key' may be secret"),
        ({"client": {"server_variables": {"token": "word"}}}, "'token' may be secret"),
        ({"client": {"headers": [("Authorization", "Bearer word")]}}, "'Authorization' may be secret"),
        ({"constants": {"headers": {"Authorization": "Bearer word"}}}, "constants.headers: 'Authorization' may be"),
        ({"constants": {"bearer_auth": "word"}}, "constants.bearer_auth: may be secret"),
        ({"constants": {"api_key": "word"}}, "constants.api_key: may be secret"),
        ({"constants": {"server": "http://u:word@host"}}, "constants.server: the URL holds a password"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(options, told):
    """Where it is made, and not in a worker; a secret is not repeated."""
    with pytest.raises(ArgumentError, match=told) as raised:
        over(**options)
    assert "word" not in str(raised.value).replace("password", "")


def test_a_number_whose_name_says_token_is_no_secret():
    """``max_tokens=5`` is an argument like any other."""
    assert "sekrit" not in repr(over(constants={"model": "hash-384", "max_tokens": 5}))


def test_a_column_that_is_there_twice_is_refused():
    """What is meant cannot be told, and the names of columns are no rows."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([["a", "b"]], columns=["text", "text"])
    with pytest.raises(ArgumentError, match="the column 'text' more than once"):
        over()(frame)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"dims": 5}, "a vector has 4 numbers, 5 were expected"),
        ({"take": ""}, "it has object, index, embedding: `take` names the field"),
        ({"take": "object"}, "the result is of type str"),
        ({"take": "nothing"}, "a result has no 'nothing'"),
    ],
)
def test_results_that_are_not_what_was_promised_are_told(options, told):
    """The batch fails, for every row would: nothing is recorded for rows that were answered."""
    with pytest.raises(ArgumentError, match=told):
        over(**options)({"text": ["a"]})


def test_results_of_no_common_type_are_told():
    """Where Arrow finds none, the message says what does."""
    arrow = pytest.importorskip("pyarrow")
    from dynaclient.bulk.engines.tables import Kind, table_of

    with pytest.raises(ArgumentError, match="dtype='json'"):
        table_of(arrow.table({"a": [1, 2]})).with_columns("result", [{"a": 1}, "x"], "error", [None, None], Kind())
