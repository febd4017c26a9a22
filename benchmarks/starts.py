"""What is measured in processes of their own: imports, first replies, the loading of documents, the shell."""

import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bigdoc import document
from table import ratio
from venvs import python, ready, script

SIZE = "1x384"
SECONDS, SLOW = 60, 500  # after so long a process is ended; from so many milliseconds on it gets fewer rounds
IMPORTS, FIRST, YAML = "import click, urllib3", "first reply: urllib3 + orjson", "yaml.CSafeLoader, 3 MB"
WARM = "first request sent, bundled, warm"
NOT_HAD = {
    "shell: openai, today's": "Unable: is a Go program (github.com/openai/openai-cli), not in the Python package since 2.35; the last that was, 2.34, is measured, and has no embeddings"
}
Program = tuple[str, list, str]


def spent(command: list, env: dict) -> tuple[float, float]:
    """CPU and wall milliseconds of one process, from its start to its end."""
    start = time.perf_counter_ns()
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    timer = threading.Timer(SECONDS, process.kill)
    timer.start()
    with process.stdout:
        output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = (time.perf_counter_ns() - start) / 1e6
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        lines = output.decode("utf-8", "replace").strip().splitlines()
        raise RuntimeError(lines[-1][:200] if lines else f"ended with {process.returncode}")
    return (used.ru_utime + used.ru_stime) * 1000, wall


def code(environment: str, text: str, reference: str = "") -> Program:
    """A program that is given as text."""
    return environment, [python(environment), "-c", text], reference


def shell(environment: str, command: str, *words: object) -> Program:
    """A command of an environment."""
    return environment, [script(environment, command), *words], IMPORTS


def imports() -> dict[str, Program]:
    """The start of Python, and one import."""
    modules = {
        "dynaclient": "dynaclient", "httpx": "httpx", "openai": "openai", "atoma_sdk": "atoma",
        "aiopenapi3": "aiopenapi3", "openapi_core": "openapi-core",
    }  # fmt: skip
    return {
        "python -c pass": code("dynaclient", "pass"),
        IMPORTS: code("dynaclient", IMPORTS),
        **{f"import {name}": code(place, f"import {name}", IMPORTS) for name, place in modules.items()},
    }


def first_replies(url: str) -> dict[str, Program]:
    """One call in Python, as each contender's documentation writes it."""
    path, ask = f"{url}/v1/embeddings", "input='a', model='m'"
    body, head = "{'input': 'a', 'model': 'm'}", "{'Authorization': 'Bearer k'}"
    texts = {
        "dynaclient": ("dynaclient", f"import dynaclient; dynaclient.Client(server='{url}/v1', bearer_auth='k').embeddings.create({ask})"),
        "httpx": ("httpx", f"import httpx; httpx.post('{path}', json={body}, headers={head}).json()"),
        "openai": ("openai", f"import openai; openai.OpenAI(base_url='{url}/v1', api_key='k').embeddings.create({ask}, encoding_format='float')"),
        "atoma-sdk": ("atoma", f"import atoma_sdk; atoma_sdk.AtomaSDK(bearer_auth='k', server_url='{url}').embeddings.create(input_='a', model='m')"),
        "aiopenapi3": ("aiopenapi3", f"import aiopenapi3; api = aiopenapi3.OpenAPI.load_sync('{url}/document.json'); api.authenticate(bearerAuth='k'); api._.embeddings_create(data={body})"),
        "openapi-core validating": ("openapi-core", (
            "import json, requests, openapi_core; from openapi_core.contrib.requests import RequestsOpenAPIRequest as Q, RequestsOpenAPIResponse as R; "
            f"found = requests.get('{url}/document.json').json(); found['servers'] = [{{'url': '{url}/v1'}}]; "
            "api = openapi_core.OpenAPI.from_dict(found, config=openapi_core.Config(spec_validator_cls=None)); "
            f"q = requests.Request('POST', '{path}', json={body}, headers={head}); api.validate_request(Q(q)); "
            "s = requests.Session(); r = s.send(s.prepare_request(q)); api.validate_response(Q(q), R(r))"
        )),
    }  # fmt: skip
    bare = f"import urllib3, orjson; orjson.loads(urllib3.PoolManager().request('POST', '{path}', body=orjson.dumps({body}), headers={head}).data)"
    others = {f"first reply: {name}": code(place, text, FIRST) for name, (place, text) in texts.items()}
    return {FIRST: code("urllib3", bare), **others}


