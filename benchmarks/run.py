"""Everything that is measured, in one table: ``python benchmarks/run.py [--only TEXT] [--rounds N] [--quick] [--json FILE] [--markdown]``.

Each contender is a process of its own in an environment of its own (see venvs.py; contenders.json pins the versions). All call one loopback server whose replies were serialised beforehand; they
take turns, so that what disturbs the machine disturbs all. Times are of the client, medians of the rounds; ``spread`` is the distance of the quartiles over the median; ``ratio`` is to
urllib3 + orjson, which checks nothing, in the same run.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import starts
from venvs import PINNED, make, python, ready, versions

HERE = Path(__file__).parent
LIMIT = "urllib3 + orjson"
FLOATS = ("1x384", "1x1536", "128x1536", "2048x1536")
SIZES = (*FLOATS, "1x1536-base64", "128x1536-base64", "2048x1536-base64")
BUDGET = {"1x384": 0.1, "1x1536": 0.1, "128x1536": 0.15, "2048x1536": 0.3}
QUICK = ("1x384", "128x1536", "2048x1536", "128x1536-base64")
SHOWN = (
    "urllib3",
    "orjson",
    "numpy",
    "httpx",
    "openai",
    "atoma-sdk",
    "aiopenapi3",
    "openapi-core",
    "jsonschema-rs",
    "msgspec",
    "pysimdjson",
)


class Contender:
    """A worker process, started when it is first asked for something."""

    def __init__(self, name: str, environment: str, base: str) -> None:
        self.name, self.base, self.interpreter = name, base, python(environment)
        self.process: subprocess.Popen | None = None

    def ask(self, **command) -> dict:
        """The worker's answer; ``{"error": ...}`` where it has none."""
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                [self.interpreter, HERE / "worker.py", self.name, self.base],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=HERE,
            )  # fmt: skip
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": "the process ended"}

    def stop(self) -> None:
        """End the worker."""
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(30)
            self.process.stdout.close()
            self.process = None


def spread(samples: list[float]) -> float:
    """The distance of the quartiles over the median."""
    if len(samples) < 4:
        return 0.0
    low, middle, high = statistics.quantiles(samples, n=4)
    return (high - low) / middle if middle else 0.0


def ratio(mine: list[float], theirs: list[float]) -> float:
    """The median of the rounds' own ratios, where both took part in all: what slows the machine for a while then slows both."""
    if len(mine) == len(theirs):
        return statistics.median(one / other for one, other in zip(mine, theirs, strict=True))
    return statistics.median(mine) / statistics.median(theirs)


def rated(rows: list[dict]) -> list[dict]:
    """The rows with their ratios to the limit."""
    limits = {row.get("case"): row for row in rows if row["contender"] == LIMIT and "samples" in row}
    for row in rows:
        limit = limits.get(row.get("case"))
        if limit is not None and "samples" in row:
            row["ratio"] = ratio(row["samples"], limit["samples"])
            if "walls" in row:
                row["wall_ratio"] = ratio(row["walls"], limit["walls"])
    return rows


def calls(contenders: list[Contender], sizes: tuple[str, ...], rounds: int) -> list[dict]:
    """CPU and wall time of one call on a warm connection."""
    rows = []
    for size in sizes:
        counts = {}
        for one in contenders:
            one.ask(size=size, count=1)
            first = one.ask(size=size, count=1)
            if "error" in first:
                rows.append({"figure": "call", "case": size, "contender": one.name, "note": first["error"]})
                continue
            each = first["wall"] / 1e9
            turns = rounds if each < 0.3 else min(rounds, 5) if each < 1 else 2
            counts[one] = (max(1, min(300, int(BUDGET[size.split("-")[0]] / each))), turns)
        samples: dict[Contender, list] = {one: [] for one in counts}
        for number in range(rounds):
            for one, (count, limit) in counts.items():
                if number < limit:
                    answer = one.ask(size=size, count=count)
                    samples[one].append((answer["cpu"] / count / 1e3, answer["wall"] / count / 1e3))
        for one, found in samples.items():
            cpu, wall = ([sample[index] for sample in found] for index in (0, 1))
            rows.append({"figure": "call", "case": size, "contender": one.name, "cpu": statistics.median(cpu), "wall": statistics.median(wall), "unit": "us", "samples": cpu, "walls": wall})  # fmt: skip
        for one in contenders:
            if size.startswith("2048"):
                one.stop()  # or what it holds would stand beside what the next one measures
    return rated(rows)


def memory(contenders: list[Contender], sizes: tuple[str, ...], rounds: int) -> list[dict]:
    """How far one call raises the peak memory of a fresh process that has made a small call before."""
    rows = []
    for size in sizes:
        for one in contenders:
            found = []
            for _ in range(rounds):
                one.stop()
                small = "1x384-base64" if size.endswith("base64") else "1x384"
                before, after = one.ask(size=small, count=2), one.ask(size=size, count=1)
                one.stop()
                if "error" in before or "error" in after:
                    break
                found.append((after["peak"] - before["peak"]) / 1024)
            note = {} if found else {"note": before.get("error") or after.get("error")}
            rows.append(
                {
                    "figure": "memory",
                    "case": size,
                    "contender": one.name,
                    "unit": "MiB",
                    **({"cpu": statistics.median(found), "samples": found} if found else note),
                }
            )
    return rated(rows)


