"""The extensions that are read."""

import pytest
from cases import cases
from documents import document as whole

from dynaclient.errors import SpecError
from dynaclient.openapi.access import read_servers
from dynaclient.openapi.model import OperationKey
from dynaclient.openapi.read import operation, read

CASES = cases("extensions.yaml")
BATCH = {"input": "texts", "output": "data"}


def only(document):
    """The only operation of a document."""
    api = read(document)
    (key,) = api.index.values()
    return operation(api, key)


def document(node, **more):
    return whole({"/x": {"get": {"operationId": "x", "responses": {}, **node}}}, **more)


@pytest.mark.parametrize("case", CASES["retries"], ids=lambda case: case["title"])
def test_retries(case):
    """A retry policy is found field by field, with the standard defaults, and names its place."""
    keys = (("x-speakeasy-retries", "root", "operation"), ("x-dynaclient-retries", "own_root", "own_operation"))
    root = {key: case[above] for key, above, _ in keys if above in case}
    node = {key: case[below] for key, _, below in keys if below in case}
    policy = only(document(node, **root)).retry
    for name, value in case["policy"].items():
        assert getattr(policy, name) == (tuple(value) if isinstance(value, list) else value), name


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: f"{case['key']}: {case['value']}")
def test_refused(case):
    """An extension that makes no sense is an error that names its place and what was expected."""
    with pytest.raises(SpecError, match=case["reason"]) as caught:
        only(document({case["key"]: case["value"]}))
    assert caught.value.pointer == f"/paths/~1x/get/{case['key']}{case['pointer']}"


@pytest.mark.parametrize("case", CASES["errors"], ids=lambda case: case["title"])
def test_error_statuses(case):
    """The statuses that raise add up from paths to operation, unless one overrides."""
    given = document({"x-speakeasy-errors": case["operation"]} if "operation" in case else {})
    if "paths" in case:
        given["paths"]["x-speakeasy-errors"] = case["paths"]
    if "item" in case:
        given["paths"]["/x"]["x-speakeasy-errors"] = case["item"]
    assert list(only(given).error_statuses) == case["statuses"]


def test_timeout():
    """The operation's time-out comes before the root's; without either there is none."""
    assert only(document({"x-speakeasy-timeout": 5}, **{"x-speakeasy-timeout": 9})).timeout == 5
    assert only(document({}, **{"x-speakeasy-timeout": 9})).timeout == 9
    assert only(document({})).timeout is None


@pytest.mark.parametrize("case", CASES["env"], ids=lambda case: case["title"])
def test_environment_variables(case):
    """The environment variable of a security scheme is the one declared, else its name in upper case."""
    scheme = {"type": "http", "scheme": "bearer", **case["scheme"]}
    found = read(document({}, components={"securitySchemes": {"bearerAuth": scheme}})).schemes["bearerAuth"]
    assert (found.env, found.env_by_server) == (case["env"], case["by_server"])


@pytest.mark.parametrize("value", [5, ["A"], {"a": 5}, "MY KEY", "$(x)", "", {"a": ""}], ids=str)
def test_no_environment_variable(value):
    """What cannot be the name of an environment variable is refused."""
    schemes = {"a": {"type": "http", "scheme": "bearer", "x-dynaclient-env": value}}
    with pytest.raises(SpecError, match="environment variable is expected") as caught:
        read(document({}, components={"securitySchemes": schemes}))
    assert caught.value.pointer == "/components/securitySchemes/a/x-dynaclient-env"


def test_batch():
    """A batch names its properties, and the schema of one input by reference or in place."""
    schema = {"type": "string"}
    full = {
        **BATCH,
        "item": "#/components/schemas/Item",
        "order": "index",
        "sum": ["usage.n"],
        "maxItems": 5,
        "maxTokens": 9,
    }
    batch = only(document({"x-dynaclient-batch": full})).batch
    assert (batch.input, batch.output, batch.item) == ("texts", "data", "/components/schemas/Item")
    assert (batch.order, batch.sum, batch.max_items, batch.max_tokens) == ("index", ("usage.n",), 5, 9)
    inline = only(document({"x-dynaclient-batch": {**BATCH, "item": schema}})).batch
    assert inline.item == "/paths/~1x/get/x-dynaclient-batch/item"
    assert only(document({})).batch is None


@pytest.mark.parametrize(
    "texts, limit",
    [
        ({"type": "array", "maxItems": 7}, 7),
        ({"anyOf": [{"type": "string"}, {"type": "array", "maxItems": 7}, {"type": "array", "maxItems": 9}]}, 9),
        ({"anyOf": [{"type": "array", "maxItems": 7}, {"type": "array"}]}, None),
        ({"type": "string"}, None),
    ],
    ids=["one", "the largest", "not all", "no array"],
)
@pytest.mark.parametrize("how", ["inline", "reference", "whole body"])
def test_the_limit_of_the_schema(texts, limit, how):
    """Where a batch names no limit, it is that of the schema, wherever that stands."""
    schema = {"type": "object", "properties": {"texts": texts}}
    body = {"content": {"application/json": {"schema": schema}}}
    components = {"schemas": {"T": schema}, "requestBodies": {"B": body}}
    if how == "reference":
        body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}}}
    if how == "whole body":
        body = {"$ref": "#/components/requestBodies/B"}
    node = {"x-dynaclient-batch": BATCH, "requestBody": body}
    assert only(document(node, components=components)).batch.max_items == limit


def test_keys_stay_plain():
    """The index knows an operation without reading its extensions."""
    api = read(document({"x-dynaclient-batch": 5}))
    assert api.index == {"x": OperationKey((), "x", "GET", "/x", "/paths/~1x/get")}


@pytest.mark.parametrize("value", ["maybe", None, 1])
def test_optional_elsewhere(value):
    """x-dynaclient-optional-elsewhere is true or false; anything else is an error of the document that names its place."""
    place = "/components/securitySchemes/a/x-dynaclient-optional-elsewhere"
    scheme = {"type": "http", "scheme": "bearer", "x-dynaclient-optional-elsewhere": value}
    with pytest.raises(SpecError, match="true or false") as caught:
        read(document({}, components={"securitySchemes": {"a": scheme}}))
    assert caught.value.pointer == place


@pytest.mark.parametrize("case", CASES["bare_origin"], ids=lambda case: str(case["value"]))
def test_bare_origin(case):
    """x-dynaclient-bare-origin is a path; anything else is an error of the document that names its place."""
    servers = [{"url": "https://a.example.com", "x-dynaclient-bare-origin": case["value"]}]
    if "path" in case:
        assert read_servers({"servers": servers}, "")[0].bare_origin == case["path"]
        return
    with pytest.raises(SpecError, match=case["reason"]) as caught:
        read_servers({"servers": servers}, "")
    assert caught.value.pointer == "/servers/0/x-dynaclient-bare-origin"


@pytest.mark.parametrize("case", CASES["url_env"], ids=lambda case: str(case["value"]))
def test_url_env(case):
    """x-dynaclient-url-env is the name of a variable; anything else is an error of the document that names its place."""
    servers = [{"url": "https://a.example.com", "x-dynaclient-url-env": case["value"]}]
    if "variable" in case:
        assert read_servers({"servers": servers}, "")[0].url_env == case["variable"]
        return
    with pytest.raises(SpecError, match=case["reason"]) as caught:
        read_servers({"servers": servers}, "")
    assert caught.value.pointer == "/servers/0/x-dynaclient-url-env"