def at_the_shell(url: str) -> dict[str, Program]:
    """One command, from its start to its end; the variables that name the server and the keys are set for all."""
    create = ("call", "embeddings.create", "--input", "a", "--model", "hash-384", "--server")
    aio = ("call", f"{url}/document.json", "embeddings_create", "-a", '{"bearerAuth": "k"}', "-d", '{"input": "a", "model": "m"}')  # fmt: skip
    return {
        "shell: dynaclient --help": shell("dynaclient", "dynaclient", "--help"),
        "shell: dynaclient call embeddings.create, local": shell("dynaclient", "dynaclient", *create, "local"),
        "shell: dynaclient call embeddings.create": shell("dynaclient", "dynaclient", *create, f"{url}/v1"),
        "shell: llm embed": shell("llm", "llm", "embed", "-m", "3-small", "-c", "a"),
        "shell: aiopenapi3 call embeddings_create": shell("aiopenapi3", "aiopenapi3", *aio),
        "shell: dynaclient call models.list": shell(
            "dynaclient", "dynaclient", "call", "models.list", "--server", f"{url}/v1"
        ),
        "shell: openai api models.list (2.34)": shell("openai-shell", "openai", "api", "models.list"),
        "shell: llm openai endpoint --models": shell("llm", "llm", "openai", "endpoint", f"{url}/v1", "--models"),
        "shell: llm --help": shell("llm", "llm", "--help"),
    }


def documents(base: str, big: Path) -> dict[str, Program]:
    """From the start to one request, sent and answered with next to nothing that is not looked at; a name that ends in cold finds no cache."""
    text = (
        "import dynaclient; c = dynaclient.Client({}server='{}/thing', bearer_auth='k', validate={{'reply': 'off'}}); "
    )
    bundled = text.format("", base) + "c.embeddings.create.send(input='a', model='b')"
    large = text.format(f"{str(big)!r}, ", base) + "c['things7.do7'].send(id='a', name='b')"
    loads = f"import yaml; yaml.load(open({str(big)!r}, 'rb'), yaml.CSafeLoader)"
    return {
        WARM: code("dynaclient", bundled),
        "first request sent, 3 MB, warm": code("dynaclient", large, WARM),
        YAML: code("dynaclient", loads),
        "first request sent, bundled, cold": code("dynaclient", bundled, WARM),
        "first request sent, 3 MB, cold": code("dynaclient", large, YAML),
    }


def surroundings(name: str, base: str, folder: Path) -> dict[str, str]:
    """The variables of a process."""
    cache = folder / ("cold" if name.endswith("cold") else "warm")
    form = "-base64" if name.startswith("shell: llm embed") else ""  # which it asks for
    keys = dict.fromkeys(("OPENAI_API_KEY", "ATOMASDK_BEARER_AUTH", "DYNACLIENT_BEARER_AUTH"), "k")
    env = {**os.environ, **keys, "OPENAI_BASE_URL": f"{base}/{SIZE}{form}/v1"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    return env | {"DYNACLIENT_CACHE_DIR": str(cache), "LLM_USER_PATH": str(folder / "llm")}


def measure(base: str, rounds: int, wanted: Callable[[str], bool]) -> list[dict]:
    """A row for each program, its rounds interleaved with those of the others."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "big.yaml").write_text(document(), "utf-8")
        url = f"{base}/{SIZE}"
        programs = imports() | first_replies(url) | at_the_shell(url) | documents(base, folder / "big.yaml")
        programs = {name: program for name, program in programs.items() if wanted(name)}
        samples: dict[str, list] = {name: [] for name in programs}
        failed = {name: "its environment is missing" for name, (place, *_) in programs.items() if not ready(place)}
        turns = dict.fromkeys(programs, rounds)
        for number in range(rounds + 1):  # the first round fills the caches, and says how many the slow ones get
            for name, (_, command, _) in programs.items():
                if name in failed or number > turns[name]:
                    continue
                shutil.rmtree(folder / "cold", ignore_errors=True)
                try:
                    sample = spent(command, surroundings(name, base, folder))
                except (OSError, RuntimeError) as error:
                    failed[name] = str(error)
                    continue
                if number:
                    samples[name].append(sample)
                elif sample[1] > SLOW and rounds > 2:
                    turns[name] = rounds * 2 // 3
                elif sample[1] > SLOW and not name.endswith("warm"):  # in a quick run once is enough
                    samples[name], turns[name] = [sample], 0
    rows = [_row(name, samples, failed, programs[name][2]) for name in programs]
    return rows + [{"figure": "start", "contender": name, "note": note} for name, note in NOT_HAD.items() if wanted(name)]  # fmt: skip


def _row(name: str, samples: dict, failed: dict, reference: str) -> dict:
    """The medians of one program, and its ratio to another."""
    if name in failed or not samples[name]:
        return {"figure": "start", "contender": name, "note": failed.get(name, "was not run")}
    cpu, wall = ([sample[index] for sample in samples[name]] for index in (0, 1))
    row = {"figure": "start", "contender": name, "cpu": statistics.median(cpu), "wall": statistics.median(wall), "unit": "ms", "samples": cpu, "walls": wall}  # fmt: skip
    if samples.get(reference):
        theirs = ([sample[index] for sample in samples[reference]] for index in (0, 1))
        row |= {"reference": reference, "ratio": ratio(cpu, next(theirs)), "wall_ratio": ratio(wall, next(theirs))}
    return row
