"""What is measured in processes of their own: imports, first replies, the loading of documents."""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bigdoc import document
from venvs import FOLDER, python, ready

SIZE = "1x384"


def spent(command: list, env: dict, before: Callable[[], object] = lambda: None) -> tuple[float, float]:
    """CPU and wall milliseconds of one process, from its start to its end."""
    before()
    start = time.perf_counter_ns()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = (time.perf_counter_ns() - start) / 1e6
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(output.decode("utf-8", "replace").strip().splitlines()[-1][:200])
    return (used.ru_utime + used.ru_stime) * 1000, wall


def first_reply(module: str, make: str) -> str:
    """A program that makes one call and ends."""
    return f"import {module}\n{make}"


def programs(base: str, folder: Path) -> dict[str, tuple[str, list, str]]:
    """Environment, command and the reference of each row."""
    url = f"{base}/{SIZE}"
    body = '{"input": "a", "model": "m"}'
    script = folder / "dynaclient"
    big = "c['things7.do7'].request(id='a', name='b')"

    def of(environment: str, code: str) -> list:
        return [python(environment), "-c", code]

    bare = (
        "import urllib3, orjson; p = urllib3.PoolManager(); "
        f"orjson.loads(p.request('POST', '{url}/v1/embeddings', body=b'{body}', headers={{'Authorization': 'Bearer k'}}).data)"
    )
    client = "import dynaclient; c = dynaclient.Client({}server='{}', bearer_auth='k'); "
    call = "c.embeddings.create(input='a', model='m')"
    shell = ["call", "embeddings.create", "--input", "a", "--model", "hash-384"]
    loads = f"import yaml; yaml.load(open('{folder}/big.yaml', 'rb'), yaml.CSafeLoader)"
    bundled = client.format("", url) + "c.embeddings.create.request(input='a', model='m')"
    large = client.format(f"'{folder}/big.yaml', ", url) + big
    rows = {
        "python -c pass": ("dynaclient", of("dynaclient", "pass"), ""),
        "import click, urllib3": ("dynaclient", of("dynaclient", "import click, urllib3"), ""),
        "import dynaclient": ("dynaclient", of("dynaclient", "import dynaclient"), "import click, urllib3"),
        "import httpx": ("httpx", of("httpx", "import httpx"), "import click, urllib3"),
        "import openai": ("openai", of("openai", "import openai"), "import click, urllib3"),
        "import atoma_sdk": ("atoma", of("atoma", "import atoma_sdk"), "import click, urllib3"),
        "import openapi_core": ("openapi-core", of("openapi-core", "import openapi_core"), "import click, urllib3"),
        "first reply: urllib3 + orjson": ("urllib3", of("urllib3", bare), ""),
        "first reply: dynaclient": (
            "dynaclient",
            of("dynaclient", client.format("", url) + call),
            "first reply: urllib3 + orjson",
        ),
        "first reply: openai": (
            "openai",
            of(
                "openai",
                f"import openai; openai.OpenAI(base_url='{url}/v1', api_key='k').embeddings.create(input='a', model='m', encoding_format='float')",
            ),
            "first reply: urllib3 + orjson",
        ),
        "shell: dynaclient --help": ("dynaclient", [script, "--help"], "import click, urllib3"),
        "shell: dynaclient call, local": ("dynaclient", [script, *shell, "--server", "local"], "import click, urllib3"),
        "shell: dynaclient call, loopback": ("dynaclient", [script, *shell, "--server", url], "import click, urllib3"),
        "shell: llm --help": ("llm", [FOLDER / "llm" / "bin" / "llm", "--help"], "import click, urllib3"),
        "first request, bundled, warm": ("dynaclient", of("dynaclient", bundled), ""),
        "first request, 3 MB, warm": ("dynaclient", of("dynaclient", large), "first request, bundled, warm"),
        "yaml.CSafeLoader, 3 MB": ("dynaclient", of("dynaclient", loads), ""),
        "first request, bundled, cold": ("dynaclient", of("dynaclient", bundled), "first request, bundled, warm"),
        "first request, 3 MB, cold": ("dynaclient", of("dynaclient", large), "yaml.CSafeLoader, 3 MB"),
    }
    return {name: row for name, row in rows.items() if ready(row[0])}


def measure(base: str, rounds: int, wanted: Callable[[str], bool]) -> list[dict]:
    """A row for each program, its rounds interleaved with those of the others."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "big.yaml").write_text(document(), "utf-8")
        (folder / "dynaclient").symlink_to(FOLDER / "dynaclient" / "bin" / "dynaclient")
        rows = {name: row for name, row in programs(base, folder).items() if wanted(name)}
        samples: dict[str, list] = {name: [] for name in rows}
        failed: dict[str, str] = {}
        for number in range(rounds + 1):  # the first round fills the caches
            for name, (_, command, _) in rows.items():
                if name in failed or (name.startswith("yaml") and number > 5):
                    continue
                cache = folder / ("cold" if name.endswith("cold") else "warm")
                env = {
                    **os.environ,
                    "DYNACLIENT_CACHE_DIR": str(cache),
                    "ATOMASDK_BEARER_AUTH": "k",
                    "DYNACLIENT_BEARER_AUTH": "k",
                }
                env.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
                try:
                    sample = spent(command, env, lambda: shutil.rmtree(folder / "cold", ignore_errors=True))
                except (OSError, RuntimeError) as error:
                    failed[name] = str(error)
                    continue
                if number:
                    samples[name].append(sample)
        return [_row(name, samples, failed, rows[name][2]) for name in rows]


def _row(name: str, samples: dict, failed: dict, reference: str) -> dict:
    if name in failed or not samples[name]:
        return {"figure": "start", "contender": name, "note": failed.get(name, "was not run")}
    cpu, wall = ([sample[index] for sample in samples[name]] for index in (0, 1))
    row = {
        "figure": "start",
        "contender": name,
        "cpu": statistics.median(cpu),
        "wall": statistics.median(wall),
        "unit": "ms",
        "samples": cpu,
    }
    if samples.get(reference):
        row["reference"] = reference
        row["ratio"] = row["cpu"] / statistics.median(sample[0] for sample in samples[reference])
        row["wall_ratio"] = row["wall"] / statistics.median(sample[1] for sample in samples[reference])
    return row
