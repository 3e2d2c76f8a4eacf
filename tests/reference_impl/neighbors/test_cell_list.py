from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from reference_impl.backends import HAS_NUMBA
from reference_impl.box import Box
from reference_impl.neighbors.cell_list import half_list, working_set_bytes
from reference_impl.neighbors.grid import make_grid, max_cells
from reference_impl.neighbors.sort import sort_atoms
from reference_impl.neighbors.system import checked_system
from tests.reference_impl.neighbors.systems import TILTED, frozen, liquid, tilted_liquid

CUTOFF = 2.8


@pytest.mark.skipif(not HAS_NUMBA, reason="without numba lists are the oracle's")
@pytest.mark.parametrize("atoms", [10, 1000, 10_000])
def test_memory_stays_within_the_working_set(atoms):
    positions, lengths = liquid(atoms)
    box, cutoff = Box.of(lengths), min(CUTOFF, float(lengths[0]) / 2)
    checked = checked_system(positions, box, cutoff, ())
    pairs = len(half_list(*checked).indices)
    tracemalloc.start()
    try:
        half_list(*checked)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (
        peak <= working_set_bytes(positions, box, cutoff, pairs) + 8192
    )  # the grid, and Python's own objects


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("system", [liquid, tilted_liquid])
def test_sorted_atoms_are_the_atoms(system, dtype):
    positions, cell = system(500)
    box = Box.of(cell)
    grid, _ = make_grid(positions, box, 2.0)
    atoms = sort_atoms(positions, grid, dtype, in_order=True)
    assert sorted(atoms.order.tolist()) == list(range(500))
    real = [k for row in atoms.starts for k in range(row[grid.ghosts], row[grid.ghosts + grid.counts[0]])]
    np.testing.assert_array_equal(atoms.labels[real], np.arange(500))
    there = np.stack([atoms.x, atoms.y, atoms.z], axis=1)[real] * 2.0
    back = there @ np.linalg.inv(np.array(grid.frame.into) * 2.0)
    moved = (back - positions[atoms.order]) @ box.inverse
    np.testing.assert_allclose(moved, np.rint(moved), atol=1e-6)
    assert (np.diff(atoms.starts, axis=1) >= 0).all()


def test_images_of_atoms_stand_at_both_ends_of_a_row():
    positions, lengths = liquid(500)
    grid, dtype = make_grid(positions, Box.of(lengths), 2.0)
    atoms = sort_atoms(positions, grid, dtype)
    length = grid.frame.lengths[0]
    for row in atoms.starts:
        first, last = row[grid.ghosts], row[grid.ghosts + grid.counts[0]]
        ahead = slice(row[0], first)
        source = slice(last - (first - row[0]), last)
        np.testing.assert_array_equal(atoms.labels[ahead], atoms.labels[source])
        np.testing.assert_allclose(atoms.x[ahead] + length, atoms.x[source], atol=1e-5)
        assert (atoms.x[ahead] <= 0).all()
        assert (atoms.x[last : row[-1]] >= length * (1 - 1e-6)).all()


@pytest.mark.parametrize("lengths", [(6.0, 6.0, 6.0), (1e9, 6.0, 6.0), (1e9, 1e9, 1e9), (1e13, 5.7, 1e5)])
def test_cells_are_wide_enough_and_not_too_many(lengths):
    positions = frozen(np.random.default_rng(0).uniform(0, 1, (50, 3)) * lengths)
    grid, _ = make_grid(positions, Box.of(lengths), CUTOFF)
    assert np.prod(grid.counts) <= max_cells(50)
    assert grid.sides[1] >= 0.5
    assert grid.sides[2] >= 1.0
    assert grid.inner < 1 < grid.outer


def test_wide_systems_are_swept_in_double_precision():
    positions = frozen(np.random.default_rng(0).uniform(0, 1, (50, 3)))
    assert make_grid(positions * 100, Box.of([100.0] * 3), 1.0)[1] is np.float32
    assert make_grid(positions * 1e4, Box.of([1e4] * 3), 1.0)[1] is np.float64


def test_the_brick_of_a_tilted_box_has_its_volume():
    box = Box.of(TILTED)
    grid, _ = make_grid(frozen(np.zeros((2, 3))), box, 2.0)
    assert np.prod(grid.frame.lengths) * 2.0**3 == pytest.approx(box.volume)
    into = np.array(grid.frame.into) * 2.0
    np.testing.assert_allclose(into @ into.T, np.eye(3), atol=1e-12)
