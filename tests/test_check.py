"""Values are judged fast and explained well."""

import math
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

from dynaclient.errors import SpecError, UnsupportedError
from dynaclient.openapi.check import Checker

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "check.yaml").read_text("utf-8"))
X = "/components/schemas/X"


def checker_of(schema, version="3.1"):
    """A checker for a document with the one component X."""
    return Checker({"openapi": f"{version}.0", "components": {"schemas": {"X": schema}}}, version)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_values_are_judged_as_the_case_says(case):
    """Each case's good values are accepted, each bad one is explained at its place, and both validators agree."""
    document = case.get("document") or {"components": {"schemas": {"X": case["schema"]}}}
    checker = Checker(document, case["version"])
    validator = checker.validator(X, case.get("direction", "reply"))
    assert validator.compiled is case.get("compiled", True)
    for value in case.get("good", ()):
        assert validator.problems(value) == ()
        assert validator.accepts(value)
        assert validator.verdicts(value) in ((True, True), (None, True))
    for value, expected in case.get("bad", ()):
        assert not validator.accepts(value)
        assert validator.verdicts(value) in ((False, False), (None, False))
        problem = validator.problems(value)[0]
        assert problem.where == expected["where"]
        assert [text for text in expected["says"] if text not in problem.message] == [], problem
        assert problem.pointer == expected.get("pointer", problem.pointer)
        assert expected.get("hint", "") in problem.hint, problem
    for pointer in case.get("tolerated", ()):
        assert any(line.startswith(f"{pointer}: ") for line in checker.tolerated())


@pytest.mark.parametrize("schema, value", [
    ({"additionalProperties": False, "properties": {"model": {}}}, {"modle": 1}),
    ({"required": ["data"], "properties": {"data": {}}}, {"detail": 1}),
    ({"enum": ["float", "base64"]}, "flaot"),
    ({"anyOf": [{"type": "object", "required": ["index"]}, {"type": "null"}]}, {"indx": 1}),
], ids=str)  # fmt: skip
def test_nobody_is_told_how_to_write_a_reply(schema, value):
    """Hints that name what was meant are for arguments: the same value as a reply has none."""
    checker = Checker({"components": {"schemas": {"X": schema}}}, "3.1")
    (asked,) = checker.validator(X, "request").problems(value)
    (come,) = checker.validator(X, "reply").problems(value)
    assert "did you mean" in asked.hint or "rename" in asked.hint
    assert "did you mean" not in come.hint
    assert "rename" not in come.hint
    assert come.message == asked.message


def test_all_problems_are_told_in_the_order_of_the_value():
    """Every problem is listed once, in order, and those beyond twenty are counted."""
    validator = checker_of({"items": {"type": "string"}}).validator(X, "reply")
    problems = validator.problems(list(range(25)), "input")
    assert [problem.where for problem in problems[:3]] == ["input[0]", "input[1]", "input[2]"]
    assert len(problems) == 21
    assert problems[-1].message == "and 5 more problems"


def test_values_are_shortened():
    """A message never shows more than about eighty characters of the value."""
    validator = checker_of({"type": "integer"}).validator(X, "reply")
    for value in ("x" * 5000, [0.5] * 5000, {str(n): "y" * 100 for n in range(100)}, [["z" * 1000]], b"x" * 1000):
        assert len(validator.problems(value)[0].message) < 130


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf], ids=str)
def test_numbers_that_json_lacks_are_refused(value):
    """NaN and infinities are a problem at their place."""
    validator = checker_of({"items": {"type": "number"}}).validator(X, "request")
    assert not validator.accepts([1.0, value])
    assert validator.problems([1.0, value])[0].where == "$[1]"


def test_numbers_beyond_64_bits_are_exact():
    """Limits hold for integers of any size."""
    validator = checker_of({"type": "integer", "maximum": 10**30}).validator(X, "request")
    assert validator.accepts(10**30)
    assert not validator.accepts(10**30 + 1)


def test_subclasses_of_dict_and_of_str_are_judged_as_what_they_are():
    """A mapping or string of a user's own class is as good as a plain one."""

    class Mapping(dict):
        pass

    class Text(str):
        pass

    validator = checker_of({"required": ["a"], "properties": {"a": {"type": "string"}}}).validator(X, "request")
    assert validator.accepts(Mapping(a=Text("x")))
    assert not validator.accepts(Mapping(a=1))


@pytest.mark.parametrize(
    "version,schema,accepted",
    [
        ("3.0", {"type": "string", "format": "binary"}, True),
        ("3.1", {"type": "string", "format": "binary"}, True),
        ("3.1", {"type": "string", "contentMediaType": "application/octet-stream"}, True),
        ("3.1", {}, True),
        ("3.0", {"type": "string"}, False),
        ("3.1", {"type": "string"}, False),
        ("3.1", {"type": "array"}, False),
    ],
)
def test_bytes_fit_binary_strings_only(version, schema, accepted):
    """Bytes are what the standard calls a binary string, in every version."""
    validator = checker_of({"properties": {"file": schema}}, version).validator(X, "request")
    assert validator.accepts({"file": b"abc"}) is accepted


