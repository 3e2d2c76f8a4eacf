"""Lists made by hand: compiled loops go where they point."""

from __future__ import annotations

import numpy as np
import pytest

from reference_impl import lennard_jones, neighbor_list
from reference_impl.neighbors import FullList, HalfList
from tests.reference_impl.neighbors.systems import frozen, liquid

RIGHT = {"indptr": frozen([0, 2, 3, 3]), "indices": frozen([1, 2, 2]), "order": frozen([2, 0, 1])}


def test_a_list_made_by_hand_is_one():
    positions = frozen([[0, 0, 0], [1.2, 0, 0], [0, 1.2, 0]])
    by_hand = HalfList(indptr=np.array([0, 2, 3, 3]), indices=np.array([1, 2, 2], np.int32))
    found = neighbor_list(positions, None, 2.5)
    assert np.array_equal(by_hand.pairs(), found.pairs())
    assert lennard_jones(positions, None, by_hand).energy == lennard_jones(positions, None, found).energy


@pytest.mark.parametrize("kind", [HalfList, FullList])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"indices": [1, 3, 2]}, "got indices from 1 to 3, allowed: 0 to 2, the atoms"),
        ({"indices": [1, -1, 2]}, "got indices from -1 to 2"),
        ({"indptr": [0, 3, 2, 3]}, "got an indptr that falls from 3 to 2 in row 1, allowed: one that"),
        ({"indptr": [1, 2, 3, 3]}, r"got an indptr from 1 to 3, allowed: 0 to 3, the number of indices"),
        ({"indptr": [0, 2, 3, 9]}, r"got an indptr from 0 to 9, allowed: 0 to 3"),
        ({"indptr": []}, r"got an indptr of shape \(0,\), float64, allowed: \(N \+ 1,\), integers"),
        ({"indptr": [0.0, 2, 3, 3]}, r"got an indptr of shape \(4,\), float64"),
        ({"indices": [[1, 2, 2]]}, r"got indices of shape \(1, 3\), int64, allowed: one axis of integers"),
        ({"order": [0, 1]}, r"got an order of shape \(2,\), int64, allowed: \(3,\), each of 0 to 2 once"),
        ({"order": [0, 1, 1]}, "allowed: .3,., each of 0 to 2 once"),
        ({"order": [0, 1, 3]}, "allowed: .3,., each of 0 to 2 once"),
    ],
)
def test_a_list_that_points_elsewhere_is_refused(kind, wrong, message):
    with pytest.raises(ValueError, match=message):
        kind(**RIGHT | {name: np.array(values) for name, values in wrong.items()})


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("order", ["caller", "sorted"])
def test_lists_that_are_found_would_stand_the_test(full, order):
    found = neighbor_list(*liquid(300), 2.0, full=full, order=order)
    again = type(found)(indptr=found.indptr, indices=found.indices, order=found.order)
    assert np.array_equal(again.pairs(), found.pairs())
