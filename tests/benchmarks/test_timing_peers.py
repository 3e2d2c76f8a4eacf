"""The rules of other tools, against SciPy and against what the tools themselves say."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_benchmark.utils import PercentageRegressionCheck
from scipy import stats

from benchmarks.timing_gate.peers import (
    asv_fails,
    mann_whitney_p,
    pyperf_is_slower,
    pytest_benchmark_fails,
)

rounds = st.lists(st.integers(1, 50).map(float), min_size=3, max_size=20)


@settings(deadline=None)  # a busy machine is no failure
@given(rounds, rounds)
def test_mann_whitney_agrees_with_scipy(first, second):
    if len({*first, *second}) == 1:
        assert mann_whitney_p(first, second) == 1
    else:
        expected = stats.mannwhitneyu(first, second, method="asymptotic").pvalue
        assert mann_whitney_p(first, second) == pytest.approx(expected)


@settings(deadline=None)
@given(rounds, rounds)
def test_pytest_benchmark_agrees_with_itself(base, head):
    fails = PercentageRegressionCheck("min", 10).fails({"min": min(head)}, {"min": min(base)})
    assert pytest_benchmark_fails(base, head, field="min") == bool(fails)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(1, 2), st.floats(1, 2)), min_size=3, max_size=20))
def test_pyperf_agrees_with_students_test(pairs):
    base, head = zip(*pairs, strict=True)
    if max(base) - min(base) > 0.01 and max(head) - min(head) > 0.01:
        test = stats.ttest_ind(head, base)
        if abs(test.pvalue - 0.05) > 1e-6:
            assert pyperf_is_slower(base, head) == (test.pvalue < 0.05 and test.statistic > 0)


def test_asv_wants_a_ratio_and_a_difference():
    base = [1.0 + index / 1000 for index in range(20)]
    assert asv_fails(base, [1.06 * value for value in base])
    assert not asv_fails(base, [1.04 * value for value in base])
    assert not asv_fails([1.0, 2.0], [2.0, 4.0])
    assert not asv_fails(
        base, [1.5 * value if index % 2 else value / 1.5 for index, value in enumerate(base)]
    )


def test_pyperf_refuses_sides_that_do_not_match():
    with pytest.raises(ValueError, match="accepted"):
        pyperf_is_slower([1.0], [1.0, 2.0])
