"""Make the contenders' virtual environments: ``python benchmarks/venvs.py [NAME ...]``; what is pinned stands in contenders.json.

An environment that is there and has what is pinned is left alone. One that cannot be made (a package that is not to be had) is told of, and the others are made all the same; run.py then shows
its contenders as failed, with the reason.
"""

import json
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE / ".venvs"
PINNED = json.loads((HERE / "contenders.json").read_text())
SECONDS = 600


def python(name: str) -> Path:
    """The interpreter of an environment; it need not exist."""
    return script(name, "python")


def script(name: str, command: str) -> Path:
    """A command of an environment; it need not exist."""
    return FOLDER / name / (f"Scripts/{command}.exe" if sys.platform == "win32" else f"bin/{command}")


def wanted(name: str) -> list[str]:
    """What an environment must have been made with: what is pinned and, where this project is part of it, the project's own dependencies."""
    requires = PINNED[name]["requires"]
    if "-e" not in requires:
        return requires
    return requires + tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]


def ready(name: str) -> bool:
    """Whether an environment has what is pinned."""
    stamp = FOLDER / name / "requires.json"
    return stamp.is_file() and python(name).exists() and json.loads(stamp.read_text()) == wanted(name)


def make(name: str) -> str:
    """Make one environment; why it could not be made, or nothing."""
    print(f"{name}: making its environment", file=sys.stderr, flush=True)
    command = [python(name), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        venv.create(FOLDER / name, with_pip=True, clear=True)
        done = subprocess.run(
            [*command, *PINNED[name]["requires"]], cwd=HERE, capture_output=True, text=True, timeout=SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"its environment cannot be made: {error}"
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        return f"its environment cannot be made: {(told or ['pip gave no reason'])[-1]}"
    (FOLDER / name / "requires.json").write_text(json.dumps(wanted(name)))
    return ""


def prepare(names: list[str], *, make_missing: bool = True) -> dict[str, str]:
    """Make the environments that are missing; why each that is still missing is so."""
    missing = [name for name in names if not ready(name)]
    found = {name: make(name) if make_missing else "its environment is not made" for name in missing}
    return {name: reason for name, reason in found.items() if reason}


def versions(name: str) -> dict[str, str]:
    """What an environment holds, by the package's name as the index writes it; nothing where it cannot be asked."""
    code = "import importlib.metadata as m, json; print(json.dumps({d.name.lower().replace('_', '-'): d.version for d in m.distributions()}))"
    done = subprocess.run([python(name), "-c", code], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def main(names: list[str]) -> int:
    """Make those that are missing."""
    if unknown := set(names) - set(PINNED):
        print(f"no such environment: {', '.join(sorted(unknown))}; there are {', '.join(PINNED)}", file=sys.stderr)
        return 2
    failed = prepare(names or list(PINNED))
    for name in names or PINNED:
        print(f"{name:18} {failed.get(name, 'ready')}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
