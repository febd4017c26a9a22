"""What is shown of a bulk run while it runs and when it has ended: within the width of the terminal, and only what matters where there is no room."""

import io
import threading

import pytest
from cases import cases
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.bulk.summary import Progress, Summary
from dynaclient.cli.meter import Incoming, Meter, Pace, clock, line, money, told


def paced(progress, seconds=10.0):
    """A pace at which rows and tokens came in so many seconds."""
    pace = Pace()
    pace.note(0.0, Progress(rows=progress.before))
    pace.note(seconds, progress)
    return pace


def made(waiting="", **fields):
    """How far a run is."""
    return Progress(**fields, waiting=lambda: waiting)


@pytest.mark.parametrize("case", cases("cli_meter.yaml"), ids=lambda case: case["what"])
def test_a_line_shows_what_there_is_room_for(case):
    """The share, what is waited for and the time that is left come first."""
    progress = made(**case["progress"])
    assert line(progress, paced(progress), case.get("width", 79), bar=case.get("bar", True)) == case["shown"]


@given(
    st.integers(1, 200),
    st.builds(
        Progress,
        total=st.integers(0, 10**12),
        rows=st.integers(0, 10**12),
        failed=st.integers(0, 10**12),
        tokens=st.integers(0, 10**15),
        cost=st.none() | st.floats(0, 1e9),
        waiting=st.sampled_from(["", "429, 12 s", "the service is down, asked again in 40 s"]).map(lambda text: lambda: text),
        doing=st.sampled_from(["", "writing out.parquet"]),
    ),
)  # fmt: skip
def test_a_line_never_wraps(width, progress):
    """Whatever the terminal and the run."""
    assert len(line(progress, paced(progress), width, bar=True)) <= width


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_the_meter_keeps_to_one_line(columns, monkeypatch):
    """A line that wraps cannot be drawn over."""
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = io.StringIO()
    screen.isatty = lambda: True
    with Meter(screen) as meter:
        meter(Progress(total=5_000_000, rows=1_200_000, tokens=8000, failed=12_345, cost=1.5))
    shown = screen.getvalue().strip("\r\n")
    assert len(shown) < columns
    assert shown.startswith("24 %" if columns < 60 else "[")


def test_the_meter_needs_no_terminal():
    """Where nobody looks it is silent."""
    with Meter(None) as meter:
        meter(Progress())
        meter.say("x")


def test_what_is_said_keeps_to_the_terminal(monkeypatch):
    """Lines are broken between words, and a file name is never cut."""
    monkeypatch.setenv("COLUMNS", "40")
    screen = io.StringIO()
    screen.isatty = lambda: True
    with Meter(screen) as meter:
        meter.say(
            "12 of 1,000 rows failed: see a-folder/with-a/long-name.npy.errors.jsonl; the same command tries them again"
        )
    assert screen.getvalue().splitlines() == [
        "dynaclient: 12 of 1,000 rows failed:",
        "  see",
        "  a-folder/with-a/long-name.npy.errors.jsonl;",
        "  the same command tries them again",
    ]


def test_a_log_is_told_now_and_then():
    """Without a terminal there is a line each half minute, and one of how far a run came that did not end."""
    now, screen = [0.0], io.StringIO()
    with Meter(screen, lambda: now[0]) as meter:
        for second in range(100):
            now[0] = float(second)
            meter(Progress(total=1000, rows=second * 10))
        seen = screen.getvalue().splitlines()
    assert seen[:3] == [
        "dynaclient: 30 %  300 of 1,000 rows  10 rows/s  1:10 left",
        "dynaclient: 60 %  600 of 1,000 rows  10 rows/s  0:40 left",
        "dynaclient: 90 %  900 of 1,000 rows  10 rows/s  0:10 left",
    ]
    assert screen.getvalue().splitlines()[-1].startswith("dynaclient: 99 %  990 of 1,000 rows")


def test_waiting_is_seen_while_nothing_comes():
    """A thread looks again where no row ends; the line is drawn over what stands there."""
    drawn = threading.Event()

    class Screen(io.StringIO):
        def isatty(self):
            return True

        def write(self, text):
            super().write(text)
            if "waiting: 503" in text:
                drawn.set()
            return len(text)

    screen, progress = Screen(), made(total=10, rows=5)
    with Meter(screen) as meter:
        meter(progress)
        progress.waiting = lambda: "503, asked again in 9 s"
        assert drawn.wait(10)
    assert "\n" not in screen.getvalue().rstrip("\n")


def test_what_was_fast_long_ago_says_nothing():
    """Rates are those of the last half minute, and nothing is left to say where nothing comes."""
    pace = Pace()
    for second in range(100):
        pace.note(float(second), Progress(rows=min(second, 50) * 1000))
    assert pace.rates() == (0.0, 0.0)
    assert "left" not in line(Progress(total=10**6, rows=50_000), pace, 79)


def test_a_pipe_that_gives_nothing_is_told():
    """What came, and for how long nothing has."""
    now = [0.0]
    pipe = Incoming("standard input", lambda: now[0])
    assert pipe.told() == "reading standard input: 0 B"
    now[0] = 7.0
    assert pipe.told() == "waiting for rows from standard input: nothing has come for 7 s"
    pipe(5_000_000)
    assert pipe.told() == "reading standard input: 5.0 MB"
    now[0] = 11.0
    assert pipe.told() == "waiting for rows from standard input: nothing has come for 4 s after 5.0 MB"


@pytest.mark.parametrize(
    ("summary", "before", "words"),
    [
        (Summary(rows=1000, sent=1000, elapsed=10, tokens=5000), 0, "1,000 rows in 0:10, 100 rows/s, 5,000 tokens"),
        (Summary(rows=1000, sent=1000, elapsed=10, tokens=1), 900, "1,000 rows in 0:10, 10 rows/s, 1 tokens"),
        (Summary(rows=2, sent=2, tokens=9, wasted_tokens=3, cost=0.5), 0, "2 rows in 0:00, 9 tokens, 3 of them without a result, cost 0.5000"),
    ],
)  # fmt: skip
def test_the_end_is_told(summary, before, words):
    """Rows, time, rate, tokens and cost; rows of an earlier run are no part of the rate."""
    assert told(summary, before) == words


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0:00"), (59.6, "1:00"), (3723, "1:02:03"), (183_845, "2 d 3:04:05")]
)
def test_a_time_is_read_by_people(seconds, shown):
    """Days are not hours."""
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "0.0000"), (0.00008, "0.000080"), (0.0021, "0.0021"), (1.5, "1.5000"), (1234.5, "1,234.50")],
)
def test_an_amount_has_the_digits_that_matter(amount, shown):
    """A run of a few rows costs something too."""
    assert money(amount) == shown
