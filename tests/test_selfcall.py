"""Whole documents: the client and the embedded server, both strict, understand each other on every operation."""

import json
from pathlib import Path

import pytest
import yaml
from cases import cases
from documents import document
from draws import Draws
from selfcall import Tally, Trial, main, same

from dynaclient import Client
from dynaclient.openapi.check import Checker

SHIPPED = Path(__file__).parent.parent / "spec" / "embeddings.yaml"


def tried(path, seed=0, draws=6):
    """The tally of a document in a file."""
    return Trial(path, seed, draws).run()


def written(folder, case):
    """The document of a case, in a file."""
    more = {name: case[name] for name in ("openapi", "components") if name in case}
    path = folder / "document.yaml"
    path.write_text(yaml.safe_dump(document(case["paths"], **more), sort_keys=False), "utf-8")
    return path


@pytest.mark.parametrize("case", cases("selfcall.yaml"), ids=lambda case: case["name"])
def test_every_operation_is_called_on_its_own_server(tmp_path, case):
    """Each operation has a signature, a help page and a dry run, and each call arrives as it was meant; but for what the document makes impossible."""
    tally = tried(written(tmp_path, case))
    assert tally.failures == {}
    faults = case.get("faults", {})
    assert {where.rpartition(" ")[0] for where in tally.faults} == set(faults)
    for where, reason in tally.faults.items():
        assert faults[where.rpartition(" ")[0]] in reason
    assert tally.operations == tally.signatures == tally.help_pages
    assert tally.operations == tally.dry_runs + sum(where.endswith(" arguments") for where in tally.faults)
    called = tally.operations - len(faults)
    assert tally.calls == tally.right == 6 * called
    assert tally.http_right == tally.http_calls == called


def test_the_document_that_ships_calls_itself():
    """The bundled document's operations are right in every call."""
    tally = tried(SHIPPED, draws=20)
    assert (tally.failures, tally.faults) == ({}, {})
    assert tally.right == tally.calls == 40
    assert tally.http_right == 2


def test_the_same_seed_draws_the_same_arguments():
    """What went wrong once can be had again by its seed; another seed gives other arguments."""
    with Client(SHIPPED, server="local") as client:
        checker = Checker(client.api.document, client.api.version)

        def drawn(seed):
            draws = Draws(client.api, checker, client["embeddings.create"].operation, seed)
            return [draws.arguments(whole=True) for _ in range(5)]

        assert drawn(1) == drawn(1)
        assert drawn(1) != drawn(2)


def test_the_command_prints_a_line_for_each_document(tmp_path, capsys):
    """With --json there is an object for each document of the folder, and files of other kinds are passed over."""
    (tmp_path / "a.json").write_text(json.dumps(document({"/a": {"get": {}}})))
    (tmp_path / "b.yaml").write_text(SHIPPED.read_text("utf-8"), "utf-8")
    (tmp_path / "README.md").write_text("Notes.")
    assert main([str(tmp_path), "--json", "--draws", "1"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["name"], line["operations"], line["right"]) for line in lines] == [("a.json", 1, 1), ("b.yaml", 2, 2)]


def test_what_cannot_be_loaded_is_listed(tmp_path, capsys):
    """A document that cannot be loaded is the document's fault, and is told."""
    (tmp_path / "old.yaml").write_text("swagger: '1.2'\n")
    assert main([str(tmp_path)]) == 0
    assert "fault: document load: " in capsys.readouterr().out


def test_what_nobody_can_explain_is_a_failure():
    """An error that is not of the document counts as a failure, with its first occurrence."""
    tally = Tally("a")
    for number in range(2):
        with tally.step("call", "things.get"):
            raise KeyError(number)
    assert tally.failures == {"things.get call": "KeyError(0)"}


@pytest.mark.parametrize(
    "sent, read, expected",
    [
        ("1", 1, True),
        (True, "true", True),
        (["a"], "a", True),
        ({"a": None, "b": 1}, {"b": 1}, True),
        (b"\xff", "\xff", True),
        (b"a", b"a", True),
        ("a", "b", False),
        (["a", "b"], "a", False),
        ({"a": 1}, {}, False),
        (1, True, False),
        ([1, 2], [2, 1], False),
    ],
)
def test_what_arrives_is_compared_with_what_was_sent(sent, read, expected):
    """Text that could be read in two ways is the same either way; anything else is not."""
    assert same(sent, read) is expected
