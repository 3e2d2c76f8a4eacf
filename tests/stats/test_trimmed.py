import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_memguard.stats.trimmed import median, summarize_trimmed

samples = st.lists(st.floats(-1, 1), min_size=5, max_size=60)


@settings(deadline=None)  # a busy machine is no failure
@given(samples)
def test_agrees_with_scipy(values):
    count = len(values)
    cut = int(0.2 * count)
    winsorized = np.asarray(stats.mstats.winsorize(np.array(values), limits=(cut / count, cut / count)))
    left = count - 2 * cut
    standard_error = math.sqrt((count - 1) * np.var(winsorized, ddof=1) / (left * (left - 1)))
    margin = stats.t.ppf(0.99, left - 1) * standard_error
    interval = summarize_trimmed(values).interval(lower_alpha=0.01, upper_alpha=0.01)
    center = stats.trim_mean(values, 0.2)
    expected = (center, center - margin, center + margin)
    assert (interval.center, interval.lower, interval.upper) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(samples)
def test_without_trimming_it_is_students_interval(values):
    interval = summarize_trimmed(values, trim=0).interval(lower_alpha=0.005, upper_alpha=0.005)
    margin = stats.t.ppf(0.995, len(values) - 1) * stats.sem(values)
    assert interval.upper - interval.center == pytest.approx(margin, abs=1e-9)


def test_a_wild_fifth_changes_nothing():
    calm = [0.0, 1.0, 2.0, 3.0, 4.0]
    assert summarize_trimmed(calm) == summarize_trimmed([-1e9, 1.0, 2.0, 3.0, 1e9])


def test_levels_of_the_two_limits_are_independent():
    summary = summarize_trimmed([0.0, 1.0, 2.0, 3.0, 4.0])
    interval = summary.interval(lower_alpha=0.001, upper_alpha=0.1)
    assert interval.center - interval.lower > 5 * (interval.upper - interval.center) > 0


@settings(deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=1))
def test_median_agrees_with_numpy(values):
    assert median(values) == pytest.approx(np.median(values))


@pytest.mark.parametrize(
    ("values", "trim"), [([1, 2, 3], 0.2), ([1], 0), ([1, 2, 3, 4], 0.5), ([1, 2], -0.1)]
)
def test_refuses_what_leaves_nothing(values, trim):
    with pytest.raises(ValueError, match="accepted"):
        summarize_trimmed(values, trim=trim)
