import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_memguard.stats import t_quantile


@given(st.floats(0.51, 0.9999), st.integers(1, 300))
def test_agrees_with_scipy(probability, degrees_of_freedom):
    expected = stats.t.ppf(probability, degrees_of_freedom)
    assert t_quantile(probability, degrees_of_freedom) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("probability", "degrees"), [(0.5, 3), (1.0, 3), (0.9, 0)])
def test_refuses_what_has_no_quantile(probability, degrees):
    with pytest.raises(ValueError, match="accepted"):
        t_quantile(probability, degrees)
