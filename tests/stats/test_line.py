import numpy as np
import pytest
from scipy import stats

from pytest_memguard.stats import fit_line


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scipy(seed):
    rng = np.random.default_rng(seed)
    x = np.arange(12.0)
    y = 3 * x + rng.normal(size=12)
    line, expected = fit_line(x, y, confidence=0.975), stats.linregress(x, y)
    margin = stats.t.ppf(0.975, 10) * expected.stderr
    assert line.slope == pytest.approx(expected.slope)
    assert (line.lower, line.upper) == pytest.approx((expected.slope - margin, expected.slope + margin))


def test_a_perfect_line_has_no_margin():
    line = fit_line([1, 2, 3], [2, 4, 6], confidence=0.999)
    assert (line.lower, line.upper) == pytest.approx((2, 2))


@pytest.mark.parametrize(("x", "y"), [([1, 2], [1, 2]), ([1, 2, 3], [1, 2]), ([1, 1, 1], [1, 2, 3])])
def test_refuses_what_makes_no_line(x, y):
    with pytest.raises(ValueError, match="points"):
        fit_line(x, y, confidence=0.9)