def throughput(contenders: list[Contender], rounds: int, quick: bool) -> list[dict]:
    """Calls per second of 1 x 384 in threads and in tasks; as many calls in a round as take about so long."""
    rows, seconds = [], 0.15 if quick else 0.4
    for mode, lanes in (("threads", 1), ("threads", 8), ("threads", 64), ("async", 64)):
        samples: dict[Contender, list] = {one: [] for one in contenders}
        notes: dict[Contender, str] = {}
        counts: dict[Contender, int] = {}
        for number in range(rounds + 1):
            for one in contenders:
                if one in notes:
                    continue
                count = counts.get(one, lanes)
                answer = one.ask(size="1x384", count=count, lanes=lanes, mode=mode)
                if "error" in answer:
                    notes[one] = answer["error"]
                elif number:
                    samples[one].append(count / answer["wall"] * 1e9)
                else:  # the first round opens the connections and says how many calls a round shall have
                    again = one.ask(size="1x384", count=lanes, lanes=lanes, mode=mode)
                    counts[one] = max(1, min(1024 // lanes, int(seconds * 1e9 / again["wall"]))) * lanes
        for one in contenders:
            case = f"{lanes} {'tasks' if mode == 'async' else 'threads'}"
            known = (
                {"cpu": statistics.median(samples[one]), "samples": samples[one]}
                if samples[one]
                else {"note": notes.get(one, "")}
            )
            rows.append({"figure": "throughput", "case": case, "contender": one.name, "unit": "calls/s", **known})
    return rated(rows)


def shown(rows: list[dict], markdown: bool) -> str:
    """The table as text."""
    titles = ("figure", "case", "contender", "CPU, MiB or 1/s", "unit", "spread", "ratio", "wall", "ratio")
    lines = [titles]
    for row in rows:
        if "cpu" not in row:
            continue
        number = f"{row['cpu']:,.1f}"
        lines.append((
            row["figure"], row.get("case", ""), row["contender"], number, row.get("unit", ""),
            f"{spread(row['samples']):.0%}" if row.get("samples") else "", f"{row['ratio']:.2f}" if "ratio" in row else "",
            f"{row['wall']:,.1f}" if "wall" in row else "", f"{row['wall_ratio']:.2f}" if "wall_ratio" in row else "",
        ))  # fmt: skip
    if markdown:
        body = ["| " + " | ".join(line) + " |" for line in lines]
        return "\n".join([body[0], "|---|---|---|--:|---|--:|--:|--:|--:|", *body[1:]])
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 1, 2, 4) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def measured(options: argparse.Namespace, base: str, environments: list[str]) -> list[dict]:
    """All rows that are asked for."""
    everyone = [
        Contender(name, environment, base) for environment in environments for name in PINNED[environment]["contenders"]
    ]
    everyone = [one for one in everyone if not options.contenders or one.name in options.contenders.split(",")]
    wanted = options.sizes.split(",") if options.sizes else QUICK if options.quick else SIZES
    sizes = tuple(size for size in SIZES if size in wanted)
    figures = options.only.split(",") if options.only else ["call", "memory", "throughput", "start"]
    rounds, rows = options.rounds, []
    fast = [one for one in everyone if not one.name.startswith("openapi-core unmarshalling")]
    if "call" in figures:
        rows += calls(everyone, sizes, rounds)
    large = tuple(size for size in sizes if size.startswith("2048"))
    if "memory" in figures and large:
        rows += memory(fast, large, 1 if options.quick else 3)
    if "throughput" in figures:
        rows += throughput(fast, min(rounds, 2 if options.quick else 7), options.quick)
    for one in everyone:
        one.stop()
    if "start" in figures:
        rows += starts.measure(base, min(rounds, 2 if options.quick else 9), lambda name: options.starts in name)
    return rows


def heading(environments: list[str]) -> str:
    """What was measured with what."""
    found: dict[str, str] = {}
    for environment in environments:
        found.update({name.lower(): number for name, number in versions(environment).items()})
    listed = ", ".join(f"{name} {found[name]}" for name in SHOWN if name in found)
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {load}; {listed}"


def main(arguments: list[str] | None = None) -> list[dict]:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="figures, with commas: call, memory, throughput, start")
    parser.add_argument("--contenders", default="", help="names, with commas")
    parser.add_argument("--sizes", default="", help=f"with commas: {', '.join(SIZES)}")
    parser.add_argument("--starts", default="", help="only the starts whose name holds this")
    parser.add_argument("--rounds", type=int, default=0, help="15, with --quick 3")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--json", default="", help="a file to write all samples to")
    parser.add_argument("--markdown", action="store_true", help="the table as Markdown")
    parser.add_argument("--no-make", action="store_true", help="use the environments that are there")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (3 if options.quick else 15)
    environments = [name for name in PINNED if ready(name) or (not options.no_make and make(name))]
    began = time.monotonic()
    print(heading(environments))
    server = subprocess.Popen(
        [sys.executable, HERE / "server.py"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    try:
        rows = measured(options, f"http://127.0.0.1:{server.stdout.readline().strip()}", environments)
    finally:
        server.kill()
        server.wait(10)
        server.stdout.close()
    print(shown(rows, options.markdown))
    for row in rows:
        if "cpu" not in row and "Unable" not in row.get("note", ""):
            print(f"failed: {row['figure']} {row.get('case', '')} {row['contender']}: {row.get('note', '')}")
    print(f"{time.monotonic() - began:.0f} s, {options.rounds} rounds, load {os.getloadavg()[0]:.1f} at the end")
    if options.json:
        Path(options.json).write_text(json.dumps({"heading": heading(environments), "rows": rows}, indent=1))
    return rows


if __name__ == "__main__":
    main()
