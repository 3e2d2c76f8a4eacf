from __future__ import annotations

import random

import pytest

from pytest_memguard.stats.change_points import change_points, noise

pytest.importorskip("ruptures", reason="comes with the extra history")


def test_steps_are_found_where_they_are():
    assert change_points([10.0] * 6 + [12.0] * 6 + [8.0] * 6) == (6, 12)
    assert change_points([0, 0, 0, 512, 512, 512]) == (3,)


@pytest.mark.parametrize("values", [[1.0] * 9, [0, 0, 0, 0, 0], [1.0, 9.0, 1.0], [5], []])
def test_level_and_short_series_have_none(values):
    assert change_points(values) == ()


def test_the_last_value_alone_is_a_step_of_exact_numbers_only():
    values = [100.0] * 8 + [150.0]
    assert change_points(values, is_exact=True) == (8,)
    assert change_points(values) == ()


def test_false_alarms_are_rare_and_ten_percent_are_found():
    alarms = found = 0
    for seed in range(60):
        rng = random.Random(seed)
        calm = [rng.gauss(1, 0.02) for _ in range(40)]
        alarms += bool(change_points(calm))
        found += change_points([x * (1.1 if i >= 20 else 1) for i, x in enumerate(calm)]) == (20,)
    assert alarms <= 3
    assert found >= 50


def test_noise_is_that_around_the_levels():
    rng = random.Random(1)
    series = [rng.gauss(0, 0.1) + (5 if i > 100 else 0) for i in range(400)]
    assert noise(series) == pytest.approx(0.1, rel=0.2)
    assert noise([1, 1, 1, 1]) == 0.01
