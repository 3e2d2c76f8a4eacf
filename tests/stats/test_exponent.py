import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.stats import summarize_exponent, summarize_exponents


@given(st.floats(-1, 4), st.floats(1e-9, 1e9))
def test_a_pure_power_is_found(exponent, factor):
    sizes = (10, 100, 1000, 10_000)
    found = summarize_exponent(sizes, [factor * size**exponent for size in sizes])
    assert found.value == pytest.approx(exponent, abs=1e-6)
    assert found.lower <= found.value <= found.upper


def test_rounds_that_agree_have_a_narrow_interval_even_where_the_cost_is_no_power():
    sizes, costs = (1000, 10_000, 100_000), [0.1 + 1e-9 * size**2 for size in (1000, 10_000, 100_000)]
    assert summarize_exponent(sizes, costs).lower < 0.5
    found = summarize_exponents(sizes, [costs, [1.01 * cost for cost in costs], costs])
    assert found.lower > 0.9


@pytest.mark.parametrize(
    ("sizes", "costs"),
    [((1, 2), (1, 2)), ((1, 2, 2), (1, 2, 3)), ((1, 2, 3), (0, 1, 2)), ((0, 1, 2), (1, 1, 1))],
)
def test_refuses_what_has_no_exponent(sizes, costs):
    with pytest.raises(ValueError, match="sizes"):
        summarize_exponent(sizes, costs)
