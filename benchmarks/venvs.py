"""Make the contenders' virtual environments: ``python benchmarks/venvs.py [NAME ...]``; what is pinned stands in contenders.json.

An environment that is there and has what is pinned is left alone. One that cannot be made (a package that is not to be had) is reported and left out of the table.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE / ".venvs"
PINNED = json.loads((HERE / "contenders.json").read_text())


def python(name: str) -> Path:
    """The interpreter of an environment; it need not exist."""
    return FOLDER / name / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def ready(name: str) -> bool:
    """Whether an environment has what is pinned."""
    stamp = FOLDER / name / "requires.json"
    return stamp.is_file() and json.loads(stamp.read_text()) == PINNED[name]["requires"]


def make(name: str) -> bool:
    """Make one environment."""
    requires = PINNED[name]["requires"]
    venv.create(FOLDER / name, with_pip=True, clear=True)
    done = subprocess.run(
        [python(name), "-m", "pip", "install", "--quiet", *requires], cwd=HERE, capture_output=True, text=True
    )
    if done.returncode == 0:
        (FOLDER / name / "requires.json").write_text(json.dumps(requires))
        return True
    print(f"{name}: cannot be made: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
    return False


def versions(name: str) -> dict[str, str]:
    """What an environment holds, by package."""
    code = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
    return json.loads(subprocess.run([python(name), "-c", code], capture_output=True, text=True, check=True).stdout)


def main(names: list[str]) -> int:
    """Make those that are missing."""
    wanted = names or list(PINNED)
    failed = [name for name in wanted if not ready(name) and not make(name)]
    for name in wanted:
        print(f"{name:14} {'ready' if name not in failed else 'missing'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
