"""What Python tools show of an operation."""

import inspect

from documents import document

from dynaclient.openapi.normal import OMIT
from dynaclient.openapi.read import operation, read
from dynaclient.openapi.signature import docstring, offered_options, signature

SCHEMA = {
    "type": "object",
    "required": ["texts"],
    "properties": {
        "kind": {"enum": ["a", "b", None], "default": "a", "description": "The kind.\n\n  Of all."},
        "texts": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]},
        "class": {"type": ["number", "null"], "deprecated": True},
    },
}


def made(node=None, path="/x", **more):
    node = {"operationId": "run", "responses": {}, **(node or {})}
    api = read(document({path: {"post": node}}, **more))
    return operation(api, api.index["run"]), api.document


def full():
    responses = {
        "200": {"description": "Good."},
        "404": {"description": "Not there.\nReally."},
        "": {"description": "?"},
    }
    return made({
        "summary": "Run it.", "description": "It runs.", "deprecated": True, "responses": responses,
        "requestBody": {"required": True, "content": {"application/json": {"schema": SCHEMA}}},
        "parameters": [{"name": "q", "in": "query", "description": "A query.", "schema": {"type": "boolean"}}],
    })  # fmt: skip


def test_signature():
    """Required arguments come first, then optional ones, then call options; all by keyword, with their types."""
    assert str(signature(*full())) == (
        "(*, texts: str | list[int], q: bool = OMIT, kind: Literal['a', 'b'] | None = OMIT, class_: float | None = OMIT, "
        "body: Any = None, retries: int | bool | Mapping[str, Any] | RetryPolicy | None = None, "
        "timeout: float | Timeout | None = None, server: str | None = None, headers: Mapping[str, str] | None = None, "
        "query: Mapping[str, Any] | None = None, validate: str | Mapping[str, str] | None = None, "
        "arrays: bool | str | None = None, extra: Mapping[str, Any] | None = None) -> Any"
    )
    found = signature(*full()).parameters
    assert {parameter.kind for parameter in found.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert found["q"].default is OMIT


def test_an_argument_hides_the_option_of_its_name():
    """A call option that an argument of the operation hides is not offered; `body` only where there is one."""
    names = [{"name": name, "in": "query"} for name in ("timeout", "Retries", "body")]
    found, whole = made({"parameters": names})
    assert offered_options(found) == ("server", "headers", "query", "validate", "arrays")
    assert list(signature(found, whole).parameters) == [
        "timeout",
        "retries",
        "body",
        "server",
        "headers",
        "query",
        "validate",
        "arrays",
    ]


def test_a_call_of_many_inputs_may_be_split():
    """``split`` is shown where the document says how the operation batches, and only there."""
    body = {"required": True, "content": {"application/json": {"schema": SCHEMA}}}
    batch = {"requestBody": body, "x-dynaclient-batch": {"input": "texts", "output": "out"}}
    found, whole = made(batch)
    assert str(signature(found, whole).parameters["split"]) == "split: bool | int | None = None"
    assert "split: bool | int | None\n    True, or how many inputs" in docstring(found, whole)
    assert "split" not in offered_options(full()[0])
    found, whole = made({**batch, "parameters": [{"name": "split", "in": "query"}]})
    assert "split" not in offered_options(found)
    assert "split" in signature(found, whole).parameters


def test_docstring():
    """The docstring tells summary, description, each argument, what comes back and what is raised."""
    text = docstring(*full())
    assert text.startswith("Run it.\n\nDeprecated.\n\nIt runs.\n\nSends ``POST /x``.\n\nParameters\n----------\n")
    for part in (
        "texts: str | list[int]\n",
        "q: bool, optional\n    A query.\n",
        "    Of all. The service's default is 'a'.",
        "class_: float | None, optional\n    Deprecated.",
        "Returns\n-------\n200\n    Good.\n\nRaises\n------\nAPIError\n",
        "    404: Not there.",
        "ArgumentError\n",
    ):
        assert part in text, part


def test_an_operation_without_words():
    """An operation that says nothing of itself still has a docstring."""
    text = docstring(*made())
    assert text.startswith("POST /x\n\nSends ``POST /x``.")
    assert "Returns" not in text
