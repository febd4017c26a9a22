"""BatchCall and the bulk command on real clusters, a worker killed on the way; run where the packages are installed."""

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = {
    "ray-actors": "ray.data",
    "ray-tasks": "ray.data",
    "bulk-ray": "ray",
    "dask": "dask.dataframe",
    "bulk-dask": "distributed",
}


@pytest.mark.parametrize("engine", PACKAGES)
def test_nothing_is_lost(engine):
    """10,000 rows, three of them poison, a worker killed: 9,997 vectors and three errors, none twice."""
    pytest.importorskip(PACKAGES[engine].partition(".")[0])
    program = Path(__file__).with_name("engines.py")
    run = subprocess.run([sys.executable, program, engine], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1].split()[:3] == [engine, "9997", "3"]
