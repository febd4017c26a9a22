"""Limits of many kinds are used, and seldom run into: some cases of the table; ``benchmarks/pace.py`` runs all of them."""

import pytest
from cases import cases
from pacing import grid, simulate


def chosen(group):
    """Some cases of a group, spread over it; those at 1,000 requests a second take too long for a test."""
    found = [case for case in grid(group) if case.limit <= 100]
    step = max(1, len(found) // group["tested"])
    return found[step // 2 :: step][: group["tested"]]


CASES = [(group, case) for group in cases("pacing.yaml") for case in chosen(group)]


@pytest.mark.parametrize(("group", "case"), CASES, ids=lambda value: value["name"] if isinstance(value, dict) else "")
def test_a_limit_is_used_and_seldom_run_into(group, case):
    """What is used, what is refused and how evenly processes share it are within the bars of the table."""
    outcome = simulate(case)
    assert outcome.used >= group["used"], case
    assert outcome.refused <= group["refused"], case
    assert outcome.fairness >= group.get("fairness", 0), case
