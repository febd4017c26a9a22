"""When a call is sent again, and after how long."""

import calendar
import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dynaclient import errors
from dynaclient.errors import ArgumentError, ConnectionLostError
from dynaclient.openapi.model import RetryPolicy
from dynaclient.rate_limit import parse_retry_after
from dynaclient.retry import base_delay, decide, override, parse_retries, policy_fields, schedule
from dynaclient.wire import Headers, Response

CASES = Path(__file__).parent / "cases"
NOW = calendar.timegm((2015, 10, 21, 7, 28, 0))


def load(name):
    return yaml.safe_load((CASES / name).read_text())


def outcome(case):
    if "status" in case:
        return Response(case["status"], Headers(case.get("headers", {})), case.get("body", "").encode())
    return getattr(errors, case["error"])("it failed", sent=case.get("sent", True))


@pytest.mark.parametrize("case", load("retry_decide.yaml"), ids=lambda case: case["title"])
def test_decide(case):
    """Every decision in the table comes out as the table says."""
    policy = RetryPolicy()
    if "retries" in case:
        policy = override(policy, {"strategy": "backoff", **policy_fields(case["retries"])})
    decision = decide(
        policy,
        number=case.get("number", 1),
        outcome=outcome(case),
        method=case["method"],
        elapsed=0.0,
        left=100.0,
        rng=lambda: 0.5,
        now=NOW,
        paced=case.get("paced", False),
    )
    assert decision.delay == case.get("delay")
    assert decision.retry_after == case.get("retry_after")
    assert case.get("reason", "") in decision.reason
    assert bool(decision.reason) == (decision.delay is None)
    assert decision.final or not case.get("final")


@pytest.mark.parametrize("case", load("retry_values.yaml"), ids=lambda case: str(case["value"]))
def test_parse_retries(case):
    """Every way to write retries means the fields in the table, or is refused in words that help."""
    if "error" in case:
        with pytest.raises(ArgumentError, match="retries") as caught:
            parse_retries(case["value"])
        assert case["error"] in str(caught.value)
        return
    expected = {name: tuple(value) if isinstance(value, list) else value for name, value in case["fields"].items()}
    assert parse_retries(case["value"]) == expected


policies = st.builds(
    RetryPolicy,
    strategy=st.just("backoff"),
    declared=st.just(True),
    initial_interval=st.integers(0, 10**7),
    max_interval=st.integers(0, 10**7),
    max_elapsed_time=st.integers(0, 10**8),
    exponent=st.floats(1, 1e300),
    jitter=st.sampled_from(["full", "additive", "none"]),
    retry_after_max=st.none() | st.integers(0, 10**8),
)
times = st.floats(0, 1e6)


@given(policies, st.integers(1, 10**6), times, times, st.floats(0, 1, exclude_max=True), st.none() | times)
def test_a_wait_keeps_every_promise(policy, number, elapsed, left, chance, asked):
    """A wait is never shorter than Retry-After, never reaches a deadline, never goes beyond its cap but for the two."""
    headers = Headers({} if asked is None else {"Retry-After": f"{asked:.3f}"})
    decision = decide(
        policy,
        number=number,
        outcome=Response(503, headers),
        method="POST",
        elapsed=elapsed,
        left=left,
        rng=lambda: chance,
        now=0.0,
    )
    if decision.delay is None:
        return
    lower, upper = schedule(policy, number)[-1] if number < 50 else (0.0, policy.max_interval / 1000 + 1)
    floor = decision.retry_after or 0.0
    assert floor <= decision.delay < left
    assert elapsed + decision.delay <= policy.max_elapsed_time / 1000 + 1e-6
    assert lower <= decision.delay <= max(upper, floor)
    assert policy.retry_after_max is None or floor * 1000 <= policy.retry_after_max


@given(policies, st.integers(0, 10**6))
def test_caps_are_monotone_and_finite(policy, index):
    """Where the exponent is 1 or more the delay before jitter never shrinks, never overflows, and stays within maxInterval."""
    one, two = base_delay(policy, index), base_delay(policy, index + 1)
    assert 0 <= one <= two <= policy.max_interval / 1000
    assert math.isfinite(two)


def test_the_schedule_is_the_law_of_the_document():
    """Speakeasy's defaults give 0.5 s, then half as much again each time, with full jitter from nothing."""
    assert schedule(RetryPolicy(), 3) == [(0.0, 0.5), (0.0, 0.75), (0.0, 1.125)]
    assert schedule(RetryPolicy(jitter="additive"), 1) == [(0.5, 1.5)]
    assert schedule(RetryPolicy(jitter="none"), 1) == [(0.5, 0.5)]


@given(st.text())
def test_any_retry_after_is_read_or_ignored(text):
    """Whatever a Retry-After holds, it is a number of seconds from 0 on, or None."""
    value = parse_retry_after(Headers({"Retry-After": text}), 0.0)
    assert value is None or value >= 0


@given(
    st.text() | st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.floats() | st.lists(st.text()))
)
def test_any_retries_are_read_or_refused(value):
    """Whatever is given for retries, it becomes fields of a policy or an ArgumentError."""
    try:
        policy = override(RetryPolicy(), parse_retries(value))
    except ArgumentError:
        return
    assert policy.strategy in ("backoff", "none")


def test_of_several_retry_after_the_longest_counts():
    """Two Retry-After fields are two promises; the later one is kept."""
    assert parse_retry_after(Headers([("Retry-After", "2"), ("Retry-After", "9"), ("Retry-After", "x")]), 0.0) == 9.0


def test_layers_lie_field_by_field():
    """A later layer replaces the fields it has, and leaves those it has not."""
    root = RetryPolicy(strategy="backoff", declared=True, exponent=3.0, max_interval=9)
    policy = override(root, {"max_interval": 8, "exponent": 2.0}, {}, {"max_interval": 7})
    assert (policy.max_interval, policy.exponent) == (7, 2.0)


def test_asking_for_retries_declares_them():
    """A caller who asks for retries consents for POST too; one who asks for none is obeyed even over a document."""
    assert override(RetryPolicy(), parse_retries(2)).declared
    assert override(RetryPolicy(), parse_retries(2)).strategy == "backoff"
    assert override(RetryPolicy(strategy="backoff", declared=True), parse_retries(0)).strategy == "none"
    assert override(RetryPolicy(strategy="none", declared=True), {"max_attempts": 5}).strategy == "backoff"
    assert not override(RetryPolicy(), parse_retries(None)).declared


def test_a_whole_policy_replaces_the_other():
    """A RetryPolicy given by a caller is in force as it is."""
    mine = RetryPolicy(strategy="backoff", max_attempts=2, status_codes=("500",), declared=True)
    assert override(RetryPolicy(jitter="none", exponent=9.0), parse_retries(mine)) == mine


def test_a_lost_connection_says_nothing_about_later():
    """An error carries no Retry-After, so that its decision has none."""
    decision = decide(
        RetryPolicy(),
        number=1,
        outcome=ConnectionLostError("gone"),
        method="GET",
        elapsed=0,
        left=9,
        rng=lambda: 0.0,
        now=0,
    )
    assert (decision.delay, decision.retry_after) == (0.0, None)
