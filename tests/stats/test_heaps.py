import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_memguard.stats.heaps import Heaps, middle_heap, pair_limits, refuting_count


def limits(pairs, alpha=0.001):
    return pair_limits(pairs, lower_alpha=alpha, upper_alpha=alpha)


def heaps(seed, *, base_slow, head_slow, count=40, distance=0.2):
    draw = random.Random(seed)
    slow = [(draw.random() < head_slow) - (draw.random() < base_slow) for _ in range(count)]
    return [distance * mode + draw.gauss(0, 0.01) for mode in slow]


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(1, 80), st.floats(1e-6, 0.1))
def test_a_refuting_count_agrees_with_scipy(count, alpha):
    k = refuting_count(count, alpha)
    assert stats.binom.sf(k - 1, count, 0.25) <= alpha * (1 + 1e-9)
    assert stats.binom.sf(k - 2, count, 0.25) > alpha * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_the_middle_heap_is_found(seed):
    draw = random.Random(seed)
    pairs = [0.2 * mode + draw.gauss(0, 0.01) for mode in [-1] * 10 + [0] * 20 + [1] * 10]
    below, heap, above = middle_heap(pairs)
    assert below + len(heap) + above == 40
    assert 16 <= len(heap) <= 20  # a straggler may be left out
    assert all(abs(pair) < 0.1 for pair in heap)
    found = limits(pairs)
    assert found.heaps is Heaps.MATCHED
    assert -0.015 < found.interval.lower < 0.003
    assert -0.003 < found.interval.upper < 0.015


@pytest.mark.parametrize("seed", range(10))
def test_a_change_that_moves_code_to_its_slow_mode_is_not_hidden(seed):
    found = limits(heaps(seed, base_slow=0.5, head_slow=1))
    assert found.heaps is Heaps.UNMATCHED
    assert found.interval.upper > 0.1


def test_one_heap_is_seldom_taken_for_several():
    draw = random.Random(1)
    matched = sum(limits([draw.gauss(0, 1) for _ in range(25)]).heaps is Heaps.MATCHED for _ in range(500))
    assert matched < 15


def test_a_few_wild_pairs_are_left_to_the_trimmed_mean():
    pairs = [0.001 * (index % 7) for index in range(18)] + [0.5, -0.7]
    assert limits(pairs).heaps is Heaps.ONE


@settings(deadline=None)
@given(st.lists(st.floats(-0.5, 0.5), min_size=5, max_size=60), st.randoms())
def test_the_order_of_pairs_is_irrelevant(pairs, shuffler):
    mixed = list(pairs)
    shuffler.shuffle(mixed)
    assert limits(mixed) == limits(pairs)


def test_equal_pairs_have_no_width():
    interval = limits([0.01] * 8).interval
    assert (interval.lower, interval.upper) == pytest.approx((0.01, 0.01))
