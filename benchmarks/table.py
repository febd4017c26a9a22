"""The measured rows as text and as Markdown, with their spreads and ratios."""

import statistics

LIMIT = "urllib3 + orjson"
REFERENCES = (LIMIT, "aiohttp + orjson")  # the first of these that a case has; asyncio has only the second
PIVOTS = (
    ("call", "samples", "ratio", "Client CPU of one call"),
    ("call", "walls", "wall_ratio", "Wall time of one call"),
    ("memory", "samples", "ratio", "Peak memory that one call adds"),
    ("throughput", "samples", "ratio", "Calls per second, 1x384"),
)


def spread(samples: list[float]) -> float:
    """The distance of the quartiles over the median."""
    if len(samples) < 4:
        return (max(samples) - min(samples)) / statistics.median(samples) if len(samples) > 1 else 0.0
    low, middle, high = statistics.quantiles(samples, n=4)
    return (high - low) / middle if middle else 0.0


def noise(samples: list[float]) -> str:
    """The spread as text."""
    return f"{spread(samples):.0%}" if len(samples) > 1 else "once"


def ratios(mine: list[float], theirs: list[float]) -> list[float]:
    """The ratios of the rounds in which both took part: what slows the machine for a while then slows both."""
    return [one / other for one, other in zip(mine, theirs, strict=False)]


def ratio(mine: list[float], theirs: list[float]) -> float:
    """The median of the rounds' own ratios."""
    return statistics.median(ratios(mine, theirs))


def rated(rows: list[dict]) -> list[dict]:
    """The rows with their ratios to the limit."""
    limits: dict[str, dict] = {}
    for name in reversed(REFERENCES):
        limits.update({row["case"]: row for row in rows if row["contender"] == name and "samples" in row})
    for row in rows:
        limit = limits.get(row.get("case"))
        if limit is not None and "samples" in row:
            row["reference"] = limit["contender"]
            row["ratio"] = ratio(row["samples"], limit["samples"])
            if "walls" in row:
                row["wall_ratio"] = ratio(row["walls"], limit["walls"])
    return rows


def amount(value: float, unit: str) -> str:
    """A number that is read easily: microseconds become milliseconds where they are many."""
    if unit == "us" and value >= 10_000:
        value, unit = value / 1000, "ms"
    digits = 0 if value >= 100 else 1
    return f"{value:,.{digits}f} {unit.replace('us', 'µs')}"


def unable(row: dict) -> bool:
    """Whether a row tells that its contender has no such thing, which is no failure."""
    return "Unable" in row.get("note", "")


def shown(rows: list[dict], *, markdown: bool) -> str:
    """The table: in text a line for each row, in Markdown a table for each figure."""
    body = in_markdown(rows) if markdown else in_text(rows)
    lines = not_run(rows)
    return "\n".join([body, "", *([f"- {line}" for line in lines] if markdown else lines)]).rstrip()


def not_run(rows: list[dict]) -> list[str]:
    """Who does not do what, and why; contenders that lack the same for the same reason share a line."""
    lacking: dict[tuple[str, str], list[str]] = {}
    for row in filter(unable, rows):
        reason = row["note"].removeprefix("Unable: ")
        lacking.setdefault((row["contender"], reason), []).append(row.get("case", ""))
    shared: dict[tuple[str, str], list[str]] = {}
    for (name, reason), cases in lacking.items():
        shared.setdefault((", ".join(filter(None, dict.fromkeys(cases))), reason), []).append(name)
    return [
        f"not run: {'; '.join(names)}{f' ({cases})' if cases else ''}: {reason}"
        for (cases, reason), names in shared.items()
    ]


def in_text(rows: list[dict]) -> str:
    """One line for each row; a contender that failed says why in its own."""
    lines = [("figure", "case", "contender", "CPU, MiB or 1/s", "unit", "spread", "ratio", "wall", "ratio")]
    notes = [""]
    for row in rows:
        if unable(row):
            continue
        notes.append("" if "cpu" in row else f"failed: {row.get('note') or 'no reason was given'}")
        lines.append((
            row["figure"], row.get("case", ""), row["contender"], f"{row['cpu']:,.1f}" if "cpu" in row else "", row.get("unit", ""),
            noise(row["samples"]) if row.get("samples") else "", f"{row['ratio']:.2f}" if "ratio" in row else "",
            f"{row['wall']:,.1f}" if "wall" in row else "", f"{row['wall_ratio']:.2f}" if "wall_ratio" in row else "",
        ))  # fmt: skip
    return aligned(lines, left=(0, 1, 2, 4), notes=notes)


def aligned(lines: list[tuple[str, ...]], left: tuple[int, ...], notes: list[str] | None = None) -> str:
    """Columns as wide as they must be; a note takes the place of a line's empty cells."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    texts = []
    for line, note in zip(lines, notes or [""] * len(lines), strict=True):
        cells = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        texts.append("  ".join([*cells[:3], note] if note else cells).rstrip())
    return "\n".join(texts)


def in_markdown(rows: list[dict]) -> str:
    """A table of contenders and cases for each figure, then the processes."""
    parts = [pivot([row for row in rows if row["figure"] == figure], *rest) for figure, *rest in PIVOTS]
    parts.append(processes([row for row in rows if row["figure"] == "start"]))
    failed = [
        f"- failed: {row['contender']} {row.get('case', '')}: {row.get('note', '')}"
        for row in rows
        if "cpu" not in row and not unable(row)
    ]
    return "\n\n".join(part for part in [*parts, "\n".join(failed)] if part)


def pivot(rows: list[dict], samples: str, rate: str, title: str) -> str:
    """Contenders down, cases across: the reference's own amount, the others' ratio to it; in brackets the spread."""
    rows = [row for row in rows if samples in row or "cpu" not in row]
    cases = list(dict.fromkeys(row["case"] for row in rows))
    table = {}
    for row in rows:
        if samples in row:
            own = row.get("reference", row["contender"]) == row["contender"]
            number = amount(statistics.median(row[samples]), row["unit"]) if own else f"{row[rate]:.2f}"
            table.setdefault(row["contender"], {})[row["case"]] = f"{number} ({noise(row[samples])})"
        elif not unable(row):
            table.setdefault(row["contender"], {})[row["case"]] = "failed"
    if not any(cell != "failed" for cells in table.values() for cell in cells.values()):
        return ""
    head = [f"| {title} | {' | '.join(cases)} |", "|---|" + "--:|" * len(cases)]
    return "\n".join(
        [*head, *(f"| {name} | {' | '.join(cells.get(case, '') for case in cases)} |" for name, cells in table.items())]
    )


def processes(rows: list[dict]) -> str:
    """What was measured in processes of their own."""
    if not any("cpu" in row for row in rows):
        return ""
    lines = [
        "| A process, from start to end | wall (spread) | CPU | wall, CPU as a ratio | to |",
        "|---|--:|--:|--:|---|",
    ]
    for row in rows:
        if "cpu" not in row:
            continue
        rate = f"{row['wall_ratio']:.2f}, {row['ratio']:.2f}" if "ratio" in row else ""
        wall = f"{amount(row['wall'], 'ms')} ({noise(row['walls'])})"
        lines.append(
            f"| {row['contender']} | {wall} | {amount(row['cpu'], 'ms')} | {rate} | {row.get('reference', '')} |"
        )
    return "\n".join(lines)
