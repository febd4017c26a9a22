"""Writes the stubs of every document in a folder and lets mypy and pyright judge them: ``python tests/typing/check_folder.py FOLDER [NAME ...]``.

Prints a line for each document: operations, seconds to make the stub, its size, and what both checkers say. pyright is looked for in DYNACLIENT_PYRIGHT and on PATH.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dynaclient.errors import DynaclientError
from dynaclient.openapi.read import read
from dynaclient.openapi.stubs import stubs
from dynaclient.source import load

ROOT = Path(__file__).parent.parent.parent
PYRIGHT = os.environ.get("DYNACLIENT_PYRIGHT") or shutil.which("pyright")
"""How to call pyright, or None where it is not there."""


def mypy(*files, cwd, options=("--strict",)):
    """The lines of error that mypy has for files."""
    command = [
        sys.executable,
        "-m",
        "mypy",
        *options,
        "--no-error-summary",
        "--config-file",
        os.devnull,
        *map(str, files),
    ]
    environment = {
        **os.environ,
        "MYPYPATH": f"{ROOT}:{cwd}",
        "MYPY_CACHE_DIR": str(Path(tempfile.gettempdir()) / "dynaclient-mypy"),
    }
    run = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    lines = [line for line in run.stdout.splitlines() if ": error:" in line]
    return lines or ([run.stdout + run.stderr] if run.returncode else [])


def pyright(*files, cwd):
    """The errors and warnings that pyright has for files of a folder: ``(file, line from 1, message)``."""
    settings = {"extraPaths": [str(ROOT)], "pythonVersion": "3.11", "include": [Path(file).name for file in files]}
    Path(cwd, "pyrightconfig.json").write_text(json.dumps(settings))
    command = [PYRIGHT, "--outputjson", "--pythonpath", sys.executable, "--project", str(cwd)]
    found = json.loads(subprocess.run(command, cwd=cwd, capture_output=True, text=True).stdout)["generalDiagnostics"]
    return [
        (Path(one["file"]).name, one.get("range", {}).get("start", {}).get("line", -1) + 1, one["message"])
        for one in found
        if one["severity"] != "information"
    ]


def check(path, folder):
    """One document: writes its stub into the folder and gives its line of the table."""
    document = load(path)
    begun = time.perf_counter()
    api = read(document.data, document.source)
    text = stubs(api)
    seconds = time.perf_counter() - begun
    file = folder / f"{path.stem.replace('-', '_')}.pyi"
    file.write_text(text, "utf-8")
    begun = time.perf_counter()
    errors = mypy(file, cwd=folder)
    took = time.perf_counter() - begun
    judged = f"{len(errors) or 'ok'} ({took:.0f} s)"
    found, seen = [], "-"
    if PYRIGHT:
        begun = time.perf_counter()
        found = pyright(file, cwd=folder)
        seen = f"{len(found) or 'ok'} ({time.perf_counter() - begun:.0f} s)"
    line = f"| {path.name} | {len(api.index)} | {seconds:.2f} | {len(text) / 1024:,.0f} | {judged} | {seen} |"
    return line, [*errors[:8], *found[:8]]


def main(folder, *names):
    """The table, and below it what is wrong."""
    sys.stdout.write("| Document | Operations | Seconds | KiB | mypy --strict | pyright |\n|---|---|---|---|---|---|\n")
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(Path(folder).glob("*")):
            if path.suffix not in (".yaml", ".yml", ".json") or (names and path.name not in names):
                continue
            try:
                line, errors = check(path, Path(scratch))
            except DynaclientError as error:
                line, errors = f"| {path.name} | | | | | |", [str(error)]
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
            wrong += [(path.name, error) for error in errors]
    for name, error in wrong:
        sys.stdout.write(f"{name} {error}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
