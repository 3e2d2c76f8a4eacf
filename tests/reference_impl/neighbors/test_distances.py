from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from reference_impl.neighbors import brute_force, pairs_within
from tests.reference_impl.neighbors.systems import frozen, systems


@given(systems(max_atoms=30))
@settings(max_examples=100, deadline=None)
def test_all_methods_give_the_same_pairs(system):
    positions, box, cutoff, periodic = system
    oracle = brute_force(positions, box, cutoff, periodic=periodic).pairs()
    for method in ("broadcast", "kdtree", "cell_list"):
        pairs, distances = pairs_within(positions, box, cutoff, method=method, periodic=periodic)
        np.testing.assert_array_equal(pairs, oracle, err_msg=method)
        assert distances.shape == (len(pairs),)
        assert (distances <= cutoff).all()


def test_distances_are_those_of_the_nearest_image():
    positions = frozen([[0.1, 0, 0], [9.9, 0, 0], [0.1, 3.0, 4.0]])
    pairs, distances = pairs_within(positions, [10.0, 12, 12], 5.0)
    assert pairs.tolist() == [[0, 1]]
    np.testing.assert_allclose(distances, [0.2], rtol=1e-12)


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="allowed: broadcast, kdtree, cell_list"):
        pairs_within(np.zeros((2, 3)), None, 1.0, method="octree")
