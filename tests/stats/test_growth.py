"""Growth over calls, on series whose truth is known."""

import math
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_memguard.stats import Trend, summarize_fixed, summarize_growth

FLOOR = 512
MOST_CALLS = 4096


def decide(retained_after, *, allowed=0):
    """What a run would come to that doubles its calls until the trend is clear."""
    calls, retained, goal, call = [], [], 128, 0
    while True:
        while call < goal:
            call += 1
            value = retained_after(call)
            if call <= 64 or call % (goal // 32) == 0:
                calls.append(call)
                retained.append(value)
        is_last = goal >= MOST_CALLS
        growth = summarize_growth(
            calls, retained, allowed_bytes_per_call=allowed, floor_bytes=FLOOR, is_last=is_last
        )
        if growth.trend is not Trend.UNCLEAR or is_last:
            return growth
        goal *= 2


def fixed(retained_after, rounds, *, allowed=0):
    series = [0, *(retained_after(call) for call in range(1, rounds + 1))]
    return summarize_fixed(series, allowed_bytes_per_call=allowed, floor_bytes=FLOOR).trend


LEAKS = {
    "every call, large": lambda call: call << 20,
    "every call, small": lambda call: 36 * call,
    "eight bytes a call": lambda call: 8 * call,
    "a buffer that doubles": lambda call: 1000 * 2 ** math.ceil(math.log2(call)),
    "a buffer that doubles, large at first": lambda call: 64 * 2 ** max(6, math.ceil(math.log2(call))),
    "a set that grows fourfold": lambda call: 64 * 4 ** math.ceil(math.log(call, 4)),
    "a list that over-allocates": lambda call: 8 * int(call * 1.125),
    "on top of an initialization": lambda call: 10**7 + 1000 * call,
    "every tenth call": lambda call: 50_000 * (call // 10),
}
LOOKALIKES = {
    "nothing": lambda call: 0,
    "first call": lambda call: 10**6,
    "a cache of 8": lambda call: 1000 * min(call, 8),
    "a cache of 128": lambda call: 300 * min(call, 128),
    "a cache of 1000": lambda call: 300 * min(call, 1000),
    "a cache of 3000": lambda call: 300 * min(call, 3000),
    "noise below the floor": lambda call: (call * 37) % 400,
}


@pytest.mark.parametrize("name", LEAKS)
def test_growth_that_lasts_is_found(name):
    assert decide(LEAKS[name]).trend is Trend.STEADY


@pytest.mark.parametrize("name", LOOKALIKES)
def test_growth_that_stops_is_none(name):
    assert decide(LOOKALIKES[name]).trend in (Trend.NONE, Trend.FADED)


def test_growth_that_fades_without_an_end_is_left_open():
    assert decide(lambda call: int(100_000 * math.log(call))).trend is Trend.UNCLEAR


@pytest.mark.parametrize("seed", range(40))
def test_a_result_whose_size_varies_is_no_leak(seed):
    sizes = random.Random(seed)
    assert decide(lambda call: sizes.randint(0, 10**6)).trend is Trend.NONE


@pytest.mark.parametrize("seed", range(10))
def test_a_leak_under_noise_is_found(seed):
    sizes = random.Random(seed)
    assert decide(lambda call: sizes.randint(0, 10**5) + 10_000 * call).trend is Trend.STEADY


@pytest.mark.parametrize("noisy_call", range(160, 1900, 60))
def test_a_step_that_is_tiny_beside_the_others_ends_no_pause(noisy_call):
    """A table grows fourfold after 154 and 615 calls, and time is up before it does again."""
    calls = [*range(1, 65), *range(72, 1975, 8)]
    sizes = {0: 0, 3: 512, 10: 2048, 39: 8192, 154: 32_768, 615: 131_072}
    tables = [max(size for call, size in sizes.items() if call <= now) for now in calls]
    retained = [size + 100 * (now >= noisy_call) for now, size in zip(calls, tables, strict=True)]
    growth = summarize_growth(calls, retained, allowed_bytes_per_call=0, floor_bytes=FLOOR, is_last=True)
    assert growth.trend is Trend.STEADY


@example(2, 0)
@example(6, 0)
@example(8, 0)
@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_what_is_allowed_per_call_is_no_leak(per_call, allowed):
    trend = decide(lambda call: per_call * call, allowed=allowed).trend
    if per_call <= allowed + 6:  # no object is smaller than a pointer
        assert trend is Trend.NONE
    elif per_call > 1.1 * allowed + 6:
        assert trend is Trend.STEADY


@pytest.mark.parametrize("rounds", [2, 3, 5, 10, 50])
def test_fixed_rounds_tell_a_leak_from_an_initialization(rounds):
    assert fixed(lambda call: 1000 * call, rounds) is Trend.STEADY
    assert fixed(lambda call: 10**6, rounds) is Trend.NONE


@pytest.mark.parametrize("rounds", [3, 5, 10, 20, 50])
def test_fixed_rounds_see_a_buffer_that_doubles(rounds):
    assert fixed(LEAKS["a buffer that doubles"], rounds) is Trend.STEADY


@pytest.mark.parametrize("rounds", [10, 20, 50])
def test_fixed_rounds_see_a_cache_that_is_full(rounds):
    assert fixed(LOOKALIKES["a cache of 8"], rounds) is Trend.FADED


def test_one_small_step_is_a_dictionary_that_was_resized():
    assert fixed(lambda call: 1500 * (call > 3), 5) is Trend.NONE
    assert fixed(lambda call: 15_000 * (call > 3), 5) is Trend.UNCLEAR


def test_two_small_steps_may_be_chance():
    """Two dictionaries resized, or one and the state of a thread that was just leaving."""
    retained = [1764, 2044, 2100, 2100, 2584]
    assert fixed(lambda call: retained[call - 1], 5) is Trend.NONE
    assert fixed(lambda call: 100 * (retained[call - 1] - 1764), 5) is Trend.STEADY


@pytest.mark.parametrize("rounds", [3, 4, 5, 10])
def test_small_steps_in_every_call_are_a_leak(rounds):
    assert fixed(lambda call: 300 * call, rounds) is Trend.STEADY


def test_growth_per_call():
    assert decide(lambda call: 1000 * call).bytes_per_call == pytest.approx(1000)