def test_endless_nesting_is_refused_without_harm():
    """A value nested without end, or one that holds itself, is a problem and no crash."""
    validator = checker_of({"type": "object", "items": {"$ref": f"#{X}"}}).validator(X, "request")
    value = []
    value.append(value)
    assert "nested" in validator.problems(value)[0].message


def test_deep_values_are_refused_without_harm():
    """A value too deep for openapi-core's recursion is still judged, and refused with one problem."""
    validator = checker_of({"items": {"$ref": f"#{X}"}, "type": "array"}).validator(X, "request")
    good, bad = [], [1]
    for _ in range(400):
        good, bad = [good], [bad]
    assert validator.accepts(good)
    assert not validator.accepts(bad)
    assert "too deep" in validator.problems(bad)[0].message


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_values_that_are_deep_but_not_too_deep_are_explained(version):
    """A value some sixty levels deep is explained by openapi-core, whichever way the schema leads into itself."""
    tree = {"allOf": [{"anyOf": [{"type": "object", "properties": {"a": {"$ref": f"#{X}"}}}, {"type": "string"}]}]}
    validator = checker_of(tree, version).validator(X, "request")
    value = 5
    for _ in range(60):
        value = {"a": value}
    assert validator.problems(value)[0].message.startswith("5 is an integer, expected object or string")
    assert validator.verdicts(value) == (False, False)


def test_a_schema_without_end_is_refused():
    """Where not even openapi-core has an answer, the schema is named as unsupported before any value is judged."""
    schema = {"allOf": [{"$ref": f"#{X}"}], "unevaluatedProperties": False}
    with pytest.raises(UnsupportedError) as caught:
        checker_of(schema).validator(X, "reply")
    assert caught.value.pointer == X


@pytest.mark.parametrize(
    "reference", ["#/components/schemas/Nowhere", "other.yaml#/X", "https://127.0.0.1/x", "#nowhere"]
)
def test_a_reference_to_nowhere_is_named_when_it_is_needed(reference):
    """A document with a dead reference works until the schema that holds it is asked for; the error names its place."""
    document = {"components": {"schemas": {"X": {"properties": {"a": {"$ref": reference}}}, "Y": {}}}}
    checker = Checker(document, "3.1")
    assert checker.validator("/components/schemas/Y", "reply").accepts(1)
    with pytest.raises(SpecError, match="cannot be followed") as caught:
        checker.validator(X, "reply")
    assert caught.value.pointer == "/components/schemas/X/properties/a/$ref"


def test_a_pointer_to_nowhere_is_named():
    """Asking for a schema that is not there is an error of the document."""
    with pytest.raises(SpecError, match="nothing stands"):
        checker_of({}).validator("/components/schemas/Y", "reply")


def test_nothing_is_ever_fetched():
    """A reference to a server that is there is refused without a connection, also in a discriminator's mapping and for openapi-core."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    for schema in ({"$ref": url}, {"items": {"$dynamicRef": url}}, {"$schema": url, "$id": url, "$ref": f"{url}/y"}):
        with pytest.raises(SpecError):
            checker_of(schema).validator(X, "reply")
    schema = {
        "oneOf": [{"$ref": f"#{X}"}],
        "$schema": url,
        "discriminator": {"propertyName": "k", "mapping": {"a": url}},
    }
    for value in ({"k": "a"}, {"k": url}):
        checker_of(schema).validator(X, "reply").accepts(value)
    with pytest.raises(BlockingIOError):
        listener.accept()
    listener.close()


def test_a_validator_is_made_once_for_all_threads():
    """Threads that ask for the same schema at once get the same validator, and may all be answered by it."""
    checker = checker_of({"type": "array", "items": {"$ref": f"#{X}/$defs/a"}, "$defs": {"a": {"type": "integer"}}})
    barrier, found = threading.Barrier(8), []

    def ask():
        barrier.wait()
        validator = checker.validator(X, "reply")
        found.append((id(validator), validator.accepts([1]), len(validator.problems(["a", "b"]))))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert found[0][1:] == (True, 2)


def test_a_good_value_never_imports_openapi_core():
    """Accepting costs no slow import; refusing pays for it once."""
    program = """
import sys
from dynaclient.openapi.check import Checker
assert "jsonschema_rs" not in sys.modules
document = {"components": {"schemas": {"X": {"type": "array", "items": {"type": "number", "format": "int32"}}}}}
validator = Checker(document, "3.1").validator("/components/schemas/X", "reply")
assert validator.accepts([1, 2])
assert validator.problems([1, 2]) == ()
slow = {"openapi_core", "jsonschema", "pydantic", "referencing", "requests", "numpy"}
assert not slow & sys.modules.keys(), slow & sys.modules.keys()
assert not validator.accepts(["a"])
assert "openapi_core" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parent.parent)


def test_good_parts_of_a_bad_value_are_passed_over():
    """One bad number among many vectors is found, whether or not openapi-core looks at all the others."""
    schema = {"items": {"$ref": f"#{X}/$defs/v"}, "$defs": {"v": {"type": "array", "items": {"type": "number"}}}}
    validator = checker_of(schema).validator(X, "reply")
    value = [[0.5] * 100 for _ in range(100)]
    value[70][30] = "x"
    assert [problem.where for problem in validator.problems(value)] == ["$[70][30]"]
    assert validator.verdicts(value) == (False, False)
