"""What the header fields of a reply say about waiting, read in one place."""

import msgspec
import pytest
from cases import cases
from hypothesis import given
from hypothesis import strategies as st

from dynaclient.rate_limit import asked_wait, is_limit_field, limits, parse_retry_after, seconds_until
from dynaclient.wire import Headers

NOW = 1.8e9
CASES = cases("rate_limit.yaml")


@pytest.mark.parametrize("case", CASES["until"], ids=lambda case: case["text"])
def test_every_way_to_write_a_time_is_read(case):
    """Seconds, spans, moments since the epoch and dates are seconds from now, the past is 0, and the rest is None."""
    found = seconds_until(case["text"], NOW)
    assert found == (None if case["seconds"] is None else pytest.approx(case["seconds"]))
    if case["text"]:
        assert parse_retry_after(Headers({"Retry-After": case["text"]}), NOW) == found


@pytest.mark.parametrize("case", CASES["limits"], ids=lambda case: case["title"])
def test_every_way_to_tell_a_limit_is_read(case):
    """Each field says which limit there is, and a 429 asks to wait for the one that is used up."""
    headers = Headers(case["headers"])
    unsaid = {"remaining": None, "reset": None, "limit": None, "window": None, "evenly": False}
    found = [msgspec.structs.asdict(limit) for limit in limits(headers, NOW)]
    assert found == [
        unsaid | {name: pytest.approx(value) if isinstance(value, float) else value for name, value in one.items()}
        for one in case["limits"]
    ]
    assert asked_wait(headers, 429, NOW) == (None if case["wait"] is None else pytest.approx(case["wait"]))


def test_another_status_asks_by_retry_after_only():
    """A limit that is used up is the reason of a 429, and of no other status."""
    used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "60"}
    assert asked_wait(Headers(used_up), 503, NOW) is None
    assert asked_wait(Headers(used_up | {"Retry-After": "5"}), 503, NOW) == 5


def test_fields_of_limits_are_known_by_name():
    """Fields about limits and waiting are told from all others."""
    known = ["retry-after", "retry-after-ms", "x-ratelimit-limit", "ratelimit-policy", "acme-ratelimit-requests-reset"]
    assert all(map(is_limit_field, known))
    assert not any(map(is_limit_field, ["content-type", "x-limit", "x-rate", "date"]))


names = st.sampled_from(
    ["RateLimit", "RateLimit-Policy", "X-RateLimit-Reset", "x-ratelimit-remaining-tokens", "RateLimit-Limit"]
)
texts = st.text() | st.text('"\\,;=rtqw0123456789.:-smhd TZ')


@given(st.dictionaries(names, texts))
def test_any_text_is_read_or_passed_over(fields):
    """Whatever the fields hold, what is read of them are numbers from 0 on."""
    headers = Headers(fields)
    for limit in limits(headers, NOW):
        numbers = [limit.remaining, limit.reset, limit.limit, limit.window]
        assert all(number is None or number >= 0 for number in numbers)
    wait = asked_wait(headers, 429, NOW)
    assert wait is None or wait >= 0


@given(st.integers(0, 10**6), st.sampled_from([1, 10**3, 10**6]))
def test_a_moment_is_the_same_in_every_unit(seconds, each):
    """A moment since the epoch is read alike in seconds, milliseconds and microseconds."""
    assert seconds_until(str((int(NOW) + seconds) * each), NOW) == pytest.approx(seconds)
