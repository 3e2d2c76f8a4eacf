from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.box import Box
from reference_impl.neighbors import VerletList, brute_force, neighbor_list
from tests.reference_impl.neighbors.systems import liquid, tilted_liquid


def test_small_movements_keep_the_list():
    positions, box = liquid(300)
    verlet = VerletList(2.0, 0.4, box)
    first = verlet.update(positions)
    moved = positions + 0.1999 * np.array([1, 0, 0])
    assert verlet.update(moved) is first
    assert (verlet.updates, verlet.builds, verlet.updates_since_build) == (2, 1, 1)


def test_one_atom_beyond_half_the_skin_builds_anew():
    positions, box = liquid(300)
    verlet = VerletList(2.0, 0.4, box)
    first = verlet.update(positions)
    moved = np.array(positions)
    moved[-1, 2] += 0.2001
    assert verlet.update(moved) is not first
    assert (verlet.builds, verlet.updates_since_build) == (2, 0)


def test_wrapping_is_no_movement():
    positions, box = liquid(300)
    verlet = VerletList(2.0, 0.4, box)
    verlet.update(positions)
    verlet.update(positions + box * [1, -2, 0])
    assert verlet.builds == 1


def test_along_open_axes_a_box_length_is_a_movement():
    positions, box = liquid(300)
    verlet = VerletList(2.0, 0.4, box, periodic=(True, False, True))
    verlet.update(positions)
    verlet.update(positions + box * [0, 1, 0])
    assert verlet.builds == 2


def test_moving_by_a_cell_vector_is_no_movement():
    positions, cell = tilted_liquid(300)
    verlet = VerletList(2.0, 0.2, cell)
    verlet.update(positions)
    verlet.update(positions + [1, -2, 1] @ cell)
    assert verlet.builds == 1
    verlet.update(positions + np.array([0.11, 0, 0]))
    assert verlet.builds == 2


def test_builds_that_follow_each_other_are_counted():
    positions, box = liquid(300)
    verlet = VerletList(2.0, 0.4, box)
    assert np.isnan(verlet.updates_per_build)
    for shift in (0.0, 0.1, 0.5, 1.0, 1.05, 1.5):
        verlet.update(positions + shift)
    assert (verlet.updates, verlet.builds, verlet.builds_in_a_row) == (6, 4, 1)
    assert verlet.updates_per_build == pytest.approx(1.5)


def test_a_list_in_the_sorted_order():
    positions, box = liquid(300)
    verlet = VerletList(2.0, 0.4, box, order="sorted", threads=2)
    result = verlet.update(positions)
    there = brute_force(positions[result.order], box, 2.4)
    np.testing.assert_array_equal(result.pairs(), there.pairs())


@given(seed=st.integers(0, 1000), step=st.floats(0, 0.2), system=st.sampled_from([liquid, tilted_liquid]))
@settings(max_examples=25, deadline=None)
def test_no_pair_within_the_cutoff_is_ever_missed(seed, step, system):
    rng = np.random.default_rng(seed)
    positions, box = system(150, seed)
    verlet = VerletList(1.8, 0.3, box)
    vectors = Box.of(box).vectors
    positions = np.array(positions)
    for _ in range(5):
        positions = positions + rng.uniform(-step, step, positions.shape)
        positions += rng.integers(-1, 2, positions.shape) @ vectors
        listed = set(map(tuple, verlet.update(positions).pairs().tolist()))
        needed = set(map(tuple, brute_force(positions, box, 1.8).pairs().tolist()))
        assert needed <= listed
    assert verlet.updates == 5


def test_another_number_of_atoms_is_a_build():
    positions, box = liquid(300)
    verlet = VerletList(2.0, 0.4, box)
    verlet.update(positions)
    assert len(verlet.update(positions[:-1]).indptr) == 300
    assert verlet.builds == 2


def test_refused_positions_leave_the_list_as_it_was():
    positions, box = liquid(300)
    verlet = VerletList(2.0, 0.4, box)
    first = verlet.update(positions)
    broken = np.array(positions)
    broken[7, 0] = np.nan
    with pytest.raises(ValueError, match="atom 7 has x = nan"):
        verlet.update(broken)
    assert verlet.update(positions) is first


@pytest.mark.parametrize("there", [1e15, 1e19, -1e19, 1e200, 1e308])
def test_an_atom_so_far_that_nothing_is_left_of_its_place_is_named(there):
    positions, box = liquid(300)
    verlet = VerletList(2.0, 0.4, box)
    first = verlet.update(positions)
    lost = np.array(positions)
    lost[7, 1] = there
    with pytest.raises(ValueError, match="atom 7 has y = "):
        verlet.update(lost)
    assert verlet.update(positions) is first


def test_the_caller_may_overwrite_the_positions():
    positions, box = liquid(300)
    buffer = np.array(positions)
    verlet = VerletList(2.0, 0.4, box)
    verlet.update(buffer)
    buffer += 0.3
    verlet.update(buffer)
    assert verlet.builds == 2


def test_without_skin_any_movement_builds():
    positions, box = liquid(100)
    verlet = VerletList(2.0, 0.0, box)
    verlet.update(positions)
    verlet.update(positions)
    assert verlet.builds == 1
    verlet.update(positions + 1e-9)
    assert verlet.builds == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2.0, -0.1, [9.0] * 3), "skin=-0.1, allowed: >= 0"),
        ((2.0, np.nan, [9.0] * 3), "skin=nan"),
        ((-1.0, 2.0, [9.0] * 3), "cutoff=-1.0, allowed: positive"),
        ((2.0, 0.4, np.eye(3) * -4.5), "at most half the shortest periodic box length"),
        ((2.0, 0.4, [4.5] * 3), "at most half the shortest periodic box length"),
    ],
)
def test_refused_settings(arguments, message):
    with pytest.raises(ValueError, match=message):
        VerletList(*arguments)


@pytest.mark.parametrize("dtype", ["f2", "g", ">f8", ">f4", "i4", "u8"])
def test_positions_of_any_real_dtype(dtype):
    positions = np.random.default_rng(0).integers(0, 40, (100, 3)).astype(dtype)
    lists = VerletList(4.0, 1.0, [40.0] * 3)
    expected = neighbor_list(positions.astype(float), [40.0] * 3, 5.0).pairs()
    for _ in range(2):
        np.testing.assert_array_equal(lists.update(positions).pairs(), expected)
    assert lists.builds == 1


@pytest.mark.parametrize("dtype", [complex, object, "U8", bool])
def test_positions_of_other_dtypes_are_refused_by_a_list_that_is_there_too(dtype):
    lists = VerletList(4.0, 1.0, [40.0] * 3)
    positions = np.zeros((1, 3))
    lists.update(positions)
    with pytest.raises(ValueError, match="allowed: float32, float64 and integers"):
        lists.update(positions.astype(dtype))
