"""The box in bricks: every atom has one owner, and every near image is in the halo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.box import Box
from reference_impl.parallel.bricks import best_cuts, bricks_of, members_of
from tests.reference_impl.neighbors.systems import frozen


@settings(deadline=None)  # every brick is searched
@given(
    seed=st.integers(0, 2**32),
    cuts=st.tuples(*[st.integers(1, 4)] * 3),
    reach=st.floats(0.1, 3.0),
    spread=st.sampled_from([0.0, 1.0, 50.0]),
)
def test_members_are_those_that_a_search_over_all_images_finds(seed, cuts, reach, spread):
    rng = np.random.default_rng(seed)
    box = Box.of([6.0, 7.0, 9.0])
    positions = frozen(rng.uniform(-spread, 9 + spread, (40, 3)).round(1))  # many right on a surface
    wrapped = positions - box.lengths * np.floor(positions / box.lengths)
    shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), -1).reshape(-1, 3)
    owners = np.zeros(40, int)
    for brick in bricks_of(box, cuts):
        found = members_of(brick, positions, box, reach)
        owners[found.atoms[: found.owned]] += 1
        cut = np.array(brick.cut)
        # Along an axis that is not cut nobody is wrapped: the box is still periodic there.
        images = np.where(cut, wrapped[:, None] + shifts * box.lengths, positions[:, None])
        near = (images > np.array(brick.lower) - reach) & (images < np.array(brick.upper) + reach)
        is_near = (near | ~cut).all(axis=2) & ~(shifts * ~cut).any(axis=1)
        atoms, which = np.nonzero(is_near)
        assert sorted(found.atoms) == sorted(atoms)
        np.testing.assert_allclose(
            found.places[np.lexsort(found.places.T)], images[atoms, which][np.lexsort(images[atoms, which].T)]
        )
    assert (owners == 1).all()


def test_rounding_onto_the_upper_edge_leaves_no_atom_without_owner():
    box = Box.of([10.0, 10.0, 10.0])
    positions = frozen([[-1e-17, 5.0, 5.0], [10.0, 5.0, 5.0], [5.0, 5.0, 5.0]])
    owned = [
        members.atoms[: members.owned].tolist()
        for members in (members_of(brick, positions, box, 2.0) for brick in bricks_of(box, (2, 1, 1)))
    ]
    assert owned == [[0, 1], [2]]


@pytest.mark.parametrize(
    ("count", "lengths", "periodic", "cuts"),
    [
        (1, [5, 5, 5], (True,) * 3, (1, 1, 1)),
        (2, [5, 9, 5], (True,) * 3, (1, 2, 1)),
        (8, [5, 5, 4], (True,) * 3, (4, 2, 1)),
        (4, [5, 5, 50], (True,) * 3, (1, 1, 4)),
        (6, [5, 9, 5], (True, False, True), (2, 1, 3)),
        (1_000_003, [5, 5, 6], (True,) * 3, (1, 1, 1_000_003)),
    ],
)
def test_cuts_with_the_least_surface(count, lengths, periodic, cuts):
    assert sorted(best_cuts(count, Box.of(lengths, periodic))) == sorted(cuts)


def test_the_longest_axis_is_cut_first():
    assert best_cuts(2, Box.of([5, 9, 5])) == (1, 2, 1)
    assert best_cuts(5, Box.of([7, 99, 8], (True, False, True))) == (1, 1, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: best_cuts(0, Box.of([5, 5, 5])), "got 0 domains"),
        (lambda: best_cuts(2, Box.of(None)), "without periodic axes, allowed: 1"),
        (lambda: bricks_of(Box.of([5, 5, 5]), (1, 2)), r"got domains=\(1, 2\)"),
        (lambda: bricks_of(Box.of([5, 5, 5]), (1, 2, 0)), r"got domains=\(1, 2, 0\)"),
        (
            lambda: bricks_of(Box.of([5, 5, 5], (True, False, True)), (1, 2, 1)),
            "allowed: 1 along open axes",
        ),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
