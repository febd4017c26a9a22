"""The data files of the tests."""

import json
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "cases"


def cases(name):
    """The cases in a data file, YAML or JSON."""
    text = (FOLDER / name).read_text("utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)
