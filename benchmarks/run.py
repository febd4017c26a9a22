"""Everything that is measured, in one table: ``python benchmarks/run.py [--quick] [--only FIGURES] [--rounds N] [--json FILE] [--markdown]``.

Each contender is a process of its own in an environment of its own (see venvs.py; contenders.json pins the versions). All call one loopback server whose replies were serialised beforehand; they
take turns, so that what disturbs the machine disturbs all. Times are of the client, medians of the rounds; ``spread`` is the distance of the quartiles over the median; ``ratio`` is the median of
the rounds' own ratios to urllib3 + orjson, which checks nothing (with asyncio: to aiohttp + orjson). What the project holds itself to stands at the end (bars.py).

A contender that fails says so in its row, and the others go on; ``--contenders "urllib3 + orjson,urllib3 + json,dynaclient,dynaclient off" --only call`` is the cost of one validated call alone.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import bars
import starts
from table import rated, shown
from venvs import PINNED, prepare, python, ready, versions

HERE = Path(__file__).parent
FIGURES = ("call", "memory", "throughput", "start")
BLOCKS = (
    ("1x384",),
    ("1x1536", "1x1536-base64"),
    ("128x1536", "128x1536-base64"),
    ("2048x1536", "2048x1536-base64"),
)  # what stands together is measured in the same rounds, and can be compared
SIZES = tuple(size for block in BLOCKS for size in block)
BUDGET = {"1x384": 0.1, "1x1536": 0.1, "128x1536": 0.15, "2048x1536": 0.3}  # seconds of one contender's turn
ROUNDS = {"call": 11, "memory": 3, "throughput": 5, "start": 7}
QUICK = {"call": 3, "memory": 1, "throughput": 2, "start": 2}
LONG = ("urllib3 + json", "httpx", "openai float", "atoma-sdk", "aiopenapi3", "aiopenapi3 kept")  # at 2048x1536
LONGEST = "openapi-core unmarshalling"
SECONDS = 120  # without an answer for so long, a worker is ended
SHOWN = (
    "urllib3", "orjson", "numpy", "httpx", "httpx2", "aiohttp", "openai", "atoma-sdk", "aiopenapi3", "openapi-core", "llm",
    "dynaclient", "jsonschema-rs", "msgspec", "pysimdjson",
)  # fmt: skip


class Contender:
    """A worker process, started when it is first asked for something."""

    def __init__(self, name: str, environment: str, base: str) -> None:
        self.name, self.base, self.interpreter = name, base, python(environment)
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start the worker."""
        self.process = subprocess.Popen(
            [self.interpreter, HERE / "worker.py", self.name, self.base],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=HERE,
        )  # fmt: skip

    def ask(self, **command) -> dict:
        """The worker's answer; ``{"error": ...}`` where it has none."""
        try:
            if self.process is None or self.process.poll() is not None:
                self.start()
        except OSError as error:
            return {"error": str(error)}
        timer = threading.Timer(SECONDS, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        late = not timer.is_alive()
        timer.cancel()
        if line:
            return json.loads(line)
        self.stop()
        return {"error": f"no answer in {SECONDS} s" if late else "the process ended"}

    def stop(self) -> None:
        """End the worker."""
        process, self.process = self.process, None
        if process is None:
            return
        try:
            process.communicate(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()


def failure(figure: str, case: str, name: str, reason: str) -> dict:
    """The row of a contender that could not be measured."""
    return {"figure": figure, "case": case, "contender": name, "note": reason}


Cells = list[tuple[str, Contender]]


def cells(contenders: list[Contender], sizes: tuple[str, ...], *, quick: bool) -> Cells:
    """Which contenders are measured with which sizes."""
    left_out = {("2048x1536", name) for name in LONG} if quick else set()
    return [(size, one) for size in sizes for one in contenders if (size, one.name) not in left_out]


def calls(wanted: Cells, rounds: int, share: float) -> list[dict]:
    """CPU and wall time of one call on a warm connection; a turn takes such a share of its budget."""
    rows = []
    for block in BLOCKS:
        together = [(size, one) for size, one in wanted if size in block]
        rows += block_of_calls(together, rounds, share)
        for size, one in together:
            if size.startswith("2048"):
                one.stop()  # or what it holds would stand beside what is measured next
    return rated(rows)


def block_of_calls(together: Cells, rounds: int, share: float) -> list[dict]:
    """The sizes and contenders that take turns."""
    plans, notes, samples = {}, {}, {}
    for size, one in together:
        first = one.ask(size=size, count=1)
        if "error" in first:
            notes[size, one] = first["error"]
            continue
        each = first["wall"] / 1e9
        if each < 0.02:  # the first ones are slower than those that follow
            each = one.ask(size=size, count=10).get("wall", first["wall"] * 10) / 1e10
        turns = rounds if each < 0.3 else min(rounds, 5) if each < 1 else 2
        plans[size, one] = (max(1, min(300, int(share * BUDGET[size.split("-")[0]] / each))), turns)
        samples[size, one] = []
    for number in range(rounds):
        for (size, one), (count, turns) in list(plans.items())[:: -1 if number % 2 else 1]:
            if number >= turns or (size, one) in notes:
                continue
            answer = one.ask(size=size, count=count)
            if "error" in answer:
                notes[size, one] = answer["error"]
            else:
                samples[size, one].append((answer["cpu"] / count / 1e3, answer["wall"] / count / 1e3))
    rows = []
    for size, one in together:
        if (size, one) in notes:
            rows.append(failure("call", size, one.name, notes[size, one]))
            continue
        cpu, wall = ([sample[index] for sample in samples[size, one]] for index in (0, 1))
        rows.append({"figure": "call", "case": size, "contender": one.name, "cpu": statistics.median(cpu), "wall": statistics.median(wall), "unit": "us", "samples": cpu, "walls": wall})  # fmt: skip
    return rows


def memory(wanted: Cells, rounds: int) -> list[dict]:
    """How far one call raises the peak memory of a fresh process that has made a small call before."""
    found: dict[tuple[str, Contender], list[float]] = {cell: [] for cell in wanted}
    notes: dict[tuple[str, Contender], str] = {}
    for _ in range(rounds):
        for size, one in found:
            if (size, one) in notes:
                continue
            one.stop()
            small = "1x384-base64" if size.endswith("base64") else "1x384"
            before = one.ask(size=small, count=0)  # the call that is made beforehand
            after = before if "error" in before else one.ask(size=size, count=0)
            one.stop()
            if "error" in after:
                notes[size, one] = after["error"]
            else:
                found[size, one].append((after["peak"] - before["peak"]) / 1024)
    rows = []
    for (size, one), samples in found.items():
        if (size, one) in notes:
            rows.append(failure("memory", size, one.name, notes[size, one]))
        else:
            rows.append({"figure": "memory", "case": size, "contender": one.name, "unit": "MiB", "cpu": statistics.median(samples), "samples": samples})  # fmt: skip
    return rated(rows)


def throughput(contenders: list[Contender], rounds: int, seconds: float) -> list[dict]:
    """Calls per second of 1 x 384 in threads and in tasks; as many calls in a round as take about so long."""
    rows = []
    for mode, lanes in (("threads", 1), ("threads", 8), ("threads", 64), ("async", 64)):
        samples: dict[Contender, list] = {one: [] for one in contenders}
        notes: dict[Contender, str] = {}
        counts: dict[Contender, int] = {}
        for number in range(rounds + 1):
            for one in contenders[:: -1 if number % 2 else 1]:
                if one in notes:
                    continue
                count = counts.get(one, lanes)
                answer = one.ask(size="1x384", count=count, lanes=lanes, mode=mode)
                if not number and "error" not in answer:
                    # the first round opens the connections and says how many calls a round shall have
                    answer = one.ask(size="1x384", count=lanes, lanes=lanes, mode=mode)
                if "error" in answer:
                    notes[one] = answer["error"]
                elif number:
                    samples[one].append(count / answer["wall"] * 1e9)
                else:
                    counts[one] = max(1, min(1024 // lanes, int(seconds * 1e9 / answer["wall"]))) * lanes
        case = f"{lanes} {'task' if mode == 'async' else 'thread'}{'s' if lanes > 1 else ''}"
        rows += [
            failure("throughput", case, one.name, notes[one])
            if one in notes
            else {"figure": "throughput", "case": case, "contender": one.name, "unit": "/s", "cpu": statistics.median(samples[one]), "samples": samples[one]}
            for one in contenders
        ]  # fmt: skip
    return rated(rows)


def measured(options: argparse.Namespace, base: str) -> list[dict]:
    """All rows that are asked for."""
    everyone = [
        Contender(name, environment, base)
        for environment, pinned in PINNED.items()
        if ready(environment)
        for name in pinned["contenders"]
        if not options.contenders or name in options.contenders.split(",")
    ]
    fast = [one for one in everyone if one.name not in ((LONGEST, "aiopenapi3") if options.quick else (LONGEST,))]
    blocking = [one for one in everyone if one.name != "aiohttp + orjson"]
    sizes = tuple(size for size in SIZES if not options.sizes or size in options.sizes.split(","))
    asked = cells(blocking, sizes, quick=options.quick)
    large = [(size, one) for size, one in asked if size.startswith("2048") and one.name != LONGEST]
    rounds = {
        figure: min(options.rounds or default, default) if figure == "memory" else options.rounds or default
        for figure, default in (QUICK if options.quick else ROUNDS).items()
    }
    makers = {
        "call": lambda: calls(asked, rounds["call"], 0.5 if options.quick else 1),
        "memory": lambda: memory(large, rounds["memory"]),
        "throughput": lambda: throughput(fast, rounds["throughput"], 0.15 if options.quick else 0.3),
        "start": lambda: starts.measure(base, rounds["start"], lambda name: options.starts in name),
    }
    rows = []
    for figure in options.only.split(",") if options.only else FIGURES:
        began = time.monotonic()
        try:
            rows += makers[figure]()
        except Exception as error:  # the other figures are measured all the same
            rows.append(failure(figure, "", "everyone", f"{type(error).__name__}: {error}"))
        for one in everyone:
            one.stop()
        print(f"{figure}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return rows


def load() -> str:
    """How busy the machine is."""
    return f"load {os.getloadavg()[0]:.1f}"


def heading() -> list[str]:
    """What was measured with what."""
    lines = [f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, {load()} at the start"]  # fmt: skip
    for environment in filter(ready, PINNED):
        found = versions(environment)
        listed = ", ".join(f"{name} {found[name]}" for name in SHOWN if name in found)
        lines.append(f"environment {environment}: {listed}")
    return lines


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help=f"figures, with commas: {', '.join(FIGURES)}")
    parser.add_argument("--contenders", default="", help="names, with commas")
    parser.add_argument("--sizes", default="", help=f"with commas: {', '.join(SIZES)}")
    parser.add_argument("--starts", default="", help="only the starts whose name holds this")
    parser.add_argument("--rounds", type=int, default=0, help=f"instead of {ROUNDS}, with --quick {QUICK}")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: every figure, under two minutes")
    parser.add_argument("--json", default="", help="a file to write all samples to")
    parser.add_argument("--markdown", action="store_true", help="the tables as Markdown")
    parser.add_argument("--no-make", action="store_true", help="use the environments that are there")
    options = parser.parse_args(arguments)
    if unknown := set(filter(None, options.only.split(","))) - set(FIGURES):
        parser.error(f"no such figure: {', '.join(sorted(unknown))}")
    return options


def main(arguments: list[str] | None = None) -> list[dict]:
    """Measure, and print the table."""
    options = parsed(arguments)
    missing = prepare(list(PINNED), make_missing=not options.no_make)
    began, lines = time.monotonic(), heading()
    mark = "- " if options.markdown else ""
    print("\n".join(mark + line for line in lines), end="\n\n", flush=True)
    interpreter = python("urllib3") if ready("urllib3") else sys.executable
    server = subprocess.Popen([interpreter, HERE / "server.py"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)  # fmt: skip
    try:
        rows = measured(options, f"http://127.0.0.1:{server.stdout.readline().strip()}")
    finally:
        server.kill()
        server.wait(10)
        server.stdout.close()
    absent = [
        (name, environment) for environment in missing for name in PINNED[environment]["contenders"] or [environment]
    ]
    rows += [failure("environment", environment, name, missing[environment]) for name, environment in absent]  # fmt: skip
    judged = bars.judged(rows)
    print(shown(rows, markdown=options.markdown), bars.shown(judged, markdown=options.markdown), sep="\n\n")
    end = f"{time.monotonic() - began:.0f} s, {load()} at the end"
    if options.quick:
        end += f"; --quick leaves out 2048x1536 of {', '.join(LONG)}, and the threads of aiopenapi3"
    print(f"\n{mark}{end}")
    if options.json:
        Path(options.json).write_text(json.dumps({"heading": [*lines, end], "rows": rows, "bars": judged}, indent=1))
    return rows


if __name__ == "__main__":
    main()
