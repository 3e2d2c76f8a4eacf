import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.stats import pair_log_ratio
from pytest_memguard.stats.modes import split_modes

seconds = st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.001, 1)), min_size=1, max_size=30)


def test_two_modes_part_in_the_middle_of_their_gap():
    assert split_modes([1.0, 1.01, 1.02, 2.0, 2.01, 2.02]) == pytest.approx(1.51)


@pytest.mark.parametrize("seed", range(20))
def test_one_mode_is_not_split(seed):
    draw = random.Random(seed)
    assert split_modes([draw.gauss(0, 1) for _ in range(24)]) is None
    assert split_modes([draw.random() for _ in range(24)]) is None


def test_a_hiccup_is_no_mode():
    assert split_modes([1.0, 1.01, 1.02, 1.03, 9.0, 9.1]) is None
    assert split_modes([1.0, 2.0]) is None


def test_slices_in_the_same_mode_are_compared():
    base = [1.0, 1.6, 1.001, 1.601, 1.0, 1.6, 1.6, 1.6]
    head = [1.05, 1.68, 1.68, 1.051, 1.68, 1.68, 1.05, 1.05]
    assert pair_log_ratio(base, head) == pytest.approx(math.log(1.05), abs=1e-3)


def test_a_minority_moves_nothing():
    assert pair_log_ratio([1.0] * 9, [1.02] * 5 + [7.0] * 4) == pytest.approx(math.log(1.02))


@given(seconds, st.floats(0.5, 2))
def test_a_slow_down_moves_the_ratio_by_its_logarithm(slices, factor):
    base, head = zip(*slices, strict=True)
    slowed = [factor * value for value in head]
    expected = pair_log_ratio(base, head) + math.log(factor)
    assert pair_log_ratio(base, slowed) == pytest.approx(expected, abs=1e-9)


@given(seconds)
def test_the_sides_are_treated_alike(slices):
    base, head = zip(*slices, strict=True)
    assert pair_log_ratio(base, head) == pytest.approx(-pair_log_ratio(head, base))


@pytest.mark.parametrize(("base", "head"), [([], []), ([1.0], [1.0, 2.0])])
def test_refuses_sides_that_do_not_match(base, head):
    with pytest.raises(ValueError, match="accepted"):
        pair_log_ratio(base, head)
