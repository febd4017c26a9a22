"""What the project holds itself to, each bar beside what this run measured."""

import statistics
from dataclasses import dataclass

from table import LIMIT, aligned, ratios


@dataclass(frozen=True)
class Bar:
    """A ratio that must not be more (or, with ``least``, not less) than ``bound``: of ``case`` and ``contender`` to ``of_case`` (else the same case) and ``of``."""

    name: str
    figure: str
    case: str
    contender: str
    bound: float
    of: str = LIMIT
    of_case: str = ""
    column: str = "samples"
    least: bool = False


WITH, PLAIN = "dynaclient arrays", "dynaclient arrays plain"
BARS = (
    Bar("1x384 floats, validated, CPU", "call", "1x384", "dynaclient", 0.90),
    Bar("1x1536 floats, validated, CPU", "call", "1x1536", "dynaclient", 0.90),
    Bar("128x1536 floats to arrays, CPU", "call", "128x1536", WITH, 0.80),
    Bar("the same, plain install", "call", "128x1536", PLAIN, 0.80),
    Bar("2048x1536 floats to arrays, CPU", "call", "2048x1536", WITH, 0.60),
    Bar("the same, plain install", "call", "2048x1536", PLAIN, 0.60),
    Bar("2048x1536 floats to arrays, peak memory", "memory", "2048x1536", WITH, 0.60),
    Bar("the same, plain install", "memory", "2048x1536", PLAIN, 0.60),
    Bar(
        "2048x1536 base64 to arrays, CPU, of orjson's lists of floats",
        "call", "2048x1536-base64", "dynaclient", 0.40, of_case="2048x1536",
    ),
    Bar("128x1536 base64 to arrays, CPU, of b64decode + frombuffer", "call", "128x1536-base64", "dynaclient", 1.10),
    Bar("8 threads, calls per second", "throughput", "8 threads", "dynaclient", 0.95, least=True),
    Bar("64 threads, calls per second", "throughput", "64 threads", "dynaclient", 0.95, least=True),
    Bar(
        "dynaclient call, local server, start to exit, of import click, urllib3",
        "start", "", "shell: dynaclient call embeddings.create, local", 1.40, of="import click, urllib3", column="walls",
    ),
    Bar(
        "3 MB, 1,000 operations, warm: start to request sent, of the bundled document",
        "start", "", "first request sent, 3 MB, warm", 1.30, of="first request sent, bundled, warm", column="walls",
    ),
    Bar(
        "3 MB, 1,000 operations, cold: start to request sent, of yaml.CSafeLoader alone",
        "start", "", "first request sent, 3 MB, cold", 1.30, of="yaml.CSafeLoader, 3 MB", column="walls",
    ),
)  # fmt: skip


def measured(bar: Bar, rows: list[dict]) -> list[float]:
    """The ratios of the rounds; none where one of the two was not measured."""
    found = {(row["figure"], row.get("case", ""), row["contender"]): row.get(bar.column, []) for row in rows}
    mine = found.get((bar.figure, bar.case, bar.contender), [])
    return ratios(mine, found.get((bar.figure, bar.of_case or bar.case, bar.of), []))


def judged(rows: list[dict]) -> list[dict]:
    """For each bar what was measured (the median ratio, and between which the middle half of the rounds lay) and whether it is met."""
    table = []
    for bar in BARS:
        line = {"bar": bar.name, "bound": bar.bound, "least": bar.least}
        if found := measured(bar, rows):
            middle = statistics.median(found)
            low, _, high = statistics.quantiles(found, n=4) if len(found) > 3 else (min(found), middle, max(found))
            met = middle >= bar.bound if bar.least else middle <= bar.bound
            line |= {"ratio": middle, "low": low, "high": high, "rounds": len(found), "met": met}
        table.append(line)
    return table


def shown(table: list[dict], *, markdown: bool) -> str:
    """The bars as text or as Markdown."""
    lines = [("bar", "bound", "measured", "middle half", "rounds", "met")]
    for line in table:
        bound = f"{'>=' if line['least'] else '<='} {line['bound']:.2f}"
        if "ratio" not in line:
            lines.append((line["bar"], bound, "not measured", "", "", ""))
            continue
        span = f"{line['low']:.2f} to {line['high']:.2f}"
        lines.append(
            (line["bar"], bound, f"{line['ratio']:.2f}", span, str(line["rounds"]), "yes" if line["met"] else "NO")
        )
    if not markdown:
        return aligned(lines, left=(0, 1))
    body = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([body[0], "|---|---|--:|---|--:|---|", *body[1:]])
