import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.stats.spending import alpha_levels


@given(st.sets(st.integers(1, 500), min_size=1), st.floats(1e-6, 0.5), st.floats(0.2, 4))
def test_everything_is_spent_and_no_more(looks, total, power):
    levels = alpha_levels(tuple(sorted(looks)), total=total, power=power)
    assert len(levels) == len(looks)
    assert all(level > 0 for level in levels)
    assert sum(levels) == pytest.approx(total)


def test_a_low_power_spends_early():
    looks = (5, 8, 12, 16, 20, 25, 30, 40, 60)
    early, late = alpha_levels(looks, total=0.02, power=0.5), alpha_levels(looks, total=0.02, power=3)
    assert early[0] > 0.005
    assert late[0] < 0.0001
    assert late[-1] > 0.01


@pytest.mark.parametrize(
    ("looks", "total"), [((), 0.1), ((5, 5), 0.1), ((0, 5), 0.1), ((5, 8), 0), ((5, 8), 1)]
)
def test_refuses_what_cannot_be_shared_out(looks, total):
    with pytest.raises(ValueError, match="accepted"):
        alpha_levels(looks, total=total, power=1)
