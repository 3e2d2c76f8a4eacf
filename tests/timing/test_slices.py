from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.model.timing import SideName
from pytest_memguard.timing.settings import SliceSettings
from pytest_memguard.timing.slices import calibration_size, pair_error, pair_ratio, plan, turns

SETTINGS = SliceSettings()


@given(st.floats(1e-8, 100), st.floats(1, 1e4))
def test_a_plan_is_long_enough_and_ends(call_seconds, setup_factor):
    found = plan(call_seconds, call_seconds * setup_factor, SETTINGS)
    calls = found.batches * found.size
    assert calls >= 1
    assert found.slices >= 2
    assert found.slices % 2 == 0
    wall = calls * found.slices * call_seconds * setup_factor
    least = max(2 * call_seconds, SETTINGS.side_seconds)
    assert wall <= 3 * setup_factor * least + 1e-9


@pytest.mark.parametrize(
    ("call_seconds", "slices", "calls"),
    [(1e-7, 50, 40_000), (1e-3, 50, 4), (5e-3, 40, 1), (0.15, 2, 1), (10.0, 2, 1)],
)
def test_plans_of_ordinary_benchmarks(call_seconds, slices, calls):
    found = plan(call_seconds, call_seconds, SETTINGS)
    assert (found.slices, found.batches * found.size) == (slices, calls)
    assert found.drops_first == (calls > 1)
    if call_seconds < 0.1:
        assert calls * call_seconds >= SETTINGS.slice_seconds * 0.999


def test_a_long_setup_makes_few_slices():
    found = plan(1e-6, 0.5, SETTINGS)
    assert found.slices == 2
    assert found.batches * found.size == 1


@given(st.floats(1e-9, 10))
def test_calibration_ends(call_seconds):
    size, steps = 1, 0
    while (following := calibration_size(size, size * call_seconds, settings=SETTINGS)) is not None:
        assert size < following <= 10 * size
        size, steps = following, steps + 1
    assert steps < 20


def test_turns_are_balanced():
    found = [side.value for side in turns(4, SideName.HEAD)]
    assert found == ["head", "base", "base", "head"] * 2


@given(st.floats(0.5, 2), st.floats(1, 1.05), st.lists(st.floats(0.1, 10), min_size=2, max_size=20))
def test_a_drift_and_being_second_cancel(ratio, second, levels):
    """Whoever comes after the other pays for it; each side does so once in a block."""
    base, head = [], []
    for level in levels:
        base += [level, level * second]
        head += [level * ratio * second, level * ratio]
    assert math.isclose(pair_ratio(base, head), math.log(ratio), abs_tol=1e-9)


def test_a_minority_of_disturbed_slices_moves_nothing():
    base, head = [1.0] * 10, [1.0] * 10
    base[0] = base[1] = base[2] = base[3] = 3.0
    assert pair_ratio(base, head) == 0


@given(
    st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.001, 1)), min_size=1, max_size=30), st.floats(0.5, 2)
)
def test_a_slow_down_moves_the_ratio_by_its_logarithm_and_the_sides_are_alike(slices, factor):
    base, head = zip(*slices, strict=True)
    slowed = [factor * seconds for seconds in head]
    assert math.isclose(pair_ratio(base, slowed), pair_ratio(base, head) + math.log(factor), abs_tol=1e-9)
    assert math.isclose(pair_ratio(base, head), -pair_ratio(head, base), abs_tol=1e-9)


def test_the_error_of_a_pair_is_half_of_what_its_halves_differ_by():
    base, head = [1.0] * 4, [math.exp(each) for each in (0.01, 0.01, 0.05, 0.05)]
    assert pair_ratio(base, head) == pytest.approx(0.03)
    assert pair_error(base, head) == pytest.approx(0.02)
    assert pair_error(base[:2], head[1:3]) == pytest.approx(0.02)
