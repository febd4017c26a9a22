"""The README says what is true."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_ci_runs_the_test_command():
    """``.ci/run`` runs exactly the command that the README gives for the tests."""
    command = next(block for block in re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL) if "pytest" in block)
    steps = command.split(" && ")
    script = (ROOT / ".ci" / "run").read_text()
    for step in steps:
        assert step in script, step


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name
)
def test_links_lead_somewhere(path):
    """A relative link names a file that is there."""
    for target in re.findall(r"\]\(([\w./:-]+)", path.read_text()):
        if "://" not in target and "." in target:
            assert (path.parent / target).exists(), target


def test_the_first_example_runs(capsys):
    """The first Python block does what it shows, without a network."""
    exec(re.search(r"```python\n(.*?)```", README, re.DOTALL)[1], {})
    printed = capsys.readouterr().out
    assert re.fullmatch(r"\[.*\] \d+\n", printed)
