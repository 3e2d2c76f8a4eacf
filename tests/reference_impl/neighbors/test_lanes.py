from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.neighbors.lanes import (
    LANES,
    count_portable,
    count_vector,
    sweep_portable,
    sweep_vector,
)

ATOMS = 40


@given(
    st.integers(0, 2**32), st.integers(0, ATOMS), st.integers(0, ATOMS), st.floats(0, 2), st.integers(0, 5)
)
@settings(max_examples=200, deadline=None)
def test_vectors_and_portable_loops_agree(seed, first, stop, limit, k):
    rng = np.random.default_rng(seed)
    x, y, z = rng.uniform(0, 1, (3, ATOMS + LANES))
    names = rng.permutation(ATOMS + LANES).astype(np.int32)
    center, limits = (0.5, 0.4, 0.3), (limit / 2, limit)
    squared = ((x - 0.5) * (x - 0.5) + (y - 0.4) * (y - 0.4) + (z - 0.3) * (z - 0.3))[first:stop]
    expected = names[first:stop][squared < limit]
    for sweep in (sweep_portable, sweep_vector):
        found = np.full(ATOMS + k + LANES + 1, -1, np.int32)
        assert sweep(x, y, z, names, first, stop, center, limit, found, k) == k + len(expected)
        np.testing.assert_array_equal(found[k : k + len(expected)], expected)
        assert (found[:k] == -1).all()
    for count in (count_portable, count_vector):
        assert count(x, y, z, first, stop, center, limits) == ((squared < limit / 2).sum(), len(expected))


def test_an_undefined_distance_is_no_hit():
    x = np.full(LANES + 1, np.nan)
    for count in (count_portable, count_vector):
        assert count(x, x, x, 0, 1, (0.0, 0.0, 0.0), (1.0, np.inf)) == pytest.approx((0, 0))
